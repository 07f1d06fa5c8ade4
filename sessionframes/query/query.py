"""The question itself."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sessionframes.query.where import EVERY, NONE, Where, conditions

if TYPE_CHECKING:
    from sessionframes.tables import Table


@dataclass(frozen=True)
class Order:
    """One column to order by; nulls come last either way.

    Parameters
    ----------
    column : str
        A column of the table, or its key.
    descending : bool
        Largest first.
    """

    column: str
    descending: bool = False

    def __str__(self) -> str:
        return f"-{self.column}" if self.descending else self.column


@dataclass(frozen=True)
class Query:
    """What is asked of a source.

    Parameters
    ----------
    table : type of Table
        The source's form of the table; with columns of others, where they are joined.
    where : Where
        What its rows must fulfil.
    switches : frozenset of str
        Which of the source's yes-or-no arguments are on, such as "include_unusable".
    columns : tuple of str, optional
        Columns that the frame is to have beside the key, in its order; all of the table if not given.
    order_by : tuple of Order
        What the rows are ordered by before the key, which decides last.
    limit : int, optional
        How many rows at most: the first in that order.
    joined : tuple of str
        The tables above, whose columns the rows are to have too.
    """

    table: type[Table]
    where: Where = EVERY
    switches: frozenset[str] = frozenset()
    columns: tuple[str, ...] | None = None
    order_by: tuple[Order, ...] = ()
    limit: int | None = None
    joined: tuple[str, ...] = ()

    @property
    def is_impossible(self) -> bool:
        """Whether no row can be an answer, so that nothing need be sent."""
        return self.where == NONE or self.limit == 0

    def needed(self, residual: Where = EVERY) -> tuple[str, ...]:
        """Return the columns of the table that pages must have, in the table's order, the key among them.

        Parameters
        ----------
        residual : Where
            What of the filter is left to do when the pages are there.
        """
        if self.columns is None:
            return tuple(self.table.dtypes())
        own = self.table.table_name()
        wanted = {self.table.key_name(), *self.columns, *(order.column for order in self.order_by)}
        wanted |= {condition.field.name for condition in conditions(residual) if condition.field.table == own}
        # Columns of ancestors are found by the ancestor's id.
        if any(condition.field.table != own for condition in conditions(residual)):
            wanted |= set(self.table.ids())
        return tuple(name for name in self.table.dtypes() if name in wanted)

    def fingerprint(self) -> str:
        """Return 16 hex digits that tell this question from every other of the same table."""
        whole = (self.where, sorted(self.switches), self.columns, self.order_by, self.limit, self.joined)
        return hashlib.sha256(repr(whole).encode()).hexdigest()[:16]

    def __str__(self) -> str:
        said = [] if self.where == EVERY else [f"where={self.where}"]
        said += [f"{switch}=True" for switch in sorted(self.switches)]
        said += [f"join=[{', '.join(self.joined)}]"] if self.joined else []
        said += [] if self.columns is None else [f"columns=[{', '.join(self.columns)}]"]
        said += [f"order_by=[{', '.join(map(str, self.order_by))}]"] if self.order_by else []
        said += [] if self.limit is None else [f"limit={self.limit}"]
        return f"{self.table.table_name()}({', '.join(said)})"
