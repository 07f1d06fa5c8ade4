"""The kinds of column that a table may have: one pandas dtype and one Arrow type each.

The dtype of a column is fixed by its kind, never by the values that happen to be there, so an empty
frame, a column without a single value and a million rows all agree, and chunks can be put together.

=============  =====================  =====================  ===========================================
kind           pandas                 Arrow                  for
=============  =====================  =====================  ===========================================
``Id``         ``int64`` or ``str``   ``int64`` or string    keys: the source's own type, never null
``Number``     ``float64``            ``double``             measures; NaN is null
``Count``      ``int64``              ``int64``              whole numbers that are always known
``MaybeCount`` ``Int64``              ``int64``              whole numbers that may be null
``Flag``       ``bool``               ``bool``               yes or no, always known
``MaybeFlag``  ``boolean``            ``bool``               yes, no, or null
``Text``       ``str``                ``large_string``       text; free-form JSON too
``Texts``      ``list<large_string>`` the same               several texts, such as tags
``Instant``    ``datetime64[us, UTC]`` ``timestamp[us, UTC]`` moments, always in UTC
=============  =====================  =====================  ===========================================
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import pandas as pd
import pandera.pandas as pandera
import pyarrow as pa
from pandera.typing import Index, Series

if TYPE_CHECKING:
    from collections.abc import Iterable

Number = np.float64
Count = np.int64
MaybeCount = pd.Int64Dtype
Flag = np.bool_
MaybeFlag = pd.BooleanDtype
Text = Annotated[pd.StringDtype, "pyarrow", np.nan]
Texts = Annotated[pd.ArrowDtype, pa.list_(pa.large_string())]
Instant = Annotated[pd.DatetimeTZDtype, "us", "UTC"]
#: Stands for the source's own type, which a subclass of the table names: ``ids="int64"`` or ``ids="str"``.
Id = Series[Any]
#: The same for the id of the rows themselves, which is the index of the frame.
Key = Index[Any]

#: Every id, outermost first. A table carries those of its ancestors.
LEVELS = ("session_id", "probe_id", "channel_id", "unit_id")

_STR = pd.StringDtype("pyarrow", na_value=np.nan)
_INSTANT = pd.DatetimeTZDtype("us", "UTC")
_TEXTS = pd.ArrowDtype(pa.list_(pa.large_string()))

ARROW_TYPES: dict[Any, pa.DataType] = {
    np.dtype("float64"): pa.float64(),
    np.dtype("int64"): pa.int64(),
    pd.Int64Dtype(): pa.int64(),
    np.dtype("bool"): pa.bool_(),
    pd.BooleanDtype(): pa.bool_(),
    _STR: pa.large_string(),
    _INSTANT: pa.timestamp("us", "UTC"),
    _TEXTS: pa.list_(pa.large_string()),
}

#: (never null, may be null)
ID_DTYPES: dict[str, tuple[Any, Any]] = {"int64": (np.dtype("int64"), pd.Int64Dtype()), "str": (_STR, _STR)}


def column(
    description: str,
    *,
    unit: str | None = None,
    null: str | None = None,
    between: tuple[float | None, float | None] = (None, None),
    values: Iterable[str] | None = None,
    json: bool = False,
) -> Any:
    """Declare a column of a table.

    Parameters
    ----------
    description : str
        What it means, and from where it is measured.
    unit : str, optional
        The physical unit, or "ratio", "days" and the like; none for text, flags, ids and instants.
    null : str, optional
        What a null means. Without it the column is never null.
    between : tuple, optional
        The smallest and largest value that can be true by definition; None leaves that side open.
    values : iterable of str, optional
        The only values there can be.
    json : bool
        The text is JSON, which filters may look into.
    """
    low, high = between
    return pandera.Field(
        nullable=null is not None,
        description=description,
        metadata={"unit": unit, "null": null, "json": json},
        ge=low,
        le=high,
        isin=None if values is None else list(values),
    )


def key(description: str) -> Any:
    """Declare the id of the table's own rows: the index of the frame, unique, never null."""
    return pandera.Field(unique=True, description=description, metadata={"key": True}, check_name=True)


def parent(description: str, *, null: str | None = None) -> Any:
    """Declare the id of an ancestor; never null unless `null` tells what that would mean."""
    return pandera.Field(
        nullable=null is not None, description=description, metadata={"parent": True, "null": null}
    )
