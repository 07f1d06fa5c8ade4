"""From a query to the SELECT that answers it.

Every column is cast to its declared type where it is selected, so a LIMS that stores it a little
differently gives the same frame; conditions compare the bare columns, so that indexes serve.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    ColumnElement,
    DateTime,
    Double,
    Select,
    Text,
    and_,
    any_,
    case,
    cast,
    func,
    literal,
    select,
)

from sessionframes.sources.lims import schema as lims
from sessionframes.sources.lims.tables import LimsChannels, LimsProbes, LimsSessions, LimsUnits

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.sql.selectable import FromClause
    from sqlalchemy.types import TypeEngine

    from sessionframes.query import Condition, Query
    from sessionframes.tables import Table

    Columns = Mapping[str, ColumnElement[Any]]

_SQL_TYPES: dict[str, TypeEngine[Any]] = {
    "int64": BigInteger(),
    "double": Double(),
    "bool": Boolean(),
    "large_string": Text(),
}
_ZONED = DateTime(timezone=True)
# Postgres knows infinite instants, Arrow does not; psycopg's convention, which AllenSDK's users saw, is the
# first and last moment that Python can tell.
_INFINITE = (
    ("infinity", "9999-12-31 23:59:59.999999+00"),
    ("-infinity", "0001-01-01 00:00:00+00"),
)

# LIMS's own "not usable" marks. A null mark is not known to be good, and SQL leaves it out as AllenSDK does.
SESSION_USABLE = and_(lims.sessions.c.habituation.is_(False), lims.sessions.c.workflow_state != "failed")
PROBE_USABLE = and_(SESSION_USABLE, lims.probes.c.workflow_state != "failed")
CHANNEL_USABLE = and_(PROBE_USABLE, lims.channels.c.valid_data.is_(True))

_PACKAGED = (
    select(lims.analysis_runs.c.ecephys_session_id)
    .join(
        lims.files,
        and_(
            lims.files.c.attachable_id == lims.analysis_runs.c.id,
            lims.files.c.attachable_type == "EcephysAnalysisRun",
        ),
    )
    .join(lims.file_types, lims.file_types.c.id == lims.files.c.well_known_file_type_id)
    .where(lims.file_types.c.name == "EcephysNwb", lims.analysis_runs.c.current.is_(True))
)

SESSION_COLUMNS: Columns = {
    "session_id": lims.sessions.c.id,
    "subject_id": lims.specimens.c.donor_id,
    "session_type": lims.sessions.c.stimulus_name,
    "start_time": lims.sessions.c.date_of_acquisition,
    "genotype": lims.donors.c.full_genotype,
    "sex": lims.genders.c.name,
    "age_in_days": lims.ages.c.days,
    "specimen_id": lims.sessions.c.specimen_id,
    "isi_experiment_id": lims.sessions.c.isi_experiment_id,
    "published_at": lims.sessions.c.published_at,
    # A run without a session would make "not in" null.
    "has_nwb": func.coalesce(lims.sessions.c.id.in_(_PACKAGED), False),
    "habituation": lims.sessions.c.habituation,
    "session_workflow_state": lims.sessions.c.workflow_state,
    "session_usable": func.coalesce(SESSION_USABLE, False),
}
PROBE_COLUMNS: Columns = {
    "probe_id": lims.probes.c.id,
    "session_id": lims.probes.c.ecephys_session_id,
    "probe_name": lims.probes.c.name,
    "sampling_rate": lims.probes.c.global_probe_sampling_rate,
    "lfp_sampling_rate": lims.probes.c.global_probe_lfp_sampling_rate,
    "probe_phase": lims.probes.c.phase,
    "air_channel_index": lims.probes.c.air_channel_index,
    "surface_channel_index": lims.probes.c.surface_channel_index,
    "has_lfp_data": lims.probes.c.use_lfp_data,
    "lfp_temporal_subsampling_factor": lims.probes.c.temporal_subsampling_factor,
    "probe_workflow_state": lims.probes.c.workflow_state,
    "probe_usable": func.coalesce(PROBE_USABLE, False),
}
CHANNEL_COLUMNS: Columns = {
    "channel_id": lims.channels.c.id,
    "probe_id": lims.channels.c.ecephys_probe_id,
    "session_id": lims.probes.c.ecephys_session_id,
    "local_index": lims.channels.c.local_index,
    "probe_vertical_position": lims.channels.c.probe_vertical_position,
    "probe_horizontal_position": lims.channels.c.probe_horizontal_position,
    "structure_id": lims.channels.c.manual_structure_id,
    "structure_acronym": lims.structures.c.acronym,
    "anterior_posterior_ccf_coordinate": lims.channels.c.anterior_posterior_ccf_coordinate,
    "dorsal_ventral_ccf_coordinate": lims.channels.c.dorsal_ventral_ccf_coordinate,
    "left_right_ccf_coordinate": lims.channels.c.left_right_ccf_coordinate,
    "valid_data": lims.channels.c.valid_data,
    "channel_usable": func.coalesce(CHANNEL_USABLE, False),
}
UNIT_IDS: Columns = {
    "unit_id": lims.units.c.id,
    "channel_id": lims.units.c.ecephys_channel_id,
    "probe_id": lims.channels.c.ecephys_probe_id,
    "session_id": lims.probes.c.ecephys_session_id,
}
_SAME_IN_LIMS = [name for name in LimsUnits.dtypes() if name in lims.units.c]
_SHORT_IN_LIMS = [name for name in LimsUnits.dtypes() if name.startswith("waveform_")]
UNIT_COLUMNS: Columns = {
    **UNIT_IDS,
    **{name: lims.units.c[name] for name in _SAME_IN_LIMS},
    # LIMS's "duration" and the like say less than they should in a table with epochs and recordings.
    **{name: lims.units.c[name.removeprefix("waveform_")] for name in _SHORT_IN_LIMS},
    "unit_usable": func.coalesce(CHANNEL_USABLE, False),
}

# Look-ups are joined left: a donor without an age must not take the session away.
SESSIONS = (
    lims.sessions.outerjoin(lims.specimens, lims.specimens.c.id == lims.sessions.c.specimen_id)
    .outerjoin(lims.donors, lims.donors.c.id == lims.specimens.c.donor_id)
    .outerjoin(lims.genders, lims.genders.c.id == lims.donors.c.gender_id)
    .outerjoin(lims.ages, lims.ages.c.id == lims.donors.c.age_id)
)
PROBES = lims.probes.join(lims.sessions, lims.sessions.c.id == lims.probes.c.ecephys_session_id)
_CHANNEL_PARENTS = lims.channels.join(lims.probes, lims.probes.c.id == lims.channels.c.ecephys_probe_id).join(
    lims.sessions, lims.sessions.c.id == lims.probes.c.ecephys_session_id
)
CHANNELS = _CHANNEL_PARENTS.outerjoin(
    lims.structures, lims.structures.c.id == lims.channels.c.manual_structure_id
)
UNITS = lims.units.join(_CHANNEL_PARENTS, lims.channels.c.id == lims.units.c.ecephys_channel_id)


def sessions(query: Query) -> list[Select[Any]]:
    """Return the statement for sessions."""
    columns = dict(SESSION_COLUMNS)
    if "fill_genotype" in query.switches:
        columns["genotype"] = func.coalesce(columns["genotype"], "wt")
    return [_statement(query, LimsSessions, columns, SESSIONS, SESSION_USABLE)]


def probes(query: Query) -> list[Select[Any]]:
    """Return the statement for probes."""
    return [_statement(query, LimsProbes, PROBE_COLUMNS, PROBES, PROBE_USABLE)]


def channels(query: Query) -> list[Select[Any]]:
    """Return the statement for channels."""
    return [_statement(query, LimsChannels, CHANNEL_COLUMNS, CHANNELS, CHANNEL_USABLE)]


def units(query: Query) -> list[Select[Any]]:
    """Return the statement for units."""
    return [_statement(query, LimsUnits, UNIT_COLUMNS, UNITS, CHANNEL_USABLE)]


def _statement(
    query: Query, model: type[Table], columns: Columns, rows: FromClause, usable: ColumnElement[bool]
) -> Select[Any]:
    selected = [
        typed(columns[field.name], str(field.type)).label(field.name) for field in model.arrow_schema()
    ]
    return filtered(select(*selected).select_from(rows), query, columns, usable)


def filtered(
    statement: Select[Any], query: Query, columns: Columns, usable: ColumnElement[bool]
) -> Select[Any]:
    """Return the statement with the query's conditions, and LIMS's usability rule unless it is lifted.

    Parameters
    ----------
    statement : Select
        What is selected from which tables.
    query : Query
        Whose conditions and switches hold.
    columns : mapping
        The columns that conditions may name, beside those of sessions.
    usable : ColumnElement
        Which rows are of use.
    """
    scope = {**SESSION_COLUMNS, **columns}
    statement = statement.where(
        *(_condition(scope[condition.column], condition) for condition in query.conditions)
    )
    return statement if "include_unusable" in query.switches else statement.where(usable)


def typed(column: ColumnElement[Any], arrow_type: str) -> ColumnElement[Any]:
    """Return a column cast to the SQL type that arrives as `arrow_type`."""
    if not arrow_type.startswith("timestamp"):
        return cast(column, _SQL_TYPES[arrow_type])
    # In a connection whose zone is UTC, this reads a naive time as UTC and leaves a zoned one alone.
    instant = cast(column, _ZONED)
    return case(
        *((instant == cast(literal(edge), _ZONED), cast(literal(told), _ZONED)) for edge, told in _INFINITE),
        else_=instant,
    )


def _condition(column: ColumnElement[Any], condition: Condition) -> ColumnElement[bool]:
    if isinstance(condition.value, datetime):
        return cast(column, _ZONED) <= literal(condition.value, _ZONED)
    of_integers = isinstance(column.type, BigInteger)
    values = literal(list(condition.value), ARRAY(BigInteger() if of_integers else Text()))
    return column == any_(values)
