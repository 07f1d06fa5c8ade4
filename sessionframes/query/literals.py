"""Values of a filter: kept so that they cannot change, compared by type, written so that they can be read."""

from __future__ import annotations

import enum
import math
import uuid
from collections.abc import Iterable, Mapping
from datetime import date, datetime, time
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd

from sessionframes.errors import QueryError
from sessionframes.query.shown import shown
from sessionframes.tables.kinds import LEVELS

_HINT = "Give text, numbers, True or False, dates, None, or lists of those; for JSON columns dicts too."
_DEEPEST = 50
#: More than any float reaches; Python would not even print much larger ones.
_MOST_BITS = 1024


def frozen(value: Any, name: str, depth: int = 0) -> Any:
    """Return a value as one that cannot change: text, number, bool, None, tuple, or a dict that is ours.

    Dates and times become ISO text, arrays, series and sets become tuples, null of any make None.

    Parameters
    ----------
    value : object
        As the caller gave it.
    name : str
        Of the term, for messages and to find the ids that a frame carries.
    depth : int
        How deep in a value of the term it was found.

    Raises
    ------
    sessionframes.errors.QueryError
        It is of a type that no column can hold, or NaN.
    """
    if depth > _DEEPEST:
        raise _refused("is nested too deeply", value, name)
    if isinstance(value, pd.DataFrame):
        value = _column_of(value, name)
    if isinstance(value, Mapping):
        items = {_key(key, value, name): frozen(item, name, depth + 1) for key, item in value.items()}
        return FrozenDict(items)
    if isinstance(value, pd.Series | pd.Index):
        _check_level(value.name, name)
    if isinstance(value, np.ndarray | pd.Series | pd.Index | pd.api.extensions.ExtensionArray):
        return _from_array(value, name, depth + 1)
    if _is_collection(value):
        return _listed(value, name, depth + 1)
    return _scalar(value, name)


class FrozenDict(dict[str, Any]):
    """A dict that does not change: what a filter hands out must not change it."""

    def _refuse(self, *_: Any, **__: Any) -> Any:
        message = "the value of a Q does not change."
        raise TypeError(message)

    __setitem__ = __delitem__ = __ior__ = _refuse
    clear = pop = popitem = setdefault = update = _refuse

    def __reduce__(self) -> tuple[Any, ...]:
        return (FrozenDict, (dict(self),))


def identity(value: Any) -> Any:
    """Return something hashable that is equal for equal values only: True is not 1, and 1 is not 1.0."""
    if isinstance(value, dict):
        return ("dict", frozenset((key, identity(item)) for key, item in value.items()))
    if isinstance(value, tuple):
        kinds = set(map(type, value))
        # A million ids need no million tags.
        return (*kinds, value) if kinds in ({int}, {str}) else _each(value)
    return (type(value), value)


def written(value: Any) -> str:
    """Return Python source of a value, without a name that would have to be imported."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key!r}: {written(item)}" for key, item in value.items()) + "}"
    if isinstance(value, tuple):
        return "[" + ", ".join(written(item) for item in value) + "]"
    if isinstance(value, float) and math.isinf(value):
        return f"float('{value}')"
    return repr(value)


def _each(value: tuple[Any, ...]) -> tuple[Any, ...]:
    return ("tuple", tuple(identity(item) for item in value))


def _listed(value: Iterable[Any], name: str, depth: int) -> tuple[Any, ...]:
    items = tuple(sorted(value, key=repr) if isinstance(value, set | frozenset) else value)
    kinds = set(map(type, items))
    # A million ids are looked at together.
    if kinds == {int} and max(map(int.bit_length, (min(items), max(items)))) <= _MOST_BITS:
        return items
    if kinds == {float} and not any(map(math.isnan, items)):
        return items
    if kinds == {str} and _is_plain("".join(items)):
        return items
    # Among several a NaN is the null that pandas writes into columns of numbers and text.
    return tuple(None if _is_nan(item) else frozen(item, name, depth) for item in items)


def _is_collection(value: Any) -> bool:
    single = str | bytes | bytearray | memoryview | enum.Enum
    return isinstance(value, Iterable) and not isinstance(value, single | np.generic | type)


def _check_level(told: Any, name: str) -> None:
    """Refuse ids of another level: probes handed over as sessions would quietly be nobody."""
    column = name.split("__")[0]
    if told in LEVELS and column in LEVELS and told != column:
        message = f"these are values of {told}."
        raise QueryError(message, column=column, hint=f"Give {column}s, or say {told}__in=...")


def _key(key: Any, value: Any, name: str) -> str:
    # JSON writers would make text of it, and maybe one key of two.
    if isinstance(key, str):
        return checked_text(str(key), name)
    raise _refused("has a key that is no text", value, name)


def _from_array(value: Any, name: str, depth: int) -> Any:
    if value is np.ma.masked:
        return None
    if isinstance(value, np.ma.MaskedArray):
        return frozen(value.tolist(), name, depth)
    if isinstance(value, np.ndarray) and value.ndim != 1:
        if value.ndim == 0:
            return frozen(value[()], name, depth)
        raise _refused(f"has {value.ndim} dimensions", value, name)
    plain = isinstance(value.dtype, np.dtype) and value.dtype.kind in "iufb"
    return _listed(value.tolist() if plain else value, name, depth)


def _column_of(frame: pd.DataFrame, name: str) -> Any:
    column = name.split("__")[0]
    if frame.index.name == column:
        return frame.index
    if column in frame.columns and frame.columns.is_unique:
        return frame[column]
    message = f"the frame carries no {column}."
    raise QueryError(message, column=column, hint=f"Give a frame with {column} as its index or a column.")


def _scalar(value: Any, name: str) -> Any:
    if value is None or value is pd.NA or value is pd.NaT:
        return None
    if isinstance(value, np.datetime64 | pd.Timestamp | datetime | date | time):
        return _instant(value, name)
    if isinstance(value, enum.Enum | np.generic):
        return _scalar(value.value if isinstance(value, enum.Enum) else value.item(), name)
    if isinstance(value, bool):
        return value
    if isinstance(value, int):
        return _integer(int(value), name)
    if isinstance(value, float | Decimal | Fraction):
        return _number(value, name)
    if isinstance(value, str):
        return checked_text(str(value), name)
    if isinstance(value, uuid.UUID):
        return str(value)
    raise _refused(f"is of type {type(value).__name__}", value, name)


def _integer(value: int, name: str) -> int:
    if value.bit_length() > _MOST_BITS:
        raise _refused("is no number that a column can hold", value, name)
    return value


def _number(value: float | Decimal | Fraction, name: str) -> int | float:
    if _is_nan(value):
        message = f"{name} is compared with NaN, which equals nothing."
        column = name.split("__")[0]
        raise QueryError(message, column=column, hint=f"To find nulls, say {column}__isnull=True.")
    if isinstance(value, float):
        return float(value)
    try:
        number = float(value)
        # Whole ones may be ids, which a float could not tell apart.
        whole = int(value) if math.isfinite(number) and value == int(value) else None
    except OverflowError:
        number, whole = math.inf, None
    if math.isinf(number) and not (isinstance(value, Decimal) and value.is_infinite()):
        raise _refused("is no number that a column can hold", value, name)
    return number if whole is None else whole


def _is_nan(value: Any) -> bool:
    # Signalling ones refuse to be compared.
    if isinstance(value, Decimal):
        return value.is_nan()
    return isinstance(value, float | np.floating) and bool(value != value)


def checked_text(value: str, name: str) -> str:
    """Return a text itself, if a database can hold it.

    Raises
    ------
    sessionframes.errors.QueryError
        It holds a NUL, or half of a character.
    """
    if _is_plain(value):
        return value
    if "\0" in value:
        raise _refused("holds a NUL character, which no database keeps", value, name)
    raise _refused("holds half of a character (a lone surrogate)", value, name)


def _is_plain(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return "\0" not in text


def _instant(value: Any, name: str) -> str | None:
    if isinstance(value, np.datetime64):
        return None if np.isnat(value) else _from_numpy(value, name)
    if isinstance(value, time) and value.tzinfo is not None and value.utcoffset() is None:
        # Which offset a zone has depends on the day, and there is none.
        raise _refused("is a time of day with a zone", value, name)
    if isinstance(value, pd.Timestamp):
        value = _to_python(value, name)
    text: str = value.isoformat()
    return text


def _from_numpy(value: np.datetime64, name: str) -> str:
    unit = np.datetime_data(value.dtype)[0]
    if unit in {"Y", "M", "W"}:
        raise _refused("names no day", value, name)
    try:
        found = _to_python(pd.Timestamp(value), name)
    except (ValueError, OverflowError):
        raise _refused("is beyond the calendar", value, name) from None
    return found.date().isoformat() if unit == "D" else found.isoformat()


def _to_python(value: pd.Timestamp, name: str) -> datetime:
    try:
        return value.to_pydatetime(warn=False)
    except (ValueError, OverflowError, NotImplementedError):
        raise _refused("is beyond the calendar", value, name) from None


def _refused(why: str, value: Any, name: str) -> QueryError:
    message = f"{shown(value)} {why}."
    return QueryError(message, column=name.split("__")[0], hint=_HINT)
