"""Arrow inside, pandas outside: the one place where a table crosses over."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import pandas as pd
import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import numpy.typing as npt

    from sessionframes.tables.base import Table

    Rows = npt.NDArray[np.int64]

T = TypeVar("T")
R = TypeVar("R")

#: From here on, threads cost less than they save.
_MANY_ROWS = 50_000


def to_frame(table: pa.Table, model: type[Table], rows: Rows | None = None) -> pd.DataFrame:
    """Return an Arrow table as the model's frame: its key as the index, its dtypes.

    Parameters
    ----------
    table : pyarrow.Table
        With the names and types of ``model.arrow_schema()``. A null where the model allows none stays
        visible: that column comes with the nullable twin of its dtype, for validation to name.
    model : type of Table
        The source's form of the table.
    rows : numpy.ndarray, optional
        Positions of the rows that the frame is to have, in its order; all of them as they are if not given.
    """
    dtypes = model.dtypes()

    def converted(name: str) -> Any:
        return to_pandas(table.column(name), dtypes[name], rows)

    columns = dict(zip(dtypes, in_threads(converted, dtypes, rows=table.num_rows), strict=True))
    index = pd.Index(columns.pop(model.key_name()), name=model.key_name(), copy=False)
    names = pd.Index(list(columns), dtype="str")
    return pd.DataFrame(columns, index=index, columns=names, copy=False)


def in_threads(function: Callable[[T], R], columns: Iterable[T], *, rows: int) -> list[R]:
    """Return what a function makes of each column; of long ones several at once.

    Parameters
    ----------
    function : callable
        It lets go of the interpreter where it takes long, as putting a column in order does.
    columns : iterable
        What it is called with.
    rows : int
        How long they are; short ones are not worth a thread.
    """
    threads = min(4, os.cpu_count() or 1) if rows > _MANY_ROWS else 1
    if threads == 1:
        return list(map(function, columns))
    with ThreadPoolExecutor(threads, thread_name_prefix="sessionframes-frame") as pool:
        return list(pool.map(function, columns))


def to_pandas(values: pa.ChunkedArray[Any], dtype: Any, rows: Rows | None = None) -> Any:
    """Return Arrow values as the array of one pandas dtype, without a copy where the layouts agree."""
    if isinstance(dtype, np.dtype):
        if dtype.kind == "f" or not values.null_count:
            return _numpy(values, dtype, rows)
        # An int64 or bool with a null has no NumPy form; guessing a value would be worse than a wrong dtype.
        dtype = pd.Int64Dtype() if dtype.kind == "i" else pd.BooleanDtype()
    if rows is None:
        return dtype.__from_arrow__(values)
    # Cheaper than to put the Arrow table in order first: only one column at a time is there twice.
    whole = pa.chunked_array([values.combine_chunks()], values.type)
    return dtype.__from_arrow__(whole).take(rows)


def _numpy(values: pa.ChunkedArray[Any], dtype: np.dtype[Any], rows: Rows | None) -> np.ndarray[Any, Any]:
    array = values.to_numpy().astype(dtype, copy=False)
    if rows is not None:
        return array.take(rows)
    # Arrow's buffers are read-only, and a frame that cannot be assigned to is of little use.
    return array if array.flags.writeable else array.copy()


def to_arrow(frame: pd.DataFrame, model: type[Table]) -> pa.Table:
    """Return a frame of the model as an Arrow table: the key first, the model's Arrow types."""
    schema = model.arrow_schema()
    arrays = [pa.array(frame.index, type=schema.field(0).type, from_pandas=True)]
    arrays += [pa.array(frame[field.name], type=field.type, from_pandas=True) for field in list(schema)[1:]]
    return pa.Table.from_arrays(arrays, schema=schema)
