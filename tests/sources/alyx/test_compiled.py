"""What Alyx is asked for by a filter, and what is left to do here."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from sessionframes.demo.alyx.django import terms_of
from sessionframes.errors import QueryError
from sessionframes.query import EVERY, Q
from sessionframes.query.binding import bind
from sessionframes.query.where import Condition, Field, Not, conjuncts
from sessionframes.sources.alyx.compiled import narrowed_where
from sessionframes.sources.alyx.encode import joined
from sessionframes.sources.alyx.endpoints import ENDPOINTS, OF_TABLE
from tests.sources.alyx.modelled import PLAIN, answered, columns_of, row_id, store_of
from tests.sources.alyx.scopes import scope


def test_a_related_row_has_to_fulfil_all_that_stands_side_by_side():
    rows = [
        {**PLAIN, "session_id": row_id(0), "tasks": [("Sort", 40)]},
        {**PLAIN, "session_id": row_id(1), "tasks": [("Sort", 20), ("a", 40)]},
    ]
    store, columns = store_of(rows), columns_of(rows)
    same = bind(Q(tasks__status="Errored", tasks__name="Sort"), scope("sessions"))
    apart = bind(Q(tasks__status="Errored") & ~~Q(tasks__name="Sort"), scope("sessions"))
    assert answered(store, same, columns, rows) == {row_id(0)}
    assert answered(store, Not(same), columns, rows) == {row_id(1)}
    assert answered(store, apart, columns, rows) == {row_id(0)}
    either = bind(Q(tasks__status="Errored", tasks__name="Sort") | Q(number=7), scope("sessions"))
    assert answered(store, either, columns, rows) == {row_id(0)}


def test_thousands_of_ids_are_cut_into_requests_that_fit_a_line():
    ids = [row_id(number) for number in range(5000)]
    where = bind(Q(session_id__in=ids) & Q(qc="PASS"), scope("sessions"))
    narrowed = narrowed_where(where, "sessions", "sessions")
    assert len(narrowed.parts) > 60
    asked = [terms_of(joined((*narrowed.terms, *part))) for part in narrowed.parts]
    found = [key for terms in asked for term in terms if term.name == "id__in" for key in term.value]
    assert sorted(found) == sorted(one.replace("-", "") for one in ids)
    assert max(len(joined((*narrowed.terms, *part))) for part in narrowed.parts) < 3500
    assert all(any(term.name == "qc" for term in terms) for terms in asked)


def test_what_frames_show_is_done_again_and_what_needs_reads_is_not():
    near = narrowed_where(bind(Q(number=2), scope("sessions")), "sessions", "sessions")
    dear = narrowed_where(bind(Q(qc="FAIL"), scope("sessions")), "sessions", "sessions")
    assert (near.terms, str(near.residual), near.narrowing) == (("number,2",), "number=2", near.residual)
    assert (dear.terms, dear.residual, dear.marks) == (("qc,40",), EVERY, ())


def test_an_or_of_what_is_near_and_what_is_far_is_several_requests():
    where = bind(Q(number=2) | Q(projects__name="a") | ~Q(tasks__status="Errored"), scope("sessions"))
    narrowed = narrowed_where(where, "sessions", "sessions")
    assert narrowed.parts == (("number,2",), ("projects__name,a",), ("~tasks__status,40",))
    assert narrowed.residual == EVERY


def test_a_filter_of_the_servers_own_that_is_negated_becomes_a_mark():
    where = bind(~Q(named__atlas_acronym="MO") & Q(lab="cortexlab"), scope("sessions"))
    narrowed = narrowed_where(where, "sessions", "sessions")
    (mark,) = narrowed.marks
    assert (narrowed.params, narrowed.terms) == ((), ("lab__name,cortexlab",))
    assert (mark.endpoint, mark.back, mark.column) == ("sessions", "id", "session_id")
    assert (mark.params, mark.parts) == ((("atlas_acronym", "MO"),), (("lab__name,cortexlab",),))


def test_the_same_filter_of_the_servers_own_twice_is_asked_twice():
    where = bind(Q(named__atlas_acronym="MO") & Q(named__atlas_acronym="VIS"), scope("sessions"))
    narrowed = narrowed_where(where, "sessions", "sessions")
    assert narrowed.params == (("atlas_acronym", "MO"),)
    assert [dict(mark.params)["atlas_acronym"] for mark in narrowed.marks] == ["VIS"]


def test_two_conditions_on_one_of_many_that_nobody_lists_are_refused():
    where = bind(Q(projects__name__icontains="a", projects__description="b"), scope("sessions"))
    with pytest.raises(QueryError, match="one related row"):
        narrowed_where(where, "sessions", "sessions")


def test_two_conditions_on_one_name_keep_the_names_that_fulfil_both():
    where = bind(Q(projects__name__in=["kK", "brainwide"], projects__name__icontains="k"), scope("sessions"))
    assert narrowed_where(where, "sessions", "sessions").terms == ("projects__name,kK",)


_LONG = "a" * 2000


@pytest.mark.parametrize(
    ("table", "where"),
    [
        ("sessions", Q(number=1) | (Q(session_type__icontains="a") & Q(session_type__icontains="b"))),
        ("tasks", Q(status="Errored") | (Q(log__icontains="a") & Q(log__icontains="b"))),
        ("assets", Q(asset_name="x") | (~Q(asset_name__startswith="a") & ~Q(asset_name__startswith="b"))),
        ("sessions", Q(session_type__icontains=_LONG) & Q(number=1) & Q(lab__icontains=_LONG)),
    ],
)
def test_conditions_that_go_in_no_request_together_are_left_to_do_here(table, where):
    asked = bind(where, scope(table))
    narrowed = narrowed_where(asked, OF_TABLE[table].name, table)
    assert set(conjuncts(narrowed.residual)) == set(conjuncts(asked))
    assert all(len(joined((*narrowed.terms, *part))) < 3500 for part in narrowed.parts)


def test_an_instant_before_the_first_that_a_clock_can_tell_is_refused():
    where = bind(Q(session__start_time__gt=datetime(1, 1, 1, tzinfo=UTC)), scope("tasks"))
    with pytest.raises(QueryError, match="start_time"):
        narrowed_where(where, "tasks", "tasks", ZoneInfo("America/New_York"))


def test_json_of_related_rows_that_nobody_lists_is_asked_for_where_one_term_says_it():
    one_term = bind(Q(projects__json__a=1), scope("sessions"))
    assert narrowed_where(one_term, "sessions", "sessions").terms == ("projects__json__a,1",)
    (mark,) = narrowed_where(Not(one_term), "sessions", "sessions").marks
    assert (mark.endpoint, mark.parts) == ("sessions", (("projects__json__a,1",),))
    with pytest.raises(QueryError, match="projects__json"):
        narrowed_where(bind(Q(projects__json__a__gt=1), scope("sessions")), "sessions", "sessions")


def test_no_row_is_asked_for_where_none_can_be():
    where = bind(Q(subject__id="nonsense"), scope("sessions"))
    narrowed = narrowed_where(where, "sessions", "sessions")
    assert narrowed.is_impossible
    assert narrowed.parts == ()


@pytest.mark.parametrize("table", sorted(OF_TABLE))
def test_every_column_of_a_table_can_be_asked_for_whether_it_is_null(table):
    own = OF_TABLE[table]
    for name, field in own.by_column().items():
        condition = Condition(Field(name, field.kind, table), "isnull", value=True)
        for where in (condition, Not(condition)):
            narrowed = narrowed_where(where, own.name, table)
            assert not narrowed.marks or field.place == "read"
    assert own.name in ENDPOINTS
