"""The demo world as AIND has it, on loopback: documents in DocDB, data assets in Code Ocean, files in S3."""

from sessionframes.demo.aind.assets import make_assets
from sessionframes.demo.aind.files import make_files
from sessionframes.demo.aind.ids import own_id
from sessionframes.demo.aind.records import make_records
from sessionframes.demo.aind.server import AindServer
from sessionframes.demo.http import Fault

__all__ = ["AindServer", "Fault", "make_assets", "make_files", "make_records", "own_id"]
