"""Files as the International Brain Laboratory keeps them: arrays, tables and lists, read from their bytes."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any
from uuid import UUID

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from sessionframes.errors import SourceResponseError

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["array_in", "stem_of", "table_in", "texts_in"]

_ENDS = (".npy", ".pqt", ".csv")


def stem_of(name: str) -> str | None:
    """Return the object and attribute of a file that can be read: ``clusters.metrics``; None for another.

    Parameters
    ----------
    name : str
        Of the file, without folders.
    """
    stem, end = name[:-4], name[-4:]
    return stem if end in _ENDS and stem else None


def array_in(content: bytes, name: str) -> npt.NDArray[Any]:
    """Return the numbers of an ``.npy`` file; nothing in it is run.

    Parameters
    ----------
    content : bytes
        The whole file.
    name : str
        What it is called, for messages.

    Raises
    ------
    SourceResponseError
        It is no such file, or holds Python objects.
    """
    try:
        found: npt.NDArray[Any] = np.load(io.BytesIO(content), allow_pickle=False)
    except (ValueError, OSError, EOFError, SyntaxError) as error:
        raise _unreadable(name, "npy", error) from error
    if not isinstance(found, np.ndarray) or found.dtype.kind not in "biuf":
        raise _unreadable(name, "npy", "it holds no numbers")
    return found


def table_in(content: bytes, name: str) -> pa.Table:
    """Return the rows of a ``.pqt`` or ``.csv`` file.

    Parameters
    ----------
    content : bytes
        The whole file.
    name : str
        What it is called; its end tells what it is.

    Raises
    ------
    SourceResponseError
        It is no such file.
    """
    kind = name.rpartition(".")[2]
    try:
        if kind == "pqt":
            return pa.parquet.read_table(io.BytesIO(content))
        return pa.csv.read_csv(io.BytesIO(content))
    except (pa.ArrowException, OSError, ValueError) as error:
        raise _unreadable(name, kind, error) from error


def texts_in(content: bytes, name: str) -> list[str]:
    """Return the ids of a ``.csv`` file of one column, with a heading or without.

    Parameters
    ----------
    content : bytes
        The whole file.
    name : str
        What it is called, for messages.

    Raises
    ------
    SourceResponseError
        It is no such file.
    """
    try:
        lines = [line.strip().strip('"') for line in content.decode().splitlines()]
    except UnicodeDecodeError as error:
        raise _unreadable(name, "csv", error) from error
    # Two columns: pandas wrote the number of the row before it.
    found = [line.rpartition(",")[2].strip().strip('"') for line in lines if line]
    if found and not _is_uuid(found[0]):
        del found[0]
    if not all(map(_is_uuid, found)):
        raise _unreadable(name, "csv", "it holds what is no id")
    return found


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def _unreadable(name: str, kind: str, why: object) -> SourceResponseError:
    said = " ".join(str(why).split())[:200].rstrip(".")
    return SourceResponseError(f"{name} is no {kind} file that can be read: {said}.", source="alyx")
