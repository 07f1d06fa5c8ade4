"""A server on loopback of which a test says what it answers, and DocDB there."""

from __future__ import annotations

import pytest

from tests.sources.aind.documents import opened_at
from tests.sources.aind.loopback import Loopback


@pytest.fixture(scope="module")
def running():
    with Loopback() as running:
        yield running


@pytest.fixture
def server(running):
    running.requests.clear()
    running.faults.clear()
    return running


@pytest.fixture
def waits():
    return []


@pytest.fixture
def docdb(running, waits):
    opened = opened_at(running, waits)
    yield opened
    opened.rest.close()
