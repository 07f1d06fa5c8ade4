"""What a condition answers: for every row, whether it holds."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

Mask = npt.NDArray[np.bool_]


class Operand(Protocol):
    """A column, or a part of it, that conditions can be asked of."""

    def holds(self, lookup: str, value: Any) -> Mask:
        """Tell for every row whether the condition holds; on a null none does but ``isnull``."""


def from_arrow(found: Any) -> Mask:
    """Return Arrow's answer as a mask; where it does not know, which is on nulls, it is no."""
    mask: Mask = found.fill_null(False).to_numpy(zero_copy_only=False)
    return mask
