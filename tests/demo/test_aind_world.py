"""The demo world as AIND has it: documents, assets and files that tell of the same, and what is odd there."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path

import h5py
import numpy as np
import pytest
import zarr

from sessionframes.demo.aind import make_assets, make_files, make_records, own_id
from sessionframes.demo.aind.examples import SESSION, SUBJECT
from sessionframes.demo.aind.opening import open_aind_demo
from sessionframes.demo.aind.recordings import recordings
from sessionframes.demo.world import make_world
from sessionframes.errors import ConfigError

_INTERNAL = "codeocean-s3datasetsbucket-1u41qdg42ur9"
_KEYS_OF_SEED = [
    *("_id", "acquisition", "created", "data_description", "describedBy", "external_links", "instrument"),
    *("last_modified", "location", "metadata_status", "name", "procedures", "processing", "rig"),
    *("schema_version", "session", "subject"),
]


@pytest.fixture(scope="module")
def world():
    return make_world(0.05)


@pytest.fixture(scope="module")
def records(world):
    return make_records(world)


@pytest.fixture(scope="module")
def assets(world):
    return make_assets(world)


@pytest.fixture(scope="module")
def files(world):
    return make_files(world)


def ids_in(record):
    links = record.get("external_links", record.get("other_identifiers")) or []
    return [
        one
        for link in (links if isinstance(links, list) else [links])
        for one in np.atleast_1d(link.get("Code Ocean", [])).tolist()
    ]


def test_all_is_made_the_same_every_time(records, assets):
    assert make_records(make_world(0.05)) == records
    assert make_assets(make_world(0.05)) == assets
    assert make_records(make_world(0.05, 1)) != records


def test_documents_and_assets_are_json(records, assets):
    assert json.loads(json.dumps([records, assets], allow_nan=False)) == [records, assets]


def test_ids_are_unique(records, assets):
    for ids in ([one["_id"] for one in records], [one["id"] for one in assets]):
        assert max(Counter(ids).values()) == 1


def test_documents_and_assets_of_the_same_data_have_the_same_name_and_place(records, assets):
    by_id = {one["id"]: one for one in assets}
    linked = [(record, by_id[one]) for record in records for one in ids_in(record)]
    assert len(linked) > 30
    for record, asset in linked:
        assert record["name"] == asset["name"]
        bucket = asset.get("source_bucket")
        place = f"{bucket['bucket']}/{bucket['prefix']}" if bucket else f"{_INTERNAL}/{asset['id']}"
        assert record["location"] == f"s3://{place}"


def test_of_two_documents_of_a_session_the_newer_is_that_of_the_world(world, records):
    own = Counter(record["name"] for record in records)
    names = [own_id(world, "session_id", one) for one in world.sessions["session_id"].to_pylist()]
    assert sorted(own[name] for name in names) == [1] * 11 + [2]
    (twice,) = (name for name in names if own[name] == 2)
    newer, older = (record for record in records if record["name"] == twice)
    assert newer["created"] > older["created"]
    assert newer["session"]["session_type"] in world.sessions["session_type"].to_pylist()
    assert older["session"]["session_type"] == "to be filled in"


@pytest.mark.parametrize("key", ["session_id", "subject_id", "probe_id", "channel_id", "unit_id"])
def test_no_two_things_have_the_same_id(world, key):
    table = {"session_id": "sessions", "subject_id": "subjects"}.get(key, key.replace("_id", "s"))
    numbers = getattr(world, table)[key].to_pylist()
    assert len({own_id(world, key, one) for one in numbers}) == len(numbers)


def test_there_is_no_id_of_what_aind_does_not_have(world):
    with pytest.raises(LookupError, match="AIND has nothing with a lab_id"):
        own_id(world, "lab_id", 1)


def test_every_form_of_a_link_to_code_ocean_is_met(records):
    links = [record["external_links"] for record in records if "external_links" in record]
    kinds = {type(one).__name__ if one else repr(one) for one in links}
    assert kinds == {"dict", "list", "[]", "{}", "None"}


def test_documents_are_of_both_schemas(records):
    versions = {record["schema_version"].partition(".")[0] for record in records}
    assert versions == {"0", "1", "2"}
    assert {record.get("object_type") for record in records} == {None, "Metadata"}


def test_one_session_is_known_to_docdb_alone_and_one_to_code_ocean_alone(records, assets):
    told = [
        {re.sub(r"(_sorted|_dlc| copy).*", "", one["name"]) for one in some} for some in (records, assets)
    ]
    raw = [{name for name in some if re.search(r"\d\d-\d\d-\d\d$", name)} for some in told]
    assert any(name.startswith("ecephys_386188") for name in raw[0] - raw[1])
    assert raw[1] - raw[0] == {"ecephys_702131_2024-05-06_09-30-15"}


def test_a_good_sorting_has_a_log_an_nwb_file_and_its_probes(world, files):
    folders = Counter()
    for one in recordings(world):
        for sorting in one.sortings:
            root = f"{sorting.bucket}/{sorting.folder}"
            own = [key.removeprefix(f"{root}/") for key in files if key.startswith(f"{root}/")]
            is_good = sorting.failure is None
            assert any(key.startswith("nwb/") for key in own) == is_good
            assert any("curated/experiment1_Record Node 104#" in key for key in own) == is_good
            if not is_good:
                assert b"Traceback" in files[f"{root}/output"]
            folders[is_good] += 1
    assert folders[True] > 11
    assert folders[False] > 1


def test_half_of_the_nwb_files_are_hdf5_and_half_zarr(files):
    names = {key.partition("/nwb/")[2].partition("/")[0] for key in files if "/nwb/" in key}
    forms = Counter(name.rpartition(".")[2] for name in names)
    assert forms["nwb"] > 4
    assert forms["zarr"] > 4


def test_the_real_libraries_read_what_the_world_has(world, files):
    for one in recordings(world):
        if one.told is None:
            continue
        root = f"{one.told.bucket}/{one.told.folder}/nwb/"
        some = next(path for key, path in files.items() if key.startswith(root))
        sites = sum(map(len, (world.channels.filter(_of(probe)) for probe in one.probes)))
        found = sum(map(len, (world.units.filter(_of(probe)) for probe in one.probes)))
        if one.told.form == "hdf5":
            with h5py.File(some) as file:
                assert _rows(file) == (sites, found)
        else:
            whole = next(parent for parent in some.parents if parent.name.endswith(".zarr"))
            assert _rows(zarr.open(str(whole), "r")) == (sites, found)


def _of(probe):
    import pyarrow.compute as pc

    return pc.field("probe_id") == probe.number


def _rows(file):
    assert len(file["units/spike_times"]) == 8 * len(file["units/id"])
    return len(file["general/extracellular_ephys/electrodes/id"]), len(file["units/id"])


def test_files_are_written_once_and_what_a_killed_process_left_behind_is_taken_away(world, tmp_path):
    (tmp_path / ".making-abc" / "asset").mkdir(parents=True)
    small = make_files(world, cache=tmp_path)
    paths = {path: path.stat().st_mtime_ns for path in small.values() if isinstance(path, Path)}
    assert make_files(world, cache=tmp_path) == small
    assert {path: path.stat().st_mtime_ns for path in paths} == paths
    assert sorted(one.name.partition("-")[0] for one in tmp_path.iterdir()) == ["aind", "lock"]


def test_a_cache_that_is_no_directory_is_refused(world, tmp_path):
    (tmp_path / "cache").touch()
    with pytest.raises(ConfigError, match="cache cannot be written: File exists"):
        make_files(world, cache=tmp_path / "cache")


def test_copies_are_of_other_animals_and_have_raw_and_sorted_data(world):
    more, more_assets = (make(world, 100, examples=False) for make in (make_records, make_assets))
    added = [one for one in more if one["name"].split("_")[1].startswith("9000")]
    assert len(added) == len({one["name"] for one in added}) == 2 * 88
    assert len({one["subject"]["subject_id"] for one in added}) == 40
    assert len(more_assets) - len(make_assets(world, examples=False)) == 2 * 88


def test_without_the_examples_there_is_nothing_but_the_world(world, files):
    subjects = set(world.subjects["subject_name"].to_pylist())
    for record in make_records(world, examples=False):
        assert record["data_description"]["subject_id"] in subjects
    assert not any(SUBJECT in key for key in make_files(world, examples=False))
    assert any(SUBJECT in key for key in files)


def test_the_document_of_the_seed_has_its_keys_in_their_order(records):
    (found,) = (record for record in records if record["name"] == SESSION)
    assert list(found) == _KEYS_OF_SEED
    assert found["subject"]["genotype"] == "Pvalb-IRES-Cre/wt;Ai32(RCL-ChR2(H134R)_EYFP)/wt"
    assert ids_in(found) == ["16d46411-540a-4122-b47f-8cb2a15d593a"]
    assert found["location"] == f"s3://aind-ephys-data/{SESSION}"


@pytest.fixture(scope="module")
def db():
    with open_aind_demo(0.05, 0) as opened:
        yield opened


def test_the_demo_answers_the_questions_of_the_seed(db):
    found = db.get_sessions(subject_id=SUBJECT)
    assert sorted(found.index) == [
        "behavior_676909_2023-10-24_15-15-50",
        "ecephys_676909_2023-12-11_14-24-35",
        SESSION,
        "ecephys_676909_2023-12-14_12-43-11",
    ]
    session = db.session(SESSION)
    assert session.modalities == ("behavior", "behavior_videos", "ecephys")
    assert list(session.docdb.keys()) == _KEYS_OF_SEED
    assert session.raw_data_asset.id == "16d46411-540a-4122-b47f-8cb2a15d593a"
    assert session.ecephys.sorter.kilosort2_5.data_assets[-1].name == f"{SESSION}_sorted_2024-03-01_16-02-45"


def test_all_tables_of_the_demo_are_read(db):
    for table in db.tables:
        assert len(db.get(table, progress=False)) > 10


def test_a_probe_that_was_moved_has_a_row_for_each_stream(db):
    found = db.get_probes(session_ids=["ecephys_702131_2024-05-08_09-30-15"])
    assert found["device_name"].tolist() == ["ProbeA", "ProbeB"] * 2
    assert found["stream"].tolist() == [0, 0, 1, 1]


def test_a_demo_is_the_same_place_however_often_it_is_opened(db):
    with open_aind_demo(0.05, 0) as again:
        assert again.transport.address == db.transport.address
        assert again.docdb_url != db.docdb_url


def test_a_closed_demo_has_stopped_its_servers():
    import requests

    opened = open_aind_demo(0.05, 0)
    url = f"{opened.docdb_url}/v1/metadata_index/data_assets/find"
    assert requests.get(url, timeout=10).ok
    opened.close()
    opened.close()
    with pytest.raises(requests.ConnectionError):
        requests.get(url, timeout=10)
