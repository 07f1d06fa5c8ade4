"""JSON metric bundles as typed columns: DuckDB reads them, a tally of their text shows that nothing is lost.

DuckDB's ``from_json`` is three times as fast as Arrow's parser and takes what it can: it drops keys it was not
told of, and makes 1.0 of ``true``. So the values in the text are counted by their kind, and a row counts as read
only where as many of each kind have arrived. A row where not is odd. Several odd rows are read again, with
the columns that some of them show to be odd as JSON text; the last few are left to Python.
"""

from __future__ import annotations

import json
import os
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow
import pyarrow.compute

if TYPE_CHECKING:
    from collections.abc import Sequence

    import duckdb

    Ints = np.ndarray[Any, np.dtype[np.int64]]

#: The column for whatever has none of its own.
OTHER = "other_metrics"
#: So many rows of a page tell at first what is odd about it.
_SAMPLE = 16
#: So few odd rows are read by Python; so many of a larger number tell what is odd about them.
_FEW_ROWS = 64
#: With more odd keys than this, bundles are nothing that columns could help with.
_MOST_LOOSE = 64
#: Released bundles carry these two under each other's name. (AllenSDK issues 1029, 1186)
_SWAPPED = ("p_value_rf", "on_screen_rf")
#: The first character of a JSON value → its kind.
_NOTHING, _NUMBER, _FLAG, _REST = 0, 1, 2, 3
_KINDS = np.full(256, _REST, dtype=np.uint8)
_KINDS[list(b"-0123456789")] = _NUMBER
_KINDS[list(b"tf")] = _FLAG
_KINDS[list(b"n")] = _NOTHING
#: Digits that any float and any integer of ours has room for; Python refuses to read thousands.
_LONGEST_INTEGER = 300
_COMMA = ", "


def parse(texts: pyarrow.Array, schema: pyarrow.Schema) -> pyarrow.Table:
    """Return JSON objects as a table of `schema`: a row each, in their order, none of their values lost.

    Parameters
    ----------
    texts : pyarrow.StringArray or pyarrow.LargeStringArray
        One JSON text each, as Postgres has checked it. No text, or ``null``, is a row of nulls.
    schema : pyarrow.Schema
        A float, integer or Boolean field per key that is known, and :data:`OTHER` for the rest as the text
        of a JSON object: unknown keys, values of another type than the key's, numbers that its type cannot
        hold, and under ``data`` a bundle that is no object. A null value is as good as none. Of a key that comes
        twice the last value counts.
    """
    firsts = _first_bytes(texts)
    if ((firsts > 0) & (firsts <= ord(" "))).any():
        texts = pyarrow.compute.utf8_ltrim_whitespace(texts)
    # What is odd about many is better known beforehand than found out by reading them twice.
    return _parsed(texts, schema, _odd_keys(_some(texts, _SAMPLE), schema))


def _parsed(texts: pyarrow.Array, schema: pyarrow.Schema, loose: Sequence[str]) -> pyarrow.Table:
    import duckdb

    try:
        columns = _read(texts, schema, loose)
    except duckdb.Error:
        # Text that Postgres takes for JSON and DuckDB does not, such as half of a surrogate pair.
        if len(texts) <= _FEW_ROWS:
            return _parsed_by_python(texts, schema)
        middle = len(texts) // 2
        return pyarrow.concat_tables(
            [_parsed(texts[:middle], schema, loose), _parsed(texts[middle:], schema, loose)]
        )
    typed = _typed(columns, schema, loose)
    firm = [field for field in schema if field.name not in (OTHER, *loose)]
    kept = {
        _NUMBER: [typed[field.name] for field in firm if field.type != pyarrow.bool_()],
        _FLAG: [typed[field.name] for field in firm if field.type == pyarrow.bool_()],
    }
    odd = _odd_rows(texts, kept, [columns[name] for name in loose])
    table = pyarrow.Table.from_arrays([typed[name] for name in schema.names], schema=schema)
    if not len(odd):
        return table
    return _replaced(table, odd, _parsed_odd(texts.take(pyarrow.array(odd)), schema, loose))


def _parsed_odd(texts: pyarrow.Array, schema: pyarrow.Schema, loose: Sequence[str]) -> pyarrow.Table:
    if len(texts) > _FEW_ROWS:
        more = list(dict.fromkeys([*loose, *_odd_keys(_some(texts, _FEW_ROWS), schema)]))
        if len(loose) < len(more) <= _MOST_LOOSE:
            return _parsed(texts, schema, more)
    return _parsed_by_python(texts, schema)


def _replaced(table: pyarrow.Table, rows: Ints, by: pyarrow.Table) -> pyarrow.Table:
    place = np.arange(table.num_rows)
    place[rows] = table.num_rows + np.arange(len(rows))
    return pyarrow.concat_tables([table, by]).take(pyarrow.array(place))


@cache
def _database() -> duckdb.DuckDBPyConnection:
    import duckdb

    # One thread, its caller's: the other cores are busy with the next page, and no thread is lost in a fork.
    config = {"threads": 1, "autoinstall_known_extensions": False, "autoload_known_extensions": False}
    return duckdb.connect(":memory:", config=config)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_database.cache_clear)


def _read(texts: pyarrow.Array, schema: pyarrow.Schema, loose: Sequence[str]) -> dict[str, pyarrow.Array]:
    """Numbers as floats, flags as text (or 0.5 would be true), and `loose` keys as the JSON text of the value."""
    wanted = {
        field.name: "VARCHAR" if field.type == pyarrow.bool_() else "DOUBLE"
        for field in schema
        if field.name != OTHER
    }
    wanted |= dict.fromkeys(loose, "JSON")
    structure = json.dumps(wanted, ensure_ascii=False).replace("'", "''")
    with _database().cursor() as cursor:
        rows = cursor.from_arrow(pyarrow.table({"line": texts}))
        found = rows.project(f"from_json(line, '{structure}') as bundle").to_arrow_table()
    bundles = found.column("bundle").combine_chunks()
    return dict(zip(wanted, bundles.flatten(), strict=True))


def _typed(
    columns: dict[str, pyarrow.Array], schema: pyarrow.Schema, loose: Sequence[str]
) -> dict[str, pyarrow.Array]:
    """Return the columns of `schema`, null where a value does not fit; the loose values that do not are in :data:`OTHER`."""
    if set(_SWAPPED) <= set(loose):
        columns = columns | _unswapped(columns)
    typed, misfits = {}, {}
    for field in schema:
        if field.name == OTHER:
            continue
        values = columns[field.name]
        if field.name in loose and field.type != pyarrow.bool_():
            values = _numbers(values)
        typed[field.name] = _fitting(values, field.type)
        if field.name in loose:
            fits = pyarrow.compute.is_valid(typed[field.name])
            misfits[field.name] = pyarrow.compute.if_else(fits, None, columns[field.name])
    misfits |= {name: columns[name] for name in loose if name not in typed}
    typed[OTHER] = _joined(misfits, len(columns[schema.names[0]]))
    return typed


def _unswapped(columns: dict[str, pyarrow.Array]) -> dict[str, pyarrow.Array]:
    value, flag = (columns[name] for name in _SWAPPED)
    swapped = pyarrow.compute.and_(_is_kind(value, _FLAG), pyarrow.compute.invert(_is_kind(flag, _FLAG)))
    choose = pyarrow.compute.if_else
    return dict(zip(_SWAPPED, (choose(swapped, flag, value), choose(swapped, value, flag)), strict=True))


def _is_kind(texts: pyarrow.Array, kind: int) -> pyarrow.Array:
    return pyarrow.array(_KINDS[_first_bytes(texts)] == kind)


def _numbers(texts: pyarrow.Array) -> pyarrow.Array:
    return pyarrow.compute.if_else(_is_kind(texts, _NUMBER), texts, None).cast(pyarrow.float64())


def _fitting(values: pyarrow.Array, wanted: pyarrow.DataType) -> pyarrow.Array:
    if wanted == pyarrow.bool_():
        place = pyarrow.compute.index_in(values, value_set=pyarrow.array(["true", "false"], values.type))
        return pyarrow.compute.equal(place, 0)
    # JSON writers do not always tell 3 from 3.0, hence integers by way of floats, as far as those are exact.
    limit = 2.0**53 if wanted == pyarrow.int64() else np.inf
    fits = pyarrow.compute.less(pyarrow.compute.abs(values), limit)
    if wanted == pyarrow.int64():
        fits = pyarrow.compute.and_(fits, pyarrow.compute.equal(pyarrow.compute.floor(values), values))
    if not pyarrow.compute.all(fits, min_count=0).as_py():
        values = pyarrow.compute.if_else(fits, values, None)
    return values.cast(wanted)


def _joined(texts: dict[str, pyarrow.Array], rows: int) -> pyarrow.Array:
    """Return JSON objects of these values; null where they are all null."""
    if not texts:
        return pyarrow.nulls(rows, pyarrow.large_string())
    pairs = [_paired(name, values) for name, values in texts.items()]
    inner = pyarrow.compute.binary_join_element_wise(*pairs, _wide(""))
    objects = pyarrow.compute.binary_join_element_wise(
        _wide("{"), pyarrow.compute.utf8_slice_codeunits(inner, len(_COMMA)), _wide("}"), _wide("")
    )
    return pyarrow.compute.if_else(pyarrow.compute.equal(inner, _wide("")), None, objects)


def _paired(name: str, values: pyarrow.Array) -> pyarrow.Array:
    values = pyarrow.compute.if_else(pyarrow.compute.equal(values, "null"), None, values)
    label = _wide(f"{_COMMA}{json.dumps(name)}: ")
    pairs = pyarrow.compute.binary_join_element_wise(label, values.cast(pyarrow.large_string()), _wide(""))
    return pyarrow.compute.coalesce(pairs, _wide(""))


def _wide(text: str) -> pyarrow.LargeStringScalar:
    return pyarrow.scalar(text, pyarrow.large_string())


def _odd_rows(texts: pyarrow.Array, kept: dict[int, list[pyarrow.Array]], told: list[pyarrow.Array]) -> Ints:
    """Return the rows of which a value is lost or bent, or that are no objects.

    What follows a colon is a value, or looks like one inside of a string. So no row has more of a kind in
    the columns than in its text, unless a value has changed its kind, and then its own kind is short:
    where each kind is there as often as in the text, everything is, as it was.
    """
    firsts = _first_bytes(texts)
    odd = (firsts != ord("{")) & (firsts != ord("n")) & (firsts != 0)
    seen = _Values(texts)
    inside = [_Values(pyarrow.compute.binary_join_element_wise(":", text, "")) for text in told]
    for kind in (_NUMBER, _FLAG, _REST):
        columns = kept.get(kind, [])
        arrived = sum(len(values) - values.null_count for values in columns)
        if seen.total(kind) != arrived + sum(values.total(kind) for values in inside):
            by_row = sum((pyarrow.compute.is_valid(values).to_numpy(zero_copy_only=False) for values in columns), 0)
            odd |= seen.by_row(kind) != by_row + sum(values.by_row(kind) for values in inside)
    return np.flatnonzero(odd)


class _Values:
    """What stands behind the colons of JSON texts, by kind."""

    def __init__(self, texts: pyarrow.Array) -> None:
        self._edges, text = _text(texts)
        self._at = np.flatnonzero(text == ord(":"))
        at = self._at + 1
        firsts = text[at]
        while (blank := firsts <= ord(" ")).any():
            at += blank
            firsts = text[at]
        self._kinds = _KINDS[firsts]

    def total(self, kind: int) -> int:
        """Return how many there are of a kind."""
        return int(np.count_nonzero(self._kinds == kind))

    def by_row(self, kind: int) -> Ints:
        """Return how many there are of a kind in each text."""
        before = np.concatenate([[0], np.cumsum(self._kinds == kind)])
        counts: Ints = np.diff(before[np.searchsorted(self._at, self._edges)])
        return counts


def _text(texts: pyarrow.Array) -> tuple[Ints, np.ndarray[Any, np.dtype[np.uint8]]]:
    """Where the texts begin and end, and the bytes of them all, one text after the other."""
    _, offsets, data = texts.buffers()
    width = np.int64 if pyarrow.types.is_large_string(texts.type) else np.int32
    edges = np.frombuffer(offsets, dtype=width)[texts.offset : texts.offset + len(texts) + 1].astype(np.int64)
    return edges - edges[0], np.frombuffer(data or b"", dtype=np.uint8)[edges[0] : edges[-1]]


def _first_bytes(texts: pyarrow.Array) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """The first byte of each text, 0 where there is none."""
    edges, text = _text(texts)
    firsts = np.zeros(len(texts), dtype=np.uint8)
    there = edges[:-1] < edges[1:]
    firsts[there] = text[edges[:-1][there]]
    return firsts


def _some(texts: pyarrow.Array, number: int) -> pyarrow.Array:
    step = max(len(texts) // number, 1)
    return texts.take(pyarrow.array(np.arange(0, len(texts), step)))


def _odd_keys(texts: pyarrow.Array, schema: pyarrow.Schema) -> list[str]:
    """Return the keys of which some bundle has a value that does not fit."""
    bundles = (json.loads(text, parse_float=_number, parse_int=_number) for text in texts.to_pylist())
    found: dict[str, None] = {}
    for bundle in bundles:
        if isinstance(bundle, dict):
            found |= dict.fromkeys(_shared_out(bundle, schema)[1])
            if _swapped_back(bundle) is not bundle:
                found |= dict.fromkeys(_SWAPPED)
    return [name for name in found if name][:_MOST_LOOSE]


def _parsed_by_python(texts: pyarrow.Array, schema: pyarrow.Schema) -> pyarrow.Table:
    rows = [_row(text, schema) for text in texts.to_pylist()]
    return pyarrow.Table.from_pylist(rows, schema=schema)


def _row(text: str | None, schema: pyarrow.Schema) -> dict[str, Any]:
    bundle = None if text is None else json.loads(text, parse_float=_number, parse_int=_number)
    if bundle is None:
        return {}
    if not isinstance(bundle, dict):
        return {OTHER: json.dumps({"data": bundle})}
    row, other = _shared_out(bundle, schema)
    return {**row, OTHER: json.dumps(other)} if other else row


def _number(text: str) -> float | int | str:
    """A number, or its text where Python has no number so large."""
    if len(text) > _LONGEST_INTEGER or "." in text or "e" in text.lower():
        number = float(text)
        return number if np.isfinite(number) else text
    return int(text)


def _shared_out(bundle: dict[str, Any], schema: pyarrow.Schema) -> tuple[dict[str, Any], dict[str, Any]]:
    """Share the values of a bundle out between columns and the rest."""
    row, other = {}, {}
    for name, value in _swapped_back(bundle).items():
        if value is None:
            continue
        fits = name in schema.names and name != OTHER and _fits(value, schema.field(name).type)
        (row if fits else other)[name] = value
    return row, other


def _swapped_back(bundle: dict[str, Any]) -> dict[str, Any]:
    value, flag = (bundle.get(name) for name in _SWAPPED)
    if isinstance(value, bool) and not isinstance(flag, bool):
        return {**bundle, **dict(zip(_SWAPPED, (flag, value), strict=True))}
    return bundle


def _fits(value: Any, wanted: pyarrow.DataType) -> bool:
    if isinstance(value, bool) or wanted == pyarrow.bool_():
        return isinstance(value, bool) and wanted == pyarrow.bool_()
    if not isinstance(value, int | float):
        return False
    return wanted != pyarrow.int64() or (float(value).is_integer() and abs(value) < 2**63)
