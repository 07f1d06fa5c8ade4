"""What IBL's own examples ask for, and rows that are odd as none of the world's can be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sessionframes.demo.alyx.example_files import ACROSS, LAB, SEED_SESSION, SITES, example_datasets
from sessionframes.demo.alyx.ids import made_id
from sessionframes.demo.alyx.implants import ALLEN, NEEDLES, channel_row, insertion_row, trajectory_row
from sessionframes.demo.alyx.jsonb import JSON_NULL
from sessionframes.demo.alyx.people import (
    BEHAVIOR,
    EPHYS,
    HISTOLOGY,
    PRACTICE,
    SHARED_PROJECT,
    lab_row,
    repositories_of,
    subject_row,
    user_row,
)
from sessionframes.demo.alyx.sessions import QC, extended_qc, session_row
from sessionframes.demo.alyx.sites import ALIGNED, MANIPULATOR, PLANNED, TRACED, trajectory_id
from sessionframes.demo.alyx.tasks import COMPLETE, ERRORED, WAITING, task_row
from sessionframes.demo.draws import Draws

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sessionframes.demo.world import World

    Row = dict[str, Any]
    Rows = dict[str, list[Row]]


SEED_INSERTION: Final = "b749446c-18e3-4987-820a-50649ab0f826"
#: Its sorting numbers sites, not channels.
OLDEST_INSERTION: Final = made_id("insertion", "example", "oldest")
#: An animal of that name lives in two labs.
TWICE: Final = "KS022"
_OTHER_LAB = "cortexlab"
_EPHYS = "_iblrig_tasks_ephysChoiceWorld6.5.1"
_TRAINING = "_iblrig_tasks_trainingChoiceWorld6.4.2"
_MATLAB = "ibl_matlab_training"
_USERS = ("elena", "faruk", "zoé")
_ANIMALS = ("KS022", "DY_003", "DY_006", "Dop_019", "MFD_06")
_UNITS = 6
_DAY = "2021-02-05"


def example_records(world: World) -> Rows:
    """Return the rows of the examples.

    Parameters
    ----------
    world : World
        That they are added to: an animal of it has histology too.
    """
    sessions = _sessions(world)
    insertions = _insertions()
    made = example_datasets()
    for row in insertions:
        row["datasets"] = [
            one["id"]
            for one in made.datasets
            if row["session"] == SEED_SESSION and f"{one['collection']}/".startswith(f"alf/{row['name']}/")
        ]
    return {
        "labs": [lab_row(LAB, "Columbia University", "America/New_York")],
        "data-repository": repositories_of(LAB),
        "users": [user_row(name) for name in _USERS],
        "projects": [{"id": made_id("project", _MATLAB), "name": _MATLAB, "description": "", "users": []}],
        "subjects": [
            *(
                subject_row(name, name, LAB, sex="MF"[at % 2], birth_date="2020-09-01")
                for at, name in enumerate(_ANIMALS)
            ),
            subject_row(f"{TWICE} again", TWICE, _OTHER_LAB, sex="F"),
            subject_row("nobody's", "nobody's mouse, 100 %", None),
        ],
        "sessions": sessions,
        "insertions": insertions,
        "chronic-insertions": [
            {
                "id": made_id("chronic", 0),
                "name": "chronic0",
                "subject": _animal("DY_003"),
                "lab": LAB,
                "model": "NP2.1",
                "start_time": "2021-01-01T00:00:00",
                "serial": "20260100",
                "json": None,
            }
        ],
        "trajectories": _trajectories(),
        "channels": _channels(),
        "datasets": made.datasets,
        "files": made.records,
        "tasks": _tasks(),
        "notes": [
            {
                "id": made_id("note", 0),
                "user": "elena",
                "date_time": "2022-03-01T00:00:00",
                "content_type": "actions.session",
                "object_id": SEED_SESSION,
                "text": "Sign-off: discrepancy, see log",
                "image": None,
                "json": None,
            }
        ],
        "water-restriction": [
            {
                "id": made_id("restriction", 0),
                "subject": _animal("DY_003"),
                "start_time": "2020-10-14T08:00:00",
                "end_time": None,
                "water_type": "Water",
                "reference_weight": 21.5,
            }
        ],
    }


def _animal(name: str) -> str:
    return made_id("subject", name)


def _session(of: object, animal: str, lab: str | None = LAB, **told: Any) -> Row:
    given: Row = {
        "users": ["elena"],
        "lab": lab,
        "projects": [SHARED_PROJECT],
        "type": "Experiment",
        "task_protocol": _TRAINING,
        "procedures": [BEHAVIOR],
        "number": 1,
        "start_time": f"{_DAY}T10:00:00",
        "end_time": f"{_DAY}T11:00:00.250000",
        "location": f"_iblrig_{LAB}_behavior_0",
        **told,
    }
    return session_row(of, _animal(animal), **given)


def _sessions(world: World) -> list[Row]:
    checks = extended_qc(0, Draws(world.seed, 93).uniform(64).tolist())
    seed = _session(
        "seed",
        "KS022",
        procedures=[EPHYS, BEHAVIOR],
        users=["elena", "faruk"],
        task_protocol=f"{_EPHYS}/_iblrig_tasks_passiveChoiceWorld6.5.1",
        start_time="2021-03-01T14:05:04.964571",
        end_time="2021-03-01T15:23:02.964571",
        n_trials=600,
        n_correct_trials=305,
        qc=QC[2],
        extended_qc={**checks, "_videoLeft_pin_state": [True, 9, 0], "dlcLeft": "PASS", "videoLeft": "PASS"},
    )
    parent = made_id("session", "parent")
    mixed = {"task": 1, "dlcLeft": None, "behavior": True, "_videoLeft_pin_state": "5", "1": {"a": [1, 2.5]}}
    others = [
        _session("null lab", "MFD_06", None, location=None, qc=QC[3], extended_qc=mixed),
        _session("null start", "MFD_06", start_time=None, n_trials=0, n_correct_trials=0),
        _session("null number", "Dop_019", number=None, extended_qc=JSON_NULL, json=JSON_NULL),
        _session("no user", "DY_003", users=[], json=[1, "two", None], qc=QC[4], extended_qc={}),
        _session("matlab", "DY_003", projects=[_MATLAB, "MATLAB-psych"], number=2, type="Base"),
        _session(
            "parent", "DY_006", procedures=[EPHYS], task_protocol=_EPHYS, n_trials=200, n_correct_trials=101
        ),
        _session("child", "DY_006", parent_session=parent, type="Base", number=2, narrative="µ, 100 % (ok)"),
        _session(
            "histology", "KS022", procedures=[HISTOLOGY], task_protocol="", number=3, projects=[PRACTICE]
        ),
        session_row(
            "again",
            made_id("subject", f"{TWICE} again"),
            lab=_OTHER_LAB,
            number=1,
            start_time=f"{_DAY}T10:00:00",
            task_protocol=_EPHYS,
            extended_qc={"task": "fail", "videoBody": "PASS"},
        ),
        session_row("nobody's", made_id("subject", "nobody's"), narrative='"quoted", [110], \\ and\nmore'),
        session_row(
            "world's histology",
            made_id("subject", world.subjects["subject_id"][0].as_py()),
            procedures=[HISTOLOGY],
            lab=world.labs["lab_name"][0].as_py(),
            number=1,
            start_time="2019-12-24T00:00:00",
        ),
    ]
    # Of one day and one time, as nothing else tells them apart.
    ties = [
        _session(
            ("tie", at),
            _ANIMALS[at % 2],
            start_time="2022-05-05T09:00:00",
            end_time=None,
            number=at + 1,
            qc=QC[1],
        )
        for at in range(20)
    ]
    return [{**seed, "id": SEED_SESSION}, *others, *ties]


def _insertions() -> list[Row]:
    resolved = {
        "qc": "PASS",
        "n_units": _UNITS,
        "xyz_picks": [[-2243, -2000, -200], [-2243, -2000, -4000]],
        "extended_qc": {"alignment_resolved": True, "alignment_count": 2, "tracing_exists": True},
    }
    nulls: Row = dict.fromkeys(("qc", "n_units", "drift_rms_um", "extended_qc"))
    odd = {"qc": 10, "n_units": "many", "extended_qc": {"alignment_count": "2", "alignment_resolved": "yes"}}
    parent, child = (made_id("session", one) for one in ("parent", "child"))
    return [
        insertion_row(
            SEED_INSERTION, SEED_SESSION, "probe00", model="3B2", json=resolved, serial="18005106831"
        ),
        insertion_row(OLDEST_INSERTION, SEED_SESSION, "probe01", model="3A"),
        insertion_row(_insertion("untraced"), parent, "probe00", model="3B2", json=nulls),
        insertion_row(_insertion("odd"), parent, "probe01", model="NP2.4", json=odd, serial="20403312753"),
        insertion_row(_insertion("json null"), child, "probe00", json=JSON_NULL),
        insertion_row(
            _insertion("chronic"), child, "probe01", model="NP2.1", chronic_insertion=made_id("chronic", 0)
        ),
    ]


def _insertion(name: str) -> str:
    return made_id("insertion", "example", name)


def _trajectories() -> list[Row]:
    place = {
        "x": -2243.0,
        "y": -2000.0,
        "z": -200.0,
        "depth": 4000.0,
        "theta": 15.0,
        "phi": 180.0,
        "roll": 0.0,
    }
    aligned = {
        "2021-06-21T10:31:17_elena": [[-0.00029, 0.0019], [-0.00039, 0.00109], "PASS: None"],
        "2021-08-24T10:01:17_faruk": [[-0.00018, 0.00149], [0.00045, 0.00239], "PASS: None"],
    }
    chronic = trajectory_row("chronic", PLANNED, **place, datetime="2021-01-01T00:00:00.000001")
    return [
        trajectory_row(SEED_INSERTION, PLANNED, **place, coordinate_system=NEEDLES),
        trajectory_row(SEED_INSERTION, MANIPULATOR, **place),
        trajectory_row(SEED_INSERTION, TRACED, **place, coordinate_system=ALLEN),
        trajectory_row(SEED_INSERTION, ALIGNED, **place, json=aligned),
        trajectory_row(OLDEST_INSERTION, TRACED, **place),
        trajectory_row(_insertion("odd"), PLANNED, **place, coordinate_system=None, json=JSON_NULL),
        # Of an implant that stays, and of no session.
        {**chronic, "probe_insertion": None, "chronic_insertion": made_id("chronic", 0)},
    ]


def _channels() -> list[Row]:
    planned = trajectory_id(_insertion("odd"), PLANNED)
    return [
        # Where a probe was meant to be is no place.
        channel_row(made_id("channel", "planned"), planned, axial=20.0, lateral=0.0, brain_region=500, x=0.1),
        *_along(SEED_INSERTION, ALIGNED),
        *_along(OLDEST_INSERTION, TRACED),
    ]


def _along(insertion: str, provenance: int) -> Iterator[Row]:
    trajectory = trajectory_id(insertion, provenance)
    for site in range(SITES):
        axial = 20.0 * (1 + site // 2)
        yield channel_row(
            made_id("channel", insertion, site),
            trajectory,
            brain_region=(500, 985, 993, 382)[site // 96],
            axial=axial,
            lateral=float(ACROSS[site % 4]),
            x=-2243.0 + site / 8,
            y=-2000.4,
            z=-4200.2 + axial,
        )


def _tasks() -> list[Row]:
    dlc = [
        task_row(
            made_id("task", SEED_SESSION, at),
            SEED_SESSION,
            "EphysDLC" if at < 4 else "SpikeSorting",
            status=ERRORED,
            log=("TimeoutError: [Errno 110] Connection timed out", "ran out (of) memory, stopped", None)[
                at % 3
            ],
            arguments={"number": at},
        )
        for at in range(6)
    ]
    alone = task_row(made_id("task", "alone"), None, None, status=WAITING, graph=None, priority=None)
    done = task_row(
        made_id("task", "done"),
        made_id("session", "parent"),
        "SpikeSorting",
        status=COMPLETE,
        parents=[dlc[0]["id"], alone["id"]],
        data_repository=f"local_{LAB}",
        arguments=JSON_NULL,
        time_elapsed_secs=1e-3,
    )
    return [*dlc, alone, done]
