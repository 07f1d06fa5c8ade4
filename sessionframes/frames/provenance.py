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
    from collections.abc import Iterator, Sequence

    import pandas as pd

    from sessionframes.query import Query
    from sessionframes.tables import Table

ATTRIBUTE = "sessionframes"


def describe_origin(source: str, address: str, query: Query) -> dict[str, Any]:
    """Return what is worth knowing about an answer: who was asked what, when, and by which version."""
    told = {"source": source, "address": address, "query": str(query)}
    return {"table": query.table.table_name(), **told, **_now(query.table)}


def merged(step: str, form: type[Table], parts: Sequence[dict[str, Any]], **told: Any) -> dict[str, Any]:
    """Return the origin of a frame that was made of others.

    Parameters
    ----------
    step : str
        What was done: "join", "union", ...
    form : type of Table
        What was made.
    parts : sequence of dict
        The origins of the frames it was made of.
    **told
        What else there is to say, ready for JSON.
    """
    return {"table": form.table_name(), "step": step, **told, **_now(form), "parts": list(parts)}


def _now(form: type[Table]) -> dict[str, str]:
    return {
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "sessionframes": version("sessionframes"),
        "schema": form.schema_hash(),
    }


def attach(frame: pd.DataFrame, origin: dict[str, Any]) -> pd.DataFrame:
    """Write `origin` into ``frame.attrs["sessionframes"]`` and return the frame."""
    frame.attrs[ATTRIBUTE] = json.dumps(origin, ensure_ascii=False)
    return frame


def origin_of(frame: pd.DataFrame) -> dict[str, Any]:
    """Return the origin that a frame carries; an empty one where it carries none, or none of ours."""
    try:
        found = json.loads(frame.attrs.get(ATTRIBUTE, "{}"))
    except (TypeError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def leaves(origin: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the answers of sources that a frame was made of, in their order."""
    if not isinstance(origin.get("parts"), list):
        yield origin
    for part in parts_of(origin):
        yield from leaves(part)


def parts_of(origin: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the origins of the frames that one was made of; none for an answer of a source."""
    parts = origin.get("parts")
    return [part for part in parts if isinstance(part, dict)] if isinstance(parts, list) else []
