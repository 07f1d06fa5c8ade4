"""Insertions of the demo's Alyx, their trajectories and channels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from sessionframes.demo.alyx.ids import made_id
from sessionframes.demo.alyx.people import CHANGED
from sessionframes.demo.alyx.regions import VOID
from sessionframes.demo.alyx.sites import (
    ALIGNED,
    BREGMA_UM,
    MANIPULATOR,
    PLANNED,
    TRACED,
    sites,
    trajectory_id,
)
from sessionframes.demo.structures import ENTRIES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sessionframes.demo.alyx.sites import Site
    from sessionframes.demo.world import World

    Row = dict[str, Any]
    Rows = dict[str, list[Row]]

#: The systems in which plans and what was found are told.
NEEDLES, ALLEN = "Needles-Allen", "IBL-Allen"
_QC = ("PASS", "WARNING", "FAIL", "NOT_SET", "CRITICAL")
_USERS = ("alice", "bruno")
_DECOYS = 24
_ANGLES: Final = (15.0, 180.0, 0.0)
_SERIALS = ("18005106831", "20403312753", "")


def implants(world: World, datasets: dict[str, list[str]]) -> Rows:
    """Return the rows that tell of probes.

    Parameters
    ----------
    world : World
        Whose facts they tell.
    datasets : dict of str to list of str
        The ids of the datasets of each insertion.
    """
    all_sites = sites(world)
    return {
        "coordinate-systems": [
            {"id": made_id("coordinate system", name), "name": name, "description": "", "json": None}
            for name in (NEEDLES, ALLEN)
        ],
        "insertions": [_insertion(site, datasets[site.insertion]) for site in all_sites],
        "trajectories": [row for site in all_sites for row in _trajectories(site)],
        "channels": [row for site in all_sites for row in _channels(site)],
    }


def insertion_row(key: str, session: str, name: str, **told: Any) -> Row:
    """Return an insertion of which nothing is known but what is told.

    Parameters
    ----------
    key, session : str
        Its id, and that of its session.
    name : str
        Such as probe00.
    **told
        Further fields.
    """
    return {
        "id": key,
        "session": session,
        "name": name,
        "model": None,
        "json": None,
        "serial": "",
        "auto_datetime": CHANGED,
        "chronic_insertion": None,
        "datasets": [],
        **told,
    }


def trajectory_row(insertion: str, provenance: int, **told: Any) -> Row:
    """Return a trajectory of which nothing is known but what is told."""
    return {
        "id": trajectory_id(insertion, provenance),
        "probe_insertion": insertion,
        "chronic_insertion": None,
        **dict.fromkeys(("x", "y", "z", "depth", "theta", "phi", "roll")),
        "provenance": provenance,
        "coordinate_system": NEEDLES if provenance in (PLANNED, MANIPULATOR) else ALLEN,
        "datetime": CHANGED,
        "json": None,
        **told,
    }


def channel_row(key: str, trajectory: str, **told: Any) -> Row:
    """Return a channel of which nothing is known but what is told; `key` is its id."""
    return {
        "id": key,
        "trajectory_estimate": trajectory,
        "brain_region": None,
        "name": "",
        "json": None,
        **dict.fromkeys(("axial", "lateral", "x", "y", "z")),
        **told,
    }


def _insertion(site: Site, datasets: list[str]) -> Row:
    return insertion_row(
        site.insertion,
        made_id("session", site.session),
        site.name,
        model=site.model,
        json=None if site.at % 7 == 6 else _told(site),
        serial=_SERIALS[site.at % len(_SERIALS)],
        datasets=datasets,
    )


def _told(site: Site) -> Row:
    """Return what pipelines write into the JSON of an insertion; any part may be missing."""
    good = site.units.filter(np.asarray(site.units["quality"].to_numpy(zero_copy_only=False) == "good"))
    count = 2 if site.resolved else int(site.provenance == ALIGNED)
    checks: Row = {"tracing_exists": site.known != "none", "alignment_count": count}
    if site.provenance == ALIGNED:
        checks |= {"alignment_resolved": site.resolved, "alignment_stored": _alignments(site)[-1]}
    else:
        checks |= {"alignment_resolved": False} if site.at % 2 else {}
    rates = site.units["firing_rate"].to_numpy()
    amplitudes = site.units["waveform_amplitude"].to_numpy()
    measured: Row = {
        "n_units": len(rates),
        "n_units_qc_pass": len(good),
        "firing_rate_max": round(float(rates.max()), 6),
        "firing_rate_median": round(float(np.median(rates)), 6),
        "amplitude_max_uV": round(float(amplitudes.max()), 6),
        "amplitude_median_uV": round(float(np.median(amplitudes)), 6),
        "drift_rms_um": round(5 + site.at % 9 * 1.25, 6),
        "whitening_matrix_conditioning": 8.613939,
    }
    if site.at % 4 == 3:
        measured = dict.fromkeys(measured)
    return {
        "qc": _QC[site.at % len(_QC)],
        "extended_qc": checks,
        **measured,
        **({"xyz_picks": _picks(site)} if site.known == "full" else {}),
        **({"todo_alignment": "alice"} if site.provenance == TRACED and site.known == "full" else {}),
    }


def _picks(site: Site) -> list[list[int]]:
    inside = np.flatnonzero(~np.isnan(site.bregma[0]))
    some = inside[:: max(1, len(inside) // 6)]
    return [[int(axis[one]) for axis in site.bregma] for one in some.tolist()]


def _alignments(site: Site) -> list[str]:
    """Return the keys of the alignments: when, and by whom."""
    made = [f"2021-04-{10 + site.at % 15:02}T10:25:17_{_USERS[site.at % 2]}"]
    if site.resolved:
        made.append(f"2021-08-24T10:01:17_{_USERS[(site.at + 1) % 2]}")
    return made


def _trajectories(site: Site) -> Iterator[Row]:
    theta, phi, roll = _ANGLES
    front, top, left = ENTRIES[site.name].surface
    planned = (left - BREGMA_UM[0], BREGMA_UM[1] - front, BREGMA_UM[2] - top)
    place = dict(zip("xyz", map(float, planned), strict=True))
    angles = {"depth": 3400.0, "theta": theta, "phi": phi, "roll": roll}
    yield trajectory_row(site.insertion, PLANNED, **place, **angles)
    if site.at % 3:
        yield trajectory_row(site.insertion, MANIPULATOR, **{**place, "x": place["x"] + 40.0}, **angles)
    if site.known != "full":
        # Without picks nothing but the row is made.
        yield trajectory_row(site.insertion, TRACED)
        return
    inside = np.flatnonzero(~np.isnan(site.bregma[0]))
    entry = dict(zip("xyz", (float(axis[inside[-1]]) for axis in site.bregma), strict=True))
    yield trajectory_row(site.insertion, TRACED, **entry, **{**angles, "theta": 15.636847459701782})
    if site.provenance == ALIGNED or site.at % 10 == 9:
        # One that was begun and left has no channels.
        told = {one: [[-0.00029, 0.0019], [-0.00039, 0.00109], "PASS: None"] for one in _alignments(site)}
        yield trajectory_row(site.insertion, ALIGNED, **entry, **angles, json=told)


def _channels(site: Site) -> Iterator[Row]:
    names = ["channel_id", "structure_id"]
    places = [f"probe_{name}_position" for name in ("vertical", "horizontal")]
    columns = (site.channels[name].to_pylist() for name in (*names, *places))
    x, y, z = ([None if np.isnan(one) else one for one in axis.tolist()] for axis in site.bregma)
    for at, (number, region, axial, lateral) in enumerate(zip(*columns, strict=True)):
        told = {"axial": float(axial), "lateral": float(lateral)}
        nowhere = VOID if at % 2 else None
        yield channel_row(
            made_id("channel", number),
            site.best,
            brain_region=nowhere if region is None else region,
            **told,
            x=x[at],
            y=y[at],
            z=z[at],
        )
        if site.at % 5 == 1 and site.provenance == ALIGNED and at < _DECOYS:
            # Where it was thought to be before.
            yield channel_row(
                made_id("channel", number, "traced"),
                trajectory_id(site.insertion, TRACED),
                brain_region=997,
                **told,
                x=-1000.0,
                y=-2000.0,
                z=-3000.0,
            )
