"""From the records of an answer to the columns of its table."""

from __future__ import annotations

from datetime import UTC
from functools import cache
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from sessionframes.flatten import Cell, as_json, from_records, instant, json_text, others
from sessionframes.sources.brainstem.columns import TABLES, known_fields, origins
from sessionframes.sources.brainstem.rows import (
    asset_rows,
    extra_fields_in,
    links_in,
    probe_rows,
    session_rows,
    subject_rows,
)
from sessionframes.sources.brainstem.tables import BrainstemAssets, BrainstemProbes

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sessionframes.sources.brainstem.columns import ColumnKind
    from sessionframes.sources.brainstem.walk import Found
    from sessionframes.tables import Table
    from sessionframes.transports.rest_request import Record

#: Sex that is told to be unknown is not recorded.
_NO_SEX = "U"


def sessions(model: type[Table], found: Found) -> pa.Table:
    """Return the columns of sessions."""
    return _flat(model, found, session_rows(found), _of_records("session"))


def subjects(model: type[Table], found: Found) -> pa.Table:
    """Return the columns of subjects."""
    return _flat(model, found, subject_rows(found), _of_records("subject"))


def probes(model: type[Table], found: Found) -> pa.Table:
    """Return the columns of probes."""
    return _flat(model, found, probe_rows(found), _of_rows(BrainstemProbes))


def assets(model: type[Table], found: Found) -> pa.Table:
    """Return the columns of assets."""
    return _flat(model, found, asset_rows(found), _of_rows(BrainstemAssets))


def records(model: type[Table], found: Found) -> pa.Table:
    """Return the columns of a table of which each row is one record."""
    return _flat(model, found, found.records, _of_records(TABLES.get(model.table_name(), model.table_name())))


def _flat(model: type[Table], found: Found, rows: list[Record], cells: Mapping[str, Cell]) -> pa.Table:
    schema = pa.schema([field for field in model.arrow_schema() if field.name in found.columns])
    key = cells[model.key_name()].steps()[0]
    return from_records(schema, rows, cells, source="brainstem", table=model.table_name(), key=key)


def _text(value: Any) -> Any:
    # What was left blank in a form is not filled in.
    return None if value == "" else value


def _sex(value: Any) -> Any:
    return None if value in ("", _NO_SEX) else value


def _moment(path: tuple[str, ...]) -> Cell:
    # The documents do not tell the zone of what comes without one.
    read = instant(path, zone=UTC).convert_all

    def convert_all(values: Sequence[Any]) -> Any:
        return read([_text(value) for value in values]) if read else values

    return Cell(path, convert_all=convert_all)


def _extra(value: Any) -> str | None:
    found = extra_fields_in(value)
    return json_text(found) if found else None


def _links(value: Any) -> str | None:
    found = links_in(value)
    return json_text(found) if found else None


def _plain(path: tuple[str, ...]) -> Cell:
    return Cell(path)


def _made_by(convert: Callable[[Any], Any]) -> Callable[[tuple[str, ...]], Cell]:
    return lambda path: Cell(path, convert)


_CELLS: Mapping[ColumnKind, Callable[[tuple[str, ...]], Cell]] = {
    "id": _made_by(_text),
    "ids": _plain,
    "text": _made_by(_text),
    "raw": _made_by(_text),
    "sex": _made_by(_sex),
    "texts": _plain,
    "flag": _plain,
    "integer": _plain,
    "instant": _moment,
    "day": _moment,
    "json": as_json,
    "extra": _made_by(_extra),
    "links": _made_by(_links),
}
#: Made from the records around, see :mod:`sessionframes.sources.brainstem.rows`.
_AROUND: Mapping[str, Mapping[str, Cell]] = {
    "session": {
        "subject_id": Cell(("+subject_id",)),
        "subjects": Cell(("+subjects",)),
        "sex": Cell(("+sex",), _sex),
        "genotype": Cell(("+genotype",), _text),
        "session_type": Cell(("+session_type",), _text),
        "start_time_is_date": Cell(("+start_time_is_date",)),
    },
    "subject": {"species": Cell(("+species",), _text)},
}


@cache
def _of_records(model: str) -> Mapping[str, Cell]:
    """Return the cells of a table of which each row is one record; what they do not tell is null."""
    own = {name: _CELLS[origin.kind]((origin.field,)) for name, origin in origins(model).items()}
    around = _AROUND.get(model, {})
    known = known_fields(model).union(cell.steps()[0] for cell in around.values())
    rest = "other_fields" if model == "session" else f"{model}_other_fields"
    return {**own, **around, rest: others(known)}


@cache
def _of_rows(model: type[Table]) -> Mapping[str, Cell]:
    """Return the cells of a table whose rows were made under the names of its columns."""
    facts, schema = model.facts(), model.arrow_schema()
    cells = {}
    for name in schema.names:
        is_text = pa.types.is_large_string(schema.field(name).type)
        cells[name] = as_json((name,)) if facts[name]["json"] else Cell((name,), _text if is_text else None)
    return cells
