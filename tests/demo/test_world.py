"""The demo world: the same everywhere, whole in itself, like real data, and odd where it says so."""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import fields
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from sessionframes.demo.structures import STRUCTURES
from sessionframes.demo.world import World, make_world
from sessionframes.errors import ConfigError

TABLES = tuple(field.name for field in fields(World) if field.name not in {"scale", "seed", "oddities"})
KEYS = {
    "labs": "lab_id",
    "subjects": "subject_id",
    "sessions": "session_id",
    "probes": "probe_id",
    "channels": "channel_id",
    "units": "unit_id",
    "structures": "structure_id",
    "runs": "run_id",
    "run_probes": "run_probe_id",
    "metric_bundles": "metric_bundle_id",
    "files": "file_id",
    "stimuli": "stimulus_id",
}
#: A small world, and one as small as can be: every oddity is in both.
SCALES = (0.05, 0.0005)


@pytest.fixture(scope="module", params=SCALES)
def world(request: pytest.FixtureRequest) -> World:
    return make_world(request.param)


@pytest.fixture(scope="module")
def usual() -> World:
    return make_world(1.0)


def rows(table: pa.Table, key: str, ids: Any) -> list[dict[str, Any]]:
    return table.filter(pc.is_in(table[key], value_set=pa.array(list(ids), pa.int64()))).to_pylist()


def metrics(world: World) -> dict[int, Any]:
    blocks = pa.concat_tables(world.bundle_blocks())
    texts = zip(blocks["metric_bundle_id"].to_pylist(), blocks["data"].to_pylist(), strict=True)
    return {bundle: None if text is None else json.loads(text) for bundle, text in texts}


def fingerprint(world: World) -> str:
    digest = hashlib.sha256()
    for name in TABLES:
        digest.update(json.dumps(getattr(world, name).to_pydict(), default=str).encode())
    for block in world.bundle_blocks():
        digest.update(json.dumps(block["data"].to_pylist()).encode())
    digest.update(json.dumps(world.oddities).encode())
    return digest.hexdigest()[:16]


def test_is_the_same_on_every_machine() -> None:
    # Change the number when the world is meant to change; a machine that disagrees has found a mistake.
    assert fingerprint(make_world(0.01, seed=3)) == "6beb2b1ef128e5ca"


def test_another_seed_is_another_world() -> None:
    assert fingerprint(make_world(0.001, seed=1)) != fingerprint(make_world(0.001, seed=2))


@pytest.mark.parametrize(("scale", "seed"), [(0, 0), (-1.0, 0), (math.inf, 0), (math.nan, 0), (1.0, -1)])
def test_refuses_what_cannot_be_made(scale: float, seed: int) -> None:
    with pytest.raises(ConfigError):
        make_world(scale, seed)


def test_size_at_scale_one(usual: World) -> None:
    assert usual.sessions.num_rows == 60
    assert 330 <= usual.probes.num_rows <= 360
    assert 123_000 <= usual.channels.num_rows <= 135_000
    assert 199_000 <= usual.units.num_rows <= 201_000
    assert 170_000 <= usual.metric_bundles.num_rows <= 195_000


@pytest.mark.parametrize("scale", [0.05, 0.3])
def test_size_follows_the_scale(scale: float) -> None:
    world = make_world(scale)
    assert world.units.num_rows == pytest.approx(200_000 * scale, rel=0.02)
    assert world.channels.num_rows == pytest.approx(130_000 * scale, rel=0.25)


def test_keys(world: World) -> None:
    for name, key in KEYS.items():
        ids = getattr(world, name)[key]
        assert ids.type == pa.int64()
        assert ids.null_count == 0, name
        assert pc.count_distinct(ids).as_py() == len(ids), name
        assert 0 < pc.min(ids).as_py() < pc.max(ids).as_py() < 2**31, name


@pytest.mark.parametrize("name", ["subjects", "sessions", "probes", "channels", "units", "metric_bundles"])
def test_rows_are_not_in_the_order_of_their_ids(world: World, name: str) -> None:
    ids = getattr(world, name)[KEYS[name]].to_numpy()
    assert (np.diff(ids) < 0).any()
    assert ids.max() - ids.min() > len(ids)


@pytest.mark.parametrize(
    ("child", "column", "parent"),
    [
        ("subjects", "lab_id", "labs"),
        ("sessions", "lab_id", "labs"),
        ("sessions", "subject_id", "subjects"),
        ("probes", "session_id", "sessions"),
        ("channels", "probe_id", "probes"),
        ("channels", "structure_id", "structures"),
        ("units", "channel_id", "channels"),
        ("runs", "session_id", "sessions"),
        ("run_probes", "run_id", "runs"),
        ("run_probes", "probe_id", "probes"),
        ("metric_bundles", "unit_id", "units"),
        ("metric_bundles", "run_id", "runs"),
        ("stimuli", "file_id", "files"),
    ],
)
def test_every_row_has_its_parent(world: World, child: str, column: str, parent: str) -> None:
    values = getattr(world, child)[column].drop_null()
    assert pc.all(pc.is_in(values, value_set=getattr(world, parent)[KEYS[parent]])).as_py()


def test_units_and_channels_agree_on_their_ancestors(world: World) -> None:
    channels = world.channels.select(["channel_id", "probe_id", "session_id"]).to_pandas()
    units = world.units.select(["channel_id", "probe_id", "session_id"]).to_pandas()
    both = units.merge(channels, on="channel_id", suffixes=("", "_of_channel"))
    assert len(both) == len(units)
    assert (both["probe_id"] == both["probe_id_of_channel"]).all()
    assert (both["session_id"] == both["session_id_of_channel"]).all()


@pytest.mark.parametrize(
    ("column", "low", "high", "median"),
    [
        ("snr", 0, 15, 2.2),
        ("firing_rate", 0, 100, 2.8),
        ("isi_violations", 0, 1e4, 0.13),
        ("presence_ratio", 0, 0.99, 0.99),
        ("amplitude_cutoff", 0, 0.5, 0.04),
        ("isolation_distance", 0, 1e4, 52),
        ("l_ratio", 0, 1, 0.008),
        ("d_prime", 0, 30, 3.7),
        ("nn_hit_rate", 0, 1, 0.86),
        ("nn_miss_rate", 0, 1, 0.002),
        ("silhouette_score", -1, 1, 0.08),
        ("max_drift", 0, 300, 32),
        ("cumulative_drift", 0, 3000, 200),
        ("waveform_duration", 0.02, 2.3, 0.63),
        ("waveform_halfwidth", 0.02, 2.8, 0.21),
        ("waveform_amplitude", 0, 1000, 105),
        ("waveform_spread", 0, 200, 80),
        ("waveform_velocity_above", -20, 30, 0.69),
        ("waveform_velocity_below", -20, 20, 0.11),
    ],
)
def test_metrics_of_units_look_real(
    usual: World, column: str, low: float, high: float, median: float
) -> None:
    values = usual.units[column].drop_null().to_numpy()
    values = values[~np.isnan(values)]
    assert low <= values.min() <= values.max() <= high
    assert np.median(values) == pytest.approx(median, rel=0.12)


def test_some_metrics_of_units_reach_their_special_values(usual: World) -> None:
    assert pc.max(usual.units["isi_violations"]).as_py() > 1
    assert 0.03 < np.mean(usual.units["amplitude_cutoff"].to_numpy() == 0.5) < 0.1


def test_well_sorted_units_are_so_by_every_measure(usual: World) -> None:
    frame = usual.units.select(["isolation_distance", "d_prime", "snr", "waveform_amplitude"]).to_pandas()
    ranks = frame.corr("spearman")
    assert ranks.loc["isolation_distance", "d_prime"] > 0.4
    assert ranks.loc["snr", "waveform_amplitude"] > 0.4
    assert abs(ranks.loc["snr", "d_prime"]) < 0.05


def test_structures_are_contiguous_along_a_probe(world: World) -> None:
    channels = world.channels.to_pandas().sort_values(["probe_id", "probe_channel_number"])
    for _, probe in channels.groupby("probe_id"):
        known = probe["structure_id"].dropna().astype(int).tolist()
        runs = [now for before, now in zip([None, *known], known, strict=False) if now != before]
        assert len(runs) == len(set(runs))
        assert math.isnan(probe["structure_id"].iloc[-1])


def test_coordinates_vary_smoothly_along_a_probe(world: World) -> None:
    channels = world.channels.to_pandas().sort_values(["probe_id", "probe_channel_number"])
    for _, probe in channels.groupby("probe_id"):
        steps = probe["dorsal_ventral_ccf_coordinate"].dropna().diff().dropna()
        assert steps.between(-45, 1).all()


def test_channels_per_probe_follow_the_kind_of_probe(usual: World) -> None:
    phases = dict(zip(*(usual.probes[name].to_pylist() for name in ("probe_id", "probe_phase")), strict=True))
    counts = usual.channels["probe_id"].value_counts().to_pylist()
    seen = {(phases[count["values"]], count["counts"]) for count in counts}
    assert seen == {("3a", 374), ("PXI", 383)}


def test_acronyms_are_those_of_the_atlas() -> None:
    assert 60 <= len(STRUCTURES) <= 100
    assert len(set(STRUCTURES.values())) == len(STRUCTURES)
    assert (STRUCTURES["VISp"], STRUCTURES["CA1"], STRUCTURES["DG-mo"]) == (385, 382, 10703)


def test_every_oddity_is_there(world: World) -> None:
    assert all(world.oddities.values())
    owners = {"subject": "subjects", "bundle": "metric_bundles"}
    for name, ids in world.oddities.items():
        kind = name.split("_")[0]
        table = owners.get(kind, f"{kind}s")
        assert set(ids) <= set(getattr(world, table)[KEYS[table]].to_pylist()), name


@pytest.mark.parametrize(
    ("oddity", "table", "column", "value"),
    [
        ("subject_without_genotype", "subjects", "genotype", None),
        ("subject_wt", "subjects", "genotype", "wt"),
        ("subject_wt_wt", "subjects", "genotype", "wt/wt"),
        ("subject_without_age", "subjects", "age_in_days", None),
        ("subject_without_sex", "subjects", "sex", None),
        ("session_habituation", "sessions", "is_habituation", True),
        ("session_failed", "sessions", "workflow_state", "failed"),
        ("session_null_workflow_state", "sessions", "workflow_state", None),
        ("session_null_habituation", "sessions", "is_habituation", None),
        ("session_unpublished", "sessions", "published_at", None),
        ("session_without_start_time", "sessions", "start_time", None),
        ("probe_failed", "probes", "workflow_state", "failed"),
        ("probe_null_workflow_state", "probes", "workflow_state", None),
        ("probe_null_subsampling_factor", "probes", "lfp_temporal_subsampling_factor", None),
        ("probe_null_lfp", "probes", "has_lfp_data", None),
        ("channel_invalid", "channels", "valid_data", False),
        ("channel_null_valid_data", "channels", "valid_data", None),
        ("unit_noise", "units", "quality", "noise"),
        ("unit_null_quality", "units", "quality", None),
        ("unit_null_pcs", "units", "d_prime", None),
        ("unit_null_pcs", "units", "nn_miss_rate", None),
        ("unit_null_velocity", "units", "waveform_velocity_below", None),
        ("unit_amplitude_cutoff_half", "units", "amplitude_cutoff", 0.5),
    ],
)
def test_oddity_is_what_it_says(world: World, oddity: str, table: str, column: str, value: Any) -> None:
    odd = rows(getattr(world, table), KEYS[table], world.oddities[oddity])
    assert [row[column] for row in odd] == [value] * len(world.oddities[oddity])


def test_oddity_of_time(world: World) -> None:
    (odd,) = rows(world.sessions, "session_id", world.oddities["session_published_at_0830"])
    assert odd["published_at"].isoformat() == "2020-06-11T08:30:00+00:00"
    assert pc.count_distinct(world.sessions["published_at"]).as_py() >= 3


def test_oddity_of_a_shared_subject(world: World) -> None:
    shared = rows(world.sessions, "session_id", world.oddities["session_of_shared_subject"])
    assert len(shared) == 2
    assert {row["subject_id"] for row in shared} == set(world.oddities["subject_with_two_sessions"])


def test_oddity_of_nan_that_is_not_null(world: World) -> None:
    odd = rows(world.units, "unit_id", world.oddities["unit_nan_max_drift"])
    assert odd
    assert all(row["max_drift"] is not None and math.isnan(row["max_drift"]) for row in odd)


def test_oddity_of_a_session_without_probes(world: World) -> None:
    assert not rows(world.probes, "session_id", world.oddities["session_without_probes"])


def test_oddity_of_a_probe_without_histology(world: World) -> None:
    channels = rows(world.channels, "probe_id", world.oddities["probe_without_histology"])
    assert channels
    assert all(row["structure_id"] is None for row in channels)
    assert all(row["left_right_ccf_coordinate"] is None for row in channels)


def test_oddity_of_packaged_files(world: World) -> None:
    def owners(oddity: str) -> list[bool]:
        runs = rows(world.runs, "session_id", world.oddities[oddity])
        packaged = {file["owner_id"] for file in world.files.to_pylist() if file["file_type"] == "EcephysNwb"}
        return sorted(run["current"] for run in runs if run["run_id"] in packaged)

    assert owners("session_two_current_runs") == [True, True]
    assert owners("session_packaged_in_previous_run_only") == [False]
    assert owners("session_ordinary") == [False, True]
    assert owners("session_not_packaged") == []


def test_oddity_of_two_lfp_files(world: World) -> None:
    run_probes = rows(world.run_probes, "probe_id", world.oddities["probe_with_two_lfp_files"])
    files = rows(world.files, "owner_id", [row["run_probe_id"] for row in run_probes])
    assert {file["file_type"] for file in files} == {"EcephysLfpNwb", "EcephysLfpNwbOld"}


def test_oddity_of_stimuli_of_one_name(world: World) -> None:
    stimuli = world.stimuli.to_pylist()
    spaces = [row["namespace_name"] for row in stimuli if row["stimulus_name"] == "natural_movie_1"]
    assert len(set(spaces)) == len(spaces) == 2


def test_oddity_of_text(world: World) -> None:
    (subject,) = rows(world.subjects, "subject_id", world.oddities["subject_odd_text"])
    (file,) = rows(world.files, "file_id", world.oddities["file_odd_name"])
    for text in (subject["genotype"], file["file_name"]):
        assert not text.isascii()
        assert {'"', "'", "%"} <= set(text)


def test_oddities_of_metrics(world: World) -> None:
    data = metrics(world)
    odd = {
        name: [data[bundle] for bundle in world.oddities[name]] for name in world.oddities if "bundle" in name
    }
    assert set(map(str, odd["bundle_null_data"])) == {"None"}
    assert set(map(str, odd["bundle_empty"])) == {"{}"}
    for swapped in odd["bundle_swapped_rf"]:
        assert isinstance(swapped["p_value_rf"], bool)
        assert isinstance(swapped["on_screen_rf"], float)
    assert {bundle["novel_metric_xy"] for bundle in odd["bundle_novel_key"]} == {1.5}


def test_oddity_of_a_second_current_run(world: World) -> None:
    data, odd = metrics(world), world.oddities["bundle_of_second_run"]
    bundles = world.metric_bundles.to_pylist()
    units = {row["metric_bundle_id"]: row["unit_id"] for row in bundles}
    assert (
        len({row["session_id"] for row in rows(world.units, "unit_id", [units[later] for later in odd])}) == 1
    )
    for later in odd:
        (first,) = [bundle for bundle, unit in units.items() if unit == units[later] and bundle != later]
        differing = {key for key, value in data[later].items() if data[first][key] != value}
        assert differing
        assert all(key.startswith("firing_rate") for key in differing)


def test_metrics_of_unusable_rows_are_there(world: World) -> None:
    units = world.units.filter(pc.is_in(world.units["unit_id"], value_set=world.metric_bundles["unit_id"]))
    for oddity, column in (
        ("session_failed", "session_id"),
        ("session_habituation", "session_id"),
        ("probe_failed", "probe_id"),
        ("channel_invalid", "channel_id"),
    ):
        assert rows(units, column, world.oddities[oddity]), oddity
    assert not rows(units, "session_id", world.oddities["session_type_without_metrics"])


def test_metrics_have_the_keys_of_their_session_type() -> None:
    world = make_world(0.05)
    session_of = dict(zip(*(world.runs[name].to_pylist() for name in ("run_id", "session_id")), strict=True))
    type_of = dict(zip(*(world.sessions[n].to_pylist() for n in ("session_id", "session_type")), strict=True))
    seen: dict[str, set[str]] = {}
    kinds: dict[str, set[str]] = {}
    data = metrics(world)
    for row in world.metric_bundles.to_pylist():
        bundle = data[row["metric_bundle_id"]] or {}
        seen.setdefault(type_of[session_of[row["run_id"]]], set()).update(bundle)
        for key, value in bundle.items():
            kinds.setdefault(key, set()).add(type(value).__name__)
    suffixes = {name: {key.rsplit("_", 1)[1] for key in keys} for name, keys in seen.items()}
    assert suffixes == {
        "brain_observatory_1.1": {"dg", "sg", "ns", "fl", "rf", "xy"},
        "functional_connectivity": {"dg", "fl", "rf", "dm"},
    }
    assert {"run_pval_dg", "p_run_mod_dg"} <= set.union(*seen.values())
    assert kinds["pref_image_ns"] == {"int"}
    assert kinds["pref_ori_multi_dg"] == {"bool"}
    assert kinds["c50_dg"] == {"float", "NoneType"}
    assert kinds["area_rf"] == {"float", "NoneType"}
    assert any("c50_dg" not in (bundle or {"c50_dg": 0}) for bundle in data.values())
