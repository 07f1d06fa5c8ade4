"""Which records point to which, many at a time: as pairs of row numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sessionframes.sources.brainstem.walk import ids_in

if TYPE_CHECKING:
    from collections.abc import Collection

    from numpy.typing import NDArray

    from sessionframes.transports.rest_request import Record

    Numbers = NDArray[np.int64]

_IDS = pa.list_(pa.large_string())


@dataclass(frozen=True)
class Links:
    """Which of some rows point to which of others.

    Parameters
    ----------
    begin, end : numpy.ndarray
        The row that points and the row it points to, for each pair; in order of the former.
    rows : int
        How many rows there are that may point.
    """

    begin: Numbers
    end: Numbers
    rows: int

    def then(self, more: Links) -> Links:
        """Return to where the rows lead that these point to."""
        counts = np.bincount(more.begin, minlength=more.rows)
        times = counts[self.end]
        # Of each pair the first that goes on from it, and those after it.
        first = (counts.cumsum() - counts)[self.end] - (times.cumsum() - times)
        number = np.repeat(first, times) + np.arange(times.sum())
        return Links(np.repeat(self.begin, times), more.end[number], self.rows)

    def joined(self, *others: Links) -> Links:
        """Return these and others, each pair once, in order."""
        begin, end = (
            np.concatenate(some)
            for some in zip(*((one.begin, one.end) for one in (self, *others)), strict=True)
        )
        width = int(end.max(initial=0)) + 1
        # Several times faster than np.unique.
        pairs = np.sort(begin * width + end)
        once = pairs[np.diff(pairs, prepend=-1) != 0]
        return Links(once // width, once % width, self.rows)

    def only(self) -> pa.Array[Any]:
        """Return for each row the only one it points to, of pairs that come once; else null."""
        counts = np.bincount(self.begin, minlength=self.rows)
        found = np.zeros(self.rows, np.int64)
        found[self.begin] = self.end
        return pa.array(found, pa.int64(), mask=counts != 1)

    def lists(self, values: pa.Array[Any]) -> pa.Array[Any]:
        """Return for each row a list of values, which those that it points to have."""
        ends = np.bincount(self.begin, minlength=self.rows).cumsum()
        offsets = pa.array(np.concatenate(([0], ends)), pa.int32())
        return pa.ListArray.from_arrays(offsets, values.take(pa.array(self.end, pa.int64())))


def ids_of(records: Collection[Record], name: str) -> pa.ListArray[Any]:
    """Return the ids that a field of each record holds, as lists.

    Raises
    ------
    sessionframes.errors.SourceResponseError
        One holds something else.
    """
    values = [record.get(name) for record in records]
    ids = lists(values)
    if ids is None and set(map(type, values)) <= {str, type(None)}:
        ids = _single(pa.array(values, pa.large_string()))
    return _list_array([ids_in(record, name) for record in records]) if ids is None else ids


def _list_array(values: list[Any]) -> pa.ListArray[Any]:
    return cast("pa.ListArray[Any]", pa.array(values, _IDS))


def lists(values: list[Any]) -> pa.ListArray[Any] | None:
    """Return values as lists of ids, or None where they are anything else; what is null stays so."""
    if not set(map(type, values)) <= {list, type(None)}:
        return None
    try:
        ids = _list_array(values)
    except pa.ArrowException:
        return None
    return None if ids.values.null_count else ids


def _single(texts: pa.Array[Any]) -> pa.ListArray[Any]:
    is_told: pa.Array[Any] = pc.not_equal(texts, pa.scalar("", texts.type)).fill_null(False)
    offsets = np.concatenate(([0], is_told.to_numpy(zero_copy_only=False).cumsum()))
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), pc.array_filter(texts, is_told))


def links(ids: pa.ListArray[Any], there: pa.Array[Any]) -> Links:
    """Return which rows point to which of those that are there.

    Parameters
    ----------
    ids : pyarrow.Array
        A list of ids for each row.
    there : pyarrow.Array
        The ids of those they may point to, each once.
    """
    # The stubs take it for a single value.
    end = cast("pa.Array[Any]", pc.index_in(ids.flatten(), value_set=there))
    begin: pa.Array[Any] = pc.list_parent_indices(ids)
    if end.null_count:
        is_there = end.is_valid()
        begin, end = begin.filter(is_there), end.drop_null()
    return Links(begin.to_numpy(), end.to_numpy().astype(np.int64), len(ids))
