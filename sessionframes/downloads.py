"""Files of an open source: located one by one, brought several at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sessionframes.errors import DownloadError, QueryError
from sessionframes.paths import placed
from sessionframes.query.ids import is_single, listed_ids

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sessionframes.connection import Connection
    from sessionframes.source import FileKind
    from sessionframes.transports.files import FileRequest, FileTransport


def stream(db: Connection, files: FileTransport, kind: FileKind, value: Any) -> Iterator[bytes]:
    """Return one file as an iterator of bytes; see :meth:`sessionframes.connection.Connection.stream`."""
    wanted = listed_ids(value, kind.column, kind=kind.ids) or ()
    if len(wanted) != 1:
        message = f"{len(wanted)} ids are given."
        raise QueryError(message, column=kind.column, hint="A stream is of one file; download takes several.")

    def chunks() -> Iterator[bytes]:
        yield from files.stream(kind.locate(db, wanted[0]))

    return chunks()


def download(
    db: Connection,
    files: FileTransport,
    kind: FileKind,
    ids: Any,
    path: str | Path,
    *,
    workers: int,
    progress: bool,
) -> Path | list[Path]:
    """Bring files to disk; see :meth:`sessionframes.connection.Connection.download`."""
    if isinstance(workers, bool) or not isinstance(workers, int) or workers < 1:
        message = f"workers is {workers!r}."
        raise QueryError(message, hint="Give a whole number, 1 or more.")
    wanted = listed_ids(ids, kind.column, kind=kind.ids)
    if wanted is None:
        message = "no ids are given."
        raise QueryError(message, column=kind.column, hint="Files are not brought without saying whose.")
    target = placed(path)
    if is_single(ids):
        request = kind.locate(db, wanted[0])
        target = target / request.safe_name if target.is_dir() else target
        if target.exists() and not target.is_file():
            # A device or a pipe would be replaced by a file of its name.
            message = f"{target} is there, and is no file."
            raise QueryError(message, hint="Choose another path.")
        return files.download(request, target, progress=progress)
    found, errors = _located(db, kind, wanted)
    jobs = [(request, target / request.safe_name) for request in found]
    try:
        paths = files.download_many(jobs, workers=workers, progress=progress)
    except DownloadError as error:
        errors.append(error)
    if errors:
        raise _together(errors)
    return paths


def _located(
    db: Connection, kind: FileKind, ids: tuple[Any, ...]
) -> tuple[list[FileRequest], list[DownloadError]]:
    """Return where files are, and the errors of those that are nowhere, which must not stop the others."""
    found, errors = [], []
    for one in ids:
        try:
            found.append(kind.locate(db, one))
        except DownloadError as error:
            errors.append(error)
    return found, errors


def _together(errors: list[DownloadError]) -> DownloadError:
    if len(errors) == 1:
        return errors[0]
    said = "\n".join(f"  {error}" for error in errors)
    whole = DownloadError(f"not all files came:\n{said}", hint="\nThe others are in place.")
    whole.__cause__ = ExceptionGroup("downloads", errors)
    return whole
