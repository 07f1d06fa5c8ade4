"""What is refused, how it is told, and that it is told shortly however much is wrong."""

from __future__ import annotations

import time

import numpy as np
import pandas as pd
import pytest

from sessionframes.errors import FrameValidationError
from sessionframes.tables.convert import to_frame
from sessionframes.tables.validation import InvalidRowsWarning, find_failures, validate
from tests.fake_source import IntCells, TextCells, cells, changed, connect, fake_transport, sessions

ROWS = 20


@pytest.fixture
def frame():
    return to_frame(cells(ROWS), IntCells)


def refused(frame, model=IntCells):
    with pytest.raises(FrameValidationError) as caught:
        validate(frame, model, source="fake")
    error = caught.value
    assert str(error).startswith("fake.cells: ")
    assert list(error.failures.columns) == ["column", "check", "key", "value"]
    return error


def faults(error):
    return [tuple(row) for row in error.failures[["column", "key"]].itertuples(index=False)]


@pytest.mark.parametrize("model", [IntCells, TextCells])
def test_a_good_frame_is_returned_itself(model):
    frame = to_frame(cells(of=model), model)
    before = frame.copy(deep=True)
    assert validate(frame, model) is frame
    assert find_failures(frame, model) is None
    pd.testing.assert_frame_equal(frame, before)


@pytest.mark.parametrize(
    ("name", "dtype"),
    [
        ("label", "object"),
        ("label", "category"),
        ("spikes", "int32"),
        ("spikes", "float64"),
        ("rate", "float32"),
        ("rate", "Float64"),
        ("layer", "float64"),
        ("good", "object"),
        ("good", "int64"),
        ("checked", "object"),
        ("seen_at", "datetime64[ns, UTC]"),
        ("seen_at", "datetime64[us, Asia/Tokyo]"),
        ("session_id", "Int64"),
    ],
)
def test_another_dtype_is_refused_and_never_converted(frame, name, dtype):
    error = refused(frame.assign(**{name: frame[name].astype(dtype)}))
    assert f"dtype {IntCells.dtypes()[name]}" in str(error)
    assert f"dtype {pd.api.types.pandas_dtype(dtype)}" in str(error)
    assert error.failures["column"].tolist() == [name]


@pytest.mark.parametrize("text", [["a"] * ROWS, [1] * ROWS, ["a", None] * (ROWS // 2)])
def test_objects_are_no_text(frame, text):
    assert "dtype object" in str(refused(frame.assign(label=pd.Series(text, frame.index, dtype="object"))))


def test_a_key_of_another_type_is_refused(frame):
    assert "cell_id" in str(refused(frame.set_axis(frame.index.astype("str").rename("cell_id"))))


@pytest.mark.parametrize("name", ["spikes", "session_id"])
def test_a_null_among_whole_numbers_names_its_row(frame, name):
    values = frame[name].astype("Int64")
    values[4] = pd.NA
    assert faults(refused(frame.assign(**{name: values}))) == [(name, "4")]


def test_a_null_among_flags_names_its_row(frame):
    good = frame["good"].astype("boolean")
    good[4] = pd.NA
    assert faults(refused(frame.assign(good=good))) == [("good", "4")]


@pytest.mark.parametrize(
    ("name", "bad"), [("depth", np.nan), ("state", None), ("state", "old"), ("rate", -0.1), ("rate", 1000.5)]
)
def test_a_value_that_cannot_be_names_its_row(frame, name, bad):
    frame.loc[7, name] = bad
    assert faults(refused(frame)) == [(name, "7")]


@pytest.mark.parametrize("value", [0.0, 1000.0, np.nan])
def test_bounds_are_part_of_the_range_and_null_is_in_it(frame, value):
    frame.loc[7, "rate"] = value
    assert validate(frame, IntCells) is frame


@pytest.mark.parametrize("model", [IntCells, TextCells])
def test_keys_that_come_twice_are_both_named(model):
    frame = to_frame(cells(of=model), model)
    keys = frame.index.tolist()
    keys[3] = keys[9]
    error = refused(frame.set_axis(pd.Index(keys, name="cell_id", dtype=frame.index.dtype)), model)
    assert faults(error) == [("cell_id", "9"), ("cell_id", "9")]
    assert "unique" in str(error)


def test_a_null_key_is_named(frame):
    keys = pd.Index(pd.array([None, *range(1, ROWS)], dtype="Int64"), name="cell_id")
    assert "cell_id breaks 'not null' once" in str(refused(frame.set_axis(keys)))


def test_columns_missing_extra_misordered_or_twice_are_named(frame):
    assert "'rate'" in str(refused(frame.drop(columns="rate")))
    assert "'more'" in str(refused(frame.assign(more=1)))
    assert "column_ordered" in str(refused(frame[frame.columns[::-1]]))
    assert "rate" in str(refused(pd.concat([frame, frame[["rate"]]], axis=1)))
    assert "cell_id" in str(refused(frame.rename_axis("id")))
    assert "cell_id" in str(refused(frame.reset_index()))


def test_all_faults_show_at_once(frame):
    frame["spikes"] = frame["spikes"].astype("Int64")
    frame.loc[1, "spikes"] = pd.NA
    frame.loc[2, "rate"] = -1
    frame.loc[3, "state"] = "old"
    assert sorted(faults(refused(frame))) == [("rate", "2"), ("spikes", "1"), ("state", "3")]


def test_failures_are_text_throughout(frame):
    frame.loc[2, "rate"] = -1
    failures = refused(frame).failures
    assert set(failures.dtypes.astype(str)) == {"str"}
    assert failures.iloc[0].to_dict() == {
        "column": "rate",
        "check": "greater_than_or_equal_to(0)",
        "key": "2",
        "value": "-1.0",
    }


@pytest.mark.parametrize("kind", ["out of range", "null"])
def test_a_million_faults_make_a_short_message_soon(kind):
    many = 1_000_000
    keys = pd.Index(np.arange(many), name="cell_id")
    frame = to_frame(cells(1), IntCells)
    frame = frame.loc[np.zeros(many, dtype="int64")].set_axis(keys)
    if kind == "null":
        frame["spikes"] = pd.array([None] * many, dtype="Int64")
    else:
        frame["rate"] = -1.0
    began = time.monotonic()
    error = refused(frame)
    # It takes about 3 s where nothing else runs, and minutes if rows are gone through one by one.
    assert time.monotonic() - began < 60
    assert len(str(error)) < 300
    assert len(error.failures) == many
    assert f"{many} times" in str(error)


def test_a_null_key_hides_no_other_fault(frame):
    keys = pd.Index(pd.array([None, *range(1, ROWS)], dtype="Int64"), name="cell_id")
    frame.loc[2, "rate"] = -1
    assert set(refused(frame.set_axis(keys)).failures["column"]) == {"cell_id", "rate"}


def test_long_values_are_cut(frame):
    frame.loc[2, "state"] = "x" * 10_000
    assert len(str(refused(frame))) < 300


def test_many_kinds_of_fault_are_counted(frame):
    frame.loc[1, ["rate", "depth"]] = [-1, np.nan]
    frame.loc[2, "state"] = None
    frame.loc[3, "state"] = "old"
    frame.loc[4, "rate"] = 2000
    frame = frame.assign(more=1)
    error = refused(frame)
    assert "and 1 more kinds of fault" in str(error)
    assert error.failures["check"].nunique() == 5


BAD = [("spikes", None), ("good", None), ("depth", None), ("rate", -1.0), ("state", "old"), ("cell_id", None)]


@pytest.mark.parametrize(("name", "bad"), BAD)
@pytest.mark.parametrize("model", [IntCells, TextCells])
def test_bad_rows_of_a_source_are_refused_or_reported(model, name, bad):
    table = cells(of=model)
    values = table.column(name).to_pylist()
    values[4] = bad
    db = connect(fake_transport(cells=changed(table, name, values)), cells_model=model)
    with pytest.raises(FrameValidationError, match=rf"fake\.cells: .*{name} breaks"):
        db.get("cells")
    with pytest.warns(InvalidRowsWarning, match="1 rows left out") as caught:
        frame = db.get("cells", on_invalid="report")
    assert caught[0].message.failures["column"].tolist() == [name]
    good = [key for key in table["cell_id"].to_pylist() if str(key) != "4"]
    assert frame.index.tolist() == sorted(good)
    assert validate(frame, model) is frame


@pytest.mark.parametrize(
    "call",
    [
        lambda db, path: db.get("sessions", on_invalid="report"),  # noqa: ARG005  all are called alike
        lambda db, path: db.get_sessions(on_invalid="report"),  # noqa: ARG005
        lambda db, path: db.export(path / "out", "sessions", on_invalid="report", progress=False),
    ],
    ids=["get", "get_sessions", "export"],
)
def test_the_warning_points_to_who_called(tmp_path, call):
    ages = [-1.0, *[100.0] * 4]
    db = connect(fake_transport(sessions=changed(sessions(), "age_in_days", ages)))
    with pytest.warns(InvalidRowsWarning) as caught:
        call(db, tmp_path)
    assert [(warning.filename, warning.lineno) for warning in caught] == [
        (__file__, call.__code__.co_firstlineno)
    ]
