"""Every lookup in Postgres, held against the same condition worked out by hand in pandas or Python."""

from __future__ import annotations

import operator
from datetime import UTC, date, datetime, time

import pytest
import sqlalchemy as sa

import sessionframes as sf
from sessionframes import Q
from sessionframes.query.where import EVERY, NONE, And, Condition, Field, Not, Or
from sessionframes.sources.lims.where import compiled, divided
from tests.sources.lims.asking import keys, keys_of

LEVELS = ("channel", "probe", "session")


@pytest.fixture(scope="module")
def units(lims):
    """All units, with all columns of their channels, probes and sessions."""
    frame = lims.get_units(include_unusable=True)
    for level in LEVELS:
        above = lims.get(f"{level}s", include_unusable=True)
        frame = frame.join(above[above.columns.difference(frame.columns)], on=f"{level}_id")
    return frame


COMPARED = (
    *("snr", "firing_rate", "waveform_PT_ratio", "isi_violations", "quality", "unit_id", "channel_id"),
    *("session_id", "local_index", "structure_id", "structure_acronym", "probe_vertical_position"),
    *("left_right_ccf_coordinate", "probe_name", "sampling_rate", "surface_channel_index"),
    *("subject_id", "age_in_days", "genotype", "start_time", "published_at"),
)


@pytest.mark.parametrize("column", COMPARED)
def test_comparisons_keep_the_rows_that_pandas_keeps(lims, units, column):
    values = units.reset_index()[column].set_axis(units.index)
    distinct = values.dropna().drop_duplicates().sort_values()
    low, high = distinct.iloc[[len(distinct) // 4, -1 - len(distinct) // 4]]
    wanted = {
        "exact": (low, values == low),
        "in": ([low, high], values.isin([low, high])),
        "gt": (low, values > low),
        "gte": (low, values >= low),
        "lt": (high, values < high),
        "lte": (high, values <= high),
        "range": ([low, high], (values >= low) & (values <= high)),
        "isnull": (True, values.isna()),
    }
    for lookup, (value, holds) in wanted.items():
        kept = units.index[holds.astype("boolean").fillna(value=False)].tolist()
        assert kept or lookup == "isnull", lookup
        where = Q(**{f"{column}__{lookup}": value})
        assert keys(lims, where=where) == kept, lookup
        assert keys(lims, where=~where) == units.index.drop(kept).tolist(), lookup


@pytest.mark.parametrize(
    "column", ["valid_data", "habituation", "has_nwb", "has_lfp_data", "session_usable", "unit_usable"]
)
def test_flags(lims, units, column):
    values = units[column].astype("boolean")
    for flag in (True, False):
        kept = units.index[(values == flag).fillna(value=False)].tolist()
        assert keys(lims, where=Q(**{column: flag})) == kept
        assert keys(lims, where=Q(**{f"{column}__in": [flag]})) == kept
        assert keys(lims, where=~Q(**{column: flag})) == units.index.drop(kept).tolist()
    assert keys(lims, where=Q(**{f"{column}__isnull": True})) == units.index[values.isna()].tolist()
    both = keys(lims, where=Q(**{f"{column}__in": [True, False]}))
    assert both == units.index[values.notna()].tolist()


PARTS = {
    "date": (lambda x: x.dt.date, date(2019, 10, 3)),
    "time": (lambda x: x.dt.time, time(12)),
    "year": (lambda x: x.dt.year, 2019),
    "iso_year": (lambda x: x.dt.isocalendar()["year"], 2019),
    "quarter": (lambda x: x.dt.quarter, 2),
    "month": (lambda x: x.dt.month, 6),
    "week": (lambda x: x.dt.isocalendar()["week"], 30),
    "day": (lambda x: x.dt.day, 15),
    "week_day": (lambda x: (x.dt.day_of_week + 1) % 7 + 1, 3),
    "iso_week_day": (lambda x: x.dt.day_of_week + 1, 3),
    "hour": (lambda x: x.dt.hour, 12),
    "minute": (lambda x: x.dt.minute, 30),
    "second": (lambda x: x.dt.second, 30),
}
EDGES = (
    "2018-12-31 23:59:59.999999",  # of week 1 of 2019
    "2019-01-06 00:00:00",  # a Sunday
    "2021-01-03 23:30:00.5",  # of week 53 of 2020
    "2016-02-29 06:59:59",
    "1969-12-31 23:59:59.000001",
    "0001-01-01 00:00:00",
    "9999-12-31 23:59:59.999999",
    "infinity",
    "-infinity",
)


@pytest.mark.parametrize("part", PARTS)
def test_parts_of_instants_are_those_in_utc(own_lims_url, change, part):
    with sf.connect("lims", url=own_lims_url) as db:
        sessions = db.get_sessions(include_unusable=True).index
        update = "update ecephys_sessions set date_of_acquisition = '{}' where id = {}"
        change("set timezone to 'UTC'", *map(update.format, EDGES, sessions))
        whole = db.get_sessions(include_unusable=True)["start_time"]
        of, middle = PARTS[part]
        values = of(whole.dropna())
        for value in {middle, *values[sessions[: len(EDGES)].intersection(values.index)]}:
            for lookup in ("exact", "gt", "gte", "lt", "lte"):
                compare = getattr(operator, {"exact": "eq", "gte": "ge", "lte": "le"}.get(lookup, lookup))
                kept = [key for key, found in values.items() if compare(found, value)]
                where = Q(**{f"start_time__{part}__{lookup}": value})
                assert keys(db, "sessions", where=where) == kept, (lookup, value)
        some = [middle, values.iloc[0]]
        found = keys(db, "sessions", where=Q(**{f"start_time__{part}__in": some}))
        assert found == values.index[values.isin(some)].tolist()
        found = keys(db, "sessions", where=Q(**{f"start_time__{part}__isnull": True}))
        assert found == whole.index[whole.isna()].tolist()


def test_nan_is_null_and_infinity_is_a_number(own_lims_url, change):
    with sf.connect("lims", url=own_lims_url) as db:
        everyone = keys(db)
        null, not_a_number, least, most, plain = everyone[:5]
        change(
            "update ecephys_units set l_ratio = 1",
            f"update ecephys_units set l_ratio = null where id = {null}",
            f"update ecephys_units set l_ratio = 'NaN' where id = {not_a_number}",
            f"update ecephys_units set l_ratio = '-infinity' where id = {least}",
            f"update ecephys_units set l_ratio = 'infinity' where id = {most}",
            f"update ecephys_units set l_ratio = -0.0 where id = {plain}",
        )
        infinite = float("inf")
        wanted = {
            "isnull": (True, [null, not_a_number]),
            "gt": (1, [most]),
            "gte": (infinite, [most]),
            "lt": (1, [least, plain]),
            "lte": (-infinite, [least]),
            "exact": (infinite, [most]),
            "in": ([0, -infinite], [least, plain]),
        }
        for lookup, (value, kept) in wanted.items():
            where = Q(**{f"l_ratio__{lookup}": value})
            assert keys(db, where=where) == kept, lookup
            assert keys(db, where=~where) == sorted({*everyone} - {*kept}), lookup
        assert keys(db, where=Q(l_ratio__gt=infinite)) == []
        assert keys(db, where=Q(l_ratio__gt=-infinite)) == sorted({*everyone} - {null, not_a_number, least})


def test_logic_is_two_valued(lims, units):
    everyone = units.index.tolist()
    for term in (Q(structure_acronym="VISp"), Q(snr__gt=2), Q(genotype__isnull=True), Q(valid_data=False)):
        assert keys(lims, where=term | ~term) == everyone
        assert keys(lims, where=term & ~term) == []
        assert keys(lims, where=~~term) == keys(lims, where=term)
        other = Q(quality="good")
        assert keys(lims, where=~(term & other)) == keys(lims, where=~term | ~other)
        assert keys(lims, where=~(term | other)) == keys(lims, where=~term & ~other)
    good, deep = units["quality"] == "good", units["probe_vertical_position"] < 1000
    visual = units["structure_acronym"].str.startswith("VIS").astype("boolean").fillna(value=False)
    where = (Q(quality="good") & ~Q(structure_acronym__startswith="VIS")) | Q(
        probe_vertical_position__lt=1000
    )
    assert keys(lims, where=where) == units.index[(good & ~visual) | deep].tolist()


@pytest.mark.parametrize("lookup", ["exact", "in"])
def test_the_ends_of_64_bits(lims, lookup):
    for value in (-(2**63), 2**63 - 1, -1):
        asked = [value] if lookup == "in" else value
        assert keys(lims, where=Q(**{f"unit_id__{lookup}": asked})) == []
        assert keys(lims, where=Q(**{f"local_index__{lookup}": asked})) == []
    assert keys(lims, where=Q(local_index__gte=-(2**63))) == keys(lims, where=Q(local_index__isnull=False))


def test_a_million_values(lims, units):
    some = units.index[::3].tolist()
    unit = Field("unit_id", "integer", "units", "int64")
    million = (*range(1_000_000 - len(some)), *some)
    assert keys_of(lims, Condition(unit, "in", million)) == some
    quality = Field("quality", "text", "units")
    million = (*(f"it's {number}" for number in range(999_999)), "good")
    good = units.index[units["quality"] == "good"].tolist()
    assert keys_of(lims, Condition(quality, "in", million)) == good


def test_an_instant_is_compared_as_the_frame_shows_it(own_lims_url, change):
    with sf.connect("lims", url=own_lims_url) as db:
        first, second = keys(db, "sessions")[:2]
        change(
            f"update ecephys_sessions set published_at = 'infinity' where id = {first}",
            f"update ecephys_sessions set published_at = '-infinity' where id = {second}",
        )
        beginning, end = datetime(1, 1, 1, tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
        assert keys(db, "sessions", where=Q(published_at=end)) == [first]
        assert keys(db, "sessions", where=Q(published_at__gt=end)) == []
        assert keys(db, "sessions", where=Q(published_at__lte=beginning)) == [second]
        assert keys(db, "sessions", where=Q(published_at__in=[end, beginning])) == [first, second]
        assert keys(db, "sessions", where=Q(published_at__year=9999)) == [first]


def test_nothing_and_everything(lims):
    table = sa.values(sa.column("n", sa.BigInteger()), name="told").data([(1,), (2,)])
    for where, rows in ((EVERY, 2), (NONE, 0), (Not(NONE), 2), (And((EVERY, Not(Or((NONE,))))), 2)):
        statement = sa.select(sa.column("n")).select_from(table).where(compiled(where, {}))
        assert sum(page.num_rows for page in lims.transport.fetch(statement)) == rows


def test_what_postgres_cannot_do_is_left_whole():
    tags, name = Field("tags", "texts", "told"), Field("name", "text", "told")
    far = Field("far", "text", "elsewhere")
    one, two, three = (
        Condition(tags, "exact", "x"),
        Condition(name, "exact", "y"),
        Condition(far, "in", ("z",)),
    )
    columns = {"tags": sa.column("tags"), "name": sa.column("name")}
    assert divided(EVERY, columns) == (EVERY, EVERY)
    assert divided(two, columns) == (two, EVERY)
    assert divided(And((one, two, three)), columns) == (two, And((one, three)))
    mixed = Or((two, Not(three)))
    assert divided(mixed, columns) == (EVERY, mixed)
    assert divided(And((mixed, Not(two))), columns) == (Not(two), mixed)
