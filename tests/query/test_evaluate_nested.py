"""Lists of text and JSON: nulls, empty and broken ones, and columns in pieces."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from sessionframes.query.evaluate import evaluate
from sessionframes.query.on_json import _AT_ONCE
from sessionframes.query.where import And, Condition, Field, Not, Or

QC = Field("qc", "json", "sessions")
TASKS = Field("tasks", "texts", "sessions")
LISTS = [["a", "B"], None, [], [None], ["a", "a", None], ["b", "a", "c"]]


def on_json(lookup, value, column, *path):
    column = pd.Series(column, dtype="str") if isinstance(column, list) else column
    found = evaluate(Condition(QC, lookup, value, path), {"qc": column}, len(column))
    return np.flatnonzero(found).tolist()


@pytest.mark.parametrize(
    "column",
    [
        pd.Series(LISTS, dtype=pd.ArrowDtype(pa.list_(pa.large_string()))),
        pd.Series(LISTS, dtype=pd.ArrowDtype(pa.list_(pa.string()))),
        pd.Series(LISTS, dtype=pd.ArrowDtype(pa.large_list(pa.large_string()))).array,
        pd.Series([["x"], *LISTS, None], dtype=pd.ArrowDtype(pa.list_(pa.string()))).iloc[1:-1],
        pd.concat(
            [pd.Series(part, dtype=pd.ArrowDtype(pa.list_(pa.string()))) for part in (LISTS[:2], LISTS[2:])]
        ),
    ],
    ids=["list", "list of string", "large list", "slice", "pieces"],
)
@pytest.mark.parametrize(
    ("lookup", "value", "expected"),
    [
        ("isnull", True, [1]),
        ("exact", "a", [0, 4, 5]),
        ("iexact", "b", [0, 5]),
        ("in", ("b", "c", "x"), [5]),
        ("gt", "a", [5]),
        ("contains", "", [0, 4, 5]),
        ("has_all", ("a",), [0, 4, 5]),
        ("has_all", ("a", "c"), [5]),
        ("has_all", ("a", "x"), []),
        ("has_all", (), [0, 2, 3, 4, 5]),
        ("contained_by", ("a", "B", "x"), [0, 2]),
        ("contained_by", (), [2]),
        ("overlap", ("B", "c"), [0, 5]),
        ("overlap", (), []),
    ],
)
def test_of_a_list_any_element_may_be_meant(column, lookup, value, expected):
    found = evaluate(Condition(TASKS, lookup, value), {"tasks": column}, len(column))
    assert np.flatnonzero(found).tolist() == expected


def test_what_a_null_hides_in_memory_is_no_element():
    hidden = pa.ListArray.from_arrays([0, 1, 2], pa.array(["a", "b"]), mask=pa.array([True, False]))
    column = pd.Series(pd.arrays.ArrowExtensionArray(hidden))
    found = evaluate(Condition(TASKS, "in", ("a", "b")), {"tasks": column}, 2)
    assert found.tolist() == [False, True]


def test_a_null_of_json_is_not_absent_and_what_is_broken_is():
    column = ["null", None, '{"a": null}', '{"a"', "NaN", '{"b": 1}']
    assert on_json("isnull", True, column) == [1, 3, 4]
    assert on_json("exact", None, column) == [0]
    assert on_json("isnull", True, column, "a") == [0, 1, 3, 4, 5]
    assert on_json("exact", None, column, "a") == [2]


def test_paths_lead_through_objects_and_lists():
    column = ['{"a": [5, {"0": "x"}]}', '{"a": {"0": 5, "-1": "y"}}', '{"a": "text"}', '[{"a": 5}]']
    assert on_json("exact", 5, column, "a", "0") == [0, 1]
    assert on_json("exact", "x", column, "a", "-1", "0") == [0]
    assert on_json("exact", "y", column, "a", "-1") == [1]
    assert on_json("isnull", True, column, "a", "0") == [2, 3]
    assert on_json("exact", 5, column, "0", "a") == [3]


def test_numbers_of_json_compare_with_numbers_alone_and_exactly():
    column = ["1", "1.0", "true", '"1"', "9007199254740993", "1e400", "0.1", "[1]"]
    assert on_json("exact", 1, column) == [0, 1]
    assert on_json("exact", True, column) == [2]
    assert on_json("in", (True, 0.1, [1]), column) == [2, 6, 7]
    assert on_json("gt", 2.0**53, column) == [4, 5]
    assert on_json("lte", 0.1, column) == [6]
    assert on_json("gte", "", column) == [3]


def test_lookups_on_text_see_only_texts():
    column = ['"VISp"', '["VISp"]', '{"VISp": 1}', "1", '"v\\u0131sp\\u0000"', '"vis\\ud800"']
    assert on_json("istartswith", "VIS", column) == [0]
    assert on_json("regex", "^V", column) == [0]
    assert on_json("icontains", "", column) == [0, 4]
    # Half a character is no text that could be searched, but a value it is.
    assert on_json("gt", "v", column) == [4, 5]


def test_a_list_contains_a_bare_value_but_not_within_another():
    column = ['["a", ["b"]]', '"a"', '[["a"]]', '{"a": 1}']
    assert on_json("contains", "a", column) == [0, 1]
    assert on_json("contains", ["a"], column) == [0]
    assert on_json("contained_by", ["a", "b", ["a"]], column) == [1, 2]
    assert on_json("has_keys", ("a",), column) == [0, 1, 3]
    assert on_json("has_keys", (), column) == [0, 1, 2, 3]
    assert on_json("has_any_keys", (), column) == []


@pytest.mark.parametrize("distinct", [0, 1, _AT_ONCE - 1, _AT_ONCE, _AT_ONCE + 1, 2 * _AT_ONCE])
def test_columns_longer_than_what_is_parsed_at_once_are_seen_whole(distinct):
    numbers = [*range(distinct), *reversed(range(distinct))]
    column = pd.Series([*(f'{{"n": {number}}}' for number in numbers), None], dtype="str")
    odd = Condition(QC, "gte", distinct // 2, ("n",))
    null = Condition(QC, "isnull", True, ("n",))
    found = evaluate(Or((odd, null)), {"qc": column}, len(column))
    assert found.tolist() == [*(number >= distinct // 2 for number in numbers), True]


def test_several_conditions_on_one_column_and_equal_ones_do_not_mix():
    column = pd.Series([json.dumps({"a": number}) for number in range(4)])
    low, high = (Condition(QC, "gte", bound, ("a",)) for bound in (1, 3))
    again = Condition(QC, "gte", 1, ("a",))
    assert evaluate(And((low, Not(high), again, low)), {"qc": column}, 4).tolist() == [
        False,
        True,
        True,
        False,
    ]


def test_texts_may_be_of_any_dtype():
    for dtype in (object, "str", "string"):
        assert on_json("exact", 1, pd.Series(["1", None, "{"], dtype=dtype)) == [0]
    assert on_json("isnull", True, pd.Series(["1", 5, float("nan")], dtype=object)) == [1, 2]
