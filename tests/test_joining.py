"""``join=`` where the source cannot join: asked table by table, joined, ordered and cut here."""

from __future__ import annotations

import warnings
from dataclasses import replace

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sessionframes as sf
from sessionframes.connection import Connection
from sessionframes.errors import JoinError, QueryError
from sessionframes.query import Q
from tests.fake_source import (
    FakeSessions,
    IntCells,
    TextCells,
    cells,
    connect,
    fake_source,
    fake_transport,
    sessions,
)
from tests.frames.frames_at_hand import TextSessions

CELLS, SESSIONS = list(IntCells.to_schema().columns), list(FakeSessions.to_schema().columns)
COLUMNS = [*CELLS, *SESSIONS]
WHERES = [
    None,
    Q(session_type="odd"),
    Q(spikes__gte=4) & Q(start_time__gte="2020-01-02"),
    ~Q(layer=3) | Q(session_type__isnull=True),
    Q(cell_id__lte=9),
    Q(rate__gt=10_000),
]


def rows_of(frame):
    """The rows as dicts, key included; None for null."""
    plain = frame.reset_index().astype("object")
    return plain.where(plain.notna(), None).to_dict("records")


def sorted_by(rows, orders):
    """By the key, then each order from the last to the first; nulls behind."""
    rows = sorted(rows, key=lambda row: row["cell_id"])
    for order in reversed(orders):
        name = order.removeprefix("-")
        known = [row for row in rows if row[name] is not None]
        known.sort(key=lambda row: row[name], reverse=order.startswith("-"))
        rows = known + [row for row in rows if row[name] is None]
    return rows


@settings(deadline=None)
@given(
    where=st.sampled_from(WHERES),
    orders=st.lists(st.sampled_from(["cell_id", *COLUMNS]), max_size=3, unique=True).flatmap(
        lambda names: st.tuples(*(st.sampled_from([name, f"-{name}"]) for name in names))
    ),
    limit=st.none() | st.integers(0, 22),
    columns=st.none() | st.lists(st.sampled_from(COLUMNS), max_size=4, unique=True),
    orphans=st.sampled_from(["raise", "keep", "drop"]),
    missing=st.integers(0, 5),
)
def test_a_join_in_a_call_is_the_join_of_the_answers(where, orders, limit, columns, orphans, missing):
    table = sessions() if orphans == "raise" else sessions().slice(missing)
    db = connect(fake_transport(sessions=table))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", sf.OrphanRowsWarning)
        whole = sf.join(db.get("cells", where=where), db.get("sessions"), orphans=orphans)
        found = db.get(
            "cells",
            join=["sessions"],
            where=where,
            order_by=list(orders),
            limit=limit,
            columns=columns,
            orphans=orphans,
        )
    names = COLUMNS if columns is None else columns
    expected = sorted_by(rows_of(whole), orders)[:limit]
    assert rows_of(found) == [{name: row[name] for name in ("cell_id", *names)} for row in expected]
    assert list(found.columns) == names
    # An answer of no row has the same columns and dtypes.
    assert found.dtypes.to_dict() == whole[names].dtypes.to_dict()


def test_tables_above_are_asked_by_the_ids_that_came_and_for_no_more_columns(db, transport):
    db.get("cells", join="sessions", session_ids=[10, 30], columns=["rate", "sex"])
    first, second = transport.sent
    assert first.columns == ("rate", "session_id")
    assert str(second) == "sessions(where=session_id__in=[10, 30], columns=[sex])"


def test_a_limit_is_sent_where_every_row_counts(db, transport):
    db.get("cells", join="sessions", limit=2, order_by="-spikes")
    assert [query.limit for query in transport.sent] == [2, None]
    assert transport.sent[1].where == db.query("sessions", session_ids=[40, 50]).where


@pytest.mark.parametrize("orphans", ["raise", "keep", "drop"])
@pytest.mark.parametrize("order_by", [None, "-start_time", "rate"])
@pytest.mark.parametrize("asked", [{"cell_ids": []}, {"limit": 0}, {"where": ~Q()}], ids=str)
def test_a_question_without_an_answer_sends_nothing(db, transport, asked, order_by, orphans):
    frame = db.get("cells", join="sessions", order_by=order_by, orphans=orphans, **asked)
    assert not transport.sent
    assert list(frame.columns) == COLUMNS
    whole = db.get("cells", join="sessions", orphans=orphans)
    pd.testing.assert_series_equal(frame.dtypes, whole.dtypes)


def test_no_row_asks_no_other_table(db, transport):
    frame = db.get("cells", join="sessions", where=Q(rate__gt=10_000))
    assert [query.table.table_name() for query in transport.sent] == ["cells"]
    assert list(frame.columns) == COLUMNS


def test_switches_go_to_who_takes_them(db, transport):
    db.get("cells", join="sessions", include_bad=True)
    assert [sorted(query.switches) for query in transport.sent] == [["include_bad"], []]


@pytest.mark.parametrize("columns", [None, ["rate"]])
def test_orphans_are_told_as_in_a_join(columns):
    db = connect(fake_transport(sessions=sessions().slice(1)))
    with pytest.raises(JoinError, match=r"4 of 20 rows .* no row of: 10 \(cell_id 0, 5, 10 and 1 more\)"):
        db.get("cells", join="sessions", columns=columns)
    with pytest.warns(sf.OrphanRowsWarning, match="4 rows found no sessions") as told:
        kept = db.get("cells", join="sessions", orphans="keep", columns=columns)
    assert told[0].filename == __file__
    assert len(kept) == 20
    with pytest.warns(sf.OrphanRowsWarning) as told:
        dropped = db.get("cells", join="sessions", orphans="drop", limit=3, columns=columns)
    assert told[0].filename == __file__
    assert dropped.index.tolist() == [1, 2, 3]
    # Rows beyond the limit are nobody's concern.
    assert len(db.get("cells", join="sessions", cell_ids=range(1, 20), limit=4, columns=columns)) == 4


def test_text_ids_join_too():
    as_text = sessions().set_column(0, "session_id", sessions().column(0).cast(pa.large_string()))
    table = as_text.cast(TextSessions.arrow_schema())
    transport = fake_transport(cells=cells(of=TextCells), sessions=table)
    source = fake_source(transport, cells_model=TextCells)
    reads = {**source.reads, "sessions": replace(source.reads["sessions"], table=TextSessions)}
    db = Connection(replace(source, reads=reads), transport)
    joined = db.get("cells", join="sessions", limit=3)
    assert joined.index.tolist() == ["0", "1", "10"]
    assert joined["session_id"].tolist() == ["10", "20", "10"]
    assert joined["session_type"].tolist() == ["even", "odd", "even"]


def test_invalid_rows_of_any_table_are_told(db):
    rows = sessions().to_pylist()
    rows[1]["age_in_days"] = -1.0
    table = pa.Table.from_pylist(rows, schema=FakeSessions.arrow_schema())
    db = connect(fake_transport(sessions=table))
    with pytest.raises(sf.errors.FrameValidationError, match=r"fake\.sessions: .*age_in_days"):
        db.get("cells", join="sessions")
    with pytest.warns() as told:
        frame = db.get("cells", join="sessions", on_invalid="report", orphans="drop")
    assert [type(one.message) for one in told] == [sf.InvalidRowsWarning, sf.OrphanRowsWarning]
    assert {one.filename for one in told} == {__file__}
    assert 20 not in set(frame["session_id"])
    assert len(frame) == 16


@pytest.mark.parametrize("join", ["cells", "labs", "nothing", "", 5, ["sessions", None], {"sessions"}, [[]]])
def test_what_cannot_be_joined_is_refused_before_anything_is_sent(db, transport, join):
    with pytest.raises(QueryError, match=r"^fake\.cells: join names .*sessions"):
        db.get("cells", join=join)
    assert not transport.sent


def test_a_table_with_nothing_above_it_takes_no_join(db):
    with pytest.raises(QueryError, match="no argument 'join'"):
        db.get("sessions", join="cells")


def test_an_unknown_choice_is_refused_before_anything_is_sent(db, transport):
    for call in (db.get, db.explain):
        with pytest.raises(QueryError, match="orphans is 'leave'"):
            call("cells", join="sessions", orphans="leave")
    assert not transport.sent


# explain


def test_what_is_joined_here_is_explained(db, transport):
    told = db.explain("cells", join="sessions", columns=["rate", "sex"], where=Q(session_type="odd"))
    assert told.joins == ("sessions",)
    assert told.lookups == ("sessions",)
    assert told.requests == ("cells(where=session_type=odd, columns=[rate, session_id])",)
    facts = dict(told.facts())
    assert facts["joined here"] == "sessions"
    assert facts["requests"] == "1, then those of sessions, by id"
    assert "join=[sessions]" in facts["question"]
    assert not transport.sent
    assert "joined here" not in dict(db.explain("cells").facts())


@pytest.mark.parametrize(
    ("asked", "local"),
    [
        ({}, ()),
        ({"order_by": "-start_time"}, ("order",)),
        ({"order_by": "-start_time", "limit": 3}, ("order", "limit, of all rows")),
        ({"orphans": "drop", "limit": 3}, ("limit, of all rows",)),
    ],
    ids=str,
)
def test_what_is_left_to_do_after_a_join_is_explained(db, asked, local):
    assert db.explain("cells", join="sessions", **asked).local == local


def test_a_joined_question_without_an_answer_is_explained(db):
    told = db.explain("cells", join="sessions", limit=0, order_by="-start_time")
    assert told.requests == ()
    assert dict(told.facts())["requests"] == "none: no row can be an answer"
