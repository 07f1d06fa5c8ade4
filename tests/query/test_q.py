"""Filters as users write them: equal, hashed, printed, pickled, joined, and never changed."""

from __future__ import annotations

import contextlib
import copy
import math
import pickle
from functools import reduce
from operator import and_, or_

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sessionframes.errors import QueryError
from sessionframes.query.literals import written
from sessionframes.query.q import Q

#: Text that a database can keep: no NUL, no half of a character.
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXTS
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)
#: What Python reads otherwise than it was written, or not at all: words of its own, letters it normalises.
ODD_NAMES = (
    *("class", "None", "lambda", "__debug__", "self", "name", "terms", "a b", "", "a__-1", "1"),
    *("\u017f", "\ufb01eld", "\u00aa"),
)
NAMES = st.sampled_from(["snr", "unit_id__in", "extended_qc___pin__0__gt", *ODD_NAMES]) | TEXTS
TERMS = st.builds(lambda name, value: Q(**{name: value}), NAMES, VALUES)
TREES = st.recursive(
    TERMS | st.just(Q()),
    lambda inner: st.one_of(
        st.builds(lambda q: ~q, inner),
        st.builds(lambda left, right: left & right, inner, inner),
        st.builds(lambda left, right: left | right, inner, inner),
    ),
    max_leaves=8,
)
every_tree = given(TREES)
quickly = settings(deadline=None)


def evaluated(source):
    """What the source is with Q in scope, and of the rest only what Python has by itself."""
    return eval(source, {"Q": Q})


@quickly
@every_tree
@example(Q(**dict.fromkeys(ODD_NAMES, 1)))
@example(Q(a=math.inf) | ~Q(a=[-math.inf, [-0.0, {"'": "\n\\\"'"}]]))
@example(~Q(a=1, b=2) & (Q(c=3) | Q() | ~Q()))
@example(~(Q(a=1) | Q(b=2)))
def test_the_repr_of_every_filter_evaluates_to_it(q):
    assert evaluated(repr(q)) == q


@quickly
@every_tree
def test_every_filter_survives_pickling_and_copying(q):
    for back in (pickle.loads(pickle.dumps(q)), copy.copy(q), copy.deepcopy(q)):
        assert back == q
        assert hash(back) == hash(q)
        assert repr(back) == repr(q)


def rebuilt(q):
    """An equal filter that shares nothing with this one."""
    if q.connector == "term":
        return Q(**{q.name: evaluated(written(q.value))})
    if q.connector == "not":
        return ~rebuilt(q.parts[0])
    parts = map(rebuilt, q.parts)
    return reduce(and_, parts, Q()) if q.connector == "and" else reduce(or_, parts)


@quickly
@every_tree
def test_equal_filters_have_equal_hashes(q):
    again = rebuilt(q)
    assert again is not q
    assert again == q
    assert hash(again) == hash(q)


@quickly
@given(TREES, TREES)
def test_filters_that_differ_have_reprs_that_differ(left, right):
    assert (left == right) or repr(left) != repr(right)


@quickly
@every_tree
def test_not_not_is_the_filter_itself(q):
    assert ~~q == q
    assert ~q != q
    assert hash(~~q) == hash(q)


@quickly
@given(TREES, TREES, TREES)
def test_brackets_that_say_nothing_do_not_count(one, two, three):
    assert (one & two) & three == one & (two & three)
    assert (one | two) | three == one | (two | three)


@every_tree
def test_the_filter_of_no_terms_says_nothing_beside_another(q):
    assert Q() & q == q & Q() == q


def test_reprs_are_what_one_would_write():
    q = Q(snr__gte=1.5) & ~Q(structure_acronym__startswith="VIS") & (Q(good=True) | Q(layer=None))
    assert repr(q) == (
        "Q(snr__gte=1.5) & ~Q(structure_acronym__startswith='VIS') & (Q(good=True) | Q(layer=None))"
    )
    assert repr(~(Q(a=1) | Q(b=2))) == "~(Q(a=1) | Q(b=2))"
    assert repr(Q(a__in=range(3))) == "Q(a__in=[0, 1, 2])"
    assert repr(Q(**{"extended_qc__my key__gt": 5})) == "Q(**{'extended_qc__my key__gt': 5})"
    assert repr(Q()) == "Q()"
    assert repr(~Q()) == "~Q()"


def test_terms_given_together_all_hold():
    assert Q(quality="good", snr__gte=1.5) == Q(quality="good") & Q(snr__gte=1.5)
    assert Q(a=1, b=2).connector == "and"
    assert [part.name for part in Q(a=1, b=2).parts] == ["a", "b"]


def test_joined_filters_are_flat():
    terms = [Q(a=number) for number in range(4)]
    assert (terms[0] & terms[1] & (terms[2] & terms[3])).parts == tuple(terms)
    assert (terms[0] | (terms[1] | terms[2]) | terms[3]).parts == tuple(terms)
    mixed = terms[0] & (terms[1] | terms[2])
    assert [part.connector for part in mixed.parts] == ["term", "or"]


def test_order_and_brackets_that_matter_tell_filters_apart():
    a, b, c = Q(a=1), Q(b=2), Q(c=3)
    assert a & b != a | b
    assert (a & b) | c != a & (b | c)
    assert ~(a & b) != ~a & b
    assert Q() != ~Q()
    assert Q() != a


OTHERS = [
    *((1, True), (0, False), (1, 1.0), (1, "1"), (None, False), (None, "None"), ("", None)),
    *(([1], 1), ([1], [True]), ([1, 2], [1.0, 2]), ([], None), ([], {}), ([[1], [2]], [[1, 2]])),
    ({"a": 1}, {"a": True}),
]
SAME = [
    *(([1, 2], (1, 2)), ([1, 2], np.array([1, 2])), ([1, 2], pd.Series([1, 2])), ([0, 1], range(2))),
    *(({"a": [1], "b": 2}, {"b": 2, "a": (1,)}), ([1, "a"], iter([1, "a"])), (1.5, np.float64(1.5))),
]


@pytest.mark.parametrize(("one", "other"), OTHERS, ids=repr)
def test_values_of_other_types_are_other_values(one, other):
    assert Q(a=one) != Q(a=other)
    assert len({Q(a=one), Q(a=other)}) == 2


@pytest.mark.parametrize(("one", "other"), SAME, ids=lambda value: type(value).__name__)
def test_the_same_values_in_another_make_are_the_same(one, other):
    assert Q(a=one) == (same := Q(a=other))
    assert hash(Q(a=one)) == hash(same)


MASK = pd.Series([True, False])


@pytest.mark.parametrize(
    "other",
    [
        None,
        True,
        "snr=1",
        {"snr": 1},
        1,
        Q,
        MASK,
        MASK.to_numpy(),
        MASK.array,
        pd.Index(MASK),
        MASK.to_frame(),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_filter_joins_nothing_but_filters(other):
    for join in (lambda: Q(snr=1) & other, lambda: other | Q(snr=1), lambda: Q(snr=1) | other):
        with pytest.raises(QueryError, match=r"a filter is joined to .*Q\.parse"):
            join()


@pytest.mark.parametrize("other", [None, True, "snr=1", {"snr": 1}, 1, Q], ids=repr)
def test_a_filter_equals_nothing_but_filters(other):
    assert Q(snr=1) != other


def test_a_text_becomes_a_filter():
    assert Q.parse("snr__gte=2 & ~quality__in=[mua, noise]") == Q(snr__gte=2) & ~Q(
        quality__in=["mua", "noise"]
    )


@pytest.mark.parametrize(
    "said", [lambda: Q(a=1) and Q(b=2), lambda: not Q(a=1), lambda: 1 if Q() else 2, lambda: bool(~Q(a=1))]
)
def test_and_or_not_of_python_are_refused_with_what_to_say(said):
    with pytest.raises(QueryError, match=r"has no truth.*& \| ~"):
        said()


def test_a_chained_comparison_of_filters_is_no_trap():
    # "Q(a=1) == x" is a plain bool, so that tests and dicts of filters work.
    assert (Q(a=1) == Q(a=1)) is True
    assert {Q(a=1): "found"}[Q(a=1)] == "found"


@pytest.mark.parametrize("name", ["connector", "parts", "name", "value", "other"])
def test_a_filter_does_not_change(name):
    q = Q(a=1)
    with pytest.raises(AttributeError, match="does not change"):
        setattr(q, name, 5)
    with pytest.raises(AttributeError):
        delattr(q, name)
    assert q == Q(a=1)


def test_what_is_changed_outside_does_not_change_a_filter():
    listed, mapped, array = [1, [2]], {"a": [1], "b": {"c": 2}}, np.array([1, 2])
    q = Q(a__in=listed) & Q(b=mapped) & Q(c__in=array) & Q(d__in=(series := pd.Series([1.5, 2.5])))
    before, number = repr(q), hash(q)
    listed.append(3)
    listed[1].append(4)
    mapped["a"].append(5)
    mapped["b"]["c"] = 6
    mapped.clear()
    array[:] = 7
    series[:] = 8
    assert (repr(q), hash(q)) == (before, number)


def test_what_a_filter_hands_out_does_not_change_it():
    q = Q(a={"b": [1, {"c": 2}]})
    before, number = repr(q), hash(q)
    for change in (
        lambda: q.value.update(b=2),
        lambda: q.value.__setitem__("b", 2),
        lambda: q.value["b"].append(3),
        lambda: q.value["b"][1].__setitem__("c", 3),
    ):
        with contextlib.suppress(AttributeError, TypeError):
            change()
        assert (repr(q), hash(q)) == (before, number)


@pytest.mark.parametrize("name", ["a__\0", "a__\ud800"], ids=ascii)
def test_a_name_that_no_database_can_be_told_is_refused(name):
    with pytest.raises(QueryError, match=r"NUL|surrogate"):
        Q(**{name: 1})


def test_a_fault_of_a_value_is_told_when_the_filter_is_made():
    with pytest.raises(QueryError, match=r"snr: .* is of type object.*text, numbers"):
        Q(snr__gte=object())


def test_a_million_values_are_joined_at_no_cost():
    many = Q(unit_id__in=np.arange(1_000_000))
    joined = many
    for number in range(2000):
        joined = joined & Q(a=number)
    assert len(joined.parts) == 2001
    assert joined.parts[0] is many


def nested(depth):
    made = Q(snr__gt=0)
    for number in range(1, depth):
        made = ~(made & Q(snr__gt=number)) if number % 2 else made | Q(snr=number)
    return made


def test_a_filter_nested_too_deeply_is_refused_when_it_is_made():
    deep = nested(20)
    assert eval(repr(deep), {"Q": Q}) == deep == Q.parse(str(deep)) == pickle.loads(pickle.dumps(deep))
    with pytest.raises(QueryError, match="nested more than 40 deep"):
        nested(500)


def test_many_filters_are_joined_in_no_time_at_all():
    many = reduce(or_, [Q(snr=number) for number in range(3000)])
    assert len(many.parts) == 3000
    assert many.depth == 2
