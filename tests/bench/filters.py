"""Time filters on a million rows against the same written by hand: ``python -m tests.bench.filters``."""

import sys
from datetime import UTC, datetime
from functools import partial

import numpy as np
import pandas as pd

from sessionframes.query.evaluate import evaluate
from sessionframes.query.where import And, Condition, Field, Not, Or
from tests.bench.lines import against, interleaved, parser, told

ROWS = 1_000_000
#: How many ids are asked for; one in ten is there.
FEW = 1_000
WANTED = "<= 3"
ACRONYMS = ["VISp", "VISl", "VISrl", "CA1", "CA3", "DG", "LGd", "LP", "APN", "SSp-bfd5", "MOs2/3", "root"]
MANY_TEXTS = tuple(f"unit-{number:x}" for number in range(0, 2 * ROWS, 2))
MANY_NUMBERS = tuple(range(0, 2 * ROWS, 2))


def table(rows):
    """Columns as tables hold them, some of the instants and texts null."""
    chance = np.random.default_rng(1)
    first = datetime(2015, 1, 1, tzinfo=UTC).timestamp()
    stamps = (first + chance.random(rows) * 10 * 365.25 * 86400) * 1e6
    starts = pd.Series(stamps.astype("int64").astype("datetime64[us]")).dt.tz_localize("UTC")
    acronyms = pd.Series(np.array(ACRONYMS)[chance.integers(len(ACRONYMS), size=rows)], dtype="str")
    notes = pd.Series(
        [f"{'Ärger mit' if n % 50 == 0 else 'Probe'} {n:x} at Rig {n % 7}" for n in range(rows)]
    )
    return pd.DataFrame(
        {
            "snr": np.where(chance.random(rows) < 0.1, np.nan, chance.gamma(4, 0.7, rows)),
            "probe_id": chance.integers(0, 10 * FEW, rows),
            "structure_acronym": acronyms.where(chance.random(rows) > 0.05),
            "notes": notes.astype("str").where(chance.random(rows) > 0.05),
            "start": starts.where(chance.random(rows) > 0.01),
            "unit_id": chance.permutation(rows),
            "unit_name": pd.Series([f"unit-{number:x}" for number in range(rows)], dtype="str"),
        }
    )


def condition(name, kind, lookup, value, part=None):
    return Condition(Field(name, kind, "units"), lookup, value, part=part)


FIVE = {
    "float gte": condition("snr", "number", "gte", 2.5),
    "integer in 1000": condition("probe_id", "integer", "in", tuple(range(FEW))),
    "text startswith": condition("structure_acronym", "text", "startswith", "VIS"),
    "text icontains": condition("notes", "text", "icontains", "rig 3"),
    "instant year": condition("start", "instant", "exact", 2020, "year"),
}
BY_HAND = {
    "float gte": lambda frame: frame["snr"] >= 2.5,
    "integer in 1000": lambda frame: frame["probe_id"].isin(range(FEW)),
    "text startswith": lambda frame: frame["structure_acronym"].str.startswith("VIS"),
    "text icontains": lambda frame: frame["notes"].str.contains("rig 3", case=False, regex=False),
    "instant year": lambda frame: frame["start"].dt.year == 2020,
    "integer in a million": lambda frame: frame["unit_id"].isin(MANY_NUMBERS),
    "float in a million": lambda frame: frame["snr"].isin(MANY_NUMBERS),
    "text in a million": lambda frame: frame["unit_name"].isin(MANY_TEXTS),
    "all of them, joined by &": lambda frame: _joined(frame, "&"),
    "one of them, joined by |": lambda frame: _joined(frame, "|"),
    "none of them, ~ of each, joined by &": lambda frame: _joined(frame, "~"),
}
OURS = FIVE | {
    "integer in a million": condition("unit_id", "integer", "in", MANY_NUMBERS),
    "float in a million": condition("snr", "number", "in", tuple(map(float, MANY_NUMBERS))),
    "text in a million": condition("unit_name", "text", "in", MANY_TEXTS),
    "all of them, joined by &": And(tuple(FIVE.values())),
    "one of them, joined by |": Or(tuple(FIVE.values())),
    "none of them, ~ of each, joined by &": And(tuple(map(Not, FIVE.values()))),
}


def _joined(frame, sign):
    a, b, c, d, e = (BY_HAND[name](frame) for name in FIVE)
    if sign == "&":
        return a & b & c & d & e
    return a | b | c | d | e if sign == "|" else ~a & ~b & ~c & ~d & ~e


def lines(frame, runs):
    columns = dict(frame.items())
    for name, where in OURS.items():
        ours = evaluate(where, columns, len(frame))
        if not np.array_equal(ours, BY_HAND[name](frame)):
            sys.exit(f"{name}: other rows than by hand")
        calls = partial(evaluate, where, columns, len(frame)), partial(BY_HAND[name], frame)
        medians = interleaved(calls, runs)
        yield against(f"{len(frame):,} rows: {name}", *medians, WANTED)


def main():
    options = parser("tests.bench.filters", __doc__, runs=7)
    options.add_argument("--rows", type=int, default=ROWS, help="of the table")
    asked = options.parse_args()
    return told(lines(table(asked.rows), asked.runs), strict=asked.strict)


if __name__ == "__main__":
    sys.exit(main())
