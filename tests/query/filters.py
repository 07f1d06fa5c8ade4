"""Tables and filters by chance: few values of each kind, so that they often meet."""

from __future__ import annotations

import json
import math
from datetime import UTC, date, datetime, time, timedelta

import pandas as pd
import pyarrow as pa
from hypothesis import strategies as st

from sessionframes.query.where import And, Condition, Field, Not, Or
from tests.query.by_hand import CALENDAR

ORDER = ("gt", "gte", "lt", "lte")
BLIND = ("iexact", "icontains", "istartswith", "iendswith")
ONE_TEXT = ("startswith", "endswith", *BLIND)
KINDS = ("integer", "number", "flag", "text", "instant", "json", "texts")
FIELDS = {kind: Field(kind, kind, "units") for kind in KINDS}

#: Letters that differ in their case, or that some fold to one and others do not: Kelvin, long s, final sigma,
#: dotted and dotless i; and what SQL and patterns treat specially. Few together, so that they meet.
FAMILIES = [
    "abAB",
    "kK\u212a",
    "sS\u017fß\u1e9e",
    "\u03c3\u03c2\u03a3",
    "iI\u0130\u0131",
    "äÄa",
    "%_a\\",
    "'\"\n .",
    "日😀.",
]
WORDS = st.one_of(
    st.sampled_from(["", "a", "ab", "AB", "VISp", "100%", "a_b"]),
    st.sampled_from(FAMILIES).flatmap(lambda letters: st.text(letters, max_size=3)),
)
PATTERNS = st.sampled_from(
    ["", "a", "^a", "b$", "^$", "[ab]+", "a.b", "ä|k", "(a|s)b?", "^.{2}$", "[^a]", "k{2}"]
)
WHOLE = st.one_of(st.integers(-3, 3), st.sampled_from([-(2**63), 2**63 - 1, 2**53, 2**53 + 1]))
NUMBERS = st.one_of(
    st.sampled_from([0.0, -0.0, 0.1, 1.5, float("inf"), -float("inf"), 5e-324, 1.7e308]),
    st.floats(allow_nan=False),
)
#: The ends of the calendar, of years and of weeks, and the microseconds beside them.
TURNS = [
    *(datetime(1, 1, 1, tzinfo=UTC), datetime.max.replace(tzinfo=UTC), datetime(1970, 1, 1, tzinfo=UTC)),
    *(datetime(year, 1, 1, tzinfo=UTC) for year in (2016, 2020, 2021, 2024, 2027)),
    *(datetime(2020, 2, 29, 12, 30, 45, 123456, tzinfo=UTC), datetime(2020, 12, 31, 23, tzinfo=UTC)),
]
INSTANTS = st.one_of(
    st.sampled_from([*TURNS, *(turn - timedelta(microseconds=1) for turn in TURNS if turn.year > 1)]),
    st.datetimes(timezones=st.just(UTC)),
)
STEPS = st.sampled_from(["a", "b", "0", "-1"])
SCALARS = st.one_of(
    st.sampled_from([None, True, False, 0, 1, 1.0, 0.1, -1, 10**20, "", "a", "b", "1", "A", "ä"]), WORDS
)
NESTS = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(STEPS, inner, max_size=3)),
    max_leaves=6,
)
BROKEN = st.sampled_from(["", "{", "NaN", "[1,]", '{"a": 1} x'])

VALUES = {
    "integer": WHOLE,
    "number": NUMBERS,
    "flag": st.booleans(),
    "text": WORDS,
    "instant": INSTANTS,
    "json": st.one_of(NESTS.map(json.dumps), BROKEN),
    "texts": st.lists(st.one_of(WORDS, st.none()), max_size=3),
}
DTYPES = {
    "integer": "Int64",
    "number": "float64",
    "flag": "boolean",
    "text": "str",
    "instant": pd.DatetimeTZDtype("us", "UTC"),
    "json": "str",
    "texts": pd.ArrowDtype(pa.list_(pa.large_string())),
}


def tables(most=8):
    """Rows, each with a value or None for every kind."""
    row = st.fixed_dictionaries({kind: st.one_of(st.none(), VALUES[kind]) for kind in KINDS})
    return st.lists(row, max_size=most)


def columns_of(rows):
    """The rows as a frame has them."""
    return {kind: pd.Series([row[kind] for row in rows], dtype=DTYPES[kind]) for kind in KINDS}


def wheres(depth=3):
    """Filters on those rows."""
    leaf = st.one_of(*(CONDITIONS[kind] for kind in KINDS))
    for _ in range(depth):
        several = st.lists(leaf, max_size=3).map(tuple)
        leaf = st.one_of(leaf, leaf.map(Not), several.map(And), several.map(Or))
    return leaf


def _condition(kind, lookups, values, **more):
    return st.builds(Condition, st.just(FIELDS[kind]), st.sampled_from(lookups), values, **more)


def _compared(kind, values, *, order=ORDER, **more):
    some = st.lists(values, max_size=3).map(tuple)
    return st.one_of(
        _condition(kind, ("exact", *order), values, **more),
        _condition(kind, ("in",), some, **more),
        _condition(kind, ("isnull",), st.just(True), **more),
    )


def _part(part):
    values = {"date": st.sampled_from([date.min, date.max, date(2020, 12, 31), date(2021, 1, 1)])}
    values["time"] = st.sampled_from([time.min, time.max, time(12, 30, 45, 123456), time(23)])
    found = INSTANTS.map(CALENDAR[part])
    return _compared("instant", st.one_of(values.get(part, st.integers(-1, 60)), found), part=st.just(part))


def _on_text(kind, **more):
    return st.one_of(
        _condition(kind, ONE_TEXT, WORDS, **more), _condition(kind, ("regex", "iregex"), PATTERNS, **more)
    )


def _on_json():
    more = {"path": st.lists(STEPS, max_size=2).map(tuple)}
    keys = st.lists(STEPS, max_size=2).map(tuple)
    return st.one_of(
        _compared("json", NESTS, order=(), **more),
        _condition(
            "json", ORDER, st.one_of(st.integers(-1, 1), NUMBERS.filter(math.isfinite), WORDS), **more
        ),
        _on_text("json", **more),
        _condition("json", ("contains", "contained_by"), NESTS, **more),
        _condition("json", ("has_keys", "has_any_keys"), keys, **more),
    )


def _on_texts():
    some = st.lists(WORDS, max_size=3).map(tuple)
    return st.one_of(
        _compared("texts", WORDS),
        _condition("texts", ("contains",), WORDS),
        _on_text("texts"),
        _condition("texts", ("has_all", "contained_by", "overlap"), some),
    )


CONDITIONS = {
    "integer": _compared("integer", WHOLE),
    "number": _compared("number", NUMBERS),
    "flag": _compared("flag", st.booleans(), order=()),
    "text": st.one_of(_compared("text", WORDS), _condition("text", ("contains",), WORDS), _on_text("text")),
    "instant": st.one_of(_compared("instant", INSTANTS), *(_part(part) for part in CALENDAR)),
    "json": _on_json(),
    "texts": _on_texts(),
}
