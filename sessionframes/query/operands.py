"""The value of a lookup, as the kind of its column has it: checked, and of one type."""

from __future__ import annotations

import math
from datetime import date, datetime, time
from typing import TYPE_CHECKING, Any

import numpy as np

from sessionframes.errors import QueryError
from sessionframes.query import values
from sessionframes.query.ids import normalise_ids
from sessionframes.query.literals import identity
from sessionframes.query.shown import shown

if TYPE_CHECKING:
    from collections.abc import Callable

_LEAST, _MOST = -(2**63), 2**63 - 1


def as_id(value: Any, column: str, kind: str) -> Any:
    """Return one id in the source's own type.

    Raises
    ------
    sessionframes.errors.QueryError
        It is none.
    """
    try:
        found = normalise_ids([value], column, kind=kind)
    except QueryError as error:
        error.hint = f"Give an id; for several, say {column}__in=[...]."
        raise
    # A list of one has one.
    return found[0] if found else None


def as_integer(value: Any, column: str) -> int:
    """Return a whole number that 64 bits hold.

    Raises
    ------
    sessionframes.errors.QueryError
        It is none.
    """
    number = _number(value, column)
    if isinstance(number, float) and not number.is_integer():
        raise _refused(value, column, "is no whole number", "Give whole numbers, or compare by gt and lt.")
    if not _LEAST <= number <= _MOST:
        raise _refused(value, column, "is larger than 64 bits hold", "Give whole numbers.")
    return int(number)


def as_number(value: Any, column: str) -> float:
    """Return a number as a float.

    Raises
    ------
    sessionframes.errors.QueryError
        It is none.
    """
    number = _number(value, column)
    try:
        return float(number)
    except OverflowError:
        raise _refused(value, column, "is too large", "Give a number.") from None


def as_flag(value: Any, column: str) -> bool:
    """Return True or False.

    Raises
    ------
    sessionframes.errors.QueryError
        It is neither.
    """
    if isinstance(value, bool):
        return value
    raise _refused(value, column, f"is {_kind_of(value)}", "Give True or False.")


def as_text(value: Any, column: str) -> str:
    """Return text.

    Raises
    ------
    sessionframes.errors.QueryError
        It is none.
    """
    if isinstance(value, str):
        return value
    raise _refused(value, column, f"is {_kind_of(value)}", "Give text.")


def as_moment(value: Any, column: str) -> date | datetime:
    """Return a bare date, or an instant in UTC.

    Raises
    ------
    sessionframes.errors.QueryError
        It is neither.
    """
    if isinstance(value, str | int) and not isinstance(value, bool):
        return values.moment(value, column)
    raise _refused(value, column, f"is {_kind_of(value)}", "Give a date or a time, as ISO text or such.")


def as_date(value: Any, column: str) -> date:
    """Return a day of the calendar.

    Raises
    ------
    sessionframes.errors.QueryError
        It is none, or has a time of day.
    """
    found = values.whole_day(as_moment(value, column))
    if isinstance(found, datetime):
        raise _refused(value, column, "has a time of day", "Give a day, such as '2019-10-03'.")
    return found


def as_time(value: Any, column: str) -> time:
    """Return a time of day in UTC.

    Raises
    ------
    sessionframes.errors.QueryError
        It is none.
    """
    return values.time_of_day(value, column)


def as_json(value: Any, column: str) -> Any:
    """Return a JSON value.

    Raises
    ------
    sessionframes.errors.QueryError
        JSON has no such value.
    """
    if isinstance(value, dict):
        return {key: as_json(item, column) for key, item in value.items()}
    if isinstance(value, tuple):
        return [as_json(item, column) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        raise _refused(value, column, "is no JSON number", "Give a finite number.")
    return value


def as_comparable_json(value: Any, column: str) -> Any:
    """Return a JSON number or text, the values that have an order.

    Raises
    ------
    sessionframes.errors.QueryError
        It is another.
    """
    if isinstance(value, str) or (isinstance(value, int | float) and not isinstance(value, bool)):
        return as_json(value, column)
    raise _refused(value, column, f"is {_kind_of(value)}, which has no order", "Give a number or text.")


def listed(value: Any, column: str, convert: Callable[[Any, str], Any]) -> tuple[Any, ...]:
    """Return each of several values converted, in order, without repeats.

    Raises
    ------
    sessionframes.errors.QueryError
        They are no list, or one of them is null or does not convert.
    """
    _check_list(value, column)
    if set(map(type, value)) in ({int}, {str}):
        return tuple(dict.fromkeys(convert(item, column) for item in dict.fromkeys(value)))
    distinct: dict[Any, Any] = {}
    for item in value:
        converted = convert(item, column)
        # By type too, since of JSON True is not 1; its lists and dicts have an identity as they were given.
        distinct.setdefault(identity(item if isinstance(item, tuple | dict) else converted), converted)
    return tuple(distinct.values())


def listed_ids(value: Any, column: str, kind: str) -> tuple[Any, ...]:
    """Return several ids in the source's own type, sorted, without repeats; a million of them quickly.

    Raises
    ------
    sessionframes.errors.QueryError
        They are no list, or one of them is no id.
    """
    _check_list(value, column)
    plain = kind == "int64" and set(map(type, value)) == {int}
    if plain and min(value) >= _LEAST and max(value) <= _MOST:
        return normalise_ids(np.array(value, dtype=np.int64), column, kind=kind) or ()
    return normalise_ids(list(value), column, kind=kind) or ()


def _check_list(value: Any, column: str) -> None:
    if not isinstance(value, tuple):
        raise _refused(value, column, "is no list", "Give a list.")
    if None in value:
        message = "there is a null among the values."
        raise QueryError(message, column=column, hint=f"Leave it out; for nulls, say {column}__isnull=True.")


def whole_bound(value: Any, column: str, lookup: str) -> int | None:
    """Return the whole number that bounds whole numbers as `value` does; None if it is out of their reach.

    Parameters
    ----------
    value : int or float
        May be fractional or infinite.
    column : str
        For messages.
    lookup : {"gt", "gte", "lt", "lte"}
        Which bound.

    Raises
    ------
    sessionframes.errors.QueryError
        It is no number.
    """
    number = _number(value, column)
    if isinstance(number, float) and math.isinf(number):
        return None
    whole = math.floor(number) if lookup in ("gt", "lte") else math.ceil(number)
    return whole if _LEAST <= whole <= _MOST else None


def _number(value: Any, column: str) -> int | float:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    raise _refused(value, column, f"is {_kind_of(value)}", "Give a number.")


def _kind_of(value: Any) -> str:
    if isinstance(value, tuple | dict):
        return "a list" if isinstance(value, tuple) else "a dict"
    names = {str: "text", bool: "a flag", int: "a number", float: "a number"}
    return names.get(type(value), "null" if value is None else f"a {type(value).__name__}")


def _refused(value: Any, column: str, why: str, hint: str) -> QueryError:
    told = list(value) if isinstance(value, tuple) else value
    return QueryError(f"{shown(told)} {why}.", column=column, hint=hint)
