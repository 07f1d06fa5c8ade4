"""Channels of the demo world: where each recording site is on the probe and in the brain."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sessionframes.demo.columns import column, ids_where, table
from sessionframes.demo.structures import ENTRIES, STRUCTURES, TRACKS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sessionframes.demo.draws import Draws, Floats, Ints

    Row = dict[str, Any]

_SITES = 384
#: Sites that are wired as a reference and have no row.
_REFERENCES = {"3a": (36, 75, 112, 151, 188, 227, 264, 303, 340, 379), "PXI": (191,)}
_HORIZONTAL_UM = np.array([43, 11, 59, 27], dtype=np.int64)
_OUTSIDE = -1


@dataclass(frozen=True)
class Channels:
    """The table of channels, and what units need to find their place in it.

    Attributes
    ----------
    table : pyarrow.Table
        One row per channel; those of a probe lie together, deepest first.
    first, total, inside : numpy.ndarray of int64
        Of each probe: the row of its first channel, how many it has, and how many of them are in the brain.
    """

    table: pa.Table
    first: Ints
    total: Ints
    inside: Ints


def channels(draws: Draws, probes: Sequence[Row]) -> Channels:
    """Place the channels of these probes.

    Parameters
    ----------
    draws : Draws
        Where the numbers come from.
    probes : list of dict
        All probes of the world.

    Returns
    -------
    Channels
        Positions on the probe and CCFv3 coordinates in um, structures, and whether the data are valid.
    """
    sites = [_sites(probe["probe_phase"]) for probe in probes]
    total = np.array([len(site) for site in sites], dtype=np.int64)
    inside = np.array(
        [
            np.searchsorted(site, probe["surface_channel_index"])
            for site, probe in zip(sites, probes, strict=True)
        ],
        dtype=np.int64,
    )
    index = np.concatenate(sites)
    of_probe = np.repeat(np.arange(len(probes)), total)
    depth = _depth(index, np.array([probe["surface_channel_index"] for probe in probes])[of_probe])
    structure = _structures(draws, probes, depth, total)
    rows = len(index)
    invalid, unknown = draws.chance(0.01, rows), draws.chance(0.003, rows)
    columns = {
        "channel_id": draws.ids(849_000_000, 5, rows),
        "probe_id": np.array([probe["probe_id"] for probe in probes])[of_probe],
        "session_id": np.array([probe["session_id"] for probe in probes])[of_probe],
        "probe_channel_number": index,
        "probe_vertical_position": 20 * (1 + index // 2),
        "probe_horizontal_position": _HORIZONTAL_UM[index % 4],
        "structure_id": column(structure, null=structure == _OUTSIDE),
        **_coordinates(draws, probes, depth, of_probe),
        "valid_data": column(~invalid, null=unknown),
    }
    first = np.cumsum(total) - total
    return Channels(table(columns), first.astype(np.int64), total, inside)


def oddities(channels: pa.Table) -> dict[str, list[int]]:
    """Return the ids of the odd channels, by the name of what is odd about them."""
    ids, valid = channels["channel_id"], channels["valid_data"]
    return {
        "channel_invalid": ids_where(ids, pc.invert(valid)),
        "channel_null_valid_data": ids_where(ids, valid.is_null()),
    }


def _sites(phase: str) -> Ints:
    wired = np.ones(_SITES, dtype=bool)
    wired[list(_REFERENCES[phase])] = False
    return np.flatnonzero(wired).astype(np.int64)


def _depth(index: Ints, surface: Ints) -> Floats:
    """Return how far below the surface each channel is, in um; negative above it."""
    depth: Floats = ((surface - 1) // 2 - index // 2) * np.float64(20)
    return depth


def _structures(draws: Draws, probes: Sequence[Row], depth: Floats, total: Ints) -> Ints:
    choice, stretch = draws.uniform(len(probes)), draws.uniform(len(probes))
    ends = np.cumsum(total)
    parts = []
    for at, probe in enumerate(probes):
        tracks = TRACKS[probe["probe_name"]]
        track = tracks[int(choice[at] * len(tracks))]
        if probe["histology"] == "area":
            track = (track[0], ("grey", 0.0))
        own = depth[ends[at] - total[at] : ends[at]]
        known = probe["histology"] != "none"
        parts.append(_along(track, own, 0.9 + 0.2 * stretch[at]) if known else np.full(len(own), _OUTSIDE))
    return np.concatenate(parts).astype(np.int64)


def _along(track: Sequence[tuple[str, float]], depth: Floats, stretch: float) -> Ints:
    ends = np.cumsum([thickness for _, thickness in track[:-1]]) * stretch
    ids = np.array([STRUCTURES[acronym] for acronym, _ in track], dtype=np.int64)
    return np.where(depth < 0, _OUTSIDE, ids[np.searchsorted(ends, depth, side="right")])


def _coordinates(draws: Draws, probes: Sequence[Row], depth: Floats, of_probe: Ints) -> dict[str, Any]:
    unknown = (depth < 0) | np.array([probe["histology"] != "full" for probe in probes])[of_probe]
    axes = ("anterior_posterior", "dorsal_ventral", "left_right")
    entries = [ENTRIES[probe["probe_name"]] for probe in probes]
    columns: dict[str, Any] = {}
    for axis, name in enumerate(axes):
        off, tilt, warp = (draws.uniform(len(probes)) - 0.5 for _ in range(3))
        surface = np.array([entry.surface[axis] for entry in entries]) + 400 * off
        slope = np.array([entry.direction[axis] for entry in entries]) + 0.06 * tilt
        # Brains are warped to the atlas: the path is slightly bent.
        bend = 4e-5 * warp
        along = surface[of_probe] + depth * slope[of_probe] + depth * depth * bend[of_probe]
        columns[f"{name}_ccf_coordinate"] = column(np.rint(along), null=unknown)
    return columns
