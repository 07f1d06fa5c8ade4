"""Which row of one frame belongs to a row of another, and where two columns differ."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

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
    one, other = (pd.Series(values, copy=False).reset_index(drop=True) for values in (one, other))
    if isinstance(one.dtype, np.dtype) and one.dtype == other.dtype and one.dtype.kind in "iub":
        return np.asarray(one.to_numpy() != other.to_numpy())
    if isinstance(one.dtype, pd.ArrowDtype) and isinstance(other.dtype, pd.ArrowDtype):
        # Lists have no comparison of their own.
        pairs = zip(
            one.array.__arrow_array__().to_pylist(), other.array.__arrow_array__().to_pylist(), strict=True
        )
        return np.array([left != right for left, right in pairs], dtype=np.bool_)
    either, both = one.isna() | other.isna(), one.isna() & other.isna()
    try:
        equal = (one == other).fillna(False)
    except TypeError:  # such as naive and zoned instants, which have no order nor equality
        equal = pd.Series(False, index=one.index)
    same = (np.asarray(equal, dtype=np.bool_) & ~np.asarray(either)) | np.asarray(both)
    found: npt.NDArray[np.bool_] = ~same
    return found
