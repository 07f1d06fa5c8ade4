"""The demo's Alyx, asked by the real ONE: good enough for it, and what it answers is what our frames hold."""

from __future__ import annotations

import hashlib
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

import sessionframes as sf
from sessionframes import Q
from sessionframes.demo.alyx import AlyxServer
from tests.real_clients.environment import EnvironmentUnavailableError, isolated_python
from tests.real_clients.one_client import PYTHON_VERSION, REQUIREMENTS, OneClient

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sessionframes.demo.world import World

# The first test may have to wait until the client is installed.
pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="session")
def one_python() -> Path:
    """The interpreter of an environment with ONE."""
    try:
        return isolated_python("one", REQUIREMENTS, version=PYTHON_VERSION)
    except EnvironmentUnavailableError as reason:
        pytest.skip(f"ONE cannot be installed here: {reason}")


@contextmanager
def started(python: Path, server: AlyxServer, home: Path, **told: Any) -> Iterator[OneClient]:
    """ONE, logged in at a server."""
    login = {"username": server.username, "password": server.password}
    client = OneClient(python, {"url": server.url, "data_url": server.data_url, **login, **told}, home)
    try:
        yield client
    finally:
        client.close()


@pytest.fixture(scope="module")
def server(world: World) -> Iterator[AlyxServer]:
    with AlyxServer(world, examples=True) as running:
        yield running


@pytest.fixture(scope="module")
def one(one_python, server, tmp_path_factory) -> Iterator[OneClient]:
    with started(one_python, server, tmp_path_factory.mktemp("one")) as client:
        yield client


@pytest.fixture(scope="module")
def db(server) -> Iterator[Any]:
    with sf.connect("alyx", url=server.url, username=server.username, password=server.password) as opened:
        yield opened


def by_key(records: list[dict[str, Any]], key: str = "id") -> dict[str, dict[str, Any]]:
    return {str(record[key]): record for record in records}


@pytest.mark.parametrize(
    ("endpoint", "key"),
    [
        ("sessions", "id"),
        ("insertions", "id"),
        ("trajectories", "id"),
        ("channels", "id"),
        ("tasks", "id"),
        ("datasets", "url"),
        ("brain-regions", "id"),
        ("subjects", "id"),
        ("labs", "name"),
        ("projects", "name"),
        ("weighings", "url"),
    ],
)
def test_lists_are_the_same(one, db, endpoint, key):
    ours = by_key(db.rest(endpoint), key)
    # A page that holds all loses no row.
    theirs = by_key(one("alyx.rest", endpoint, "list", django="id__isnull,False", limit=1000), key)
    if endpoint in ("labs", "projects", "channels"):
        # No django= there, or more than a page.
        theirs = by_key(one("alyx.rest", endpoint, "list", limit=1000), key)
        assert theirs.keys() <= ours.keys()
        assert all(ours[name] == record for name, record in theirs.items())
    else:
        assert theirs == ours
    assert len(theirs) > 2


@pytest.mark.parametrize("endpoint", ["sessions", "insertions", "channels", "tasks", "trajectories"])
def test_reads_are_the_same(one, db, endpoint):
    for record in db.rest(endpoint, limit=5):
        told = one("alyx.rest", endpoint, "read", id=record["id"])
        assert told == db.rest(endpoint, "read", record["id"])


def test_frames_hold_what_one_lists(one, db):
    sessions = by_key(one("alyx.rest", "sessions", "list", limit=1000))
    frame = db.get("sessions")
    assert set(frame.index) == sessions.keys()
    assert frame["subject_name"].to_dict() == {key: record["subject"] for key, record in sessions.items()}
    starts = pd.to_datetime(
        pd.Series({key: record["start_time"] for key, record in sessions.items()}), utc=True, format="ISO8601"
    )
    told = frame["start_time"].dt.as_unit("us").sort_index()
    assert told.equals(starts.dt.as_unit("us").sort_index().rename_axis("session_id"))

    insertions = by_key(one("alyx.rest", "insertions", "list", limit=1000))
    probes = db.get("probes")
    assert probes["session_id"].to_dict() == {key: record["session"] for key, record in insertions.items()}
    assert probes["probe_name"].to_dict() == {key: record["name"] for key, record in insertions.items()}

    tasks = by_key(one("alyx.rest", "tasks", "list", limit=1000))
    assert db.get("tasks")["status"].to_dict() == {key: record["status"] for key, record in tasks.items()}


def test_channels_of_an_insertion_are_the_same(one, db):
    probes = db.get("channels", columns=["probe_id", "trajectory_id"])
    for probe, trajectories in list(probes.groupby("probe_id")["trajectory_id"])[:3]:
        ours = db.get("channels", probe_ids=probe)
        told = one("alyx.rest", "channels", "list", probe_insertion=probe, limit=1000)
        best = {record["id"]: record for record in told if record["trajectory_estimate"] in set(trajectories)}
        assert set(ours.index) == best.keys()
        assert ours["probe_vertical_position"].to_dict() == {key: one["axial"] for key, one in best.items()}


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ({"status": "Errored", "name": "SpikeSorting"}, Q(status="Errored", task_name="SpikeSorting")),
        (
            {"django": "log__icontains,TimeoutError: [Errno 110]"},
            Q(log__icontains="TimeoutError: [Errno 110]"),
        ),
    ],
)
def test_filters_find_the_same_tasks(one, db, theirs, ours):
    told = one("alyx.rest", "tasks", "list", **theirs)
    assert {record["id"] for record in told} == set(db.get("tasks", where=ours).index) != set()


def test_searches_find_the_same_sessions(one, db):
    subject = "DY_003"
    found = one("search", subject=subject)
    frame = db.get("sessions", where=Q(subject_name=subject))
    assert set(found) == set(frame.index) != set()
    session = frame.iloc[0]
    day, number = session["start_time"].date().isoformat(), session["number"]
    told = one("search", subject=subject, date_range=day, number=int(number))
    assert told == [db.to_eid(f"{day}_{number}_{subject}")] == [one("to_eid", f"{day}_{number}_{subject}")]
    assert one("eid2path", told[0]).endswith(f"Subjects/{subject}/{day}/{number:03d}")
    assert db.to_eid(one("eid2path", told[0])) == told[0]


def test_one_stops_at_a_session_that_has_no_start_and_we_do_not(one, db):
    frame = db.get("sessions")
    lab = frame.loc[frame["start_time"].isna() & frame["lab"].notna(), "lab"].iloc[0]
    answer = one.answer({"call": "search", "kwargs": {"lab": lab}})
    assert answer["raised"] == "TypeError"
    assert len(db.get("sessions", where=Q(lab=lab))) == (frame["lab"] == lab).sum()


def test_one_searches_the_release_tables(one, db):
    one("load_cache")
    found = one("search", subject="DY_003", query_type="local")
    assert set(found) == set(db.get("sessions", where=Q(subject_name="DY_003")).index)


def test_insertions_and_sessions_lead_to_each_other(one, db):
    probes = db.get("probes")
    frame = db.get("sessions", where=Q(session_id__in=list(probes["session_id"])))
    eid = frame[frame["start_time"].notna()].index[0]
    ids, names = one("eid2pid", eid)
    assert (
        dict(zip(ids, names, strict=True)) == probes.loc[probes["session_id"] == eid, "probe_name"].to_dict()
    )
    assert one("pid2eid", ids[0]) == [eid, names[0]]


def test_a_dataset_arrives_as_it_was_sent(one, db, server):
    wanted = next(
        record
        for record in db.rest("datasets", name="clusters.metrics.pqt")
        if record["session"] and record["hash"] and any(one["exists"] for one in record["file_records"])
    )
    eid = db.to_eid(wanted)
    place = one("load_dataset", eid, wanted["name"], collection=wanted["collection"], download_only=True)
    content = Path(place).read_bytes()
    assert len(content) == wanted["file_size"]
    assert hashlib.md5(content).hexdigest() == wanted["hash"]
    assert [seen.status for seen in server.asked("data")][-1] == 200


def test_a_task_is_set_to_waiting_and_ones_cache_hides_it(one, db):
    task = db.rest("tasks", status="Errored")[0]["id"]
    before = one("alyx.rest", "tasks", "read", id=task)
    told = one("alyx.rest", "tasks", "partial_update", id=task, data={"status": "Waiting", "log": ""})
    assert (told["status"], told["log"]) == ("Waiting", "")
    assert one("alyx.rest", "tasks", "read", id=task) == before
    assert one("alyx.rest", "tasks", "read", id=task, no_cache=True) == told
    assert db.rest("tasks", "read", task) == told
    assert db.get("tasks", where=Q(task_id=task))["status"].tolist() == ["Waiting"]


def test_pages_by_offset_lose_rows_and_ours_do_not(one, db):
    ours = by_key(db.rest("tasks"))
    pages = [one("alyx.rest", "tasks", "list", limit=size, no_cache=True) for size in (3, 5, 7, 11)]
    assert [len(page) for page in pages] == [len(ours)] * len(pages)
    lost = [ours.keys() - by_key(page).keys() for page in pages]
    assert any(lost)
    assert not any(by_key(page).keys() - ours.keys() for page in pages)


def test_endpoints_are_those_that_one_knows(one, db):
    theirs = set(one("alyx.list_endpoints"))
    assert theirs == set(db.endpoints().index) - {"auth-token", "api"}
    told = set(one("alyx.rest_schemes.field_names", "sessions", "list"))
    schema = db.schema("sessions")
    assert told == set(schema.loc[schema["action"] == "list", "parameter"])


def test_a_wrong_password_is_told(one_python, server, tmp_path):
    with (
        pytest.raises(AssertionError, match="process ended"),
        started(one_python, server, tmp_path, password="wrong") as client,
    ):
        client("alyx.list_endpoints")
