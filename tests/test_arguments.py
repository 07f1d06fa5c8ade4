"""What ``get_*`` calls take beside ids: ``where``, the shape of the frame, subjects and dates."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta, timezone

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sessionframes.query import EVERY, Order, Q
from sessionframes.query.where import conditions
from sessionframes.tables.validation import validate
from tests.fake_source import (
    BEGAN,
    FakeSessions,
    IntCells,
    TextCells,
    cells,
    changed,
    connect,
    fake_transport,
    sessions,
)


@pytest.fixture(scope="module")
def whole():
    """All cells."""
    return connect().get("cells")


def asked(query):
    return [
        (condition.field.name, condition.lookup, condition.value) for condition in conditions(query.where)
    ]


def test_every_table_tells_what_it_takes(db):
    shape = ("columns", "order_by", "limit")
    dates = ("date", "start_date", "end_date")
    # There is no table above sessions.
    assert db.arguments("sessions") == ("session_ids", "subject_id", "began_at", *dates, "where", *shape)
    assert db.arguments("cells") == (
        *("session_ids", "cell_ids", "subject_id", "seen_at", "labels"),
        *dates,
        *("include_bad", "where", "join", *shape),
    )
    # Nobody tells when a lab began, or of which subject it is.
    assert db.arguments("labs") == ("lab_ids", "where", *shape)


def test_none_asks_for_everything(db, transport, whole):
    nothing = dict.fromkeys(set(db.arguments("cells")) - {"include_bad"})
    pd.testing.assert_frame_equal(db.get("cells", **nothing), whole)
    assert transport.sent[0] == db.query("cells")
    assert transport.sent[0].where == EVERY


# where


@pytest.mark.parametrize(
    ("where", "told"),
    [
        (Q(spikes__gte=17), [17, 18, 19]),
        ("spikes__gte=17", [17, 18, 19]),
        (Q(label__startswith="cell 1") & ~Q(good=True), [1, 11, 13, 17, 19]),
        ("label__startswith='cell 1' & ~good=true", [1, 11, 13, 17, 19]),
        (Q(rate__isnull=True) & Q(cell_id__gt=9), [12, 15, 18]),
        (Q(spikes=1) | Q(spikes=3), [1, 3]),
        (Q(seen_at__hour__in=[4, 5]), [4, 5]),
        (Q(session_type="odd") & Q(spikes__lt=8), [1, 3, 6]),
        (Q(subject_id__in=[0]) & Q(spikes__lt=8), [0, 5]),
        (Q(cell_id__in=range(3)), [0, 1, 2]),
        (~Q(cell_id__in=[]) & Q(spikes__lte=1), [0, 1]),
    ],
    ids=str,
)
def test_where_keeps_the_rows_that_fulfil_it(db, whole, where, told):
    frame = db.get("cells", where=where)
    pd.testing.assert_frame_equal(frame, whole.loc[told])
    assert validate(frame, IntCells) is frame


def test_where_stands_beside_the_other_arguments(db, transport):
    frame = db.get("cells", where=Q(spikes__gt=3), session_ids=[10, 20], labels="cell 11 é", subject_id=1)
    assert frame.index.tolist() == [11]
    assert sorted(asked(transport.sent[0])) == [
        ("label", "in", ("cell 11 é",)),
        ("session_id", "in", (10, 20)),
        ("spikes", "gt", 3),
        ("subject_id", "in", (1,)),
    ]


@pytest.mark.parametrize("where", [Q(), "()", None], ids=repr)
def test_where_may_say_nothing(db, transport, whole, where):
    pd.testing.assert_frame_equal(db.get("cells", where=where), whole)
    assert transport.sent[0].where == EVERY


@pytest.mark.parametrize("where", [Q(cell_id__in=[]), Q(spikes=1) & Q(label__in=[]), ~Q(), "~()"], ids=repr)
def test_where_that_no_row_fulfils_is_not_sent(db, transport, where):
    pd.testing.assert_frame_equal(db.get("cells", where=where), IntCells.empty_frame())
    assert not transport.sent


def test_where_stands_in_what_a_frame_tells_of_itself(db):
    frame = db.get("cells", where=Q(cell_id__in=range(1000)) & Q(label="a b"), order_by="-rate", limit=5)
    told = json.loads(frame.attrs["sessionframes"])["query"]
    assert told == (
        "cells(where=cell_id__in=[0, 1, 2, and 997 more] & label='a b', order_by=[-rate], limit=5)"
    )


def test_a_million_values_are_as_good_as_one(db):
    many = np.arange(5, 1_000_000)
    assert db.get("cells", where=~Q(cell_id__in=many)).index.tolist() == [0, 1, 2, 3, 4]
    assert db.get("cells", where=Q(session_id__in=many) & ~Q(spikes__in=many)).index.tolist() == [
        0,
        1,
        2,
        3,
        4,
    ]


def test_text_ids_are_compared_as_text():
    db = connect(fake_transport(cells=cells(of=TextCells)), cells_model=TextCells)
    assert db.get("cells", where=Q(cell_id__in=[1, "2"])).index.tolist() == ["1", "2"]
    assert db.get("cells", where=Q(cell_id__startswith="1") & Q(session_id="20")).index.tolist() == [
        *("1", "11", "16")
    ]


# columns


@pytest.mark.parametrize(
    ("columns", "told"),
    [
        (["spikes", "rate"], ["spikes", "rate"]),
        ("rate", ["rate"]),
        (("good", "cell_id", "good"), ["good"]),
        (pd.Index(["label"]), ["label"]),
        ([], []),
        (["cell_id"], []),
        (list(IntCells.dtypes()), list(IntCells.dtypes())[1:]),
    ],
    ids=str,
)
def test_columns_are_those_asked_for_in_that_order(db, whole, columns, told):
    frame = db.get("cells", columns=columns)
    pd.testing.assert_frame_equal(frame, whole[told])


def test_what_is_filtered_and_ordered_by_need_not_be_among_the_columns(db):
    where = Q(spikes__gt=4) & ~Q(session_type="odd") & Q(good=True)
    frame = db.get("cells", where=where, order_by=["checked", "-depth"], columns=["label"])
    told = db.get("cells", where=where, order_by=["checked", "-depth"])
    pd.testing.assert_frame_equal(frame, told[["label"]])
    assert frame.index.tolist() == [14, 10, 12]


def test_no_rows_have_the_columns_asked_for(db):
    frame = db.get("cells", columns=["seen_at", "layer"], cell_ids=[])
    pd.testing.assert_frame_equal(frame, IntCells.empty_frame()[["seen_at", "layer"]])


def test_a_fault_in_a_column_that_is_not_asked_for_is_none():
    db = connect(fake_transport(cells=changed(cells(), "spikes", [None] * 20)))
    assert len(db.get("cells", columns=["rate"])) == 20


# order and limit


@pytest.mark.parametrize(
    ("order_by", "by", "ascending"),
    [
        ("spikes", ["spikes"], [True]),
        ("-rate", ["rate"], [False]),
        (["-good", "label"], ["good", "label"], [False, True]),
        (["checked", "-seen_at", "cell_id"], ["checked", "seen_at", "cell_id"], [True, False, True]),
        (("session_id", "-cell_id"), ["session_id", "cell_id"], [True, False]),
        ("-cell_id", ["cell_id"], [False]),
    ],
    ids=str,
)
def test_rows_come_in_the_order_asked_for_with_nulls_last(db, whole, order_by, by, ascending):
    expected = whole.reset_index()
    names = by if "cell_id" in by else [*by, "cell_id"]
    up = ascending if "cell_id" in by else [*ascending, True]
    expected = expected.sort_values(names, ascending=up, na_position="last").set_index("cell_id")
    frame = db.get("cells", order_by=order_by)
    assert frame.index.tolist() == expected.index.tolist()
    pd.testing.assert_frame_equal(frame, whole.loc[frame.index])


@pytest.mark.parametrize("order_by", [None, [], ()], ids=repr)
def test_without_an_order_the_key_decides(db, whole, order_by):
    pd.testing.assert_frame_equal(db.get("cells", order_by=order_by), whole)


@pytest.mark.parametrize("limit", [1, 7, np.int64(3), 20, 21, 10**30])
def test_a_limit_keeps_the_first(db, whole, limit):
    pd.testing.assert_frame_equal(db.get("cells", limit=limit), whole.iloc[: int(limit)])
    frame = db.get("cells", limit=limit, order_by="-spikes")
    assert frame.index.tolist() == list(range(19, -1, -1))[: int(limit)]


def test_a_limit_counts_what_fulfils_the_filter(db):
    frame = db.get("cells", where=Q(spikes__gte=10) & Q(session_type="odd"), limit=3, order_by="-spikes")
    assert frame.index.tolist() == [18, 16, 13]
    assert db.get("cells", where=Q(spikes__gte=10), limit=2).index.tolist() == [10, 11]


def test_a_limit_of_none_is_not_sent(db, transport):
    pd.testing.assert_frame_equal(db.get("cells", limit=0), IntCells.empty_frame())
    assert not transport.sent


def test_the_shape_reaches_the_source(db, transport):
    db.get("cells", columns=["rate"], order_by=["-spikes", "label"], limit=np.int8(4))
    (query,) = transport.sent
    assert query.columns == ("rate",)
    assert query.order_by == (Order("spikes", descending=True), Order("label"))
    assert query.limit == 4
    assert type(query.limit) is int
    assert query.needed() == ("cell_id", "rate", "spikes", "label")


def test_questions_of_another_shape_have_other_fingerprints(db):
    shapes = [
        {},
        {"columns": ["rate"]},
        {"columns": ["rate", "label"]},
        {"columns": ["label", "rate"]},
        {"order_by": "rate"},
        {"order_by": "-rate"},
        {"limit": 5},
        {"limit": 6},
        {"where": Q(rate=1)},
        {"where": Q(rate=2)},
        {"where": ~Q(rate=1)},
        {"include_bad": True},
    ]
    assert len({db.query("cells", **shape).fingerprint() for shape in shapes}) == len(shapes)
    assert db.query("cells", where=Q(rate=1)).fingerprint() == db.query("cells", where="rate=1").fingerprint()


# subjects and dates


@pytest.mark.parametrize(
    "subjects",
    [1, "1", [1], np.array([1]), pd.DataFrame({"subject_id": [1, 1]}), iter([1.0])],
    ids=lambda value: type(value).__name__,
)
def test_subject_id_takes_ids_as_they_come(db, subjects):
    assert db.get_sessions(subject_id=subjects).index.tolist() == [20]


def test_subject_id_filters_what_is_below(db):
    assert db.get("cells", subject_id=[1, 2])["session_id"].unique().tolist() == [20, 30]
    assert db.get("cells", subject_id=[]).empty


EAST = timezone(timedelta(hours=2))
DATES = [
    ({"date": "2020-01-02"}, [20]),
    ({"date": 20200102}, [20]),
    ({"date": "2020/01/02"}, [20]),
    ({"date": date(2020, 1, 2)}, [20]),
    ({"date": np.datetime64("2020-01-02")}, [20]),
    ({"date": "2019-12-31"}, []),
    ({"start_date": "2020-01-04"}, [40, 50]),
    ({"start_date": "2020-01-04T00:00"}, [40, 50]),
    ({"start_date": "2020-01-04_00-00-01"}, [50]),
    ({"start_date": datetime(2020, 1, 4, 2, tzinfo=EAST)}, [40, 50]),
    ({"end_date": "2020-01-02"}, [10, 20]),
    ({"end_date": "2020-01-02T00:00"}, [10, 20]),
    ({"end_date": "2020-01-02T01:59+02:00"}, [10]),
    ({"end_date": pd.Timestamp("2020-01-02")}, [10, 20]),
    ({"start_date": 20200102, "end_date": 20200103}, [20, 30]),
    ({"start_date": "2020-01-03", "end_date": "2020-01-03"}, [30]),
    ({"start_date": "2020-01-03T00:00", "end_date": "2020-01-03T00:00"}, [30]),
    ({"start_date": "2020-01-01T12:00", "end_date": "2020-01-02T12:00"}, [20]),
    ({"start_date": None, "end_date": "2020-01-01", "date": None}, [10]),
]


@pytest.mark.parametrize(("dates", "told"), DATES, ids=str)
def test_dates_are_closed_on_both_sides_and_bare_ones_whole_days(db, dates, told):
    assert db.get_sessions(**dates).index.tolist() == told
    assert sorted(db.get("cells", **dates)["session_id"].unique().tolist()) == told


def test_a_session_that_began_at_no_known_time_is_of_no_date():
    unknown = changed(sessions(), "start_time", [None, *[BEGAN] * 4])
    db = connect(fake_transport(sessions=unknown))
    assert db.get_sessions(start_date="0001-01-01").index.tolist() == [20, 30, 40, 50]
    assert db.get_sessions(end_date="9999-12-31").index.tolist() == [20, 30, 40, 50]
    assert 10 not in db.get("cells", date="2020-01-01")["session_id"].tolist()


LATER = st.integers(0, 3 * 86_400_000_000).map(lambda passed: BEGAN + timedelta(microseconds=passed))


@settings(deadline=None, max_examples=50)
@given(LATER, LATER | st.sampled_from([None]), st.booleans())
def test_the_last_day_is_whole_whatever_the_time(began, end, bare):
    times = [began, began + timedelta(days=1)]
    db = connect(fake_transport(sessions=changed(sessions(2), "start_time", times)))
    limit = end if end is None or not bare else end.date()
    expected = [
        session
        for session, time in zip([10, 20], times, strict=True)
        if end is None or (time.date() <= limit if bare else time <= limit)
    ]
    assert db.get_sessions(end_date=limit).index.tolist() == expected


def test_a_day_ends_at_its_last_microsecond():
    last = datetime(2020, 1, 1, 23, 59, 59, 999999, tzinfo=UTC)
    db = connect(fake_transport(sessions=changed(sessions(2), "start_time", [last, last.replace(day=2)])))
    assert db.get_sessions(date="2020-01-01").index.tolist() == [10]
    assert db.get_sessions(start_date="2020-01-02").index.tolist() == [20]


def test_what_was_found_is_what_the_table_promises(db):
    frame = db.get_sessions(date="2020-01-02", columns=["start_time"], order_by="-start_time", limit=1)
    assert validate(frame, FakeSessions.narrowed(("start_time",))) is frame
