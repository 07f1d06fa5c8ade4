"""The demo world as an Alyx on loopback: rows of its tables, and the REST interface over them."""

from sessionframes.demo.alyx.server import AlyxServer
from sessionframes.demo.http import Fault

__all__ = ["AlyxServer", "Fault"]
