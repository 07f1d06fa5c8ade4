"""The demo's AIND goes wrong exactly as it is told to, and remembers what it was asked."""

from __future__ import annotations

import json
import subprocess
import sys
import time

import pytest
import requests

from sessionframes.demo.aind import AindServer, Fault
from tests.demo.aind_asking import COLLECTION, RECORDED, Asker


@pytest.fixture
def server():
    with AindServer(records=RECORDED["records"], assets=RECORDED["assets"]) as running:
        yield running


@pytest.fixture
def ask(server):
    return Asker(server)


def test_what_was_asked_is_written_down(ask, server):
    ask.find(filter={"_id": "d-0"}, projection={"name": 1})
    ask.search(query="676909")
    ask("s3", "HEAD", "aind-ephys-data")
    first, second, third = server.requests
    assert (first.service, first.method, first.path) == ("docdb", "GET", f"/{COLLECTION}/find")
    assert first.query == (("filter", '{"_id": "d-0"}'), ("projection", '{"name": 1}'))
    assert (first.status, first.sent, first.authorized) == (200, 60, False)
    assert (second.service, second.body, second.authorized) == ("codeocean", {"query": "676909"}, True)
    assert (third.service, third.status, third.sent) == ("s3", 200, 0)
    assert server.asked("codeocean") == [second]


def test_only_the_requests_that_fit_go_wrong(ask, server):
    server.fail(Fault(429, {"message": "Too Many Requests"}, {"Retry-After": "3"}), service="codeocean", on=2)
    server.fail(Fault(503, "<html>busy</html>"), service="docdb", path="/find")
    assert ask.search(query="676909")["results"]
    assert ask.find("/count_documents")["total_record_count"] == 6
    answer = ask("docdb", "GET", f"{COLLECTION}/find")
    assert (answer.status_code, answer.text) == (503, "<html>busy</html>")
    answer = ask("codeocean", "POST", "api/v1/data_assets/search", json={})
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "3")
    assert len(ask.find()) == len(ask.ids()) == 6


def test_good_answers_are_changed_cut_or_lost(ask, server):
    server.fail(Fault(change=lambda records: records[::-1]), service="docdb")
    assert ask.find()[0]["_id"] == "d-5"
    for fault in (Fault(cut=100), Fault(stall=100), Fault(lost=True)):
        server.fail(fault, service="codeocean")
        with pytest.raises(requests.RequestException):
            ask("codeocean", "POST", "api/v1/data_assets/search", json={}, timeout=0.5)
    assert len(ask.ids()) == 6
    assert [seen.sent for seen in server.asked("codeocean")][:3] == [100, 100, 0]


def test_answers_take_their_time():
    with AindServer(records=RECORDED["records"], latency=0.1) as server:
        for service, path in (("docdb", f"{COLLECTION}/find"), ("codeocean", "x"), ("s3", "aind-ephys-data")):
            began = time.monotonic()
            Asker(server)(service, "GET", path)
            assert 0.1 <= time.monotonic() - began < 5


def test_after_a_reset_nothing_is_planned_or_remembered(ask, server):
    server.fail(Fault(500, {"message": "oops"}), times=9)
    ask.find()
    server.reset()
    assert server.requests == []
    assert len(ask.find()) == 6


def test_nobody_waits_for_a_server_that_is_stopped():
    server = AindServer(records=[], latency=60)
    with pytest.raises((requests.ConnectionError, requests.Timeout)):
        Asker(server)("docdb", "GET", f"{COLLECTION}/find", timeout=0.1)
    began = time.monotonic()
    server.stop()
    server.stop()
    assert time.monotonic() - began < 5


def test_it_can_be_served_by_a_process_of_its_own():
    command = [sys.executable, "-m", "sessionframes.demo.aind", "--sessions", "30", "--page-limit", "7"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        told = json.loads(process.stdout.readline())
        names = {"docdb_url", "codeocean_url", "s3_url", "token", "s3_key", "s3_secret"}
        assert set(told) == names
        url = f"{told['docdb_url']}/{COLLECTION}"
        assert requests.get(f"{url}/count_documents", timeout=10).json()["total_record_count"] >= 30
        assert len(requests.get(f"{url}/find", timeout=10).json()) == 7
        counts = []
        for _ in range(2):
            process.stdin.write("\n")
            process.stdin.flush()
            counts.append(json.loads(process.stdout.readline()))
        assert counts == [{"docdb": count, "codeocean": 0, "s3": 0} for count in (2, 0)]
        process.communicate(timeout=30)
    assert process.returncode == 0
