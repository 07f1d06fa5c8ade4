"""PostgreSQL's ``jsonb``: which value is more, which is within another, what a path leads to."""

from __future__ import annotations

import json
from typing import Any, Final


class _Missing:
    def __repr__(self) -> str:
        return "MISSING"


class JsonNull:
    """The null of a document, which is not that of a column."""

    def __bool__(self) -> bool:
        return False

    def __repr__(self) -> str:
        return "JSON_NULL"


#: What a row has whose column holds the document ``null``; None there is the column's own null.
JSON_NULL: Final = JsonNull()
#: Where a path leads to nothing: not the null of a document.
MISSING: Final = _Missing()


def _rank(value: Any) -> int:
    if value is None:
        return 0
    if isinstance(value, str):
        return 1
    if isinstance(value, bool):
        return 3
    if isinstance(value, (int, float)):
        return 2
    return 4 if isinstance(value, list) else 5


def order(value: Any) -> tuple[Any, ...]:
    """Return what to sort a value by: object, array, boolean, number, text, null."""
    rank = _rank(value)
    if isinstance(value, (list, tuple)):
        return (rank, len(value), tuple(order(one) for one in value))
    if isinstance(value, dict):
        pairs = sorted(value.items(), key=lambda pair: (len(pair[0]), pair[0]))
        return (rank, len(pairs), tuple((len(key), key, order(one)) for key, one in pairs))
    return (rank, 0) if value is None else (rank, value)


def equal(one: Any, other: Any) -> bool:
    """Return whether two values are the same: 1 is 1.0 but not true."""
    return order(one) == order(other)


def contains(whole: Any, part: Any, *, is_top: bool = True) -> bool:
    """Return whether one value holds another, as ``@>`` has it."""
    if isinstance(part, tuple):
        part = list(part)
    if isinstance(whole, dict) and isinstance(part, dict):
        return all(key in whole and contains(whole[key], one, is_top=False) for key, one in part.items())
    if isinstance(whole, list) and isinstance(part, list):
        return all(any(_holds(mine, one) for mine in whole) for one in part)
    # At the top, and there only, an array holds what it has without brackets round it.
    if isinstance(whole, list) and is_top and not isinstance(part, dict):
        return any(equal(mine, part) for mine in whole)
    return _rank(whole) == _rank(part) and equal(whole, part)


def _holds(mine: Any, one: Any) -> bool:
    if isinstance(one, (dict, list, tuple)):
        return contains(mine, one, is_top=False)
    return equal(mine, one)


def has_key(value: Any, key: str) -> bool:
    """Return whether a text is a key of an object, an element of an array, or the value itself."""
    if isinstance(value, dict):
        return key in value
    if isinstance(value, list):
        return key in [one for one in value if isinstance(one, str)]
    return isinstance(value, str) and value == key


def at(value: Any, path: tuple[str, ...]) -> Any:
    """Return what a path leads to; digits count from the first of an array, or with a sign from its last."""
    for part in path:
        if isinstance(value, dict):
            value = value.get(part, MISSING)
        elif isinstance(value, list):
            try:
                value = value[int(part)]
            except (ValueError, IndexError):
                return MISSING
        else:
            return MISSING
        if value is MISSING:
            return MISSING
    return value


def as_text(value: Any) -> str | None:
    """Return a value as ``#>>`` has it."""
    if value is None:
        return None
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)
