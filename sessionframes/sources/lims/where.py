"""From a filter to a condition of Postgres that keeps the very rows that the evaluator would keep.

SQL has three truths, a filter has two. In WHERE a null is as good as false, so a condition stands bare, as
indexes need it; only ``Not`` has to say that a null is not true. What is compared is what the frame shows,
except ids, which are compared as they are stored, since their indexes are of that.
"""

from __future__ import annotations

import json
import operator
import re
from itertools import groupby
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    ColumnElement,
    Date,
    DateTime,
    Double,
    Numeric,
    Text,
    Time,
    and_,
    any_,
    case,
    cast,
    extract,
    false,
    func,
    literal,
    or_,
    true,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import NullType

from sessionframes.query.folding import fold, variants
from sessionframes.query.patterns import parse
from sessionframes.query.where import And, Condition, Not, all_of, conditions, conjuncts

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sqlalchemy.types import TypeEngine

    from sessionframes.query.where import Field, Where

    Columns = Mapping[str, ColumnElement[Any]]

_TYPES: dict[str, TypeEngine[Any]] = {
    "integer": BigInteger(),
    "number": Double(),
    "flag": Boolean(),
    "text": Text(),
    "instant": DateTime(timezone=True),
    "date": Date(),
    "time": Time(),
}
# Postgres knows infinite instants, Arrow does not; psycopg's convention, which AllenSDK's users saw, is the
# first and last moment that Python can tell.
_INFINITE = (
    ("infinity", "9999-12-31 23:59:59.999999+00"),
    ("-infinity", "0001-01-01 00:00:00+00"),
)
_ORDER: dict[str, Callable[[Any, Any], ColumnElement[bool]]] = {
    "gt": operator.gt,
    "gte": operator.ge,
    "lt": operator.lt,
    "lte": operator.le,
}
_BLIND = {
    "iexact": "exact",
    "icontains": "contains",
    "istartswith": "startswith",
    "iendswith": "endswith",
}
#: Names of :func:`extract`; what is not as Postgres counts it is seen to in :func:`_part`.
_EXTRACTED = {"iso_year": "isoyear", "week_day": "dow", "iso_week_day": "isodow"}
#: How jsonb says that it contains, or is contained, or has keys.
_JSON_OPERATORS = {"contains": "@>", "contained_by": "<@", "has_keys": "?&", "has_any_keys": "?|"}
_INDEX = re.compile(r"-?[0-9]+")
#: What Postgres takes for an index too; to a filter it is a key.
_NEARLY_INDEX = re.compile(r"[ \t\n\v\f\r]*[+-]?[0-9]+")


def divided(where: Where, columns: Columns) -> tuple[Where, Where]:
    """Return the part of a filter that :func:`compiled` can do, and the rest; both must hold.

    Parameters
    ----------
    where : Where
        The filter.
    columns : mapping
        The columns that Postgres has, by name; lists of text are left to the rest in any case.
    """
    ours: list[Where] = []
    rest: list[Where] = []
    for part in conjuncts(where):
        can = all(c.field.name in columns and c.field.kind != "texts" for c in conditions(part))
        (ours if can else rest).append(part)
    return all_of(*ours), all_of(*rest)


def compiled(where: Where, columns: Columns) -> ColumnElement[bool]:
    """Return a filter as a condition for WHERE; every value is bound.

    Parameters
    ----------
    where : Where
        Without a condition on lists of text.
    columns : mapping
        Name → the column as Postgres has it. One of JSON may be json, jsonb, or text that is JSON throughout;
        what jsonb cannot hold (a NUL, half a character, 1e-20000) is an error of the server.
    """
    if isinstance(where, Condition):
        return _condition(where, columns[where.field.name])
    if isinstance(where, Not):
        return compiled(where.part, columns).is_not(True)
    parts = (compiled(part, columns) for part in where.parts)
    return and_(true(), *parts) if isinstance(where, And) else or_(false(), *parts)


def typed(column: ColumnElement[Any], kind: str) -> ColumnElement[Any]:
    """Return a column as the frame shows it, in the SQL type that arrives as its kind's Arrow type."""
    shown = cast(column, _TYPES[kind])
    if kind != "instant":
        return shown
    # In a connection whose zone is UTC, the cast reads a naive time as UTC and leaves a zoned one alone.
    return case(*((shown == _value(edge, kind), _value(told, kind)) for edge, told in _INFINITE), else_=shown)


def sortable(column: ColumnElement[Any], field: Field) -> ColumnElement[Any]:
    """Return what to order by so that rows come as a frame orders them: NaN is null, text by code points."""
    if field.id_kind is not None:
        return column
    shown = typed(column, field.kind)
    if field.kind == "number":
        return _without_nan(shown)
    return shown.collate("C") if field.kind == "text" else shown


def _condition(condition: Condition, column: ColumnElement[Any]) -> ColumnElement[bool]:
    kind, lookup, value = condition.operand, condition.lookup, condition.value
    if kind == "json":
        return _of_json(_at(cast(column, JSONB), condition.path), lookup, value)
    shown = column if condition.field.id_kind is not None else typed(column, condition.field.kind)
    if condition.part is not None:
        shown = _part(shown, condition.part)
    if lookup == "isnull":
        return (_without_nan(shown) if kind == "number" else shown).is_(None)
    if lookup == "in":
        return shown == any_(_array(value, kind))
    if kind == "text" and lookup != "exact":
        return _of_text(shown, lookup, value)
    if lookup == "exact":
        return shown == _value(value, kind)
    compared = _ORDER[lookup](shown, _value(value, kind))
    # To Postgres NaN is the largest number.
    return and_(compared, shown < _value("NaN", kind)) if kind == "number" else compared


def _value(value: Any, kind: str) -> ColumnElement[Any]:
    # Not "-1::bigint", which is the negative of 1::bigint, and that of the least one does not exist.
    return cast(literal(value, NullType()), _TYPES[kind])


def _array(values: tuple[Any, ...], kind: str) -> ColumnElement[Any]:
    if kind != "integer":
        return literal(list(values), ARRAY(_TYPES[kind]))
    # psycopg takes ten times as long over a list of a million ids as over their text.
    return cast(literal(f"{{{','.join(map(str, values))}}}", NullType()), ARRAY(_TYPES[kind]))


def _without_nan(number: ColumnElement[Any]) -> ColumnElement[Any]:
    return func.nullif(number, _value("NaN", "number"))


def _part(instant: ColumnElement[Any], part: str) -> ColumnElement[Any]:
    # Parts of a zoned instant would be those of the connection's zone.
    moment = func.timezone("UTC", instant)
    if part in ("date", "time"):
        return cast(moment, _TYPES[part])
    number: ColumnElement[Any] = func.floor(extract(_EXTRACTED.get(part, part), moment))
    # Sunday is 0 to Postgres, 1 to a filter.
    return cast(number + 1 if part == "week_day" else number, BigInteger())


def _of_text(text: ColumnElement[Any], lookup: str, value: str) -> ColumnElement[bool]:
    # By code points, whatever the order of the database.
    text = text.collate("C")
    if lookup in ("regex", "iregex"):
        pattern = parse(value, "").to_postgres(blind=lookup == "iregex")
        return text.bool_op("~")(_value(pattern, "text"))
    if lookup in _BLIND:
        lookup, value = _BLIND[lookup], fold(value)
        text = _folded(text, value)
    wanted = _value(value, "text")
    if lookup in _ORDER:
        return _ORDER[lookup](text, wanted)
    # No LIKE, so that nothing in a value has a meaning of its own.
    if lookup == "contains":
        return func.strpos(text, wanted) > 0
    if lookup == "exact":
        return text == wanted
    end = func.left if lookup == "startswith" else func.right
    return end(text, func.length(wanted)) == wanted


def _folded(text: ColumnElement[Any], value: str) -> ColumnElement[Any]:
    """Fold the letters that a folded value has: lower() and ILIKE would do as the server's locale does."""
    pairs = [(other, char) for char in sorted(set(value)) for other in variants(char) if other != char]
    if not pairs:
        return text
    others, chars = ("".join(side) for side in zip(*pairs, strict=True))
    return func.translate(text, _value(others, "text"), _value(chars, "text"))


def _at(whole: ColumnElement[Any], path: tuple[str, ...]) -> ColumnElement[Any]:
    found = whole
    for is_plain, parts in groupby(path, _is_plain):
        if is_plain:
            found = found.op("#>")(literal(list(parts), ARRAY(Text())))
            continue
        for part in parts:
            found = case((_is_json(found, "object"), found.op("->")(_value(part, "text"))))
    return found


def _is_plain(part: str) -> bool:
    return _INDEX.fullmatch(part) is not None or _NEARLY_INDEX.fullmatch(part) is None


def _of_json(found: ColumnElement[Any], lookup: str, value: Any) -> ColumnElement[bool]:
    if lookup == "isnull":
        return found.is_(None)
    if lookup == "exact":
        return found == _json(value)
    if lookup == "in":
        texts = literal([_written(item) for item in value], ARRAY(Text()))
        return found == any_(cast(texts, ARRAY(JSONB())))
    if lookup in ("has_keys", "has_any_keys"):
        return found.bool_op(_JSON_OPERATORS[lookup])(literal(list(value), ARRAY(Text())))
    if lookup in _JSON_OPERATORS:
        return found.bool_op(_JSON_OPERATORS[lookup])(_json(value))
    text = found.op("#>>")(literal([], ARRAY(Text())))
    # CASE, because of several conditions joined by AND Postgres may look at any first, and fail in a cast.
    if isinstance(value, str):
        return case((_is_json(found, "string"), _of_text(cast(text, Text()), lookup, value)))
    number = cast(literal(value, NullType()), Numeric())
    return case((_is_json(found, "number"), _ORDER[lookup](cast(text, Numeric()), number)))


def _is_json(found: ColumnElement[Any], kind: str) -> ColumnElement[bool]:
    return func.jsonb_typeof(found) == _value(kind, "text")


def _json(value: Any) -> ColumnElement[Any]:
    return cast(literal(_written(value), NullType()), JSONB())


def _written(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)
