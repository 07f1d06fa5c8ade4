"""From what a caller says in a ``get_*`` call to a question, checked before anything is sent."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from sessionframes.config import nearest
from sessionframes.errors import QueryError
from sessionframes.query import Condition, Query
from sessionframes.query.ids import normalise_ids

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sessionframes.source import Read


def taken(read: Read) -> tuple[str, ...]:
    """Return the names of the arguments that a table takes: ids, the source's own, switches."""
    return (*_parsers(read), *read.switches)


def make_query(read: Read, arguments: Mapping[str, Any], *, source: str) -> Query:
    """Return the question that these arguments ask of a table.

    Parameters
    ----------
    read : Read
        How the source reads the table, and what it takes.
    arguments : mapping
        As of a ``get_*`` call.
    source : str
        For messages.

    Raises
    ------
    sessionframes.errors.QueryError
        An argument that the table does not take, or a value that it cannot mean.
    """
    parsers = _parsers(read)
    conditions: list[Condition] = []
    switches: set[str] = set()
    for name, value in arguments.items():
        if name in read.switches:
            switches |= _switched(name, value, source, read.table.table_name())
        elif name in parsers:
            condition = parsers[name](value)
            conditions += [] if condition is None else [condition]
        else:
            message = f"there is no argument {name!r}."
            raise QueryError(
                message, source=source, table=read.table.table_name(), hint=nearest(name, taken(read))
            )
    return Query(read.table, tuple(conditions), frozenset(switches))


def _parsers(read: Read) -> dict[str, Callable[[Any], Condition | None]]:
    kind = read.table.id_kind()
    by_id = {f"{column}s": partial(_ids, column, kind) for column in read.table.ids()}
    return {**by_id, **{argument.name: argument.parse for argument in read.arguments}}


def _ids(column: str, kind: str, values: Any) -> Condition | None:
    ids = normalise_ids(values, column, kind=kind)
    return None if ids is None else Condition(column, "in", ids)


def _switched(name: str, value: Any, source: str, table: str) -> set[str]:
    if not isinstance(value, bool):
        message = f"{name} is {value!r}."
        raise QueryError(message, source=source, table=table, hint="Say True or False.")
    return {name} if value else set()
