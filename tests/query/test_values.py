"""Instants and texts as people hand them over."""

from __future__ import annotations

import contextlib
import math
from datetime import UTC, date, datetime, time, timedelta, timezone
from itertools import product
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sessionframes.errors import QueryError
from sessionframes.query.values import as_told, moment, since, texts, time_of_day, until

DAY_END = datetime(2019, 10, 3, 23, 59, 59, 999999, tzinfo=UTC)
MORNING = datetime(2019, 10, 3, 8, 30, tzinfo=UTC)
FIRST = datetime(1, 1, 1, tzinfo=UTC)
LAST = datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)
EAST = timezone(timedelta(hours=2))
DAYS = {
    "text": "2019-10-03",
    "padded": " 2019-10-03\n",
    "basic": "20191003",
    "week": "2019-W40-4",
    "numpy text": np.str_("2019-10-03"),
    "slashes": "2019/10/03",
    "underscores": "2019_10_03",
    "number": 20191003,
    "number of numpy": np.int64(20191003),
    "date": date(2019, 10, 3),
    "datetime64[D]": np.datetime64("2019-10-03"),
}
TIMES = {
    "text": "2019-10-03T08:30",
    "space": "2019-10-03 08:30:00",
    "Z": "2019-10-03T08:30Z",
    "offset": "2019-10-03T10:30+02:00",
    "short offset": "2019-10-03T10:30:00.000+02",
    "basic": "20191003T083000Z",
    "underscore": "2019-10-03_08:30:00",
    "name of a session": "2019-10-03_08-30-00",
    "name with dots": "2019-10-03 08.30.00",
    "name with slashes": "2019/10/03_08-30-00",
    "name with underscores": "2019_10_03_08-30-00",
    "name with a fraction": "2019-10-03_08-30-00.0",
    "name in UTC": "2019-10-03_08-30-00Z",
    "name with an offset": "2019-10-03_10-30-00+02:00",
    "without seconds": "2019-10-03 08:30",
    "slashes without seconds": "2019/10/03 08:30",
    "slashes with an offset": "2019/10/03T10:30:00+02:00",
    "basic with an underscore": "20191003_083000",
    "basic with a dash": "20191003-083000",
    "digits": "20191003083000",
    "digits without seconds": "201910030830",
    "number": 20191003083000,
    "number without seconds": 201910030830,
    "padded": "\t2019-10-03_08-30-00\n",
    "naive": datetime(2019, 10, 3, 8, 30),  # noqa: DTZ001  what people hand over
    "UTC": MORNING,
    "fixed offset": datetime(2019, 10, 3, 10, 30, tzinfo=EAST),
    "zone": datetime(2019, 10, 3, 1, 30, tzinfo=ZoneInfo("America/Los_Angeles")),
    "naive Timestamp": pd.Timestamp("2019-10-03 08:30"),
    "zoned Timestamp": pd.Timestamp("2019-10-03 17:30", tz="Asia/Tokyo"),
    "Timestamp in ns": pd.Timestamp("2019-10-03 08:30").as_unit("ns"),
    "datetime64[s]": np.datetime64("2019-10-03T08:30:00"),
    "datetime64[us]": np.datetime64("2019-10-03T08:30:00.000000"),
    "datetime64[ns]": np.datetime64("2019-10-03T08:30:00.000000000"),
    "datetime64[m]": np.datetime64("2019-10-03T08:30"),
}


@pytest.mark.parametrize("value", DAYS.values(), ids=DAYS)
def test_a_bare_date_includes_its_whole_day(value):
    assert until(value, "published_at") == DAY_END


@pytest.mark.parametrize("value", [*DAYS.values(), *TIMES.values()], ids=str)
def test_a_moment_is_what_was_told_in_utc_where_no_zone_was(value):
    told = as_told(value, "date")
    if isinstance(told, datetime) and told.tzinfo is None:
        told = told.replace(tzinfo=UTC)
    assert (type(told), told) == (type(moment(value, "date")), moment(value, "date"))


@pytest.mark.parametrize(
    "value",
    [
        "2023-12-13T13:43:40",
        "2023-12-13_13-43-40",
        "20231213134340",
        20231213134340,
        datetime.fromisoformat("2023-12-13T13:43:40"),
        pd.Timestamp("2023-12-13 13:43:40"),
        np.datetime64("2023-12-13T13:43:40"),
    ],
    ids=str,
)
def test_what_was_told_without_a_zone_has_none(value):
    assert as_told(value, "date") == datetime.fromisoformat("2023-12-13T13:43:40")


def test_what_was_told_with_a_zone_is_in_utc():
    for value in ("2023-12-13T13:43:40+02:00", datetime(2023, 12, 13, 13, 43, 40, tzinfo=EAST)):
        found = as_told(value, "date")
        assert found.isoformat() == "2023-12-13T11:43:40+00:00"
    with pytest.raises(QueryError, match="no date"):
        as_told("0001-01-01T00:00+02:00", "date")


@pytest.mark.parametrize("value", TIMES.values(), ids=TIMES)
def test_a_time_is_itself_in_utc(value):
    found = until(value, "published_at")
    assert found == MORNING
    assert type(found) is datetime
    assert found.tzinfo is UTC


def test_none_is_no_limit():
    assert until(None, "published_at") is None


@pytest.mark.parametrize("value", DAYS.values(), ids=DAYS)
def test_a_bare_date_is_a_date_and_begins_at_its_midnight(value):
    found = moment(value, "start_date")
    assert found == date(2019, 10, 3)
    assert type(found) is date
    assert since(value, "start_date") == datetime(2019, 10, 3, tzinfo=UTC)


@pytest.mark.parametrize("value", TIMES.values(), ids=TIMES)
def test_a_time_is_the_same_as_either_limit(value):
    assert moment(value, "start_date") == since(value, "start_date") == until(value, "start_date") == MORNING


@pytest.mark.parametrize(
    ("value", "microseconds"),
    [
        ("2019-10-03T08:30:00.5", 500_000),
        ("2019-10-03_08-30-00.25", 250_000),
        ("20191003T083000,001Z", 1000),
        ("2019-10-03T10:30:00.000001+02:00", 1),
    ],
)
def test_fractions_of_seconds_are_kept(value, microseconds):
    assert moment(value, "start_date") == MORNING.replace(microsecond=microseconds)


PARTS = ("2019", "10", "03", "18", "10", "07")
SEPARATORS = ("", "-", "/", "_", ".", ":", " ", "T")


@pytest.mark.parametrize("day", list(product(SEPARATORS, repeat=2)), ids=repr)
def test_no_digit_of_a_date_is_lost_or_taken_for_something_else(day):
    for length in range(4):
        for between in product(SEPARATORS, repeat=length):
            # As ISO has it, "-07" after 18:10, and "-1007" or "-10:07" after 18, are zones.
            if length == 3 and {"-"} < {*between[1:]} <= {"-", "", ":"}:
                continue
            text = PARTS[0] + "".join(map("".join, zip(day + between, PARTS[1:], strict=False)))
            digits = "".join(PARTS[: 3 + length])
            assert (found := digits_of(text)) is None or found.rstrip("0") == digits.rstrip("0"), text


def digits_of(text):
    """The digits of the date or instant that a text means, or None if it is refused."""
    with contextlib.suppress(QueryError):
        found = moment(text, "start_date")
        return f"{found:%Y%m%d%H%M%S%f}" if isinstance(found, datetime) else f"{found:%Y%m%d}"
    return None


def test_no_limit_from_below():
    assert since(None, "start_date") is None


def test_midnight_is_no_whole_day():
    for midnight in ("2019-10-03T00:00", pd.Timestamp("2019-10-03"), np.datetime64("2019-10-03T00:00:00")):
        assert until(midnight, "published_at") == datetime(2019, 10, 3, tzinfo=UTC)


@pytest.mark.parametrize(
    "value", [np.datetime64("2019-10-03T08:30:00.000000999"), pd.Timestamp("2019-10-03 08:30:00.000000999")]
)
def test_nanoseconds_are_cut_so_that_nothing_later_is_let_in(value):
    assert until(value, "published_at") == MORNING


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (date.max, LAST),
        ("9999-12-31", LAST),
        (np.datetime64("9999-12-31"), LAST),
        (LAST.replace(tzinfo=None), LAST),
        ("0001-01-01T00:00", FIRST),
        (FIRST.replace(tzinfo=None), FIRST),
        (np.datetime64("0001-01-01T00:00:00"), FIRST),
        (pd.Timestamp("0001-01-01"), FIRST),
        (date.min, FIRST.replace(hour=23, minute=59, second=59, microsecond=999999)),
    ],
    ids=str,
)
def test_the_ends_of_the_calendar(value, expected):
    assert until(value, "published_at") == expected


REFUSED = {
    "before the first instant": "0001-01-01T00:00+02:00",
    "first instant in the east": datetime(1, 1, 1, tzinfo=EAST),
    "after the last instant": "9999-12-31T23:00-05:00",
    "year 10000": "10000-01-01",
    "numpy day 10000": np.datetime64("10000-01-01"),
    "numpy hour 10000": np.datetime64("10000-01-01T00"),
    "numpy before Christ": np.datetime64("-1000-01-01"),
    "numpy far": np.datetime64(2**62, "s"),
    "NaT": pd.NaT,
    "NaT of numpy": np.datetime64("NaT"),
    "NaT in ns": np.datetime64("NaT", "ns"),
    "NA": pd.NA,
    "NaN": math.nan,
    "year as a number": 2019,
    "day of no month": 20191303,
    "day and hour as a number": 2019100308,
    "seconds since 1970": 1570091400,
    "microseconds since 1970": 1570091400000000,
    "negative number": -20191003,
    "huge int": 10**5000,
    "large int": 10**300,
    "unsigned": np.uint64(2**64 - 1),
    "float": 2019.0,
    "True": True,
    "False": False,
    "bytes": b"2019-10-03",
    "list": ["2019-10-03"],
    "Series": pd.Series(["2019-10-03"]),
    "array": np.array("2019-10-03", dtype="M8[D]"),
    "Period": pd.Period("2019-10"),
    "time": time(8, 30),
    "timedelta": timedelta(days=1),
    "empty": "",
    "blank": " ",
    "year": "2019",
    "month": "2019-10",
    "week": "2019-W40",
    "month of numpy": np.datetime64("2019-10"),
    "year of numpy": np.datetime64("2019"),
    "American": "10/03/2019",
    "European": "03/10/2019",
    "in words": "Oct 3 2019",
    "two separators": "2019/10-03",
    "day of the year": "2019276",
    "ten digits": "2019100308",
    "minus": "-20191003",
    "fraction of a minute": "2019-10-03T08:30.5",
    "basic fraction of a minute": "20191003T0830.5",
    "fraction of an hour": "20191003T08,5",
    "name that goes on": "2019-10-03_08-30-00_sorted",
    "whole name": "ecephys_676909_2019-10-03_08-30-00",
    "day with a letter": "2019-10-03x",
    "name of no such hour": "2019-10-03_25-00-00",
    "short": "2019-10-3",
    "no such day": "2019-02-30",
    "no such hour": "2019-10-03T25:00",
    "no such zone": "2019-10-03T08:30+25:00",
    "named zone": "2019-10-03T08:30 PST",
    "today": "today",
    "now": "now",
    "infinity": "infinity",
    "wide digits": "\N{FULLWIDTH DIGIT TWO}019-10-03",
    "quote": "2019-10-03'",
    "injection": "1900-01-01' or '1'='1",
    "second statement": "2019-10-03'; select 1 --",
    "nul": "2019-10-03\0",
    "long": "2019-10-03" * 10_000,
    "object": object(),
}


@pytest.mark.parametrize("value", REFUSED.values(), ids=REFUSED)
def test_what_is_no_date_is_refused_in_a_short_sentence(value):
    with pytest.raises(QueryError, match=r"published_at: .* no date or time") as caught:
        until(value, "published_at")
    assert len(str(caught.value)) < 300
    assert "2019-10-03T08:30" in caught.value.hint
    with pytest.raises(QueryError, match=r"published_at: .* no date or time"):
        since(value, "published_at")
    with pytest.raises(QueryError, match=r"published_at: .* no date or time"):
        moment(value, "published_at")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("08:30", time(8, 30)),
        ("08:30:00.5", time(8, 30, 0, 500_000)),
        ("083000", time(8, 30)),
        (time(8, 30), time(8, 30)),
        ("23:59:59.999999", time.max),
    ],
    ids=str,
)
def test_a_time_of_day(value, expected):
    assert time_of_day(value, "start_time") == expected


NO_TIMES = [
    *(None, "", "8:30", "25:00", "08:30Z", "08:30+02:00", 830, True, b"08:30", "noon", "2019-10-03T08:30"),
    *(MORNING, time(8, 30, tzinfo=UTC), time(8, 30, tzinfo=ZoneInfo("Asia/Tokyo"))),
]


@pytest.mark.parametrize("value", NO_TIMES, ids=repr)
def test_what_is_no_time_of_day_in_utc_is_refused(value):
    with pytest.raises(QueryError, match=r"start_time: .* no time of day\. .*'10:30'"):
        time_of_day(value, "start_time")


@settings(deadline=None)
@given(st.datetimes(timezones=st.none() | st.timezones()))
def test_every_datetime_is_an_instant_or_refused(value):
    try:
        found = until(value, "published_at")
    except QueryError:
        # Only what UTC cannot tell: within a day of the ends of the calendar.
        assert value.year in (1, 9999)
        return
    # By the difference: an hour that summer time leaves out is equal to nothing in another zone.
    assert found - (value if value.tzinfo else value.replace(tzinfo=UTC)) == timedelta(0)


@settings(deadline=None)
@given(st.text(max_size=30))
def test_every_text_is_an_instant_or_refused(value):
    with contextlib.suppress(QueryError):
        assert until(value, "published_at").tzinfo is UTC


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (None, None),
        ("a", ("a",)),
        ("", ("",)),
        ("it's", ("it's",)),
        (["b", "a", "b"], ("a", "b")),
        (("b", "a"), ("a", "b")),
        ({"b", "a"}, ("a", "b")),
        (iter(["b", "a"]), ("a", "b")),
        (np.array(["b", "a"]), ("a", "b")),
        (pd.Series(["b", "a"]), ("a", "b")),
        (pd.Index(["b", "a"]), ("a", "b")),
        ([], ()),
        (pd.Series([], dtype="str"), ()),
    ],
    ids=lambda value: type(value).__name__,
)
def test_texts(values, expected):
    assert texts(values, "session_types") == expected


@pytest.mark.parametrize(
    "values",
    [
        5,
        [5],
        [None],
        [math.nan],
        pd.NA,
        [pd.NA],
        math.nan,
        True,
        b"ab",
        [b"ab"],
        [["a"]],
        [10**5000],
        [["x" * 100_000]],
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_is_no_text_is_refused_in_a_short_sentence(values):
    with pytest.raises(QueryError, match=r"session_types: .* not text") as caught:
        texts(values, "session_types")
    assert len(str(caught.value)) < 200


def test_the_columns_of_a_frame_are_not_taken_for_texts():
    with pytest.raises(QueryError):
        texts(pd.DataFrame({"session_type": ["a"]}), "session_types")
    with pytest.raises(QueryError):
        texts(pd.Series(["a", None]), "session_types")
