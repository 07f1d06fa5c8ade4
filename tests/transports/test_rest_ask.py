"""One question to a REST server, by GET or by a POST that changes nothing; several of them at a time."""

from __future__ import annotations

import signal
import threading
import time
from dataclasses import replace
from functools import partial

import pytest

from sessionframes.errors import SourceResponseError, SourceUnavailableError
from sessionframes.transports.http_errors import StatusError
from sessionframes.transports.rest import RestTransport
from sessionframes.transports.workers import Stop, StoppedError
from tests.fault_server import Fault

WORKERS = 4


@pytest.fixture
def rest(server, waits):
    opened = RestTransport(
        server.url, source="lab", timeout=(2, 0.3), attempts=3, workers=WORKERS, sleep=waits.append
    )
    yield opened
    opened.close()


def whole(body):
    return body


def test_a_question_is_sent_with_its_query_body_and_headers(server, rest):
    server.serve("/a", b'{"x": [1]}')
    assert rest.ask("a", whole, params=(("n", "1"), ("n", "2")), headers={"Min-Server-Version": "4"}) == {
        "x": [1]
    }
    assert rest.ask("a", lambda body: body["x"], json={"query": "y"}) == [1]
    first, second = server.requests
    assert (first.method, first.query, first.headers["min-server-version"]) == ("GET", "n=1&n=2", "4")
    assert second.method == "POST"
    assert second.headers["content-type"] == second.headers["accept"] == "application/json"


@pytest.mark.parametrize("json", [None, {"query": "y"}])
@pytest.mark.parametrize(
    "fault",
    [
        Fault(cut=3),
        Fault(stall=3),
        Fault(silent=True),
        Fault(status=503, page=b'{"message": "busy"}'),
        Fault(status=429, headers={"Retry-After": "7"}),
        Fault(status=200, page=b"<html><title>Back soon</title>"),
    ],
)
def test_what_may_pass_is_asked_again_by_either_method(server, rest, waits, fault, json):
    server.serve("/a", b'{"x": 1}', faults=[fault, fault])
    assert rest.ask("a", whole, json=json) == {"x": 1}
    assert [seen.method for seen in server.requests] == ["GET" if json is None else "POST"] * 3
    assert len(waits) == 2
    if fault.status == 429:
        assert all(7 <= wait <= 8 for wait in waits)


@pytest.mark.parametrize("json", [None, {"query": "y"}])
def test_what_does_not_pass_is_told(server, rest, json):
    server.serve("/a", always=Fault(status=503, page=b'{"message": "busy"}'))
    with pytest.raises(SourceUnavailableError, match=r"lab: .*503.*: busy"):
        rest.ask("a", whole, json=json)
    assert len(server.requests) == 3
    server.serve("/a", always=Fault(status=404, page=b'{"message": "no such thing"}'))
    with pytest.raises(StatusError, match=r"lab: .*404.*: no such thing"):
        rest.ask("a", whole, json=json)
    assert len(server.requests) == 4


def test_an_answer_that_is_not_as_it_should_be_is_told_with_its_words(server, rest):
    def refuse(_):
        message = "it is no list"
        raise ValueError(message)

    server.serve("/a", b'{"message": "closed on Sundays"}')
    with pytest.raises(SourceResponseError) as caught:
        rest.ask("a", refuse, params=(("n", "1"),))
    assert str(caught.value) == (
        f"lab: the answer of {server.url}/a?n=1 is not as we know it: it is no list; "
        "it says: closed on Sundays."
    )
    assert len(server.requests) == 1


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_question_with_a_body_is_not_led_elsewhere(server, elsewhere, rest, status):
    for goal in (server.serve("/b", b"[]"), elsewhere.serve("/b", b"[]")):
        server.serve("/a", always=Fault(status=status, headers={"Location": goal}))
        with pytest.raises(SourceResponseError, match=f"has moved to {goal}"):
            rest.ask("a", whole, json={"query": "y"})
    assert [seen.path for seen in server.requests] == ["/a", "/a"]
    assert elsewhere.requests == []


def test_a_question_that_has_been_stopped_is_not_sent(server, rest):
    stop = Stop()
    stop.set()
    with pytest.raises(StoppedError):
        rest.ask("a", whole, stop=stop)
    assert server.requests == []


def test_several_are_asked_at_a_time_and_answered_in_order(server, rest):
    running, most = [], []

    def note(_):
        running.append(1)
        most.append(len(running))
        time.sleep(0.05)
        running.pop()

    for number in range(12):
        server.serve(f"/{number}", str(number).encode(), always=Fault(before=note))
    tasks = [partial(rest.ask, str(number), whole) for number in range(12)]
    asked = rest.at_once([lambda stop, task=task: task(stop=stop) for task in tasks])
    assert server.requests == []
    assert list(asked) == list(range(12))
    assert 1 < max(most) <= WORKERS
    assert list(rest.at_once([])) == []
    assert list(rest.at_once([lambda _: 7])) == [7]


@pytest.mark.parametrize("silence", [Fault(silent=True), Fault(stall=1)], ids=["no answer", "half an answer"])
@pytest.mark.usefixtures("interruptible")
def test_an_interrupt_ends_all_that_are_asked(server, silence):
    asked = threading.Semaphore(0)
    server.serve("/a", b"[1, 2]", always=replace(silence, before=lambda _: asked.release()))
    rest = RestTransport(server.url, source="lab", timeout=(2, 60), workers=WORKERS)

    def interrupt():
        for _ in range(WORKERS):
            asked.acquire(timeout=5)
        # By then the half has come.
        time.sleep(0.3)
        signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)

    threading.Thread(target=interrupt, daemon=True).start()
    before = set(threading.enumerate())
    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        list(rest.at_once([lambda stop: rest.ask("a", whole, stop=stop)] * 20))
    assert time.monotonic() - began < 15
    assert len(server.requests) == WORKERS
    # Who waits for the rest of an answer is told; who waits for its first byte only when the time is over.
    while silence.stall and set(threading.enumerate()) - before and time.monotonic() - began < 20:
        time.sleep(0.05)
    assert not silence.stall or set(threading.enumerate()) <= before
    rest.close()
