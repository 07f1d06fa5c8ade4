"""What ``get_*`` calls refuse, in which words; nothing is sent."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest

from sessionframes.connection import Connection
from sessionframes.errors import QueryError
from sessionframes.query import Q
from sessionframes.source import Read
from tests.fake_source import IntCells, connect, fake_source, fake_transport
from tests.tagged_cells import connected

ALL_DAY = "Say date='2020-01-02', or start_date and end_date for times"
CASES = {
    # where
    "misspelt column": ({"where": Q(raet__gt=1)}, "raet", "no column 'raet'", "Did you mean 'rate'"),
    "in text": ({"where": "raet__gt=1"}, "raet", "no column 'raet'", "Did you mean 'rate'"),
    "deep within": ({"where": ~(Q(rate=1) | ~Q(labell="a"))}, "labell", "no column 'labell'", "'label'"),
    "misspelt column above": ({"where": Q(session_typ="a")}, "session_typ", "no column", "'session_type'"),
    "unknown lookup": ({"where": Q(rate__gtt=1)}, "rate", "no lookup 'gtt'", "'gt'"),
    "lookup of another type": ({"where": Q(rate__icontains="1")}, "rate", "does not apply", "gte"),
    "value of another type": ({"where": Q(spikes__gt="many")}, "spikes", "'many' is text", "a number"),
    "of another type above": ({"where": Q(session_type=5)}, "session_type", "5 is a number", "text"),
    "where a dict": ({"where": {"rate": 1}}, None, "where is {'rate': 1}, of type dict", "Q(snr__gte=1.5)"),
    "where a flag": ({"where": True}, None, "where is True, of type bool", "Q(snr__gte=1.5)"),
    "where a list": ({"where": [Q(rate=1)]}, None, "of type list", "Q(snr__gte=1.5)"),
    "where a class": ({"where": Q}, None, "of type type", "Q(snr__gte=1.5)"),
    "where a series": ({"where": pd.Series([True])}, None, "of type Series", "Q(snr__gte=1.5)"),
    "where bound already": ({"where": np.True_}, None, "of type bool", "Q(snr__gte=1.5)"),
    # columns
    "unknown among columns": ({"columns": ["rate", "labell"]}, "labell", "columns names 'labell'", "'label'"),
    "unknown column alone": ({"columns": "labell"}, "labell", "columns names 'labell'", "'label'"),
    "column of a table above": (
        {"columns": ["session_type"]},
        "session_type",
        "'session_type', a column of sessions",
        "join",
    ),
    "column with a sign": ({"columns": ["-rate"]}, "-rate", "columns names '-rate'", "'rate'"),
    "empty name": ({"columns": [""]}, None, "columns names ''", "Known: "),
    "no name": ({"columns": [None]}, None, "columns names None", "Known: "),
    "number for names": ({"columns": 5}, None, "columns names 5", "Known: "),
    "huge number for a name": ({"columns": [10**5000]}, None, "columns names", "Known: "),
    "flag for names": ({"columns": True}, None, "columns names True", "Known: "),
    "bytes for a name": ({"columns": b"rate"}, None, "columns names", ""),
    "list in the list": ({"columns": [["rate"]]}, None, "columns names ['rate']", ""),
    # order_by
    "unknown in order_by": (
        {"order_by": ["rate", "-labell"]},
        "labell",
        "order_by names 'labell'",
        "'label'",
    ),
    "two signs": ({"order_by": "--rate"}, None, "order_by names '-rate'", "'rate'"),
    "plus": ({"order_by": "+rate"}, None, "order_by names '+rate'", "'rate'"),
    "order of a table above": (
        {"order_by": "session_type"},
        "session_type",
        "'session_type', a column of sessions",
        "join",
    ),
    "twice": ({"order_by": ["rate", "-rate"]}, "rate", "order_by names 'rate' twice", "once"),
    "pair": ({"order_by": [("rate", True)]}, None, "order_by names ('rate', True)", ""),
    "number for order_by": ({"order_by": 1}, None, "order_by names 1", "Known: "),
    # limit
    "negative limit": ({"limit": -1}, None, "limit is -1", "0 or more"),
    "fractional limit": ({"limit": 2.0}, None, "limit is 2.0", "whole number"),
    "limit in text": ({"limit": "5"}, None, "limit is '5'", "whole number"),
    "limit a flag": ({"limit": True}, None, "limit is True", "whole number"),
    "limit of time": ({"limit": np.timedelta64(5, "s")}, None, "limit is", "whole number"),
    "limit a list": ({"limit": [5]}, None, "limit is [5]", "whole number"),
    "limit NA": ({"limit": pd.NA}, None, "limit is <NA>", "whole number"),
    "limit infinite": ({"limit": float("inf")}, None, "limit is inf", "whole number"),
    # subject_id
    "no subject": ({"subject_id": "mouse"}, "subject_id", "'mouse' is no whole number", "Give ids"),
    "fractional subject": ({"subject_id": 1.5}, "subject_id", "1.5 is no whole number", "Give ids"),
    "null among subjects": ({"subject_id": [1, None]}, "subject_id", "null", "Give ids"),
    "frame of others": (
        {"subject_id": pd.DataFrame({"a": [1]})},
        "subject_id",
        "no subject_id",
        "subject_id",
    ),
    # dates
    "no date": ({"date": "13/12/2023"}, "date", "'13/12/2023' is no date", "'2019-10-03'"),
    "time for a date": ({"date": "2020-01-02T08:30"}, "date", "'2020-01-02T08:30' is a time", ALL_DAY),
    "a time for a date": ({"date": "2020-01-02 10:00"}, "date", "is a time", ALL_DAY),
    "datetime": ({"date": datetime(2020, 1, 2, 10, tzinfo=UTC)}, "date", "is a time", ALL_DAY),
    "Timestamp": ({"date": pd.Timestamp("2020-01-02 10:00")}, "date", "is a time", ALL_DAY),
    "NaT": ({"date": pd.NaT}, "date", "NaT is no date", "'2019-10-03'"),
    "date a list": ({"date": ["2020-01-02"]}, "date", "is no date", "'2019-10-03'"),
    "date a flag": ({"date": True}, "date", "True is no date", "'2019-10-03'"),
    "no start": ({"start_date": "soon"}, "start_date", "'soon' is no date", "'2019-10-03'"),
    "no end": ({"end_date": "2020-1-2"}, "end_date", "'2020-1-2' is no date", "'2019-10-03'"),
    "seconds": ({"end_date": 1570091400}, "end_date", "1570091400' is no date", "'2019-10-03'"),
    "date and start": (
        {"date": 20200102, "start_date": 20200101},
        "date",
        "neither start_date nor",
        "one day",
    ),
    "date and end": ({"date": 20200102, "end_date": 20200103}, "date", "neither start_date nor", "one day"),
    "end before start": (
        {"start_date": "2020-01-03", "end_date": "2020-01-02"},
        "start_date",
        "start_date '2020-01-03' is after end_date '2020-01-02'",
        "Swap",
    ),
    "end before start by zone": (
        {"start_date": "2020-01-02T01:00", "end_date": "2020-01-02T02:00+02:00"},
        "start_date",
        "is after end_date",
        "Swap",
    ),
    # others
    "unknown argument": ({"wehre": Q()}, None, "no argument 'wehre'", "'where'"),
    "singular": ({"cell_id": 1}, None, "no argument 'cell_id'", "'cell_ids'"),
    "plural": ({"dates": "2020-01-02"}, None, "no argument 'dates'", "'date'"),
    "no switch": ({"include_bad": 1}, None, "include_bad is 1", "True or False"),
    "no label": ({"labels": 5}, "labels", "5 is a int, not text", "text"),
    "no id": ({"session_ids": "x"}, "session_id", "'x' is no whole number", "Give ids"),
}


@pytest.mark.parametrize("case", CASES)
def test_a_wrong_argument_is_told_with_what_would_do(case):
    arguments, column_name, said, hint = CASES[case]
    transport = fake_transport()
    with pytest.raises(QueryError) as caught:
        connect(transport).get("cells", **arguments)
    error = caught.value
    assert said in error.message
    assert hint in (error.hint or "")
    assert len(str(error)) < 500
    assert not transport.sent
    assert error.column in (column_name, None)


@pytest.mark.parametrize("case", CASES)
def test_a_refusal_says_which_source_and_table(case):
    with pytest.raises(QueryError, match=r"^fake\.cells[.:]") as caught:
        connect().get("cells", **CASES[case][0])
    assert (caught.value.source, caught.value.table) == ("fake", "cells")


@pytest.mark.parametrize("case", ["misspelt column", "unknown among columns", "no id", "no date", "twice"])
@pytest.mark.parametrize("ask", ["query", "explain"])
def test_asking_without_sending_refuses_the_same(case, ask):
    arguments = CASES[case][0]
    db = connect()
    with pytest.raises(QueryError) as told:
        db.get("cells", **arguments)
    with pytest.raises(QueryError) as caught:
        getattr(db, ask)("cells", **arguments)
    assert str(caught.value) == str(told.value)


def test_what_is_wrong_is_told_even_if_no_row_can_be_an_answer():
    for arguments in ({"cell_ids": []}, {"limit": 0}, {"where": Q(cell_id__in=[])}):
        with pytest.raises(QueryError, match="no column"):
            connect().get("cells", columns=["raet"], **arguments)
    with pytest.raises(QueryError, match="no column 'raet'"):
        connect().get("cells", cell_ids=[], where=Q(raet=1))


@pytest.mark.parametrize("name", ["subject_id", "date", "start_date", "end_date"])
def test_a_table_without_sessions_takes_neither_subjects_nor_dates(name):
    with pytest.raises(QueryError, match=rf"fake\.labs: there is no argument '{name}'"):
        connect().get("labs", **{name: None})


def test_a_fault_in_the_text_is_pointed_at():
    transport = fake_transport()
    with pytest.raises(QueryError) as caught:
        connect(transport).get("cells", where="rate__gt= & spikes=1")
    *_, text, mark = str(caught.value).rstrip().split("\n")
    assert text.strip() == "rate__gt= & spikes=1"
    assert text[mark.index("^")] in "=& "
    assert not transport.sent


@pytest.mark.parametrize("name", ["tags", "-tags", "qc", "-qc"])
def test_what_has_no_order_is_not_ordered_by(name):
    db, transport = connected()
    with pytest.raises(QueryError, match=r"fake\.cells\.(tags|qc): .* no order") as caught:
        db.get("cells", order_by=name)
    assert caught.value.column == name.removeprefix("-")
    assert not transport.sent


def test_what_has_no_order_is_filtered_and_shown():
    db, _ = connected()
    assert db.get("cells", where=Q(tags__contains="b"), columns=["tags"]).index.tolist() == [0]
    assert db.get("cells", where=Q(qc__x=1) | Q(tags__isnull=True)).index.tolist() == [0, 1]
    with pytest.raises(QueryError, match=r"'year' does not apply|no lookup 'year'"):
        db.get("cells", where=Q(tags__year=2019))


def test_a_source_without_times_of_sessions_takes_no_dates():
    source = fake_source()
    reads = {"cells": source.reads["cells"]}
    db = Connection(replace(source, reads=reads), fake_transport())
    assert not {"date", "start_date", "subject_id"} & set(db.arguments("cells"))
    with pytest.raises(QueryError, match="no argument 'date'"):
        db.get("cells", date="2020-01-01")


def test_an_argument_of_the_source_wins_over_one_of_ours():
    source = fake_source()
    read = source.reads["cells"]
    assert isinstance(read, Read)
    own = replace(read.arguments[1], name="subject_id")
    db = Connection(
        replace(source, reads={**source.reads, "cells": replace(read, arguments=(own,))}), fake_transport()
    )
    assert db.get("cells", subject_id="cell 1 é").index.tolist() == [1]


def test_the_model_of_the_table_stays_as_it_was():
    before = IntCells.schema_hash()
    connect().get("cells", columns=["rate"], order_by="-rate", limit=1)
    assert IntCells.schema_hash() == before
