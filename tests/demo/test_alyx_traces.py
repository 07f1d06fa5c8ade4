"""What an Alyx 3.6.1 answered once: the demo answers in the same way.

Its rows are made of the recorded records. Records come back with the same keys in the same order and the same
values; errors, and who may do what, in the very same words.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

import pytest
import requests

from sessionframes.demo.alyx import AlyxServer
from sessionframes.demo.alyx.auth import PASSWORD
from tests.demo.alyx_rows import WORKED_OUT, Rows

TRACES = json.loads(Path(__file__).with_name("alyx_traces.json").read_text("utf-8"))["traces"]
RECORDED = "http://127.0.0.1:8133"
#: Fields that depend on rows that are not in the excerpt, or on the day.
MORE = {
    "subjects": {"expected_water", "remaining_water"},
    "labs": {"repositories"},
    "projects": {"users"},
    "insertions": {"datasets"},
    "users": {"allowed_users"},
}
#: Filters on what lists do not tell, and the excerpt therefore does not know.
HIDDEN = {
    *("sessions_users_two", "sessions_datasets", "sessions_qc", "sessions_performance", "sessions_atlas"),
    *("sessions_extended_qc", "sessions_json", "sessions_fanout_duplicates", "sessions_django_json_key"),
    *("sessions_django_json_index", "sessions_django_json_contains_paren", "sessions_django_json_has_any"),
    *("sessions_django_numeric_text", "insertions_atlas"),
    *("datasets_two_tags_counts", "tasks_errored"),
}
#: Lists that other records of the excerpt add to.
KEYS = ("id", "url", "name", "subject")


def rows() -> dict[str, list[dict[str, Any]]]:
    made = Rows()
    task = next(trace for trace in TRACES if trace["name"] == "tasks_patch_ok")
    made.take("tasks", [task["body"]])
    for trace in TRACES:
        body = trace.get("body")
        name = trace["path"].strip("/").split("/")[0]
        if trace["method"] != "GET" or trace["status"] != 200 or name == "cache":
            continue
        if "results" in body:
            made.take(name, body["results"])
        else:
            made.take(name, [body])
    made.take(
        "weighings", [{"url": "/96c5b088-6160-48da-9481-23d04036d684", "subject": "FD_11", "weight": 20.0}]
    )
    protected = {"id": "000a1d75-e7a1-4aee-aebc-2d98ff91ed76", "name": "clusters.metrics.pqt"}
    tags = ["2022_Q2_IBL_et_al_RepeatedSite", "2022_Q4_IBL_et_al_BWM"]
    made.tables["datasets"].setdefault(protected["id"], protected)["tags"] = tags
    return made.records()


@pytest.fixture(scope="module")
def one_server():
    with AlyxServer(records=rows()) as server:
        yield server


@pytest.fixture
def server(one_server):
    one_server.reset()
    return one_server


@pytest.fixture(params=TRACES, ids=lambda trace: trace["name"])
def trace(request):
    return request.param


def ask(server: AlyxServer, trace: dict[str, Any], query: str) -> requests.Response:
    headers = dict(trace["headers"])
    if trace.get("user"):
        headers["Authorization"] = f"Token {server.tokens[trace['user']]}"
    body = json.dumps(trace["request_json"]) if "request_json" in trace else trace.get("request_body")
    if form := trace.get("request_form"):
        wrong = "bad" in trace["name"]
        told = {"username": server.username, "password": "wrong" if wrong else PASSWORD}
        body = urlencode({name: told[name] for name in form})
    address = f"{server.url}{trace['path']}{'?' * bool(query)}{query}"
    return requests.request(
        trace["method"], address, headers=headers, data=body, timeout=10, allow_redirects=False
    )


def localised(server: AlyxServer, told: Any) -> Any:
    return json.loads(json.dumps(told).replace(RECORDED, server.url))


def key_of(record: dict[str, Any]) -> Any:
    return next(record[key] for key in KEYS if key in record)


def assert_alike(ours: Any, recorded: Any, name: str) -> None:
    left_out = WORKED_OUT.get(name, set()) | MORE.get(name, set())
    assert list(ours) == list(recorded)
    for key, value in recorded.items():
        if key not in left_out:
            assert ours[key] == value, key
        elif isinstance(value, list):
            assert isinstance(ours[key], list), key
            for own, one in zip(ours[key], value, strict=False):
                assert type(own) is type(one), key
                if isinstance(one, dict):
                    assert list(own) == list(one), key
        elif value is not None:
            assert isinstance(ours[key], (int, float) if isinstance(value, float) else type(value)), key


def test_answers_are_those_that_were_recorded(trace, server):
    answer = ask(server, trace, trace.get("query", ""))
    recorded = trace.get("body")
    assert answer.status_code == trace["status"], answer.text
    assert answer.headers.get("Allow") == trace["allow"]
    if not isinstance(recorded, dict):
        assert answer.text == (recorded or "")
        return
    told, recorded = answer.json(), localised(server, recorded)
    assert list(told) == list(recorded)
    if trace["status"] >= 400:
        assert told == recorded
    elif "results" in recorded:
        assert [type(told[key]) for key in ("count", "results")] == [int, list]


LISTS = [trace for trace in TRACES if "results" in (trace.get("body") or ())]


@pytest.mark.parametrize("trace", LISTS, ids=lambda trace: trace["name"])
def test_lists_have_the_rows_that_were_recorded(trace, server):
    name = trace["path"].strip("/")
    query = dict(parse_qsl(trace.get("query", "")))
    query = {key: value for key, value in query.items() if key not in ("limit", "offset")}
    if trace["name"] in HIDDEN:
        query = {}
    recorded = localised(server, trace["body"]["results"])
    ours = {}
    # Offsets lose rows among those that are equal, as ever: a page that holds all does not.
    answer = ask(server, trace, urlencode({**query, "limit": 1000}))
    ours = {key_of(row): row for row in answer.json()["results"]}
    if trace["body"]["count"] == 0:
        assert not ours
    for record in recorded:
        assert_alike(ours[key_of(record)], record, name)


READS = [
    trace
    for trace in TRACES
    if trace["status"] == 200 and trace["method"] == "GET" and trace["path"].count("/") == 2
]


@pytest.mark.parametrize("trace", READS, ids=lambda trace: trace["name"])
def test_reads_tell_what_was_recorded(trace, server):
    name = trace["path"].split("/")[1]
    assert_alike(ask(server, trace, "").json(), localised(server, trace["body"]), name)


WRITES = [trace for trace in TRACES if trace["method"] in ("PATCH", "POST") and trace["status"] in (200, 201)]


@pytest.mark.parametrize("trace", WRITES, ids=lambda trace: trace["name"])
def test_what_is_written_is_told_back(trace, server):
    changing = {"id", "url", "auto_datetime", "datetime", "token", "user", "users"}
    if trace["name"] == "tasks_patch_unknown_field":
        changing |= {"status", "log"}
    ours, recorded = ask(server, trace, "").json(), trace["body"]
    assert list(ours) == list(recorded)
    known = {key: value for key, value in recorded.items() if key not in changing}
    assert {key: ours[key] for key in known} == known
