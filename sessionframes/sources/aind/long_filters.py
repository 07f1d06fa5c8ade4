"""Filters of DocDB that are longer than a URL can be: asked for in parts."""

from __future__ import annotations

import json
from math import ceil
from typing import TYPE_CHECKING, Any
from urllib.parse import quote_plus

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

__all__ = ["as_text", "fitting", "parts_of"]

#: Of one filter in a URL, in characters; beside it there are the projection and the key.
_LONGEST_FILTER = 4500
#: So many requests are too many for one question.
_MOST_PARTS = 2000
#: What a comma takes there.
_COMMA = len("%2C")


def as_text(value: Any) -> str:
    """Return a filter, a projection or an order as it is sent."""
    return json.dumps(value, separators=(",", ":"), allow_nan=False)


def parts_of(
    path: str, values: Sequence[str], beside: Mapping[str, Any] | None = None
) -> list[dict[str, Any]]:
    """Return filters by which any of many values is found, each short enough for a URL.

    Parameters
    ----------
    path : str
        Where in a record the value stands.
    values : sequence of str
        All of them; what comes twice is asked for once.
    beside : mapping, optional
        What each filter demands in addition.

    Examples
    --------
    >>> parts_of("name", ["a", "b", "a"], {"subject.subject_id": "7"})
    [{'subject.subject_id': '7', 'name': {'$in': ['a', 'b']}}]
    """
    beside = dict(beside or {})
    parts: list[dict[str, Any]] = []
    few: list[str] = []
    used = empty = _length({**beside, path: {"$in": []}})
    for value in dict.fromkeys(values):
        longer = _length(value) + _COMMA
        if few and used + longer > _LONGEST_FILTER:
            parts.append({**beside, path: {"$in": few}})
            few, used = [], empty
        few.append(value)
        used += longer
    return [*parts, {**beside, path: {"$in": few}}] if few else parts


def fitting(where: Mapping[str, Any], longest: int = _LONGEST_FILTER) -> list[Mapping[str, Any]]:
    """Return filters that together find what one does, each short enough for a URL.

    Parameters
    ----------
    where : mapping
        A filter, with ``$in`` or ``$or`` in it, at its top or within ``$and`` and ``$or``.
    longest : int
        How many characters of a URL one may take.

    Returns
    -------
    list of mapping
        That filter alone where it fits, or cannot be made to.

    Examples
    --------
    >>> fitting({"name": {"$in": ["a", "b"]}}, 55)
    [{'name': {'$in': ['a']}}, {'name': {'$in': ['b']}}]
    """
    left = [where]
    parts: list[Mapping[str, Any]] = []
    while left:
        one = left.pop()
        length = _length(one)
        if length <= longest:
            parts.append(one)
            continue
        # Some are longer than others.
        pieces = _pieces(one, ceil(1.1 * length / longest))
        if not pieces or len(pieces) + len(left) + len(parts) > _MOST_PARTS:
            return [where]
        left += reversed(pieces)
    return parts


def _pieces(where: Mapping[str, Any], number: int) -> list[Mapping[str, Any]]:
    """Return about so many filters that together find what one does; none where nothing can be cut."""
    places = [place for place in _lists(where) if len(_at(where, place)) > 1]
    if not places:
        return []
    largest = max(places, key=lambda place: _length(_at(where, place)))
    values = _at(where, largest)
    size = -(-len(values) // number)
    return [_with(where, largest, values[start : start + size]) for start in range(0, len(values), size)]


def _lists(where: Mapping[str, Any]) -> Iterator[tuple[str | int, ...]]:
    """Yield where the lists are of which any value will do."""
    for name, value in where.items():
        if name == "$or":
            yield (name,)
        if name in ("$and", "$or"):
            for number, inner in enumerate(value):
                yield from ((name, number, *place) for place in _lists(inner))
        elif isinstance(value, dict) and "$in" in value:
            yield (name, "$in")


def _at(where: Any, place: Sequence[str | int]) -> Any:
    for step in place:
        where = where[step]
    return where


def _with(where: Any, place: Sequence[str | int], value: Any) -> Any:
    """Return a filter with something else at one place."""
    if not place:
        return value
    step, *further = place
    changed: Any = list(where) if isinstance(where, list) else dict(where)
    changed[step] = _with(where[step], further, value)
    return changed


def _length(value: Any) -> int:
    return len(quote_plus(as_text(value)))
