"""What a snapshot, or one Parquet file, tells of where it came from."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from sessionframes.errors import UnknownSourceError
from sessionframes.frames.provenance import ATTRIBUTE
from sessionframes.parquet.faults import reading
from sessionframes.parquet.manifest import read_manifest
from sessionframes.parquet.parts import MARK, ORIGIN, PANDAS_ATTRS, footer_of

if TYPE_CHECKING:
    from pathlib import Path

_WHAT_TELLS = "a directory or a Parquet file"


def provenance_of(path: Path) -> dict[str, Any]:
    """Return what is told of where the rows on disk came from, ready for JSON.

    Parameters
    ----------
    path : Path
        The directory of a snapshot, or one Parquet file: a part of a snapshot, or a frame of ours that was
        written by ``DataFrame.to_parquet``.

    Returns
    -------
    dict
        Of a directory ``question``, ``started``, ``finished``, the version of ``sessionframes``, and in
        ``tables`` for each its ``origin`` and how many ``rows`` and ``files`` it has. Of a file its origin,
        as frames carry it.

    Raises
    ------
    sessionframes.errors.SourceError
        There is nothing, it cannot be read, or it tells nothing.
    """
    with reading(path):
        is_file, is_there = path.is_file(), path.exists()
    if is_file:
        return _of_file(path)
    if not is_there:
        message = f"there is no {path}."
        raise UnknownSourceError(message, hint=f"Give {_WHAT_TELLS}.")
    manifest = read_manifest(path)
    names = ("question", "started", "resumed", "finished", "sessionframes")
    told = {name: manifest[name] for name in names if name in manifest}
    tables = {
        name: {"rows": table["rows"], "files": len(table["parts"]), "origin": table["origin"]}
        for name, table in manifest["tables"].items()
    }
    return {**told, "tables": tables}


def _of_file(path: Path) -> dict[str, Any]:
    metadata = _metadata(path)
    origin = _parsed(metadata[ORIGIN]) if ORIGIN in metadata else None
    if origin is None and PANDAS_ATTRS in metadata:
        attrs = _parsed(metadata[PANDAS_ATTRS]) or {}
        origin = _parsed(attrs.get(ATTRIBUTE, ""))
    if origin is None:
        message = f"{path} does not tell where it came from."
        raise UnknownSourceError(message, hint="Files of export() do, and frames written by to_parquet().")
    return origin


def _metadata(path: Path) -> dict[bytes, bytes]:
    with reading(path):
        with path.open("rb") as file:
            is_parquet = file.read(len(MARK)) == MARK
        if not is_parquet:
            message = f"{path} is no Parquet file."
            raise UnknownSourceError(message, hint=f"Give {_WHAT_TELLS}.")
        return pq.read_metadata(pa.BufferReader(footer_of(path))).metadata or {}


def _parsed(text: bytes | str) -> dict[str, Any] | None:
    try:
        found = json.loads(text)
    except (TypeError, ValueError):
        return None
    return found if isinstance(found, dict) else None
