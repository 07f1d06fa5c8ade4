"""What people are kept from, or told of, when they save: doubles, lost times, freed names, other shapes."""

from __future__ import annotations

import io
import json

import pandas as pd
import pytest

from sessionframes.demo.brainstem import Fault
from sessionframes.errors import FrameValidationError, QueryError
from tests.sources.brainstem.writers import a_project, named, new_rows, sent

AGAIN = "no unique name: the same call again makes it again"


def checks(db, table, data):
    """What rows should have been."""
    with pytest.raises(FrameValidationError) as caught:
        db.save(table, data)
    return caught.value.failures["check"].tolist()


# Doubles


def test_what_has_no_unique_name_is_told_to_be_made_again(db):
    row = {"session": db.get_sessions().index[0], "type": "ExtracellularEphys", "notes": "new"}
    assert set(db.save("dataacquisition", row, dry_run=True)["note"]) == {AGAIN}
    assert db.save("dataacquisition", row)["note"].tolist() == [AGAIN]
    assert db.save("sessions", new_rows(db, "one"))["note"].isna().all()
    told = db.save("species", {"name": "Mus spretus"}, dry_run=True)["note"].iloc[0]
    assert "the same call again asks again" in told


def test_the_same_without_a_unique_name_is_not_made_twice_by_one_call(server, db):
    row = {"session": db.get_sessions().index[0], "type": "ExtracellularEphys"}
    rows = [row, {**row, "notes": "another"}, {"type": row["type"], "session_id": row["session"]}]
    found = checks(db, "dataacquisition", rows)
    assert found == ["another row: row 0 is the same, and no unique name tells them apart"]
    assert not sent(server)
    assert db.save("dataacquisition", rows[:2])["action"].tolist() == ["created"] * 2


@pytest.mark.parametrize("name", [None, "foo", "session_id"])
def test_an_index_of_ids_that_has_lost_its_name_is_refused(server, db, name):
    frame = db.get("dataacquisition").rename_axis(name)
    with pytest.raises(QueryError, match="is it dataacquisition_id") as caught:
        db.save("dataacquisition", frame)
    assert caught.value.column == "dataacquisition_id"
    mixed = pd.concat([db.get("dataacquisition").head(1), frame.tail(1).rename_axis("x")])
    with pytest.raises(QueryError, match="rename_axis"):
        db.save("dataacquisition", mixed, dry_run=True)
    assert not sent(server)
    assert set(db.save("dataacquisition", frame.rename_axis("dataacquisition_id"))["action"]) == {"left"}
    assert set(db.save("dataacquisition", frame.assign(id=frame.index))["action"]) == {"left"}


def test_other_labels_are_labels(db):
    rows = pd.DataFrame(new_rows(db, "one", "two"), index=[7, "b"])
    assert db.save("sessions", rows).index.tolist() == [7, "b"]


def test_a_name_that_another_row_gives_up_is_not_taken_for_made(server, db):
    there = db.get_sessions().iloc[0]
    rows = [{"id": there.name, "session_name": "renamed"}, *new_rows(db, there["session_name"])]
    for given in (rows, rows[::-1]):
        (check,) = checks(db, "sessions", given)
        assert check.startswith(f"a name that is free: row {given.index(rows[0])} gives it up")
    assert not sent(server)
    assert [db.save("sessions", row)["action"].iloc[0] for row in rows] == ["changed", "created"]


def test_two_rows_that_swap_their_names_are_told_of_each_other(db):
    one, two = db.get_sessions()["session_name"].iloc[:2].items()
    rows = [{"id": one[0], "name": two[1]}, {"id": two[0], "name": one[1]}]
    assert [check[:28] for check in checks(db, "sessions", rows)] == [
        "a name that is free: row 1 g",
        "a name that is free: row 0 g",
    ]


# Dates


def test_what_the_server_makes_of_a_date_is_told(db):
    row = new_rows(db, "dated", date_time="2025-03-14")[0]
    assert "its own midnight" in db.save("sessions", row, dry_run=True)["note"].iloc[0]
    note = db.save("sessions", row)["note"].iloc[0]
    assert note.startswith('date_time: the server has "2025-03-14T00:00:00-05:00"')


def test_a_date_does_not_take_the_time_from_a_moment_of_that_day(server, db):
    frame = db.get_sessions(columns=["start_time"]).dropna().iloc[:2]
    dates = frame.assign(start_time=frame["start_time"].dt.strftime("%Y-%m-%d"))
    assert set(checks(db, "sessions", dates)) == {
        "a moment with its time, as it is now: of a date alone the server would make midnight"
    }
    key = frame.index[0]
    assert not sent(server)
    assert db.save("sessions", {"id": key, "date_time": "2025-03-16"})["action"].tolist() == ["changed"]


# What is empty


def test_what_is_said_to_be_empty_is_sent_on_creation(server, db):
    row = new_rows(db, "one", tags=[], description="", extra_fields={}, datastorage=None, epochs=[])[0]
    db.save("sessions", row)
    body = {"name": "one", "projects": [a_project(db)], "tags": [], "description": "", "extra_fields": {}}
    assert sent(server) == [("POST", body)]
    frame = pd.DataFrame(
        {"name": ["two"], "projects": [[a_project(db)]], "tags": [[]], "description": [None]}
    )
    db.save("sessions", frame)
    assert sent(server)[1] == ("POST", {"name": "two", "projects": [a_project(db)], "tags": []})
    assert db.save("sessions", row)["action"].tolist() == ["left"]


def test_what_is_required_and_given_empty_is_told_as_it_was_given(db):
    with pytest.raises(FrameValidationError, match="name breaks 'required' once: '' ") as caught:
        db.save("sessions", {"name": "", "projects": [a_project(db)]})
    assert caught.value.failures["value"].tolist() == [""]


# Extra fields


def test_extra_fields_are_written_in_the_shape_that_is_there(server, db):
    pairs = [{"name": "rig", "value": "NP.2"}, {"name": "ok", "value": 1}]
    one, two = db.get_sessions().index[:2]
    db.save_model("session", {"extra_fields": pairs}, id=one)
    db.save_model("session", {"extra_fields": {"rig": "NP.2"}}, id=two)
    shapes = [db.load_model("session", id=key)["session"]["extra_fields"] for key in (one, two)]
    server.requests.clear()
    new = json.dumps({"ok": 1, "rig": "NP.3", "who": "me"})
    db.save("sessions", [{"id": key, "extra_fields": new} for key in (one, two)])
    assert [type(shape) for shape in shapes] == [type(body["extra_fields"]) for _, body in sent(server)]
    now = db.get_sessions([one, two])["extra_fields"]
    assert [json.loads(cell) for cell in now] == [json.loads(new)] * 2


def test_extra_fields_that_stay_need_no_rule(server, db):
    key = db.get_sessions().index[0]

    def spoil(body):
        for record in body.get("sessions", []):
            record["extra_fields"] = {"ok": True, "none": None}
        return body

    server.fail(Fault(change=spoil), method="GET", times=99)
    more = {"ok": True, "none": None, "room": "B115"}
    told = db.save("sessions", {"id": key, "extra_fields": more}, dry_run=True)
    assert json.loads(told["new"].iloc[0]) == more
    assert checks(db, "sessions", {"id": key, "extra_fields": {"ok": 1.5, "no": False}}) == [
        "text or a number for 'no'"
    ]
    assert checks(db, "sessions", {"id": key, "extra_fields": {"ok": False}}) == ["text or a number for 'ok'"]


# Files of text


@pytest.mark.parametrize("table", ["sessions", "projects", "subjects", "dataacquisition", "procedure"])
def test_a_frame_that_was_text_in_between_changes_nothing(server, db, table):
    frame = db.get(table)
    lists = [name for name in frame.columns if str(frame[name].dtype).startswith("list<")]
    assert lists or table == "procedure"
    as_json = {
        name: frame[name].map(lambda cell: json.dumps(list(cell)), na_action="ignore") for name in lists
    }
    text = frame.assign(**as_json).to_csv()
    texts = {name: str for name in frame.columns if name.endswith(("_name", "_identifier"))}
    result = db.save(table, pd.read_csv(io.StringIO(text), dtype=texts))
    assert set(result["action"]) == {"left"}
    assert not sent(server)


def test_a_list_as_text_is_one_in_json_alone(server, db):
    key, project = db.get_sessions().index[0], a_project(db)
    rows = {"id": key, "projects": json.dumps([project]), "tags": '["a", "b"]'}
    db.save("sessions", rows)
    assert sent(server)[0][1].items() <= {"projects": [project], "tags": ["a", "b"]}.items()
    for column in ("projects", "tags"):
        (check,) = checks(db, "sessions", {"id": key, column: f"['{project}'\n 'b']"})
        assert "JSON text" in check
    assert checks(db, "sessions", {"id": key, "projects": "[1]"}) == ["an id (a UUID)"]


# Words


def test_a_number_is_told_to_be_one(db):
    with pytest.raises(FrameValidationError, match=r"of 1 row, name breaks 'text, .*' once: 5 \(keys 0\)"):
        db.save("sessions", {"name": 5, "projects": [a_project(db)]})


def test_a_text_that_is_too_long_is_told_with_its_length(db):
    with pytest.raises(FrameValidationError, match=r"once: 'x{40}'\.\.\. \(150 characters\)"):
        db.save("sessions", {"name": "x" * 150, "projects": [a_project(db)]})


def test_all_columns_there_are_are_told_once(db):
    row = {**new_rows(db, "one")[0], "qqqqq1": 1, "zzzzz2": 2, "desription": 3}
    with pytest.raises(FrameValidationError) as caught:
        db.save("sessions", row)
    assert str(caught.value).count("Known: ") == 1
    assert "(keys )" not in str(caught.value)
    assert caught.value.failures["check"].iloc[1] == "a column of sessions"


def test_how_animals_are_attached_is_told(db):
    found = checks(db, "sessions", {**new_rows(db, "one")[0], "subjects": [db.get_subjects().index[0]]})
    assert "behavior" in found[0]
    assert db.save("sessions", {**new_rows(db, "one")[0], "subjects": []})["action"].tolist() == ["created"]
    assert len(named(db, "one")) == 1
