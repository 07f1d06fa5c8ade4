"""``connect("demo")``: the demo world in a Postgres of its own, under the schema of LIMS."""

from __future__ import annotations

import hashlib
import os
import weakref
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sessionframes.config import Option, nearest, resolve
from sessionframes.connection import Connection
from sessionframes.demo.file_server import FileServer
from sessionframes.errors import ConfigError
from sessionframes.sources.lims import SOURCE
from sessionframes.transports.files import FileTransport
from sessionframes.transports.postgres import PostgresTransport, connection_string

if TYPE_CHECKING:
    from sessionframes.config import Options
    from sessionframes.demo.postgres import PostgresServer

OPTIONS = (
    Option(
        "scale",
        "Size of the world: 1 is about 60 sessions, 350 probes, 130 000 channels and 200 000 units.",
        ("SESSIONFRAMES_DEMO_SCALE",),
        default=1.0,
        kind=float,
    ),
    Option("seed", "What the world is drawn from.", default=0, kind=int),
    Option("progress", "Show progress while the world is made, the first time.", default=True, kind=bool),
    Option("wire", "As which system it answers: lims, brainstem, aind, or alyx.", default="lims"),
)


_LARGEST = 100


class DemoConnection(Connection):
    """The demo world as a LIMS; closing it stops its servers. Made by ``sessionframes.connect("demo")``."""

    def __init__(self, name: str, server: PostgresServer, web: FileServer, servers: ExitStack) -> None:
        # The server is elsewhere each time, the world is not: an export must find that it is the same.
        transport = PostgresTransport(
            connection_string({"url": server.url}), source=SOURCE.name, address=name
        )
        files = FileTransport(web.url)
        super().__init__(SOURCE, transport, files)
        servers.callback(transport.close)
        servers.callback(files.close)
        # Also when nobody holds this any more, as after a notebook's cell is run again.
        self._stop = weakref.finalize(self, _close_in, os.getpid(), servers)
        #: Where other clients of Postgres find the same database while this is open.
        self.url = server.url
        #: The web application of the demo's LIMS.
        self.files_url = web.url

    def close(self) -> None:
        """Close the connection and stop the servers; a second call does nothing."""
        super().close()
        self._stop()


def _close_in(process: int, servers: ExitStack) -> None:
    # A forked child has no server to stop, nor the threads that would let it.
    if os.getpid() == process:
        servers.close()


def open_demo(**options: Any) -> Connection:
    """Open the demo: make its world if this is the first time, and start its servers.

    Parameters
    ----------
    scale : float
        1 is about 60 sessions, 350 probes, 130 000 channels and 200 000 units.
    seed : int
        What the world is drawn from.
    progress : bool
        Show progress while the world is made.
    wire : str
        As which system it answers: "lims", from a Postgres of its own; "brainstem", from a server on loopback
        that can be written to; "aind", from three of them: DocDB, Code Ocean and S3; or "alyx", from one that
        can be written to and one for files.

    Raises
    ------
    sessionframes.errors.ConfigError
        An option that there is not, a scale that is not positive, or no Postgres to be found.
    """
    told = resolve("demo", OPTIONS, options)
    if told["wire"] not in _WIRES:
        message = f"wire is {told['wire']!r}."
        raise ConfigError(message, source="demo", hint=nearest(told["wire"], _WIRES))
    return _WIRES[told["wire"]](told)


def _open_brainstem(told: Options) -> Connection:
    from sessionframes.demo.brainstem.opening import open_brainstem_demo

    return open_brainstem_demo(told["scale"], told["seed"])


def _open_aind(told: Options) -> Connection:
    from sessionframes.demo.aind.opening import open_aind_demo

    return open_aind_demo(told["scale"], told["seed"], progress=told["progress"])


def _open_alyx(told: Options) -> Connection:
    from sessionframes.demo.alyx.opening import open_alyx_demo

    return open_alyx_demo(told["scale"], told["seed"])


def _open_lims(told: Options) -> DemoConnection:
    servers = ExitStack()
    try:
        server = servers.enter_context(start_lims(told["scale"], told["seed"], progress=told["progress"]))
        web = servers.enter_context(FileServer())
        name = f"demo:scale={told['scale']:g},seed={told['seed']}"
        return DemoConnection(name, server, web, servers)
    except BaseException:
        servers.close()
        raise


_WIRES = {"lims": _open_lims, "brainstem": _open_brainstem, "aind": _open_aind, "alyx": _open_alyx}


def start_lims(scale: float, seed: int = 0, *, progress: bool = False) -> PostgresServer:
    """Start a Postgres with the demo world as a LIMS, each time a fresh copy; stop it, or use ``with``.

    Raises
    ------
    sessionframes.errors.ConfigError
        The scale is not more than 0, or larger than a machine has room for.
    """
    from sessionframes.demo.postgres import cluster

    if not 0 < scale <= _LARGEST:
        message = f"scale is {scale:g}."
        raise ConfigError(message, source="demo", hint=f"Give more than 0, and {_LARGEST} at most.")
    key = f"lims-{scale:g}-{seed}-{world_recipe()}"
    return cluster(key, partial(_build, scale=scale, seed=seed, progress=progress))


def _build(url: str, *, scale: float, seed: int, progress: bool) -> None:
    # Only who makes a world needs to know how.
    from sessionframes.demo.lims import load
    from sessionframes.demo.world import make_world

    load(url, make_world(scale, seed), progress=progress)


def world_recipe() -> str:
    """Return a digest of the code that makes the world, so that no older world is taken for it."""
    digest = hashlib.sha256()
    home = Path(__file__).parent
    for path in [*sorted(home.glob("*.py")), home.parent / "sources" / "lims" / "schema.py"]:
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]
