"""Record batches and JSON records as Arrow tables of declared types."""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from sessionframes.errors import SourceResponseError
from sessionframes.flatten.arrays import strict_array
from sessionframes.flatten.cells import Cell, moment

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

    from sessionframes.tables import Table

    Record = Mapping[str, Any]
    Values = Sequence[Any] | pa.Array[Any]

__all__ = ["from_batch", "from_records"]

#: What a value or a converter can fail with because a record is not as it should be.
_FAULTS = (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, pa.ArrowException)
#: The most that a message shows of a value, in characters.
_MOST_SHOWN = 100
#: So many records stay in a processor's cache while one key after the other is looked up.
_AT_HAND = 256


def from_batch(model: type[Table], batch: pa.RecordBatch) -> pa.Table:
    """Return a record batch that has columns of the model already, with the model's Arrow types.

    Parameters
    ----------
    model : type of Table
        The source's form of the table.
    batch : pyarrow.RecordBatch
        Of these columns, in any order; types may differ in width, such as string for large_string.
    """
    schema = model.arrow_schema()
    fields = [schema.field(name) for name in batch.schema.names]
    return pa.Table.from_batches([batch]).cast(pa.schema(fields))


def from_records(
    schema: pa.Schema,
    records: Sequence[Record],
    cells: Mapping[str, str | Cell],
    *,
    beside: Mapping[str, Values] | None = None,
    source: str | None = None,
    table: str | None = None,
    key: str = "id",
) -> pa.Table:
    """Return JSON records as an Arrow table of declared types, one row for each.

    Parameters
    ----------
    schema : pyarrow.Schema
        The columns that are wanted.
    records : sequence of mapping
        As JSON has them.
    cells : mapping
        Column → where it is found: a path, or a :class:`Cell`. One that is not in the schema is left out; one
        that is only in the schema is null throughout.
    beside : mapping, optional
        Key → what is told of each record beside it, as if the records had it under that key.
    source, table : str, optional
        For messages.
    key : str
        By which messages name a record.

    Raises
    ------
    sessionframes.errors.SourceResponseError
        A value is not of the column's type, or its converter refuses it. Named are source, table, column,
        record and value.
    """
    wanted = {name: cells[name] for name in schema.names if name in cells}
    declared = {name: cell if isinstance(cell, Cell) else Cell(cell) for name, cell in wanted.items()}
    beside = beside or {}
    keys = {step for cell in declared.values() for step in cell.steps()[:1]}.difference(beside)
    found: dict[tuple[str, ...], Values] = {(): records}
    found.update(((first,), column) for first, column in {**_by_key(records, keys), **beside}.items())
    columns = []
    for field in schema:
        cell = declared.get(field.name)
        if cell is None:
            columns.append(pa.nulls(len(records), field.type))
            continue
        try:
            columns.append(_column(found, cell, field.type))
        except _FAULTS:
            where = {"source": source, "table": table, "column": field.name}
            _tell(_with_beside(records, beside), cell, field.type, key, where)
            raise
    return pa.Table.from_arrays(columns, schema=schema)


def _column(found: dict[tuple[str, ...], Values], cell: Cell, kind: pa.DataType) -> pa.Array[Any]:
    """Return a column; `found` has the values at some paths, and is given those at this one."""
    values: Any = _at(found, cell.steps())
    if cell.convert_all is not None:
        made = cell.convert_all(values)
        return made if isinstance(made, pa.Array) else strict_array(made, kind)
    convert = cell.convert
    if convert is not None:
        values = [None if value is None else convert(value) for value in values]
    elif pa.types.is_timestamp(kind):
        values = [None if value is None else moment(value) for value in values]
    return strict_array(values, kind)


def _by_key(records: Sequence[Record], keys: Collection[str]) -> dict[str, list[Any]]:
    """Return what all records have under each of some keys.

    Some records at a time, so that those are still at hand when the next key is looked up.
    """
    columns: dict[str, list[Any]] = {key: [] for key in keys}
    everywhere, elsewhere = list(keys), list[str]()
    for start in range(0, len(records), _AT_HAND):
        some = records[start : start + _AT_HAND]
        while everywhere:
            try:
                some_columns = zip(*map(_getter(everywhere), some), strict=True)
                break
            except KeyError as error:
                # Many lack what one lacks.
                everywhere.remove(error.args[0])
                elsewhere.append(error.args[0])
        else:
            some_columns = zip()
        # A single key was asked for twice.
        for key, values in zip(everywhere, some_columns, strict=False):
            columns[key] += values
        for key in elsewhere:
            columns[key] += [record.get(key) for record in some]
    return columns


def _getter(keys: list[str]) -> Callable[[Record], tuple[Any, ...]]:
    # With a single key it would return no tuple.
    return itemgetter(*keys, *(keys if len(keys) == 1 else ()))


def _at(found: dict[tuple[str, ...], Values], steps: tuple[str, ...]) -> Values:
    if steps not in found:
        *above, step = steps
        # Side by side with others of the same object, as is usual, that object is looked up once.
        found[steps] = [None if inner is None else inner.get(step) for inner in _at(found, tuple(above))]
    return found[steps]


def _with_beside(records: Sequence[Record], beside: Mapping[str, Values]) -> Iterator[Record]:
    columns = [values.tolist() if isinstance(values, pa.Array) else values for values in beside.values()]
    for record, *told in zip(records, *columns, strict=True):
        yield {**record, **dict(zip(beside, told, strict=True))}


def _tell(
    records: Iterable[Record], cell: Cell, kind: pa.DataType, key: str, where: dict[str, str | None]
) -> None:
    """Raise the error for the first record that a column cannot be made of."""
    for record in records:
        try:
            _column({(): [record]}, cell, kind)
        except _FAULTS as error:
            what = f"{'.'.join(cell.steps())} = {_shown(record, cell.steps())}" if cell.steps() else "it"
            message = f"record {record.get(key)!r} has {what}: {error}."
            raise SourceResponseError(message, **where) from error


def _shown(value: Any, steps: tuple[str, ...]) -> str:
    for step in steps:
        value = value.get(step) if isinstance(value, dict) else value
    text = repr(value)
    return text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}..."
