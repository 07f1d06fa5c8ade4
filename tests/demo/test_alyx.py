"""The demo's Alyx over HTTP: who may ask, pages, named filters, writing, files, and what goes wrong."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import time
import zipfile

import pyarrow.parquet as pq
import pytest
import requests

from sessionframes.demo.alyx import AlyxServer, Fault
from sessionframes.demo.alyx.store import made_id
from tests.demo.alyx_asking import ALIGNED, PROBE, SESSIONS, Asker, records

TASK = made_id("task", "1")


@pytest.fixture(scope="module")
def one_server():
    with AlyxServer(records=records(), files={"cortexlab/a.npy": b"0123456789"}) as server:
        yield server


@pytest.fixture
def ask(one_server):
    one_server.reset()
    return Asker(one_server)


def test_names_and_passwords_give_tokens_that_can_be_revoked(ask):
    told = {"username": ask.server.username, "password": ask.server.password}
    token = ask("POST", "/auth-token", role=None, json=told).json()["token"]
    assert token == ask.server.token
    header = {"Authorization": f"token {token}"}
    assert ask("GET", "/labs", role=None, headers=header).status_code == 200
    ask.server.revoke()
    refused = ask("GET", "/labs", role=None, headers=header)
    assert (refused.status_code, refused.json()["detail"]) == (403, "Invalid token.")
    assert "WWW-Authenticate" not in refused.headers
    assert ask("GET", "/labs").status_code == 200


def test_pages_are_clipped_and_odd_numbers_ignored(ask):
    assert len(ask.ids("/channels", limit=3, offset=38)) == 2
    assert len(ask.ids("/channels", limit="foo", offset=-1)) == 40
    assert len(ask.ids("/channels", limit=0)) == 40
    ask.server.api.page_cap = 10
    page = ask.get("/channels", limit=5000)
    assert (page["count"], len(page["results"])) == (40, 10)
    assert page["next"].startswith(f"{ask.server.url}/channels?limit=10&offset=10")
    assert ask.get("/channels", limit=3, offset=3)["previous"] == f"{ask.server.url}/channels?limit=3"
    ask.server.api.page_cap = None
    assert len(ask.ids("/channels", limit=5000)) == 40


def test_the_next_page_is_where_the_client_thinks_the_server_is(ask):
    answer = ask(
        "GET", "/channels?limit=1", headers={"Host": "alyx.example.org", "X-Forwarded-Proto": "https"}
    )
    assert answer.json()["next"] == "https://alyx.example.org/channels?limit=1&offset=1"


def test_offsets_lose_rows_that_are_equal_unless_each_comes_once():
    same = [{"id": made_id("s", str(number)), "start_time": "2021-01-01T00:00:00"} for number in range(60)]
    with AlyxServer(records={"sessions": same}) as server:
        ask = Asker(server)

        def pages(**params):
            return {
                key
                for start in range(0, 60, 7)
                for key in ask.ids("/sessions", limit=7, offset=start, **params)
            }

        assert len(pages()) < 60
        assert len(pages(django="id__isnull,False")) == 60


def test_a_changed_row_moves_to_the_end_of_its_table(ask):
    first = ask.ids("/channels", limit=1)[0]
    ask("PATCH", f"/channels/{first}", json={"lateral": 5})
    assert ask.ids("/channels", offset=39) == [first]
    assert ask.ids("/channels", limit=1) != [first]


def test_sessions_without_a_start_come_first(ask):
    assert set(ask.ids("/sessions", limit=2)) == {SESSIONS["child"], SESSIONS["null"]}


@pytest.mark.parametrize(
    ("params", "names"),
    [
        ({"subject": "ks022"}, ["ephys", "training", "null"]),
        ({"subject": "KS022,007"}, []),
        ({"qc": "fail"}, ["ephys"]),
        ({"users": "a,b"}, ["ephys"]),
        ({"date_range": "2021-07-22,2021-07-22"}, ["ephys"]),
        ({"performance_gte": "50.5"}, []),
        ({"performance_gte": "50"}, ["ephys", "training"]),
        ({"project": "matlab"}, ["ephys", "ephys"]),
        ({"project": "matlab", "django": "id__isnull,False"}, ["ephys"]),
        ({"tag": "e"}, ["ephys", "ephys"]),
        ({"datasets": "spikes.times.npy"}, ["ephys"]),
        ({"dataset_types": "spikes.times,nosuch"}, []),
        ({"dataset_qc_lte": "PASS"}, ["ephys"]),
        ({"extended_qc": "behavior,1,task,FAIL"}, ["ephys"]),
        ({"atlas_acronym": "hpf"}, ["ephys"]),
        ({"atlas_id": "997"}, ["ephys"]),
        ({"histology": "True"}, ["ephys", "training"]),
        ({"histology": "perhaps", "number": "2"}, ["training"]),
        ({"start_time": "2021-07-23T00:10:00", "number": "2"}, ["training"]),
        ({"brain_region": "CA1", "qc": "CRITICAL"}, ["null"]),
    ],
)
def test_named_filters_of_sessions(ask, params, names):
    assert sorted(ask.ids("/sessions", **params)) == sorted(SESSIONS[name] for name in names)


def test_named_filters_elsewhere(ask):
    assert ask.ids("/insertions", model="Neuropixel 2.0 four shank") == [PROBE]
    assert ask.ids("/insertions", model="NP2.4") == []
    assert ask.ids("/insertions", session=made_id("s", "none")) == []
    assert ask.ids("/trajectories", provenance="ephys aligned histology track") == [ALIGNED]
    assert len(ask.ids("/channels", probe_insertion=PROBE)) == 40
    assert len(ask.ids("/channels", brain_region=382)) == 1
    assert ask.get("/datasets", exists=True)["count"] == ask.get("/datasets", exists=False)["count"] == 1
    assert ask.get("/datasets", probe_insertion=PROBE, tag="kept")["count"] == 1
    assert ask.ids("/tasks", status="errored", name="EphysDLC") == [TASK]
    assert ask.get("/subjects", water_restricted=True)["count"] == 1
    restricted = ask.get("/water-restricted-subjects")["results"]
    assert [row["url"] for row in restricted] == [f"{ask.server.url}/subjects/KS022"]
    assert ask.get("/subjects", alive=False)["results"][0]["nickname"] == "007"
    assert ask.ids("/brain-regions", ancestors="CA1") == [997, 1089, 382]
    assert sorted(ask.ids("/brain-regions", descendants=1089)) == [382, 1089]


def test_tags_are_counted_as_often_as_they_are_joined(ask):
    row = ask.get("/datasets")["results"][0]
    assert (row["protected"], row["public"]) == (2, 2)


def test_one_session_without_trials_breaks_performance(ask):
    ask("PATCH", f"/sessions/{SESSIONS['null']}", json={"n_trials": 0})
    assert ask.refusal("/sessions", performance_lte=10) == (500, "division by zero\n")


def test_addresses_that_are_none_get_a_page(ask):
    for path in ("/sessions/", f"/sessions/{SESSIONS['bare'].upper()}", "/nosuch", "/labs/a/b"):
        answer = ask("GET", path)
        assert (answer.status_code, answer.headers["Content-Type"][:9]) == (404, "text/html"), path
    assert ask("HEAD", "/sessions").status_code == 500
    page = ask("GET", "/labs", headers={"Accept": "text/html,*/*"})
    assert page.text.startswith("<!doctype html>")
    assert ask("GET", "/docs", role=None, allow_redirects=False).headers["Location"] == "/docs/"
    assert ask("GET", "/docs/", role=None).status_code == 500
    document = ask("GET", "/api/schema", role=None).json()
    assert document["paths"]["/tasks/{id}"]["patch"]["operationId"] == "tasks_partial_update"


def test_long_request_lines_are_refused(ask):
    keys = [made_id("x", str(number)) for number in range(120)]
    answer = ask("GET", "/sessions", params={"django": f"id__in,{keys}"})
    assert (answer.status_code, answer.headers["Content-Type"][:9]) == (414, "text/html")
    assert ask("GET", "/sessions", params={"django": f"id__in,{keys[:60]}"}).status_code == 200


def test_who_asks_too_often_is_told_to_wait(ask):
    ask.server.access.throttle = 3
    assert [ask("GET", "/labs").status_code for _ in range(4)] == [200, 200, 200, 429]
    answer = ask("GET", "/labs")
    assert 0 < int(answer.headers["Retry-After"]) <= 60
    assert answer.json()["status_code"] == 429
    assert ask("GET", "/labs", role="superuser").status_code == 200


def test_tasks_are_patched_put_and_deleted(ask):
    path = f"/tasks/{TASK}"
    told = ask("PATCH", path, json={"status": "Waiting", "log": "", "id": "x", "nosuch": 1}).json()
    assert (told["id"], told["status"], told["log"], told["name"]) == (TASK, "Waiting", "", "EphysDLC")
    assert told["datetime"] is not None
    assert ask.get(path) == told
    assert ask("PATCH", path, json={"level": 40000}).status_code == 400
    assert ask("PUT", path, json={"status": "Held"}).json()["name"] is None
    same = {"name": "SpikeSorting", "session": SESSIONS["ephys"]}
    assert "must make a unique set" in ask("POST", "/tasks", json=same).text
    assert ask("POST", "/tasks", json={**same, "name": "another"}).status_code == 201
    assert ask("DELETE", path).status_code == 204
    assert ask("GET", path).json()["detail"] == "No Task matches the given query."


def test_what_depends_on_an_insertion_goes_with_it(ask):
    assert ask("DELETE", f"/insertions/{PROBE}").status_code == 204
    assert ask.get("/trajectories")["count"] == ask.get("/channels")["count"] == 0
    assert ask.get("/sessions")["count"] == 5


def test_several_channels_are_written_all_or_none(ask):
    good = {"trajectory_estimate": ALIGNED, "axial": 9000, "lateral": 1, "brain_region": 382}
    answer = ask("POST", "/channels", json=[good, {**good, "axial": "x"}])
    assert (answer.status_code, answer.headers["Content-Type"][:9]) == (200, "text/html")
    assert ask.get("/channels")["count"] == 40
    assert len(ask("POST", "/channels", json=[good, {**good, "axial": 9020}]).json()) == 2
    assert ask.get("/channels")["count"] == 42


def test_two_trajectories_of_one_provenance_are_the_databases_error(ask):
    answer = ask(
        "POST",
        "/trajectories",
        json={"probe_insertion": PROBE, "provenance": "Histology track", "theta": 200},
    )
    assert answer.status_code == 500
    assert "duplicate key" in answer.json()["detail"]


def test_a_subject_that_two_labs_have_cannot_be_named(ask):
    assert ask("GET", "/subjects/KS022").status_code == 500
    assert ask("POST", "/sessions", json={"subject": "KS022"}).status_code == 500
    assert ask("POST", "/sessions", json={"subject": "007"}).json()["lab"] == "angelakilab"


def test_resetting_takes_back_what_was_written(ask):
    ask("DELETE", f"/tasks/{TASK}")
    ask.server.reset()
    assert ask.get("/tasks")["count"] == 3


def test_files_are_elsewhere(ask):
    address = f"{ask.server.data_url}/cortexlab/a.npy"
    part = requests.get(address, headers={"Range": "bytes=4-"}, timeout=10)
    assert (part.status_code, part.text, part.headers["Content-Range"]) == (206, "456789", "bytes 4-9/10")
    assert requests.get(f"{address}x", timeout=10).status_code == 404
    assert requests.head(address, timeout=10).headers["Content-Length"] == "10"
    ask.server.data.login = ("iblmember", "secret")
    try:
        assert requests.get(address, timeout=10).status_code == 401
        assert requests.get(address, auth=("iblmember", "secret"), timeout=10).text == "0123456789"
    finally:
        ask.server.data.login = None
    record = ask.get("/datasets")["results"][0]["file_records"][0]
    assert record["data_url"].startswith(
        f"{ask.server.data_url}/cortexlab/KS022/2021-07-22/001/alf/probe00/spikes"
    )
    assert made_id("dataset", "x") in record["data_url"]


def test_cache_tables_lack_what_they_lack(ask):
    archive = zipfile.ZipFile(io.BytesIO(ask("GET", "/cache.zip").content))
    frame = pq.read_table(io.BytesIO(archive.read("sessions.pqt"))).to_pandas()
    assert set(frame.index) == {SESSIONS["ephys"], SESSIONS["training"]}
    datasets = pq.read_table(io.BytesIO(archive.read("datasets.pqt"))).to_pandas()
    assert list(datasets["rel_path"]) == ["alf/probe00/spikes.times.npy"]
    info = ask.get("/cache/info/")
    assert info["tables"]["sessions"]["nrecs"] == 2
    assert ask("GET", "/cache/info", allow_redirects=False).status_code == 301


def test_answers_go_wrong_on_purpose(ask):
    ask.server.fail(Fault(200, "<!doctype html><h1>Server Error</h1>"), path="/labs")
    assert ask("GET", "/labs").headers["Content-Type"].startswith("text/html")
    assert ask("GET", "/labs").headers["Content-Type"] == "application/json"
    assert [seen.status for seen in ask.server.asked("alyx")] == [200, 200]


def test_rows_cost_time_and_workers_are_few():
    with AlyxServer(records=records(), row_cost={"channels": 0.005}, workers=1) as server:
        began = time.perf_counter()
        Asker(server).get("/channels")
        assert time.perf_counter() - began >= 0.2


def test_it_serves_in_a_process_of_its_own():
    command = [sys.executable, "-m", "sessionframes.demo.alyx", "--scale", "0.0005"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        told = json.loads(process.stdout.readline())
        answer = requests.get(
            f"{told['url']}/labs", headers={"Authorization": f"Token {told['token']}"}, timeout=10
        )
        assert answer.status_code == 200
        process.stdin.write("\n")
        process.stdin.flush()
        assert json.loads(process.stdout.readline()) == {"alyx": 1, "data": 0}
        process.stdin.close()
        assert process.wait(10) == 0
