"""When a cell that somebody gives is the one that a table has."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd


def is_same_cell(one: Any, other: Any) -> bool:
    """Tell whether two cells of a table hold the same; None and any null of pandas are the same nothing.

    Parameters
    ----------
    one, other : object
        Whatever a frame or a dict may have.
    """
    is_many = _is_many(one)
    if is_many != _is_many(other):
        return False
    if not is_many and (_is_null(one) or _is_null(other)):
        return _is_null(one) and _is_null(other)
    try:
        return bool(list(one) == list(other) if is_many else one == other)
    except (TypeError, ValueError):
        # Nothing that a cell holds, such as a whole column.
        return False


def _is_many(value: Any) -> bool:
    return isinstance(value, list | tuple | np.ndarray)


def _is_null(value: Any) -> bool:
    return value is None or bool(pd.api.types.is_scalar(value) and pd.isna(value))
