"""Dates as people mean them where sessions are named by the clock on the wall.

A recording of the evening is of that day, whatever the day is in UTC by then. So a date without a zone is
compared with the local time of sessions, a text such as "2023-12-13T13:43:40", and one with a zone with the
instant at which they began. Nothing that was said is left out: neither a time of day nor a zone.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sessionframes.errors import QueryError
from sessionframes.query.shown import shown
from sessionframes.query.values import LOCAL_HINT, as_told
from sessionframes.query.where import EVERY, Condition, all_of

if TYPE_CHECKING:
    from sessionframes.query.where import Field, Where

_SECOND = timedelta(seconds=1)


def between_local(local: Field, began: Field, day: Any, start: Any, end: Any) -> Where:
    """Return what holds for sessions of a day, or of a range of days or times, both ends included.

    Parameters
    ----------
    local : Field
        The column of local times: texts, to the second.
    began : Field
        The column of instants.
    day : date, datetime, int or str, optional
        A day; with a time of day, that very second: of "13:43" the one at 13:43:00.
    start, end : date, datetime, int or str, optional
        The first and the last; a bare date includes its whole day.

    Raises
    ------
    sessionframes.errors.QueryError
        Something that is no date, or a start after the end.
    """
    if day is not None:
        return _on(local, began, _told(day, "date"))
    first = None if start is None else _told(start, "start_date")
    last = None if end is None else _told(end, "end_date")
    if first is not None and last is not None and _is_after(first, last):
        message = f"start_date {shown(start)} is after end_date {shown(end)}."
        raise QueryError(message, column="start_date", hint="Swap them.")
    return all_of(_since(local, began, first), _until(local, began, last))


def _told(value: Any, column: str) -> date | datetime:
    try:
        return as_told(value, column)
    except QueryError as error:
        error.hint = LOCAL_HINT
        raise


def _on(local: Field, began: Field, when: date | datetime) -> Where:
    if not isinstance(when, datetime):
        return all_of(_since(local, began, when), _until(local, began, when))
    if when.tzinfo is None:
        return Condition(local, "exact", when.isoformat(timespec="seconds"))
    second = when.astimezone(UTC).replace(microsecond=0)
    return all_of(Condition(began, "gte", second), Condition(began, "lt", second + _SECOND))


def _since(local: Field, began: Field, when: date | datetime | None) -> Where:
    if when is None:
        return EVERY
    if isinstance(when, datetime) and when.tzinfo is not None:
        return Condition(began, "gte", when.astimezone(UTC))
    return Condition(local, "gte", when.isoformat())


def _until(local: Field, began: Field, when: date | datetime | None) -> Where:
    if when is None:
        return EVERY
    if isinstance(when, datetime) and when.tzinfo is not None:
        return Condition(began, "lte", when.astimezone(UTC))
    if isinstance(when, datetime):
        return Condition(local, "lte", when.isoformat())
    return Condition(local, "lte", f"{when.isoformat()}T23:59:59")


def _is_after(first: date | datetime, last: date | datetime) -> bool:
    """Tell whether nothing can be between two limits, as far as that is known without the rig's zone."""
    zones = [isinstance(one, datetime) and one.tzinfo is not None for one in (first, last)]
    if all(zones):
        return first > last
    if any(zones):
        return False
    # A bare date at the end is all of its day.
    if not isinstance(last, datetime):
        return (first.date() if isinstance(first, datetime) else first) > last
    return (first if isinstance(first, datetime) else datetime.combine(first, datetime.min.time())) > last
