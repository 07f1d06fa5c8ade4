"""Writing as every source has it: what a source declares is asked in order, and told row by row."""

from __future__ import annotations

import pickle
import warnings

import pandas as pd
import pytest

from sessionframes import UnwrittenRowsWarning
from sessionframes.changes import Change, Fault, Outcome
from sessionframes.connection import Connection
from sessionframes.errors import (
    FrameValidationError,
    QueryError,
    SourceUnavailableError,
    TableNotProvidedError,
)
from sessionframes.source import Source, Write
from tests.fake_source import connect, fake_transport


class Kept:
    """Remembers what it was told to do; a value of "fault" is one, "lost" and "gone" go wrong."""

    def __init__(self):
        self.rows = []
        self.done = []

    def plan(self, _, rows):
        self.rows = list(rows)
        faults = [
            Fault(row.position, name, "no fault", value)
            for row in rows
            for name, value in dict(row.values).items()
            if value == "fault"
        ]
        return [self.change(row) for row in rows], faults

    def change(self, row):
        new = dict(row.values)
        if row.id is None:
            return Change("create", None, new)
        return Change("change" if new else "leave", row.id, new, {"a": 0}, "noted")

    def send(self, _, change):
        self.done.append(change)
        if change.new.get("a") == "lost":
            message = "nobody answers."
            raise SourceUnavailableError(message)
        if change.new.get("a") == "gone":
            return Outcome("failed", None, 503, "closed", is_last=True)
        return Outcome("changed" if change.id else "created", change.id or "new", 200, record={})

    def remove(self, _, key):
        self.done.append(key)
        return Outcome("deleted", key, 204)


@pytest.fixture
def kept():
    return Kept()


@pytest.fixture
def db(kept):
    def identify(one):
        if not one.isdecimal():
            raise QueryError(one)
        return one

    def find(_, ids):
        return {one: f"name of {one}" for one in ids if one != "9"}

    write = Write("cell_id", kept.plan, kept.send, identify, find, kept.remove)
    source = Source("fake", "", (), {}, lambda _: None, writes={"cells": write})
    return Connection(source, fake_transport())


def test_sources_that_declare_no_writes_are_read_only():
    db = connect()
    for call in (lambda: db.save("cells", {}), lambda: db.delete("cells", [1], confirm=True)):
        with pytest.raises(TableNotProvidedError, match="fake: this source is read-only"):
            call()


def test_a_table_that_is_not_written_is_told_with_those_that_are(db):
    with pytest.raises(TableNotProvidedError, match="Did you mean 'cells'"):
        db.save("cell", {})


def test_rows_come_as_they_were_given(db, kept):
    frame = pd.DataFrame(
        {
            "a": pd.array([1, None], dtype="Int64"),
            "b": pd.to_datetime([None, "2020-01-01"]),
            "c": pd.array(["x", None], dtype="str"),
            "d": [[1], None],
            5: [0.5, float("nan")],
        },
        index=pd.Index(["7", None], name="cell_id"),
    )
    db.save("cells", frame)
    first, second = kept.rows
    assert (first.id, dict(first.values)) == ("7", {"a": 1, "c": "x", "d": [1], "5": 0.5})
    assert first.unsaid == {"b"}
    assert (second.id, dict(second.values)) == (None, {"b": pd.Timestamp("2020-01-01")})
    assert second.unsaid == {"a", "c", "d", "5"}


@pytest.mark.parametrize("key", ["id", "cell_id"])
def test_an_id_is_a_column_or_a_key_too(db, kept, key):
    db.save("cells", pd.DataFrame({key: ["7", None], "a": [1, 2]}))
    assert [row.id for row in kept.rows] == ["7", None]
    db.save("cells", [{key: "7", "a": None}, {"a": float("nan")}])
    assert [(row.id, dict(row.values), set(row.unsaid)) for row in kept.rows] == [
        ("7", {"a": None}, set()),
        (None, {}, {"a"}),
    ]


def test_faults_keep_all_rows_from_being_sent(db, kept):
    frame = pd.DataFrame({"a": [1, "fault"]}, index=pd.Index(["7", None], name="cell_id"))
    with pytest.raises(
        FrameValidationError, match="nothing was sent: of 2 rows, a breaks 'no fault'"
    ) as caught:
        db.save("cells", frame)
    assert caught.value.failures.to_dict("records") == [
        {"row": 1, "column": "a", "check": "no fault", "key": "row 1", "value": "fault"}
    ]
    assert pickle.loads(pickle.dumps(caught.value)).failures.equals(caught.value.failures)
    assert not kept.done


def test_a_result_has_the_index_of_what_was_given(db):
    frame = pd.DataFrame({"cell_id": ["7", None], "a": [1, 2]}, index=["p", "q"])
    result = db.save("cells", frame)
    assert result.index.tolist() == ["p", "q"]
    assert result.dtypes.astype(str).to_dict() == {
        "id": "str",
        "action": "str",
        "status": "Int64",
        "error": "str",
        "note": "str",
    }
    assert result["action"].tolist() == ["changed", "created"]
    told = db.save("cells", frame, dry_run=True)
    assert told.index.tolist() == ["p", "q"]
    assert told["new"].tolist() == ["1", "2"]
    assert told["old"].iloc[0] == "0"
    assert told["old"].isna().tolist() == [False, True]


def test_nothing_to_do_is_nothing_sent(db, kept):
    assert db.save("cells", {"id": "7"})["note"].tolist() == ["noted"]
    assert not kept.done


def test_what_goes_wrong_midway_does_not_hide_what_was_done(db):
    rows = [{"a": 1}, {"a": "lost"}, {"a": 2}]
    with pytest.warns(
        UnwrittenRowsWarning, match="2 of 3 rows were not written, the first: nobody answers"
    ) as told:
        result = db.save("cells", rows)
    assert result["action"].tolist() == ["created", "unknown", "not sent"]
    assert pickle.loads(pickle.dumps(told[0].message)).result.equals(result)
    with pytest.warns(UnwrittenRowsWarning):
        result = db.save("cells", [{"a": 1}, {"a": "gone"}, {"a": 2}])
    assert result["action"].tolist() == ["created", "failed", "not sent"]


def test_what_came_off_warns_of_nothing(db):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        db.save("cells", [{"a": 1}, {"id": "7"}])
        db.delete("cells", ["7", "7", "8"], confirm=True)


def test_deleting_names_what_would_go(db, kept):
    with pytest.raises(ValueError, match="1 of the 2 given would be deleted for good: 'name of 7'"):
        db.delete("cells", ["7", "9"])
    with pytest.raises(ValueError, match="no ids"):
        db.delete("cells", None, confirm=True)
    with pytest.raises(QueryError):
        db.delete("cells", ["7", "x"], confirm=True)
    assert not kept.done
    assert db.delete("cells", ["7", "9"], confirm=True)["id"].tolist() == ["7", "9"]
