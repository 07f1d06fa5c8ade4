from __future__ import annotations

import json

import h5py
import numpy as np
import pytest

from sessionframes.errors import SourceResponseError
from sessionframes.sources.aind.devices import Wanted
from sessionframes.sources.aind.storage import Storage
from sessionframes.sources.aind.tables_files import AindUnits
from sessionframes.sources.aind.units import read_pages
from sessionframes.sources.aind.units import units as flatten
from sessionframes.tables.convert import to_frame
from sessionframes.tables.validation import validate
from tests.sources.aind.nwb_files import ASSET, FORMATS, SESSION, asset, electrodes, name_of, units, write

ALL = tuple(AindUnits.dtypes())
every_format = pytest.mark.parametrize("kind", FORMATS)
NAN = float("nan")


def read(path, *, probes=None, columns=ALL, urls=None):
    place = asset(str(path.parent))
    wanted = Wanted(Storage(local=True), place, urls or [str(path)], probes or {}, columns)
    pages = read_pages(wanted)
    return [flatten(AindUnits, page) for page in pages]


def rows(path, **options):
    (table,) = read(path, **options)
    return table.to_pylist()


def made(tmp_path, of_units, of_electrodes=None, kind="hdf5", **options):
    return write(tmp_path / name_of(kind), of_electrodes or electrodes(), of_units, **options)


def one_each(values):
    """Six units with these measures."""
    return {**units(), **{name: [value] * 6 for name, value in values.items()}}


@every_format
def test_units_have_stable_keys_and_their_peak_channels(tmp_path, kind):
    path = made(tmp_path, units(), kind=kind)
    found = rows(path, probes={"probeA": "the record's"})
    assert [one["unit_id"] for one in found] == [
        f"{ASSET}:{device}:{number}" for device in ("ProbeA", "ProbeB") for number in range(3)
    ]
    assert found[4]["channel_id"] == f"{ASSET}:ProbeB:1"
    assert found[0]["probe_id"] == "the record's"
    assert found[4]["probe_id"] == f"{SESSION}:0:ProbeB"
    assert found[4]["session_id"] == SESSION
    assert found[4]["asset_id"] == ASSET
    assert found[4]["ks_unit_id"] == "1"
    assert found[4]["unit_name"] == "uuid-4"
    assert found[4]["channel_from"] == "peak channel"


@every_format
def test_measures_have_the_units_of_the_core(tmp_path, kind):
    theirs = {
        "peak_to_valley": 0.000632,
        "half_width": 0.000206,
        "peak_trough_ratio": -0.466,
        "repolarization_slope": 295000.0,
        "recovery_slope": -44700.0,
        "velocity_above": 500.0,
        "velocity_below": 0.0,
        "amplitude": 105.25,
        "spread": 80.0,
        "drift_ptp": 31.6,
        "isi_violations_ratio": 0.127,
        "silhouette": 0.079,
        "snr": 2.18,
    }
    ours = {
        "waveform_duration": 0.632,
        "waveform_halfwidth": 0.206,
        "waveform_PT_ratio": 0.466,
        "waveform_repolarization_slope": 0.295,
        "waveform_recovery_slope": -0.0447,
        "waveform_velocity_above": 2.0,
        "waveform_velocity_below": None,
        "waveform_amplitude": 105.25,
        "waveform_spread": 80.0,
        "max_drift": 31.6,
        "cumulative_drift": None,
        "isi_violations": 0.127,
        "silhouette_score": 0.079,
        "snr": 2.18,
    }
    found = rows(made(tmp_path, one_each(theirs), kind=kind))
    assert {name: found[0][name] for name in ours} == ours


def test_units_are_valid(tmp_path):
    measures = {
        "snr": 2.0,
        "default_qc": True,
        "decoder_label": "sua",
        "num_spikes": 12,
        "presence_ratio": 0.9,
    }
    (table,) = read(made(tmp_path, one_each(measures)))
    frame = to_frame(table, AindUnits)
    assert len(validate(frame, AindUnits)) == 6


def test_what_is_missing_is_null(tmp_path):
    found = rows(made(tmp_path, units()))
    keys = {"unit_id", "channel_id", "probe_id", "session_id", "asset_id", "nwb_device_name", "ks_unit_id"}
    told = {name for name, value in found[0].items() if value is not None}
    assert told == keys | {"unit_name", "channel_from", "extremum_channel_index"}


@pytest.mark.parametrize(
    ("label", "quality"), [("sua", "good"), ("SUA", "good"), ("MUA", "mua"), ("noise", "noise"), ("", None)]
)
def test_quality_is_what_the_classifier_said(tmp_path, label, quality):
    found = rows(made(tmp_path, one_each({"decoder_label": label})))
    assert found[0]["quality"] == quality
    assert found[0]["decoder_label"] == (label or None)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([True, False] * 3, [True, False] * 3),
        ([1, 0] * 3, [True, False] * 3),
        ([1.0, 0.0, NAN] * 2, [True, False, None] * 2),
        (["True", "false", ""] * 2, [True, False, None] * 2),
    ],
)
def test_flags_are_flags_however_they_are_kept(tmp_path, values, expected):
    found = rows(made(tmp_path, {**units(), "default_qc": values}))
    assert [one["default_qc"] for one in found] == expected
    whose = ["aind-ephys-pipeline" if judged is not None else None for judged in expected]
    assert [one["default_qc_from"] for one in found] == whose


def test_thresholds_of_npc_sessions_are_told_from_the_pipelines(tmp_path):
    found = rows(made(tmp_path, one_each({"default_qc": True, "is_qc_pass": True, "activity_drift": 0.1})))
    assert found[0]["default_qc_from"] == "npc_sessions"


@every_format
def test_what_nobody_has_heard_of_is_kept(tmp_path, kind):
    others = {"sync_spike_2": 0.5, "label": "x", "odd": NAN, "snr": 1.0}
    found = rows(made(tmp_path, one_each(others), kind=kind))
    assert json.loads(found[0]["unit_other_measures"]) == {"sync_spike_2": 0.5, "label": "x"}


def test_lists_that_are_left_out_are_told(tmp_path, caplog):
    lists = {**units(), "tags": [["a", "b"]] * 6}
    with caplog.at_level("INFO"):
        rows(made(tmp_path, lists, kinds={"tags": {"index": True}}))
    assert "tags" in caplog.text


@every_format
def test_only_what_is_wanted_is_made(tmp_path, kind):
    path = made(tmp_path, one_each({"snr": 1.0, "num_spikes": 3}), kind=kind)
    (table,) = read(path, columns=("snr", "unit_id"))
    assert table.column_names == ["unit_id", "snr"]


def test_several_files_have_keys_of_their_own(tmp_path):
    paths = [
        write(tmp_path / name_of("hdf5", f"experiment{number}_recording1"), electrodes(), units())
        for number in (1, 2)
    ]
    tables = read(paths[0], urls=[str(path) for path in paths])
    ids = [one for table in tables for one in table["unit_id"].to_pylist()]
    assert len(set(ids)) == 12
    assert ids[6] == f"{ASSET}:experiment2_recording1:ProbeA:0"


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0, 1, 2] * 2, "1"),
        (["0", "1", "2"] * 2, "1"),
        ([0.0, 1.0, 2.0] * 2, "1"),
        (["a", "1", "c"] * 2, "1"),
    ],
)
def test_numbers_of_the_sorter_may_be_texts(tmp_path, values, expected):
    found = rows(made(tmp_path, {**units(), "ks_unit_id": values}))
    assert found[1]["ks_unit_id"] == expected
    assert found[1]["unit_id"] == f"{ASSET}:ProbeA:{expected}"


def test_a_number_that_two_units_of_a_probe_have_is_an_error(tmp_path):
    path = made(tmp_path, {**units(), "ks_unit_id": [0, 1, 1, 0, 1, 2]})
    with pytest.raises(SourceResponseError) as caught:
        rows(path)
    for part in (ASSET, path.name, "units/ks_unit_id", "2 units of ProbeA have 1"):
        assert part in str(caught.value)


@every_format
def test_units_without_numbers_of_the_sorter_are_an_error(tmp_path, kind):
    without = units()
    del without["ks_unit_id"]
    path = made(tmp_path, without, kind=kind)
    with pytest.raises(SourceResponseError, match=r"units/ks_unit_id: it is not there"):
        rows(path)


def test_a_unit_without_a_number_is_an_error(tmp_path):
    with pytest.raises(SourceResponseError, match=r"units/ks_unit_id: unit 2 has none"):
        rows(made(tmp_path, {**units(), "ks_unit_id": [0.0, 1.0, NAN, 0.0, 1.0, 2.0]}))


@every_format
def test_a_device_that_is_called_by_its_model_is_told_by_its_electrodes(tmp_path, kind):
    broken = units()
    regions = [[*range(8)]] * 3 + [[*range(8, 16)]] * 3
    broken |= {"device_name": ["Neuropixels 1.0"] * 6, "electrodes": regions}
    found = rows(made(tmp_path, broken, kind=kind))
    assert [one["nwb_device_name"] for one in found] == ["ProbeA"] * 3 + ["ProbeB"] * 3
    assert found[5]["unit_id"] == f"{ASSET}:ProbeB:2"
    assert found[5]["channel_id"] == f"{ASSET}:ProbeB:2"


@every_format
def test_units_without_device_names_are_told_by_their_electrodes(tmp_path, kind):
    without = {**units(), "electrodes": [[*range(8)]] * 3 + [[*range(8, 16)]] * 3}
    del without["device_name"]
    found = rows(made(tmp_path, without, kind=kind))
    assert [one["nwb_device_name"] for one in found] == ["ProbeA"] * 3 + ["ProbeB"] * 3


def test_a_device_that_nothing_tells_is_an_error(tmp_path):
    broken = {**units(), "device_name": ["Neuropixels 1.0"] * 6, "electrodes": [[*range(16)]] * 6}
    with pytest.raises(SourceResponseError) as caught:
        rows(made(tmp_path, broken))
    for part in (ASSET, "units/device_name", "'Neuropixels 1.0'", "ProbeA, ProbeB"):
        assert part in str(caught.value)


def test_a_device_may_be_written_in_another_way(tmp_path):
    spaced = {**units(), "device_name": ["Probe A"] * 3 + ["probe_b"] * 3}
    found = rows(made(tmp_path, {**spaced, "electrodes": [[0]] * 6}))
    assert {one["nwb_device_name"] for one in found} == {"ProbeA", "ProbeB"}


def test_a_probe_that_is_called_by_its_model_everywhere_keeps_its_name(tmp_path):
    name = ("Neuropixels 1.0",)
    found = rows(made(tmp_path, units(name), electrodes(name)))
    assert found[0]["unit_id"] == f"{ASSET}:Neuropixels 1.0:0"


def test_a_peak_channel_beyond_the_probe_is_an_error(tmp_path):
    with pytest.raises(SourceResponseError, match=r"extremum_channel_index: unit 1 of ProbeA, which has 8"):
        rows(made(tmp_path, {**units(), "extremum_channel_index": [0, 8, 0, 0, 0, 0]}))


def _without_peaks(**more):
    found = {**units(), **more}
    del found["extremum_channel_index"]
    return found


def test_npc_sessions_has_numbers_of_channels(tmp_path):
    found = rows(made(tmp_path, _without_peaks(peak_channel=[7, 6, 5, 4, 3, 2])))
    assert [one["channel_id"].rpartition(":")[2] for one in found] == list("765432")


def test_npc_sessions_has_numbers_of_electrodes(tmp_path):
    path = made(tmp_path, _without_peaks(peak_electrode=[7, 6, 5, 12, 11, 10]))
    found = rows(path)
    assert [one["channel_id"].rpartition(":")[2] for one in found] == list("765432")
    assert {one["channel_from"] for one in found} == {"peak electrode"}
    wrong = _without_peaks(peak_electrode=[7, 6, 12, 12, 11, 10])
    with pytest.raises(SourceResponseError, match=r"peak_electrode: unit 2 has none of ProbeA"):
        rows(write(tmp_path / "wrong.nwb", electrodes(), wrong))


@every_format
def test_older_files_tell_where_a_unit_is_estimated_to_be(tmp_path, kind):
    positions = {"estimated_x": [1.0, 31.0, 17.0] * 2, "estimated_y": [21.0, 22.0, 43.0] * 2}
    found = rows(made(tmp_path, _without_peaks(**positions), kind=kind))
    # The nearest of them are at (0, 20), (32, 20) and (16, 40) um.
    assert [one["channel_id"].rpartition(":")[2] for one in found] == ["2", "3", "4"] * 2
    assert {one["channel_from"] for one in found} == {"estimated position"}


def test_units_that_nothing_ties_to_a_channel_are_an_error(tmp_path):
    with pytest.raises(SourceResponseError, match=r"units/extremum_channel_index: it is not there"):
        rows(made(tmp_path, _without_peaks()))


def test_a_measure_that_is_no_number_is_named(tmp_path):
    path = made(tmp_path, one_each({"snr": 1.0, "num_spikes": 2}))
    with h5py.File(path, "a") as file:
        del file["units/snr"], file["units/num_spikes"]
        file["units/snr"] = np.array([b"1.5", b"", b"high", b"1", b"1", b"1"])
        file["units/num_spikes"] = np.array([1.0, 2.0, NAN, 4.0, 5.0, 6.5])
    with pytest.raises(SourceResponseError, match=r"units/snr: 'high' is no number"):
        rows(path)
    with pytest.raises(SourceResponseError, match=r"units/num_spikes: 6.5 is no whole number"):
        read(path, columns=("unit_id", "num_spikes"))


@every_format
def test_a_sorting_that_found_nothing_has_no_units(tmp_path, kind, caplog):
    assert read(made(tmp_path, None, kind=kind)) == []
    assert "has no units" in caplog.text


@every_format
def test_where_nothing_was_recorded_it_is_no_sorting(tmp_path, kind):
    path = made(tmp_path, None, {"group_name": []}, kind=kind)
    with pytest.raises(SourceResponseError, match="no table /units"):
        read(path)
