"""Dates and times as texts: what the demo's BrainSTEM takes, and what it gives back."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import tzinfo

_DAY = r"\d{4}-\d{2}-\d{2}"
_TIME = r"\d{2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?"
_ZONE = r"(?:Z|[+-]\d{2}:?(?:\d{2})?)"
_MOMENT = re.compile(rf"{_DAY}(?:[T ]{_TIME} ?{_ZONE}?)?")
_DATE = re.compile(_DAY)


class NoMomentError(ValueError):
    """A text is no moment; ``is_written_well`` tells whether it at least looks like one (2024-02-30)."""

    def __init__(self, text: str, *, is_written_well: bool) -> None:
        super().__init__(text)
        self.is_written_well = is_written_well


@lru_cache(maxsize=65536)
def read_moment(text: str, zone: tzinfo) -> datetime:
    """Return the moment that a text names; a text without a zone, or without a time, is of `zone`.

    Raises
    ------
    NoMomentError
        It names none.
    """
    if not _MOMENT.fullmatch(text):
        raise NoMomentError(text, is_written_well=False)
    try:
        moment = datetime.fromisoformat(text.replace(" ", "T", 1).replace(" ", ""))
    except ValueError:
        raise NoMomentError(text, is_written_well=True) from None
    return moment.replace(tzinfo=zone) if moment.tzinfo is None else moment


def read_day(text: str) -> date:
    """Return the day that a text names.

    Raises
    ------
    NoMomentError
        It names none.
    """
    if not _DATE.fullmatch(text):
        raise NoMomentError(text, is_written_well=False)
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise NoMomentError(text, is_written_well=True) from None


def written(moment: datetime) -> str:
    """Return a moment as the server writes it: its own offset is kept, that of UTC is a Z."""
    text = moment.isoformat()
    return text.removesuffix("+00:00") + "Z" if text.endswith("+00:00") else text


def in_utc(moment: datetime) -> str:
    """Return a moment in UTC, with a Z."""
    return written(moment.astimezone(UTC))
