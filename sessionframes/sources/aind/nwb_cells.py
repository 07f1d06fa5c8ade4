"""Values of NWB columns as what our columns hold.

Whoever wrote a file may have kept numbers as text, flags as numbers, and nothing as NaN or a blank.
"""

from __future__ import annotations

import math
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]

__all__ = ["absolute", "counts", "flags", "inverse", "numbers", "scaled", "texts", "times"]

_NOTHING = ("", "nan", "none", "null", "<na>")
_FLAGS = {
    "true": True,
    "yes": True,
    "1": True,
    "1.0": True,
    "false": False,
    "no": False,
    "0": False,
    "0.0": False,
}
#: So many digits a double always has; what is behind them comes of the division.
_DIGITS = 15


def numbers(values: Any) -> Floats:
    """Return numbers, NaN where there is none.

    Raises
    ------
    ValueError
        One is none; says which.
    """
    if isinstance(values, np.ndarray) and values.dtype.kind in "iuf":
        return values.astype(np.float64)
    return np.array([_number(value) for value in _each(values)], np.float64)


def _number(value: Any) -> float:
    if _is_nothing(value):
        return math.nan
    try:
        if not isinstance(value, bool):
            return float(value)
    except (TypeError, ValueError):
        pass
    message = f"{value!r:.60} is no number"
    raise ValueError(message)


def counts(values: Any) -> list[int | None]:
    """Return whole numbers, None where there is none.

    Raises
    ------
    ValueError
        One is none; says which.
    """
    if isinstance(values, np.ndarray) and values.dtype.kind in "iu":
        whole: list[int | None] = values.tolist()
        return whole
    found: list[int | None] = []
    for number in numbers(values).tolist():
        if math.isnan(number):
            found.append(None)
        elif number.is_integer():
            found.append(int(number))
        else:
            message = f"{number!r} is no whole number"
            raise ValueError(message)
    return found


def flags(values: Any) -> list[bool | None]:
    """Return yes or no, None where there is neither.

    Raises
    ------
    ValueError
        One is none of them; says which.
    """
    return [_flag(value) for value in _each(values)]


def _flag(value: Any) -> bool | None:
    if _is_nothing(value):
        return None
    found = _FLAGS.get(str(value).strip().casefold())
    if found is None:
        message = f"{value!r:.60} is neither true nor false"
        raise ValueError(message)
    return found


def texts(values: Any) -> list[str | None]:
    """Return texts, None where there is none; numbers as they would be written."""
    return [None if _is_nothing(value) else _text(value) for value in _each(values)]


def _text(value: Any) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def times(value: float, factor: Decimal) -> float:
    """Return a number times a factor, in decimals: 0.000632 s are 0.632 ms, not 0.6320000000000001."""
    return float(Decimal(repr(value)) * factor)


def scaled(factor: str) -> Callable[[Any], Floats]:
    """Return what makes numbers of another physical unit.

    Parameters
    ----------
    factor : str
        How many of the unit that is wanted are one of the unit that is there.
    """
    exact = Decimal(factor)
    return lambda values: np.array([times(value, exact) for value in numbers(values).tolist()], np.float64)


def inverse(factor: float) -> Callable[[Any], Floats]:
    """Return what makes numbers of their inverse, times a factor; of 0 there is none."""

    def inverted(values: Any) -> Floats:
        found = numbers(values)
        found = np.divide(factor, found, out=np.full_like(found, np.nan), where=found != 0)
        return np.array([float(f"{value:.{_DIGITS}g}") for value in found.tolist()], np.float64)

    return inverted


def absolute(values: Any) -> Floats:
    """Return numbers without their sign."""
    return np.abs(numbers(values))


def _each(values: Any) -> list[Any]:
    each: list[Any] = values.tolist() if isinstance(values, np.ndarray) else values
    return each


def _is_nothing(value: Any) -> bool:
    if isinstance(value, str):
        return value.strip().casefold() in _NOTHING
    return value is None or (isinstance(value, float) and math.isnan(value))
