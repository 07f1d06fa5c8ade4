"""The part of LIMS we rely on: the tables and columns we read, and nothing else.

No client can see the DDL of LIMS, so the types are those that the AllenSDK's answers imply. Nothing
depends on them: every column is cast where it is read, so ``integer`` for ``bigint``, ``varchar`` for
``text``, ``jsonb`` for ``json`` or a zoned timestamp do as well. ``schemas/sources/lims/ddl.sql`` is
printed from here, and the demo database is created from here.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Double,
    ForeignKey,
    Index,
    MetaData,
    Table,
    Text,
)

metadata = MetaData()


def _id(name: str = "id") -> Column[int]:
    return Column(name, BigInteger, primary_key=True, autoincrement=False)


def _ref(name: str, target: str, *, nullable: bool = True) -> Column[int]:
    return Column(name, BigInteger, ForeignKey(f"{target}.id"), nullable=nullable, index=True)


genders = Table("genders", metadata, _id(), Column("name", Text))

ages = Table("ages", metadata, _id(), Column("days", Double, comment="days"))

donors = Table(
    "donors",
    metadata,
    _id(),
    Column("full_genotype", Text, comment="null: wild type, or not filled in"),
    _ref("gender_id", "genders"),
    _ref("age_id", "ages"),
)

specimens = Table("specimens", metadata, _id(), _ref("donor_id", "donors"))

isi_experiments = Table("isi_experiments", metadata, _id())

sessions = Table(
    "ecephys_sessions",
    metadata,
    _id(),
    _ref("specimen_id", "specimens"),
    Column("stimulus_name", Text),
    _ref("isi_experiment_id", "isi_experiments"),
    Column("date_of_acquisition", DateTime, comment="UTC; often the date of upload"),
    Column("published_at", DateTime, comment="UTC"),
    Column("workflow_state", Text),
    Column("habituation", Boolean),
)

probes = Table(
    "ecephys_probes",
    metadata,
    _id(),
    _ref("ecephys_session_id", "ecephys_sessions", nullable=False),
    Column("name", Text),
    Column("phase", Text),
    Column("global_probe_sampling_rate", Double, comment="Hz"),
    Column("global_probe_lfp_sampling_rate", Double, comment="Hz, before subsampling"),
    Column("temporal_subsampling_factor", Double),
    Column("air_channel_index", BigInteger),
    Column("surface_channel_index", BigInteger),
    Column("use_lfp_data", Boolean),
    Column("workflow_state", Text),
)

structures = Table("structures", metadata, _id(), Column("acronym", Text))

channels = Table(
    "ecephys_channels",
    metadata,
    _id(),
    _ref("ecephys_probe_id", "ecephys_probes", nullable=False),
    Column("local_index", BigInteger),
    Column("probe_vertical_position", BigInteger, comment="um"),
    Column("probe_horizontal_position", BigInteger, comment="um"),
    _ref("manual_structure_id", "structures"),
    Column("anterior_posterior_ccf_coordinate", Double, comment="um"),
    Column("dorsal_ventral_ccf_coordinate", Double, comment="um"),
    Column("left_right_ccf_coordinate", Double, comment="um"),
    Column("valid_data", Boolean),
)

units = Table(
    "ecephys_units",
    metadata,
    _id(),
    _ref("ecephys_channel_id", "ecephys_channels", nullable=False),
    Column("quality", Text),
    Column("snr", Double),
    Column("firing_rate", Double, comment="Hz"),
    Column("isi_violations", Double),
    Column("presence_ratio", Double),
    Column("amplitude_cutoff", Double),
    Column("isolation_distance", Double),
    Column("l_ratio", Double),
    Column("d_prime", Double),
    Column("nn_hit_rate", Double),
    Column("nn_miss_rate", Double),
    Column("silhouette_score", Double),
    Column("max_drift", Double, comment="um"),
    Column("cumulative_drift", Double, comment="um"),
    Column("epoch_name_quality_metrics", Text),
    Column("epoch_name_waveform_metrics", Text),
    Column("duration", Double, comment="ms"),
    Column("halfwidth", Double, comment="ms"),
    Column("PT_ratio", Double),
    Column("repolarization_slope", Double, comment="V/s"),
    Column("recovery_slope", Double, comment="V/s"),
    Column("amplitude", Double, comment="uV"),
    Column("spread", Double, comment="um"),
    Column("velocity_above", Double, comment="s/m"),
    Column("velocity_below", Double, comment="s/m"),
)

analysis_runs = Table(
    "ecephys_analysis_runs",
    metadata,
    _id(),
    _ref("ecephys_session_id", "ecephys_sessions", nullable=False),
    Column("current", Boolean, comment="unique per job_strategy_class, not per session"),
)

analysis_run_probes = Table(
    "ecephys_analysis_run_probes",
    metadata,
    _id(),
    _ref("ecephys_analysis_run_id", "ecephys_analysis_runs", nullable=False),
    _ref("ecephys_probe_id", "ecephys_probes", nullable=False),
)

metric_bundles = Table(
    "ecephys_unit_metric_bundles",
    metadata,
    _id(),
    _ref("ecephys_unit_id", "ecephys_units", nullable=False),
    _ref("ecephys_analysis_run_id", "ecephys_analysis_runs", nullable=False),
    Column("data", JSON(none_as_null=True), comment="one object; its keys depend on the session type"),
)

file_types = Table("well_known_file_types", metadata, _id(), Column("name", Text))

files = Table(
    "well_known_files",
    metadata,
    _id(),
    Column("attachable_type", Text, comment="whose file it is: a class name of LIMS"),
    Column("attachable_id", BigInteger, comment="and that row's id; no foreign key is possible"),
    _ref("well_known_file_type_id", "well_known_file_types"),
    Column("filename", Text),
    Column("storage_directory", Text, comment="ends in a slash"),
    Index("ix_well_known_files_attachable", "attachable_type", "attachable_id"),
)

stimulus_namespaces = Table("stimulus_namespaces", metadata, _id(), Column("name", Text))

stimuli = Table(
    "stimuli",
    metadata,
    _id(),
    Column("name", Text),
    _ref("stimulus_namespace_id", "stimulus_namespaces"),
    _ref("well_known_file_id", "well_known_files"),
)


def ddl() -> str:
    """Return the ``CREATE TABLE`` statements of everything we read from LIMS, for Postgres."""
    from sqlalchemy.dialects import postgresql
    from sqlalchemy.schema import CreateIndex, CreateTable

    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]  # sqlalchemy leaves it untyped
    statements = []
    for table in metadata.sorted_tables:
        statements.append(str(CreateTable(table).compile(dialect=dialect)).strip())
        indexes = sorted(table.indexes, key=lambda index: str(index.name))
        statements.extend(str(CreateIndex(index).compile(dialect=dialect)).strip() for index in indexes)
    return "\n\n".join(f"{statement};" for statement in statements) + "\n"
