"""Friendly arguments, and what Alyx is asked for by them."""

from __future__ import annotations

import pytest

from sessionframes.errors import QueryError
from sessionframes.query.where import all_of
from sessionframes.sources.alyx.arguments import arguments_of
from sessionframes.sources.alyx.compiled import narrowed_where
from sessionframes.sources.alyx.endpoints import OF_TABLE
from tests.sources.alyx.scopes import scope


def where_of(table, **given):
    known, columns = {one.name: one for one in arguments_of(table)}, scope(table)
    return all_of(*(known[name].parse(columns[known[name].column], value) for name, value in given.items()))


def asked(table, **given):
    """The named filters, the terms and the parts that Alyx is asked for."""
    found = narrowed_where(where_of(table, **given), OF_TABLE[table].name, table)
    return dict(found.params), found.terms, found.parts


@pytest.mark.parametrize("table", sorted(OF_TABLE))
def test_every_argument_is_about_something_that_there_is_and_may_be_none(table):
    columns = scope(table)
    for argument in arguments_of(table):
        assert argument.column in columns, argument.name
        assert argument.description.endswith(".")
        assert where_of(table, **{argument.name: None}) == all_of()
    names = [argument.name for argument in arguments_of(table)]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("given", "terms"),
    [
        ({"subject": "Dop_01"}, ("subject__nickname__iexact,Dop_01",)),
        ({"lab": "cortexlab"}, None),
        ({"number": 2}, ("number,2",)),
        ({"number": [1, 2]}, ("number__in,[1, 2]",)),
        ({"task_protocol": "ephys"}, ("task_protocol__icontains,ephys",)),
        ({"location": "_1"}, ("location__name__icontains,_1",)),
        ({"projects": "matlab"}, ("projects__name__icontains,matlab",)),
        ({"procedures": "behavior"}, None),
        ({"users": ["a", "b"]}, ("users__username,a", "users__username__exact,b")),
        ({"users": "a"}, ("users__username,a",)),
        ({"qc": "fail"}, ("qc,40",)),
        ({"qc": ["PASS", "FAIL"]}, ("qc__in,[10, 40]",)),
        ({"extended_qc": {"task": "FAIL", "behavior__gte": 1}}, None),
        ({"json": "tutu,True"}, ("json__tutu,True",)),
        ({"extended_qc": "qc_bool;True"}, ("extended_qc__qc_bool,True",)),
        ({"histology": True}, ("subject__actions_sessions__procedures__name,Histology",)),
        ({"histology": False}, ("~subject__actions_sessions__procedures__name,Histology",)),
        ({"tag": "2021_Q1"}, ('data_dataset_session_related__tags__name__icontains,("2021_Q1")',)),
    ],
)
def test_what_sessions_are_asked_for_by_an_argument(given, terms):
    params, found, parts = asked("sessions", **given)
    assert params == {}
    assert parts == ((),)
    assert found == terms or (terms is None and found)


@pytest.mark.parametrize(
    ("given", "params"),
    [
        ({"datasets": "_ibl_leftCamera.times.npy"}, {"datasets": "_ibl_leftCamera.times.npy"}),
        ({"datasets": ["b", "a"]}, {"datasets": "a,b"}),
        ({"dataset_types": ["trials.table"]}, {"dataset_types": "trials.table"}),
        ({"dataset_qc_lte": "warning"}, {"dataset_qc_lte": "WARNING"}),
        ({"atlas_id": 500}, {"atlas_id": "500"}),
        ({"atlas_acronym": "MO"}, {"atlas_acronym": "MO"}),
        ({"atlas_name": "Somatomotor areas"}, {"atlas_name": "Somatomotor areas"}),
        ({"performance_gte": 50.9}, {"performance_gte": "50"}),
        ({"performance_lte": 50.9}, {"performance_lte": "50"}),
    ],
)
def test_what_only_a_filter_of_the_servers_own_can_do_is_left_to_it(given, params):
    assert asked("sessions", **given) == (params, (), ((),))


def test_the_servers_whole_percentages_are_finished_here():
    narrowed = narrowed_where(where_of("sessions", performance_gte=50.9), "sessions", "sessions")
    assert str(narrowed.residual) == "performance__gte=50.9"


def test_dates_of_a_range_are_both_included():
    for given in ("2020-01-12,2020-01-16", ["2020-01-12", "2020-01-16"]):
        _, terms, _ = asked("sessions", date_range=given)
        assert terms == (
            'start_time__gte,("2020-01-12T00:00:00")',
            'start_time__lte,("2020-01-16T23:59:59.999999")',
        )


@pytest.mark.parametrize("table", ["channels", "trajectories"])
def test_a_structure_is_meant_with_all_below_it_also_where_the_server_has_no_filter_for_it(table):
    params, _, parts = asked(table, atlas_id=500)
    way = {"channels": "", "trajectories": "channels__"}[table]
    assert params == {}
    assert parts[:2] == ((f"{way}brain_region__id,500",), (f"{way}brain_region__parent__id,500",))
    assert len(parts) == 12
    assert asked(table, atlas_acronym="MO")[2][1] == (f"{way}brain_region__parent__acronym__iexact,MO",)


def test_a_model_is_meant_by_its_part_number_or_its_name():
    _, _, parts = asked("probes", model="NP2.4")
    assert parts == (("model__probe_model,NP2.4",), ("model__name,NP2.4",))


def test_copies_on_no_server_are_the_complement_of_those_on_one():
    assert asked("assets", exists=True) == ({"exists": "True"}, (), ((),))
    narrowed = narrowed_where(where_of("assets", exists=False), "datasets", "assets")
    assert [mark.params for mark in narrowed.marks] == [(("exists", "True"),)]
    assert str(narrowed.residual) == "~mark_0=true"


def test_a_provenance_is_a_label_or_its_number():
    for given in (70, "ephys aligned histology track"):
        assert asked("trajectories", provenance=given)[1] == ("provenance,70",)


@pytest.mark.parametrize(
    ("table", "given", "said"),
    [
        ("sessions", {"qc": "ERROR"}, "no such label"),
        ("tasks", {"status": "Broken"}, "no such label"),
        ("trajectories", {"provenance": 71}, "no such number"),
        ("sessions", {"subject": 5}, "not text"),
        ("sessions", {"number": "x"}, "number"),
        ("sessions", {"extended_qc": "task"}, "keys and values"),
        ("sessions", {"extended_qc": ["task"]}, "extended_qc is"),
        ("sessions", {"date_range": "2021-01-01"}, "date_range is"),
        ("sessions", {"histology": "maybe"}, "histology is"),
        ("sessions", {"datasets": "a,b"}, "no name"),
        ("sessions", {"datasets": "a,b"}, r"Q\(data_dataset_session_related__name="),
        ("probes", {"datasets": "a,b"}, r"Q\(datasets__name="),
        ("sessions", {"atlas_id": "MO"}, "atlas_id is"),
        ("sessions", {"atlas_acronym": ["MO", "VIS"]}, "atlas_acronym is"),
        ("sessions", {"dataset_qc_lte": ["PASS", "FAIL"]}, "dataset_qc_lte is"),
        ("sessions", {"performance_gte": "much"}, "performance"),
        ("sessions", {"subject": "a\ud800b"}, "subject.*half of a character"),
        ("sessions", {"lab": ["x", "a\0"]}, "lab.*NUL"),
        ("sessions", {"atlas_acronym": "a\ud800"}, "atlas_acronym.*half of a character"),
        ("channels", {"atlas_acronym": "a\0"}, "atlas_acronym.*NUL"),
    ],
)
def test_what_an_argument_cannot_mean_is_refused(table, given, said):
    with pytest.raises(QueryError, match=said):
        where_of(table, **given)
