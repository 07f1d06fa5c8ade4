"""Tables side by side: the form of a row that has the columns of the rows above it too."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sessionframes.tables.kinds import LEVELS

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    import pandera.pandas as pandera

    from sessionframes.tables.base import Table

#: What a dtype without room for nulls becomes where there may be some: the tables' own, and users'.
_TWINS: dict[Any, Any] = {
    np.dtype("bool"): pd.BooleanDtype(),
    **{np.dtype(f"int{bits}"): pd.api.types.pandas_dtype(f"Int{bits}") for bits in (8, 16, 32, 64)},
    **{np.dtype(f"uint{bits}"): pd.api.types.pandas_dtype(f"UInt{bits}") for bits in (8, 16, 32, 64)},
}
#: All that :func:`joined_form` has made: answers tell of them by their hash.
_MADE: list[type[Table]] = []


def depth(key: str) -> int:
    """Return how far below the session the rows of a key are; -1 for those above it."""
    return LEVELS.index(key) if key in LEVELS else -1


@cache
def joined_form(base: type[Table], *above: type[Table]) -> type[Table]:
    """Return the form of a table whose rows have the columns of the rows above them too.

    Parameters
    ----------
    base : type of Table
        Whose rows they are.
    *above : type of Table
        The other tables, in any order.

    Returns
    -------
    type of Table
        The columns of the base, then those of the others, the nearest first, without what is there already:
        a name means the same everywhere.
    """
    columns = dict(base.to_schema().columns)
    for other in nearest_first(above):
        own = other.to_schema().columns
        columns |= {name: own[name] for name in own if name not in columns and name != base.key_name()}
    form = base.with_columns(columns)
    _MADE.append(form)
    return form


def joined_forms() -> list[type[Table]]:
    """Return all forms that :func:`joined_form` has made so far."""
    return list(_MADE)


def nearest_first(tables: Iterable[type[Table]]) -> list[type[Table]]:
    """Return tables from those of units up to those of sessions and what is above them."""
    return sorted(tables, key=lambda table: -depth(table.key_name()))


def twin(dtype: Any) -> Any:
    """Return the pandas dtype that a column has where there may be nulls in it."""
    return _TWINS.get(dtype, dtype)


def with_nulls(form: type[Table], names: Iterable[str]) -> dict[str, pandera.Column]:
    """Return columns of a form as they are where a row may be missing: nullable, with room for it."""
    dtypes = form.dtypes()
    schema = form.to_schema()
    changes = {
        name: {
            "nullable": True,
            "dtype": twin(dtypes[name]),
            "metadata": {**(schema.columns[name].metadata or {}), "null": "not known, or no such row"},
        }
        for name in names
        if not schema.columns[name].nullable
    }
    columns: dict[str, pandera.Column] = schema.update_columns(changes).columns
    return {name: columns[name] for name in names}
