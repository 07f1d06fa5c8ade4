"""A snapshot answers as the source that it was made from."""

from __future__ import annotations

import json

import pandas as pd
import pytest

import sessionframes as sf
from sessionframes import Q
from sessionframes.errors import QueryError, TableNotProvidedError
from tests.sources.lims.expected import TABLES

SHAPES = [
    {},
    {"limit": 0},
    {"limit": 7},
    {"order_by": "-session_id", "limit": 5},
    {"columns": []},
    {"columns": ["session_id"]},
    {"published_at": "2019-12-31"},
    {"published_at": "1990-01-01"},
    {"date": "2019-05-01"},
    {"start_date": "2019-01-01", "end_date": "2019-12-31"},
    {"where": Q(session_type="functional_connectivity")},
    {"where": ~Q(session_type="functional_connectivity") & Q(start_time__year__gte=2019)},
    {"where": Q(sex__isnull=True) | Q(age_in_days__gt=120)},
    {"where": Q(genotype__icontains="cre")},
    {"where": Q(session_id__in=[])},
]
OF_TABLES = [
    ("sessions", {"columns": ["genotype", "start_time"], "order_by": ["-start_time", "sex"]}),
    ("sessions", {"where": Q(has_nwb=True, published_at__isnull=False)}),
    ("probes", {"where": Q(probe_name__in=["probeA", "probeC"])}),
    ("probes", {"join": ["sessions"], "columns": ["probe_name", "genotype"]}),
    ("channels", {"where": Q(structure_acronym__startswith="VIS"), "order_by": "-left_right_ccf_coordinate"}),
    ("channels", {"where": Q(local_index__lte=20) & ~Q(probe_name="probeB")}),
    ("units", {"where": Q(snr__gte=2) & Q(structure_acronym__in=["LGd", "LP"]) & ~Q(quality="noise")}),
    ("units", {"where": "firing_rate__range=[1, 10] | isolation_distance__isnull=true"}),
    ("units", {"where": Q(g_osi_dg__gt=0.3), "columns": ["snr", "quality"], "order_by": "-snr", "limit": 9}),
    ("units", {"join": ["channels", "probes", "sessions"]}),
    ("units", {"join": "sessions", "order_by": "-start_time", "limit": 11, "columns": ["snr", "sex"]}),
    ("unit_metrics", {"session_types": "functional_connectivity"}),
    ("unit_metrics", {"session_types": ["functional_connectivity", "brain_observatory_1.1"]}),
    ("unit_metrics", {"session_types": []}),
    ("unit_metrics", {"where": Q(pref_images_multi_ns=True) | Q(g_osi_dg__lt=0.05)}),
    ("unit_metrics", {"where": Q(other_metrics__isnull=False)}),
    ("unit_metrics", {"where": Q(quality="good", g_osi_dg__gt=0.2)}),
]


def same(found, wanted):
    pd.testing.assert_frame_equal(found, wanted)
    assert len(json.loads(found.attrs["sessionframes"])) > 5


@pytest.mark.parametrize("arguments", SHAPES, ids=str)
@pytest.mark.parametrize("table", TABLES)
def test_every_table_answers_alike(lims, of_lims, table, arguments):
    same(of_lims.get(table, **arguments), lims.get(table, **arguments))


@pytest.mark.parametrize(("table", "arguments"), OF_TABLES, ids=str)
def test_questions_of_one_table_are_answered_alike(lims, of_lims, table, arguments):
    wanted = lims.get(table, **arguments)
    same(of_lims.get(table, **arguments), wanted)
    assert len(wanted) or arguments.get("session_types") == []


@pytest.mark.parametrize("table", TABLES)
def test_ids_are_taken_alike(lims, of_lims, table):
    whole = lims.get(table)
    for level in of_lims.read(table).table.ids():
        ids = whole.reset_index()[level].drop_duplicates().iloc[1::3]
        for given in (ids, int(ids.iloc[0]), [str(one) for one in ids[:3]], whole.iloc[:5]):
            same(of_lims.get(table, **{f"{level}s": given}), lims.get(table, **{f"{level}s": given}))
    subjects = lims.get_sessions()["subject_id"].dropna()[:2]
    same(of_lims.get(table, subject_id=subjects), lims.get(table, subject_id=subjects))


def test_calls_by_name_are_there(lims, of_lims):
    session = lims.get_sessions().index[0]
    for call in ("get_sessions", "get_probes", "get_channels", "get_units", "get_unit_analysis_metrics"):
        same(getattr(of_lims, call)(session_ids=session), getattr(lims, call)(session_ids=session))
    metrics = lims.get_unit_analysis_metrics(None, [session], ["functional_connectivity"])
    same(of_lims.get_unit_analysis_metrics(None, [session], ["functional_connectivity"]), metrics)
    with pytest.raises(QueryError, match=r"snapshot\.unit_metrics: both session_ids"):
        of_lims.get_unit_analysis_metrics(ecephys_session_ids=[1], session_ids=[2])


@pytest.mark.parametrize("table", TABLES)
def test_it_tells_of_its_tables_and_arguments_alike(lims, of_lims, table):
    assert of_lims.arguments(table) == lims.arguments(table)
    pd.testing.assert_frame_equal(of_lims.describe(table), lims.describe(table))
    assert of_lims.read(table).table.schema_hash() == lims.read(table).table.schema_hash()


def test_the_list_of_tables_is_the_same(lims, of_lims):
    assert of_lims.tables == lims.tables
    pd.testing.assert_frame_equal(of_lims.describe(), lims.describe())


@pytest.mark.parametrize(
    "arguments",
    [
        {"sesion_ids": [1]},
        {"where": Q(snrr=1)},
        {"where": Q(snr="x")},
        {"published_at": "soon"},
        {"limit": -1},
    ],
    ids=str,
)
def test_wrong_questions_are_refused_alike(lims, of_lims, arguments):
    said = []
    for db in (lims, of_lims):
        with pytest.raises(QueryError) as caught:
            db.get("units", **arguments)
        said.append(str(caught.value).partition(".")[2])
    assert said[0] == said[1]


def test_a_part_of_a_source_holds_what_was_exported(lims, tmp_path):
    early = {"published_at": "2018-12-31"}
    path = lims.export(tmp_path / "out", ["sessions", "units"], **early, progress=False)
    with sf.connect(path) as db:
        assert db.tables == ("sessions", "units")
        same(db.get_units(), lims.get_units(**early))
        kind = Q(session_type="functional_connectivity")
        same(db.get_units(where=kind), lims.get_units(where=kind, **early))
        with pytest.raises(TableNotProvidedError, match=r"snapshot: .*'probes'.*Ask .*lims"):
            db.get_probes()
        with pytest.raises(QueryError, match="structure_acronym"):
            db.get_units(where=Q(structure_acronym="LP"))


def test_a_table_without_sessions_cannot_be_asked_about_them(lims, tmp_path):
    session = lims.get_sessions().index[0]
    path = lims.export(tmp_path / "out", ["units"], session_ids=session, progress=False)
    with sf.connect(path) as db:
        same(db.get_units(), lims.get_units(session_ids=session))
        same(db.get_units(where=Q(session_id=session)), lims.get_units(session_ids=session))
        for arguments in ({"published_at": "2019-01-01"}, {"date": "2019-01-01"}, {"where": Q(sex="M")}):
            with pytest.raises(QueryError):
                db.get_units(**arguments)


def test_a_snapshot_of_a_snapshot_answers_alike_and_tells_whose_it_is(lims, of_lims, tmp_path):
    some = lims.get_sessions().index[1::2]
    again = of_lims.export(tmp_path / "again", session_ids=some, progress=False)
    with sf.connect(again) as db:
        for table in TABLES:
            same(db.get(table), lims.get(table, session_ids=some))
            assert db.arguments(table) == lims.arguments(table)
            early = {"published_at": "2019-12-31"}
            same(db.get(table, **early), lims.get(table, session_ids=some, **early))
        told = [json.loads(one.get_units(limit=1).attrs["sessionframes"]) for one in (of_lims, db)]
        first, second = (one["snapshot_of"] for one in told)
        assert {**second, "query": "units()"} == first
        asked = str(of_lims.query("units", session_ids=some))
        assert second["query"] == f"{asked} of {of_lims.query('sessions', session_ids=some)} of units()"
        assert told[1]["snapshot_of"]["source"] == "lims"
        assert told[1]["snapshot_of"]["address"] == lims.transport.address
        assert told[1]["address"] == str(again)
        with pytest.raises(QueryError, match="exported without include_unusable"):
            db.get_units(include_unusable=True)
        assert str(db.explain("units")).count("Exported without") == 1


@pytest.mark.parametrize("table", ["sessions", "probes"])
def test_what_is_counted_below_is_the_same(lims, of_lims, table):
    same(of_lims.summarize(table), lims.summarize(table))


def test_frames_of_a_snapshot_are_joined_as_those_of_the_source(lims, of_lims):
    parts = [[db.get_units(), db.get_probes(), db.get_sessions()] for db in (of_lims, lims)]
    ours, theirs = (sf.join(*frames) for frames in parts)
    same(ours, theirs)
    same(ours, of_lims.get_units(join=["probes", "sessions"]))
    # A frame of each goes together too.
    same(sf.join(parts[0][0], parts[1][1]), sf.join(*parts[1][:2]))
