"""Statements for Postgres tests, long and short, and what kills them."""

from __future__ import annotations

import contextlib
import time

import sqlalchemy as sa

from sessionframes.transports.postgres import PostgresTransport, connection_string

ROWS = 1_000_000


def numbers(rows=10):
    """A statement of so many rows."""
    series = sa.func.generate_series(1, rows).table_valued("n").render_derived()
    return sa.select(sa.cast(series.c.n, sa.BigInteger).label("n"))


def wide(rows=ROWS):
    """A statement of a gigabyte, so that its server is busy for as long as nobody reads."""
    series = sa.func.generate_series(1, rows).table_valued("n").render_derived()
    return sa.select(sa.cast(series.c.n, sa.BigInteger).label("n"), sa.func.repeat("x", 1000).label("text"))


def sleeping(seconds=60):
    return sa.select(sa.cast(sa.cast(sa.func.pg_sleep(seconds), sa.Text), sa.Text).label("slept"))


def count_of(table):
    return sa.select(sa.func.count().label("n")).select_from(sa.text(table))


def only(batches):
    ((value,),) = [row.values() for batch in batches for row in batch.to_pylist()]
    return value


def read(batches):
    return [row["n"] for batch in batches for row in batch.to_pylist()]


def until(condition, seconds=10):
    """Wait for a condition of the outside world, which nothing announces."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never came to pass"
        time.sleep(0.01)


def opened(url, name, **options):
    given = {"url": url, "application_name": name, **options}
    timeout = given.pop("statement_timeout", None)
    return contextlib.closing(
        PostgresTransport(connection_string(given, statement_timeout=timeout), source="lims")
    )


def kill(watch, pids):
    for pid in pids:
        watch.execute("select pg_terminate_backend(%s)", (pid,))
    return bool(pids)


def slow_donors(change):
    change(
        "alter table donors rename to donors_of_old",
        "create view donors as select d.* from donors_of_old d, pg_sleep(60)",
    )
