"""Exports of the source in memory, whole and broken off, and what they left on disk."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from sessionframes.errors import SourceUnavailableError
from tests.fake_source import connect, fake_transport

#: Neither sort by itself: the order of pages must not be what makes the files sorted.
TABLES = ("labs", "sessions", "cells")


def export(out, db=None, tables=TABLES, **options):
    return (db or connect()).export(out, tables, **{"sessions_per_chunk": 2, "progress": False, **options})


def files(out):
    return sorted(path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file())


def manifest(out):
    return json.loads((out / "manifest.json").read_text(encoding="utf-8"))


def parts(out, table):
    return sorted((out / table).glob("*.parquet"))


def read(out, table="cells"):
    return pa.concat_tables([pq.read_table(part) for part in parts(out, table)])


WHOLE = [
    "cells/part-00000.parquet",
    "labs/part-00000.parquet",
    "manifest.json",
    "sessions/part-00000.parquet",
]


@dataclass
class FailsOnce:
    """Raises before one of the pages, the first time that it comes to it."""

    page: int
    error: BaseException
    pages: int = field(default=0)

    def __call__(self):
        self.pages += 1
        if self.pages == self.page:
            raise self.error


def interrupted(out, page=4, error=None, tables=TABLES, **options):
    """An export that broke off; the connection goes on to answer."""
    error = error or SourceUnavailableError("gone")
    transport = fake_transport()
    transport.before_page = FailsOnce(page, error)
    db = connect(transport)
    with pytest.raises(type(error)):
        export(out, db, tables, **options)
    return db


def big(rows, *, ids, start):
    """Many labs."""
    names = pc.cast(pa.array(np.arange(start, start + rows) + 10_000_000), pa.large_string())
    return pa.Table.from_arrays([names, pa.nulls(rows, pa.int64())], schema=ids.arrow_schema())
