"""One transaction of a Postgres, asked as if it were all of it."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    import adbc_driver_postgresql.dbapi as adbc
    import pyarrow as pa
    from sqlalchemy import Select

    from sessionframes.transports.postgres import PostgresTransport


class PostgresView:
    """Fetches of one transaction, one after the other, which all see the same state of the database."""

    def __init__(self, transport: PostgresTransport, connection: adbc.Connection) -> None:
        self._transport = transport
        self._connection = connection
        self.address = transport.address

    def fetch(self, statement: Select[Any]) -> Iterator[pa.RecordBatch]:
        """Yield the rows of a statement as Arrow record batches, as the transport does."""
        sql = self._transport._quoted(statement)  # noqa: SLF001  one room
        try:
            yield from self._transport._read(self._connection, sql, keep=False)  # noqa: SLF001  one room
        except Exception as error:
            raise self._transport._translated(error, statement) from error  # noqa: SLF001  one room

    def render(self, statement: Select[Any]) -> str:
        """Return a statement as people can read it."""
        return self._transport.render(statement)

    @contextmanager
    def consistent(self) -> Iterator[PostgresView]:
        """Give this itself: it is one state already."""
        yield self

    def close(self) -> None:
        """Do nothing: the transaction ends where it was begun."""
