"""The demo world's BrainSTEM, and connections to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import sessionframes as sf
from sessionframes.demo.brainstem import BrainstemServer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sessionframes.demo.world import World


@pytest.fixture(scope="module")
def one_server(world: World) -> Iterator[BrainstemServer]:
    with BrainstemServer(world) as server:
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
