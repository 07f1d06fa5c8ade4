"""Conditions on columns of JSON text."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from sessionframes.query.json_values import (
    ABSENT,
    at,
    compares,
    contains,
    from_python,
    has_any_keys,
    has_keys,
    identity,
    parsed,
)
from sessionframes.query.on_texts import Texts, as_texts

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sessionframes.query.masks import Mask
    from sessionframes.query.where import Condition

#: How many texts are held as values at once, which take many times the room.
_AT_ONCE = 20_000
_OF_TEXT = ("iexact", "icontains", "startswith", "istartswith", "endswith", "iendswith", "regex", "iregex")


def masks_of_json(texts: Texts, conditions: Sequence[Condition]) -> list[Mask]:
    """Return where each of several conditions on one column holds; every distinct text is parsed once.

    Parameters
    ----------
    texts : Texts
        The column.
    conditions : sequence of Condition
        What is asked of it.
    """
    encoded = texts.array.dictionary_encode()
    distinct = encoded.dictionary
    tests = [_test_of(condition) for condition in conditions]
    # One more than there are texts, for null.
    held = np.zeros((len(conditions), len(distinct) + 1), dtype=np.bool_)
    for start in range(0, len(distinct) + 1, _AT_ONCE):
        chunk = distinct.slice(start, _AT_ONCE).to_pylist()
        if start + _AT_ONCE > len(distinct):
            chunk.append(None)
        values = [parsed(text) for text in chunk]
        for row, condition, test in zip(held, conditions, tests, strict=True):
            row[start : start + len(values)] = test([at(value, condition.path) for value in values])
    which = encoded.indices.fill_null(len(distinct)).to_numpy()
    return [row[which] for row in held]


def _test_of(condition: Condition) -> Callable[[list[Any]], Any]:
    """Return what tells for each of several values found at the path whether the condition holds."""
    if condition.lookup == "isnull":
        return lambda found: [value is ABSENT for value in found]
    if condition.lookup in _OF_TEXT:
        return partial(_texts_hold, condition)
    holds = _value_test(condition.lookup, condition.value)
    return lambda found: [value is not ABSENT and holds(value) for value in found]


def _texts_hold(condition: Condition, found: list[Any]) -> Mask:
    texts = [value if isinstance(value, str) else None for value in found]
    return as_texts(texts, condition.field.name).holds(condition.lookup, condition.value)


def _value_test(lookup: str, value: Any) -> Callable[[Any], bool]:
    if lookup in ("exact", "in"):
        wanted = {identity(from_python(one)) for one in ((value,) if lookup == "exact" else value)}
        return lambda found: identity(found) in wanted
    if lookup in ("gt", "gte", "lt", "lte"):
        bound = from_python(value)
        return lambda found: compares(found, lookup, bound)
    other = from_python(value)
    tests: dict[str, Callable[[Any], bool]] = {
        "contains": lambda found: contains(found, other),
        "contained_by": lambda found: contains(other, found),
        "has_keys": lambda found: has_keys(found, other),
        "has_any_keys": lambda found: has_any_keys(found, other),
    }
    return tests[lookup]
