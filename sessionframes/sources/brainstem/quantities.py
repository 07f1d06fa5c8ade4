"""Numbers with a unit, as BrainSTEM keeps them: bare in older records, with their unit in newer ones."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

#: How much of the unit of ours one of theirs is.
HERTZ: Mapping[str, Decimal] = {
    "Hz": Decimal(1),
    "kHz": Decimal(1_000),
    "MHz": Decimal(1_000_000),
    "GHz": Decimal(1_000_000_000),
}
MICROMETRES: Mapping[str, Decimal] = {
    "m": Decimal(1_000_000),
    "cm": Decimal(10_000),
    "mm": Decimal(1_000),
    "um": Decimal(1),
    "nm": Decimal("0.001"),
}
DEGREES: Mapping[str, Decimal] = {
    "°": Decimal(1),
    "deg": Decimal(1),
    "degree": Decimal(1),
    "degrees": Decimal(1),
}
#: The micro sign and the Greek letter look the same.
_MICRO = str.maketrans({"\N{MICRO SIGN}": "u", "\N{GREEK SMALL LETTER MU}": "u"})


def quantity(value: Any, units: Mapping[str, Decimal], *, bare: str | None) -> float | None:
    """Return a quantity in the unit of ours, or None where it is none, or in a unit that is not known.

    Parameters
    ----------
    value : object
        A number, or ``{"value": number, "unit": text}``.
    units : mapping
        One of those of this module: in Hz, um or deg.
    bare : str or None
        The unit of a bare number; None where the documents do not tell it.

    Examples
    --------
    >>> quantity({"value": 29.999901, "unit": "kHz"}, HERTZ, bare="Hz"), quantity(30000, HERTZ, bare="Hz")
    (29999.901, 30000.0)
    """
    unit = bare
    if isinstance(value, dict):
        value, unit = value.get("value"), value.get("unit")
    if not isinstance(unit, str) or isinstance(value, bool) or not isinstance(value, int | float):
        return None
    factor = units.get(unit.strip().translate(_MICRO))
    if factor is None or not math.isfinite(value):
        return None
    # In decimals, as it was written: 29.999901 kHz are 29999.901 Hz, not 29999.901000000002.
    return float(Decimal(repr(value)) * factor)
