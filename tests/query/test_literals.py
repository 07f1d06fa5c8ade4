"""Values of a filter: kept so that they cannot change, compared by type, written so that they can be read."""

from __future__ import annotations

import enum
import math
import uuid
from collections import OrderedDict, UserDict, deque
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from functools import reduce
from types import MappingProxyType
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sessionframes.errors import QueryError
from sessionframes.query.literals import frozen, identity, written
from tests.query.test_q import VALUES


class Quality(enum.Enum):
    GOOD = "good"
    FAIR = 2


class Level(enum.IntEnum):
    LOW = 1


class Word(str):
    __slots__ = ()


EAST = timezone(timedelta(hours=2))
UUID = uuid.UUID("4ecb5d24-f5cc-402c-be28-9d0f7cb14b3a")
SINGLE = {
    "None": (None, None),
    "NA": (pd.NA, None),
    "NaT": (pd.NaT, None),
    "NaT of numpy": (np.datetime64("NaT"), None),
    "masked": (np.ma.masked, None),
    "True": (True, True),
    "bool of numpy": (np.bool_(False), False),
    "int": (5, 5),
    "int8": (np.int8(5), 5),
    "uint64": (np.uint64(2**64 - 1), 2**64 - 1),
    "IntEnum": (Level.LOW, 1),
    "Enum": (Quality.GOOD, "good"),
    "float": (1.5, 1.5),
    "inf": (-math.inf, -math.inf),
    "float32": (np.float32(0.5), 0.5),
    "Decimal": (Decimal("0.1"), 0.1),
    "large Decimal": (Decimal(2**53 + 1), 2**53 + 1),
    "Fraction": (Fraction(1, 4), 0.25),
    "text": ("it's 100%\n", "it's 100%\n"),
    "subclass of str": (Word("a"), "a"),
    "str_": (np.str_("a"), "a"),
    "UUID": (UUID, str(UUID)),
    "date": (date(2019, 10, 3), "2019-10-03"),
    "naive": (datetime(2019, 10, 3, 8, 30), "2019-10-03T08:30:00"),  # noqa: DTZ001  what people hand over
    "zoned": (datetime(2019, 10, 3, 8, 30, tzinfo=EAST), "2019-10-03T08:30:00+02:00"),
    "Timestamp": (pd.Timestamp("2019-10-03 08:30", tz="Asia/Tokyo"), "2019-10-03T08:30:00+09:00"),
    "Timestamp in ns": (pd.Timestamp("2019-10-03 08:30:00.000000999"), "2019-10-03T08:30:00"),
    "datetime64[D]": (np.datetime64("2019-10-03"), "2019-10-03"),
    "datetime64[s]": (np.datetime64("2019-10-03T00:00:00"), "2019-10-03T00:00:00"),
    "time": (time(8, 30, 0, 5), "08:30:00.000005"),
    "array of no dimension": (np.array(5), 5),
}
SEVERAL = {
    "list": ([1, "a", None], (1, "a", None)),
    "nested": ([(1, [2])], ((1, (2,)),)),
    "set": ({2, 10}, (10, 2)),
    "generator": ((number for number in range(2)), (0, 1)),
    "range": (range(3), (0, 1, 2)),
    "deque": (deque([1]), (1,)),
    "keys": ({"a": 1}.keys(), ("a",)),
    "array": (np.array([1, 2]), (1, 2)),
    "array of flags": (np.array([True, False]), (True, False)),
    "array of floats": (np.array([0.5, math.inf]), (0.5, math.inf)),
    "array of text": (np.array(["a", "b"]), ("a", "b")),
    "array of objects": (np.array([1, "a", None], dtype=object), (1, "a", None)),
    "array of days": (np.array(["2019-10-03", "NaT"], dtype="M8[D]"), ("2019-10-03", None)),
    "empty array": (np.array([]), ()),
    "masked array of numbers": (np.ma.array([1, 2], mask=[False, True]), (1, None)),
    "masked array of floats": (np.ma.array([1.5, 2.5], mask=[False, True]), (1.5, None)),
    "Series": (pd.Series([1, 2], index=[5, 6]), (1, 2)),
    "Series of Int64": (pd.Series([1, None], dtype="Int64"), (1, None)),
    "Series of text": (pd.Series(["a", "b"], dtype="str"), ("a", "b")),
    "Series of categories": (pd.Series(["a", "b"], dtype="category"), ("a", "b")),
    "Series of instants": (pd.Series([pd.Timestamp("2019-10-03", tz="UTC")]), ("2019-10-03T00:00:00+00:00",)),
    "Series of lists": (pd.Series([["a"]], dtype=pd.ArrowDtype(pa.list_(pa.string()))), (("a",),)),
    "Index": (pd.Index(["a", "b"]), ("a", "b")),
    "extension array": (pd.array([True, None]), (True, None)),
    "frame by its index": (pd.DataFrame(index=pd.Index([1, 2], name="unit_id")), (1, 2)),
    "frame by its column": (pd.DataFrame({"snr": [0.5], "unit_id": [7]}), (7,)),
}
MAPPED = {
    "dict": ({"a": [1, {"b": None}]}, {"a": (1, {"b": None})}),
    "empty": ({}, {}),
    "ordered": (OrderedDict(b=1, a=2), {"a": 2, "b": 1}),
    "of another make": (UserDict(a=1), {"a": 1}),
    "read-only": (MappingProxyType({"a": date(2019, 10, 3)}), {"a": "2019-10-03"}),
}


def same(found, expected):
    return identity(found) == identity(expected)


@pytest.mark.parametrize(("value", "expected"), SINGLE.values(), ids=SINGLE)
def test_one_value_becomes_what_python_has_for_it(value, expected):
    found = frozen(value, "unit_id")
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(("value", "expected"), SEVERAL.values(), ids=SEVERAL)
def test_several_values_become_a_tuple(value, expected):
    found = frozen(value, "unit_id__in")
    assert found == expected
    assert same(found, expected)


@pytest.mark.parametrize(("value", "expected"), MAPPED.values(), ids=MAPPED)
def test_a_mapping_keeps_its_keys(value, expected):
    assert same(frozen(value, "qc__contains"), frozen(expected, "qc__contains"))
    assert set(frozen(value, "qc__contains")) == set(expected)


def loop(make):
    """Something that holds itself."""
    made = make()
    if isinstance(made, dict):
        made["a"] = made
    elif isinstance(made, np.ndarray):
        made[0] = made
    else:
        made.append(made)
    return made


REFUSED = {
    "huge int": (10**5000, "is no number that a column can hold"),
    "huge Decimal": (Decimal("1e5000"), "is no number"),
    "huge Fraction": (Fraction(10**400, 3), "is no number"),
    "complex": (1j, "is of type complex"),
    "bytes": (b"ab", "is of type bytes"),
    "bytearray": (bytearray(b"ab"), "is of type bytearray"),
    "memoryview": (memoryview(b"ab"), "is of type memoryview"),
    "object": (object(), "is of type object"),
    "class": (int, "is of type type"),
    "enumeration": (Quality, "is of type"),
    "function": (len, "is of type builtin"),
    "timedelta": (timedelta(days=1), "is of type timedelta"),
    "timedelta64": (np.timedelta64(1, "D"), "is of type"),
    "Period": (pd.Period("2019-10"), "is of type Period"),
    "Interval": (pd.Interval(0, 1), "is of type Interval"),
    "record": (np.zeros(1, dtype="i4,f8")[0], "is of type"),
    "array of two dimensions": (np.zeros((2, 2)), "has 2 dimensions"),
    "NUL": ("a\0", "holds a NUL character"),
    "half of a character": ("\ud800", "half of a character"),
    "NUL in a key": ({"a\0": 1}, "holds a NUL character"),
    "half of a character in a key": ({"\udfff": 1}, "half of a character"),
    "key that is no text": ({("a", 1): 1}, r"key|is of type tuple|text"),
    "keys that are one in JSON": ({1: "a", "1": "b"}, "key"),
    "deep list": (reduce(lambda inner, _: [inner], range(99), 1), "nested too deeply"),
    "list of itself": (loop(list), "nested too deeply"),
    "dict of itself": (loop(dict), "nested too deeply"),
    "array of itself": (loop(lambda: np.empty(1, dtype=object)), "nested too deeply"),
    "time whose zone needs a date": (time(8, 30, tzinfo=ZoneInfo("Asia/Tokyo")), "zone"),
    "year": (np.datetime64("2019"), r"day|date|calendar|type"),
    "month": (np.datetime64("2019-10"), r"day|date|calendar|type"),
    "day after the calendar": (np.datetime64("10000-01-01"), "beyond the calendar"),
    "hour after the calendar": (np.datetime64("10000-01-01T00"), "beyond the calendar"),
    "before Christ": (np.datetime64("-1000-01-01"), "beyond the calendar"),
    "far": (np.datetime64(2**62, "s"), "beyond the calendar"),
    "frame without that column": (pd.DataFrame({"unit_id": [1]}), "the frame carries no snr"),
    "frame with the column twice": (
        pd.DataFrame([[1, 2]], columns=["snr", "snr"]),
        "the frame carries no snr",
    ),
}


@pytest.mark.parametrize(("value", "said"), REFUSED.values(), ids=REFUSED)
def test_what_no_column_can_hold_is_refused_in_a_short_sentence(value, said):
    with pytest.raises(QueryError, match=rf"^snr: .*(?:{said})") as caught:
        frozen(value, "snr__gte")
    assert caught.value.column == "snr"
    assert caught.value.hint
    assert len(str(caught.value)) < 300


@settings(deadline=None)
@given(VALUES)
@example([[], {}, {"'": [math.inf, -math.inf, -0.0]}])
def test_what_is_written_evaluates_to_the_same(value):
    kept = frozen(value, "a")
    assert same(frozen(eval(written(kept), {}), "a"), kept)
    assert "\n" not in written(kept)


def alike(one, other):
    """Whether two kept values are equal and of the same types, by the long way."""
    if type(one) is not type(other) or not isinstance(one, tuple | dict):
        return type(one) is type(other) and one == other
    if isinstance(one, tuple):
        return len(one) == len(other) and all(map(alike, one, other))
    return one.keys() == other.keys() and all(alike(one[key], other[key]) for key in one)


#: Few values, so that two of them are often nearly equal.
CLOSE = st.recursive(
    st.sampled_from([0, 1, 0.0, 1.0, False, True, None, "", "1"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("ab"), inner, max_size=2),
    max_leaves=3,
)


@settings(deadline=None)
@given(CLOSE, CLOSE)
def test_identities_can_be_hashed_and_are_equal_for_equal_values_of_equal_types(one, other):
    one, other = frozen(one, "a"), frozen(other, "a")
    assert same(one, other) == alike(one, other)
    if same(one, other):
        assert hash(identity(one)) == hash(identity(other))


def test_freezing_twice_is_freezing_once():
    once = frozen({"a": [1, {2.5}], "b": np.array(["x"])}, "a")
    assert same(frozen(once, "a"), once)


def test_sets_are_in_an_order_that_stays():
    # 0 and 8 meet in one place of the table, so the order of a set is that of their coming.
    assert frozen({0, 8}, "a") == frozen({8, 0}, "a") == (0, 8)


@pytest.mark.parametrize("make", [list, np.array, pd.Series], ids=["list", "array", "Series"])
def test_a_million_values_are_kept_in_order(make):
    assert frozen(make(range(1_000_000)), "a") == tuple(range(1_000_000))


@pytest.mark.parametrize(
    "value",
    [None, pd.NA, pd.NaT, np.datetime64("NaT")],
    ids=repr,
)
def test_null_of_any_make_is_null(value):
    assert frozen(value, "snr__gte") is None


@pytest.mark.parametrize(
    "value",
    [math.nan, np.float32("nan"), Decimal("NaN"), Decimal("sNaN")],
    ids=lambda value: type(value).__name__,
)
def test_a_number_that_is_none_is_refused(value):
    with pytest.raises(QueryError, match=r"snr: snr__gte is compared with NaN.*say snr__isnull=True"):
        frozen(value, "snr__gte")


@pytest.mark.parametrize("make", [pd.Series, pd.Index])
def test_ids_of_another_level_are_refused(make):
    ids = make([1, 2], name="probe_id")
    assert frozen(ids, "probe_id__in") == frozen(ids.rename("lab"), "session_id__in") == (1, 2)
    with pytest.raises(QueryError, match=r"session_id: these are values of probe_id.*probe_id__in="):
        frozen(ids, "session_id__in")


@pytest.mark.parametrize("values", [[1.0, math.nan], np.array([1.0, math.nan]), pd.Series([1.0, None])])
def test_a_null_among_values_stays_there(values):
    assert frozen(values, "snr__in") == (1.0, None)
