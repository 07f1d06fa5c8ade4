"""The tables behind the demo's Alyx: their columns and relations, by the names that ``django=`` uses."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from sessionframes.demo.alyx.columns import Model, back, enum, many, model, named, of, one, text

if TYPE_CHECKING:
    from collections.abc import Mapping

QC = MappingProxyType({"CRITICAL": 50, "FAIL": 40, "WARNING": 30, "NOT_SET": 0, "PASS": 10})
STATUS = MappingProxyType(
    {
        "Waiting": 20,
        "Held": 25,
        "Started": 30,
        "Errored": 40,
        "Abandoned": 45,
        "Empty": 50,
        "Incomplete": 55,
        "Complete": 60,
    }
)
PROVENANCE = MappingProxyType(
    {"Ephys aligned histology track": 70, "Histology track": 50, "Micro-manipulator": 30, "Planned": 10}
)
#: Part number to name of the probe models.
PROBE_MODELS = MappingProxyType(
    {
        "3A": "Neuropixel 3A",
        "3B1": "Neuropixel 3B1",
        "3B2": "Neuropixel 3B2",
        "NP2.1": "Neuropixel 2.0 single shank",
        "NP2.4": "Neuropixel 2.0 four shank",
    }
)


_INT, _FLOAT, _TIME, _DAY, _JSON, _FLAG = (
    "IntegerField",
    "FloatField",
    "DateTimeField",
    "DateField",
    "JSONField",
    "BooleanField",
)

_LOADERS = ("matlab_loader_function", "python_loader_function")

_ALL = (
    named(
        "labs",
        "Lab",
        text("institution", "address", "timezone"),
        of(_FLOAT, "reference_weight_pct", "zscore_weight_pct", null=False),
        many(repositories="data_repository"),
        back(session="sessions.lab", subject="subjects.lab", lablocation="locations.lab"),
    ),
    named("projects", "Project", text("description"), many(users="users"), back(session="sessions.projects")),
    model(
        "users",
        "User",
        text("username", "email"),
        of(_FLAG, "is_stock_manager", "is_public_user", null=False),
        many(lab="labs", allowed_users="users"),
        back(subjects_responsible="subjects.responsible_user"),
        label="username",
    ),
    model(
        "subjects",
        "Subject",
        text("nickname", "sex", "description"),
        one(responsible_user="users", lab="labs", species="species", strain="strains", source="sources"),
        one(line="lines", litter="litters"),
        of(_DAY, "birth_date", "death_date"),
        of("ArrayField", "genotype"),
        of(_FLOAT, "reference_weight", "expected_water", "remaining_water", null=False),
        of(_TIME, "last_water_restriction"),
        of(_JSON, "json"),
        many(projects="projects"),
        back(actions_sessions="sessions.subject", weighings="weighings.subject"),
        back(water_administrations="water_administrations.subject", actions_surgerys="surgeries.subject"),
        label="nickname",
    ),
    *(
        named(name, name.title())
        for name in ("species", "strains", "sources", "lines", "litters", "water-type")
    ),
    named("procedures", "ProcedureType", text("description")),
    named("dataset-types", "DatasetType", text("description", "filename_pattern"), one(created_by="users")),
    named("data-formats", "DataFormat", text("description", "file_extension", *_LOADERS)),
    named("revisions", "Revision", text("description"), of(_TIME, "created_datetime")),
    named(
        "tags",
        "Tag",
        text("description"),
        text("hash", null=True),
        of(_FLAG, "protected", "public", null=False),
        back(datasets="datasets.tags"),
    ),
    named("coordinate-systems", "CoordinateSystem", text("description")),
    named("probe-models", "ProbeModel", text("probe_manufacturer", "probe_model")),
    named("locations", "LabLocation", one(lab="labs")),
    named(
        "data-repository",
        "DataRepository",
        text("timezone", "globus_path", "hostname", "repository_type"),
        text("data_url", "globus_endpoint_id", null=True),
        of(_FLAG, "globus_is_personal"),
    ),
    model(
        "sessions",
        "Session",
        text("name", "narrative", "task_protocol"),
        text("type", null=True),
        one(subject="subjects", lab="labs", location="locations", parent_session="sessions"),
        many(users="users", procedures="procedures", projects="projects"),
        of(_TIME, "start_time", "end_time"),
        of(_TIME, "auto_datetime"),
        of(_INT, "number", "n_trials", "n_correct_trials"),
        of(_JSON, "extended_qc", "json"),
        enum("qc", QC),
        back(data_dataset_session_related="datasets.session", probe_insertion="insertions.session"),
        back(tasks="tasks.session", session="sessions.parent_session"),
        back(
            wateradmin_session_related="water_administrations.session", field_of_view="fields_of_view.session"
        ),
    ),
    model(
        "fields-of-view",
        "FOV",
        text("name", "imaging_type"),
        one(session="sessions", stack="imaging_stack"),
        of(_JSON, "json"),
        many(datasets="datasets"),
        back(location="fov_location.field_of_view"),
    ),
    model(
        "fov-location",
        "FOVLocation",
        one(field_of_view="fields_of_view", coordinate_system="coordinate_systems"),
        many(brain_region="brain_regions"),
        text("provenance"),
        of("ArrayField", "x", "y", "z", "n_xyz"),
        of(_FLAG, "default_provenance", null=False),
        of(_TIME, "auto_datetime"),
    ),
    model("imaging-stack", "ImagingStack", back(slices="fields_of_view.stack")),
    model(
        "downloads", "Download", one(user="users", dataset="datasets"), of(_INT, "count"), of(_JSON, "json")
    ),
    named("data-repository-type", "DataRepositoryType"),
    named(
        "data-notices",
        "DataNotice",
        text("description", "description_html", "version_affected"),
        one(created_by="users"),
        many(datasets="datasets"),
        of(_INT, "importance"),
        of(_TIME, "created_datetime", "affected_date_start", "affected_date_end"),
    ),
    model(
        "insertions",
        "ProbeInsertion",
        text("name", "serial"),
        one(session="sessions", model="probe_models", chronic_insertion="chronic_insertions"),
        many(datasets="datasets"),
        of(_TIME, "auto_datetime"),
        of(_JSON, "json"),
        back(trajectory_estimate="trajectories.probe_insertion"),
    ),
    model(
        "chronic-insertions",
        "ChronicInsertion",
        text("name", "serial"),
        one(subject="subjects", lab="labs", model="probe_models"),
        of(_TIME, "start_time"),
        of(_JSON, "json"),
        back(probe_insertion="insertions.chronic_insertion"),
        back(trajectory_estimate="trajectories.chronic_insertion"),
    ),
    model(
        "trajectories",
        "TrajectoryEstimate",
        one(probe_insertion="insertions", chronic_insertion="chronic_insertions"),
        one(coordinate_system="coordinate_systems"),
        of(_FLOAT, "x", "y", "z", "depth", "theta", "phi", "roll"),
        of(_TIME, "datetime"),
        of(_JSON, "json"),
        enum("provenance", PROVENANCE),
        back(channels="channels.trajectory_estimate"),
    ),
    model(
        "channels",
        "Channel",
        text("name"),
        one(trajectory_estimate="trajectories", brain_region="brain_regions"),
        of(_FLOAT, "axial", "lateral", "x", "y", "z"),
        of(_JSON, "json"),
    ),
    model(
        "datasets",
        "Dataset",
        text("name", "collection", "hash", "version", "generating_software"),
        one(created_by="users", dataset_type="dataset_types", data_format="data_formats"),
        one(session="sessions", revision="revisions"),
        of(_TIME, "created_datetime", "auto_datetime"),
        of(_INT, "file_size"),
        of(_FLAG, "default_dataset", null=False),
        of(_JSON, "json"),
        enum("qc", QC),
        many(tags="tags"),
        back(file_records="files.dataset", probe_insertion="insertions.datasets"),
    ),
    model(
        "files",
        "FileRecord",
        text("name", "relative_path"),
        one(dataset="datasets", data_repository="data_repository"),
        of(_FLAG, "exists", null=False),
        of(_JSON, "json"),
    ),
    model(
        "tasks",
        "Task",
        text("name", "executable", "graph", "log", "version", null=True),
        one(session="sessions", data_repository="data_repository"),
        many(parents="tasks"),
        of(_INT, "priority", "io_charge", "level", "gpu", "cpu", "ram", "time_out_secs"),
        of(_FLOAT, "time_elapsed_secs"),
        of(_TIME, "datetime"),
        of(_JSON, "arguments"),
        enum("status", STATUS),
    ),
    model(
        "brain-regions",
        "BrainRegion",
        text("acronym", "name"),
        text("description", null=True),
        one(parent="brain_regions"),
        of("ArrayField", "related_descriptions"),
        back(channel="channels.brain_region"),
        key="IntegerField",
    ),
    model(
        "weighings",
        "Weighing",
        one(subject="subjects", user="users"),
        of(_TIME, "date_time"),
        of(_FLOAT, "weight"),
        of(_JSON, "json"),
    ),
    model(
        "water-administrations",
        "WaterAdministration",
        one(subject="subjects", session="sessions", water_type="water_type", user="users"),
        of(_TIME, "date_time"),
        of(_FLOAT, "water_administered"),
        of(_FLAG, "adlib", null=False),
        text("name"),
    ),
    model(
        "water-restriction",
        "WaterRestriction",
        one(subject="subjects", water_type="water_type"),
        of(_TIME, "start_time", "end_time"),
        of(_FLOAT, "reference_weight"),
    ),
    model(
        "water-restricted-subjects",
        "WaterRestrictedSubject",
        text("nickname"),
        of(_FLOAT, "expected_water", "remaining_water", "reference_weight", null=False),
        of(_FLOAT, "reference_weight_pct", "zscore_weight_pct", null=False),
        of(_TIME, "last_water_restriction"),
    ),
    model(
        "notes",
        "Note",
        one(user="users"),
        of(_TIME, "date_time"),
        text("content_type", "object_id", "text"),
        text("image", null=True),
        of(_JSON, "json"),
    ),
    model(
        "surgeries",
        "Surgery",
        text("name", "narrative", "outcome_type"),
        one(subject="subjects", lab="labs", location="locations"),
        many(users="users", procedures="procedures"),
        of(_TIME, "start_time", "end_time"),
        of(_FLOAT, "implant_weight"),
        of(_JSON, "json"),
    ),
)

MODELS: Mapping[str, Model] = MappingProxyType({one_model.name: one_model for one_model in _ALL})
