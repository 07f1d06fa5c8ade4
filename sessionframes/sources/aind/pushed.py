"""What of a filter DocDB and Code Ocean are asked to do, so that they send few records that are no answer.

A session is told by all records and assets whose names begin with it, so a filter is of one of two kinds.
What the name decides is true of all of them: these alone are asked for. What the main record of a session
tells (its animal, its project, its modalities, its time) may not be in the others: which sessions there are
is asked first, and then all that belongs to them.

It is asked for no more than it does as we do, equality above all; and all of the filter is done here again.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from sessionframes.query.where import EVERY, Condition, all_of, conjuncts
from sessionframes.sources.aind.names import leading_name

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sessionframes.query.where import Where
    from sessionframes.sources.aind.names import SessionName

__all__ = ["Pushed", "any_called", "pushed"]

#: Follows every character that a name may have.
_LAST = "\uffff"
#: What tells when a session began, by schema and kind of recording.
_BEGAN = (
    "session.session_start_time",
    "acquisition.session_start_time",
    "acquisition.acquisition_start_time",
)
_MODALITIES = tuple(
    f"data_description.{name}{part}"
    for part in (".abbreviation", ".name", "")
    for name in ("modality", "modalities")
)
#: What is left blank, as one that was read has it.
_BLANK = (None, "")
#: Times of which the first characters are the day; others are compared here.
_BY_DAY = r"^\d{4}-\d\d-\d\d"
#: No two clocks on a wall are further apart.
_DAY = timedelta(days=1)
#: So many animals are looked for in names by one pattern.
_NAMED_AT_ONCE = 50
#: For more animals than this all records and all assets are asked for.
_MOST_SUBJECTS = 300
#: Of longer numbers no animal has one, and MongoDB cannot hold them.
_DIGITS = 18
_EARLIEST, _LATEST = date(2000, 1, 1), date(2099, 12, 31)
_BOUNDS = ("gt", "gte", "lt", "lte")
_ASSETS = ("_id", "external_links.Code Ocean", "other_identifiers.Code Ocean")

Filter = dict[str, Any]


@dataclass(frozen=True)
class Pushed:
    """What is asked for of a filter.

    Parameters
    ----------
    session_ids, subject_ids, platforms : tuple of str, optional
        Only sessions of one of these; None for any.
    asset_ids : tuple of str, optional
        Only of the sessions that these assets are of; None for any.
    facts : tuple of dict
        What the main record of a session fulfils, for DocDB.
    needs_record : bool
        Whether some of these only a record can fulfil: for a session without one a name tells the time.
    began : tuple of two dates
        Between which days by the clock beside the rig a session began, whatever the zone of that.
    days : tuple of str, optional
        What the dates in the names of sessions begin with; None for any.
    where : Where
        What all this is of the filter.
    """

    session_ids: tuple[str, ...] | None = None
    subject_ids: tuple[str, ...] | None = None
    platforms: tuple[str, ...] | None = None
    asset_ids: tuple[str, ...] | None = None
    facts: tuple[Filter, ...] = ()
    needs_record: bool = False
    began: tuple[date, date] = (date.min, date.max)
    days: tuple[str, ...] | None = None
    where: Where = EVERY

    @property
    def is_impossible(self) -> bool:
        """Whether no session can be an answer."""
        kept = (self.session_ids, self.subject_ids, self.platforms, self.asset_ids, self.days)
        return any(one == () for one in kept)

    def by_name(self) -> list[Filter]:
        """Return what DocDB is asked for by what is true of all records of a session."""
        filters = [] if self.platforms is None else [any_named([f"{one}_" for one in self.platforms])]
        if self.days is not None:
            filters.append({"name": {"$regex": f"_({'|'.join(self.days)})"}})
        return filters

    def by_subject(self) -> list[Filter]:
        """Return what finds all records that tell one of the animals, and all whose name does."""
        if self.subject_ids is None:
            return []
        return [{"$or": [_telling(self.subject_ids), *_with_names_of(self.subject_ids)]}]

    def by_record_alone(self) -> list[Filter]:
        """Return what finds records that tell one of the animals although their name does not."""
        if self.subject_ids is None:
            return []
        return [_telling(self.subject_ids), {"$nor": _with_names_of(self.subject_ids)}]

    def by_asset(self) -> list[Filter]:
        """Return what finds the records of the assets."""
        if self.asset_ids is None:
            return []
        return [{"$or": [{path: {"$in": list(self.asset_ids)}} for path in _ASSETS]}]

    def allows(self, name: SessionName) -> bool:
        """Tell whether a session of which only the name is known may be an answer."""
        first, last = self.began
        return (
            not self.needs_record
            and (self.platforms is None or name.platform in self.platforms)
            and (self.subject_ids is None or name.subject_id in self.subject_ids)
            and (self.days is None or name.date.startswith(self.days))
            and first.isoformat() <= name.date <= last.isoformat()
        )


def any_named(beginnings: Sequence[str]) -> Filter:
    """Return what DocDB is asked for so that names begin with one of these; it has an index of names."""
    ranges: list[Filter] = [{"name": {"$gte": one, "$lt": f"{one}{_LAST}"}} for one in beginnings]
    return ranges[0] if len(ranges) == 1 else {"$or": ranges}


def any_called(session_ids: Sequence[str]) -> Filter:
    """Return what finds all records of some sessions: by their names, or by the keys of those without one."""
    named = any_named(session_ids)
    keys = [one for one in session_ids if leading_name(one) is None]
    return {"$or": [*named.get("$or", [named]), {"_id": {"$in": keys}}]} if keys else named


def _telling(subject_ids: Sequence[str]) -> Filter:
    # Some write the number as such.
    numbers = [int(one) for one in subject_ids if re.fullmatch(rf"[0-9]{{1,{_DIGITS}}}", one)]
    return {"subject.subject_id": {"$in": [*subject_ids, *numbers]}}


def _with_names_of(subject_ids: Sequence[str]) -> list[Filter]:
    starts = range(0, len(subject_ids), _NAMED_AT_ONCE)
    some = ["|".join(map(re.escape, subject_ids[start : start + _NAMED_AT_ONCE])) for start in starts]
    return [{"name": {"$regex": f"(^|_)({few})_"}} for few in some]


@dataclass
class _Found:
    kept: dict[str, set[str]] = field(default_factory=dict)
    facts: list[Filter] = field(default_factory=list)
    done: list[Where] = field(default_factory=list)
    first: date = date.min
    last: date = date.max
    needs_record: bool = False
    began: tuple[date, date] = (date.min, date.max)

    def keep(self, name: str, values: set[str]) -> None:
        """Keep only what is any of these, and what was kept before."""
        self.kept[name] = self.kept[name] & values if name in self.kept else values

    def days(self) -> tuple[str, ...] | None:
        """Return what dates in names begin with; None if any will do."""
        if (self.first, self.last) == (date.min, date.max):
            return None
        # No name has a date of another year.
        return tuple(_days(max(self.first, _EARLIEST), min(self.last, _LATEST)))


def pushed(where: Where, ids: Mapping[str, tuple[str, Callable[[str], str]]]) -> Pushed:
    """Return what is asked for of a filter.

    Parameters
    ----------
    where : Where
        The filter, on a table or those above it.
    ids : mapping
        For ids that begin with another: its name, "session_id" or "asset_id", and what reads it off them.
    """
    found = _Found()
    for part in conjuncts(where):
        if isinstance(part, Condition) and part.part is None and not part.path:
            _take(part, ids, found)
    kept = {name: tuple(sorted(values)) for name, values in found.kept.items()}
    return Pushed(
        kept.get("session_id"),
        kept.get("subject_id"),
        kept.get("platform"),
        kept.get("asset_id"),
        tuple(found.facts),
        found.needs_record,
        found.began,
        found.days(),
        all_of(*found.done),
    )


def _take(part: Condition, ids: Mapping[str, tuple[str, Callable[[str], str]]], found: _Found) -> None:
    name = part.field.name
    if name in ids and part.lookup in ("exact", "in"):
        own, read = ids[name]
        found.keep(own, {read(value) for value in _values(part)})
        found.done.append(part)
    elif name == "subject_id" and len(_values(part)) > _MOST_SUBJECTS:
        return
    elif name in ("session_id", "subject_id", "platform", "asset_id") and part.lookup in ("exact", "in"):
        found.keep(name, set(_values(part)))
        found.done.append(part)
    elif name == "local_time" and part.lookup in (*_BOUNDS, "exact"):
        _limit(part, found)
    elif part.field.table == "sessions" and (fact := _fact(part)) is not None:
        found.facts.append(fact)
        found.needs_record = True
        found.done.append(part)
    elif name == "start_time" and part.lookup in _BOUNDS:
        _limit_began(part, found)


def _values(part: Condition) -> tuple[str, ...]:
    return part.value if part.lookup == "in" else (part.value,)


def _fact(part: Condition) -> Filter | None:
    name, values = part.field.name, part.value
    if name == "project_name" and part.lookup in ("exact", "in"):
        return {"data_description.project_name": {"$in": list(_values(part))}}
    if name == "modalities" and (part.lookup in ("exact", "in") or (part.lookup == "overlap" and values)):
        wanted = list(values) if isinstance(values, tuple) else [values]
        return {"$or": [{path: {"$in": wanted}} for path in _MODALITIES]}
    return None


def _limit_began(part: Condition, found: _Found) -> None:
    """Take a limit of instants by its day: records that began on another are left out, and names of such."""
    is_first = part.lookup.startswith("gt")
    try:
        day = (part.value + (-_DAY if is_first else _DAY)).date()
        following = day if is_first else day + _DAY
    except OverflowError:
        return
    first, last = found.began
    found.began = (max(first, day), last) if is_first else (first, min(last, day))
    beyond = {"$lt" if is_first else "$gte": following.isoformat(), "$regex": _BY_DAY}
    # Those that tell no time, or two, are kept.
    blank = {"$in": list(_BLANK)}
    only = [{path: beyond, **{other: blank for other in _BEGAN if other != path}} for path in _BEGAN]
    found.facts.append({"$nor": only})
    found.done.append(part)


def _limit(part: Condition, found: _Found) -> None:
    """Take a limit of local times, which are those in names, by their days."""
    day = _day(part.value)
    if day is None:
        return
    if not part.lookup.startswith("lt"):
        found.first = max(found.first, day)
    if not part.lookup.startswith("gt"):
        found.last = min(found.last, day)
    found.done.append(part)


def _day(text: str) -> date | None:
    if not re.match(_BY_DAY, text, re.ASCII):
        # Python knows more forms of dates, of which none compares as a text.
        return None
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        return None


def _days(first: date, last: date) -> list[str]:
    """Return what dates from one day to another begin with: years, months and days."""
    starts, day = list[str](), first
    while day <= last:
        for whole, begin in ((_year_after, "%Y-"), (_month_after, "%Y-%m-"), (_day_after, "%Y-%m-%d")):
            after = whole(day)
            if after is not None and after <= last + _DAY:
                starts.append(day.strftime(begin))
                day = after
                break
    return starts


def _year_after(day: date) -> date | None:
    return day.replace(year=day.year + 1) if (day.month, day.day) == (1, 1) else None


def _month_after(day: date) -> date | None:
    return (day + 31 * _DAY).replace(day=1) if day.day == 1 else None


def _day_after(day: date) -> date:
    return day + _DAY
