"""Values as ``django=`` has them, read back by a model of the server."""

from __future__ import annotations

import math
from datetime import date, datetime, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessionframes.demo.alyx.django import terms_of
from sessionframes.sources.alyx.encode import NotSaid, Term, encode, joined, says, term
from tests.query.filters import WORDS

_ODD = [
    "true",
    "None",
    "FALSE",
    "022",
    "1.5",
    "٣",
    "(a)",
    "[x",
    "a,b",
    "(",
    ")",
    "~a",
    " a ",
    "a'b",
    'a"b',
    "a\\",
]
_TEXTS = st.one_of(
    st.sampled_from(_ODD), WORDS, st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
)
_NUMBERS = st.one_of(st.integers(), st.floats(allow_nan=False))
_SCALARS = st.one_of(_TEXTS, _NUMBERS, st.booleans(), st.none())
_VALUES = st.one_of(
    _SCALARS,
    st.lists(_SCALARS, max_size=3),
    st.dictionaries(_TEXTS, _SCALARS, max_size=3),
    st.dictionaries(_TEXTS, st.dictionaries(_TEXTS, _SCALARS, max_size=2), max_size=2),
)


@given(values=st.lists(_VALUES, min_size=1, max_size=4))
def test_every_value_is_read_back_as_it_was_whatever_stands_beside_it(values):
    written = [term(f"field_{at}", "exact", value) for at, value in enumerate(values)]
    found = terms_of(joined(written))
    assert [one.name for one in found] == [f"field_{at}" for at in range(len(values))]
    assert [one.value for one in found] == values
    assert [isinstance(one.value, bool) for one in found] == [isinstance(value, bool) for value in values]


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("KS022", "KS022"),
        ("Ephys aligned histology track", "Ephys aligned histology track"),
        ("022", '("022")'),
        ("true", '("true")'),
        ("None", '("None")'),
        ("", '("")'),
        ("ran out, stopped", r'("ran out\x2c stopped")'),
        ("TimeoutError: [Errno 110]", r'("TimeoutError: \x5bErrno 110\x5d")'),
        ("(left|right)camera", r'("\x28left|right\x29camera")'),
        (5, "5"),
        (-1, "(-1)"),
        (math.inf, "(1e999)"),
        (0.5, "(0.5)"),
        (True, "True"),
        (None, "None"),
        (["a,b", "c"], r'["a\x2cb", "c"]'),
        ({"a": [1, 2], "b": 3}, '({"b": 3, "a": [1, 2]})'),
        (["4ecb5d24-f5cc-402c-be28-9d0f7cb14b3a"], '["4ecb5d24f5cc402cbe289d0f7cb14b3a"]'),
        (datetime(2021, 7, 22, 10, 30), '("2021-07-22T10:30:00")'),  # noqa: DTZ001  as the server tells it
        (date(2021, 7, 22), '("2021-07-22")'),
        (time(10), '("10:00:00")'),
    ],
)
def test_a_value_is_written_so_that_its_looks_mean_nothing(value, written):
    assert encode(value) == written


@pytest.mark.parametrize("value", [[[1, 2], [3]], {"a": [1], "b": [2]}, {"a": {"b": [1]}, "c": [2]}])
def test_lists_that_something_follows_cannot_be_said(value):
    with pytest.raises(NotSaid):
        encode(value)


def test_a_name_is_written_with_its_lookup_and_what_leaves_out():
    assert term("number", "exact", 1) == "number,1"
    assert term("number", "gte", 1, negated=True) == "~number__gte,1"
    assert Term("a", "in", [1]).key == "a__in"


@pytest.mark.parametrize("step", ["a,b", "a__b", "a_", "", " a", "x]", "(y"])
def test_keys_of_json_that_the_server_would_cut_are_not_said(step):
    assert not says(step)
    assert says("_videoLeft_pin_state")
