"""Rows from Postgres: as they are, and when they are slow, stopped, killed, or changed meanwhile."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
import threading
import time
import uuid

import psycopg
import pytest
import sqlalchemy as sa

import sessionframes as sf
from sessionframes.demo.postgres import PostgresServer
from sessionframes.errors import QueryError, SourceError, SourceUnavailableError
from sessionframes.transports.postgres import connection_string
from tests.transports.statements import (
    ROWS,
    count_of,
    kill,
    numbers,
    only,
    opened,
    read,
    sleeping,
    slow_donors,
    until,
    wide,
)

INTERRUPTED = """
import sys, time
import sessionframes as sf

db = sf.connect("lims", url=sys.argv[1])
print("ready", flush=True)
try:
    db.get_sessions()
except KeyboardInterrupt:
    print("interrupted", time.time(), flush=True)
print("probes", len(db.get_probes()), flush=True)
"""


@pytest.fixture
def name():
    """By which the server knows the test's connections."""
    return f"t{uuid.uuid4().hex[:12]}"


@pytest.fixture
def watch(server_url):
    """Another connection, which sees and kills."""
    with psycopg.connect(server_url, autocommit=True) as connection:
        yield connection


@pytest.fixture
def busy(watch, name):
    """The process ids of the test's statements under way."""

    def pids():
        rows = watch.execute(
            # Not those by which drivers look up types when they connect.
            "select pid from pg_stat_activity where application_name = %s and state = 'active' "
            "and query ilike 'copy%%'",
            (name,),
        )
        return [pid for (pid,) in rows]

    return pids


@pytest.fixture
def transport(server_url, name):
    """A transport to a database without tables, since transports do not care who made them."""
    with opened(server_url, name) as made:
        yield made


@pytest.fixture
def own(own_lims_url, name):
    """A transport to a database that the test may change."""
    with opened(own_lims_url, name) as made:
        yield made


def test_a_value_that_postgres_cannot_hold(transport):
    for text in ("\x00", "a\x00b"):
        with pytest.raises(QueryError):
            list(transport.fetch(sa.select(sa.literal(text, sa.Text).label("n"))))
    assert read(transport.fetch(numbers(3))) == [1, 2, 3]


def test_types_that_arrow_does_not_know_come_as_told(transport):
    values = {
        "numeric": "1.5",
        "uuid": "6ba7b810-9dad-11d1-80b4-00c04fd430c8",
        "json": '{"a": 1}',
        "jsonb": '{"a": 1}',
    }
    statement = sa.select(
        *(sa.cast(sa.text(f"'{value}'::{kind}"), sa.Text).label(kind) for kind, value in values.items())
    )
    (batch,) = transport.fetch(statement)
    assert batch.to_pylist() == [values]


def test_no_rows_still_have_columns(transport):
    batches = list(transport.fetch(numbers().where(sa.false())))
    assert sum(batch.num_rows for batch in batches) == 0


def test_many_rows_come_in_pages(transport):
    pages = [batch.num_rows for batch in transport.fetch(wide(100_000))]
    assert len(pages) > 1
    assert sum(pages) == 100_000


def test_one_connection_serves_one_fetch_after_another(transport, watch, name):
    for _ in range(5):
        assert read(transport.fetch(numbers(3))) == [1, 2, 3]
    (connections,) = watch.execute(
        "select count(*) from pg_stat_activity where application_name = %s", (name,)
    ).fetchone()
    assert connections == 2  # with the one that quotes


def test_closing_lets_every_connection_go(server_url, name, watch):
    with opened(server_url, name) as made:
        list(made.fetch(numbers()))
        made.close()
    here = "select count(*) from pg_stat_activity where application_name = %s"
    until(lambda: watch.execute(here, (name,)).fetchone() == (0,))


def test_threads_do_not_meet(transport):
    found = {}

    def work(number):
        for _ in range(5):
            found.setdefault(number, []).append(read(transport.fetch(numbers(number))))

    threads = [threading.Thread(target=work, args=(number,)) for number in (1, 50, 3000)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {number: [list(range(1, number + 1))] * 5 for number in (1, 50, 3000)}


def test_two_threads_read_tables_at_once(lims):
    whole = {table: lims.get(table) for table in ("units", "channels")}
    found = {}
    threads = [
        threading.Thread(target=lambda table=table: found.update({table: lims.get(table, progress=False)}))
        for table in whole
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for table, frame in whole.items():
        assert found[table].equals(frame)


def test_fetches_within_each_other(transport):
    pairs = [
        (outer, inner)
        for page in transport.fetch(numbers(3))
        for outer in page["n"].to_pylist()
        for inner in read(transport.fetch(numbers(2)))
    ]
    assert pairs == [(1, 1), (1, 2), (2, 1), (2, 2), (3, 1), (3, 2)]


def test_a_statement_that_takes_too_long(server_url, name, busy):
    with opened(server_url, name, statement_timeout=0.2) as made:
        with pytest.raises(SourceUnavailableError, match="statement_timeout"):
            list(made.fetch(sleeping()))
        assert busy() == []
        assert read(made.fetch(numbers(2))) == [1, 2]


def test_the_option_statement_timeout(own_lims_url, change):
    slow_donors(change)
    with sf.connect("lims", url=own_lims_url, statement_timeout=0.2) as db:
        with pytest.raises(SourceUnavailableError, match="statement_timeout"):
            db.get_sessions()
        assert len(db.get_probes()) > 5


def test_a_backend_killed_mid_read(transport, watch, busy):
    pages = transport.fetch(wide())
    rows = next(pages).num_rows
    assert kill(watch, busy())
    rest = (page.num_rows for page in pages)
    with pytest.raises(SourceUnavailableError, match="ask again"):
        rows += sum(rest)
    assert rows < ROWS
    assert read(transport.fetch(numbers(2))) == [1, 2]


def test_a_backend_killed_before_the_first_row(own_lims_url, change, name, watch, busy):
    slow_donors(change)
    with sf.connect("lims", url=f"{own_lims_url}&application_name={name}") as db:
        killer = threading.Thread(target=lambda: until(lambda: kill(watch, busy())))
        killer.start()
        with pytest.raises(SourceUnavailableError):
            db.get_sessions()
        killer.join()
        assert len(db.get_probes()) > 5


def test_a_query_cancelled_by_somebody_else(transport, watch, busy):
    pages = transport.fetch(wide())
    next(pages)
    for pid in busy():
        watch.execute("select pg_cancel_backend(%s)", (pid,))
    with pytest.raises(SourceUnavailableError, match="cancelled"):
        list(pages)
    assert read(transport.fetch(numbers(2))) == [1, 2]


def test_idle_connections_that_died_are_replaced_unseen(transport, watch, name):
    list(transport.fetch(numbers()))
    rows = watch.execute("select pid from pg_stat_activity where application_name = %s", (name,)).fetchall()
    kill(watch, [pid for (pid,) in rows])
    until(
        lambda: (
            not watch.execute("select from pg_stat_activity where application_name = %s", (name,)).fetchall()
        )
    )
    assert read(transport.fetch(numbers(2))) == [1, 2]
    assert "postgres" in transport.address


def test_closing_an_iterator_early_cancels(transport, busy):
    pages = transport.fetch(wide())
    next(pages)
    assert busy()
    pages.close()
    until(lambda: not busy(), seconds=2)
    assert read(transport.fetch(numbers(2))) == [1, 2]


def test_forgetting_an_iterator_cancels(transport, busy):
    pages = transport.fetch(wide())
    next(pages)
    del pages
    gc.collect()
    until(lambda: not busy(), seconds=2)


def test_an_iterator_that_is_never_started_sends_nothing(transport, busy):
    transport.fetch(sleeping()).close()
    assert busy() == []


@pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot send Ctrl-C to one process alone")
def test_ctrl_c_stops_a_long_query_and_nothing_else(own_lims_url, change, name, busy):
    slow_donors(change)
    command = [sys.executable, "-c", INTERRUPTED, f"{own_lims_url}&application_name={name}"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
        assert child.stdout.readline() == "ready\n"
        until(busy)
        sent = time.time()
        child.send_signal(signal.SIGINT)
        output, errors = child.communicate(timeout=30)
    word, at = output.splitlines()[0].split()
    assert word == "interrupted"
    assert float(at) - sent < 2
    assert int(output.splitlines()[1].removeprefix("probes ")) > 5
    assert busy() == []
    assert child.returncode == 0
    assert errors == ""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_a_server_that_crashed_and_came_back(name):
    with PostgresServer.fresh() as server, opened(server.url, name) as transport:
        assert read(transport.fetch(numbers(2))) == [1, 2]
        with psycopg.connect(server.url) as victim:
            # The server then throws everybody out, and starts all over.
            os.kill(victim.info.backend_pid, signal.SIGKILL)
            until(lambda: is_closed(victim))
        until(lambda: answers(server.url), seconds=30)
        assert read(transport.fetch(numbers(2))) == [1, 2]
        assert read(transport.fetch(numbers(3))) == [1, 2, 3]


def is_closed(connection):
    try:
        connection.execute("select 1")
    except psycopg.OperationalError:
        return True
    return False


def answers(url):
    try:
        psycopg.connect(url, connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


@pytest.mark.skipif(sys.platform == "win32", reason="the socket is what goes away here")
def test_a_server_that_is_gone_for_good(name):
    with PostgresServer.fresh() as server, opened(server.url, name) as transport:
        assert read(transport.fetch(numbers(2))) == [1, 2]
        server.stop()
        with pytest.raises(SourceUnavailableError):
            list(transport.fetch(numbers(2)))


def test_a_view_sees_one_state_while_others_write(own, change):
    with own.consistent() as view:
        before = only(view.fetch(count_of("ages")))
        change("insert into ages (id, days) values (1, 2), (2, 3)", "delete from stimuli")
        assert only(view.fetch(count_of("ages"))) == before
        assert only(view.fetch(count_of("stimuli"))) > 0
        assert only(own.fetch(count_of("ages"))) == before + 2
        assert only(own.fetch(count_of("stimuli"))) == 0
    assert only(own.fetch(count_of("ages"))) == before + 2
    with own.consistent() as view:
        assert only(view.fetch(count_of("ages"))) == before + 2
    # Nothing is left open that would keep others from changing tables.
    change("set lock_timeout to '2s'; drop table ages cascade")


def test_a_view_lost_half_way_is_an_error_and_never_another_state(own, watch, busy):
    with own.consistent() as view:
        pages = view.fetch(wide())
        next(pages)
        kill(watch, busy())
        with pytest.raises(SourceUnavailableError):
            list(pages)
        with pytest.raises(SourceError):
            list(view.fetch(count_of("ages")))
    assert only(own.fetch(count_of("ages"))) > 0


def test_a_view_goes_on_after_a_page_was_not_wanted(own):
    with own.consistent() as view:
        pages = view.fetch(wide())
        next(pages)
        pages.close()
    assert only(own.fetch(count_of("ages"))) > 0


@pytest.mark.parametrize("options", ["", "-c default_transaction_read_only=off"])
def test_nothing_can_be_written(own_lims_url, change, options, name):
    change(
        "create function sneak() returns bigint language sql as "
        "'insert into genders (id, name) values (99, ''X'') returning id::bigint'"
    )
    with opened(own_lims_url, name, options=options) as made:
        with pytest.raises(SourceError, match="read-only"):
            list(made.fetch(sa.select(sa.func.sneak().label("n"))))
        with made.consistent() as view, pytest.raises(SourceError, match="read-only"):
            list(view.fetch(sa.select(sa.func.sneak().label("n"))))
        with pytest.raises(SourceError):
            list(made.fetch(sa.insert(sa.table("genders", sa.column("id"))).values(id=98)))
    conninfo = connection_string({"url": own_lims_url, "options": options})
    with psycopg.connect(conninfo) as connection, pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        connection.execute("insert into genders (id) values (97)")
    with psycopg.connect(own_lims_url) as connection:
        assert connection.execute("select count(*) from genders").fetchone() == (2,)


def test_every_connection_is_in_utc(lims_url, name):
    zone = sa.select(sa.func.current_setting("TimeZone").label("n"))
    with psycopg.connect(lims_url) as connection:
        assert connection.execute("show timezone").fetchone() != ("UTC",)
    with opened(lims_url, name) as made:
        assert read(made.fetch(zone)) == ["UTC"]
