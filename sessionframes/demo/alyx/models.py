"""The tables behind the demo's Alyx: their columns and relations, by the names that ``django=`` uses."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

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


@dataclass(frozen=True)
class Column:
    """A column or a relation.

    Attributes
    ----------
    kind : str
        Of Django: "CharField", "ForeignKey", "ManyToOneRel" and so on.
    to : str
        The model that a relation leads to.
    by : str
        For a relation that is kept at its other end: the column there.
    null : bool
        Whether it may be null.
    choices : mapping
        Labels and their numbers.
    """

    kind: str
    to: str = ""
    by: str = ""
    null: bool = True
    choices: Mapping[str, int] = field(default_factory=dict)

    @property
    def is_many(self) -> bool:
        """Whether it leads to several rows."""
        return self.kind in ("ManyToManyField", "ManyToOneRel", "ManyToManyRel")

    @property
    def default(self) -> Any:
        """What a row has that does not tell it."""
        if self.kind == "ManyToManyField" or self.kind == "ArrayField":
            return []
        if self.choices:
            return min(self.choices.values())
        if self.null:
            return None
        return {"CharField": "", "BooleanField": False}.get(self.kind, 0)


@dataclass(frozen=True)
class Model:
    """A table.

    Attributes
    ----------
    name : str
        Of its endpoint, if it has one.
    title : str
        As errors have it.
    columns : mapping
        By name, in alphabetical order.
    label : str
        The column that others name its rows by; "id" if they do not.
    """

    name: str
    title: str
    columns: Mapping[str, Column]
    label: str = "id"


def _text(*names: str, null: bool = False) -> dict[str, Column]:
    return {name: Column("CharField", null=null) for name in names}


def _of(kind: str, *names: str, null: bool = True) -> dict[str, Column]:
    return {name: Column(kind, null=null) for name in names}


def _enum(name: str, choices: Mapping[str, int]) -> dict[str, Column]:
    return {name: Column("IntegerField", null=False, choices=choices)}


def _one(**names: str) -> dict[str, Column]:
    return {name: Column("ForeignKey", to.replace("_", "-")) for name, to in names.items()}


def _many(**names: str) -> dict[str, Column]:
    return {name: Column("ManyToManyField", to.replace("_", "-")) for name, to in names.items()}


def _back(**names: str) -> dict[str, Column]:
    made = {}
    for name, place in names.items():
        to, by = place.split(".")
        made[name] = Column("ManyToOneRel", to.replace("_", "-"), by)
    return made


def _model(
    name: str, title: str, *columns: Mapping[str, Column], label: str = "id", key: str = "UUIDField"
) -> Model:
    every = {"id": Column(key, null=False)}
    for some in columns:
        every |= some
    return Model(name, title, dict(sorted(every.items())), label)


def _named(name: str, title: str, *columns: Mapping[str, Column]) -> Model:
    return _model(name, title, _text("name"), _of("JSONField", "json"), *columns, label="name")


_INT, _FLOAT, _TIME, _DAY, _JSON, _FLAG = (
    "IntegerField",
    "FloatField",
    "DateTimeField",
    "DateField",
    "JSONField",
    "BooleanField",
)

_ALL = (
    _named(
        "labs",
        "Lab",
        _text("institution", "address", "timezone"),
        _of(_FLOAT, "reference_weight_pct", "zscore_weight_pct", null=False),
        _many(repositories="data_repository"),
        _back(session="sessions.lab", subject="subjects.lab", lablocation="locations.lab"),
    ),
    _named(
        "projects", "Project", _text("description"), _many(users="users"), _back(session="sessions.projects")
    ),
    _model(
        "users",
        "User",
        _text("username", "email"),
        _of(_FLAG, "is_stock_manager", "is_public_user", null=False),
        _many(lab="labs", allowed_users="users"),
        _back(subjects_responsible="subjects.responsible_user"),
        label="username",
    ),
    _model(
        "subjects",
        "Subject",
        _text("nickname", "sex", "description"),
        _one(responsible_user="users", lab="labs", species="species", strain="strains", source="sources"),
        _one(line="lines", litter="litters"),
        _of(_DAY, "birth_date", "death_date"),
        _of("ArrayField", "genotype"),
        _of(_FLOAT, "reference_weight", "expected_water", "remaining_water", null=False),
        _of(_TIME, "last_water_restriction"),
        _of(_JSON, "json"),
        _many(projects="projects"),
        _back(actions_sessions="sessions.subject", weighings="weighings.subject"),
        _back(water_administrations="water_administrations.subject", actions_surgerys="surgeries.subject"),
        label="nickname",
    ),
    *(
        _named(name, name.title())
        for name in ("species", "strains", "sources", "lines", "litters", "water-type")
    ),
    _named("procedures", "ProcedureType", _text("description")),
    _named(
        "dataset-types", "DatasetType", _text("description", "filename_pattern"), _one(created_by="users")
    ),
    _named("data-formats", "DataFormat", _text("description", "file_extension")),
    _named("revisions", "Revision", _text("description"), _of(_TIME, "created_datetime")),
    _named(
        "tags",
        "Tag",
        _text("description"),
        _text("hash", null=True),
        _of(_FLAG, "protected", "public", null=False),
        _back(datasets="datasets.tags"),
    ),
    _named("coordinate-systems", "CoordinateSystem", _text("description")),
    _named("probe-models", "ProbeModel", _text("probe_manufacturer", "probe_model")),
    _named("locations", "LabLocation", _one(lab="labs")),
    _named(
        "data-repository",
        "DataRepository",
        _text("timezone", "globus_path", "hostname", "repository_type"),
        _text("data_url", "globus_endpoint_id", null=True),
        _of(_FLAG, "globus_is_personal"),
    ),
    _model(
        "sessions",
        "Session",
        _text("name", "narrative", "task_protocol"),
        _text("type", null=True),
        _one(subject="subjects", lab="labs", location="locations", parent_session="sessions"),
        _many(users="users", procedures="procedures", projects="projects"),
        _of(_TIME, "start_time", "end_time"),
        _of(_TIME, "auto_datetime"),
        _of(_INT, "number", "n_trials", "n_correct_trials"),
        _of(_JSON, "extended_qc", "json"),
        _enum("qc", QC),
        _back(data_dataset_session_related="datasets.session", probe_insertion="insertions.session"),
        _back(tasks="tasks.session", session="sessions.parent_session"),
        _back(
            wateradmin_session_related="water_administrations.session", field_of_view="fields_of_view.session"
        ),
    ),
    _model("fields-of-view", "FOV", _text("name"), _one(session="sessions")),
    _model(
        "insertions",
        "ProbeInsertion",
        _text("name", "serial"),
        _one(session="sessions", model="probe_models", chronic_insertion="chronic_insertions"),
        _many(datasets="datasets"),
        _of(_TIME, "auto_datetime"),
        _of(_JSON, "json"),
        _back(trajectory_estimate="trajectories.probe_insertion"),
    ),
    _model(
        "chronic-insertions",
        "ChronicInsertion",
        _text("name", "serial"),
        _one(subject="subjects", lab="labs", model="probe_models"),
        _of(_TIME, "start_time"),
        _of(_JSON, "json"),
        _back(probe_insertion="insertions.chronic_insertion"),
        _back(trajectory_estimate="trajectories.chronic_insertion"),
    ),
    _model(
        "trajectories",
        "TrajectoryEstimate",
        _one(probe_insertion="insertions", chronic_insertion="chronic_insertions"),
        _one(coordinate_system="coordinate_systems"),
        _of(_FLOAT, "x", "y", "z", "depth", "theta", "phi", "roll"),
        _of(_TIME, "datetime"),
        _of(_JSON, "json"),
        _enum("provenance", PROVENANCE),
        _back(channels="channels.trajectory_estimate"),
    ),
    _model(
        "channels",
        "Channel",
        _text("name"),
        _one(trajectory_estimate="trajectories", brain_region="brain_regions"),
        _of(_FLOAT, "axial", "lateral", "x", "y", "z"),
        _of(_JSON, "json"),
    ),
    _model(
        "datasets",
        "Dataset",
        _text("name", "collection", "hash", "version", "generating_software"),
        _one(created_by="users", dataset_type="dataset_types", data_format="data_formats"),
        _one(session="sessions", revision="revisions"),
        _of(_TIME, "created_datetime", "auto_datetime"),
        _of(_INT, "file_size"),
        _of(_FLAG, "default_dataset", null=False),
        _of(_JSON, "json"),
        _enum("qc", QC),
        _many(tags="tags"),
        _back(file_records="files.dataset", probe_insertion="insertions.datasets"),
    ),
    _model(
        "files",
        "FileRecord",
        _text("name", "relative_path"),
        _one(dataset="datasets", data_repository="data_repository"),
        _of(_FLAG, "exists", null=False),
        _of(_JSON, "json"),
    ),
    _model(
        "tasks",
        "Task",
        _text("name", "executable", "graph", "log", "version", null=True),
        _one(session="sessions", data_repository="data_repository"),
        _many(parents="tasks"),
        _of(_INT, "priority", "io_charge", "level", "gpu", "cpu", "ram", "time_out_secs"),
        _of(_FLOAT, "time_elapsed_secs"),
        _of(_TIME, "datetime"),
        _of(_JSON, "arguments"),
        _enum("status", STATUS),
    ),
    _model(
        "brain-regions",
        "BrainRegion",
        _text("acronym", "name"),
        _text("description", null=True),
        _one(parent="brain_regions"),
        _of("ArrayField", "related_descriptions"),
        _back(channel="channels.brain_region"),
        key="IntegerField",
    ),
    _model(
        "weighings",
        "Weighing",
        _one(subject="subjects", user="users"),
        _of(_TIME, "date_time"),
        _of(_FLOAT, "weight"),
        _of(_JSON, "json"),
    ),
    _model(
        "water-administrations",
        "WaterAdministration",
        _one(subject="subjects", session="sessions", water_type="water_type", user="users"),
        _of(_TIME, "date_time"),
        _of(_FLOAT, "water_administered"),
        _of(_FLAG, "adlib", null=False),
        _text("name"),
    ),
    _model(
        "water-restriction",
        "WaterRestriction",
        _one(subject="subjects", water_type="water_type"),
        _of(_TIME, "start_time", "end_time"),
        _of(_FLOAT, "reference_weight"),
    ),
    _model(
        "notes",
        "Note",
        _one(user="users"),
        _of(_TIME, "date_time"),
        _text("content_type", "object_id", "text"),
        _text("image", null=True),
        _of(_JSON, "json"),
    ),
    _model(
        "surgeries",
        "Surgery",
        _text("name", "narrative", "outcome_type"),
        _one(subject="subjects", lab="labs", location="locations"),
        _many(users="users", procedures="procedures"),
        _of(_TIME, "start_time", "end_time"),
        _of(_FLOAT, "implant_weight"),
        _of(_JSON, "json"),
    ),
)

MODELS: Mapping[str, Model] = MappingProxyType({model.name: model for model in _ALL})
