"""What the published clients sent once, and what stubs answered: the demo answers in the same way."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from sessionframes.demo.aind import AindServer, Fault
from tests.demo.aind_asking import RECORDED, Asker, many_assets, recorded_files

if TYPE_CHECKING:
    from requests import Response

TRACES = RECORDED["traces"]
#: Traces whose server was told to go wrong.
FAULTY = {"docdb_down_in_get_sessions", "co_503", "co_503_get", "docdb_500", "docdb_413", "docdb_403"}
TOKENS = {"co_401": "expired", "co_403": "unscoped"}
NOT_IN_DOCDB = {"raw_data_asset_no_docdb"}
PAGES = {"get_sessions_server_caps_page": 40, "docdb_small_batches": 2, "docdb_client_find_all": 4}
#: The stub answered with some records whatever it was asked, or told of none of the other version.
KIND_ONLY = {"docdb_client_count", "docdb_client_aggregate", "docdb_client_in_list", "docdb_client_v2"}
#: Of these the stub had no bucket, where we have an empty one.
EMPTY_BUCKETS = re.compile("/(?:aind-(?:private-data-prod|open-data|ophys-data)|aibs-behavior-data)")
COUNTS = re.compile(r"ListBucketResult keys=(\d+) prefixes=(\d+)")


@pytest.fixture(params=TRACES, ids=lambda trace: trace["name"])
def trace(request):
    return request.param


@pytest.fixture
def ask(trace):
    with AindServer(
        records=[] if trace["name"] in NOT_IN_DOCDB else RECORDED["records"],
        assets=[*RECORDED["assets"], *many_assets(130)],
        files=recorded_files(),
        page_limit=PAGES.get(trace["name"]),
        private=(),
    ) as server:
        yield Asker(server)


def shortened(service: str, told: Any) -> Any:
    """As in the file: ids for whole assets and records."""
    if service == "codeocean" and "results" in told:
        return {**told, "results": [asset["id"] for asset in told["results"]]}
    if service == "codeocean" and "id" in told:
        return {"id": told["id"]}
    if service == "docdb" and isinstance(told, list):
        return [record["_id"] if "schema_version" in record else record for record in told]
    return told


def assert_same(service: str, answer: Response, recorded: Any) -> None:
    found = shortened(service, answer.json())
    if isinstance(recorded, int):
        assert len(found) == recorded
        return
    if service == "codeocean" and isinstance(recorded.get("results"), int):
        found["results"] = len(found["results"])
    if service == "codeocean" and "next_token" in recorded:
        # It means something to the server only.
        found["next_token"] = recorded["next_token"]
    if service == "docdb" and isinstance(recorded, list) and recorded and isinstance(recorded[0], dict):
        assert [list(record) for record in found] == [list(record) for record in recorded]
    assert found == recorded
    assert list(found) == list(recorded)


def assert_same_file(answer: Response, method: str, query: dict[str, str], recorded: str) -> None:
    if method == "GET" and (counts := COUNTS.fullmatch(recorded)):
        found = (answer.text.count("<Contents>"), answer.text.count("<CommonPrefixes>"))
        expected = (int(counts[1]), int(counts[2]))
        if "max-keys" in query:
            # The stub took no notice of it.
            assert sum(found) == min(sum(expected), 1)
        else:
            assert found == expected
    elif size := re.match(r"<(\d+) bytes", recorded):
        assert len(answer.content) == int(size[1])
    elif method == "GET":
        assert f"<Code>{recorded}</Code>" in answer.text


def test_answers_are_those_that_were_recorded(trace, ask):
    name, token = trace["name"], ""
    for service, method, path, query, body, status, recorded in trace["requests"]:
        if EMPTY_BUCKETS.match(path):
            continue
        if name in FAULTY:
            ask.server.fail(Fault(status, recorded))
        others: dict[str, Any] = {"json": {**body, "next_token": token or None}} if body and token else {}
        if body and not others:
            others["json"] = body
        if name in TOKENS:
            others["auth"] = (ask.server.tokens[TOKENS[name]], "")
        if "Range" in query:
            others["headers"] = {"Range": query["Range"]}
        answer = ask(service, method, path, {} if "Range" in query else query, **others)
        assert answer.status_code == status, answer.text
        if service == "s3":
            assert_same_file(answer, method, query, recorded)
        elif name in KIND_ONLY:
            assert type(answer.json()) is type(recorded)
        else:
            assert_same(service, answer, recorded)
            token = answer.json().get("next_token", "") if name == "codeocean_sdk_iterator" else ""


def test_names_of_traces_are_those_of_traces():
    names = {trace["name"] for trace in TRACES}
    assert {*FAULTY, *TOKENS, *NOT_IN_DOCDB, *PAGES, *KIND_ONLY} < names
