"""Compile, fetch, flatten: from a question to what is there, for every source alike."""

from __future__ import annotations

import os
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from sessionframes.errors import SourceError, SourceResponseError
from sessionframes.tables.order import in_order, newest_in_order

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from concurrent.futures import Future

    from sessionframes.query import Query
    from sessionframes.source import Read, Transport
    from sessionframes.tables.order import Rows

#: A query that is done sooner shows no progress (s).
_PROGRESS_AFTER = 2.0
#: How many pages are flattened at once, at most; one more thread reads from the source.
_FLATTENERS = min(4, os.cpu_count() or 1)


def fetched(
    read: Read, query: Query, transport: Transport, source: str, *, progress: bool
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
    progress : bool
        Show progress when it takes longer than 2 s.

    Returns
    -------
    tuple of pyarrow.Table and numpy.ndarray or None
        A table of the model's Arrow schema, and the positions of the rows that count, in the order of the
        key; None if that is all of them as they are. They are put in order by who converts them, once.

    Raises
    ------
    sessionframes.errors.SourceError
        The source could not answer.
    """
    model = read.table
    schema = model.arrow_schema()
    if query.is_impossible:
        return schema.empty_table(), None
    pages = (page for request in read.compile(query) for page in transport.fetch(request))
    try:
        # Closed at once when interrupted: a traceback that is kept would keep the query running too.
        with closing(_flattened(read, pages)) as tables:
            parts = list(_counted(tables, model.table_name(), progress=progress))
    except SourceError as error:
        # A transport knows no table; the message is to name it all the same.
        error.table = error.table or model.table_name()
        raise
    for part in parts:
        _check_schema(part, read, source)
    if not parts:
        return schema.empty_table(), None
    whole = pa.concat_tables(parts)
    key = whole.column(model.key_name())
    if read.newest_by is None:
        return whole, in_order(key)
    return whole.select(schema.names), newest_in_order(key, whole.column(read.newest_by))


def _flattened(read: Read, pages: Generator[Any]) -> Generator[pa.Table]:
    """Flatten several pages at once, ahead of who asks, and yield them in their order."""
    name = "sessionframes-flatten"
    with closing(pages), ThreadPoolExecutor(_FLATTENERS, thread_name_prefix=name) as pool:
        under_way: deque[Future[pa.Table]] = deque()
        for page in pages:
            under_way.append(pool.submit(read.flatten, page))
            if len(under_way) > _FLATTENERS:
                yield under_way.popleft().result()
        while under_way:
            yield under_way.popleft().result()


def _check_schema(page: pa.Table, read: Read, source: str) -> None:
    own = [name for name in page.schema.names if name != read.newest_by]
    if not page.select(own).schema.equals(read.table.arrow_schema()):
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
