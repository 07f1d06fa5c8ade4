"""Conditions: what the rows of an answer must fulfil, all of them at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from datetime import datetime

Lookup = Literal["in", "lte"]


@dataclass(frozen=True)
class Condition:
    """One condition on one column.

    Parameters
    ----------
    column : str
        A column of the table, or of one of its ancestors.
    lookup : {"in", "lte"}
        As Django names it. On a null each of them is false.
    value : tuple or datetime
        For "in" the distinct values in order; none of them means no rows. For "lte" an instant with its zone.
    """

    column: str
    lookup: Lookup
    value: tuple[Any, ...] | datetime

    @property
    def is_impossible(self) -> bool:
        """Whether no row can fulfil it, so that nothing need be sent."""
        return self.lookup == "in" and not self.value
