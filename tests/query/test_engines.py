"""Every engine against the evaluator: the same table, the same question, the same rows."""

from __future__ import annotations

from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from sessionframes import Q
from sessionframes.query.binding import bind
from sessionframes.query.text import parse
from tests.query.questions import questions
from tests.query.stored import COLUMNS, SCOPE, kept_in_frame
from tests.query.strategies import tables

#: 300 in any case; more where the profile asks for more.
THOROUGH = settings(
    max_examples=max(300, settings().max_examples),
    deadline=None,
    # The other one spends most examples on copies of the one before, with something in it twice.
    backend="hypothesis-urandom",
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
#: What one table is asked, in one statement.
AT_ONCE = 6


def several(table, **options):
    return st.lists(questions(table, **options), min_size=AT_ONCE, max_size=AT_ONCE)


@THOROUGH
@given(data=st.data())
def test_postgres_keeps_the_rows_that_the_evaluator_keeps(postgres, data):
    table = data.draw(tables())
    asked = data.draw(several(table))
    wheres = [bind(q, SCOPE) for q in asked]
    postgres.fill(table)
    wanted = kept_in_frame(wheres, table)
    found = postgres.kept(wheres, table)
    for where, here, there in zip(wheres, wanted, found, strict=True):
        if here != there:
            note(postgres.sql(where, table))
        assert (str(where), there) == (str(where), here)
    for q, where in zip(asked, wheres, strict=True):
        assert parse(str(q)) == q
        assert eval(repr(q), {"Q": Q}) == q
        assert bind(parse(str(q)), SCOPE) == where


@settings(THOROUGH, max_examples=THOROUGH.max_examples // 6)
@given(data=st.data())
def test_what_postgres_leaves_is_done_by_the_evaluator(postgres, data):
    table = data.draw(tables(tuple(COLUMNS)))
    wheres = [bind(q, SCOPE) for q in data.draw(several(table, deepest=2))]
    postgres.fill(table)
    assert postgres.kept_with_help(wheres, table) == kept_in_frame(wheres, table)
