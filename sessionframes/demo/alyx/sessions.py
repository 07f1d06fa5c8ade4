"""Sessions of the demo's Alyx, with what was found out about their quality."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from sessionframes.demo.alyx.ids import made_id
from sessionframes.demo.alyx.people import (
    BEHAVIOR,
    CHANGED,
    EPHYS,
    PRACTICE,
    SHARED_PROJECT,
    lab_project,
    location,
    moment,
)
from sessionframes.demo.draws import Draws

if TYPE_CHECKING:
    from sessionframes.demo.world import World

    Row = dict[str, Any]

#: The numbers of NOT_SET, PASS, WARNING, FAIL and CRITICAL.
QC: Final = (0, 10, 30, 40, 50)
_LABELS = ("NOT_SET", "PASS", "WARNING", "FAIL", "CRITICAL")
_TASK = ("iti_delays", "goCue_delays", "trial_length", "stimOn_delays", "reward_volumes", "wheel_integrity")
_STREAM = 91


def session_rows(world: World) -> list[Row]:
    """Return the sessions of the world, in its order."""
    labs = {row["lab_id"]: row["lab_name"] for row in world.labs.to_pylist()}
    return [
        _session(at, row, labs[row["lab_id"]], world.seed)
        for at, row in enumerate(world.sessions.to_pylist())
    ]


def session_row(of: object, subject: str, **told: Any) -> Row:
    """Return a session of which nothing is known but what is told."""
    return {
        "id": made_id("session", of),
        "subject": subject,
        "users": [],
        "location": None,
        "procedures": [],
        "lab": None,
        "projects": [],
        "type": None,
        "task_protocol": "",
        "number": None,
        "start_time": None,
        "end_time": None,
        "narrative": "",
        "parent_session": None,
        "n_trials": None,
        "n_correct_trials": None,
        "qc": QC[0],
        "extended_qc": None,
        "json": None,
        "auto_datetime": CHANGED,
        **told,
    }


def session_folder(row: Row) -> str:
    """Return the day and number that the path of a session's files has."""
    day = (row["start_time"] or "2019-01-09")[:10]
    return f"{day}/{row['number'] or 1:03}"


def _session(at: int, row: Row, lab: str, seed: int) -> Row:
    start = row["start_time"]
    drawn = Draws(seed, _STREAM, at).uniform(64).tolist()
    trials = None if at % 5 == 4 else 300 + int(drawn[0] * 700)
    second = [SHARED_PROJECT] if at % 2 == 0 else []
    return session_row(
        row["session_id"],
        made_id("subject", row["subject_id"]),
        users=[row["operator_name"], *(["alice"] if at % 3 == 0 and row["operator_name"] != "alice" else [])],
        location=location(lab, row["rig_name"]),
        procedures=[EPHYS, BEHAVIOR] if at % 3 else [EPHYS],
        lab=lab,
        projects=[PRACTICE] if at % 7 == 6 else [lab_project(lab), *second],
        type=("Experiment", "Base", None)[at % 3],
        task_protocol=row["session_type"],
        number=1 + at % 2,
        start_time=moment(start),
        end_time=None if start is None else moment(start + timedelta(seconds=9000)),
        narrative="µ-pipette à gauche, 100 % ok" if at % 4 == 1 else "",
        n_trials=trials,
        n_correct_trials=None if trials is None else int(trials * (0.4 + 0.55 * drawn[1])),
        qc=QC[at % len(QC)],
        extended_qc=None if at % 6 == 5 else extended_qc(at, drawn[2:]),
        json={"IS_MOCK": False, "POOP_COUNT": at % 5, "IBLRIG_VERSION": "6.4.2"} if at % 4 else None,
    )


def extended_qc(at: int, drawn: list[float]) -> Row:
    """Return the checks of a session.

    Parameters
    ----------
    at : int
        Which session: by it some checks are left out.
    drawn : list of float
        At least 30 numbers from 0 to 1.
    """
    following = iter(drawn)
    told: Row = {"task": _label(next(following)), "behavior": int(next(following) < 0.7)}
    for name in _TASK:
        value = next(following)
        told[f"_task_{name}"] = None if value < 0.1 else round(0.8 + 0.2 * value, 6)
    for camera in ("Left", "Right", "Body")[: 3 - at % 4] if at % 4 < 3 else ():
        told[f"video{camera}"], told[f"dlc{camera}"] = (_label(next(following)) for _ in range(2))
        good = next(following) < 0.8
        told[f"_video{camera}_focus"] = good if next(following) < 0.9 else None
        told[f"_video{camera}_pin_state"] = [good, int(next(following) * 12), 0]
        told[f"_video{camera}_framerate"] = [good, round(60 + next(following), 3)]
    return told


def _label(drawn: float) -> str:
    return _LABELS[int(drawn * len(_LABELS))]
