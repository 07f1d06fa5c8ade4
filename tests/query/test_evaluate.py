"""The evaluator against the meaning of a filter, said row by row; then the dtypes that tables hold."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sessionframes.query.evaluate import evaluate
from sessionframes.query.where import EVERY, NONE, And, Condition, Field, Not, Or
from tests.query.by_hand import fulfils
from tests.query.filters import CONDITIONS, KINDS, columns_of, tables, wheres

LIVELY = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


def kept(where, rows):
    found = evaluate(where, columns_of(rows), len(rows))
    assert found.dtype == np.bool_
    assert found.shape == (len(rows),)
    return found.tolist()


@LIVELY
@given(rows=tables(), data=st.data())
@pytest.mark.parametrize("kind", KINDS)
def test_a_condition_holds_where_it_does_row_by_row(kind, rows, data):
    where = data.draw(CONDITIONS[kind])
    assert kept(where, rows) == [fulfils(where, row) for row in rows]


@LIVELY
@given(rows=tables(), where=wheres())
def test_a_filter_is_fulfilled_where_it_is_row_by_row(rows, where):
    assert kept(where, rows) == [fulfils(where, row) for row in rows]


@LIVELY
@given(rows=tables(), p=wheres(depth=1), q=wheres(depth=1))
def test_filters_obey_the_laws_of_logic_on_null_rows_too(rows, p, q):
    assert kept(Not(Not(q)), rows) == kept(q, rows)
    assert kept(Not(And((p, q))), rows) == kept(Or((Not(p), Not(q))), rows)
    assert kept(Not(Or((p, q))), rows) == kept(And((Not(p), Not(q))), rows)
    assert all(kept(Or((q, Not(q))), rows))
    assert not any(kept(And((q, Not(q))), rows))
    assert kept(And((q, EVERY)), rows) == kept(Or((q, NONE)), rows) == kept(q, rows)


def held(kind, lookup, value, column, **more):
    """The rows at which one condition on a column holds."""
    condition = Condition(Field("c", kind, "units"), lookup, value, **more)
    return np.flatnonzero(evaluate(condition, {"c": column}, len(column))).tolist()


TEXTS = ["VISp", None, "CA1", "", "visp"]


@pytest.mark.parametrize(
    "column",
    [
        pd.Series(TEXTS, dtype="str"),
        pd.Index(TEXTS, dtype="str"),
        pd.array(TEXTS, dtype="string"),
        pd.Series(TEXTS, dtype=pd.StringDtype("python", na_value=np.nan)),
        pd.Series(TEXTS, dtype=object),
        pd.Series(["VISp", np.nan, "CA1", "", "visp"], dtype=object),
        pd.Series(["VISp", pd.NA, "CA1", "", "visp"], dtype=object),
        pd.Series(["VISp", 7, "CA1", "", "visp"], dtype=object),
        pd.Series(["VISp", "\ud800", "CA1", "", "visp"], dtype=object),
        pd.concat([pd.Series(TEXTS[:2], dtype="str"), pd.Series(TEXTS[2:], dtype="str")]),
        pd.Series(["x", *TEXTS, "x"], dtype="str").iloc[1:-1],
        pd.Series(TEXTS, dtype=pd.ArrowDtype(pa.string())),
    ],
    ids=lambda column: f"{type(column).__name__}-{column.dtype}",
)
def test_text_may_come_in_any_dtype_of_text(column):
    assert held("text", "isnull", True, column) == [1]
    assert held("text", "startswith", "VIS", column) == [0]
    assert held("text", "istartswith", "vIs", column) == [0, 4]
    assert held("text", "in", ("CA1", ""), column) == [2, 3]
    assert held("text", "contains", "", column) == [0, 2, 3, 4]
    assert held("text", "lt", "a", column) == [0, 2, 3]


@pytest.mark.parametrize(
    "column",
    [
        pd.Series([3, None, -1], dtype="Int64"),
        pd.array([3, None, -1], dtype="Int64"),
        pd.Index([3, None, -1], dtype="Int64"),
        pd.Series([3, None, -1], dtype=pd.ArrowDtype(pa.int64())),
    ],
    ids=lambda column: f"{type(column).__name__}-{column.dtype}",
)
def test_a_null_among_integers_is_no_integer(column):
    assert held("integer", "isnull", True, column) == [1]
    assert held("integer", "lte", 3, column) == [0, 2]
    assert held("integer", "in", (0, -1, 2**62), column) == [2]
    # What stands in the memory of a null is nobody's business.
    assert held("integer", "exact", 0, column) == []


@pytest.mark.parametrize(
    "column",
    [np.array([3, -1]), pd.Index([3, -1]), pd.Series([3, -1], index=[9, 0]), np.array([3, -1], "int32")],
)
def test_integers_that_are_always_known_are_never_null(column):
    assert held("integer", "isnull", True, column) == []
    assert held("integer", "gt", -(2**63), column) == [0, 1]
    assert held("integer", "in", (3, 2**62), column) == [0]


def test_flags_may_be_null():
    known = pd.Series([True, False])
    assert held("flag", "exact", False, known) == [1]
    assert held("flag", "isnull", True, known) == []
    maybe = pd.Series([True, False, None], dtype="boolean")
    assert held("flag", "exact", False, maybe) == [1]
    assert held("flag", "in", (True, False), maybe) == [0, 1]
    assert held("flag", "isnull", True, maybe) == [2]


@pytest.mark.parametrize("dtype", ["float64", "Float64"])
def test_nan_is_null_and_infinity_is_not(dtype):
    column = pd.Series([1.5, np.nan, np.inf, -np.inf, -0.0], dtype=dtype)
    assert held("number", "isnull", True, column) == [1]
    assert held("number", "gt", 1e308, column) == [2]
    assert held("number", "lte", np.inf, column) == [0, 2, 3, 4]
    assert held("number", "exact", -np.inf, column) == [3]
    assert held("number", "in", (np.inf, 1.5), column) == [0, 2]


def test_zero_has_no_sign():
    column = pd.Series([0.0, -0.0])
    for zero in (0.0, -0.0):
        assert held("number", "exact", zero, column) == [0, 1]
        assert held("number", "in", (zero,), column) == [0, 1]
        assert held("number", "lt", zero, column) == []


def test_a_float_of_single_precision_is_not_the_decimal_it_came_from():
    assert held("number", "exact", 0.1, pd.Series([0.1], dtype="float32")) == []
    assert held("number", "exact", float(np.float32(0.1)), pd.Series([0.1], dtype="float32")) == [0]


def test_rows_are_told_by_position():
    columns = {"a": pd.Series([1, 2], index=[1, 0]), "b": pd.Series([1, 2], index=[0, 1])}
    same = [Condition(Field(name, "integer", "units"), "exact", 1) for name in "ab"]
    assert evaluate(And(tuple(same)), columns, 2).tolist() == [True, False]


@LIVELY
@given(data=st.data())
@pytest.mark.parametrize("kind", KINDS)
def test_of_no_rows_there_is_no_answer(kind, data):
    assert kept(data.draw(CONDITIONS[kind]), []) == []


def test_no_condition_at_all_needs_no_column():
    assert evaluate(EVERY, {}, 2).tolist() == [True, True]
    assert evaluate(NONE, {}, 2).tolist() == [False, False]


def test_what_was_asked_of_is_left_as_it_was():
    column = pd.Series([-0.0, np.nan])
    assert held("number", "in", (0.0,), column) == [0]
    assert np.signbit(column[0])


FAMILIES = [
    "kK\u212a",
    "sS",
    "\u017f",
    "ß\u1e9e",
    "iI",
    "\u0130",
    "\u0131",
    "\u03c3\u03a3",
    "\u03c2",
    "äÄ",
    "%",
    "\\",
]


@pytest.mark.parametrize("family", FAMILIES, ids=ascii)
def test_letters_are_the_same_but_for_case_if_they_are_in_any_locale(family):
    letters = "".join(FAMILIES)
    same = [row for row, letter in enumerate(letters) if letter in family]
    for letter in family:
        assert held("text", "iexact", letter, pd.Series(list(letters))) == same
        assert (
            held("text", "icontains", f"x{letter}", pd.Series([f".X{other}." for other in letters])) == same
        )
        assert (
            held("text", "istartswith", f"{letter}x", pd.Series([f"{other}X." for other in letters])) == same
        )
        assert held("text", "iendswith", f"x{letter}", pd.Series([f".X{other}" for other in letters])) == same
    assert held("text", "istartswith", family[0], pd.Series([f".{other}" for other in letters])) == []
    assert held("text", "iendswith", family[0], pd.Series([f"{other}\n" for other in letters])) == []
    assert held("text", "iexact", family[0], pd.Series([f".{other}" for other in letters])) == []


@pytest.mark.parametrize("lookup", ["iexact", "icontains", "istartswith", "iendswith"])
def test_a_very_long_text_is_found_without_its_case(lookup):
    letters = "ab\u212aß\u0130" * 300
    column = pd.Series(["AbKß\u0130" * 300, letters, None, letters[:-1], "x"], dtype="str")
    assert held("text", lookup, letters, column) == [0, 1]
    assert held("text", lookup, "x" + letters, column) == []


@pytest.mark.parametrize("make", [int, float, str], ids=["integer", "number", "text"])
def test_a_million_values_are_looked_up(make):
    kind = {int: "integer", float: "number", str: "text"}[make]
    wanted = tuple(make(2 * number) for number in range(1_000_000))
    column = pd.Series([make(number) for number in (0, 1, 1_999_998, 2_000_000)])
    assert held(kind, "in", wanted, column) == [0, 2]
