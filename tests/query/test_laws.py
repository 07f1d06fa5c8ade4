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
LAWFUL = settings(THOROUGH, max_examples=THOROUGH.max_examples // 6)


@pytest.fixture(params=["postgres", "frame"])
def kept(request, postgres):
    """What each engine in turn keeps of a table."""

    def answers(wheres, table):
        if request.param == "frame":
            return kept_in_frame(wheres, table)
        postgres.fill(table)
        return postgres.kept(wheres, table)

    return answers


@LAWFUL
@given(data=st.data())
def test_filters_obey_the_laws_of_logic(kept, data):
    table = data.draw(tables().map(with_a_null_row))
    p, q = (data.draw(questions(table, deepest=SIMPLE)) for _ in range(2))
    asked = [
        p,
        q,
        ~~q,
        ~q,
        p & q,
        p | q,
        ~(p & q),
        ~p | ~q,
        ~(p | q),
        ~p & ~q,
        q | ~q,
        q & ~q,
        q & Q(),
        q | ~Q(),
    ]
    here, there, twice, outside, both, any_, *same, every, none, still, with_none = kept(
        [bind(one, SCOPE) for one in asked], table
    )
    assert twice == still == with_none == there
    assert outside == table.keys - there
    assert both == here & there
    assert any_ == here | there
    assert same[0] == same[1] == table.keys - both
    assert same[2] == same[3] == table.keys - any_
    assert every == table.keys
    assert none == set()


@LAWFUL
@given(data=st.data())
def test_engines_need_no_simple_form(kept, data):
    """Binding simplifies what it is given, which engines may not count on."""
    table = data.draw(tables().map(with_a_null_row))
    where = bind(data.draw(questions(table, deepest=SIMPLE)), SCOPE)
    wanted, *same = kept(
        [where, Not(Not(where)), And((where, where)), Or((where, Or(()))), And((Or((where,)), And(())))],
        table,
    )
    assert all(found == wanted for found in same)
    nothing, everything, others = kept(
        [And((where, Not(where), EVERY)), Or((Not(where), NONE, where)), Not(And((where, EVERY)))], table
    )
    assert nothing == set()
    assert everything == table.keys
    assert others == table.keys - wanted
