"""The demo world as AIND has it, on loopback: documents in DocDB, data assets in Code Ocean, files in S3."""

from sessionframes.demo.aind.server import AindServer
from sessionframes.demo.http import Fault

__all__ = ["AindServer", "Fault"]
