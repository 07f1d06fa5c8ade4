"""One Postgres per run, with the demo world in a LIMS of ours and in one that another hand made."""

from __future__ import annotations

import hashlib
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest
from hypothesis import settings

import sessionframes as sf
from sessionframes.demo.lims import load
from sessionframes.demo.opening import world_recipe
from sessionframes.demo.postgres import cluster
from sessionframes.demo.world import World, make_world
from tests.fake_source import connect, fake_transport
from tests.query.stored import Postgres

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sessionframes.connection import Connection
    from tests.fake_source import FakeTransport

SCALE = 0.05
VARIANT_DDL = Path(__file__).parent / "sources" / "lims" / "variant.sql"
#: Databases nobody connects to, because only those can be copied.
PRISTINE = {"ours": "pristine", "variant": "pristine_variant"}

#: For ``make nightly``.
settings.register_profile("nightly", max_examples=5000, print_blob=True)


def _build(url: str) -> None:
    world = make_world(SCALE)
    with psycopg.connect(url, autocommit=True) as connection:
        for name in PRISTINE.values():
            connection.execute(f"create database {name}")
    load(at(url, PRISTINE["ours"]), world, progress=False)
    load(at(url, PRISTINE["variant"]), world, progress=False, ddl=VARIANT_DDL.read_text(encoding="utf-8"))
    with psycopg.connect(url, autocommit=True) as connection:
        # A zone of its own, so that nothing leans on the server's.
        connection.execute(f"alter database {PRISTINE['variant']} set timezone = 'Asia/Tokyo'")
        for name, pristine in PRISTINE.items():
            connection.execute(f"create database {name} template {pristine} strategy file_copy")
            connection.execute(f"alter database {name} set timezone = 'America/Los_Angeles'")


def at(url: str, database: str) -> str:
    """The URL of another database on the same server."""
    return url.replace("/postgres?", f"/{database}?")


def pytest_configure(config: pytest.Config) -> None:
    # For doctests, notebooks and commands, which take the demo as users do.
    os.environ.setdefault("SESSIONFRAMES_DEMO_SCALE", str(SCALE))
    if hasattr(config, "workerinput") or config.option.collectonly:
        return
    if getattr(config.option, "numprocesses", None):
        # The controller outlives all workers, so the server is its child.
        config.stash[_SERVER] = _start()


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: pytest.Item) -> None:
    node.workerinput["server_url"] = node.config.stash[_SERVER].url


def pytest_unconfigure(config: pytest.Config) -> None:
    server = config.stash.get(_SERVER, None)
    if server is not None:
        server.stop()


_SERVER = pytest.StashKey()


def _start():
    variant = hashlib.sha256(VARIANT_DDL.read_bytes() + Path(__file__).read_bytes()).hexdigest()[:12]
    return cluster(f"tests-{SCALE}-{world_recipe()}-{variant}", _build)


@pytest.fixture(scope="session")
def server_url(request: pytest.FixtureRequest) -> str:
    """The URL of the run's Postgres."""
    config = request.config
    if hasattr(config, "workerinput"):
        return config.workerinput["server_url"]
    if _SERVER not in config.stash:
        config.stash[_SERVER] = _start()
    return config.stash[_SERVER].url


@pytest.fixture(scope="session")
def world() -> World:
    """What both databases were filled from."""
    return make_world(SCALE)


@pytest.fixture(scope="session", params=sorted(PRISTINE))
def lims_url(request: pytest.FixtureRequest, server_url: str) -> str:
    """The URL of each LIMS in turn; for reading only."""
    return at(server_url, request.param)


@pytest.fixture(scope="session")
def lims(lims_url: str) -> Iterator[Connection]:
    """A connection to each LIMS in turn."""
    with sf.connect("lims", url=lims_url) as db:
        yield db


@pytest.fixture(params=sorted(PRISTINE))
def own_lims_url(request: pytest.FixtureRequest, server_url: str, tmp_path: Path) -> Iterator[str]:
    """The URL of a LIMS that the test may change, of either making."""
    name = "own_" + hashlib.sha256(str(tmp_path).encode()).hexdigest()[:16]
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(f"create database {name} template {PRISTINE[request.param]} strategy file_copy")
        yield at(server_url, name)
        connection.execute(f"drop database {name} with (force)")


@pytest.fixture
def change(own_lims_url: str) -> Callable[..., None]:
    """Executes statements in the test's own LIMS."""

    def execute(*statements: str) -> None:
        with psycopg.connect(own_lims_url, autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement)

    return execute


@pytest.fixture
def transport() -> FakeTransport:
    """A source in memory, and what was asked of it."""
    return fake_transport()


@pytest.fixture
def db(transport: FakeTransport) -> Connection:
    """That source, open."""
    return connect(transport)


@pytest.fixture(scope="module")
def postgres(server_url: str) -> Iterator[Postgres]:
    """A database that holds whatever table a test makes up."""
    name = f"kept_{os.getpid()}_{time.monotonic_ns()}"
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(f"create database {name} template template0")
        kept = Postgres(at(server_url, name))
        yield kept
        kept.close()
        connection.execute(f"drop database {name} with (force)")
