"""Arrow arrays of Python values, without Arrow's own ideas of what may stand for what."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from collections.abc import Sequence

    Values = Sequence[Any] | pa.Array[Any]

__all__ = ["null_where", "strict_array"]


def strict_array(values: Values, kind: pa.DataType) -> pa.Array[Any]:
    """Return values as an Arrow array of a type; None is null. What is such an array already stays as it is.

    What Arrow takes for what it is not is looked for beforehand: flags and fractions for numbers, text for a
    list of letters.

    Raises
    ------
    TypeError
        A value is not of that type; says what was expected.
    """
    if isinstance(values, pa.Array) and values.type == kind:
        return values
    if pa.types.is_list(kind):
        _checked(values, {list, tuple}, kind)
    elif pa.types.is_floating(kind):
        if int in _checked(values, {int, float}, kind):
            # Arrow refuses whole numbers that no double can be.
            values = [None if value is None else float(value) for value in values]
    elif pa.types.is_integer(kind) and float in _checked(values, {int, float}, kind):
        values = [_whole(value) for value in values]
    elif pa.types.is_timestamp(kind) and datetime in _checked(values, {datetime}, kind):
        values = [None if value is None else _in_utc(value) for value in values]
    try:
        return pa.array(values, kind)
    except pa.ArrowException as error:
        message = f"expected was {_EXPECTED.get(kind.id, kind)}"
        raise TypeError(message) from error


_EXPECTED = {
    pa.large_string().id: "text",
    pa.float64().id: "a number",
    pa.int64().id: "a whole number",
    pa.bool_().id: "true or false",
    pa.timestamp("us").id: "a date-time",
    pa.list_(pa.large_string()).id: "a list of texts",
}


def _checked(values: Values, allowed: set[type], kind: pa.DataType) -> set[type]:
    found = set(map(type, values)) - {type(None)}
    if not found <= allowed:
        message = f"expected was {_EXPECTED.get(kind.id, kind)}"
        raise TypeError(message)
    return found


def _in_utc(value: datetime) -> datetime:
    if value.tzinfo is None:
        message = f"expected was {_EXPECTED[pa.timestamp('us').id]} with its offset"
        raise TypeError(message)
    # Once pandera is imported, pyarrow takes any offset for UTC.
    return value.astimezone(UTC)


def _whole(value: float | None) -> int | None:
    if value is None or isinstance(value, int):
        return value
    if not value.is_integer():
        message = f"expected was {_EXPECTED[pa.int64().id]}"
        raise TypeError(message)
    return int(value)


def null_where(mask: pa.Array[Any], values: pa.Array[Any]) -> pa.Array[Any]:
    """Return values with a null wherever the mask, which is null where they are, is true."""
    if not pc.any(mask).as_py():
        return values
    # Of the same bytes, told to be null: Arrow's if_else would copy them one by one.
    kept: pa.Array[Any] = pc.invert(mask).fill_null(pa.scalar(value=False))
    return pa.Array.from_buffers(values.type, len(values), [kept.buffers()[1], *values.buffers()[1:]])
