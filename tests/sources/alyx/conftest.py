"""The demo world's Alyx with odd things too, and connections to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import sessionframes as sf
from sessionframes.demo.alyx import AlyxServer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sessionframes.demo.world import World


@pytest.fixture(scope="module")
def one_alyx(world: World) -> Iterator[AlyxServer]:
    with AlyxServer(world, examples=True) as server:
        yield server


@pytest.fixture
def alyx(one_alyx: AlyxServer) -> AlyxServer:
    """As if it had just been started."""
    one_alyx.reset()
    return one_alyx


@pytest.fixture
def db(alyx: AlyxServer) -> Iterator[Any]:
    """Open for somebody who may write."""
    with sf.connect("alyx", url=alyx.url, username=alyx.username, password=alyx.password) as opened:
        yield opened
