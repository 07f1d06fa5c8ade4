"""What the International Brain Laboratory published, as the records of Alyx that it was made from."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from tests.sources.alyx.pages import framed

if TYPE_CHECKING:
    from pathlib import Path

METRE = 1e6  # um
ALIGNED = "Ephys aligned histology track"


def insertions(shared_data: Path) -> list[dict[str, Any]]:
    """Answers of the laboratory's own Alyx, of September 2022."""
    text = (shared_data / "ibl_bwm" / "insertions_details.json").read_text(encoding="utf-8")
    listed: list[dict[str, Any]] = json.loads(text)
    return listed


def sessions_of(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The sessions that insertions tell of, each once."""
    told = {one["session_info"]["id"]: one["session_info"] for one in records}
    return list(told.values())


def cached_sessions(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Sessions of a cache table of ONE, of either making: ids are text or two numbers."""
    projects = "projects" if "projects" in table else "project"
    return [
        {
            "id": eid_of_index(one.Index),
            "url": None,
            "subject": one.subject,
            "start_time": one.date.isoformat(),
            "number": int(one.number),
            "lab": one.lab,
            "projects": [name for name in (getattr(one, projects) or "").split(",") if name],
            "task_protocol": one.task_protocol,
        }
        for one in table.itertuples()
    ]


def eid_of_index(index: Any) -> str:
    """The id of a session, as text, or as two numbers of 64 bits."""
    if isinstance(index, str):
        return index
    return str(uuid.UUID(bytes=np.array(index, dtype=np.int64).tobytes()))


def structures(shared_data: Path) -> list[dict[str, Any]]:
    """The brain regions, as the Allen Institute has them, and the one that is none."""
    tree = pd.read_csv(shared_data / "pypi_reference" / "allen_structure_tree.csv", keep_default_na=False)
    void = {"id": 0, "acronym": "void", "name": "void", "parent": None, "related_descriptions": []}
    found = [
        {
            "id": int(one.id),
            "acronym": one.acronym,
            "name": one.name,
            # Alyx has the outermost within the void.
            "parent": int(float(one.parent_structure_id or 0)),
            "related_descriptions": [],
        }
        for one in tree.itertuples(index=False)
        if one.id != 0
    ]
    return [void, *found]


def channels(table: pd.DataFrame, eid_of: dict[str, str], regions: list[dict[str, Any]]) -> pd.DataFrame:
    """Our frame of channels, each named by its probe and site; all probes are of one model."""
    pids, sites = (table.index.get_level_values(level) for level in range(2))
    records = [
        {
            "id": f"{pid}:c{site}",
            "trajectory_estimate": pid,
            "brain_region": int(one.atlas_id),
            "name": "",
            "json": None,
            "axial": one.axial_um,
            "lateral": one.lateral_um,
            "x": one.x * METRE,
            "y": one.y * METRE,
            "z": one.z * METRE,
        }
        for pid, site, one in zip(pids, sites, table.itertuples(), strict=True)
    ]
    tracks = {
        pid: {"id": pid, "probe_insertion": pid, "provenance": ALIGNED, "session": {"id": eid_of[pid]}}
        for pid in pids.unique()
    }
    around = {
        "trajectories": tracks,
        "structures": {one["id"]: one for one in regions},
        "models": dict.fromkeys(tracks, "3B2"),
    }
    return framed("channels", records, **around)


def trajectories(table: pd.DataFrame, eid_of: dict[str, str]) -> list[dict[str, Any]]:
    """The tracks of probes; where the brain's surface is along the vertical is not told."""
    return [
        {
            "id": one.Index,
            "probe_insertion": one.Index,
            "x": one.x,
            "y": one.y,
            "z": None,
            "depth": one.depth,
            "theta": one.theta,
            "phi": one.phi,
            "roll": None,
            "provenance": ALIGNED,
            "session": {"id": eid_of[one.Index]} if one.Index in eid_of else None,
            "coordinate_system": "IBL-Allen",
            "datetime": "2022-09-30T21:10:07.272046",
            "json": None,
        }
        for one in table.itertuples()
    ]
