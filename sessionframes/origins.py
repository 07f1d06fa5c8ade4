"""What a frame or a file tells of where it came from, for people to read."""

from __future__ import annotations

import html
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from sessionframes.errors import QueryError
from sessionframes.frames.provenance import origin_of, parts_of
from sessionframes.paths import placed
from sessionframes.query.shown import shown

if TYPE_CHECKING:
    from collections.abc import Iterator

#: What stands in the first line already.
_HEADED = ("table", "step", "source", "parts")


@dataclass(frozen=True)
class Provenance:
    """Where a frame, or a file, came from. Prints itself, in a notebook too.

    Parameters
    ----------
    origin : dict
        As it was told: ``table``, ``source``, ``address``, ``query``, ``time`` (UTC), ``sessionframes`` (the
        version), ``schema`` (its hash); for what was made of several, ``step`` and ``parts``. Empty if
        nothing was told.
    """

    origin: dict[str, Any]

    def __str__(self) -> str:
        if not self.origin:
            return "It does not tell where it came from: pandas drops attrs where it merges different ones."
        return "\n".join(_lines(self.origin))

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        return f"<pre style='text-align:left'>{html.escape(str(self))}</pre>"


def provenance(frame_or_path: pd.DataFrame | str | Path) -> Provenance:
    """Return where a frame, an export, or a Parquet file came from.

    Parameters
    ----------
    frame_or_path : pandas.DataFrame, str or Path
        A frame of ours, or made of ours by :func:`sessionframes.join` and the like; the directory of an
        export; one of its Parquet files; or one that ``DataFrame.to_parquet`` wrote.

    Returns
    -------
    Provenance
        Prints itself; its ``origin`` is a dict.

    Raises
    ------
    sessionframes.errors.QueryError
        It is neither a frame nor a path.
    sessionframes.errors.SessionFramesError
        There is no such file, or it cannot be read.
    """
    if isinstance(frame_or_path, pd.DataFrame):
        return Provenance(origin_of(frame_or_path))
    if isinstance(frame_or_path, str | Path):
        from sessionframes.parquet.told import provenance_of

        return Provenance(provenance_of(placed(frame_or_path)))
    message = f"{shown(frame_or_path)} is a {type(frame_or_path).__name__}."
    raise QueryError(message, hint="Give a frame, the directory of an export, or a Parquet file.")


def _lines(origin: dict[str, Any], indent: str = "") -> Iterator[str]:
    tables = origin.get("tables")
    if isinstance(tables, dict):
        origin = _of_export(origin, tables)
    yield f"{indent}{_head(origin)}"
    inner = f"{indent}  "
    told = {
        name: value for name, value in origin.items() if name not in _HEADED and value not in ([], {}, None)
    }
    width = max(map(len, told), default=0)
    for name, value in told.items():
        first, *more = _written(value)
        yield f"{inner}{name:<{width}}  {first}"
        for line in more:
            yield f"{inner}{'':<{width}}  {line}"
    for part in parts_of(origin):
        yield from _lines(part, inner)


def _of_export(told: dict[str, Any], tables: dict[str, Any]) -> dict[str, Any]:
    """Return what a manifest tells in the form of a frame's origin."""
    times = {name: told.get(name) for name in ("started", "resumed", "finished", "sessionframes")}
    known = [table for table in tables.values() if isinstance(table, dict)]
    parts = [
        {**table["origin"], "rows": table.get("rows"), "files": table.get("files")}
        for table in known
        if isinstance(table.get("origin"), dict)
    ]
    return {"table": f"{len(parts)} tables", "step": "export", **times, "parts": parts}


def _head(origin: dict[str, Any]) -> str:
    table = origin.get("table") or "a table"
    if "step" in origin:
        return f"{table}, by {origin['step']} of"
    return f"{table} of {origin.get('source') or 'a source that is not told'}"


def _written(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [", ".join(f"{name} {item}" for name, item in value.items())]
    if isinstance(value, list) and all(isinstance(item, dict) for item in value):
        return [line for item in value for line in _written(item)]
    return [", ".join(map(str, value))] if isinstance(value, list) else [str(value)]
