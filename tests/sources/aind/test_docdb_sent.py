"""What DocDB is asked: no more of a record than is wanted, and nothing too long for an address."""

from __future__ import annotations

import json
import re
from urllib.parse import quote_plus

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mongomock.filtering import filter_applies

from sessionframes.errors import QueryError
from sessionframes.sources.aind.long_filters import fitting, parts_of
from tests.sources.aind.documents import PATH, Database, ids, in_turn, records


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
    for asked in (docdb.find, lambda where, _: docdb.find_parts([where], [])):
        with pytest.raises(QueryError, match=r"takes [\d,]+ characters of a URL"):
            list(asked({"name": {"$regex": "x" * 9000}}, []))
    assert server.requests == []


def test_a_filter_by_many_values_is_asked_for_in_parts(server, docdb):
    server.answer = Database(records(200))
    names = [f"ecephys_{number}" for number in range(0, 3000, 2)]
    found = list(docdb.find({"$and": [{"name": {"$in": names}}, {"_id": {"$gte": "id-100"}}]}, []))
    assert sorted(ids(found)) == in_turn(200)[100::2]
    assert all(len(asked.line) < 8000 for asked in server.requests)
    server.requests.clear()
    wheres = [{"name": {"$in": names}}, {"name": "ecephys_1"}]
    assert sorted(ids(docdb.find_parts(wheres, []))) == sorted([*in_turn(200)[::2], "id-001"])
    text = docdb.render(wheres[0], [])
    assert len(text.splitlines()) == 2
    assert re.search(r"\.\.\. and [78] more, with its other values$", text)


values = st.lists(st.integers(0, 12).map(str), min_size=1, max_size=9, unique=True)
lists = st.one_of(
    values.map(lambda some: {"name": {"$in": some}}),
    values.map(lambda some: {"$or": [{"name": one} for one in some], "kind": {"$ne": "b"}}),
    st.just({"kind": "a"}),
)
filters = st.recursive(
    lists,
    lambda inner: st.builds(
        lambda name, some: {name: some},
        st.sampled_from(["$and", "$or"]),
        st.lists(inner, min_size=1, max_size=3),
    ),
    max_leaves=4,
)


# A filter that takes many parts takes its time.
@settings(deadline=None)
@given(where=filters, longest=st.sampled_from([60, 100, 150, 250, 400]))
def test_parts_of_a_filter_find_what_it_finds(where, longest):
    parts = fitting(where, longest)
    for name in range(13):
        for kind in "ab":
            one = {"name": str(name), "kind": kind}
            assert filter_applies(where, one) == any(filter_applies(part, one) for part in parts)
    if parts == [where]:
        return
    assert length(where) > longest
    assert all(length(part) <= longest for part in parts)


def test_what_cannot_be_made_to_fit_is_left_as_it_is():
    long = {"$and": [{"name": {"$in": [f"{number}".ljust(5000) for number in range(30)]}}] * 3}
    assert fitting(long) == [long]
    # Nor is a question that would take thousands of requests.
    many = {"name": {"$in": [f"{number:036}" for number in range(3000)]}}
    assert fitting(many, 100) == [many]
    few = {"name": {"$in": many["name"]["$in"][:1500]}}
    parts = fitting(few, 100)
    assert [part["name"]["$in"] for part in parts] == [[name] for name in few["name"]["$in"]]


def length(where):
    return len(quote_plus(json.dumps(where, separators=(",", ":"))))


@given(
    values=st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=400), max_size=60),
    beside=st.sampled_from([None, {"data_description.data_level": "raw"}]),
)
def test_many_values_are_asked_for_in_parts_that_fit_into_an_address(values, beside):
    parts = parts_of("name", values, beside)
    assert [value for part in parts for value in part["name"]["$in"]] == list(dict.fromkeys(values))
    assert all(part.items() >= (beside or {}).items() for part in parts)
    for part in parts:
        assert length(part) < 6000 or len(part["name"]["$in"]) == 1


def test_parts_are_no_more_than_it_takes():
    names = [f"ecephys_{number:06}_2023-12-13_13-43-40" for number in range(150)]
    assert [len(part["name"]["$in"]) for part in parts_of("name", names)] == [103, 47]
    # What each demands in addition takes its place in each.
    beside = {"notes": "x" * 3000}
    assert [len(part["name"]["$in"]) for part in parts_of("name", names, beside)] == [33, 33, 33, 33, 18]


def test_a_value_that_is_too_long_for_an_address_stands_alone():
    assert parts_of("name", ["x" * 9000, "y"]) == [{"name": {"$in": ["x" * 9000]}}, {"name": {"$in": ["y"]}}]
    assert parts_of("name", []) == []
