"""Questions that only ask which rows there are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sessionframes.query import Query

if TYPE_CHECKING:
    from sessionframes.connection import Connection
    from sessionframes.query import Where


def keys(db: Connection, table: str = "units", **arguments: Any) -> list[int]:
    """Return the keys of the rows that fulfil a filter, usable or not, in order."""
    query = db.query(table, include_unusable=True, columns=[], **arguments)
    return sorted(db.fetch_arrow(db.read(table), query).column(0).to_pylist())


def keys_of(db: Connection, where: Where, table: str = "units") -> list[int]:
    """Return the same for a filter that needs no checks any more."""
    query = Query(db.read(table).table, where, frozenset({"include_unusable"}), columns=())
    return sorted(db.fetch_arrow(db.read(table), query).column(0).to_pylist())
