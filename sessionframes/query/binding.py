"""From a filter as it was written to one that engines can work on: every column known, every value typed."""

from __future__ import annotations

from datetime import datetime
from difflib import get_close_matches
from functools import partial
from typing import TYPE_CHECKING, Any

from sessionframes.config import nearest
from sessionframes.errors import QueryError
from sessionframes.query import operands
from sessionframes.query.patterns import parse as parse_pattern
from sessionframes.query.values import first_of, last_of
from sessionframes.query.where import (
    EVERY,
    NONE,
    Condition,
    Where,
    all_of,
    any_of,
    negated,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import date

    from sessionframes.query.q import Q
    from sessionframes.query.where import Field

    Scope = Mapping[str, Field]

_ORDER = ("gt", "gte", "lt", "lte")
_BASIC = ("exact", "in", "isnull")
_OF_TEXT = (
    *("iexact", "contains", "icontains", "startswith", "istartswith"),
    *("endswith", "iendswith", "regex", "iregex"),
)
_OF_JSON = ("contains", "contained_by", "has_key", "has_keys", "has_any_keys")
_ORDERED = (*_BASIC, *_ORDER, "range")
#: What each kind of operand may be asked.
LOOKUPS: dict[str, tuple[str, ...]] = {
    "integer": _ORDERED,
    "number": _ORDERED,
    "flag": _BASIC,
    "text": (*_ORDERED, *_OF_TEXT),
    "instant": _ORDERED,
    "date": _ORDERED,
    "time": _ORDERED,
    "json": (*_ORDERED, *(name for name in _OF_TEXT if name != "contains"), *_OF_JSON),
    "texts": (*_BASIC, *_ORDER, *_OF_TEXT, "has_all", "contained_by", "overlap"),
}
_EVERY_LOOKUP = {lookup for lookups in LOOKUPS.values() for lookup in lookups}
#: What stands between a column of instants and its lookup.
PARTS = (
    *("date", "time", "year", "iso_year", "quarter", "month", "week"),
    *("day", "week_day", "iso_week_day", "hour", "minute", "second"),
)
#: How alike a key of JSON and a lookup are if one is the other misspelt.
_CLOSE = 0.85
_CONVERT: dict[str, Callable[[Any, str], Any]] = {
    "integer": operands.as_integer,
    "number": operands.as_number,
    "flag": operands.as_flag,
    "text": operands.as_text,
    "texts": operands.as_text,
    "date": operands.as_date,
    "time": operands.as_time,
    "json": operands.as_json,
}
_KIND_IN_WORDS = {
    "integer": "whole numbers",
    "number": "numbers",
    "flag": "flags",
    "text": "text",
    "texts": "lists of text",
    "instant": "instants",
    "date": "dates",
    "time": "times of day",
    "json": "JSON",
}


def bind(q: Q, scope: Scope, *, source: str | None = None, table: str | None = None) -> Where:
    """Return a filter over known columns, in its simplest form.

    Parameters
    ----------
    q : Q
        As the user wrote it.
    scope : mapping
        The columns that it may name.
    source, table : str, optional
        For messages.

    Raises
    ------
    sessionframes.errors.QueryError
        A column or lookup that there is not, a lookup that the column does not take, or a value of the wrong
        type; with the nearest names.
    """
    try:
        return _bound(q, scope)
    except RecursionError:
        message = "the filter is nested too deeply."
        raise QueryError(message, source=source, table=table, hint="Say it in fewer steps.") from None
    except QueryError as error:
        error.source = error.source or source
        error.table = error.table or table
        raise


def _bound(q: Q, scope: Scope) -> Where:
    if q.connector == "term":
        return _term(q.name, q.value, scope)
    parts = [_bound(part, scope) for part in q.parts]
    if q.connector == "not":
        return negated(parts[0])
    return all_of(*parts) if q.connector == "and" else any_of(*parts)


def _term(name: str, value: Any, scope: Scope) -> Where:
    # A key of JSON may begin with an underscore, and then three of them stand in a row.
    column, rest = _column_in(name.split("__"), scope)
    if column not in scope:
        raise _unknown_column(name, column, scope)
    field = scope[column]
    lookup = "exact"
    part: str | None = None
    path: tuple[str, ...] = ()
    if field.kind == "json":
        if rest and rest[-1] in LOOKUPS["json"]:
            lookup = rest.pop()
        elif rest:
            _check_last_key(column, rest[-1])
        path, rest = tuple(rest), []
    elif field.kind == "instant" and rest and rest[0] in PARTS:
        part, *rest = rest
    if field.kind != "json" and rest:
        lookup, *rest = rest
    condition = Condition(field, lookup, value, path, part)
    _check_lookup(condition, rest)
    return _normal(condition)


def _column_in(parts: list[str], scope: Scope) -> tuple[str, list[str]]:
    """Return the longest beginning of a name that there is, maybe by way of other tables, and the rest."""
    for end in range(len(parts), 1, -1):
        if (column := "__".join(parts[:end])) in scope:
            return column, parts[end:]
    return parts[0], parts[1:]


def _check_last_key(column: str, key: str) -> None:
    """Refuse a key of JSON that looks like a lookup misspelt, unless it is followed by one."""
    close = get_close_matches(key, LOOKUPS["json"], n=1, cutoff=_CLOSE)
    if close:
        message = f"{column} has no lookup {key!r}."
        hint = f"Did you mean {close[0]!r}? A key of that name is asked for by {key}__exact."
        raise QueryError(message, column=column, hint=hint)


def _check_lookup(condition: Condition, rest: list[str]) -> None:
    column, kind = condition.field.name, condition.operand
    known = LOOKUPS[kind]
    if condition.lookup in known and not rest:
        return
    asked = "__".join([condition.lookup, *rest])
    if condition.lookup not in known and condition.lookup in _EVERY_LOOKUP:
        message = f"{column} holds {_KIND_IN_WORDS[kind]}, to which {condition.lookup!r} does not apply."
        raise QueryError(message, column=column, hint=f"What does: {', '.join(known)}.")
    if asked in ("ne", "not", "neq", "exclude"):
        message = f"{column} has no lookup {asked!r}."
        raise QueryError(message, column=column, hint=f"Say ~Q({column}=...), which nulls fulfil too.")
    message = f"{column} has no lookup {asked!r}."
    parts = PARTS if kind == "instant" else ()
    raise QueryError(message, column=column, hint=nearest(condition.lookup, {*known, *parts}))


def _normal(condition: Condition) -> Where:
    column, kind, lookup, value = (
        condition.field.name,
        condition.operand,
        condition.lookup,
        condition.value,
    )
    if lookup == "isnull":
        is_null = _with(condition, value=True)
        return is_null if operands.as_flag(value, column) else negated(is_null)
    if lookup == "exact" and value is None and not condition.path:
        return _with(condition, lookup="isnull", value=True)
    if lookup == "range":
        return _range(condition)
    if lookup in ("regex", "iregex"):
        parse_pattern(operands.as_text(value, column), column)
        return condition
    if lookup in _OF_TEXT and not (kind == "json" and lookup == "contains"):
        return _with(condition, value=operands.as_text(value, column))
    if kind == "instant":
        return _instant(condition)
    if kind == "json" and lookup in (*_OF_JSON, *_ORDER):
        return _json(condition)
    if kind == "texts" and lookup in ("has_all", "contained_by", "overlap"):
        one = (value,) if isinstance(value, str) else value
        return _with(condition, value=operands.listed(one, column, operands.as_text))
    if kind == "integer" and lookup in _ORDER:
        return _whole(condition)
    return _compared(condition)


def _compared(condition: Condition) -> Where:
    column, lookup, value = condition.field.name, condition.lookup, condition.value
    convert = _CONVERT[condition.operand]
    if condition.field.id_kind is not None:
        convert = partial(_id, kind=condition.field.id_kind)
    if lookup != "in":
        if value is None and condition.operand != "json":
            message = f"{lookup} compares with null."
            raise QueryError(message, column=column, hint=f"For nulls, say {column}__isnull=True.")
        _check_single(condition)
        return _with(condition, value=convert(value, column))
    if condition.field.id_kind is not None:
        found = operands.listed_ids(value, column, condition.field.id_kind)
    elif condition.path and isinstance(value, tuple) and None in value:
        # Of JSON a null is a value too.
        others = tuple(item for item in value if item is not None)
        null = _with(condition, lookup="exact", value=None)
        return any_of(null, _compared(_with(condition, value=others)))
    else:
        found = operands.listed(value, column, convert)
    return _with(condition, value=found) if found else NONE


def _check_single(condition: Condition) -> None:
    if isinstance(condition.value, tuple) and condition.operand != "json":
        column, lookup = condition.field.name, condition.lookup
        message = f"{lookup} compares with one value, not with a list."
        raise QueryError(message, column=column, hint=f"For any of several, say {column}__in=[...].")


def _id(value: Any, column: str, *, kind: str) -> Any:
    return operands.as_id(value, column, kind)


def _range(condition: Condition) -> Where:
    column, value = condition.field.name, condition.value
    if not isinstance(value, tuple) or len(value) != 2:
        message = "a range has two ends."
        raise QueryError(
            message, column=column, hint=f"Say {column}__range=[lowest, highest], both included."
        )
    low, high = value
    if low is None or high is None:
        message = "a range with a null for one end."
        raise QueryError(message, column=column, hint=f"For an open end, say {column}__gte or {column}__lte.")
    return all_of(
        _normal(_with(condition, lookup="gte", value=low)),
        _normal(_with(condition, lookup="lte", value=high)),
    )


def _whole(condition: Condition) -> Where:
    _check_single(condition)
    lookup, value = condition.lookup, condition.value
    bound = operands.whole_bound(value, condition.field.name, lookup)
    if bound is not None:
        return _with(condition, value=bound)
    # Out of reach: true of every whole number, or of none.
    holds = (value > 0) == (lookup in ("lt", "lte"))
    return negated(_with(condition, lookup="isnull", value=True)) if holds else NONE


def _instant(condition: Condition) -> Where:
    """Take a bare date as its whole day: equal to every instant in it, before those after it."""
    column, lookup, value = condition.field.name, condition.lookup, condition.value
    if lookup == "in":
        found = operands.listed(value, column, operands.as_moment)
        instants = tuple(when for when in found if isinstance(when, datetime))
        days = tuple(when for when in found if not isinstance(when, datetime))
        parts: list[Where] = [_with(condition, value=instants)] if instants else []
        return any_of(*parts, *([Condition(condition.field, "in", days, part="date")] if days else []))
    _check_single(condition)
    when = operands.as_moment(value, column)
    if lookup == "exact":
        return _at(condition, when)
    edge = last_of(when) if lookup in ("gt", "lte") else first_of(when)
    return _with(condition, value=edge)


def _at(condition: Condition, when: date | datetime) -> Where:
    first, last = first_of(when), last_of(when)
    if first == last:
        return _with(condition, lookup="exact", value=first)
    return all_of(_with(condition, lookup="gte", value=first), _with(condition, lookup="lte", value=last))


def _json(condition: Condition) -> Where:
    column, lookup, value = condition.field.name, condition.lookup, condition.value
    if lookup in _ORDER:
        return _with(condition, value=operands.as_comparable_json(value, column))
    if lookup == "has_key":
        return _with(condition, lookup="has_keys", value=(_json_key(value, column),))
    if lookup in ("has_keys", "has_any_keys"):
        return _with(condition, value=operands.listed(value, column, _json_key))
    return _with(condition, value=operands.as_json(value, column))


def _json_key(value: Any, column: str) -> str:
    is_index = isinstance(value, int) and not isinstance(value, bool)
    return str(value) if is_index else operands.as_text(value, column)


def _with(condition: Condition, *, lookup: str | None = None, value: Any) -> Condition:
    return Condition(condition.field, lookup or condition.lookup, value, condition.path, condition.part)


def _unknown_column(name: str, column: str, scope: Scope) -> QueryError:
    if not column or name != name.strip():
        message = f"{name!r} names no column."
    else:
        message = f"there is no column {column!r} to filter by."
    return QueryError(message, column=column or None, hint=nearest(column, scope))


__all__ = ["EVERY", "LOOKUPS", "PARTS", "bind"]
