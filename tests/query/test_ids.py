"""Ids as people hand them over: each form means what it says, or is refused before anything is sent."""

from __future__ import annotations

import decimal
import fractions
import math
import time
import uuid

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sessionframes.errors import QueryError
from sessionframes.query.ids import normalise_ids

NAME = uuid.UUID("12345678-1234-5678-1234-567812345678")
FRAME = pd.DataFrame({"probe_id": [7, 7, 5]}, index=pd.Index([3, 1, 2], name="session_id"))


def whole(values):
    return normalise_ids(values, "session_id", kind="int64")


def text(values):
    return normalise_ids(values, "session_id", kind="str")


def test_none_is_no_filter():
    assert whole(None) is None
    assert text(None) is None


EMPTY = [
    [],
    (),
    set(),
    frozenset(),
    {},
    range(0),
    iter([]),
    np.array([]),
    np.array([], dtype="int64"),
    np.array([], dtype=object),
    pd.Series([], dtype="int64"),
    pd.Series([], dtype="Int64"),
    pd.Series([], dtype="str"),
    pd.Index([]),
    FRAME.iloc[:0],
]


@pytest.mark.parametrize("values", EMPTY, ids=lambda values: type(values).__name__)
def test_empty_means_no_rows(values):
    assert whole(values) == ()


@pytest.mark.parametrize("values", EMPTY[:5])
def test_empty_means_no_rows_for_text_too(values):
    assert text(values) == ()


COLLECTIONS = {
    "list": [3, 1, 2],
    "repeated": [3, 1, 2, 2, 1],
    "tuple": (3, 1, 2),
    "set": {3, 1, 2},
    "frozenset": frozenset({3, 1, 2}),
    "range": range(1, 4),
    "backwards": range(3, 0, -1),
    "generator": (number for number in (3, 1, 2)),
    "map": map(int, "312"),
    "dict keys": dict.fromkeys((3, 1, 2)).keys(),
    "dict values": dict(enumerate((3, 1, 2))).values(),
    "text of digits": ["3", "1", "2"],
    "padded text": [" 3", "1 ", "\t2\n"],
    "whole floats": [3.0, 1.0, 2.0],
    "mixed": [3, "1", np.float32(2)],
    "object array": np.array([3, "1", 2.0], dtype=object),
    "text array": np.array(["3", "1", "2"]),
    "float array": np.array([3.0, 1.0, 2.0]),
    "not contiguous": np.array([3, 0, 1, 0, 2, 0])[::2],
    "read-only": np.frombuffer(np.array([3, 1, 2]).tobytes(), dtype="int64"),
    "Series": pd.Series([3, 1, 2], index=[9, 9, 9]),
    "Series of Int64": pd.Series([3, 1, 2], dtype="Int64"),
    "Series of UInt8": pd.Series([3, 1, 2], dtype="UInt8"),
    "Series of pyarrow": pd.Series([3, 1, 2], dtype="int64[pyarrow]"),
    "Series of object": pd.Series([3, "1", 2.0], dtype=object),
    "Series of str": pd.Series(["3", "1", "2"], dtype="str"),
    "Series of categories": pd.Series([3, 1, 2]).astype("category"),
    "Index": pd.Index([3, 1, 2]),
    "Index of Int64": pd.Index([3, 1, 2], dtype="Int64"),
    "RangeIndex": pd.RangeIndex(1, 4),
    "masked, nothing hidden": np.ma.array([3, 1, 2]),
    "frame by its index": FRAME,
    "frame by its column": FRAME.reset_index(),
}


@pytest.mark.parametrize("values", COLLECTIONS.values(), ids=COLLECTIONS)
def test_collections_come_sorted_without_repeats_as_plain_ints(values):
    found = whole(values)
    assert found == (1, 2, 3)
    assert {type(value) for value in found} == {int}


@pytest.mark.parametrize("code", np.typecodes["AllInteger"])
def test_every_integer_dtype(code):
    assert whole(np.array([3, 1, 3], dtype=code)) == (1, 3)
    assert whole(np.dtype(code).type(5)) == (5,)
    assert whole(np.array(5, dtype=code)) == (5,)
    assert text(np.array([3, 1], dtype=code)) == ("1", "3")


ONE = [
    5,
    "5",
    " 5 ",
    5.0,
    np.int8(5),
    np.uint64(5),
    np.float32(5),
    np.str_("5"),
    np.array(5),
    np.array(5.0),
    "005",
]


@pytest.mark.parametrize("value", ONE, ids=repr)
def test_one_id_alone(value):
    assert whole(value) == (5,)
    assert type(whole(value)[0]) is int


def test_a_bare_string_is_one_id_and_not_its_characters():
    assert whole("729") == (729,)
    assert text("729") == ("729",)


@pytest.mark.parametrize("value", [2**63 - 1, -(2**63), 0, -5, 2.0**53, "9223372036854775807", "-5"])
def test_all_64_bits_are_ids(value):
    assert whole([value]) == (int(value),)


REFUSED = {
    "NaN": math.nan,
    "numpy NaN": np.float32("nan"),
    "None inside": [None],
    "NA": pd.NA,
    "NaT": pd.NaT,
    "NaT of numpy": np.datetime64("NaT"),
    "NA inside": [1, pd.NA],
    "NaN inside": [1, math.nan],
    "NaN in an array": np.array([1, math.nan]),
    "NA in Int64": pd.Series([1, None], dtype="Int64"),
    "NA in an Index": pd.Index([1, None], dtype="Int64"),
    "NaN in text": pd.Series(["1", None], dtype="str"),
    "masked": np.ma.array([1, 2], mask=[False, True]),
    "fraction": 1.5,
    "infinity": math.inf,
    "too exact a float": 2.0**53 + 2,
    "True": True,
    "True inside": [1, True],
    "numpy bool": np.True_,
    "bool array": np.array([True, False]),
    "bool Series": pd.Series([True]),
    "boolean Series": pd.Series([True], dtype="boolean"),
    "bytes": b"12",
    "bytes inside": [b"12"],
    "bytearray": bytearray(b"12"),
    "memoryview": memoryview(b"12"),
    "Decimal": decimal.Decimal(5),
    "Decimal NaN": decimal.Decimal("nan"),
    "Fraction": fractions.Fraction(5),
    "complex": 5 + 0j,
    "timedelta": np.timedelta64(5, "D"),
    "bare timedelta inside": [np.timedelta64(5)],
    "timedelta array": np.array([5], dtype="m8[D]"),
    "date array": np.array(["2020"], dtype="M8[D]"),
    "date": pd.Timestamp("2020"),
    "UUID": NAME,
    "empty text": "",
    "blank text": " ",
    "scientific": "1e5",
    "point": "1.0",
    "plus": "+5",
    "two signs": "--5",
    "sign alone": "-",
    "underscore": "1_000",
    "two numbers": "1 2",
    "hexadecimal": "0x10",
    "Arabic digits": "\N{ARABIC-INDIC DIGIT THREE}",
    "wide digits": ["\N{FULLWIDTH DIGIT ONE}2"],
    "superscript": "²",
    "word": "abc",
    "injection": "0 or 1=1",
    "injection inside": ["0) or (1=1"],
    "quote": "1'",
    "nul": "1\0",
    "large": 2**63,
    "small": -(2**63) - 1,
    "huge": 10**5000,
    "huge text": "9" * 5000,
    "large uint64": np.array([2**63], dtype="uint64"),
    "one large uint64": np.uint64(2**64 - 1),
    "large UInt64 Series": pd.Series([2**63], dtype="UInt64"),
    "large range": range(2**70, 2**70 + 2),
    "nested": [[1, 2]],
    "pairs": [(1, 2)],
    "2-d": np.ones((2, 2), dtype="int64"),
    "2-d empty": np.ones((0, 2), dtype="int64"),
    "0-d fraction": np.array(5.5),
    "0-d bool": np.array(True),
    "MultiIndex": pd.MultiIndex.from_tuples([(1, 2)]),
    "records": np.array([(1, 2)], dtype="i8,i8"),
    "object": object(),
    "function": len,
    "type": int,
    "long and wrong": "x" * 100_000,
    "long inside": [["x" * 100_000]],
}


@pytest.mark.parametrize("value", REFUSED.values(), ids=REFUSED)
def test_what_is_no_id_is_refused_in_a_short_sentence(value):
    with pytest.raises(QueryError) as caught:
        whole(value)
    assert str(caught.value).startswith("session_id: ")
    assert len(str(caught.value)) < 250
    assert caught.value.hint


TEXTS = {
    "one": ("a", ("a",)),
    "many": (["b", "a", "b"], ("a", "b")),
    "UUID": (NAME, (str(NAME),)),
    "UUIDs": ([NAME], (str(NAME),)),
    "ints": ([10, 9], ("10", "9")),
    "array": (np.array(["b", "a"]), ("a", "b")),
    "Series": (pd.Series(["b", "a"], dtype="str"), ("a", "b")),
    "object Series": (pd.Series(["b", "a"], dtype=object), ("a", "b")),
    "Index": (pd.Index(["b", "a"]), ("a", "b")),
    "quote": ("it's; drop table", ("it's; drop table",)),
    "frame": (pd.DataFrame({"session_id": ["b", "a"]}), ("a", "b")),
    "spaces are part of a name": (" a ", (" a ",)),
}


@pytest.mark.parametrize(("values", "expected"), TEXTS.values(), ids=TEXTS)
def test_text_ids(values, expected):
    found = text(values)
    assert found == expected
    assert {type(value) for value in found} == {str}


@pytest.mark.parametrize(
    "value",
    [
        math.nan,
        None,
        pd.NA,
        pd.NaT,
        1.5,
        5.0,
        True,
        np.True_,
        b"a",
        decimal.Decimal(5),
        ["a"],
        [b"a"],
        10**5000,
    ],
    ids=lambda value: str(value)[:20] if not isinstance(value, int) else type(value).__name__,
)
def test_what_is_no_text_id_is_refused(value):
    with pytest.raises(QueryError, match="session_id"):
        text([value])


def test_a_frame_without_that_id_tells_which_it_has():
    with pytest.raises(QueryError, match="carries no unit_id; its ids are: session_id, probe_id"):
        normalise_ids(FRAME, "unit_id", kind="int64")
    with pytest.raises(QueryError, match="its ids are: none"):
        normalise_ids(pd.DataFrame({"a": [1]}), "unit_id", kind="int64")


def test_a_frame_gives_the_id_that_is_asked_for():
    assert normalise_ids(FRAME, "probe_id", kind="int64") == (5, 7)


def test_nothing_given_is_changed():
    array = np.array([3, 1, 2])
    frame = FRAME.copy()
    whole(array)
    whole(frame)
    assert array.tolist() == [3, 1, 2]
    pd.testing.assert_frame_equal(frame, FRAME)


@pytest.mark.parametrize(
    "form", [list, tuple, np.array, pd.Series, pd.Index, lambda ids: pd.Series(ids, dtype="Int64")]
)
def test_half_a_million_ids_take_no_time(form):
    ids = form(range(500_000, 0, -1))
    began = time.monotonic()
    found = whole(ids)
    assert time.monotonic() - began < 10
    assert len(found) == 500_000
    assert found[0] == 1


@settings(deadline=None)
@given(st.lists(st.integers(-(2**63), 2**63 - 1)))
def test_every_form_means_the_same(ids):
    expected = tuple(sorted(set(ids)))
    assert whole(ids) == whole(iter(ids)) == whole([str(one) for one in ids]) == expected
    assert whole(np.array(ids, dtype="int64")) == whole(pd.Series(ids, dtype="Int64")) == expected


@settings(deadline=None)
@given(st.one_of(st.text(), st.floats(), st.binary(), st.integers(), st.lists(st.text())))
def test_whatever_comes_is_an_id_or_refused(value):
    try:
        found = whole(value)
    except QueryError:
        return
    assert all(type(one) is int and -(2**63) <= one < 2**63 for one in found)


def test_a_column_of_other_ids_is_refused():
    units = pd.DataFrame({"probe_id": [1, 2], "session_id": [3, 3]}, index=pd.Index([7, 8], name="unit_id"))
    for wrong in (units["probe_id"], units.index):
        with pytest.raises(QueryError, match=f"values of {wrong.name}"):
            normalise_ids(wrong, "session_id", kind="int64")
    assert normalise_ids(units["session_id"], "session_id", kind="int64") == (3,)
    assert normalise_ids(units["probe_id"].rename("mine"), "session_id", kind="int64") == (1, 2)
