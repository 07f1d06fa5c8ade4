"""What a REST server does wrong, and what is said of it."""

from __future__ import annotations

import json
import pickle
import signal
import threading
import time
from contextlib import closing
from urllib.parse import parse_qsl

import pytest
import requests
from requests.auth import AuthBase

from sessionframes.errors import (
    AuthenticationError,
    SourceError,
    SourceResponseError,
    SourceUnavailableError,
)
from sessionframes.transports.http_errors import StatusError, raise_for_status
from sessionframes.transports.rest import RestTransport
from sessionframes.transports.rest_request import (
    LimitOffset,
    LimitOrPage,
    OneRecord,
    RestRequest,
    in_parts,
    joined,
    repeated,
)
from sessionframes.transports.words import said
from tests.fault_server import Fault

SESSIONS = LimitOrPage(["sessions"])
ONE = {"sessions": [{"id": "a"}], "meta": {"total_results": 1}}


class Bearer(AuthBase):
    def __call__(self, request):
        request.headers["Authorization"] = "Bearer open-sesame"
        return request


@pytest.fixture
def rest(server, waits):
    opened = RestTransport(
        server.url, Bearer(), source="brainstem", timeout=(2, 0.3), attempts=3, sleep=waits.append
    )
    yield opened
    opened.close()


def ask(rest, path="/s/", paging=SESSIONS, **options):
    return [record for page in rest.fetch(RestRequest(path, paging, **options)) for record in page.records]


def body(value):
    return json.dumps(value).encode()


# What is sent


def test_a_request_is_sent_as_it_is_rendered(server, rest):
    server.serve("/api/s/", body(ONE))
    request = RestRequest(
        "api/s/", SESSIONS, (("filter{name.icontains}", "rät & 7%"), ("sort[]", "a"), ("sort[]", "-b"))
    )
    query = (
        "filter{name.icontains}=rät%20%26%207%25&sort[]=a&sort[]=-b&limit=100&offset=0&per_page=100&page=1"
    )
    assert rest.render(request) == f"GET {server.url}/api/s/?{query}"
    assert server.requests == []
    assert [page.total for page in rest.fetch(request)] == [1]
    seen = server.requests[0]
    assert seen.path == "/api/s/"
    assert parse_qsl(seen.query)[:3] == list(request.params)
    assert seen.headers["accept"] == "application/json"
    assert seen.headers["authorization"] == "Bearer open-sesame"


def test_nothing_secret_is_rendered(rest):
    asked = RestRequest("/s/", SESSIONS, (("token", "hush"), ("name", "a")))
    assert "hush" not in rest.render(asked)
    assert "name=a" in rest.render(asked)
    with closing(RestTransport("http://me:hush@host/api", source="lab")) as other:
        assert other.address == "http://host/api"
        assert "hush" not in other.render(asked)


def test_many_values_are_asked_for_in_parts(server, rest):
    values = [f"{number:036}" for number in range(250)]
    parts = in_parts([*values, values[0]], repeated("filter{id.in}"))
    assert [value for part in parts for _, value in part] == values
    assert all(len(part) <= 100 for part in parts)
    assert all(sum(len(name) + 4 + len(value) + 2 for name, value in part) < 3600 for part in parts)
    assert in_parts([], repeated("a")) == ()
    assert in_parts(["x" * 9000, "y"], joined("a")) == ((("a", "x" * 9000),), (("a", "y"),))
    server.serve("/s/", body(ONE))
    request = RestRequest("/s/", SESSIONS, parts=parts)
    assert len(rest.render(request).splitlines()) == len(parts)
    # A record that several parts find is there once.
    assert ask(rest, parts=parts) == [{"id": "a"}]
    assert (
        sorted(value for seen in server.requests for name, value in parse_qsl(seen.query) if "id" in name)
        == values
    )
    assert ask(rest, parts=()) == []


def test_many_parts_are_asked_for_at_once(server, rest):
    slow = threading.Event()

    def wait(seen):
        if "part=0" in seen.query:
            slow.wait(5)
        if "part=7" in seen.query:
            slow.set()

    server.serve("/s/", body({"sessions": [{"id": "same"}], "count": 1}), always=Fault(before=wait))
    parts = tuple((("part", str(number)),) for number in range(30))
    # It would take 5 s if the second waited for the first.
    began = time.monotonic()
    assert ask(rest, parts=parts) == [{"id": "same"}]
    assert time.monotonic() - began < 4
    assert len(server.requests) == 30


# What comes back


@pytest.mark.parametrize(
    ("paging", "answer", "records"),
    [
        (SESSIONS, {"projects": [{"id": 9}], "sessions": [{"id": 1}], "meta": {}, "count": 1}, [{"id": 1}]),
        (
            LimitOrPage(["data_acquisitions"]),
            {"Data Acquisitions": [{"id": 1}], "x": [], "count": 1},
            [{"id": 1}],
        ),
        (SESSIONS, {"session_list": [{"id": 1}], "meta": {"total_results": 1}}, [{"id": 1}]),
        (LimitOffset(10), {"count": 1, "next": None, "previous": None, "results": [{"id": 1}]}, [{"id": 1}]),
        (OneRecord(["session"]), {"projects": [], "session": {"id": 1}}, [{"id": 1}]),
        (OneRecord(), {"id": 1, "name": "a"}, [{"id": 1, "name": "a"}]),
    ],
)
def test_records_are_found_in_their_envelope(server, rest, paging, answer, records):
    server.serve("/s/", body(answer))
    assert ask(rest, paging=paging) == records
    assert len(server.requests) == 1


def test_what_comes_along_is_kept_apart(server, rest):
    server.serve("/s/", body({"projects": [{"id": "p"}], **ONE}))
    assert [page.beside for page in rest.fetch(RestRequest("/s/", SESSIONS))] == [{"projects": [{"id": "p"}]}]


@pytest.mark.parametrize(
    ("paging", "answer", "told"),
    [
        (SESSIONS, {"a": [], "b": []}, r"it holds 'a', 'b', but not 'sessions'"),
        (
            SESSIONS,
            {"detail": "Not today."},
            r"'detail' is 'Not today\.', not a list of records; it says: Not today",
        ),
        (SESSIONS, {"sessions": {"id": 1}}, "'sessions' is an object"),
        (SESSIONS, {"sessions": [{"id": 1}, 7]}, "a list with 7 in it"),
        (SESSIONS, "maintenance", "it is 'maintenance', not an object; it says: maintenance"),
        (LimitOffset(10), {"items": []}, "it holds 'items', but not 'results'"),
        (OneRecord(["session"]), {"session": []}, "'session' holds a list, not a record"),
    ],
)
def test_an_answer_of_another_shape_is_an_error(server, rest, paging, answer, told):
    server.serve("/s/", body(answer))
    with pytest.raises(SourceResponseError, match=told) as caught:
        ask(rest, paging=paging)
    assert caught.value.source == "brainstem"
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "fault",
    [
        Fault(cut=10),
        Fault(cut=10, lengthless=True),
        Fault(cut=10, chunked=True),
        Fault(stall=10),
        Fault(silent=True),
        Fault(status=500, page=b"<html><title>Oops</title></html>"),
        Fault(status=200, page=b"<html><title>Back soon</title></html>"),
        Fault(status=429, headers={"Retry-After": "7"}, page=b'{"detail": "Slow down."}'),
        Fault(status=200, page=b'{"sessions": [{"id": NaN}]}'),
    ],
)
def test_what_may_pass_is_asked_for_again(server, rest, waits, fault):
    server.serve("/s/", body(ONE), faults=[fault, fault])
    assert ask(rest) == [{"id": "a"}]
    assert len(server.requests) == 3
    assert len(waits) == 2
    if fault.status == 429:
        assert all(7 <= wait <= 8 for wait in waits)


@pytest.mark.parametrize(
    ("fault", "kind", "told"),
    [
        (
            Fault(status=500, page=b"<title>Server\n Error</title>"),
            SourceUnavailableError,
            "500.*: Server Error",
        ),
        (
            Fault(status=200, page=b"<html><title>Sign in</title>"),
            SourceResponseError,
            "no JSON.*says: Sign in",
        ),
        (Fault(status=200, page=b'{"sessions": ['), SourceResponseError, "no JSON"),
        (Fault(status=429, page=b'{"detail": "Slow down."}'), SourceUnavailableError, "429.*: Slow down"),
        (Fault(cut=10), SourceUnavailableError, "could not be read"),
    ],
)
def test_what_does_not_pass_is_told(server, rest, fault, kind, told):
    server.serve("/s/", body(ONE), always=fault)
    with pytest.raises(kind, match=told) as caught:
        ask(rest)
    assert caught.value.source == "brainstem"
    assert len(server.requests) == 3
    assert "open-sesame" not in str(caught.value)
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


@pytest.mark.parametrize(
    ("status", "answer", "kind", "words"),
    [
        (400, {"name": ["This field is required."]}, StatusError, "name: This field is required"),
        (400, {"detail": "'projects' value must be a list"}, StatusError, "'projects' value must be a list"),
        (400, ["Invalid filter field: nope"], StatusError, "Invalid filter field: nope"),
        (401, {"detail": "Invalid token."}, AuthenticationError, "Invalid token"),
        (403, {"detail": "Not yours.", "status_code": 403}, AuthenticationError, "Not yours"),
        (404, {"detail": "Not found."}, StatusError, "Not found"),
        (405, {"detail": 'Method "GET" not allowed.'}, StatusError, 'Method "GET" not allowed'),
        (409, "Name taken.", StatusError, "Name taken"),
    ],
)
def test_a_refusal_is_told_in_the_servers_words_and_not_tried_again(
    server, rest, status, answer, kind, words
):
    server.serve("/s/", always=Fault(status=status, page=body(answer)))
    with pytest.raises(kind) as caught:
        ask(rest)
    assert f" answered {status} " in str(caught.value)
    assert f": {words}." in str(caught.value)
    assert len(server.requests) == 1
    assert getattr(caught.value, "status", status) == status


def test_a_source_may_judge_answers_itself(server, waits):
    def judge(answer):
        # On some servers a mistake in the question is a 500.
        if answer.status_code == 500:
            raise SourceResponseError(said(answer.content))
        raise_for_status(answer)

    server.serve("/s/", always=Fault(status=500, page=body({"status_code": 500, "detail": "no field x"})))
    with (
        closing(RestTransport(server.url, source="alyx", judge=judge, sleep=waits.append)) as rest,
        pytest.raises(SourceResponseError, match="alyx: no field x"),
    ):
        ask(rest)
    assert len(server.requests) == 1


# Where the token goes


def paged(following):
    return body({"sessions": [{"id": "a"}], "next": following})


def test_the_next_page_on_another_server_is_not_asked_for(server, elsewhere, rest):
    server.serve("/s/", paged(elsewhere.serve("/s/", body(ONE))))
    with pytest.raises(SourceResponseError, match="on another server: not followed"):
        ask(rest)
    assert elsewhere.requests == []
    assert len(server.requests) == 1


def test_a_redirect_is_followed_at_home_and_never_to_another_server(server, elsewhere, rest):
    server.serve("/moved/", body(ONE))
    server.serve("/s/", always=Fault(status=302, headers={"Location": "/moved/"}))
    assert ask(rest) == [{"id": "a"}]
    for status in (301, 302, 303, 307, 308):
        target = elsewhere.serve("/s/", body(ONE))
        server.serve("/s/", always=Fault(status=status, headers={"Location": target}))
        with pytest.raises(SourceResponseError, match=f"has moved to {target}"):
            ask(rest)
    assert elsewhere.requests == []


@pytest.mark.parametrize(
    ("here", "there", "is_home"),
    [
        ("http://a.org/x", "https://a.org/x", True),
        ("https://a.org/x", "https://a.org:443/y", True),
        ("https://a.org/x", "http://a.org/x", False),
        ("http://a.org:8000/x", "https://a.org/x", False),
        ("http://a.org/x", "https://a.org:99999/x", False),
        ("https://a.org/x", "https://www.a.org/x", False),
    ],
)
def test_home_is_the_same_server_or_the_same_encrypted(here, there, is_home):
    answer = requests.Response()
    answer.url, answer.status_code, answer.headers["Location"] = here, 302, there
    client = RestTransport(here, source="test").client
    assert (client._session().get_redirect_target(answer) == there) is is_home


def test_the_next_page_is_followed_at_home(server, rest):
    server.serve("/s/", paged("/more/?cursor=x"))
    server.serve("/more/", body({"sessions": [{"id": "b"}], "next": None}))
    assert ask(rest) == [{"id": "a"}, {"id": "b"}]
    assert server.requests[1].query == "cursor=x"


def test_a_proxy_that_does_the_encryption_is_home():
    # Not sent: what is asked is where it would go.
    from sessionframes.transports.rest import _List

    request = RestRequest("/s/", SESSIONS)
    with closing(RestTransport("https://lab.org/api", source="lab")) as rest:
        reader = _List(rest, request, ())
        assert reader._following("http://lab.org/s/?page=2") == "https://lab.org/s/?page=2"
        assert reader._following("?page=2") == "https://lab.org/s/?page=2"
        for other in (
            "http://lab.org:8080/s/",
            "https://lab.org.evil/s/",
            "//evil.org/s/",
            "ftp://lab.org/s/",
        ):
            with pytest.raises(SourceResponseError, match="not followed"):
                reader._following(other)


def test_pages_that_lead_in_a_circle_are_an_error(server, rest):
    server.serve("/s/", paged("/more/"))
    server.serve("/more/", body({"sessions": [{"id": "b"}], "next": "/s/"}))
    with pytest.raises(SourceResponseError, match="id 'a' comes twice"):
        ask(rest)


# Ends


def test_an_error_on_one_page_ends_the_others(server, rest):
    listed = body({"sessions": [{"id": "a"}, {"id": "b"}, {"id": "c"}], "count": 300})
    server.serve("/s/", listed, faults=[Fault()], always=Fault(status=403, page=b'{"detail": "No more."}'))
    with pytest.raises(AuthenticationError, match="No more"):
        ask(rest)
    assert 1 < len(server.requests) < 30


@pytest.mark.usefixtures("interruptible")
def test_an_interrupt_ends_all_at_once(server):
    listed = body({"sessions": [{"id": "a"}], "count": 50})
    asked = threading.Semaphore(0)
    server.serve("/s/", listed, faults=[Fault()], always=Fault(silent=True, before=lambda _: asked.release()))
    rest = RestTransport(server.url, source="lab", timeout=(2, 30))

    def interrupt():
        for _ in range(8):
            asked.acquire(timeout=5)
        signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)

    began = time.monotonic()
    threading.Thread(target=interrupt, daemon=True).start()
    with pytest.raises(KeyboardInterrupt):
        ask(rest)
    assert time.monotonic() - began < 15
    rest.close()


def test_a_closed_transport_says_so(server, rest):
    rest.close()
    with pytest.raises(SourceUnavailableError, match="has been closed"):
        ask(rest)
    assert server.requests == []


def test_it_is_its_own_consistent_view(rest):
    with rest.consistent() as view:
        assert view is rest


def test_every_error_is_a_source_error():
    assert issubclass(StatusError, SourceError)
    assert pickle.loads(pickle.dumps(StatusError("no", status=409, source="lab"))).status == 409
