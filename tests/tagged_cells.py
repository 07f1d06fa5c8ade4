"""Cells with what the usual ones lack: lists of text, and JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from sessionframes.tables.kinds import Text, Texts, column
from tests.fake_source import Cells, cells, connect, fake_transport

if TYPE_CHECKING:
    from sessionframes.connection import Connection
    from tests.fake_source import FakeTransport

TAGS = [["b", "a"], None, []]
QC = ['{"x": 1}', None, "[]"]


class TaggedCells(Cells, ids="int64"):
    """Cells with what has no order."""

    tags: Texts = column("What people call it.", null="nobody does")
    qc: Text = column("Checks.", null="not checked", json=True)


def tagged_cells() -> pa.Table:
    """Three of them."""
    table = cells(3)
    for name, values in (("tags", TAGS), ("qc", QC)):
        field = TaggedCells.arrow_schema().field(name)
        table = table.append_column(field, pa.array(values, field.type))
    return table


def connected() -> tuple[Connection, FakeTransport]:
    """A source that has them, and its transport."""
    transport = fake_transport(cells=tagged_cells())
    return connect(transport, cells_model=TaggedCells), transport
