"""Which rows of a table go where: in the order of their key, and of equal ones the newest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    Rows = npt.NDArray[np.int64]


def in_order(key: pa.ChunkedArray[Any]) -> Rows | None:
    """Return the positions of the rows in ascending order of `key`, nulls last; None if they are in it."""
    before, after = key.slice(0, max(len(key) - 1, 0)), key.slice(1)
    if not key.null_count and pc.all(pc.less_equal(before, after), min_count=0).as_py():
        return None
    if pa.types.is_integer(key.type) and not key.null_count:
        return np.argsort(key.to_numpy(), kind="stable")
    return pc.sort_indices(key).to_numpy().astype(np.int64)


def ordered(table: pa.Table, orders: Sequence[tuple[str, bool]], key: str, rows: Rows | None) -> Rows:
    """Return positions of rows by the columns they are to be ordered by, then by their key.

    Parameters
    ----------
    table : pyarrow.Table
        With those columns.
    orders : sequence of tuple of str and bool
        Column, and whether the largest comes first; nulls and NaN come last either way, text is ordered by
        code point.
    key : str
        What decides between equal rows.
    rows : numpy.ndarray or None
        Positions of the rows that count; None for all of them.
    """
    names = list(dict.fromkeys([*(name for name, _ in orders), key]))
    counting = pa.Table.from_arrays([_without_nan(table.column(name)) for name in names], names=names)
    counting = counting if rows is None else counting.take(rows)
    sort_keys: list[tuple[str, Literal["ascending", "descending"]]] = [
        (name, "descending" if descending else "ascending") for name, descending in orders
    ]
    if key not in dict(orders):
        sort_keys.append((key, "ascending"))
    place = pc.sort_indices(counting, sort_keys=sort_keys).to_numpy()
    found: Rows = place.astype(np.int64) if rows is None else rows[place]
    return found


def _without_nan(values: pa.ChunkedArray[Any]) -> pa.ChunkedArray[Any]:
    # A NaN is a null, and must not be told from one by its place.
    return pc.if_else(pc.is_nan(values), None, values) if pa.types.is_floating(values.type) else values


def newest_in_order(key: pa.ChunkedArray[Any], version: pa.ChunkedArray[Any]) -> Rows:
    """Return the position of the row of the largest `version` for each `key`, in ascending order of the keys.

    Parameters
    ----------
    key, version : pyarrow.ChunkedArray
        Of integers, without a null.
    """
    keys = key.to_numpy()
    rows: Rows = np.lexsort((version.to_numpy(), keys))
    ordered = keys[rows]
    is_last = np.ones(len(rows), dtype=np.bool_)
    is_last[:-1] = ordered[1:] != ordered[:-1]
    return rows[is_last]
