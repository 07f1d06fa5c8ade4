"""JSON metric bundles as typed columns: DuckDB reads them, a tally of their text shows that nothing is lost.

DuckDB's ``from_json`` is three times as fast as Arrow's parser, and takes what it can: it drops keys that it
was not told of, and makes 1.0 of ``true``. So the values in the text are counted by their kind, and a row is
right only if as many of each kind have arrived. A row that is not is odd. Many odd rows are read again, the
keys that some of them show to be odd as JSON text; the last few are left to Python.
"""

from __future__ import annotations

import json
import math
import os
import uuid
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from collections.abc import Sequence

    import duckdb

    Bytes = np.ndarray[Any, np.dtype[np.uint8]]
    Ints = np.ndarray[Any, np.dtype[np.int64]]
    # An Arrow array: which kernels take it depends on its type, and that is known at run time only.
    Column = Any

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
#: Digits that any float has room for; Python refuses to read thousands.
_LONGEST_INTEGER = 300
#: Stands round the text of a number too large for Python.
_MARK = uuid.uuid4().hex
#: Up to here a float tells one integer from the next.
_EXACT = 2.0**53
_COMMA = ", "


def parse(texts: Column, schema: pa.Schema) -> pa.Table:
    """Return JSON objects as a table of `schema`: a row each, in their order, none of their values lost.

    Parameters
    ----------
    texts : pyarrow.StringArray or pyarrow.LargeStringArray
        One JSON text each, as Postgres has checked it. No text, or ``null``, is a row of nulls.
    schema : pyarrow.Schema
        A float, integer or Boolean field per key that is known, and :data:`OTHER` for the rest as the text
        of a JSON object: unknown keys, values of another type than the key's, numbers too large for it
        (integers from 2**53), and under ``data`` a bundle that is no object. A null value is as good as none.
        Of a key that comes twice the last value that is not null counts.

    Returns
    -------
    pyarrow.Table
        Of the same length and order as `texts`.
    """
    firsts = _first_bytes(texts)
    if ((firsts > 0) & (firsts <= ord(" "))).any():
        texts = pc.utf8_ltrim_whitespace(texts)
    # What is odd about many is better known beforehand than found out by reading them twice.
    return _parsed(texts, schema, _odd_keys(_some(texts, _SAMPLE), schema))


def _parsed(texts: Column, schema: pa.Schema, loose: Sequence[str]) -> pa.Table:
    import duckdb

    try:
        columns = _read(texts, schema, loose)
    except duckdb.Error:
        # Text that Postgres takes for JSON and DuckDB does not, such as half of a surrogate pair.
        if len(texts) <= _FEW_ROWS:
            return _parsed_by_python(texts, schema)
        middle = len(texts) // 2
        return pa.concat_tables(
            [_parsed(texts[:middle], schema, loose), _parsed(texts[middle:], schema, loose)]
        )
    typed = _typed(columns, schema, loose)
    firm = [field for field in schema if field.name not in (OTHER, *loose)]
    kept = {
        _NUMBER: [typed[field.name] for field in firm if field.type != pa.bool_()],
        _FLAG: [typed[field.name] for field in firm if field.type == pa.bool_()],
    }
    odd = _odd_rows(texts, kept, [columns[name] for name in loose])
    table = pa.Table.from_arrays([typed[name] for name in schema.names], schema=schema)
    if not len(odd):
        return table
    return _replaced(table, odd, _parsed_odd(texts.take(odd), schema, loose))


def _parsed_odd(texts: Column, schema: pa.Schema, loose: Sequence[str]) -> pa.Table:
    if len(texts) > _FEW_ROWS:
        more = list(dict.fromkeys([*loose, *_odd_keys(_some(texts, _FEW_ROWS), schema)]))
        if len(loose) < len(more) <= _MOST_LOOSE:
            return _parsed(texts, schema, more)
    return _parsed_by_python(texts, schema)


def _replaced(table: pa.Table, rows: Ints, by: pa.Table) -> pa.Table:
    place = np.arange(table.num_rows)
    place[rows] = table.num_rows + np.arange(len(rows))
    return pa.concat_tables([table, by]).take(place)


@cache
def _database(process: int) -> duckdb.DuckDBPyConnection:  # noqa: ARG001  the cache tells processes apart by it
    import duckdb

    # One thread, its caller's: the other cores are busy with the next page, and no thread is lost in a fork.
    # A forked process makes its own, and keeps its parent's, which would crash if it were closed there.
    config: dict[str, Any] = {
        "threads": 1,
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
    }
    return duckdb.connect(":memory:", config=config)


def _read(texts: Column, schema: pa.Schema, loose: Sequence[str]) -> dict[str, Column]:
    """Return numbers as floats, flags as text (or 0.5 would be true), and `loose` keys as JSON text."""
    wanted = {
        field.name: "VARCHAR" if field.type == pa.bool_() else "DOUBLE"
        for field in schema
        if field.name != OTHER
    }
    wanted |= dict.fromkeys(loose, "JSON")
    structure = json.dumps(wanted, ensure_ascii=False).replace("'", "''")
    with _database(os.getpid()).cursor() as cursor:
        rows = cursor.from_arrow(pa.table({"line": texts}))
        found = rows.project(f"from_json(line, '{structure}') as bundle").to_arrow_table()
    bundles = found.column("bundle").combine_chunks()
    return dict(zip(wanted, bundles.flatten(), strict=True))


def _typed(columns: dict[str, Column], schema: pa.Schema, loose: Sequence[str]) -> dict[str, Column]:
    """Return the columns of `schema`, null where a value does not fit; OTHER has it, if loose."""
    if set(_SWAPPED) <= set(loose):
        columns = columns | _unswapped(columns)
    typed, misfits = {}, {}
    for field in schema:
        if field.name == OTHER:
            continue
        values = columns[field.name]
        if field.name in loose and field.type != pa.bool_():
            values = _numbers(values)
        typed[field.name] = _fitting(values, field.type)
        if field.name in loose:
            fits = pc.is_valid(typed[field.name])
            misfits[field.name] = pc.if_else(fits, None, columns[field.name])
    misfits |= {name: columns[name] for name in loose if name not in typed}
    typed[OTHER] = _joined(misfits, len(columns[schema.names[0]]))
    return typed


def _unswapped(columns: dict[str, Column]) -> dict[str, Column]:
    value, flag = (columns[name] for name in _SWAPPED)
    swapped = pc.and_(_is_kind(value, _FLAG), pc.invert(_is_kind(flag, _FLAG)))
    choose = pc.if_else
    return dict(zip(_SWAPPED, (choose(swapped, flag, value), choose(swapped, value, flag)), strict=True))


def _is_kind(texts: Column, kind: int) -> Column:
    return pa.array(_KINDS[_first_bytes(texts)] == kind)


def _numbers(texts: Column) -> Column:
    return pc.if_else(_is_kind(texts, _NUMBER), texts, None).cast(pa.float64())


def _fitting(values: Column, wanted: pa.DataType) -> Column:
    if wanted == pa.bool_():
        place = pc.index_in(values, value_set=pa.array(["true", "false"], values.type))
        return pc.equal(place, pa.scalar(0, pa.int32()))
    # JSON writers do not always tell 3 from 3.0, hence integers by way of floats, as far as those are exact.
    limit = _EXACT if wanted == pa.int64() else np.inf
    fits = pc.less(pc.abs(values), pa.scalar(limit))
    if wanted == pa.int64():
        fits = pc.and_(fits, pc.equal(pc.floor(values), values))
    if not pc.all(fits, min_count=0).as_py():
        values = pc.if_else(fits, values, None)
    return values.cast(wanted)


def _joined(texts: dict[str, Column], rows: int) -> Column:
    """Return JSON objects of these values; null where they are all null."""
    if not texts:
        return pa.nulls(rows, pa.large_string())
    pairs = [_paired(name, values) for name, values in texts.items()]
    inner = pc.binary_join_element_wise(*pairs, _wide(""))
    objects = pc.binary_join_element_wise(
        _wide("{"), pc.utf8_slice_codeunits(inner, len(_COMMA)), _wide("}"), _wide("")
    )
    return pc.if_else(pc.equal(inner, _wide("")), None, objects)


def _paired(name: str, values: Column) -> Column:
    values = pc.if_else(pc.equal(values, pa.scalar("null")), None, values)
    label = _wide(f"{_COMMA}{json.dumps(name)}: ")
    pairs = pc.binary_join_element_wise(label, values.cast(pa.large_string()), _wide(""))
    return pc.coalesce(pairs, _wide(""))


def _wide(text: str) -> pa.LargeStringScalar:
    return pa.scalar(text, pa.large_string())


def _odd_rows(texts: Column, kept: dict[int, list[Column]], told: list[Column]) -> Ints:
    """Return the rows of which a value is lost or bent, or that are no objects.

    What follows a colon is a value, or looks like one inside of a string. So no row has more of a kind in
    the columns than in its text, unless a value has changed its kind, and then its own kind is short:
    where each kind is there as often as in the text, everything is, as it was. For the same reason no row
    can make up for what another has lost.
    """
    firsts = _first_bytes(texts)
    odd = (firsts != ord("{")) & (firsts != ord("n")) & (firsts != 0)
    seen = _Values(texts)
    inside = [_Values(pc.binary_join_element_wise(":", text, "")) for text in told]
    if inside:
        # An escape may stand for a colon, which the text of a loose value shows as such.
        escaped: Column = pc.match_substring(texts, "\\")
        odd |= escaped.fill_null(fill_value=False).to_numpy(zero_copy_only=False)
    elif all(seen.total(kind) == _arrived(kept.get(kind, ())) for kind in (_NUMBER, _FLAG, _REST)):
        return np.flatnonzero(odd)
    for kind in (_NUMBER, _FLAG, _REST):
        there = sum(values.by_row(kind) for values in inside)
        for column in kept.get(kind, ()):
            valid: Column = pc.is_valid(column)
            there = there + valid.to_numpy(zero_copy_only=False)
        odd |= seen.by_row(kind) != there
    return np.flatnonzero(odd)


def _arrived(columns: Sequence[Column]) -> int:
    return sum(len(values) - values.null_count for values in columns)


class _Values:
    """What stands behind the colons of JSON texts, by kind."""

    def __init__(self, texts: Column) -> None:
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


def _text(texts: Column) -> tuple[Ints, Bytes]:
    """Return where the texts begin and end, and the bytes of them all, one text after the other."""
    _, offsets, data = texts.buffers()
    width = np.int64 if pa.types.is_large_string(texts.type) else np.int32
    edges = np.frombuffer(offsets, dtype=width)[texts.offset : texts.offset + len(texts) + 1].astype(np.int64)
    return edges - edges[0], np.frombuffer(data or b"", dtype=np.uint8)[edges[0] : edges[-1]]


def _first_bytes(texts: Column) -> Bytes:
    """Return the first byte of each text, 0 where there is none."""
    edges, text = _text(texts)
    firsts = np.zeros(len(texts), dtype=np.uint8)
    there = edges[:-1] < edges[1:]
    firsts[there] = text[edges[:-1][there]]
    return firsts


def _some(texts: Column, number: int) -> Column:
    step = max(len(texts) // number, 1)
    return texts.take(pa.array(np.arange(0, len(texts), step)))


def _odd_keys(texts: Column, schema: pa.Schema) -> list[str]:
    """Return the keys of which some bundle has a value that does not fit."""
    bundles = (_loads(text) for text in texts.drop_null().to_pylist())
    found: dict[str, None] = {}
    for bundle in bundles:
        if isinstance(bundle, dict):
            found |= dict.fromkeys(_shared_out(bundle, schema)[1])
            if _swapped_back(bundle) is not bundle or found.keys() & set(_SWAPPED):
                found |= dict.fromkeys(_SWAPPED)
    # The pair stays together, and DuckDB knows no key without a name.
    ordered = sorted(found, key=lambda name: name not in _SWAPPED)
    return [name for name in ordered if name][:_MOST_LOOSE]


def _parsed_by_python(texts: Column, schema: pa.Schema) -> pa.Table:
    rows = [_row(text, schema) for text in texts.to_pylist()]
    return pa.Table.from_pylist(rows, schema=schema)


def _row(text: str | None, schema: pa.Schema) -> dict[str, Any]:
    bundle = None if text is None else _loads(text, parse_float=_float)
    if bundle is None:
        return {}
    if not isinstance(bundle, dict):
        return {OTHER: _dumps({"data": bundle})}
    row, other = _shared_out(bundle, schema)
    return {**row, OTHER: _dumps(other)} if other else row


def _loads(text: str, **parsers: Any) -> Any:
    return json.loads(text, parse_int=_integer, object_pairs_hook=_without_repeats, **parsers)


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if value is not None or name not in found:
            found[name] = value
    return found


def _float(text: str) -> float | str:
    number = float(text)
    return number if math.isfinite(number) else _MARK + text + _MARK


def _integer(text: str) -> int | str:
    return int(text) if len(text) <= _LONGEST_INTEGER else _MARK + text + _MARK


def _dumps(values: dict[str, Any]) -> str:
    """Return JSON text in which numbers that are none in Python stand as they stood."""
    return json.dumps(values).replace(f'"{_MARK}', "").replace(f'{_MARK}"', "")


def _shared_out(bundle: dict[str, Any], schema: pa.Schema) -> tuple[dict[str, Any], dict[str, Any]]:
    """Share the values of a bundle out between columns and the rest."""
    row: dict[str, Any] = {}
    other: dict[str, Any] = {}
    types = _types(schema)
    for name, value in _swapped_back(bundle).items():
        if value is not None:
            (row if _fits(value, types.get(name)) else other)[name] = value
    return row, other


@cache
def _types(schema: pa.Schema) -> dict[str, str]:
    # A schema looks each name up in a list that it makes anew; here that would be most of the time.
    return {field.name: str(field.type) for field in schema if field.name != OTHER}


def _swapped_back(bundle: dict[str, Any]) -> dict[str, Any]:
    value, flag = (bundle.get(name) for name in _SWAPPED)
    if isinstance(value, bool) and not isinstance(flag, bool):
        return {**bundle, **dict(zip(_SWAPPED, (flag, value), strict=True))}
    return bundle


def _fits(value: Any, wanted: str | None) -> bool:
    if wanted is None or isinstance(value, bool) or wanted == "bool":
        return isinstance(value, bool) and wanted == "bool"
    if not isinstance(value, int | float) or not math.isfinite(value):
        return False
    return wanted != "int64" or (abs(value) < _EXACT and float(value).is_integer())
