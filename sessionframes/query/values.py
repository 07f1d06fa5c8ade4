"""Instants and texts as people hand them over."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time
from typing import Any

import numpy as np
import pandas as pd

from sessionframes.errors import QueryError
from sessionframes.query.literals import checked_text
from sessionframes.query.shown import shown

_FORMS = (
    "Give a date or datetime, or text such as '2019-10-03' or '20191003' (all of that day), "
    "'2019-10-03T08:30+02:00', '2019-10-03_08-30-00'"
)
_HINT = f"{_FORMS}; without a zone it is UTC."
#: For :func:`as_told`.
LOCAL_HINT = f"{_FORMS}; without a zone it is by the clock beside the rig."
# Python would take any character for what separates day and time, and 08-30 for eight o'clock in a zone; so
# the forms that we know are told here, those of names of sessions (2019_10_03, 2019-10-03_08-30-00) too.
_DAY = r"(?P<year>\d{4})(?P<dash>[-/_]?)(?P<month>\d\d)(?P=dash)(?P<day>\d\d)"
_SECOND = r"(?P<second>\d\d)(?P<fraction>[.,]\d+)?"
_ZONE = r"(?P<zone>[Zz]|[+-]\d\d(?::?\d\d)?)?"
_TIME = rf"(?P<hour>\d\d)(?:(?P<colon>:?)(?P<minute>\d\d)(?:(?P=colon){_SECOND})?{_ZONE})?"
_DASHED = rf"(?P<hour>\d\d)(?P<stroke>[-.])(?P<minute>\d\d)(?:(?P=stroke){_SECOND}{_ZONE})?"
_MOMENT = re.compile(rf"{_DAY}(?:[ Tt_]|-(?=\d{{6}})){_TIME}", re.ASCII)
#: With T or a blank, hours and minutes alone might be hours and a zone.
_NAMED = re.compile(rf"{_DAY}(?:_|[ Tt](?=\d\d[-.]\d\d[-.]\d\d)){_DASHED}", re.ASCII)
_WHOLE_DAY = re.compile(_DAY, re.ASCII)
_DAY_OF_WEEK = re.compile(r"\d{4}(-?)W\d\d\1\d", re.ASCII)
#: Digits and nothing else: a day, or a day with a time to the minute or second.
_ENDS = 10**14
_LENGTHS = {8: "%Y%m%d", 12: "%Y%m%d%H%M", 14: "%Y%m%d%H%M%S"}


def moment(value: Any, column: str) -> date | datetime:
    """Return a bare date as a date, anything else as an instant in UTC.

    Parameters
    ----------
    value : str, int, date, datetime, pandas.Timestamp or numpy.datetime64
        Zones are honoured; without one, it is UTC. A number is read by its digits: 20191003.
    column : str
        What it is about, for messages.

    Raises
    ------
    sessionframes.errors.QueryError
        It is no date, or a null.
    """
    found = as_told(value, column)
    if isinstance(found, datetime) and found.tzinfo is None:
        return found.replace(tzinfo=UTC)
    return found


def as_told(value: Any, column: str) -> date | datetime:
    """Return a bare date as a date, what has a zone as an instant in UTC, and what has none without one.

    For those whose clocks are not in UTC.

    Parameters
    ----------
    value : str, int, date, datetime, pandas.Timestamp or numpy.datetime64
        As of :func:`moment`.
    column : str
        What it is about, for messages.

    Raises
    ------
    sessionframes.errors.QueryError
        It is no date, or a null.
    """
    found = _parsed(value, column)
    if not isinstance(found, datetime) or found.tzinfo is None:
        return found
    try:
        return found.astimezone(UTC)
    except OverflowError:
        raise _refused(value, column) from None


def since(value: Any, column: str) -> datetime | None:
    """Return the first instant that a limit from below includes, in UTC, or None where there is no limit.

    A bare date is its midnight; else as :func:`until`.

    Raises
    ------
    sessionframes.errors.QueryError
        It is no date, or a null.
    """
    return None if value is None else first_of(moment(value, column))


def until(value: Any, column: str) -> datetime | None:
    """Return the last instant that a limit in time includes, in UTC, or None where there is no limit.

    A bare date includes its whole day, a time of day nothing after itself; values as of :func:`moment`.

    Raises
    ------
    sessionframes.errors.QueryError
        It is no date, or a null.
    """
    return None if value is None else last_of(moment(value, column))


def whole_day(when: date | datetime) -> date | datetime:
    """Return a midnight as its day, which is how pandas and NumPy hold days; anything else as it is."""
    return when.date() if isinstance(when, datetime) and when.time() == time.min else when


def first_of(when: date | datetime) -> datetime:
    """Return the first microsecond of a day; an instant as it is."""
    return when if isinstance(when, datetime) else datetime.combine(when, time.min, tzinfo=UTC)


def last_of(when: date | datetime) -> datetime:
    """Return the last microsecond of a day; an instant as it is."""
    # Not the next midnight, which the last day of the calendar lacks.
    return when if isinstance(when, datetime) else datetime.combine(when, time.max, tzinfo=UTC)


def time_of_day(value: Any, column: str) -> time:
    """Return a time of day without a zone, in UTC.

    Raises
    ------
    sessionframes.errors.QueryError
        It is none, or carries a zone.
    """
    try:
        found = time.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        found = None
    if not isinstance(found, time) or found.tzinfo is not None:
        message = f"{shown(value)} is no time of day."
        raise QueryError(message, column=column, hint="Give one in UTC, such as '10:30' or '10:30:00.5'.")
    return found


def _parsed(value: Any, column: str) -> date | datetime:
    if isinstance(value, int | np.integer) and not isinstance(value, bool | np.timedelta64):
        value = str(value) if 0 <= value < _ENDS else shown(value)
    if isinstance(value, str):
        return _from_text(value.strip(), column)
    if value is pd.NaT or (isinstance(value, np.datetime64) and np.isnat(value)):
        raise _refused(value, column)
    if isinstance(value, np.datetime64):
        return _from_numpy(value, column)
    if isinstance(value, pd.Timestamp):
        return value.to_pydatetime(warn=False)
    if isinstance(value, date):
        return value
    raise _refused(value, column)


def _from_numpy(value: np.datetime64, column: str) -> date | datetime:
    try:
        stamp = pd.Timestamp(value)
        unit = np.datetime_data(value.dtype)[0]
        if unit in {"Y", "M", "W"}:
            raise _refused(value, column)
        return stamp.date() if unit == "D" else stamp.to_pydatetime(warn=False)
    except (ValueError, OverflowError, NotImplementedError):  # beyond Python's calendar
        raise _refused(value, column) from None


def _from_text(text: str, column: str) -> date | datetime:
    try:
        if text.isascii() and text.isdecimal():
            return _from_digits(text)
        if _DAY_OF_WEEK.fullmatch(text):
            return date.fromisoformat(text)
        if whole := _WHOLE_DAY.fullmatch(text):
            return date(*map(int, whole.group("year", "month", "day")))
        if found := _MOMENT.fullmatch(text) or _NAMED.fullmatch(text):
            return _from_parts(found.groupdict())
    except (ValueError, KeyError):
        pass
    raise _refused(text, column)


def _from_parts(told: dict[str, str | None]) -> datetime:
    minute, second = told["minute"] or "00", told["second"] or "00"
    fraction, zone = (told["fraction"] or "").replace(",", "."), (told["zone"] or "").upper()
    day = "-".join(str(told[name]) for name in ("year", "month", "day"))
    return datetime.fromisoformat(f"{day}T{told['hour']}:{minute}:{second}{fraction}{zone}")


def _from_digits(digits: str) -> date | datetime:
    # fromisoformat() would take one of the digits for the separator of day and time.
    found = datetime.strptime(digits, _LENGTHS[len(digits)])  # noqa: DTZ007  nobody told its zone yet
    return found.date() if len(digits) == len("20191003") else found


def _refused(value: Any, column: str) -> QueryError:
    return QueryError(f"{shown(value)} is no date or time that we know.", column=column, hint=_HINT)


def texts(values: Any, column: str) -> tuple[str, ...] | None:
    """Return texts as a sorted tuple without repeats; None for no filter, one text for itself alone.

    Raises
    ------
    sessionframes.errors.QueryError
        Something in it is no text, or text that no database keeps.
    """
    if values is None:
        return None
    # The columns' names are what a frame lists, and nobody means those; bytes list numbers.
    single = isinstance(values, str | bytes | bytearray | memoryview | pd.DataFrame)
    try:
        listed = [values] if single else list(values)
    except TypeError:
        listed = [values]
    for value in listed:
        if not isinstance(value, str):
            message = f"{shown(value)} is a {type(value).__name__}, not text."
            raise QueryError(message, column=column, hint="Give one text or a list of them.")
        checked_text(value, column)
    return tuple(sorted(set(listed)))
