"""Answers of the International Brain Laboratory's Alyx, and what it published of them, through our tables."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

import sessionframes as sf
from sessionframes.errors import JoinError
from sessionframes.sources.alyx.endpoints import ENDPOINTS, OF_TABLE
from sessionframes.sources.alyx.groups import Subjects
from tests.real_data import alyx_tables, ibl
from tests.real_data.alyx_tables import METRE
from tests.real_data.ours import check_same
from tests.sources.alyx.pages import MADE, framed

if TYPE_CHECKING:
    from pathlib import Path

#: 31 probes of the atlas are in no release.
UNRELEASED = 31


@pytest.fixture(scope="module")
def records(shared_data: Path) -> list[dict[str, Any]]:
    return alyx_tables.insertions(shared_data)


@pytest.fixture(scope="module")
def probes(records: list[dict[str, Any]]) -> pd.DataFrame:
    return framed("probes", records)


@pytest.fixture(scope="module")
def sessions(records: list[dict[str, Any]]) -> pd.DataFrame:
    return framed("sessions", alyx_tables.sessions_of(records))


@pytest.fixture(scope="module")
def release(shared_data: Path) -> pd.DataFrame:
    return pd.read_csv(shared_data / "ibl_bwm" / "2023_12_bwm_release.csv").set_index("pid")


@pytest.fixture(scope="module")
def regions(shared_data: Path) -> list[dict[str, Any]]:
    return alyx_tables.structures(shared_data)


@pytest.fixture(scope="module")
def channels(shared_data: Path, release: pd.DataFrame, regions: list[dict[str, Any]]) -> pd.DataFrame:
    table = pd.read_parquet(shared_data / "ibl_reproducible_ephys" / "channels_bwm.pqt")
    return alyx_tables.channels(table, release["eid"].to_dict(), regions)


def test_each_real_insertion_is_a_probe(probes: pd.DataFrame, records: list[dict[str, Any]]) -> None:
    assert len(probes) == len(records) == 552
    raw = pd.DataFrame(records)
    for column, field in {"session_id": "session", "probe_name": "name", "probe_model": "model"}.items():
        check_same(probes[column], raw[field])
    check_same(probes["probe_serial"], raw["serial"].replace("", None))
    inner = pd.json_normalize([one["json"] for one in records], max_level=1)
    for column, field in {
        "probe_qc": "qc",
        "n_units": "n_units",
        "n_units_qc_pass": "n_units_qc_pass",
        "drift_rms": "drift_rms_um",
        "amplitude_median": "amplitude_median_uV",
        "firing_rate_max": "firing_rate_max",
        "alignment_count": "extended_qc.alignment_count",
        "alignment_resolved": "extended_qc.alignment_resolved",
    }.items():
        check_same(probes[column], inner[field])
    # Sorted are all but these; every track is settled.
    assert probes["n_units"].isna().sum() == 20
    assert probes["alignment_resolved"].all()
    assert [json.loads(told) for told in probes["probe_json"]] == [one["json"] for one in records]


def test_what_that_server_told_otherwise_is_kept_and_told(probes: pd.DataFrame) -> None:
    # Chronic insertions had another name in 2022.
    assert set(probes["probe_other_fields"]) == {'{"chronic_recording":null}'}
    assert probes["chronic_insertion_id"].isna().all()


def test_each_probe_finds_its_session(probes: pd.DataFrame, sessions: pd.DataFrame) -> None:
    assert len(sessions) == 350
    joined = sf.join(probes, sessions)
    assert len(joined) == 552
    assert joined["start_time"].notna().all()


def test_the_releases_agree_with_the_server(
    probes: pd.DataFrame, sessions: pd.DataFrame, shared_data: Path
) -> None:
    joined = sf.join(probes, sessions)
    folder = shared_data / "ibl_bwm"
    unlike = {}
    for name in ("2022_10_initial.pqt", "2022_10_bwm_release.csv", "2023_12_bwm_release.csv"):
        path = folder / name
        table = pd.read_parquet(path) if path.suffix == ".pqt" else pd.read_csv(path)
        both = table[table["pid"].isin(joined.index)].reset_index(drop=True)
        unlike[name] = (len(table) - len(both), len(joined) - len(both))
        ours = joined.loc[both["pid"]]
        for column, theirs in {
            "session_id": both["eid"],
            "probe_name": both["probe_name"],
            "number": both["session_number"],
            "subject_name": both["subject"],
            "lab": both["lab"],
        }.items():
            check_same(ours[column], theirs)
        check_same(ours["start_time"].dt.date, both["date"].astype("str").map(pd.Timestamp).dt.date)
    # So many insertions only the release has, or only the server had.
    assert unlike == {
        "2022_10_initial.pqt": (0, 0),
        "2022_10_bwm_release.csv": (8, 13),
        "2023_12_bwm_release.csv": (151, 4),
    }


def test_sessions_of_the_cache_are_those_of_the_server(sessions: pd.DataFrame, shared_data: Path) -> None:
    table = pd.read_parquet(shared_data / "ibl_one_cache" / "sessions.pqt")
    cached = framed("sessions", alyx_tables.cached_sessions(table))
    assert len(cached) == len(table) == 8161
    assert cached["start_time_is_date"].all()
    assert (cached["projects"].list.len() > 1).sum() == 15
    same = cached.loc[sessions.index]
    for column in ("lab", "subject_name", "number", "session_type"):
        check_same(same[column], sessions[column].reset_index(drop=True))
    # What differs: it has days where the server has times.
    check_same(same["start_time"], sessions["start_time"].dt.floor("D").reset_index(drop=True))


def test_sessions_of_an_older_cache_have_numbers_for_ids(shared_data: Path) -> None:
    table = pd.read_parquet(shared_data / "one_fixtures" / "sessions.pqt")
    cached = framed("sessions", alyx_tables.cached_sessions(table))
    assert len(cached) == 26
    # That of the file's own path in ONE's tests.
    files = pd.read_parquet(shared_data / "one_fixtures" / "datasets.pqt")
    pairs = files[["eid_0", "eid_1"]].drop_duplicates().itertuples(index=False, name=None)
    found = {alyx_tables.eid_of_index(pair) for pair in pairs}
    assert found <= set(cached.index)
    assert cached["session_type"].isna().sum() == (table["task_protocol"] == "").sum() > 0


def test_channels_are_what_was_published(channels: pd.DataFrame, shared_data: Path) -> None:
    raw = pd.read_parquet(shared_data / "ibl_reproducible_ephys" / "channels_bwm.pqt").reset_index()
    assert len(channels) == len(raw) == 34944
    check_same(channels["probe_id"], raw["level_0"])
    # Told by the place alone.
    check_same(channels["local_index"], raw["level_1"])
    check_same(channels["structure_acronym"], raw["acronym"].replace("void", None))
    check_same(channels["probe_vertical_position"], raw["axial_um"])
    check_same(channels["mediolateral_bregma_coordinate"], raw["x"] * METRE)


def test_the_number_of_each_site_is_found_on_all_probes_of_the_atlas(
    shared_data: Path, regions: list[dict[str, Any]], release: pd.DataFrame
) -> None:
    table = pd.read_parquet(shared_data / "ibl_ephys_atlas" / "channels.pqt")
    eids = release["eid"].to_dict()
    known = table[table.index.get_level_values(0).isin(list(eids))]
    lost = set(table.index.get_level_values(0)) - set(eids)
    assert len(lost) == UNRELEASED
    located = alyx_tables.channels(known, eids, regions)
    raw = known.reset_index()
    # Old sortings have 374 of the 384 sites; their numbers have gaps, and are found all the same.
    assert sorted(raw.groupby("pid").size().unique()) == [374, 384]
    check_same(located["local_index"], raw["raw_ind"])
    check_same(located["structure_acronym"], raw["acronym"].replace("void", None))


def test_channels_are_within_the_volume_of_the_atlas(channels: pd.DataFrame) -> None:
    sizes = {"anterior_posterior": 13200, "dorsal_ventral": 8000, "left_right": 11400}
    for axis, size in sizes.items():
        assert channels[f"{axis}_ccf_coordinate"].between(0, size).all()
    # A recording in the left half is left of the midline, which is where bregma is.
    right = channels["mediolateral_bregma_coordinate"] > 0
    assert (right == (channels["left_right_ccf_coordinate"] > 5739)).all()
    # The thalamus is behind bregma and below, the striatum before.
    middle = channels.groupby("structure_acronym")["anterior_posterior_ccf_coordinate"].median()
    assert middle["PO"] > 5400 > middle["CP"]


def test_a_unit_finds_all_that_is_above_it(
    channels: pd.DataFrame, shared_data: Path, release: pd.DataFrame, regions: list[dict[str, Any]]
) -> None:
    raw = ibl.read(shared_data)
    units = ibl.tables(raw)["units"]
    released = release.reset_index()
    probes = framed(
        "probes",
        [
            {"id": one.pid, "session": one.eid, "name": one.probe_name, "json": None, "serial": ""}
            for one in released.itertuples()
        ],
    )
    cache = pd.read_parquet(shared_data / "ibl_one_cache" / "sessions.pqt")
    sessions = framed("sessions", alyx_tables.cached_sessions(cache.loc[released["eid"].unique()]))
    joined = sf.join(units, channels, probes, sessions)
    assert len(joined) == 137354
    check_same(joined["structure_acronym"], raw["clusters"]["acronym"].replace("void", None))
    check_same(joined["lab"], raw["clusters"]["lab"])
    assert joined[["channel_id", "probe_id", "session_id", "subject_name"]].notna().all().all()
    # What differs: 1017 units are in no region, and so have none to join.
    structures = framed("structures", regions)
    with pytest.raises(JoinError, match="1017 of 137354 rows have a structure_id that structures has no row"):
        sf.join(joined, structures)
    located = sf.join(joined[joined["structure_id"].notna()], structures)
    assert located["structure_name"].notna().all()


def test_tracks_of_the_atlas_are_trajectories(shared_data: Path, release: pd.DataFrame) -> None:
    table = pd.read_parquet(shared_data / "ibl_ephys_atlas" / "coordinates.pqt")
    tracks = framed("trajectories", alyx_tables.trajectories(table, release["eid"].to_dict()))
    assert len(tracks) == 478
    np.testing.assert_array_equal(tracks["entry_left_right_ccf_coordinate"], 5739 + table["x"])
    np.testing.assert_array_equal(tracks["entry_anterior_posterior_ccf_coordinate"], 5400 - table["y"])
    assert tracks["session_id"].isna().sum() == 478 - table.index.isin(release.index).sum()


def test_answers_kept_by_one_are_rows(shared_data: Path) -> None:
    """Of other servers, and of another age: nulls where this one has blanks."""
    seen = {}
    for path in sorted((shared_data / "one_fixtures" / "rest_responses").iterdir()):
        answer, _ = json.loads(path.read_text(encoding="utf-8"))
        listed = answer.get("results", [answer])
        frame = framed(_table(listed[0]), listed)
        assert len(frame) == len(listed)
        seen[_table(listed[0])] = seen.get(_table(listed[0]), 0) + len(frame)
    assert seen == {
        "assets": 6,
        "data_repository": 2,
        "dataset_types": 8,
        "labs": 1,
        "probes": 1,
        "revisions": 1,
    }


def _table(record: dict[str, Any]) -> str:
    """The table that a record is of: the one with most of its fields."""
    endpoints = {table: OF_TABLE.get(table) or ENDPOINTS[table.replace("_", "-")] for table in MADE}
    return max(endpoints, key=lambda table: len(record.keys() & endpoints[table].fields.keys()))


def test_recorded_traffic_is_rows(shared_data: Path) -> None:
    folder = shared_data.parent / "fixtures" / "alyx"
    if not folder.is_dir():
        pytest.skip(f"no recorded traffic: {folder} is not there")
    told = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["responses"]
    tables = {one.name: table for table, one in OF_TABLE.items()} | {
        table.replace("_", "-"): table for table in MADE if table not in OF_TABLE
    }
    counts: dict[str, int] = {}
    subjects = Subjects(json.loads((folder / "subjects_list.json").read_text(encoding="utf-8"))["results"])
    for one in told:
        table = tables.get(one.get("path", "").strip("/").partition("/")[0])
        if table is None or one.get("status") not in (200, 201) or not one.get("file", "").endswith(".json"):
            continue
        answer = json.loads((folder / one["file"]).read_text(encoding="utf-8"))
        listed = answer.get("results", [answer])
        # Some filters make the server repeat rows.
        rows = list({row.get("id") or row.get("url") or json.dumps(row): row for row in listed}.values())
        frame = framed(table, rows, **_around(table, rows, subjects))
        rest = next(name for name in frame if name.endswith(("other_fields", "unknown_fields")))
        assert frame[rest].isna().all(), one["name"]
        counts[table] = counts.get(table, 0) + len(frame)
    assert len(counts) == 22
    assert sum(counts.values()) > 3000


def _around(table: str, rows: list[dict[str, Any]], subjects: Subjects) -> dict[str, Any]:
    if table == "sessions":
        return {"subjects": subjects}
    if table == "channels":
        names = {row["trajectory_estimate"] for row in rows}
        return {"trajectories": {name: {"probe_insertion": name, "session": {"id": "1"}} for name in names}}
    return {}
