"""The question itself."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sessionframes.query.conditions import Condition
    from sessionframes.tables import Table


@dataclass(frozen=True)
class Query:
    """What is asked of a source.

    Parameters
    ----------
    table : type of Table
        The source's form of the table.
    conditions : tuple of Condition
        All must hold.
    switches : frozenset of str
        Which of the source's yes-or-no arguments are on, such as "include_unusable".
    """

    table: type[Table]
    conditions: tuple[Condition, ...] = ()
    switches: frozenset[str] = frozenset()

    @property
    def is_impossible(self) -> bool:
        """Whether no row can be an answer, so that nothing need be sent."""
        return any(condition.is_impossible for condition in self.conditions)

    def fingerprint(self) -> str:
        """Return 16 hex digits that tell this question from every other of the same table."""
        whole = [(condition.column, condition.lookup, condition.value) for condition in self.conditions]
        return hashlib.sha256(repr((whole, sorted(self.switches))).encode()).hexdigest()[:16]

    def __str__(self) -> str:
        said = [
            f"{condition.column}__{condition.lookup}={_short(condition)}" for condition in self.conditions
        ]
        said += [f"{switch}=True" for switch in sorted(self.switches)]
        return f"{self.table.table_name()}({', '.join(said)})"


def _short(condition: Condition) -> str:
    if not isinstance(condition.value, tuple):
        return condition.value.isoformat()
    shown = ", ".join(str(value) for value in condition.value[:3])
    more = len(condition.value) - 3
    return f"[{shown}, and {more} more]" if more > 0 else f"[{shown}]"
