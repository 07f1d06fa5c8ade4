"""Tasks of the demo's Alyx: what its pipelines did with each session, or still have to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sessionframes.demo.alyx.ids import made_id
from sessionframes.demo.alyx.people import CHANGED

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    Row = dict[str, Any]

#: Numbers of statuses.
WAITING, ERRORED, COMPLETE = 20, 40, 60
_EACH: Final = (
    ("EphysRegisterRaw", 0, None),
    ("EphysSyncPulses", 0, "EphysRegisterRaw"),
    ("SpikeSorting", 1, "EphysSyncPulses"),
    ("EphysDLC", 2, "EphysSyncPulses"),
)
_LOGS = (
    "2022-02-03 10:00:00 INFO job done, 3 outputs\n",
    "Traceback (most recent call last):\nTimeoutError: [Errno 110] Connection timed out\n",
    "Traceback (most recent call last):\nRuntimeError: CUDA error, 12.5 % of (device) memory left\n",
)
#: By position: complete, errored in either way, waiting, begun, held.
_STATUSES = (COMPLETE, COMPLETE, ERRORED, COMPLETE, WAITING, ERRORED, COMPLETE, 30, 25, COMPLETE, 55)


def task_rows(sessions: Iterable[Row]) -> list[Row]:
    """Return the tasks of these sessions: four of each."""
    return [row for at, session in enumerate(sessions) for row in _of_session(at, session["id"])]


def task_row(key: str, session: str | None, name: str | None, **told: Any) -> Row:
    """Return a task of which nothing is known but what is told.

    Parameters
    ----------
    key : str
        Its id.
    session : str or None
        That of its session.
    name : str or None
        Its name.
    **told
        Further fields.
    """
    return {
        "id": key,
        "session": session,
        "name": name,
        "parents": [],
        "data_repository": None,
        "status": WAITING,
        "priority": 60,
        "io_charge": 90,
        "level": 0,
        "gpu": 0,
        "cpu": None,
        "ram": 40,
        "time_out_secs": None,
        "time_elapsed_secs": None,
        "executable": None,
        "graph": "EphysExtractionPipeline",
        "log": None,
        "version": None,
        "datetime": CHANGED,
        "arguments": None,
        **told,
    }


def _of_session(at: int, session: str) -> Iterator[Row]:
    for number, (name, level, parent) in enumerate(_EACH):
        status = _STATUSES[(at * len(_EACH) + number) % len(_STATUSES)]
        is_over = status in (COMPLETE, ERRORED)
        log = _LOGS[0 if status == COMPLETE else 1 + (at + number) % 2]
        yield task_row(
            made_id("task", session, name),
            session,
            name,
            parents=[] if parent is None else [made_id("task", session, parent)],
            status=status,
            level=level,
            gpu=int(name == "SpikeSorting"),
            time_elapsed_secs=391.706 + at if is_over else None,
            executable=f"ibllib.pipes.ephys_preprocessing.{name}",
            log=log if is_over else None,
            version="2.10.1" if is_over else None,
            arguments={"probe": "probe00", "overwrite": True} if number % 2 else {},
        )
