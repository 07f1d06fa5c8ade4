"""Instants as whole numbers: microseconds since 1970, in UTC, and what of the calendar they fall in."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from datetime import timedelta as duration
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from sessionframes.query.on_scalars import Scalars

if TYPE_CHECKING:
    from collections.abc import Callable

    Whole = npt.NDArray[np.int64]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = duration(microseconds=1)
_DAY = duration(days=1) // _MICROSECOND

_CALENDAR: dict[str, Callable[[pd.DatetimeIndex], Any]] = {
    "year": lambda when: when.year,
    "iso_year": lambda when: when.isocalendar()["year"],
    "quarter": lambda when: when.quarter,
    "month": lambda when: when.month,
    "week": lambda when: when.isocalendar()["week"],
    "day": lambda when: when.day,
    # pandas counts from Monday = 0; from Sunday = 1 is Django's way.
    "week_day": lambda when: (when.day_of_week + 1) % 7 + 1,
    "iso_week_day": lambda when: when.day_of_week + 1,
    "hour": lambda when: when.hour,
    "minute": lambda when: when.minute,
    "second": lambda when: when.second,
}


def as_instants(values: Any, part: str | None = None) -> Scalars:
    """Return a column of instants, or a part of them, as what conditions on numbers can be asked of.

    Parameters
    ----------
    values : Series, Index, ExtensionArray or numpy.ndarray
        The column; without a zone it is in UTC. What is finer than a microsecond is cut off.
    part : str, optional
        Which part: as :class:`~sessionframes.query.where.Condition` has them.
    """
    when = pd.DatetimeIndex(values).as_unit("us")
    nulls = np.asarray(when.isna())
    found: Whole = np.where(nulls, 0, when.asi8)
    if part is not None:
        found = _part(found, part)
    return Scalars(found, nulls)


def _part(microseconds: Whole, part: str) -> Whole:
    if part in ("date", "time"):
        days, within = np.divmod(microseconds, _DAY)
        return days if part == "date" else within
    when = pd.DatetimeIndex(microseconds.view("datetime64[us]"))
    return np.asarray(_CALENDAR[part](when), dtype=np.int64)


def as_number(value: date | time) -> int:
    """Return an instant or a time of day in microseconds, since 1970 or midnight; a date in days."""
    if isinstance(value, datetime):
        return (value - _EPOCH) // _MICROSECOND
    if isinstance(value, date):
        return (value - _EPOCH.date()).days
    whole = duration(
        hours=value.hour, minutes=value.minute, seconds=value.second, microseconds=value.microsecond
    )
    return whole // _MICROSECOND
