"""The files behind datasets: which copy is read, and that it came whole."""

from __future__ import annotations

import logging
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from sessionframes.errors import DownloadError, SourceResponseError
from sessionframes.source import FileKind
from sessionframes.sources.alyx.assets import checksum_of
from sessionframes.sources.alyx.groups import key_of
from sessionframes.transports.files import FileRequest

if TYPE_CHECKING:
    from sessionframes.connection import Connection
    from sessionframes.transports.files import FileTransport
    from sessionframes.transports.rest_request import Record

__all__ = ["DATASETS", "copies_of", "has_copy", "path_of", "read_whole"]

_LOG = logging.getLogger(__name__)
_NO_COPY = "See its file_records: a copy has to be there and to have a data_url."


def path_of(dataset: Record) -> str:
    """Return how people know a dataset: its collection, revision and name."""
    revision = dataset.get("revision")
    parts = (dataset.get("collection"), f"#{revision}#" if revision else None, dataset.get("name"))
    return "/".join(part for part in parts if part)


def has_copy(dataset: Record) -> bool:
    """Return whether a server that is reached by HTTP is known to have a dataset."""
    return bool(_urls(dataset))


def copies_of(dataset: Record) -> list[FileRequest]:
    """Return where a dataset is, with what is known of its bytes.

    Parameters
    ----------
    dataset : dict
        As lists and reads of datasets show it.

    Raises
    ------
    DownloadError
        No server is known to have it, as far as HTTP goes.
    """
    urls = _urls(dataset)
    if not urls:
        message = f"the dataset {path_of(dataset)} ({key_of(dataset['url'])}) has no file on a server."
        raise DownloadError(message, source="alyx", hint=_NO_COPY)
    known = checksum_of(dataset.get("hash") or "")
    # Files without a byte are told as null or 0, and so are those whose size nobody noted.
    size = dataset.get("file_size") or None
    # What names no method, nothing can be checked by.
    known = known if known and ":" in known else None
    return [FileRequest(url, _filename(dataset, url), size, known) for url in urls]


def read_whole(files: FileTransport, dataset: Record) -> bytes:
    """Return the bytes of a dataset, checked by size and checksum as far as these are known.

    What does not fit is asked for once more, of another server where there is one. Nothing is left on disk.

    Parameters
    ----------
    files : FileTransport
        How its servers are reached.
    dataset : dict
        As lists and reads of datasets show it.

    Raises
    ------
    DownloadError
        No server has it, or it did not come whole, twice.
    AuthenticationError, SourceUnavailableError, SourceResponseError
        As from the server.
    """
    first, *others = copies_of(dataset)
    try:
        return b"".join(files.stream(first))
    except (DownloadError, SourceResponseError) as error:
        _LOG.info("%s is asked for once more: %s", path_of(dataset), error)
    try:
        return b"".join(files.stream(others[0] if others else first))
    except DownloadError as error:
        message = (
            f"the dataset {path_of(dataset)} ({key_of(dataset['url'])}) did not come whole: {error.message}"
        )
        raise DownloadError(message, source="alyx", hint=error.hint) from error


def _urls(dataset: Record) -> list[str]:
    records = dataset.get("file_records") or ()
    found = [one["data_url"] for one in records if one.get("exists") and one.get("data_url")]
    # Folders of revisions are told as they are, and a "#" would end the address.
    return list(dict.fromkeys(url.replace("#", "%23") for url in found))


def _filename(dataset: Record, url: str) -> str:
    """Return the name with the id in it, as servers have it: names alone are those of many datasets."""
    key = key_of(dataset["url"]) or ""
    name = PurePosixPath(urlsplit(url).path).name
    if key and key in name:
        return name
    own = PurePosixPath(dataset.get("name") or name)
    return f"{own.stem}.{key}{own.suffix}"


def _locate(db: Connection, asset_id: Any) -> FileRequest:
    transport: Any = db.transport
    found: list[Record] = list(transport.reads("datasets", [asset_id]))
    if not found:
        message = f"there is no dataset {asset_id}."
        raise DownloadError(message, source="alyx", hint="Its id is the asset_id of get_assets().")
    return copies_of(found[0])[0]


#: For ``db.download("dataset", ids, path)``.
DATASETS = FileKind(
    "The file of a dataset, by its id; its name gets the id before its end, as on IBL's servers.",
    "asset_id",
    _locate,
    ids="str",
)
