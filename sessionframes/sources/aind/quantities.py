"""Numbers of AIND's metadata in our units: text in schema 1, with a unit beside them or in their axes."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from sessionframes.flatten import number

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["ANGLES", "LENGTHS", "quantity", "whole"]

#: How many um one is.
LENGTHS: Final[Mapping[str, Decimal]] = {
    **dict.fromkeys(("meter", "m"), Decimal(1_000_000)),
    **dict.fromkeys(("centimeter", "cm"), Decimal(10_000)),
    **dict.fromkeys(("millimeter", "mm"), Decimal(1_000)),
    **dict.fromkeys(("micrometer", "um"), Decimal(1)),
    **dict.fromkeys(("nanometer", "nm"), Decimal("0.001")),
    **dict.fromkeys(("inch", "in"), Decimal(25_400)),
}
#: How many degrees one is.
ANGLES: Final[Mapping[str, Decimal]] = {
    **dict.fromkeys(("degrees", "degree", "deg"), Decimal(1)),
    **dict.fromkeys(("radians", "radian", "rad"), Decimal(repr(180 / math.pi))),
}
#: The micro sign and the Greek letter look the same.
_MICRO = str.maketrans({"\N{MICRO SIGN}": "u", "\N{GREEK SMALL LETTER MU}": "u"})


def quantity(value: Any, unit: Any, units: Mapping[str, Decimal]) -> float | None:
    """Return a quantity in our unit; None where there is none, or its unit is not told.

    Parameters
    ----------
    value : object
        A number, or one written as text.
    unit : object
        The name of its unit; None where it is not told.
    units : mapping
        One of those of this module: in um or degrees.

    Raises
    ------
    ValueError
        It is no number, or in a unit that is not known.

    Examples
    --------
    >>> quantity("11.0875", "millimeter", LENGTHS), quantity(5, "degrees", ANGLES)
    (11087.5, 5.0)
    """
    if value is None or value == "" or unit is None:
        return None
    number(value)
    factor = units.get(unit.strip().lower().translate(_MICRO)) if isinstance(unit, str) else None
    if factor is None:
        message = f"nobody knows the unit {unit!r}; known are {', '.join(units)}"
        raise ValueError(message)
    # In decimals, as it was written: 29.999901 mm are 29999.901 um, not 29999.901000000002.
    return float(Decimal(str(value)) * factor)


def whole(value: Any) -> int | None:
    """Return a whole number that may be written as text, or None where it is blank.

    Raises
    ------
    ValueError
        It is none.
    """
    if value == "":
        return None
    read = number(value)
    if not read.is_integer():
        message = "expected was a whole number"
        raise ValueError(message)
    return int(read)
