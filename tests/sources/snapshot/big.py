"""Many sessions with many units, in memory."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sessionframes.connection import Connection
from sessionframes.source import Plan, Read, Source
from sessionframes.sources.lims.tables import LimsSessions, LimsUnits
from tests.fake_source import BEGAN

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    from sessionframes.query import Query

PROBES = 5


def sessions(count: int) -> pa.Table:
    """Sessions 700000000, 700000001 ..."""
    schema = LimsSessions.arrow_schema()
    columns = {
        "session_id": pa.array(np.arange(count) + 700_000_000),
        "start_time": pa.array([BEGAN + timedelta(hours=number) for number in range(count)]),
        **{name: pa.array(np.ones(count, dtype=bool)) for name in ("has_nwb", "session_usable")},
    }
    arrays = [columns.get(field.name, pa.nulls(count, field.type)).cast(field.type) for field in schema]
    return pa.Table.from_arrays(arrays, schema=schema)


def units(count: int, each: int, *, mixed: bool = False) -> pa.Table:
    """So many units of each session, 5 % of their measures null.

    Mixed, the ids of each session's units are still a run, but the sessions are not in the order of these.
    """
    rows, chance = count * each, np.random.default_rng(0)
    runs = chance.permutation(count) if mixed else np.arange(count)
    ids = {
        "session_id": np.repeat(np.arange(count) + 700_000_000, each),
        "probe_id": np.repeat(np.arange(count * PROBES) + 800_000_000, each // PROBES),
        "channel_id": np.arange(rows) // 2 + 850_000_000,
        "unit_id": np.arange(900_000_000, 900_000_000 + rows).reshape(count, each)[runs].ravel(),
    }
    words = pa.array(["good", "noise", "mua"])

    def column(field: pa.Field) -> pa.Array:
        if field.name in ids:
            return pa.array(ids[field.name])
        if pa.types.is_floating(field.type):
            return pa.array(chance.random(rows), mask=chance.random(rows) < 0.05)
        if pa.types.is_boolean(field.type):
            return pa.array(chance.random(rows) < 0.9)
        return pc.take(words, pa.array(chance.integers(0, 3, rows))).cast(field.type)

    schema = LimsUnits.arrow_schema()
    return pa.Table.from_arrays([column(field) for field in schema], schema=schema)


class _Transport:
    """Slices of tables that are sorted by session."""

    address = "memory://big"

    def __init__(self, tables: dict[str, pa.Table]) -> None:
        self.tables = tables

    def fetch(self, query: Query) -> Iterator[pa.Table]:
        table = self.tables[query.table.table_name()]
        wanted = getattr(query.where, "value", None)
        if wanted is not None:
            ids = table.column("session_id").to_numpy()
            start, end = np.searchsorted(ids, wanted[0]), np.searchsorted(ids, wanted[-1], "right")
            table = table.slice(start, end - start)
        yield table

    def render(self, query: Query) -> str:
        return str(query)

    def consistent(self) -> AbstractContextManager[_Transport]:
        from contextlib import nullcontext

        return nullcontext(self)

    def close(self) -> None:
        """Nothing is open."""


def big(count: int, each: int, **how: bool) -> Connection:
    """A source with that many sessions, and that many units of each; chunks are runs of sessions."""
    reads = {
        name: Read(form, lambda query: Plan([query]), lambda _, page: page)
        for name, form in (("sessions", LimsSessions), ("units", LimsUnits))
    }
    tables = {"sessions": sessions(count), "units": units(count, each, **how)}
    source = Source("big", "Made by the tests.", (), reads, lambda _: None)
    return Connection(source, _Transport(tables))
