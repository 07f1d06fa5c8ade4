"""What happens to the others when one is interrupted."""

from __future__ import annotations

import threading
import time

import pytest

from sessionframes.errors import DownloadError
from sessionframes.transports.body import Body
from sessionframes.transports.http import HttpClient
from sessionframes.transports.workers import Stop, StoppedError, run_all
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
