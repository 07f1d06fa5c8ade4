"""What the columns of Alyx' tables are made of: the same few kinds of field, over and over."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from sessionframes.flatten import Cell, as_json, from_records, instant, others
from sessionframes.sources.alyx.endpoints import ENUMS
from sessionframes.sources.alyx.groups import key_of, nested

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import tzinfo

    from sessionframes.sources.alyx.endpoints import Endpoint, FieldOf
    from sessionframes.sources.alyx.groups import Listed
    from sessionframes.tables import Table

__all__ = [
    "cell_of",
    "cells_of",
    "flag",
    "flattened",
    "inside",
    "label",
    "made",
    "measure",
    "place",
    "rest_cell",
    "text",
]

_LABELS: Final = {number: name for name, number in ENUMS["qc"].items()}
#: What is told as text by some answers, and as it is by others.
_FLAGS: Final = {"true": True, "false": False}


def text(value: Any) -> Any:
    """Return a text, None for one that is empty: nobody filled it in."""
    return None if value == "" else value


def label(value: Any) -> Any:
    """Return the label of a quality, which some answers have as its number.

    Raises
    ------
    ValueError
        There is no such number.
    """
    if isinstance(value, int) and not isinstance(value, bool):
        if value not in _LABELS:
            message = f"expected was a label, or one of {', '.join(map(str, _LABELS))}"
            raise ValueError(message)
        return _LABELS[value]
    return text(value)


def flag(value: Any) -> Any:
    """Return a flag that may be told as "True", or as the number of reasons for it."""
    if isinstance(value, int):
        return value > 0
    return _FLAGS.get(value.lower(), value) if isinstance(value, str) else value


def made(make: Callable[[Mapping[str, Any]], Any]) -> Cell:
    """Return the cell of a column that is made of all of a record."""
    return Cell("", make)


def inside(kinds: type | tuple[type, ...], *path: str) -> Cell:
    """Return the cell of what users and programs keep in a JSON field: null where it is of another type.

    Nobody promises what is in there; the JSON text, which is a column too, keeps it.

    Parameters
    ----------
    kinds : type or tuple of type
        What it may be.
    *path : str
        Where it is.
    """
    wanted = kinds if isinstance(kinds, tuple) else (kinds,)

    def find(record: Mapping[str, Any]) -> Any:
        value = nested(record, *path)
        # Python counts True as 1.
        return value if type(value) in wanted else None

    return made(find)


def measure(record: Mapping[str, Any], name: str) -> float | None:
    """Return a number of a record that a column is computed of.

    Raises
    ------
    TypeError
        It is none; names it.
    """
    value: float | None = record.get(name)
    if value is not None and type(value) not in (int, float):
        message = f"{name} = {value!r}: expected was a number"
        raise TypeError(message)
    return value


def place(name: str, bregma: float, sign: int, of: Callable[[Mapping[str, Any]], Any]) -> Cell:
    """Return the cell of a CCF coordinate, made of the one that is relative to bregma.

    Parameters
    ----------
    name : str
        The field, in um.
    bregma : float
        Where bregma is in the CCF, in um.
    sign : {1, -1}
        Whether both axes have the same direction.
    of : callable
        From a record to whether its axes are those of the CCF.
    """

    def find(record: Mapping[str, Any]) -> Any:
        value = measure(record, name) if of(record) else None
        return None if value is None else bregma + sign * value

    return made(find)


def cell_of(field: FieldOf, zone: tzinfo) -> Cell:
    """Return the cell of a column that is a field as it is, in the types that frames have.

    Parameters
    ----------
    field : FieldOf
        What is known of the field.
    zone : datetime.tzinfo
        Of times, which carry no offset.
    """
    path = (field.name,)
    wire = field.wire
    if wire in ("json", "records"):
        return as_json(path)
    if wire in ("time", "date"):
        return instant(path, zone=zone if wire == "time" else UTC)
    converters = {"qc": label, "url": key_of, "uuid": text, "bool": flag, "slugs": _slugs}
    return Cell(path, converters.get(wire, None if wire in ("int", "float") else text))


def cells_of(endpoint: Endpoint, zone: tzinfo) -> dict[str, Cell]:
    """Return the cells of all fields of an endpoint that are columns, by column."""
    return {column: cell_of(field, zone) for column, field in endpoint.by_column().items()}


def rest_cell(endpoint: Endpoint, *also: str) -> Cell:
    """Return the cell of what records have beside all that is known of an endpoint.

    Parameters
    ----------
    endpoint : Endpoint
        What is known.
    *also : str
        Other fields that are known.
    """
    return others({*endpoint.fields, *also})


def flattened(model: type[Table], page: Listed, cells: Mapping[str, Cell], endpoint: Endpoint) -> pa.Table:
    """Return the wanted columns of a page's records, then its marks.

    Parameters
    ----------
    model : type of Table
        The form of the table.
    page : Listed
        The records.
    cells : mapping
        What each column is made of.
    endpoint : Endpoint
        Whose records they are.

    Raises
    ------
    sessionframes.errors.SourceResponseError
        A record has what cannot be the value of a column; named are record, column and value.
    """
    schema = pa.schema([field for field in model.arrow_schema() if field.name in page.columns])
    named = endpoint.key if endpoint.key != "-" else ""
    table = from_records(schema, page.records, cells, source="alyx", table=model.table_name(), key=named)
    for mark, keys in page.marks.items():
        table = table.append_column(mark, pa.array(_marked(page.records, endpoint.key, keys), pa.bool_()))
    return table


def _marked(records: Iterable[Mapping[str, Any]], key: str, keys: set[str]) -> list[bool]:
    # A read of a session has no id but its address.
    return [key_of(record.get(key) or record.get("url")) in keys for record in records]


def _slugs(value: Any) -> Any:
    if not isinstance(value, list):
        return value
    # Reads show objects where lists have their ids.
    return [one.get("id") if isinstance(one, dict) else one for one in value]
