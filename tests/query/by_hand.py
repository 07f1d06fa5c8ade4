"""What a filter means, said once more: row by row, in plain Python, as slowly as it likes."""

from __future__ import annotations

import operator
import re
from datetime import UTC

from sessionframes.query import json_values
from sessionframes.query.where import And, Condition, Not

ORDER = {"exact": operator.eq, "gt": operator.gt, "gte": operator.ge, "lt": operator.lt, "lte": operator.le}
TEXT = {"contains": str.__contains__, "startswith": str.startswith, "endswith": str.endswith}
CALENDAR = {
    "date": lambda when: when.date(),
    "time": lambda when: when.time(),
    "year": lambda when: when.year,
    "iso_year": lambda when: when.isocalendar().year,
    "quarter": lambda when: (when.month + 2) // 3,
    "month": lambda when: when.month,
    "week": lambda when: when.isocalendar().week,
    "day": lambda when: when.day,
    "week_day": lambda when: when.isoweekday() % 7 + 1,
    "iso_week_day": lambda when: when.isoweekday(),
    "hour": lambda when: when.hour,
    "minute": lambda when: when.minute,
    "second": lambda when: when.second,
}


def fulfils(where, row):
    """Whether a row, a value or None for each column, fulfils a filter."""
    if isinstance(where, Not):
        return not fulfils(where.part, row)
    if isinstance(where, Condition):
        return holds(where, row[where.field.name])
    parts = [fulfils(part, row) for part in where.parts]
    return all(parts) if isinstance(where, And) else any(parts)


def holds(condition, value):
    """Whether a condition holds of a value; of JSON, of its text."""
    if condition.operand == "json":
        return json_holds(condition, json_values.at(json_values.parsed(value), condition.path))
    is_null = value is None or value != value  # NaN
    if is_null or condition.lookup == "isnull":
        return is_null and condition.lookup == "isnull"
    if condition.operand == "texts":
        return list_holds(condition.lookup, value, condition.value)
    if condition.part is not None:
        value = CALENDAR[condition.part](value.astimezone(UTC))
    return scalar_holds(condition.lookup, value, condition.value)


def scalar_holds(lookup, value, wanted):
    if lookup == "in":
        return any(value == one for one in wanted)
    if lookup in ORDER:
        return ORDER[lookup](value, wanted)
    if lookup in ("regex", "iregex"):
        if lookup == "iregex":
            value, wanted = fold(value), fold(wanted)
        # The end of the text is all that "$" means to us.
        return re.search(wanted.replace("$", r"\Z"), value, re.DOTALL | re.ASCII) is not None
    if lookup == "iexact":
        return fold(value) == fold(wanted)
    if lookup.startswith("i"):
        lookup, value, wanted = lookup[1:], fold(value), fold(wanted)
    return TEXT[lookup](value, wanted)


def fold(text):
    return "".join(char.lower() if len(char.lower()) == 1 else char for char in text)


def list_holds(lookup, elements, wanted):
    if lookup == "has_all":
        return set(wanted) <= set(elements)
    if lookup == "contained_by":
        return set(elements) <= set(wanted)
    if lookup == "overlap":
        return bool(set(elements) & set(wanted))
    return any(scalar_holds(lookup, element, wanted) for element in elements if element is not None)


def json_holds(condition, found):
    lookup, wanted = condition.lookup, json_values.from_python(condition.value)
    is_absent = found is json_values.ABSENT
    if is_absent or lookup == "isnull":
        return is_absent and lookup == "isnull"
    if lookup in ("exact", "in"):
        among = wanted if lookup == "in" else [wanted]
        return json_values.identity(found) in [json_values.identity(one) for one in among]
    if lookup in ("gt", "gte", "lt", "lte"):
        return json_values.compares(found, lookup, wanted)
    if lookup == "contains":
        return json_values.contains(found, wanted)
    if lookup == "contained_by":
        return json_values.contains(wanted, found)
    if lookup in ("has_keys", "has_any_keys"):
        return getattr(json_values, lookup)(found, wanted)
    return isinstance(found, str) and scalar_holds(lookup, found, wanted)
