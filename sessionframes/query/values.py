"""Instants and texts as people hand them over."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import Any

import numpy as np
import pandas as pd

from sessionframes.errors import QueryError
from sessionframes.query.shown import shown

_HINT = (
    "Give a date or datetime, or ISO text such as '2019-10-03' (all of that day) or "
    "'2019-10-03T08:30+02:00'; without a zone it is UTC."
)


def until(value: Any, column: str) -> datetime | None:
    """Return the last instant that a limit in time includes, in UTC, or None where there is no limit.

    Parameters
    ----------
    value : None, str, date, datetime, pandas.Timestamp or numpy.datetime64
        A bare date includes its whole day, a time of day nothing after itself. Zones are honoured; without
        one, it is UTC.
    column : str
        What is limited, for messages.

    Raises
    ------
    sessionframes.errors.QueryError
        It is no date, or a null.
    """
    if value is None:
        return None
    moment = _parsed(value, column)
    if not isinstance(moment, datetime):
        # The last microsecond rather than the next midnight, which the last day of the calendar lacks.
        return datetime.combine(moment, time.max, tzinfo=UTC)
    try:
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except OverflowError:
        raise _refused(value, column) from None


def _parsed(value: Any, column: str) -> date | datetime:
    """Return a date where a whole day is meant, else a datetime."""
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
        is_day = np.datetime_data(value.dtype)[0] in {"Y", "M", "W", "D"}
        return stamp.date() if is_day else stamp.to_pydatetime(warn=False)
    except (ValueError, OverflowError, NotImplementedError):  # beyond Python's calendar
        raise _refused(value, column) from None


def _from_text(text: str, column: str) -> date | datetime:
    try:
        return date.fromisoformat(text)
    except ValueError:
        pass
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise _refused(text, column) from None


def _refused(value: Any, column: str) -> QueryError:
    return QueryError(f"{shown(value)} is no date or time that we know.", column=column, hint=_HINT)


def texts(values: Any, column: str) -> tuple[str, ...] | None:
    """Return texts as a sorted tuple without repeats; None for no filter, one text for itself alone.

    Raises
    ------
    sessionframes.errors.QueryError
        Something in it is no text.
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
    return tuple(sorted(set(listed)))
