"""An export of an open source: which tables, and in which chunks of sessions."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sessionframes.arguments import EVERY_COLUMN
from sessionframes.config import nearest
from sessionframes.errors import QueryError
from sessionframes.frames.provenance import describe_origin
from sessionframes.parquet.export import TablePlan, export_tables
from sessionframes.paths import placed
from sessionframes.query import EVERY
from sessionframes.query.scope import fields_of, scope_of
from sessionframes.query.where import Condition, Not, all_of, conjuncts
from sessionframes.tables.validation import check_choice

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    import pyarrow as pa

    from sessionframes.connection import Connection
    from sessionframes.query import Query, Where
    from sessionframes.source import Transport
    from sessionframes.tables.validation import OnInvalid


def export(
    db: Connection,
    path: str | Path,
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
    # Before anything is sent; each chunk asks again, for its own sessions.
    queries = {name: db.query(name, **by_table[name]) for name in names}
    # A filter on what sessions know nothing of is none on which sessions there are.
    of_sessions = by_table.get("sessions", {**arguments, "where": None})
    with db.transport.consistent() as view:
        about_sessions = _about_sessions(db, of_sessions)
        sessions = _session_ids(db, about_sessions, view)
        is_whole = about_sessions is not None and about_sessions.where == EVERY
        chunks = [
            sessions[start : start + sessions_per_chunk]
            for start in range(0, len(sessions), sessions_per_chunk)
        ]
        plans = [
            TablePlan(
                db.read(name).table,
                _parts(db, name, by_table[name], chunks, view, whole=is_whole),
                _origin(db, queries[name], about_sessions),
                _asked(db, name, queries),
                sum(map(len, chunks)),
            )
            for name in names
        ]
        question = {
            "source": db.source.name,
            "address": db.transport.address,
            "tables": {
                name: {
                    "query": plan.origin["query"],
                    "query_fingerprint": queries[name].fingerprint(),
                    "schema": plan.origin["schema"],
                    **db.read(name).origin,
                }
                for name, plan in zip(names, plans, strict=True)
            },
            "on_invalid": on_invalid,
            "sessions": len(sessions),
            "chunks_fingerprint": hashlib.sha256(repr(chunks).encode()).hexdigest()[:16],
        }
        return export_tables(
            placed(path), plans, question, overwrite=overwrite, on_invalid=on_invalid, progress=progress
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
    return {**{name: value for name, value in arguments.items() if name in takes}, "columns": EVERY_COLUMN}


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
    found = db.fetch_arrow(db.read("sessions"), replace(query, columns=()), view)
    return sorted(found.column("session_id").to_pylist())


def _is_by_session(db: Connection, table: str) -> bool:
    return "session_id" in db.read(table).table.ids() and "sessions" in db.tables


def _parts(
    db: Connection,
    table: str,
    arguments: dict[str, Any],
    chunks: list[list[Any]],
    view: Transport,
    *,
    whole: bool,
) -> list[Callable[[], pa.Table]]:
    """Return what fetches a table: a few sessions at a time, and last what is of none, if all are wanted."""

    def fetch(*more: Where, **ids: Any) -> Callable[[], pa.Table]:
        def fetched() -> pa.Table:
            query = db.query(table, **{**arguments, **ids})
            return db.fetch_arrow(read, replace(query, where=all_of(query.where, *more)), view)

        return fetched

    read = db.read(table)
    if not _is_by_session(db, table):
        return [fetch()]
    session = fields_of(read.table)["session_id"]
    is_of_all = whole and table != "sessions" and read.table.facts()["session_id"]["nullable"]
    of_none = [fetch(Condition(session, "isnull", value=True))] if is_of_all else []
    return [*(fetch(session_ids=chunk) for chunk in chunks), *of_none]


def _origin(db: Connection, query: Query, sessions: Query | None) -> dict[str, Any]:
    table = query.table.table_name()
    origin = {
        **describe_origin(db.source.name, db.transport.address, query),
        **db.read(table).origin,
    }
    is_below = table != "sessions" and _is_by_session(db, table)
    if is_below and sessions is not None and sessions.where != EVERY:
        # Whatever is said of this table, it has no rows of other sessions.
        origin["query"] += f" of {sessions}"
    return origin


def _asked(db: Connection, table: str, queries: Mapping[str, Query]) -> dict[str, Any]:
    """Return the friendly arguments and the switches of a table as a snapshot of it will have them."""
    read = db.read(table)
    return {
        "arguments": [
            {"name": one.name, "column": one.column, "description": one.description, "kind": one.kind}
            for one in read.arguments
            # What only the source knows how to parse cannot be had without it.
            if one.kind is not None
        ],
        "switches": {
            name: {"description": text, **_switch(db, table, name, queries)}
            for name, text in read.switches.items()
        },
    }


def _switch(db: Connection, table: str, name: str, queries: Mapping[str, Query]) -> dict[str, Any]:
    """Return whether a switch is on, and which exported column tells of each row whether it brings it."""
    read, query = db.read(table), queries[table]
    told: dict[str, Any] = {"on": name in query.switches}
    if name not in read.brings:
        return told
    column = read.brings[name]
    flag = scope_of(read.table, [db.read(other).table for other in queries]).get(column or "")
    is_told = flag is not None and _holds_all(queries[flag.table], query, name)
    return {**told, "brings": column if is_told else None}


def _holds_all(above: Query, below: Query, switch: str) -> bool:
    """Tell whether all rows above those of a question are among those of another."""
    wanted = [_by_name(part) for part in conjuncts(below.where)]
    is_as_wide = switch in above.switches or switch not in below.switches
    return is_as_wide and all(_by_name(part) in wanted for part in conjuncts(above.where))


def _by_name(where: Where) -> Where:
    """Return a filter on ids without whose they are: they are the same in all tables."""
    if isinstance(where, Condition):
        field = where.field
        return where if field.id_kind is None else replace(where, field=replace(field, table=""))
    if isinstance(where, Not):
        return Not(_by_name(where.part))
    return replace(where, parts=tuple(map(_by_name, where.parts)))
