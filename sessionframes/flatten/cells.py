"""What a source can declare of a column: where its values are, and what makes them what the column holds."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from itertools import compress, count, repeat
from operator import contains
from typing import TYPE_CHECKING, Any

import orjson
import pyarrow as pa
import pyarrow.compute as pc

from sessionframes.flatten.arrays import null_where, strict_array

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    Record = Mapping[str, Any]
    Values = Sequence[Any]

__all__ = [
    "Cell",
    "as_json",
    "filled",
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
#: Written as it is; that of a text would be escaped.
_LINE_END = orjson.Fragment(b"\n")


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


def filled(path: str | tuple[str, ...], *, blanks: Collection[str] = ("",)) -> Cell:
    """Return the cell of a column of text in which what was left blank is null.

    Parameters
    ----------
    path : str or tuple of str
        As :class:`Cell` has it.
    blanks : collection of str
        The texts that tell nothing.
    """
    return Cell(path, convert_all=lambda values: _but(blanks, strict_array(values, pa.large_string())))


def _but(blanks: Collection[str], texts: pa.Array[Any]) -> pa.Array[Any]:
    for blank in blanks:
        texts = null_where(pc.equal(texts, pa.scalar(blank, texts.type)), texts)
    return texts


def instant(path: str | tuple[str, ...], *, zone: tzinfo | None = None, blanks: Collection[str] = ()) -> Cell:
    """Return the cell of a column of instants: ISO 8601 date-times.

    Parameters
    ----------
    path : str or tuple of str
        As :class:`Cell` has it.
    zone : tzinfo, optional
        As :func:`moment` has it.
    blanks : collection of str
        The texts that tell nothing, and are null.
    """

    def convert_all(values: Values) -> pa.Array[Any]:
        texts = _but(blanks, strict_array(values, pa.large_string()))
        is_odd = pc.invert(pc.match_substring_regex(texts, _WITH_OFFSET))
        read: pa.Array[Any] = null_where(is_odd, texts).cast(_INSTANTS)
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
    return Cell(
        path, convert_all=lambda values: pc.multiply(strict_array(values, pa.float64()), pa.scalar(factor))
    )


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

    def convert_all(records: Values) -> Values | pa.Array[Any]:
        unknown: list[dict[str, Any] | None] = [None] * len(records)
        # Looking at all keys at once is cheap, and hardly ever is there one.
        strange = unknown_keys(records, names)
        if not strange:
            return unknown
        for name in strange:
            for row in compress(count(), map(contains, records, repeat(name))):
                unknown[row] = {**(unknown[row] or {}), name: records[row][name]}
        return _json_texts(unknown)

    return Cell("", convert_all=convert_all)


def unknown_keys(records: Sequence[Record], known: Collection[str]) -> list[str]:
    """Return the keys that some records have and nobody has heard of, in order, for the source to tell."""
    return sorted(set[str]().union(*records).difference(known))


def _json_texts(values: Values) -> pa.Array[Any]:
    """Return JSON text for each value; null for null."""
    woven: list[Any] = [_LINE_END] * max(0, 2 * len(values) - 1)
    woven[::2] = values
    try:
        # All at once, parted by what stands in no JSON text, is several times faster than one by one.
        whole = orjson.dumps(woven, option=orjson.OPT_SORT_KEYS)
        inner = pa.array([1, len(whole) - 1], pa.int64()).buffers()[1]
        line = pa.Array.from_buffers(pa.large_string(), 1, [None, inner, pa.py_buffer(whole)])
        texts = pc.split_pattern(line, ",\n,").values
    except TypeError:
        texts = pa.array([json_text(value) for value in values], pa.large_string())
    if not values:
        texts = texts.slice(0, 0)
    return null_where(pc.equal(texts, pa.scalar("null", texts.type)), texts)
