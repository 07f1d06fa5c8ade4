"""Unit analysis metrics: one JSON object per unit, whose keys depend on what the session showed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow
from sqlalchemy import Select, Text, and_, cast, exists, func, select

from sessionframes.sources.lims import bundles
from sessionframes.sources.lims import schema as lims
from sessionframes.sources.lims.reads import CHANNEL_USABLE, UNIT_IDS, UNITS, filtered, typed
from sessionframes.sources.lims.tables import LimsUnitMetrics

if TYPE_CHECKING:
    from sessionframes.query import Query

_BUNDLE = "bundle"


def unit_metrics(query: Query) -> list[Select[Any]]:
    """Return the statement for unit metrics: ids, and the JSON as one line of text each."""
    newer, newer_run = lims.metric_bundles.alias("newer"), lims.analysis_runs.alias("newer_run")
    # Runs are current per strategy, not per session, so a unit may have several bundles.
    superseded = exists().where(
        newer.c.ecephys_unit_id == lims.metric_bundles.c.ecephys_unit_id,
        newer.c.id > lims.metric_bundles.c.id,
        newer_run.c.id == newer.c.ecephys_analysis_run_id,
        newer_run.c.current.is_(True),
    )
    rows = (
        lims.metric_bundles.join(
            lims.analysis_runs,
            and_(
                lims.analysis_runs.c.id == lims.metric_bundles.c.ecephys_analysis_run_id,
                lims.analysis_runs.c.current.is_(True),
            ),
        )
    ).join(UNITS, lims.units.c.id == lims.metric_bundles.c.ecephys_unit_id)
    text = cast(lims.metric_bundles.c.data, Text)
    # A line break in JSON can only be layout, since in a string it is escaped.
    line = func.replace(func.coalesce(func.nullif(text, "null"), "{}"), "\n", " ").op("||")("\n")
    ids = [typed(column, "int64").label(name) for name, column in UNIT_IDS.items()]
    statement = select(*ids, line.label(_BUNDLE)).select_from(rows).where(~superseded)
    return [filtered(statement, query, UNIT_IDS, CHANNEL_USABLE)]


def flatten(page: pyarrow.RecordBatch) -> pyarrow.Table:
    """Return a page of ids and JSON lines as an Arrow table of unit metrics."""
    schema = LimsUnitMetrics.arrow_schema()
    measures = pyarrow.schema([field for field in schema if field.name not in UNIT_IDS])
    columns = [pyarrow.chunked_array([page.column(name)]) for name in UNIT_IDS]
    columns += bundles.parse(page.column(_BUNDLE), measures).columns
    return pyarrow.Table.from_arrays(columns, schema=schema)
