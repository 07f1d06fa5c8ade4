"""What BrainSTEM keeps: where each model is found, under which keys it answers, and the rules of its fields.

From the API pages of the documentation's head of 2026-04-04; where pages disagree, the looser rule, since
the server has the last word.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sessionframes.config import nearest
from sessionframes.errors import TableNotProvidedError
from sessionframes.sources.brainstem.fields import (
    ApiField,
    Model,
    id_field,
    ids_field,
    name_field,
    text_field,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["APPROVALS", "MODELS", "ApiField", "Model", "model_named", "plain"]

_DESCRIPTION = text_field("description")
#: What every record has of which the documents tell no more.
_NAMED = (text_field("name"), _DESCRIPTION)
_NOTES = text_field("notes", 500)
_TAGS = ApiField("tags", "texts")
_EXTRA = ApiField("extra_fields", "json")
_DETAILS = (ApiField("details", "json"), text_field("type_schema_version"))
_TYPE = text_field("type", required=True)
_COORDINATES = (
    text_field(
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
    text_field("coordinates_schema_version"),
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
            name_field(200, unique=True),
            _DESCRIPTION,
            ids_field("sessions", "session", read_only=True),
            ids_field("subjects", "subject", read_only=True),
            ids_field("collections", "collection", read_only=True),
            ids_field("cohorts", "cohort", read_only=True),
            ids_field("publications", "publication"),
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
            name_field(100, unique=True),
            _DESCRIPTION,
            ids_field("projects", "project", required=True),
            id_field("strain", "strain", required=True),
            text_field("sex", required=True, choices=("F", "M", "U")),
            text_field("genetic_line", 100),
            text_field("genotype", 200),
            text_field("subject_identifier", 100),
            id_field("supplier", "supplier"),
            id_field("breeding", "breeding"),
            ApiField("birth_date", "date"),
            ApiField("death_date", "date"),
            text_field("status"),
            ids_field("licenses", "license"),
            _EXTRA,
            ids_field("procedures", "procedure", read_only=True),
            ids_field("subjectlogs", "subjectlog", read_only=True),
            text_field("name_used_in_storage", 200),
            _TAGS,
        ),
    ),
    Model(
        "session",
        "stem",
        "sessions",
        "session",
        (
            name_field(100, unique=True),
            _DESCRIPTION,
            ids_field("projects", "project", required=True),
            ApiField("date_time", "instant"),
            ids_field("epochs", "epoch", read_only=True),
            # Read-only in older pages, writable in newer ones.
            ids_field("datastorage", "datastorage"),
            _EXTRA,
            ApiField("download_links", "json"),
            ids_field("dataacquisition", "dataacquisition", read_only=True),
            ids_field("behaviors", "behavior", read_only=True),
            ids_field("manipulations", "manipulation", read_only=True),
            # Writable in older pages, read-only in newer ones.
            text_field("name_used_in_storage", 200),
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
            name_field(100),
            _DESCRIPTION,
            id_field("project", "project", required=True),
            ids_field("sessions", "session"),
            _TAGS,
        ),
    ),
    Model(
        "cohort",
        "stem",
        "cohorts",
        "cohort",
        (
            name_field(100),
            _DESCRIPTION,
            id_field("project", "project", required=True),
            ids_field("subjects", "subject"),
            _TAGS,
        ),
    ),
    Model(
        "breeding",
        "stem",
        "breedings",
        "breeding",
        (
            name_field(100),
            id_field("project", "project", required=True),
            id_field("mother", "subject", required=True),
            id_field("father", "subject", required=True),
            _DESCRIPTION,
            _TAGS,
            *(ApiField(f"{what}_date", "date") for what in ("birth", "start", "end", "weaning")),
            ApiField("litter_size", "integer"),
            text_field("expected_genotype", 100),
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
            id_field("session", "session", required=True),
            ids_field("procedures", "procedure"),
            ids_field("equipment", "equipment"),
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
            id_field("subject", "subject", required=True),
            ApiField("date_time", "instant"),
            id_field("consumablestock", "consumablestock"),
            ids_field("equipment", "equipment"),
            id_field("brain_region", "brainregion"),
            ids_field("licenses", "license"),
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
        (
            id_field("procedure", "procedure", required=True),
            _TYPE,
            ApiField("entries", "json", read_only=True),
        ),
        ("actionlog",),
    ),
    Model(
        "subjectlog",
        "modules",
        "subject_logs",
        "subject_log",
        (id_field("subject", "subject"), text_field("type"), ApiField("entries", "json", read_only=True)),
    ),
    Model(
        "behavior",
        "modules",
        "behaviors",
        "behavior",
        (
            id_field("session", "session", required=True),
            ids_field("subjects", "subject", required=True),
            id_field("setup", "setup", required=True),
            id_field("behavioralassay", "behavioralassay"),
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
            id_field("session", "session", required=True),
            ids_field("procedures", "procedure", required=True),
            ids_field("equipment", "equipment"),
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
            name_field(None),
            _TYPE,
            id_field("setup", "setup", required=True),
            id_field("hardwaredevice", "hardwaredevice"),
            id_field("consumable", "consumable"),
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
            text_field("status"),
            id_field("inventory", "inventory", required=True),
            id_field("consumable", "consumable"),
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
        (
            name_field(50),
            id_field("setup_type", "setuptype", required=True),
            ApiField("specifications", "json"),
        ),
    ),
    Model(
        "datastorage",
        "personal_attributes",
        "datastorages",
        "datastorage",
        (
            name_field(100),
            text_field("location"),
            ApiField("data_organization", "json"),
            ApiField("data_protocols", "json"),
        ),
        ("datarepositories", "datarepository"),
    ),
    Model("inventory", "personal_attributes", "inventories", "inventory", (name_field(50),)),
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
        (
            name_field(100, unique=True),
            _DESCRIPTION,
            id_field("supplier", "supplier", required=True),
            _TYPE,
            *_DETAILS,
        ),
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
        (name_field(200), text_field("acronym", 15, required=True), text_field("atlas", 7, required=True)),
    ),
    Model("setuptype", "taxonomies", "setup_types", "setup_type", _NAMED),
    Model("behavioralcategory", "taxonomies", "behavioral_categories", "behavioral_category", _NAMED),
    Model("species", "taxonomies", "species", "species", _NAMED),
    Model(
        "strain",
        "taxonomies",
        "strains",
        "strain",
        (name_field(None), id_field("species", "species", required=True)),
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
