"""Compile, fetch, flatten: from a question to what is there, for every source alike."""

from __future__ import annotations

import os
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from sessionframes.errors import SourceError, SourceResponseError
from sessionframes.query import EVERY
from sessionframes.residual import fulfilling
from sessionframes.tables.order import in_order, newest_in_order, ordered

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from concurrent.futures import Future

    from sessionframes.query import Query
    from sessionframes.residual import Above
    from sessionframes.source import Plan, Read, Transport
    from sessionframes.tables.order import Rows

#: A query that is done sooner shows no progress (s).
_PROGRESS_AFTER = 2.0
#: How many pages are flattened at once, at most; one more thread reads from the source.
_FLATTENERS = min(4, os.cpu_count() or 1)


def fetched(
    read: Read, query: Query, transport: Transport, source: str, *, above: Above, progress: bool
) -> tuple[pa.Table, Rows | None]:
    """Return what answers a query, not validated yet.

    Parameters
    ----------
    read : Read
        How the query's table is read.
    query : Query
        The question; one that no row can answer is not sent.
    transport : Transport
        Where to.
    source : str
        For messages.
    above : Above
        The source's other tables, for the part of the filter that the source leaves to us.
    progress : bool
        Show progress when it takes longer than 2 s.

    Returns
    -------
    tuple of pyarrow.Table and numpy.ndarray or None
        A table with the columns of ``query.needed()`` or more, and the positions of the rows that count, in
        the order asked for; None if that is all of them as they are. They are put in order by who converts
        them, once.

    Raises
    ------
    sessionframes.errors.SourceError
        The source could not answer.
    """
    model = query.table
    if query.is_impossible:
        return model.arrow_schema().empty_table(), None
    plan = read.compile(query)
    pages = (page for request in plan.requests for page in transport.fetch(request))
    try:
        # Closed at once when interrupted: a traceback that is kept would keep the query running too.
        with closing(_flattened(read, query, pages)) as tables:
            parts = list(_counted(tables, model.table_name(), progress=progress))
        for part in parts:
            _check_schema(part, read, query, plan, source)
        if not parts:
            return model.arrow_schema().empty_table(), None
        whole = pa.concat_tables(parts)
        return whole, _counting(whole, read, query, plan, above)
    except SourceError as error:
        # A transport knows no table; the message is to name it all the same.
        error.table = error.table or model.table_name()
        raise


def _counting(table: pa.Table, read: Read, query: Query, plan: Plan, above: Above) -> Rows | None:
    """Return the positions of the rows that count, in the order asked for; None for all as they are."""
    key = table.column(read.table.key_name())
    newest_by = read.newest_by
    rows = in_order(key) if newest_by is None else newest_in_order(key, table.column(newest_by))
    if plan.residual != EVERY:
        keep = fulfilling(plan.residual, table, query.table, above)
        rows = np.flatnonzero(keep) if rows is None else rows[keep[rows]]
    if query.order_by:
        orders = [(order.column, order.descending) for order in query.order_by]
        rows = ordered(table, orders, read.table.key_name(), rows)
    if query.limit is None:
        return rows
    return np.arange(min(query.limit, table.num_rows)) if rows is None else rows[: query.limit]


def _flattened(read: Read, query: Query, pages: Generator[Any]) -> Generator[pa.Table]:
    """Flatten several pages at once, ahead of who asks, and yield them in their order."""
    name = "sessionframes-flatten"
    with closing(pages), ThreadPoolExecutor(_FLATTENERS, thread_name_prefix=name) as pool:
        under_way: deque[Future[pa.Table]] = deque()
        for page in pages:
            under_way.append(pool.submit(read.flatten, query.table, page))
            if len(under_way) > _FLATTENERS:
                yield under_way.popleft().result()
        while under_way:
            yield under_way.popleft().result()


def _check_schema(page: pa.Table, read: Read, query: Query, plan: Plan, source: str) -> None:
    schema, needed = query.table.arrow_schema(), query.needed(plan.residual)
    own = [name for name in page.schema.names if name != read.newest_by and name not in plan.marks]
    declared = pa.schema([field for field in schema if field.name in own])
    if not set(needed) <= set(own) or not page.select(own).schema.equals(declared):
        message = f"a page was flattened to {own}, not to the columns of the table."
        raise SourceResponseError(
            message, source=source, table=read.table.table_name(), hint="Report this: it is a bug."
        )


def _counted(parts: Iterator[pa.Table], name: str, *, progress: bool) -> Iterator[pa.Table]:
    from tqdm.auto import tqdm

    with tqdm(desc=name, unit=" rows", unit_scale=True, delay=_PROGRESS_AFTER, disable=not progress) as bar:
        for part in parts:
            bar.update(part.num_rows)
            yield part
