"""Tables as they were written down: a class again, from the description that is kept with the data."""

from __future__ import annotations

import json
from functools import cache
from types import new_class
from typing import TYPE_CHECKING, Any

from sessionframes.tables import kinds
from sessionframes.tables.base import Table

if TYPE_CHECKING:
    from collections.abc import Mapping

_KINDS: dict[str, Any] = {
    "float64": kinds.Number,
    "int64": kinds.Count,
    "Int64": kinds.MaybeCount,
    "bool": kinds.Flag,
    "boolean": kinds.MaybeFlag,
    "str": kinds.Text,
    "list<item: large_string>[pyarrow]": kinds.Texts,
    "datetime64[us, UTC]": kinds.Instant,
}


def form_of(description: Mapping[str, Any]) -> type[Table]:
    """Return the table that a description is of.

    Parameters
    ----------
    description : mapping
        As :func:`sessionframes.frames.describe.table_schema` gives it: a Frictionless Table Schema that tells
        the dtypes of pandas too. Neither the source nor the class that it was made of is needed; the same
        description gives the same class.

    Raises
    ------
    ValueError
        It describes no table of ours.
    """
    try:
        return _form_of(json.dumps(description))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        message = f"a description of no table that is known here: {type(error).__name__} {error}"
        raise ValueError(message) from error


# By its text, since forms that are equal are to be one: what is made of them is kept by class.
@cache
def _form_of(text: str) -> type[Table]:
    description = json.loads(text)
    (key,) = description["primaryKey"]
    fields = {field["name"]: field for field in description["fields"]}
    declared = {name: _declared(field, is_key=name == key) for name, field in fields.items()}

    def fill(body: dict[str, Any]) -> None:
        body["__doc__"] = description["description"]
        body["__module__"] = __name__
        body["__annotations__"] = {name: kind for name, (kind, _) in declared.items()}
        body.update({name: column for name, (_, column) in declared.items()})

    name: str = description["title"]
    options = {"name": name, "ids": fields[key].get("dtype")}
    form: type[Table] = new_class(f"Stored{name.title().replace('_', '')}", (Table,), options, fill)
    # Pandera reads it when it is first asked; what is wrong with it is to show now.
    form.to_schema()
    return form


def _declared(field: Mapping[str, Any], *, is_key: bool) -> tuple[Any, Any]:
    """Return the kind of a column and its declaration."""
    limits = field.get("constraints", {})
    description: str = field["description"]
    null = None if limits.get("required") else field.get("null", "")
    if is_key:
        return kinds.Key, kinds.key(description)
    if field.get("parent"):
        return kinds.Id, kinds.parent(description, null=null)
    declared = kinds.column(
        description,
        unit=field.get("unit"),
        null=null,
        between=(limits.get("minimum"), limits.get("maximum")),
        values=limits.get("enum"),
        json=field.get("json", False),
    )
    return _KINDS[field["dtype"]], declared
