"""One condition as ``django=`` says it: exactly, more widely, or not at all.

What is said is a choice of branches, each of terms that all hold, since this language knows no OR:
``((a, b), (c,))`` is (a and b) or c; ``((),)`` is every row and ``()`` none. ``~`` is the complement on
columns and relations, nulls included, but on paths in JSON it leaves out the rows that lack the key.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import TYPE_CHECKING, Any

from sessionframes.query.on_texts import as_texts
from sessionframes.sources.alyx.encode import NotSaid, Term
from sessionframes.sources.alyx.json_terms import json_branches
from sessionframes.sources.alyx.texts import text_lookup

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from zoneinfo import ZoneInfo

    from sessionframes.query.where import Condition

Branches = tuple[tuple[Term, ...], ...]

EVERY_ROW: Branches = ((),)
NO_ROW: Branches = ()
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_ORDER = ("gt", "gte", "lt", "lte")
#: Clocks are put back by no more than this.
_PUT_BACK = timedelta(hours=3)
_MIDNIGHT = time.min


@dataclass(frozen=True)
class Target:
    """Where a condition looks, as the server has it.

    Parameters
    ----------
    path : str
        For ``django=``.
    wire : str
        The type there.
    shown : bool
        Whether frames show it, so that all of it can be done again here.
    blank : bool
        Whether an empty text is null in frames.
    zone : tzinfo
        In which the server tells times.
    enum : mapping, optional
        The numbers of labels.
    wide : bool
        Whether more may be found.
    loose : bool
        Whether frames show null for something that the server has.
    """

    path: str
    wire: str
    shown: bool
    blank: bool
    zone: ZoneInfo | timezone
    enum: Mapping[str, int] | None = None
    wide: bool = False
    loose: bool = False


def complement(branches: Branches) -> Branches:
    """Return the rows that are in none of these branches, where ``~`` is the complement."""
    found: Branches = EVERY_ROW
    for branch in branches:
        others = tuple((replace(term, negated=not term.negated),) for term in branch)
        found = tuple((*one, *other) for one in found for other in others)
    return found


def exact(condition: Condition, target: Target, *, negated: bool) -> Branches:
    """Return what the server is asked for by a condition, if it means the very same.

    Parameters
    ----------
    condition : Condition
        The condition.
    target : Target
        Where it looks.
    negated : bool
        Whether the rows are wanted that do not fulfil it.

    Raises
    ------
    NotSaid
        The server means something else by all that can be said.
    """
    if target.loose or (target.shown and target.wire == "time" and target.zone is not UTC):
        raise NotSaid  # an hour may be told twice, and then nobody knows which it is
    if target.wire == "json":
        return json_branches(condition, target.path, negated=negated)
    if condition.lookup == "isnull":
        return _null(target, negated=negated)
    found = _OF_WIRE.get(target.wire, _of_text)(condition, target)
    return complement(found) if negated else found


def wide(condition: Condition, target: Target, *, negated: bool) -> Branches:
    """Return what the server is asked for so that it sends all rows that are wanted, and maybe others.

    Parameters
    ----------
    condition : Condition
        The condition.
    target : Target
        Where it looks; frames show it.
    negated : bool
        Whether the rows are wanted that do not fulfil it.
    """
    is_text = target.wire in ("text", "slug", "slugs")
    if target.loose and (negated or condition.lookup == "isnull"):
        return EVERY_ROW
    try:
        if is_text and condition.lookup == "isnull" and not negated:
            return EVERY_ROW  # maybe blank, or no list at all
        if target.wire == "slugs" and condition.lookup in ("isnull", "contained_by"):
            return EVERY_ROW
        if is_text and negated and condition.lookup != "isnull" and _holds(condition, ""):
            return EVERY_ROW
        if target.wire == "json" and condition.lookup == "isnull" and not condition.path and not negated:
            return EVERY_ROW
        if target.wire == "time" and target.zone is not UTC:
            return _hours_around(condition, target, negated=negated)
        return exact(condition, replace(target, wide=not negated), negated=negated)
    except NotSaid:
        return EVERY_ROW


def _null(target: Target, *, negated: bool) -> Branches:
    if target.wire == "slugs":
        raise NotSaid
    null = Term(target.path, "isnull", not negated)
    if not target.blank:
        return ((null,),)
    empty = Term(target.path, "exact", "", negated)
    return ((null, empty),) if negated else ((null,), (empty,))


def _holds(condition: Condition, text: str) -> bool:
    """Tell whether a condition on text holds on this one."""
    if condition.lookup in ("has_all", "overlap"):
        return text in condition.value
    return bool(as_texts([text], condition.field.name).holds(condition.lookup, condition.value)[0])


def _of_text(condition: Condition, target: Target) -> Branches:
    lookup, value = condition.lookup, condition.value
    if lookup == "overlap":
        lookup = "in"
    if lookup == "has_all":
        return (tuple(Term(target.path, "exact", one) for one in value),)
    if lookup == "contained_by":
        raise NotSaid
    if target.blank and (lookup == "in" or _holds(condition, "")):
        if lookup in ("exact", "in"):
            value = tuple(one for one in ((value,) if lookup == "exact" else value) if one)
            return _among(target.path, value)
        lookup, value = text_lookup(lookup, value)
        return ((Term(target.path, lookup, value), Term(target.path, "exact", "", negated=True)),)
    if lookup == "in":
        return _among(target.path, value)
    if lookup == "lt" and value == "":
        return NO_ROW
    return ((Term(target.path, *text_lookup(lookup, value, wide=target.wide)),),)


def _among(path: str, values: tuple[Any, ...]) -> Branches:
    if not values:
        return NO_ROW
    if len(values) == 1:
        return ((Term(path, "exact", values[0]),),)
    return ((Term(path, "in", list(values)),),)


def _of_uuid(condition: Condition, target: Target) -> Branches:
    if condition.lookup not in ("exact", "in", "overlap"):
        raise NotSaid
    values = (condition.value,) if condition.lookup == "exact" else condition.value
    # The server refuses what is no key, and no row has one that is written otherwise.
    return _among(target.path, tuple(one for one in values if _UUID.fullmatch(one)))


def _of_number(condition: Condition, target: Target) -> Branches:
    if condition.lookup == "in":
        return _among(target.path, condition.value)
    return ((Term(target.path, condition.lookup, condition.value),),)


def _of_flag(condition: Condition, target: Target) -> Branches:
    values = condition.value if condition.lookup == "in" else (condition.value,)
    return tuple((Term(target.path, "exact", value),) for value in dict.fromkeys(values))


def _of_enum(condition: Condition, target: Target) -> Branches:
    numbers = [number for label, number in (target.enum or {}).items() if _holds(condition, label)]
    return _among(target.path, tuple(sorted(numbers)))


def _of_time(condition: Condition, target: Target) -> Branches:
    lookup, value, part = condition.lookup, condition.value, condition.part
    path = target.path
    if part is not None:
        if target.zone is not UTC:
            raise NotSaid  # the server's days and hours are others
        path = f"{path}__{part}"
        if lookup == "in":
            return _among(path, value)
        return ((Term(path, lookup, value),),)
    try:
        if lookup == "in":
            return _among(path, tuple(told(one, target.zone) for one in value))
        return ((Term(path, lookup, told(value, target.zone)),),)
    except OverflowError:
        message = "an instant at the end of the calendar"
        raise NotSaid(message) from None


def told(when: datetime, zone: ZoneInfo | timezone) -> str:
    """Return an instant as the server tells it, which is without offset."""
    return when.astimezone(zone).replace(tzinfo=None).isoformat()


def _hours_around(condition: Condition, target: Target, *, negated: bool) -> Branches:
    """Widen a condition on instants by the hours that a clock tells twice."""
    lookup, value = condition.lookup, condition.value
    if lookup == "isnull":
        return _null(target, negated=negated)
    if condition.part is not None or lookup not in (*_ORDER, "exact"):
        return EVERY_ROW
    try:
        early, late = told(value - _PUT_BACK, target.zone), told(value + _PUT_BACK, target.zone)
    except OverflowError:
        return EVERY_ROW
    is_from = lookup in ("gt", "gte")
    if lookup == "exact":
        if negated:
            return EVERY_ROW
        return ((Term(target.path, "gte", early), Term(target.path, "lte", late)),)
    if negated:
        return ((Term(target.path, "gte" if is_from else "lte", late if is_from else early, negated=True),),)
    return ((Term(target.path, "gte" if is_from else "lte", early if is_from else late),),)


def _of_date(condition: Condition, target: Target) -> Branches:
    """Compare days; what is an instant to a filter begins with the day."""
    lookup, value, part = condition.lookup, condition.value, condition.part
    if part == "date":
        if lookup == "in":
            return _among(target.path, value)
        return ((Term(target.path, lookup, value),),)
    if part in ("time", "hour", "minute", "second"):
        raise NotSaid
    if part is not None:
        return _of_time(condition, replace(target, zone=UTC))
    if lookup in ("exact", "in"):
        days = tuple(_day(one) for one in ((value,) if lookup == "exact" else value))
        return _among(target.path, tuple(day for day in days if day is not None))
    if _day(value) is None:
        lookup = {"gte": "gt", "lt": "lte"}.get(lookup, lookup)
    return ((Term(target.path, lookup, value.date()),),)


def _day(when: datetime) -> date | None:
    return when.date() if when.time() == _MIDNIGHT else None


_OF_WIRE: Mapping[str, Callable[[Condition, Target], Branches]] = {
    **dict.fromkeys(("uuid", "url"), _of_uuid),
    **dict.fromkeys(("int", "float"), _of_number),
    **dict.fromkeys(("qc", "status", "provenance"), _of_enum),
    "bool": _of_flag,
    "time": _of_time,
    "date": _of_date,
}

__all__ = ["EVERY_ROW", "NO_ROW", "Branches", "Target", "complement", "exact", "told", "wide"]
