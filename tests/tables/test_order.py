"""In which order rows come: by columns, nulls last either way, then by the key."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from functools import cmp_to_key

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sessionframes.tables.order import in_order, newest_in_order, ordered

INSTANT = pa.timestamp("us", "UTC")
EPOCHS = [datetime(year, 1, 1, tzinfo=UTC) for year in (2020, 1, 9999)]
INSTANTS = [EPOCHS[0], None, EPOCHS[1], EPOCHS[2], None]
COLUMNS = {
    "number": (pa.float64(), st.sampled_from([0.5, -0.5, 0.0, math.inf, -math.inf, math.nan]) | st.floats()),
    "count": (pa.int64(), st.integers(-3, 3) | st.integers(-(2**63), 2**63 - 1)),
    "flag": (pa.bool_(), st.booleans()),
    "text": (pa.large_string(), st.text(st.characters(codec="utf-8"), max_size=3)),
    "instant": (INSTANT, st.datetimes(timezones=st.just(UTC))),
}
KEYS = {
    "int64": (pa.int64(), range(-3, 50)),
    "str": (pa.large_string(), [f"é{n}" for n in range(20)] + ["Z", "😀"]),
}


def table(key=(0, 1, 2, 3, 4), **columns):
    arrays = {name: pa.array(values, COLUMNS[name][0]) for name, values in columns.items()}
    return pa.table({"id": pa.array(key, KEYS["str" if isinstance(key[0], str) else "int64"][0]), **arrays})


def order(rows, *orders, of=None):
    told = [(name.removeprefix("-"), name.startswith("-")) for name in orders]
    return ordered(rows, told, "id", of).tolist()


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("number", [0.5, None, -math.inf, math.inf, math.nan]),
        ("count", [2**53 + 1, None, -(2**63), 2**63 - 1, None]),
        ("flag", [True, None, False, True, None]),
        ("text", ["b", None, "", "ba", None]),
        ("instant", INSTANTS),
    ],
)
def test_the_smallest_or_largest_comes_first_and_nulls_last_either_way(name, values):
    rows = table(**{name: values})
    assert order(rows, name) == [2, 0, 3, 1, 4]
    largest_first = [0, 3, 2, 1, 4] if name == "flag" else [3, 0, 2, 1, 4]
    assert order(rows, f"-{name}") == largest_first


def test_nan_is_a_null_and_not_told_from_one():
    rows = table(key=[4, 3, 2, 1], number=[math.nan, None, 1.0, math.nan])
    assert order(rows, "number") == order(rows, "-number") == [2, 3, 1, 0]


@pytest.mark.parametrize("keys", [[3, 1, 2, 0], ["d", "b", "c", "a"]], ids=["int64", "str"])
def test_the_key_decides_between_equal_rows(keys):
    rows = table(key=keys, count=[1, 1, 0, 1])
    assert order(rows, "count") == [2, 3, 1, 0]
    # Ascending, whichever way the column goes.
    assert order(rows, "-count") == [3, 1, 0, 2]


def test_the_key_itself_can_be_asked_for():
    rows = table(key=[3, 1, 2, 0], flag=[True, True, False, False])
    assert order(rows, "-id") == [0, 2, 1, 3]
    assert order(rows, "flag", "-id") == [2, 3, 0, 1]
    assert order(rows, "id", "-flag") == [3, 1, 2, 0]


def test_text_is_ordered_by_code_point_whatever_the_locale():
    words = ["a", "B", "é", "e\u0301", "z", "Z", "ß", "\uffff", "😀", "a b", "a-b", "A"]
    rows = table(key=range(len(words)), text=words)
    assert [words[place] for place in order(rows, "text")] == sorted(words)
    # Not by UTF-16, where the emoji would come before U+FFFF.
    assert [words[place] for place in order(rows, "-text")][:2] == ["😀", "\uffff"]


def test_later_columns_decide_between_equals_of_the_earlier():
    rows = table(flag=[True, False, None, True, False], number=[1.0, None, 5.0, 2.0, 3.0])
    assert order(rows, "flag", "number") == [4, 1, 0, 3, 2]
    assert order(rows, "-flag", "-number") == [3, 0, 4, 1, 2]


def test_only_the_rows_that_count_are_ordered():
    rows = table(count=[5, 4, 3, 2, 1])
    assert order(rows, "count", of=np.array([4, 0, 2])) == [4, 2, 0]
    assert order(rows, "count", of=np.array([], dtype=np.int64)) == []


def test_chunks_do_not_show():
    whole = table(text=["b", None, "a", "c", ""], number=[None, 1.0, math.nan, 2.0, 2.0])
    cut = pa.concat_tables([whole.slice(0, 2), whole.slice(2, 0), whole.slice(2, 1), whole.slice(3)])
    for names in (["text"], ["-number", "text"], ["number"]):
        assert order(cut, *names) == order(whole, *names)
    assert order(cut, "number", of=np.array([4, 1, 0])) == [1, 4, 0]


def test_no_rows_have_an_order():
    assert order(table().slice(0, 0), "id") == []
    assert ordered(table(count=[1] * 5), [("count", True)], "id", None).dtype == np.int64


@st.composite
def tables(draw):
    kind = draw(st.sampled_from(sorted(KEYS)))
    keys = draw(st.lists(st.sampled_from(KEYS[kind][1]), min_size=1, max_size=12, unique=True))
    columns = {
        name: draw(st.lists(st.none() | values, min_size=len(keys), max_size=len(keys)))
        for name, (_, values) in COLUMNS.items()
    }
    names = draw(st.lists(st.sampled_from([*COLUMNS, "id"]), min_size=1, max_size=3, unique=True))
    return keys, columns, [f"{draw(st.sampled_from(['', '-']))}{name}" for name in names]


def by_hand(rows, orders):
    """A comparison of two rows as the design says it."""

    def compare(left, right):
        for name in [*orders, "id"]:
            one, other = rows[left][name.removeprefix("-")], rows[right][name.removeprefix("-")]
            if (one is None) != (other is None):
                return 1 if one is None else -1
            if one is not None and one != other:
                return (1 if one > other else -1) * (-1 if name.startswith("-") else 1)
        return 0

    return cmp_to_key(compare)


@settings(deadline=None)
@given(tables())
def test_every_order_is_that_of_a_comparison_row_by_row(drawn):
    keys, columns, orders = drawn
    rows = table(key=keys, **columns)
    plain = [
        {name: None if value != value else value for name, value in row.items()} for row in rows.to_pylist()
    ]
    assert order(rows, *orders) == sorted(range(len(keys)), key=by_hand(plain, orders))


def test_rows_that_are_in_the_order_of_their_key_stay():
    assert in_order(pa.chunked_array([[1, 2], [3, 3]])) is None
    assert in_order(pa.chunked_array([[1], [0, 2]])).tolist() == [1, 0, 2]
    assert in_order(pa.chunked_array([pa.array(["b", "a", None], pa.large_string())])).tolist() == [1, 0, 2]


def test_of_equal_keys_the_newest_is_kept():
    keys, versions = pa.chunked_array([[2, 1, 2], [1, 2]]), pa.chunked_array([[1, 5, 3], [4, 2]])
    assert newest_in_order(keys, versions).tolist() == [1, 2]
