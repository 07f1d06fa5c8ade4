"""When a cell that somebody gives is the one that a table has."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd


def is_same_cell(one: Any, other: Any) -> bool:
    """Tell whether two cells of a table hold the same; None and any null of pandas are the same nothing.

    Parameters
    ----------
    one : object
        Whatever a frame or a dict may have; of a file of text, the text that was written for it.
    other : object
        What the table has.
    """
    if isinstance(one, str) and not isinstance(other, str):
        return _is_written(one, other)
    is_many = _is_many(one)
    if is_many != _is_many(other):
        return False
    if not is_many and (is_null(one) or is_null(other)):
        return is_null(one) and is_null(other)
    try:
        return bool(list(one) == list(other) if is_many else one == other)
    except (TypeError, ValueError):
        # Nothing that a cell holds, such as a whole column.
        return False


def is_nothing(value: Any) -> bool:
    """Tell whether a cell is null, an empty text or an empty list."""
    return len(value) == 0 if _is_many(value) or isinstance(value, str) else is_null(value)


def _is_written(text: str, cell: Any) -> bool:
    """Tell whether a text is how a file of text has a cell."""
    if not _is_many(cell):
        return not is_null(cell) and text == str(cell)
    try:
        return bool(json.loads(text) == list(cell))
    except (ValueError, RecursionError):
        return False


def _is_many(value: Any) -> bool:
    return isinstance(value, list | tuple | np.ndarray)


def is_null(value: Any) -> bool:
    """Tell whether a cell is None, or any null of pandas or NumPy."""
    return value is None or bool(pd.api.types.is_scalar(value) and pd.isna(value))
