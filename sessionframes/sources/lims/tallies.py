"""How many rows there are below each row above, and in which structures: counted by Postgres."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import ARRAY, BigInteger, ColumnElement, Text, cast, func, literal_column
from sqlalchemy.dialects.postgresql import aggregate_order_by

from sessionframes.query.where import EVERY
from sessionframes.source import Plan
from sessionframes.sources.lims.joins import CHANNELS, PROBES, UNITS
from sessionframes.sources.lims.reads import filtered
from sessionframes.sources.lims.where import divided, typed
from sessionframes.tables.summaries import STRUCTURE, STRUCTURES

if TYPE_CHECKING:
    from sessionframes.query import Query
    from sessionframes.sources.lims.joins import Level
    from sessionframes.tables import Table


def probes(query: Query, form: type[Table]) -> Plan | None:
    """Return the plan that counts probes; None where Postgres cannot do all of the filter."""
    return _plan(query, form, PROBES)


def channels(query: Query, form: type[Table]) -> Plan | None:
    """Return the plan that counts channels; None where Postgres cannot do all of the filter."""
    return _plan(query, form, CHANNELS)


def units(query: Query, form: type[Table]) -> Plan | None:
    """Return the plan that counts units; None where Postgres cannot do all of the filter."""
    return _plan(query, form, UNITS)


def _plan(query: Query, form: type[Table], level: Level) -> Plan | None:
    where, residual = divided(query.where, level.columns)
    if residual != EVERY:
        return None
    key = level.columns[form.key_name()]
    selected = [typed(key, "integer").label(form.key_name())]
    names = [form.key_name()]
    for name in form.to_schema().columns:
        if name == STRUCTURES:
            selected.append(_distinct(level.columns[STRUCTURE]).label(name))
            names.append(STRUCTURE)
        else:
            selected.append(cast(func.count(), BigInteger()).label(name))
    return Plan([filtered(selected, names, where, level, query).group_by(key)])


def _distinct(text: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return the texts of a group, each once, without nulls, by code points whatever the database's order."""
    shown = typed(text, "text").collate("C")
    listed = func.array_agg(aggregate_order_by(shown.distinct(), shown.asc()))
    return func.coalesce(listed.filter(text.is_not(None)), cast(literal_column("'{}'"), ARRAY(Text())))
