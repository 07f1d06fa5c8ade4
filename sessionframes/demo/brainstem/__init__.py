"""The demo world as a BrainSTEM on loopback: what it answers is what its documents and clients tell of it."""

from sessionframes.demo.brainstem.ids import own_id
from sessionframes.demo.brainstem.people import DeviceLogin
from sessionframes.demo.brainstem.server import BrainstemServer
from sessionframes.demo.http import Fault

__all__ = ["BrainstemServer", "DeviceLogin", "Fault", "own_id"]
