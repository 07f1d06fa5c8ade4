"""A source in memory: a table with every kind of column, one without sessions, and what was asked of it."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from sessionframes.connection import Connection
from sessionframes.query.where import Condition, all_of, conjuncts
from sessionframes.source import Plan, Read, Source, texts_argument, until_argument
from sessionframes.tables import Sessions, Table
from sessionframes.tables.kinds import (
    Count,
    Flag,
    Id,
    Instant,
    Key,
    MaybeCount,
    MaybeFlag,
    Number,
    Text,
    column,
    key,
    parent,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from sessionframes.query import Query, Where

ADDRESS = "memory://fake"
BEGAN = datetime(2020, 1, 1, tzinfo=UTC)


class FakeSessions(Sessions, ids="int64"):
    """One row per session."""


class Cells(Table, name="cells"):
    """One row per cell: a column of every kind."""

    cell_id: Key = key("Id of the cell.")
    session_id: Id = parent("Id of its session.")
    neighbour_id: Id = parent("Id of the nearest cell.", null="alone")
    rate: Number = column("Mean rate.", unit="Hz", null="not computed", between=(0, 1000))
    depth: Number = column("Depth below the surface.", unit="um")
    spikes: Count = column("Number of spikes.")
    layer: MaybeCount = column("Number of the layer.", null="not told")
    good: Flag = column("Whether it is of use.")
    checked: MaybeFlag = column("Whether somebody looked.", null="not told")
    label: Text = column("What it is called.", null="not named")
    state: Text = column("Where it stands.", values=("new", "done"))
    seen_at: Instant = column("When it was first seen.", null="never")


class IntCells(Cells, ids="int64"):
    """Cells whose ids are whole numbers."""


class TextCells(Cells, ids="str"):
    """Cells whose ids are text."""


class Labs(Table, name="labs", ids="str"):
    """One row per lab: a table without sessions."""

    lab_id: Key = key("Name of the lab.")
    floor: MaybeCount = column("On which floor it is.", null="not told")


def sessions(count: int = 5) -> pa.Table:
    """Sessions 10, 20, 30 ..."""
    rows = [
        {
            "session_id": 10 * (number + 1),
            "subject_id": number,
            "session_type": "odd" if number % 2 else "even",
            "start_time": BEGAN + timedelta(days=number),
        }
        for number in range(count)
    ]
    return pa.Table.from_pylist(rows, schema=FakeSessions.arrow_schema())


def cells(count: int = 20, *, of: type[Table] = IntCells, sessions: int = 5) -> pa.Table:
    """Cells 0, 1, 2 ..., spread over the sessions, every third without what may be null."""
    as_id = str if of.id_kind() == "str" else int
    rows = [
        {
            "cell_id": as_id(number),
            "session_id": as_id(10 * (number % sessions + 1)),
            "neighbour_id": None if number % 3 == 0 else as_id(number - 1),
            "rate": None if number % 3 == 0 else number / 7,
            "depth": 1.5 * number,
            "spikes": number,
            "layer": None if number % 3 == 0 else number % 6,
            "good": number % 2 == 0,
            "checked": None if number % 3 == 0 else number % 2 == 0,
            "label": None if number % 3 == 0 else f"cell {number} é",
            "state": "new",
            "seen_at": None if number % 3 == 0 else BEGAN + timedelta(hours=number),
        }
        for number in range(count)
    ]
    return pa.Table.from_pylist(rows, schema=of.arrow_schema())


def labs() -> pa.Table:
    """Two labs."""
    rows = [{"lab_id": "north", "floor": 1}, {"lab_id": "south", "floor": None}]
    return pa.Table.from_pylist(rows, schema=Labs.arrow_schema())


def changed(table: pa.Table, name: str, values: Sequence[Any]) -> pa.Table:
    """The same table with other values in one column."""
    place = table.schema.get_field_index(name)
    return table.set_column(place, table.schema.field(name), pa.array(values, table.schema.field(name).type))


@dataclass
class FakeTransport:
    """Answers from Arrow tables, a page at a time, and remembers what was sent."""

    tables: dict[str, pa.Table]
    rows_per_page: int = 7
    #: Called before each page; whatever it raises is what the caller gets.
    before_page: Callable[[], None] = lambda: None
    sent: list[Query] = field(default_factory=list)
    closed: int = 0

    @property
    def address(self) -> str:
        return ADDRESS

    def fetch(self, request: Query) -> Iterator[pa.Table]:
        self.sent.append(request)
        table = self.tables[request.table.table_name()]
        for condition in filter(is_pushed(request), conjuncts(request.where)):
            values = table.column(condition.field.name)
            if condition.lookup == "in":
                keep = pc.is_in(values, value_set=pa.array(list(condition.value), values.type))
            else:
                keep = pc.less_equal(values, pa.scalar(condition.value, values.type))
            table = table.filter(keep)
        for start in range(0, table.num_rows, self.rows_per_page):
            self.before_page()
            yield table.slice(start, self.rows_per_page)

    def render(self, request: Query) -> str:
        return str(request)

    @contextmanager
    def consistent(self) -> Iterator[FakeTransport]:
        yield self

    def close(self) -> None:
        self.closed += 1


def is_pushed(query: Query) -> Callable[[Where], bool]:
    """Tell what this source can do by itself: "in" and "lte" on the table's own columns."""

    def told(part: Where) -> bool:
        if not isinstance(part, Condition) or part.path or part.part:
            return False
        return part.field.table == query.table.table_name() and part.lookup in ("in", "lte")

    return told


def _compile(query: Query) -> Plan:
    residual = [part for part in conjuncts(query.where) if not is_pushed(query)(part)]
    return Plan([query], all_of(*residual))


def _flatten(_: type[Table], page: pa.Table) -> pa.Table:
    return page


def _open(_: object, *, transport: FakeTransport) -> Connection:
    return Connection(fake_source(transport), transport)


def fake_source(
    transport: FakeTransport | None = None,
    *,
    name: str = "fake",
    flatten: Callable[[type[Table], pa.Table], pa.Table] = _flatten,
    cells_model: type[Table] = IntCells,
) -> Source:
    """What the source in memory declares."""
    began = until_argument("began_at", "start_time", "Sessions that began then or before.")
    seen = until_argument("seen_at", "seen_at", "Cells first seen then or before.")
    labels = texts_argument("labels", "label", "Cells called so.")
    return Source(
        name=name,
        description="Made by the tests.",
        options=(),
        reads={
            "sessions": Read(FakeSessions, _compile, flatten, (began,)),
            "cells": Read(
                cells_model,
                _compile,
                flatten,
                (seen, labels),
                {"include_bad": "Also those that are of no use."},
            ),
            "labs": Read(Labs, _compile, flatten),
        },
        open=partial(_open, transport=transport or fake_transport()),
        schemes=(name,),
    )


def fake_transport(**tables: pa.Table) -> FakeTransport:
    """A transport with the usual rows, or those given."""
    return FakeTransport({"sessions": sessions(), "cells": cells(), "labs": labs(), **tables})


def connect(transport: FakeTransport | None = None, **declared: Any) -> Connection:
    """An open source in memory; it asks `transport`, or one with the usual rows."""
    transport = transport or fake_transport()
    return Connection(fake_source(transport, **declared), transport)
