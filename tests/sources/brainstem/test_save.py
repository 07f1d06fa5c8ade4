"""Creating and changing records, frame first: what is sent, and what is told of it."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from sessionframes import UnwrittenRowsWarning
from sessionframes.demo.brainstem import Fault
from sessionframes.errors import FrameValidationError, QueryError, TableNotProvidedError
from tests.sources.brainstem.writers import a_project, named, new_rows, sent

TABLES = [
    "sessions",
    "projects",
    "subjects",
    "dataacquisition",
    "procedure",
    "behavior",
    "brainregion",
    "setup",
]


# Changing


@pytest.mark.parametrize("table", TABLES)
def test_a_frame_as_it_came_changes_nothing(server, db, table):
    frame = db.get(table)
    assert len(frame)
    result = db.save(table, frame)
    assert set(result["action"]) == {"left"}
    assert result["note"].isna().all()
    assert result.index.equals(frame.index)
    assert not sent(server)


def test_one_changed_cell_is_one_field_of_one_record(server, db):
    frame = db.get_sessions()
    before = frame.copy()
    frame.loc[frame.index[3], "description"] = "habituated, “β”"
    result = db.save("sessions", frame)
    assert sent(server) == [("PATCH", {"description": "habituated, “β”"})]
    assert result["action"].value_counts().to_dict() == {"left": len(frame) - 1, "changed": 1}
    assert result["action"].iloc[3] == "changed"
    assert result["id"].tolist() == frame.index.tolist()
    pd.testing.assert_frame_equal(db.get_sessions(), frame)
    pd.testing.assert_frame_equal(before, before.assign(description=before["description"]))


def test_records_are_read_in_few_requests_however_many_there_are(server, db):
    frame = db.get("brainregion", columns=["brainregion_name"])
    server.requests.clear()
    db.save("brainregion", frame, dry_run=True)
    few = len(server.requests)
    server.requests.clear()
    db.save("brainregion", frame.iloc[:5], dry_run=True)
    assert len(frame) > 50
    assert few <= len(server.requests) + 2


@pytest.mark.parametrize(
    ("column", "value", "field", "wire"),
    [
        (
            "start_time",
            pd.Timestamp("2025-03-14T13:05", tz="Europe/Paris"),
            "date_time",
            "2025-03-14T12:05:00Z",
        ),
        ("date_time", "2025-03-14T12:05:00+00:00", "date_time", "2025-03-14T12:05:00Z"),
        ("session_name", "a new name", "name", "a new name"),
        ("tags", ["x", "y"], "tags", ["x", "y"]),
        ("extra_fields", '{"room": "B115"}', "extra_fields", {"room": "B115"}),
        (
            "download_links",
            '[{"Repository": "Zenodo", "URL": "https://zenodo.org/1"}]',
            "download_links",
            [{"repository": "Zenodo", "url": "https://zenodo.org/1"}],
        ),
        ("name_used_in_storage", "there/and/back", "name_used_in_storage", "there/and/back"),
    ],
)
def test_every_kind_of_cell_is_sent_as_the_server_has_it(server, db, column, value, field, wire):
    frame = db.get_sessions()
    # They are two columns of one field.
    frame = frame.drop(columns={"start_time": "date_time", "date_time": "start_time"}.get(column, []))
    # A list cannot be put into one cell.
    cells = pd.Series([value], index=frame.index[:1], dtype=frame[column].dtype)
    frame.loc[frame.index[:1], column] = cells
    result = db.save("sessions", frame.iloc[:2])
    assert sent(server) == [("PATCH", {field: wire})]
    assert result["action"].tolist() == ["changed", "left"]
    assert result["note"].isna().all()
    again = db.save("sessions", db.get_sessions())
    assert set(again["action"]) == {"left"}


def test_a_null_in_a_frame_says_nothing_and_none_in_a_dict_empties(server, db):
    frame = db.get_sessions().dropna(subset=["description", "start_time"]).iloc[:1]
    key = frame.index[0]
    frame.loc[key, "description"] = None
    frame.loc[key, "start_time"] = pd.NaT
    planned = db.save("sessions", frame, dry_run=True)
    assert planned["action"].tolist() == ["leave"]
    assert "description, start_time" in planned["note"].iloc[0]
    assert db.save("sessions", frame)["action"].tolist() == ["left"]
    # As pandas makes dicts of rows.
    nan = {"id": key, "description": float("nan"), "date_time": pd.NaT}
    assert db.save("sessions", nan)["action"].tolist() == ["left"]
    assert not sent(server)
    emptied = {"id": key, "description": None, "date_time": None, "tags": None, "extra_fields": None}
    assert db.save("session", emptied)["action"].tolist() == ["changed"]
    now = db.get_sessions(session_ids=key)
    assert now[["description", "start_time", "extra_fields"]].isna().all(axis=None)
    assert list(now["tags"].iloc[0]) == []
    server.requests.clear()
    assert db.save("session", emptied)["action"].tolist() == ["left"]
    assert not sent(server)


def test_a_sex_that_is_told_to_be_unknown_is_null_in_frames_and_stays(server, db):
    key = db.get_subjects().dropna(subset=["sex"]).index[0]
    assert db.save("subjects", {"id": key, "sex": "U"})["action"].tolist() == ["changed"]
    frame = db.get_subjects(subject_ids=key)
    assert frame["sex"].isna().all()
    result = db.save("subjects", frame)
    assert (result["action"].tolist(), result["note"].isna().tolist()) == (["left"], [True])
    assert len(sent(server)) == 1


# Creating


def test_rows_without_an_id_are_created(server, db):
    project = a_project(db)
    frame = pd.DataFrame(
        {
            "session_name": ["ü 1", "ü 2"],
            "projects": [[project], db.get_projects().iloc[:2]],
            "start_time": pd.to_datetime(["2025-01-01T10:00Z", None]),
            "description": [None, "two"],
            "extra_fields": [{"room": "B115", "t": 22.5}, None],
        },
        index=["first", "second"],
    )
    result = db.save("sessions", frame)
    assert result["action"].tolist() == ["created", "created"]
    assert result["status"].tolist() == [201, 201]
    assert result.index.tolist() == ["first", "second"]
    assert sent(server)[0] == (
        "POST",
        {
            "name": "ü 1",
            "projects": [project],
            "date_time": "2025-01-01T10:00:00Z",
            "extra_fields": {"room": "B115", "t": 22.5},
        },
    )
    now = db.get_sessions(session_ids=result["id"]).loc[result["id"]]
    assert now["session_name"].tolist() == ["ü 1", "ü 2"]
    assert json.loads(now["extra_fields"].iloc[0]) == {"room": "B115", "t": 22.5}
    assert len(now["projects"].iloc[1]) == 2


def test_a_frame_may_create_and_change_at_once(server, db):
    frame = db.get_sessions().iloc[:1].copy()
    frame["description"] = "changed"
    rows = new_rows(db, "new")[0]
    new = pd.DataFrame({"session_name": ["new"], "projects": [rows["projects"]]}, index=pd.Index([None]))
    both = pd.concat([frame, new]).rename_axis("session_id")
    result = db.save("sessions", both)
    assert result["action"].tolist() == ["changed", "created"]
    assert sent(server)[1] == ("POST", {"name": "new", "projects": rows["projects"]})


def test_dicts_by_the_names_of_the_server_are_rows_too(server, db):
    one, two = new_rows(db, "one", "two", date_time="2025-01-01T10:00Z")
    assert db.save("session", one)["action"].tolist() == ["created"]
    result = db.save("dataset", [one, two])
    assert result["action"].tolist() == ["left", "created"]
    assert result["note"].iloc[0] == "it is there already, by this name"
    assert len(sent(server)) == 2
    assert db.save("sessions", []).empty
    assert db.save("sessions", pd.DataFrame(), dry_run=True).columns.tolist()[-2:] == ["new", "note"]


def test_a_record_as_the_server_has_it_can_be_saved(server, db):
    record = db.load_model("session", id=db.get_sessions().index[0])["session"]
    assert db.save("sessions", record)["action"].tolist() == ["left"]
    record["description"] = "changed"
    assert db.save("sessions", record)["action"].tolist() == ["changed"]
    assert sent(server) == [("PATCH", {"description": "changed"})]


def test_records_below_a_session_are_created_by_their_tables(server, db):
    session = db.get_sessions().index[0]
    row = {
        "session_id": session,
        "dataacquisition_type": "ExtracellularEphys",
        "notes": "new",
        "details": {"a": 1},
    }
    result = db.save("dataacquisition", pd.DataFrame([row]))
    assert result["action"].tolist() == ["created"]
    body = {"session": session, "type": "ExtracellularEphys", "notes": "new", "details": {"a": 1}}
    assert sent(server) == [("POST", body)]
    kept = db.get("Data acquisition", dataacquisition_ids=result["id"])
    assert kept["session_id"].tolist() == [session]


def test_a_bare_date_is_sent_as_it_is_and_does_not_change_at_every_save(server, db):
    row = new_rows(db, "dated", date_time="2025-03-14")[0]
    assert db.save("sessions", row)["action"].tolist() == ["created"]
    assert sent(server)[0][1]["date_time"] == "2025-03-14"
    assert named(db, "dated")["date_time"].iloc[0] == "2025-03-14T00:00:00-05:00"
    assert db.save("sessions", row)["action"].tolist() == ["left"]


def test_what_is_reviewed_is_requested(db):
    result = db.save("species", {"name": "Mus spretus"})
    assert result["action"].tolist() == ["requested"]
    assert result["id"].isna().all()
    assert "accepts request" in result["note"].iloc[0]


# What is told


def test_a_dry_run_tells_each_field_and_sends_only_questions(server, db):
    frame = db.get_sessions().iloc[:2].copy()
    old = frame["description"].iloc[0]
    frame.loc[frame.index[0], "description"] = "é"
    frame.loc[frame.index[:1], "tags"] = pd.Series([["a"]], index=frame.index[:1], dtype=frame["tags"].dtype)
    told = db.save("sessions", frame, dry_run=True)
    first = told.iloc[0]
    assert first[["field", "old", "new"]].tolist() == [
        "description",
        json.dumps(old, ensure_ascii=False),
        '"é"',
    ]
    assert told["action"].tolist() == ["change", "change", "leave"]
    assert told.index.tolist() == [frame.index[0], *frame.index]
    assert not sent(server)


def test_what_the_server_made_of_it_is_told(server, db):
    def spoil(body):
        body["session"]["description"] = "<p>x</p>"
        del body["session"]["tags"]
        return body

    server.fail(Fault(change=spoil), method="POST")
    result = db.save("sessions", new_rows(db, "new", description="x", tags=["a"]))
    assert result["note"].tolist() == ['description: the server has "<p>x</p>"; tags: not in the answer']


def test_what_the_server_made_of_it_does_not_keep_a_second_call_from_the_rest(server, db):
    def tidy(body):
        for record in [*body.get("sessions", []), *([body["session"]] if "session" in body else [])]:
            record["description"] = "<p>x</p>"
        return body

    server.fail(Fault(change=tidy), path="session", times=100)
    rows = new_rows(db, "one", "two", description="x")
    assert db.save("sessions", rows[0])["note"].tolist() == ['description: the server has "<p>x</p>"']
    assert db.save("sessions", rows)["action"].tolist() == ["left", "created"]
    with pytest.raises(FrameValidationError, match="differs in description"):
        db.save("sessions", new_rows(db, "one", description="y"))


def test_a_refused_row_does_not_keep_others_from_being_sent(server, db):
    rows = new_rows(db, *(f"row {number}" for number in range(10)))
    rows[6]["projects"] = ["5e0f4b7c-3c1a-4e58-9a2d-7b1f0c9d0001"]
    with pytest.warns(UnwrittenRowsWarning, match="1 of 10 rows were not written") as caught:
        result = db.save("sessions", rows)
    assert result["action"].tolist() == ["created"] * 6 + ["failed"] + ["created"] * 3
    assert result["status"].iloc[6] == 404
    assert "Project object with ID=5e0f4b7c" in result["error"].iloc[6]
    assert caught[0].filename == __file__
    assert caught[0].message.result is result
    rows[6]["projects"] = rows[0]["projects"]
    server.requests.clear()
    again = db.save("sessions", rows)
    assert again["action"].tolist() == ["left"] * 6 + ["created"] + ["left"] * 3
    assert len(sent(server)) == 1


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"name": ["Too odd.", "Too long."]}, "name: Too odd, Too long"),
        ({"detail": "'projects' value must be a list"}, "'projects' value must be a list"),
        (["Invalid filter field: nope"], "Invalid filter field: nope"),
        ("<html><title>Bad &amp; ugly</title>", "Bad"),
        ({"a": {"b": ["deep"]}}, "a.b: deep"),
    ],
)
@pytest.mark.parametrize("status", [400, 403, 405, 409])
def test_refusals_are_told_in_the_words_of_the_server(server, db, body, words, status):
    rows = new_rows(db, "one", "two")
    server.fail(Fault(status=status, body=body), method="POST")
    with pytest.warns(UnwrittenRowsWarning, match=words):
        result = db.save("sessions", rows)
    assert result["action"].tolist() == ["failed", "created"]
    assert result["status"].tolist() == [status, 201]
    assert words in result["error"].iloc[0]


def test_what_somebody_may_not_is_told_row_by_row(connect):
    db = connect("editor")
    rows = [
        {"name": f"in {number}", "projects": [project]}
        for number, project in enumerate(db.get_projects().index)
    ]
    with pytest.warns(UnwrittenRowsWarning):
        result = db.save("sessions", rows)
    assert set(result["action"]) == {"created", "failed"}
    assert set(result.loc[result["action"] == "failed", "status"]) == {403}


def test_a_token_that_is_no_longer_good_ends_it(server, db):
    rows = new_rows(db, "one", "two", "three")
    server.fail(Fault(status=401, body={"detail": "Token expired."}), method="POST", on=2)
    with pytest.warns(UnwrittenRowsWarning, match="Token expired"):
        result = db.save("sessions", rows)
    assert result["action"].tolist() == ["created", "failed", "not sent"]
    assert len(sent(server)) == 2


def test_progress_is_shown_only_if_wanted(server, db, capsys):
    server.latency = 0.7
    db.save("sessions", new_rows(db, "a", "b", "c", "d"), progress=False)
    assert "sessions" not in capsys.readouterr().err


# Where nothing can be written


def test_the_public_portal_is_read_only(server, connect):
    db = connect(None, portal="public")
    for call in (
        lambda: db.save("sessions", {"name": "a"}),
        lambda: db.delete("sessions", "a", confirm=True),
    ):
        with pytest.raises(QueryError, match="public portal is read-only"):
            call()
    assert not server.requests


def test_tables_put_together_from_several_are_not_written(db):
    for table in ("probes", "assets", "user", "units", 7):
        with pytest.raises(TableNotProvidedError, match="cannot be written"):
            db.save(table, {"name": "a"})
