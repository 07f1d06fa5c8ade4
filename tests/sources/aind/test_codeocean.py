"""Data assets of Code Ocean: all that a search finds, each once, and a token that stays where it belongs."""

from __future__ import annotations

import base64
import json
import threading
import time
from contextlib import closing
from dataclasses import dataclass

import pytest

from sessionframes.errors import AuthenticationError, SourceResponseError, SourceUnavailableError
from sessionframes.sources.aind.access import CodeOceanToken
from sessionframes.sources.aind.codeocean import CodeOcean, judge
from sessionframes.transports.http_errors import StatusError
from sessionframes.transports.rest import RestTransport
from tests.sources.aind.loopback import PASSING, Asked, Loopback, Reply

TOKEN = "cop_open-sesame-1234"
SEARCH = "/api/v1/data_assets/search"


@dataclass
class Assets:
    """Code Ocean, as far as it is asked here."""

    assets: list[dict]
    #: The most of them in one answer.
    cap: int = 1000
    latency: float = 0.0

    def __call__(self, asked: Asked) -> Reply:
        time.sleep(self.latency)
        user = base64.b64decode(asked.headers.get("authorization", "").removeprefix("Basic ")).decode()
        if user != f"{TOKEN}:":
            return Reply({"message": f"the token {user} is not valid"}, status=401)
        if asked.method == "GET":
            key = asked.path.removeprefix("/api/v1/data_assets/")
            found = [asset for asset in self.assets if asset["id"] == key]
            return Reply(found[0]) if found else Reply({"message": "data asset not found"}, status=404)
        assert asked.path == SEARCH
        first = int((asked.json["next_token"] or "token-0").removeprefix("token-"))
        found = [asset for asset in self.assets if is_found(asset, asked.json["query"])]
        if asked.json["sort_field"]:
            found.sort(key=lambda asset: asset[asked.json["sort_field"]])
        end = first + min(self.cap, asked.json["limit"])
        body = {"results": found[first:end], "has_more": end < len(found)}
        return Reply({**body, **({"next_token": f"token-{end}"} if end < len(found) else {})})


def is_found(asset, query):
    field, colon, word = query.rpartition(":")
    word = word.strip('"')
    if not colon:
        return word in asset["name"].split("_") or word == ""
    if field == "subject id":
        return asset.get("custom_metadata", {}).get("subject id") == word
    # By more of a name nothing is found.
    return len(word) <= 20 and asset["name"].startswith(word)


@pytest.fixture
def codeocean(server, waits):
    opened = ocean(server, waits)
    yield opened
    opened.rest.close()


def ocean(server, waits, size=1000, token=TOKEN):
    rest = RestTransport(
        server.url,
        CodeOceanToken(token),
        source="aind",
        timeout=(2, 0.4),
        attempts=3,
        judge=judge,
        sleep=waits.append,
    )
    return CodeOcean(rest, size)


def assets(count, name="ecephys_676909_2023-12-13_13-43-40", **more):
    return [
        {"id": f"{name[-2:]}-{number}", "name": name, "created": number, **more} for number in range(count)
    ]


def ids(found):
    return [asset["id"] for asset in found]


# Searches


def test_a_search_is_sent_as_code_oceans_own_client_sends_it(server, codeocean):
    server.answer = Assets([])
    assert codeocean.search_many(["subject id:676909"])[0] == []
    (asked,) = server.requests
    assert (asked.method, asked.path) == ("POST", SEARCH)
    assert asked.json == {
        "query": "subject id:676909",
        "next_token": None,
        "offset": 0,
        "limit": 1000,
        "sort_field": None,
        "sort_order": None,
        "type": None,
        "ownership": None,
        "origin": None,
        "favorite": False,
        "archived": False,
        "filters": None,
    }
    assert asked.headers["min-server-version"] == "4.0.0"
    assert asked.headers["content-type"] == "application/json"
    assert asked.headers["authorization"] == "Basic " + base64.b64encode(f"{TOKEN}:".encode()).decode()


@pytest.mark.parametrize(
    ("count", "cap", "requests"), [(0, 5, 1), (5, 5, 1), (6, 5, 2), (23, 5, 5), (23, 1000, 3)]
)
def test_all_pages_come_though_the_server_gives_fewer_than_it_is_asked_for(
    server, waits, count, cap, requests
):
    server.answer = Assets(assets(count), cap=cap)
    with closing(ocean(server, waits, size=10).rest) as rest:
        assert ids(CodeOcean(rest, 10).search_many(["676909"])[0]) == [
            f"40-{number}" for number in range(count)
        ]
    assert len(server.requests) == requests
    assert [asked.json["limit"] for asked in server.requests] == [10] * requests


def test_an_asset_that_moved_to_the_next_page_comes_once(server, codeocean):
    pages = {None: (["a", "b"], "1"), "1": (["b", "c", "c"], None)}

    def answer(asked):
        found, token = pages[asked.json["next_token"]]
        return Reply(
            {"results": [{"id": one} for one in found], "has_more": bool(token), "next_token": token}
        )

    server.answer = answer
    assert ids(codeocean.search_many(["x"])[0]) == ["a", "b", "c"]


@pytest.mark.parametrize(
    "turned",
    [
        lambda number: ([f"a{number}"], "same"),
        lambda number: (["a"], f"token-{number}"),
        lambda number: ([], f"token-{number}"),
    ],
    ids=["the token repeats", "the page repeats", "pages without assets"],
)
def test_a_server_that_does_not_turn_the_page_is_an_error(server, codeocean, turned):
    def answer(_):
        found, token = turned(len(server.requests))
        return Reply({"results": [{"id": one} for one in found], "has_more": True, "next_token": token})

    server.answer = answer
    with pytest.raises(SourceResponseError, match="does not turn the page of its search for 'x'"):
        codeocean.search_many(["x"])
    assert len(server.requests) <= 22


def test_a_page_that_is_empty_is_no_end(server, codeocean):
    def answer(_):
        number = len(server.requests)
        found = [{"id": f"a{number}"}] if number in (2, 30) else []
        return Reply({"results": found, "has_more": number < 30, "next_token": f"token-{number}"})

    server.answer = answer
    with pytest.raises(SourceResponseError, match="after 1 data assets"):
        codeocean.search_many(["x"])
    server.requests.clear()
    pages = [[], ["a"], [], [], ["b"]]

    def some(_):
        number = len(server.requests)
        found = [{"id": one} for one in pages[number - 1]]
        return Reply({"results": found, "has_more": number < len(pages), "next_token": f"token-{number}"})

    server.answer = some
    assert ids(codeocean.search_many(["x"])[0]) == ["a", "b"]


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ([], "it has no 'results'"),
        ({"message": "busy"}, "it has no 'results'; it says: busy"),
        ({"results": {}, "has_more": False}, "'results' is an object, not a list"),
        ({"results": []}, "it has None as 'has_more'"),
        ({"results": [], "has_more": True}, "there is more, and None is the 'next_token'"),
        ({"results": [{"name": "a"}], "has_more": False}, "has None for its id"),
        ({"results": [{"id": 7}], "has_more": False}, "has 7 for its id, not text"),
    ],
)
def test_an_answer_of_another_shape_is_an_error(server, codeocean, body, told):
    server.answer = lambda _: Reply(body)
    with pytest.raises(SourceResponseError, match=told) as caught:
        codeocean.search_many(["x"])
    assert caught.value.source == "aind"
    assert SEARCH in str(caught.value)


@pytest.mark.parametrize("fault", PASSING)
def test_a_search_is_tried_again(server, codeocean, waits, fault):
    server.answer = Assets(assets(3))
    server.faults = [PASSING[fault], PASSING[fault]]
    assert len(codeocean.search_many(["676909"])[0]) == 3
    assert [asked.json["query"] for asked in server.requests] == ["676909"] * 3
    if fault == "too many":
        assert all(7 <= wait <= 8 for wait in waits)


def test_what_does_not_pass_is_told(server, codeocean):
    server.answer = lambda _: Reply({"message": "busy"}, status=503)
    with pytest.raises(SourceUnavailableError, match=r"503 .*: busy"):
        codeocean.search_many(["x"])
    assert len(server.requests) == 3
    server.answer = lambda _: Reply({"message": "bad query"}, status=400)
    with pytest.raises(StatusError, match=r"400 .*: bad query\. It was asked for 'a:b'"):
        codeocean.search_many(["a:b"])
    assert len(server.requests) == 4


def test_several_searches_are_asked_at_a_time_and_answered_in_order(server, codeocean):
    server.answer = Assets([one for number in range(32) for one in assets(1, f"x_{number:03}")], latency=0.1)
    began = time.monotonic()
    found = codeocean.search_many([f"{number:03}" for number in range(32)])
    assert [ids(one) for one in found] == [[f"{number:02}-0"] for number in range(32)]
    # One after the other it would take 3.2 s.
    assert time.monotonic() - began < 1.6
    assert codeocean.search_many([]) == []


# Assets by what they are asked for


def test_assets_come_by_their_ids_in_order_and_those_that_are_not_there_are_left_out(server, codeocean):
    server.answer = Assets(assets(20))
    wanted = ["40-7", "40-99", "40-3", "40-7", "../capsules", "", "40-0/files", "40-12"]
    assert ids(codeocean.get(wanted)) == ["40-7", "40-3", "40-12"]
    assert sorted(asked.path.rpartition("/")[2] for asked in server.requests) == [
        "40-12",
        "40-3",
        "40-7",
        "40-99",
    ]
    server.requests.clear()
    assert codeocean.get([]) == []
    assert server.requests == []


def test_another_asset_than_was_asked_for_is_an_error(server, codeocean):
    server.answer = lambda _: Reply({"id": "b"})
    with pytest.raises(SourceResponseError, match="asked for data asset 'a' and sent 'b'"):
        codeocean.get(["a"])
    server.answer = lambda _: Reply([])
    with pytest.raises(SourceResponseError, match="it is no data asset"):
        codeocean.get(["a"])


def test_assets_of_an_animal_are_found_by_metadata_and_by_name_and_come_once(server, codeocean):
    server.answer = Assets(
        [
            {"id": "both", "name": "ecephys_676909_2023", "custom_metadata": {"subject id": "676909"}},
            {"id": "metadata", "name": "odd", "custom_metadata": {"subject id": "676909"}},
            {"id": "name", "name": "behavior_676909_2023"},
            {"id": "other", "name": "ecephys_111111_2023", "custom_metadata": {"subject id": "111111"}},
        ]
    )
    assert sorted(ids(codeocean.of_subjects(["676909", "676909"]))) == ["both", "metadata", "name"]
    assert sorted(asked.json["query"] for asked in server.requests) == ["676909", "subject id:676909"]
    server.requests.clear()
    assert codeocean.of_subjects(['a "b" c:d']) == []
    assert sorted(asked.json["query"] for asked in server.requests) == [
        '"a  b  c:d"',
        'subject id:"a  b  c:d"',
    ]


def test_assets_of_sessions_are_looked_for_by_twenty_characters_each_once(server, codeocean):
    first, second = "ecephys_676909_2023-12-13_13-43-40", "ecephys_676909_2023-12-14_12-43-11"
    server.answer = Assets(
        [
            *assets(1, first),
            *assets(1, f"{first}_sorted_2024-03-01_16-02-45"),
            *assets(1, second),
            *assets(1, "ecephys_676909_2023-12-15_00-00-00"),
        ]
    )
    assert ids(codeocean.named([first, second])) == ["40-0", "45-0", "11-0"]
    assert [asked.json["query"] for asked in server.requests] == ["name:ecephys_676909_2023-"]
    assert ids(codeocean.named([second])) == ["11-0"]
    assert codeocean.named([]) == []
    assert len(server.requests) == 2


def test_for_very_many_sessions_all_assets_are_listed(server, codeocean):
    wanted = [f"ecephys_{number:06}_2023-12-13_13-43-40" for number in range(0, 1000, 2)]
    there = [one for number in range(1000) for one in assets(1, f"ecephys_{number:06}_2023-12-13_13-43-40_x")]
    server.answer = Assets([{**one, "id": f"id-{number}"} for number, one in enumerate(there)], cap=400)
    assert ids(codeocean.named(wanted)) == [f"id-{number}" for number in range(0, 1000, 2)]
    assert len(server.requests) == 3


def test_every_asset_comes_a_page_at_a_time_the_oldest_first(server, waits):
    server.answer = Assets(list(reversed(assets(25))))
    with closing(ocean(server, waits).rest) as rest:
        pages = CodeOcean(rest, 10).every()
        assert server.requests == []
        assert ids(next(pages)) == [f"40-{number}" for number in range(10)]
        assert len(server.requests) == 1
        assert [len(page) for page in pages] == [10, 5]
    assert {(asked.json["sort_field"], asked.json["sort_order"]) for asked in server.requests} == {
        ("created", "asc")
    }


def test_what_would_be_sent_is_told_without_sending_it(server, codeocean):
    search = f"POST {server.url}{SEARCH}"
    session = "ecephys_676909_2023-12-13_13-43-40"
    assert codeocean.render([session], ["676909"]) == [f"{search} name:ecephys_676909_2023-"]
    assert codeocean.render(None, ["7"]) == [f"{search} subject id:7", f"{search} 7"]
    assert codeocean.render(None, None) == [f"{search} all assets"]
    assert codeocean.render(None, []) == []
    assert server.requests == []


# The token


@pytest.mark.parametrize("status", [401, 403])
def test_a_token_that_is_refused_is_told_with_what_works_without(server, waits, status):
    def answer(asked):
        words = f"no: {asked.headers['authorization']} is not {TOKEN}"
        return Reply({"message": words}, status=status)

    server.answer = answer
    with closing(ocean(server, waits).rest) as rest:
        for ask in (lambda: CodeOcean(rest).search_many(["x"])[0], lambda: CodeOcean(rest).get(["a"])):
            with pytest.raises(AuthenticationError) as caught:
                ask()
            text = str(caught.value)
            assert "wrong or has expired" in text
            assert "CODE_OCEAN_API_TOKEN" in text
            assert "Without a token, or with only_docdb=True, DocDB and S3 still tell of sessions" in text
            assert "no: Basic *** is not ***" in text
            assert "sesame" not in text
            assert base64.b64encode(TOKEN.encode()).decode()[:-4] not in text
    assert waits == []
    assert len(server.requests) == 2


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_the_token_goes_to_its_server_and_nowhere_else(server, codeocean, status):
    with Loopback(lambda _: Reply({"results": [], "has_more": False})) as elsewhere:
        goal = elsewhere.url + SEARCH
        server.answer = lambda _: Reply(b"", status=status, headers={"Location": goal})
        for ask in (lambda: codeocean.search_many(["x"])[0], lambda: codeocean.get(["a"])):
            with pytest.raises(SourceResponseError, match=f"has moved to {goal}"):
                ask()
        assert elsewhere.requests == []


def test_the_token_is_in_no_text_of_it(codeocean):
    shown = repr(vars(codeocean)) + repr(vars(codeocean.rest)) + json.dumps(codeocean.render(None, ["7"]))
    assert "sesame" not in shown
    assert base64.b64encode(TOKEN.encode()).decode()[:-4] not in shown


def test_the_first_search_that_fails_ends_the_others(server, codeocean):
    begun = threading.Event()

    def answer(asked):
        if asked.json["query"] == "3":
            return Reply({"message": "no"}, status=400)
        begun.wait(0.2)
        return Reply({"results": [], "has_more": False})

    server.answer = answer
    with pytest.raises(StatusError, match=r"400 .*: no\. It was asked for '3'"):
        codeocean.search_many([str(number) for number in range(200)])
    assert len(server.requests) < 60
