"""What rows of a source tell of those below them: counted by the source where it can, else from frames."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import pandas as pd
import pyarrow as pa

from sessionframes.config import nearest
from sessionframes.errors import QueryError
from sessionframes.frames.parts import part_of, promising
from sessionframes.frames.provenance import describe_origin
from sessionframes.frames.summarize import Tally, summarized, tallied, tells_structures
from sessionframes.query import EVERY, Q, Query
from sessionframes.query.shown import shown
from sessionframes.query.where import NONE
from sessionframes.source import Read
from sessionframes.tables.joined import depth
from sessionframes.tables.summaries import COUNTS, STRUCTURE, STRUCTURES, Summaries

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sessionframes.frames.parts import Part
    from sessionframes.source import Source, Transport
    from sessionframes.tables import Table

_COUNTED = ("probes", "channels", "units")
#: Of the arguments of a call those that say how it is answered, and not which rows.
_MANNERS = ("on_invalid", "progress")


class Asked(Protocol):
    """What of an open source is needed here: how it is asked."""

    @property
    def source(self) -> Source:
        """What it declares."""

    @property
    def transport(self) -> Transport:
        """How it is reached."""

    def get(self, table: str, **arguments: Any) -> pd.DataFrame:
        """Return a table."""

    def read(self, table: str) -> Read:
        """Return how a table is read."""

    def query(self, table: str, **arguments: Any) -> Query:
        """Return a question, checked."""

    def fetch_arrow(self, read: Read, query: Query) -> pa.Table:
        """Return the answer to a question."""

    def through(self, transport: Transport) -> Asked:
        """Return the same, reached by another view of it."""


def summarize(db: Asked, table: str, of: Any, arguments: Mapping[str, Any]) -> pd.DataFrame:
    """Return a table with what is counted below it; see :meth:`sessionframes.calls.Calls.summarize`."""
    above = db.read(table).table
    asked = {
        name: _arguments(db.read(name), where, above, arguments)
        for name, where in _below(db, above, of).items()
    }
    # What is wrong with a filter is to be told before anything is sent.
    for name, told in asked.items():
        _question(db, name, told)
    # Rows and what is counted below them are to be of one state of the source.
    with db.transport.consistent() as view:
        seen = db.through(view)
        base = part_of(seen.get(table, **arguments))
        return summarized(base, [_tally(seen, name, base, above, told) for name, told in asked.items()])


def _below(db: Asked, above: type[Table], of: Any) -> dict[str, Any]:
    """Return the tables that are to be counted, each with the filter on its rows."""
    key, reads = above.key_name(), db.source.reads
    known = [
        name
        for name in _COUNTED
        if name in reads
        and depth(reads[name].table.key_name()) > depth(key)
        and key in reads[name].table.ids()
    ]
    where = {"source": db.source.name, "table": above.table_name()}
    if not known:
        message = f"this source has no {', '.join(_COUNTED)} below these rows."
        raise QueryError(message, hint="Summarize what is above them.", **where)
    filters = _named(of, known)
    for name in filters:
        if name not in known:
            message = f"of names {shown(name)}, which is no table below."
            raise QueryError(message, hint=nearest(name if isinstance(name, str) else "", known), **where)
    if not filters:
        message = "of names no table."
        raise QueryError(message, hint=f"Name some of {', '.join(known)}; None means all.", **where)
    return filters


def _named(of: Any, known: list[str]) -> dict[Any, Any]:
    if of is None:
        return dict.fromkeys(known)
    if isinstance(of, dict):
        return of
    try:
        return dict.fromkeys([of] if isinstance(of, str | Q) else of)
    except TypeError:
        return {shown(of): None}


def _arguments(read: Read, where: Any, above: type[Table], arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a table below is asked for: the ids and structures of its rows, by the same switches."""
    key = above.key_name()
    has_structures = tells_structures(key, read.table.key_name()) and STRUCTURE in read.table.dtypes()
    same = {name: value for name, value in arguments.items() if name in (*read.switches, *_MANNERS)}
    return {"where": where, "columns": [key, STRUCTURE] if has_structures else [key], **same}


def _question(db: Asked, name: str, told: Mapping[str, Any]) -> Query:
    return db.query(name, **{one: value for one, value in told.items() if one not in _MANNERS})


def _tally(db: Asked, name: str, base: Part, above: type[Table], told: Mapping[str, Any]) -> Tally:
    """Return what the rows of one table below tell, counted by the source if it can."""
    told = {**told, f"{base.key}s": base.ids}
    read, query = db.read(name), _question(db, name, told)
    columns = [COUNTS[read.table.key_name()]]
    if STRUCTURE in (query.columns or ()):
        columns.append(STRUCTURES)
    form = promising(above, tuple((column, Summaries, False) for column in columns))
    plan = None if read.tally is None else read.tally(query, form)
    if plan is None:
        return tallied(base, part_of(db.get(name, **told)))
    counting = Read(form, lambda _: plan, read.flatten)
    found = db.fetch_arrow(counting, Query(form, NONE if query.is_impossible else EVERY))
    origin = describe_origin(db.source.name, db.transport.address, query)
    return _placed(found, base, read.table.key_name(), {**origin, **read.origin})


def _placed(found: pa.Table, base: Part, key: str, origin: dict[str, Any]) -> Tally:
    """Return what a source has counted, a value for each row of a frame."""
    places = pd.Index(found.column(base.key).to_pandas()).get_indexer(base.ids)
    counted = found.column(COUNTS[key]).to_numpy()
    counts = np.append(counted, 0)[places]
    structures = None
    if STRUCTURES in found.column_names:
        lists = found.column(STRUCTURES).combine_chunks()
        # A place of -1 is the last one, of the rows that have nothing below them.
        padded = pa.concat_arrays([lists, pa.array([[]], lists.type)])
        structures = padded.take(pa.array(places % len(padded)))
    # Asked by the ids of the frame, so nothing is elsewhere.
    return Tally(key, counts, structures, origin, elsewhere=0)
