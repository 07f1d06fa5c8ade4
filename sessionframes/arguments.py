"""From what a caller says in a ``get_*`` call to a question, checked before anything is sent."""

from __future__ import annotations

from collections import ChainMap
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from sessionframes.config import nearest
from sessionframes.errors import QueryError
from sessionframes.query import Order, Q, Query
from sessionframes.query.binding import bind
from sessionframes.query.ids import normalise_ids
from sessionframes.query.local_times import between_local
from sessionframes.query.scope import fields_of, scope_of
from sessionframes.query.shown import shown
from sessionframes.query.text import parse
from sessionframes.query.values import moment, since, until, whole_day
from sessionframes.query.where import EVERY, NONE, Condition, Where, all_of
from sessionframes.tables import core_tables
from sessionframes.tables.joined import joined_form, nearest_first

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from sessionframes.query.where import Field
    from sessionframes.source import Read
    from sessionframes.tables import Table

    Scope = Mapping[str, Field]

#: What shapes the frame, on every table of every source.
SHAPE = ("where", "join", "columns", "order_by", "limit")
#: Stands for all columns, those too that are only there on request.
EVERY_COLUMN = "all"
#: About sessions, on every table below them, where the source tells when they began.
_DATES = ("date", "start_date", "end_date")
_BEGAN = "start_time"
#: Where a source has it: when they began by the clock on the wall, which a date without a zone is about.
_LOCAL = "local_time"


def taken(read: Read, reads: Mapping[str, Read]) -> tuple[str, ...]:
    """Return the names of the arguments that a table takes: ids, friendly ones, switches, then the shape.

    Parameters
    ----------
    read : Read
        How the table is read.
    reads : mapping
        How all tables of the source are read.
    """
    scope = _scope(read, reads)
    dates = _DATES if _BEGAN in scope else ()
    shape = [name for name in SHAPE if name != "join" or _joinable(read, reads)]
    return (*_parsers(read, scope), *dates, *read.switches, *shape)


def make_query(read: Read, arguments: Mapping[str, Any], reads: Mapping[str, Read], *, source: str) -> Query:
    """Return the question that these arguments ask of a table.

    Parameters
    ----------
    read : Read
        How the source reads the table, and what it takes.
    arguments : mapping
        As of a ``get_*`` call.
    reads : mapping
        How all tables of the source are read.
    source : str
        For messages.

    Raises
    ------
    sessionframes.errors.QueryError
        An argument that the table does not take, or a value that it cannot mean.
    """
    try:
        return _made(read, arguments, reads)
    except QueryError as error:
        error.source = error.source or source
        error.table = error.table or read.table.table_name()
        raise


def _made(read: Read, arguments: Mapping[str, Any], reads: Mapping[str, Read]) -> Query:
    scope = _scope(read, reads)
    parsers = _parsers(read, scope)
    known = taken(read, reads)
    parts: list[Where] = []
    switches: set[str] = set()
    for name, value in arguments.items():
        if name not in known:
            message = f"there is no argument {name!r}."
            is_column = name.split("__")[0] in scope and f"{name}s" not in known
            hint = f"It is about a column: say where=Q({name}=...)." if is_column else nearest(name, known)
            raise QueryError(message, hint=hint)
        if name in read.switches:
            switches |= _switched(name, value)
        elif name in parsers:
            parts.append(parsers[name](value))
    if _BEGAN in scope:
        parts.append(_when(scope, *(arguments.get(name) for name in _DATES)))
    parts.append(_where(arguments.get("where"), scope, reads))
    joined = _joined(arguments.get("join"), read, reads)
    form = joined_form(read.table, *(reads[name].table for name in joined))
    return Query(
        form if joined else read.table,
        all_of(*parts),
        frozenset(switches),
        _columns(arguments.get("columns"), form, scope, _on_request(read, joined, reads)),
        _order(arguments.get("order_by"), form, scope),
        _limit(arguments.get("limit")),
        joined,
    )


def _scope(read: Read, reads: Mapping[str, Read]) -> Scope:
    columns = scope_of(read.table, [other.table for other in reads.values()])
    # Also what is found only when it is asked for, which no dict could hold.
    return ChainMap(columns, cast("dict[str, Field]", read.further)) if read.further else columns


def _parsers(read: Read, scope: Scope) -> dict[str, Callable[[Any], Where]]:
    by_id = {f"{name}s": partial(_ids, scope[name]) for name in read.table.ids()}
    if "subject_id" in scope:
        by_id["subject_id"] = partial(_ids, scope["subject_id"])
    own = {argument.name: partial(argument.parse, scope[argument.column]) for argument in read.arguments}
    return {**by_id, **own}


def _ids(field: Field, values: Any) -> Where:
    if isinstance(values, Q):
        message = f"{shown(values)} is a filter, not {field.name}s."
        raise QueryError(message, column=field.name, hint="Say where=Q(...).")
    ids = normalise_ids(values, field.name, kind=field.id_kind or "str")
    if ids is None:
        return EVERY
    return Condition(field, "in", ids) if ids else NONE


def _when(scope: Scope, date: Any, start_date: Any, end_date: Any) -> Where:
    if date is not None and (start_date is not None or end_date is not None):
        message = "date goes with neither start_date nor end_date."
        raise QueryError(message, column="date", hint="Say date for one day, the others for a range.")
    if _LOCAL in scope:
        return between_local(scope[_LOCAL], scope[_BEGAN], date, start_date, end_date)
    if date is not None:
        start_date = end_date = _day(date)
    first, last = since(start_date, "start_date"), until(end_date, "end_date")
    if first is not None and last is not None and first > last:
        message = f"start_date {shown(start_date)} is after end_date {shown(end_date)}."
        raise QueryError(message, column="start_date", hint="Swap them.")
    began = scope[_BEGAN]
    return all_of(_bounded(began, "gte", first), _bounded(began, "lte", last))


def _day(value: Any) -> Any:
    if isinstance(when := whole_day(moment(value, "date")), datetime):
        message = f"{shown(value)} is a time, and date is a whole day."
        hint = f"Say date={when.date().isoformat()!r}, or start_date and end_date for times."
        raise QueryError(message, column="date", hint=hint)
    return when


def _bounded(field: Field, lookup: str, limit: datetime | None) -> Where:
    return EVERY if limit is None else Condition(field, lookup, limit)


def _where(where: Any, scope: Scope, reads: Mapping[str, Read]) -> Where:
    if where is None:
        return EVERY
    if isinstance(where, str):
        where = parse(where)
    if not isinstance(where, Q):
        message = f"where is {shown(where)}, of type {type(where).__name__}."
        hint = 'Give one Q, such as Q(snr__gte=1.5) & Q(quality="good"), or its text form.'
        raise QueryError(message, hint=hint)
    try:
        return bind(where, scope)
    except QueryError as error:
        owners = [name for name, read in reads.items() if error.column in read.table.dtypes()]
        lacking = [name for name, form in core_tables().items() if error.column in form.dtypes()]
        if owners and error.column not in scope:
            error.hint = f"It is a column of {' and '.join(owners)}: get those, and give their ids."
        elif lacking and error.column not in scope:
            error.hint = f"It is a column of {' and '.join(lacking)}, which this source does not have."
        raise


def _joined(join: Any, read: Read, reads: Mapping[str, Read]) -> tuple[str, ...]:
    """Return the tables to join, the nearest first, whatever their order was."""
    if join is None:
        return ()
    known = _joinable(read, reads)
    names = _listed(join)
    for name in names:
        if not isinstance(name, str) or name not in known:
            is_core = isinstance(name, str) and name in core_tables()
            what = "this source has no table of that name" if is_core else "there is no such table above"
            message = f"join names {shown(name)}, and {what}."
            raise QueryError(message, hint=_way_to(name, known))
    order = nearest_first(reads[name].table for name in dict.fromkeys(names))
    return tuple(form.table_name() for form in order)


def _way_to(name: Any, known: Iterable[str]) -> str:
    """Return what to say to who gave a wrong name, or several as one text."""
    if isinstance(name, str) and "," in name:
        return f"Give a list: {shown([one.strip() for one in name.split(',')])}."
    return nearest(name if isinstance(name, str) else "", known)


def _joinable(read: Read, reads: Mapping[str, Read]) -> list[str]:
    """Return the tables whose id the rows of a table carry."""
    own, carried = read.table, read.table.dtypes()
    return [name for name, one in reads.items() if one.table is not own and one.table.key_name() in carried]


def _on_request(read: Read, joined: Iterable[str], reads: Mapping[str, Read]) -> set[str]:
    """Return the columns, of the table and of those that are joined to it, that have to be asked for."""
    return set().union(read.on_request, *(reads[name].on_request for name in joined))


def _columns(columns: Any, form: type[Table], scope: Scope, on_request: set[str]) -> tuple[str, ...] | None:
    if columns is None and on_request:
        return tuple(name for name in form.dtypes() if name not in {form.key_name(), *on_request})
    if columns is None or (isinstance(columns, str) and columns == EVERY_COLUMN):
        return None
    names = [_own(name, "columns", form, scope) for name in _listed(columns)]
    # The key is the index, whether or not it is named.
    return tuple(name for name in dict.fromkeys(names) if name != form.key_name())


def _order(order_by: Any, form: type[Table], scope: Scope) -> tuple[Order, ...]:
    if order_by is None:
        return ()
    found: dict[str, Order] = {}
    for said in _listed(order_by):
        descending = isinstance(said, str) and said.startswith("-")
        name = _own(said[1:] if descending else said, "order_by", form, scope)
        if fields_of(form)[name].kind in ("json", "texts"):
            message = f"{name} holds JSON or lists, which have no order."
            raise QueryError(message, column=name, hint="Order by another column.")
        if name in found:
            message = f"order_by names {name!r} twice."
            raise QueryError(message, column=name, hint="Name it once.")
        found[name] = Order(name, descending)
    return tuple(found.values())


def _listed(names: Any) -> list[Any]:
    try:
        # A set has no order, and what a dict says of its keys would be lost.
        return [names] if isinstance(names, str | dict | set | frozenset) else list(names)
    except TypeError:
        return [names]


def _own(name: Any, argument: str, form: type[Table], scope: Scope) -> str:
    """Return the name of a column of the table itself, or of one that is joined to it."""
    known = tuple(form.dtypes())
    if isinstance(name, str) and name in known:
        return name
    if isinstance(name, str) and name in scope:
        message = f"{argument} names {name!r}, a column of {scope[name].table}."
        hint = f"Say join={scope[name].table!r} too; a filter may name it as it is."
        raise QueryError(message, hint=hint)
    message = f"{argument} names {shown(name)}, which is no column."
    raise QueryError(message, hint=_way_to(name, known))


def _limit(limit: Any) -> int | None:
    if limit is None:
        return None
    is_number = isinstance(limit, int | np.integer) and not isinstance(limit, bool | np.timedelta64)
    if not is_number or limit < 0:
        message = f"limit is {shown(limit)}."
        raise QueryError(message, hint="Give a whole number, 0 or more.")
    return int(limit)


def _switched(name: str, value: Any) -> set[str]:
    if not isinstance(value, bool):
        message = f"{name} is {value!r}."
        raise QueryError(message, hint="Say True or False.")
    return {name} if value else set()
