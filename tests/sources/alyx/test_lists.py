"""Lists: every row once, however the server pages."""

from __future__ import annotations

import logging
import threading
from contextlib import closing

import pytest

from sessionframes.errors import AuthenticationError, QueryError, SourceResponseError, SourceUnavailableError
from sessionframes.sources.alyx.slices import id_parts
from sessionframes.transports.http_errors import StatusError
from sessionframes.transports.rest_listing import UnsteadyError
from tests.sources.aind.loopback import Loopback, Reply
from tests.sources.alyx.small_alyx import SmallAlyx, opened, rows


def listed(transport, *args):
    return [record for page in transport.list(*args) for record in page]


def ids(records):
    return sorted(record["id"] for record in records)


@pytest.mark.parametrize(("number", "cap", "requests"), [(0, 1000, 1), (1000, 1000, 1), (1001, 1000, 3)])
def test_what_fits_on_a_page_is_one_request_and_more_is_cut_by_keys(number, cap, requests):
    with SmallAlyx({"sessions": rows(number)}, cap=cap) as server, closing(opened(server)) as transport:
        assert ids(listed(transport, "sessions")) == ids(server.tables["sessions"])
        assert len(server.requests) == requests
        assert all("offset" not in asked.query for asked in server.requests)
        assert all(asked.query["limit"] == "1000" for asked in server.requests)
        assert server.requests[0].query["django"] == "id__isnull,False"


def test_a_list_of_many_rows_is_whole_where_ties_are_given_in_another_order_on_each_page():
    with SmallAlyx({"channels": rows(5000)}) as server, closing(opened(server)) as transport:
        assert ids(listed(transport, "channels")) == ids(server.tables["channels"])
        assert len(server.requests) == 1 + 6


def test_a_server_that_gives_fewer_rows_on_a_page_is_asked_for_smaller_slices():
    with SmallAlyx({"tasks": rows(900)}, cap=50) as server, closing(opened(server)) as transport:
        assert ids(listed(transport, "tasks")) == ids(server.tables["tasks"])


def test_a_server_that_begins_to_shrink_its_pages_half_way_is_cut_again():
    with SmallAlyx({"tasks": rows(3000)}) as server, closing(opened(server)) as transport:
        answer = server.answer

        def shrinking(asked):
            server.cap = 1000 if len(server.requests) < 3 else 120
            return answer(asked)

        server.answer = shrinking
        assert ids(listed(transport, "tasks")) == ids(server.tables["tasks"])


@pytest.mark.parametrize(("cap", "most"), [(100, 120), (180, 60), (250, 45), (500, 25)])
def test_a_server_that_gives_few_rows_in_order_of_their_keys_is_asked_no_oftener_than_need_be(cap, most):
    made = sorted(rows(6000), key=lambda row: row["id"])
    with SmallAlyx({"channels": made}, cap=cap) as server, closing(opened(server)) as transport:
        found = [one for page in transport.list("channels", long=True) for one in page]
        assert ids(found) == ids(made)
        assert len(server.requests) <= most


def test_keys_that_are_not_evenly_spread_are_cut_until_they_fit():
    made = rows(2500)
    for place, row in enumerate(made):
        row["id"] = f"00000000-0000-4000-8000-{place:012x}"
    with SmallAlyx({"tasks": made}) as server, closing(opened(server)) as transport:
        assert ids(listed(transport, "tasks")) == ids(made)
        assert len(server.requests) < 20


def test_a_page_that_lacks_one_row_however_it_is_asked_for_is_an_error():
    with SmallAlyx({"tasks": rows(30)}) as server, closing(opened(server)) as transport:
        answer = server.answer

        def lying(asked):
            reply = answer(asked)
            reply.body["count"] += 1
            return reply

        server.answer = lying
        with pytest.raises(UnsteadyError, match="could not be listed: a page"):
            listed(transport, "tasks")


def test_rows_that_come_or_go_meanwhile_are_no_fault():
    with SmallAlyx({"tasks": rows(3000)}) as server, closing(opened(server)) as transport:
        answer, others = server.answer, rows(40, seed=2)

        def writing(asked):
            if len(server.requests) > 1 and others:
                server.tables["tasks"].append(others.pop())
            return answer(asked)

        server.answer = writing
        found = ids(listed(transport, "tasks"))
    assert len(found) == len(set(found)) >= 3000


def test_a_server_that_promises_more_than_it_has_is_an_error():
    with SmallAlyx({"tasks": rows(3000)}) as server, closing(opened(server)) as transport:
        answer = server.answer

        def lying(asked):
            reply = answer(asked)
            if "gte" not in asked.query["django"] and "lt" not in asked.query["django"]:
                reply.body["count"] += 7
            return reply

        server.answer = lying
        with pytest.raises(UnsteadyError, match="3000 rows have come, and 3007 were promised"):
            listed(transport, "tasks")


def test_a_page_that_lacks_rows_over_and_over_is_an_error():
    def lying(_):
        return Reply({"count": 5, "next": None, "previous": None, "results": []})

    with (
        Loopback(lying) as server,
        closing(opened(server)) as transport,
        pytest.raises(UnsteadyError, match="could not be listed"),
    ):
        listed(transport, "tasks")


def test_a_server_that_ignores_conditions_is_not_taken_for_an_answer():
    made = rows(3000)

    def ignoring(asked):
        limit = int(asked.query["limit"])
        return Reply({"count": 3000, "next": None, "previous": None, "results": made[: min(limit, 1000)]})

    with (
        Loopback(ignoring) as server,
        closing(opened(server)) as transport,
        pytest.raises(SourceResponseError, match="takes no notice of django="),
    ):
        listed(transport, "tasks")


def test_rows_that_a_filter_repeats_come_once():
    made = rows(20)

    def repeating(_):
        return Reply({"count": 25, "next": None, "previous": None, "results": [*made, *made[:5]]})

    with Loopback(repeating) as server, closing(opened(server)) as transport:
        assert ids(listed(transport, "sessions", (("project", "matlab"),))) == ids(made)


def test_many_ids_are_asked_for_in_parts_and_a_row_of_several_parts_comes_once():
    with SmallAlyx({"sessions": rows(250)}) as server, closing(opened(server)) as transport:
        wanted = ids(server.tables["sessions"])[::2]
        parts = id_parts("id", [*wanted, *ids(rows(250, seed=9))])
        assert ids(listed(transport, "sessions", (), (), parts)) == wanted
        assert len(server.requests) == len(parts) == 5
        assert max(len(asked.line) for asked in server.requests) < 4000
        assert ids(listed(transport, "sessions", (), (), (*parts, parts[0]))) == wanted
        assert listed(transport, "sessions", (), (), ()) == []


def test_one_request_at_a_time_reads_all_too():
    with SmallAlyx({"channels": rows(3000)}) as server, closing(opened(server, workers=1)) as transport:
        assert ids(listed(transport, "channels")) == ids(server.tables["channels"])
        assert len(transport.read_many("channels", ids(server.tables["channels"])[:3])) == 3


def test_a_list_that_is_long_for_sure_is_counted_first_and_no_row_asked_for_twice():
    made = rows(5000, kind=lambda place: "ab"[place % 2])
    with SmallAlyx({"channels": made}) as server, closing(opened(server)) as transport:
        parts = (("kind,a",), ("kind,b",), ("kind,c",))
        found = [one for page in transport.list("channels", (), (), parts, long=True) for one in page]
        assert ids(found) == ids(made)
        # Three counts, and three slices of each half.
        assert sorted(asked.query["limit"] for asked in server.requests) == ["1"] * 3 + ["1000"] * 6
        server.tables["channels"] = []
        assert list(transport.list("channels", long=True)) == []


def test_a_hundred_thousand_ids_of_a_table_that_has_few_rows_are_a_few_requests():
    made = rows(1500, session=lambda place: rows(3)[place % 3]["id"])
    with SmallAlyx({"insertions": made}) as server, closing(opened(server)) as transport:
        wanted = ids(made)[::3]
        parts = id_parts("id", [*wanted, *ids(rows(99_500, seed=9))])
        assert ids(listed(transport, "insertions", (), (), parts)) == wanted
        assert len(server.requests) == 4
        of_session = id_parts("session__id", [made[0]["session"], *ids(rows(5000, seed=9))])
        found = listed(transport, "insertions", (), (), of_session)
        assert ids(found) == ids(made[::3])


def test_no_more_requests_are_under_way_than_was_said():
    busy, most, lock, together = 0, 0, threading.Lock(), threading.Barrier(3)
    with SmallAlyx({"channels": rows(6000)}) as server, closing(opened(server, workers=3)) as transport:
        answer = server.answer

        def counting(asked):
            nonlocal busy, most
            with lock:
                busy += 1
                most = max(most, busy)
            if "limit=1000" in asked.line and 2 <= len(server.requests) <= 4:
                together.wait(10)
            reply = answer(asked)
            with lock:
                busy -= 1
            return reply

        server.answer = counting
        assert len(listed(transport, "channels")) == 6000
    assert most == 3


def test_endpoints_without_uuids_are_read_by_offset_and_a_row_that_comes_twice_is_noticed():
    made = [{"id": number, "acronym": f"A{number}", "parent": None} for number in range(2300)]
    with SmallAlyx({"brain-regions": made}) as server, closing(opened(server)) as transport:
        assert list(transport.structures()) == list(range(2300))
        asked = len(server.requests)
        assert transport.structures()[7]["acronym"] == "A7"
        assert len(server.requests) == asked
        assert {one.query["django"] for one in server.requests} == {"id__isnull,False"}
    labs = [{"name": f"lab{number}"} for number in range(2300)]
    with SmallAlyx({"labs": labs}) as server, closing(opened(server)) as transport:
        # Without a condition each page has its own order.
        server.answer = lambda asked: SmallAlyx.answered(server, undistinct(asked))
        with pytest.raises(UnsteadyError, match="comes twice"):
            listed(transport, "labs")


def undistinct(asked):
    from dataclasses import replace

    return replace(asked, query={name: value for name, value in asked.query.items() if name != "django"})


def test_where_the_next_page_is_said_to_be_is_not_followed():
    with SmallAlyx({"sessions": rows(1200)}, cap=250) as server, closing(opened(server)) as transport:
        # Its "next" leads to a host that nobody can reach.
        assert len(listed(transport, "sessions")) == 1200


@pytest.mark.parametrize(
    ("detail", "terms", "blamed"),
    [
        ("Cannot resolve keyword 'nosuch' into field. Choices are: id", ("number,1", "nosuch,2"), "nosuch,2"),
        ("invalid regular expression: parentheses", ("narrative__regex,(", "id,1"), "narrative__regex,("),
        ("Field 'qc' expected a number but got 'PASS'.", ("qc,PASS", "number,1"), "qc,PASS"),
        ("no idea", ("number,1",), "number,1"),
    ],
)
def test_a_mistake_that_the_server_calls_500_is_told_with_its_condition_and_not_asked_again(
    detail, terms, blamed
):
    broken = Reply({"status_code": 500, "detail": detail}, 500, {"Content-Type": "application/json"})
    with Loopback(lambda _: broken) as server, closing(opened(server)) as transport:
        with pytest.raises(StatusError) as caught:
            listed(transport, "sessions", (), terms)
        assert len(server.requests) == 1
    assert caught.value.status == 500
    assert caught.value.hint == f"What Alyx does not like is {blamed}."
    assert detail.rstrip(".") in str(caught.value)


def test_unknown_endpoints_and_filters_are_refused_before_anything_is_sent():
    with SmallAlyx({"sessions": []}) as server, closing(opened(server)) as transport:
        with pytest.raises(QueryError, match="Did you mean 'sessions'"):
            transport.list("session")
        with pytest.raises(QueryError, match="has no filter 'brain_region', and Alyx would answer with all"):
            transport.list("sessions", (("brain_region", "VISp"),))
        assert server.requests == []


@pytest.mark.parametrize(
    "passing",
    [
        Reply({"count": 0}, cut=4),
        Reply({"detail": "Bad gateway"}, status=502),
        Reply(b"<html><title>Back soon</title></html>", headers={"Content-Type": "text/html"}),
        Reply({"detail": "Request was throttled."}, status=429, headers={"Retry-After": "0"}),
    ],
)
def test_what_may_pass_is_asked_again(passing):
    with SmallAlyx({"sessions": rows(3)}) as server, closing(opened(server)) as transport:
        server.faults.append(passing)
        assert len(listed(transport, "sessions")) == 3
        assert len(server.requests) == 2


def test_a_page_in_place_of_json_is_no_answer():
    page = Reply(b"<html><title>OperationalError</title></html>", headers={"Content-Type": "text/html"})
    with Loopback(lambda _: page) as server, closing(opened(server)) as transport:
        with pytest.raises(SourceResponseError, match=r"what is no JSON.*OperationalError"):
            listed(transport, "sessions")
        with pytest.raises(SourceResponseError, match=r"what is no JSON.*OperationalError"):
            transport.change("POST", "channels", [])


def test_a_stalled_answer_ends(server_that_stalls):
    transport = opened(server_that_stalls, timeout=0.2)
    with closing(transport), pytest.raises(SourceUnavailableError):
        listed(transport, "sessions")


@pytest.fixture
def server_that_stalls():
    with Loopback(lambda _: Reply({"count": 0, "results": []}, stall=5)) as server:
        yield server


def test_reads_come_in_their_order_and_those_that_are_gone_are_told(caplog):
    with SmallAlyx({"sessions": rows(30)}) as server, closing(opened(server)) as transport:
        keys = [row["id"] for row in server.tables["sessions"]]
        server.gone = {keys[3], keys[7]}
        with caplog.at_level(logging.WARNING):
            found = transport.read_many("sessions", keys)
        assert [record["id"] for record in found] == [key for key in keys if key not in server.gone]
        assert "2 of 30 sessions are not there any more" in caplog.text


def test_what_this_account_may_not_do_is_no_reason_to_log_in_again():
    refused = Reply({"detail": "You do not have permission to perform this action."}, status=403)
    with Loopback(lambda _: refused) as server, closing(opened(server)) as transport:
        with pytest.raises(AuthenticationError, match="not allowed to do that"):
            transport.change("POST", "labs", {"name": "y"})
        assert len(server.requests) == 1
