"""Rows that break what their table promises: named, counted, and left out when asked."""

from __future__ import annotations

import pickle

import pytest

import sessionframes as sf
from sessionframes.errors import FrameValidationError
from tests.sources.lims.expected import assert_same, expected, no_rows

BREAKS = {
    "presence_ratio": "presence_ratio = 7",
    "firing_rate": "firing_rate = -1",
    "silhouette_score": "silhouette_score = 5",
    "amplitude_cutoff": "amplitude_cutoff = 'infinity'",
}


def test_rows_that_break_the_promise_are_named(own_lims_url, change, world):
    whole = expected(world, "units")
    broken = dict(zip(BREAKS, whole.index[3:].tolist(), strict=False))
    change(
        *(f"update ecephys_units set {BREAKS[column]} where id = {unit}" for column, unit in broken.items())
    )
    with sf.connect("lims", url=own_lims_url) as db:
        with pytest.raises(FrameValidationError) as caught:
            db.get_units()
        with pytest.warns(sf.InvalidRowsWarning, match="presence_ratio") as warned:
            rest = db.get_units(on_invalid="report")
        # Rows that were not asked for harm nobody.
        assert_same(db.get_units(whole.index[:3]), whole.iloc[:3])
    for column, unit in broken.items():
        assert column in str(caught.value)
        assert str(unit) in str(caught.value)
    assert " once: " in str(caught.value)
    faults = caught.value.failures
    assert dict(zip(faults["column"], faults["key"].astype(int), strict=True)) == broken
    assert warned[0].message.failures.equals(faults)
    assert pickle.loads(pickle.dumps(caught.value)).failures.equals(faults)
    assert_same(rest, whole.drop(broken.values()))


def test_a_probe_of_negative_rate(own_lims_url, change, world):
    probe = expected(world, "probes").index[3]
    change(f"update ecephys_probes set global_probe_sampling_rate = -30000 where id = {probe}")
    with sf.connect("lims", url=own_lims_url) as db:
        with pytest.raises(FrameValidationError, match=f"probes.*sampling_rate.*{probe}"):
            db.get_probes()
        with pytest.warns(sf.InvalidRowsWarning, match="1 rows left out"):
            assert_same(db.get_probes(on_invalid="report"), expected(world, "probes").drop(probe))


def test_many_wrong_rows_make_a_short_message_that_counts_them(own_lims_url, change, world):
    change("update ecephys_units set presence_ratio = 7, firing_rate = -1")
    whole = expected(world, "units")
    with sf.connect("lims", url=own_lims_url) as db:
        with pytest.raises(FrameValidationError, match=f"{len(whole)} times") as caught:
            db.get_units()
        with pytest.warns(sf.InvalidRowsWarning):
            assert_same(db.get_units(on_invalid="report"), no_rows("units"))
        assert_same(db.get_channels(), expected(world, "channels"))
    assert len(str(caught.value)) < 1500
    assert len(caught.value.failures) == 2 * len(whole)


def test_a_key_that_is_null(own_lims_url, change, world):
    whole = expected(world, "units")
    lost = whole.index[5]
    change(
        "alter table ecephys_units drop constraint ecephys_units_pkey cascade",
        "alter table ecephys_units alter column id drop not null",
        f"update ecephys_units set id = null where id = {lost}",
    )
    with sf.connect("lims", url=own_lims_url) as db:
        with pytest.raises(FrameValidationError, match="unit_id"):
            db.get_units()
        with pytest.warns(sf.InvalidRowsWarning, match="unit_id"):
            assert_same(db.get_units(on_invalid="report"), whole.drop(lost))


def test_a_key_that_comes_twice(own_lims_url, change, world):
    whole = expected(world, "units")
    lost, twice = whole.index[[5, 6]]
    change(
        "alter table ecephys_units drop constraint ecephys_units_pkey cascade",
        f"update ecephys_units set id = {twice} where id = {lost}",
    )
    with sf.connect("lims", url=own_lims_url) as db:
        with pytest.raises(FrameValidationError, match=f"unit_id.*{twice}"):
            db.get_units()
        with pytest.warns(sf.InvalidRowsWarning, match="unit_id"):
            assert_same(db.get_units(on_invalid="report"), whole.drop([lost, twice]))
