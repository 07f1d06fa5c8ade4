"""What BrainSTEM keeps: where each model is found, under which keys it answers, and the rules of its fields.

From the API pages of the documentation's head of 2026-04-04; where pages disagree, the looser rule, since
the server has the last word.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from sessionframes.config import nearest
from sessionframes.errors import TableNotProvidedError

if TYPE_CHECKING:
    from collections.abc import Iterator

#: What a field holds: "id" and "ids" are of other records, "texts" is a list of text.
FieldKind = Literal["text", "integer", "flag", "instant", "date", "id", "ids", "texts", "json"]


@dataclass(frozen=True)
class ApiField:
    """A field of a model, and the rules that the server checks.

    Parameters
    ----------
    name : str
        As the server has it.
    kind : str
        What it holds.
    required, unique, read_only : bool
        The rules; what is read-only is ignored when sent.
    longest : int, optional
        Most characters that it may have.
    choices : tuple of str
        The only values there can be; none named, any.
    refers : str, optional
        For ids: the model that they are of.
    """

    name: str
    kind: FieldKind = "text"
    required: bool = False
    unique: bool = False
    read_only: bool = False
    longest: int | None = None
    choices: tuple[str, ...] = ()
    refers: str | None = None


@dataclass(frozen=True)
class Model:
    """A kind of record.

    Parameters
    ----------
    name : str
        As it stands in addresses.
    app : str
        The part of the server that keeps it.
    plural, singular : str
        The keys under which lists and single records are answered; not to be derived from the name.
    fields : tuple of ApiField
        Those that are documented; none where the documentation is silent.
    aliases : tuple of str
        Other names, older ones among them.
    """

    name: str
    app: str
    plural: str
    singular: str
    fields: tuple[ApiField, ...] = field(default=())
    aliases: tuple[str, ...] = ()

    @property
    def path(self) -> str:
        """Where its list is, below the portal."""
        return f"{self.app}/{self.name}/"

    def field_named(self, name: str) -> ApiField | None:
        """Return a field, or None where it has none of that name."""
        return next((one for one in self.fields if one.name == name), None)


def _name(longest: int | None, *, unique: bool = False) -> ApiField:
    return ApiField("name", required=True, unique=unique, longest=longest)


def _text(
    name: str, longest: int | None = None, *, required: bool = False, choices: tuple[str, ...] = ()
) -> ApiField:
    return ApiField(name, required=required, longest=longest, choices=choices)


def _id(name: str, refers: str, *, required: bool = False, read_only: bool = False) -> ApiField:
    return ApiField(name, "id", required=required, read_only=read_only, refers=refers)


def _ids(name: str, refers: str, *, required: bool = False, read_only: bool = False) -> ApiField:
    return ApiField(name, "ids", required=required, read_only=read_only, refers=refers)


_DESCRIPTION = _text("description")
#: What every record has of which the documents tell no more.
_NAMED = (_text("name"), _DESCRIPTION)
_NOTES = _text("notes", 500)
_TAGS = ApiField("tags", "texts")
_EXTRA = ApiField("extra_fields", "json")
_DETAILS = (ApiField("details", "json"), _text("type_schema_version"))
_TYPE = _text("type", required=True)
_COORDINATES = (
    _text(
        "coordinates_system",
        choices=(
            "Stereotaxic_BregmaAbsolute",
            "Stereotaxic_BregmaBrainSurface",
            "Stereotaxic_LambdaAbsolute",
            "Stereotaxic_LambdaBrainSurface",
            "CCF_XYZ_Absolute",
            "External_XYZ_Absolute",
        ),
    ),
    ApiField("coordinates_details", "json"),
    _text("coordinates_schema_version"),
)
_STAMPS = (
    ApiField("created_at", "instant", read_only=True),
    ApiField("updated_at", "instant", read_only=True),
)

_STEM = (
    Model(
        "project",
        "stem",
        "projects",
        "project",
        (
            _name(200, unique=True),
            _DESCRIPTION,
            _ids("sessions", "session", read_only=True),
            _ids("subjects", "subject", read_only=True),
            _ids("collections", "collection", read_only=True),
            _ids("cohorts", "cohort", read_only=True),
            _ids("publications", "publication"),
            _EXTRA,
            ApiField("is_public", "flag"),
            _TAGS,
        ),
    ),
    Model(
        "subject",
        "stem",
        "subjects",
        "subject",
        (
            _name(100, unique=True),
            _DESCRIPTION,
            _ids("projects", "project", required=True),
            _id("strain", "strain", required=True),
            _text("sex", required=True, choices=("F", "M", "U")),
            _text("genetic_line", 100),
            _text("genotype", 200),
            _text("subject_identifier", 100),
            _id("supplier", "supplier"),
            _id("breeding", "breeding"),
            ApiField("birth_date", "date"),
            ApiField("death_date", "date"),
            _text("status"),
            _ids("licenses", "license"),
            _EXTRA,
            _ids("procedures", "procedure", read_only=True),
            _ids("subjectlogs", "subjectlog", read_only=True),
            _text("name_used_in_storage", 200),
            _TAGS,
        ),
    ),
    Model(
        "session",
        "stem",
        "sessions",
        "session",
        (
            _name(100, unique=True),
            _DESCRIPTION,
            _ids("projects", "project", required=True),
            ApiField("date_time", "instant"),
            _ids("epochs", "epoch", read_only=True),
            # Read-only in older pages, writable in newer ones.
            _ids("datastorage", "datastorage"),
            _EXTRA,
            ApiField("download_links", "json"),
            _ids("dataacquisition", "dataacquisition", read_only=True),
            _ids("behaviors", "behavior", read_only=True),
            _ids("manipulations", "manipulation", read_only=True),
            # Writable in older pages, read-only in newer ones.
            _text("name_used_in_storage", 200),
            _TAGS,
        ),
        ("dataset",),
    ),
    Model(
        "collection",
        "stem",
        "collections",
        "collection",
        (
            _name(100),
            _DESCRIPTION,
            _id("project", "project", required=True),
            _ids("sessions", "session"),
            _TAGS,
        ),
    ),
    Model(
        "cohort",
        "stem",
        "cohorts",
        "cohort",
        (
            _name(100),
            _DESCRIPTION,
            _id("project", "project", required=True),
            _ids("subjects", "subject"),
            _TAGS,
        ),
    ),
    Model(
        "breeding",
        "stem",
        "breedings",
        "breeding",
        (
            _name(100),
            _id("project", "project", required=True),
            _id("mother", "subject", required=True),
            _id("father", "subject", required=True),
            _DESCRIPTION,
            _TAGS,
            *(ApiField(f"{what}_date", "date") for what in ("birth", "start", "end", "weaning")),
            ApiField("litter_size", "integer"),
            _text("expected_genotype", 100),
        ),
    ),
)
_MODULES = (
    Model(
        "dataacquisition",
        "modules",
        "data_acquisitions",
        "data_acquisition",
        (
            _TYPE,
            _id("session", "session", required=True),
            _ids("procedures", "procedure"),
            _ids("equipment", "equipment"),
            _NOTES,
            *_DETAILS,
            ApiField("image", "json", read_only=True),
            ApiField("order", "integer"),
        ),
        ("experimentdata",),
    ),
    Model(
        "procedure",
        "modules",
        "procedures",
        "procedure",
        (
            _TYPE,
            _id("subject", "subject", required=True),
            ApiField("date_time", "instant"),
            _id("consumablestock", "consumablestock"),
            _ids("equipment", "equipment"),
            _id("brain_region", "brainregion"),
            _ids("licenses", "license"),
            _NOTES,
            *_DETAILS,
            *_COORDINATES,
            *_STAMPS,
        ),
    ),
    Model(
        "procedurelog",
        "modules",
        "procedure_logs",
        "procedure_log",
        (_id("procedure", "procedure", required=True), _TYPE, ApiField("entries", "json", read_only=True)),
        ("actionlog",),
    ),
    Model(
        "subjectlog",
        "modules",
        "subject_logs",
        "subject_log",
        (_id("subject", "subject"), _text("type"), ApiField("entries", "json", read_only=True)),
    ),
    Model(
        "behavior",
        "modules",
        "behaviors",
        "behavior",
        (
            _id("session", "session", required=True),
            _ids("subjects", "subject", required=True),
            _id("setup", "setup", required=True),
            _id("behavioralassay", "behavioralassay"),
            _NOTES,
            ApiField("order", "integer"),
        ),
    ),
    Model(
        "manipulation",
        "modules",
        "manipulations",
        "manipulation",
        (
            _TYPE,
            _id("session", "session", required=True),
            _ids("procedures", "procedure", required=True),
            _ids("equipment", "equipment"),
            _NOTES,
            *_DETAILS,
            ApiField("order", "integer"),
        ),
    ),
    Model(
        "equipment",
        "modules",
        "equipment",
        "equipment",
        (
            _name(None),
            _TYPE,
            _id("setup", "setup", required=True),
            _id("hardwaredevice", "hardwaredevice"),
            _id("consumable", "consumable"),
            *_COORDINATES,
            *_DETAILS,
        ),
    ),
    Model(
        "consumablestock",
        "modules",
        "consumable stocks",
        "consumable stock",
        (
            _TYPE,
            _text("status"),
            _id("inventory", "inventory", required=True),
            _id("consumable", "consumable"),
            *_DETAILS,
        ),
    ),
)
_PERSONAL = (
    Model(
        "setup",
        "personal_attributes",
        "setups",
        "setup",
        (_name(50), _id("setup_type", "setuptype", required=True), ApiField("specifications", "json")),
    ),
    Model(
        "datastorage",
        "personal_attributes",
        "datastorages",
        "datastorage",
        (
            _name(100),
            _text("location"),
            ApiField("data_organization", "json"),
            ApiField("data_protocols", "json"),
        ),
        ("datarepositories", "datarepository"),
    ),
    Model("inventory", "personal_attributes", "inventories", "inventory", (_name(50),)),
    Model(
        "behavioralassay",
        "personal_attributes",
        "behavioralassays",
        "behavioralassay",
        _NAMED,
        ("behavioralparadigm",),
    ),
    Model("license", "personal_attributes", "licenses", "license", _NAMED),
)
_RESOURCES = (
    Model(
        "consumable",
        "resources",
        "consumables",
        "consumable",
        (_name(100, unique=True), _DESCRIPTION, _id("supplier", "supplier", required=True), _TYPE, *_DETAILS),
    ),
    Model("hardwaredevice", "resources", "hardwaredevices", "hardwaredevice", _NAMED),
    Model("supplier", "resources", "suppliers", "supplier", _NAMED),
)
_TAXONOMIES = (
    Model(
        "brainregion",
        "taxonomies",
        "brain_regions",
        "brain_region",
        (_name(200), _text("acronym", 15, required=True), _text("atlas", 7, required=True)),
    ),
    Model("setuptype", "taxonomies", "setup_types", "setup_type", _NAMED),
    Model("behavioralcategory", "taxonomies", "behavioral_categories", "behavioral_category", _NAMED),
    Model("species", "taxonomies", "species", "species", _NAMED),
    Model(
        "strain", "taxonomies", "strains", "strain", (_name(None), _id("species", "species", required=True))
    ),
)
_DISSEMINATION = (
    Model("publication", "dissemination", "publications", "publication", _NAMED),
    Model("journal", "dissemination", "journals", "journal", _NAMED),
)
_USERS = (
    Model("user", "users", "users", "user"),
    Model("group", "users", "groups", "group"),
    Model("laboratory", "users", "laboratories", "laboratory", _NAMED),
)

MODELS: dict[str, Model] = {
    model.name: model
    for model in (*_STEM, *_MODULES, *_PERSONAL, *_RESOURCES, *_TAXONOMIES, *_DISSEMINATION, *_USERS)
}
#: Of taxonomies and resources a write files a request; it is answered under this key.
APPROVALS = {
    name: f"{name}_approval" for name, model in MODELS.items() if model.app in ("resources", "taxonomies")
}


def model_named(name: str) -> Model:
    """Return a model by its name, its plural, or an older name; case, spaces and underscores do not count.

    Raises
    ------
    sessionframes.errors.TableNotProvidedError
        There is none.
    """
    wanted = plain(name)
    for model in MODELS.values():
        if wanted in map(plain, _names(model)):
            return model
    message = f"there is no model {name!r}."
    raise TableNotProvidedError(message, source="brainstem", hint=nearest(name, MODELS))


def plain(text: str) -> str:
    """Return a key as it compares: without case, spaces and underscores."""
    return text.casefold().replace(" ", "").replace("_", "")


def _names(model: Model) -> Iterator[str]:
    yield from (model.name, model.plural, model.singular, *model.aliases)
