"""The JSON bundles of unit metrics as typed columns, and the odd ones among them."""

from __future__ import annotations

import json
import math

import pandas as pd
import pytest

import sessionframes as sf
from sessionframes.errors import SessionFramesError
from tests.sources.lims.expected import DTYPES, assert_same, expected

FAMILIES = {
    "brain_observatory_1.1": {"dg", "sg", "ns", "fl", "rf"},
    "functional_connectivity": {"dg", "fl", "rf", "dm"},
}
IDS = ["channel_id", "probe_id", "session_id"]


@pytest.fixture
def put(own_lims_url, change, world):
    """Puts each of these JSON texts in place of the bundle of one unit, and returns their rows."""
    whole = expected(world, "unit_metrics")

    def texts(*bundles):
        units = whole.index[17 :: len(whole) // len(bundles)][: len(bundles)].tolist()
        update = "update ecephys_unit_metric_bundles set data = {} where ecephys_unit_id = {}"
        change(*map(update.format, map(literal, bundles), units))
        with sf.connect("lims", url=own_lims_url) as db:
            found = db.get_unit_analysis_metrics()
        assert_same(found.drop(units), whole.drop(units))
        assert_same(found.loc[units, IDS], whole.loc[units, IDS])
        return [row for _, row in found.loc[units].drop(columns=IDS).iterrows()]

    return texts


def literal(text):
    quoted = text.replace("'", "''")
    return f"'{quoted}'"


def units_of(world, oddity):
    bundles = world.metric_bundles.to_pandas().set_index("metric_bundle_id")["unit_id"]
    return bundles.loc[list(world.oddities[oddity])].tolist()


def family(column):
    return column.rpartition("_")[2]


@pytest.mark.parametrize("session_type", FAMILIES)
def test_columns_are_the_same_whatever_the_session_type(lims, session_type):
    metrics = lims.get_unit_analysis_metrics(session_types=session_type)
    assert len(metrics) > 100
    assert list(metrics.columns) == list(DTYPES["unit_metrics"])
    for column in metrics.columns.drop([*IDS, "other_metrics"]):
        if family(column) not in FAMILIES[session_type]:
            assert metrics[column].isna().all(), column
    for shown in FAMILIES[session_type]:
        assert metrics[f"firing_rate_{shown}"].notna().any()


def test_a_unit_with_null_or_empty_data_is_a_row_of_nulls(lims, world):
    for oddity in ("bundle_null_data", "bundle_empty"):
        units = units_of(world, oddity)
        found = lims.get_unit_analysis_metrics(units, include_unusable=True)
        assert found.index.tolist() == sorted(units)
        assert found.drop(columns=IDS).isna().all(axis=None)


def test_the_two_swapped_metrics_are_put_right(lims, world):
    units = units_of(world, "bundle_swapped_rf")
    found = lims.get_unit_analysis_metrics(units, include_unusable=True)
    assert len(found) == len(units)
    assert found["on_screen_rf"].notna().all()
    assert found["p_value_rf"].between(0, 1).all()
    assert found["other_metrics"].isna().all()


def test_a_metric_that_nobody_knows_is_kept(lims, world):
    found = lims.get_unit_analysis_metrics(units_of(world, "bundle_novel_key"), include_unusable=True)
    assert [json.loads(text) for text in found["other_metrics"]] == [{"novel_metric_xy": 1.5}] * 2
    assert found["firing_rate_dg"].notna().all()


def test_of_two_current_runs_the_newest_bundle_counts(lims, world):
    units = units_of(world, "bundle_of_second_run")
    found = lims.get_unit_analysis_metrics(units, include_unusable=True)
    assert found.index.is_unique
    assert_same(found, expected(world, "unit_metrics", include_unusable=True).loc[sorted(units)])
    both = world.metric_bundles.to_pandas().query("unit_id in @units")
    assert both["unit_id"].value_counts().eq(2).all()


def test_a_bundle_of_a_run_that_is_not_current_is_not_shown(own_lims_url, change, world):
    current, previous = (world.runs.to_pandas().query(f"current == {flag}") for flag in (True, False))
    ended = int(current["run_id"].iloc[0])
    session = int(current["session_id"].iloc[0])
    change(f"update ecephys_analysis_runs set current = null where id = {ended}")
    with sf.connect("lims", url=own_lims_url) as db:
        found = db.get_unit_analysis_metrics(include_unusable=True)
    assert session not in set(found["session_id"])
    assert set(previous["session_id"]) & set(found["session_id"])


FITTING = [
    ('{"pref_ori_dg": 45}', "pref_ori_dg", 45.0),
    ('{"pref_ori_dg": 45.0}', "pref_ori_dg", 45.0),
    ('{"pref_image_ns": 4929}', "pref_image_ns", 4929),
    ('{"pref_image_ns": 4929.0}', "pref_image_ns", 4929),
    ('{"pref_ori_multi_dg": true}', "pref_ori_multi_dg", True),
    ('{"fano_dg": 1e-320}', "fano_dg", 1e-320),
    ('{"fano_dg": -0.30000000000000004}', "fano_dg", -0.30000000000000004),
    ('{\n  "fano_dg":\n 2.5\n}', "fano_dg", 2.5),
]


def test_a_value_that_fits_its_column(put):
    rows = put(*(text for text, _, _ in FITTING))
    for row, (_, column, value) in zip(rows, FITTING, strict=True):
        assert row[column] == value
        assert row.drop(column).isna().all()


KEPT = [
    ('{"pref_image_ns": 4929.5}', {"pref_image_ns": 4929.5}),
    ('{"pref_image_ns": true}', {"pref_image_ns": True}),
    ('{"pref_ori_multi_dg": 1}', {"pref_ori_multi_dg": 1}),
    ('{"fano_dg": "high"}', {"fano_dg": "high"}),
    ('{"fano_dg": [1, 2]}', {"fano_dg": [1, 2]}),
    ('{"fano_dg": {"mean": 1}}', {"fano_dg": {"mean": 1}}),
    ('{"unit_id": 3, "session_id": 4}', {"unit_id": 3, "session_id": 4}),
    ('{"other_metrics": "mine"}', {"other_metrics": "mine"}),
    ('{"": 0, "μ \\"\' %s": "x"}', {"": 0, "μ \"' %s": "x"}),
    ('{"note": "two\\nlines"}', {"note": "two\nlines"}),
    ('{"when": "2019-10-03T00:00:00"}', {"when": "2019-10-03T00:00:00"}),
    ("[1, 2]", {"data": [1, 2]}),
    ('"text"', {"data": "text"}),
    ("7", {"data": 7}),
]


def test_what_has_no_column_or_does_not_fit_is_kept_as_json(put):
    rows = put(*(text for text, _ in KEPT))
    for row, (_, other) in zip(rows, KEPT, strict=True):
        assert json.loads(row["other_metrics"]) == other
        assert row.drop("other_metrics").isna().all()


def test_a_value_that_does_not_fit_leaves_its_neighbours_alone(put):
    row, nothing, large = put(
        '{"fano_dg": "high", "c50_dg": 0.25, "pref_ori_dg": null}',
        "null",
        '{"fano_dg": 1e400, "c50_dg": 0.25}',
    )
    assert json.loads(row["other_metrics"]) == {"fano_dg": "high"}
    assert row["c50_dg"] == 0.25
    assert nothing.isna().all()
    # Too large for a float: wherever it ends up, it is not lost.
    assert large["c50_dg"] == 0.25
    assert "fano_dg" in str(large["other_metrics"]) or math.isinf(large["fano_dg"])


def test_many_odd_bundles_at_once(own_lims_url, change, world):
    whole = expected(world, "unit_metrics")
    change(
        'update ecephys_unit_metric_bundles set data = \'{"new_dg": 1, "fano_dg": 2.5}\' '
        "where ecephys_unit_id % 3 = 0"
    )
    with sf.connect("lims", url=own_lims_url) as db:
        found = db.get_unit_analysis_metrics()
    changed = found.index % 3 == 0
    assert 100 < changed.sum() < len(found)
    assert found.index.equals(whole.index)
    assert (found.loc[changed, "fano_dg"] == 2.5).all()
    assert (found.loc[changed, "other_metrics"] == '{"new_dg": 1}').all()
    assert_same(found[~changed], whole[~changed])


def test_data_that_is_json_text_in_a_text_column(own_lims_url, change, world):
    change("alter table ecephys_unit_metric_bundles alter column data type text")
    with sf.connect("lims", url=own_lims_url) as db:
        assert_same(db.get_unit_analysis_metrics(), expected(world, "unit_metrics"))


def test_text_that_is_no_json_is_a_clear_error(own_lims_url, change, world):
    unit = int(expected(world, "unit_metrics").index[17])
    change(
        "alter table ecephys_unit_metric_bundles alter column data type text",
        f"update ecephys_unit_metric_bundles set data = '{{\"fano_dg\": ' where ecephys_unit_id = {unit}",
    )
    with sf.connect("lims", url=own_lims_url) as db, pytest.raises(SessionFramesError, match=str(unit)):
        db.get_unit_analysis_metrics()


def test_an_empty_newer_bundle_does_not_hide_an_older_one(own_lims_url, change):
    with sf.connect("lims", url=own_lims_url) as db:
        before = db.get_unit_analysis_metrics()
        unit = int(before["fano_dg"].first_valid_index())
        change(
            "insert into ecephys_unit_metric_bundles (id, ecephys_unit_id, ecephys_analysis_run_id, data) "
            "select max(a.id) + 1, max(b.ecephys_unit_id), max(b.ecephys_analysis_run_id), null "
            "from ecephys_unit_metric_bundles a, ecephys_unit_metric_bundles b "
            "join ecephys_analysis_runs r on r.id = b.ecephys_analysis_run_id and r.current "
            f"where b.ecephys_unit_id = {unit}"
        )
        pd.testing.assert_frame_equal(db.get_unit_analysis_metrics(), before)
