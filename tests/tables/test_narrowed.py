"""A table with only some of its columns is a table."""

from __future__ import annotations

import pickle

import pandas as pd
import pytest

from sessionframes.errors import FrameValidationError
from sessionframes.registry import declared_sources, load_source
from sessionframes.tables.convert import to_arrow, to_frame
from sessionframes.tables.validation import find_failures, validate
from tests.fake_source import IntCells, TextCells, cells

FORMS = {
    f"{source}.{table}": read.table
    for source in declared_sources()
    for table, read in load_source(source).reads.items()
} | {"fake.cells": IntCells, "fake.text_cells": TextCells}
every_form = pytest.mark.parametrize("model", FORMS.values(), ids=FORMS)


def some(model):
    """Every other column, the last first, the key not among them."""
    return tuple(list(model.dtypes())[1:][::-2])


def test_without_columns_named_it_is_the_table_itself():
    assert IntCells.narrowed(None) is IntCells


@every_form
def test_it_has_the_key_and_those_columns_in_that_order(model):
    narrow = model.narrowed(some(model))
    names = [model.key_name(), *some(model)]
    assert list(narrow.dtypes()) == list(narrow.facts()) == narrow.arrow_schema().names == names
    for name in names:
        assert narrow.dtypes()[name] == model.dtypes()[name]
        assert narrow.facts()[name] == model.facts()[name]
        assert narrow.arrow_schema().field(name).equals(model.arrow_schema().field(name), check_metadata=True)
    assert (narrow.table_name(), narrow.key_name()) == (model.table_name(), model.key_name())
    assert narrow.id_kind() == model.id_kind()
    assert issubclass(narrow, model)


@every_form
def test_its_empty_frame_is_valid_and_that_of_the_table_is_not(model):
    narrow = model.narrowed(some(model))
    frame = narrow.empty_frame()
    assert validate(frame, narrow) is frame
    pd.testing.assert_frame_equal(frame, model.empty_frame()[list(some(model))])
    with pytest.raises(FrameValidationError):
        validate(model.empty_frame(), narrow)
    with pytest.raises(FrameValidationError):
        validate(frame, model)


@every_form
def test_the_table_stays_as_it_was(model):
    before = list(model.dtypes()), model.schema_hash()
    narrow = model.narrowed(some(model))
    assert (list(model.dtypes()), model.schema_hash()) == before
    assert narrow.schema_hash() != model.schema_hash()


def test_the_same_columns_are_the_same_table():
    assert IntCells.narrowed(("rate", "good")) is IntCells.narrowed(("rate", "good"))
    assert IntCells.narrowed(("rate", "good")) is not IntCells.narrowed(("good", "rate"))
    assert IntCells.narrowed(("rate",)) is not TextCells.narrowed(("rate",))


def test_no_columns_leave_the_key():
    narrow = IntCells.narrowed(())
    frame = to_frame(cells().select(["cell_id"]), narrow)
    assert validate(frame, narrow) is frame
    assert frame.shape == (20, 0)
    assert frame.index.name == "cell_id"
    assert frame.columns.tolist() == []


def test_ids_are_those_that_are_left():
    assert IntCells.narrowed(("rate",)).ids() == ("cell_id",)
    assert IntCells.narrowed(("rate", "session_id")).ids() == ("session_id", "cell_id")
    assert str(TextCells.narrowed(("neighbour_id",)).dtypes()["neighbour_id"]) == "str"
    assert str(IntCells.narrowed(("neighbour_id",)).dtypes()["neighbour_id"]) == "Int64"


@pytest.mark.parametrize("model", [IntCells, TextCells])
def test_frames_go_there_and_back(model):
    narrow = model.narrowed(("label", "seen_at", "layer", "checked", "session_id"))
    table = cells(of=model).select(narrow.arrow_schema().names)
    frame = to_frame(table, narrow)
    assert validate(frame, narrow) is frame
    assert to_arrow(frame, narrow).equals(table, check_metadata=True)


def test_what_is_left_is_checked_and_what_is_not_there_is_not():
    frame = to_frame(cells(), IntCells)
    frame.loc[4, "rate"] = -1.0
    assert find_failures(frame[["good"]], IntCells.narrowed(("good",))) is None
    failures = find_failures(frame[["good", "rate"]], IntCells.narrowed(("good", "rate")))
    assert failures["key"].tolist() == ["4"]
    twice = frame[["good"]].set_axis([0] * 20).rename_axis("cell_id")
    assert find_failures(twice, IntCells.narrowed(("good",))) is not None


def test_order_extra_columns_and_types_are_checked():
    narrow = IntCells.narrowed(("good", "rate"))
    frame = to_frame(cells(), IntCells)
    for wrong in (
        frame[["rate", "good"]],
        frame[["good"]],
        frame[["good", "rate", "depth"]],
        frame[["good", "rate"]].astype({"rate": "float32"}),
    ):
        with pytest.raises(FrameValidationError):
            validate(wrong, narrow)


def test_a_frame_of_a_narrowed_table_survives_pickling():
    frame = to_frame(cells().select(["cell_id", "rate"]), IntCells.narrowed(("rate",)))
    pd.testing.assert_frame_equal(pickle.loads(pickle.dumps(frame)), frame)
