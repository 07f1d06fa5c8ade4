"""What of a filter DocDB and Code Ocean are asked to do, so that they send few records that are no answer.

A session is told by all records and assets whose names begin with it, so a filter is of one of two kinds.
What the name and the animal decide is true of all of them: these alone are asked for. What the main record
of a session tells (its project, its modalities, its time) may not be in the others: which sessions there are
is asked first, and then all that belongs to them.

It is asked for no more than it does as we do, equality above all; and all of the filter is done here again.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from sessionframes.query.where import EVERY, Condition, all_of, conjuncts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from sessionframes.query.where import Where

__all__ = ["Pushed", "any_named", "pushed"]

#: Follows every character that a name may have.
_LAST = "\uffff"
#: What tells when a session began, by schema and kind of recording.
_BEGAN = (
    "session.session_start_time",
    "acquisition.session_start_time",
    "acquisition.acquisition_start_time",
)
_MODALITIES = (
    "data_description.modality.abbreviation",
    "data_description.modalities.abbreviation",
    "data_description.modality",
    "data_description.modalities",
)
#: No two clocks on a wall are further apart.
_DAY = timedelta(days=1)
#: So many animals are looked for in names by one pattern.
_NAMED_AT_ONCE = 50
#: For more animals than this all records are asked for.
_MOST_SUBJECTS = 2000
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
    days: tuple[str, ...] | None = None
    where: Where = EVERY

    @property
    def is_impossible(self) -> bool:
        """Whether no session can be an answer."""
        kept = (self.session_ids, self.subject_ids, self.platforms, self.asset_ids, self.days)
        return any(one == () for one in kept)

    def by_name(self) -> list[Filter]:
        """Return what DocDB is asked for by what is true of all records of a session."""
        filters = [] if self.platforms is None else [any_named(f"{one}_" for one in self.platforms)]
        if self.subject_ids is not None:
            filters.append(_of_subjects(self.subject_ids))
        if self.days is not None:
            filters.append({"name": {"$regex": f"_({'|'.join(self.days)})"}})
        if self.asset_ids is not None:
            wanted = list(self.asset_ids)
            filters.append({"$or": [{path: {"$in": wanted}} for path in _ASSETS]})
        return filters


def any_named(beginnings: Iterable[str]) -> Filter:
    """Return what DocDB is asked for so that names begin with one of these; it has an index of names."""
    ranges = [{"name": {"$gte": one, "$lt": f"{one}{_LAST}"}} for one in beginnings]
    return ranges[0] if len(ranges) == 1 else {"$or": ranges}


def _of_subjects(subject_ids: Sequence[str]) -> Filter:
    # Some write the number as such.
    numbers = [int(one) for one in subject_ids if one.isascii() and one.isdecimal()]
    some = [
        subject_ids[start : start + _NAMED_AT_ONCE] for start in range(0, len(subject_ids), _NAMED_AT_ONCE)
    ]
    told = {"subject.subject_id": {"$in": [*subject_ids, *numbers]}}
    return {"$or": [told, *map(_untold, some)]}


def _untold(subject_ids: Sequence[str]) -> Filter:
    """Return what finds records that tell of no animal: theirs is the one that their name tells."""
    named = "|".join(map(re.escape, subject_ids))
    return {"subject.subject_id": None, "name": {"$regex": f"(^|_)({named})_"}}


@dataclass
class _Found:
    kept: dict[str, set[str]] = field(default_factory=dict)
    facts: list[Filter] = field(default_factory=list)
    done: list[Where] = field(default_factory=list)
    first: date = date.min
    last: date = date.max

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
        found.done.append(part)


def _values(part: Condition) -> tuple[str, ...]:
    return part.value if part.lookup == "in" else (part.value,)


def _fact(part: Condition) -> Filter | None:
    name, values = part.field.name, part.value
    if name == "project_name" and part.lookup in ("exact", "in"):
        return {"data_description.project_name": {"$in": list(_values(part))}}
    if name == "modalities" and (part.lookup in ("exact", "in") or (part.lookup == "overlap" and values)):
        wanted = list(values) if isinstance(values, tuple) else [values]
        return {"$or": [{path: {"$in": wanted}} for path in _MODALITIES]}
    if name == "start_time" and part.lookup in _BOUNDS:
        return _when(part)
    return None


def _when(part: Condition) -> Filter | None:
    """Return what leaves out records that began on another day; those that tell no time, or two, are kept."""
    try:
        day = (part.value + (-_DAY if part.lookup.startswith("gt") else 2 * _DAY)).date().isoformat()
    except OverflowError:
        return None
    operator = "$lt" if part.lookup.startswith("gt") else "$gt"
    only = [{path: {operator: day}, **{other: None for other in _BEGAN if other != path}} for path in _BEGAN]
    return {"$nor": only}


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
