"""The demo world's BrainSTEM, and connections to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import sessionframes as sf
from sessionframes.demo.brainstem import BrainstemServer
from sessionframes.demo.world import World, make_world

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture(scope="session")
def told_world() -> World:
    """What the server was filled from."""
    return make_world(0.05)


@pytest.fixture(scope="module")
def one_server(told_world: World) -> Iterator[BrainstemServer]:
    with BrainstemServer(told_world) as server:
        yield server


@pytest.fixture
def server(one_server: BrainstemServer) -> BrainstemServer:
    """As if it had just been started."""
    one_server.reset()
    return one_server


@pytest.fixture
def connect(server: BrainstemServer) -> Iterator[Callable[..., sf.Connection]]:
    """Opens the server, for somebody with a role or, with None, for nobody."""
    opened = []

    def connected(role: str | None = "administrator", **options: Any) -> sf.Connection:
        token = server.tokens[role] if role else None
        db = sf.connect("brainstem", url=server.url, token=token, **options)
        opened.append(db)
        return db

    yield connected
    for db in opened:
        db.close()


@pytest.fixture
def db(connect: Callable[..., sf.Connection]) -> sf.Connection:
    """Open for the administrator."""
    return connect()
