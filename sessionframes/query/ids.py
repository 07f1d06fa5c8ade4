"""Ids as people hand them over: one, many, an array, a column, a whole frame."""

from __future__ import annotations

import numbers
import uuid
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from sessionframes.errors import QueryError
from sessionframes.query.shown import shown
from sessionframes.tables.kinds import LEVELS

if TYPE_CHECKING:
    from collections.abc import Iterable

#: Iterable or not, these are one value.
_SINGLE = (str, bytes, bytearray, memoryview, numbers.Number, np.generic, uuid.UUID)
_INT64 = range(-(2**63), 2**63)
#: Above this, neighbouring whole numbers share one float, so a float no longer tells which id is meant.
_LARGEST_EXACT_FLOAT = 2**53
#: More digits than any id has; int() would refuse thousands of them with an error of its own.
_MOST_DIGITS = 40


def normalise_ids(values: Any, column: str, *, kind: str) -> tuple[Any, ...] | None:
    """Return ids as a sorted tuple without repeats, or None where there is no filter.

    Parameters
    ----------
    values : object
        None for no filter; one id; a list, tuple, set, range, generator, NumPy array, Series or Index of ids;
        or a DataFrame that carries them as its index or as a column named `column`.
    column : str
        Which id: "session_id", "probe_id" ...
    kind : {"int64", "str"}
        The source's type of id. For ``int64``, text of digits and whole floats are ids too.

    Raises
    ------
    sessionframes.errors.QueryError
        A value that is no id: null, fractional, boolean, of another type, or too large.
    """
    if values is None:
        return None
    _check_name(values, column)
    array = _integer_array(values, column)
    if array is not None and kind == "int64":
        if array.size and int(array.max()) not in _INT64:
            raise _refused(array.max(), column, "is larger than any 64-bit id")
        ordered = np.sort(array)
        # numpy.unique() goes by hashes, which takes ten times as long.
        return tuple(ordered[np.diff(ordered, prepend=ordered[:1] - 1) != 0].tolist())
    return tuple(sorted(listed_ids(values, column, kind=kind) or ()))


def listed_ids(values: Any, column: str, *, kind: str) -> tuple[Any, ...] | None:
    """Return ids as :func:`normalise_ids` does, but in the order in which they are given.

    Raises
    ------
    sessionframes.errors.QueryError
        A value that is no id.
    """
    if values is None:
        return None
    _check_name(values, column)
    convert = _integer if kind == "int64" else _text
    return tuple(dict.fromkeys(convert(value, column) for value in _listed(values, column)))


def _check_name(values: Any, column: str) -> None:
    """Refuse a column of other ids: probes handed over as sessions would quietly be nobody."""
    name = values.name if isinstance(values, pd.Series | pd.Index) else None
    if name in LEVELS and column in LEVELS and name != column:
        message = f"these are values of {name}."
        raise QueryError(message, column=column, hint=f"Give {column}s, or say {name}s=...")


def is_single(values: Any) -> bool:
    """Tell whether this is one id rather than a collection of them, be it of one."""
    is_scalar_array = isinstance(values, np.ndarray) and values.ndim == 0
    return isinstance(values, _SINGLE) or values is pd.NA or is_scalar_array


def _integer_array(values: Any, column: str) -> np.ndarray[Any, Any] | None:
    """Return what is, or holds, a NumPy array of integers as that: the fast path, for a million ids."""
    if isinstance(values, pd.DataFrame):
        values = _column_of(values, column)
    if isinstance(values, range):
        values = np.asarray(values)
    if isinstance(values, pd.Series | pd.Index) and isinstance(values.dtype, np.dtype):
        values = values.to_numpy()
    plain = isinstance(values, np.ndarray) and not isinstance(values, np.ma.MaskedArray)
    return values if plain and values.dtype.kind in "iu" and values.ndim == 1 else None


def _listed(values: Any, column: str) -> Iterable[Any]:
    if isinstance(values, pd.DataFrame):
        values = _column_of(values, column)
    if isinstance(values, np.ndarray) and values.ndim > 1:
        message = f"the ids have {values.ndim} dimensions."
        raise QueryError(message, column=column, hint="Give one list of ids, such as array.ravel().")
    if is_single(values):
        return [values.item() if isinstance(values, np.ndarray) else values]
    if isinstance(values, np.ma.MaskedArray):
        return list(values.tolist())
    try:
        return list(values)
    except TypeError:
        raise _refused(values, column, "is neither an id nor a collection of ids") from None


def _column_of(frame: pd.DataFrame, column: str) -> Any:
    if frame.index.nlevels > 1 and column == frame.index.names[-1]:
        message = "the ids of this frame are those of several sources."
        raise QueryError(message, column=column, hint="Give those of one: frame.loc['its name'].")
    if frame.index.name == column:
        return frame.index
    if column in frame.columns:
        return frame[column]
    carried = [str(name) for name in [frame.index.name, *frame.columns] if str(name).endswith("_id")]
    message = f"the frame carries no {column}; its ids are: {', '.join(carried) or 'none'}."
    raise QueryError(message, column=column, hint=f"Give a frame with {column} as its index or a column.")


def _integer(value: Any, column: str) -> int:
    if isinstance(value, str):
        found = _from_digits(value, column)
    elif isinstance(value, float | np.floating):
        found = _whole(float(value), column)
    elif _is_integer(value):
        found = int(value)
    else:
        raise _refused(value, column, _why_no_id(value))
    if found not in _INT64:
        raise _refused(value, column, "is larger than any 64-bit id")
    return found


def _is_integer(value: Any) -> bool:
    # NumPy counts timedelta64 among the integers, Python counts True.
    return isinstance(value, numbers.Integral) and not isinstance(value, bool | np.timedelta64)


def _from_digits(text: str, column: str) -> int:
    digits = text.strip()
    # isdecimal() alone would let the digits of other scripts through, which people do not mean as ids.
    if not (digits.isascii() and digits.removeprefix("-").isdecimal()):
        raise _refused(text, column, "is no whole number")
    if len(digits) > _MOST_DIGITS:
        raise _refused(text, column, "is larger than any 64-bit id")
    return int(digits)


def _whole(value: float, column: str) -> int:
    if np.isnan(value):
        raise _refused(value, column, "is null (NaN)")
    if not value.is_integer():
        raise _refused(value, column, "is no whole number")
    if abs(value) > _LARGEST_EXACT_FLOAT:
        raise _refused(value, column, "is too large for a float to be exact")
    return int(value)


def _text(value: Any, column: str) -> str:
    if isinstance(value, str | uuid.UUID):
        return str(value)
    if _is_integer(value) and int(value) in _INT64:
        return str(int(value))
    raise _refused(value, column, _why_no_id(value))


def _why_no_id(value: Any) -> str:
    is_nan = isinstance(value, float | np.floating) and np.isnan(value)
    if value is None or value is pd.NA or value is pd.NaT or is_nan:
        return "is null"
    return f"is a {type(value).__name__}"


def _refused(value: Any, column: str, why: str) -> QueryError:
    return QueryError(
        f"{shown(value)} {why}.", column=column, hint="Give ids, one or many; None means all, [] means none."
    )
