"""From columns that a test took out of a published file to a frame of one of our tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa

from sessionframes.tables.convert import to_frame
from sessionframes.tables.validation import validate

if TYPE_CHECKING:
    from sessionframes.tables import Table


class Lab(NamedTuple):
    """What a laboratory published, and what it is in our tables."""

    raw: dict[str, pd.DataFrame]
    tables: dict[str, pd.DataFrame]
    forms: dict[str, type[Table]]

    @property
    def chain(self) -> list[pd.DataFrame]:
        """Units, and all that is above them."""
        return [self.tables[name] for name in ("units", "channels", "probes", "sessions")]


def as_ours(form: type[Table], columns: dict[str, Any]) -> pd.DataFrame:
    """The frame of a form with these columns; what the file does not know is null."""
    schema = form.arrow_schema()
    assert set(columns) <= set(schema.names)
    rows = len(columns[form.key_name()])
    arrays = [
        pa.array(columns[field.name], type=field.type, from_pandas=True)
        if field.name in columns
        else pa.nulls(rows, field.type)
        for field in schema
    ]
    return validate(to_frame(pa.Table.from_arrays(arrays, schema=schema), form), form)


def check_same(ours: pd.Series | pd.Index, theirs: pd.Series) -> None:
    """Every value, in this order, is the one of the file; a null is one in both."""
    mine, published = (pd.Series(values).astype("object").reset_index(drop=True) for values in (ours, theirs))
    assert len(mine) == len(published)
    # There are several nulls, and they have no one equality.
    mine, published = (values.where(values.notna(), None) for values in (mine, published))
    wrong = np.flatnonzero(mine.to_numpy() != published.to_numpy())
    assert not len(wrong), f"{ours.name}: {mine[wrong[0]]!r} is {published[wrong[0]]!r} in the file"
