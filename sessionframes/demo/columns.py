"""Arrow columns out of what was drawn.

The published type stubs of pyarrow take neither a mask nor a mixture of arrays and constants; these few
functions are the one place where that is known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sessionframes.demo.draws import Flags, Ints

    Column = pa.Array[Any]


def table(columns: Mapping[str, Any]) -> pa.Table:
    """Return a table of these columns, which may be Arrow or NumPy arrays, or lists."""
    return pa.table(dict(columns))


def column(values: Any, *, null: Flags | None = None) -> Column:
    """Return `values` as a column, null where `null` says so; a NaN stays a NaN."""
    made: Column = pa.array(values, mask=null)
    return made


def rows_at(values: Any, positions: Ints) -> Any:
    """Return these rows of an array or a table, in the order of `positions`."""
    return values.take(pa.array(positions))


def choice(values: tuple[str | None, ...], positions: Ints) -> Column:
    """Return, for each position, the value at it."""
    made: Column = rows_at(pa.array(values), positions)
    return made


def joined(*pieces: Any) -> Column:
    """Return the texts of each row one after the other; pieces are columns, or one text for all rows."""
    made: Column = pc.binary_join_element_wise(*pieces, "")
    return made


def either(flags: Any, yes: Any, no: Any) -> Column:
    """Return, row by row, `yes` where the flag is set and `no` where it is not."""
    made: Column = pc.if_else(flags, yes, no)
    return made


def ids_where(ids: Any, flags: Any) -> list[int]:
    """Return the ids whose flag is set; a null flag is not."""
    found: list[int] = ids.filter(flags).to_pylist()
    return found
