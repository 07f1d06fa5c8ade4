"""A column of every kind, and what engines may meet about it."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, time
from typing import Any

from sessionframes.query.where import Condition, Field

SCOPE = {
    name: Field(name, kind, "units", id_kind)
    for name, kind, id_kind in (
        ("unit_id", "integer", "int64"),
        ("name_id", "text", "str"),
        ("layer", "integer", None),
        ("snr", "number", None),
        ("good", "flag", None),
        ("label", "text", None),
        ("began", "instant", None),
        ("qc", "json", None),
        ("tags", "texts", None),
    )
}

_BASIC = {"exact", "in", "isnull"}
_ORDERED = {*_BASIC, "gt", "gte", "lt", "lte"}
_TEXT = {"iexact", "contains", "icontains", "startswith", "istartswith"}
_TEXT |= {"endswith", "iendswith", "regex", "iregex"}
#: As the table at the head of where.py has it.
MET = {
    "integer": _ORDERED,
    "number": _ORDERED,
    "flag": _BASIC,
    "text": _ORDERED | _TEXT,
    "instant": _ORDERED,
    "date": _ORDERED,
    "time": _ORDERED,
    "json": _ORDERED | _TEXT | {"contains", "contained_by", "has_keys", "has_any_keys"},
    "texts": _ORDERED | _TEXT | {"has_all", "contained_by", "overlap"},
}
_SEVERAL = {"in", "has_keys", "has_any_keys", "has_all", "overlap"}


def is_json(value: Any) -> bool:
    """Whether JSON has such a value."""
    if isinstance(value, list):
        return all(map(is_json, value))
    if isinstance(value, dict):
        return all(isinstance(key, str) and is_json(item) for key, item in value.items())
    if isinstance(value, float):
        return math.isfinite(value)
    return value is None or isinstance(value, bool | int | str)


_IS: dict[str, Any] = {
    "integer": lambda value: type(value) is int and -(2**63) <= value < 2**63,
    "number": lambda value: type(value) is float and not math.isnan(value),
    "flag": lambda value: type(value) is bool,
    "text": lambda value: type(value) is str,
    "instant": lambda value: type(value) is datetime and value.tzinfo is UTC,
    "date": lambda value: type(value) is date,
    "time": lambda value: type(value) is time and value.tzinfo is None,
    "json": is_json,
    "texts": lambda value: type(value) is str,
}


def is_met(condition: Condition) -> bool:
    """Whether a condition is one that engines were promised."""
    operand, lookup, value = condition.operand, condition.lookup, condition.value
    if lookup not in MET[operand] or (condition.path and operand != "json"):
        return False
    if lookup == "isnull":
        return value is True
    is_right = _IS[operand]
    if operand == "json" and lookup in _TEXT - {"contains"} | {"has_keys", "has_any_keys"}:
        is_right = _IS["text"]
    if operand == "json" and lookup in {"gt", "gte", "lt", "lte"}:
        return is_json(value) and isinstance(value, int | float | str) and not isinstance(value, bool)
    if lookup in _SEVERAL or (operand == "texts" and lookup == "contained_by"):
        return type(value) is tuple and all(map(is_right, value))
    return is_right(value)
