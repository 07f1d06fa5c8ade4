"""Every row exactly once, or an error: whatever the server believes about pages."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sessionframes.errors import SourceResponseError
from sessionframes.transports.rest import RestTransport
from sessionframes.transports.rest_request import LimitOffset, LimitOrPage, RestRequest
from tests.transports.list_server import Behaviour, ListServer

BELIEFS = ("offset", "page", "cursor")


@pytest.fixture(scope="module")
def lists():
    with ListServer() as running:
        yield running


@pytest.fixture(scope="module")
def transport(lists):
    opened = RestTransport(lists.url, source="brainstem", attempts=2, timeout=(5, 5))
    yield opened
    opened.close()


def rows(count):
    return [{"id": f"id-{number}", "name": f"day {number}"} for number in range(count)]


def request(size=100, key="id"):
    return RestRequest("/list/", LimitOrPage(["sessions"], size), key=key)


def ids(transport, asked):
    return [record["id"] for page in transport.fetch(asked) for record in page.records]


def in_turn(count):
    return [f"id-{number}" for number in range(count)]


honest = st.builds(
    dict,
    count=st.integers(0, 25),
    believes=st.sampled_from(BELIEFS),
    default=st.integers(1, 12),
    maximum=st.integers(1, 15),
    total=st.sampled_from(["meta", "count", None]),
    tells_next=st.booleans(),
    tells_more=st.booleans(),
).filter(lambda told: told["believes"] != "cursor" or told["tells_next"])


# Some answers wait for a thread of a busy machine.
@settings(deadline=None)
@given(told=honest, size=st.integers(1, 20), key=st.sampled_from(["id", None]))
def test_an_honest_server_gives_all_rows_in_order(lists, transport, told, size, key):
    count = told.pop("count")
    lists.behaviour = Behaviour(rows(count), **told)
    assert ids(transport, request(size, key)) == in_turn(count)


@settings(deadline=None)
@given(
    told=honest,
    size=st.integers(1, 20),
    lie=st.integers(-3, 3),
    shortest=st.integers(1, 20),
    changes=st.dictionaries(st.integers(0, 12), st.sampled_from(["added", "removed"]), max_size=2),
    ignores=st.booleans(),
)
def test_any_server_gives_all_rows_or_an_error(lists, transport, told, size, lie, shortest, changes, ignores):
    count = told.pop("count")
    told["believes"] = "nothing" if ignores else told["believes"]
    behaviour = Behaviour(rows(count), **told, lie=lie)
    # Without the number of all rows, one that is removed meanwhile takes another with it unseen.
    can_know = behaviour.total is not None and lie == 0

    def change(number):
        if changes.get(number) == "added":
            behaviour.rows.insert(0, {"id": f"new-{number}", "name": ""})
        elif changes.get(number) == "removed" and behaviour.rows:
            del behaviour.rows[0]

    if behaviour.believes == "offset":
        behaviour.shortens = lambda number: shortest + number % 3
    if len(set(changes.values())) < 2 and can_know:
        # One added and one removed behind our back may cancel out: see Listing.
        behaviour.before = change
    lists.behaviour = behaviour
    try:
        found = ids(transport, request(size))
    except SourceResponseError:
        return
    there = [row["id"] for row in behaviour.rows]
    # A total that is too small is the server's word all the same.
    assert found == there or (behaviour.total and lie < 0 and found == there[:lie])


def test_a_row_that_was_added_meanwhile_is_there_once(lists, transport):
    behaviour = Behaviour(rows(45), maximum=10)

    def add(number):
        if number == 1:
            behaviour.rows.insert(0, {"id": "id-new"})

    behaviour.before = add
    lists.behaviour = behaviour
    assert ids(transport, request()) == ["id-new", *in_turn(45)]


def test_a_page_that_always_drifts_is_an_error(lists, transport):
    behaviour = Behaviour(rows(45), maximum=10)
    behaviour.before = lambda number: behaviour.rows.insert(0, {"id": f"id-new-{number}"})
    lists.behaviour = behaviour
    with pytest.raises(
        SourceResponseError, match=r"in 3 tries: \d+ records were promised at first"
    ) as caught:
        ids(transport, request())
    assert caught.value.source == "brainstem"
    assert "/list/" in str(caught.value)


def test_a_row_that_comes_twice_is_named(lists, transport):
    lists.behaviour = Behaviour(rows(5) + rows(1))
    with pytest.raises(SourceResponseError, match="id 'id-0' comes twice"):
        ids(transport, request())


def test_a_total_that_is_not_reached_is_an_error(lists, transport):
    lists.behaviour = Behaviour(rows(45), lie=1)
    with pytest.raises(SourceResponseError, match="45 records have come in 2 pages, and 46 were promised"):
        ids(transport, request())
    assert len(lists.behaviour.requests) < 10


def test_a_server_that_does_not_turn_the_page_is_an_error(lists, transport):
    lists.behaviour = Behaviour(rows(45), believes="nothing", total=None)
    with pytest.raises(SourceResponseError, match="page 2 is page 1 again"):
        ids(transport, request(20))


def test_a_record_without_its_key_is_an_error(lists, transport):
    lists.behaviour = Behaviour([{"name": "a"}])
    with pytest.raises(SourceResponseError, match="has None for its 'id'"):
        ids(transport, request())


def test_a_page_is_never_taken_for_the_last_because_it_is_short(lists, transport):
    lists.behaviour = Behaviour(rows(45), maximum=20, total=None)
    assert ids(transport, request()) == in_turn(45)
    assert [int(query["offset"]) for query in lists.behaviour.requests] == [0, 20, 40, 45]


def test_the_pages_of_one_list_come_at_once(lists, transport):
    lists.behaviour = Behaviour(rows(800), maximum=50, latency=0.1)
    began = time.monotonic()
    assert ids(transport, request()) == in_turn(800)
    # One page, then fifteen: 1.6 s one after the other.
    assert time.monotonic() - began < 1.0
    assert len(lists.behaviour.requests) == 16


def test_limit_and_offset_go_by_the_count_and_ask_for_no_page_too_many(lists, transport):
    lists.behaviour = Behaviour(rows(45), maximum=20, total="count", tells_next=True)
    asked = RestRequest("/list/", LimitOffset(1000, records="sessions"))
    assert ids(transport, asked) == in_turn(45)
    assert sorted(int(query["offset"]) for query in lists.behaviour.requests) == [0, 20, 40]
    assert all(set(query) == {"limit", "offset"} for query in lists.behaviour.requests)


def test_a_server_without_a_count_is_asked_until_it_has_no_more(lists, transport):
    # As a document database behind a gateway, which shortens what is too large.
    lists.behaviour = Behaviour(rows(45), total=None, shortens=lambda number: 7 + number)
    assert ids(transport, RestRequest("/list/", LimitOffset(50, records="sessions"))) == in_turn(45)


def test_parts_of_several_pages_are_united(lists, transport):
    lists.behaviour = Behaviour(rows(45), maximum=10)
    for number in (3, 12):
        parts = tuple((("part", str(part)),) for part in range(number))
        assert ids(transport, replace(request(), parts=parts)) == in_turn(45)
