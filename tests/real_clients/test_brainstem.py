"""The demo's BrainSTEM, asked by the real clients: good enough for the one of today and the one before."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from sessionframes.demo.brainstem import BrainstemServer, DeviceLogin, Fault, own_id
from sessionframes.demo.brainstem.models import MODELS
from tests.real_clients.brainstem_client import PYTHON_VERSION, VERSIONS, BrainstemClient, requirements
from tests.real_clients.environment import EnvironmentUnavailableError, isolated_python

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

# The first test may have to wait until the client is installed.
pytestmark = pytest.mark.timeout(600)

NOW, BEFORE = VERSIONS
#: What each version calls its methods.
METHODS = {
    NOW: {"load": "load", "save": "save", "delete": "delete"},
    BEFORE: {"load": "load_model", "save": "save_model", "delete": "delete_model"},
}
#: Models with a method of their own in the client of today.
LOADERS = (
    *("project", "subject", "session", "collection", "cohort", "behavior", "dataacquisition", "manipulation"),
    *("procedure", "procedurelog", "subjectlog", "equipment", "consumablestock", "behavioralassay"),
    *("datastorage", "setup", "hardwaredevice", "brainregion", "species", "strain", "publication"),
    "laboratory",
)


@pytest.fixture(scope="session")
def pythons():
    """The interpreter of each version's environment, made when it is first asked for."""
    made: dict[str, Any] = {}

    def python(version: str):
        if version not in made:
            try:
                made[version] = isolated_python(
                    f"brainstem-{version.replace('.', '-')}", requirements(version), version=PYTHON_VERSION
                )
            except EnvironmentUnavailableError as reason:
                pytest.skip(f"brainstem-python-api-tools {version} cannot be installed here: {reason}")
        return made[version]

    return python


@pytest.fixture
def started(pythons, tmp_path):
    """Starts a client of a version that asks a server."""

    @contextmanager
    def start(
        version: str, server: BrainstemServer, role: str | None = "administrator", timeout: float = 30
    ) -> Iterator[BrainstemClient]:
        token = server.tokens[role] if role else None
        client = BrainstemClient(pythons(version), server.url, token, tmp_path, timeout)
        try:
            yield client
        finally:
            client.close()

    return start


@pytest.fixture
def server(world) -> Iterator[BrainstemServer]:
    with BrainstemServer(world) as running:
        yield running


@pytest.fixture(params=VERSIONS)
def client(request, started, server):
    """A client of each version in turn, whose methods have the names they have today."""
    with started(request.param, server) as asked:
        names = METHODS[request.param]
        yield lambda method, **arguments: asked(names[method], **arguments)


def body(answer: dict[str, Any], status: int = 200) -> Any:
    assert answer.get("status") == status, answer
    return json.loads(answer["text"])


def test_load_save_and_delete(client, server):
    rows = body(client("load", model="session"))["sessions"]
    assert len(rows) == 12
    assert body(client("load", model="session", id=rows[0]["id"])) == {"session": rows[0]}
    told = {"name": "new & “β”", "projects": rows[0]["projects"]}
    made = body(client("save", model="session", data=told), 201)["session"]
    assert (made["name"], made["date_time"]) == (told["name"], None)
    changed = body(client("save", model="session", id=made["id"], data={"description": "redone"}))["session"]
    assert changed == {**made, "description": "redone"}
    assert client("delete", model="session", id=made["id"]) == {"status": 204, "text": ""}
    gone = {"detail": "No Session matches the given query."}
    assert body(client("load", model="session", id=made["id"]), 404) == gone
    assert body(client("load", model="session"))["sessions"] == rows
    assert [seen.method for seen in server.requests] == [
        *("GET", "GET", "POST", "PATCH", "DELETE", "GET", "GET"),
    ]


def test_filters_sort_and_include(client):
    found = body(
        client(
            "load",
            model="session",
            filters={"name.icontains": "_7", "date_time.gte": "2018-09-01"},
            sort=["-date_time"],
            include=["projects", "dataacquisition"],
        )
    )
    assert list(found) == ["projects", "data_acquisitions", "sessions", "meta"]
    times = [row["date_time"] for row in found["sessions"]]
    assert len(times) > 2
    assert all("_7" in row["name"] for row in found["sessions"])
    files = {one for row in found["sessions"] for one in row["dataacquisition"]}
    assert files == {row["id"] for row in found["data_acquisitions"]}


def test_the_public_portal_and_the_super_portal(client):
    assert len(body(client("load", model="session", portal="public"))["sessions"]) == 9
    assert len(body(client("load", model="session", portal="super"))["sessions"]) == 12
    refused = body(client("save", model="session", portal="public", data={"name": "x"}), 403)
    assert list(refused) == ["detail"]


def test_errors_come_through(client):
    faults = body(client("save", model="session", data={}), 400)
    assert faults == {name: ["This field is required."] for name in ("name", "projects")}
    assert body(client("load", model="session", filters={"nope": "1"}), 400) == ["Invalid filter field: nope"]


def test_a_value_with_an_ampersand_is_lost_on_the_way_from_the_older_client(started, server):
    for version, count in ((NOW, 0), (BEFORE, 3)):
        with started(version, server) as client:
            answer = client(METHODS[version]["load"], model="session", filters={"name.icontains": "µ & β"})
            assert len(body(answer)["sessions"]) == count, version


def test_every_model_that_the_client_knows_is_there(started, server):
    unknown = set()
    with started(NOW, server) as client:
        for model in MODELS.values():
            answer = client("load", model=model.name)
            if answer.get("raised") == "ValueError":
                unknown.add(model.name)
            else:
                assert model.plural in body(answer), model.name
    requests = {name for name in MODELS if name.endswith("approval")}
    assert unknown == {"epoch", *requests} - {"strainapproval", "journalapproval"}


def test_every_loader_of_the_client_is_answered(started, server):
    with started(NOW, server) as client:
        for model in LOADERS:
            assert MODELS[model].plural in body(client(f"load_{model}")), model
        assert body(client("load_session", name="_7", tags="ephys"))["sessions"]
        assert body(client("load_subject", sex="M"))["subjects"]


@pytest.fixture
def many(world):
    def start(paging: str) -> AbstractContextManager[BrainstemServer]:
        return BrainstemServer(world, paging=paging, sessions=45)

    return start


@pytest.mark.parametrize("paging", ["limit-offset", "next"])
def test_load_all_is_whole_where_a_count_is_told(started, many, paging, world):
    with many(paging) as server, started(NOW, server) as client:
        rows = client("load", model="session", load_all=True, limit=7, sort=["id"])["value"]["sessions"]
        assert len({row["id"] for row in rows}) == len(rows) == 45
        own = {own_id(world, "session_id", number) for number in world.sessions["session_id"].to_pylist()}
        assert own < {row["id"] for row in rows}


@pytest.mark.parametrize(
    ("paging", "arguments", "count"),
    [
        # It knows of no ``meta``, and takes the first page for all there is.
        ("dynamic-rest", {}, 20),
        ("dynamic-rest-limit", {"limit": 7}, 7),
        # It takes the first list for that of the records: sessions are those of the first page.
        ("limit-offset", {"limit": 7, "include": ["dataacquisition"]}, 7),
    ],
)
def test_load_all_takes_a_part_for_the_whole_here_too(started, many, paging, arguments, count):
    with many(paging) as server, started(NOW, server) as client:
        told = client("load", model="session", load_all=True, **arguments)["value"]
        assert len(told["sessions"]) == count


def test_load_all_never_ends_where_there_are_fewer_records_beside_than_in_the_list(started, many):
    with many("limit-offset") as server, started(NOW, server) as client:
        # Something has to stop it.
        server.fail(Fault(404), on=5)
        told = client("load", model="session", load_all=True, limit=40, include=["projects"])
        assert told["raised"] == "HTTPError"
        assert [dict(seen.query)["offset"] for seen in server.requests] == ["0", "40", "80", "120", "160"]


def test_retries(started, server):
    with started(NOW, server) as client:
        server.fail(Fault(503, {"detail": "busy"}), times=2)
        assert len(body(client("load", model="session"))["sessions"]) == 12
        assert len(server.requests) == 3
        server.reset()
        server.fail(Fault(503, {"detail": "busy"}), times=4)
        assert client("load", model="session")["raised"] == "RetryError"
        server.reset()
        server.fail(Fault(503, {"detail": "busy"}))
        assert body(client("save", model="session", data={}), 503) == {"detail": "busy"}
        assert len(server.requests) == 1


def test_answers_that_are_slow_or_no_json(started, server):
    with started(NOW, server, timeout=0.2) as client:
        server.fail(Fault(delay=1), times=4)
        assert client("load", model="session")["raised"] == "ConnectionError"
        server.reset()
        server.fail(Fault(body="<html>login</html>"))
        assert client("load", model="session", load_all=True)["raised"] == "JSONDecodeError"


def test_the_device_login(started, server):
    server.device_login = DeviceLogin(pending=2, role="reader")
    with started(NOW, server, role=None) as client:
        assert len(body(client("load", model="session"))["sessions"]) == 9
    paths = [seen.path for seen in server.requests]
    assert paths == ["/api/auth/device/", *["/api/auth/device/token/"] * 3, "/api/private/stem/session/"]
