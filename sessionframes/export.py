"""An export of an open source: which tables, and in which chunks of sessions."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sessionframes.config import nearest
from sessionframes.errors import QueryError
from sessionframes.frames.provenance import describe_origin
from sessionframes.parquet.export import TablePlan, export_tables
from sessionframes.query import EVERY
from sessionframes.tables.validation import check_choice

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    import pyarrow as pa

    from sessionframes.connection import Connection
    from sessionframes.query import Query
    from sessionframes.source import Read, Transport
    from sessionframes.tables.validation import OnInvalid


def export(
    db: Connection,
    path: Path,
    tables: Sequence[str] | None,
    *,
    sessions_per_chunk: int,
    overwrite: bool,
    on_invalid: OnInvalid,
    progress: bool,
    arguments: dict[str, Any],
) -> Path:
    """Write tables of an open source to Parquet; see :meth:`sessionframes.connection.Connection.export`."""
    check_choice(on_invalid)
    names = _wanted(db, tables)
    if type(sessions_per_chunk) is not int or sessions_per_chunk < 1:
        message = f"sessions_per_chunk is {sessions_per_chunk!r}."
        raise QueryError(message, hint="Give a whole number, 1 or more.")
    _check_whole(db, arguments)
    # Collections that can be read only once are needed for each table.
    arguments = {name: _kept(value) for name, value in arguments.items()}
    _check_filtered(db, names, arguments.get("where"))
    by_table = {name: _arguments(db, name, arguments) for name in names}
    _check_all_taken(db, names, arguments, by_table)
    for name in names:
        # Before anything is sent; each chunk asks again, for its own sessions.
        db.query(name, **by_table[name])
    # A filter on what sessions know nothing of is none on which sessions there are.
    of_sessions = by_table.get("sessions", {**arguments, "where": None})
    with db.transport.consistent() as view:
        about_sessions = _about_sessions(db, of_sessions)
        sessions = _session_ids(db, about_sessions, view)
        chunks = [
            sessions[start : start + sessions_per_chunk]
            for start in range(0, len(sessions), sessions_per_chunk)
        ]
        plans = [_plan(db, name, by_table[name], about_sessions, chunks, view) for name in names]
        question = {
            "source": db.source.name,
            "address": db.transport.address,
            **db.source.origin,
            "tables": {
                name: {
                    "query": plan.origin["query"],
                    "query_fingerprint": db.query(name, **by_table[name]).fingerprint(),
                    "schema": plan.origin["schema"],
                }
                for name, plan in zip(names, plans, strict=True)
            },
            "on_invalid": on_invalid,
            "sessions": len(sessions),
            "chunks_fingerprint": hashlib.sha256(repr(chunks).encode()).hexdigest()[:16],
        }
        return export_tables(
            path, plans, question, overwrite=overwrite, on_invalid=on_invalid, progress=progress
        )


def _wanted(db: Connection, tables: Sequence[str] | None) -> list[str]:
    if isinstance(tables, str):
        tables = [tables]
    try:
        names = list(dict.fromkeys(db.tables if tables is None else tables))
    except TypeError:
        message = f"tables is {tables!r}."
        raise QueryError(message, hint="Give a list of names.") from None
    if not names:
        message = "no tables to export."
        raise QueryError(message, hint=f"This source has: {', '.join(db.tables)}.")
    for name in names:
        db.read(name)
    return names


def _kept(value: Any) -> Any:
    is_iterator = hasattr(value, "__next__")
    return list(value) if is_iterator else value


def _check_whole(db: Connection, arguments: dict[str, Any]) -> None:
    for name in ("join", "columns", "order_by", "limit"):
        if arguments.get(name) is not None:
            message = f"an export holds whole tables, and takes no {name!r}."
            raise QueryError(message, source=db.source.name, hint=f"Say {name} when you read it back.")


def _check_filtered(db: Connection, names: list[str], where: Any) -> None:
    for name in where if isinstance(where, Mapping) else ():
        if name not in names:
            message = f"where is about {name!r}, which is not exported."
            raise QueryError(message, source=db.source.name, hint=nearest(str(name), names))


def _arguments(db: Connection, table: str, arguments: dict[str, Any]) -> dict[str, Any]:
    takes = db.arguments(table)
    where = arguments.get("where")
    if isinstance(where, Mapping):
        arguments = {**arguments, "where": where.get(table)}
    return {name: value for name, value in arguments.items() if name in takes}


def _check_all_taken(
    db: Connection, names: list[str], arguments: dict[str, Any], by_table: dict[str, dict[str, Any]]
) -> None:
    for name in arguments:
        if not any(name in taken for taken in by_table.values()):
            message = f"none of the tables takes an argument {name!r}."
            known = {known for table in names for known in db.arguments(table)}
            raise QueryError(message, source=db.source.name, hint=nearest(name, known))


def _about_sessions(db: Connection, arguments: dict[str, Any]) -> Query | None:
    return db.query("sessions", **_arguments(db, "sessions", arguments)) if "sessions" in db.tables else None


def _session_ids(db: Connection, query: Query | None, view: Transport) -> list[Any]:
    if query is None:
        return []
    found = db.fetch_arrow(db.read("sessions"), query, view)
    return sorted(found.column("session_id").to_pylist())


def _plan(
    db: Connection,
    table: str,
    arguments: dict[str, Any],
    sessions: Query | None,
    chunks: list[list[Any]],
    view: Transport,
) -> TablePlan:
    read = db.read(table)
    whole = db.query(table, **arguments)

    def fetch(**more: Any) -> Callable[[], pa.Table]:
        def fetched() -> pa.Table:
            query = db.query(table, **{**arguments, **more})
            return db.fetch_arrow(read, query, view)

        return fetched

    by_session = "session_id" in read.table.ids() and "sessions" in db.tables
    parts = [fetch(session_ids=chunk) for chunk in chunks] if by_session else [fetch()]
    origin = {**describe_origin(db.source.name, db.transport.address, whole), **db.source.origin}
    if by_session and sessions is not None and table != "sessions" and sessions.where != EVERY:
        # Whatever is said of this table, it has no rows of other sessions.
        origin["query"] += f" of {sessions}"
    return TablePlan(read.table, parts, origin, _asked(read, whole), sum(map(len, chunks)))


def _asked(read: Read, query: Query) -> dict[str, Any]:
    """Return the friendly arguments and the switches of a table as a snapshot of it will have them."""
    return {
        "arguments": [
            {"name": one.name, "column": one.column, "description": one.description, "kind": one.kind}
            for one in read.arguments
            # What only the source knows how to parse cannot be had without it.
            if one.kind is not None
        ],
        "switches": {
            name: {"description": text, "on": name in query.switches} for name, text in read.switches.items()
        },
    }
