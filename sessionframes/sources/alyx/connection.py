"""An Alyx that is open: tables, and its own endpoints."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sessionframes.connection import Connection
from sessionframes.sources.alyx import release
from sessionframes.sources.alyx.access import transport_of, zone_of
from sessionframes.sources.alyx.native import NativeCalls
from sessionframes.sources.alyx.reads import reads_of

if TYPE_CHECKING:
    import pandas as pd

    from sessionframes.config import Options
    from sessionframes.source import Transport


class AlyxConnection(NativeCalls, Connection):
    """An open Alyx. Made by ``sessionframes.connect("alyx", ...)``.

    Ids are Alyx's: ``session_id`` is what IBL calls eid, ``probe_id`` pid; a unit's is its probe's and the
    number of its cluster, with a colon between. Filters may name fields of related rows as Alyx does:
    ``Q(subject__nickname="KS022")``, ``Q(tasks__status="Errored")``.
    """

    @property
    def transport(self) -> Transport:
        """How this source is reached."""
        return self._transport

    def save(self, table: str, data: Any, *, dry_run: bool = False, progress: bool = True) -> pd.DataFrame:
        """Create and change records; see :meth:`sessionframes.connection.Connection.save`."""
        return Connection.save(self, table, data, dry_run=dry_run, progress=progress)


def open_alyx(options: Options) -> Connection:
    """Open an Alyx, or the tables of a release of it; nothing is sent.

    Raises
    ------
    sessionframes.errors.ConfigError
        An option makes no sense, or nobody says who asks.
    """
    from sessionframes.sources.alyx import SOURCE

    found = release.opened(options)
    if found is not None:
        return found
    transport = transport_of(options)
    source = replace(SOURCE, reads=reads_of(zone_of(options)))
    return AlyxConnection(source, transport, transport.files)
