"""A BrainSTEM that is open: its own names for tables are understood as well."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from sessionframes.connection import Connection
from sessionframes.errors import TableNotProvidedError
from sessionframes.sources.brainstem.client_calls import ClientCalls
from sessionframes.sources.brainstem.columns import TABLES
from sessionframes.sources.brainstem.models import model_named
from sessionframes.sources.brainstem.write import check_portal

if TYPE_CHECKING:
    from sessionframes.source import Read, Write
    from sessionframes.sources.brainstem.walk import BrainstemTransport

_TABLE_OF = {model: table for table, model in TABLES.items()}


class BrainstemConnection(Connection, ClientCalls):
    """An open BrainSTEM. Made by ``sessionframes.connect("brainstem", ...)``.

    Every table that is one model can be written (:meth:`save`, :meth:`delete`), by any of its names. A moment
    needs its zone and is sent in UTC; a bare date is sent as it is, and the server makes its own midnight of
    it. ``extra_fields``, ``download_links`` and lists are replaced as a whole. Only sessions, projects and
    subjects have names that are unique: of all others, such as data acquisitions, every call with a row
    without id creates one more, so put the ids of the result into the frame before you save it again. Of
    taxonomies and resources, such as species and strains, only a request is filed: it is accepted or rejected
    on BrainSTEM's web pages, not from here. The server may delete what hangs on a record along with it.
    """

    def read(self, table: str) -> Read:
        """Return how a table is read, also by a name of its model: "session", "dataset", "Data acquisition".

        Raises
        ------
        sessionframes.errors.TableNotProvidedError
            The source has no such table.
        """
        return super().read(_table(table))

    def write(self, table: str) -> Write:
        """Return how a table is written, by the names that :meth:`read` takes.

        Raises
        ------
        sessionframes.errors.TableNotProvidedError
            The source has no such table, or it is put together from several.
        sessionframes.errors.QueryError
            The public portal is read-only.
        sessionframes.errors.SourceUnavailableError
            This has been closed.
        """
        found = super().write(_table(table))
        transport = cast("BrainstemTransport", self.transport)
        check_portal(transport)
        transport.rest.check_open()
        return found


def _table(name: str) -> str:
    try:
        model = model_named(str(name)).name
    except TableNotProvidedError:
        return name
    return _TABLE_OF.get(model, model)
