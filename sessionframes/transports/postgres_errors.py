"""What Postgres says when it cannot answer, in the words of our error tree."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from sessionframes.config import mask
from sessionframes.errors import (
    AuthenticationError,
    ConfigError,
    SourceError,
    SourceResponseError,
    SourceUnavailableError,
)

if TYPE_CHECKING:
    import psycopg
    from sqlalchemy import Select

_NO_SUCH_TABLE, _NO_SUCH_COLUMN = "42P01", "42703"
_NOT_ALLOWED = "42501"
_CANCELLED = "57014"
# Refused before a session exists, so libpq has no SQLSTATE for these and their text must do.
_REFUSED = re.compile(
    r"authentication failed|no password supplied|role .* does not exist|no pg_hba\.conf entry"
    r"|is not permitted to log in|permission denied for database",
    re.IGNORECASE,
)
_LONGEST_TEXT = 500
#: What ADBC and libpq put before the words of the server.
_PREFIX = re.compile(r"^[A-Z_]+: .*?(?:ERROR|FATAL): +")
#: Said by libpq of its own options, before it has talked to anybody.
_MALFORMED = re.compile(
    r"invalid (?:integer value|\w+ value|port number|connection option)|servname not supported", re.IGNORECASE
)
_NO_DATABASE = re.compile(r"database .* does not exist", re.IGNORECASE)


def unreadable_address() -> ConfigError:
    """Return the error for an address that libpq cannot read; libpq's own words may quote the password."""
    return ConfigError(
        "the url, or an option beside it, is nothing that libpq can read.",
        hint="Write postgresql://USER@HOST:PORT/DATABASE, with %-escapes in the password.",
    )


def on_connecting(error: Exception, source: str) -> SourceError | ConfigError:
    """Return our error for a connection that did not come about."""
    text = _text(error)
    if _REFUSED.search(text):
        return AuthenticationError(
            f"the server refused: {text}", source=source, hint="Check the user and the password."
        )
    if _MALFORMED.search(text):
        return ConfigError(f"an option is malformed: {text}", source=source)
    if _NO_DATABASE.search(text):
        return ConfigError(f"wrong dbname: {text}", source=source, hint="Check the option 'dbname'.")
    return SourceUnavailableError(
        f"no connection: {text}",
        source=source,
        hint="Check host and port, and that you are on the network from which the server can be reached.",
    )


def on_reading(error: Exception, source: str) -> SourceError:
    """Return our error for a statement that failed."""
    text, state = _text(error), _state(error)
    if state == _NOT_ALLOWED:
        return AuthenticationError(
            f"not allowed: {text}", source=source, hint="Ask for the right to SELECT from it."
        )
    if state == _CANCELLED:
        return SourceUnavailableError(
            f"the server cancelled the query: {text}",
            source=source,
            hint="Ask for less at once, or connect with a larger statement_timeout (s).",
        )
    if is_lost_connection(error):
        return SourceUnavailableError(
            f"the connection was lost half-way: {text}", source=source, hint="Nothing was kept; ask again."
        )
    return SourceResponseError(f"the server could not answer: {text}", source=source)


def is_lost_connection(error: Exception) -> bool:
    """Tell whether the server went away, or had no room for us, rather than disliked the statement."""
    state = _state(error)
    if state is None:
        import adbc_driver_manager

        return isinstance(error, adbc_driver_manager.OperationalError)
    # 57P0x: shut down or killed; 08: connection; 53: out of connections, memory or disk; 40: in the way of
    # replication or of others; 25P03: idle for too long in a transaction.
    return state.startswith(("57P", "08", "53", "40", "25P03"))


def is_missing_relation(error: Exception) -> bool:
    """Tell whether the statement named a table or column that the database does not have."""
    return _state(error) in {_NO_SUCH_TABLE, _NO_SUCH_COLUMN}


def on_missing_relation(error: Exception, statement: Select[Any], conninfo: str, source: str) -> SourceError:
    """Return the error that lists every table and column the statement relies on and the database lacks.

    Parameters
    ----------
    error : Exception
        What the database said.
    statement : Select
        What it was asked.
    conninfo : str
        Where to look what there is.
    source : str
        The source's name, for the message.
    """
    import psycopg

    try:
        with psycopg.connect(conninfo, autocommit=True) as connection:
            missing = _missing(statement, _columns_there(connection))
    except psycopg.Error:
        missing = []
    said = f"{'; '.join(missing)}." if missing else _text(error)
    return SourceResponseError(
        f"the database lacks what we read: {said}",
        source=source,
        hint=f"schemas/sources/{source}/ddl.sql lists what is expected. Is this the right database?",
    )


def _columns_there(connection: psycopg.Connection[Any]) -> dict[str, set[str]]:
    rows = connection.execute(
        "select c.relname, a.attname from pg_class c join pg_attribute a on a.attrelid = c.oid "
        "where pg_table_is_visible(c.oid) and a.attnum > 0 and not a.attisdropped"
    ).fetchall()
    there: dict[str, set[str]] = {}
    for table, name in rows:
        there.setdefault(table, set()).add(name)
    return there


def _missing(statement: Select[Any], there: dict[str, set[str]]) -> list[str]:
    from sqlalchemy import Column, Table
    from sqlalchemy.sql import visitors

    used: dict[str, set[str]] = {}
    for element in visitors.iterate(statement):
        if isinstance(element, Column) and isinstance(element.table, Table):
            used.setdefault(element.table.name, set()).add(element.name)
    said = []
    for table, names in sorted(used.items()):
        if table not in there:
            said.append(f"table {table} (expected with {', '.join(sorted(names))})")
        elif names - there[table]:
            said.append(f"column {', '.join(sorted(names - there[table]))} of {table}")
    return said


def _state(error: Exception) -> str | None:
    state = getattr(error, "sqlstate", None)
    return state or None


def _text(error: Exception) -> str:
    # ADBC repeats the whole statement, which may hold half a million ids.
    said = mask(" ".join(str(error).partition("Query was:")[0].split()))
    said = _PREFIX.sub("", said)[:_LONGEST_TEXT].rstrip(". ")
    return said if said.endswith("?") else f"{said}."
