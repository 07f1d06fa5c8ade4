"""Times of records: with their offset, with a zone beside them, or by the clock beside the rig."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from sessionframes.errors import SourceResponseError
from sessionframes.flatten import Cell, moment
from sessionframes.sources.aind.records import inner, text_at

if TYPE_CHECKING:
    from datetime import tzinfo

    from sessionframes.sources.aind.docdb import Record

__all__ = ["ZONE", "day_cell", "made_at", "read_clock", "read_time", "since_1970", "time_cell", "with_zone"]

_EPOCH = datetime.fromtimestamp(0, UTC)

#: Where late records of schema 2 tell the zone of their times.
ZONE: Final = "acquisition.acquisition_start_tz"


def time_cell(name: str, zone: tzinfo) -> Cell:
    """Return the cell of a column of instants, for what :func:`read_time` reads.

    Parameters
    ----------
    name : str
        Of the column.
    zone : tzinfo
        Of times that have no offset, and no zone of their own.
    """
    return Cell((name,), lambda told: read_time(told, zone))


def day_cell(name: str) -> Cell:
    """Return the cell of a column of days, each its midnight in UTC, whatever time of day a record tells.

    Parameters
    ----------
    name : str
        Of the column.
    """
    return Cell((name,), _day)


def with_zone(record: Record, time: Any) -> Any:
    """Return a time of an acquisition of schema 2 with its zone, where the record tells that."""
    zone = text_at(inner(record, "acquisition"), "acquisition_start_tz")
    return time if zone is None or time is None else {"time": time, "zone": zone}


def read_time(told: Any, zone: tzinfo) -> datetime:
    """Return a time, in UTC.

    Parameters
    ----------
    told : str or dict
        ISO 8601; or that as "time", and its "zone".
    zone : tzinfo
        Of a time that has no offset, and no zone of its own.

    Raises
    ------
    ValueError, TypeError
        It is no date-time, or nobody knows its zone.
    """
    if not isinstance(told, dict):
        return moment(told, zone)
    text: str = told["time"]
    has_offset = datetime.fromisoformat(text).tzinfo is not None
    return moment(text, zone if has_offset else _zone(told["zone"]))


def made_at(told: Any) -> datetime | None:
    """Return when something was made, in UTC; None where nothing is told, or nothing of use.

    Parameters
    ----------
    told : object
        ISO 8601; without an offset it is in UTC.
    """
    try:
        return moment(told, UTC)
    except (ValueError, TypeError, OverflowError):
        return None


def since_1970(seconds: Any, name: str) -> datetime | None:
    """Return when a data asset was made, in UTC; None where nothing is told.

    Parameters
    ----------
    seconds : object
        Since 1970, in s.
    name : str
        Of the asset, for messages.

    Raises
    ------
    sessionframes.errors.SourceResponseError
        There is no such time.
    """
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not seconds:
        return None
    try:
        # In microseconds: a fraction of a second is not to be rounded twice.
        return _EPOCH + timedelta(microseconds=round(seconds * 1_000_000))
    except (ValueError, OverflowError) as error:
        message = f"asset {name!r} has created = {seconds!r}, which is no time in s since 1970."
        raise SourceResponseError(message, source="aind") from error


def read_clock(told: str | dict[str, str], zone: tzinfo) -> datetime:
    """Return a time by the clock on the wall, without a zone.

    Parameters
    ----------
    told : str or dict
        As of :func:`read_time`.
    zone : tzinfo
        That of the clock. A time of it is returned as it is, be it one that the clock left out in spring.

    Raises
    ------
    ValueError, TypeError
        It is no date-time, or nobody knows its zone.
    """
    instant = read_time(told, zone)
    written = datetime.fromisoformat(told if isinstance(told, str) else told["time"])
    if written.tzinfo is None and (isinstance(told, str) or _zone(told["zone"]) == zone):
        return written
    return instant.astimezone(zone).replace(tzinfo=None)


def _day(told: str) -> datetime:
    moment(told, UTC)
    return moment(told[:10], UTC)


def _zone(name: str) -> tzinfo:
    """Return a zone by its name, such as America/Los_Angeles, or by its offset, such as -07:00."""
    try:
        return ZoneInfo(name)
    except (ValueError, LookupError, OSError):
        pass
    try:
        offset = datetime.fromisoformat(f"2000-01-01T00:00:00{name}").tzinfo
    except ValueError:
        offset = None
    if offset is None:
        message = f"nobody knows the time zone {name!r}"
        raise ValueError(message)
    return offset
