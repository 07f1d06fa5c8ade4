"""What a LIMS with the demo world in it must answer, worked out from the world without any SQL."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa

if TYPE_CHECKING:
    from sessionframes.demo.world import World

TABLES = ("sessions", "probes", "channels", "units", "unit_metrics")
LEVELS = {
    "sessions": ("session_id",),
    "probes": ("session_id", "probe_id"),
    "channels": ("session_id", "probe_id", "channel_id"),
    "units": ("session_id", "probe_id", "channel_id", "unit_id"),
    "unit_metrics": ("session_id", "probe_id", "channel_id", "unit_id"),
}
TEXT = pd.StringDtype("pyarrow", na_value=np.nan)
INSTANT = pd.DatetimeTZDtype("us", "UTC")

# Written out by hand: an expectation taken from the code under test would expect whatever that does.
_SESSIONS = {
    "subject_id": "Int64",
    "session_type": TEXT,
    "start_time": INSTANT,
    "genotype": TEXT,
    "sex": TEXT,
    "age_in_days": "float64",
    "specimen_id": "Int64",
    "isi_experiment_id": "Int64",
    "published_at": INSTANT,
    "has_nwb": "bool",
    "habituation": "boolean",
    "session_workflow_state": TEXT,
    "session_usable": "bool",
}
_PROBES = {
    "session_id": "int64",
    "probe_name": TEXT,
    "sampling_rate": "float64",
    "lfp_sampling_rate": "float64",
    "probe_phase": TEXT,
    "air_channel_index": "Int64",
    "surface_channel_index": "Int64",
    "has_lfp_data": "boolean",
    "lfp_temporal_subsampling_factor": "float64",
    "probe_workflow_state": TEXT,
    "probe_usable": "bool",
}
_CHANNELS = {
    "probe_id": "int64",
    "session_id": "int64",
    "local_index": "Int64",
    "probe_vertical_position": "float64",
    "probe_horizontal_position": "float64",
    "structure_id": "Int64",
    "structure_acronym": TEXT,
    "anterior_posterior_ccf_coordinate": "float64",
    "dorsal_ventral_ccf_coordinate": "float64",
    "left_right_ccf_coordinate": "float64",
    "valid_data": "boolean",
    "channel_usable": "bool",
}
_UNIT_NUMBERS = """
snr firing_rate isi_violations presence_ratio amplitude_cutoff isolation_distance l_ratio d_prime
nn_hit_rate nn_miss_rate silhouette_score max_drift cumulative_drift waveform_duration waveform_halfwidth
waveform_PT_ratio waveform_repolarization_slope waveform_recovery_slope waveform_amplitude waveform_spread
waveform_velocity_above waveform_velocity_below
"""
_UNITS = {
    "channel_id": "int64",
    "probe_id": "int64",
    "session_id": "int64",
    "quality": TEXT,
    **dict.fromkeys(_UNIT_NUMBERS.split(), "float64"),
    "epoch_name_quality_metrics": TEXT,
    "epoch_name_waveform_metrics": TEXT,
    "unit_usable": "bool",
}
_RUNNING = "run_mod run_pval p_run_mod"
_METRICS = {
    "dg": f"""c50 f1_f0 fano firing_rate g_dsi g_osi lifetime_sparseness mod_idx pref_ori pref_ori_multi
        pref_tf pref_tf_multi {_RUNNING}""",
    "sg": f"""fano firing_rate g_osi lifetime_sparseness pref_ori pref_ori_multi pref_phase pref_phase_multi
        pref_sf pref_sf_multi {_RUNNING} time_to_peak""",
    "ns": f"""fano firing_rate image_selectivity lifetime_sparseness pref_image pref_images_multi {_RUNNING}
        time_to_peak""",
    "fl": f"""fano firing_rate lifetime_sparseness on_off_ratio {_RUNNING} sustained_idx time_to_first_spike
        time_to_peak""",
    "rf": f"""area azimuth elevation width height fano firing_rate lifetime_sparseness on_screen p_value
        {_RUNNING} time_to_peak""",
    "dm": f"""fano firing_rate lifetime_sparseness pref_dir pref_dir_multi pref_speed pref_speed_multi
        {_RUNNING} time_to_peak""",
}
_UNIT_METRICS = {
    "channel_id": "int64",
    "probe_id": "int64",
    "session_id": "int64",
    **{
        f"{stem}_{family}": "boolean"
        if stem.endswith("_multi") or stem == "on_screen"
        else "Int64"
        if stem == "pref_image"
        else "float64"
        for family, stems in _METRICS.items()
        for stem in stems.split()
    },
    "other_metrics": TEXT,
}
DTYPES: dict[str, dict[str, Any]] = {
    "sessions": _SESSIONS,
    "probes": _PROBES,
    "channels": _CHANNELS,
    "units": _UNITS,
    "unit_metrics": _UNIT_METRICS,
}


def expected(world: World, table: str, *, include_unusable: bool = False) -> pd.DataFrame:
    """Return a table as it must come: rows, values, order and dtypes."""
    rows, usable = _MAKERS[table](world)
    key = LEVELS[table][-1]
    rows = rows if include_unusable else rows[usable.to_numpy(dtype=bool)]
    frame = rows.set_index(key).sort_index()[list(DTYPES[table])].astype(DTYPES[table])
    return frame.set_index(frame.index.astype("int64"))


def no_rows(table: str) -> pd.DataFrame:
    """Return a table without rows as it must come."""
    frame = pd.DataFrame({name: pd.Series([], dtype=dtype) for name, dtype in DTYPES[table].items()})
    return frame.set_index(pd.Index([], dtype="int64", name=LEVELS[table][-1]))


def assert_same(found: pd.DataFrame, wanted: pd.DataFrame) -> None:
    """Compare whole frames: index, columns, order, dtypes and every value, to the last bit."""
    pd.testing.assert_frame_equal(found, wanted, check_exact=True, check_column_type="equiv")


def _frame(table: pa.Table) -> pd.DataFrame:
    twins = {pa.int64(): pd.Int64Dtype(), pa.bool_(): pd.BooleanDtype(), pa.string(): TEXT}
    return table.to_pandas(types_mapper=twins.get)


def _is(values: pd.Series, wanted: Any) -> pd.Series:
    return (values == wanted).astype("boolean").fillna(value=False)


def _not_failed(states: pd.Series) -> pd.Series:
    return states.notna() & ~_is(states, "failed")


def _sessions(world: World) -> tuple[pd.DataFrame, pd.Series]:
    people = _frame(world.subjects)[["subject_id", "genotype", "sex", "age_in_days"]]
    rows = _frame(world.sessions).merge(people, on="subject_id", how="left", validate="many_to_one")
    current = set(world.runs.to_pandas().query("current")["run_id"])
    files = world.files.to_pandas().query("file_type == 'EcephysNwb' and owner_type == 'run'")
    runs = _frame(world.runs)
    packaged = runs[runs["run_id"].isin(set(files["owner_id"]) & current)]["session_id"]
    usable = _is(rows["is_habituation"], False) & _not_failed(rows["workflow_state"])
    rows = rows.rename(columns={"is_habituation": "habituation", "workflow_state": "session_workflow_state"})
    return rows.assign(has_nwb=rows["session_id"].isin(packaged), session_usable=usable), usable


def _probes(world: World) -> tuple[pd.DataFrame, pd.Series]:
    sessions, usable_session = _sessions(world)
    rows = _frame(world.probes)
    usable = _not_failed(rows["workflow_state"])
    usable &= rows["session_id"].isin(sessions["session_id"][usable_session])
    rows = rows.rename(columns={"workflow_state": "probe_workflow_state"})
    return rows.assign(probe_usable=usable), usable


def _channels(world: World) -> tuple[pd.DataFrame, pd.Series]:
    probes, usable_probe = _probes(world)
    rows = _frame(world.channels).merge(
        _frame(world.structures), on="structure_id", how="left", validate="many_to_one"
    )
    usable = _is(rows["valid_data"], True) & rows["probe_id"].isin(probes["probe_id"][usable_probe])
    rows = rows.rename(columns={"probe_channel_number": "local_index"})
    return rows.assign(channel_usable=usable), usable


def _units(world: World) -> tuple[pd.DataFrame, pd.Series]:
    channels, usable_channel = _channels(world)
    rows = _frame(world.units)
    usable = rows["channel_id"].isin(channels["channel_id"][usable_channel])
    return rows.assign(unit_usable=usable), usable


def _unit_metrics(world: World) -> tuple[pd.DataFrame, pd.Series]:
    units, _ = _units(world)
    current = set(world.runs.to_pandas().query("current")["run_id"])
    newest: dict[int, dict[str, Any]] = {}
    for row in (row for block in world.bundle_blocks() for row in block.to_pylist()):
        before = newest.get(row["unit_id"])
        if row["run_id"] in current and not (before and before["metric_bundle_id"] > row["metric_bundle_id"]):
            newest[row["unit_id"]] = row
    rows = pd.DataFrame([{"unit_id": unit, **_measures(row["data"])} for unit, row in newest.items()])
    ids = units[["unit_id", "channel_id", "probe_id", "session_id", "unit_usable"]]
    rows = rows.merge(ids, on="unit_id", validate="one_to_one")
    return rows.reindex(columns=["unit_id", "unit_usable", *_UNIT_METRICS]), rows["unit_usable"]


def _measures(data: str | None) -> dict[str, Any]:
    bundle = json.loads(data or "{}")
    if isinstance(bundle.get("p_value_rf"), bool):
        bundle |= {"p_value_rf": bundle["on_screen_rf"], "on_screen_rf": bundle["p_value_rf"]}
    unknown = {name: value for name, value in bundle.items() if name not in _UNIT_METRICS}
    known = {name: value for name, value in bundle.items() if name in _UNIT_METRICS}
    return known | ({"other_metrics": json.dumps(unknown)} if unknown else {})


_MAKERS = {
    "sessions": _sessions,
    "probes": _probes,
    "channels": _channels,
    "units": _units,
    "unit_metrics": _unit_metrics,
}
