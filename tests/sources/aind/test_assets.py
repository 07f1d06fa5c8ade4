"""Data assets of Code Ocean."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from sessionframes.errors import SourceResponseError
from sessionframes.sources.aind.assets import assets
from sessionframes.sources.aind.groups import AssetsPage
from sessionframes.sources.aind.tables import AindAssets
from sessionframes.tables.convert import to_frame
from sessionframes.tables.validation import validate
from tests.sources.aind.examples import NAME, RAW_ID, SORTED, SORTED_ID, asset, sorted_asset

COLUMNS = tuple(AindAssets.arrow_schema().names)


def frame_of(*told, sorters=None):
    table = assets(AindAssets, AssetsPage(list(told), sorters or {}, COLUMNS))
    return validate(to_frame(table, AindAssets), AindAssets)


def row_of(*told, sorters=None):
    frame = frame_of(*told, sorters=sorters)
    assert len(frame) == 1
    return frame.iloc[0]


def test_a_raw_asset_tells_everything():
    row = row_of(asset())
    untold = ["checksum", "process", "processed_at", "sorter_name", "sorter_version", "provenance"]
    assert row.name == RAW_ID
    assert row[untold].isna().all()
    told = row.drop(untold).to_dict()
    assert told.pop("tags") == ["ecephys", "raw", "700123"]
    assert json.loads(told.pop("custom_metadata")) == asset()["custom_metadata"]
    assert told == {
        "session_id": NAME,
        "asset_name": NAME,
        "asset_type": "dataset",
        "location": f"s3://aind-ephys-data/{NAME}",
        "size_in_bytes": 301234567890,
        "created_at": pd.Timestamp("2024-06-12 03:20:41", tz="UTC"),
        "kind": "raw",
        "state": "ready",
        "mount": NAME,
        "files": 48211,
        "last_used": pd.Timestamp("2024-06-20 16:13:20", tz="UTC"),
        "data_level": "raw data",
    }


def test_a_sorted_asset_has_its_process_its_sorter_and_was_never_used():
    row = row_of(sorted_asset(), sorters={SORTED_ID: ("kilosort2_5", "2.5")})
    assert (row["kind"], row["process"], row["processed_at"]) == ("sorted", "sorted", "2024-06-13T23:06:45")
    assert (row["sorter_name"], row["sorter_version"]) == ("kilosort2_5", "2.5")
    assert row["location"] == f"s3://codeocean-s3datasetsbucket-1u41qdg42ur9/{SORTED_ID}"
    assert json.loads(row["provenance"])["data_assets"] == [RAW_ID]
    assert pd.isna(row["last_used"])
    assert row["asset_name"] == SORTED


def test_an_asset_of_no_session_is_a_row_too():
    for name in ("Allen mouse brain atlas #2", f"copy_{SORTED}"):
        row = row_of(asset(name=name))
        assert (row["kind"], row["asset_name"]) == ("other", name)
        assert row[["session_id", "process", "processed_at"]].isna().all()


def test_the_least_that_an_asset_can_tell_is_enough():
    row = row_of({"id": "a", "name": "x"})
    assert row.drop(["kind", "asset_name", "location"]).isna().all()
    row = row_of({"id": "a", "name": None, "source_bucket": None, "tags": None, "created": None, "mount": ""})
    assert row.drop(["kind", "location"]).isna().all()


def test_a_fraction_of_a_second_is_kept():
    assert row_of(asset(created=1718162441.25))["created_at"].microsecond == 250_000
    assert row_of(asset(created="1718162441"))["created_at"] == pd.Timestamp("2024-06-12 03:20:41", tz="UTC")


@pytest.mark.parametrize(
    ("changes", "column", "value"),
    [
        ({"created": "June"}, "created_at", "June"),
        ({"size": "large"}, "size_in_bytes", "large"),
        ({"files": 1.5}, "files", "1.5"),
        ({"tags": "raw"}, "tags", "raw"),
        ({"tags": [1]}, "tags", "1"),
        ({"state": 1}, "state", "1"),
        ({"custom_metadata": {"data level": 5}}, "data_level", "5"),
    ],
)
def test_what_cannot_be_is_refused_with_asset_column_and_value(changes, column, value):
    with pytest.raises(SourceResponseError, match=rf"record '{RAW_ID}' has .* = .*{value}") as caught:
        frame_of(sorted_asset(), asset(**changes))
    assert (caught.value.source, caught.value.table, caught.value.column) == ("aind", "assets", column)


def test_only_the_columns_that_are_wanted_are_made():
    table = assets(AindAssets, AssetsPage([asset(created="June")], {}, ("kind", "asset_id")))
    assert table.to_pylist() == [{"asset_id": RAW_ID, "kind": "raw"}]


def test_no_assets_are_a_table_of_no_rows():
    assert frame_of().empty
