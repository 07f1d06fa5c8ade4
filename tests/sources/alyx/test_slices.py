"""How lists are cut."""

from __future__ import annotations

import uuid
from itertools import pairwise
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessionframes.errors import QueryError
from sessionframes.sources.alyx.endpoints import ENDPOINTS
from sessionframes.sources.alyx.lists import Question
from sessionframes.sources.alyx.slices import Slice, id_parts, query_of, slices_of
from tests.sources.alyx.small_alyx import rows


@given(st.integers(1, 2_000_000), st.integers(1, 1000))
def test_slices_hold_every_key_once(count, most):
    slices = slices_of(min(count, 3000), most)
    assert slices[0].start == 0
    assert slices[-1].end == 1 << 128
    assert all(one.end == other.start for one, other in pairwise(slices))


def test_slices_of_random_keys_fit_on_a_page():
    keys = [row["id"] for row in rows(60_000)]
    held = [sum(piece.holds(key) for key in keys) for piece in slices_of(60_000, 1000)[:8]]
    assert max(held) <= 1000
    assert min(held) > 700


def test_a_slice_says_its_bounds_and_the_outer_ones_say_none():
    first, second = Slice().cut(2)
    assert first.terms("id") == ("id__lt,80000000-0000-0000-0000-000000000000",)
    assert second.terms("id") == ("id__gte,80000000-0000-0000-0000-000000000000",)
    assert Slice(0, 2).cut(50) == [Slice(0, 1), Slice(1, 2)]


def test_what_is_behind_the_first_keys_is_cut_evenly():
    first = [str(uuid.UUID(int=number)) for number in range(10)]
    assert Slice(0, 100).cut_behind(first, 3) == [Slice(0, 10), *Slice(10, 100).cut(3)]
    spread = [str(uuid.UUID(int=number)) for number in range(5, 100, 10)]
    assert Slice(0, 100).cut_behind(spread, 3) is None


def test_a_hundred_thousand_ids_are_asked_for_in_parts_that_a_request_line_holds():
    ids = [str(uuid.UUID(int=number)) for number in range(100_000)]
    parts = id_parts("session__id", [*ids, ids[0], "no id"])
    found = [digits for (part,) in parts for digits in part.partition("[")[2].rstrip("]").split(",")]
    assert [str(uuid.UUID(one.strip("'"))) for one in found] == ids
    piece = Slice(5, 9)
    question = Question(ENDPOINTS["channels"], (), (*parts[0], *piece.terms("id")))
    assert len(question.target()) < 3300
    assert len(parts) < 1300
    assert id_parts("id", []) == ()


def test_a_query_is_read_back_as_it_was_written():
    params = (("django", "name,(\"ran out\\x2c é & #5 + 100%\"),id__in,['a','b']"), ("lab", "a b"))
    assert tuple(parse_qsl(query_of(params))) == params
    assert "['a','b']" in query_of(params)


def test_what_no_request_line_holds_is_refused_before_it_is_sent():
    question = Question(ENDPOINTS["sessions"], (), (f"narrative__icontains,{'x' * 5000}",))
    with pytest.raises(QueryError, match="too many for one request"):
        question.target()


def test_conditions_that_an_endpoint_would_ignore_are_refused():
    with pytest.raises(QueryError, match="projects takes no conditions by django="):
        Question(ENDPOINTS["projects"], (), ("name,x",)).query()
