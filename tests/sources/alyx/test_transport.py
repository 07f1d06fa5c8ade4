"""The questions that can be put to Alyx, on the demo's server."""

from __future__ import annotations

from collections import Counter
from contextlib import closing

import pytest

from sessionframes import Q
from sessionframes.config import resolve
from sessionframes.demo.alyx.server import AlyxServer
from sessionframes.errors import SourceUnavailableError
from sessionframes.query.where import EVERY
from sessionframes.sources.alyx.access import OPTIONS, transport_of
from sessionframes.sources.alyx.asked import (
    AssetsAsked,
    OthersAsked,
    ProbesAsked,
    SessionsAsked,
    TasksAsked,
    TrajectoriesAsked,
)
from sessionframes.sources.alyx.asked_channels import ChannelsAsked, best_trajectories
from sessionframes.sources.alyx.compiled import Mark, Narrowed, narrowed_where
from sessionframes.sources.alyx.groups import Subjects, key_of, keys_of
from sessionframes.sources.alyx.slices import id_parts
from sessionframes.transports.http_errors import StatusError
from tests.sources.aind.loopback import Reply
from tests.sources.alyx.small_alyx import SmallAlyx, opened, rows
from tests.sources.alyx.test_arguments import where_of

ALIGNED, TRACED, PLANNED = "Ephys aligned histology track", "Histology track", "Planned"


@pytest.fixture(scope="module")
def running():
    with AlyxServer(0.05, examples=True) as server:
        yield server


@pytest.fixture
def server(running):
    running.reset()
    return running


@pytest.fixture
def transport(server, tmp_path):
    given = {"url": server.url, "username": server.username, "password": server.password}
    options = resolve("alyx", OPTIONS, given, environ={})
    with closing(transport_of(options, tmp_path, {})) as found:
        yield found


def narrowed(*terms, params=(), parts=((),), marks=()):
    return Narrowed(params, terms, parts, marks, EVERY, EVERY)


def pages(transport, request):
    return list(transport.fetch(request))


def records(transport, request):
    return [record for page in pages(transport, request) for record in page.records]


def asked(server, path):
    return [seen for seen in server.asked("alyx") if seen.path == path]


@pytest.mark.parametrize(
    ("kind", "endpoint"),
    [
        (ProbesAsked, "insertions"),
        (TrajectoriesAsked, "trajectories"),
        (TasksAsked, "tasks"),
        (AssetsAsked, "datasets"),
    ],
)
def test_a_question_lists_its_endpoint_and_says_so_before(server, transport, kind, endpoint):
    request = kind(narrowed(), ("a",))
    told = transport.render(request)
    assert server.asked("alyx") == []
    assert told.startswith(f"GET {server.url}/{endpoint}?django=id__isnull,False&limit=1000\n")
    found = pages(transport, request)
    assert {page.columns for page in found} == {("a",)}
    key = "url" if endpoint == "datasets" else "id"
    keys = [key_of(record[key]) for page in found for record in page.records]
    assert len(keys) == len(set(keys)) == transport.count(endpoint) > 0


def test_other_endpoints_are_listed_by_their_name(transport):
    assert {record["name"] for record in records(transport, OthersAsked(narrowed(), ("lab_id",), "labs"))}
    assert len(records(transport, OthersAsked(narrowed(), (), "brain-regions"))) > 100


def test_what_no_row_can_fulfil_is_not_asked(server, transport):
    for kind in (SessionsAsked, ChannelsAsked, ProbesAsked):
        mark = Mark("m", "tasks", "session", "session_id")
        assert pages(transport, kind(narrowed(parts=(), marks=(mark,)), ("qc",))) == []
    assert server.asked("alyx") == []


def test_sessions_come_with_their_subjects(server, transport):
    found = pages(transport, SessionsAsked(narrowed(), ("session_id", "subject_id")))
    told = {
        record["nickname"]: record["id"]
        for record in records(transport, OthersAsked(narrowed(), (), "subjects"))
    }
    known = 0
    for page in found:
        for record in page.records:
            subject = page.around["subjects"].of(record["subject"], record["lab"])
            assert subject is None or subject["nickname"] == record["subject"]
            known += subject is not None and subject["id"] in told.values()
    assert known > 10
    assert len(asked(server, "/subjects")) == 2
    server.reset()
    pages(transport, SessionsAsked(narrowed(), ("session_id", "start_time")))
    assert [seen.path for seen in server.asked("alyx")] == ["/sessions"]


def test_the_quality_of_sessions_takes_a_list_for_each_and_of_few_a_read(server, transport):
    reads = {record["id"]: record["qc"] for record in transport.reads("sessions", session_ids(transport))}
    server.reset()
    found = records(transport, SessionsAsked(narrowed(), ("session_id", "qc")))
    assert {record["id"]: record["qc"] for record in found} == reads
    assert len(found) == len(reads)
    assert len(asked(server, "/sessions")) == len(server.asked("alyx")) <= 8
    server.reset()
    few = id_parts("id", sorted(reads)[:3])
    found = records(transport, SessionsAsked(narrowed(parts=few), ("session_id", "qc")))
    assert {record["id"]: record["qc"] for record in found} == {key: reads[key] for key in sorted(reads)[:3]}
    assert len(server.asked("alyx")) == 5


def session_ids(transport):
    return [record["id"] for page in transport.list("sessions") for record in page]


def test_a_session_whose_quality_changes_meanwhile_is_not_lost():
    made = rows(12, qc=lambda place: [0, 10, 30, 40, 50][place % 5])
    with SmallAlyx({"sessions": made}) as small, closing(opened(small)) as transport:
        answer = small.answer

        def changing(one):
            # From a list that is still to come to one that has been.
            if "[10, 10]" in one.query.get("django", ""):
                made[4]["qc"] = 0
            return answer(one)

        small.answer = changing
        found = records(transport, SessionsAsked(narrowed(), ("session_id", "qc")))
    assert sorted(record["id"] for record in found) == sorted(record["id"] for record in made)


def test_what_only_reads_show_takes_a_read_for_each_session_and_is_told_before(server, transport):
    request = SessionsAsked(narrowed(), ("session_id", "extended_qc", "n_trials"))
    assert "then one read for each session found, for extended_qc, n_trials" in transport.render(request)
    found = records(transport, request)
    assert all("extended_qc" in record and record["id"] for record in found)
    paths = [seen.path for seen in server.asked("alyx")]
    assert paths[:2] == ["/auth-token", "/sessions"]
    assert sorted(paths[2:]) == sorted(f"/sessions/{record['id']}" for record in found)


def test_a_mark_tells_the_keys_of_its_rows(transport):
    mark = Mark("errored", "tasks", "session", "session_id", (), (("status,40",),))
    wanted = {
        record["session"]
        for page in transport.list("tasks")
        for record in page
        if record["status"] == "Errored"
    }
    assert wanted
    page = pages(transport, SessionsAsked(narrowed(marks=(mark,)), ("session_id",)))[0]
    assert page.marks["errored"] == wanted
    page = pages(transport, ProbesAsked(narrowed(marks=(mark,)), ("probe_id",)))[0]
    assert page.marks["errored"] == {one["id"] for one in page.records if one["session"] in wanted}
    page = pages(transport, TrajectoriesAsked(narrowed(marks=(mark,)), ("trajectory_id",)))[0]
    assert page.marks["errored"] == {
        one["id"] for one in page.records if (one["session"] or {}).get("id") in wanted
    }


def expected_channels(transport):
    """The channels of the best trajectory of each insertion, found in the plainest way."""
    channels = [record for page in transport.list("channels") for record in page]
    having = {record["trajectory_estimate"] for record in channels}
    best = {}
    for record in (record for page in transport.list("trajectories") for record in page):
        rank = {ALIGNED: 2, TRACED: 1}.get(record["provenance"], 0)
        if rank and record["probe_insertion"] and record["id"] in having:
            best[record["probe_insertion"]] = max(
                best.get(record["probe_insertion"], (0, "")), (rank, record["id"])
            )
    chosen = {trajectory: probe for probe, (_, trajectory) in best.items()}
    return {
        one["id"]: chosen[one["trajectory_estimate"]]
        for one in channels
        if one["trajectory_estimate"] in chosen
    }


def test_channels_are_those_of_the_best_trajectory_of_each_insertion(transport):
    expected = expected_channels(transport)
    found = pages(transport, ChannelsAsked(narrowed(), ("channel_id", "probe_id", "structure_acronym")))
    got = {}
    for page in found:
        for record in page.records:
            trajectory = page.around["trajectories"][record["trajectory_estimate"]]
            got[record["id"]] = trajectory["probe_insertion"]
            assert record["brain_region"] is None or record["brain_region"] in page.around["structures"]
    assert got == expected
    assert sum(len(page.records) for page in found) == len(expected) > 5000
    # The demo has insertions of each kind: aligned, traced only, and aligned without channels.
    kinds = Counter(
        page.around["trajectories"][record["trajectory_estimate"]]["provenance"]
        for page in found
        for record in page.records
    )
    assert {*kinds} == {ALIGNED, TRACED}


def test_channels_by_probe_or_by_id_ask_for_no_other_trajectories(transport):
    expected = expected_channels(transport)
    for probe in sorted({*expected.values()})[:6]:
        mine = {channel for channel, owner in expected.items() if owner == probe}
        some = sorted(mine)[:50]
        for terms, parts, wanted in (
            ((f"trajectory_estimate__probe_insertion__id,{probe}",), ((),), mine),
            ((), id_parts("id", some), {*some}),
            ((f"id,{some[0]}",), ((),), {some[0]}),
        ):
            found = pages(
                transport, ChannelsAsked(narrowed(*terms, parts=parts), ("channel_id", "local_index"))
            )
            assert {record["id"] for page in found for record in page.records} == wanted
            around = found[0].around
            assert {one["probe_insertion"] for one in around["trajectories"].values()} == {probe}
            assert list(around["models"]) == [probe]


def test_an_aligned_trajectory_without_channels_gives_way_to_the_traced_one():
    told = [
        ("a", ALIGNED, "p"),
        ("b", TRACED, "p"),
        ("c", PLANNED, "p"),
        ("d", TRACED, "q"),
        ("e", ALIGNED, None),
    ]
    found = [{"id": key, "provenance": kind, "probe_insertion": probe} for key, kind, probe in told]
    assert best_trajectories(found, set()) == ({"a", "d"}, [])
    assert best_trajectories(found, {"a"}) == ({"b", "d"}, ["b"])
    assert best_trajectories(found, {"a", "b"}) == ({"d"}, [])


def dividing(small):
    """Make a server fail as one does that has a session without trials."""
    broken = Reply({"status_code": 500, "detail": "division by zero\n"}, 500)
    answer = small.answer
    small.answer = lambda one: broken if "performance_gte" in one.query else answer(one)


def test_a_session_without_trials_that_makes_the_server_divide_by_zero_loses_no_row():
    made = rows(5, n_trials=lambda place: [7, 0, None, 9, 1][place])
    with SmallAlyx({"sessions": made}) as small, closing(opened(small)) as transport:
        dividing(small)
        asked = narrowed_where(where_of("sessions", performance_gte=70.5), "sessions", "sessions")
        found = records(transport, SessionsAsked(asked, ("session_id",)))
        # Those without trials have no performance, and need not be read to know that.
        assert sorted(one["n_trials"] for one in found) == [1, 7, 9]


def test_what_only_the_server_can_tell_of_performance_is_not_left_out():
    with SmallAlyx({"sessions": rows(5, n_trials=3)}) as small, closing(opened(small)) as transport:
        dividing(small)
        for params in ((("performance_gte", "70"),), (("performance_gte", "70"), ("lab", "x"))):
            request = SessionsAsked(narrowed(params=params), ("session_id",))
            with pytest.raises(StatusError, match="performance_gte="):
                records(transport, request)


@pytest.mark.parametrize(
    "where", [Q(named__performance_gte="50"), Q(named__performance_gte="50") | Q(number=1)], ids=str
)
def test_a_filter_of_the_server_on_performance_never_lets_all_rows_through(db, where):
    with pytest.raises(StatusError, match="division by zero"):
        db.get_sessions(where=where)


def test_the_rest_of_the_rows_is_left_to_us_where_the_server_divides_by_zero(db, alyx):
    found = db.get_sessions(performance_gte=50, columns=["performance", "n_trials"])
    reads = [one.path for one in alyx.requests if one.path.startswith("/sessions/")]
    whole = db.get_sessions(columns=["performance", "n_trials"])
    assert set(found.index) == set(whole.index[(whole["performance"] >= 50).fillna(False)])
    assert len(reads) == (whole["n_trials"] > 0).sum() < len(whole)


def test_of_two_subjects_of_one_name_the_lab_decides():
    known = Subjects(
        [
            {"nickname": "A", "lab": "x", "id": 1},
            {"nickname": "A", "lab": "y", "id": 2},
            {"nickname": "B", "lab": "x", "id": 3},
        ]
    )
    assert known.of("A", "y")["id"] == 2
    assert known.of("A", "z") is None
    assert known.of("A", None) is None
    assert known.of("B", None)["id"] == 3
    assert known.of(None, "x") is None


def test_keys_are_read_out_of_whatever_holds_them():
    assert keys_of(["a", "http://h/datasets/b", {"id": "c"}, None, ""]) == ["a", "b", "c"]
    assert keys_of(None) == []


def test_a_token_that_was_revoked_is_fetched_anew(server, transport):
    assert session_ids(transport)
    server.revoke()
    assert session_ids(transport)
    assert len(asked(server, "/auth-token")) == 2


def test_lists_are_whole_where_the_server_has_few_rows_on_a_page(server, transport):
    def keys(parts=((),)):
        return sorted(
            key_of(one["url"]) for page in transport.list("datasets", (), (), parts) for one in page
        )

    whole = keys()
    server.api.page_cap = 40
    assert keys() == whole
    assert keys(id_parts("id", whole[:200])) == whole[:200]


def test_what_is_closed_says_so(server, transport):
    with transport.consistent() as view:
        assert view is transport
    transport.close()
    transport.close()
    with pytest.raises(SourceUnavailableError, match="has been closed"):
        session_ids(transport)
    assert server.asked("alyx") == []


@pytest.mark.parametrize(
    ("table", "given", "said"),
    [
        ("sessions", {"performance_gte": 50}, "at least 1, and one for each session found, "),
        ("sessions", {"columns": "all"}, "one for each session found, some for their subjects, "),
        ("sessions", {"columns": ["qc"]}, "at least 1, and 6 by quality, "),
        ("probes", {"columns": ["probe_name"], "model": "x"}, "at least 1, and 1 for other values, "),
        ("units", {}, "at least 1, and some for each 80 insertions found, "),
        ("channels", {"from_files": True}, "some for each insertion without channels"),
        ("subjects", {}, "at least 1, and one for each 900 rows or so behind the first 1,000"),
    ],
)
def test_an_explanation_does_not_promise_fewer_requests_than_there_will_be(db, alyx, table, given, said):
    assert said in dict(db.explain(table, **given).facts())["requests"]
    assert alyx.requests == []
