"""Which row groups cannot hold a row that counts, by the least and the most that stand in their footer."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from sessionframes.query.instants import as_number
from sessionframes.query.where import EVERY, And, Condition, Not, Or, all_of, any_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from sessionframes.query.where import Where

_KINDS = ("integer", "number", "flag", "text", "instant")
_LOOKUPS = ("exact", "in", "gt", "gte", "lt", "lte", "startswith", "isnull")


@dataclass(frozen=True)
class Range:
    """What is known of the values of a column in one row group.

    Parameters
    ----------
    least, most : int, float or str, optional
        The ends, instants as microseconds since 1970; None where they are not known, or there is no value.
        NaN, which is null, is not among the values.
    nulls : int, optional
        How many nulls there are, NaN not counted; None where that is not known.
    rows : int
        How many rows there are.
    """

    least: Any
    most: Any
    nulls: int | None
    rows: int


def prunable(where: Where, table: str) -> Where:
    """Return a weaker filter, of conditions that ranges can tell something of; EVERY if there are none.

    Parameters
    ----------
    where : Where
        The filter.
    table : str
        Whose rows are asked for: of the columns of others, nothing is known.

    Returns
    -------
    Where
        For :func:`may_hold`: instants are numbers, and the values of an "in" in ascending order.
    """
    if isinstance(where, Condition):
        return _comparable(where) if _is_known(where, table) else EVERY
    if isinstance(where, Not):
        # That some rows may fulfil what is denied says nothing of the others.
        return EVERY
    join = all_of if isinstance(where, And) else any_of
    return join(*(prunable(part, table) for part in where.parts))


def is_prunable(where: Where, table: str) -> bool:
    """Tell whether :func:`prunable` leaves anything of a filter."""
    if isinstance(where, Condition):
        return _is_known(where, table)
    if isinstance(where, Not):
        return False
    return (any if isinstance(where, And) else all)(is_prunable(part, table) for part in where.parts)


def may_hold(where: Where, range_of: Callable[[str], Range | None]) -> bool:
    """Tell whether there may be a row that fulfils a filter.

    Parameters
    ----------
    where : Where
        From :func:`prunable`.
    range_of : callable
        From the name of a column to what is known of it; None for nothing.
    """
    if isinstance(where, Condition):
        known = range_of(where.field.name)
        return known is None or _may_hold(where, known)
    if isinstance(where, Not):
        return True
    return (any if isinstance(where, Or) else all)(may_hold(part, range_of) for part in where.parts)


def _is_known(condition: Condition, table: str) -> bool:
    field = condition.field
    of_column = field.table == table and not condition.part and not condition.path
    # A NaN is a null that nobody has counted.
    is_counted = condition.lookup != "isnull" or field.kind != "number"
    return of_column and field.kind in _KINDS and condition.lookup in _LOOKUPS and is_counted


def _comparable(condition: Condition) -> Condition:
    lookup, value = condition.lookup, condition.value
    if condition.field.kind == "instant" and lookup != "isnull":
        value = tuple(map(as_number, value)) if lookup == "in" else as_number(value)
    return replace(condition, value=tuple(sorted(value)) if lookup == "in" else value)


def _may_hold(condition: Condition, known: Range) -> bool:
    lookup, value = condition.lookup, condition.value
    if lookup == "isnull":
        return known.nulls is None or known.nulls > 0
    if known.least is None or known.most is None:
        return known.nulls is None or known.nulls < known.rows
    if lookup == "in":
        place = bisect_left(value, known.least)
        return place < len(value) and bool(value[place] <= known.most)
    return _overlaps(lookup, value, known.least, known.most)


def _overlaps(lookup: str, value: Any, least: Any, most: Any) -> bool:
    if lookup == "startswith":
        # To cut texts to one length leaves their order as it is, or makes them equal.
        least, most = least[: len(value)], most[: len(value)]
    above = most > value if lookup == "gt" else most >= value
    below = least < value if lookup == "lt" else least <= value
    if lookup in ("gt", "gte"):
        return bool(above)
    return bool(below) if lookup in ("lt", "lte") else bool(above and below)
