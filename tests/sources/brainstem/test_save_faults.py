"""Rows that the server would refuse: all that is wrong is told at once, and nothing is sent."""

from __future__ import annotations

import pandas as pd
import pytest

from sessionframes import UnwrittenRowsWarning
from sessionframes.demo.brainstem import Fault
from sessionframes.errors import FrameValidationError, QueryError
from tests.sources.brainstem.writers import a_project, new_rows, sent

NOBODY = "5e0f4b7c-3c1a-4e58-9a2d-7b1f0c9d0001"


def faults(db, data, table="sessions"):
    """What is wrong with rows: their places, columns, and what should be there."""
    with pytest.raises(FrameValidationError, match="nothing was sent") as caught:
        db.save(table, data)
    found = caught.value.failures
    assert found.columns.tolist() == ["row", "column", "check", "key", "value"]
    assert caught.value.table == table
    rows = [None if row is pd.NA else row for row in found["row"]]
    return list(zip(rows, found["column"], found["check"], strict=True))


def test_all_faults_of_all_rows_are_told_at_once(server, db):
    project = a_project(db)
    there = db.get_sessions()
    frame = pd.DataFrame(
        {
            "id": [None, None, None, "m700", NOBODY, there.index[0]],
            "name": ["x" * 101, "twice", "twice ", "e", "f", there["session_name"].iloc[1]],
            "projects": [[project], ["m700"], None, [project], [project], [project]],
            "date_time": ["2025-01-01T10:00", None, "soon", None, None, None],
            "epochs": [[NOBODY], None, None, None, None, None],
            "extra_fields": [None, '{"1st": 2}', None, None, None, "{"],
            "descripton": ["typo", None, None, None, None, None],
        },
        index=list("abcdef"),
    )
    found = faults(db, frame)
    assert [(row, column) for row, column, _ in found] == [
        (None, "descripton"),
        (0, "name"),
        (0, "date_time"),
        (0, "epochs"),
        (1, "projects"),
        (1, "extra_fields"),
        (2, "date_time"),
        (2, "projects"),
        (2, "name"),
        (3, "session_id"),
        (4, "session_id"),
        (5, "extra_fields"),
        (5, "name"),
    ]
    told = {(row, column): check for row, column, check in found}
    assert "Did you mean 'description'" in told[None, "descripton"]
    assert told[0, "name"] == "at most 100 characters"
    assert told[2, "projects"] == "required"
    assert told[2, "name"] == "unique: row 1 has it too"
    assert told[4, "session_id"] == "the id of a record that is there, and yours to see"
    assert told[5, "name"] == f"a name that no record has: {there.index[1]} has it"
    assert not sent(server)


def test_the_message_tells_the_first_and_the_failures_all(db):
    rows = new_rows(db, *("x" * 101 + str(number) for number in range(200)))
    with pytest.raises(FrameValidationError) as caught:
        db.save("sessions", pd.DataFrame(rows, index=[f"label {number}" for number in range(200)]))
    assert len(str(caught.value)) < 1000
    assert "label 0" in str(caught.value)
    assert len(caught.value.failures) == 200


def test_an_id_comes_once(db):
    key = db.get_sessions().index[0]
    rows = [{"id": key, "description": "a"}, {"session_id": key.upper(), "description": "b"}]
    assert faults(db, rows) == [(1, "session_id", "once: row 0 has it too")]


@pytest.mark.parametrize(
    ("value", "check"),
    [
        ({"name": ""}, "required"),
        ({"name": None}, "required"),
        ({"projects": []}, "required"),
        ({"projects": None}, "required"),
        ({"name": "a" * 101}, "at most 100 characters"),
        ({"behaviors": [NOBODY]}, "read-only: the server keeps it by itself"),
        ({"download_links": [{"repository": "a", "url": "x"}]}, None),
        ({"tags": "a, b"}, "a list of texts"),
        ({"extra_fields": {"a": {"b": 1}}}, "text or a number for 'a'"),
        ({"extra_fields": '{"a": 1, "a": 2}'}, "JSON with each name once"),
        ({"subjects": [NOBODY]}, "as it was: it is no field of the record, other records tell it"),
    ],
)
def test_what_a_change_must_not_say(server, db, value, check):
    key = db.get_sessions().dropna(subset=["subject_id"]).index[0]
    ((row, column, found),) = faults(db, {"id": key, **value})
    assert (row, column) == (0, next(iter(value)))
    assert check is None or found == check
    assert not sent(server)


def test_a_new_row_needs_what_is_required_and_nothing_that_others_tell(server, db):
    found = faults(db, {"description": "x", "sex": "F", "links": {"projects": "projects/"}})
    assert found == [
        (0, "name", "required"),
        (0, "projects", "required"),
        (0, "sex", "empty in a new row: it is no field of the record"),
    ]
    subject = {"subject_name": "m1", "subject_projects": [NOBODY], "strain_id": NOBODY, "sex": "male"}
    assert faults(db, subject, "subjects") == [(0, "sex", "one of F, M, U")]
    assert not sent(server)


def test_a_name_that_is_taken_is_told_with_whose_it_is(server, db):
    there = db.get_sessions().iloc[0]
    row = new_rows(db, there["session_name"], description="another")[0]
    ((_, column, check),) = faults(db, row)
    assert column == "name"
    assert check.startswith(f"a name that no record has: {there.name} has it and differs in")
    assert check.endswith("give that id to change it")
    assert not sent(server)


def test_what_breaks_rules_on_the_server_does_not_stand_in_the_way(server, db):
    """Older records were made before the rules were."""
    key = db.get_sessions().index[0]

    def spoil(body):
        for record in body["sessions"]:
            record |= {
                "extra_fields": {"1 bad": [1]},
                "projects": [],
                "name": "n" * 150,
                "date_time": "long ago",
            }
        return body

    server.fail(Fault(change=spoil), method="GET", times=100)
    record = db.load_model("session")["sessions"][0]
    assert db.save("sessions", record)["action"].tolist() == ["left"]
    result = db.save("sessions", {**record, "description": "new"})
    assert result["action"].tolist() == ["changed"]
    assert sent(server) == [("PATCH", {"description": "new"})]
    assert key


def test_fields_that_no_document_tells_of_can_be_changed_where_the_server_has_them(server, db):
    def add(body):
        for record in [*body.get("sessions", []), *([body["session"]] if "session" in body else [])]:
            record["novelty"] = {"a": [1]}
        return body

    server.fail(Fault(change=add), times=100)
    key = db.get_sessions().index[0]
    assert db.save("sessions", {"id": key, "novelty": {"a": [1.0]}})["action"].tolist() == ["left"]
    with pytest.warns(UnwrittenRowsWarning, match=r'has none of it: novelty: the server has {"a": \[1\]}'):
        result = db.save("sessions", {"id": key, "novelty": {"a": [2]}})
    assert sent(server) == [("PATCH", {"novelty": {"a": [2]}})]
    assert result["action"].tolist() == ["unknown"]
    ((row, column, _),) = faults(db, {"id": key, "noveltie": 1})
    assert (row, column) == (None, "noveltie")


def test_a_server_that_does_not_know_lists_of_values_gets_no_doubles(server, db):
    rows = new_rows(db, "one", "two")
    db.save("sessions", rows)
    for path in ("session", "project"):
        server.fail(Fault(status=400, body=["Invalid filter operator: in"]), method="GET", path=path, times=1)
    assert db.save("sessions", rows)["action"].tolist() == ["left", "left"]


@pytest.mark.parametrize(
    "row",
    [
        {"name": "a\ud800", "projects": [NOBODY]},
        {"a\ud800": 1, "name": "a", "projects": [NOBODY]},
        {"id": "a\ud800", "name": "a"},
        {"name": "a", "projects": [NOBODY], "tags": ["a\ud800"]},
    ],
)
def test_half_a_character_is_a_fault_like_others(server, db, row):
    with pytest.raises(FrameValidationError, match="nothing was sent") as caught:
        db.save("sessions", row)
    told = caught.value.failures
    assert "\\ud800" in "".join([*told["column"], *told["value"]])
    assert str(caught.value).encode()
    frame = pd.DataFrame({"name": [5]}, index=pd.Index(["\udfff"], dtype=object))
    assert faults(db, frame)
    assert not sent(server)


# What is no rows


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ("name", "no rows"),
        ([["a"]], "no rows"),
        (None, "no rows"),
        (pd.Series({"name": "a"}), r"frame\.loc\[\[id\]\]"),
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), "several columns"),
        (pd.DataFrame({"a": [1]}, index=pd.MultiIndex.from_tuples([(1, 2)])), "several levels"),
        (pd.DataFrame({"id": [NOBODY]}, index=pd.Index([NOBODY], name="session_id")), "as a column"),
        ({"id": NOBODY, "session_id": NOBODY.replace("5", "6")}, "two ids"),
    ],
)
def test_what_is_no_rows_is_refused(server, db, data, words):
    server.requests.clear()
    with pytest.raises(QueryError, match=words):
        db.save("sessions", data)
    assert not server.requests


def test_a_session_without_projects_can_be_changed(server, db):
    frame = db.get_sessions()
    frame = frame[[len(projects) == 0 for projects in frame["projects"]]].copy()
    assert len(frame)
    frame["description"] = "lost, “β”"
    assert set(db.save("sessions", frame)["action"]) == {"changed"}
    assert sent(server)[0] == ("PATCH", {"description": "lost, “β”"})
