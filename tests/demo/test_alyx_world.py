"""The demo world as Alyx has it: rows and files that tell of the same, and what is odd there."""

from __future__ import annotations

import io
from collections import Counter, defaultdict
from datetime import datetime
from decimal import Decimal
from hashlib import md5

import numpy as np
import pyarrow.parquet as pq
import pytest

from sessionframes.demo.alyx import make_files, make_records, own_id
from sessionframes.demo.alyx.example_files import LAB, SEED_SESSION
from sessionframes.demo.alyx.examples import OLDEST_INSERTION, SEED_INSERTION, TWICE
from sessionframes.demo.alyx.jsonb import JSON_NULL
from sessionframes.demo.alyx.models import MODELS
from sessionframes.demo.alyx.store import Store
from sessionframes.demo.world import make_world

_AXES = {"x": ("left_right", 0, 1), "y": ("anterior_posterior", 1, -1), "z": ("dorsal_ventral", 2, -1)}
#: Bregma from the left, the front and the top, in um: IBL's ``ALLEN_CCF_LANDMARKS_MLAPDV_UM``.
_BREGMA_UM = (5739, 5400, 332)
_PREFERRED = ("iblsorter", "pykilosort", "")
_KEYS = {
    "session_id": "sessions",
    "subject_id": "subjects",
    "probe_id": "insertions",
    "channel_id": "channels",
}


@pytest.fixture(scope="module")
def world():
    return make_world(0.05)


@pytest.fixture(scope="module")
def rows(world):
    return make_records(world)


@pytest.fixture(scope="module")
def odd(world):
    """The rows that only the examples have."""
    own = make_records(world)
    every = make_records(world, examples=True)
    return {name: some[len(own.get(name, [])) :] for name, some in every.items()}


@pytest.fixture(scope="module")
def files(world):
    return make_files(world)


@pytest.fixture(scope="module")
def places(rows):
    """Where the server of data has the copies of each dataset."""
    addresses = {row["name"]: row["data_url"] for row in rows["data-repository"]}
    found = defaultdict(list)
    for record in rows["files"]:
        address = addresses[record["data_repository"]]
        if address and record["exists"]:
            stem, _, kind = record["relative_path"].rpartition(".")
            found[record["dataset"]].append(
                f"{address.removeprefix('{data}/')}{stem}.{record['dataset']}.{kind}"
            )
    return found


def by_id(rows):
    return {row["id"]: row for row in rows}


def test_all_is_made_the_same_every_time(world, rows):
    assert make_records(make_world(0.05)) == rows
    assert make_files(make_world(0.05)) == make_files(world)
    assert make_records(make_world(0.05, 1)) != rows


@pytest.mark.parametrize("examples", [False, True])
def test_every_relation_leads_to_a_row_and_every_field_is_one_of_the_server(world, examples):
    every = make_records(world, 100, 8000, examples=examples)
    store = Store(every)
    for name, some in every.items():
        assert {field for row in some for field in row} <= set(MODELS[name].columns)
        assert len(store.tables[name]) >= len(some)


@pytest.mark.parametrize("examples", [False, True])
def test_no_two_rows_have_the_same_id(world, examples):
    for some in make_records(world, 100, 8000, examples=examples).values():
        assert max(Counter(row["id"] for row in some).values()) == 1


@pytest.mark.parametrize("key", [*_KEYS, "unit_id"])
def test_no_two_things_have_the_same_id(world, rows, key):
    table = key.replace("_id", "s")
    numbers = getattr(world, table)[key].to_pylist()
    ids = {own_id(world, key, one) for one in numbers}
    assert len(ids) == len(numbers)
    if key in _KEYS:
        assert ids <= {row["id"] for row in rows[_KEYS[key]]}


def test_there_is_no_id_of_what_alyx_does_not_have(world):
    with pytest.raises(LookupError, match="Alyx has nothing with a rig_id"):
        own_id(world, "rig_id", 1)


def test_without_the_examples_there_is_nothing_but_the_world(world, rows):
    for key, name in _KEYS.items():
        if key != "channel_id":
            numbers = getattr(world, key.replace("_id", "s"))[key].to_pylist()
            assert {row["id"] for row in rows[name]} == {own_id(world, key, one) for one in numbers}
    assert not any(row["lab"] == LAB for row in rows["subjects"])


def best_channels(rows):
    """The channels of the best trajectory that has some, by the id of the insertion."""
    trajectories = by_id(rows["trajectories"])
    found = defaultdict(lambda: defaultdict(list))
    for row in rows["channels"]:
        trajectory = trajectories[row["trajectory_estimate"]]
        found[trajectory["probe_insertion"]][trajectory["provenance"]].append(row)
    return {insertion: some[max(some)] for insertion, some in found.items()}


def test_the_best_trajectory_has_every_channel_where_the_world_has_it(world, rows):
    told = by_id(row for some in best_channels(rows).values() for row in some)
    channels = world.channels.to_pylist()
    assert len(told) == len(channels)
    for channel in channels:
        row = told[own_id(world, "channel_id", channel["channel_id"])]
        for name, (axis, at, sign) in _AXES.items():
            ccf = channel[f"{axis}_ccf_coordinate"]
            assert (None if row[name] is None else _BREGMA_UM[at] + sign * row[name]) == ccf
        assert (row["brain_region"] or None) == channel["structure_id"]
        assert row["axial"] == channel["probe_vertical_position"]
        assert row["lateral"] == channel["probe_horizontal_position"]


def test_insertions_have_every_mixture_of_trajectories_and_channels(rows):
    with_channels = {row["trajectory_estimate"] for row in rows["channels"]}
    found = defaultdict(set)
    for row in rows["trajectories"]:
        if row["provenance"] >= 50:
            place = "known" if row["x"] is not None else "unknown"
            state = "used" if row["id"] in with_channels else "empty"
            found[row["probe_insertion"]].add((row["provenance"], place, state))
    kinds = {frozenset(one) for one in found.values()}
    assert kinds == {
        frozenset({(70, "known", "used"), (50, "known", "empty")}),
        frozenset({(70, "known", "used"), (50, "known", "used")}),
        frozenset({(70, "known", "empty"), (50, "known", "used")}),
        frozenset({(50, "known", "used")}),
        frozenset({(50, "unknown", "used")}),
    }


def test_the_regions_make_one_tree(rows):
    regions = by_id(rows["brain-regions"])
    for row in rows["brain-regions"]:
        seen = set()
        while row["parent"] is not None:
            assert row["id"] not in seen
            seen.add(row["id"])
            row = regions[row["parent"]]
        assert row["acronym"] == "void"
    acronyms = {row["acronym"]: row["id"] for row in rows["brain-regions"]}
    assert len(acronyms) == len(regions)
    assert (acronyms["root"], acronyms["MO"], acronyms["CA1"]) == (997, 500, 382)


def test_files_are_what_their_datasets_say(rows, files, places):
    datasets = by_id(rows["datasets"])
    seen = Counter()
    for key, some in places.items():
        row = datasets[key]
        for place in some:
            if place not in files:
                assert row["name"].startswith("spikes.") or row["name"].endswith((".mp4", ".pqt"))
                continue
            seen[bool(row["hash"])] += 1
            assert row["file_size"] == len(files[place])
            assert row["hash"] in ("", md5(files[place], usedforsecurity=False).hexdigest())
    assert seen[True] + seen[False] == len(files)
    assert seen[False] > 1


def sorting(rows, files, places, insertion):
    """What counts of an insertion, read as IBL's loader reads it."""
    datasets = by_id(rows["datasets"])
    folders = defaultdict(dict)
    for key in insertion["datasets"]:
        row = datasets[key]
        if row["default_dataset"]:
            sorter = row["collection"].removeprefix(f"alf/{insertion['name']}").strip("/")
            folders[sorter][row["name"]] = next((files[one] for one in places[key] if one in files), None)
    chosen = next(folders[one] for one in _PREFERRED if one in folders)
    arrays = {
        name.removesuffix(".npy"): np.load(io.BytesIO(data))
        for name, data in chosen.items()
        if name.endswith(".npy") and data is not None
    }
    return arrays, pq.read_table(io.BytesIO(chosen["clusters.metrics.pqt"])).to_pandas(), folders


def test_files_merged_by_position_give_the_units_of_the_world(world, rows, files, places):
    units = {own_id(world, "unit_id", row["unit_id"]): row for row in world.units.to_pylist()}
    place_of = {
        row["channel_id"]: (row["probe_horizontal_position"], row["probe_vertical_position"])
        for row in world.channels.to_pylist()
    }
    found = set()
    for insertion in rows["insertions"]:
        arrays, metrics, _ = sorting(rows, files, places, insertion)
        sites = arrays["channels.localCoordinates"][arrays["clusters.channels"]]
        assert len(sites) == len(metrics)
        for at, measures in enumerate(metrics.to_dict("records")):
            key = f"{insertion['id']}:{at}"
            unit = units[key]
            found.add(key)
            assert tuple(sites[at]) == place_of[unit["channel_id"]]
            assert measures["firing_rate"] == unit["firing_rate"]
            assert measures["presence_ratio"] == unit["presence_ratio"]
            assert measures["missed_spikes_est"] == unit["amplitude_cutoff"]
            assert (measures["label"] == 1) == (unit["quality"] == "good")
            assert arrays["clusters.peakToTrough"][at] == unit["waveform_duration"]
            volts = Decimal(repr(float(arrays["clusters.amps"][at])))
            assert float(volts * 10**6) == unit["waveform_amplitude"]
    assert found == set(units)


def test_there_are_sortings_of_every_vintage_and_older_ones_beside_them(rows, files, places):
    seen = Counter()
    for insertion in rows["insertions"]:
        seen[frozenset(sorting(rows, files, places, insertion)[2])] += 1
    assert set(seen) == {frozenset({"pykilosort"}), frozenset({"iblsorter", "pykilosort"}), frozenset({""})}
    revisions = Counter((row["revision"], row["default_dataset"]) for row in rows["datasets"])
    assert set(revisions) == {(None, True), (None, False), ("2023-04-20", True)}


def test_copies_are_as_many_as_asked_for_and_have_no_files(world):
    more = make_records(world, 1200, 60_000)
    assert len(more["sessions"]) == 1200
    assert 60_000 <= len(more["channels"]) < 60_384
    assert len(more["datasets"]) == len(make_records(world)["datasets"])
    starts = Counter(row["start_time"] for row in more["sessions"])
    assert max(starts.values()) == 20


def test_times_have_no_offset_and_two_forms(rows, odd):
    sessions = [row for one in (rows, odd) for row in one["sessions"] if row["start_time"]]
    times = [row["start_time"] for row in sessions]
    assert all(row["start_time"] < row["end_time"] for row in sessions if row["end_time"])
    assert {datetime.fromisoformat(one).tzinfo for one in times} == {None}
    assert {"." in one for one in times} == {False, True}


def test_the_examples_have_what_the_world_cannot_have(odd):
    sessions = odd["sessions"]
    for name in ("lab", "start_time", "number"):
        assert any(row[name] is None for row in sessions)
    assert any(not row["users"] for row in sessions)
    assert any(row["n_trials"] == 0 for row in sessions)
    assert {type(row["extended_qc"]) for row in sessions} == {dict, type(None), type(JSON_NULL)}
    kinds = {type(row["extended_qc"]["task"]) for row in sessions if row["extended_qc"]}
    assert kinds == {str, int}
    assert Counter(row["nickname"] for row in odd["subjects"])[TWICE] == 2
    assert len({row["lab"] for row in odd["subjects"] if row["nickname"] == TWICE}) == 2
    with_trajectory = {row["probe_insertion"] for row in odd["trajectories"]}
    assert {row["id"] for row in odd["insertions"]} - with_trajectory
    assert None in with_trajectory
    with_record = {row["dataset"] for row in odd["files"]}
    assert {row["id"] for row in odd["datasets"]} - with_record
    assert any(row["session"] is None for row in odd["datasets"])
    assert any(row["session"] is None for row in odd["tasks"])
    ties = Counter(row["start_time"] for row in sessions)
    assert max(ties.values()) == 20


def test_of_the_files_of_the_examples_one_is_broken_and_one_is_lost(world, odd, files):
    own = {path: data for path, data in make_files(world, examples=True).items() if path not in files}
    datasets = by_id(odd["datasets"])
    by_path = {path: next(row for key, row in datasets.items() if key in path) for path in own}
    broken = {
        by_path[path]["name"]
        for path, data in own.items()
        if md5(data, usedforsecurity=False).hexdigest() != by_path[path]["hash"]
    }
    assert broken == {"_ibl_wheel.timestamps.npy"}
    names = {row["name"] for row in datasets.values()} - {row["name"] for row in by_path.values()}
    assert "_ibl_wheel.velocity.npy" in names


def test_the_old_sorting_of_the_examples_has_374_channels_of_384(world, odd):
    own = make_files(world, examples=True)
    raw = [path for path in own if f"{LAB}/" in path and "channels.rawInd" in path]
    assert len(raw) == 2
    for path in raw:
        sites = np.load(io.BytesIO(own[path]))
        assert (len(sites), sites.max()) == (374, 383)
    peaks = [
        np.load(io.BytesIO(data)) for path, data in own.items() if LAB in path and "clusters.channels" in path
    ]
    assert sorted(some.max() for some in peaks) == [300, 383]
    for key in (SEED_INSERTION, OLDEST_INSERTION):
        (insertion,) = (row for row in odd["insertions"] if row["id"] == key)
        assert insertion["session"] == SEED_SESSION
        assert len(insertion["datasets"]) == 8
