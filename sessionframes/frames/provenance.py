"""Where a frame came from, as one short text that rides in ``frame.attrs``.

One JSON text and no nested dict: pandas copies ``attrs`` deeply at every step, and writes it into Parquet
only if it is JSON.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

    from sessionframes.query import Query

ATTRIBUTE = "sessionframes"


def describe_origin(source: str, address: str, query: Query) -> dict[str, Any]:
    """Return what is worth knowing about an answer: who was asked what, when, and by which version."""
    return {
        "source": source,
        "address": address,
        "table": query.table.table_name(),
        "query": str(query),
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "sessionframes": version("sessionframes"),
        "schema": query.table.schema_hash(),
    }


def attach(frame: pd.DataFrame, origin: dict[str, Any]) -> pd.DataFrame:
    """Write `origin` into ``frame.attrs["sessionframes"]`` and return the frame."""
    frame.attrs[ATTRIBUTE] = json.dumps(origin, ensure_ascii=False)
    return frame
