"""Answers that say that something was done, or is gone, and do not show it."""

from __future__ import annotations

import time

import pytest

import sessionframes as sf
from sessionframes import UnwrittenRowsWarning
from sessionframes.demo.brainstem import Fault
from sessionframes.errors import SourceResponseError, SourceUnavailableError
from tests.sources.brainstem.writers import a_project, named, new_rows, sent

UNLUCKY = pytest.mark.filterwarnings("ignore::sessionframes.UnwrittenRowsWarning")
PAGE = "<html><title>Log in</title></html>"


@pytest.fixture
def other(server):
    """Somebody else, at the same time."""
    with sf.connect("brainstem", url=server.url, token=server.tokens["administrator"]) as opened:
        yield opened


# Changing


@UNLUCKY
@pytest.mark.parametrize("whole", [True, False])
@pytest.mark.parametrize("fields", [{"description": "new"}, {"description": "new", "tags": ["a"]}])
def test_the_record_as_it_was_is_no_sign_of_a_change(server, db, fields, whole):
    key = db.get_sessions().index[0]
    old = db.load_model("session", id=key) if whole else {"session": {"id": key}}
    server.fail(Fault(status=200, body=old), method="PATCH", times=2)
    result = db.save("sessions", {"id": key, **fields})
    assert result["action"].tolist() == ["unknown"]
    assert "the record has none of it: description: the server has " in result["error"].iloc[0]
    with pytest.raises(SourceUnavailableError, match="not known whether this was done"):
        db.save_model("session", fields, id=key)
    assert len(sent(server)) == 2


@UNLUCKY
def test_what_was_to_be_emptied_and_is_not_answered_is_read_back(server, db):
    key = db.get_sessions().dropna(subset=["description"]).index[0]
    server.fail(Fault(status=200, body={"session": {"id": key}}), method="PATCH")
    assert db.save("sessions", {"id": key, "description": None})["action"].tolist() == ["unknown"]
    server.fail(Fault(change=lambda _: {"session": {"id": key}}), method="PATCH")
    assert db.save("sessions", {"id": key, "description": None})["action"].tolist() == ["changed"]


def test_what_the_server_made_of_the_only_field_is_a_change(server, db):
    key = db.get_sessions().index[0]

    def tidy(body):
        for record in [*body.get("sessions", []), *([body["session"]] if "session" in body else [])]:
            record["description"] = "<p>new</p>"
        return body

    server.fail(Fault(change=tidy), method="PATCH")
    result = db.save("sessions", {"id": key, "description": "new"})
    assert result["action"].tolist() == ["changed"]
    assert result["note"].tolist() == ['description: the server has "<p>new</p>"']


# Creating


@UNLUCKY
@pytest.mark.parametrize("status", [200, 201])
def test_a_record_of_another_name_is_not_the_one_that_was_made(server, db, status):
    key = db.get_sessions().index[0]
    for told in ({"session": {"id": key}}, db.load_model("session", id=key)):
        server.fail(Fault(status=status, body=told), method="POST")
        result = db.save("sessions", new_rows(db, "new"))
        assert result["action"].tolist() == ["unknown"]
        assert result["id"].isna().all()
    assert named(db, "new").empty


def test_a_record_that_is_told_otherwise_is_found_by_its_name(server, db):
    key = db.get_sessions().index[0]
    server.fail(Fault(change=lambda _: {"session": {"id": key}}), method="POST")
    result = db.save("sessions", new_rows(db, "new"))
    assert result["action"].tolist() == ["created"]
    assert result["id"].tolist() == named(db, "new").index.tolist() != [key]


@UNLUCKY
def test_a_record_without_a_name_shows_what_was_sent_or_is_not_believed(server, db):
    session, key = db.get_sessions().index[0], db.get("dataacquisition").index[0]
    server.fail(Fault(status=201, body={"data_acquisition": {"id": key}}), method="POST")
    result = db.save("dataacquisition", {"session": session, "type": "ExtracellularEphys"})
    assert result["action"].tolist() == ["unknown"]
    assert "look whether it is there" in result["error"].iloc[0]


def test_what_somebody_else_made_meanwhile_is_left(server, db, other):
    row = new_rows(db, "one", description="x")[0]
    server.fail(Fault(before=lambda: other.save_model("session", row)), method="POST")
    result = db.save("sessions", row)
    assert result["action"].tolist() == ["left"]
    assert result["id"].tolist() == named(db, "one").index.tolist()
    assert "already exists" in result["note"].iloc[0]


@UNLUCKY
def test_what_somebody_else_made_otherwise_meanwhile_is_a_failure(server, db, other):
    row = new_rows(db, "one", description="x")[0]
    server.fail(Fault(before=lambda: other.save_model("session", {**row, "description": "y"})), method="POST")
    result = db.save("sessions", row)
    assert result["action"].tolist() == ["failed"]
    assert "already exists" in result["error"].iloc[0]


# Deleting


@pytest.mark.parametrize("body", ["<html><title>nginx</title></html>", {"detail": "Not found."}])
def test_what_a_gateway_does_not_find_may_be_there(server, db, body):
    key = db.save("sessions", new_rows(db, "one"))["id"].iloc[0]
    server.fail(Fault(status=404, body=body), method="DELETE")
    with pytest.warns(UnwrittenRowsWarning):
        result = db.delete("sessions", key, confirm=True)
    assert result["action"].tolist() == ["failed"]
    assert result["note"].tolist() == ["the record is still there"]
    assert len(named(db, "one")) == 1


# What is told


@UNLUCKY
@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_a_success_that_is_no_record_is_told_in_the_words_of_the_server(server, db, method):
    row = new_rows(db, "one")[0]
    key = db.get_sessions().index[0]
    server.fail(Fault(status=200, body=PAGE), method=method)
    given = row if method == "POST" else {"id": key, "description": "new"}
    assert "it says: Log in" in db.save("sessions", given)["error"].iloc[0]


@UNLUCKY
@pytest.mark.parametrize(
    ("location", "words"),
    [
        ("/login?next=/", r"has moved to http://127\.0\.0\.1:\d+/login\?next=/: the page of a login perhaps"),
        ("https://elsewhere.example/api/", "has moved to https://elsewhere.example/api/; connect with that"),
    ],
)
def test_where_a_change_is_sent_to_is_told_in_full(server, db, location, words):
    server.fail(Fault(status=302, headers={"Location": location}), method="POST")
    with pytest.warns(UnwrittenRowsWarning, match=words):
        db.save("sessions", new_rows(db, "one"))


def test_an_answer_without_words_is_told_by_its_status(server, db):
    key = db.get_sessions().index[0]
    server.fail(Fault(status=304, body=""), method="PATCH")
    with pytest.warns(UnwrittenRowsWarning, match="Not Modified"):
        result = db.save("sessions", {"id": key, "description": "new"})
    assert result["action"].tolist() == ["failed"]


def test_the_keys_of_an_answer_are_named_once(server, db):
    server.fail(Fault(status=200, body={"x": 1, "y": 2}), method="POST")
    with pytest.warns(UnwrittenRowsWarning, match="but not 'session';|but not 'session'\\)"):
        db.save("sessions", new_rows(db, "one"))


def test_a_connection_that_is_closed_is_told_at_once(server, connect):
    db = connect()
    key = db.get_sessions().index[0]
    db.close()
    server.requests.clear()
    began = time.monotonic()
    for call in (
        lambda: db.save("sessions", {"id": key, "description": "x"}),
        lambda: db.delete("sessions", [key], confirm=True),
        lambda: db.save_model("session", {"description": "x"}, id=key),
        lambda: db.save_model("session", {"description": "x"}),
        lambda: db.delete_model("session", key),
    ):
        with pytest.raises(SourceUnavailableError, match="has been closed"):
            call()
    assert time.monotonic() - began < 2
    assert not server.requests


@UNLUCKY
def test_a_failure_without_words_has_those_of_the_error(server, db):
    key = db.get_sessions().index[0]
    fault = Fault(status=503, body="", reason=" ", headers={"Retry-After": "0"})
    server.fail(fault, method="DELETE", times=99)
    server.fail(fault, method="PATCH", times=99)
    result = db.save("sessions", {"id": key, "description": "x"})
    assert result["action"].tolist() == ["failed"]
    assert "did not get through (503)" in result["error"].iloc[0]
    assert a_project(db)


# Reading


def test_a_page_for_people_is_asked_for_once_more(server, db):
    server.fail(Fault(status=200, body=PAGE))
    assert len(db.get_projects())
    assert len(server.requests) == 2
    server.requests.clear()
    server.fail(Fault(status=200, body=PAGE), times=99)
    with pytest.raises(SourceResponseError, match=r"says: Log in\. Is this the address"):
        db.get_projects()
    assert len(server.requests) == 2
