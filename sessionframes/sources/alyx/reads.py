"""How each table of Alyx is read: which endpoint is asked, and what its records become."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sessionframes.source import Plan, Read
from sessionframes.sources.alyx import (
    assets,
    channels,
    probes,
    projects,
    sessions,
    structures,
    subjects,
    tasks,
    trajectories,
    units,
)
from sessionframes.sources.alyx.arguments import arguments_of
from sessionframes.sources.alyx.asked import (
    AssetsAsked,
    OthersAsked,
    ProbesAsked,
    SessionsAsked,
    TasksAsked,
    TrajectoriesAsked,
)
from sessionframes.sources.alyx.asked_channels import ChannelsAsked
from sessionframes.sources.alyx.asked_files import FROM_FILES, SWITCHES, with_files
from sessionframes.sources.alyx.compiled import narrowed
from sessionframes.sources.alyx.endpoints import OF_TABLE
from sessionframes.sources.alyx.further import Further
from sessionframes.sources.alyx.named import named_fields
from sessionframes.sources.alyx.others import endpoint_of, other_endpoints, other_form, others_of
from sessionframes.sources.alyx.tables import AlyxChannels, AlyxProbes, AlyxSessions, AlyxTrajectories
from sessionframes.sources.alyx.tables_more import (
    AlyxAssets,
    AlyxProjects,
    AlyxStructures,
    AlyxSubjects,
    AlyxTasks,
)
from sessionframes.sources.alyx.tables_units import AlyxUnits
from sessionframes.sources.alyx.units_asked import compile_units

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import timezone
    from zoneinfo import ZoneInfo

    import pyarrow as pa

    from sessionframes.query import Query
    from sessionframes.sources.alyx.asked import Asked
    from sessionframes.sources.alyx.compiled import Narrowed
    from sessionframes.sources.alyx.groups import Listed
    from sessionframes.tables import Table

    Make = Callable[[Narrowed, tuple[str, ...]], Asked]
    Flatten = Callable[[type[Table], Listed], pa.Table]

#: Table → its form, what asks for it, and what makes its columns.
_TABLES: Mapping[str, tuple[type[Table], Make | None, Flatten]] = {
    "sessions": (AlyxSessions, SessionsAsked, sessions.sessions),
    "probes": (AlyxProbes, ProbesAsked, probes.probes),
    "channels": (AlyxChannels, ChannelsAsked, channels.channels),
    "trajectories": (AlyxTrajectories, TrajectoriesAsked, trajectories.trajectories),
    "subjects": (AlyxSubjects, None, subjects.subjects),
    "projects": (AlyxProjects, None, projects.projects),
    "structures": (AlyxStructures, None, structures.structures),
    "assets": (AlyxAssets, AssetsAsked, assets.assets),
    "tasks": (AlyxTasks, TasksAsked, tasks.tasks),
}


def reads_of(zone: ZoneInfo | timezone) -> dict[str, Read]:
    """Return how the tables of an Alyx are read.

    Parameters
    ----------
    zone : tzinfo
        Of the server's clock, by which its filters on times have to be told.
    """
    reads = {name: _read(name, form, make, flatten, zone) for name, (form, make, flatten) in _TABLES.items()}
    reads["channels"] = _from_files_too(reads["channels"])
    units_read = Read(AlyxUnits, compile_units, units.units)
    others = {name: _read(name, other_form(name), None, others_of, zone) for name in other_endpoints()}
    first = {name: reads.pop(name) for name in ("sessions", "probes", "channels")}
    return {**first, "units": units_read, **reads, **others}


def _from_files_too(read: Read) -> Read:
    """Return how channels are read, with a switch for those that only files know."""

    def compiled(query: Query) -> Plan:
        return with_files(query, read.compile(query))

    return replace(read, compile=compiled, switches=SWITCHES, brings={FROM_FILES: None})


def _read(
    name: str, form: type[Table], make: Make | None, flatten: Flatten, zone: ZoneInfo | timezone
) -> Read:
    endpoint = (OF_TABLE.get(name) or endpoint_of(name)).name

    def compiled(query: Query) -> Plan:
        asked = narrowed(query, endpoint, zone)
        marks = tuple(mark.name for mark in asked.marks)
        if asked.is_impossible:
            return Plan((), asked.residual, narrowing=asked.narrowing, marks=marks)
        columns = query.needed(asked.residual)
        request: Any = OthersAsked(asked, columns, endpoint) if make is None else make(asked, columns)
        return Plan(
            (request,), asked.residual, narrowing=asked.narrowing, marks=marks, further=request.further
        )

    further = Further(endpoint, name, named_fields(endpoint, name))
    dear = (*sessions.DEAR, "performance") if name == "sessions" else ()
    return Read(form, compiled, flatten, arguments_of(name), further=further, on_request=dear)
