"""Where we mean to differ from AllenSDK: one test for each difference that the manual lists."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

import sessionframes as sf
from tests.sources.lims.expected import LEVELS, TABLES, assert_same, expected, no_rows


def one(world, oddity):
    """The only id of that oddity."""
    (found,) = world.oddities[oddity]
    return found


def test_one_row_per_session_even_with_two_packaged_files(lims, world):
    session = one(world, "session_two_current_runs")
    runs = world.runs.to_pandas().query("session_id == @session and current")["run_id"]
    files = world.files.to_pandas().query("file_type == 'EcephysNwb'")
    files = files[files["owner_id"].isin(runs)]
    assert len(files) == 2  # AllenSDK's join makes two rows of them
    sessions = lims.get_sessions()
    assert sessions.index.tolist().count(session) == 1
    assert sessions.loc[session, "has_nwb"]
    assert len(lims.get_sessions(session)) == 1


def test_a_file_of_a_run_that_is_not_current_does_not_count(lims, world):
    sessions = lims.get_sessions()
    assert not sessions.loc[one(world, "session_packaged_in_previous_run_only"), "has_nwb"]
    assert not sessions.loc[one(world, "session_not_packaged"), "has_nwb"]


@pytest.mark.parametrize(("oddity", "column"), [("age", "age_in_days"), ("sex", "sex")])
def test_a_session_whose_donor_has_no_age_or_sex_is_kept_with_a_null(lims, world, oddity, column):
    donor = one(world, f"subject_without_{oddity}")
    of_donor = lims.get_sessions()
    of_donor = of_donor[of_donor["subject_id"] == donor]
    assert len(of_donor) == 1
    assert of_donor[column].isna().all()
    # And its probes have a session to belong to, which AllenSDK's do not.
    assert set(lims.get_probes(session_ids=of_donor)["session_id"]) == set(of_donor.index)


def test_a_session_without_specimen_or_donor_is_kept_too(own_lims_url, change, world):
    session, other = sorted(world.oddities["session_of_shared_subject"])
    change(
        f"update ecephys_sessions set specimen_id = null where id = {session}",
        f"update specimens set donor_id = null where id = "
        f"(select specimen_id from ecephys_sessions where id = {other})",
    )
    with sf.connect("lims", url=own_lims_url) as db:
        sessions = db.get_sessions([session, other])
    assert sessions.index.tolist() == [session, other]
    assert sessions[["subject_id", "genotype", "sex", "age_in_days"]].isna().all(axis=None)
    assert sessions["specimen_id"].isna().tolist() == [True, False]


def test_unit_ids_of_metrics_means_unit_ids(lims, world):
    metrics = lims.get_unit_analysis_metrics()
    units = metrics.index[::7]
    assert lims.get_unit_analysis_metrics(unit_ids=units).index.tolist() == units.tolist()
    # What AllenSDK takes for unit ids are the bundles' own.
    bundles = world.metric_bundles["metric_bundle_id"].to_pylist()[:50]
    assert not set(bundles) & set(world.units["unit_id"].to_pylist())
    assert lims.get_unit_analysis_metrics(unit_ids=bundles).empty


def test_metrics_obey_the_validity_rules_of_units(lims):
    units, metrics = lims.get_units(), lims.get_unit_analysis_metrics()
    everything = lims.get_units(include_unusable=True)
    all_metrics = lims.get_unit_analysis_metrics(include_unusable=True)
    assert set(metrics.index) == set(all_metrics.index) & set(units.index)
    unusable = set(everything.index) - set(units.index)
    assert set(all_metrics.index) & unusable
    assert not set(metrics.index) & unusable


def test_include_unusable_lifts_the_rules_of_sessions_and_tells_their_state(lims, world):
    odd = [
        one(world, f"session_{oddity}")
        for oddity in ("habituation", "failed", "null_workflow_state", "null_habituation")
    ]
    for table in TABLES:
        assert lims.get(table, session_ids=odd).empty
        found = lims.get(table, session_ids=odd, include_unusable=True)
        assert set(found.index if table == "sessions" else found["session_id"]) == set(odd)
        assert table == "unit_metrics" or not found[f"{table.removesuffix('s')}_usable"].any()


@pytest.mark.parametrize("oddity", ["probe_failed", "probe_null_workflow_state"])
def test_include_unusable_lifts_the_rules_of_probes(lims, world, oddity):
    probe = one(world, oddity)
    for table in TABLES[1:]:
        assert lims.get(table, probe_ids=probe).empty
        assert not lims.get(table, probe_ids=probe, include_unusable=True).empty
    assert not lims.get_channels(probe_ids=probe, include_unusable=True)["channel_usable"].any()


@pytest.mark.parametrize("oddity", ["channel_invalid", "channel_null_valid_data"])
def test_include_unusable_lifts_the_rule_of_channels(lims, world, oddity):
    channels = world.oddities[oddity]
    for table in TABLES[2:4]:
        assert lims.get(table, channel_ids=channels).empty
    found = lims.get_channels(channels, include_unusable=True)
    assert found.index.tolist() == sorted(channels)
    assert not found["channel_usable"].any()


@pytest.mark.parametrize("table", TABLES)
def test_an_empty_result_is_an_empty_typed_frame(lims, table):
    for question in ({"session_ids": []}, {"session_ids": [1]}, {"published_at": "1900-01-01"}):
        assert_same(lims.get(table, **question), no_rows(table))


def test_a_lims_without_any_session_gives_empty_typed_frames(own_lims_url, change):
    change(
        "truncate ecephys_sessions, ecephys_probes, ecephys_channels, ecephys_units, ecephys_analysis_runs, "
        "ecephys_analysis_run_probes, ecephys_unit_metric_bundles, specimens, donors cascade"
    )
    with sf.connect("lims", url=own_lims_url) as db:
        for table in TABLES:
            assert_same(db.get(table), no_rows(table))
            assert_same(db.get(table, include_unusable=True), no_rows(table))


@pytest.mark.parametrize("table", TABLES)
def test_every_table_has_the_ids_of_its_ancestors(lims, table):
    frame = lims.get(table)
    assert frame.index.name == LEVELS[table][-1]
    assert set(LEVELS[table][:-1]) <= set(frame.columns)
    assert (frame[list(LEVELS[table][:-1])].dtypes == "int64").all()


@pytest.mark.parametrize("table", TABLES)
def test_rows_are_ordered_by_key(lims, table):
    # The world's rows lie in another order on disk, so that nothing is ordered by chance.
    ids = lims.get(table).index
    assert ids.is_monotonic_increasing
    some = ids[::-5]
    assert lims.get(table, **{f"{LEVELS[table][-1]}s": some}).index.equals(some[::-1])


@pytest.mark.parametrize("moment", ["2020-06-11", date(2020, 6, 11)])
def test_a_bare_date_means_up_to_and_including_that_day(lims, world, moment):
    session = one(world, "session_published_at_0830")
    assert session in lims.get_sessions(published_at=moment).index
    assert session not in lims.get_sessions(published_at="2020-06-10").index


@pytest.mark.parametrize(
    ("moment", "is_in"),
    [
        ("2020-06-11T08:30", True),
        ("2020-06-11T08:29:59", False),
        (datetime(2020, 6, 11, 8, 30, tzinfo=UTC), True),
        (datetime(2020, 6, 11, 8, 29, 59), False),  # noqa: DTZ001  a naive one means UTC
        # AllenSDK drops what stands after the time: all of these would be at 08:30 UTC.
        ("2020-06-11T08:30+02:00", False),
        ("2020-06-11T08:30-02:00", True),
        ("2020-06-11T10:30+02:00", True),
        ("2020-06-11T08:30Z", True),
    ],
)
def test_published_at_is_a_date_a_datetime_or_text_whose_zone_counts(lims, world, moment, is_in):
    session = one(world, "session_published_at_0830")
    assert (session in lims.get_sessions(published_at=moment).index) is is_in
    assert (session in lims.get_units(published_at=moment)["session_id"].unique()) is is_in


def test_without_published_at_unpublished_sessions_are_there(lims, world):
    session = one(world, "session_unpublished")
    assert session in lims.get_sessions().index
    assert session not in lims.get_sessions(published_at=date.max).index


def test_a_null_genotype_stays_null_unless_filled(lims, world):
    donor, wild, wild_twice = (
        one(world, f"subject_{oddity}") for oddity in ("without_genotype", "wt", "wt_wt")
    )
    genotypes = lims.get_sessions().set_index("subject_id")["genotype"]
    assert genotypes.isna()[donor]
    assert (genotypes[wild], genotypes[wild_twice]) == ("wt", "wt/wt")
    filled = lims.get_sessions(fill_genotype=True)
    assert filled.set_index("subject_id")["genotype"][[donor, wild, wild_twice]].tolist() == [
        "wt",
        "wt",
        "wt/wt",
    ]
    assert_same(filled.drop(columns="genotype"), lims.get_sessions().drop(columns="genotype"))


def test_fill_genotype_leaves_what_is_there(lims, world):
    whole = expected(world, "sessions")
    assert_same(lims.get_sessions(fill_genotype=True), whole.fillna({"genotype": "wt"}))
