from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from sessionframes.errors import AuthenticationError, SourceResponseError
from sessionframes.sources.aind.groups import Known, grouped
from sessionframes.sources.aind.sorting import (
    failure_in,
    good_asset,
    nwb_of,
    sorted_assets,
    sorted_probes,
    sorter_in,
    sorter_of,
)
from tests.sources.aind.buckets import Buckets
from tests.sources.aind.nwb_files import ASSET, SESSION, asset

BUCKET = "s3://bucket-sorted"
STREAM = "experiment1_Record Node 104#Neuropix-PXI-100.ProbeA-AP_recording1"
GOOD = b"N E X T F L O W\nspike sorting by kilosort4\nFULL PIPELINE time: 161658.77s"


@pytest.fixture(scope="module")
def buckets():
    with Buckets() as server:
        yield server


@pytest.fixture
def storage(buckets):
    made = buckets.storage()
    yield made
    made.close()


@pytest.fixture
def place(request):
    """A folder of its own for each test."""
    return f"{BUCKET}/{request.node.name.replace('[', '-').replace(']', '')}"


def codeocean(name, created, asset_id="a", **changed):
    return {"id": asset_id, "name": name, "created": created, "state": "ready", "type": "result", **changed}


def test_sorted_assets_come_in_the_order_in_which_they_were_made():
    assets = [
        codeocean(f"{SESSION}_sorted_2024-06-20_01-01-01", 1718900000, "new"),
        codeocean(SESSION, 1718100000, "raw", type="dataset"),
        codeocean(f"{SESSION}_sorted_2024-06-13_23-06-45", 1718320005, "old"),
        codeocean(f"{SESSION}_nwb_2024-06-21_01-01-01", 1718990000, "nwb"),
    ]
    (known,) = grouped([], assets)
    found = sorted_assets(known)
    assert [one.asset_id for one in found] == ["old", "new"]
    assert found[0].session_id == SESSION
    assert found[0].created == datetime(2024, 6, 13, 23, 6, 45, tzinfo=UTC)
    assert found[0].location == "s3://codeocean-s3datasetsbucket-1u41qdg42ur9/old"


def test_an_asset_in_a_bucket_of_its_own_is_there():
    bucket = {"origin": "gcp", "bucket": "b", "prefix": "a b/c#d/", "external": True}
    named = codeocean(f"{SESSION}_sorted_2024-06-20_01-01-01", 1, source_bucket=bucket)
    (known,) = grouped([], [named])
    assert sorted_assets(known)[0].location == "gs://b/a b/c#d"


def test_what_only_docdb_knows_counts_too_and_nothing_counts_twice():
    name = f"{SESSION}_sorted_2024-06-13_23-06-45"
    other = f"{SESSION}_sorted_2024-06-20_01-01-01"
    records = [
        {"_id": "r0", "name": SESSION},
        {"_id": "r1", "name": name, "external_links": {"Code Ocean": [ASSET]}, "location": "s3://b/one/"},
        {
            "_id": "r2",
            "name": other,
            "created": "2024-06-20T01:01:01Z",
            "external_links": [],
            "location": None,
        },
    ]
    (known,) = grouped(records, [codeocean(name, 1718320005, ASSET)])
    found = sorted_assets(known)
    assert [(one.asset_id, one.state) for one in found] == [(ASSET, "ready"), ("r2", None)]
    assert found[1].location is None
    (alone,) = grouped(records)
    assert [(one.asset_id, one.location) for one in sorted_assets(alone)] == [
        (ASSET, "s3://b/one"),
        ("r2", None),
    ]


def test_a_session_without_any_has_none():
    assert sorted_assets(Known(SESSION, None)) == []


def test_a_sorting_that_went_well_has_no_failure(buckets, storage, place):
    buckets.put(f"{place}/output", GOOD)
    assert failure_in(storage, asset(place)) is None


@pytest.mark.parametrize(
    "phrase",
    [
        "Essential container in task exited",
        "Out of memory.",
        "Task failed to start - DockerTimeoutError",
        "Traceback (most recent call last):",
        "Command error:",
        "WARN: Killing running tasks",
    ],
)
def test_what_output_says_of_a_failure_is_told(buckets, storage, phrase):
    buckets.put(f"{BUCKET}/failed/output", GOOD + phrase.encode() + b"\xff")
    assert phrase in failure_in(storage, asset(f"{BUCKET}/failed"))


def test_an_error_of_the_gpu_fails_one_probe_of_a_sorting_and_all_of_others(buckets, storage, place):
    buckets.put(f"{place}/output", GOOD + b"The CUDA error was: out of luck")
    assert failure_in(storage, asset(place)) is None
    buckets.put(f"{place}/output", b"The CUDA error was: out of luck")
    assert "CUDA" in failure_in(storage, asset(place))


def test_a_copy_without_output_is_good_if_it_has_an_nwb_file(buckets, storage, place):
    buckets.put(f"{place}/processing.json", b"{}")
    assert "neither" in failure_in(storage, asset(place))
    buckets.put(f"{place}/nwb/a.nwb", b"")
    assert failure_in(storage, asset(place)) is None


@pytest.mark.parametrize(
    ("changed", "told"), [({"state": "failed"}, "failed"), ({"state": "draft"}, "draft")]
)
def test_an_asset_that_is_not_ready_is_not_looked_into(storage, changed, told):
    assert told in failure_in(storage, asset(f"{BUCKET}/nothing", **changed))
    assert "where" in failure_in(storage, replace(asset(f"{BUCKET}/nothing"), location=None))


def test_a_private_bucket_is_no_failed_sorting(buckets, storage):
    buckets.private.add("bucket-private")
    with pytest.raises(AuthenticationError):
        failure_in(storage, asset("s3://bucket-private/one"))


def test_nwb_files_are_found_in_both_formats(buckets, storage, place):
    buckets.put(f"{place}/nwb/b_experiment2_recording1.nwb", b"")
    buckets.put(f"{place}/nwb/a_experiment1_recording1.nwb.zarr/.zgroup", b"")
    buckets.put(f"{place}/nwb/error.txt", b"")
    assert [url.removeprefix(place) for url in nwb_of(storage, asset(place))] == [
        "/nwb/a_experiment1_recording1.nwb.zarr",
        "/nwb/b_experiment2_recording1.nwb",
    ]


def test_of_a_recording_in_both_formats_one_is_read(buckets, storage, place):
    for name in ("b_experiment2_recording1.nwb", "b_experiment1_recording1.nwb"):
        buckets.put(f"{place}/nwb/{name}", b"")
    buckets.put(f"{place}/nwb/b_experiment1_recording1.nwb.zarr/.zgroup", b"")
    assert [url.removeprefix(place) for url in nwb_of(storage, asset(place))] == [
        "/nwb/b_experiment1_recording1.nwb.zarr",
        "/nwb/b_experiment2_recording1.nwb",
    ]


@pytest.mark.parametrize("created", [1e20, float("inf"), float("nan"), -1e15])
def test_an_asset_of_no_time_is_named(created):
    name = f"{SESSION}_sorted_2024-06-13_23-06-45"
    (known,) = grouped([], [codeocean(name, created)])
    with pytest.raises(SourceResponseError, match=re.escape(f"{name}' has created = {created!r}")):
        sorted_assets(known)


@pytest.mark.parametrize("kind", ["{}", "file://{}"])
def test_a_record_does_not_make_files_of_this_machine_a_sorting(storage, tmp_path, kind):
    (tmp_path / "output").write_bytes(GOOD)
    (tmp_path / "nwb").mkdir()
    (tmp_path / "nwb" / "a.nwb").write_bytes(b"")
    name = f"{SESSION}_sorted_2024-06-13_23-06-45"
    place = kind.format(tmp_path)
    (known,) = grouped([{"_id": "r1", "name": name, "location": place}])
    (found,) = sorted_assets(known)
    for ask in (failure_in, nwb_of, sorted_probes, sorter_of):
        with pytest.raises(SourceResponseError, match="told as the place of"):
            ask(storage, found)
    with pytest.raises(SourceResponseError, match=name):
        good_asset(storage, [found])


def test_the_latest_sorting_that_did_not_fail_is_taken(buckets, storage, place, caplog):
    for number, output in enumerate((GOOD, GOOD, b"Out of memory.", GOOD)):
        buckets.put(f"{place}/{number}/output", output)
    for number in (0, 1, 2):
        buckets.put(f"{place}/{number}/nwb/a.nwb", b"")
    assets = [asset(f"{place}/{number}", asset_id=str(number)) for number in range(4)]
    with caplog.at_level("INFO"):
        found, urls = good_asset(storage, assets)
    assert found.asset_id == "1"
    assert urls == [f"{place}/1/nwb/a.nwb"]
    assert "no NWB file" in caplog.text
    assert "Out of memory." in caplog.text
    assert good_asset(storage, assets[2:]) is None
    assert good_asset(storage, []) is None


def test_probes_that_got_through_are_told_by_folders(buckets, storage, place):
    for name in (STREAM, STREAM.replace("ProbeA-AP", "ProbeB"), "block0_imec0.ap_recording1"):
        buckets.put(f"{place}/curated/{name}/x.json", b"{}")
    assert sorted_probes(storage, asset(place)) == ["ProbeA", "ProbeB", "ap"]
    buckets.put(f"{place}/older/sorting_precurated/{STREAM}/x.json", b"{}")
    assert sorted_probes(storage, asset(f"{place}/older")) == ["ProbeA"]
    assert sorted_probes(storage, asset(f"{place}/none")) == []


def process(where, name="Spike sorting", sorter="kilosort4", **more):
    parameters = {"parameters": {"sorter_name": sorter, "sorter_params": {}}}
    return {"name": name, **(parameters if where == "process" else {"code": {**parameters, **more}}), **more}


@pytest.mark.parametrize(
    ("processing", "expected"),
    [
        (
            {
                "processing_pipeline": {
                    "data_processes": [{"name": "Compression"}, process("process", software_version="1.0")]
                }
            },
            ("kilosort4", "1.0"),
        ),
        ({"data_processes": [[process("process", sorter="kilosort2_5")]]}, ("kilosort2_5", None)),
        (
            {"data_processes": [process("code", "Spike sorting - experiment1_ProbeA", version="2.0")]},
            ("kilosort4", "2.0"),
        ),
        (
            {"data_processes": [{"process_type": "Spike sorting", **process("code", "4")}]},
            ("kilosort4", None),
        ),
        ({"data_processes": [process("process", name="Ephys curation")]}, (None, None)),
        ({"data_processes": [{"name": "Spike sorting", "parameters": None}]}, (None, None)),
        ({"data_processes": None}, (None, None)),
        ({}, (None, None)),
        (None, (None, None)),
        ("odd", (None, None)),
    ],
)
def test_the_sorter_is_told_in_several_layouts(processing, expected):
    assert sorter_in(processing) == expected


def test_the_sorter_is_looked_for_in_files_one_after_the_other(buckets, storage, place):
    info = {"annotations": {"__sorting_info__": {"params": {"sorter_name": "spykingcircus2"}}}}
    assert sorter_of(storage, asset(place)) == (None, None)
    buckets.put(f"{place}/params.json", json.dumps({"spikesorting": {"sorter_name": "old"}}).encode())
    assert sorter_of(storage, asset(place)) == ("old", None)
    buckets.put(f"{place}/postprocessed/{STREAM}/sorting.json", json.dumps(info).encode())
    assert sorter_of(storage, asset(place)) == ("spykingcircus2", None)
    info["annotations"]["__sorting_info__"]["params"]["sorter_name"] = "kilosort2_5"
    buckets.put(f"{place}/spikesorted/{STREAM}/si_folder.json", json.dumps(info).encode())
    assert sorter_of(storage, asset(place)) == ("kilosort2_5", None)
    processing = {"data_processes": [process("process", software_version="1.0")]}
    buckets.put(f"{place}/processing.json", json.dumps(processing).encode())
    assert sorter_of(storage, asset(place)) == ("kilosort4", "1.0")


def test_a_record_that_tells_the_sorter_saves_reading_files(buckets, storage, place):
    record = {"processing": {"data_processes": [process("process")]}}
    buckets.sent.clear()
    assert sorter_of(storage, asset(place), record) == ("kilosort4", None)
    assert not buckets.sent


def test_a_file_that_is_no_json_is_named(buckets, storage, place):
    buckets.put(f"{place}/processing.json", b'{"data_processes": [')
    with pytest.raises(SourceResponseError, match=r"processing\.json is no JSON"):
        sorter_of(storage, asset(place))
