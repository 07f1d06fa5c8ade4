"""Who asks: options, variables, ONE's files, the token and how long it lives."""

from __future__ import annotations

import json
import threading
from contextlib import closing

import pytest

from sessionframes.config import resolve
from sessionframes.errors import AuthenticationError, ConfigError, SourceResponseError
from sessionframes.sources.alyx.access import OPTIONS, transport_of, url_of
from sessionframes.sources.alyx.rest import Pace
from sessionframes.transports.file_request import FileRequest
from sessionframes.transports.workers import Stop, StoppedError
from tests.fault_server import FaultServer
from tests.sources.aind.loopback import Reply
from tests.sources.alyx.small_alyx import TOKEN, SmallAlyx, opened, rows

OTHER = "f" * 40


@pytest.fixture
def server():
    with SmallAlyx({"sessions": rows(3)}) as running:
        yield running


def connect(tmp_path, environ=None, **given):
    environ = environ or {}
    options = resolve("alyx", OPTIONS, given, environ=environ)
    return transport_of(options, tmp_path / ".one", environ)


def sessions(transport):
    return [record for page in transport.list("sessions") for record in page]


def keep(tmp_path, url, **parameters):
    """Write files as ONE does."""
    folder = tmp_path / ".one"
    folder.mkdir(exist_ok=True)
    client = url.split("://")[1].replace(":", "_").replace("/", "_")
    (folder / ".caches").write_text(json.dumps({"CLIENT_MAP": {client: "/data"}, "DEFAULT": client}))
    (folder / f".{client}").write_text(json.dumps({"ALYX_URL": url, **parameters}))


def test_connecting_sends_nothing_and_a_name_and_a_password_are_turned_into_a_token_once(server, tmp_path):
    with closing(connect(tmp_path, url=server.url, username="reader", password="hush-hush")) as transport:
        assert server.requests == []
        for _ in range(3):
            assert len(sessions(transport)) == 3
        assert server.logins == 1
        shown = repr(vars(transport)) + repr(vars(transport.rest)) + repr(transport.rest._login)
        assert "hush" not in shown
        assert TOKEN not in shown
    assert not (tmp_path / ".one").exists()


def test_a_token_needs_no_login(server, tmp_path):
    with closing(connect(tmp_path, url=f"{server.url}/", token=TOKEN)) as transport:
        assert len(sessions(transport)) == 3
    assert server.logins == 0


def test_a_token_that_has_become_invalid_is_fetched_anew_once_however_many_asked_with_it(server, tmp_path):
    server.tables["sessions"] = rows(4000)
    with closing(connect(tmp_path, url=server.url, username="reader", password="hush-hush")) as transport:
        assert len(sessions(transport)) == 4000
        server.token = OTHER
        asked = len(server.requests)
        found = transport.read_many("sessions", [row["id"] for row in server.tables["sessions"][:20]])
        assert len(found) == 20
        assert server.logins == 2
        refused = [
            one for one in server.requests[asked:] if one.headers.get("authorization", "").endswith(TOKEN)
        ]
        assert 1 <= len(refused) <= 4


def test_a_token_that_the_server_never_likes_is_told_and_not_asked_for_again_and_again(server, tmp_path):
    with closing(connect(tmp_path, url=server.url, token=OTHER)) as transport:
        with pytest.raises(AuthenticationError, match="Invalid token") as caught:
            sessions(transport)
        assert "password=" in str(caught.value)
        assert OTHER not in str(caught.value)
        assert len(server.requests) == 1
    refused = Reply({"detail": "Invalid token.", "status_code": 403}, status=403)
    with closing(connect(tmp_path, url=server.url, username="reader", password="hush-hush")) as transport:
        answered = server.answer
        server.answer = lambda asked: answered(asked) if asked.path == "/auth-token" else refused
        with pytest.raises(AuthenticationError, match="Invalid token"):
            sessions(transport)
        assert server.logins == 2


def test_a_wrong_password_is_told_without_it(server, tmp_path):
    transport = connect(tmp_path, url=server.url, username="reader", password="guess-guess")
    words = r"there was no token for 'reader'.*Unable to log in"
    with closing(transport), pytest.raises(AuthenticationError, match=words) as caught:
        sessions(transport)
    assert "guess" not in str(caught.value)


@pytest.mark.parametrize("body", [b"<html></html>", {"token": None}, ["x"]])
def test_a_door_that_gives_no_token_is_none(server, tmp_path, body):
    server.faults.append(Reply(body))
    transport = connect(tmp_path, url=server.url, username="reader", password="hush-hush")
    with closing(transport), pytest.raises(SourceResponseError, match="Is this the address of an Alyx"):
        sessions(transport)


@pytest.mark.parametrize(
    "environ",
    [
        {"ALYX_LOGIN": "reader", "ALYX_PWD": "hush-hush"},
        {"ALYX_USERNAME": "reader", "ALYX_PASSWORD": "hush-hush"},
        {"ALYX_TOKEN": TOKEN},
    ],
)
def test_the_environment_tells_who_asks_and_only_of_its_own_server(server, tmp_path, environ):
    with closing(connect(tmp_path, {"ALYX_URL": server.url, **environ})) as transport:
        assert len(sessions(transport)) == 3
    elsewhere = {"ALYX_URL": "https://alyx.example.org", **environ}
    with pytest.raises(ConfigError, match="wants to know who asks"):
        connect(tmp_path, elsewhere, url=server.url)


@pytest.mark.parametrize(
    "parameters",
    [
        {"ALYX_LOGIN": "reader", "ALYX_PWD": "hush-hush"},
        {"ALYX_LOGIN": "reader", "TOKEN": {"reader": {"token": TOKEN}}},
    ],
)
def test_what_one_has_kept_is_used_for_the_server_that_it_was_kept_for(server, tmp_path, parameters):
    keep(tmp_path, server.url, **parameters)
    with closing(connect(tmp_path)) as transport:
        assert transport.address == server.url
        assert len(sessions(transport)) == 3
    with closing(connect(tmp_path, url=server.url, username="reader")) as transport:
        assert len(sessions(transport)) == 3
    with pytest.raises(ConfigError, match="wants to know who asks"):
        connect(tmp_path, url=server.url.replace("http:", "https:"))
    with pytest.raises(ConfigError, match="no password for 'somebody'"):
        connect(tmp_path, url=server.url, username="somebody")


def test_what_is_given_wins_over_what_one_has_kept(server, tmp_path):
    keep(
        tmp_path,
        server.url,
        ALYX_LOGIN="other",
        TOKEN={"other": {"token": OTHER}, "reader": {"token": OTHER}},
    )
    given = {"url": server.url, "username": "reader", "password": "hush-hush"}
    with closing(connect(tmp_path, **given)) as transport:
        assert len(sessions(transport)) == 3
    assert server.logins == 1
    with closing(connect(tmp_path, {"ALYX_TOKEN": OTHER}, **given)) as transport:
        assert len(sessions(transport)) == 3


def test_a_file_of_one_that_cannot_be_read_is_told_without_what_is_in_it(server, tmp_path):
    keep(tmp_path, server.url)
    client = next(path for path in (tmp_path / ".one").iterdir() if path.name != ".caches")
    client.write_text('{"ALYX_PWD": "hush-hush"')
    with pytest.raises(ConfigError, match="cannot be read: it is no JSON") as caught:
        connect(tmp_path, url=server.url)
    assert "hush" not in str(caught.value)


def test_ibls_public_server_is_asked_where_nobody_says_and_its_account_goes_to_no_other(tmp_path):
    options = resolve("alyx", OPTIONS, {}, environ={})
    assert url_of(options, tmp_path) == "https://openalyx.internationalbrainlab.org"
    with closing(connect(tmp_path)) as transport:
        login = transport.rest._login
        assert (login._username, login._password.reveal()) == ("intbrainlab", "international")
    with pytest.raises(ConfigError, match="wants to know who asks"):
        connect(tmp_path, url="https://alyx.example.org")


def test_the_name_for_files_goes_to_their_server_alone(server, tmp_path):
    with FaultServer() as mine, FaultServer() as other:
        urls = [one.serve("/a.npy", b"abc") for one in (mine, other)]
        given = {"data_url": mine.url, "data_username": "reader", "data_password": "hush-hush"}
        with closing(connect(tmp_path, url=server.url, token=TOKEN, **given)) as transport:
            for url in urls:
                assert b"".join(transport.files.stream(FileRequest(url, "a.npy"))) == b"abc"
        assert mine.requests[0].headers["authorization"].startswith("Basic ")
        assert "authorization" not in other.requests[0].headers
        keep(
            tmp_path,
            server.url,
            HTTP_DATA_SERVER=other.url,
            HTTP_DATA_SERVER_LOGIN="a",
            HTTP_DATA_SERVER_PWD="b",
        )
        with closing(connect(tmp_path, url=server.url, token=TOKEN)) as transport:
            for url in urls:
                assert b"".join(transport.files.stream(FileRequest(url, "a.npy"))) == b"abc"
        assert ["authorization" in one.requests[-1].headers for one in (mine, other)] == [False, True]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"url": "alyx.example.org"}, "option 'url' is"),
        ({"url": "http://h:x/"}, "option 'url' is"),
        ({"zone": "Europe/Nowhere"}, "option 'zone' is"),
        ({"timeout": 0}, "option 'timeout' is 0 s"),
        ({"workers": 0}, "option 'workers' is 0"),
        (
            {"data_username": "a", "data_password": "b", "url": "http://h", "token": "x"},
            "no address that it is for",
        ),
        ({"token": "a b", "url": "http://h"}, "the token is none"),
        ({"username": "a", "url": "http://h"}, "no password for 'a'"),
    ],
)
def test_what_makes_no_sense_is_refused(tmp_path, given, words):
    with pytest.raises(ConfigError, match=words):
        connect(tmp_path, **given)


class Clock:
    """A time that passes only while somebody waits."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now

    def sleep(self, seconds):
        self.now += seconds


class Waits(Stop):
    """Waits by that clock."""

    def __init__(self, clock):
        super().__init__()
        self.sleep = clock.sleep


def test_no_more_requests_begin_in_a_minute_than_the_server_answers():
    clock = Clock()
    pace, stop = Pace(550, 60.0, clock), Waits(clock)
    begun = []
    for _ in range(1200):
        pace.wait(stop)
        begun.append(clock.now)
    assert begun[549] == 0
    assert begun[550] == 60
    assert begun[1199] == 120
    pace.hold(7)
    pace.wait(stop)
    assert clock.now == 127


def test_who_waits_for_their_turn_can_be_stopped():
    pace, stop = Pace(1, 60.0), Stop()
    pace.wait(stop)
    threading.Timer(0.1, stop.set).start()
    with pytest.raises(StoppedError):
        pace.wait(stop)


def test_whoever_is_turned_away_holds_up_the_others_too(server):
    clock = Clock()
    pace = Pace(550, 60.0, clock)
    with closing(opened(server, pace=pace, sleep=clock.sleep)) as transport:
        server.faults.append(Reply({"detail": "throttled"}, status=429, headers={"Retry-After": "7"}))
        assert len(sessions(transport)) == 3
        assert clock.now >= 7
        clock.now = 6.0
        pace.wait(Waits(clock))
        assert clock.now == 7
