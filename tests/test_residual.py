"""The part of a filter that a source cannot do: done here, also on columns of the tables above."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sessionframes.connection import Connection
from sessionframes.errors import SourceUnavailableError
from sessionframes.query import Q
from sessionframes.query.where import EVERY, Condition
from sessionframes.residual import Above, fulfilling
from sessionframes.source import Plan, Read
from sessionframes.tables import Sessions
from sessionframes.tables.validation import InvalidRowsWarning
from tests.fake_source import (
    BEGAN,
    FakeSessions,
    FakeTransport,
    IntCells,
    TextCells,
    cells,
    changed,
    connect,
    fake_source,
    fake_transport,
    sessions,
)
from tests.query.test_scope import Days, Spots, Sticks


class TextSessions(Sessions, ids="str"):
    """Sessions whose ids are text."""


def opened(transport, *models, **declared):
    """A source of other tables than the usual, or of reads that differ."""
    source = fake_source(transport)
    usual = source.reads["labs"]
    reads = {model.table_name(): Read(model, usual.compile, usual.flatten) for model in models}
    return Connection(replace(source, reads={**source.reads, **reads, **declared}), transport)


def test_what_the_source_does_is_not_done_again_and_the_rest_is(db, transport):
    frame = db.get("cells", where=Q(session_id__in=[10, 20]) & Q(spikes__lte=11) & Q(label__endswith="1 é"))
    assert frame.index.tolist() == [1, 11]
    assert len(transport.sent) == 1


def test_a_table_above_is_asked_once_for_what_is_needed_of_it(db, transport):
    where = Q(session_type="odd") & (
        Q(start_time__day=2) | Q(session_type__startswith="o", start_time__day=4)
    )
    frame = db.get("cells", where=where & Q(cell_id__lte=9))
    assert frame.index.tolist() == [1, 3, 6, 8]
    below, above = transport.sent
    assert (below.table, above.table) == (IntCells, FakeSessions)
    assert above.where == Condition(above.where.field, "in", (10, 20, 30, 40, 50))
    assert above.where.field.name == "session_id"
    assert above.columns == ("session_type", "start_time")
    assert (above.order_by, above.limit) == ((), None)


def test_only_the_rows_that_came_are_looked_up(db, transport):
    db.get("cells", where=Q(session_type="odd"), session_ids=[20, 40])
    assert transport.sent[1].where.value == (20, 40)


def test_without_rows_no_table_above_is_asked(db, transport):
    frame = db.get("cells", where=Q(session_type="odd"), cell_ids=[12345])
    pd.testing.assert_frame_equal(frame, IntCells.empty_frame())
    assert [query.table for query in transport.sent] == [IntCells]


def test_an_empty_page_looks_nothing_up():
    @dataclass
    class EmptyPages(FakeTransport):
        def fetch(self, request):
            self.sent.append(request)
            yield self.tables[request.table.table_name()].slice(0, 0)

    transport = EmptyPages({"cells": cells(), "sessions": sessions()})
    assert connect(transport).get("cells", where=Q(session_type="odd")).empty
    assert [query.table for query in transport.sent] == [IntCells]


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        (Q(session_type="even"), {30, 50}),
        (~Q(session_type="even"), {10, 20, 40}),
        (Q(session_type__isnull=True), {10}),
        (Q(session_type__isnull=False), {20, 30, 40, 50}),
        (Q(age_in_days__lt=1e9) | Q(subject_id__gte=3), {40, 50}),
        (~Q(subject_id__gte=3), {10, 20, 30}),
        (Q(start_time__year=2020), {20, 30, 40, 50}),
        (Q(session_type="even") | ~Q(session_type="even"), {10, 20, 30, 40, 50}),
    ],
    ids=str,
)
def test_where_a_row_above_is_missing_its_columns_are_null(where, expected):
    db = connect(fake_transport(sessions=sessions().slice(1)))
    frame = db.get("cells", where=where)
    assert set(frame["session_id"]) == expected
    assert len(frame) == 4 * len(expected)


def test_null_values_above_are_nulls_below():
    types = [None, "a", None, "b", ""]
    db = connect(fake_transport(sessions=changed(sessions(), "session_type", types)))
    assert set(db.get("cells", where=Q(session_type=None))["session_id"]) == {10, 30}
    assert set(db.get("cells", where=~Q(session_type__contains="a"))["session_id"]) == {10, 30, 40, 50}


def test_text_ids_lead_upwards_too():
    rows = [
        {"session_id": f"{number}0", "session_type": "odd" if number == 2 else None, "start_time": BEGAN}
        for number in (5, 3, 2)
    ]
    above = pa.Table.from_pylist(rows, schema=TextSessions.arrow_schema())
    transport = fake_transport(cells=cells(of=TextCells), sessions=above)
    db = opened(transport, TextSessions, TextCells)
    assert db.get("cells", where=Q(session_type="odd"), order_by="spikes").index.tolist() == [
        *("1", "6", "11", "16")
    ]
    assert transport.sent[1].where.value == ("10", "20", "30", "40", "50")
    assert set(db.get("cells", where=Q(start_time__isnull=True))["session_id"]) == {"10", "40"}


def test_columns_of_two_levels_above_are_looked_up():
    days = [{"session_id": "d", "note": "fine", "day_only": 1, "extended_qc": '{"task": ["PASS", 2]}'}]
    sticks = [
        {"probe_id": name, "session_id": day, "note": note, "tags": tags}
        for name, day, note, tags in [
            ("a", "d", 1.5, ["x", "y"]),
            ("b", "d", None, []),
            ("c", "e", 3.0, None),
        ]
    ]
    spots = [
        {"channel_id": f"{stick['probe_id']}{number}", "own": number, **stick}
        for stick in sticks
        for number in range(2)
    ]
    models = {Days: days, Sticks: sticks, Spots: spots}
    tables = {
        model.table_name(): pa.Table.from_pylist(rows, schema=model.arrow_schema())
        for model, rows in models.items()
    }
    transport = FakeTransport(tables)
    db = opened(transport, *models)
    for where, expected in [
        (Q(note__gt=1), ["a0", "a1", "c0", "c1"]),
        (Q(tags__contains="x") & Q(own=1), ["a1"]),
        (Q(extended_qc__task__0__iexact="pass", day_only=1), ["a0", "a1", "b0", "b1"]),
        (~Q(extended_qc__task__1__gt=1), ["c0", "c1"]),
        (Q(tags__isnull=True) | Q(day_only=1, note=None), ["b0", "b1", "c0", "c1"]),
        (~Q(day_only__gt=0), ["c0", "c1"]),
    ]:
        assert db.get("spots", where=where).index.tolist() == expected, where
    transport.sent.clear()
    db.get("spots", where=Q(day_only=1) & Q(note=1.5))
    assert sorted(query.table.table_name() for query in transport.sent) == ["days", "spots", "sticks"]


def test_switches_are_passed_on_to_tables_that_have_them(transport):
    reads = fake_source().reads
    switched = replace(reads["sessions"], switches={"include_bad": "Also bad ones.", "other": "Another."})
    db = opened(transport, sessions=switched)
    for include_bad in (True, False):
        transport.sent.clear()
        db.get("cells", where=Q(session_type="odd"), include_bad=include_bad)
        assert [query.switches for query in transport.sent] == [{"include_bad"} if include_bad else set()] * 2


def test_a_switch_that_a_table_above_lacks_is_not_passed_on(db, transport):
    db.get("cells", where=Q(session_type="odd"), include_bad=True)
    assert [query.switches for query in transport.sent] == [{"include_bad"}, set()]


def test_order_and_limit_come_after_the_filter(db):
    frame = db.get("cells", where=Q(session_type="odd") & ~Q(good=True), order_by="-rate", limit=2)
    assert frame.index.tolist() == [13, 11]


def test_pages_need_no_columns_but_those_asked_for_and_filtered_by():
    @dataclass
    class Narrow(FakeTransport):
        def fetch(self, request):
            needed = request.needed(request.where)
            for page in super().fetch(request):
                yield page.select(needed)

    transport = Narrow(fake_transport().tables)
    asked = {"where": Q(depth__gt=3) & ~Q(session_type="odd"), "order_by": "-spikes"}
    frame = connect(transport).get("cells", columns=["label"], **asked)
    pd.testing.assert_frame_equal(frame, connect().get("cells", **asked)[["label"]])
    (query, above) = transport.sent
    assert query.needed(query.where) == ("cell_id", "session_id", "depth", "spikes", "label")
    assert above.needed() == ("session_id", "session_type")


def test_of_several_versions_only_the_newest_is_filtered():
    versions = pa.concat_tables([changed(cells(3), "spikes", [5, 5, 5]), cells(3)])

    def flatten(_, page):
        # Of the later rows, as they come.
        return page.append_column(
            "version", pa.array([int(spikes < 5) for spikes in page["spikes"].to_pylist()])
        )

    transport = fake_transport(cells=versions)
    read = replace(fake_source().reads["cells"], newest_by="version", flatten=flatten)
    db = opened(transport, cells=read)
    assert db.get("cells")["spikes"].tolist() == [0, 1, 2]
    assert db.get("cells", where=Q(spikes__gt=0))["spikes"].tolist() == [1, 2]
    assert db.get("cells", where=Q(spikes=5)).empty
    assert db.get("cells", where=~Q(session_type="odd"), limit=1, order_by="-spikes").index.tolist() == [2]


def test_lookups_see_the_same_view_as_the_rows(db, transport):
    view = fake_transport(sessions=changed(sessions(), "session_type", ["new"] * 5))
    query = db.query("cells", where=Q(session_type="new"))
    assert db.fetch_arrow(db.read("cells"), query, view).num_rows == 20
    assert [request.table for request in view.sent] == [IntCells, FakeSessions]
    assert not transport.sent


def test_a_failing_look_up_names_its_table(db, transport):
    def gone():
        if transport.sent[-1].table is FakeSessions:
            raise SourceUnavailableError("gone", source="fake")

    transport.before_page = gone
    with pytest.raises(SourceUnavailableError, match=r"fake\.sessions: gone"):
        db.get("cells", where=Q(session_type="odd"))


@dataclass
class Recording:
    """Answers look-ups from a table and keeps what was asked."""

    rows: pa.Table
    asked: list = field(default_factory=list)

    def __call__(self, name, ids, columns):
        self.asked.append((name, ids, columns))
        return self.rows.select(["session_id", *columns])


def test_a_null_id_leads_nowhere():
    recording = Recording(sessions())
    table = changed(cells(4), "session_id", [10, None, 20, 99])
    odd = Condition(connect().query("cells", where=Q(session_type="even")).where.field, "exact", "even")
    keep = fulfilling(odd, table, IntCells, Above({"sessions": FakeSessions}, recording))
    assert keep.dtype == np.bool_
    assert keep.tolist() == [True, False, False, False]
    assert recording.asked == [("sessions", (10, 20, 99), ("session_type",))]


TERMS = st.sampled_from(
    [
        Q(session_id__in=[10, 30]),
        Q(cell_id__lte=11),
        Q(spikes__range=[3, 12]),
        Q(rate__gte=1),
        Q(rate__isnull=True),
        Q(label__contains="1"),
        Q(good=True),
        Q(checked=False),
        Q(layer__in=[1, 2, 3]),
        Q(seen_at__hour__gt=9),
        Q(session_type="odd"),
        Q(subject_id__lt=3),
        Q(start_time__gte="2020-01-03"),
        Q(genotype__isnull=True),
        Q(),
        Q(label__in=[]),
    ]
)
TREES = st.recursive(
    TERMS,
    lambda inner: (
        inner.map(lambda q: ~q)
        | st.builds(lambda a, b: a & b, inner, inner)
        | st.builds(lambda a, b: a | b, inner, inner)
    ),
    max_leaves=6,
)


def pushing_nothing(transport):
    source = fake_source(transport)

    def compiled(query):
        return Plan([replace(query, where=EVERY)], query.where)

    reads = {name: replace(read, compile=compiled) for name, read in source.reads.items()}
    return Connection(replace(source, reads=reads), transport)


@settings(deadline=None, max_examples=40)
@given(TREES)
def test_it_does_not_matter_who_filters(q):
    # Of the last session the source knows nothing.
    tables = {"sessions": sessions(4), "cells": cells()}
    every = connect(FakeTransport(tables)).get("cells")
    frame = connect(FakeTransport(tables)).get("cells", where=q)
    pd.testing.assert_frame_equal(frame, pushing_nothing(FakeTransport(tables)).get("cells", where=q))
    rest = connect(FakeTransport(tables)).get("cells", where=~q)
    pd.testing.assert_frame_equal(pd.concat([frame, rest]).sort_index(), every)


def test_a_view_is_used_for_an_export_whole(tmp_path):
    @dataclass
    class Viewed(FakeTransport):
        view: FakeTransport = field(default_factory=fake_transport)

        @contextmanager
        def consistent(self):
            yield self.view

    transport = Viewed(fake_transport().tables)
    connect(transport).export(tmp_path / "out", ["cells"], where=Q(session_type="odd"), progress=False)
    assert not transport.sent
    assert FakeSessions in {query.table for query in transport.view.sent}


def test_rows_that_are_left_out_do_not_count_for_a_limit():
    table = changed(cells(), "rate", [-1.0] * 5 + [1.0] * 15)
    db = connect(fake_transport(cells=table))
    with pytest.warns(InvalidRowsWarning, match="5 rows left out"):
        assert len(db.get("cells", limit=8, on_invalid="report")) == 8
