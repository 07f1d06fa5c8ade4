"""From a page of an answer to an Arrow table with the names and types that a table declares.

JSON records become columns by what a source declares of each: where in a record it is found, and what turns
it into a value of the column's type where that takes more than the type. For example ::

    SESSIONS = {
        "session_id": "id",
        "subject_name": "subject.nickname",
        "start_time": instant("date_time", zone=UTC),
        "ml_coordinate": scaled("coordinates.x", 1e6),
        "extra_fields": as_json("extra_fields"),
        "sex": Cell("sex", {"F": "female", "M": "male"}.__getitem__),
        "unknown_fields": others(KNOWN),
    }
    table = from_records(model.arrow_schema(), page.records, SESSIONS, source="lab", table="sessions")

A key that is not there is a null, as a null is. A value of another type than the column's is an error that
names it: nothing becomes null, text or a number by itself.
"""

from __future__ import annotations

import json
import re
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import orjson
import pyarrow as pa
import pyarrow.compute as pc

from sessionframes.errors import SourceResponseError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from sessionframes.tables import Table

    Record = Mapping[str, Any]
    Values = Sequence[Any]

__all__ = [
    "Cell",
    "as_json",
    "filled",
    "from_batch",
    "from_records",
    "instant",
    "json_text",
    "moment",
    "number",
    "others",
    "scaled",
    "unknown_keys",
]

#: A date, maybe with a time of day; what else ISO 8601 allows (weeks, no hyphens) no server writes.
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}([T ].+)?", re.ASCII)
#: What Arrow reads as we do.
_WITH_OFFSET = (
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?(Z|[+-][0-9]{2}:?[0-9]{2})$"
)
_INSTANTS = pa.timestamp("us", "UTC")
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


@dataclass(frozen=True)
class Cell:
    """Where a column's values are, and what makes them what the column holds.

    Parameters
    ----------
    path : str or tuple of str
        The key in the record; within nested objects the keys joined by dots, or one by one. Empty for the
        record itself.
    convert : callable, optional
        From a value that is not null to one of the column's type, or None for null; a :exc:`ValueError` if it
        is not as it should be.
    convert_all : callable, optional
        The same for the values of all records at once, nulls included, where that is faster.
    """

    path: str | tuple[str, ...]
    convert: Callable[[Any], Any] | None = None
    convert_all: Callable[[Values], Values | pa.Array[Any]] | None = None

    def steps(self) -> tuple[str, ...]:
        """Return the keys, one by one."""
        if isinstance(self.path, tuple):
            return self.path
        return tuple(self.path.split(".")) if self.path else ()


def from_records(
    schema: pa.Schema,
    records: Sequence[Record],
    cells: Mapping[str, str | Cell],
    *,
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
    found = _by_key(records, {step for cell in declared.values() for step in cell.steps()[:1]})
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
            _tell(records, cell, field.type, key, where)
            raise
    return pa.Table.from_arrays(columns, schema=schema)


def filled(path: str | tuple[str, ...]) -> Cell:
    """Return the cell of a column of text in which what was left blank is null."""

    def convert_all(values: Values) -> pa.Array[Any]:
        texts = _array(values, pa.large_string())
        return _null_where(pc.equal(texts, pa.scalar("", texts.type)), texts)

    return Cell(path, convert_all=convert_all)


def instant(path: str | tuple[str, ...], *, zone: tzinfo | None = None) -> Cell:
    """Return the cell of a column of instants: ISO 8601 date-times.

    Parameters
    ----------
    path : str or tuple of str
        As :class:`Cell` has it.
    zone : tzinfo, optional
        As :func:`moment` has it.
    """

    def convert_all(values: Values) -> pa.Array[Any]:
        texts = _array(values, pa.large_string())
        is_odd = pc.invert(pc.match_substring_regex(texts, _WITH_OFFSET))
        read: pa.Array[Any] = _null_where(is_odd, texts).cast(_INSTANTS)
        odd = [moment(text, zone) for text in texts.filter(is_odd).tolist() if text is not None]
        if odd:
            read = pc.replace_with_mask(read, is_odd, pa.array(odd, _INSTANTS))
        return read

    return Cell(path, convert_all=convert_all)


def moment(text: str, zone: tzinfo | None = None) -> datetime:
    """Return an ISO 8601 date-time, in UTC.

    Parameters
    ----------
    text : str
        What is finer than a microsecond is cut off.
    zone : tzinfo, optional
        What a time without offset is in; a bare date is midnight there. Without it both are refused. Of an
        hour that comes twice in the year the first is meant.

    Raises
    ------
    ValueError
        It is no date-time, or has no offset and there is no zone.

    Examples
    --------
    >>> from datetime import UTC
    >>> moment("2025-03-14", UTC).isoformat()
    '2025-03-14T00:00:00+00:00'
    """
    if not _DATE.fullmatch(text):
        message = "no ISO 8601 date-time"
        raise ValueError(message)
    read = datetime.fromisoformat(text)
    if read.tzinfo is None:
        if zone is None:
            message = "a time without its offset"
            raise ValueError(message)
        read = read.replace(tzinfo=zone)
    return read.astimezone(UTC)


def number(value: float | str) -> float:
    """Return a number that may be written as text, such as "384" or "1.5e-3", for a converter.

    Raises
    ------
    ValueError
        It is neither, or not finite.
    """
    read = float("nan") if isinstance(value, bool) else float(value)
    # Of what is not finite the difference is NaN.
    if read - read != 0:
        message = "not a number"
        raise ValueError(message)
    return read


def scaled(path: str | tuple[str, ...], factor: float) -> Cell:
    """Return the cell of a column of numbers that are in another physical unit than the column's.

    Parameters
    ----------
    path : str or tuple of str
        As :class:`Cell` has it.
    factor : float
        How many of the column's unit are one of the record's: 1e6 from m to um.
    """
    return Cell(path, convert_all=lambda values: pc.multiply(_array(values, pa.float64()), pa.scalar(factor)))


def as_json(path: str | tuple[str, ...]) -> Cell:
    """Return the cell of a column of JSON text, as :func:`json_text` writes it."""
    return Cell(path, convert_all=_json_texts)


def json_text(value: Any) -> str:
    """Return a JSON value as text, the same for equal values: keys in order, no blanks, letters kept."""
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()
    except TypeError:  # JSON has whole numbers beyond 64 bits, orjson has not
        return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def others(known: Collection[str]) -> Cell:
    """Return the cell of a column for what a record has under keys nobody has heard of, as one JSON object.

    Parameters
    ----------
    known : collection of str
        The other keys. A record with no more than those has null.
    """
    names = frozenset(known)

    def unknown(record: Record) -> dict[str, Any] | None:
        strange = record.keys() - names
        return {name: record[name] for name in strange} if strange else None

    def convert_all(records: Values) -> Values | pa.Array[Any]:
        # Looking at all keys at once is cheap, and hardly ever is there one.
        strange = unknown_keys(records, names)
        return _json_texts([unknown(record) for record in records]) if strange else [None] * len(records)

    return Cell("", convert_all=convert_all)


def unknown_keys(records: Sequence[Record], known: Collection[str]) -> list[str]:
    """Return the keys that some records have and nobody has heard of, in order, for the source to tell."""
    return sorted(set[str]().union(*records).difference(known))


def _json_texts(values: Values) -> pa.Array[Any]:
    """Return JSON text for each value; null for null."""
    mark = uuid.uuid4().hex
    woven: list[Any] = [mark] * max(0, 2 * len(values) - 1)
    woven[::2] = values
    try:
        # All at once, parted by what is in none of them, is several times faster than one by one.
        whole = orjson.dumps(woven, option=orjson.OPT_SORT_KEYS)[1:-1]
        texts = pc.split_pattern(pa.array([whole], pa.large_string()), f',"{mark}",').values
    except TypeError:
        texts = pa.array([json_text(value) for value in values], pa.large_string())
    if not values:
        texts = texts.slice(0, 0)
    return _null_where(pc.equal(texts, pa.scalar("null", texts.type)), texts)


def _null_where(mask: pa.Array[Any], values: pa.Array[Any]) -> pa.Array[Any]:
    nulled: pa.Array[Any] = pc.if_else(mask, pa.scalar(None, values.type), values)
    return nulled


def _column(found: dict[tuple[str, ...], Values], cell: Cell, kind: pa.DataType) -> pa.Array[Any]:
    """Return a column; `found` has the values at some paths, and is given those at this one."""
    values = _at(found, cell.steps())
    if cell.convert_all is not None:
        made = cell.convert_all(values)
        # What is at hand for a whole column makes its own types sure.
        return made if isinstance(made, pa.Array) else pa.array(made, kind)
    convert = cell.convert
    if convert is not None:
        values = [None if value is None else convert(value) for value in values]
    elif pa.types.is_timestamp(kind):
        values = [None if value is None else moment(value) for value in values]
    return _array(values, kind)


def _by_key(records: Sequence[Record], keys: set[str]) -> dict[tuple[str, ...], Values]:
    """Return what all records have under each of some keys; the records themselves under none.

    Some records at a time, so that those are still at hand when the next key is looked up.
    """
    found: dict[tuple[str, ...], Values] = {(): records}
    if not keys:
        return found
    columns: list[list[Any]] = [[] for _ in keys]
    # With a single key it would return no tuple.
    get = itemgetter(*keys, *(keys if len(keys) == 1 else ()))
    blank = dict.fromkeys(keys)
    for start in range(0, len(records), _AT_HAND):
        some = records[start : start + _AT_HAND]
        try:
            rows = list(map(get, some))
        except KeyError:
            rows = [get({**blank, **record}) for record in some]
        for column, values in zip(columns, zip(*rows, strict=True), strict=False):
            column += values
    found.update(((key,), column) for key, column in zip(keys, columns, strict=True))
    return found


def _at(found: dict[tuple[str, ...], Values], steps: tuple[str, ...]) -> Values:
    if steps not in found:
        *above, step = steps
        # Side by side with others of the same object, as is usual, that object is looked up once.
        found[steps] = [None if inner is None else inner.get(step) for inner in _at(found, tuple(above))]
    return found[steps]


def _array(values: Values, kind: pa.DataType) -> pa.Array[Any]:
    """Return values as an Arrow array, or fail if one is not of its type.

    What Arrow takes for what it is not is looked for beforehand: flags and fractions for numbers, text for a
    list of letters.
    """
    if pa.types.is_list(kind):
        _check(values, {list, tuple}, kind)
    elif pa.types.is_floating(kind):
        if int in _check(values, {int, float}, kind):
            # Arrow refuses whole numbers that no double can be.
            values = [None if value is None else float(value) for value in values]
    elif pa.types.is_integer(kind) and float in _check(values, {int, float}, kind):
        values = [_whole(value) for value in values]
    elif pa.types.is_timestamp(kind) and datetime in _check(values, {datetime}, kind):
        # Arrow would take some zones for UTC.
        values = [None if value is None else value.astimezone(UTC) for value in values]
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


def _check(values: Values, allowed: set[type], kind: pa.DataType) -> set[type]:
    found = set(map(type, values)) - {type(None)}
    if not found <= allowed:
        message = f"expected was {_EXPECTED.get(kind.id, kind)}"
        raise TypeError(message)
    return found


def _whole(value: float | None) -> int | None:
    if value is None or isinstance(value, int):
        return value
    if not value.is_integer():
        message = f"expected was {_EXPECTED[pa.int64().id]}"
        raise TypeError(message)
    return int(value)


def _tell(
    records: Sequence[Record], cell: Cell, kind: pa.DataType, key: str, where: dict[str, str | None]
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
