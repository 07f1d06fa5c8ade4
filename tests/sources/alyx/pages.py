"""Frames of records, as a connection makes them: flattened, put into pandas, validated."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from sessionframes.sources.alyx import (
    assets,
    channels,
    others,
    probes,
    projects,
    sessions,
    structures,
    subjects,
    tables,
    tables_more,
    tasks,
    trajectories,
)
from sessionframes.sources.alyx.groups import Listed
from sessionframes.tables.convert import to_frame
from sessionframes.tables.validation import validate

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from sessionframes.tables import Table

#: Table → its form, and what flattens its pages.
MADE = {
    "sessions": (tables.AlyxSessions, sessions.sessions),
    "probes": (tables.AlyxProbes, probes.probes),
    "trajectories": (tables.AlyxTrajectories, trajectories.trajectories),
    "channels": (tables.AlyxChannels, channels.channels),
    "assets": (tables_more.AlyxAssets, assets.assets),
    "tasks": (tables_more.AlyxTasks, tasks.tasks),
    "subjects": (tables_more.AlyxSubjects, subjects.subjects),
    "projects": (tables_more.AlyxProjects, projects.projects),
    "structures": (tables_more.AlyxStructures, structures.structures),
    **{name: (others.other_form(name), others.others_of) for name in others.other_endpoints()},
}


def form_of(table: str) -> type[Table]:
    """The form of a table."""
    return MADE[table][0]


def page_of(table: str, records: Sequence[Any], zone: str = "UTC", **around: Any) -> Listed:
    """A page with all columns of a table."""
    return Listed(list(records), tuple(form_of(table).dtypes()), ZoneInfo(zone), around)


def framed(table: str, records: Sequence[Any], zone: str = "UTC", **around: Any) -> pd.DataFrame:
    """The frame of some records; keywords are what is around them."""
    form, flatten = MADE[table]
    flat = flatten(form, page_of(table, records, zone, **around))
    assert flat.schema.equals(form.arrow_schema())
    return validate(to_frame(flat, form), form)
