"""The same call gives the same rows of a snapshot and of its source, however it was exported."""

from __future__ import annotations

import json

import pandas as pd
import pytest

import sessionframes as sf
from sessionframes import Q
from sessionframes.errors import ConfigError, QueryError
from sessionframes.query.scope import scope_of
from sessionframes.registry import declared_sources, load_source
from tests.sources.lims.expected import TABLES
from tests.sources.snapshot.test_opening import edited
from tests.sources.snapshot.test_same_as_lims import OF_TABLES, SHAPES, same

WAYS = [{}, {"include_unusable": False}, {"include_unusable": True}]
FLAGS = {
    "sessions": "session_usable",
    "probes": "probe_usable",
    "channels": "channel_usable",
    "units": "unit_usable",
    "unit_metrics": "unit_usable",
}


@pytest.mark.parametrize("table", TABLES)
def test_what_a_switch_brings_comes_only_when_it_is_said(lims, of_all_lims, table):
    assert len(lims.get(table)) < len(lims.get(table, include_unusable=True))
    # A filter, a shape, and what only this table can be asked.
    asked = [*SHAPES[:4:3], *SHAPES[6::4], *(arguments for name, arguments in OF_TABLES if name == table)]
    for arguments in asked:
        for way in WAYS[::2]:
            same(of_all_lims.get(table, **way, **arguments), lims.get(table, **way, **arguments))


@pytest.mark.parametrize("way", WAYS, ids=str)
@pytest.mark.parametrize("table", ["sessions", "probes", "channels"])
def test_what_is_counted_below_is_the_same_either_way(lims, of_all_lims, table, way):
    same(of_all_lims.summarize(table, **way), lims.summarize(table, **way))


def test_rows_that_are_asked_for_by_id_must_be_of_use_too(lims, of_all_lims):
    every = lims.get_units(include_unusable=True)
    unusable = every[~every["unit_usable"]].index[:3]
    assert of_all_lims.get_units(unusable).empty
    same(of_all_lims.get_units(unusable, include_unusable=True), every.loc[unusable])


@pytest.mark.parametrize("table", TABLES)
def test_explain_tells_by_what_rows_are_left_out(of_all_lims, table):
    condition = f"{FLAGS[table]}=true"
    for way in WAYS[:2]:
        told = of_all_lims.explain(table, **way)
        assert (told.question, told.residual) == (f"{table}(where={condition})", condition)
        assert "include_unusable" in dict(told.switches)
        if table == "unit_metrics":
            assert (told.pushed, told.lookups) == ("", ("units",))
        else:
            assert (told.pushed, told.lookups) == (condition, ())
    told = of_all_lims.explain(table, include_unusable=True)
    assert (told.question, told.residual, told.pushed) == (f"{table}(include_unusable=True)", "", "")
    assert "include_unusable" not in dict(told.switches)


@pytest.mark.parametrize("table", TABLES)
def test_what_was_not_exported_cannot_be_brought(lims, of_lims, of_all_lims, table):
    same(of_lims.get(table, include_unusable=False), lims.get(table))
    with pytest.raises(QueryError, match=rf"snapshot\.{table}: .*exported without include_unusable"):
        of_lims.get(table, include_unusable=True)
    assert "include_unusable=True: Exported without: Also habituation" in str(of_lims.explain(table))
    for db in (of_lims, of_all_lims):
        with pytest.raises(QueryError, match="include_unusable is 'yes'"):
            db.get(table, include_unusable="yes")


def test_what_changes_rows_stays_as_it_was_exported(lims, tmp_path):
    both = {"fill_genotype": True, "include_unusable": True}
    path = lims.export(tmp_path / "out", ["sessions"], **both, progress=False)
    with sf.connect(path) as db:
        same(db.get_sessions(), lims.get_sessions(fill_genotype=True))
        same(db.get_sessions(fill_genotype=True), lims.get_sessions(fill_genotype=True))
        same(db.get_sessions(include_unusable=True), lims.get_sessions(**both))
        with pytest.raises(QueryError, match=r"snapshot\.sessions: .*exported with fill_genotype=True\."):
            db.get_sessions(fill_genotype=False)


@pytest.mark.parametrize("way", WAYS, ids=str)
def test_a_snapshot_of_a_snapshot_has_what_was_asked_of_that(lims, of_all_lims, tmp_path, way):
    again = of_all_lims.export(tmp_path / "again", sessions_per_chunk=5, **way, progress=False)
    is_on = way == {"include_unusable": True}
    with sf.connect(again) as db:
        for table in TABLES:
            same(db.get(table), lims.get(table))
            if is_on:
                same(db.get(table, **way), lims.get(table, **way))
            else:
                with pytest.raises(QueryError, match="exported without include_unusable"):
                    db.get(table, include_unusable=True)
        told = json.loads(db.get_units(limit=1).attrs["sessionframes"])["snapshot_of"]
    if is_on:
        assert told["query"] == "units(include_unusable=True) of units(include_unusable=True)"
    else:
        asked = "units(where=unit_usable=true) of sessions(where=session_usable=true)"
        assert told["query"] == f"{asked} of units(include_unusable=True)"


ALONE = {
    "without the table of the flag": {"tables": ["unit_metrics"]},
    "with fewer rows of it": {
        "tables": ["units", "unit_metrics"],
        "where": {"units": Q(quality="good") & Q(snr__gt=1), "unit_metrics": Q(quality="good")},
    },
    "with others of it": {
        "tables": ["sessions", "units", "unit_metrics"],
        "where": {"units": Q(unit_id__lt=10**9), "unit_metrics": ~Q(unit_id__lt=10**8)},
    },
}


@pytest.mark.parametrize("case", ALONE)
def test_where_the_flags_are_not_there_the_switch_is_to_be_said(lims, tmp_path, case):
    told = ALONE[case]
    path = lims.export(tmp_path / "out", **told, include_unusable=True, progress=False)
    where = told.get("where", {}).get("unit_metrics")
    with sf.connect(path) as db:
        every = lims.get("unit_metrics", where=where, include_unusable=True)
        same(db.get("unit_metrics", include_unusable=True), every)
        for way in WAYS[:2]:
            with pytest.raises(QueryError, match=r"does not tell which .*Say include_unusable=True to"):
                db.get("unit_metrics", **way)
            with pytest.raises(QueryError, match="does not tell which rows"):
                db.export(tmp_path / "again", ["unit_metrics"], **way, progress=False)
        again = db.export(tmp_path / "again", include_unusable=True, progress=False)
    with sf.connect(again) as db, pytest.raises(QueryError, match="does not tell which rows"):
        db.get("unit_metrics")


TOGETHER = {
    "of some sessions": lambda lims: {"session_ids": lims.get_sessions(include_unusable=True).index[::2]},
    "of some units": lambda lims: {"unit_ids": lims.get_units(include_unusable=True).index[::2]},
    "of sessions of then": lambda _: {"published_at": "2019-12-31"},
    "by one filter": lambda _: {"where": Q(snr__gt=1) & (Q(unit_id__lt=10**8) | ~Q(quality="noise"))},
    "with fewer metrics": lambda _: {"where": {"unit_metrics": Q(snr__gt=1)}},
}


@pytest.mark.parametrize("case", TOGETHER)
def test_where_each_row_has_its_flag_the_switch_need_not_be_said(lims, tmp_path, case):
    asked = TOGETHER[case](lims)
    tables = ["units", "unit_metrics"]
    path = lims.export(tmp_path / "out", tables, **asked, include_unusable=True, progress=False)
    with sf.connect(path) as db:
        for table in tables:
            where = asked.get("where")
            own = {**asked, "where": where.get(table) if isinstance(where, dict) else where}
            for way in WAYS:
                same(db.get(table, **way), lims.get(table, **way, **own))


def test_where_rows_of_the_flag_were_left_out_the_switch_is_to_be_said(lims, tmp_path):
    tables = ["units", "unit_metrics"]
    path = lims.export(tmp_path / "out", tables, include_unusable=True, progress=False)
    edited(path, lambda told: told["tables"]["units"]["parts"][0].update(rows_left_out=1))
    with sf.connect(path) as db:
        same(db.get_units(), lims.get_units())
        with pytest.raises(QueryError, match="does not tell which rows"):
            db.get("unit_metrics")


@pytest.mark.parametrize("name", declared_sources())
def test_what_sources_say_of_their_switches_can_be_asked(name):
    reads = load_source(name).reads
    for read in reads.values():
        scope = scope_of(read.table, [other.table for other in reads.values()])
        assert read.brings.keys() <= read.switches.keys()
        told = [column for column in read.brings.values() if column is not None]
        assert {scope[column].kind for column in told} <= {"flag"}


def test_calls_by_name_leave_it_out_too(lims, of_all_lims):
    kind = "functional_connectivity"
    for call in ("get_unit_analysis_metrics", "get_units", "get_sessions"):
        arguments = {"session_types": kind} if call == "get_unit_analysis_metrics" else {"date": "2019-05-01"}
        same(getattr(of_all_lims, call)(**arguments), getattr(lims, call)(**arguments))
    units, probes, sessions = of_all_lims.get_units(), of_all_lims.get_probes(), of_all_lims.get_sessions()
    wanted = lims.get_units(join=["probes", "sessions"])
    pd.testing.assert_frame_equal(sf.join(units, probes, sessions), wanted)


@pytest.mark.parametrize("word", ["sometimes", "", "none", 2, 0.5])
def test_a_word_that_is_neither_yes_nor_no_is_no_way_to_verify(of_lims, word):
    with pytest.raises(ConfigError, match=r"'verify' .* is no yes or no"):
        sf.connect(of_lims.transport.address, verify=word)
