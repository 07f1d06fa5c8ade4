"""What comes back, held whole against what was put in."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import numpy as np
import pandas as pd
import pytest

import sessionframes as sf
from tests.sources.lims.expected import DTYPES, LEVELS, TABLES, assert_same, expected, no_rows

FILTERS = [(table, level) for table in TABLES for level in LEVELS[table]]
NOBODY = 4_000_000_000


@pytest.fixture(scope="module")
def wanted(world):
    """Expected frames, each worked out once."""
    made = {}

    def frame(table, *, include_unusable=False):
        key = table, include_unusable
        if key not in made:
            made[key] = expected(world, table, include_unusable=include_unusable)
        return made[key].copy()

    return frame


def of(frame, level, ids):
    values = frame.index if frame.index.name == level else frame[level]
    return frame[values.isin(ids)]


@pytest.mark.parametrize("include_unusable", [False, True])
@pytest.mark.parametrize("table", TABLES)
def test_a_whole_table(lims, wanted, table, include_unusable):
    found = lims.get(table, include_unusable=include_unusable)
    assert len(found) > 5
    assert_same(found, wanted(table, include_unusable=include_unusable))


def test_the_named_calls_are_the_tables(lims, wanted):
    calls = {
        "sessions": lims.get_sessions,
        "probes": lims.get_probes,
        "channels": lims.get_channels,
        "units": lims.get_units,
        "unit_metrics": lims.get_unit_analysis_metrics,
    }
    for table, call in calls.items():
        assert_same(call(), wanted(table))
        assert_same(call(include_unusable=True), wanted(table, include_unusable=True))


def test_positional_arguments_are_those_of_allensdk(lims, wanted):
    sessions, probes = wanted("sessions").index[:4], wanted("probes").index[:7]
    channels, units = wanted("channels").index[::2], wanted("units").index[::3]
    day = "2019-10-03"
    published = wanted("sessions")["published_at"].le(pd.Timestamp("2019-10-04", tz="UTC"))
    early = wanted("sessions").index[published]
    assert_same(lims.get_sessions(sessions, day), of(wanted("sessions").loc[sessions], "session_id", early))
    found = lims.get_probes(probes, sessions, day)
    assert_same(found, of(of(wanted("probes").loc[probes], "session_id", sessions), "session_id", early))
    found = lims.get_channels(channels, probes, sessions, day)
    kept = of(of(wanted("channels").loc[channels], "probe_id", probes), "session_id", sessions)
    assert_same(found, of(kept, "session_id", early))
    found = lims.get_units(units, channels, probes, sessions, day)
    kept = of(of(wanted("units").loc[units], "channel_id", channels), "probe_id", probes)
    assert_same(found, of(of(kept, "session_id", sessions), "session_id", early))
    found = lims.get_unit_analysis_metrics(units, sessions, ["functional_connectivity"])
    kept = of(of(wanted("unit_metrics"), "unit_id", units), "session_id", sessions)
    of_type = wanted("sessions").query("session_type == 'functional_connectivity'").index
    assert_same(found, of(kept, "session_id", of_type))


@pytest.mark.parametrize(("table", "level"), FILTERS)
def test_ids_of_every_level_filter(lims, wanted, table, level):
    whole = wanted(table)
    there = whole.index if whole.index.name == level else whole[level]
    ids = there.unique()[::3]
    found = lims.get(table, **{f"{level}s": [*ids, NOBODY]})
    assert 0 < len(found) < len(whole)
    assert_same(found, of(whole, level, ids))


@pytest.mark.parametrize(("table", "level"), FILTERS)
def test_a_foreign_id_gives_a_typed_empty_frame(lims, table, level):
    assert_same(lims.get(table, **{f"{level}s": NOBODY}), no_rows(table))


@pytest.mark.parametrize("table", ["probes", "channels", "units", "unit_metrics"])
def test_filters_of_several_levels_all_hold(lims, wanted, table):
    whole = wanted(table)
    kept, filters = whole, {}
    for level in LEVELS[table]:
        values = (kept.index if kept.index.name == level else kept[level]).unique()
        chosen = values[: max(1, len(values) * 2 // 3)]
        filters[f"{level}s"] = chosen
        kept = of(kept, level, chosen)
    assert 0 < len(kept) < len(whole)
    assert_same(lims.get(table, **filters), kept)
    sessions = wanted("sessions").index
    disjoint = {
        "session_ids": sessions[:1],
        f"{LEVELS[table][-1]}s": of(whole, "session_id", sessions[1:]).index,
    }
    assert_same(lims.get(table, **disjoint), no_rows(table))


def test_ids_may_be_frames(lims, wanted):
    sessions = lims.get_sessions(wanted("sessions").index[:3])
    probes = lims.get_probes(session_ids=sessions)
    assert_same(probes, of(wanted("probes"), "session_id", sessions.index))
    units = lims.get_units(probe_ids=probes, session_ids=sessions)
    assert_same(units, of(wanted("units"), "probe_id", probes.index))
    # The sessions of a frame of units: its column, since its index is another id.
    assert_same(lims.get_sessions(units), wanted("sessions").loc[units["session_id"].unique()].sort_index())
    assert_same(lims.get_channels(units), of(wanted("channels"), "channel_id", units["channel_id"]))


def test_an_id_given_by_another_name(lims, wanted):
    metrics = lims.get_unit_analysis_metrics(
        session_types="brain_observatory_1.1",
        ecephys_session_ids=wanted("unit_metrics")["session_id"].iloc[0],
    )
    assert len(metrics["session_id"].unique()) == 1


def test_several_session_types(lims, wanted):
    types = wanted("sessions")["session_type"]
    for chosen in (
        ["functional_connectivity"],
        ["brain_observatory_1.1", "functional_connectivity"],
        ["none"],
        [],
    ):
        found = lims.get_unit_analysis_metrics(session_types=chosen)
        assert_same(found, of(wanted("unit_metrics"), "session_id", types.index[types.isin(chosen)]))


MOMENTS = [
    # given, the last moment that it includes
    ("2019-10-02", "2019-10-02T23:59:59.999999Z"),
    ("2019-10-03", "2019-10-03T23:59:59.999999Z"),
    ("2019-10-03T00:00:00", "2019-10-03T00:00:00Z"),
    ("2019-10-03 02:00+02:00", "2019-10-03T00:00:00Z"),
    ("2019-10-03T01:59:59.999999+02:00", "2019-10-02T23:59:59.999999Z"),
    ("2019-10-02T17:00-07:00", "2019-10-03T00:00:00Z"),
    (date(2020, 6, 11), "2020-06-11T23:59:59.999999Z"),
    ("2020-06-11T08:29:59.999999", "2020-06-11T08:29:59.999999Z"),
    (datetime(2020, 6, 11, 8, 29), "2020-06-11T08:29:00Z"),  # noqa: DTZ001  a naive one means UTC
    (datetime(2020, 6, 11, 8, 30, tzinfo=UTC), "2020-06-11T08:30:00Z"),
    (datetime(2020, 6, 11, 17, 29, tzinfo=timezone(timedelta(hours=9))), "2020-06-11T08:29:00Z"),
    (pd.Timestamp("2020-06-11 01:30", tz="America/Los_Angeles"), "2020-06-11T08:30:00Z"),
    (pd.Timestamp("2020-06-11"), "2020-06-11T00:00:00Z"),
    (np.datetime64("2020-06-11"), "2020-06-11T23:59:59.999999Z"),
    (np.datetime64("2020-06-11T08:30"), "2020-06-11T08:30:00Z"),
    (date.max, "9999-12-31T23:59:59.999999Z"),
    (date.min, "0001-01-01T23:59:59.999999Z"),
]


@pytest.mark.parametrize(("moment", "last"), MOMENTS, ids=[str(given) for given, _ in MOMENTS])
def test_published_at_cuts_sessions(lims, wanted, moment, last):
    whole = wanted("sessions")
    kept = whole[whole["published_at"] <= pd.Timestamp(last)]
    assert_same(lims.get_sessions(published_at=moment), kept)


@pytest.mark.parametrize("table", ["probes", "channels", "units", "unit_metrics"])
def test_published_at_reaches_every_level(lims, wanted, table):
    published = wanted("sessions", include_unusable=True)["published_at"]
    for moment, before, include in (
        ("2019-10-03", "2019-10-04T00:00Z", False),
        ("2020-06-11T08:29", "2020-06-11T08:30Z", True),
        ("2020-06-11T08:30", "2020-06-11T08:31Z", False),
    ):
        kept = published.index[published < pd.Timestamp(before)]
        found = lims.get(table, published_at=moment, include_unusable=include)
        assert_same(found, of(wanted(table, include_unusable=include), "session_id", kept))


@pytest.mark.parametrize("include_unusable", [False, True])
def test_the_frames_belong_together(lims, include_unusable):
    frames = {table: lims.get(table, include_unusable=include_unusable) for table in TABLES}
    for table, frame in frames.items():
        assert frame.index.name == LEVELS[table][-1]
        assert frame.index.is_unique
        assert frame.index.is_monotonic_increasing
        for level in LEVELS[table][:-1]:
            assert set(frame[level]) <= set(frames[f"{level.removesuffix('_id')}s"].index)
    assert set(frames["unit_metrics"].index) <= set(frames["units"].index)
    for child, parent in (("units", "channels"), ("channels", "probes"), ("unit_metrics", "units")):
        key = LEVELS[parent][-1]
        for level in LEVELS[parent][:-1]:
            of_parent = frames[child].index if child == "unit_metrics" else frames[child][key]
            told = frames[parent].loc[of_parent, level].to_numpy()
            assert (frames[child][level].to_numpy() == told).all()


@pytest.mark.parametrize("table", TABLES)
def test_dtypes_do_not_depend_on_the_rows(lims, wanted, table):
    for ids in (wanted(table).index[:1], wanted(table).index[-2:], []):
        found = lims.get(table, **{f"{LEVELS[table][-1]}s": ids})
        assert {name: str(dtype) for name, dtype in found.dtypes.items()} == {
            name: str(pd.api.types.pandas_dtype(dtype)) for name, dtype in DTYPES[table].items()
        }
        assert found.index.dtype == "int64"
        assert "object" not in found.dtypes.astype(str).tolist()


def test_a_frame_may_be_written_to(lims):
    units = lims.get_units()
    units["snr"] = 0.0
    units.loc[units.index[0], "firing_rate"] = 3.5
    units.iloc[0, units.columns.get_loc("quality")] = "good"
    assert units["firing_rate"].iloc[0] == 3.5
    assert lims.get_units(units.index[0])["firing_rate"].iloc[0] != 3.5


def test_null_and_nan_are_both_null(own_lims_url, change, world):
    null, not_a_number, infinite = sorted(world.oddities["unit_noise"])[:3]
    change(
        f"update ecephys_units set snr = null, amplitude = null where id = {null}",
        f"update ecephys_units set snr = 'NaN', amplitude = 'NaN' where id = {not_a_number}",
        f"update ecephys_units set snr = 'infinity', amplitude = '-infinity' where id = {infinite}",
    )
    with sf.connect("lims", url=own_lims_url) as db:
        units = db.get_units([null, not_a_number, infinite], include_unusable=True)
    assert units["snr"].loc[[null, not_a_number]].isna().all()
    assert units["waveform_amplitude"].loc[[null, not_a_number]].isna().all()
    assert units.loc[infinite, ["snr", "waveform_amplitude"]].tolist() == [np.inf, -np.inf]


def test_numeric_columns_come_to_the_last_digit(own_lims_url, change, world):
    values = ["0.1", "1e-300", "123456789.123456789", "-0.30000000000000004", "1e22"]
    units = sorted(world.oddities["unit_noise"])[: len(values)]
    change(
        "alter table ecephys_units alter column max_drift type numeric, alter column spread type real",
        *(
            f"update ecephys_units set max_drift = {value}, spread = 0.5 where id = {unit}"
            for unit, value in zip(units, values, strict=True)
        ),
    )
    with sf.connect("lims", url=own_lims_url) as db:
        found = db.get_units(units, include_unusable=True)
    assert found["max_drift"].tolist() == [float(value) for value in values]
    assert (found["waveform_spread"] == 0.5).all()


def test_infinite_times(own_lims_url, change, wanted):
    first, last = wanted("sessions").index[[0, -1]]
    both = "update ecephys_sessions set published_at = '{}', date_of_acquisition = '{}' where id = {}"
    change(both.format("-infinity", "infinity", first), both.format("infinity", "-infinity", last))
    with sf.connect("lims", url=own_lims_url) as db:
        sessions = db.get_sessions()
        assert db.get_sessions(published_at="1900-01-01").index.tolist() == [first]
        assert last not in db.get_sessions(published_at="2500-01-01").index
        assert set(db.get_probes(published_at="1900-01-01")["session_id"]) <= {first}
    beginning, end = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
    assert sessions.loc[first, ["published_at", "start_time"]].tolist() == [beginning, end]
    assert sessions.loc[last, ["published_at", "start_time"]].tolist() == [end, beginning]
    others = wanted("sessions").drop([first, last])
    assert_same(sessions.drop([first, last]), others)


def test_times_before_1970_and_to_the_microsecond(own_lims_url, change, wanted):
    moments = ["1969-07-20 20:17:40.000001+00", "1582-10-15 00:00:00+00", "2262-04-12 00:00:00+00"]
    sessions = wanted("sessions").index[: len(moments)].tolist()
    update = "update ecephys_sessions set date_of_acquisition = '{}' where id = {}"
    change("set timezone to 'UTC'", *map(update.format, moments, sessions))
    with sf.connect("lims", url=own_lims_url) as db:
        found = db.get_sessions(sessions)["start_time"]
    assert [moment.isoformat(sep=" ", timespec="auto") for moment in found] == [
        moment.replace("+00", "+00:00") for moment in moments
    ]


def test_odd_text_comes_unharmed(own_lims_url, change, wanted):
    texts = [
        "",
        " ",
        "NULL",
        "null",
        "\\N",
        "\\.",
        "tab\t",
        "line\nbreak",
        "μ日本🐭",
        "a''b",
        'a"b',
        "100%",
        "{a,b}",
    ]
    units = wanted("units").index[: len(texts)].tolist()
    quoted = [text.replace("'", "''") for text in texts]
    change(
        *(
            f"update ecephys_units set quality = '{text}' where id = {unit}"
            for unit, text in zip(units, quoted, strict=True)
        )
    )
    with sf.connect("lims", url=own_lims_url) as db:
        found = db.get_units(units)
    assert found["quality"].tolist() == texts
    assert not found["quality"].isna().any()
