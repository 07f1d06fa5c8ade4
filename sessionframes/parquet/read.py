"""Rows of a table on disk: only needed columns, of the row groups that may hold rows that count."""

from __future__ import annotations

import hashlib
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from sessionframes.errors import SourceError, SourceUnavailableError
from sessionframes.parquet.faults import SNAPSHOT, damaged, reading
from sessionframes.parquet.manifest import is_another
from sessionframes.parquet.parts import ROWS_PER_GROUP, footer_of
from sessionframes.parquet.prune import Range, may_hold, prunable
from sessionframes.query.where import EVERY

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from sessionframes.parquet.manifest import PartFile
    from sessionframes.query.where import Where


@dataclass(frozen=True)
class Scan:
    """What is read of a table.

    Parameters
    ----------
    table : str
        Its name.
    parts : tuple of PartFile
        Its files.
    schema : pyarrow.Schema
        The columns that are read, in the order in which files have them.
    where : Where
        What of the rows counts; the others may be read all the same.
    """

    table: str
    parts: tuple[PartFile, ...]
    schema: pa.Schema
    where: Where


@dataclass(frozen=True)
class Wanted:
    """What of a file is read.

    Parameters
    ----------
    groups : tuple of int
        The numbers of its row groups.
    rows : tuple of int
        How many rows each of them has.
    bytes : int
        How much of the file the columns take in them.
    """

    groups: tuple[int, ...]
    rows: tuple[int, ...]
    bytes: int


class SnapshotTransport:
    """Reads the files of a snapshot, several threads at once if need be.

    Parameters
    ----------
    path : Path
        The directory, absolute.
    manifest : mapping
        What it said of itself when it was opened.
    """

    def __init__(self, path: Path, manifest: Mapping[str, Any]) -> None:
        self._path = path
        self._manifest = manifest
        self._lock = Lock()
        self._footers: dict[Path, pq.FileMetaData] = {}
        self._is_open = True

    @property
    def address(self) -> str:
        """The directory."""
        return str(self._path)

    def fetch(self, request: Scan) -> Iterator[pa.Table]:
        """Yield the rows that may count, some row groups at once, in the order of the files.

        Raises
        ------
        sessionframes.errors.SourceError
            A file is gone, was replaced, or is damaged.
        """
        names = request.schema.names
        where = prunable(request.where, request.table)
        for part in request.parts:
            footer = self._footer(part, request)
            wanted = wanted_of(footer, where, names)
            if not wanted.groups:
                continue
            with self._reading(part, request.table):
                # Not mapped into memory: a file that is cut meanwhile would end the process.
                opened = pa.OSFile(str(part.path), "rb")
                file = pq.ParquetFile(opened, metadata=footer, page_checksum_verification=True)
            with opened:
                for groups, rows in _pages(wanted):
                    with self._reading(part, request.table):
                        page = file.read_row_groups(groups, columns=names)
                        _check_unchanged(part, request.table)
                    if page.num_rows != rows:
                        raise damaged(part.path, request.table, f"gave {page.num_rows} rows of {rows}")
                    yield page

    def render(self, request: Scan) -> str:
        """Return which columns are read, and of each file which row groups; only footers are read for it.

        Raises
        ------
        sessionframes.errors.SourceError
            As of :meth:`fetch`.
        """
        lines = [f"columns: {', '.join(request.schema.names)}"]
        where = prunable(request.where, request.table)
        lines += [] if where == EVERY else [f"row groups that may hold: {request.where}"]
        for part in request.parts:
            footer = self._footer(part, request)
            wanted = wanted_of(footer, where, request.schema.names)
            lines.append(
                f"{request.table}/{part.path.name}: "
                f"{len(wanted.groups)} of {footer.num_row_groups} row groups, "
                f"{sum(wanted.rows):,} of {part.rows:,} rows, {wanted.bytes:,} of {part.bytes:,} bytes"
            )
        return "\n".join(lines)

    @contextmanager
    def consistent(self) -> Iterator[SnapshotTransport]:
        """Give this itself: what is on disk does not change, and is refused if it does."""
        yield self

    def close(self) -> None:
        """Let go of everything; a second call does nothing."""
        with self._lock:
            self._is_open = False
            self._footers.clear()

    @contextmanager
    def _reading(self, part: PartFile, table: str) -> Iterator[None]:
        """Say in our errors what goes wrong, and to connect again where the snapshot is another by now."""
        try:
            with reading(part.path, table):
                yield
        except SourceError as error:
            if self._was_replaced(part):
                error.hint = "Connect to it again."
            raise

    def _was_replaced(self, part: PartFile) -> bool:
        with suppress(OSError):
            if _is_another(part):
                return True
        return is_another(self._path, self._manifest)

    def _footer(self, part: PartFile, request: Scan) -> pq.FileMetaData:
        """Return the footer of a file, which is read once."""
        if not self._is_open:
            message = "this connection is closed."
            raise SourceUnavailableError(
                message, source=SNAPSHOT, table=request.table, hint="Connect to the snapshot again."
            )
        with self._reading(part, request.table):
            _check_unchanged(part, request.table)
            with self._lock:
                known = self._footers.get(part.path)
            if known is None:
                known = _read_footer(part, request.table)
                with self._lock:
                    self._footers[part.path] = known
        _check_columns(known, part, request)
        return known


def _read_footer(part: PartFile, table: str) -> pq.FileMetaData:
    end = footer_of(part.path)
    if hashlib.sha256(end).hexdigest() != part.footer_sha256:
        raise damaged(part.path, table, "is damaged: its footer is not as it was written")
    return pq.read_metadata(pa.BufferReader(end))


def _is_another(part: PartFile) -> bool:
    """Tell whether the file is not the one that was there when the snapshot was opened."""
    facts = part.path.stat()
    return (facts.st_size, facts.st_mtime_ns) != (part.bytes, part.mtime_ns)


def _check_unchanged(part: PartFile, table: str) -> None:
    if _is_another(part):
        raise damaged(part.path, table, "was replaced or changed since the snapshot was opened")


def _check_columns(footer: pq.FileMetaData, part: PartFile, request: Scan) -> None:
    there = footer.schema.to_arrow_schema()
    for field in request.schema:
        place = there.get_field_index(field.name)
        if place < 0:
            raise damaged(part.path, request.table, f"has no column {field.name!r}")
        if there.field(place).type != field.type:
            kind = there.field(place).type
            raise damaged(part.path, request.table, f"has {field.name!r} as {kind}, not as {field.type}")


def wanted_of(footer: pq.FileMetaData, where: Where, names: Sequence[str]) -> Wanted:
    """Return what is read of a file: no row that counts is left out.

    Parameters
    ----------
    footer : pyarrow.parquet.FileMetaData
        Of the file.
    where : Where
        From :func:`~sessionframes.parquet.prune.prunable`.
    names : sequence of str
        The columns that are read.
    """
    places: dict[str, list[int]] = {}
    for place in range(footer.num_columns):
        # The elements of a list have a name of their own, below that of the column.
        places.setdefault(footer.schema.column(place).path.partition(".")[0], []).append(place)
    read = [place for name in names for place in places[name]]
    groups, rows, size = [], [], 0
    for number in range(footer.num_row_groups):
        group = footer.row_group(number)

        def range_of(name: str, group: pq.RowGroupMetaData = group) -> Range | None:
            return _range(group, places[name])

        if group.num_rows and may_hold(where, range_of):
            groups.append(number)
            rows.append(group.num_rows)
            size += sum(group.column(place).total_compressed_size for place in read)
    return Wanted(tuple(groups), tuple(rows), size)


def _range(group: pq.RowGroupMetaData, places: Sequence[int]) -> Range | None:
    column = group.column(places[0])
    told = column.statistics
    if told is None:
        return None
    if not told.has_min_max:
        return Range(None, None, told.null_count, group.num_rows)
    return Range(_plain(told.min_raw), _plain(told.max_raw), told.null_count, group.num_rows)


def _plain(value: Any) -> Any:
    return value.decode() if isinstance(value, bytes) else value


def _pages(wanted: Wanted) -> Iterator[tuple[list[int], int]]:
    """Yield row groups, as many together as make a page of some size, and how many rows they have."""
    groups: list[int] = []
    rows = 0
    for group, count in zip(wanted.groups, wanted.rows, strict=True):
        groups.append(group)
        rows += count
        if rows >= ROWS_PER_GROUP:
            yield groups, rows
            groups, rows = [], 0
    if groups:
        yield groups, rows
