"""From a page of an answer to an Arrow table with the names and types that a table declares."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

if TYPE_CHECKING:
    from sessionframes.tables import Table


def from_batch(model: type[Table], batch: pa.RecordBatch) -> pa.Table:
    """Return a record batch that has columns of the model already, with the model's Arrow types.

    Parameters
    ----------
    model : type of Table
        The source's form of the table.
    batch : pyarrow.RecordBatch
        Of these columns, in any order; types may differ in width, such as string for large_string.
    """
    schema = model.arrow_schema()
    fields = [schema.field(name) for name in batch.schema.names]
    return pa.Table.from_batches([batch]).cast(pa.schema(fields))
