"""The demo's BrainSTEM goes wrong exactly as it is told to, and remembers what it was asked."""

from __future__ import annotations

import json
import subprocess
import sys
import time

import pytest
import requests

from sessionframes.demo.brainstem import BrainstemServer, Fault
from sessionframes.errors import ConfigError
from tests.demo.conftest import Asker

SESSIONS = "private/stem/session/"


def test_what_was_asked_is_written_down(ask, server):
    ask("GET", f"{SESSIONS}?filter{{name}}=a%20%26%20b&sort[]=-name")
    ask("PATCH", f"{SESSIONS}x/", {"name": "β"}, role=None)
    first, second = server.requests
    assert (first.method, first.path, first.authorized) == ("GET", "/api/private/stem/session/", True)
    assert first.query == (("filter{name}", "a & b"), ("sort[]", "-name"))
    assert (second.method, second.authorized, second.body) == ("PATCH", False, {"name": "β"})


def test_only_the_requests_that_fit_go_wrong(ask, server):
    server.fail(Fault(503, {"detail": "busy"}, {"Retry-After": "7"}), on=2, times=2, path="session")
    answers = []
    for _ in range(4):
        assert ask("GET", "private/stem/project/").status_code == 200
        answers.append(ask("GET", SESSIONS))
    assert [answer.status_code for answer in answers] == [200, 503, 503, 200]
    assert (answers[1].json(), answers[1].headers["Retry-After"]) == ({"detail": "busy"}, "7")


def test_text_is_sent_as_html(ask, server):
    server.fail(Fault(500, "<h1>Server Error (500)</h1>"))
    answer = ask("GET", SESSIONS)
    assert (answer.status_code, answer.text) == (500, "<h1>Server Error (500)</h1>")
    assert "text/html" in answer.headers["Content-Type"]


def test_a_refused_write_is_not_carried_out_and_one_whose_answer_is_lost_is(ask, server):
    project = ask.rows("private/stem/project/", "projects")[0]["id"]
    told = {"name": "new", "projects": [project]}
    server.fail(Fault(503), method="POST")
    assert ask("POST", SESSIONS, told).status_code == 503
    server.fail(Fault(lost=True), method="POST")
    with pytest.raises(requests.ConnectionError):
        ask("POST", SESSIONS, told)
    assert ask("POST", SESSIONS, told).json() == {"name": ["session with this name already exists."]}


def test_answers_are_cut(ask, server):
    server.fail(Fault(cut=100))
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        ask("GET", SESSIONS)
    assert ask("GET", SESSIONS).status_code == 200


def test_answers_stall(ask, server):
    server.fail(Fault(stall=100))
    with pytest.raises((requests.ConnectionError, requests.Timeout)):
        ask("GET", SESSIONS, timeout=0.2)


def test_good_answers_are_changed(ask, server):
    server.fail(Fault(change=lambda body: {**body, "meta": {**body["meta"], "total_results": 99}}))
    body = ask.body(SESSIONS)
    assert (body["meta"]["total_results"], len(body["sessions"])) == (99, 12)


def test_something_happens_before(ask, server):
    first = ask.body(SESSIONS)["sessions"][0]["id"]
    server.fail(Fault(before=lambda: ask("DELETE", f"{SESSIONS}{first}/")), method="GET")
    assert first not in {row["id"] for row in ask.body(SESSIONS)["sessions"]}


def test_answers_take_their_time(world):
    with BrainstemServer(world, latency=0.1) as server:
        ask = Asker(server)
        began = time.monotonic()
        ask.body(SESSIONS)
        assert 0.1 <= time.monotonic() - began < 5
        server.fail(Fault(delay=0.3))
        began = time.monotonic()
        ask.body(SESSIONS)
        assert 0.4 <= time.monotonic() - began < 5


def test_after_a_reset_it_is_as_at_first(ask, server):
    before = ask.body(SESSIONS)
    ask("DELETE", f"{SESSIONS}{before['sessions'][0]['id']}/")
    ask("POST", "private/stem/project/", {"name": "mine"}, role="editor")
    server.fail(Fault(500), times=9)
    server.reset()
    assert server.requests == []
    assert ask.body(SESSIONS) == before
    assert len(ask.rows("private/stem/project/", "projects", "editor")) == 3


def test_nobody_waits_for_a_server_that_is_stopped(world):
    server = BrainstemServer(world, latency=60)
    with pytest.raises((requests.ConnectionError, requests.Timeout)):
        Asker(server)("GET", SESSIONS, timeout=0.1)
    began = time.monotonic()
    server.stop()
    server.stop()
    assert time.monotonic() - began < 5


def test_it_can_be_served_by_a_process_of_its_own():
    command = [sys.executable, "-m", "sessionframes.demo.brainstem", "--sessions", "30", "--paging", "next"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        told = json.loads(process.stdout.readline())
        headers = {"Authorization": f"Bearer {told['tokens']['administrator']}"}
        answer = requests.get(f"{told['url']}/api/{SESSIONS}", headers=headers, timeout=10)
        assert answer.json()["count"] == 30
        process.communicate(timeout=30)
    assert process.returncode == 0


def test_there_are_only_so_many_ways_to_page(world):
    with pytest.raises(ConfigError, match=r"'limit_offset'.*Did you mean 'limit-offset'"):
        BrainstemServer(world, paging="limit_offset")
