"""``join=`` on a LIMS: in one SQL or here, the frame that :func:`sessionframes.join` makes of the answers."""

from __future__ import annotations

import warnings
from itertools import combinations

import pandas as pd
import pytest

import sessionframes as sf
from sessionframes.errors import FrameValidationError, JoinError, QueryError
from sessionframes.query import Q

ABOVE = {
    "probes": ("sessions",),
    "channels": ("probes", "sessions"),
    "units": ("channels", "probes", "sessions", "unit_metrics"),
    "unit_metrics": ("units", "channels", "probes", "sessions"),
}
SUBSETS = [
    (table, subset)
    for table, above in ABOVE.items()
    for size in range(1, len(above) + 1)
    for subset in combinations(above, size)
]


@pytest.fixture(scope="module")
def whole(lims):
    """Every table, as it is and with what is of no use."""
    return {
        include: {table: lims.get(table, include_unusable=include) for table in lims.tables}
        for include in (False, True)
    }


def joined(frames, table, subset, orphans="drop"):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", sf.OrphanRowsWarning)
        return sf.join(frames[table], *(frames[name] for name in subset), orphans=orphans)


def got(lims, table, subset, *, orphans="drop", **arguments):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", sf.OrphanRowsWarning)
        return lims.get(table, join=subset, orphans=orphans, **arguments)


def assert_same(one, other):
    assert one.attrs != {}
    pd.testing.assert_frame_equal(one, other)


@pytest.mark.parametrize("include", [False, True])
@pytest.mark.parametrize(("table", "subset"), SUBSETS, ids=str)
def test_every_join_is_that_of_the_answers(lims, whole, table, subset, include):
    found = got(lims, table, subset[::-1], include_unusable=include)
    assert_same(found, joined(whole[include], table, subset))
    assert len(found)


@pytest.mark.parametrize("orphans", ["keep", "drop"])
def test_units_without_metrics_are_kept_or_left_out(lims, whole, orphans):
    subset = ("unit_metrics", "sessions")
    found = got(lims, "units", subset, orphans=orphans)
    assert_same(found, joined(whole[False], "units", subset, orphans))
    assert (len(found) == len(whole[False]["units"])) == (orphans == "keep")
    with pytest.raises(JoinError, match=r"units\.unit_id: \d+ of \d+ rows .* unit_metrics has no row of"):
        lims.get_units(join="unit_metrics")


#: Nulls and repeated values are in most of them.
ORDERS = [
    ("units", ("channels", "probes", "sessions"), ["-age_in_days", "structure_acronym", "-snr"]),
    ("units", ("sessions",), ["sex", "-start_time"]),
    ("units", ("channels",), ["-structure_acronym", "-unit_id"]),
    ("units", ("unit_metrics",), ["-g_osi_dg", "snr"]),
    ("unit_metrics", ("units", "sessions"), ["on_screen_rf", "-genotype", "snr"]),
    ("channels", ("probes",), ["-air_channel_index", "has_lfp_data", "local_index"]),
    ("probes", ("sessions",), ["-has_nwb", "isi_experiment_id"]),
]


def sorted_by(frame, orders):
    """A frame by these orders, from the last to the first; nulls behind, text by code point."""
    frame = frame.sort_index()
    for order in reversed(orders):
        name, descending = order.removeprefix("-"), order.startswith("-")
        values = frame.index.to_series() if name == frame.index.name else frame[name]
        known = values[values.notna()].tolist()
        places = sorted(range(len(known)), key=known.__getitem__, reverse=descending)
        keys = values.index[values.notna()].take(places)
        frame = frame.loc[[*keys, *values.index[values.isna()]]]
    return frame


@pytest.mark.parametrize("limit", [None, 7])
@pytest.mark.parametrize(("table", "subset", "orders"), ORDERS, ids=str)
def test_any_column_orders_the_rows(lims, whole, table, subset, orders, limit):
    expected = sorted_by(joined(whole[False], table, subset), orders)[:limit]
    assert_same(got(lims, table, subset, order_by=orders, limit=limit), expected)


WHERES = [
    ("units", ("sessions", "channels"), Q(sex="F") & ~Q(structure_acronym__startswith="VIS")),
    ("units", ("unit_metrics", "probes"), Q(snr__gte=2) & Q(probe_name="probeA")),
    ("unit_metrics", ("units",), Q(g_osi_dg__gte=0.5)),
    ("unit_metrics", ("sessions", "channels"), Q(g_osi_dg__gte=0.5) & Q(local_index__lt=100)),
    ("channels", ("sessions",), Q(structure_acronym__isnull=True)),
]


@pytest.mark.parametrize("columns", [None, []])
@pytest.mark.parametrize(("table", "subset", "where"), WHERES, ids=str)
def test_any_column_filters_the_rows(lims, whole, table, subset, where, columns):
    keys = lims.get(table, where=where, columns=[]).index
    expected = joined(whole[False], table, subset)
    expected = expected[expected.index.isin(keys)]
    expected = expected if columns is None else expected[columns]
    assert 0 < len(expected) < len(whole[False][table])
    assert_same(got(lims, table, subset, where=where, columns=columns), expected)


@pytest.mark.parametrize(
    ("table", "subset", "columns"),
    [
        ("units", ("channels", "probes", "sessions"), ["sex", "snr", "structure_acronym", "probe_name"]),
        ("units", ("unit_metrics", "sessions"), ["g_osi_dg", "session_type", "session_id"]),
        ("unit_metrics", ("units", "probes"), ["probe_name", "snr", "g_osi_dg"]),
        ("unit_metrics", ("sessions",), ["sex"]),
        ("channels", ("sessions",), ["sex"]),
    ],
    ids=str,
)
def test_columns_of_any_table_may_be_chosen(lims, whole, table, subset, columns):
    assert_same(got(lims, table, subset, columns=columns), joined(whole[False], table, subset)[columns])


@pytest.mark.parametrize("asked", [{"unit_ids": []}, {"limit": 0}, {"where": Q(snr__gt=1e9)}], ids=str)
@pytest.mark.parametrize("subset", [("channels", "sessions"), ("unit_metrics", "probes")], ids=str)
def test_no_row_has_the_same_columns(lims, whole, subset, asked):
    assert_same(lims.get_units(join=subset, **asked), joined(whole[False], "units", subset).iloc[:0])


def test_what_lims_joins_is_one_statement(lims):
    told = lims.explain("units", join=["sessions", "probes", "channels"], limit=5, order_by="-age_in_days")
    assert len(told.requests) == 1
    assert (told.joins, told.lookups, told.local) == ((), (), ())
    assert "LIMIT 5" in told.requests[0]
    told = lims.explain("units", join=["sessions", "unit_metrics"], columns=["sex", "g_osi_dg"])
    assert len(told.requests) == 1
    assert told.joins == ("unit_metrics",)
    assert "genders.name" in told.requests[0]
    told = lims.explain("unit_metrics", join=["sessions", "units"], columns=["sex", "snr"])
    assert told.joins == ("units", "sessions")
    assert dict(told.facts())["requests"] == "1, then those of units and sessions, by id"


def test_a_join_names_what_there_is(lims):
    with pytest.raises(QueryError, match="'channels'"):
        lims.get_units(join="chanels")
    with pytest.raises(QueryError, match="join='sessions'"):
        lims.get_units(columns=["sex"])


def test_an_invalid_row_above_takes_those_below_with_it(own_lims_url, change):
    with sf.connect("lims", url=own_lims_url) as db:
        units = db.get_units()
        probe = int(units["probe_id"].iloc[0])
        change(f"update ecephys_probes set global_probe_sampling_rate = -30000 where id = {probe}")
        rest = units[units["probe_id"] != probe]
        with pytest.raises(FrameValidationError, match=r"units: .*sampling_rate"):
            db.get_units(join="probes")
        with pytest.warns(sf.InvalidRowsWarning, match="sampling_rate") as told:
            found = db.get_units(join="probes", on_invalid="report")
        assert told[0].filename == __file__
        assert found.index.equals(rest.index)
        with pytest.warns(sf.InvalidRowsWarning):
            first = db.get_units(join="probes", on_invalid="report", limit=5)
        assert first.index.equals(rest.index[:5])
        # Who does not ask for the probes is not concerned.
        assert len(db.get_units(join="sessions")) == len(units)
