"""``connect("demo", wire="alyx")``: the demo world as an Alyx, with what IBL's own examples ask for."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, cast

from sessionframes.config import resolve
from sessionframes.demo.alyx.server import AlyxServer
from sessionframes.demo.world import make_world
from sessionframes.sources.alyx import SOURCE
from sessionframes.sources.alyx.connection import AlyxConnection

if TYPE_CHECKING:
    from sessionframes.sources.alyx.transport import AlyxTransport


class DemoAlyx(AlyxConnection):
    """The demo world as an Alyx; closing it stops its servers, and forgets what was written."""

    def __init__(self, transport: AlyxTransport, server: AlyxServer) -> None:
        super().__init__(SOURCE, transport, transport.files)
        # Also when nobody holds this any more, as after a notebook's cell is run again.
        self._stop = weakref.finalize(self, server.stop)
        #: Where other clients find the same server while this is open, and who may ask it.
        self.url, self.username, self.password = server.url, server.username, server.password
        #: Where its files are.
        self.data_url = server.data_url

    def close(self) -> None:
        """Close the connection and stop the servers; a second call does nothing."""
        super().close()
        self._stop()


def open_alyx_demo(scale: float, seed: int) -> DemoAlyx:
    """Start an Alyx and its server of files on loopback, and connect to them as somebody who may write.

    Parameters
    ----------
    scale : float
        1 is about 60 sessions.
    seed : int
        What the world is drawn from.

    Raises
    ------
    sessionframes.errors.ConfigError
        The scale is not positive.
    """
    server = AlyxServer(make_world(scale, seed), examples=True)
    try:
        given = {"url": server.url, "username": server.username, "password": server.password}
        # Nothing of the user's own Alyx counts here.
        opened = SOURCE.open(resolve(SOURCE.name, SOURCE.options, given, {}, {}))
        transport = cast("AlyxTransport", opened.transport)
        # The servers are elsewhere each time, the world is not: an export must find that it is the same.
        transport.address = f"demo:wire=alyx,scale={scale:g},seed={seed}"
        return DemoAlyx(transport, server)
    except BaseException:
        server.stop()
        raise
