"""Records to columns, against ``pandas.json_normalize`` on the same: ``python -m tests.bench.flatten``.

The records are what the demo's BrainSTEM answers: sessions, data acquisitions, projects and subjects. Told
are two ratios: to ``json_normalize`` alone, which leaves dates as text and lists and objects as they are, and
to ``json_normalize`` and what makes of it the columns that ours are (instants, lists of text, JSON as text).
Eight is wanted of the first. It is missed: merely looking up every key of every record, and writing nested
values as JSON, takes more than an eighth of the time of ``json_normalize``.
"""

import json
import sys
from datetime import UTC
from functools import partial

import pandas as pd
import pyarrow as pa

from sessionframes.demo.brainstem.server import BrainstemServer
from sessionframes.flatten import Cell, as_json, filled, from_records, instant, others
from sessionframes.transports.rest import RestTransport
from sessionframes.transports.rest_request import LimitOrPage, RestRequest
from tests.bench.lines import against, interleaved, parser, told

SESSIONS = 5_000
WANTED = ">= 8"
TEXT, INSTANT, NUMBER = pa.large_string(), pa.timestamp("us", "UTC"), pa.float64()
TEXTS = pa.list_(TEXT)

#: Model, its list's key, and its columns: type and where from.
MODELS = {
    ("stem/session", "sessions"): {
        "id": (TEXT, "id"),
        "name": (TEXT, "name"),
        "description": (TEXT, filled("description")),
        "date_time": (INSTANT, instant("date_time", zone=UTC)),
        "extra_fields": (TEXT, as_json("extra_fields")),
        "download_links": (TEXT, as_json("download_links")),
        "name_used_in_storage": (TEXT, filled("name_used_in_storage")),
        **dict.fromkeys(
            ("projects", "epochs", "datastorage", "dataacquisition", "behaviors", "manipulations", "tags"),
            (TEXTS, None),
        ),
    },
    ("modules/dataacquisition", "data_acquisitions"): {
        "id": (TEXT, "id"),
        "session": (TEXT, "session"),
        "type": (TEXT, "type"),
        "notes": (TEXT, filled("notes")),
        "procedures": (TEXTS, "procedures"),
        "equipment": (TEXTS, "equipment"),
        "format": (TEXT, "details.format"),
        "channels": (NUMBER, "details.nChannels"),
        "samples": (NUMBER, "details.nSamples"),
        "rate": (TEXT, as_json("details.sr")),
        "groups": (TEXT, as_json("details.electrodeGroups")),
        "tags": (TEXT, as_json("details.channelTags")),
    },
    ("stem/project", "projects"): {
        "id": (TEXT, "id"),
        "name": (TEXT, "name"),
        "description": (TEXT, filled("description")),
        **dict.fromkeys(("sessions", "subjects", "tags"), (TEXTS, None)),
    },
    ("stem/subject", "subjects"): {
        "id": (TEXT, "id"),
        "name": (TEXT, "name"),
        "sex": (TEXT, filled("sex")),
        "strain": (TEXT, "strain"),
        "genotype": (TEXT, filled("genotype")),
        "projects": (TEXTS, "projects"),
        "tags": (TEXTS, "tags"),
    },
}


def answers(sessions):
    """The records of each model."""
    with BrainstemServer(0.05, sessions=sessions) as server:
        transport = RestTransport(server.url, source="brainstem")
        found = {}
        for path, key in MODELS:
            request = RestRequest(f"api/public/{path}/", LimitOrPage([key]), (("sort[]", "id"),))
            found[path, key] = [record for page in transport.fetch(request) for record in page.records]
        transport.close()
    return found


def flattening(key, records):
    """What flattens the records of one model our way."""
    columns = MODELS[key]
    schema = pa.schema([(name, kind) for name, (kind, _) in columns.items()])
    cells = {name: cell or name for name, (_, cell) in columns.items()}
    # Every key is known, and that has to be found out.
    cells["others"] = others({name for record in records for name in record})
    schema = schema.append(pa.field("others", TEXT))
    return lambda: from_records(schema, records, cells)


def by_hand(key, records):
    """What makes the same columns with pandas, written as a user would."""
    columns = MODELS[key]

    def series(frame, name, kind, cell):
        steps = cell.steps() if isinstance(cell, Cell) else (cell or name).split(".")
        if isinstance(cell, Cell) and cell.convert_all is as_json(cell.path).convert_all:
            return pd.Series([_dumped(record, steps) for record in records], dtype="str")
        values = frame[".".join(steps)] if ".".join(steps) in frame else pd.Series([None] * len(frame))
        if kind == INSTANT:
            return pd.to_datetime(values, utc=True, format="ISO8601")
        return values.astype({TEXT: "str", NUMBER: "float64", TEXTS: pd.ArrowDtype(TEXTS)}[kind])

    def frame():
        flat = pd.json_normalize(records)
        return pd.DataFrame({name: series(flat, name, kind, cell) for name, (kind, cell) in columns.items()})

    return frame


def _dumped(record, steps):
    for step in steps:
        record = (record or {}).get(step)
    return (
        None
        if record is None
        else json.dumps(record, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    )


def main():
    options = parser("tests.bench.flatten", __doc__, runs=9)
    options.add_argument("--sessions", type=int, default=SESSIONS, help="at least")
    asked = options.parse_args()
    whole = [0.0, 0.0, 0.0]
    sys.stdout.write(f"{'':<27}{'ours':>8}    {'normalize':>8}   {'same columns':>12}\n")
    for key, records in answers(asked.sessions).items():
        calls = flattening(key, records), partial(pd.json_normalize, records), by_hand(key, records)
        times = interleaved(calls, asked.runs)
        whole = [sum(pair) for pair in zip(whole, times, strict=True)]
        sys.stdout.write(f"{len(records):6,} {key[1]:<20}{_told(*times)}\n")
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
