"""The device login, from the command line and under it: what is shown, what is kept, and how it ends."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
import time

import pytest

import sessionframes as sf
from sessionframes.cli import main
from sessionframes.config import resolve
from sessionframes.demo.brainstem import DeviceLogin
from sessionframes.demo.brainstem import Fault as Spoilt
from sessionframes.errors import AuthenticationError, ConfigError, SourceError, SourceResponseError
from sessionframes.sources.brainstem import OPTIONS
from sessionframes.sources.brainstem.access import token_path
from sessionframes.sources.brainstem.login import log_in
from tests.fault_server import Fault, FaultServer

#: An interrupt reaches the command even where the test run itself was told to ignore it.
COMMAND = (
    "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler); "
    "from sessionframes.cli import main; sys.exit(main())"
)


@pytest.fixture(autouse=True)
def _home(tmp_path, monkeypatch):
    """Whoever runs the tests may have a token of their own."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("SESSIONFRAMES_CONFIG", str(tmp_path / "config.toml"))
    (tmp_path / "config.toml").write_text("")
    for name in ("TOKEN", "API_TOKEN", "URL"):
        monkeypatch.delenv(f"BRAINSTEM_{name}", raising=False)


def logged_in(url, **clockwork):
    """Logs in, and returns what was told."""
    told = []
    log_in(resolve("brainstem", OPTIONS, {"url": url}), told.append, **clockwork)
    return "\n".join(told)


@pytest.mark.parametrize("url", ["http://a:99999/", "https://"])
def test_an_address_that_is_none_is_refused(url):
    with pytest.raises(ConfigError, match="option 'url'"):
        logged_in(url)


# For which server


def test_a_kept_token_goes_to_the_server_that_made_it_and_to_no_other(server):
    logged_in(f"{server.url}/api/")
    token = token_path().read_text()
    with sf.connect("brainstem", url=f"{server.url}/api/") as db:
        assert len(db.get_projects())
    with FaultServer("localhost") as other:
        with pytest.raises(AuthenticationError, match=f"was made by {server.url}, and is not sent") as caught:
            sf.connect("brainstem", url=other.url)
        assert "sessionframes login brainstem --url" in str(caught.value)
        assert not other.requests
        # Said outright, it goes where one says.
        with (
            sf.connect("brainstem", url=other.url, token=token),
            sf.connect("brainstem", url=other.url, portal="public"),
        ):
            pass
    beside = [path for path in token_path().parent.iterdir() if path != token_path()]
    assert token not in "".join(path.read_text() for path in beside)


def test_a_token_that_another_client_kept_goes_where_it_is_said(server):
    with FaultServer("localhost") as other:
        begun = {"device_code": "d", "user_code": "U", "verification_uri": "https://x", "interval": 0}
        other.serve("/api/auth/device/", json.dumps(begun).encode())
        page = b'{"status": "success", "token": "theirs"}'
        other.serve("/api/auth/device/token/", always=Fault(status=200, page=page))
        logged_in(other.url)
    token_path().write_text(server.tokens["editor"])
    with sf.connect("brainstem", url=server.url) as db:
        assert len(db.get_projects())
    logged_in(server.url)
    (beside,) = [path for path in token_path().parent.iterdir() if path != token_path()]
    beside.write_bytes(b"\xff\xfe odd")
    with sf.connect("brainstem", url=server.url) as db:
        assert len(db.get_projects())


# From the command line


def test_a_login_shows_where_to_go_and_keeps_the_token_without_showing_it(server, capsys):
    server.device_login = DeviceLogin(pending=3, role="editor")
    assert main(["login", "brainstem", "--url", server.url]) == 0
    printed, told = capsys.readouterr()
    assert f"open {server.url}/authorize/ and enter the code " in told
    token = token_path().read_text()
    assert token not in printed + told
    assert stat.S_IMODE(token_path().stat().st_mode) == 0o600
    asked = [request for request in server.requests if request.path.endswith("/token/")]
    assert len(asked) == 4
    assert not any(request.authorized for request in server.requests)
    with sf.connect("brainstem", url=server.url) as db:
        assert len(db.get_projects())


def test_an_entry_of_the_config_file_can_be_logged_in_to(server, tmp_path):
    (tmp_path / "config.toml").write_text(f'[sources.ours]\nsource = "brainstem"\nurl = "{server.url}"\n')
    assert main(["login", "ours"]) == 0
    with sf.connect("ours") as db:
        assert len(db.get_projects())


def test_a_token_that_wins_over_the_kept_one_is_told(server, monkeypatch):
    monkeypatch.setenv("BRAINSTEM_API_TOKEN", "another")
    assert "BRAINSTEM_API_TOKEN" in logged_in(server.url)


def test_sources_without_logins_say_who_has_them(server, capsys):
    assert main(["login", "lims"]) == 2
    assert "brainstem" in capsys.readouterr().err
    assert main(["login", "brainstein"]) == 2
    assert "Did you mean 'brainstem'" in capsys.readouterr().err
    assert main(["login", "brainstem", "--url", server.url, "--option", f"url={server.url}"]) == 2
    assert not server.requests


def test_an_interrupt_ends_it_cleanly(server):
    server.device_login = DeviceLogin(pending=10**9, interval=0.05)
    command = [sys.executable, "-c", COMMAND, "login", "brainstem", "--url", server.url]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=os.environ)
    try:
        while not any(request.path.endswith("/token/") for request in server.requests):
            assert process.poll() is None
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=20)
    finally:
        process.kill()
    assert process.returncode == 130
    assert "Traceback" not in told
    assert not token_path().exists()


# How it ends


@pytest.mark.parametrize(
    ("outcome", "words"),
    [("access_denied", "was denied"), ("expired_token", "has expired"), ("odd\x1b[31m", "odd")],
)
def test_a_refusal_says_what_to_do_and_leaves_what_was_kept(server, outcome, words):
    logged_in(server.url)
    kept = token_path().read_text()
    server.device_login = DeviceLogin(outcome=outcome)
    with pytest.raises(AuthenticationError, match=words) as caught:
        logged_in(server.url)
    assert "sessionframes login brainstem" in str(caught.value)
    assert "\x1b" not in str(caught.value)
    assert token_path().read_text() == kept


def test_a_token_whose_answer_is_lost_is_told_to_be_spent(server):
    server.fail(Spoilt(lost=True), on=2, path="device/token")
    with pytest.raises(AuthenticationError, match="Revoke that token"):
        logged_in(server.url)
    assert not token_path().exists()


def test_answers_lost_while_the_user_is_at_the_page_do_not_end_it(server):
    server.device_login = DeviceLogin(pending=4)
    server.fail(Spoilt(status=503), on=1, path="device/token")
    server.fail(Spoilt(cut=5), on=2, path="device/token")
    server.fail(Spoilt(status=429, headers={"Retry-After": "7"}), on=3, path="device/token")
    waits = []
    logged_in(server.url, sleep=waits.append)
    assert token_path().exists()
    assert waits[3] == 7


def test_nobody_at_the_page_ends_it_in_time(server):
    server.device_login = DeviceLogin(pending=10**9, interval=5)
    now = [0.0]

    def sleep(seconds):
        now[0] += seconds

    with pytest.raises(AuthenticationError, match="nobody allowed"):
        logged_in(server.url, sleep=sleep, clock=lambda: now[0])
    assert now[0] == 900


def test_a_server_that_asks_to_slow_down_is_asked_less_often():
    answers = iter(
        [{"error": "slow_down"}, {"error": "authorization_pending"}, {"status": "success", "token": "t"}]
    )
    waits = []
    with FaultServer() as server:
        begun = {"device_code": "d", "user_code": "U", "verification_uri": "https://x", "interval": 2}
        server.serve("/api/auth/device/", json.dumps(begun).encode())
        pages = [Fault(status=200, page=json.dumps(answer).encode()) for answer in answers]
        server.serve("/api/auth/device/token/", faults=pages)
        logged_in(server.url, sleep=waits.append)
    assert waits == [2, 7, 7]
    assert token_path().read_text() == "t"


@pytest.mark.parametrize("interval", [0, -5, 0.001])
def test_a_server_that_asks_for_no_wait_is_not_asked_without_one(interval):
    answers = [{"error": "authorization_pending"}, {"status": "success", "token": "t"}]
    waits = []
    with FaultServer() as server:
        begun = {"device_code": "d", "user_code": "U", "verification_uri": "https://x", "interval": interval}
        server.serve("/api/auth/device/", json.dumps(begun).encode())
        pages = [Fault(status=200, page=json.dumps(answer).encode()) for answer in answers]
        server.serve("/api/auth/device/token/", faults=pages)
        logged_in(server.url, sleep=waits.append)
    assert waits == [1, 1]


@pytest.mark.parametrize(
    "begun",
    [b"<html>", b"[1]", b"{}", b'{"device_code": 5}', b'{"device_code": "d", "verification_uri": " "}'],
)
def test_what_is_no_brainstem_is_told(begun):
    with FaultServer() as server:
        server.serve("/api/auth/device/", begun)
        with pytest.raises(SourceResponseError, match="BrainSTEM"):
            logged_in(server.url)
    with pytest.raises(SourceError):
        logged_in(server.url)


@pytest.mark.parametrize(
    "refusal",
    [
        Fault(status=200, page=b'{"error": "the code device-code-17 is odd"}'),
        Fault(status=400, page=b'{"detail": "the code device-code-17 is odd"}'),
    ],
)
def test_the_code_of_this_machine_is_not_shown_whoever_quotes_it(refusal):
    begun = {"device_code": "device-code-17", "user_code": "U", "verification_uri": "https://x"}
    with FaultServer() as server:
        server.serve("/api/auth/device/", json.dumps(begun).encode())
        server.serve("/api/auth/device/token/", always=refusal)
        with pytest.raises(SourceError, match=r"the code \*\*\* is odd") as caught:
            logged_in(server.url, sleep=lambda _: None)
    assert "device-code-17" not in str(caught.value)


def test_what_the_server_has_shown_does_not_move_the_cursor():
    begun = {"device_code": "d", "user_code": "A\x1b[2J-1", "verification_uri": "https://x\r\n"}
    with FaultServer() as server:
        server.serve("/api/auth/device/", json.dumps(begun).encode())
        refused = Fault(status=200, page=b'{"error": "access_denied"}')
        server.serve("/api/auth/device/token/", always=refused)
        told = []
        with pytest.raises(AuthenticationError):
            log_in(resolve("brainstem", OPTIONS, {"url": server.url}), told.append, sleep=lambda _: None)
    assert told[0].isprintable()
    assert "A[2J-1" in told[0]


def test_what_is_no_token_is_not_kept():
    begun = {"device_code": "d", "user_code": "U", "verification_uri": "https://x", "interval": 0}
    with FaultServer() as server:
        server.serve("/api/auth/device/", json.dumps(begun).encode())
        page = b'{"status": "success", "token": "a b"}'
        server.serve("/api/auth/device/token/", always=Fault(status=200, page=page))
        with pytest.raises(sf.errors.ConfigError):
            logged_in(server.url)
    assert not token_path().exists()
