"""The question for units: which insertions, which files of each, and which channels Alyx knows of them."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from sessionframes.query.where import NONE, Condition, Field, Not, all_of, conditions, conjuncts
from sessionframes.source import Plan
from sessionframes.sources.alyx.asked import params_of
from sessionframes.sources.alyx.clusters import read_clusters
from sessionframes.sources.alyx.compiled import narrowed_where
from sessionframes.sources.alyx.encode import term
from sessionframes.sources.alyx.endpoints import ENUMS
from sessionframes.sources.alyx.groups import key_of
from sessionframes.sources.alyx.slices import id_parts
from sessionframes.sources.alyx.sortings import names_of, sorting_of
from sessionframes.sources.alyx.units import UnitsPage, needs, site
from sessionframes.transports.workers import in_order

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sessionframes.query import Query, Where
    from sessionframes.sources.alyx.sortings import Sorting
    from sessionframes.sources.alyx.transport import AlyxTransport
    from sessionframes.transports.rest_request import Record
    from sessionframes.transports.workers import Stop

    Site = tuple[float, float]

__all__ = ["OF_A_GROUP", "UnitsAsked", "compile_units", "listed_insertions", "of_insertions", "sortings_of"]

#: Insertions whose datasets and channels are asked for together.
OF_A_GROUP = 80
#: Insertions whose files are read at a time, each one file after the other.
_AT_ONCE = 4
#: Provenances of trajectories whose channels count, the better first.
_ALIGNED, _TRACED = 70, 50
_ABOVE = ("probes", "sessions", "subjects")
_THEN = (
    "then, of all these insertions, {} at a time: their datasets {}{}, and of each its sorting's files, {} "
    "at a time"
)


def compile_units(query: Query) -> Plan:
    """Return what is asked for units: what tells insertions of the filter is done there too.

    Parameters
    ----------
    query : Query
        The question.
    """
    where = of_insertions(query.where, "unit_id")
    if narrowed_where(where, "insertions", "probes").is_impossible:
        return Plan((), query.where, narrowing=where)
    request = UnitsAsked(where, query.needed(query.where))
    return Plan((request,), query.where, narrowing=where, further=request.further)


@dataclass(frozen=True)
class UnitsAsked:
    """A question about units.

    Parameters
    ----------
    where : Where
        Which insertions.
    columns : tuple of str
        What is wanted of units.
    """

    where: Where
    columns: tuple[str, ...]

    def pages(self, transport: AlyxTransport) -> Iterator[UnitsPage]:
        """Yield the units of insertions, one after the other; several are read at a time."""
        found = listed_insertions(transport, self.where)
        for start in range(0, len(found), OF_A_GROUP):
            yield from self._of_group(transport, found[start : start + OF_A_GROUP])

    def render(self, transport: AlyxTransport) -> str:
        """Return what would be sent first, and what then."""
        asked = narrowed_where(self.where, "insertions", "probes", transport.zone)
        params = params_of(asked)
        lines = [transport.first_request("insertions", params, (*asked.terms, *part)) for part in asked.parts]
        stems = ", ".join(needs(self.columns))
        channels = ", their trajectories and channels" if self._wants_channels else ""
        return "\n".join([*lines, _THEN.format(OF_A_GROUP, stems, channels, _AT_ONCE)])

    @property
    def further(self) -> str:
        """What is asked after the first request, in words: how many these are, the answers tell."""
        files = len(needs(self.columns))
        return f"some for each {OF_A_GROUP} insertions found, {files} or fewer for the files of each of them"

    @property
    def _wants_channels(self) -> bool:
        return bool({"channel_id", "channel_known_from"} & {*self.columns})

    def _of_group(self, transport: AlyxTransport, insertions: Sequence[Record]) -> Iterator[UnitsPage]:
        sortings = sortings_of(transport, insertions, needs(self.columns))
        if not sortings:
            return
        channels: Mapping[str, Mapping[Site, str]] = {}
        if self._wants_channels:
            channels = _channels(transport, [one.probe_id for one in sortings])
        acronyms = {}
        if "acronym" in self.columns:
            acronyms = {number: one["acronym"] for number, one in transport.structures().items()}

        def read(sorting: Sorting, stop: Stop) -> UnitsPage:
            stop.check()
            clusters = read_clusters(transport.files, sorting, needs(self.columns), stop.check)
            own = channels.get(sorting.probe_id, {})
            return UnitsPage(sorting, clusters, own, acronyms, self.columns)

        workers = min(_AT_ONCE, len(sortings))
        with closing(in_order([partial(read, one) for one in sortings], workers, 2 * workers)) as done:
            yield from done


def listed_insertions(transport: AlyxTransport, where: Where) -> list[Record]:
    """Return the insertions that a filter lets through, as far as the server can tell, by their id."""
    asked = narrowed_where(where, "insertions", "probes", transport.zone)
    pages = transport.list("insertions", params_of(asked), asked.terms, asked.parts)
    return sorted((one for page in pages for one in page), key=lambda one: str(one["id"]))


def sortings_of(
    transport: AlyxTransport, insertions: Sequence[Record], stems: Sequence[str]
) -> list[Sorting]:
    """Return the sorting of each insertion that counts, of those that have any."""
    sessions = {str(key_of(one["session"])) for one in insertions}
    # Whatever is wanted: metrics without channels are to be told, not passed over.
    wanted = names_of(dict.fromkeys([*stems, "clusters.metrics"]))
    terms = (term("name", "in", wanted),)
    of_sessions: dict[str, list[Record]] = {}
    for page in transport.list("datasets", (), terms, id_parts("session__id", sorted(sessions))):
        for dataset in page:
            of_sessions.setdefault(str(key_of(dataset["session"])), []).append(dataset)
    found = [sorting_of(one, of_sessions.get(str(key_of(one["session"])), ())) for one in insertions]
    return [one for one in found if one is not None]


def _channels(transport: AlyxTransport, probe_ids: Sequence[str]) -> dict[str, dict[Site, str]]:
    """Return, by insertion, the ids of the channels that count by their places on the probe.

    They are those of the aligned trajectory, or else, where that has none, of the traced one.
    """
    owners: dict[int, dict[str, str]] = {_ALIGNED: {}, _TRACED: {}}
    terms = (f"provenance__gte,{_TRACED}",)
    for page in transport.list("trajectories", (), terms, id_parts("probe_insertion", probe_ids)):
        for one in page:
            number = ENUMS["provenance"].get(one["provenance"])
            if number in owners:
                owners[number][str(one["id"])] = str(key_of(one["probe_insertion"]))
    found: dict[str, dict[Site, str]] = {}
    for number in (_ALIGNED, _TRACED):
        asked = [key for key, probe_id in owners[number].items() if probe_id not in found]
        for page in transport.list("channels", (), (), id_parts("trajectory_estimate", sorted(asked))):
            for one in page:
                own = found.setdefault(owners[number][str(key_of(one["trajectory_estimate"]))], {})
                if one["axial"] is not None and one["lateral"] is not None:
                    own[site(one["axial"], one["lateral"])] = one["id"]
    return found


def of_insertions(where: Where, key: str) -> Where:
    """Return what of a filter is about insertions, as a filter on these.

    Parameters
    ----------
    where : Where
        On rows that carry the id of their insertion.
    key : str
        Their own id, which begins with that of the insertion and a colon.
    """
    return all_of(*(made for part in conjuncts(where) if (made := _of_insertion(part, key)) is not None))


def _of_insertion(part: Where, key: str) -> Where | None:
    if isinstance(part, Condition) and part.field.name == key and part.lookup in ("exact", "in"):
        values = part.value if part.lookup == "in" else (part.value,)
        probes = tuple(dict.fromkeys(value.partition(":")[0] for value in values if ":" in value))
        return Condition(_PROBE, "in", probes) if probes else NONE
    leaves = list(conditions(part))
    if not all(one.field.table in _ABOVE or one.field.name in ("probe_id", "session_id") for one in leaves):
        return None
    return _moved(part)


_PROBE = Field("probe_id", "text", "probes", "str")


def _moved(part: Where) -> Where:
    """Return a filter with the ids that its rows carry as those of insertions."""
    if isinstance(part, Condition):
        is_own = part.field.table not in _ABOVE
        return replace(part, field=replace(part.field, table="probes")) if is_own else part
    if isinstance(part, Not):
        return Not(_moved(part.part))
    return type(part)(tuple(map(_moved, part.parts)))
