"""From a filter as it was written to one that engines can work on."""

from __future__ import annotations

import math
import operator
import pickle
from datetime import UTC, date, datetime, time, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sessionframes.errors import QueryError
from sessionframes.query.binding import LOOKUPS, PARTS, bind
from sessionframes.query.q import Q
from sessionframes.query.where import EVERY, NONE, And, Condition, Not, Or, conditions, negated
from tests.query.scopes import SCOPE, is_met
from tests.query.test_q import TEXTS, VALUES

DAY = date(2019, 10, 3)
MIDNIGHT = datetime(2019, 10, 3, tzinfo=UTC)
LAST = datetime(2019, 10, 3, 23, 59, 59, 999999, tzinfo=UTC)
MORNING = datetime(2019, 10, 3, 8, 30, tzinfo=UTC)
COMPARE = {
    "exact": operator.eq,
    "gt": operator.gt,
    "gte": operator.ge,
    "lt": operator.lt,
    "lte": operator.le,
    "in": lambda value, wanted: value in wanted,
    "isnull": lambda value, _: value is None,
}


def of(name, lookup, value, *path, part=None):
    return Condition(SCOPE[name], lookup, value, path, part)


def bound(**terms):
    return bind(Q(**terms), SCOPE)


def holds(where, value):
    """Whether a value fulfils a filter on one column, by the long way."""
    if isinstance(where, Condition):
        return COMPARE[where.lookup](value.date() if where.part == "date" else value, where.value)
    if isinstance(where, Not):
        return not holds(where.part, value)
    return (all if isinstance(where, And) else any)(holds(part, value) for part in where.parts)


BOUND = {
    # exact is understood
    "snr": (1.5, of("snr", "exact", 1.5)),
    "snr__exact": (1, of("snr", "exact", 1.0)),
    "label": ("a", of("label", "exact", "a")),
    "good": (True, of("good", "exact", True)),
    "layer": (2.0, of("layer", "exact", 2)),
    "unit_id": ("12", of("unit_id", "exact", 12)),
    "name_id": (12, of("name_id", "exact", "12")),
    "tags": ("a", of("tags", "exact", "a")),
    # the many ways to say null
    "label__exact": (None, of("label", "isnull", True)),
    "began": (None, of("began", "isnull", True)),
    "tags__isnull": (True, of("tags", "isnull", True)),
    "snr__isnull": (False, Not(of("snr", "isnull", True))),
    "began__year": (None, of("began", "isnull", True, part="year")),
    # several values
    "snr__in": ([1, 2.5, 1.0], of("snr", "in", (1.0, 2.5))),
    "label__in": (("b", "a", "b"), of("label", "in", ("b", "a"))),
    "good__in": ([True, False], of("good", "in", (True, False))),
    "layer__in": (range(3), of("layer", "in", (0, 1, 2))),
    "unit_id__in": ([3, "2", 3.0], of("unit_id", "in", (2, 3))),
    "name_id__in": ([3, "b"], of("name_id", "in", ("3", "b"))),
    "tags__in": (["a"], of("tags", "in", ("a",))),
    # both ends of a range
    "snr__range": ([1, 2], And((of("snr", "gte", 1.0), of("snr", "lte", 2.0)))),
    "label__range": (("a", "b"), And((of("label", "gte", "a"), of("label", "lte", "b")))),
    "layer__range": ([0.5, math.inf], And((of("layer", "gte", 1), Not(of("layer", "isnull", True))))),
    "began__range": (
        ["2019-10-03", "2019-10-03"],
        And((of("began", "gte", MIDNIGHT), of("began", "lte", LAST))),
    ),
    "qc__a__range": ([1, 2], And((of("qc", "gte", 1, "a"), of("qc", "lte", 2, "a")))),
    # text
    "label__startswith": ("", of("label", "startswith", "")),
    "label__icontains": ("100%_\\'", of("label", "icontains", "100%_\\'")),
    "label__regex": ("^a.*b$", of("label", "regex", "^a.*b$")),
    "name_id__iendswith": ("x", of("name_id", "iendswith", "x")),
    "name_id__gt": ("b", of("name_id", "gt", "b")),
    "tags__contains": ("a", of("tags", "contains", "a")),
    "tags__has_all": (["a", "b", "a"], of("tags", "has_all", ("a", "b"))),
    "tags__overlap": ("a", of("tags", "overlap", ("a",))),
    "tags__contained_by": ([], of("tags", "contained_by", ())),
    # instants and their parts
    "began__exact": ("2019-10-03T10:30+02:00", of("began", "exact", MORNING)),
    "began__gt": (DAY, of("began", "gt", LAST)),
    "began__gte": (DAY, of("began", "gte", MIDNIGHT)),
    "began__lt": (DAY, of("began", "lt", MIDNIGHT)),
    "began__lte": (DAY, of("began", "lte", LAST)),
    "began__date": ("2019/10/03", of("began", "exact", DAY, part="date")),
    "began__date__in": ([DAY, "20191003"], of("began", "in", (DAY,), part="date")),
    "began__time__gte": ("08:30", of("began", "gte", time(8, 30), part="time")),
    "began__time": (time(8, 30), of("began", "exact", time(8, 30), part="time")),
    "began__iso_week_day__in": ([6, 7], of("began", "in", (6, 7), part="iso_week_day")),
    "began__hour__gt": (7.5, of("began", "gt", 7, part="hour")),
    # JSON, whole and by the way into it
    "qc": ({"a": (1, [None])}, of("qc", "exact", {"a": [1, [None]]})),
    "qc__task": (None, of("qc", "exact", None, "task")),
    "qc__task__isnull": (True, of("qc", "isnull", True, "task")),
    "qc__task__0__-1__x": ("a", of("qc", "exact", "a", "task", "0", "-1", "x")),
    "qc___pin__0__gt": (5, of("qc", "gt", 5, "_pin", "0")),
    "qc__a b__iexact": ("FAIL", of("qc", "iexact", "FAIL", "a b")),
    "qc__in__exact": (1, of("qc", "exact", 1, "in")),
    "qc__year": (2019, of("qc", "exact", 2019, "year")),
    "qc__in": ([1, [2], {"a": 3}], of("qc", "in", (1, [2], {"a": 3}))),
    "qc__contains": ([1, {"a": []}], of("qc", "contains", [1, {"a": []}])),
    "qc__a__contained_by": ({"b": None}, of("qc", "contained_by", {"b": None}, "a")),
    "qc__has_key": ("a", of("qc", "has_keys", ("a",))),
    "qc__a__has_key": (0, of("qc", "has_keys", ("0",), "a")),
    "qc__has_keys": (["a", "b", "a"], of("qc", "has_keys", ("a", "b"))),
    "qc__has_any_keys": ([], of("qc", "has_any_keys", ())),
    "qc__gt": ("a", of("qc", "gt", "a")),
}


@pytest.mark.parametrize("name", BOUND)
def test_a_term_becomes_a_condition_with_a_value_of_its_column(name):
    value, expected = BOUND[name]
    assert bound(**{name: value}) == expected
    assert all(map(is_met, conditions(expected)))


@pytest.mark.parametrize("part", PARTS)
def test_every_part_of_an_instant_is_known(part):
    value = {"date": DAY, "time": time(8, 30)}.get(part, 3)
    assert bound(**{f"began__{part}__lte": value}) == of("began", "lte", value, part=part)


@pytest.mark.parametrize(
    "name", ["unit_id", "name_id", "layer", "snr", "good", "label", "began", "tags", "qc"]
)
@pytest.mark.parametrize(
    "none", [[], (), set(), np.array([]), pd.Series([], dtype="str"), range(0)], ids=repr
)
def test_one_of_none_is_no_row(name, none):
    assert bound(**{f"{name}__in": none}) == NONE
    assert bind(~Q(**{f"{name}__in": none}), SCOPE) == EVERY
    assert bind(Q(snr=1) & Q(**{f"{name}__in": none}), SCOPE) == NONE


def test_joined_terms_become_joined_conditions():
    a, b, c = of("snr", "exact", 1.0), of("layer", "exact", 2), of("good", "exact", True)
    assert bind(Q(snr=1, layer=2) & Q(good=True), SCOPE) == And((a, b, c))
    assert bind(Q(snr=1) | (Q(layer=2) | Q(good=True)), SCOPE) == Or((a, b, c))
    assert bind(~(Q(snr=1) | Q(layer=2)) & Q(good=True), SCOPE) == And((Not(Or((a, b))), c))
    assert bind(Q(), SCOPE) == EVERY
    assert bind(~Q(), SCOPE) == NONE
    assert bind(Q(snr=1) | Q(), SCOPE) == EVERY
    assert bind(Q(snr=1) & ~Q(), SCOPE) == NONE
    assert bind(~~Q(snr=1), SCOPE) == a
    assert bind(~Q(snr__isnull=False), SCOPE) == of("snr", "isnull", True)


INSTANTS = st.dates() | st.datetimes(timezones=st.none() | st.just(UTC))
FITTING = {
    "integer": st.integers(-5, 5) | st.floats(allow_nan=False),
    "number": st.integers() | st.floats(allow_nan=False),
    "flag": st.booleans(),
    "text": TEXTS,
    "texts": TEXTS,
    "instant": INSTANTS,
    "date": st.dates(),
    "time": st.times(),
    "json": VALUES,
}
ODD = VALUES | st.sampled_from(
    ["2019-10-03", "08:30", "12", "^a+$", "(", 2**63, 10**300, [1, 2], [None], [[]]]
)


@st.composite
def terms(draw):
    """Terms that say something about their column, and others."""
    name = draw(st.sampled_from(sorted(SCOPE)))
    ways = st.lists(st.sampled_from([*PARTS, "a", "0", "-1", "_pin", "", "é"]), max_size=2)
    way = draw(ways) if draw(st.booleans()) else []
    kind = of(name, "exact", None, part=way[0] if way and name == "began" else None).operand
    every = sorted({lookup for known in LOOKUPS.values() for lookup in known} | {"", "get"})
    lookup = draw(st.sampled_from(LOOKUPS[kind]) | st.sampled_from(every))
    one = FITTING[kind]
    value = draw(st.one_of(one, st.lists(one, max_size=3), st.tuples(one, one), st.booleans(), ODD))
    return Q(**{"__".join([name, *way, lookup]).removesuffix("__"): value})


def outcome(q):
    """The bound filter, or why there is none."""
    try:
        return bind(q, SCOPE)
    except QueryError as error:
        return error


@settings(deadline=None, max_examples=1000)
@given(st.recursive(terms(), lambda inner: st.builds(lambda a, b: ~(a & b) | a, inner, inner), max_leaves=3))
@example(Q(qc__in=[1, True, 1.0, "1", [1], [True]]))
def test_every_filter_is_bound_as_engines_were_promised_or_refused(q):
    found = outcome(q)
    if isinstance(found, QueryError):
        assert found.column in SCOPE
        assert found.hint
        assert len(str(found)) < 1000
        return
    assert all(map(is_met, conditions(found)))
    assert bind(~q, SCOPE) == negated(found)
    assert bind(pickle.loads(pickle.dumps(q)), SCOPE) == found
    assert str(found) or found == EVERY


def test_in_json_true_and_1_are_two_values():
    found = bound(qc__a__in=[1, True, "1", 0, False]).value
    assert {(type(value), value) for value in found} == {
        *((int, 1), (bool, True), (str, "1"), (int, 0), (bool, False))
    }


ORDER = ("gt", "gte", "lt", "lte")


@settings(deadline=None)
@given(st.integers(-(2**63), 2**63 - 1), st.floats(allow_nan=False) | st.integers(), st.sampled_from(ORDER))
@example(2**63 - 1, float(2**63), "lt")
@example(2**63 - 1, float(2**63), "gte")
@example(-(2**63), -math.inf, "gt")
@example(-(2**63), -math.inf, "lte")
@example(3, 3.0, "lte")
@example(-3, -3.5, "lt")
def test_whole_numbers_compare_with_any_number_as_numbers_do(value, limit, lookup):
    where = bound(**{f"layer__{lookup}": limit})
    assert holds(where, value) == COMPARE[lookup](value, limit)
    assert all(map(is_met, conditions(where)))


DAYS = st.dates(date(2019, 12, 29), date(2020, 1, 3)) | st.sampled_from([date.min, date.max])
NEAR = st.datetimes(
    datetime.fromisoformat("2019-12-29"), datetime.fromisoformat("2020-01-03"), timezones=st.just(UTC)
)


@settings(deadline=None)
@given(
    NEAR | DAYS.map(lambda day: datetime.combine(day, time.max, UTC)),
    DAYS,
    st.sampled_from([*ORDER, "exact", "in"]),
)
def test_a_bare_date_is_its_whole_day(instant, day, lookup):
    where = bound(**{f"began__{lookup}": [day] if lookup == "in" else day})
    assert holds(where, instant) == COMPARE[lookup](instant.date(), [day] if lookup == "in" else day)


@given(NEAR, st.lists(NEAR | DAYS, min_size=1, max_size=4))
def test_one_of_several_instants_and_days(instant, several):
    where = bound(began__in=several)
    expected = any(one == (instant if isinstance(one, datetime) else instant.date()) for one in several)
    assert holds(where, instant) == expected


def test_many_instants_are_one_condition():
    many = [MORNING + timedelta(seconds=number) for number in range(1000)]
    found = list(conditions(bound(began__in=many)))
    assert [condition.lookup for condition in found] == ["in"]
    assert set(found[0].value) == set(many)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("unit_id", np.arange(1_000_000)),
        ("layer", np.arange(1_000_000)),
        ("snr", np.arange(1_000_000) / 2),
        ("name_id", pd.Series(np.arange(1_000_000)).astype("str")),
    ],
)
def test_a_million_values_are_one_condition(name, values):
    (found,) = conditions(bound(**{f"{name}__in": values}))
    assert len(found.value) == 1_000_000
    assert is_met(found)
    assert len(str(found)) < 100


@given(TEXTS)
def test_every_key_of_json_can_be_said(key):
    if "__" in f"_{key}_" or key in LOOKUPS["json"]:
        return
    assert bound(**{f"qc__{key}__exact": 1}) == of("qc", "exact", 1, key)


def test_what_engines_get_is_their_own():
    q = Q(qc__contains={"a": [1]})
    bind(q, SCOPE).value["a"].append(2)
    assert bind(q, SCOPE) == of("qc", "contains", {"a": [1]})


def test_days_are_one_condition_however_many():
    days = [date(2019, 1, 1) + timedelta(days=number) for number in range(50)]
    assert bound(began__in=days) == of("began", "in", tuple(days), part="date")


def test_a_null_among_values_of_json_is_a_value_there():
    wanted = Or((of("qc", "exact", None, "task"), of("qc", "in", ("FAIL",), "task")))
    assert bound(qc__task__in=["FAIL", None]) == wanted


@pytest.mark.parametrize(("name", "lookup"), [("qc__iexct", "iexact"), ("qc__task__startwith", "startswith")])
def test_a_misspelt_lookup_on_json_is_no_key(name, lookup):
    with pytest.raises(QueryError, match=rf"Did you mean '{lookup}'\?.*__exact"):
        bind(Q(**{name: "a"}), SCOPE)
    assert bind(Q(**{f"{name}__exact": "a"}), SCOPE).path[-1] == name.split("__")[-1]


def test_a_key_may_be_called_as_its_lookup():
    assert bound(qc__in__in=["a"]) == of("qc", "in", ("a",), "in")
