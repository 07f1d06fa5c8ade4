"""JSON values as filters compare them: as Postgres compares ``jsonb``, so that both find the same rows.

Numbers are decimals, because 0.1 is a tenth in JSON, and compare exactly whatever their size: 1 equals 1.0.
Nothing else equals what is of another type. Of a key that comes twice the last counts. What ``jsonb`` has no
room for (1e200000, half a character, NUL) is a value here.
"""

from __future__ import annotations

import json
import operator
import re
from collections.abc import Mapping
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable

#: Deeper nests count as no JSON: comparing is recursive, and Python's stack is bounded.
_DEEPEST = 100
_INDEX = re.compile(r"-?[0-9]{1,18}")
_COMPARE = {"gt": operator.gt, "gte": operator.ge, "lt": operator.lt, "lte": operator.le}


class _Absent(Enum):
    ABSENT = "absent"


#: Where there is no JSON value; a null that stands there is one.
ABSENT: Final = _Absent.ABSENT


def parsed(text: str | None) -> Any:
    """Return the value that JSON text holds; ABSENT for a null, and for text that is no JSON."""
    if text is None:
        return ABSENT
    try:
        value = _DECODER.decode(text)
    except (ValueError, ArithmeticError, RecursionError):  # broken, an absurd exponent, far too deep
        return ABSENT
    # Only text with this many brackets can be too deep, and looking costs as much as parsing.
    brackets = text.count("[") + text.count("{")
    return ABSENT if brackets > _DEEPEST and _is_too_deep(value) else value


def _refuse(constant: str) -> Any:
    message = f"{constant} is no JSON"
    raise ValueError(message)


_DECODER = json.JSONDecoder(parse_float=Decimal, parse_int=Decimal, parse_constant=_refuse)


def _is_too_deep(value: Any) -> bool:
    level = [value]
    for _ in range(_DEEPEST):
        inner = [child for each in level for child in (each.values() if isinstance(each, dict) else each)]
        level = [child for child in inner if _is_container(child)]
        if not level:
            return False
    return True


def from_python(value: Any) -> Any:
    """Return what a filter compares with as :func:`parsed` would have it; a float is its shortest decimal."""
    if isinstance(value, Mapping):
        return {key: from_python(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [from_python(item) for item in value]
    if isinstance(value, float):
        return Decimal(float.__repr__(value))
    return Decimal(value) if isinstance(value, int) and not isinstance(value, bool) else value


def at(value: Any, path: Iterable[str]) -> Any:
    """Return what stands at a path in a value, or ABSENT.

    A step of digits is an index in a list, from its end if negative, and a key in an object.
    """
    for step in path:
        if isinstance(value, dict):
            value = value.get(step, ABSENT)
        elif isinstance(value, list) and _INDEX.fullmatch(step):
            index = int(step)
            value = value[index] if -len(value) <= index < len(value) else ABSENT
        else:
            return ABSENT
    return value


def identity(value: Any) -> Hashable:
    """Return something hashable that is equal for equal JSON values only."""
    if isinstance(value, bool):
        # Python counts True as 1.
        return (bool, value)
    if isinstance(value, list):
        return (list, *map(identity, value))
    if isinstance(value, dict):
        return (dict, frozenset((key, identity(item)) for key, item in value.items()))
    known: Hashable = value
    return known


def compares(value: Any, lookup: str, bound: Any) -> bool:
    """Tell whether a value lies on one side of a bound: numbers by size, text by code points, no others.

    Parameters
    ----------
    value : object
        As :func:`parsed` has it.
    lookup : {"gt", "gte", "lt", "lte"}
        Which side.
    bound : Decimal or str
        What it is compared with.
    """
    if type(value) is not type(bound):
        return False
    return bool(_COMPARE[lookup](value, bound))


def contains(value: Any, part: Any) -> bool:
    """Tell whether a value contains another: ``value @> part`` of Postgres.

    An object contains one whose keys it has, each with a value that contains the other's; a list contains one
    each of whose elements one of its own contains, whatever their order; all else contains what equals it.
    A list contains a bare text, number, flag or null too, but only if it is not itself within another.
    """
    if isinstance(value, list) and not _is_container(part):
        return _contains(value, [part])
    return _contains(value, part)


def _contains(value: Any, part: Any) -> bool:
    if isinstance(value, dict) and isinstance(part, dict):
        return all(key in value and _contains(value[key], item) for key, item in part.items())
    if isinstance(value, list) and isinstance(part, list):
        plain = {identity(item) for item in value if not _is_container(item)}
        nested = [item for item in value if _is_container(item)]
        return all(
            any(_contains(item, wanted) for item in nested)
            if _is_container(wanted)
            else identity(wanted) in plain
            for wanted in part
        )
    return not _is_container(value) and identity(value) == identity(part)


def _is_container(value: Any) -> bool:
    return isinstance(value, dict | list)


def has_keys(value: Any, keys: Iterable[str]) -> bool:
    """Tell whether a value has every key: of an object, as an element of a list, or as the text itself."""
    known = _keys(value)
    return all(key in known for key in keys)


def has_any_keys(value: Any, keys: Iterable[str]) -> bool:
    """Tell whether a value has one of the keys, as :func:`has_keys` has them."""
    known = _keys(value)
    return any(key in known for key in keys)


def _keys(value: Any) -> Iterable[str]:
    if isinstance(value, dict):
        return value
    texts = value if isinstance(value, list) else [value]
    return {item for item in texts if isinstance(item, str)}
