"""The demo's Code Ocean searches, pages and refuses as far as that is documented or was observed."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
import requests

from sessionframes.demo.aind import AindServer
from tests.demo.aind_asking import OWN_BUCKET, RECORDED, SESSION, SORTED, Asker, many_assets, recorded_files

RAW = "16d46411-540a-4122-b47f-8cb2a15d593a"
OF_THE_11TH, OF_THE_14TH = (f"b0000000-0000-4000-8000-00000000000{number}" for number in (2, 3))
OTHER = {
    "id": "other",
    "created": 5,
    "name": "Other things",
    "type": "combined",
    "state": "ready",
    "size": 7,
    "tags": ["RAW", "two words"],
    "description": "of subject 123456",
    "provenance": {"commit": "A1B2", "run_script": "code/run", "capsule": "c"},
    "contained_data_assets": [{"id": RAW, "mount": "x"}],
    "custom_metadata": {
        "data level": "derived",
        "data level of": "raw data",
        "subject id": "777777",
        "age": 12,
    },
    "_ownership": "created",
    "_favorite": True,
}
ARCHIVED = {"id": "archived", "created": 6, "name": "archived", "type": "dataset", "_archived": True}
ASSETS = [*RECORDED["assets"], OTHER, ARCHIVED]


@pytest.fixture(scope="module")
def ask():
    files = recorded_files() | {f"{OWN_BUCKET}/other/a b#/c.txt": b"content"}
    with AindServer(assets=ASSETS, files=files) as server:
        yield Asker(server)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("subject id:676909", [RAW]),
        ("subject id: 676909", [RAW]),
        ("subject id:676909 subject id:777777", [RAW, "other"]),
        ("subject id:777777 tag:raw", ["other"]),
        ("subject id:777777 tag:behavior", []),
        ("subject id:67690", []),
        ("SUBJECT ID:777777", ["other"]),
        ('data level:"raw data"', [RAW]),
        ("data level of:raw", []),
        ('data level of:"raw data"', ["other"]),
        ("123456", ["other"]),
        ("777777", []),
        ("tag:sorted", list(SORTED)),
        ("tag:sort", []),
        ('tag:"two words"', ["other"]),
        ("name:sorted", list(SORTED)),
        ("name:SORTED name:other", [*SORTED, "other"]),
        ('name:"other things"', ["other"]),
        ('"other things"', ["other"]),
        ("run_script:code/run commit_id:a1b2", ["other"]),
        ("commit_id:a1", []),
        (f"contained_data_id:{RAW}", ["other"]),
        ("name:other*", []),
        ("unknown:other", []),
        (f"name:{SESSION[:20]}", [OF_THE_11TH, RAW, OF_THE_14TH, *SORTED]),
        (f"name:{SESSION[:21]}", []),
        (SESSION, []),
    ],
)
def test_queries(ask, query, found):
    assert ask.ids(query=query) == found


def test_all_is_found_without_a_query_but_what_is_archived(ask):
    every = [asset["id"] for asset in ASSETS if asset is not ARCHIVED]
    assert ask.ids() == ask.ids(query="") == ask.ids(query=None, archived=False) == every
    assert ask.ids(archived=True) == ["archived"]


@pytest.mark.parametrize(
    ("told", "found"),
    [
        ({"type": "combined"}, ["other"]),
        ({"ownership": "created"}, ["other"]),
        ({"favorite": True}, ["other"]),
        ({"origin": "internal"}, ["other"]),
        ({"filters": [{"key": "tags", "value": "sorted"}]}, list(SORTED)),
        ({"filters": [{"key": "age", "range": {"min": 10, "max": 12}}]}, ["other"]),
        ({"filters": [{"key": "age", "range": {"min": 13, "max": 20}}]}, []),
        (
            {
                "filters": [
                    {"key": "subject id", "values": ["676909", "777777"]},
                    {"key": "data level", "value": "raw data", "exclude": True},
                ]
            },
            ["other"],
        ),
    ],
)
def test_other_ways_to_narrow_a_search(ask, told, found):
    assert ask.ids(**told) == found


def test_the_order_is_what_is_asked_for(ask):
    assert ask.ids(sort_field="created", sort_order="asc")[0] == "other"
    assert ask.ids(sort_field="created", sort_order="desc")[-1] == "other"
    names = [asset["name"] for asset in ask.search(sort_field="name", sort_order="desc")["results"]]
    assert names == sorted(names, reverse=True)


def test_tokens_lead_through_all_pages_and_belong_to_one_search():
    with AindServer(assets=many_assets(250), page_limit=40) as server:
        ask = Asker(server)
        ids, body = [], {"query": "555555", "limit": 100, "offset": 0}
        while True:
            told = ask.search(**body)
            ids += [asset["id"] for asset in told["results"]]
            assert told["has_more"] == ("next_token" in told)
            if not told["has_more"]:
                break
            body["next_token"] = told["next_token"]
        assert ids == [asset["id"] for asset in many_assets(250)]
        assert [len(seen.body) for seen in server.asked("codeocean")] == [3, *[4] * 6]
        token = ask.search(query="555555")["next_token"]
        assert ask.search(query="5555", next_token=token) == (400, "invalid next_token")
        assert ask.search(query="555555", next_token="x") == (400, "invalid next_token")


def test_limits(ask):
    with AindServer(assets=many_assets(1200)) as server:
        many = Asker(server)
        assert len(many.ids()) == 100
        assert len(many.ids(limit=1000)) == 1000
        assert len(many.ids(offset=1150)) == 50
        assert many.ids(offset=2000) == []
    for limit in (0, 1001, "5", True, -1):
        assert ask.search(limit=limit)[0] == 400


@pytest.mark.parametrize(
    "told",
    [
        {"sort_field": "created"},
        {"sort_order": "asc"},
        {"sort_field": "last_used", "sort_order": "asc"},
        {"type": "capsule"},
        {"origin": "aws"},
        {"query": 676909},
        {"filters": [{"value": "x"}]},
        {"filters": [{"key": "tags"}]},
        {"offset": "1"},
    ],
)
def test_what_there_is_not_is_refused(ask, told):
    assert ask.search(**told)[0] == 400


def test_bodies_that_are_no_json_objects_are_refused(ask):
    for body in (b"{", b"[]"):
        answer = ask("codeocean", "POST", "api/v1/data_assets/search", data=body)
        assert (answer.status_code, answer.json()) == (400, {"message": "invalid request body"})


def test_single_assets_are_told_without_what_is_ours(ask):
    told = ask("codeocean", "GET", "api/v1/data_assets/other").json()
    assert told == {name: value for name, value in OTHER.items() if name[0] != "_"}
    assert ask("codeocean", "GET", "api/v1/data_assets/archived").ok
    answer = ask("codeocean", "GET", "api/v1/data_assets/nobody")
    assert (answer.status_code, answer.json()) == (404, {"message": "data asset not found"})


@pytest.mark.parametrize(
    ("auth", "status", "message"),
    [
        (None, 401, "unauthorized"),
        (("nobody", ""), 401, "unauthorized"),
        (("", ""), 401, "unauthorized"),
        (("expired", ""), 401, "unauthorized"),
        (("unscoped", ""), 403, "forbidden"),
    ],
)
def test_bad_tokens_are_refused(ask, auth, status, message):
    if auth is not None:
        auth = (ask.server.tokens.get(auth[0], auth[0]), auth[1])
    answer = ask("codeocean", "GET", "api/v1/data_assets/other", auth=auth)
    assert (answer.status_code, answer.json()) == (status, {"message": message})


def test_a_token_is_the_user_name_of_basic_authentication(ask):
    for header in (f"Bearer {ask.server.token}", f"Basic {ask.server.token}", "Basic é".encode("latin-1")):
        url = f"{ask.server.codeocean_url}/api/v1/data_assets/other"
        assert requests.get(url, headers={"Authorization": header}, timeout=10).status_code == 401
    assert (
        ask("codeocean", "GET", "api/v1/data_assets/other", auth=(ask.server.token, "x")).status_code == 401
    )


def test_clients_of_later_servers_are_told(ask):
    for least, status in (("4.0.0", 200), ("4.2.0", 200), ("5.0.0", 412), ("new", 412)):
        headers = {"Min-Server-Version": least}
        assert ask("codeocean", "GET", "api/v1/data_assets/other", headers=headers).status_code == status


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "api/v1/data_assets", 404),
        ("GET", "api/v1/capsules/x", 404),
        ("GET", "api/v1/data_assets/search", 405),
        ("PUT", "api/v1/data_assets/other", 405),
        ("GET", "api/v1/data_assets/other/files", 405),
        ("GET", "api/v1/data_assets/other/nothing", 404),
    ],
)
def test_there_are_no_other_ways_in(ask, method, path, status):
    answer = ask("codeocean", method, path)
    assert (answer.status_code, list(answer.json())) == (status, ["message"])


def listed(ask, asset_id, path=""):
    answer = ask("codeocean", "POST", f"api/v1/data_assets/{asset_id}/files", json={"path": path})
    return answer.json()["items"] if answer.ok else answer.status_code


def test_files_of_an_asset_are_listed_and_read(ask):
    assert [(one["name"], one["type"]) for one in listed(ask, SORTED[1])] == [
        *(
            ("curated", "folder"),
            ("output", "file"),
            ("postprocessed", "folder"),
            ("processing.json", "file"),
        ),
    ]
    assert listed(ask, "other", "a b#") == [
        {"name": "c.txt", "path": "a b#/c.txt", "type": "file", "size": len(b"content")}
    ]
    assert listed(ask, "other", "nothing") == 404
    assert {one["name"] for one in listed(ask, RAW)} > {"behavior", "session.json"}
    told = ask("codeocean", "GET", "api/v1/data_assets/other/files/urls", {"path": "a b#/c.txt"}).json()
    assert requests.get(told["download_url"], timeout=10).content == b"content"
    # The bucket is private: it is the signature that opens it.
    bare = urlsplit(told["view_url"])._replace(query="").geturl()
    assert requests.get(bare, timeout=10).status_code == 403
    answer = ask("codeocean", "GET", "api/v1/data_assets/other/files/urls", {"path": "a"})
    assert answer.status_code == 404
