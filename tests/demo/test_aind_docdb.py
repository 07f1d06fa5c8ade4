"""The demo's DocDB finds, counts, pages and refuses as the gateway before Mongo does."""

from __future__ import annotations

import pytest

from sessionframes.demo.aind import AindServer
from tests.demo.aind_asking import COLLECTION, RECORDED, SESSION, Asker

RECORDS = [
    *RECORDED["records"],
    {
        "_id": "links",
        "name": "behavior_700001_2024-01-02_03-04-05",
        "created": "2024-01-02T11:04:05Z",
        "schema_version": "1.0.2",
        "subject": {"subject_id": "700001"},
        "external_links": [{"Code Ocean": "a"}, {"Code Ocean": "b"}, "c"],
        "session": {"data_streams": [{"modules": [{"name": "x", "arc": "1"}], "daq": "d"}, {"daq": "e"}]},
    },
    {
        "_id": "second",
        "name": "800321_2025-09-03_10-05-00",
        "schema_version": "2.1.0",
        "object_type": "Metadata",
        "subject": {"subject_id": "800321"},
        "data_description": None,
    },
]


@pytest.fixture(scope="module")
def ask():
    with AindServer(records=RECORDS) as server:
        yield Asker(server)


def ids(found):
    return [record["_id"] for record in found]


def test_find_filters_sorts_skips_and_limits(ask):
    everything = {"filter": {"subject.subject_id": "676909"}, "sort": {"created": -1}}
    assert ids(ask.find(**everything)) == ["d-5", "d-4", "d-3", "d-2", "d-1", "d-0"]
    assert ids(ask.find(**everything, limit=2, skip=3)) == ["d-2", "d-1"]
    assert ids(ask.find(**everything, limit=0, skip=6)) == []
    assert ids(ask.find(sort=[["subject.subject_id", 1], ["_id", -1]]))[-3:] == ["d-0", "links", "second"]
    assert ids(ask.find()) == [record["_id"] for record in RECORDS]


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ({"name": SESSION}, ["d-2"]),
        ({"name": {"$in": [SESSION, "nobody"]}}, ["d-2"]),
        ({"name": {"$regex": "_sorted_"}, "created": {"$gt": "2023-12-15T06:13:04Z"}}, ["d-5"]),
        ({"external_links.Code Ocean": "b"}, ["links"]),
        ({"external_links.Code Ocean": "b0000000-0000-4000-8000-000000000002"}, ["d-1"]),
        ({"session.data_streams.modules.name": "x"}, ["links"]),
        ({"_id": {"$gt": "d-4"}, "session": {"$exists": False}}, ["d-5", "second"]),
        ({"$or": [{"_id": "d-0"}, {"data_description": None, "object_type": "Metadata"}]}, ["d-0", "second"]),
    ],
)
def test_filters_are_mongos(ask, where, found):
    assert ids(ask.find(filter=where)) == found
    assert ids(ask.find("", filter=where)) == found
    counts = {"total_record_count": len(RECORDS), "filtered_record_count": len(found)}
    assert ask.find("/count_documents", filter=where) == counts


@pytest.mark.parametrize(
    ("where", "found"),
    [
        # As Mongo's own tests have it.
        ({"a.b": None}, ["empty", "null", "number", "b null", "none"]),
        ({"a.b": {"$ne": None}}, ["b"]),
        ({"a.b": {"$exists": False}}, ["empty", "null", "number", "none"]),
        ({"a": None}, ["null", "none"]),
        ({"a": {"$ne": None}}, ["empty", "number", "b", "b null"]),
        ({"$or": [{"a.b": "hi"}, {"a.b": {"$in": [None]}, "a": 4}]}, ["number", "b"]),
        ({"$nor": [{"a.b": None}]}, ["b"]),
        ({"$and": [{"a.b": None}, {"a": {"$exists": True}}]}, ["empty", "null", "number", "b null"]),
    ],
)
def test_what_is_below_nothing_is_null(where, found):
    told = {"empty": {}, "null": None, "number": 4, "b": {"b": "hi"}, "b null": {"b": None}}
    records = [*({"_id": name, "a": value} for name, value in told.items()), {"_id": "none"}]
    with AindServer(records=records) as server:
        assert ids(Asker(server).find(filter=where)) == found
        shown = Asker(server).find(projection={"a.b": 1, "_id": 0})
        assert shown == [{"a": {}}, {}, {}, {"a": {"b": "hi"}}, {"a": {"b": None}}, {}]


def test_projections_keep_or_leave_out_parts_in_the_order_of_the_record(ask):
    def shown(projection):
        return ask.find(filter={"_id": "links"}, projection=projection)[0]

    assert list(shown({"subject.subject_id": 1, "name": True})) == ["_id", "name", "subject"]
    assert shown(["name"]) == shown({"name": 1}) == {"_id": "links", "name": RECORDS[-2]["name"]}
    assert shown({"external_links.Code Ocean": 1, "_id": 0}) == {
        "external_links": [{"Code Ocean": "a"}, {"Code Ocean": "b"}]
    }
    assert shown({"session.data_streams.modules.name": 1, "_id": 0}) == {
        "session": {"data_streams": [{"modules": [{"name": "x"}]}, {}]}
    }
    left = shown({"session.data_streams.modules": 0, "subject": 0, "_id": 0})
    assert list(left) == ["name", "created", "schema_version", "external_links", "session"]
    assert left["session"] == {"data_streams": [{"daq": "d"}, {"daq": "e"}]}
    assert shown({"_id": 1}) == {"_id": "links"}
    assert shown({"name.nothing": 1}) == {"_id": "links"}
    assert shown({}) == shown({"none": 0}) == RECORDS[-2]
    assert list(shown({})) == list(RECORDS[-2])


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"filter": "{"}, "filter is not valid JSON: "),
        ({"filter": []}, "filter must be an instance of dict"),
        ({"filter": {"$nope": 1}}, "unknown top level operator: $nope"),
        ({"filter": {"name": {"$nope": 1}}}, "unknown operator: $nope"),
        ({"filter": {"name": {"$in": 3}}}, "$in needs an array"),
        ({"filter": {"name": {"$regex": "("}}}, "missing ), unterminated subpattern"),
        ({"filter": {"$where": "1"}}, "The $where operator is not implemented"),
        ({"projection": {"a": 1, "b": 0}}, "Cannot do inclusion and exclusion"),
        ({"projection": {"a": 1, "a.b": 1}}, "Path collision at a.b"),
        ({"projection": {"a.b": 1, "a": 1}}, "Path collision at a"),
        ({"projection": {"a": {"$slice": 1}}}, "projection must be a dict of 1 and 0"),
        ({"projection": 3}, "projection must be a dict of 1 and 0"),
        ({"sort": {"a": 2}}, "direction must be 1 or -1"),
        ({"sort": "5"}, "sort must be a dict or a list"),
        ({"limit": "-1"}, "limit must be an integer of 0 or more: '-1'"),
        ({"skip": "x"}, "skip must be an integer of 0 or more: 'x'"),
    ],
)
def test_what_mongo_refuses_is_refused_in_a_message(ask, told, words):
    status, message = ask.find(**told)
    assert status == 400
    assert message.startswith(words)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", f"{COLLECTION}/nothing", 403),
        ("GET", "v1/metadata_index", 403),
        ("GET", "", 403),
        ("POST", f"{COLLECTION}/find", 403),
        ("POST", f"{COLLECTION}/insert_one", 403),
        ("DELETE", f"{COLLECTION}/delete_many", 403),
        ("GET", "v1/metadata_index/nothing/find", 404),
        ("GET", "v9/metadata_index/data_assets/find", 404),
    ],
)
def test_there_are_no_other_ways_in(ask, method, path, status):
    answer = ask("docdb", method, path)
    assert (answer.status_code, list(answer.json())) == (status, ["message"])
    assert status == 404 or answer.json()["message"] == "Missing Authentication Token"


def test_records_of_the_second_schema_have_addresses_of_their_own_too(ask):
    for at in ("v2/metadata_index/data_assets", "v2/metadata_index_v2/data_assets"):
        assert ids(ask.find(at=at)) == ["second"]
    assert "second" in ids(ask.find())


def test_a_request_that_is_too_long_for_a_gateway_is_refused(ask):
    assert ids(ask.find(filter={"_id": {"$in": ["d-0", "x" * 6000]}})) == ["d-0"]
    assert ask.find(filter={"_id": {"$in": ["d-0", "x" * 11_000]}}) == (414, "Request-URI Too Long")


def aggregated(ask, pipeline):
    answer = ask("docdb", "POST", f"{COLLECTION}/aggregate", json=pipeline)
    return answer.json() if answer.ok else (answer.status_code, answer.json()["message"])


def test_aggregations_read_and_never_write(ask):
    found = aggregated(ask, [{"$match": {"name": {"$in": [SESSION]}}}, {"$project": {"name": 1}}])
    assert found == [{"_id": "d-2", "name": SESSION}]
    counts = aggregated(ask, [{"$group": {"_id": "$subject.subject_id", "n": {"$sum": 1}}}])
    assert {"_id": "676909", "n": 6} in counts
    assert aggregated(ask, [{"$match": {}}, {"$out": "x"}])[0] == 403
    assert aggregated(ask, [{"$nope": 1}])[0] == 400
    assert aggregated(ask, {"$match": {}}) == (400, "the pipeline must be a list of stages")
    answer = ask("docdb", "POST", f"{COLLECTION}/aggregate", data=b"[")
    assert (answer.status_code, answer.json()) == (400, {"message": "the pipeline is not valid JSON"})


def test_find_shortens_what_is_too_much_and_all_else_is_refused():
    records = [{"_id": f"{number}", "name": "n" * 300} for number in range(8)]
    with AindServer(records=records, payload_limit=1000) as server:
        ask = Asker(server)
        assert ids(ask.find()) == ["0", "1", "2"]
        assert ids(ask.find(skip=3)) == ["3", "4", "5"]
        assert len(ask.find(projection={"_id": 1})) == 8
        too_much = (413, "Request Entity Too Large")
        assert ask.find("") == too_much
        assert ids(ask.find("", limit=2)) == ["0", "1"]
        assert aggregated(ask, [{"$match": {}}]) == too_much


def test_a_record_that_is_too_large_by_itself_is_no_empty_list():
    records = [{"_id": "a", "name": "small"}, {"_id": "b", "name": "n" * 2000}, {"_id": "c", "name": "small"}]
    with AindServer(records=records, payload_limit=1000) as server:
        ask = Asker(server)
        assert ids(ask.find()) == ["a"]
        assert ask.find(skip=1) == (413, "Request Entity Too Large")
        assert ids(ask.find(skip=1, projection={"_id": 1})) == ["b", "c"]


def test_pages_may_be_capped_and_skip_ignored():
    records = [{"_id": f"{number}"} for number in range(5)]
    with AindServer(records=records, page_limit=2) as server:
        assert ids(Asker(server).find(limit=4, skip=2)) == ["2", "3"]
    with AindServer(records=records, ignores_skip=True) as server:
        ask = Asker(server)
        assert ids(ask.find(limit=2, skip=4)) == ["0", "1"]
        assert ids(ask.find(filter={"_id": {"$gt": "2"}}, sort={"_id": 1}, limit=1)) == ["3"]
