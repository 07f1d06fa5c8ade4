"""A server that misbehaves, and a transport with little patience."""

import signal

import pytest

from sessionframes.transports.files import FileTransport
from tests.fault_server import FaultServer


@pytest.fixture
def server():
    with FaultServer() as running:
        yield running


@pytest.fixture
def elsewhere():
    with FaultServer() as running:
        yield running


@pytest.fixture
def waits():
    return []


@pytest.fixture
def transport(server, waits):
    with_short_patience = FileTransport(server.url, timeout=(2, 0.2), attempts=3, sleep=waits.append)
    yield with_short_patience
    with_short_patience.close()


@pytest.fixture
def interruptible():
    """An interrupt reaches the test even where the test run itself was told to ignore it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)
