"""The tables of BrainSTEM's own: one for each model that is no core table, made of the model's fields."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from sessionframes.sources.brainstem.columns import TABLES, column_of
from sessionframes.sources.brainstem.models import MODELS
from sessionframes.sources.brainstem.tables import BLANK, NONE_OTHER, OTHER_FIELDS, UNTOLD, ids_of
from sessionframes.tables import Table
from sessionframes.tables.kinds import (
    LEVELS,
    Id,
    Instant,
    Key,
    MaybeCount,
    MaybeFlag,
    Text,
    Texts,
    column,
    key,
    parent,
)

if TYPE_CHECKING:
    from sessionframes.sources.brainstem.models import ApiField, Model

_KINDS: dict[str, Any] = {
    "text": Text,
    "integer": MaybeCount,
    "flag": MaybeFlag,
    "instant": Instant,
    "date": Instant,
    "ids": Texts,
    "texts": Texts,
    "json": Text,
}
#: People are no data; what their records hold is theirs.
_PEOPLE = frozenset({"user", "group"})


def own_models() -> list[str]:
    """Return the names of the models that are tables by their own name."""
    return [name for name in MODELS if name not in TABLES.values() and name not in _PEOPLE]


@cache
def own_form(name: str) -> type[Table]:
    """Return the table of a model: its id, ids of single records it belongs to, then its other fields.

    Parameters
    ----------
    name : str
        Of :func:`own_models`.
    """
    model = MODELS[name]
    # Ids lead upwards, and come before what is told of the record itself; those of our levels first.
    fields = sorted(model.fields, key=lambda field: _rank(model, field))
    parts: dict[str, tuple[Any, Any]] = {f"{name}_id": (Key, key(f"Id of the {name}."))}
    parts |= {column_of(model, field): _column(model, field) for field in fields}
    parts[f"{name}_other_fields"] = (Text, column(OTHER_FIELDS, null=NONE_OTHER, json=True))
    members: dict[str, Any] = {column_name: declared for column_name, (_, declared) in parts.items()}
    members["__annotations__"] = {column_name: kind for column_name, (kind, _) in parts.items()}
    members["__module__"] = __name__
    members["__doc__"] = f"One row per {name} of BrainSTEM, ordered by its id."
    make: Any = type(Table)
    form: type[Table] = make(f"Brainstem{name.capitalize()}", (Table,), members, name=name, ids="str")
    return form


def _rank(model: Model, field: ApiField) -> int:
    if column_of(model, field) in LEVELS:
        return 0
    return 1 if field.kind == "id" else 2


def _column(model: Model, field: ApiField) -> tuple[Any, Any]:
    if field.kind == "id":
        is_level = column_of(model, field) in LEVELS
        return Id, parent(f"Id of its {field.name.replace('_', ' ')}.", null=None if is_level else BLANK)
    is_list = field.kind in ("ids", "texts")
    null = UNTOLD if is_list or field.kind == "flag" else BLANK
    described = _described(model, field)
    return _KINDS[field.kind], column(described, null=null, json=field.kind == "json")


def _described(model: Model, field: ApiField) -> str:
    told = field.name.replace("_", " ")
    if field.kind == "ids":
        return ids_of(told)
    if field.kind == "date":
        return f"{told.capitalize()} of the {model.name}, as the day's midnight in UTC."
    return f"{told.capitalize()} of the {model.name}, as the server has it."
