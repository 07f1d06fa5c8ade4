"""The tables of all other endpoints of Alyx: one for each, made of what is known of its fields."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Final

from sessionframes.flatten import json_text
from sessionframes.sources.alyx.endpoints import ENDPOINTS
from sessionframes.sources.alyx.flat import cells_of, flattened, made, rest_cell
from sessionframes.sources.alyx.tables import NONE_OTHER, OTHER_FIELDS, AlyxProbes, AlyxSessions
from sessionframes.tables import Table
from sessionframes.tables.kinds import (
    LEVELS,
    Id,
    Instant,
    Key,
    MaybeCount,
    MaybeFlag,
    Number,
    Text,
    Texts,
    column,
    key,
    parent,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pyarrow as pa

    from sessionframes.flatten import Cell
    from sessionframes.query.where import Kind
    from sessionframes.sources.alyx.endpoints import Endpoint, FieldOf
    from sessionframes.sources.alyx.groups import Listed

__all__ = ["endpoint_of", "other_endpoints", "other_form", "others_of"]

_KINDS: Final[Mapping[Kind, Any]] = {
    "text": Text,
    "integer": MaybeCount,
    "number": Number,
    "flag": MaybeFlag,
    "instant": Instant,
    "texts": Texts,
    "json": Text,
}
#: Not told with the fields; all other numbers are shares.
_UNITS: Final[Mapping[str, str]] = {
    "weight": "g",
    "reference_weight": "g",
    "implant_weight": "g",
    "water_administered": "mL",
    "expected_water": "mL",
    "remaining_water": "mL",
}
#: Rows of these have no key of their own; these fields tell them apart.
_MADE_OF: Final[Mapping[str, tuple[str, ...]]] = {
    "water-restriction": ("subject", "start_time", "end_time", "water_type", "reference_weight")
}
#: Has no list: one asks for an animal and a day.
_WITHOUT_LIST: Final = frozenset({"water-requirement"})
_UNTOLD = "not told"


def other_endpoints() -> dict[str, Endpoint]:
    """Return the endpoints that are tables by their own name, by that name: water_administrations."""
    return {
        one.name.replace("-", "_"): one
        for one in ENDPOINTS.values()
        if one.table is None and one.name not in _WITHOUT_LIST
    }


def endpoint_of(table: str) -> Endpoint:
    """Return the endpoint of such a table."""
    return other_endpoints()[table]


@cache
def other_form(table: str) -> type[Table]:
    """Return the form of such a table: its key, the session it is of, then its other fields.

    Parameters
    ----------
    table : str
        One of :func:`other_endpoints`.
    """
    endpoint = endpoint_of(table)
    own = _key_column(endpoint)
    fields = {name: field for name, field in endpoint.by_column().items() if name != own}
    parts: dict[str, tuple[Any, Any]] = {own: (Key, key(f"Id of the row, of {endpoint.name}."))}
    for name in sorted(fields, key=lambda name: name not in LEVELS):
        parts[name] = _declared(name, fields[name])
    parts[_rest_column(endpoint)] = (Text, column(OTHER_FIELDS, null=NONE_OTHER, json=True))
    members: dict[str, Any] = {name: declared for name, (_, declared) in parts.items()}
    members["__annotations__"] = {name: kind for name, (kind, _) in parts.items()}
    members["__module__"] = __name__
    members["__doc__"] = f"One row per record of {endpoint.name} in Alyx, ordered by its id."
    make: Any = type(Table)
    name = f"Alyx{table.title().replace('_', '')}"
    form: type[Table] = make(name, (Table,), members, name=table, ids="str")
    return form


def others_of(model: type[Table], page: Listed) -> pa.Table:
    """Return the columns of such a table.

    Parameters
    ----------
    model : type of Table
        The form of the table.
    page : Listed
        Records of its endpoint.

    Raises
    ------
    sessionframes.errors.SourceResponseError
        A record has what cannot be the value of a column; named are record, column and value.
    """
    endpoint = endpoint_of(model.table_name())
    cells: dict[str, Cell] = {**cells_of(endpoint, page.zone), _rest_column(endpoint): rest_cell(endpoint)}
    fields = _MADE_OF.get(endpoint.name)
    if fields is not None:
        cells[_key_column(endpoint)] = made(lambda record: json_text([record.get(name) for name in fields]))
    return flattened(model, page, cells, endpoint)


def _rest_column(endpoint: Endpoint) -> str:
    return f"{_key_column(endpoint).removesuffix('_id')}_other_fields"


def _key_column(endpoint: Endpoint) -> str:
    field = endpoint.fields.get(endpoint.key)
    told = None if field is None else field.column
    return told or f"{endpoint.name.replace('-', '_')}_id"


def _declared(name: str, field: FieldOf) -> tuple[Any, Any]:
    if name.endswith("_id") and field.kind == "text":
        level = name.removesuffix("_id").replace("_", " ")
        return Id, parent(f"Id of its {level}.", null="of none")
    unit = _UNITS.get(field.name, "ratio") if field.kind == "number" else None
    described = _SHARED.get(name)
    if described is None:
        day = ", as the day's midnight in UTC" if field.wire == "date" else ""
        described = f"{name.replace('_', ' ').capitalize()}, as the server has it{day}."
    return _KINDS[field.kind], column(described, unit=unit, null=_UNTOLD, json=field.kind == "json")


def _described(form: type[Table], *names: str) -> dict[str, str]:
    facts = form.facts()
    return {name: facts[name]["description"] for name in names}


#: What is told of columns that other tables have too.
_SHARED: Final = {
    **_described(AlyxSessions, "subject_name"),
    **_described(AlyxProbes, "probe_model", "probe_serial"),
}
