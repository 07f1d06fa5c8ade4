"""Conditions on numbers, flags and instants."""

from __future__ import annotations

import operator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from sessionframes.query.masks import Mask, from_arrow

if TYPE_CHECKING:
    from collections.abc import Callable

_COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "exact": operator.eq,
    "gt": operator.gt,
    "gte": operator.ge,
    "lt": operator.lt,
    "lte": operator.le,
}
#: What stands where a null is, so that the array can be of a plain type.
_BLANKS: dict[str, Any] = {"int64": 0, "float64": np.nan, "bool": False}


@dataclass(frozen=True)
class Scalars:
    """A column of numbers or flags; instants, days and times of day are numbers too.

    Parameters
    ----------
    values : numpy.ndarray
        Of int64, float64 or bool. NaN is null.
    nulls : numpy.ndarray, optional
        Where it is null; nowhere else than at NaN if not given.
    """

    values: npt.NDArray[Any]
    nulls: Mask | None = None

    def holds(self, lookup: str, value: Any) -> Mask:
        """Tell for every row whether the condition holds."""
        if lookup == "isnull":
            return self._is_null()
        known: Mask = self._is_in(value) if lookup == "in" else _COMPARE[lookup](self.values, value)
        return known if self.nulls is None else known & ~self.nulls

    def _is_null(self) -> Mask:
        if self.nulls is not None:
            return self.nulls.copy()
        return np.asarray(np.isnan(self.values))

    def _is_in(self, wanted: tuple[Any, ...]) -> Mask:
        values, among = self.values, np.array(wanted, dtype=self.values.dtype)
        if values.dtype.kind == "f":
            # Arrow tells 0.0 from -0.0 here, and nothing else does.
            values, among = values + 0.0, among + 0.0
        return from_arrow(pc.is_in(pa.array(values), value_set=pa.array(among)))


def as_scalars(values: Any, dtype: str) -> Scalars:
    """Return a column as what conditions on numbers and flags can be asked of.

    Parameters
    ----------
    values : Series, Index, ExtensionArray or numpy.ndarray
        The column.
    dtype : {"int64", "float64", "bool"}
        What its values are, nulls aside.
    """
    array = values.array if isinstance(values, pd.Series | pd.Index) else values
    if isinstance(array, pd.arrays.NumpyExtensionArray | np.ndarray):
        return Scalars(np.asarray(array).astype(dtype, copy=False))
    plain = array.to_numpy(dtype=np.dtype(dtype), na_value=_BLANKS[dtype])
    return Scalars(plain) if dtype == "float64" else Scalars(plain, np.asarray(array.isna()))
