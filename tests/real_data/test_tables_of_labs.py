"""What two laboratories published, in our tables: nothing lost, nothing changed but the physical units."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from sessionframes.errors import FrameValidationError
from sessionframes.tables import Units
from sessionframes.tables.validation import validate
from tests.real_data.allen import LFP_SUBSAMPLING, RENAMED
from tests.real_data.ours import check_same

if TYPE_CHECKING:
    from tests.real_data.ours import Lab

ROWS = {
    "allen": {"sessions": 58, "probes": 332, "channels": 8093, "units": 19318},
    "ibl": {"sessions": 459, "probes": 699, "channels": 34944, "units": 137354, "atlas": 183876},
}
#: What a laboratory knows nothing of.
UNKNOWN = {
    "allen": {"sessions": [], "probes": [], "channels": [], "units": []},
    "ibl": {
        "sessions": ["genotype", "sex"],
        "probes": ["sampling_rate", "lfp_sampling_rate"],
        "channels": [
            "anterior_posterior_ccf_coordinate",
            "dorsal_ventral_ccf_coordinate",
            "left_right_ccf_coordinate",
        ],
        "units": [
            name
            for name in Units.dtypes()
            if not name.endswith("_id") and name not in ("quality", "firing_rate", "waveform_amplitude")
        ],
    },
}


@pytest.mark.parametrize(("lab", "table"), [(lab, table) for lab, rows in ROWS.items() for table in rows])
def test_each_published_table_is_what_ours_promises(labs: dict[str, Lab], lab: str, table: str) -> None:
    frame, form = labs[lab].tables[table], labs[lab].forms[table]
    assert validate(frame, form) is frame
    assert len(frame) == ROWS[lab][table]
    assert {name: str(dtype) for name, dtype in frame.dtypes.items()} == {
        name: str(dtype) for name, dtype in form.dtypes().items() if name != form.key_name()
    }


@pytest.mark.parametrize(
    ("lab", "table"), [(lab, table) for lab, facts in UNKNOWN.items() for table in facts]
)
def test_only_what_the_files_do_not_tell_is_null_throughout(
    labs: dict[str, Lab], lab: str, table: str
) -> None:
    frame = labs[lab].tables[table]
    assert [name for name in frame if frame[name].isna().all()] == UNKNOWN[lab][table]


def test_the_allen_tables_hold_what_the_files_do(allen_lab: Lab) -> None:
    ours, raw = allen_lab.tables, allen_lab.raw
    published = raw["units"].rename(columns=RENAMED)
    check_same(ours["units"].index, published["unit_id"])
    for name in ours["units"]:
        check_same(ours["units"][name], published[name])
    published = published.drop_duplicates("channel_id").set_index("channel_id").loc[ours["channels"].index]
    for name in ours["channels"]:
        check_same(ours["channels"][name], published[name])
    theirs = {"subject_id": "specimen_id", "genotype": "full_genotype"}
    for name in ours["sessions"].columns.drop("start_time"):
        check_same(ours["sessions"][name], raw["sessions"][theirs.get(name, name)])
    theirs = {"session_id": "ecephys_session_id", "probe_name": "name"}
    for name in ours["probes"].columns.drop("lfp_sampling_rate"):
        check_same(ours["probes"][name], raw["probes"][theirs.get(name, name)])


def test_the_ibl_tables_hold_what_the_files_do(ibl_lab: Lab) -> None:
    ours, raw = ibl_lab.tables, ibl_lab.raw
    clusters = raw["clusters"]
    check_same(ours["units"].index, clusters["pid"] + ":u" + clusters["index"].astype("str"))
    check_same(ours["units"]["channel_id"], clusters["pid"] + ":c" + clusters["channels"].astype("str"))
    check_same(ours["units"]["firing_rate"], clusters["firing_rate"])
    for name in ("channels", "atlas"):
        check_same(ours[name]["local_index"], raw[name]["index"])
        check_same(ours[name]["probe_vertical_position"], raw[name]["axial_um"])
        check_same(ours[name]["probe_horizontal_position"], raw[name]["lateral_um"])
        check_same(ours[name]["structure_acronym"], raw[name]["acronym"].replace("void", None))
        check_same(ours[name]["structure_id"], raw[name]["atlas_id"].astype("Int64").replace(0, pd.NA))
    check_same(ours["probes"]["session_id"], raw["release"]["eid"])
    check_same(ours["probes"]["probe_name"], raw["release"]["probe_name"])
    check_same(ours["sessions"]["subject_id"], raw["release"].drop_duplicates("eid")["subject"])


def test_a_few_rows_as_they_stand_in_the_files(allen_lab: Lab, ibl_lab: Lab) -> None:
    unit = allen_lab.tables["units"].loc[950911808]
    assert (unit["channel_id"], unit["probe_id"], unit["session_id"]) == (850264642, 810755797, 715093703)
    assert (unit["l_ratio"], unit["amplitude_cutoff"], unit["cumulative_drift"]) == (0.039777264, 0.5, 295.29)
    probe = "310c60b6-d68f-4018-a86a-3668ce296837"
    unit = ibl_lab.tables["units"].loc[f"{probe}:u1"]
    assert (unit["channel_id"], unit["probe_id"]) == (f"{probe}:c0", probe)
    # 6.12160265070539e-05 V in the file, 0.6620677 Hz, and a label of 0: a test is not passed.
    assert unit["waveform_amplitude"] == pytest.approx(61.2160265070539, rel=1e-12)
    assert unit["firing_rate"] == pytest.approx(0.6620677, rel=1e-6)
    assert pd.isna(unit["quality"])
    assert ibl_lab.tables["units"].loc[f"{probe}:u17", "quality"] == "good"
    channel = ibl_lab.tables["channels"].loc[f"{probe}:c0"]
    told = channel[["structure_acronym", "structure_id", "local_index", "probe_vertical_position"]]
    assert told.tolist() == ["EPd", 952, 0, 20.0]


def test_volts_are_microvolts(ibl_lab: Lab) -> None:
    volts, ours = ibl_lab.raw["clusters"]["amp_median"], ibl_lab.tables["units"]["waveform_amplitude"]
    np.testing.assert_allclose(ours.to_numpy() / 1e6, volts.to_numpy(), rtol=1e-12)


def test_the_field_potential_is_told_at_the_rate_as_acquired(allen_lab: Lab) -> None:
    probes = allen_lab.tables["probes"]
    known = probes["lfp_sampling_rate"].notna() & (probes["sampling_rate"] > 0)
    # A Neuropixels probe samples its field potential 12 times less often than its spike band.
    ratio = probes.loc[known, "sampling_rate"] / probes.loc[known, "lfp_sampling_rate"]
    np.testing.assert_allclose(ratio, 12, rtol=1e-9)
    published = allen_lab.raw["probes"]["lfp_sampling_rate"]
    check_same(probes["lfp_sampling_rate"], published * LFP_SUBSAMPLING)
    assert known.sum() == 327


def test_what_is_odd_in_the_files_is_let_through_as_it_is(allen_lab: Lab, ibl_lab: Lab) -> None:
    probes = allen_lab.tables["probes"]
    assert probes.index[probes["sampling_rate"] == 0].tolist() == [846401834]
    assert probes["lfp_sampling_rate"].isna().sum() == 5
    units = ibl_lab.tables["units"]
    # 60 kHz is what two spikes give, a sample apart, over the time between them: no rate over the session.
    assert units["firing_rate"].max() == 60000
    assert (units["firing_rate"] > 1000).sum() == 11
    assert (units["firing_rate"] == 0).sum() == 20170
    assert units["waveform_amplitude"].max() == pytest.approx(35532.4, abs=0.1)
    # The oldest sortings know 374 of the 384 channels of a probe.
    sizes = ibl_lab.tables["atlas"].groupby("probe_id").size()
    assert sizes.value_counts().to_dict() == {384: 473, 374: 6}


def test_a_channel_taken_for_its_neighbours_is_found_out(allen_lab: Lab) -> None:
    channels = allen_lab.tables["channels"]
    twice = channels.set_axis(channels.index.where(channels.index != channels.index[1], channels.index[0]))
    with pytest.raises(FrameValidationError, match=rf"channel_id breaks 'unique' .*{channels.index[0]}"):
        validate(twice, allen_lab.forms["channels"])
