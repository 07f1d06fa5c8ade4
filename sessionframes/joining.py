"""Joins that a question asks for and its source cannot do: done here, from one answer more per table."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from sessionframes.frames.join import join
from sessionframes.query.scope import fields_of
from sessionframes.query.where import NONE, Condition
from sessionframes.tables.joined import joined_form, twin
from sessionframes.tables.order import ordered

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from sessionframes.frames.join import Orphans
    from sessionframes.query import Query
    from sessionframes.source import Read


@dataclass(frozen=True)
class Split:
    """A question with joins, as it is asked.

    Parameters
    ----------
    base : Query
        What the source is asked first: with the columns of the tables that it joins by itself.
    here : tuple of str
        The tables that are asked afterwards, by the ids that came, and joined here.
    is_whole : bool
        Whether order and limit of the question are left to do when all is joined.
    foreign : tuple of str
        Columns of the tables that the source joins by itself.
    """

    base: Query
    here: tuple[str, ...]
    is_whole: bool
    foreign: tuple[str, ...]


def split(query: Query, read: Read, reads: Mapping[str, Read], *, drops: bool) -> Split:
    """Return what of a question its source can answer at once, and which tables are joined here.

    Parameters
    ----------
    query : Query
        The question.
    read : Read
        How its table is read.
    reads : mapping
        How all tables of the source are read.
    drops : bool
        Whether rows may be left out by a join, so that a limit counts only afterwards.
    """
    here = tuple(name for name in query.joined if name not in read.joins)
    there = tuple(name for name in query.joined if name in read.joins)
    form = joined_form(read.table, *(reads[name].table for name in there)) if there else read.table
    own = form.dtypes()
    foreign = tuple(name for name in own if name not in read.table.dtypes())
    if not here:
        return Split(query, (), is_whole=False, foreign=foreign)
    columns = None
    if query.columns is not None:
        keys = [reads[name].table.key_name() for name in here]
        orders = [order.column for order in query.order_by]
        wanted = dict.fromkeys([*query.columns, *keys, *orders])
        columns = tuple(name for name in wanted if name in own and name != form.key_name())
    is_above = any(order.column not in own for order in query.order_by)
    after = is_above or (drops and query.limit is not None)
    base = replace(query, table=form, columns=columns, joined=there)
    if after:
        # A limit of none at all stays: it sends nothing.
        base = replace(base, order_by=(), limit=None if query.limit else query.limit)
    return Split(base, here, is_whole=after, foreign=foreign)


def question_about(frame: pd.DataFrame, query: Query, read: Read) -> Query:
    """Return what to ask of a table that is joined here.

    Parameters
    ----------
    frame : pandas.DataFrame
        The answer so far, which carries the ids of that table.
    query : Query
        The question as a whole.
    read : Read
        How that table is read.
    """
    key = read.table.key_name()
    ids: Any = frame.index if frame.index.name == key else frame[key]
    found = tuple(ids.dropna().unique().tolist())
    where = Condition(fields_of(read.table)[key], "in", tuple(sorted(found))) if found else NONE
    columns = None
    if query.columns is not None:
        wanted = {*query.columns, *(order.column for order in query.order_by)}
        columns = tuple(column for column in read.table.dtypes() if column in wanted and column != key)
    return replace(
        query,
        table=read.table,
        where=where,
        switches=query.switches & read.switches.keys(),
        columns=columns,
        order_by=(),
        limit=None,
        joined=(),
    )


def completed(
    frame: pd.DataFrame, above: Sequence[pd.DataFrame], query: Query, asked: Split, orphans: Orphans
) -> pd.DataFrame:
    """Return the answer to a question: joined, in the order, of the length and with the columns asked for.

    Parameters
    ----------
    frame : pandas.DataFrame
        The answer of the source.
    above : sequence of pandas.DataFrame
        Those of the tables that are joined here.
    query : Query
        The question as a whole.
    asked : Split
        How it was asked.
    orphans : {"raise", "keep", "drop"}
        What to do about rows that find nothing above.
    """
    if orphans == "keep":
        # Dtypes are not to depend on who joins.
        frame = frame.astype(
            {name: twin(frame[name].dtype) for name in asked.foreign if name in frame.columns}
        )
    if not above:
        return frame
    frame = join(frame, *above, orphans=orphans)
    if asked.is_whole:
        frame = frame.iloc[_in_order(frame, query)[: query.limit]]
    form = query.table.narrowed(query.columns)
    return frame[[name for name in form.dtypes() if name != form.key_name()]]


def _in_order(frame: pd.DataFrame, query: Query) -> np.ndarray[Any, np.dtype[np.int64]]:
    if not query.order_by:
        return np.arange(len(frame))
    key = query.table.key_name()
    columns = {order.column: frame[order.column] for order in query.order_by if order.column != key}
    columns[key] = frame.index.to_series()
    table = pa.table({name: pa.array(values, from_pandas=True) for name, values in columns.items()})
    return ordered(table, [(order.column, order.descending) for order in query.order_by], key, None)
