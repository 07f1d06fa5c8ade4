"""The demo's AIND, asked by the real aind-session."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from sessionframes.demo.aind import AindServer, Fault
from tests.demo.aind_asking import OWN_BUCKET, RECORDED, SESSION, SORTED, many_assets, recorded_files
from tests.real_clients.aind_client import AindClient, addresses_of, environment
from tests.real_clients.aind_front import Front

if TYPE_CHECKING:
    from collections.abc import Iterator

# The first test may have to wait until the client is installed.
pytestmark = pytest.mark.timeout(600)

RAW = "16d46411-540a-4122-b47f-8cb2a15d593a"


@pytest.fixture(scope="module")
def started(aind_python, tmp_path_factory):
    """Starts a client that asks a server."""

    @contextmanager
    def start(server: AindServer, **changed: str) -> Iterator[AindClient]:
        home = tmp_path_factory.mktemp("home")
        with Front(urlsplit(server.docdb_url).port or 0, home) as front:
            addresses = addresses_of(server) | changed
            client = AindClient(aind_python, environment(addresses, front.url, front.authority, home))
            try:
                yield client
            finally:
                client.close()
            assert front.refused == []

    return start


def files_with_sorters() -> dict[str, bytes]:
    """Those that were recorded, with probes, and sorters told in two of the ways there are."""
    files = {name: content for name, content in recorded_files().items() if "/curated/" not in name}
    for asset_id in SORTED:
        for probe in "ABF":
            stream = f"experiment1_Record Node 104#Neuropix-PXI-100.Probe{probe}-AP_recording1"
            files[f"{OWN_BUCKET}/{asset_id}/curated/{stream}/a.json"] = b"{}"
    processes = {"data_processes": [{"name": "Spike sorting", "parameters": {"sorter_name": "kilosort2_5"}}]}
    files[f"{OWN_BUCKET}/{SORTED[0]}/processing.json"] = json.dumps(
        {"processing_pipeline": processes}
    ).encode()
    code = {"parameters": {"sorter_name": "kilosort4"}}
    processes = {"data_processes": [{"name": "Spike sorting", "code": code}]}
    files[f"{OWN_BUCKET}/{SORTED[1]}/processing.json"] = json.dumps(processes).encode()
    return files


@pytest.fixture(scope="module")
def recorded_server():
    with AindServer(
        records=RECORDED["records"], assets=RECORDED["assets"], files=files_with_sorters()
    ) as server:
        yield server


@pytest.fixture(scope="module")
def recorded_client(started, recorded_server):
    with started(recorded_server) as client:
        yield client


@pytest.fixture
def server(recorded_server):
    recorded_server.reset()
    return recorded_server


@pytest.fixture
def client(recorded_client, server):  # noqa: ARG001  each test's requests and faults are its own
    return recorded_client


@pytest.mark.parametrize(("call", "recorded"), RECORDED["calls"], ids=[call for call, _ in RECORDED["calls"]])
def test_calls_give_what_they_gave_when_they_were_recorded(client, call, recorded):
    answer = client(call)
    if isinstance(recorded, dict) and "raised" in recorded:
        assert answer["raised"] == recorded["raised"]
    else:
        assert answer == recorded


def test_records_are_handed_on_as_they_are(client):
    assert client(f"Session('{SESSION}').docdb") == RECORDED["records"][2]
    assert client("Session('ecephys_676909_2023-12-13_13-43-40').subject.docdb") == RECORDED["records"]


def counts(server: AindServer) -> dict[str, int]:
    return {service: len(server.asked(service)) for service in ("codeocean", "docdb", "s3")}


@pytest.mark.parametrize(
    ("call", "codeocean", "docdb", "s3"),
    [
        ("get_sessions(676909)", 3, 2, 0),
        ("Session('ecephys_676909_2023-12-13_13-43-40').data_assets", 2, 0, 0),
        ("Session('ecephys_676909_2023-12-13_13-43-40').raw_data_asset", 2, 2, 0),
        ("Session('ecephys_676909_2023-12-13_13-43-40').ecephys.sorted_data_assets", 5, 0, 0),
    ],
)
def test_it_asks_as_often_as_it_did(client, server, call, codeocean, docdb, s3):
    client(call)
    assert counts(server) == {"codeocean": codeocean, "docdb": docdb, "s3": s3}


def test_pages_lead_on_and_are_lost_where_a_server_caps_them(started):
    with AindServer(records=[], assets=many_assets(130)) as server, started(server) as client:
        assert len(client("get_sessions(555555)")) == 130
    with AindServer(records=[], assets=many_assets(130), page_limit=40) as server, started(server) as client:
        assert len(client("get_sessions(555555)")) == 70
        sdk = (
            "len(list(get_codeocean_client().data_assets.search_data_assets_iterator("
            "codeocean.data_asset.DataAssetSearchParams(query='555555', limit=100))))"
        )
        assert client(sdk) == 130


def test_docdb_may_shorten_its_pages_or_not_answer(client, server):
    everything = client("get_sessions(676909)")
    with_docdb = client("MetadataDbClient('api.allenneuraldynamics.org').retrieve_docdb_records()")
    assert [record["_id"] for record in with_docdb] == [record["_id"] for record in RECORDED["records"]]
    server.fail(Fault(400, {"message": "bad"}), service="docdb")
    assert client("get_sessions(676909)") == everything
    server.fail(Fault(413, {"message": "Request Entity Too Large"}), service="docdb")
    assert client(f"Session('{SESSION}').docdb")["raised"] == "HTTPError"


def test_the_other_version_of_docdb_and_counts_and_aggregations(started):
    second = {"_id": "second", "name": "800321_2025-09-03_10-05-00", "schema_version": "2.1.0"}
    with AindServer(records=[*RECORDED["records"], second]) as server, started(server) as client:
        host = "'api.allenneuraldynamics.org'"
        for database in ("metadata_index", "metadata_index_v2"):
            asked = f"MetadataDbClient({host}, database='{database}', version='v2').retrieve_docdb_records()"
            assert client(asked) == [second]
        counted = client(f"MetadataDbClient({host})._count_records({{'name': '{SESSION}'}})")
        assert counted == {"total_record_count": 7, "filtered_record_count": 1}
        listed = f"MetadataDbClient({host}).fetch_records_by_filter_list('name', ['{SESSION}', 'nobody'])"
        assert client(listed) == [RECORDED["records"][2]]


@pytest.mark.parametrize(
    ("role", "raised"), [("expired", "ValueError"), ("unscoped", "Error"), ("nobody", "ValueError")]
)
def test_bad_tokens_are_told(started, server, role, raised):
    with started(server, token=server.tokens.get(role, role)) as client:
        assert client("get_sessions(676909)")["raised"] == raised


def test_busy_servers_are_asked_again_but_searches_are_not(client, server):
    busy = Fault(503, {"message": "busy"})
    client("get_codeocean_client()")
    server.fail(busy, service="codeocean", method="GET", times=2)
    assert client(f"get_data_asset_model('{RAW}')", remember=True) == RAW
    server.fail(busy, service="codeocean", method="POST")
    assert client(f"Session('{SESSION}').data_assets", remember=True)["raised"] == "Error"


def test_files_of_a_private_bucket_need_the_right_key(started, server):
    with started(server, s3_key="AKIASOMEBODYELSE") as client:
        told = client(f"Session('{SESSION}').ecephys.is_sorted")
        assert told["raised"] in ("PermissionError", "FileNotFoundError", "ClientError")


def test_times_of_many_calls_are_told(client):
    told: dict[str, Any] = client.time(["get_sessions(676909)", "get_sessions(999999)"])
    assert 0 < told["seconds"] < 60
    assert [len(value) for value in told["value"]] == [4, 0]
