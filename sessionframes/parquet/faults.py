"""What can be wrong with files that were whole once, said in our errors."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import pyarrow as pa

from sessionframes.errors import SourceResponseError, SourceUnavailableError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

#: The name of the source, for messages.
SNAPSHOT = "snapshot"
DAMAGED = "Copy it anew from where it is whole, or export again."


def damaged(path: Path, table: str | None, what: str) -> SourceResponseError:
    """Return the error about a file that is not as it was written.

    Parameters
    ----------
    path : Path
        Which.
    table : str, optional
        Of which table.
    what : str
        What is wrong with it, without a full stop.
    """
    return SourceResponseError(f"{path} {what}.", source=SNAPSHOT, table=table, hint=DAMAGED)


@contextmanager
def reading(path: Path, table: str | None = None) -> Iterator[None]:
    """Say in our errors what goes wrong while a file is read.

    Parameters
    ----------
    path : Path
        Which.
    table : str, optional
        Of which table.

    Raises
    ------
    sessionframes.errors.SourceUnavailableError
        It is gone, or cannot be read.
    sessionframes.errors.SourceResponseError
        It is not as it was written.
    """
    try:
        yield
    except (FileNotFoundError, NotADirectoryError) as error:
        message = f"{path} is gone."
        raise SourceUnavailableError(message, source=SNAPSHOT, table=table, hint=DAMAGED) from error
    except MemoryError:
        raise
    except (pa.ArrowException, ValueError) as error:
        raise damaged(path, table, f"is damaged: {error}") from error
    except OSError as error:
        # Arrow has no error of its own for what is cut or does not fit its checksum.
        if error.errno is None:
            raise damaged(path, table, f"is damaged: {error}") from error
        message = f"{path} cannot be read: {error.strerror}."
        raise SourceUnavailableError(
            message, source=SNAPSHOT, table=table, hint="When this is mended, try again."
        ) from error
