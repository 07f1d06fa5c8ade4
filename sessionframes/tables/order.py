"""Which rows of a table go where: in the order of their key, and of equal ones the newest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
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
