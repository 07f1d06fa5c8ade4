"""The part files of one table: sorted, compressed, of a size that readers like."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from sessionframes.frames.describe import table_schema
from sessionframes.frames.provenance import ATTRIBUTE
from sessionframes.parquet.durable import publish, sha256, sync

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sessionframes.tables import Table

ROWS_PER_GROUP = 131_072
ROWS_PER_PART = 8 * ROWS_PER_GROUP
#: Fewer rows make a group whose line in the footer costs more than it saves.
FEWEST_ROWS_PER_GROUP = 4_096
#: So many groups or fewer hold all sessions, until groups are full: one session is then in 1 % of the rows.
#: Measured on 1M units of 5,000 sessions: the footers are 0.3 % of the bytes, a full scan takes 1.1 times as
#: long as with groups of 131k rows.
GROUPS = 125
SESSION = "session_id"
#: Keys of the footer.
ORIGIN = b"sessionframes"
DESCRIPTION = b"sessionframes.table"
#: Where pandas keeps the attrs of a frame, as JSON; it gives them to whatever it reads.
PANDAS_ATTRS = b"PANDAS_ATTRS"
#: What a Parquet file begins with, and, behind the length of its footer, ends with.
MARK = b"PAR1"


def file_schema(model: type[Table], origin: dict[str, Any]) -> pa.Schema:
    """Return the Arrow schema as files carry it: with what the table promises, provenance, pandas' dtypes."""
    text = json.dumps(origin, ensure_ascii=False)
    told = {
        ORIGIN: text,
        PANDAS_ATTRS: json.dumps({ATTRIBUTE: text}, ensure_ascii=False),
        DESCRIPTION: json.dumps(table_schema(model), ensure_ascii=False),
        b"pandas": _told_to_pandas(model),
    }
    return model.arrow_schema().with_metadata(told)


def _told_to_pandas(model: type[Table]) -> str:
    """Return the dtypes of a table in pandas' own words, as JSON."""
    told = json.loads(pa.Schema.from_pandas(model.empty_frame()).metadata[b"pandas"])
    for column in told["columns"]:
        # Pandas writes down the name of such a dtype and cannot read it: read_parquet() would fail.
        if column["numpy_type"].endswith("[pyarrow]"):
            column["numpy_type"] = "object"
    return json.dumps(told, ensure_ascii=False)


def footer_of(path: Path) -> bytes:
    """Return the end of a Parquet file from its footer on, by which alone it can be read as metadata.

    Raises
    ------
    ValueError
        It is no Parquet file.
    OSError
        It cannot be read.
    """
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(size - 8, 0))
        end = file.read(8)
        length = int.from_bytes(end[:4], "little")
        if end[4:] != MARK or length + 12 > size:
            message = "it does not end as a Parquet file"
            raise ValueError(message)
        file.seek(size - 8 - length)
        return file.read(length + 8)


class PartWriter:
    """Writes one part file aside and gives it its name when it is whole.

    Parameters
    ----------
    path : Path
        The part's final name.
    schema : pyarrow.Schema
        From :func:`file_schema`.
    order : tuple of str
        The columns by which the rows are sorted.
    sessions : int
        How many sessions the whole table has rows of; it decides how many of them share a row group.
    """

    def __init__(self, path: Path, schema: pa.Schema, order: tuple[str, ...], sessions: int = 0) -> None:
        self.path = path
        self.rows = 0
        self._aside = path.with_name(f".{path.name}")
        self._schema = schema
        self._sessions_per_group = -(-sessions // GROUPS) or 1
        self._waiting: list[pa.Table] = []
        sorting = [pq.SortingColumn(schema.get_field_index(name)) for name in order]
        options: dict[str, Any] = {
            "compression": "zstd",
            # Measures hardly ever repeat: a dictionary of them makes files a quarter larger.
            "use_dictionary": [field.name for field in schema if _repeats(field, order)],
            # The least and the most of free-form texts say little and may be long.
            "write_statistics": _with_statistics(schema),
            "write_page_index": True,
            "write_page_checksum": True,
            "sorting_columns": sorting,
        }
        self._writer = pq.ParquetWriter(self._aside, schema, **options)

    def write(self, table: pa.Table) -> None:
        """Append the rows of whole sessions; they are written when they fill a row group."""
        self._waiting.append(table)
        self.rows += table.num_rows
        if sum(part.num_rows for part in self._waiting) >= FEWEST_ROWS_PER_GROUP:
            self._flush(keep_rest=True)

    def close(self) -> dict[str, Any]:
        """Finish the part and return its line of the manifest: file, rows, bytes, time, SHA-256."""
        self._flush(keep_rest=False)
        self._writer.close()
        sync(self._aside)
        facts = self._aside.stat()
        told = {
            "file": self.path.name,
            "rows": self.rows,
            "bytes": facts.st_size,
            "mtime_ns": facts.st_mtime_ns,
            "sha256": sha256(self._aside),
            "footer_sha256": hashlib.sha256(footer_of(self._aside)).hexdigest(),
        }
        publish(self._aside, self.path)
        return told

    def abandon(self) -> None:
        """Leave nothing behind."""
        try:
            self._writer.close()
        finally:
            self._aside.unlink(missing_ok=True)

    def _flush(self, *, keep_rest: bool) -> None:
        table = pa.concat_tables(self._waiting) if self._waiting else self._schema.empty_table()
        start = 0
        for end in self._ends(table):
            self._write_group(table.slice(start, end - start))
            start = end
        if not keep_rest and (start < table.num_rows or not self.rows):
            self._write_group(table.slice(start))
            start = table.num_rows
        # Copied, since a slice would keep all that it was cut from.
        rest = np.arange(start, table.num_rows)
        self._waiting = [table.take(rest)] if len(rest) else []

    def _write_group(self, rows: pa.Table) -> None:
        self._writer.write_table(rows.cast(self._schema), row_group_size=ROWS_PER_GROUP)

    def _ends(self, table: pa.Table) -> Iterator[int]:
        """Yield where each full row group ends: where a session does, unless one alone is too large."""
        if SESSION not in table.schema.names:
            yield from range(ROWS_PER_GROUP, table.num_rows + 1, ROWS_PER_GROUP)
            return
        ends = _ends_of_runs(table.column(SESSION))
        start = session = 0
        while True:
            last = max(session + self._sessions_per_group - 1, _first(ends, start + FEWEST_ROWS_PER_GROUP))
            most = _first(ends, start + ROWS_PER_GROUP + 1) - 1
            if last >= len(ends) and most >= len(ends) - 1:
                return
            last = min(last, most)
            start = int(ends[last]) if last >= session else start + ROWS_PER_GROUP
            session = _first(ends, start + 1)
            yield start


def _ends_of_runs(values: pa.ChunkedArray[Any]) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Return behind which rows another value begins; behind the last one too."""
    if not len(values):
        return np.empty(0, dtype=np.int64)
    encoded: Any = values.combine_chunks().dictionary_encode()
    codes = encoded.indices.fill_null(-1).to_numpy()
    return np.append(np.flatnonzero(np.diff(codes)) + 1, len(codes))


def _first(ends: np.ndarray[Any, np.dtype[np.int64]], rows: int) -> int:
    """Return the first session that ends at or behind so many rows."""
    return int(np.searchsorted(ends, rows))


def _repeats(field: pa.Field[Any], order: tuple[str, ...]) -> bool:
    is_key = field.name == order[-1]
    return not is_key and (pa.types.is_integer(field.type) or pa.types.is_large_string(field.type))


def _with_statistics(schema: pa.Schema) -> list[str]:
    described = json.loads((schema.metadata or {}).get(DESCRIPTION, b"{}"))
    is_json = {field["name"] for field in described.get("fields", ()) if field.get("json")}
    return [field.name for field in schema if field.name not in is_json]
