"""Every engine against the evaluator: the same table, the same question, the same rows."""

from __future__ import annotations

from hypothesis import HealthCheck, Phase, event, given, settings
from hypothesis import strategies as st

from sessionframes import Q
from sessionframes.query.binding import bind
from sessionframes.query.text import parse
from sessionframes.query.where import Condition
from tests.query.questions import questions
from tests.query.stored import COLUMNS, KEY, SCOPE, kept_in_frame
from tests.query.strategies import tables

#: 300 in any case; more where the profile asks for more.
THOROUGH = settings(
    max_examples=max(300, settings().max_examples),
    deadline=None,
    # To explain takes longer than to find the smallest example.
    phases=[phase for phase in Phase if phase is not Phase.explain],
    # The other one spends most examples on copies of the one before, with something in it twice.
    backend="hypothesis-urandom",
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
#: What one table is asked, in one statement.
AT_ONCE = 8


def several(table):
    return st.lists(questions(table), min_size=AT_ONCE, max_size=AT_ONCE)


@THOROUGH
@given(data=st.data())
def test_postgres_keeps_the_rows_that_the_evaluator_keeps(postgres, data):
    table = data.draw(tables())
    wheres = [bind(q, SCOPE) for q in data.draw(several(table))]
    wanted = kept_in_frame(wheres, table)
    for where, here, there in zip(wheres, wanted, postgres.kept(wheres, table), strict=True):
        differing = [row for row in table.rows if row[KEY] in here ^ there]
        assert not differing, f"{where} on {differing[0]}, in SQL {postgres.sql(where, table)}"
        if isinstance(where, Condition) and set() < here < table.keys:
            # Told by --hypothesis-show-statistics: what lookups were put to the test.
            event(f"{where.operand}: {where.lookup}")


@settings(THOROUGH, max_examples=THOROUGH.max_examples // 6)
@given(data=st.data())
def test_what_postgres_leaves_is_done_by_the_evaluator(postgres, data):
    table = data.draw(tables(tuple(COLUMNS)))
    wheres = [bind(q, SCOPE) for q in data.draw(several(table))]
    assert postgres.kept_with_help(wheres, table) == kept_in_frame(wheres, table)


@settings(THOROUGH, max_examples=THOROUGH.max_examples // 3)
@given(data=st.data())
def test_what_is_written_of_a_filter_is_the_filter(data):
    q = data.draw(questions(data.draw(tables(tuple(COLUMNS)))))
    where = bind(q, SCOPE)
    for again in (parse(str(q)), eval(repr(q), {"Q": Q})):
        assert again == q
        assert bind(again, SCOPE) == where
