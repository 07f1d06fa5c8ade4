"""Names of sessions and of what was made of them: who was recorded, when, and by what.

A session is the head of a name, ``<platform>_<subject>_<date>_<time>``; in schema 2 there is no platform.
What stands before and behind it (folders, ``_sorted_2024-03-01_16-02-45``) is of no meaning to the session:
two names with the same head are of the same one. The time is by the clock beside the rig; a name tells no
zone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from os import PathLike, fspath
from typing import TYPE_CHECKING, Any, Final

from sessionframes.errors import QueryError
from sessionframes.query.shown import shown

if TYPE_CHECKING:
    from collections.abc import Iterator

_HINT = (
    "Give a name such as 'ecephys_676909_2023-12-13_13-43-40', or without the platform; what stands before "
    "and behind it does not matter."
)
#: The first year that a name can have; the last one is the current.
FIRST_YEAR: Final = 2016
_DIGITS = (6, 7)

_WORD = r"[^_/\\\s\"'`,;:=()\[\]{}<>|]"
_PLATFORM = rf"(?:(?<!{_WORD})(?P<platform>{_WORD}+)_)?"
_NUMBER = rf"(?<!{_WORD})(?P<subject>\d{{6,7}})"
#: A subject that is no number has letters and digits: M2501. Anything else might be a word of the name.
_LETTERED = rf"(?P<subject>(?=[^_]*[^\W\d_])(?=[^_]*\d){_WORD}+)"
_DATE = r"(?P<year>\d{4})[-/_](?P<month>\d\d)[-/_](?P<day>\d\d)"
# The fraction is kept from being given back, or else its zone would be read as what stands behind.
_TIME = r"(?P<hour>\d\d)[-:._](?P<minute>\d\d)[-:._](?P<second>\d\d)(?:\.\d+)?+"
#: A name tells no zone; what reads like one would be lost.
_ZONE = r"(?:[Zz]|[+-]\d\d(?::?\d\d)?)(?![^\W_])"
_WHEN = rf"{_DATE}_{_TIME}(?!\d)(?!{_ZONE})"
_HEAD = re.compile(rf"{_PLATFORM}{_NUMBER}_{_WHEN}", re.ASCII)
# Only where a name begins, or else "..._sorted-v2_2024-03-01_16-02-45" would have a subject "sorted-v2".
_LETTERED_HEAD = re.compile(rf"(?:^|(?<=[/\\]))\s*{_PLATFORM}{_LETTERED}_{_WHEN}", re.ASCII)
#: Behind the time there is at most what tells assets of one name apart.
_COPY = re.compile(r"(?:\s+#\d+)?", re.ASCII)
_TIMES = re.compile(_WHEN, re.ASCII)
# What is looked for, to tell what is wrong, where a name is nearly one.
_NEARLY = re.compile(
    r"(?<![^_/\\\s])(?P<subject>[^_/\\\s]+)_(?P<date>(?:19|20)\d\d(?P<stroke>[-/_.]?)\d\d(?P=stroke)\d\d)(?!\d)"
    r"(?P<between>[ Tt_-]*)(?P<time>\d\d(?P<colon>[-:._]?)\d\d(?:(?P=colon)\d{2,})?+(?:\.\d+)?+)?"
    rf"(?P<zone>{_ZONE})?",
    re.ASCII,
)


@dataclass(frozen=True, order=True)
class SessionName:
    """The name of a session; equal, and ordered, by :attr:`id`.

    Attributes
    ----------
    id : str
        The head of a name, with "-" within date and time: ``ecephys_676909_2023-12-13_13-43-40``.
    platform : str or None
        As it is written there; None where the name has none, as in schema 2.
    subject_id : str
        Of the animal: 6 or 7 digits, or letters and digits.
    date : str
        ``2023-12-13``.
    time : str
        ``13:43:40``, by the clock beside the rig.
    """

    id: str
    platform: str | None = field(compare=False)
    subject_id: str = field(compare=False)
    date: str = field(compare=False)
    time: str = field(compare=False)

    @property
    def local_time(self) -> str:
        """Date and time by the clock beside the rig: ``2023-12-13T13:43:40``."""
        return f"{self.date}T{self.time}"

    @property
    def dt(self) -> datetime:
        """Date and time by the clock beside the rig, without a zone."""
        return datetime.fromisoformat(self.local_time)


@dataclass(frozen=True)
class AssetName:
    """What the name of a record or of a data asset tells.

    Attributes
    ----------
    session : SessionName or None
        None where the name has no head.
    process : str or None
        What made it, as it is written there: ``sorted``, ``sorted-ads2.4.0-main``, ``dlc_face``; the last
        one if there are several. None: nothing, it is the session's own.
    processed_at : datetime or None
        When, without a zone; None where the name does not tell.
    """

    session: SessionName | None
    process: str | None
    processed_at: datetime | None

    @property
    def is_sorted(self) -> bool:
        """Whether it is named as what a spike sorter made."""
        return self.session is not None and (self.process or "").startswith("sorted")


def find_name(text: str) -> SessionName | None:
    """Return the session that a text names, or None: the first one, wherever it stands.

    Parameters
    ----------
    text : str
        A name of a session, a record or a data asset, or a path.
    """
    return _found(text)[0]


def leading_name(name: str) -> SessionName | None:
    """Return the session that a record or an asset is of: the one that its name begins with, as written.

    Only so can all that is of a session be found by a range of names. None for other names, even if there is
    the name of a session within.
    """
    found = find_name(name)
    return found if found is not None and name.startswith(found.id) else None


def parse_name(text: Any) -> SessionName:
    """Return the session that a text names.

    Parameters
    ----------
    text : str, path or SessionName
        As of :func:`find_name`.

    Raises
    ------
    sessionframes.errors.QueryError
        It names none; the message tells what is wrong with it.
    """
    if isinstance(text, SessionName):
        return text
    if isinstance(text, PathLike):
        text = fspath(text)
    if not isinstance(text, str):
        message = f"{shown(text)} is a {type(text).__name__}, no name of a session."
        raise QueryError(message, column="session_id", hint=_HINT)
    found = find_name(text)
    if found is None:
        message = f"{shown(text)} names no session: {_fault(text)}."
        raise QueryError(message, column="session_id", hint=_HINT)
    return found


def asset_name(name: str) -> AssetName:
    """Return what the name of a record or of a data asset tells: of which session it is, and what made it."""
    session, rest = _found(name)
    rest = re.split(r"[/\\]", rest)[0].strip("_ ")
    if session is None or not rest:
        return AssetName(session, None, None)
    times = list(_TIMES.finditer(rest))
    if not times or not _COPY.fullmatch(rest, times[-1].end()) or (at := _moment(times[-1])) is None:
        return AssetName(session, rest, None)
    # Of "processed_<date>_<time>_nwb_<date>_<time>" the last one made it.
    begins = times[-2].end() if len(times) > 1 else 0
    return AssetName(session, rest[begins : times[-1].start()].strip("_") or None, at)


def _found(text: str) -> tuple[SessionName | None, str]:
    """Return the session that a text names, and what stands behind its name."""
    for head in (_HEAD, _LETTERED_HEAD):
        for match in head.finditer(text):
            when = _moment(match)
            if when is not None and FIRST_YEAR <= when.year <= _this_year():
                return _named(match), text[match.end() :]
    return None, ""


def _named(match: re.Match[str]) -> SessionName:
    platform, subject, *when = match.group(
        "platform", "subject", "year", "month", "day", "hour", "minute", "second"
    )
    date, time = "-".join(when[:3]), "-".join(when[3:])
    session_id = f"{subject}_{date}_{time}"
    return SessionName(
        id=f"{platform}_{session_id}" if platform else session_id,
        platform=platform,
        subject_id=subject,
        date=date,
        time=time.replace("-", ":"),
    )


def _moment(match: re.Match[str]) -> datetime | None:
    year, month, day = map(int, match.group("year", "month", "day"))
    hour, minute, second = map(int, match.group("hour", "minute", "second"))
    try:
        return datetime(year, month, day, hour, minute, second)  # noqa: DTZ001  names tell no zone
    except ValueError:
        return None


def _this_year() -> int:
    return datetime.now(UTC).year


def _fault(text: str) -> str:
    """Return what is wrong with a text that names no session."""
    if not text.strip():
        return "it is empty"
    nearly = _NEARLY.search(text)
    if nearly is None:
        if re.search(r"\d{4}-?\d\d-?\d\d", text):
            return "nothing stands before its date that could be a subject"
        return "it has no date"
    return next(told for told in _faults(nearly) if told)


def _faults(nearly: re.Match[str]) -> Iterator[str | None]:
    """Return what is wrong with a name, by rule; None for the rules that it keeps."""
    subject, date, time = nearly.group("subject", "date", "time")
    yield _about_subject(subject)
    yield None if re.fullmatch(_DATE, date) else f"its date {date} is not written like 2023-12-13"
    yield None if time else "it has no time of day"
    yield None if nearly["between"] == "_" else "'_' is missing between date and time"
    yield None if re.fullmatch(_TIME, time) else _about_time(time)
    when = re.fullmatch(_WHEN, f"{date}_{time}")
    yield f"a name tells no zone, and {nearly['zone']!r} reads like one" if nearly["zone"] else None
    moment = _moment(when) if when else None
    if moment is None:
        yield f"there is no {date} {time}"
    elif not FIRST_YEAR <= moment.year <= _this_year():
        yield f"its year is {moment.year}, which is not in {FIRST_YEAR} to {_this_year()}"
    yield "its date and time are not where they should be"


def _about_subject(subject: str) -> str | None:
    if subject.isdecimal():
        count = len(subject)
        return None if count in _DIGITS else f"its subject {subject} has {count} digits instead of 6 or 7"
    known = re.fullmatch(_LETTERED, subject, re.ASCII)
    return None if known else f"{shown(subject)} before its date is no subject"


def _about_time(time: str) -> str:
    if len(re.sub(r"\D", "", time)) < len("134340"):
        return f"its time {time} has no seconds"
    return f"its time {time} is not written like 13-43-40"
