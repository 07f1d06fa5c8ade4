"""Alyx in its own words: what it can be asked, asking it, and what it would misunderstand."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from uuid import uuid4

import numpy as np
import pytest

from sessionframes.demo.alyx import Fault
from sessionframes.errors import (
    AuthenticationError,
    QueryError,
    SourceResponseError,
    SourceUnavailableError,
)
from sessionframes.sources.alyx.schema import read_schema, schema_frame
from sessionframes.transports.http_errors import StatusError


def a_task(alyx) -> str:
    """The id of some task, for which nobody is asked."""
    return str(alyx.store.sorted_keys("tasks")[0])


#: Of the document of a real server (Alyx 3.6.1): two endpoints, what is asked of them alone.
RECORDED = Path(__file__).with_name("openapi.json")


def test_endpoints_tell_what_can_be_asked(db):
    told = db.endpoints()
    assert told.index.name == "endpoint"
    assert list(told.columns) == ["actions", "filters", "key", "table"]
    tasks = told.loc["tasks"]
    assert tasks["actions"] == "list, read, create, update, partial_update, delete"
    assert {"status", "django", "graph"} <= set(tasks["filters"].split(", "))
    assert (tasks["key"], tasks["table"]) == ("id", "tasks")
    assert set(map(str, told.dtypes)) == {"str"}


def test_a_schema_tells_what_may_be_said(db):
    told = db.schema("sessions")
    assert list(told.columns) == ["action", "parameter", "type", "place", "required", "description"]
    listed = told[told["action"] == "list"].set_index("parameter")
    assert listed.loc["qc", "description"] == "one of NOT_SET, PASS, WARNING, FAIL, CRITICAL"
    assert listed.loc["n_trials", "type"] == "integer"
    assert "brain_region" not in listed.index
    assert told.loc[(told["action"] == "read"), "required"].tolist() == [True]


def test_it_is_asked_once_what_it_says_of_itself(db, alyx):
    db.endpoints()
    db.schema("tasks")
    db.rest("labs")
    assert [seen.path for seen in alyx.requests].count("/api/schema") == 1


def test_the_recorded_schema_of_a_real_server_is_read():
    schema = read_schema(json.loads(RECORDED.read_text()))
    tasks = schema_frame(schema, "tasks")
    changed = tasks[tasks["action"] == "partial_update"].set_index("parameter")
    assert "datetime" not in changed.index, "the server keeps it by itself"
    assert changed.loc["id", "place"] == "path"
    assert changed.loc["name", "description"] == "at most 64 characters, or null"
    assert schema.operation("weighings", "create").named("body")["subject"].required
    assert "update" not in schema.actions("weighings")


def test_a_server_without_a_schema_can_be_asked_all_the_same(db, alyx):
    alyx.fail(Fault(status=404, body={"detail": "Not found."}), path="/api/schema")
    assert {one["status"] for one in db.rest("tasks", status="Errored")} == {"Errored"}
    with pytest.raises(QueryError, match="has no filter 'brain_region'"):
        db.rest("sessions", brain_region="VISp")


def test_lists_are_whole_and_filters_hold_together(db):
    every = db.rest("channels")
    assert len(every) == len({one["id"] for one in every}) > 1000
    errored = db.rest("tasks", "list", status="errored", name="EphysDLC")
    assert {(one["status"], one["name"]) for one in errored} == {("Errored", "EphysDLC")}
    labs = [one["name"] for one in db.rest("labs")]
    assert len(labs) == len(set(labs)) > 2


@pytest.mark.parametrize(
    "django",
    [
        {"log__icontains": "ran out (of) memory, stopped", "~name": "SpikeSorting"},
        'log__icontains,("ran out \\x28of\\x29 memory\\x2c stopped"),~name,SpikeSorting',
        ['log__icontains,("ran out \\x28of\\x29 memory\\x2c stopped")', "~name,SpikeSorting"],
    ],
)
def test_conditions_are_dicts_whose_values_may_be_anything_or_the_servers_text(db, django):
    found = db.rest("tasks", django=django)
    assert {(one["log"], one["name"]) for one in found} == {("ran out (of) memory, stopped", "EphysDLC")}


def test_values_come_in_any_form_that_python_has(db):
    insertion = db.rest("insertions", limit=1)[0]
    eid = insertion["session"]
    by_text = db.rest("insertions", session=eid)
    assert by_text == db.rest("insertions", django={"session__id__in": np.array([eid])})
    day = date.fromisoformat(next(one["start_time"] for one in db.rest("sessions") if one["start_time"])[:10])
    assert db.rest("sessions", date_range=[day, day]) == db.rest("sessions", date_range=f"{day},{day}") != []
    assert len(db.rest("sessions", subject=None)) == len(db.rest("sessions"))
    resolved = db.rest("insertions", django={"json__extended_qc__alignment_resolved": True})
    assert 0 < len(resolved) < len(db.rest("insertions"))


def test_json_filters_take_a_dict(db):
    found = db.rest("sessions", extended_qc={"videoLeft": "PASS"})
    assert found == db.rest("sessions", extended_qc="videoLeft,PASS") != []


@pytest.mark.parametrize(
    ("endpoint", "given", "told"),
    [
        ("sessions", {"brain_region": "VISp"}, "has no filter 'brain_region'"),
        ("tasks", {"pipeline": "x"}, "has no filter 'pipeline'"),
        ("sessions", {"subject": ["A", "B"]}, "ask once for each"),
        ("sessions", {"qc": "ERROR"}, "one of NOT_SET, PASS, WARNING, FAIL, CRITICAL"),
        ("tasks", {"status": 40}, "one of Waiting"),
        ("sessions", {"date_range": "2020-01-01"}, "the first and the last date"),
        ("sessions", {"extended_qc": "qc_bool;True"}, "separated by commas"),
        ("sessions", {"datasets": ["a,b.npy", "c.npy"]}, "commas cannot be told apart"),
        ("sessions", {"subject": {"a": 1}}, "Give one value"),
        ("sessions", {"django": "a,1,b"}, "3 parts are no pairs"),
        ("sessions", {"django": 'task_protocol,["a'}, "a bracket is not closed"),
        ("sessions", {"django": {"qc,1": 2}}, "A key is a path"),
        ("sessions", {"django": 5}, "Give a dict"),
        ("sessions", {"limit": 5000}, "Give 1 to 1,000"),
        ("sessions", {"offset": -1}, "Give 0 to"),
        ("nowhere", {}, "there is no endpoint 'nowhere'"),
    ],
)
def test_what_the_server_would_misunderstand_is_refused_unsent(db, alyx, endpoint, given, told):
    db.endpoints()
    before = len(alyx.requests)
    with pytest.raises(QueryError, match=told):
        db.rest(endpoint, "list", **given)
    assert len(alyx.requests) == before


def test_a_page_is_one_request(db, alyx):
    db.endpoints()
    before = len(alyx.requests)
    assert len(db.rest("channels", limit=7, offset=3)) == 7
    assert [dict(seen.query) for seen in alyx.requests[before:]] == [{"limit": "7", "offset": "3"}]


def test_one_is_read_by_its_key_in_any_form(db):
    listed = db.rest("sessions", limit=1)[0]
    record = db.rest("sessions", "read", listed["id"])
    assert record["task_protocol"] == listed["task_protocol"]
    assert "extended_qc" in record
    for key in (listed["id"].upper(), listed["id"].replace("-", ""), listed["url"], listed):
        assert db.rest("sessions", "read", key) == record
    lab = db.rest("labs")[0]
    assert db.rest("labs", "read", id=lab["name"]) == lab


def test_several_are_read_and_those_that_are_gone_are_left_out(db):
    keys = [one["id"] for one in db.rest("tasks")[:3]]
    found = db.rest("tasks", "read", [keys[2], str(uuid4()), keys[0]])
    assert [one["id"] for one in found] == [keys[2], keys[0]]
    listed = db.rest("tasks", "list", id=keys)
    assert {one["id"] for one in listed} == set(keys)


@pytest.mark.parametrize(("action", "key"), [("read", "no id"), ("read", None), ("delete", ["a"])])
def test_a_key_of_the_wrong_form_is_refused_unsent(db, alyx, action, key):
    with pytest.raises(QueryError, match="is not an id"):
        db.rest("tasks", action, key)
    assert {seen.path for seen in alyx.requests} == {"/auth-token", "/api/schema"}


def test_what_is_not_there_is_told_in_the_servers_words(db):
    with pytest.raises(StatusError, match="No Task matches the given query") as caught:
        db.rest("tasks", "read", uuid4())
    assert caught.value.status == 404


def test_records_are_created_changed_and_deleted(db):
    subject = db.rest("subjects", limit=1)[0]["nickname"]
    made = db.rest("weighings", "create", data={"subject": subject, "weight": np.float64(21.5)})
    assert (made["subject"], made["weight"]) == (subject, 21.5)
    assert db.rest("weighings", "delete", made["url"]) is None
    assert made["url"] not in [one["url"] for one in db.rest("weighings")]
    task = db.rest("tasks", limit=1)[0]
    changed = db.rest("tasks", "partial-update", task["id"], data={"status": "held", "arguments": {"a": [1]}})
    assert (changed["status"], changed["arguments"]) == ("Held", {"a": [1]})
    assert db.rest("tasks", "read", task["id"]) == changed


@pytest.mark.parametrize(
    ("action", "data", "told"),
    [
        ("partial_update", {"statsu": "Held"}, "would ignore it. Did you mean 'status'"),
        ("partial_update", {"status": "Ready"}, "one of Waiting, Held"),
        ("partial_update", {"log": object()}, "is not JSON"),
        ("partial_update", {"time_elapsed_secs": float("nan")}, "is not JSON"),
        ("partial_update", [{"status": "Held"}], "Give a dict"),
        ("partial_update", None, "Give a dict"),
        ("update", {"status": "Held"}, "could be emptied. Give them too, or say partial_update"),
        ("delete", {"status": "Held"}, "takes no data"),
        ("read", {"status": "Held"}, "takes no data"),
        ("explode", None, "has no action 'explode'"),
    ],
)
def test_a_change_that_the_server_would_not_make_is_refused_unsent(db, alyx, action, data, told):
    key = a_task(alyx)
    with pytest.raises(QueryError, match=told):
        db.rest("tasks", action, key, data)
    assert {seen.path for seen in alyx.requests} == {"/auth-token", "/api/schema"}


def test_a_refusal_is_told_in_the_servers_words(db):
    task = db.rest("tasks", limit=1)[0]
    with pytest.raises(StatusError, match="A valid integer is required") as caught:
        db.rest("tasks", "partial_update", task["id"], {"priority": "high"})
    assert caught.value.status == 400
    with pytest.raises(SourceResponseError, match="Object with nickname=nobody does not exist"):
        db.rest("weighings", "create", data={"subject": "nobody", "weight": 1.0})


def test_a_change_without_an_answer_is_sent_once_and_told(db, alyx):
    key = a_task(alyx)
    db.endpoints()
    alyx.fail(Fault(lost=True), times=5)
    before = len(alyx.requests)
    with pytest.raises(SourceUnavailableError, match="not known whether this was done"):
        db.rest("tasks", "partial_update", key, {"status": "Held"})
    assert len(alyx.requests) == before + 1


def test_a_page_for_people_with_status_200_is_a_failure(db):
    trajectory = db.rest("trajectories", limit=1)[0]["id"]
    rows = 2 * [{"trajectory_estimate": trajectory, "axial": -1.0, "lateral": -2.0}]
    with pytest.raises(SourceResponseError, match="Server Error"):
        db.rest("channels", "create", data=rows)


def test_those_who_may_only_look_are_told_so(alyx):
    import sessionframes as sf

    with sf.connect("alyx", url=alyx.url, token=alyx.tokens["public"]) as db:
        task = db.rest("tasks", limit=1)[0]
        with pytest.raises(AuthenticationError, match="do not have permission"):
            db.rest("tasks", "partial_update", task["id"], {"status": "Held"})


@pytest.mark.parametrize("bad", ["a\ud800", "a\0"], ids=ascii)
def test_text_that_no_database_keeps_is_refused_before_it_is_sent(db, alyx, bad):
    db.endpoints()
    before = len(alyx.requests)
    for said in (
        {"id": bad, "endpoint": "subjects", "action": "read"},
        {"endpoint": "sessions", "django": {f"subject__nickname{bad}": "a"}},
        {"endpoint": "sessions", "django": {"subject__nickname": bad}},
        {"endpoint": "sessions", "django": {"subject__nickname__in": ["b", bad]}},
        {"endpoint": "sessions", "django": f"subject__nickname,{bad}"},
        {"endpoint": "sessions", "extended_qc": f"task,{bad}"},
        {"endpoint": "sessions", "lab": bad},
    ):
        with pytest.raises(QueryError, match=r"half of a character|NUL"):
            db.rest(**said)
    for told in (f"2019-04-19_1_{bad}", {"subject": bad, "date": "2019-04-19", "number": 1}):
        with pytest.raises(QueryError, match=r"half of a character|NUL"):
            db.to_eid(told)
    assert len(alyx.requests) == before
