"""A few sessions, as frames and the demo's server have them, and what comes of a filter on them."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pandas as pd
import pyarrow as pa

from sessionframes.demo.alyx.django import fits, terms_of
from sessionframes.demo.alyx.models import MODELS
from sessionframes.demo.alyx.store import Store
from sessionframes.query import EVERY
from sessionframes.query.evaluate import evaluate
from sessionframes.sources.alyx.compiled import narrowed_where
from sessionframes.sources.alyx.encode import joined
from sessionframes.sources.alyx.endpoints import ENUMS

LABS = ["cortexlab", "\u017flab", "\u212alab", "klab"]
PROJECTS = ["ibl_matlab", "brainwide", "a,b", "kK"]
PROTOCOLS = ["", "ephysChoiceWorld", "cho\u0131ceworld", "(x) [y]", "true", "022"]
TIMES = [
    datetime(2020, 10, 25, 0, 30, tzinfo=UTC),
    datetime(2020, 10, 25, 1, 30, tzinfo=UTC),
    datetime(2021, 7, 22, 23, 59, 59, 999999, tzinfo=UTC),
    datetime(2022, 1, 1, tzinfo=UTC),
]
VALUES = [None, True, False, 0, 1, 1.5, -2, "PASS", "pass", "", "true", "5", [True, 9, 0], [], {"n": 1}, {}]
KEYS = ["task", "_pin", "in", "0"]
QC = list(ENUMS["qc"])


def row_id(number):
    return f"{number:08x}-0000-4000-8000-{number:012x}"


def _told(when):
    return None if when is None else when.replace(tzinfo=None).isoformat()


PLAIN = {
    "lab": None,
    "projects": [],
    "session_type": "",
    "number": 1,
    "start_time": None,
    "end_time": None,
    "n_trials": None,
    "qc": "PASS",
    "narrative": "",
    "extended_qc": None,
    "tasks": [],
}


def store_of(rows):
    sessions, tasks, probes = [], [], []
    for row in rows:
        key = row["session_id"]
        sessions.append(
            {
                "id": key,
                "lab": row["lab"],
                "projects": row["projects"],
                "task_protocol": row["session_type"],
                "subject": row_id(500),
                "start_time": _told(row["start_time"]),
                "end_time": _told(row["end_time"]),
                **{name: row[name] for name in ("number", "n_trials", "qc", "narrative", "extended_qc")},
            }
        )
        tasks += [
            {"id": row_id(1000 + len(tasks) + at), "session": key, "name": name, "status": status}
            for at, (name, status) in enumerate(row["tasks"])
        ]
        probes += [
            {"id": row_id(2000 + len(probes) + at), "session": key, "json": document}
            for at, document in enumerate(row.get("probes", []))
        ]
    subjects = [{"id": row_id(500), "nickname": "KS022", "lab": None}]
    labs = [{"name": name} for name in LABS]
    return Store(
        {"labs": labs, "subjects": subjects, "sessions": sessions, "tasks": tasks, "insertions": probes}
    )


def columns_of(rows):
    """What a frame with all columns has, and what is far as if it had that too."""
    labels = {number: label for label, number in ENUMS["status"].items()}
    found = {
        **{name: [row[name] for row in rows] for name in ("session_id", "lab", "qc")},
        **{name: [row[name] or None for row in rows] for name in ("session_type", "narrative")},
        **{name: pd.array([row[name] for row in rows], "Int64") for name in ("number", "n_trials")},
        "extended_qc": [
            None if row["extended_qc"] is None else json.dumps(row["extended_qc"]) for row in rows
        ],
    }
    for name in ("start_time", "end_time"):
        found[name] = pd.Series([row[name] for row in rows], dtype="datetime64[us, UTC]")
    lists = {
        "projects": [row["projects"] for row in rows],
        "projects__name": [row["projects"] for row in rows],
        "tasks__name": [[name for name, _ in row["tasks"]] for row in rows],
        "tasks__status": [[labels[status] for _, status in row["tasks"]] for row in rows],
    }
    kind = pd.ArrowDtype(pa.list_(pa.string()))
    found |= {name: pd.Series(values, dtype=kind) for name, values in lists.items()}
    found["lab__name"] = found["lab"]
    return {
        name: pd.Series(values, dtype="str") if isinstance(values, list) else values
        for name, values in found.items()
    }


def listed(store, endpoint, terms):
    """The rows of an endpoint that fulfil terms, as the server has them."""
    model = MODELS[endpoint]
    tests = [fits(store, model, term) for term in (terms_of(joined(terms)) if terms else [])]
    return [row for row in store.tables[endpoint].values() if all(test(row) for test in tests)]


def answered(store, where, columns, rows, zone=UTC):
    """Which sessions come of a filter: asked, united, marked and finished."""
    narrowed = narrowed_where(where, "sessions", "sessions", zone)
    assert not narrowed.params
    sent = {
        row["id"] for part in narrowed.parts for row in listed(store, "sessions", (*narrowed.terms, *part))
    }
    for mark in narrowed.marks:
        found = {row[mark.back] for part in mark.parts for row in listed(store, mark.endpoint, part)}
        columns = {**columns, mark.name: pd.Series([row["session_id"] in found for row in rows])}
    kept = (
        evaluate(narrowed.residual, columns, len(rows)) if narrowed.residual != EVERY else [True] * len(rows)
    )
    return {row["session_id"] for row, keep in zip(rows, kept, strict=True) if keep} & sent


def on_its_clock(row, zone):
    moved = {}
    for name in ("start_time", "end_time"):
        when = row[name]
        moved[name] = None if when is None else when.astimezone(zone).replace(tzinfo=UTC)
    return moved
