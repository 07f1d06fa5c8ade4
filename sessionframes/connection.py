"""An open source, and the five steps from a question to a frame, once for all of them."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Self

from sessionframes.arguments import make_query, taken
from sessionframes.calls import Calls
from sessionframes.config import mask
from sessionframes.downloads import download, stream
from sessionframes.errors import ExportError
from sessionframes.explain import Explanation, explain
from sessionframes.frames.describe import describe, describe_tables
from sessionframes.frames.join import check_orphans
from sessionframes.frames.provenance import attach, describe_origin
from sessionframes.joining import completed, question_about, split
from sessionframes.lacking import not_provided
from sessionframes.pipeline import fetched
from sessionframes.query import Query
from sessionframes.query.scope import fields_of
from sessionframes.query.where import NONE, Condition
from sessionframes.residual import Above
from sessionframes.tables.convert import to_frame
from sessionframes.tables.validation import OnInvalid, check_choice, checked
from sessionframes.writing import WritingCalls

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    import pandas as pd
    import pyarrow as pa

    from sessionframes.frames.join import Orphans
    from sessionframes.source import FileKind, Read, Source, Transport
    from sessionframes.tables.order import Rows
    from sessionframes.transports.files import FileTransport


class Connection(Calls, WritingCalls):
    """An open source: ask it for tables. Made by :func:`sessionframes.connect`; close it, or use ``with``.

    Parameters
    ----------
    source : Source
        What it can be asked.
    transport : Transport
        How it is reached.
    files : FileTransport, optional
        How its files are reached, where it has any.
    """

    def __init__(self, source: Source, transport: Transport, files: FileTransport | None = None) -> None:
        self._source = source
        self._transport = transport
        self._files = files
        #: Tells which sources have a table; known to who opened this, not to a source.
        self.who_has: Callable[[str], list[str]] = lambda _: []

    @property
    def source(self) -> Source:
        """What this source declares."""
        return self._source

    @property
    def transport(self) -> Transport:
        """How this source is reached."""
        return self._transport

    @property
    def tables(self) -> tuple[str, ...]:
        """Names of the tables that this source has."""
        return tuple(self._source.reads)

    def get(
        self,
        table: str,
        *,
        on_invalid: OnInvalid = "raise",
        orphans: Orphans = "raise",
        progress: bool = True,
        **arguments: Any,
    ) -> pd.DataFrame:
        """Return a table.

        Parameters
        ----------
        table : str
            Its name: one of :attr:`tables`.
        on_invalid : {"raise", "report"}
            What to do about rows that break what the table promises: raise and return nothing, or leave them
            out with an :class:`~sessionframes.InvalidRowsWarning` that lists them.
        orphans : {"raise", "keep", "drop"}
            What to do about rows that find nothing in a table of ``join``: as :func:`sessionframes.join` has
            it.
        progress : bool
            Show progress when it takes longer than 2 s.
        **arguments
            ``session_ids``, ``probe_ids``, ``channel_ids``, ``unit_ids`` as far as the table carries that
            id: one, or any collection, array, Series, Index, or frame that carries it; None for no filter,
            an empty one for no rows. ``subject_id``, ``date``, ``start_date``, ``end_date`` on sessions and
            all tables below them, where the source tells; dates are closed on both sides, a bare one is its
            whole day. ``where``: a :class:`~sessionframes.Q`, or its text form, on columns of the table and
            of those above it. ``join``: names of tables above whose columns the frame is to have too, as
            :func:`sessionframes.join` would put them side by side. ``columns``: names of those that the frame
            is to have, "all" for those too that come on request only. ``order_by``: names of columns, "-"
            before one for the largest first; nulls come last, the key decides last. ``limit``: how many rows
            at most. All that it takes: :meth:`arguments`.

        Returns
        -------
        pandas.DataFrame
            Validated; one row each, ordered by its key, which is the index; columns, dtypes and physical
            units as :meth:`describe` tells. No rows: the same columns and dtypes.

        Raises
        ------
        sessionframes.errors.QueryError
            A wrong argument; nothing was sent.
        sessionframes.errors.TableNotProvidedError
            The source has no such table.
        sessionframes.errors.SourceError
            The source could not answer.
        sessionframes.errors.FrameValidationError
            Rows that break what the table promises.
        sessionframes.errors.JoinError
            Rows that find nothing in a table of ``join``.
        """
        check_choice(on_invalid)
        check_orphans(orphans)
        read = self.read(table)
        query = self.query(table, **arguments)
        asked = split(query, read, self._source.reads, drops=orphans == "drop")
        # Several answers are to be of one state of the source.
        with self._transport.consistent() if asked.here else nullcontext(self._transport) as view:
            frame = self._frame(read, asked.base, view, on_invalid, progress=progress)
            above = []
            for other in (self._source.reads[name] for name in asked.here):
                question = question_about(frame, query, other)
                above.append(self._frame(other, question, view, on_invalid, progress=progress))
        return completed(frame, above, query, asked, orphans)

    def stream(self, kind: str, id: Any) -> Iterator[bytes]:  # noqa: A002  it is an id, whatever the builtin
        """Return a file of the source as an iterator of bytes; nothing is sent before the first is asked for.

        Parameters
        ----------
        kind : str
            One of ``source.files``.
        id : int or str
            Whose file: a session's, a probe's ..., as the kind tells.

        Raises
        ------
        sessionframes.errors.DownloadError
            There is no such file, or it did not arrive whole.
        """
        return stream(self, *self._file_kind(kind), id)

    def download(
        self,
        kind: str,
        ids: Any,
        path: str | Path,
        *,
        workers: int = 4,
        progress: bool = True,
    ) -> Path | list[Path]:
        """Bring files of the source to disk: resumed where they were left, whole or not at all.

        Parameters
        ----------
        kind : str
            One of ``source.files``.
        ids : ids
            One id; or several, in any form that ids may have in :meth:`get`, for several files at once.
        path : str or Path
            For one id the file to write, or an existing directory; for several a directory. In a directory
            the kind gives each file its name.
        workers : int
            How many files at once.
        progress : bool
            Show progress.

        Returns
        -------
        Path or list of Path
            The file written; for several ids one each, in their order, without repeats.

        Raises
        ------
        sessionframes.errors.QueryError
            Something that is no id, or no number of workers.
        sessionframes.errors.DownloadError
            Files that there are not, or that did not arrive; the others did. Nothing is left under the name
            of one that did not, and a file that was there before stays as it was.
        """
        return download(self, *self._file_kind(kind), ids, path, workers=workers, progress=progress)

    def describe(self, table: str | None = None) -> pd.DataFrame:
        """Return the data dictionary of a table of this source, or the list of its tables.

        See :func:`sessionframes.describe`.
        """
        if table is None:
            return describe_tables(read.table for read in self._source.reads.values())
        return describe(self.read(table).table)

    def read(self, table: str) -> Read:
        """Return how a table is read.

        Raises
        ------
        sessionframes.errors.TableNotProvidedError
            The source has no such table.
        """
        if not isinstance(table, str) or table not in self._source.reads:
            raise not_provided(self._source, "table", table, self.tables, self.who_has)
        return self._source.reads[table]

    def arguments(self, table: str) -> tuple[str, ...]:
        """Return the names of the arguments that a table takes, ids first."""
        return taken(self.read(table), self._source.reads)

    def query(self, table: str, **arguments: Any) -> Query:
        """Return the question that a ``get_*`` call with these arguments asks, checked, without asking it.

        Raises
        ------
        sessionframes.errors.QueryError
            An argument that the table does not take, or a value that it cannot mean.
        """
        return make_query(self.read(table), arguments, self._source.reads, source=self._source.name)

    def explain(self, table: str, *, orphans: Orphans = "raise", **arguments: Any) -> Explanation:
        """Return what a ``get_*`` call with these arguments would send, and what it would leave to us.

        Parameters
        ----------
        table : str
            Its name: one of :attr:`tables`.
        orphans, **arguments
            As of :meth:`get`.

        Returns
        -------
        Explanation
            Prints itself, in a notebook too: the requests without secrets, what of the filter the source
            does, and what is left (the residual). Nothing is sent.

        Raises
        ------
        sessionframes.errors.QueryError
            As in :meth:`get`.
        """
        check_orphans(orphans)
        drops = orphans == "drop"
        return explain(self._source, self.query(table, **arguments), self._transport, drops=drops)

    def fetch_arrow(self, read: Read, query: Query, transport: Transport | None = None) -> pa.Table:
        """Return the answer to a query as an Arrow table of its schema, in no order; not validated yet.

        Parameters
        ----------
        read : Read
            How the query's table is read.
        query : Query
            The question.
        transport : Transport, optional
            A view of the source to use in place of the connection's own transport.
        """
        table, rows = self._fetched(read, query, transport or self._transport, progress=False)
        table = table.select(query.table.narrowed(query.columns).arrow_schema().names)
        # Positions tell the order too, which is not asked for, and which rows count, where not all do.
        return table if rows is None or len(rows) == len(table) else table.combine_chunks().take(rows)

    def export(
        self,
        path: str | Path,
        tables: Sequence[str] | None = None,
        *,
        sessions_per_chunk: int = 20,
        overwrite: bool = False,
        on_invalid: OnInvalid = "raise",
        progress: bool = True,
        **arguments: Any,
    ) -> Path:
        """Write tables to Parquet, a few sessions at a time, so that memory stays flat.

        All of it is the state of the source at one moment, as far as the source can, unless an interrupted
        export was gone on with: what was finished before stays as it was.

        Parameters
        ----------
        path : str or Path
            A directory: new, empty, or left by the same export when it was interrupted, which then goes on.
        tables : sequence of str, optional
            Names of tables; all that the source has if not given.
        sessions_per_chunk : int
            How many sessions are read, validated and written at once.
        overwrite : bool
            Replace an export that is there already; it is deleted before the new one is begun.
        on_invalid : {"raise", "report"}
            As in :meth:`get`; how many rows were left out of a file stands in the manifest.
        progress : bool
            Show progress.
        **arguments
            As of the ``get_*`` calls, applied to each table that takes them, such as ``session_ids``; not
            ``columns``, ``order_by`` and ``limit``. ``where`` holds for every table, or is a dict of filters
            by table. Rows of sessions that are not exported are left out of every table; of probes and
            channels that a filter leaves out, the units stay.

        Returns
        -------
        Path
            The directory, with ``manifest.json`` in it, written last: without it, it is no export.

        Raises
        ------
        sessionframes.errors.ExportError
            The directory holds something else, or cannot be written.
        sessionframes.errors.SessionFramesError
            As of the ``get_*`` calls.
        """
        from sessionframes.export import export

        if "://" in str(path):
            message = f"{mask(str(path))!r} is no directory of this machine."
            raise ExportError(message, hint="Export to a local directory and copy it from there.")
        return export(
            self,
            path,
            tables,
            sessions_per_chunk=sessions_per_chunk,
            overwrite=overwrite,
            on_invalid=on_invalid,
            progress=progress,
            arguments=arguments,
        )

    def through(self, transport: Transport) -> Self:
        """Return this connection as it is by another view of the source, such as a consistent one."""
        other = object.__new__(type(self))
        other.__dict__.update(self.__dict__, _transport=transport)
        return other

    def close(self) -> None:
        """Let go of everything that was opened; a second call does nothing."""
        self._transport.close()
        if self._files is not None:
            self._files.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<{self._source.name} at {self._transport.address}: {', '.join(self.tables)}>"

    def _frame(
        self, read: Read, query: Query, transport: Transport, on_invalid: OnInvalid, *, progress: bool
    ) -> pd.DataFrame:
        """Return the validated answer to a question that the source answers at once."""
        # Rows that are left out do not count.
        asked = replace(query, limit=None) if on_invalid == "report" and query.limit else query
        arrow, rows = self._fetched(read, asked, transport, progress=progress)
        model = query.table.narrowed(query.columns)
        frame = to_frame(arrow, model, rows)
        del arrow
        frame = checked(frame, model, on_invalid, source=self._source.name).iloc[: query.limit]
        told = describe_origin(self._source.name, self._transport.address, query)
        return attach(frame, {**told, **read.origin})

    def _fetched(
        self, read: Read, query: Query, transport: Transport, *, progress: bool
    ) -> tuple[pa.Table, Rows | None]:
        def fetch_above(name: str, ids: tuple[Any, ...], columns: tuple[str, ...]) -> pa.Table:
            other = self.read(name)
            key = fields_of(other.table)[other.table.key_name()]
            switches = query.switches & other.switches.keys()
            where = Condition(key, "in", ids) if ids else NONE
            return self.fetch_arrow(other, Query(other.table, where, switches, columns), transport)

        models = {name: other.table for name, other in self._source.reads.items()}
        above = Above(models, fetch_above)
        return fetched(read, query, transport, self._source.name, above=above, progress=progress)

    def _file_kind(self, kind: str) -> tuple[FileTransport, FileKind]:
        if self._files is None or not isinstance(kind, str) or kind not in self._source.files:
            raise not_provided(self._source, "kind of file", kind, self._source.files, self.who_has)
        return self._files, self._source.files[kind]
