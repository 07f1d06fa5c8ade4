"""Postgres when things go wrong: refused, gone, slow, interrupted, changed meanwhile."""

from __future__ import annotations

import contextlib
import gc
import logging
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
import traceback
import uuid

import psycopg
import pytest
import sqlalchemy as sa

import sessionframes as sf
from sessionframes.demo.postgres import PostgresServer
from sessionframes.errors import (
    AuthenticationError,
    ConfigError,
    QueryError,
    SessionFramesError,
    SourceError,
    SourceResponseError,
    SourceUnavailableError,
)
from sessionframes.transports.postgres import PostgresTransport, connection_string

PASSWORD = "s3cret/p@ss%w0rd"
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


def opened(url, name, **options):
    given = {"url": url, "application_name": name, **options}
    timeout = given.pop("statement_timeout", None)
    return contextlib.closing(
        PostgresTransport(connection_string(given, statement_timeout=timeout), source="lims")
    )


@pytest.fixture
def transport(lims_url, name):
    with opened(lims_url, name) as made:
        yield made


@pytest.fixture
def own(own_lims_url, name):
    """A transport to a database that the test may change."""
    with opened(own_lims_url, name) as made:
        yield made


@pytest.fixture
def role(own_lims_url, name):
    """Makes a role that may read everything; its name is the test's."""
    with psycopg.connect(own_lims_url, autocommit=True) as connection:
        connection.execute(f"create role {name} login")
        connection.execute(f"grant select on all tables in schema public to {name}")
        yield name
        connection.execute(f"drop owned by {name}")
        connection.execute(f"drop role {name}")


def as_user(url, user):
    return url.replace("postgres@", f"{user}@", 1)


# Not let in


def test_no_server_at_the_port():
    with pytest.raises(SourceUnavailableError, match=r"127\.0\.0\.1.*Check host and port"):
        sf.connect("lims", host="127.0.0.1", port=1, dbname="lims2", user="reader", password=PASSWORD)


def test_no_server_at_the_socket(tmp_path):
    with pytest.raises(SourceUnavailableError, match="Check host and port"):
        sf.connect("lims", host=str(tmp_path), dbname="lims2", user="reader")


def test_no_such_host():
    with pytest.raises(SourceUnavailableError, match="Check host and port"):
        sf.connect("lims", host="lims.invalid", dbname="lims2", user="reader")


def test_a_user_that_there_is_not(lims_url):
    with pytest.raises(AuthenticationError, match="nobody_here.*Check the user"):
        sf.connect("lims", url=as_user(lims_url, "nobody_here"))


def test_a_role_that_may_not_log_in(lims_url, role, watch):
    watch.execute(f"alter role {role} nologin")
    with pytest.raises(AuthenticationError, match=f"{role}.*Check the user"):
        sf.connect("lims", url=as_user(lims_url, role))


def test_a_database_that_there_is_not(server_url):
    with pytest.raises(ConfigError, match="nowhere.*dbname"):
        sf.connect("lims", url=server_url.replace("/postgres?", "/nowhere?"))


def test_a_database_that_the_user_may_not_enter(own_lims_url, role, watch):
    (database,) = psycopg.conninfo.conninfo_to_dict(own_lims_url)["dbname"].split()
    watch.execute(f"revoke connect on database {database} from public")
    with pytest.raises(AuthenticationError, match="permission denied"):
        sf.connect("lims", url=as_user(own_lims_url, role))


# Not what it should be


def test_a_missing_table_is_named_with_what_is_expected_of_it(own_lims_url, change):
    change(
        "alter table structures rename to areas",
        "alter table ecephys_channels drop column local_index cascade",
    )
    with sf.connect("lims", url=own_lims_url) as db:
        with pytest.raises(SourceResponseError) as caught:
            db.get_channels()
        said = str(caught.value)
        assert "table structures (expected with acronym, id)" in said
        assert "column local_index of ecephys_channels" in said
        assert "ddl.sql" in said
        assert len(db.get_sessions()) > 5


def test_an_empty_database_lacks_every_table(server_url):
    with sf.connect("lims", url=server_url) as db, pytest.raises(SourceResponseError) as caught:
        db.get_sessions()
    for table in ("ecephys_sessions", "specimens", "donors", "genders", "ages", "well_known_files"):
        assert f"table {table} (" in str(caught.value)


def test_a_column_of_a_type_that_cannot_be_meant(own_lims_url, change):
    change(
        "alter table ecephys_units alter column quality type text",
        "alter table ecephys_units alter column snr type text using 'high'",
    )
    with sf.connect("lims", url=own_lims_url) as db, pytest.raises(SourceResponseError, match="high"):
        db.get_units()


def test_a_table_that_the_user_may_not_read(own_lims_url, role, change):
    change(f"revoke select on donors from {role}")
    with sf.connect("lims", url=as_user(own_lims_url, role)) as db:
        with pytest.raises(AuthenticationError, match="donors.*SELECT"):
            db.get_sessions()
        assert len(db.get_probes()) > 5


def test_a_value_that_postgres_cannot_hold(transport):
    for text in ("\x00", "a\x00b"):
        with pytest.raises(QueryError):
            list(transport.fetch(sa.select(sa.literal(text, sa.Text).label("n"))))
    assert read(transport.fetch(numbers(3))) == [1, 2, 3]


# Reading


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


def test_closing_lets_every_connection_go(lims_url, name, watch):
    with opened(lims_url, name) as made:
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


# Too slow, stopped, killed


def test_a_statement_that_takes_too_long(lims_url, name, busy):
    with opened(lims_url, name, statement_timeout=0.2) as made:
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


def slow_donors(change):
    change(
        "alter table donors rename to donors_of_old",
        "create view donors as select d.* from donors_of_old d, pg_sleep(60)",
    )


def test_a_backend_killed_mid_read(transport, watch, busy):
    pages = transport.fetch(wide())
    rows = next(pages).num_rows
    assert kill(watch, busy())
    with pytest.raises(SourceUnavailableError, match="ask again"):
        for page in pages:
            rows += page.num_rows
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


def kill(watch, pids):
    for pid in pids:
        watch.execute("select pg_terminate_backend(%s)", (pid,))
    return bool(pids)


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


# One state, and nothing written


def test_a_view_sees_one_state_while_others_write(own, own_lims_url, change):
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


def test_every_connection_is_in_utc(transport):
    zone = sa.select(sa.func.current_setting("TimeZone").label("n"))
    assert read(transport.fetch(zone)) == ["UTC"]


# Secrets


def test_no_secret_is_told(lims_url, server_url, caplog, monkeypatch, tmp_path):
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv("LIMS_PASSWORD", PASSWORD)
    host = psycopg.conninfo.conninfo_to_dict(lims_url)
    parts = {"host": host["host"], "port": int(host["port"]), "dbname": host["dbname"], "user": host["user"]}
    said = []
    for changed in ({"port": 1}, {"user": "nobody_here"}, {"dbname": "nowhere"}, {"host": str(tmp_path)}):
        with pytest.raises(SessionFramesError) as caught:
            sf.connect("lims", **{**parts, **changed})
        said += [str(caught.value), repr(caught.value), pickle.dumps(caught.value).decode("latin-1")]
        said += traceback.format_exception(caught.value)
    with sf.connect("lims", **parts, password=PASSWORD) as db:
        said += [repr(db), db.transport.address, repr(vars(db)), db.transport.render(numbers())]
        said += [str(db.get_sessions().attrs)]
        with pytest.raises(QueryError) as refused:
            db.get_sessions("x")
        said.append(str(refused.value))
    with (
        sf.connect("lims", **{**parts, "dbname": "postgres"}) as db,
        pytest.raises(SourceResponseError) as missing,
    ):
        db.get_sessions()
    said += traceback.format_exception(missing.value)
    url = (
        f"postgresql://nobody_here:{PASSWORD.replace('/', '%2F').replace('@', '%40').replace('%w', '%25w')}@"
    )
    with pytest.raises(SessionFramesError) as caught:
        sf.connect(lims_url.replace("postgresql://postgres@", url))
    said += traceback.format_exception(caught.value)
    text = "\n".join([*said, caplog.text])
    assert "nobody_here" in text
    for secret in (PASSWORD, "s3cret", "p%40ss", "w0rd"):
        assert secret not in text


def test_an_address_that_cannot_be_read_is_not_quoted():
    for url in ("postgresql://reader:s3cr%zzet@host/db", "postgresql://reader:s3cret@host:port/db?no=1"):
        with pytest.raises(ConfigError) as caught:
            sf.connect(url)
        assert "s3cr" not in "".join(traceback.format_exception(caught.value))
