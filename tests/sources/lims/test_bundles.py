"""Metric bundles: nothing lost and nothing bent, whatever is odd about them and about how many."""

import json
import math
import os
from concurrent.futures import ThreadPoolExecutor

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sessionframes.sources.lims import bundles

SCHEMA = pa.schema(
    [
        ("area_rf", pa.float64()),
        ("p_value_rf", pa.float64()),
        ("on_screen_rf", pa.bool_()),
        ("pref_image_ns", pa.int64()),
        ("other_metrics", pa.large_string()),
    ]
)
PLAIN = {"area_rf": 1.5, "p_value_rf": 0.25, "on_screen_rf": True, "pref_image_ns": 7}
#: bundle → its row; what is not told is null.
CASES = {
    '{"area_rf": 1.5}': {"area_rf": 1.5},
    '{"area_rf": 2, "pref_image_ns": 3.0}': {"area_rf": 2.0, "pref_image_ns": 3},
    '{"area_rf":-1e-3,"on_screen_rf":false}': {"area_rf": -0.001, "on_screen_rf": False},
    '{\n  "area_rf" :\t1,\n\n  "on_screen_rf": true\n}': {"area_rf": 1.0, "on_screen_rf": True},
    ' \n{"area_rf": 1}': {"area_rf": 1.0},
    '{"area\\u005frf": 4}': {"area_rf": 4.0},
    "{}": {},
    "null": {},
    '{"area_rf": null, "novel": null}': {},
    '{"novel": 1.5}': {"other_metrics": {"novel": 1.5}},
    '{"nully": 1, "x: true": 2}': {"other_metrics": {"nully": 1, "x: true": 2}},
    '{"x: 1, y: null": 2}': {"other_metrics": {"x: 1, y: null": 2}},
    '{"Area_rf": 1}': {"other_metrics": {"Area_rf": 1}},
    '{"": 1}': {"other_metrics": {"": 1}},
    '{"other_metrics": 1}': {"other_metrics": {"other_metrics": 1}},
    '{"it\'s": {"a": [1, {"b": null}]}}': {"other_metrics": {"it's": {"a": [1, {"b": None}]}}},
    '{"\\u00e9\\u0000": "\\u003a 1"}': {"other_metrics": {"é\x00": ": 1"}},
    '{"novel": "\\u003a 1", "lost": 1}': {"other_metrics": {"novel": ": 1", "lost": 1}},
    '{"novel": "\\ud800"}': {"other_metrics": {"novel": "\ud800"}},
    '{"area_rf": true}': {"other_metrics": {"area_rf": True}},
    '{"area_rf": "1.5"}': {"other_metrics": {"area_rf": "1.5"}},
    '{"area_rf": "NaN"}': {"other_metrics": {"area_rf": "NaN"}},
    '{"area_rf": [null]}': {"other_metrics": {"area_rf": [None]}},
    '{"area_rf": {}}': {"other_metrics": {"area_rf": {}}},
    '{"area_rf": 1e999}': {"other_metrics": {"area_rf": ("1e999",)}},
    '{"area_rf": ' + "9" * 5000 + "}": {"other_metrics": {"area_rf": ("9" * 5000,)}},
    '{"on_screen_rf": 1}': {"other_metrics": {"on_screen_rf": 1}},
    '{"on_screen_rf": "true"}': {"other_metrics": {"on_screen_rf": "true"}},
    '{"pref_image_ns": 2.5}': {"other_metrics": {"pref_image_ns": 2.5}},
    '{"pref_image_ns": 9007199254740993}': {"other_metrics": {"pref_image_ns": 9007199254740993}},
    '{"pref_image_ns": 1e30}': {"other_metrics": {"pref_image_ns": 1e30}},
    '{"p_value_rf": true, "on_screen_rf": 0.5}': {"p_value_rf": 0.5, "on_screen_rf": True},
    '{"p_value_rf": false}': {"on_screen_rf": False},
    '{"p_value_rf": true, "on_screen_rf": false}': {
        "on_screen_rf": False,
        "other_metrics": {"p_value_rf": True},
    },
    '{"area_rf": 1, "area_rf": 2}': {"area_rf": 2.0},
    '{"area_rf": 1, "area_rf": null}': {"area_rf": 1.0},
    '{"area_rf": null, "area_rf": 1}': {"area_rf": 1.0},
    "[1, 2]": {"other_metrics": {"data": [1, 2]}},
    "[]": {"other_metrics": {"data": []}},
    "5": {"other_metrics": {"data": 5}},
    '"text"': {"other_metrics": {"data": "text"}},
    "true": {"other_metrics": {"data": True}},
    '{"area_rf": 1, "novel": 2, "p_value_rf": "x"}': {
        "area_rf": 1.0,
        "other_metrics": {"novel": 2, "p_value_rf": "x"},
    },
}


def number(text):
    """A number, or its text in a tuple where it is too large."""
    is_large = len(text) > 300 or math.isinf(float(text))
    return (text,) if is_large else float(text) if {".", "e"} & set(text.lower()) else int(text)


def parsed(texts):
    table = bundles.parse(pa.array(texts, pa.string()), SCHEMA)
    assert table.schema.equals(SCHEMA)
    rows = table.to_pylist()
    for row in rows:
        row["other_metrics"] = row["other_metrics"] and json.loads(
            row["other_metrics"], parse_float=number, parse_int=number
        )
    return [{name: value for name, value in row.items() if value is not None} for row in rows]


@pytest.mark.parametrize(("text", "row"), CASES.items())
@pytest.mark.parametrize("copies", [1, 300])
def test_each_kind_of_bundle_alone_and_in_numbers(text, row, copies):
    assert parsed([text] * copies) == [row] * copies


@pytest.mark.parametrize(("text", "row"), CASES.items())
def test_one_odd_bundle_among_many(text, row):
    plain = [json.dumps(PLAIN)] * 400
    assert parsed([*plain, text, *plain]) == [PLAIN] * 400 + [row] + [PLAIN] * 400


@given(st.lists(st.sampled_from([*CASES, json.dumps(PLAIN)]), max_size=200), st.integers(1, 4))
@settings(max_examples=100, deadline=None)
def test_any_mixture(texts, times):
    rows = {**CASES, json.dumps(PLAIN): PLAIN}
    assert parsed(texts * times) == [rows[text] for text in texts] * times


def test_no_text_is_a_row_of_nulls():
    assert parsed([None, json.dumps(PLAIN), None]) == [{}, PLAIN, {}]
    assert parsed([]) == []


def test_a_slice_of_a_page_is_read_by_itself():
    texts = pa.array(list(CASES), pa.large_string())
    for start in range(0, len(texts), 7):
        part = bundles.parse(texts[start : start + 5], SCHEMA)
        assert part.equals(bundles.parse(pa.array(texts[start : start + 5].to_pylist()), SCHEMA))


def test_numbers_are_those_of_python():
    texts = ["0.1", "2.2250738585072014e-308", "0.1000000000000000055511151231257827", "-0.0", "1E5"]
    found = parsed([f'{{"area_rf": {text}}}' for text in texts])
    assert [row["area_rf"].hex() for row in found] == [float(text).hex() for text in texts]


def test_threads_may_read_at_once():
    texts = list(CASES) * 20
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(parsed, [texts] * 8)) == [list(CASES.values()) * 20] * 8


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_forked_child_reads_too():
    parsed(list(CASES))
    child = os.fork()
    if not child:
        right = False
        try:
            right = parsed(list(CASES)) == list(CASES.values())
        finally:
            os._exit(0 if right else 1)
    assert os.waitpid(child, 0)[1] == 0
