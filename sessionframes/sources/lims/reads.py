"""From a query to the SELECT that answers it.

Every column is cast to its declared type where it is selected, so a LIMS that stores it a little
differently gives the same frame.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import BigInteger, ColumnElement, Select, func, literal, select

from sessionframes.query.scope import fields_of
from sessionframes.query.where import EVERY, conditions
from sessionframes.source import Plan
from sessionframes.sources.lims.joins import CHANNELS, PROBES, SESSIONS, UNITS
from sessionframes.sources.lims.where import compiled, divided, sortable, typed

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sessionframes.query import Query, Where
    from sessionframes.sources.lims.joins import Level

#: No table has more rows, and Postgres counts no further.
_MOST_ROWS = 2**63 - 1


def sessions(query: Query) -> Plan:
    """Return the plan for sessions."""
    if "fill_genotype" not in query.switches:
        return _plan(query, SESSIONS)
    filled = func.coalesce(SESSIONS.columns["genotype"], "wt")
    return _plan(query, replace(SESSIONS, columns={**SESSIONS.columns, "genotype": filled}))


def probes(query: Query) -> Plan:
    """Return the plan for probes."""
    return _plan(query, PROBES)


def channels(query: Query) -> Plan:
    """Return the plan for channels."""
    return _plan(query, CHANNELS)


def units(query: Query) -> Plan:
    """Return the plan for units."""
    return _plan(query, UNITS)


def filtered(
    selected: Sequence[ColumnElement[Any]], names: Iterable[str], where: Where, level: Level, query: Query
) -> Select[Any]:
    """Return the statement for rows that fulfil a filter, and LIMS's usability rule unless it is lifted.

    Parameters
    ----------
    selected : sequence of ColumnElement
        What is selected.
    names : iterable of str
        The columns of ours that it comes from.
    where : Where
        What of the query's filter Postgres does.
    level : Level
        What the rows are made of.
    query : Query
        Whose switches hold.
    """
    rows = level.joined({*names, *(condition.field.name for condition in conditions(where))})
    statement = select(*selected).select_from(rows)
    if where != EVERY:
        statement = statement.where(compiled(where, level.columns))
    return statement if "include_unusable" in query.switches else statement.where(level.usable)


def _plan(query: Query, level: Level) -> Plan:
    where, residual = divided(query.where, level.columns)
    fields = fields_of(query.table)
    names = query.needed(residual)
    selected = [typed(level.columns[name], fields[name].kind).label(name) for name in names]
    statement = filtered(selected, names, where, level, query)
    if query.limit is None or residual != EVERY:
        return Plan([statement], residual)
    return Plan([_first(statement, query, level)], limited=True)


def _first(statement: Select[Any], query: Query, level: Level) -> Select[Any]:
    fields = fields_of(query.table)
    key = level.columns[query.table.key_name()]
    for order in query.order_by:
        column = sortable(level.columns[order.column], fields[order.column])
        directed = column.desc() if order.descending else column.asc()
        # A key is never null, and its index serves only who does not ask where its nulls come.
        is_key = order.column == query.table.key_name()
        statement = statement.order_by(directed if is_key else directed.nulls_last())
    return statement.order_by(key).limit(literal(min(query.limit or 0, _MOST_ROWS), BigInteger()))
