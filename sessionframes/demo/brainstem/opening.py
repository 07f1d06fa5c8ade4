"""``connect("demo", wire="brainstem")``: the demo world as a BrainSTEM, to read and to write."""

from __future__ import annotations

import weakref
from typing import Any, cast

from sessionframes.config import resolve
from sessionframes.demo.brainstem.server import BrainstemServer
from sessionframes.sources.brainstem import SOURCE
from sessionframes.sources.brainstem.connection import BrainstemConnection
from sessionframes.sources.brainstem.walk import BrainstemTransport


class DemoBrainstem(BrainstemConnection):
    """The demo world as a BrainSTEM; closing it stops its server, and forgets what was written."""

    def __init__(self, transport: Any, server: BrainstemServer) -> None:
        super().__init__(SOURCE, transport)
        # Also when nobody holds this any more, as after a notebook's cell is run again.
        self._stop = weakref.finalize(self, server.stop)
        #: Where other clients find the same server while this is open.
        self.url = server.url
        #: Of "reader", "editor" and "administrator"; this connection is the editor's.
        self.tokens = server.tokens

    def close(self) -> None:
        """Close the connection and stop the server; a second call does nothing."""
        super().close()
        self._stop()


def open_brainstem_demo(scale: float, seed: int) -> DemoBrainstem:
    """Start a BrainSTEM on loopback and connect to it as somebody who may write.

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
    server = BrainstemServer(scale, seed)
    try:
        given = {"url": server.url, "portal": "private", "token": server.tokens["editor"]}
        # Nothing of the user's own BrainSTEM counts here.
        told = resolve(SOURCE.name, SOURCE.options, given, {}, {})
        opened = cast("BrainstemTransport", SOURCE.open(told).transport)
        # The server is at another port each time, the world is the same: its frames can be joined.
        name = f"demo:wire=brainstem,scale={scale:g},seed={seed}"
        transport = BrainstemTransport(opened.rest, opened.portal, told["page_size"], address=name)
        return DemoBrainstem(transport, server)
    except BaseException:
        server.stop()
        raise
