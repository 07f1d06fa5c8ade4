"""Records of DocDB: each once, or an error, whatever stands before the database."""

from __future__ import annotations

import time
from contextlib import closing
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sessionframes.errors import (
    AuthenticationError,
    SourceError,
    SourceResponseError,
    SourceUnavailableError,
)
from sessionframes.sources.aind.docdb import DocDb
from sessionframes.transports.http_errors import StatusError
from sessionframes.transports.rest import RestTransport
from tests.sources.aind.documents import PATH, Database, ids, in_turn, opened_at, records
from tests.sources.aind.loopback import PASSING, Reply

# What comes back


@settings(deadline=None)
@given(
    count=st.integers(0, 40),
    size=st.integers(1, 12),
    most=st.one_of(st.none(), st.integers(1, 14)),
    refuses=st.one_of(st.none(), st.integers(1, 14)),
)
def test_every_record_comes_once_however_lists_are_shortened(running, count, size, most, refuses):
    running.requests.clear()
    running.answer = Database(records(count), most=most, refuses=refuses)
    with closing(opened_at(running, [], size).rest) as rest:
        assert ids(DocDb(rest, PATH, size).find({}, [])) == in_turn(count)
    pages = count // min(size, most or size, refuses or size)
    # Half of what is too large is never less than half of what fits; and then it grows again.
    assert len(running.requests) <= 4 * pages + 8


def test_a_server_that_refuses_many_is_not_asked_for_as_many_for_ever(server, docdb):
    server.answer = Database(records(400), refuses=5)
    assert ids(docdb.find({}, [])) == in_turn(400)
    refused = [asked for asked in server.requests if int(asked.query["limit"]) > 5]
    assert len(refused) < 15


def test_a_shortened_list_is_no_end(server, docdb):
    server.answer = Database(records(30, notes="x" * 200), largest=1000)
    assert ids(docdb.find({}, ["notes"])) == in_turn(30)
    assert sum(request.query["limit"] == "1" for request in server.requests) == 2


def test_a_record_that_no_answer_can_hold_is_told_and_not_taken_for_the_end(server, docdb):
    many = records(12)
    many[8]["notes"] = "x" * 5000
    server.answer = Database(many, largest=1000)
    with pytest.raises(SourceResponseError, match="record with _id 'id-008': it is too large") as caught:
        list(docdb.find({}, ["notes"]))
    assert "fewer columns" in str(caught.value)
    # Without what makes it large, it is there.
    assert ids(docdb.find({}, [])) == in_turn(12)


def test_too_large_is_asked_for_by_halves_down_to_one(server, docdb):
    many = records(60)
    many[3]["notes"] = "x" * 5000
    server.answer = Database(many, refuses_bytes=5200)
    assert ids(docdb.find({}, ["notes"])) == in_turn(60)
    limits = [int(request.query["limit"]) for request in server.requests]
    assert limits[:4] == [10, 5, 2, 2]
    # What came after it is asked for in large pieces again.
    assert limits[-2] == 10


def test_a_record_that_is_too_large_by_itself_is_named(server, docdb):
    many = records(12)
    many[8]["notes"] = "x" * 5000
    server.answer = Database(many, refuses_bytes=5000)
    with pytest.raises(SourceResponseError, match="record with _id 'id-008'") as caught:
        list(docdb.find({}, ["notes"]))
    assert "413" in str(caught.value.__cause__)
    assert caught.value.source == "aind"
    assert len(server.requests) < 12


def test_a_record_of_twelve_megabytes_is_read(server, docdb):
    server.answer = Database(records(2, notes="x" * 6_000_000))
    (page,) = docdb.find({}, ["notes"])
    assert [len(record["notes"]) for record in page] == [6_000_000, 6_000_000]


def test_a_server_that_begins_with_the_last_record_again_is_an_error(server, docdb):
    database = Database(records(25))

    def inclusive(asked):
        return database(
            replace(asked, query={**asked.query, "filter": asked.query["filter"].replace("$gt", "$gte")})
        )

    server.answer = inclusive
    with pytest.raises(SourceResponseError, match="behind _id 'id-009' and begins with 'id-009'"):
        list(docdb.find({}, []))


@pytest.mark.parametrize("ignored", ["_id", "filter"])
def test_a_server_that_takes_no_notice_of_the_key_is_an_error(server, docdb, ignored):
    server.answer = Database(records(25), ignores=(ignored,))
    with pytest.raises(SourceResponseError, match="behind _id 'id-009' and begins with 'id-000'"):
        list(docdb.find({}, []))
    assert len(server.requests) == 2


def test_a_list_that_is_not_in_order_is_an_error(server, docdb):
    server.answer = Database([{"_id": "b"}, {"_id": "a"}], ignores=("sort",))
    with pytest.raises(SourceResponseError, match="'b' stands before 'a'"):
        list(docdb.find({}, []))
    server.answer = lambda _: Reply([{"_id": "a"}, {"_id": "a"}])
    with pytest.raises(SourceResponseError, match="'a' stands before 'a'"):
        list(docdb.find({}, []))


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"message": "Internal"}, "it is an object, not a list of records; it says: Internal"),
        ("maintenance", "it is 'maintenance', not a list"),
        ([7], "a list with 7 in it"),
        ([{"name": "a"}], "has None for its _id"),
        ([{"_id": {"$oid": "1"}}], "for its _id, not text"),
        (None, "it is None, not a list"),
    ],
)
def test_what_is_no_list_of_records_is_an_error(server, docdb, body, told):
    server.answer = lambda _: Reply(body)
    with pytest.raises(SourceResponseError, match=told) as caught:
        list(docdb.find({"name": "a"}, []))
    assert caught.value.source == "aind"
    assert f"/{PATH}/find" in str(caught.value)
    assert len(server.requests) == 1


@pytest.mark.parametrize("fault", PASSING)
def test_what_may_pass_is_asked_for_again(server, docdb, waits, fault):
    server.answer = Database(records(15))
    server.faults = [PASSING[fault], PASSING[fault]]
    assert ids(docdb.find({}, [])) == in_turn(15)
    assert len(waits) == 2
    if fault == "too many":
        assert all(7 <= wait <= 8 for wait in waits)


@pytest.mark.parametrize(
    ("fault", "kind", "told"),
    [
        ("502", SourceUnavailableError, "502 .*: Internal server error"),
        ("too many", SourceUnavailableError, "429 .*: Too Many Requests"),
        ("a page", SourceResponseError, "no JSON.*says: Back soon"),
        ("cut", SourceUnavailableError, "could not be read"),
        ("stalled", SourceUnavailableError, "could not be read: .*timed out"),
    ],
)
def test_what_does_not_pass_is_told_and_no_part_is_given(server, docdb, fault, kind, told):
    server.answer = lambda _: PASSING[fault]
    with pytest.raises(kind, match=told) as caught:
        list(docdb.find({}, []))
    assert len(server.requests) == 3
    assert caught.value.source == "aind"


def test_an_address_that_the_gateway_does_not_know_says_what_to_check(server, waits):
    server.answer = Database([])
    with closing(opened_at(server, waits).rest) as rest:
        wrong = DocDb(rest, "v1/metadata_idx/data_assets")
        with pytest.raises(AuthenticationError, match="Missing Authentication Token") as caught:
            list(wrong.find({}, []))
        assert "takes no credentials" in str(caught.value)
        assert "docdb_database" in str(caught.value)
        server.answer = lambda _: Reply({"message": "Not Found"}, status=404)
        with pytest.raises(StatusError, match=r"Not Found.*Check docdb_url"):
            list(wrong.find({}, []))
        server.answer = lambda _: Reply({"message": "unknown operator: $x"}, status=400)
        with pytest.raises(StatusError, match=r"400 Bad Request: unknown operator: \$x"):
            list(wrong.find({"a": {"$x": 1}}, []))
    assert waits == []


# Several at once


def test_what_several_filters_find_comes_once(server, docdb):
    server.answer = Database(records(30))
    wheres = [{"_id": {"$lt": "id-012"}}, {"_id": {"$gte": "id-008"}}, {"_id": "id-008"}]
    found = ids(docdb.find_parts(wheres, []))
    assert found == in_turn(30)
    server.requests.clear()
    pages = docdb.find_parts(wheres[:1], [])
    assert len(next(pages)) == 10
    assert len(server.requests) == 1
    assert ids(pages) == in_turn(12)[10:]
    server.requests.clear()
    assert list(docdb.find_parts([], [])) == []
    assert server.requests == []


def test_many_parts_are_asked_for_at_a_time(server, docdb):
    server.answer = Database(records(32), latency=0.05)
    wheres = [{"_id": one} for one in in_turn(32)]
    began = time.monotonic()
    assert ids(docdb.find_parts(wheres, [])) == in_turn(32)
    # One after the other it would take 64 times the latency.
    assert time.monotonic() - began < 1.6
    assert len(server.requests) == 64


def test_a_part_that_fails_fails_all(server, docdb):
    database = Database(records(30))

    def answer(asked):
        if "id-007" in asked.line:
            return Reply({"message": "no"}, status=400)
        return database(asked)

    server.answer = answer
    with pytest.raises(StatusError, match="400"):
        list(docdb.find_parts([{"_id": one} for one in in_turn(30)], []))


# Closing


def test_a_closed_database_says_so(server, docdb):
    docdb.rest.close()
    with pytest.raises(SourceError, match="has been closed"):
        list(docdb.find({}, []))
    assert server.requests == []


def test_an_address_may_end_as_it_likes(server, waits):
    server.answer = Database(records(1))
    for end in ("", "/"):
        with closing(RestTransport(server.url + end, source="aind", sleep=waits.append)) as rest:
            opened = DocDb(rest, PATH)
            assert opened.address == f"{server.url}/{PATH}"
            assert ids(opened.find({}, [])) == in_turn(1)
