"""Requests: as few as the server allows, only those that the columns need; all rows or an error."""

from __future__ import annotations

import pandas as pd
import pytest

import sessionframes as sf
from sessionframes.demo.brainstem import BrainstemServer, Fault
from sessionframes.errors import AuthenticationError, SourceResponseError, SourceUnavailableError

TABLES = ("sessions", "probes", "projects", "subjects", "assets", "dataacquisition")


def asked(server, table, db, **arguments):
    """The models that were asked for, in order."""
    before = len(server.requests)
    db.get(table, progress=False, **arguments)
    return [request.path.strip("/").split("/")[-1] for request in server.requests[before:]]


@pytest.mark.parametrize(
    ("columns", "models"),
    [
        (["session_name", "projects", "start_time", "dataacquisition"], ["session"]),
        (["subject_id"], ["session", "procedure"]),
        (["session_type"], ["session", "behavioralassay"]),
        (["sex"], ["session", "procedure", "subject"]),
        (None, ["session", "procedure", "subject", "behavioralassay"]),
    ],
)
def test_only_relations_that_the_columns_need_are_followed(server, db, columns, models):
    found = asked(server, "sessions", db, columns=columns)
    assert found[0] == "session"
    assert sorted(found) == sorted(models)


def test_a_filter_needs_relations_too(server, db):
    columns = {"columns": ["session_name"], "where": sf.Q(sex="M")}
    assert set(asked(server, "sessions", db, **columns)) == {"procedure", "session", "subject"}


@pytest.mark.parametrize("table", TABLES)
def test_requests_grow_with_pages_and_never_with_rows(world, table):
    counts = {}
    for sessions in (12, 300):
        with BrainstemServer(world, sessions=sessions) as server:
            token = server.tokens["administrator"]
            with sf.connect("brainstem", url=server.url, token=token) as db:
                frame = db.get(table, progress=False)
                counts[sessions] = (len(server.requests), len(frame))
    requests, rows = counts[300]
    assert requests <= counts[12][0] + rows // 50 + 2
    assert rows >= counts[12][1]
    assert rows >= 300 or table not in ("sessions", "probes", "dataacquisition")


def test_what_did_not_come_along_is_listed_by_its_ids(server, db):
    whole = db.get_sessions()

    def alone(body):
        return {name: body[name] for name in ("sessions", "meta")}

    server.reset()
    server.fail(Fault(change=alone), path="stem/session/")
    pd.testing.assert_frame_equal(db.get_sessions(), whole)
    listed = [request.path.split("/")[-2] for request in server.requests]
    assert {"behavior", "dataacquisition", "manipulation"} <= set(listed)
    assert len(listed) == len(set(listed))


def test_what_came_along_in_part_is_listed_again(server, db):
    whole = db.get_sessions()

    def cut(body):
        rows = [
            {name: value for name, value in one.items() if name != "procedures"}
            for one in body["data_acquisitions"]
        ]
        return {**body, "data_acquisitions": rows}

    server.reset()
    server.fail(Fault(change=cut), path="stem/session/")
    pd.testing.assert_frame_equal(db.get_sessions(), whole)


def test_what_comes_along_is_known_under_odd_keys(server, db):
    whole = db.get_sessions()

    def renamed(body):
        body["+behaviors"] = body.pop("behaviors")
        body["Data Acquisitions"] = body.pop("data_acquisitions")
        return body | {"strangers": [{"id": "1"}]}

    server.reset()
    server.fail(Fault(change=renamed), path="stem/session/")
    pd.testing.assert_frame_equal(db.get_sessions(), whole)
    assert not [request for request in server.requests if "behavior/" in request.path]


def test_what_may_not_be_seen_is_asked_for_once(server, connect):
    hidden = {"procedures": [], "meta": {"total_results": 0}}
    server.fail(Fault(body=hidden), path="modules/procedure/", times=9)
    db = connect()
    frame = db.get_sessions()
    assert frame["subject_id"].notna().all()
    assert len([request for request in server.requests if "procedure/" in request.path]) == 1


@pytest.mark.parametrize("paging", ["dynamic-rest", "dynamic-rest-limit", "limit-offset", "next"])
@pytest.mark.parametrize(
    ("usual", "largest", "page_size"), [(20, 100, 100), (3, 5, 100), (1, 7, 4), (2, 2, 1)]
)
def test_every_belief_about_pages_gives_every_row(world, db, paging, usual, largest, page_size):
    sizes = {"page_size": usual, "largest_page": largest}
    with BrainstemServer(world, paging=paging, **sizes) as server:
        token = server.tokens["administrator"]
        with sf.connect("brainstem", url=server.url, token=token, page_size=page_size) as other:
            for table in ("sessions", "probes"):
                pd.testing.assert_frame_equal(other.get(table), db.get(table))
            assert other.get_sessions(limit=3).index.tolist() == db.get_sessions().index[:3].tolist()


def test_the_first_few_take_one_page(world):
    with (
        BrainstemServer(world, sessions=400) as server,
        sf.connect("brainstem", url=server.url, token=server.tokens["administrator"]) as db,
    ):
        every = db.get_sessions(columns=[]).index
        for arguments in ({}, {"order_by": "session_id"}):
            before = len(server.requests)
            frame = db.get_sessions(limit=7, columns=["session_name"], **arguments)
            assert frame.index.tolist() == every[:7].tolist()
            assert len(server.requests) == before + 1
        assert db.get_sessions(limit=7, order_by="-session_id").index.tolist() == every[:-8:-1].tolist()
        assert "one page alone" in str(db.explain("sessions", limit=7))


def test_a_server_that_does_not_order_gives_the_first_all_the_same(server, db):
    every = db.get_sessions().index

    def shuffled(body):
        return {**body, "sessions": body["sessions"][::-1]}

    server.fail(Fault(change=shuffled), path="stem/session/", times=2)
    assert db.get_sessions(limit=3).index.tolist() == every[:3].tolist()


def test_the_public_portal_needs_no_token_and_gets_none(server, connect, db, monkeypatch):
    monkeypatch.setenv("BRAINSTEM_TOKEN", "not to be sent")
    public = connect(None, portal="public").get_sessions()
    assert {request.authorized for request in server.requests} == {False}
    assert {request.path.split("/")[2] for request in server.requests} == {"public"}
    every = db.get_sessions()
    open_projects = db.get_projects(where=sf.Q(project_is_public=True)).index
    seen = every[[bool(set(found) & set(open_projects)) for found in every["projects"]]]
    assert public.index.equals(seen.index)
    assert 0 < len(public) < len(every)


def test_a_private_list_is_as_long_as_ones_rights(connect, db):
    assert len(connect("reader").get_sessions()) < len(db.get_sessions())
    pd.testing.assert_frame_equal(connect(portal="super").get_sessions(), db.get_sessions())


def test_a_wrong_token_is_refused(server):
    refused = pytest.raises(AuthenticationError, match=r"brainstem\.sessions: .*Invalid token")
    with sf.connect("brainstem", url=server.url, token="wrong") as db, refused:
        db.get_sessions()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda body: body if "detail" in body else {**body, "meta": {"total_results": 99}}, "99"),
        (lambda body: {"first": [], "second": [], "meta": body["meta"]}, "'sessions'"),
        (lambda body: {**body, "sessions": {"a": 1}}, "not a list"),
        (lambda body: {**body, "sessions": [*body["sessions"], body["sessions"][0]]}, "comes twice"),
        (lambda body: {**body, "next": "http://127.0.0.2:9/api/", "meta": {}}, "another server"),
    ],
)
def test_an_answer_that_cannot_be_relied_on_is_an_error(server, db, change, words):
    server.fail(Fault(change=change), path="stem/session/", times=99)
    with pytest.raises(SourceResponseError, match=words):
        db.get_sessions()


def drifting(body):
    return {**body, "meta": {"total_results": 13}} if "sessions" in body else body


@pytest.mark.parametrize(
    ("fault", "most"),
    [
        (Fault(status=302, body="", headers={"Location": "http://127.0.0.2:9/"}), 1),
        (Fault(change=lambda body: {**body, "next": "http://127.0.0.2:9/api/", "meta": {}}), 1),
        # Each of the three times that the list is read takes a look for the page that was promised.
        (Fault(change=drifting), 6),
        (Fault(change=lambda body: {**body, "sessions": body["sessions"] * 2, "meta": {}}), 3),
        (Fault(change=lambda body: {**body, "sessions": [{"id": None}], "meta": {}}), 1),
    ],
    ids=["moved", "next", "drift", "twice", "no id"],
)
def test_what_simpler_requests_do_not_mend_fails_at_once(server, db, caplog, fault, most):
    server.fail(fault, path="stem/session/", times=99)
    with pytest.raises(SourceResponseError):
        db.get_sessions(progress=False)
    assert len(server.requests) <= most
    assert "asked for more" not in caplog.text


def test_an_address_that_is_none_fails_without_another_try(caplog):
    with (
        sf.connect("brainstem", url="http://a b/", token="t") as db,
        pytest.raises(SourceResponseError, match="could not be read"),
    ):
        db.get_sessions(progress=False)
    assert "asked for more" not in caplog.text


def numbered(key):
    """Ids that have become numbers."""

    def changed(body):
        for number, record in enumerate(body[key]):
            record["id"] = number
        return body

    return Fault(change=changed)


@pytest.mark.parametrize("model", ["subject", "procedure", "behavioralassay"])
def test_numbers_for_the_ids_of_records_around_are_no_silent_nulls(server, db, model):
    server.fail(numbered(f"{model}s"), path=f"/{model}/", times=9)
    with pytest.raises(SourceResponseError, match=f"record of {model} .* has 0 for its id"):
        db.get_sessions(progress=False)


def test_what_comes_along_with_numbers_for_its_ids_is_listed_again(server, db):
    wanted = db.get_sessions(progress=False)
    server.fail(numbered("behaviors"), path="stem/session", times=9)
    pd.testing.assert_frame_equal(db.get_sessions(progress=False), wanted)


def test_an_error_of_a_related_list_is_no_part_of_an_answer(server, db):
    server.fail(Fault(status=403, body={"detail": "Not for you."}), path="modules/procedure/", times=9)
    with pytest.raises(AuthenticationError, match=r"brainstem\.sessions: .*procedure.*Not for you"):
        db.get_sessions()


def test_a_closed_connection_says_so(db):
    db.close()
    with pytest.raises(SourceUnavailableError, match="closed"):
        db.get_sessions()


@pytest.mark.parametrize(
    "fault",
    [
        Fault(status=500, body="<html><title>Server Error (500)</title></html>"),
        Fault(status=429, body={"detail": "Slow down."}, headers={"Retry-After": "0"}),
        Fault(body="<html><title>Be right back</title></html>"),
        Fault(lost=True),
        Fault(cut=300),
    ],
    ids=["500", "429", "html", "lost", "cut"],
)
def test_a_fault_that_passes_is_not_seen(server, db, fault):
    whole = db.get_sessions()
    server.fail(fault, path="modules/procedure/")
    pd.testing.assert_frame_equal(db.get_sessions(), whole)


@pytest.mark.parametrize(
    ("status", "body", "error", "words"),
    [
        (400, {"name": ["This field is required."]}, SourceResponseError, "name: This field is required"),
        (401, {"detail": "Invalid token."}, AuthenticationError, "Invalid token"),
        (403, {"detail": "You do not have permission."}, AuthenticationError, "do not have permission"),
        (404, {"detail": "Not found."}, SourceResponseError, "Not found"),
        (405, {"detail": 'Method "GET" not allowed.'}, SourceResponseError, "not allowed"),
        (409, "<html><title>Conflict</title></html>", SourceResponseError, "Conflict"),
    ],
)
def test_a_refusal_quotes_the_servers_words(server, db, status, body, error, words):
    server.fail(Fault(status=status, body=body), path="stem/session/", times=3)
    with pytest.raises(error, match=f"{status}.*{words}") as caught:
        db.get_sessions()
    assert (caught.value.source, caught.value.table) == ("brainstem", "sessions")
    assert server.tokens["administrator"] not in str(caught.value)


def test_silence_ends(server, connect):
    server.fail(Fault(stall=10), path="stem/session/", times=9)
    db = connect(timeout=0.1)
    db.transport.rest.client.attempts = 1
    with pytest.raises(SourceUnavailableError, match=r"brainstem\.sessions"):
        db.get_sessions()
