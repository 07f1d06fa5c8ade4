"""What happens to the others when one is interrupted."""

from __future__ import annotations

import threading
import time

import pytest

from sessionframes.errors import DownloadError
from sessionframes.transports.body import Body
from sessionframes.transports.http import HttpClient
from sessionframes.transports.workers import Stop, StoppedError, in_order, run_all
from tests.fault_server import Fault


@pytest.mark.parametrize("lengthless", [True, False])
def test_a_stop_breaks_off_a_read_and_is_no_end_of_file(server, lengthless):
    url = server.serve("/a", bytes(5000), always=Fault(stall=1000, lengthless=lengthless))
    stop = Stop()
    body = Body(HttpClient(timeout=(2, 4)), url, "a", headers={}, size=None, stop=stop)
    chunks = body.chunks(1000)
    assert len(next(chunks)) == 1000
    began = time.monotonic()
    threading.Timer(0.1, stop.set).start()
    with pytest.raises(StoppedError):
        next(chunks)
    assert time.monotonic() - began < 3


def test_a_stop_ends_a_wait():
    stop = Stop()
    threading.Timer(0.05, stop.set).start()
    began = time.monotonic()
    stop.sleep(60)
    assert time.monotonic() - began < 5


def test_our_errors_are_kept_in_order_and_others_stop_all():
    def fail():
        raise DownloadError("no")

    outcomes = run_all([list, fail, dict], 2, Stop())
    assert [type(outcome) for outcome in outcomes] == [type(None), DownloadError, type(None)]
    stop, begun = Stop(), threading.Event()

    def crash():
        begun.wait(5)
        raise ZeroDivisionError

    def last():
        begun.set()
        stop.sleep(5)
        stop.check()

    with pytest.raises(ZeroDivisionError):
        run_all([crash, last], 2, stop)
    with pytest.raises(StoppedError):
        stop.check()


def test_results_come_in_order_and_not_too_far_ahead():
    begun, most = [], []

    def task(number):
        def do(_):
            begun.append(number)
            time.sleep(0.02 if number % 3 == 0 else 0)
            return number

        return do

    results = in_order(map(task, range(40)), 4, 6)
    for number, result in enumerate(results):
        assert result == number
        most.append(len(begun) - number)
    assert len(most) == 40
    assert max(most) <= 7
    assert list(in_order([], 3, 3)) == []


def test_the_first_that_fails_ends_the_others():
    ended = threading.Event()

    def fail(_):
        raise DownloadError("no")

    def wait(stop):
        stop.sleep(20)
        ended.set()
        stop.check()

    began = time.monotonic()
    with pytest.raises(DownloadError, match="no"):
        list(in_order([wait, fail, wait], 3, 3))
    assert ended.wait(5)
    assert time.monotonic() - began < 10


def test_tasks_that_cannot_be_made_are_an_error_and_no_wait_without_end():
    def tasks():
        yield lambda _: 1
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        list(in_order(tasks(), 2, 4))


def test_whoever_stops_asking_leaves_no_thread_behind():
    before = threading.active_count()
    results = in_order(((lambda _: 1) for _ in range(100)), 4, 4)
    assert next(results) == 1
    results.close()
    assert threading.active_count() == before
