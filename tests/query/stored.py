"""A table twice: in Postgres, its columns in types that differ from table to table, and as a frame has it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime, time
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import psycopg
import pyarrow as pa
import sqlalchemy as sa

from sessionframes.query.evaluate import evaluate
from sessionframes.query.where import Field
from sessionframes.sources.lims.where import compiled, divided
from sessionframes.transports.postgres import PostgresTransport, connection_string

if TYPE_CHECKING:
    from collections.abc import Callable

KEY = "unit_id"
FIRST, LAST = datetime(1, 1, 1, tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


def _as_is(value):
    return value


@dataclass(frozen=True)
class Store:
    """One way to keep a column in Postgres: a type, what of our values it holds, and how it is given them."""

    type: str
    holds: Callable[[Any], bool] | None = None
    given: Callable[[Any], Any] = _as_is


@dataclass(frozen=True)
class Column:
    """A column as filters see it, its pandas dtype, and how Postgres may keep it."""

    field: Field
    dtype: Any
    stores: tuple[Store, ...]
    nullable: bool = True

    @property
    def kind(self):
        return self.field.kind


def _is_within(bits, value):
    return -(2 ** (bits - 1)) <= value < 2 ** (bits - 1)


def _is_single(value):
    with np.errstate(over="ignore"):
        return math.isnan(value) or float(np.float32(value)) == value


def _is_midnight(value):
    return value.timetz() == time(tzinfo=UTC)


def _unbounded(value):
    return {FIRST: "-infinity", LAST: "infinity"}.get(value, value)


WHOLE = (
    Store("bigint"),
    Store("integer", partial(_is_within, 32)),
    Store("smallint", partial(_is_within, 16)),
)
FLAGS = (Store("boolean"), Store("integer", given=int))
#: What knows letters and sorts them as people do, the best first; a server has those of its making.
COLLATIONS = ["en-US-x-icu", "en_US.utf8", "pg_unicode_fast", "C.utf8", "C"]
WORDS = (
    Store("text"),
    Store("varchar"),
    Store('text collate "{people}"'),
    Store('varchar collate "{people}"'),
)
INSTANTS = (
    Store("timestamptz"),
    Store("timestamptz", given=_unbounded),
    Store("timestamp"),
    Store("timestamp", given=_unbounded),
    Store("date", _is_midnight),
)
_UTC = pd.DatetimeTZDtype("us", "UTC")

COLUMNS = {
    column.field.name: column
    for column in (
        Column(Field(KEY, "integer", "units", "int64"), "int64", WHOLE[:2], nullable=False),
        Column(Field("probe_id", "integer", "units", "int64"), "Int64", WHOLE),
        Column(Field("rig_id", "text", "units", "str"), "str", WORDS),
        Column(Field("layer", "integer", "units"), "Int64", (*WHOLE, Store("numeric"))),
        Column(Field("spikes", "integer", "units"), "int64", WHOLE, nullable=False),
        Column(
            Field("snr", "number", "units"),
            "float64",
            (Store("double precision"), Store("real", _is_single), Store("numeric")),
        ),
        Column(Field("good", "flag", "units"), "boolean", FLAGS),
        Column(Field("known", "flag", "units"), "bool", FLAGS, nullable=False),
        Column(Field("label", "text", "units"), "str", WORDS),
        Column(Field("began", "instant", "units"), _UTC, INSTANTS),
        Column(
            Field("qc", "json", "units"),
            "str",
            (Store("jsonb"), Store("json"), Store("text"), Store("varchar")),
        ),
        # Only frames have lists of text; Postgres leaves them to us.
        Column(Field("tags", "texts", "units"), pd.ArrowDtype(pa.list_(pa.large_string())), ()),
    )
}
SCOPE = {name: column.field for name, column in COLUMNS.items()}
IN_POSTGRES = tuple(name for name, column in COLUMNS.items() if column.stores)


@dataclass(frozen=True)
class Table:
    """Rows, their columns, and how Postgres keeps each of those."""

    names: tuple[str, ...]
    rows: list[dict[str, Any]]
    stores: dict[str, Store]

    def own(self, name):
        """The values that a column has, nulls and NaN aside."""
        found = (row[name] for row in self.rows)
        return [value for value in found if value is not None and value == value]

    @property
    def keys(self):
        return {row[KEY] for row in self.rows}

    @property
    def frame(self):
        """The columns as a frame has them."""
        return {
            name: pd.Series([row[name] for row in self.rows], dtype=COLUMNS[name].dtype)
            for name in self.names
        }


def kept_in_frame(wheres, table):
    """The keys of the rows that fulfil each filter, by the evaluator."""
    frame, keys = table.frame, np.array([row[KEY] for row in table.rows], dtype=np.int64)
    return [set(keys[evaluate(where, frame, len(keys))].tolist()) for where in wheres]


class Postgres:
    """A database with one table, which has each column in every type that may keep it."""

    def __init__(self, url):
        self._writer = psycopg.connect(url, autocommit=True)
        self._writer.execute("set synchronous_commit to off")
        self._writer.execute("set timezone to 'UTC'")
        people = self._writer.execute(
            "select collname from pg_collation where collname = any(%(names)s::text[])"
            " order by array_position(%(names)s::text[], collname::text) limit 1",
            {"names": COLLATIONS},
        ).fetchone()[0]
        self._filled = None
        self._transport = PostgresTransport(connection_string({"url": url}), source="lims")
        self._places = {
            (name, store): f"{name}_{index}"
            for name in IN_POSTGRES
            for index, store in enumerate(COLUMNS[name].stores)
        }
        types = ", ".join(
            f"{place} {store.type.format(people=people)}" for (_, store), place in self._places.items()
        )
        self._writer.execute(f"create unlogged table kept ({types})")
        self._table = sa.table("kept", *map(sa.column, self._places.values()))

    def _fill(self, table):
        places = ", ".join(self._places[item] for item in table.stores.items())
        with self._writer.transaction(), self._writer.cursor() as cursor:
            cursor.execute("delete from kept")
            with cursor.copy(f"copy kept ({places}) from stdin") as copy:
                for row in table.rows:
                    given = ((row[name], store.given) for name, store in table.stores.items())
                    copy.write_row([None if value is None else give(value) for value, give in given])

    def _columns(self, table):
        return {name: self._table.c[self._places[name, store]] for name, store in table.stores.items()}

    def kept(self, wheres, table):
        """The keys of the rows that fulfil each filter, all asked in one statement."""
        columns = self._columns(table)
        statements = [
            sa.select(sa.literal(number, sa.BigInteger()), sa.cast(columns[KEY], sa.BigInteger())).where(
                compiled(where, columns)
            )
            for number, where in enumerate(wheres)
        ]
        if table is not self._filled:
            self._fill(table)
            self._filled = table
        found = [set() for _ in wheres]
        for page in self._transport.fetch(sa.union_all(*statements)):
            for number, key in zip(*(column.to_pylist() for column in page.columns), strict=True):
                found[number].add(key)
        return found

    def sql(self, where, table):
        """One filter as the server gets it."""
        columns = self._columns(table)
        return self._transport.render(sa.select(columns[KEY]).where(compiled(where, columns)))

    def kept_with_help(self, wheres, table):
        """The same as a source does it: Postgres what it can, the evaluator the rest."""
        columns = self._columns(table)
        ours, rest = zip(*(divided(where, columns) for where in wheres), strict=True)
        pairs = zip(self.kept(ours, table), kept_in_frame(rest, table), strict=True)
        return [pushed & residual for pushed, residual in pairs]

    def close(self):
        self._transport.close()
        self._writer.close()
