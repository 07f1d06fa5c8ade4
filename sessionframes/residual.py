"""What a source could not filter by itself: done here, by the evaluator that is the reference."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow.compute as pc

from sessionframes.query.where import conditions
from sessionframes.tables.convert import to_pandas

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import numpy.typing as npt
    import pyarrow as pa

    from sessionframes.query import Where
    from sessionframes.tables import Table


@dataclass(frozen=True)
class Above:
    """The tables above the one that is asked for.

    Parameters
    ----------
    models : mapping
        The source's form of each of its tables, by name.
    fetch : callable
        From a table's name, ids of its rows and the columns wanted to those rows as an Arrow table.
    """

    models: Mapping[str, type[Table]]
    fetch: Callable[[str, tuple[Any, ...], tuple[str, ...]], pa.Table]


def fulfilling(residual: Where, table: pa.Table, model: type[Table], above: Above) -> npt.NDArray[np.bool_]:
    """Return which rows of a table fulfil what is left of a filter.

    Parameters
    ----------
    residual : Where
        It may name columns of the tables above this one.
    table : pyarrow.Table
        Of columns of the model, with every id that leads upwards.
    model : type of Table
        The source's form of the table.
    above : Above
        The tables above it; each is asked once.
    """
    from sessionframes.query.evaluate import evaluate

    columns: dict[str, Any] = {}
    wanted: dict[str, list[str]] = {}
    dtypes = model.dtypes()
    for field in sorted({condition.field for condition in conditions(residual)}, key=lambda one: one.name):
        if field.table == model.table_name():
            # What is no column of the table is a mark of the source's: a flag.
            dtype = dtypes.get(field.name, np.dtype("bool"))
            columns[field.name] = to_pandas(table.column(field.name), dtype)
        else:
            wanted.setdefault(field.table, []).append(field.name)
    for name, names in wanted.items():
        columns |= _looked_up(table, name, tuple(names), above)
    return evaluate(residual, columns, table.num_rows)


def _looked_up(table: pa.Table, name: str, wanted: tuple[str, ...], above: Above) -> dict[str, Any]:
    """Return columns of a table above, a value for each row below; null where there is no such row."""
    model = above.models[name]
    ids = table.column(model.key_name())
    rows = above.fetch(name, tuple(sorted(pc.unique(ids.drop_null()).to_pylist())), wanted)
    place = pc.index_in(ids, value_set=rows.column(model.key_name()).combine_chunks())
    dtypes = model.dtypes()
    return {column: to_pandas(rows.column(column).take(place), dtypes[column]) for column in wanted}
