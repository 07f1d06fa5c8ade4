"""Rows from Postgres as Arrow record batches.

Three libraries share the work. SQLAlchemy builds the statement, psycopg quotes its values and keeps a
control connection, and ADBC carries the rows: its ``COPY (FORMAT binary)`` straight into Arrow is about
six times as fast as rows through a cursor, but only for a statement without parameters, hence the quoting.

Every connection is read-only, in UTC, and sees one state of the database per transaction.
"""

from __future__ import annotations

import os
import threading
from contextlib import contextmanager
from queue import Empty, Full, Queue
from typing import TYPE_CHECKING, Any

from sessionframes.config import Secret
from sessionframes.errors import QueryError, SessionFramesError, SourceUnavailableError
from sessionframes.transports import postgres_errors
from sessionframes.transports.postgres_view import PostgresView

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import adbc_driver_postgresql.dbapi as adbc
    import psycopg
    import pyarrow as pa
    from sqlalchemy import Select

    from sessionframes.errors import SourceError

_PREFETCHED_BATCHES = 4
#: How long a statement that is given up may take to be cancelled (s).
_LETTING_GO = 2.0
#: What libpq is told unless the caller knows better; a server that has vanished is noticed within a minute or
#: two, not after hours.
_DEFAULTS = {
    "application_name": "sessionframes",
    "connect_timeout": "10",
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "keepalives_count": "3",
    "tcp_user_timeout": "60000",
}
#: With Postgres's own 4 MB the joins of whole tables spill to disk, a fifth of the time of a call.
_WORK_MEM = "64MB"
#: Longer than this (characters), what lays out SQL takes its time.
_LONGEST_LAID_OUT = 50_000
#: How often a wait looks up, so that Ctrl-C is noticed everywhere (s).
_BEAT = 0.1


def connection_string(options: Mapping[str, Any], *, statement_timeout: float | None = None) -> str:
    """Return the libpq connection string for `options`, which libpq understands and we complete.

    Parameters
    ----------
    options : mapping
        libpq's own keywords (``host``, ``port``, ``user``, ``password``, ``dbname``, ``sslmode`` ...), or
        ``url`` with a ``postgresql://`` address, or both.
    statement_timeout : float, optional
        Longest that one statement may run on the server, in s; None leaves it to the server.

    Raises
    ------
    sessionframes.errors.ConfigError
        The address is not one that libpq can read.
    """
    import psycopg
    from psycopg.conninfo import conninfo_to_dict, make_conninfo

    if _has_stray_at(options.get("url")) or "@" in str(options.get("host")):
        raise postgres_errors.unreadable_address()
    given = {name: value for name, value in options.items() if name != "url" and value is not None}
    url = options.get("url")
    try:
        # SQLAlchemy users write postgresql+psycopg2://, which libpq does not know.
        parts = conninfo_to_dict(_without_driver(url) if url else "", **given)
    except psycopg.ProgrammingError:
        raise postgres_errors.unreadable_address() from None
    settings = {
        "timezone": "UTC",
        "default_transaction_read_only": "on",
        "default_transaction_isolation": r"repeatable\ read",
    }
    if statement_timeout is not None:
        settings["statement_timeout"] = f"{statement_timeout * 1000:.0f}"
    own = " ".join(f"-c {name}={value}" for name, value in settings.items())
    # Of the same setting the last counts: the caller's word on memory, ours on what the answers rest on.
    parts["options"] = " ".join(
        filter(None, [f"-c work_mem={_WORK_MEM}", str(parts.get("options") or ""), own])
    )
    for name, value in _DEFAULTS.items():
        parts.setdefault(name, value)
    return make_conninfo("", **parts)


def _has_stray_at(url: str | None) -> bool:
    # libpq would take what follows the first for a host, and show that part of the password in its messages.
    return (url or "").partition("?")[0].count("@") > 1


def _without_driver(url: str) -> str:
    scheme, separator, rest = url.partition("://")
    return f"{scheme.partition('+')[0]}{separator}{rest}"


class PostgresTransport:
    """Fetches the rows of SQL statements; one connection per fetch under way, reused when it is done.

    It may be used from several threads at once.

    Parameters
    ----------
    conninfo : str
        From :func:`connection_string`.
    source : str
        Whose transport this is, for messages.
    address : str, optional
        What to call the place in provenance; its URL without the password if not given.

    Raises
    ------
    sessionframes.errors.SourceUnavailableError
        No server answers there.
    sessionframes.errors.AuthenticationError
        The server refuses the user.
    sessionframes.errors.ConfigError
        The server has no such database.
    """

    def __init__(self, conninfo: str, *, source: str, address: str | None = None) -> None:
        # Wrapped, since tools that print the variables of a frame in a traceback print this one too.
        self._conninfo = Secret(conninfo)
        self._source = source
        self._lock = threading.Lock()
        self._idle: list[adbc.Connection] = []
        self._lost: list[object] = []
        self._closed = False
        self._owner = os.getpid()
        self._control = self._connect_control()
        info = self._control.info
        #: Where the rows come from, without the password.
        self.address = address or f"postgresql://{info.user}@{info.host}:{info.port}/{info.dbname}"

    def render(self, statement: Select[Any]) -> str:
        """Return the SQL text of a statement, laid out for people unless it is very long.

        Raises
        ------
        sessionframes.errors.QueryError
            A value that Postgres cannot hold.
        """
        import sqlparse

        sql = self._quoted(statement)
        if len(sql) > _LONGEST_LAID_OUT:
            return sql
        try:
            laid_out: str = sqlparse.format(sql, reindent=True)
        except sqlparse.exceptions.SQLParseError:  # it guards itself against long statements too
            return sql
        return laid_out

    def _quoted(self, statement: Select[Any]) -> str:
        import psycopg
        from sqlalchemy.dialects import postgresql

        self.check_open()
        self._leave_parent()
        dialect = postgresql.psycopg.dialect()  # type: ignore[no-untyped-call]  # sqlalchemy leaves it untyped
        compiled = statement.compile(dialect=dialect)
        with self._lock:
            cursor = psycopg.ClientCursor(self._control)
            try:
                return cursor.mogrify(str(compiled), compiled.params)
            except (psycopg.DataError, psycopg.ProgrammingError, UnicodeEncodeError) as error:
                message = f"a value cannot be sent to Postgres: {error}."
                raise QueryError(message, source=self._source) from error

    def fetch(self, statement: Select[Any]) -> Iterator[pa.RecordBatch]:
        """Yield the rows of a statement as Arrow record batches, read ahead by a few.

        Ctrl-C, or closing the iterator, cancels the statement on the server.

        Raises
        ------
        sessionframes.errors.SourceError
            One of its kinds, by what the server said.
        """
        sql = self._quoted(statement)
        with self._lock:
            reused = bool(self._idle)
            connection = self._idle.pop() if self._idle else None
        started = False
        try:
            for batch in self._read(connection or self._connect(), sql, keep=True):
                started = True
                yield batch
        except SessionFramesError:
            raise
        except Exception as error:
            # An idle connection may have died with a server that has been restarted since.
            if not (reused and not started and postgres_errors.is_lost_connection(error)):
                raise self._translated(error, statement) from error
        else:
            return
        try:
            self._drop_idle()
            yield from self._read(self._connect(), sql, keep=True)
        except SessionFramesError:
            raise
        except Exception as error:
            raise self._translated(error, statement) from error

    @contextmanager
    def consistent(self) -> Iterator[PostgresView]:
        """Give a view whose fetches all see the database as it was at the first of them."""
        self.check_open()
        self._leave_parent()
        connection = self._connect()
        connection.adbc_connection.set_autocommit(False)
        try:
            yield PostgresView(self, connection)
        finally:
            self._close(connection)

    def close(self) -> None:
        """Close every connection, those of fetches under way when they end; a second call does nothing."""
        with self._lock:
            self._closed = True
        self._drop_idle()
        self._control.close()

    def check_open(self) -> None:
        """Raise a :class:`~sessionframes.errors.SourceUnavailableError` if this has been closed."""
        if self._closed:
            message = "this connection has been closed."
            raise SourceUnavailableError(message, source=self._source, hint="Connect again.")

    def _connect_control(self) -> psycopg.Connection[Any]:
        import psycopg

        try:
            return psycopg.connect(self._conninfo.reveal(), autocommit=True)
        except psycopg.OperationalError as error:
            raise postgres_errors.on_connecting(error, self._source) from error

    def _connect(self) -> adbc.Connection:
        import adbc_driver_postgresql.dbapi as adbc

        try:
            return adbc.connect(self._conninfo.reveal(), autocommit=True)
        except adbc.Error as error:
            raise postgres_errors.on_connecting(error, self._source) from error

    def _drop_idle(self) -> None:
        with self._lock:
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    def _read(self, connection: adbc.Connection, sql: str, *, keep: bool) -> Iterator[pa.RecordBatch]:
        reading = None
        try:
            reading = _Reading(connection, sql)
            yield from reading
        except BaseException:
            # An interrupt may come when the statement runs and has no name here yet.
            if reading is None or not reading.abort():
                self._lost.append(connection)
            if keep:
                self._close(connection)
            raise
        if keep:
            with self._lock:
                closed = self._closed
                if not closed:
                    self._idle.append(connection)
            if closed:
                self._close(connection)

    def _close(self, connection: adbc.Connection) -> None:
        # One that a thread is still in, because its server is gone, would take this thread with it.
        if not any(connection is lost for lost in self._lost):
            connection.close()

    def _leave_parent(self) -> None:
        """Connect anew in a forked child, which must not talk on its parent's sockets."""
        if os.getpid() == self._owner:
            return
        self._owner = os.getpid()
        self._lock = threading.Lock()
        # Kept, not closed: closing would end the parent's sessions.
        self._lost += [self._control, *self._idle]
        self._idle = []
        self._control = self._connect_control()

    def _translated(self, error: Exception, statement: Select[Any]) -> SourceError:
        if not postgres_errors.is_missing_relation(error):
            return postgres_errors.on_reading(error, self._source)
        return postgres_errors.on_missing_relation(error, statement, self._conninfo.reveal(), self._source)


class _Reading:
    """One statement, read by a thread of its own.

    The thread is what makes Ctrl-C clean: in the main thread ADBC puts its own handler in place of
    Python's and turns the interrupt into an OperationalError that looks like any other cancel.
    """

    def __init__(self, connection: adbc.Connection, sql: str) -> None:
        self._cursor = connection.cursor()
        self._sql = sql
        self._pages: Queue[pa.RecordBatch | BaseException | None] = Queue(_PREFETCHED_BATCHES)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sessionframes-postgres", daemon=True)
        self._thread.start()

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        while True:
            try:
                page = self._pages.get(timeout=_BEAT)
            except Empty:
                continue
            if isinstance(page, BaseException):
                self._finish()
                raise page
            if page is None:
                self._finish()
                return
            yield page

    def abort(self) -> bool:
        """Cancel the statement on the server, and tell whether the thread is out of the connection."""
        self._stop.set()
        # Cancelling blocks too when the server, or the way to it, is gone.
        cancelling = threading.Thread(target=self._cancel, name="sessionframes-cancel", daemon=True)
        cancelling.start()
        self._thread.join(_LETTING_GO)
        cancelling.join(_LETTING_GO)
        if self._thread.is_alive() or cancelling.is_alive():
            return False
        self._finish()
        return True

    def _cancel(self) -> None:
        while self._thread.is_alive():
            # Asked again on each beat: a cancel that arrives before the statement does is lost.
            self._cursor.adbc_cancel()
            self._thread.join(_BEAT)

    def _finish(self) -> None:
        self._thread.join()
        self._cursor.close()

    def _run(self) -> None:
        try:
            self._cursor.execute(self._sql)
            for batch in _batches(self._cursor):
                if not self._put(batch):
                    return
            self._put(None)
        except BaseException as error:  # noqa: BLE001  it is raised again in the thread that waits
            self._put(error)

    def _put(self, page: pa.RecordBatch | BaseException | None) -> bool:
        while not self._stop.is_set():
            try:
                self._pages.put(page, timeout=_BEAT)
            except Full:
                continue
            return True
        return False


def _batches(cursor: adbc.Cursor) -> Iterator[pa.RecordBatch]:
    # cursor.fetch_record_batch() would turn what the server says half-way into an OSError without its
    # SQLSTATE (apache/arrow-adbc#1523); the reader that ADBC itself uses for whole tables keeps it.
    from adbc_driver_manager import _reader

    stream = cursor.fetch_arrow()
    yield from _reader.AdbcRecordBatchReader._import_from_c(stream.address)  # noqa: SLF001
