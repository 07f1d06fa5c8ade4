"""Conditions on text, and on lists of text."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from sessionframes.query.folding import fold, variants
from sessionframes.query.masks import Mask, from_arrow
from sessionframes.query.patterns import parse

if TYPE_CHECKING:
    from collections.abc import Callable

_COMPARE: dict[str, Callable[..., Any]] = {
    "exact": pc.equal,
    "gt": pc.greater,
    "gte": pc.greater_equal,
    "lt": pc.less,
    "lte": pc.less_equal,
    "contains": pc.match_substring,
    "startswith": pc.starts_with,
    "endswith": pc.ends_with,
}
_ORDER = ("exact", "gt", "gte", "lt", "lte")
#: What stands before and behind the letters in a pattern.
_BLIND = {
    "iexact": (r"\A", r"\z"),
    "icontains": ("", ""),
    "istartswith": (r"\A", ""),
    "iendswith": ("", r"\z"),
}
_BLIND_BY_HAND: dict[str, Callable[[str, str], bool]] = {
    "iexact": str.__eq__,
    "icontains": str.__contains__,
    "istartswith": str.startswith,
    "iendswith": str.endswith,
}
#: RE2's time to read a pattern grows with the square of its length, and in the end it refuses.
_LONGEST_PATTERN = 500


@dataclass(frozen=True)
class Texts:
    """A column of text.

    Parameters
    ----------
    array : pyarrow.LargeStringArray
        The texts.
    column : str
        Its name, for messages.
    """

    array: pa.LargeStringArray
    column: str

    def holds(self, lookup: str, value: Any) -> Mask:
        """Tell for every row whether the condition holds."""
        if lookup == "isnull":
            return from_arrow(self.array.is_null())
        if lookup == "in":
            return from_arrow(pc.is_in(self.array, value_set=pa.array(value, pa.large_string())))
        if lookup in ("regex", "iregex"):
            pattern = parse(value, self.column).to_re2(blind=lookup == "iregex")
            return from_arrow(pc.match_substring_regex(self.array, pattern))
        if lookup in _BLIND:
            return self._holds_blind(lookup, value)
        other = pa.scalar(value, pa.large_string()) if lookup in _ORDER else value
        return from_arrow(_COMPARE[lookup](self.array, other))

    def _holds_blind(self, lookup: str, value: str) -> Mask:
        """Compare without case: character by character, so that a pattern of classes does it."""
        if len(value) > _LONGEST_PATTERN:
            return self._holds_blind_by_hand(lookup, value)
        before, behind = _BLIND[lookup]
        pattern = before + "".join(map(_any_case, value)) + behind
        return from_arrow(pc.match_substring_regex(self.array, pattern))

    def _holds_blind_by_hand(self, lookup: str, value: str) -> Mask:
        folded, test = fold(value), _BLIND_BY_HAND[lookup]
        held = np.zeros(len(self.array), dtype=np.bool_)
        # Folding keeps lengths, so shorter texts need no look, and few are as long.
        for row in np.flatnonzero(
            from_arrow(pc.greater_equal(pc.utf8_length(self.array), pa.scalar(len(value))))
        ):
            held[row] = test(fold(self.array[int(row)].as_py()), folded)
        return held


def _any_case(char: str) -> str:
    # By code points, of which none has a meaning of its own in a pattern.
    return "[" + "".join(f"\\x{{{ord(other):x}}}" for other in variants(char)) + "]"


@dataclass(frozen=True)
class Lists:
    """A column of lists of text, of which conditions on text hold if they hold for any element.

    Parameters
    ----------
    array : pyarrow.LargeListArray
        The lists.
    column : str
        Its name, for messages.
    """

    array: pa.LargeListArray[Any]
    column: str

    def holds(self, lookup: str, value: Any) -> Mask:
        """Tell for every row whether the condition holds."""
        if lookup == "isnull":
            return self._nulls
        if lookup == "has_all":
            return self._has_all(tuple(dict.fromkeys(value)))
        if lookup == "contained_by":
            return ~self._any(~self._elements.holds("in", value)) & ~self._nulls
        return self._any(self._elements.holds("in" if lookup == "overlap" else lookup, value))

    @cached_property
    def _nulls(self) -> Mask:
        return from_arrow(self.array.is_null())

    @cached_property
    def _elements(self) -> Texts:
        elements: Any = self.array.flatten()
        return Texts(elements, self.column)

    @cached_property
    def _owners(self) -> np.ndarray[Any, np.dtype[np.int64]]:
        """For every element, the row of its list."""
        lengths = pc.list_value_length(self.array).fill_null(0)
        return np.repeat(np.arange(len(self.array)), lengths.to_numpy())

    def _any(self, held: Mask) -> Mask:
        found = np.zeros(len(self.array), dtype=np.bool_)
        found[self._owners[held]] = True
        return found

    def _has_all(self, wanted: tuple[str, ...]) -> Mask:
        which = pc.index_in(self._elements.array, value_set=pa.array(wanted, pa.large_string()))
        known = ~from_arrow(which.is_null())
        # A list may hold the same text twice.
        pairs = np.unique(self._owners[known] * len(wanted) + which.fill_null(0).to_numpy()[known])
        counts = np.bincount(pairs // max(len(wanted), 1), minlength=len(self.array))
        complete: Mask = counts == len(wanted)
        return complete & ~self._nulls


def as_texts(values: Any, column: str) -> Texts:
    """Return a column of text as what conditions can be asked of; what is no text there is null.

    Parameters
    ----------
    values : Series, Index, ExtensionArray, numpy.ndarray or list
        The column.
    column : str
        Its name, for messages.
    """
    array: Any = values.array if isinstance(values, pd.Series | pd.Index) else values
    try:
        texts = pa.array(array, pa.large_string(), from_pandas=True)
    except (pa.ArrowInvalid, pa.ArrowTypeError, UnicodeEncodeError):
        texts = pa.array([value if _is_text(value) else None for value in array], pa.large_string())
    return Texts(_in_one_piece(texts), column)


def as_lists(values: Any, column: str) -> Lists:
    """Return a column of lists of text as what conditions can be asked of.

    Parameters
    ----------
    values : Series or ExtensionArray
        The column, of an Arrow type.
    column : str
        Its name, for messages.
    """
    array: Any = values.array if isinstance(values, pd.Series) else values
    lists = pa.array(array, from_pandas=True).cast(pa.large_list(pa.large_string()))
    return Lists(_in_one_piece(lists), column)


def _is_text(value: Any) -> bool:
    if not isinstance(value, str):
        return False
    try:
        value.encode()
    except UnicodeEncodeError:  # half a character
        return False
    return True


def _in_one_piece(array: Any) -> Any:
    if not isinstance(array, pa.ChunkedArray):
        return array
    return array.chunk(0) if array.num_chunks == 1 else array.combine_chunks()
