"""Tables by chance: few values in a column, so that filters meet some of them, and all of them odd."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from tests.query.stored import COLUMNS, FIRST, IN_POSTGRES, KEY, LAST, Table

MOST_ROWS = 30
MOST_COLUMNS = 6

#: Letters whose case is odd: sharp, long and final s, i with and without its dot, Kelvin, Ohm, a digraph, two
#: that Unicode had without their lower case for long, one whose lower case comes before it.
CASED = (
    "aAbBkK\u212asS\u017fß\u1e9e\u03c3\u03c2\u03a3iI\u0130\u0131\u03c9\u03a9\u2126äÄ"
    "\u01c4\u01c5\u01c6\u10d0\u1c90\u13a0\uab70"
)
#: What SQL, patterns, JSON and terminals treat specially; combining marks, and characters beyond 16 bits.
SPECIAL = (
    "%_\\'\"\n\r\t .^$*+?()[]{}|-,:/0123\x01\x7f\u0301\u0323\u00a0\u200b\u2028\ufeff\uffff日😀\U0010ffff"
)
_EVERY = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
_COMMON = [
    *("", "a", "ab", "VISp", "visp", "100%", "a_b", "NULL", "true", "1", "%s", "e\u0301", "é"),
    *("a\nb", "\n"),
]
TEXTS = st.one_of(
    st.sampled_from(_COMMON),
    st.text(CASED + SPECIAL, max_size=5),
    st.text(CASED, max_size=4),
    st.text(_EVERY, max_size=3),
)
#: Longer than any pattern that a case-blind lookup becomes.
_LONG = st.text(CASED, min_size=1, max_size=2).map(lambda text: text * 300)
_LABELS = st.one_of(TEXTS, TEXTS, _LONG)

#: More than there are rows, since keys are unique.
IDS = st.sampled_from([*range(-2, 60), -(2**63), 2**63 - 1, 2**31, 2**53 + 1, 10**9, 10**12])
WHOLE = st.one_of(
    st.integers(-3, 3),
    st.integers(-(2**31), 2**31 - 1),
    st.sampled_from([-(2**63), 2**63 - 1, 2**53, 2**53 + 1, 2**31, 32768]),
)
NUMBERS = st.one_of(
    st.sampled_from([0.0, -0.0, math.inf, -math.inf]),
    st.sampled_from([0.1, 1.5, 1.0, -1.0, 2.0, 100.0]),
    st.sampled_from([5e-324, -5e-324, 1e308, 1.7976931348623157e308, 1e22, 0.30000000000000004, 2.0**53]),
    st.floats(width=32, allow_nan=False),
    st.floats(allow_nan=False),
)
#: The ends of the calendar, of years, of ISO years, of months and of what Postgres counts from.
_TURNS = [
    *(FIRST, LAST, datetime(1970, 1, 1, tzinfo=UTC), datetime(2000, 1, 1, tzinfo=UTC)),
    *(datetime(year, 1, 1, tzinfo=UTC) for year in (2, 1583, 2016, 2018, 2020, 2021, 2024, 2027, 9999)),
    *(datetime(year, 12, 29, tzinfo=UTC) for year in (2014, 2019, 2024)),
    *(datetime(2020, month, 1, tzinfo=UTC) for month in (2, 3, 4, 7, 10)),
    *(datetime(2019, 10, day, tzinfo=UTC) for day in (3, 5, 6, 7)),
    datetime(2019, 10, 3, 12, 30, 45, 123456, tzinfo=UTC),
]
_TICK = timedelta(microseconds=1)
INSTANTS = st.one_of(
    st.sampled_from([FIRST, LAST]),
    st.sampled_from([*_TURNS, *(turn - _TICK for turn in _TURNS if turn != FIRST)]),
    st.sampled_from(_TURNS).flatmap(
        lambda turn: st.times().map(lambda when: datetime.combine(turn, when, tzinfo=UTC))
    ),
    st.datetimes(timezones=st.just(UTC)),
)

#: Keys and indices, and what is nearly an index.
STEPS = st.sampled_from(
    [
        *("a", "b", "A", "é", "e\u0301", "日", "a b", "it's", 'a"b', "a.b", "{x", "c,d", "a\\b", "%s"),
        *("0", "1", "-1", "-2", "01", "-0", "+1", " 1", "1 ", "٣", "-", "99999999999999999999"),
        *("", "NULL", "_x", "in", "date"),
    ]
)
KEYS = st.one_of(st.sampled_from(["a", "b", "0"]), STEPS)
_JSON_NUMBERS = st.sampled_from(
    [
        *("0", "-0", "-0.0", "1", "1.0", "1e0", "10E-1", "-1", "2", "0.1", "0.10", "1.5", "100", "1e2"),
        *("9007199254740993", "9007199254740992", "123456789012345678901234567890", "1E+22", "1e308"),
        *("0.1000000000000000055511151231257827", "0.30000000000000004", "5e-324", "1e-400"),
        *("1e400", "-1e400"),
    ]
)
_JSON_WORDS = st.sampled_from(["null", "true", "false", "0", "1", "1.0"])
_JSON_TEXTS = st.one_of(KEYS, st.sampled_from(["a", "A", "true", "null", "1"]), TEXTS)
_SHAPES = st.sampled_from(["word", "number", "text", "list", "object", "object"])
_DEEPEST_JSON = 3


@st.composite
def _json(draw, depth=0):
    """JSON as text, because keys come twice, and numbers are written in many ways."""
    shape = draw(_SHAPES)
    if shape in ("list", "object") and depth < _DEEPEST_JSON:
        items = [draw(_json(depth + 1)) for _ in range(draw(st.integers(0, 3)))]
        if shape == "list":
            return f"[{', '.join(items)}]"
        # In real tables the rows have nests of one shape.
        keys = "ab" if draw(st.booleans()) else [draw(KEYS) for _ in items]
        pairs = (f"{json.dumps(key)}:{item}" for key, item in zip(keys, items, strict=False))
        return f"{{{' ,'.join(pairs)}}}"
    if shape == "text":
        return json.dumps(draw(_JSON_TEXTS), ensure_ascii=draw(st.booleans()))
    return draw(_JSON_NUMBERS if shape == "number" else _JSON_WORDS)


JSON = _json()
VALUES = {
    KEY: IDS,
    "probe_id": IDS,
    "rig_id": _LABELS,
    "layer": WHOLE,
    "spikes": WHOLE,
    "snr": st.one_of(NUMBERS, st.just(math.nan)),
    "good": st.booleans(),
    "known": st.booleans(),
    "label": _LABELS,
    "began": INSTANTS,
    "qc": JSON,
    "tags": st.lists(st.one_of(TEXTS, st.none()), max_size=3),
}


def pick(draw, items):
    """One of several; as ``sampled_from`` does it, which takes three times as long to make."""
    return items[draw(st.integers(0, len(items) - 1))]


@st.composite
def tables(draw, names=IN_POSTGRES):
    """Up to 30 rows with the key and a few of those columns."""
    some = draw(st.lists(st.sampled_from(names[1:]), min_size=2, max_size=MOST_COLUMNS, unique=True))
    pools = {name: draw(st.lists(VALUES[name], min_size=1, max_size=6)) for name in some}
    pools |= {name: [*pool, None] for name, pool in pools.items() if COLUMNS[name].nullable}
    keys = draw(st.lists(IDS, max_size=MOST_ROWS, min_size=draw(st.integers(0, MOST_ROWS)), unique=True))
    rows = [{KEY: key, **{name: pick(draw, pool) for name, pool in pools.items()}} for key in keys]
    stores = {
        name: pick(draw, _stores(name, [row[name] for row in rows]))
        for name in (KEY, *some)
        if name in IN_POSTGRES
    }
    return Table((KEY, *some), rows, stores)


def with_a_null_row(table):
    """A table with one more row, which has nulls wherever there may be some."""
    unused = next(key for key in range(MOST_ROWS + 1) if key not in table.keys)
    known = {KEY: unused, "spikes": 0, "known": False}
    row = {name: known.get(name) for name in table.names}
    return replace(table, rows=[*table.rows, row])


def _stores(name, values):
    """What may keep all of some values."""
    told = [value for value in values if value is not None]
    return [store for store in COLUMNS[name].stores if not store.holds or all(map(store.holds, told))]
