"""The laws of logic, which hold in every engine, and of rows that have nothing but nulls too."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sessionframes import Q
from sessionframes.query.binding import bind
from sessionframes.query.where import EVERY, NONE, And, Not, Or
from tests.query.questions import questions
from tests.query.stored import SCOPE, kept_in_frame
from tests.query.strategies import tables, with_a_null_row
from tests.query.test_engines import THOROUGH

SIMPLE = 2
LAWFUL = settings(THOROUGH, max_examples=THOROUGH.max_examples // 3)


@pytest.fixture(scope="module", params=["postgres", "frame"])
def kept(request, postgres):
    """What each engine in turn keeps of a table."""
    return postgres.kept if request.param == "postgres" else kept_in_frame


@LAWFUL
@given(data=st.data())
def test_filters_obey_the_laws_of_logic(kept, data):
    table = data.draw(tables().map(with_a_null_row))
    p, q = (data.draw(questions(table, deepest=SIMPLE)) for _ in range(2))

    def rows(*asked):
        return kept([bind(one, SCOPE) for one in asked], table)

    with_p, with_q, with_both, with_any = rows(p, q, p & q, p | q)
    assert with_both == with_p & with_q
    assert with_any == with_p | with_q
    assert rows(~q, ~(p & q), ~p | ~q) == [table.keys - with_q, *[table.keys - with_both] * 2]
    assert rows(~(p | q), ~p & ~q) == [table.keys - with_any] * 2
    assert rows(~~q, q & Q(), q | ~Q()) == [with_q] * 3
    assert rows(q | ~q, q & ~q) == [table.keys, set()]


@LAWFUL
@given(data=st.data())
def test_engines_need_no_simple_form(kept, data):
    """Binding simplifies what it is given, which engines may not count on."""
    table = data.draw(tables().map(with_a_null_row))
    where = bind(data.draw(questions(table, deepest=SIMPLE)), SCOPE)
    same = [Not(Not(where)), And((where, where)), Or((where, Or(()))), And((Or((where,)), And(())))]
    wanted, *found = kept([where, *same], table)
    assert found == [wanted] * len(same)
    nothing, everything = And((where, Not(where), EVERY)), Or((Not(where), NONE, where))
    assert kept([nothing, everything], table) == [set(), table.keys]
    assert kept([Not(And((where, EVERY)))], table) == [table.keys - wanted]
