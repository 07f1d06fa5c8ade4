"""The data dictionary: what each column of a table means, and in which physical unit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from sessionframes.config import nearest
from sessionframes.errors import QueryError
from sessionframes.tables import core_tables
from sessionframes.tables.kinds import LEVELS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sessionframes.tables import Table

# Frictionless Table Schema has these types; the dtype of pandas stands beside them.
_TYPES = {
    "int64": "integer",
    "Int64": "integer",
    "float64": "number",
    "bool": "boolean",
    "boolean": "boolean",
    "str": "string",
    "datetime64[us, UTC]": "datetime",
    "list<item: large_string>[pyarrow]": "array",
}


def describe(table: str | type[Table] | None = None) -> pd.DataFrame:
    """Return the data dictionary of a table, or the list of tables.

    Parameters
    ----------
    table : str or type of Table, optional
        The name of a core table, such as "units"; or the class of one, or of a source's form of it. All core
        tables, shortly, if not given.

    Returns
    -------
    pandas.DataFrame
        One row per column in the table's order, the key first; index ``column``, and ``dtype``, ``unit``
        (physical), ``description`` and ``null`` (what a null means; null where there can be none), all text.
        Without a table what :func:`describe_tables` gives.

    Raises
    ------
    sessionframes.errors.QueryError
        There is no core table of that name.
    """
    if table is None:
        return describe_tables(core_tables().values())
    model = _core_table(table) if isinstance(table, str) else table
    facts = model.facts()
    rows = {
        name: {
            "dtype": str(dtype) if dtype is not None else "the source's id",
            "unit": facts[name]["unit"],
            "description": facts[name]["description"],
            "null": facts[name]["null"],
        }
        for name, dtype in model.dtypes().items()
    }
    return pd.DataFrame.from_dict(rows, orient="index", dtype="str").rename_axis("column")


def describe_tables(models: Iterable[type[Table]]) -> pd.DataFrame:
    """Return a row per table: index ``table``; ``description``, ``key``, and how many ``columns`` with it."""
    rows = [(model.table_name(), summary(model), model.key_name(), len(model.dtypes())) for model in models]
    frame = pd.DataFrame(rows, columns=["table", "description", "key", "columns"])
    texts = dict.fromkeys(("table", "description", "key"), "str")
    return frame.astype({**texts, "columns": "int64"}).set_index("table")


def summary(model: type[Table]) -> str:
    """Return what a table is, in one line: the first of its docstring, without quotes of code."""
    return (model.__doc__ or "").strip().partition("\n")[0].replace("``", "")


def _core_table(name: str) -> type[Table]:
    tables = core_tables()
    if name not in tables:
        message = f"there is no table {name!r}."
        raise QueryError(message, hint=nearest(name, tables))
    return tables[name]


def table_schema(model: type[Table]) -> dict[str, Any]:
    """Return a table as a Frictionless Table Schema: types, units, keys and foreign keys, ready for JSON.

    What that has no word for stands beside it, for :func:`~sessionframes.tables.stored.form_of` to make the
    table of it again: ``dtype`` of pandas, ``unit``, ``null``, whether text is ``json``, and which ids are
    those of a ``parent``.
    """
    facts = model.facts()
    key = model.key_name()
    fields = [_field(name, dtype, facts[name], is_key=name == key) for name, dtype in model.dtypes().items()]
    return {
        "$schema": "https://datapackage.org/profiles/2.0/tableschema.json",
        "title": model.table_name(),
        "description": summary(model),
        "fields": fields,
        "primaryKey": [key],
        "foreignKeys": [
            {"fields": [name], "reference": {"resource": name.replace("_id", "s"), "fields": [name]}}
            for name in model.ids()
            # Units have metrics under their own id; the key of a table that is alone points nowhere.
            if name != key or (name in LEVELS and model.table_name() != f"{key.removesuffix('_id')}s")
        ],
    }


def _field(name: str, dtype: Any, facts: dict[str, Any], *, is_key: bool) -> dict[str, Any]:
    constraints = {
        "required": not facts["nullable"],
        "unique": is_key,
        "minimum": facts["minimum"],
        "maximum": facts["maximum"],
        "enum": facts["values"],
    }
    told = {
        "name": name,
        # A core table leaves the type of its ids to the source: integers in LIMS, text elsewhere.
        "type": _TYPES[str(dtype)] if dtype is not None else "any",
        "dtype": None if dtype is None else str(dtype),
        "description": facts["description"],
        "unit": facts["unit"],
        "null": facts["null"],
        "parent": facts["parent"],
        "json": facts["json"],
        # By identity: a bound of 0 is equal to False.
        "constraints": {
            label: value for label, value in constraints.items() if value is not None and value is not False
        },
    }
    return {label: value for label, value in told.items() if value}
