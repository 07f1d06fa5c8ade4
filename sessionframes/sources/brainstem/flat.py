"""From the records of an answer to the columns of its table."""

from __future__ import annotations

from datetime import UTC
from functools import cache
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from sessionframes.flatten import Cell, as_json, filled, from_records, instant, others
from sessionframes.sources.brainstem.columns import TABLES, known_fields, origins
from sessionframes.sources.brainstem.rows import (
    around_sessions,
    around_subjects,
    asset_rows,
    extra_fields_in,
    is_bare_date,
    links_in,
    probe_rows,
    with_newer_names,
)
from sessionframes.sources.brainstem.tables import BrainstemAssets, BrainstemProbes

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sessionframes.sources.brainstem.columns import ColumnKind
    from sessionframes.sources.brainstem.rows import Values
    from sessionframes.sources.brainstem.walk import Found
    from sessionframes.tables import Table
    from sessionframes.transports.rest_request import Record

#: What was left blank in a form is not filled in.
_BLANK = ("",)
#: Sex that is told to be unknown is not recorded.
_NO_SEX = "U"


def sessions(model: type[Table], found: Found) -> pa.Table:
    """Return the columns of sessions."""
    rows = with_newer_names(found.records)
    return _flat(model, found, rows, _of_records("session"), around_sessions(found))


def subjects(model: type[Table], found: Found) -> pa.Table:
    """Return the columns of subjects."""
    return _flat(model, found, found.records, _of_records("subject"), around_subjects(found))


def probes(model: type[Table], found: Found) -> pa.Table:
    """Return the columns of probes."""
    return _flat(model, found, probe_rows(found), _of_rows(BrainstemProbes))


def assets(model: type[Table], found: Found) -> pa.Table:
    """Return the columns of assets."""
    return _flat(model, found, asset_rows(found), _of_rows(BrainstemAssets))


def records(model: type[Table], found: Found) -> pa.Table:
    """Return the columns of a table of which each row is one record."""
    return _flat(model, found, found.records, _of_records(TABLES.get(model.table_name(), model.table_name())))


def _flat(
    model: type[Table],
    found: Found,
    rows: Sequence[Record],
    cells: Mapping[str, Cell],
    beside: Mapping[str, Values] | None = None,
) -> pa.Table:
    schema = pa.schema([field for field in model.arrow_schema() if field.name in found.columns])
    key = cells[model.key_name()].steps()[0]
    told = {"source": "brainstem", "table": model.table_name(), "key": key}
    return from_records(schema, rows, cells, beside=beside, **told)


def _moment(path: tuple[str, ...]) -> Cell:
    # The documents do not tell the zone of what comes without one.
    return instant(path, zone=UTC, blanks=_BLANK)


def _sex(path: tuple[str, ...]) -> Cell:
    return filled(path, blanks=(*_BLANK, _NO_SEX))


def _json_of(read: Callable[[Any], Any]) -> Callable[[tuple[str, ...]], Cell]:
    """Return what makes the cells of columns of JSON; what is empty is null."""

    def cell(path: tuple[str, ...]) -> Cell:
        written = as_json(path).convert_all

        def convert_all(values: Sequence[Any]) -> Any:
            found = [(read(value) or None) if value else None for value in values]
            return written(found) if written else found

        return Cell(path, convert_all=convert_all)

    return cell


def _is_date(value: Any) -> bool | None:
    return is_bare_date(value) if value else None


_CELLS: Mapping[ColumnKind, Callable[[tuple[str, ...]], Cell]] = {
    "id": filled,
    "ids": Cell,
    "text": filled,
    "raw": filled,
    "sex": _sex,
    "texts": Cell,
    "flag": Cell,
    "integer": Cell,
    "instant": _moment,
    "day": _moment,
    "json": as_json,
    "extra": _json_of(extra_fields_in),
    "links": _json_of(links_in),
}
#: Made from the records around, see :mod:`sessionframes.sources.brainstem.rows`.
_AROUND: Mapping[str, Mapping[str, Cell]] = {
    "session": {
        "subject_id": Cell(("+subject_id",)),
        "subjects": Cell(("+subjects",)),
        "sex": _sex(("+sex",)),
        "genotype": filled(("+genotype",)),
        "session_type": filled(("+session_type",)),
    },
    "subject": {"species": filled(("+species",))},
}


@cache
def _of_records(model: str) -> Mapping[str, Cell]:
    """Return the cells of a table of which each row is one record; what they do not tell is null."""
    own = {name: _CELLS[origin.kind]((origin.field,)) for name, origin in origins(model).items()}
    around = _AROUND.get(model, {})
    if model == "session":
        own["start_time_is_date"] = Cell(("date_time",), _is_date)
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
        cell = as_json if facts[name]["json"] else filled if is_text else Cell
        cells[name] = cell((name,))
    return cells
