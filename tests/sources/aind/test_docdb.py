"""Records of DocDB: each once, or an error, whatever stands before the database."""

from __future__ import annotations

import json
import time
from contextlib import closing
from dataclasses import dataclass
from urllib.parse import quote_plus

import mongomock
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sessionframes.errors import (
    AuthenticationError,
    QueryError,
    SourceError,
    SourceResponseError,
    SourceUnavailableError,
)
from sessionframes.sources.aind.docdb import DocDb, judge, parts_of
from sessionframes.transports.http_errors import StatusError
from sessionframes.transports.rest import RestTransport
from tests.sources.aind.loopback import PASSING, Asked, Loopback, Reply

PATH = "v1/metadata_index/data_assets"


@dataclass
class Database:
    """A database behind a gateway, with the gateway's ways."""

    records: list[dict]
    #: At most so many records, or bytes, in one answer.
    most: int | None = None
    largest: int | None = None
    #: 413 where an answer would have more records, or bytes.
    refuses: int | None = None
    refuses_bytes: int | None = None
    #: What it takes no notice of.
    ignores: tuple[str, ...] = ()
    latency: float = 0.0

    def __post_init__(self) -> None:
        self.collection = mongomock.MongoClient().db.records
        if self.records:
            self.collection.insert_many(self.records)

    def __call__(self, asked: Asked) -> Reply:
        time.sleep(self.latency)
        where = {} if "filter" in self.ignores else json.loads(asked.query.get("filter", "{}"))
        if "_id" in self.ignores:
            where.pop("_id", None)
        if asked.path == f"/{PATH}/count_documents":
            there = self.collection.count_documents
            return Reply({"total_record_count": there({}), "filtered_record_count": there(where)})
        if asked.path != f"/{PATH}/find":
            return Reply({"message": "Missing Authentication Token"}, status=403)
        found = self.collection.find(where, json.loads(asked.query.get("projection", "null")))
        if "sort" not in self.ignores:
            found = found.sort(list(json.loads(asked.query["sort"]).items()))
        listed = list(found.limit(int(asked.query["limit"])))
        size = len(json.dumps(listed))
        if len(listed) > (self.refuses or 10**9) or size > (self.refuses_bytes or 10**9):
            return Reply({"message": "Request Entity Too Large"}, status=413)
        listed = listed[: self.most]
        while self.largest is not None and listed and len(json.dumps(listed)) > self.largest:
            listed.pop()
        return Reply(listed)


@pytest.fixture(scope="module")
def running():
    with Loopback() as running:
        yield running


@pytest.fixture
def server(running):
    running.requests.clear()
    running.faults.clear()
    return running


@pytest.fixture
def waits():
    return []


@pytest.fixture
def docdb(running, waits):
    opened = db(running, waits)
    yield opened
    opened.rest.close()


def db(server, waits, size=10):
    rest = RestTransport(
        server.url, source="aind", timeout=(2, 0.4), attempts=3, judge=judge, sleep=waits.append
    )
    return DocDb(rest, PATH, size)


def records(count, **more):
    return [{"_id": f"id-{number:03}", "name": f"ecephys_{number}", **more} for number in range(count)]


def ids(pages):
    return [record["_id"] for page in pages for record in page]


def in_turn(count):
    return [f"id-{number:03}" for number in range(count)]


# What is sent


def test_a_list_that_fits_takes_two_requests_and_the_second_asks_for_ids_alone(server, docdb):
    server.answer = Database(records(7, subject={"subject_id": "7", "sex": "F"}, session=None))
    found = list(docdb.find({"subject.subject_id": "7"}, ["subject.sex", "session"]))
    assert found == [records(7, subject={"sex": "F"}, session=None)]
    first, second = server.requests
    assert first.path == f"/{PATH}/find"
    assert first.query == {
        "filter": '{"subject.subject_id":"7"}',
        "projection": '{"_id":1,"name":1,"subject.sex":1,"session":1}',
        "sort": '{"_id":1}',
        "limit": "10",
    }
    assert json.loads(second.query["filter"]) == {"subject.subject_id": "7", "_id": {"$gt": "id-006"}}
    assert (second.query["projection"], second.query["limit"]) == ('{"_id":1}', "1")


def test_nothing_is_sent_before_the_first_is_asked_for(server, docdb):
    server.answer = Database(records(25))
    pages = docdb.find({}, [])
    assert server.requests == []
    assert len(next(pages)) == 10
    assert len(server.requests) == 1


def test_what_is_sent_first_is_what_is_rendered(server, docdb):
    server.answer = Database([])
    text = docdb.render({"name": "räte & co"}, ["subject"])
    assert server.requests == []
    assert text == (
        f'GET {server.url}/{PATH}/find?filter={{"name":"r\\u00e4te%20%26%20co"}}'
        '&projection={"_id":1,"name":1,"subject":1}&sort={"_id":1}&limit=10'
    )
    assert list(docdb.find({"name": "räte & co"}, ["subject"])) == []
    assert json.loads(server.requests[0].query["filter"]) == {"name": "räte & co"}


def test_of_two_paths_of_which_one_holds_the_other_that_one_is_asked_for(server, docdb):
    server.answer = Database(records(1, session={"rig_id": "7", "data_streams": []}))
    found = list(docdb.find({}, ["session.data_streams.x", "session", "session.rig_id", "name.x"]))
    assert found == [records(1, session={"rig_id": "7", "data_streams": []})]
    assert server.requests[0].query["projection"] == '{"_id":1,"name":1,"session":1}'


def test_without_a_projection_records_come_whole(server, docdb):
    server.answer = Database(records(1, session={"rig_id": "7"}))
    assert list(docdb.find({}, None)) == [records(1, session={"rig_id": "7"})]
    assert "projection" not in server.requests[0].query


def test_a_filter_by_the_key_itself_holds_on_every_page(server, docdb):
    server.answer = Database(records(40))
    assert ids(docdb.find({"_id": {"$lt": "id-025"}}, [])) == in_turn(25)


def test_a_filter_that_is_too_long_for_an_address_is_an_error_before_it_is_sent(server, docdb):
    with pytest.raises(QueryError, match=r"takes [\d,]+ characters of a URL"):
        list(docdb.find({"name": {"$in": ["x" * 36] * 300}}, []))
    assert server.requests == []


@given(
    values=st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=400), max_size=60),
    beside=st.sampled_from([None, {"data_description.data_level": "raw"}]),
)
def test_many_values_are_asked_for_in_parts_that_fit_into_an_address(values, beside):
    parts = parts_of("name", values, beside)
    assert [value for part in parts for value in part["name"]["$in"]] == list(dict.fromkeys(values))
    assert all(part.items() >= (beside or {}).items() for part in parts)
    for part in parts:
        length = len(quote_plus(json.dumps(part, separators=(",", ":"))))
        assert length < 6000 or len(part["name"]["$in"]) == 1


def test_parts_are_no_more_than_it_takes():
    names = [f"ecephys_{number:06}_2023-12-13_13-43-40" for number in range(150)]
    assert [len(part["name"]["$in"]) for part in parts_of("name", names)] == [103, 47]


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
    with closing(db(running, [], size).rest) as rest:
        assert ids(DocDb(rest, PATH, size).find({}, [])) == in_turn(count)
    pages = count // min(size, most or size, refuses or size)
    # Half of what is too large is never less than half of what fits; and then it grows again.
    assert len(running.requests) <= 4 * pages + 8


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
    with closing(db(server, waits).rest) as rest:
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
            wrong.count({"a": {"$x": 1}})
    assert waits == []


# Several at once


def test_what_several_filters_find_comes_once(server, docdb):
    server.answer = Database(records(30))
    wheres = [{"_id": {"$lt": "id-012"}}, {"_id": {"$gte": "id-008"}}, {"_id": "id-008"}]
    found = ids(docdb.find_parts(wheres, []))
    assert found == in_turn(30)
    assert ids(docdb.find_parts(wheres[:1], [])) == in_turn(12)
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


# Counting, closing


def test_records_are_counted(server, docdb):
    server.answer = Database(records(12))
    assert docdb.count({}) == 12
    assert docdb.count({"name": "ecephys_3"}) == 1
    server.answer = lambda _: Reply({"total_record_count": 3})
    with pytest.raises(SourceResponseError, match="no number as 'filtered_record_count'"):
        docdb.count({})


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
