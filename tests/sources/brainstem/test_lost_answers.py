"""Changes whose answer did not come: found out, never made twice, and told where nobody can know."""

from __future__ import annotations

import signal
import threading
import time
from contextlib import closing

import pytest

import sessionframes as sf
from sessionframes import UnwrittenRowsWarning
from sessionframes.demo.brainstem import Fault
from sessionframes.errors import SourceUnavailableError
from sessionframes.sources.brainstem.models import MODELS
from sessionframes.sources.brainstem.send import Sender
from sessionframes.sources.brainstem.walk import BrainstemTransport
from sessionframes.transports.rest import RestTransport
from tests.sources.brainstem.writers import a_project, named, new_rows, sent

#: Not long, so that the tests are not.
NOW = {"Retry-After": "0"}
#: As a proxy has it, for whoever is not logged in there.
PAGE = Fault(status=200, body="<html><title>Log in</title></html>")
UNLUCKY = pytest.mark.filterwarnings("ignore::sessionframes.UnwrittenRowsWarning")


def posts(server):
    return sum(method == "POST" for method, _ in sent(server))


# Creating


@pytest.mark.parametrize(
    ("fault", "status"), [(Fault(lost=True), None), (Fault(cut=10), 201), (Fault(cut=0), 201)]
)
def test_what_was_created_without_an_answer_is_found_by_its_name(server, db, fault, status):
    server.fail(fault, method="POST", on=2)
    result = db.save("sessions", new_rows(db, "one", "two", "three", description="x", tags=["a"]))
    assert result["action"].tolist() == ["created"] * 3
    assert result["status"].iloc[1] == status if status else result["status"].isna().iloc[1]
    assert result["note"].tolist()[1] == "the answer was lost; it was found by its name"
    assert posts(server) == 3
    assert named(db, "two").index.tolist() == [result["id"].iloc[1]]


@pytest.mark.parametrize("status", [500, 502, 503, 504, 408])
def test_what_was_not_created_is_sent_again(server, db, status):
    server.fail(Fault(status=status, body="<h1>Server Error</h1>", headers=NOW), method="POST")
    result = db.save("sessions", new_rows(db, "one"))
    assert result["action"].tolist() == ["created"]
    assert posts(server) == 2
    assert len(named(db, "one")) == 1


def test_a_server_that_fails_after_it_has_written_makes_no_double(server, db):
    row = new_rows(db, "one")[0]

    def write():
        with sf.connect("brainstem", url=server.url, token=server.tokens["administrator"]) as other:
            other.save_model("session", row)

    server.fail(Fault(status=502, body="<h1>Bad Gateway</h1>", before=write), method="POST")
    result = db.save("sessions", row)
    assert result["action"].tolist() == ["created"]
    assert result["id"].tolist() == named(db, "one").index.tolist()
    assert posts(server) == 2


def test_a_server_that_writes_after_all_hope_makes_no_double(server, connect):
    db = connect(timeout=0.4)
    rows = new_rows(db, "one")
    looked = threading.Event()

    def wait():
        # Until the client has given up, and looked.
        deadline = time.monotonic() + 20
        while not any("filter{name.in}" in dict(seen.query) for seen in server.requests[before:]):
            assert time.monotonic() < deadline
            time.sleep(0.01)
        looked.set()
        time.sleep(0.1)

    before = len(server.requests) + 1
    server.fail(Fault(before=wait), method="POST")
    result = db.save("sessions", rows)
    assert looked.is_set()
    assert result["action"].tolist() == ["created"]
    deadline = time.monotonic() + 5
    while posts(server) < 2 and time.monotonic() < deadline:
        time.sleep(0.05)
    assert named(db, "one").index.tolist() == result["id"].tolist()


def test_429_is_waited_for_and_repeated_without_looking(server, db):
    server.fail(Fault(status=429, body={"detail": "Slow down."}, headers={"Retry-After": "1"}), method="POST")
    rows = new_rows(db, "one")
    server.requests.clear()
    began = time.monotonic()
    assert db.save("sessions", rows)["action"].tolist() == ["created"]
    assert time.monotonic() - began >= 1
    assert [seen.method for seen in server.requests] == ["GET", "POST", "POST"]


@UNLUCKY
def test_a_server_that_is_gone_ends_it_and_a_second_call_does_the_rest(server, db):
    rows = new_rows(db, *(f"row {number}" for number in range(5)))
    server.fail(Fault(status=503, body={"detail": "Maintenance."}, headers=NOW), method="POST", on=3, times=5)
    result = db.save("sessions", rows)
    assert result["action"].tolist() == ["created", "created", "failed", "not sent", "not sent"]
    assert result["error"].iloc[2] == "Maintenance"
    assert result["note"].iloc[2] == "no record of that name was there at the last look"
    again = db.save("sessions", rows)
    assert again["action"].tolist() == ["left", "left", "created", "created", "created"]
    assert again["id"].iloc[:2].tolist() == result["id"].iloc[:2].tolist()
    assert len(named(db, "row 2")) == 1


@UNLUCKY
def test_a_row_that_the_server_breaks_at_does_not_keep_others_from_being_sent(server, db):
    fault = Fault(status=500, body="<title>Server Error (500)</title>", headers=NOW)
    server.fail(fault, method="POST", on=1, times=5)
    result = db.save("sessions", new_rows(db, "one", "two"))
    assert result["action"].tolist() == ["failed", "created"]
    assert result["error"].iloc[0] == "Server Error (500)"
    assert posts(server) == 6


@UNLUCKY
def test_what_has_no_unique_name_is_sent_once_and_told_to_be_unknown(server, db):
    session = db.get_sessions().index[0]
    rows = [{"session": session, "type": "ExtracellularEphys", "notes": note} for note in ("one", "two")]
    server.fail(Fault(lost=True), method="POST")
    result = db.save("dataacquisition", rows)
    assert result["action"].tolist() == ["unknown", "created"]
    assert "look whether it is there" in result["error"].iloc[0]
    assert posts(server) == 2
    kept = db.get("dataacquisition")["dataacquisition_notes"]
    assert kept.isin(["one", "two"]).sum() == 2


@UNLUCKY
def test_what_cannot_be_looked_up_either_is_unknown_and_the_last(server, db):
    rows = new_rows(db, "one", "two")
    server.fail(Fault(lost=True), method="POST")
    server.requests.clear()
    # The first question is which names are taken.
    server.fail(Fault(status=401, body={"detail": "Token expired."}), method="GET", on=2)
    result = db.save("sessions", rows)
    assert result["action"].tolist() == ["unknown", "not sent"]
    assert "Token expired" in result["error"].iloc[0]
    assert db.save("sessions", rows)["action"].tolist() == ["left", "created"]


@UNLUCKY
def test_a_record_of_that_name_by_somebody_else_is_not_taken_for_ours(server, db):
    row = new_rows(db, "one", description="ours")[0]

    def write():
        with sf.connect("brainstem", url=server.url, token=server.tokens["administrator"]) as other:
            other.save_model("session", {**row, "description": "theirs"})

    server.fail(Fault(status=500, before=write), method="POST")
    result = db.save("sessions", row)
    assert result["action"].tolist() == ["unknown"]
    assert "differs in description" in result["error"].iloc[0]
    assert named(db, "one")["description"].tolist() == ["theirs"]


@UNLUCKY
@pytest.mark.parametrize("body", ["<h1>Created</h1>", [], {"sessions": []}, {"session": {"id": None}}])
def test_a_success_that_is_no_record_is_not_believed(server, db, body):
    server.fail(Fault(status=201, body=body), method="POST")
    result = db.save("sessions", new_rows(db, "one", "two"))
    assert result["action"].tolist() == ["unknown", "created"]
    assert "no record of that name" in result["error"].iloc[0]
    assert posts(server) == 2


@UNLUCKY
@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_changes_do_not_follow_redirects(server, db, status):
    rows = new_rows(db, "one", "two")
    moved = Fault(status=status, headers={"Location": f"{server.url}/api/private/stem/session/"})
    server.fail(moved, method="POST", times=2)
    server.requests.clear()
    result = db.save("sessions", rows)
    assert result["action"].tolist() == ["failed", "not sent"]
    assert "has moved" in result["error"].iloc[0]
    assert [seen.method for seen in server.requests] == ["GET", "POST"]


def test_an_interrupt_leaves_nothing_that_a_second_call_would_double(server, db):
    rows = new_rows(db, *(f"row {number}" for number in range(4)))
    server.fail(Fault(before=lambda: signal.raise_signal(signal.SIGINT), delay=1), method="POST", on=3)
    usual = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt) as caught:
            db.save("sessions", rows)
    finally:
        signal.signal(signal.SIGINT, usual)
    assert "2 of 4 rows of sessions were done" in caught.value.__notes__[0]
    assert "look what is there" in caught.value.__notes__[0]
    assert caught.value.result["action"].tolist() == ["created", "created", "not sent", "not sent"]
    assert db.save("sessions", rows)["action"].tolist() == ["left", "left", "left", "created"]


# Changing


@pytest.mark.parametrize("fault", [Fault(lost=True), Fault(cut=10)])
def test_a_change_without_an_answer_is_read_back(server, db, fault):
    key = db.get_sessions().index[0]
    server.fail(fault, method="PATCH")
    result = db.save("sessions", {"id": key, "description": "new", "tags": ["a"]})
    assert result["action"].tolist() == ["changed"]
    assert result["note"].tolist() == ["the answer was lost; the record was read again"]
    assert len(sent(server)) == 1


def test_a_change_that_was_not_made_is_sent_again(server, db):
    key = db.get_sessions().index[0]
    server.fail(Fault(status=500, body="<h1>Server Error</h1>", headers=NOW), method="PATCH", times=2)
    result = db.save("sessions", {"id": key, "description": "new"})
    assert result["action"].tolist() == ["changed"]
    assert len(sent(server)) == 3
    assert db.get_sessions(session_ids=key)["description"].tolist() == ["new"]


@UNLUCKY
def test_a_record_that_is_deleted_meanwhile_is_told(server, db):
    first, second = db.get_sessions().index[:2]

    def delete():
        with sf.connect("brainstem", url=server.url, token=server.tokens["administrator"]) as other:
            other.delete_model("session", first)

    server.fail(Fault(before=delete), method="PATCH")
    result = db.save("sessions", [{"id": key, "description": "new"} for key in (first, second)])
    assert result["action"].tolist() == ["failed", "changed"]
    assert result["status"].tolist() == [404, 200]


@UNLUCKY
@pytest.mark.parametrize("fault", [PAGE, Fault(status=202, body=""), Fault(body={"detail": "ok"})])
def test_a_success_that_changed_nothing_is_not_believed(server, db, fault):
    key = db.get_sessions().index[0]
    server.fail(fault, method="PATCH", times=2)
    result = db.save("sessions", {"id": key, "description": "new", "tags": ["a"]})
    assert result["action"].tolist() == ["unknown"]
    assert result["error"].iloc[0].startswith("it should have been changed, but the record has none of it")
    assert "()" not in result["error"].iloc[0]
    with pytest.raises(SourceUnavailableError, match="not known"):
        db.save_model("session", {"description": "new"}, id=key)
    assert len(sent(server)) == 2


@pytest.mark.parametrize("answer", [{"session": {}}, "another"])
def test_a_record_that_is_not_the_one_that_was_changed_has_it_read_back(server, db, answer):
    key, other = db.get_sessions().index[:2]
    told = db.load_model("session", id=other) if answer == "another" else answer
    server.fail(Fault(change=lambda _: told), method="PATCH")
    result = db.save("sessions", {"id": key, "description": "new"})
    assert result["action"].tolist() == ["changed"]
    assert result["id"].tolist() == [key]
    assert result["note"].tolist() == ["the answer was lost; the record was read again"]


@UNLUCKY
def test_a_request_for_a_change_is_not_filed_twice(server, db):
    key = db.get("species").index[0]
    server.fail(Fault(lost=True), method="PATCH")
    result = db.save("species", {"id": key, "name": "Mus spretus"})
    assert result["action"].tolist() == ["unknown"]
    assert "cannot be seen" in result["error"].iloc[0]
    assert len(sent(server)) == 1


# Deleting


@pytest.mark.parametrize("fault", [PAGE, Fault(status=202, body=""), Fault(body={"detail": "ok"})])
def test_a_success_that_deleted_nothing_is_not_believed(server, db, fault):
    key = db.save("sessions", new_rows(db, "one"))["id"].iloc[0]
    server.fail(fault, method="DELETE", times=2)
    with pytest.warns(UnwrittenRowsWarning):
        result = db.delete("sessions", key, confirm=True)
    assert result["action"].tolist() == ["unknown"]
    assert "the record is still there" in result["error"].iloc[0]
    with pytest.raises(SourceUnavailableError, match="still there"):
        db.delete_model("session", key)
    assert len(named(db, "one")) == 1


def test_a_deletion_that_is_told_otherwise_is_looked_up(server, db):
    key = db.save("sessions", new_rows(db, "one"))["id"].iloc[0]

    def delete():
        with sf.connect("brainstem", url=server.url, token=server.tokens["administrator"]) as other:
            other.delete_model("session", key)

    server.fail(Fault(status=200, body={"detail": "ok"}, before=delete), method="DELETE")
    result = db.delete("sessions", key, confirm=True)
    assert result["action"].tolist() == ["deleted"]
    assert result["note"].tolist() == ["the answer did not tell; the record is gone"]


def test_a_deletion_without_an_answer_is_asked_for_again(server, db):
    keys = db.save("sessions", new_rows(db, "one", "two"))["id"]
    server.fail(Fault(lost=True), method="DELETE")
    result = db.delete("sessions", keys, confirm=True)
    assert result["action"].tolist() == ["deleted", "deleted"]
    assert result["note"].iloc[0] == "the answer was lost; the record is gone"


def test_a_deletion_that_fails_to_the_end_is_looked_after(server, db):
    key = db.save("sessions", new_rows(db, "one"))["id"]
    server.fail(Fault(status=503, headers=NOW), method="DELETE", times=5)
    with pytest.warns(UnwrittenRowsWarning):
        result = db.delete("sessions", key, confirm=True)
    assert result[["action", "note"]].to_numpy().tolist() == [["failed", "the record is still there"]]
    assert a_project(db)


def test_what_never_left_is_known_not_to_have_been_done():
    # Nobody listens there.
    rest = RestTransport("http://127.0.0.1:9/", source="brainstem", attempts=2)
    with closing(BrainstemTransport(rest, "private", 100)) as transport:
        sender = Sender(transport, MODELS["dataacquisition"])
        for outcome in (
            sender.create({"notes": "x"}),
            sender.change("k", {"notes": "x"}),
            sender.remove("k"),
        ):
            assert (outcome.action, outcome.status, outcome.is_last) == ("failed", None, True)
            assert "could not be read" in outcome.error
