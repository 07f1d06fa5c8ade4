"""What the rows of each table are made of: LIMS's tables joined, and which of their columns are ours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, FromClause, Table, and_, func, select

from sessionframes.sources.lims import schema as lims
from sessionframes.sources.lims.tables import LimsUnits

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    Columns = Mapping[str, ColumnElement[Any]]

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
    # Runs are joined to unit metrics too, and those are other runs.
    .correlate(None)
)

_SESSION_COLUMNS: Columns = {
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
_PROBE_COLUMNS: Columns = {
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
_CHANNEL_COLUMNS: Columns = {
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
_UNIT_COLUMNS: Columns = {
    **UNIT_IDS,
    **{name: lims.units.c[name] for name in _SAME_IN_LIMS},
    # LIMS's "duration" and the like say less than they should in a table with epochs and recordings.
    **{name: lims.units.c[name.removeprefix("waveform_")] for name in _SHORT_IN_LIMS},
    "unit_usable": func.coalesce(CHANNEL_USABLE, False),
}

_PARENTS: dict[Table, ColumnElement[bool]] = {
    lims.sessions: lims.sessions.c.id == lims.probes.c.ecephys_session_id,
    lims.probes: lims.probes.c.id == lims.channels.c.ecephys_probe_id,
    lims.channels: lims.channels.c.id == lims.units.c.ecephys_channel_id,
    lims.units: lims.units.c.id == lims.metric_bundles.c.ecephys_unit_id,
}
#: Tables that are looked up, each after those it is reached through, and how.
_LOOKUPS: dict[Table, ColumnElement[bool]] = {
    lims.specimens: lims.specimens.c.id == lims.sessions.c.specimen_id,
    lims.donors: lims.donors.c.id == lims.specimens.c.donor_id,
    lims.genders: lims.genders.c.id == lims.donors.c.gender_id,
    lims.ages: lims.ages.c.id == lims.donors.c.age_id,
    lims.structures: lims.structures.c.id == lims.channels.c.manual_structure_id,
}
#: Which of them a column needs; those that are not here need none.
_LOOKED_UP: dict[str, tuple[Table, ...]] = {
    "subject_id": (lims.specimens,),
    "genotype": (lims.specimens, lims.donors),
    "sex": (lims.specimens, lims.donors, lims.genders),
    "age_in_days": (lims.specimens, lims.donors, lims.ages),
    "structure_acronym": (lims.structures,),
}


@dataclass(frozen=True)
class Level:
    """A table in terms of LIMS.

    Parameters
    ----------
    rows : FromClause
        One row for each of the table's, with the rows of its ancestors beside it.
    columns : mapping
        Its columns and those of its ancestors, by our names; of the same name the nearest.
    usable : ColumnElement
        Which rows are of use.
    """

    rows: FromClause
    columns: Columns
    usable: ColumnElement[bool]

    def joined(self, names: Iterable[str]) -> FromClause:
        """Return the rows with the look-ups that these columns need, and no others."""
        needed = {table for name in names for table in _LOOKED_UP.get(name, ())}
        rows = self.rows
        for table, how in _LOOKUPS.items():
            if table in needed:
                # Left: a donor without an age must not take the session away.
                rows = rows.outerjoin(table, how)
        return rows


def chained(rows: FromClause, *tables: Table) -> FromClause:
    """Return rows joined with those above them, each of which there must be.

    Parameters
    ----------
    rows : FromClause
        Where the chain begins.
    *tables : sqlalchemy.Table
        Each the parent of the one before it.
    """
    for table in tables:
        rows = rows.join(table, _PARENTS[table])
    return rows


SESSIONS = Level(lims.sessions, _SESSION_COLUMNS, SESSION_USABLE)
PROBES = Level(chained(lims.probes, lims.sessions), {**SESSIONS.columns, **_PROBE_COLUMNS}, PROBE_USABLE)
CHANNELS = Level(
    chained(lims.channels, lims.probes, lims.sessions),
    {**PROBES.columns, **_CHANNEL_COLUMNS},
    CHANNEL_USABLE,
)
UNITS = Level(
    chained(lims.units, lims.channels, lims.probes, lims.sessions),
    {**CHANNELS.columns, **_UNIT_COLUMNS},
    CHANNEL_USABLE,
)
