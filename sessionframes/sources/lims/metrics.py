"""Unit analysis metrics: one JSON object per unit, whose keys depend on what the session showed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from sqlalchemy import Select, Text, and_, case, cast, select

from sessionframes.errors import SourceResponseError
from sessionframes.sources.lims import bundles
from sessionframes.sources.lims import schema as lims
from sessionframes.sources.lims.reads import CHANNEL_USABLE, UNIT_IDS, UNITS, filtered, typed
from sessionframes.sources.lims.tables import LimsUnitMetrics

if TYPE_CHECKING:
    from sessionframes.query import Query

#: Runs are current per strategy, not per session, so a unit may have several bundles; the newest counts. To
#: find that out, Postgres would have to read them all once more.
NEWEST_BY = "bundle_id"
_BUNDLE = "bundle"
_CURRENT = and_(
    lims.analysis_runs.c.id == lims.metric_bundles.c.ecephys_analysis_run_id,
    lims.analysis_runs.c.current.is_(True),
)


def unit_metrics(query: Query) -> list[Select[Any]]:
    """Return the statement for unit metrics: ids, that of the bundle, and its JSON as text."""
    rows = lims.metric_bundles.join(lims.analysis_runs, _CURRENT).join(
        UNITS, lims.units.c.id == lims.metric_bundles.c.ecephys_unit_id
    )
    bundle = lims.metric_bundles.c
    # An empty bundle must not stand in for one that holds metrics, however old that is.
    ids = {**UNIT_IDS, NEWEST_BY: case((bundle.data.is_(None), -bundle.id), else_=bundle.id)}
    statement = select(
        *(typed(column, "int64").label(name) for name, column in ids.items()),
        cast(lims.metric_bundles.c.data, Text).label(_BUNDLE),
    ).select_from(rows)
    return [filtered(statement, query, UNIT_IDS, CHANNEL_USABLE)]


def flatten(page: pa.RecordBatch) -> pa.Table:
    """Return a page of ids and JSON texts as an Arrow table of unit metrics, and :data:`NEWEST_BY`."""
    schema = LimsUnitMetrics.arrow_schema()
    measures = pa.schema([field for field in schema if field.name not in UNIT_IDS])
    columns = [pa.chunked_array([page.column(name)]) for name in UNIT_IDS]
    try:
        columns += bundles.parse(page.column(_BUNDLE), measures).columns
    except json.JSONDecodeError as error:
        raise _no_json(page) from error
    table = pa.Table.from_arrays(columns, schema=schema)
    return table.append_column(NEWEST_BY, page.column(NEWEST_BY))


def _no_json(page: pa.RecordBatch) -> SourceResponseError:
    """Name the bundle that is no JSON, as only a column of another type than json can hold."""
    units = page.column("unit_id").to_pylist()
    unit = next(
        unit for unit, text in zip(units, page.column(_BUNDLE).to_pylist(), strict=True) if _is_bad(text)
    )
    return SourceResponseError(
        f"the bundle of unit {unit} is no JSON.",
        source="lims",
        table="unit_metrics",
        column="data",
        hint="Have it mended in LIMS, or ask for other units.",
    )


def _is_bad(text: str | None) -> bool:
    try:
        json.loads(text or "null")
    except json.JSONDecodeError:
        return True
    return False
