"""Which columns a filter on a table may name: its own, and those of the tables above it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from sessionframes.query.where import Field

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sessionframes.query.where import Kind
    from sessionframes.tables import Table


def scope_of(table: type[Table], others: Iterable[type[Table]]) -> dict[str, Field]:
    """Return the columns that a filter on a table may name.

    Parameters
    ----------
    table : type of Table
        The source's form of the table.
    others : iterable of type of Table
        The source's other tables. Those whose key the table carries are its ancestors: each of its rows has
        one row there, whose columns count as if they were its own. Of the same name the nearest counts.

    Returns
    -------
    dict of str to Field
        By name.
    """
    levels = table.ids()
    above = [other for other in others if other is not table and other.key_name() in levels]
    # An id that is the key of this table too is nearer than any of its parents.
    nearest_first = sorted(above, key=lambda other: levels.index(other.key_name()), reverse=True)
    fields: dict[str, Field] = {}
    for model in (table, *nearest_first):
        for name, field in fields_of(model).items():
            fields.setdefault(name, field)
    return fields


def fields_of(table: type[Table]) -> dict[str, Field]:
    """Return the columns of a table, its key among them, as filters see them."""
    facts = table.facts()
    fields = {}
    for name, dtype in table.dtypes().items():
        is_id = facts[name]["parent"] or name == table.key_name()
        kind = "json" if facts[name]["json"] else kind_of(dtype)
        fields[name] = Field(name, kind, table.table_name(), table.id_kind() if is_id else None)
    return fields


def kind_of(dtype: Any) -> Kind:
    """Return what a column of this pandas dtype holds, as filters see it."""
    if isinstance(dtype, pd.DatetimeTZDtype):
        return "instant"
    if isinstance(dtype, pd.ArrowDtype):
        return "texts"
    if isinstance(dtype, pd.BooleanDtype) or dtype == np.dtype("bool"):
        return "flag"
    if isinstance(dtype, pd.Int64Dtype) or dtype == np.dtype("int64"):
        return "integer"
    return "number" if dtype == np.dtype("float64") else "text"
