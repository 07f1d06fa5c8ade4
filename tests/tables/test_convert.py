"""Arrow to pandas and back: every kind of column, whatever the values and however they are cut."""

from __future__ import annotations

import math
import pickle
from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sessionframes.tables.convert import to_arrow, to_frame, to_pandas
from sessionframes.tables.kinds import ARROW_TYPES
from sessionframes.tables.validation import validate
from tests.fake_source import IntCells, Labs, TextCells, cells
from tests.tagged_cells import TaggedCells, tagged_cells

WHOLE = st.integers(-(2**63), 2**63 - 1)
#: Arrow's text is UTF-8, which has no lone surrogates.
WORDS = st.text(st.characters(codec="utf-8"), max_size=20)
INSTANTS = st.datetimes(timezones=st.just(UTC))
VALUES = {"int64": WHOLE, "Int64": WHOLE, "str": WORDS, "bool": st.booleans(), "boolean": st.booleans()}
VALUES |= {"float64": st.floats(), "datetime64[us, UTC]": INSTANTS}
TEXTS = "list<item: large_string>[pyarrow]"
VALUES |= {TEXTS: st.lists(WORDS, max_size=3)}
DTYPES = list(ARROW_TYPES)
every_dtype = pytest.mark.parametrize("dtype", DTYPES, ids=map(str, DTYPES))
EXAMPLES = {
    "int64": [2**63 - 1, -(2**63), 0],
    "Int64": [2**63 - 1, -(2**63), 0],
    "float64": [1.5, math.inf, -0.0],
    "bool": [True, False, True],
    "boolean": [True, False, True],
    "str": ["a", "", "é\n'\0"],
    TEXTS: [["a", "b"], [], ["é\n'", ""]],
    "datetime64[us, UTC]": [
        datetime(1, 1, 1, tzinfo=UTC),
        datetime(2020, 1, 1, 0, 0, 0, 1, tzinfo=UTC),
        datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
    ],
}
NULLABLE_TWIN = {"int64": "Int64", "bool": "boolean"}


def chunked(dtype, *chunks):
    return pa.chunked_array([pa.array(chunk, ARROW_TYPES[dtype]) for chunk in chunks], ARROW_TYPES[dtype])


@every_dtype
def test_values_arrive_in_the_declared_dtype(dtype):
    values = EXAMPLES[str(dtype)]
    found = pd.Series(to_pandas(chunked(dtype, values), dtype))
    assert found.dtype == dtype
    assert found.tolist() == values


@every_dtype
def test_cuts_do_not_show(dtype):
    values = EXAMPLES[str(dtype)]
    whole = pd.Series(to_pandas(chunked(dtype, values), dtype))
    cut = pd.Series(to_pandas(chunked(dtype, values[:1], [], values[1:]), dtype))
    sliced = pd.Series(to_pandas(chunked(dtype, values[:1], values, values[:2]).slice(1, 3), dtype))
    pd.testing.assert_series_equal(whole, cut)
    pd.testing.assert_series_equal(whole, sliced)


@every_dtype
@pytest.mark.parametrize("chunks", [(), ([],), ([], [])], ids=["none", "one", "two"])
def test_no_values_have_the_declared_dtype(dtype, chunks):
    found = pd.Series(to_pandas(chunked(dtype, *chunks), dtype))
    assert found.dtype == dtype
    assert len(found) == 0


@every_dtype
@pytest.mark.parametrize("chunks", [([None],), ([None, None], [None])], ids=["one", "two"])
def test_nulls_alone_stay_nulls(dtype, chunks):
    found = pd.Series(to_pandas(chunked(dtype, *chunks), dtype))
    # What cannot hold a null comes as its nullable twin, for validation to name.
    assert str(found.dtype) == NULLABLE_TWIN.get(str(dtype), str(dtype))
    assert found.isna().all()


@every_dtype
def test_a_null_among_values_harms_none_of_them(dtype):
    values = EXAMPLES[str(dtype)]
    found = pd.Series(to_pandas(chunked(dtype, [*values, None]), dtype))
    assert found[:-1].tolist() == values
    assert found.isna().tolist() == [False, False, False, True]


def test_nan_and_null_are_both_nan():
    dtype = np.dtype("float64")
    found = to_pandas(chunked(dtype, [1.0, math.nan, None]), dtype)
    assert np.isnan(found).tolist() == [False, True, True]


@pytest.mark.parametrize("cut", [1, 20], ids=["many chunks", "one chunk"])
def test_frames_can_be_written_to(cut):
    table = pa.concat_tables([cells().slice(start, cut) for start in range(0, 20, cut)])
    frame = to_frame(table, IntCells)
    for name in frame.columns:
        frame.loc[1, name] = frame.loc[5, name]
        frame[name].array[0] = frame[name].array[4]
    assert frame.loc[1, "depth"] == frame.loc[5, "depth"] == 7.5


def test_writing_to_a_frame_leaves_the_arrow_table_alone():
    table = cells()
    frame = to_frame(table, IntCells)
    frame[frame.columns] = frame.iloc[[3] * len(frame)].set_axis(frame.index)
    assert table.equals(cells())


@pytest.mark.parametrize("model", [IntCells, TextCells, Labs])
def test_the_key_is_the_index_and_everything_is_valid(model):
    frame = to_frame(model.arrow_schema().empty_table() if model is Labs else cells(of=model), model)
    assert frame.index.name == model.key_name()
    assert {frame.index.name: frame.index.dtype, **frame.dtypes} == model.dtypes()
    assert validate(frame, model) is frame


@pytest.mark.parametrize("model", [IntCells, TextCells])
def test_round_trip(model):
    table = cells(of=model)
    back = to_arrow(to_frame(table, model), model)
    assert back.equals(table, check_metadata=True)
    assert back.validate(full=True) is None


def test_nan_goes_back_as_null():
    frame = to_frame(cells(), IntCells)
    assert to_arrow(frame, IntCells).column("rate").null_count == frame["rate"].isna().sum() == 7


def test_a_null_key_reaches_validation():
    table = cells().set_column(0, IntCells.arrow_schema().field(0), pa.array([None, *range(1, 20)]))
    assert to_frame(table, IntCells).index.isna().sum() == 1


def rows(model):
    columns = {}
    for name, dtype in model.dtypes().items():
        values = VALUES[str(dtype)]
        columns[name] = st.none() | values if model.facts()[name]["nullable"] else values
    return st.lists(st.fixed_dictionaries(columns), max_size=8)


@pytest.mark.parametrize("model", [IntCells, TextCells, TaggedCells])
def test_any_values_come_back_as_they_were(model):
    # A busy machine is no fault of ours.
    @settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(rows(model), st.integers(0, 8))
    def check(records, cut):
        table = pa.Table.from_pylist(records, schema=model.arrow_schema())
        table = pa.concat_tables([table.slice(0, cut), table.slice(cut)])
        frame = to_frame(table, model)
        assert {frame.index.name: frame.index.dtype, **frame.dtypes} == model.dtypes()
        back = to_arrow(frame, model).to_pylist()
        for record, found in zip(records, back, strict=True):
            for name, value in record.items():
                missing = isinstance(value, float) and math.isnan(value) and model.facts()[name]["nullable"]
                same = found[name] == value or (value != value and found[name] is None)
                assert found[name] is None if missing else same, name

    check()


@pytest.mark.parametrize("rows", [None, np.array([2, 0]), np.array([], dtype=np.int64)], ids=str)
def test_lists_and_json_go_there_and_back(rows):
    table = tagged_cells()
    frame = to_frame(table, TaggedCells, rows)
    assert validate(frame, TaggedCells) is frame
    expected = table if rows is None else table.take(rows)
    assert to_arrow(frame, TaggedCells).equals(expected.cast(TaggedCells.arrow_schema()), check_metadata=True)


def test_lists_survive_pickling():
    frame = to_frame(tagged_cells(), TaggedCells)
    pd.testing.assert_frame_equal(pickle.loads(pickle.dumps(frame)), frame)
