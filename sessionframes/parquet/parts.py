"""The part files of one table: sorted, compressed, of a size that readers like."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from sessionframes.parquet.durable import publish, sha256, sync

if TYPE_CHECKING:
    from pathlib import Path

    from sessionframes.tables import Table

#: Sorted row groups of this size answer one session 6 to 20 times as fast as unsorted large ones.
ROWS_PER_GROUP = 131_072
ROWS_PER_PART = 8 * ROWS_PER_GROUP


def file_schema(model: type[Table], origin: dict[str, Any]) -> pa.Schema:
    """Return the Arrow schema as files carry it: with provenance, and what pandas needs for its dtypes."""
    for_pandas = pa.Schema.from_pandas(model.empty_frame()).metadata[b"pandas"]
    told = {"sessionframes": json.dumps(origin, ensure_ascii=False), "pandas": for_pandas}
    return model.arrow_schema().with_metadata(told)


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
    """

    def __init__(self, path: Path, schema: pa.Schema, order: tuple[str, ...]) -> None:
        self.path = path
        self.rows = 0
        self._aside = path.with_name(f".{path.name}")
        self._schema = schema
        self._waiting: list[pa.Table] = []
        sorting = [pq.SortingColumn(schema.get_field_index(name)) for name in order]
        self._writer = pq.ParquetWriter(
            self._aside, schema, compression="zstd", write_page_index=True, sorting_columns=sorting
        )

    def write(self, table: pa.Table) -> None:
        """Append rows; they are written when they fill a row group."""
        self._waiting.append(table)
        self.rows += table.num_rows
        if sum(part.num_rows for part in self._waiting) >= ROWS_PER_GROUP:
            self._flush(keep_rest=True)

    def close(self) -> dict[str, Any]:
        """Finish the part and return its line of the manifest: file, rows, bytes, sha256."""
        self._flush(keep_rest=False)
        self._writer.close()
        sync(self._aside)
        told = {
            "file": self.path.name,
            "rows": self.rows,
            "bytes": self._aside.stat().st_size,
            "sha256": sha256(self._aside),
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
        whole = table.num_rows // ROWS_PER_GROUP * ROWS_PER_GROUP if keep_rest else table.num_rows
        if whole or not keep_rest:
            rows = table.slice(0, whole).cast(self._schema)
            self._writer.write_table(rows, row_group_size=ROWS_PER_GROUP)
        # Copied, since a slice would keep all that it was cut from.
        rest = np.arange(whole, table.num_rows)
        self._waiting = [table.take(rest)] if len(rest) else []
