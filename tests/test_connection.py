"""The five steps, from a question to a frame, over a source in memory."""

from __future__ import annotations

import json
import pickle
import warnings
from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from sessionframes.connection import Connection
from sessionframes.errors import (
    FrameValidationError,
    QueryError,
    SourceResponseError,
    SourceUnavailableError,
    TableNotProvidedError,
)
from sessionframes.query import EVERY
from sessionframes.query.where import conditions
from sessionframes.tables.validation import InvalidRowsWarning, validate
from tests.fake_source import ADDRESS, IntCells, TextCells, cells, changed, connect, fake_transport


def with_column(name, values):
    return connect(fake_transport(cells=changed(cells(), name, values)))


def test_a_table_comes_whole_validated_and_ordered(db, transport):
    frame = db.get("cells")
    assert frame.index.tolist() == list(range(20))
    assert validate(frame, IntCells) is frame
    assert len(transport.sent) == 1


def test_what_can_be_asked_is_told(db):
    assert db.tables == ("sessions", "cells", "labs")
    assert db.arguments("cells")[:2] == ("session_ids", "cell_ids")
    assert {"seen_at", "labels", "include_bad", "where", "columns"} < set(db.arguments("cells"))
    assert db.arguments("labs")[0] == "lab_ids"
    assert db.describe("cells").index.tolist() == list(IntCells.facts())


@pytest.mark.parametrize("name", ["cell", "Cells", "", None, 5, ["cells"], {"cells"}])
def test_an_unknown_table_is_told_with_those_there_are(db, transport, name):
    with pytest.raises(TableNotProvidedError, match="fake: this source has no table") as caught:
        db.get(name)
    assert "cells" in caught.value.hint
    assert not transport.sent


def test_a_call_for_a_table_that_the_source_lacks(db):
    for call in (db.get_probes, db.get_channels, db.get_units):
        with pytest.raises(TableNotProvidedError, match="fake: this source has no table"):
            call()


@pytest.mark.parametrize(
    ("wrong", "right"), [("session_id", "session_ids"), ("cels_ids", "cell_ids"), ("seen", "seen_at")]
)
def test_an_unknown_argument_is_told_with_the_nearest_name(db, transport, wrong, right):
    with pytest.raises(QueryError, match=rf"fake\.cells: there is no argument '{wrong}'.*{right}"):
        db.get("cells", **{wrong: 1})
    assert not transport.sent


def test_an_argument_of_another_table_is_unknown(db):
    with pytest.raises(QueryError, match="no argument 'cell_ids'"):
        db.get("labs", cell_ids=None)


@pytest.mark.parametrize("value", [1, 0, None, "yes", np.True_, pd.NA, []])
def test_switches_are_true_or_false_and_nothing_like_it(db, transport, value):
    with pytest.raises(QueryError, match=r"include_bad is .*Say True or False"):
        db.get("cells", include_bad=value)
    assert not transport.sent


@pytest.mark.parametrize("value", [True, False])
def test_switches_reach_the_source(db, transport, value):
    db.get("cells", include_bad=value)
    assert transport.sent[0].switches == ({"include_bad"} if value else set())


@pytest.mark.parametrize("value", ["drop", None, True, ""])
def test_on_invalid_is_one_of_two(db, transport, value):
    with pytest.raises(QueryError, match="on_invalid"):
        db.get("cells", on_invalid=value)
    assert not transport.sent


def test_conditions_reach_the_source_checked(db, transport):
    frame = db.get("cells", session_ids=["20", 10.0], labels="cell 1 é", seen_at="2020-01-01")
    asked = {
        condition.field.name: (condition.lookup, condition.value)
        for condition in conditions(transport.sent[0].where)
    }
    assert asked == {
        "session_id": ("in", (10, 20)),
        "label": ("in", ("cell 1 é",)),
        "seen_at": ("lte", datetime(2020, 1, 1, 23, 59, 59, 999999, tzinfo=UTC)),
    }
    assert frame.index.tolist() == [1]


def test_none_filters_nothing(db, transport):
    assert len(db.get("cells", session_ids=None, seen_at=None, labels=None)) == 20
    assert transport.sent[0].where == EVERY


def test_a_frame_is_a_filter(db):
    sessions = db.get_sessions([10, 30])
    assert set(db.get("cells", session_ids=sessions)["session_id"]) == {10, 30}


@pytest.mark.parametrize(
    "arguments", [{"session_ids": []}, {"cell_ids": [1], "labels": []}, {"session_ids": range(0)}]
)
def test_what_cannot_be_is_not_sent(db, transport, arguments):
    frame = db.get("cells", **arguments)
    assert not transport.sent
    pd.testing.assert_frame_equal(frame, IntCells.empty_frame())
    assert "sessionframes" in frame.attrs


def test_no_rows_have_the_same_dtypes(db, transport):
    frame = db.get("cells", cell_ids=[12345])
    assert len(transport.sent) == 1
    pd.testing.assert_frame_equal(frame, IntCells.empty_frame())


@pytest.mark.parametrize("rows_per_page", [1, 7, 20, 1000])
@pytest.mark.parametrize("model", [IntCells, TextCells])
def test_pages_in_any_order_and_size_give_the_same_frame(model, rows_per_page):
    table = cells(of=model)
    expected = connect(fake_transport(cells=table), cells_model=model).get("cells")
    shuffled = table.take(np.random.default_rng(0).permutation(table.num_rows))
    transport = fake_transport(cells=shuffled)
    transport.rows_per_page = rows_per_page
    frame = connect(transport, cells_model=model).get("cells")
    pd.testing.assert_frame_equal(frame, expected)
    assert frame.index.is_monotonic_increasing


def drop(_, page):
    return page.drop_columns("rate") if "rate" in page.column_names else page


def narrow(_, page):
    place = page.schema.get_field_index("rate")
    return page if place < 0 else page.set_column(place, "rate", page.column(place).cast(pa.float32()))


def turn(_, page):
    return page.select(page.column_names[::-1])


def add(_, page):
    return page.append_column("more", pa.nulls(page.num_rows, pa.int64()))


@pytest.mark.parametrize("flatten", [drop, narrow, turn, add])
def test_a_page_of_another_schema_is_refused(flatten):
    with pytest.raises(SourceResponseError, match=r"fake\.cells: a page was flattened to"):
        connect(flatten=flatten).get("cells")


def test_an_error_of_the_source_comes_as_it_is(transport, db):
    def gone():
        if len(pages) == 2:
            raise SourceUnavailableError("gone", source="fake")
        pages.append(1)

    pages = []
    transport.before_page = gone
    with pytest.raises(SourceUnavailableError, match=r"fake\.cells: gone"):
        db.get("cells")


def test_invalid_rows_raise_by_default():
    db = with_column("rate", [-1.0, *[1.0] * 19])
    with pytest.raises(FrameValidationError, match=r"fake\.cells: of 20 rows, rate breaks") as caught:
        db.get("cells")
    assert caught.value.failures["key"].tolist() == ["0"]


def test_invalid_rows_are_left_out_and_told():
    table = changed(cells(), "spikes", [None if row == 4 else row for row in range(20)])
    table = changed(table, "rate", [5000.0 if row == 7 else 1.0 for row in range(20)])
    table = changed(table, "good", [None if row in (4, 9) else True for row in range(20)])
    db = connect(fake_transport(cells=table))
    with pytest.warns(InvalidRowsWarning, match=r"fake\.cells: 3 rows left out") as caught:
        frame = db.get("cells", on_invalid="report")
    assert frame.index.tolist() == [row for row in range(20) if row not in (4, 7, 9)]
    assert validate(frame, IntCells) is frame
    failures = caught[0].message.failures
    told = set(failures[["column", "key"]].itertuples(index=False, name=None))
    assert told == {("spikes", "4"), ("good", "4"), ("good", "9"), ("rate", "7")}
    assert json.loads(frame.attrs["sessionframes"])["table"] == "cells"


def test_rows_whose_keys_come_twice_are_all_left_out():
    db = with_column("cell_id", [5 if row == 4 else row for row in range(20)])
    with pytest.warns(InvalidRowsWarning, match="2 rows left out"):
        frame = db.get("cells", on_invalid="report")
    assert frame.index.tolist() == [row for row in range(20) if row not in (4, 5)]
    with pytest.raises(FrameValidationError, match="cell_id breaks 'unique' 2 times"):
        db.get("cells")


def test_when_all_rows_are_invalid_the_frame_is_empty():
    db = with_column("spikes", [None] * 20)
    with pytest.warns(InvalidRowsWarning, match="20 rows left out"):
        frame = db.get("cells", on_invalid="report")
    pd.testing.assert_frame_equal(frame, IntCells.empty_frame())


def test_good_rows_make_no_warning(db):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        pd.testing.assert_frame_equal(db.get("cells", on_invalid="report"), db.get("cells"))


def test_the_warning_survives_pickling():
    warning = InvalidRowsWarning("2 rows left out", pd.DataFrame({"key": ["1", "2"]}))
    back = pickle.loads(pickle.dumps(warning))
    assert str(back) == str(warning)
    pd.testing.assert_frame_equal(back.failures, warning.failures)


def test_a_frame_tells_where_it_came_from(db):
    frame = db.get("cells", session_ids=[10, 20, 30, 40], include_bad=True)
    assert list(frame.attrs) == ["sessionframes"]
    origin = json.loads(frame.attrs["sessionframes"])
    assert origin.keys() == {"source", "address", "table", "query", "time", "sessionframes", "schema"}
    assert origin["source"] == "fake"
    assert origin["address"] == ADDRESS
    assert origin["query"] == "cells(where=session_id__in=[10, 20, 30, and 1 more], include_bad=True)"
    assert origin["schema"] == IntCells.schema_hash()
    assert datetime.fromisoformat(origin["time"]).tzinfo is not None


def test_where_it_came_from_stays_short_however_many_ids(db):
    assert len(db.get("cells", cell_ids=range(100_000)).attrs["sessionframes"]) < 400


def test_where_it_came_from_survives_parquet(db, tmp_path):
    frame = db.get("cells")
    frame.to_parquet(tmp_path / "cells.parquet")
    back = pd.read_parquet(tmp_path / "cells.parquet")
    assert back.attrs == frame.attrs
    pd.testing.assert_frame_equal(back, frame)


@pytest.mark.parametrize("progress", [True, False])
def test_a_quick_query_shows_no_progress(db, capfd, progress):
    db.get("cells", progress=progress)
    assert capfd.readouterr() == ("", "")


def test_closing_twice_is_closing(transport, db):
    with db as entered:
        assert entered is db
    db.close()
    assert transport.closed >= 1


def test_an_error_inside_with_closes_and_comes_through(transport):
    with pytest.raises(ZeroDivisionError), connect(transport):
        1 / 0  # noqa: B018  any error of the user's
    assert transport.closed == 1


def test_repr_says_what_it_is(db):
    assert repr(db) == f"<fake at {ADDRESS}: sessions, cells, labs>"


def test_asking_does_not_send(db, transport):
    query = db.query("cells", session_ids=[10])
    assert str(query) == "cells(where=session_id__in=[10])"
    assert not transport.sent


def test_questions_that_look_the_same_have_their_own_fingerprints(db):
    alike = [db.query("cells", cell_ids=[1, 2, 3, last]) for last in (4, 5)]
    assert str(alike[0]) == str(alike[1])
    assert alike[0].fingerprint() != alike[1].fingerprint()
    assert alike[0].fingerprint() == db.query("cells", cell_ids=[4, 3, 2, 1]).fingerprint()


def test_a_source_without_files_says_so(db, tmp_path):
    with pytest.raises(TableNotProvidedError, match="no kind of file 'nwb'"):
        db.download("nwb", 10, tmp_path)
    with pytest.raises(TableNotProvidedError, match="no kind of file 'nwb'"):
        next(db.stream("nwb", 10))
    assert not list(tmp_path.iterdir())


def test_every_argument_is_told_in_the_docstring_of_get(db):
    assert isinstance(Connection.get.__doc__, str)
    for name in {*db.arguments("sessions")} - {"began_at"}:
        assert f"``{name}``" in Connection.get.__doc__
    for name in ("on_invalid", "progress"):
        assert f"\n        {name} : " in Connection.get.__doc__
