"""Trajectories, channels and brain regions: what is where."""

from __future__ import annotations

import json
from typing import Any

import pandas as pd
import pytest

import sessionframes as sf
from sessionframes.errors import SourceResponseError
from sessionframes.sources.alyx.channels import site_of
from tests.sources.alyx.pages import framed

TRAJECTORY = {
    "id": "4594d9c2-f3cd-4d32-860b-549abe86f8f8",
    "probe_insertion": "307b984a-dfe6-4440-aac6-4d55b1fb188b",
    "x": 615.5,
    "y": 1318.25,
    "z": -98.5,
    "depth": 4267.5,
    "theta": 15.5,
    "phi": 0.0,
    "roll": 0.0,
    "provenance": "Ephys aligned histology track",
    "session": {"subject": "CSHL049", "id": "07120898-344b-4bb6-9cc9-51e0c44cb346", "lab": None},
    "probe_name": "probe00",
    "coordinate_system": "IBL-Allen",
    "datetime": "2023-12-31T12:00:00",
    "json": {"2021-04-17T10:25:17_elena": [[-0.00029], [0.0019], "PASS: None"]},
    "chronic_insertion": None,
}
CHANNEL = {
    "id": "ee972a87-3f8e-4254-80ff-35671268ed96",
    "trajectory_estimate": TRAJECTORY["id"],
    "brain_region": 672,
    "name": "",
    "json": None,
    "axial": 40.0,
    "lateral": 27.0,
    "x": 617.0,
    "y": 1318.5,
    "z": -4449.5,
}
REGIONS = [
    {"id": 0, "acronym": "void", "name": "void", "description": None, "parent": None},
    {"id": 997, "acronym": "root", "name": "root", "description": None, "parent": 0},
    {"id": 672, "acronym": "CP", "name": "Caudoputamen", "description": "striatum", "parent": 997},
]
AROUND = {
    "trajectories": {TRAJECTORY["id"]: TRAJECTORY},
    "structures": {one["id"]: one for one in REGIONS},
    "models": {TRAJECTORY["probe_insertion"]: "3B2"},
}


def track(**changed: Any) -> pd.Series:
    return framed("trajectories", [{**TRAJECTORY, **changed}]).iloc[0]


def site(**changed: Any) -> pd.Series:
    return framed("channels", [{**CHANNEL, **changed}], **AROUND).iloc[0]


def ccf(row: pd.Series, before: str = "") -> list[float]:
    axes = ("anterior_posterior", "dorsal_ventral", "left_right")
    return [row[f"{before}{axis}_ccf_coordinate"] for axis in axes]


def test_a_trajectory_is_of_a_probe_in_a_session():
    row = track()
    assert row["probe_id"] == TRAJECTORY["probe_insertion"]
    assert row["session_id"] == TRAJECTORY["session"]["id"]
    assert row["trajectory_provenance"] == "Ephys aligned histology track"
    assert (row["trajectory_depth"], row["trajectory_theta"]) == (4267.5, 15.5)
    # The keys of the alignments tell who made them.
    assert list(json.loads(row["trajectory_json"])) == ["2021-04-17T10:25:17_elena"]


def test_a_track_enters_where_bregma_and_its_coordinates_say():
    row = track()
    assert ccf(row, "entry_") == [5400 - 1318.25, 332 + 98.5, 5739 + 615.5]
    assert row["entry_mediolateral_bregma_coordinate"] == 615.5


@pytest.mark.parametrize("axes", [None, "Needles-Allen"])
def test_coordinates_in_other_axes_are_not_taken_for_those_of_the_ccf(axes):
    row = track(coordinate_system=axes)
    assert pd.isna(ccf(row, "entry_")).all()
    assert row["entry_anteroposterior_bregma_coordinate"] == 1318.25


def test_a_trajectory_of_a_chronic_insertion_is_of_no_probe_in_a_session():
    row = track(probe_insertion=None, session=None, chronic_insertion="a300d025", x=None)
    assert row[["probe_id", "session_id"]].isna().all()
    assert row["trajectory_chronic_insertion_id"] == "a300d025"
    assert pd.isna(row["entry_left_right_ccf_coordinate"])


def test_a_channel_finds_its_probe_and_session_by_its_trajectory():
    row = site()
    assert row["probe_id"] == TRAJECTORY["probe_insertion"]
    assert row["session_id"] == TRAJECTORY["session"]["id"]
    assert row["trajectory_provenance"] == TRAJECTORY["provenance"]
    assert (row["structure_id"], row["structure_acronym"]) == (672, "CP")
    assert (row["probe_vertical_position"], row["probe_horizontal_position"]) == (40.0, 27.0)
    assert ccf(row) == [5400 - 1318.5, 332 + 4449.5, 5739 + 617.0]
    assert pd.isna(row["channel_name"])


@pytest.mark.parametrize("region", [None, 0])
def test_a_channel_in_no_region_has_none(region):
    row = site(brain_region=region, x=None)
    assert row[["structure_id", "structure_acronym", "left_right_ccf_coordinate"]].isna().all()


def test_the_number_of_a_site_is_found_where_the_pattern_is_known():
    assert site()["local_index"] == 3
    assert pd.isna(site(lateral=43.0)["local_index"])
    assert pd.isna(site(axial=None)["local_index"])
    for models in ({}, {TRAJECTORY["probe_insertion"]: "NP2.4"}):
        row = framed("channels", [CHANNEL], **{**AROUND, "models": models}).iloc[0]
        assert pd.isna(row["local_index"])


def test_each_site_of_a_probe_has_a_number_of_its_own():
    places = [(20.0 * (1 + n // 2), (43.0, 11.0, 59.0, 27.0)[n % 4]) for n in range(384)]
    assert [site_of(*place) for place in places] == list(range(384))
    assert site_of(0.0, 43.0) is site_of(-20.0, 43.0) is site_of(35.0, 27.0) is site_of(None, 43.0) is None


def test_a_channel_at_a_text_is_named():
    with pytest.raises(SourceResponseError, match=r"ee972a87.*axial = '40'"):
        site(axial="40")


def test_channels_join_their_regions_and_trajectories():
    tracks = framed("trajectories", [TRAJECTORY])
    regions = framed("structures", REGIONS)
    joined = sf.join(framed("channels", [CHANNEL], **AROUND), regions, tracks)
    assert joined["structure_name"].tolist() == ["Caudoputamen"]
    assert joined["trajectory_depth"].tolist() == [4267.5]


def test_regions_know_what_they_are_a_part_of():
    regions = framed("structures", [{**one, "related_descriptions": []} for one in REGIONS])
    assert regions.index.tolist() == [0, 997, 672]
    assert str(regions.index.dtype) == "int64"
    assert regions["parent_structure_id"].tolist() == [pd.NA, 0, 997]
    assert regions["structure_description"].tolist()[2] == "striatum"
    assert regions["structure_related_descriptions"].isna().all()
