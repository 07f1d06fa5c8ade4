"""Channels that Alyx has no record of: those in the files of sortings whose probe nobody has located."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from sessionframes.errors import QueryError, SourceResponseError
from sessionframes.query.where import EVERY, conjuncts
from sessionframes.sources.alyx.clusters import read_clusters
from sessionframes.sources.alyx.file_records import path_of
from sessionframes.sources.alyx.groups import Listed, key_of
from sessionframes.sources.alyx.slices import id_parts
from sessionframes.sources.alyx.units_asked import OF_A_GROUP, listed_insertions, of_insertions, sortings_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sessionframes.query import Query, Where
    from sessionframes.source import Plan
    from sessionframes.sources.alyx.sortings import Sorting
    from sessionframes.sources.alyx.transport import AlyxTransport
    from sessionframes.transports.rest_request import Record

__all__ = ["FROM_FILES", "SWITCHES", "FileChannelsAsked", "with_files"]

#: A switch of the table of channels.
FROM_FILES = "from_files"
SWITCHES = {
    FROM_FILES: "Add the channels in the files of sorted insertions that Alyx has no channels of: those that "
    "their units have."
}
_SITES, _REGIONS, _PLACES = (
    "channels.localCoordinates",
    "channels.brainLocationIds_ccf_2017",
    "channels.mlapdv",
)
_STEMS = ("clusters.channels", "clusters.table", _SITES, _REGIONS, _PLACES)
#: Channels of what is below are none that count.
_TRACED = 50


@dataclass(frozen=True)
class FileChannelsAsked:
    """A question about the channels in files of sorted insertions of which Alyx has no channel that counts.

    Their id is that of the insertion and the row in the files, with a colon between, as units have it.

    Parameters
    ----------
    where : Where
        Which insertions.
    columns : tuple of str
        What is wanted of channels.
    """

    where: Where
    columns: tuple[str, ...]

    def pages(self, transport: AlyxTransport) -> Iterator[Listed]:
        """Yield the channels of insertions, as lists of the server would show them."""
        found = listed_insertions(transport, self.where)
        located = _located(transport, [str(one["id"]) for one in found])
        others = [one for one in found if one["id"] not in located]
        models = {str(one["id"]): one.get("model") for one in others}
        around: dict[str, Any] = {"models": models}
        if "structure_acronym" in self.columns:
            around["structures"] = transport.structures()
        for start in range(0, len(others), OF_A_GROUP):
            for sorting in sortings_of(transport, others[start : start + OF_A_GROUP], _STEMS):
                records = _records(transport, sorting)
                trajectories = {sorting.probe_id: _trajectory(sorting)}
                yield Listed(records, self.columns, transport.zone, {**around, "trajectories": trajectories})

    def render(self, transport: AlyxTransport) -> str:  # noqa: ARG002  what it asks for is the same anywhere
        """Return what would be asked for."""
        return "then, of sorted insertions without channels, their datasets and files: " + ", ".join(_STEMS)


def with_files(query: Query, plan: Plan) -> Plan:
    """Return a plan for channels that asks for those in files too, where that is switched on.

    Parameters
    ----------
    query : Query
        The question.
    plan : Plan
        For those that Alyx has.

    Raises
    ------
    sessionframes.errors.QueryError
        The filter has what only the server can tell, of channels that it does not have.
    """
    if FROM_FILES not in query.switches:
        return plan
    left = conjuncts(plan.residual)
    if told := [part for part in conjuncts(query.where) if part not in left]:
        message = f"{told[0]} cannot be told of channels that are in files alone."
        hint = f"Leave {FROM_FILES} out, or filter by columns of channels, probes and sessions."
        raise QueryError(message, source="alyx", table="channels", hint=hint)
    request = FileChannelsAsked(of_insertions(query.where, "channel_id"), query.needed(query.where))
    further = ", ".join(one for one in (plan.further, "some for each insertion without channels") if one)
    return replace(plan, requests=(*plan.requests, request), narrowing=EVERY, further=further)


def _located(transport: AlyxTransport, probe_ids: Sequence[str]) -> set[str]:
    """Return those insertions that Alyx has channels of."""
    terms = (f"provenance__gte,{_TRACED}", "channels__isnull,False")
    pages = transport.list("trajectories", (), terms, id_parts("probe_insertion", probe_ids))
    return {str(key_of(one["probe_insertion"])) for page in pages for one in page}


def _trajectory(sorting: Sorting) -> Record:
    """Return what stands for the trajectory that there is not: what channels are told of by it."""
    return {
        "id": sorting.probe_id,
        "probe_insertion": sorting.probe_id,
        "provenance": None,
        "session": {"id": sorting.session_id},
    }


def _records(transport: AlyxTransport, sorting: Sorting) -> list[Record]:
    values = read_clusters(transport.files, sorting, _STEMS).values
    sites = values.get(_SITES)
    if sites is None:
        return []
    count = len(sites)
    regions, places = (_as_long(sorting, values, stem, count) for stem in (_REGIONS, _PLACES))
    return [
        {
            "id": f"{sorting.probe_id}:{row}",
            "trajectory_estimate": sorting.probe_id,
            "name": "",
            "json": None,
            "lateral": float(sites[row][0]),
            "axial": float(sites[row][1]),
            "brain_region": None if regions is None else int(regions[row]),
            **{
                name: None if places is None else float(places[row][place])
                for place, name in enumerate("xyz")
            },
        }
        for row in range(count)
    ]


def _as_long(sorting: Sorting, values: Any, stem: str, count: int) -> Any:
    found = values.get(stem)
    if found is None or len(found) == count:
        return None if found is None else np.asarray(found)
    message = f"{path_of(sorting.datasets[stem])} of the insertion {sorting.probe_id} has {len(found)} rows"
    raise SourceResponseError(
        f"{message}, where there are places of {count} channels.", source="alyx", table="channels"
    )
