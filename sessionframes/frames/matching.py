"""Which row of one frame belongs to a row of another, and where two columns differ."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa

if TYPE_CHECKING:
    import numpy.typing as npt

    from sessionframes.frames.parts import Part


def matched(ids: Any, part: Part, sources: pd.Index[Any] | None) -> npt.NDArray[np.intp]:
    """Return for each id the position of its row in a part; -1 where it has none, or is null.

    Parameters
    ----------
    ids : array-like
        Values of the part's key, of its dtype or that dtype's nullable twin.
    part : Part
        Its keys are unique.
    sources : pandas.Index or None
        For parts of unions: whose ids they are.
    """
    index = pd.Index(ids, copy=False)
    nulls = np.asarray(index.isna())
    if isinstance(index.dtype, pd.Int64Dtype):
        index = pd.Index(index.to_numpy(dtype=np.int64, na_value=0), copy=False)
    if sources is None:
        places = part.frame.index.get_indexer(index)
    else:
        places = part.frame.index.get_indexer(pd.MultiIndex.from_arrays([sources, index]))
    if nulls.any():
        places = np.where(nulls, -1, places)
    return places


def differing(one: Any, other: Any) -> npt.NDArray[np.bool_]:
    """Tell for each position whether two columns have different values there; nulls are equal."""
    one, other = _comparable(one), _comparable(other)
    if isinstance(one.dtype, np.dtype) and one.dtype == other.dtype and one.dtype.kind in "iub":
        return np.asarray(one.to_numpy() != other.to_numpy())
    nulls, others_nulls = np.asarray(one.isna()), np.asarray(other.isna())
    try:
        equal = np.asarray((one == other).fillna(False), dtype=np.bool_)
    except (TypeError, ValueError):  # arrays in cells, which answer with an array
        pairs = zip(one, other, strict=True)
        equal = np.array([np.array_equal(left, right) for left, right in pairs], dtype=np.bool_)
    found: npt.NDArray[np.bool_] = np.where(nulls | others_nulls, nulls != others_nulls, ~equal)
    return found


def _comparable(values: Any) -> pd.Series[Any]:
    column = pd.Series(values, copy=False).reset_index(drop=True)
    if isinstance(column.dtype, pd.ArrowDtype) and pa.types.is_nested(column.dtype.pyarrow_dtype):
        # Lists have no comparison of their own.
        return pd.Series(pa.array(column).to_pylist(), dtype="object")
    # Categories compare only with the same categories.
    return column.astype("object") if isinstance(column.dtype, pd.CategoricalDtype) else column
