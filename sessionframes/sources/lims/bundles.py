"""JSON metric bundles as typed columns: Arrow's parser for what fits, Python for the odd rows."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pyarrow
import pyarrow.json

#: The column for whatever has none of its own.
OTHER = "other_metrics"
#: Pages of this size or less are not divided any further when something in them does not fit.
_FEW_ROWS = 64
_BLOCK_BYTES = 1 << 20


def parse(lines: pyarrow.StringArray, schema: pyarrow.Schema) -> pyarrow.Table:
    """Return JSON objects, one a line, as a table of `schema`; no line is lost, nor any of its values.

    Parameters
    ----------
    lines : pyarrow.StringArray
        One JSON text each, ended by a line break, which is its only one; never null.
    schema : pyarrow.Schema
        A field per key that is known, and :data:`OTHER` for the rest as JSON text: unknown keys, values of
        another type than the key's, and a bundle that is no object.
    """
    try:
        return _parse_fitting(lines, schema)
    except pyarrow.ArrowInvalid:
        if len(lines) <= _FEW_ROWS:
            return _parse_odd(lines, schema)
    # A few odd rows must not slow the others down.
    middle = len(lines) // 2
    return pyarrow.concat_tables([parse(lines[:middle], schema), parse(lines[middle:], schema)])


def _parse_fitting(lines: pyarrow.StringArray, schema: pyarrow.Schema) -> pyarrow.Table:
    if not len(lines):
        return schema.empty_table()
    # Whole numbers are read as floats too, since JSON writers do not always tell 3 from 3.0.
    numeric = {pyarrow.int64(): pyarrow.float64()}
    known = pyarrow.schema(
        [field.with_type(numeric.get(field.type, field.type)) for field in schema if field.name != OTHER]
    )
    table = pyarrow.json.read_json(
        pyarrow.BufferReader(_text(lines)),
        read_options=pyarrow.json.ReadOptions(block_size=_BLOCK_BYTES),
        parse_options=pyarrow.json.ParseOptions(explicit_schema=known, unexpected_field_behavior="error"),
    )
    if table.num_rows != len(lines):
        message = "a blank line, or several objects on one"
        raise pyarrow.ArrowInvalid(message)
    other = pyarrow.nulls(len(lines), pyarrow.large_string())
    return table.append_column(OTHER, other).select(schema.names).cast(schema)


def _text(lines: pyarrow.StringArray) -> pyarrow.Buffer:
    """The lines as one text: they stand one after the other in Arrow's buffer already."""
    _, offsets, text = lines.buffers()
    width = np.int64 if pyarrow.types.is_large_string(lines.type) else np.int32
    edges = np.frombuffer(offsets, dtype=width)[lines.offset : lines.offset + len(lines) + 1]
    return text[int(edges[0]) : int(edges[-1])]


def _parse_odd(lines: pyarrow.StringArray, schema: pyarrow.Schema) -> pyarrow.Table:
    rows = [_sorted_out(json.loads(line), schema) for line in lines.to_pylist()]
    return pyarrow.Table.from_pylist(rows, schema=schema)


def _sorted_out(bundle: Any, schema: pyarrow.Schema) -> dict[str, Any]:
    """Share the values of one bundle out between their columns and :data:`OTHER`."""
    if not isinstance(bundle, dict):
        return {OTHER: json.dumps({"data": bundle}, ensure_ascii=False)}
    row, other = {}, {}
    for name, value in _unswapped(bundle).items():
        fits = name in schema.names and name != OTHER and _fits(value, schema.field(name).type)
        (row if fits else other)[name] = value
    if other:
        row[OTHER] = json.dumps(other, ensure_ascii=False)
    return row


def _unswapped(bundle: dict[str, Any]) -> dict[str, Any]:
    # Bundles of released sessions carry these two under each other's name. (AllenSDK issues 1029, 1186)
    value, flag = bundle.get("p_value_rf"), bundle.get("on_screen_rf")
    if isinstance(value, bool) and not isinstance(flag, bool):
        return {**bundle, "p_value_rf": flag, "on_screen_rf": value}
    return bundle


def _fits(value: Any, wanted: pyarrow.DataType) -> bool:
    if value is None:
        return True
    if isinstance(value, bool) or wanted == pyarrow.bool_():
        return isinstance(value, bool) and wanted == pyarrow.bool_()
    if not isinstance(value, int | float):
        return False
    if wanted == pyarrow.int64():
        return float(value).is_integer() and abs(value) < 2**63
    return abs(value) < 1e308 or isinstance(value, float)
