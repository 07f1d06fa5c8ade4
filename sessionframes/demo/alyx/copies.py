"""More sessions, and more channels, than the world has: for measurements."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sessionframes.demo.alyx.ids import made_id
from sessionframes.demo.alyx.implants import channel_row, insertion_row, trajectory_row
from sessionframes.demo.alyx.people import lab_project, moment, subject_row
from sessionframes.demo.alyx.sessions import QC, session_row
from sessionframes.demo.alyx.sites import ALIGNED, trajectory_id
from sessionframes.demo.structures import STRUCTURES

if TYPE_CHECKING:
    from collections.abc import Iterator

    Row = dict[str, Any]
    Rows = dict[str, list[Row]]

_ANIMALS, _SITES, _PROBES = 40, 384, 2
_FIRST = datetime(2020, 1, 1, 17)  # noqa: DTZ001  as Alyx has it
#: So many begin at the same time: nothing breaks such ties.
_AT_ONCE = 20
_ACROSS = (43.0, 11.0, 59.0, 27.0)
_PROTOCOLS = ("_iblrig_tasks_ephysChoiceWorld6.5.1", "_iblrig_tasks_trainingChoiceWorld6.4.2")


def copies(made: Rows, sessions: int | None, channels: int | None) -> Rows:
    """Return what is missing: rows to add to those that there are.

    Parameters
    ----------
    made : dict of str to list of dict
        What there is.
    sessions, channels : int, optional
        At least so many are wanted. Channels have insertions, two in a session.
    """
    labs = [row["name"] for row in made["labs"]]
    missing = max(0, (sessions or 0) - len(made["sessions"]))
    probes = -(-max(0, (channels or 0) - len(made["channels"])) // _SITES)
    number = max(missing, -(-probes // _PROBES))
    if not number:
        return {}
    added = [_session(at, labs) for at in range(number)]
    insertions = [
        insertion_row(
            made_id("insertion", "copy", at),
            added[at // _PROBES]["id"],
            f"probe{at % _PROBES:02}",
            model="3B2",
            json={"qc": "PASS", "extended_qc": {"tracing_exists": True, "alignment_resolved": True}},
            serial="18005106831",
        )
        for at in range(probes)
    ]
    place = {"x": -2243.0, "y": -2000.0, "z": -200.0, "depth": 4000.0, "theta": 15.0, "phi": 180.0}
    return {
        "subjects": [
            subject_row(f"copy {at}", f"COPY_{at:03}", labs[at % len(labs)], sex="MF"[at % 2])
            for at in range(min(_ANIMALS, number))
        ],
        "sessions": added,
        "insertions": insertions,
        "trajectories": [trajectory_row(one["id"], ALIGNED, **place, json={}) for one in insertions],
        "channels": [row for one in insertions for row in _channels(one["id"])],
    }


def _session(at: int, labs: list[str]) -> Row:
    animal = at % _ANIMALS
    lab = labs[animal % len(labs)]
    start = _FIRST + timedelta(days=at // _AT_ONCE)
    return session_row(
        f"copy {at}",
        made_id("subject", f"copy {animal}"),
        users=["alice"],
        lab=lab,
        projects=[lab_project(lab)],
        type="Experiment",
        task_protocol=_PROTOCOLS[at % len(_PROTOCOLS)],
        number=1,
        start_time=moment(start),
        end_time=moment(start + timedelta(hours=1)),
        n_trials=500 + at % 300,
        n_correct_trials=300 + at % 200,
        qc=QC[at % len(QC)],
        extended_qc={"task": "PASS", "behavior": at % 2},
    )


def _channels(insertion: str) -> Iterator[Row]:
    trajectory = trajectory_id(insertion, ALIGNED)
    regions = list(STRUCTURES.values())
    for site in range(_SITES):
        axial = 20.0 * (1 + site // 2)
        yield channel_row(
            made_id("channel", insertion, site),
            trajectory,
            brain_region=regions[site // 8],
            axial=axial,
            lateral=_ACROSS[site % len(_ACROSS)],
            x=-2243.0 + site / 8,
            y=-2000.4 - site / 16,
            z=-4200.2 + axial,
        )
