"""Sessions as BrainSTEM tells them: the fields of the record, and what the records around it add."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest

import sessionframes as sf
from sessionframes.demo.brainstem import Fault
from sessionframes.demo.brainstem.records import records
from sessionframes.errors import FrameValidationError, SourceResponseError

EXAMPLE = json.loads(Path(__file__).with_name("example.json").read_text(encoding="utf-8"))
FIRST, SECOND = (record["id"] for record in EXAMPLE["sessions"])


@pytest.fixture
def answered(server, db):
    """The frame that comes of an answer to the list of sessions; nothing else is there."""

    def get(body, **arguments):
        server.fail(Fault(body=body), path="stem/session/")
        return db.get_sessions(**arguments)

    return get


def changed(**fields):
    """The example with other fields in the first session."""
    first, *others = EXAMPLE["sessions"]
    return {**EXAMPLE, "sessions": [{**first, **fields}, *others]}


def test_every_field_of_the_record_is_a_column(db, world):
    frame = db.get_sessions()
    wanted = {record["id"]: record for record in records(world)["session"]}
    assert set(frame.index) == set(wanted)
    for key, row in frame.iterrows():
        record = wanted[key]
        assert row["session_name"] == record["name"]
        assert (None if pd.isna(row["description"]) else row["description"]) == (
            record["description"] or None
        )
        assert list(row["projects"]) == record["projects"]
        assert list(row["datastorage"]) == record["datastorage"]
        assert list(row["tags"]) == record["tags"]
        stored = record.get("name_used_in_storage")
        assert (
            pd.isna(row["name_used_in_storage"]) if stored is None else row["name_used_in_storage"] == stored
        )
        assert (
            pd.isna(row["date_time"])
            if record["date_time"] is None
            else row["date_time"] == record["date_time"]
        )


def test_the_example_of_the_documents_is_read(answered):
    frame = answered(EXAMPLE)
    assert frame.index.tolist() == [FIRST, SECOND]
    first, second = frame.loc[FIRST], frame.loc[SECOND]
    assert first["session_name"] == "m700_day03"
    assert first["description"] == "<p>Linear track</p>"
    assert first["start_time"] == datetime(2025, 3, 14, 13, 5, tzinfo=UTC)
    assert first["date_time"] == "2025-03-14T13:05:00Z"
    assert json.loads(first["extra_fields"]) == {"room": "B115", "temperature": 22}
    assert first["tags"] == ["linear track"]
    assert pd.isna(second["description"])
    assert pd.isna(second["start_time"])
    assert pd.isna(second["start_time_is_date"])
    assert pd.isna(second["extra_fields"])
    assert pd.isna(second["name_used_in_storage"])
    assert json.loads(second["download_links"]) == [
        {"repository": "GitHub", "url": "https://github.com/example/repo"}
    ]


@pytest.mark.parametrize(
    ("told", "moment", "is_date"),
    [
        (None, None, None),
        ("", None, None),
        ("2023-03-22", "2023-03-22T00:00Z", True),
        ("2023-03-22T10:00:00Z", "2023-03-22T10:00Z", False),
        ("2023-03-22T10:00:00.250000Z", "2023-03-22T10:00:00.25Z", False),
        ("2023-03-22T10:00:00-05:00", "2023-03-22T15:00Z", False),
        ("2023-03-22 10:00", "2023-03-22T10:00Z", False),
        ("2023-03-22T00:00:00", "2023-03-22T00:00Z", False),
    ],
)
def test_a_moment_is_read_however_it_is_written(answered, told, moment, is_date):
    row = answered(changed(date_time=told)).loc[FIRST]
    assert pd.isna(row["start_time"]) if moment is None else row["start_time"] == pd.Timestamp(moment)
    assert pd.isna(row["start_time_is_date"]) if is_date is None else row["start_time_is_date"] == is_date
    assert row["date_time"] == told or (not told and pd.isna(row["date_time"]))


@pytest.mark.parametrize(
    ("told", "fields"),
    [
        (None, None),
        ([], None),
        ({}, None),
        ({"room": "B115"}, {"room": "B115"}),
        ([{"name": "room", "value": "B115"}, {"name": "n", "value": 22}], {"room": "B115", "n": 22}),
    ],
)
def test_extra_fields_are_an_object_whatever_they_were(answered, told, fields):
    found = answered(changed(extra_fields=told)).loc[FIRST, "extra_fields"]
    assert pd.isna(found) if fields is None else json.loads(found) == fields


TWICE = [{"name": "room", "value": "B115"}, {"name": "room", "value": "B116"}]
BOTH = [{"repository": "DANDI", "Repository": "GitHub", "URL": "https://d"}]


def test_what_an_older_server_names_twice_is_not_lost(answered):
    row = answered(changed(extra_fields=TWICE, download_links=BOTH)).loc[FIRST]
    assert json.loads(row["extra_fields"]) == TWICE
    assert json.loads(row["download_links"]) == [
        {"repository": "DANDI", "Repository": "GitHub", "url": "https://d"}
    ]


def test_what_an_older_server_names_twice_stays_unless_it_is_changed(server, db):
    def older(body):
        for record in body["sessions"]:
            record |= {"extra_fields": TWICE, "download_links": BOTH}
        return body

    server.fail(Fault(change=older), method="GET", path="stem/session/", times=99)
    frame = db.get_sessions()
    assert set(db.save("sessions", frame)["action"]) == {"left"}
    key = frame.index[0]
    once = {"id": key, "extra_fields": {"room": "B115"}}
    planned = db.save("sessions", once, dry_run=True).iloc[0]
    assert planned[["field", "new"]].tolist() == ["extra_fields", '[{"name": "room", "value": "B115"}]']
    more = [*TWICE, {"name": "n", "value": 1}]
    with pytest.raises(FrameValidationError, match="a list with each name once"):
        db.save("sessions", {"id": key, "extra_fields": more})


def test_fields_of_2023_are_known_by_their_older_names(answered):
    body = changed(
        extra_content_json={"room": "B115"},
        repository_links_json=[{"Repository": "DANDI", "URL": "https://d"}],
    )
    del body["sessions"][0]["extra_fields"], body["sessions"][0]["download_links"]
    row = answered(body).loc[FIRST]
    assert json.loads(row["extra_fields"]) == {"room": "B115"}
    assert json.loads(row["download_links"]) == [{"repository": "DANDI", "url": "https://d"}]
    assert pd.isna(row["other_fields"])


def test_fields_that_nobody_knows_are_kept_and_told_once(answered, caplog):
    body = changed(rating={"by": "ä", "score": 4}, more=None)
    frame = answered(body)
    assert json.loads(frame.loc[FIRST, "other_fields"]) == {"rating": {"by": "ä", "score": 4}, "more": None}
    assert pd.isna(frame.loc[SECOND, "other_fields"])
    told = [record.getMessage() for record in caplog.records if "rating" in record.getMessage()]
    assert len(told) == 1
    assert "session" in told[0]
    answered(body)
    assert len([record for record in caplog.records if "rating" in record.getMessage()]) == 1


@pytest.mark.parametrize(
    ("field", "value", "column"),
    [
        ("name", 7, "session_name"),
        ("name", ["a"], "session_name"),
        ("projects", "5e0f4b7c-3c1a-4e58-9a2d-7b1f0c9d0001", "projects"),
        ("projects", [1], "projects"),
        ("date_time", "22 March", "start_time"),
        ("date_time", 1742000000, "start_time"),
        ("tags", {"a": 1}, "tags"),
        ("download_links", {"DANDI": "https://d"}, "download_links"),
        ("extra_fields", "room B115", "extra_fields"),
    ],
)
def test_a_field_that_changed_its_type_is_named(answered, field, value, column):
    with pytest.raises(SourceResponseError) as caught:
        answered(changed(**{field: value}))
    error = caught.value
    assert (error.source, error.table, error.column) == ("brainstem", "sessions", column)
    assert FIRST in str(error)


def test_a_relation_that_changed_its_type_is_named(answered):
    with pytest.raises(SourceResponseError, match=f"brainstem.sessions: record {FIRST} has .* not ids"):
        answered(changed(behaviors=[{"id": 1}]))


def test_animals_are_found_through_behaviors_and_through_procedures(server, db):
    frame = db.get_sessions()

    def change(body):
        rows = [{**record, "behaviors": []} for record in body["sessions"]]
        return {**body, "behaviors": [], "sessions": rows}

    server.fail(Fault(change=change), path="stem/session/")
    found = db.get_sessions()
    recorded = frame["dataacquisition"].map(len) > 0
    assert recorded.any()
    assert found.loc[recorded, "subject_id"].equals(frame.loc[recorded, "subject_id"])
    assert found.loc[~recorded, "subject_id"].isna().all()
    assert found["session_type"].isna().all()
    assert frame["session_type"].notna().all()


def test_a_session_of_two_animals_has_no_subject_of_its_own(server, db):
    subjects = db.get_subjects().index[:2].tolist()

    def change(body):
        return {**body, "behaviors": [{**one, "subjects": subjects} for one in body["behaviors"]]}

    server.fail(Fault(change=change), path="stem/session/")
    frame = db.get_sessions()
    several = frame["subjects"].map(len) > 1
    assert several.any()
    assert frame.loc[several, ["subject_id", "sex", "genotype"]].isna().all(axis=None)
    assert all(set(subjects) <= set(found) and sorted(found) == list(found) for found in frame["subjects"])


def test_sessions_without_a_project_are_there(db):
    frame = db.get_sessions(where=sf.Q(projects__isnull=False))
    assert [] in [list(found) for found in frame["projects"]]
