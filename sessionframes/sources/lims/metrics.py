"""Unit analysis metrics: one JSON object per unit, whose keys depend on what the session showed."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pyarrow as pa
from sqlalchemy import Text, and_, case, cast

from sessionframes.errors import SourceResponseError
from sessionframes.source import Plan
from sessionframes.sources.lims import bundles
from sessionframes.sources.lims import schema as lims
from sessionframes.sources.lims.joins import UNIT_IDS, UNITS, chained
from sessionframes.sources.lims.reads import filtered
from sessionframes.sources.lims.where import divided, typed

if TYPE_CHECKING:
    from sessionframes.query import Query
    from sessionframes.tables import Table

#: Runs are current per strategy, not per session, so a unit may have several bundles; the newest counts. To
#: find that out, Postgres would have to read them all once more.
NEWEST_BY = "bundle_id"
_BUNDLE = "bundle"
_CURRENT = and_(
    lims.analysis_runs.c.id == lims.metric_bundles.c.ecephys_analysis_run_id,
    lims.analysis_runs.c.current.is_(True),
)
_LEVEL = replace(
    UNITS,
    rows=chained(
        lims.metric_bundles.join(lims.analysis_runs, _CURRENT),
        *(lims.units, lims.channels, lims.probes, lims.sessions),
    ),
)


def unit_metrics(query: Query) -> Plan:
    """Return the plan for unit metrics: ids, that of the bundle, and its JSON as text.

    What a filter asks of the metrics themselves is left to us, who read the bundles in any case.
    """
    where, residual = divided(query.where, UNITS.columns)
    names = query.needed(residual)
    bundle = lims.metric_bundles.c
    # An empty bundle must not stand in for one that holds metrics, however old that is.
    ids = {**UNIT_IDS, NEWEST_BY: case((bundle.data.is_(None), -bundle.id), else_=bundle.id)}
    selected = [typed(column, "integer").label(name) for name, column in ids.items()]
    if not set(names) <= set(UNIT_IDS):
        selected.append(cast(bundle.data, Text).label(_BUNDLE))
    return Plan([filtered(selected, UNIT_IDS, where, _LEVEL, query)], residual)


def flatten(model: type[Table], page: pa.RecordBatch) -> pa.Table:
    """Return a page of ids and JSON texts as an Arrow table of unit metrics, and :data:`NEWEST_BY`.

    A page without JSON texts is one of ids alone.
    """
    schema = model.arrow_schema()
    if _BUNDLE not in page.schema.names:
        ids = pa.schema([field for field in schema if field.name in UNIT_IDS])
        return _versioned(pa.Table.from_batches([page.select(ids.names)]).cast(ids), page)
    measures = pa.schema([field for field in schema if field.name not in UNIT_IDS])
    columns = [pa.chunked_array([page.column(name)]) for name in UNIT_IDS]
    try:
        columns += bundles.parse(page.column(_BUNDLE), measures).columns
    except json.JSONDecodeError as error:
        raise _no_json(page) from error
    return _versioned(pa.Table.from_arrays(columns, schema=schema), page)


def _versioned(table: pa.Table, page: pa.RecordBatch) -> pa.Table:
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
