"""A small Alyx of rows made by hand, and a way to ask it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import requests

from sessionframes.demo.alyx.jsonb import JSON_NULL
from sessionframes.demo.alyx.store import made_id

if TYPE_CHECKING:
    from sessionframes.demo.alyx import AlyxServer

SESSIONS = {name: made_id("session", name) for name in ("ephys", "training", "bare", "child", "null")}
PROBE, ALIGNED, TRACED = (made_id("probe", name) for name in "abc")


def records() -> dict[str, list[dict[str, Any]]]:
    """Return a few rows with all that is odd."""
    subjects = [
        {"id": "s1", "nickname": "KS022", "lab": "cortexlab", "birth_date": "2020-01-05"},
        {"id": "s2", "nickname": "007", "lab": "angelakilab", "death_date": "2021-01-01"},
        {"id": "s3", "nickname": "KS022", "lab": "angelakilab"},
    ]
    qc = {"task": "FAIL", "behavior": 1, "_pins": [True, 9, 0], "focus": True, "none": None, "sub": {"a": -1}}
    sessions: list[dict[str, Any]] = [
        {
            "id": SESSIONS["ephys"],
            "subject": "s1",
            "lab": "cortexlab",
            "start_time": "2021-07-22T23:30:00.5",
            "number": 1,
            "n_trials": 55,
            "n_correct_trials": 28,
            "qc": 40,
            "extended_qc": qc,
            "users": ["a", "b"],
            "projects": ["matlab one", "matlab two"],
            "task_protocol": "ephysChoiceWorld",
            "json": {"n": 3},
            "narrative": "ran out, stopped (left) [x]",
            "procedures": ["Histology"],
        },
        {
            "id": SESSIONS["training"],
            "subject": "s1",
            "lab": "cortexlab",
            "start_time": "2021-07-23T00:10:00",
            "number": 2,
            "n_trials": 100,
            "n_correct_trials": 50,
            "qc": 10,
            "users": ["b"],
            "json": JSON_NULL,
            "extended_qc": {"task": "PASS", "_pins": [False], "behavior": True, "text": "1"},
            "projects": ["px"],
            "narrative": "calm\nand quiet\n",
        },
        {"id": SESSIONS["bare"], "subject": "s2", "lab": "angelakilab", "start_time": "2021-07-23T00:10:00"},
        {
            "id": SESSIONS["child"],
            "subject": "s2",
            "parent_session": SESSIONS["bare"],
            "extended_qc": {"task": None},
        },
        {"id": SESSIONS["null"], "subject": "s3", "lab": "angelakilab", "number": 1, "qc": 50},
    ]
    regions = [{"id": 0, "acronym": "void"}, {"id": 997, "acronym": "root", "parent": 0}]
    regions += [{"id": 1089, "acronym": "HPF", "parent": 997}, {"id": 382, "acronym": "CA1", "parent": 1089}]
    tasks = [
        {"name": "SpikeSorting", "status": 60, "session": SESSIONS["ephys"], "log": "007"},
        {"name": "EphysDLC", "status": 40, "session": SESSIONS["ephys"], "log": "TimeoutError: [Errno 110]"},
        {"name": "SpikeSorting", "status": 40, "session": SESSIONS["training"]},
    ]
    tasks = [{"id": made_id("task", str(number)), **row} for number, row in enumerate(tasks)]
    trajectories = [{"id": key, "probe_insertion": PROBE, "x": -1.5} for key in (ALIGNED, TRACED)]
    for row, provenance in zip(trajectories, (70, 50), strict=True):
        row["provenance"] = provenance
    channels = [
        {"id": made_id("channel", str(number)), "trajectory_estimate": ALIGNED, "axial": 20.0 * number}
        for number in range(40)
    ]
    channels[0]["brain_region"] = 382
    dataset = {"id": made_id("dataset", "x"), "name": "spikes.times.npy", "session": SESSIONS["ephys"]}
    dataset |= {
        "collection": "alf/probe00",
        "dataset_type": "spikes.times",
        "tags": ["open", "kept"],
        "file_size": 4,
    }
    copies = [
        {
            "id": made_id("file", place),
            "dataset": dataset["id"],
            "data_repository": place,
            "exists": place == "flatiron",
        }
        for place in ("flatiron", "aws")
    ]
    for copy in copies:
        copy["relative_path"] = "KS022/2021-07-22/001/alf/probe00/spikes.times.npy"
    return {
        "subjects": subjects,
        "sessions": sessions,
        "brain-regions": regions,
        "tasks": tasks,
        "insertions": [{"id": PROBE, "session": SESSIONS["ephys"], "name": "probe00", "model": "NP2.4"}],
        "trajectories": trajectories,
        "channels": channels,
        "datasets": [dataset],
        "files": copies,
        "tags": [{"name": "kept", "protected": True}, {"name": "open", "public": True}],
        "water-restriction": [{"id": "w", "subject": "s1", "start_time": "2020-01-01T00:00:00"}],
        "data-repository": [{"name": "flatiron", "data_url": "{data}/cortexlab/"}, {"name": "aws"}],
    }


class Asker:
    """Sends requests to a server, as somebody with a role or, with None, as nobody."""

    def __init__(self, server: AlyxServer) -> None:
        self.server = server

    def __call__(
        self, method: str, path: str, *, role: str | None = "member", **others: Any
    ) -> requests.Response:
        headers = {"Authorization": f"Token {self.server.tokens[role]}"} if role else {}
        headers |= others.pop("headers", {})
        return requests.request(method, f"{self.server.url}{path}", headers=headers, timeout=10, **others)

    def get(self, path: str, **params: Any) -> Any:
        """The body of a good answer."""
        answer = self("GET", path, params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def ids(self, path: str, **params: Any) -> list[str]:
        """The ids of a list."""
        return [row["id"] for row in self.get(path, **params)["results"]]

    def sessions(self, django: str) -> set[str]:
        """The names of the sessions that a filter means, each of which must come once."""
        found = self.ids("/sessions", django=django)
        assert len(found) == len(set(found))
        return {name for name, key in SESSIONS.items() if key in found}

    def refusal(self, path: str, **params: Any) -> tuple[int, str]:
        """The status and the words of an answer."""
        answer = self("GET", path, params=params)
        return answer.status_code, answer.json().get("detail")
