"""From tasks of Alyx to the columns of their table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sessionframes.sources.alyx.endpoints import OF_TABLE
from sessionframes.sources.alyx.flat import cells_of, flattened, rest_cell

if TYPE_CHECKING:
    import pyarrow as pa

    from sessionframes.sources.alyx.groups import Listed
    from sessionframes.tables import Table

__all__ = ["tasks"]

_TASKS = OF_TABLE["tasks"]


def tasks(model: type[Table], page: Listed) -> pa.Table:
    """Return the columns of tasks.

    Parameters
    ----------
    model : type of Table
        The form of the table.
    page : Listed
        Records of tasks.

    Raises
    ------
    sessionframes.errors.SourceResponseError
        A record has what cannot be the value of a column; named are record, column and value.
    """
    cells = cells_of(_TASKS, page.zone)
    cells["task_other_fields"] = rest_cell(_TASKS)
    return flattened(model, page, cells, _TASKS)
