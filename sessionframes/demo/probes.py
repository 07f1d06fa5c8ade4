"""Probes of the demo world: five or six a session, as far as the scale allows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sessionframes.demo.cast import CAST, ODD_PROBE_PARTS, ODD_PROBES, WITHOUT_PROBES
from sessionframes.demo.draws import Draws, Shape
from sessionframes.demo.structures import PROBE_NAMES

if TYPE_CHECKING:
    from collections.abc import Sequence

    Row = dict[str, Any]

_PROBES_AT_SCALE_ONE = 350
_HISTOLOGY = ("full", "area", "none")
_SURFACE = Shape(220, 235, 250, 272, 296, 320, 345, 356, 364, digits=0)
#: How far the probe's own clock is from the nominal rate, in parts per million.
_CLOCK_PPM = Shape(-3.3, -3.2, -3.1, -2.7, -0.4, 0.1, 2.0, 9.5, 10.5)


def probes(draws: Draws, sessions: Sequence[Row], scale: float) -> list[Row]:
    """Draw the probes of these sessions.

    Parameters
    ----------
    draws : Draws
        Where the numbers come from.
    sessions : list of dict
        All sessions of the world, the cast first.
    scale : float
        How large the world is; a small world has sessions of one or two probes.

    Returns
    -------
    list of dict
        One row per probe, session after session. ``histology`` says how much is known of its place: "full",
        "area" (only which cortical area it entered) or "none".
    """
    numbers = _probes_per_session(draws, len(sessions), scale)
    rows = sum(numbers)
    columns = {
        "probe_id": draws.ids(729_000_000, 40_000, rows),
        "surface_channel_index": _SURFACE.at(draws.uniform(rows)).astype(np.int64),
        "air": draws.below(18, rows),
        "ppm": _CLOCK_PPM.at(draws.uniform(rows)),
        "histology": draws.pick((82, 12, 6), rows),
        "has_lfp_data": draws.chance(0.97, rows),
        "is_failed": draws.chance(0.02, rows),
    }
    drawn = [{name: values[at].item() for name, values in columns.items()} for at in range(rows)]
    upcoming = iter(drawn)
    made = []
    for at, (session, number) in enumerate(zip(sessions, numbers, strict=True)):
        # Every twelfth session used the newer probes; the cast did not.
        phase = "PXI" if at % 12 == 0 and at >= len(CAST) else "3a"
        first = 0 if number > 1 else at % len(PROBE_NAMES)
        names = PROBE_NAMES[first : first + number]
        made += [_probe(session, name, phase, next(upcoming)) for name in names]
    for probe, (_, differing) in zip(made, ODD_PROBE_PARTS, strict=False):
        probe.update(workflow_state="created", has_lfp_data=True, histology="full")
        probe.update(differing)
    return made


def oddities(rows: Sequence[Row]) -> dict[str, list[int]]:
    """Return the ids of the odd probes, by the name of what is odd about them."""
    return {name: [row["probe_id"]] for row, (name, _) in zip(rows, ODD_PROBE_PARTS, strict=False)}


def _probes_per_session(draws: Draws, sessions: int, scale: float) -> list[int]:
    usual = [6, 5, 4]
    drawn = [usual[pick] for pick in draws.pick((82, 16, 2), sessions)]
    affordable = round(_PROBES_AT_SCALE_ONE * scale / sessions)
    numbers = [max(1, min(number, affordable)) for number in drawn]
    numbers[ODD_PROBES] = len(PROBE_NAMES)
    numbers[WITHOUT_PROBES] = 0
    return numbers


def _probe(session: Row, name: str, phase: str, drawn: Row) -> Row:
    surface = drawn["surface_channel_index"]
    known = drawn["histology"] != _HISTOLOGY.index("none")
    clock = 1 + drawn["ppm"] * 1e-6
    return {
        "probe_id": drawn["probe_id"],
        "session_id": session["session_id"],
        "probe_name": name,
        "probe_phase": phase,
        "sampling_rate": round(30_000 * clock, 6),
        "lfp_sampling_rate": round(2_500 * clock, 6),
        "lfp_temporal_subsampling_factor": 2.0,
        "air_channel_index": min(surface + 10 + drawn["air"], 383) if known else None,
        "surface_channel_index": surface,
        "has_lfp_data": drawn["has_lfp_data"],
        "workflow_state": "failed" if drawn["is_failed"] else "created",
        "histology": _HISTOLOGY[drawn["histology"]],
    }
