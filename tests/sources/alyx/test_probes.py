"""Insertions, which are the probes of sessions."""

from __future__ import annotations

import json
from typing import Any

import pandas as pd
import pytest

from sessionframes.errors import SourceResponseError
from sessionframes.sources.alyx.probes import IN_JSON
from tests.sources.alyx.pages import framed

PID, EID = "bb7be7d1-a586-4eab-9596-c5004e22e089", "9372a072-a902-45ed-b19d-dc10bb3c000b"
INSERTION = {
    "id": PID,
    "session": EID,
    "model": "NP2.4",
    "session_info": {"subject": "KSa03", "start_time": None, "number": 1, "lab": None, "id": EID},
    "name": "probe00",
    "json": {
        "qc": "WARNING",
        "n_units": 665,
        "extended_qc": {"tracing_exists": False, "alignment_count": 0, "alignment_resolved": True},
        "drift_rms_um": 7.906894,
        "firing_rate_max": 168.470496,
        "n_units_qc_pass": 8,
        "amplitude_max_uV": 1186.719561,
        "firing_rate_median": 1,
        "amplitude_median_uV": 49.795167,
        "whitening_matrix_conditioning": 8.613939,
    },
    "serial": "20403312753",
    "auto_datetime": "2023-12-31T12:00:00",
    "chronic_insertion": None,
    "datasets": ["cb8c13a9-17aa-42b0-a018-de2542d29d7c"],
}


def row(**changed: Any) -> pd.Series:
    return framed("probes", [{**INSERTION, **changed}]).iloc[0]


def test_an_insertion_is_a_probe_of_a_session():
    probe = row()
    assert (probe.name, probe["session_id"], probe["probe_name"]) == (PID, EID, "probe00")
    assert (probe["probe_model"], probe["probe_serial"]) == ("NP2.4", "20403312753")
    assert list(probe["probe_asset_ids"]) == INSERTION["datasets"]
    assert probe[["sampling_rate", "lfp_sampling_rate", "chronic_insertion_id"]].isna().all()


def test_what_sorting_and_histology_tell_is_taken_out_of_the_json():
    probe = row()
    assert (probe["probe_qc"], probe["n_units"], probe["n_units_qc_pass"]) == ("WARNING", 665, 8)
    assert (probe["drift_rms"], probe["firing_rate_median"]) == (7.906894, 1.0)
    assert (probe["amplitude_median"], probe["amplitude_max"]) == (49.795167, 1186.719561)
    assert (probe["tracing_exists"], probe["alignment_resolved"]) == (False, True)
    assert probe["alignment_count"] == 0
    assert pd.isna(probe["alignment_stored"])
    assert json.loads(probe["probe_json"]) == INSERTION["json"]


@pytest.mark.parametrize(
    "odd",
    [
        None,
        {},
        [1],
        "text",
        {"extended_qc": [], "qc": 7},
        {"n_units": "665", "drift_rms_um": True, "qc": "GREAT", "extended_qc": {"alignment_resolved": 1}},
    ],
)
def test_json_may_hold_anything(odd):
    probe = row(json=odd)
    assert probe[[*IN_JSON, "probe_qc"]].isna().all()
    assert pd.isna(probe["probe_json"]) if odd is None else json.loads(probe["probe_json"]) == odd


def test_reads_show_objects_where_lists_have_ids():
    probe = row(datasets=[{"id": "1", "name": "spikes.times.npy", "qc": 0}, {"id": "2"}])
    assert list(probe["probe_asset_ids"]) == ["1", "2"]


def test_a_blank_serial_number_is_null_and_an_old_field_is_kept():
    probe = row(serial="", chronic_recording=None)
    assert pd.isna(probe["probe_serial"])
    assert json.loads(probe["probe_other_fields"]) == {"chronic_recording": None}


def test_a_value_of_another_type_is_named():
    with pytest.raises(SourceResponseError, match=f"{PID}.*serial = 20403312753"):
        row(serial=20403312753)
