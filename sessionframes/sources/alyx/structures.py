"""From brain regions of Alyx to the columns of the table of structures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sessionframes.flatten import Cell, json_text
from sessionframes.sources.alyx.endpoints import OF_TABLE
from sessionframes.sources.alyx.flat import cells_of, flattened, rest_cell

if TYPE_CHECKING:
    import pyarrow as pa

    from sessionframes.sources.alyx.groups import Listed
    from sessionframes.tables import Table

__all__ = ["structures"]

_REGIONS = OF_TABLE["structures"]


def structures(model: type[Table], page: Listed) -> pa.Table:
    """Return the columns of brain regions.

    Parameters
    ----------
    model : type of Table
        The form of the table.
    page : Listed
        Records of brain regions.

    Raises
    ------
    sessionframes.errors.SourceResponseError
        A record has what cannot be the value of a column; named are record, column and value.
    """
    cells = cells_of(_REGIONS, page.zone)
    cells["structure_related_descriptions"] = Cell("related_descriptions", _related)
    cells["structure_other_fields"] = rest_cell(_REGIONS)
    return flattened(model, page, cells, _REGIONS)


def _related(told: Any) -> str | None:
    return json_text(told) if told else None
