"""The demo world as a LIMS: loading it into Postgres, what is odd in it, and what its files hold."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from sessionframes.config import mask
from sessionframes.demo import lims_rows
from sessionframes.errors import SourceError, SourceUnavailableError
from sessionframes.sources.lims import schema

if TYPE_CHECKING:
    from collections.abc import Iterator

    import psycopg
    import pyarrow as pa
    from sqlalchemy.schema import ExecutableDDLElement

    from sessionframes.demo.world import World


def load(url: str, world: World, *, progress: bool = True, ddl: str | None = None) -> None:
    """Create the tables of LIMS in an empty database and fill them, all in one transaction.

    Parameters
    ----------
    url : str
        Where the database is: ``postgresql://...``, or a libpq connection string.
    world : World
        What to load.
    progress : bool
        Show a bar.
    ddl : str, optional
        Statements that create the tables, in place of our own. Columns are matched by name, so they may have
        more of them, another order and other types. Nothing is added to what these statements create.

    Raises
    ------
    SourceUnavailableError
        The database was not reached or went away; nothing was loaded.
    SourceError
        It refused; nothing was loaded.
    """
    import psycopg

    try:
        with psycopg.connect(url) as connection, connection.cursor() as cursor:
            # The blocks of CSV carry UTC without saying so, which a zoned column would read as local time.
            cursor.execute("set local timezone to 'UTC'")
            cursor.execute("set local maintenance_work_mem to '128MB'")
            for statement in _tables() if ddl is None else [ddl]:
                cursor.execute(statement.encode())
            _fill(cursor, world, progress=progress)
            for statement in _indexes_and_references() if ddl is None else []:
                cursor.execute(statement.encode())
            cursor.execute("analyze")
    except psycopg.OperationalError as error:
        raise SourceUnavailableError(
            f"The database for the demo could not be filled: {_told(error)}",
            source="demo",
            hint="Check that it is running and has room, and load again; nothing was left behind.",
        ) from error
    except psycopg.Error as error:
        raise SourceError(
            f"The database refused the demo's tables: {_told(error)}",
            source="demo",
            hint="Load into an empty database; nothing was left behind.",
        ) from error


def oddities(world: World) -> dict[str, list[int]]:
    """Return the ids of the rows with something odd about them, by the name of the oddity.

    Parameters
    ----------
    world : World
        The world that was loaded.

    Returns
    -------
    dict of str to list of int
        Names begin with what the ids are of: "subject" (a donor), "session", "probe", "channel", "unit",
        "bundle" or "file". The ids of the world are those of its LIMS.
    """
    return {name: list(ids) for name, ids in world.oddities.items()}


def file_bytes(file_id: int) -> bytes:
    """Return what is in a well-known file: a few kB, always the same for the same id.

    Parameters
    ----------
    file_id : int
        ``well_known_files.id``.

    Returns
    -------
    bytes
        One line of text that says which file this is, and noise after it.
    """
    head = f"sessionframes demo, well-known file {file_id}\n".encode()
    return head + hashlib.shake_256(head).digest(4096 + file_id % 4096)


def _told(error: Exception) -> str:
    text = mask(" ".join(str(error).split()))
    return text if text.endswith((".", "?")) else f"{text}."


def _fill(cursor: psycopg.Cursor, world: World, *, progress: bool) -> None:
    from tqdm.auto import tqdm

    total = sum(lims_rows.row_counts(world).values())
    with tqdm(total=total, desc="demo", unit=" rows", unit_scale=True, disable=not progress) as bar:
        for name, blocks in lims_rows.rows(world):
            for block in blocks:
                _copy(cursor, name, block)
                bar.update(block.num_rows)


def _copy(cursor: psycopg.Cursor, name: str, block: pa.Table) -> None:
    from psycopg import sql

    statement = sql.SQL("copy {} ({}) from stdin (format csv, freeze)").format(
        sql.Identifier(name), sql.SQL(", ").join(map(sql.Identifier, block.column_names))
    )
    with cursor.copy(statement) as copy:
        copy.write(_csv(block))


def _csv(block: pa.Table) -> memoryview:
    from pyarrow import BufferOutputStream, csv

    sink = BufferOutputStream()
    # Text is quoted and a null is not, which is how Postgres tells an empty text from a null.
    csv.write_csv(block, sink, csv.WriteOptions(include_header=False))
    return memoryview(sink.getvalue())


def _tables() -> Iterator[str]:
    from sqlalchemy.schema import CreateTable

    for table in schema.metadata.sorted_tables:
        yield _sql(CreateTable(table, include_foreign_key_constraints=[]))


def _indexes_and_references() -> Iterator[str]:
    """Return what is faster made once than kept up row by row."""
    from sqlalchemy import MetaData
    from sqlalchemy.schema import AddConstraint, CreateIndex

    # Adding a constraint by itself marks it as not belonging to its table, so this takes a copy.
    copy = MetaData()
    for table in schema.metadata.sorted_tables:
        table.to_metadata(copy)
    for table in copy.sorted_tables:
        yield from (_sql(CreateIndex(index)) for index in table.indexes)
    for table in copy.sorted_tables:
        yield from (_sql(AddConstraint(constraint)) for constraint in table.foreign_key_constraints)


def _sql(element: ExecutableDDLElement) -> str:
    from sqlalchemy.dialects import postgresql

    return str(element.compile(dialect=postgresql.dialect()))  # type: ignore[no-untyped-call]  # sqlalchemy leaves it untyped
