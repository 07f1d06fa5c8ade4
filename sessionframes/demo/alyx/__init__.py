"""The demo world as an Alyx on loopback: rows of its tables, the REST interface over them, and files."""

from sessionframes.demo.alyx.files import make_files
from sessionframes.demo.alyx.ids import own_id
from sessionframes.demo.alyx.records import make_records
from sessionframes.demo.alyx.server import AlyxServer
from sessionframes.demo.http import Fault

__all__ = ["AlyxServer", "Fault", "make_files", "make_records", "own_id"]
