"""Instants and their parts: the turns of the calendar, and the dtypes that instants come in."""

from __future__ import annotations

from datetime import UTC, date, datetime, time

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from sessionframes.query.evaluate import evaluate
from sessionframes.query.where import And, Condition, Field, Or

START = Field("start", "instant", "sessions")
NEW_YEAR = datetime(2021, 1, 1, tzinfo=UTC)


def held(lookup, value, column, part=None):
    found = evaluate(Condition(START, lookup, value, part=part), {"start": column}, len(column))
    return np.flatnonzero(found).tolist()


def instants(*texts):
    return pd.Series(np.array(texts, dtype="datetime64[us]")).dt.tz_localize("UTC")


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        # A Friday, in the last week of the year before.
        (
            "2021-01-01T00:00:00",
            {"year": 2021, "iso_year": 2020, "week": 53, "week_day": 6, "iso_week_day": 5},
        ),
        (
            "2018-12-31T23:59:59.999999",
            {"year": 2018, "iso_year": 2019, "week": 1, "quarter": 4, "second": 59},
        ),
        ("2017-01-01T12:34:56.789", {"iso_year": 2016, "week": 52, "week_day": 1, "iso_week_day": 7}),
        ("2020-02-29T23:00:00", {"month": 2, "day": 29, "quarter": 1, "hour": 23, "minute": 0}),
        ("0001-01-01T00:00:00", {"year": 1, "iso_year": 1, "week": 1, "iso_week_day": 1, "date": date.min}),
        ("9999-12-31T23:59:59.999999", {"year": 9999, "week": 52, "date": date.max, "time": time.max}),
        ("1969-12-31T23:59:59.999999", {"year": 1969, "hour": 23, "second": 59, "time": time.max}),
        (
            "1970-01-01T00:00:00",
            {"week_day": 5, "iso_week_day": 4, "time": time.min, "date": date(1970, 1, 1)},
        ),
    ],
)
def test_parts_turn_where_the_calendar_does(text, parts):
    column = instants(text)
    for part, value in parts.items():
        assert held("exact", value, column, part) == [0], part
        assert held("in", (value,), column, part) == [0], part
        assert held("gt", value, column, part) == held("lt", value, column, part) == [], part


@pytest.mark.parametrize("part", ["year", "week", "date", "time", "second"])
def test_a_null_has_no_part(part):
    column = instants("NaT", "1970-01-01")
    wanted = {"year": 1970, "week": 1, "date": date(1970, 1, 1), "time": time.min, "second": 0}[part]
    assert held("gte", wanted, column, part) == [1]
    assert held("isnull", True, column, part) == [0]


THREE = instants("2021-01-01", "NaT", "2020-12-31T23:59:59.999999")
FINER = np.array(["2021-01-01T00:00:00.000000999", "NaT", "2020-12-31T23:59:59.999999999"], "datetime64[ns]")


@pytest.mark.parametrize(
    "column",
    [
        THREE,
        THREE.array,
        THREE.iloc[::-1].iloc[::-1],
        pd.Index(THREE),
        THREE.dt.as_unit("ns"),
        THREE.dt.tz_convert("Asia/Tokyo"),
        THREE.dt.tz_localize(None),
        THREE.to_numpy("datetime64[us]"),
        THREE.astype(pd.ArrowDtype(pa.timestamp("us", "UTC"))),
        FINER,
    ],
    ids=lambda column: f"{type(column).__name__}-{column.dtype}",
)
def test_instants_of_any_dtype_are_compared_in_utc_to_the_microsecond(column):
    before = datetime(2020, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)
    assert held("exact", NEW_YEAR, column) == [0]
    assert held("exact", before, column) == [2]
    assert held("lt", NEW_YEAR, column) == [2]
    assert held("gte", before, column) == [0, 2]
    assert held("in", (before, NEW_YEAR, datetime.max.replace(tzinfo=UTC)), column) == [0, 2]
    assert held("isnull", True, column) == [1]
    assert held("exact", 2020, column, "year") == [2]


def test_what_no_datetime_of_python_can_be_is_compared_all_the_same():
    column = instants("-4712-01-01", "294246-12-31", "9999-12-31")
    assert held("gt", datetime.max.replace(tzinfo=UTC), column) == [1]
    assert held("lt", datetime.min.replace(tzinfo=UTC), column) == [0]
    assert held("exact", 294246, column, "year") == [1]
    assert held("gt", date.max, column, "date") == [1]


def test_an_hour_of_the_zone_that_was_given_is_not_the_hour_in_utc():
    half_past = pd.DatetimeIndex(["2021-01-01 00:30", "2021-07-01 00:30"])
    column = half_past.tz_localize("Europe/London")
    assert held("exact", 23, column, "hour") == [1]
    assert held("exact", date(2021, 6, 30), column, "date") == [1]


def test_parts_of_one_column_and_the_whole_do_not_mix():
    column = instants("2020-03-20", "2020-04-03", "2003-03-03", "NaT")
    asked = [
        Condition(START, "exact", 2020, part="year"),
        Condition(START, "exact", 3, part="month"),
        Condition(START, "lt", datetime(2020, 3, 21, tzinfo=UTC)),
    ]
    assert evaluate(And(tuple(asked)), {"start": column}, 4).tolist() == [True, False, False, False]
    each = [evaluate(condition, {"start": column}, 4) for condition in asked]
    assert evaluate(Or(tuple(asked)), {"start": column}, 4).tolist() == np.any(each, axis=0).tolist()
