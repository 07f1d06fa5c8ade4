"""``connect("demo", wire="aind")``: the demo world as an AIND, with the sessions of AIND's own examples."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, cast

from sessionframes.config import resolve
from sessionframes.demo.aind.assets import make_assets
from sessionframes.demo.aind.files import make_files
from sessionframes.demo.aind.records import make_records
from sessionframes.demo.aind.server import AindServer
from sessionframes.demo.world import make_world
from sessionframes.sources.aind import SOURCE
from sessionframes.sources.aind.connection import AindConnection

if TYPE_CHECKING:
    from sessionframes.sources.aind.transport import AindTransport


class DemoAind(AindConnection):
    """The demo world as an AIND; closing it stops its servers."""

    def __init__(self, transport: AindTransport, server: AindServer) -> None:
        super().__init__(SOURCE, transport)
        # Also when nobody holds this any more, as after a notebook's cell is run again.
        self._stop = weakref.finalize(self, server.stop)
        #: Where other clients find the same servers while this is open.
        self.docdb_url, self.codeocean_url, self.s3_url = (
            server.docdb_url,
            server.codeocean_url,
            server.s3_url,
        )
        #: Of Code Ocean.
        self.token = server.token

    def close(self) -> None:
        """Close the connection and stop the servers; a second call does nothing."""
        super().close()
        self._stop()


def open_aind_demo(scale: float, seed: int, *, progress: bool = False) -> DemoAind:
    """Start DocDB, Code Ocean and S3 on loopback, and connect to them.

    Parameters
    ----------
    scale : float
        1 is about 60 sessions.
    seed : int
        What the world is drawn from.
    progress : bool
        Show progress while its files are written, the first time.

    Raises
    ------
    sessionframes.errors.ConfigError
        The scale is not positive.
    """
    world = make_world(scale, seed)
    server = AindServer(
        records=make_records(world),
        assets=make_assets(world),
        files=make_files(world, progress=progress),
        private=(),
    )
    try:
        told = {
            "docdb_url": server.docdb_url,
            "codeocean_url": server.codeocean_url,
            "codeocean_token": server.token,
            "s3_endpoint": server.s3_url,
            "s3_anonymous": True,
        }
        # Nothing of the user's own AIND counts here.
        opened = SOURCE.open(resolve(SOURCE.name, SOURCE.options, told, {}, {}))
        transport = cast("AindTransport", opened.transport)
        # The servers are elsewhere each time, the world is not: an export must find that it is the same.
        transport.address = f"demo:wire=aind,scale={scale:g},seed={seed}"
        return DemoAind(transport, server)
    except BaseException:
        server.stop()
        raise
