"""Records to columns, against ``pandas.json_normalize`` on the same: ``python -m tests.bench.flatten``.

What is timed is what every call runs: ``Read.flatten`` of BrainSTEM's sessions, data acquisitions, projects
and subjects, of all that the demo's server answered to one question for the whole table. Told are two ratios:
to ``json_normalize`` alone, and to ``json_normalize`` and what makes of it the columns that are fields of the
records, as a user would.

Ours does more than either. ``json_normalize`` leaves dates as text, and lists and objects as they are; it
checks no type. Ours makes instants, lists of text and JSON as text, with a null for what was left blank,
refuses what is of another type, gathers fields that nobody knows, and has the columns of sessions that other
records tell: through behaviors, data acquisitions, manipulations and procedures the animals, their sex and
genotype, and the behavioral assay. None of that is left out here. Eight is wanted of the first ratio, and it
is missed: of data acquisitions, writing their details as JSON alone takes a tenth of the time that
``json_normalize`` takes.
"""

import sys
from functools import partial

import pandas as pd
import pyarrow as pa

import sessionframes as sf
from sessionframes.demo.brainstem import BrainstemServer
from sessionframes.flatten import json_text
from sessionframes.sources.brainstem import SOURCE
from sessionframes.sources.brainstem.columns import TABLES, origins
from sessionframes.sources.brainstem.rows import extra_fields_in, links_in
from tests.bench.lines import against, interleaved, parser, told

SESSIONS = 5_000
WANTED = ">= 8"
ASKED = ("sessions", "dataacquisition", "projects", "subjects")
TEXTS = pd.ArrowDtype(pa.list_(pa.large_string()))
#: What empty JSON is made of, by kind of column.
READ = {"json": lambda value: value, "extra": extra_fields_in, "links": links_in}
DTYPES = {"ids": TEXTS, "texts": TEXTS, "flag": "boolean", "integer": "Int64"}


def answers(sessions):
    """What the server answers of each table, and of what is around its records."""
    found = {}
    with (
        BrainstemServer(0.05, sessions=sessions) as server,
        sf.connect("brainstem", url=server.url, token=server.tokens["administrator"]) as db,
    ):
        for table in ASKED:
            (walk,) = SOURCE.reads[table].compile(db.query(table)).requests
            (found[table],) = db.transport.fetch(walk)
    return found


def flattening(table, found):
    """What flattens an answer our way."""
    read = SOURCE.reads[table]
    return partial(read.flatten, read.table, found)


def by_hand(table, found):
    """What makes the columns that are fields of the records with pandas, written as a user would."""

    def series(frame, field, kind):
        if kind in READ:
            told = [READ[kind](value) for value in (record.get(field) for record in found.records)]
            return pd.Series([json_text(value) if value else None for value in told], dtype="str")
        values = frame[field] if field in frame else pd.Series([None] * len(frame))
        if kind in {"instant", "day"}:
            return pd.to_datetime(values.replace("", None), utc=True, format="ISO8601")
        return values.astype(DTYPES.get(kind, "str"))

    def frame():
        flat = pd.json_normalize(found.records)
        columns = origins(TABLES.get(table, table)).items()
        return pd.DataFrame({name: series(flat, origin.field, origin.kind) for name, origin in columns})

    return frame


def main():
    options = parser("tests.bench.flatten", __doc__, runs=9)
    options.add_argument("--sessions", type=int, default=SESSIONS, help="at least")
    asked = options.parse_args()
    whole = [0.0, 0.0, 0.0]
    sys.stdout.write(f"{'':<27}{'ours':>8}    {'normalize':>8}   {'same columns':>12}\n")
    for table, found in answers(asked.sessions).items():
        calls = flattening(table, found), partial(pd.json_normalize, found.records), by_hand(table, found)
        times = interleaved(calls, asked.runs)
        whole = [sum(pair) for pair in zip(whole, times, strict=True)]
        sys.stdout.write(f"{len(found.records):6,} {table:<20}{_told(*times)}\n")
    sys.stdout.write(f"{'all of them':<27}{_told(*whole)}\n")
    ours, *others_took = whole
    lines = [
        against(f"flattening, json_normalize {how}", ours, took, WANTED)
        for how, took in zip(("alone", "to the same columns"), others_took, strict=True)
    ]
    return told(lines, strict=asked.strict)


def _told(ours, normalized, same):
    ratios = f"{normalized / ours:8.1f} x {same / ours:8.1f} x"
    return f"{ours * 1e3:8.1f} ms {normalized * 1e3:8.1f} ms {same * 1e3:8.1f} ms{ratios}"


if __name__ == "__main__":
    sys.exit(main())
