"""A BrainSTEM that is open: its own names for tables are understood as well."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sessionframes.connection import Connection
from sessionframes.errors import TableNotProvidedError
from sessionframes.sources.brainstem.columns import TABLES
from sessionframes.sources.brainstem.models import model_named

if TYPE_CHECKING:
    from sessionframes.source import Read

_TABLE_OF = {model: table for table, model in TABLES.items()}


class BrainstemConnection(Connection):
    """An open BrainSTEM. Made by ``sessionframes.connect("brainstem", ...)``."""

    def read(self, table: str) -> Read:
        """Return how a table is read, also by a name of its model: "session", "dataset", "Data acquisition".

        Raises
        ------
        sessionframes.errors.TableNotProvidedError
            The source has no such table.
        """
        try:
            model = model_named(str(table)).name
        except TableNotProvidedError:
            return super().read(table)
        return super().read(_TABLE_OF.get(model, model))
