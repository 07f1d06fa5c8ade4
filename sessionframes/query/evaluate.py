"""What a filter means: which rows of a table at hand fulfil it. Every engine is held against this."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sessionframes.query.instants import as_instants, as_number
from sessionframes.query.on_json import masks_of_json
from sessionframes.query.on_scalars import as_scalars
from sessionframes.query.on_texts import as_lists, as_texts
from sessionframes.query.where import And, Condition, Not, conditions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sessionframes.query.masks import Mask, Operand
    from sessionframes.query.where import Where

_DTYPES = {"integer": "int64", "number": "float64", "flag": "bool"}


def evaluate(where: Where, columns: Mapping[str, Any], rows: int) -> Mask:
    """Tell for every row whether it fulfils a filter.

    Two-valued: a condition on a null is false unless it is ``isnull``. NaN is null; text that is no JSON
    counts as absent in a column of JSON; instants are compared to the microsecond, their parts in UTC.

    Parameters
    ----------
    where : Where
        The filter.
    columns : mapping
        By name, the columns that it asks of: a Series, Index, ExtensionArray or NumPy array of the dtypes
        that tables have (:mod:`sessionframes.tables.kinds`), or an Arrow list of text. Rows are told by
        position.
    rows : int
        How many there are.

    Returns
    -------
    numpy.ndarray of bool
        One for every row.
    """
    return _Evaluation(where, columns, rows).mask(where)


class _Evaluation:
    """One filter on one table: what its conditions share is made once."""

    def __init__(self, where: Where, columns: Mapping[str, Any], rows: int) -> None:
        self._columns = columns
        self._rows = rows
        self._operands: dict[tuple[str, str | None], Operand] = {}
        self._on_json = self._masks_of_json(where)

    def mask(self, where: Where) -> Mask:
        if isinstance(where, Condition):
            return self._of_condition(where)
        if isinstance(where, Not):
            return ~self.mask(where.part)
        is_and = isinstance(where, And)
        joined = np.full(self._rows, is_and, dtype=np.bool_)
        for part in where.parts:
            (np.logical_and if is_and else np.logical_or)(joined, self.mask(part), out=joined)
        return joined

    def _of_condition(self, condition: Condition) -> Mask:
        if condition.operand == "json":
            return self._on_json[id(condition)]
        return self._operand(condition).holds(condition.lookup, _plain(condition))

    def _operand(self, condition: Condition) -> Operand:
        key = (condition.field.name, condition.part)
        if key not in self._operands:
            self._operands[key] = _read(condition, self._columns[condition.field.name])
        return self._operands[key]

    def _masks_of_json(self, where: Where) -> dict[int, Mask]:
        """Return where each condition on JSON holds: all of a column at once, which is parsed only once."""
        asked: dict[str, list[Condition]] = {}
        for condition in conditions(where):
            if condition.operand == "json":
                asked.setdefault(condition.field.name, []).append(condition)
        found: dict[int, Mask] = {}
        for name, together in asked.items():
            masks = masks_of_json(as_texts(self._columns[name], name), together)
            found |= {id(condition): mask for condition, mask in zip(together, masks, strict=True)}
        return found


def _read(condition: Condition, values: Any) -> Operand:
    field = condition.field
    if field.kind == "instant":
        return as_instants(values, condition.part)
    if field.kind == "text":
        return as_texts(values, field.name)
    if field.kind == "texts":
        return as_lists(values, field.name)
    return as_scalars(values, _DTYPES[field.kind])


def _plain(condition: Condition) -> Any:
    """Return the value of a condition as numbers, where it is of the calendar."""
    value = condition.value
    if condition.operand not in ("instant", "date", "time") or condition.lookup == "isnull":
        return value
    return tuple(map(as_number, value)) if condition.lookup == "in" else as_number(value)
