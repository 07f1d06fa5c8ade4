"""From which field of a record each column comes: what filters, flattening and saving go by."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Literal

from sessionframes.sources.brainstem.models import MODELS, plain

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sessionframes.sources.brainstem.models import ApiField, Model

#: What a column holds of its field: "day" and "instant" are moments, "raw" is text as the server has it; of
#: "sex" what is told to be unknown is null.
ColumnKind = Literal[
    "id", "ids", "text", "raw", "sex", "texts", "flag", "integer", "instant", "day", "json", "extra", "links"
]

#: Fields of sessions that older servers call otherwise.
OLDER_NAMES: Mapping[str, str] = {
    "extra_content_json": "extra_fields",
    "repository_links_json": "download_links",
}
#: What the server says of a record that no table tells: addresses within the record, and people.
LEFT_OUT = frozenset({"links", "users", "groups"})


@dataclass(frozen=True)
class Origin:
    """Where a column comes from.

    Parameters
    ----------
    field : str
        Of the record, as the server names it.
    kind : str
        What the column makes of it.
    """

    field: str
    kind: ColumnKind


_SESSIONS = {
    "session_id": Origin("id", "id"),
    "start_time": Origin("date_time", "instant"),
    "session_name": Origin("name", "text"),
    "description": Origin("description", "text"),
    "projects": Origin("projects", "ids"),
    "date_time": Origin("date_time", "raw"),
    "epochs": Origin("epochs", "ids"),
    "datastorage": Origin("datastorage", "ids"),
    "extra_fields": Origin("extra_fields", "extra"),
    "download_links": Origin("download_links", "links"),
    "dataacquisition": Origin("dataacquisition", "ids"),
    "behaviors": Origin("behaviors", "ids"),
    "manipulations": Origin("manipulations", "ids"),
    "name_used_in_storage": Origin("name_used_in_storage", "text"),
    "tags": Origin("tags", "texts"),
}
_PROJECTS = {
    "project_id": Origin("id", "id"),
    "project_name": Origin("name", "text"),
    "project_description": Origin("description", "text"),
    "project_sessions": Origin("sessions", "ids"),
    "project_subjects": Origin("subjects", "ids"),
    "project_collections": Origin("collections", "ids"),
    "project_cohorts": Origin("cohorts", "ids"),
    "project_publications": Origin("publications", "ids"),
    "project_is_public": Origin("is_public", "flag"),
    "project_extra_fields": Origin("extra_fields", "extra"),
    "project_tags": Origin("tags", "texts"),
}
_SUBJECTS = {
    "subject_id": Origin("id", "id"),
    "subject_name": Origin("name", "text"),
    "sex": Origin("sex", "sex"),
    "genotype": Origin("genotype", "text"),
    "date_of_birth": Origin("birth_date", "day"),
    "strain_id": Origin("strain", "id"),
    "supplier_id": Origin("supplier", "id"),
    "breeding_id": Origin("breeding", "id"),
    "subject_description": Origin("description", "text"),
    "subject_projects": Origin("projects", "ids"),
    "subject_identifier": Origin("subject_identifier", "text"),
    "genetic_line": Origin("genetic_line", "text"),
    "date_of_death": Origin("death_date", "day"),
    "subject_status": Origin("status", "text"),
    "subject_licenses": Origin("licenses", "ids"),
    "subject_procedures": Origin("procedures", "ids"),
    "subject_logs": Origin("subjectlogs", "ids"),
    "subject_name_used_in_storage": Origin("name_used_in_storage", "text"),
    "subject_extra_fields": Origin("extra_fields", "extra"),
    "subject_tags": Origin("tags", "texts"),
}
_OF_CORE = {"session": _SESSIONS, "project": _PROJECTS, "subject": _SUBJECTS}
#: The core tables that are one model each.
TABLES = {"sessions": "session", "projects": "project", "subjects": "subject"}


@cache
def origins(model: str) -> Mapping[str, Origin]:
    """Return the columns of a model's table that are fields of its records, the key first.

    Parameters
    ----------
    model : str
        Its name, as in :data:`~sessionframes.sources.brainstem.models.MODELS`.
    """
    if model in _OF_CORE:
        return _OF_CORE[model]
    found = MODELS[model]
    own = {column_of(found, field): _origin(field) for field in found.fields}
    return {f"{model}_id": Origin("id", "id"), **own}


def column_of(model: Model, field: ApiField) -> str:
    """Return the name of a field's column in a table that is made of a model's fields.

    The id of the one record that it belongs to is that record's key, so that frames join; of all else the
    name says whose it is.
    """
    if field.kind == "id" and field.refers == plain(field.name):
        return f"{field.refers}_id"
    return f"{model.name}_{field.name}"


def _origin(field: ApiField) -> Origin:
    if field.name == "extra_fields":
        return Origin(field.name, "extra")
    return Origin(field.name, "day" if field.kind == "date" else field.kind)


def known_fields(model: str) -> frozenset[str]:
    """Return the fields of a model's records that are not told as others: known, or left out on purpose."""
    older = OLDER_NAMES if model == "session" else ()
    return frozenset({"id", *(field.name for field in MODELS[model].fields), *older}) | LEFT_OUT
