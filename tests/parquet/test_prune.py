"""Row groups are left out only where no row counts, and are left out where that can be known."""

from __future__ import annotations

import io
import math
from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessionframes import Q
from sessionframes.parquet.prune import Range, is_prunable, may_hold, prunable
from sessionframes.parquet.read import wanted_of
from sessionframes.query.binding import bind
from sessionframes.query.where import EVERY
from sessionframes.tables.kinds import ARROW_TYPES
from tests.query.questions import questions
from tests.query.stored import COLUMNS, KEY, SCOPE, kept_in_frame
from tests.query.strategies import tables
from tests.query.test_engines import THOROUGH

NOON = datetime(2020, 1, 1, 12, tzinfo=UTC)
MICROSECONDS = int(NOON.timestamp()) * 10**6


def footer(table, rows_per_group):
    """The footer of a Parquet file with these rows; a NaN in it is one, and no null."""
    arrays = {
        name: pa.array([row[name] for row in table.rows], ARROW_TYPES[_dtype(name)], from_pandas=False)
        for name in table.names
    }
    file = io.BytesIO()
    pq.write_table(pa.table(arrays), file, row_group_size=rows_per_group)
    return pq.read_metadata(file)


def _dtype(name):
    import pandas as pd

    return pd.Series([], dtype=COLUMNS[name].dtype).dtype


@THOROUGH
@given(data=st.data())
def test_no_row_that_counts_is_left_out(data):
    table = data.draw(tables(tuple(COLUMNS)))
    rows_per_group = data.draw(st.integers(1, 8))
    found = footer(table, rows_per_group)
    wheres = [bind(q, SCOPE) for q in data.draw(st.lists(questions(table), min_size=6, max_size=6))]
    for where, kept in zip(wheres, kept_in_frame(wheres, table), strict=True):
        assert is_prunable(where, "units") == (prunable(where, "units") != EVERY)
        groups = wanted_of(found, prunable(where, "units"), table.names).groups
        read = {
            row[KEY]
            for group in groups
            for row in table.rows[group * rows_per_group : (group + 1) * rows_per_group]
        }
        assert kept <= read, where


def holds(q, known):
    where = prunable(bind(q, SCOPE), "units")
    assert where != EVERY
    return may_hold(where, {"x": known}.get if known is None else lambda _: known)


WHOLE = Range(10, 20, 0, 5)
WORDS = Range("VISl", "VISp", 0, 5)
LEAST, MOST = -(2**63), 2**63 - 1


@pytest.mark.parametrize(
    ("q", "known", "expected"),
    [
        (Q(layer=10), WHOLE, True),
        (Q(layer=20), WHOLE, True),
        (Q(layer=9), WHOLE, False),
        (Q(layer=21), WHOLE, False),
        (Q(layer__in=[9, 21]), WHOLE, False),
        (Q(layer__in=[21, 15, 9]), WHOLE, True),
        (Q(layer__gt=20), WHOLE, False),
        (Q(layer__gte=20), WHOLE, True),
        (Q(layer__lt=10), WHOLE, False),
        (Q(layer__lte=10), WHOLE, True),
        (Q(layer__range=(1, 9)), WHOLE, False),
        (Q(layer__isnull=True), WHOLE, False),
        (Q(layer__isnull=True), Range(10, 20, 1, 5), True),
        (Q(layer__isnull=True), Range(10, 20, None, 5), True),
        (Q(layer=15), Range(None, None, 5, 5), False),
        (Q(layer__isnull=True), Range(None, None, 5, 5), True),
        (Q(layer=15), Range(None, None, 4, 5), True),
        (Q(layer=15), Range(None, None, None, 5), True),
        (Q(layer=15), None, True),
        (Q(layer=MOST), Range(MOST - 1, MOST - 1, 0, 5), False),
        (Q(layer=LEAST), Range(LEAST, 0, 0, 5), True),
        (Q(snr=0.0), Range(-0.0, -0.0, 0, 5), True),
        (Q(snr__in=[-0.0, 9]), Range(0.0, 0.0, 0, 5), True),
        (Q(snr__gt=0.0), Range(-0.0, -0.0, 0, 5), False),
        (Q(snr=math.inf), Range(0.0, 1e308, 0, 5), False),
        (Q(snr__gt=1), Range(None, None, 0, 5), True),
        (Q(label="VISm"), WORDS, True),
        (Q(label="VISq"), WORDS, False),
        (Q(label__startswith="VIS"), WORDS, True),
        (Q(label__startswith="VISpm"), WORDS, False),
        (Q(label__startswith="LG"), WORDS, False),
        (Q(label__startswith="VISl1"), WORDS, True),
        (Q(label=""), Range("", "", 0, 5), True),
        (Q(label="é"), Range("a", "z", 0, 5), False),
        (Q(label__gt="\uffff"), Range("a", "😀", 0, 5), True),
        (Q(began=NOON), Range(MICROSECONDS, MICROSECONDS, 0, 5), True),
        (Q(began__gt=NOON), Range(0, MICROSECONDS, 0, 5), False),
        (Q(began__in=[NOON]), Range(0, MICROSECONDS - 1, 0, 5), False),
        (Q(good=True), Range(False, False, 0, 5), False),
        (Q(good__in=[True, False]), Range(True, True, 0, 5), True),
    ],
    ids=str,
)
def test_a_group_counts_if_its_range_meets_the_condition(q, known, expected):
    assert holds(q, known) is expected


@pytest.mark.parametrize(
    "q",
    [
        ~Q(layer=1),
        Q(began__year=1900),
        Q(qc__a=1),
        Q(tags="a"),
        Q(label__contains="a"),
        Q(label__iexact="a"),
        Q(layer=1) | Q(label__endswith="a"),
        # Nobody counted what is NaN, which is null.
        Q(snr__isnull=True),
        Q(),
    ],
    ids=str,
)
def test_of_the_rest_nothing_is_known(q):
    assert prunable(bind(q, SCOPE), "units") == EVERY
    assert not is_prunable(bind(q, SCOPE), "units")


def test_of_columns_of_other_tables_nothing_is_known():
    where = bind(Q(layer=1), SCOPE)
    assert prunable(where, "units") == where
    assert prunable(where, "probes") == EVERY


def test_what_is_joined_is_known_as_far_as_its_parts_are():
    where = prunable(bind(Q(layer=1) & ~Q(snr=5) & Q(label__contains="x"), SCOPE), "units")
    assert where == bind(Q(layer=1), SCOPE)
    either = prunable(bind(Q(layer=1) | Q(layer=2, snr=3), SCOPE), "units")
    ranges = {"layer": Range(2, 2, 0, 1), "snr": Range(4.0, 4.0, 0, 1)}
    assert not may_hold(either, ranges.get)
    assert may_hold(either, {**ranges, "snr": Range(3.0, 4.0, 0, 1)}.get)
    assert not may_hold(prunable(bind(~Q(), SCOPE), "units"), ranges.get)


def test_a_million_ids_are_looked_up_in_each_group_at_once():
    import time

    ids = np.arange(0, 2_000_000, 2)
    where = prunable(bind(Q(unit_id__in=ids), SCOPE), "units")
    start = time.perf_counter()
    found = [may_hold(where, lambda _, n=n: Range(n, n, 0, 1)) for n in range(1000)]
    assert time.perf_counter() - start < 1
    assert found == [n % 2 == 0 for n in range(1000)]
