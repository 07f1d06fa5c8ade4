"""What every table is: a pandera model that knows its name, its key and its Arrow schema."""

from __future__ import annotations

import hashlib
import json
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar

import pandera.pandas as pandera
import pyarrow as pa

from sessionframes.tables.kinds import ARROW_TYPES, ID_DTYPES, LEVELS

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd


class Table(pandera.DataFrameModel):
    """A table that sessionframes promises: strict columns in this order, fixed dtypes, a unique key.

    A subclass with ``name=`` is a table of its own. A subclass of that with ``ids=`` is one source's form of
    it: it fixes the type of the ids and may add the source's own columns, which come after the core's.

    Parameters
    ----------
    name : str
        The plural by which users know it: "units".
    ids : {"int64", "str"}
        The dtype of every id in the source's form.
    """

    _name: ClassVar[str]
    _ids: ClassVar[str | None] = None
    _made: ClassVar[pandera.DataFrameSchema | None] = None

    class Config:
        """Nothing may be missing, extra, out of order or quietly converted."""

        strict = True
        ordered = True
        coerce = False

    def __init_subclass__(cls, *, name: str | None = None, ids: str | None = None, **options: Any) -> None:
        super().__init_subclass__(**options)  # type: ignore[no-untyped-call]  # pandera leaves it untyped
        if name is not None:
            cls._name = name
        if ids is not None:
            cls._ids = ids

    @classmethod
    def to_schema(cls) -> pandera.DataFrameSchema:
        """Return the pandera schema, with the source's own type for every id."""
        return _schema(cls)

    @classmethod
    def table_name(cls) -> str:
        """Return the plural by which users know the table, such as "units"."""
        return cls._name

    @classmethod
    def key_name(cls) -> str:
        """Return the name of the key, which is the index of the frame."""
        name: str = _schema(cls).index.name
        return name

    @classmethod
    def ids(cls) -> tuple[str, ...]:
        """Return the ids that a row carries, outermost first, its own key last."""
        present = {*_schema(cls).columns, cls.key_name()}
        levels = [level for level in LEVELS if level in present]
        return tuple(levels) if cls.key_name() in levels else (*levels, cls.key_name())

    @classmethod
    def id_kind(cls) -> str:
        """Return the dtype of the ids in a source's form: "int64" or "str"."""
        return cls._ids or "str"

    @classmethod
    def dtypes(cls) -> dict[str, Any]:
        """Return the pandas dtype of the key and of each column, in the table's order.

        An id of a core table, which leaves its type to the source, is None here.
        """
        schema = _schema(cls)
        parts = {schema.index.name: schema.index, **schema.columns}
        return {name: _pandas_dtype(part) for name, part in parts.items()}

    @classmethod
    def facts(cls) -> dict[str, dict[str, Any]]:
        """Return what is told of the key and of each column: description, unit, null, bounds."""
        schema = _schema(cls)
        parts = {schema.index.name: schema.index, **schema.columns}
        return {name: _facts(part) for name, part in parts.items()}

    @classmethod
    def arrow_schema(cls) -> pa.Schema:
        """Return the Arrow schema: key first, then the columns; unit and description as field metadata."""
        return _arrow_schema(cls)

    @classmethod
    def schema_hash(cls) -> str:
        """Return 16 hex digits that change whenever a column, dtype, unit, bound or meaning does."""
        return _schema_hash(cls)

    @classmethod
    def narrowed(cls, columns: tuple[str, ...] | None) -> type[Table]:
        """Return this table with only some columns beside its key, in the order given; itself for None."""
        return cls if columns is None else _narrowed(cls, columns)

    @classmethod
    def is_derived(cls) -> bool:
        """Return whether the form was made by :meth:`with_columns` and not declared by anybody."""
        return cls._made is not None

    @classmethod
    def with_columns(cls, columns: Mapping[str, pandera.Column]) -> type[Table]:
        """Return this table with these columns beside its key, in their order, in place of its own.

        Parameters
        ----------
        columns : mapping
            Name → column, of this table's :meth:`to_schema` or of others'.
        """
        own = _schema(cls)
        schema = pandera.DataFrameSchema(
            dict(columns), index=own.index, name=own.name, strict=True, ordered=True
        )
        # The module keeps what pandera needs to read the annotations it inherits.
        return type(cls.__name__, (cls,), {"_made": schema, "__module__": cls.__module__})

    @classmethod
    def empty_frame(cls) -> pd.DataFrame:
        """Return the frame of no rows: the index, every column and every dtype are there."""
        from sessionframes.tables.convert import to_frame

        return to_frame(cls.arrow_schema().empty_table(), cls)


@cache
def _narrowed(model: type[Table], columns: tuple[str, ...]) -> type[Table]:
    own = _schema(model).columns
    return model.with_columns({name: own[name] for name in columns})


@cache
def _schema(model: type[Table]) -> pandera.DataFrameSchema:
    return model._made or _with_ids(model)  # noqa: SLF001  the cache lives beside the class, whose methods share it


@cache
def _schema_hash(model: type[Table]) -> str:
    facts = model.facts()
    # Users name their own columns as they like, by numbers and tuples too.
    told = {str(name): [str(dtype), facts[name]] for name, dtype in model.dtypes().items()}
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:16]


def _with_ids(model: type[Table]) -> pandera.DataFrameSchema:
    schema = super(Table, model).to_schema()
    if model._ids is None:  # noqa: SLF001  the cache lives beside the class because its methods share it
        return schema
    always, maybe = ID_DTYPES[model._ids]  # noqa: SLF001
    schema.index.dtype = always
    return schema.update_columns(
        {
            name: {"dtype": maybe if part.nullable else always}
            for name, part in schema.columns.items()
            if (part.metadata or {}).get("parent")
        }
    )


def _pandas_dtype(part: Any) -> Any:
    if part.dtype is None:
        return None
    dtype = part.dtype.type
    # pandera hands out BooleanDtype and the like as classes here and there.
    return dtype() if isinstance(dtype, type) else dtype


def _facts(part: Any) -> dict[str, Any]:
    bounds = {check.name: check.statistics for check in part.checks}
    return {
        "description": part.description,
        "unit": (part.metadata or {}).get("unit"),
        "null": (part.metadata or {}).get("null"),
        "nullable": part.nullable,
        "parent": bool((part.metadata or {}).get("parent")),
        "json": bool((part.metadata or {}).get("json")),
        "minimum": bounds.get("greater_than_or_equal_to", {}).get("min_value"),
        "maximum": bounds.get("less_than_or_equal_to", {}).get("max_value"),
        "values": bounds.get("isin", {}).get("allowed_values"),
    }


@cache
def _arrow_schema(model: type[Table]) -> pa.Schema:
    facts = model.facts()
    fields = []
    for name, dtype in model.dtypes().items():
        told = {"description": facts[name]["description"] or "", "unit": facts[name]["unit"] or ""}
        # Nullable throughout: a null where none may be must reach validation, which says where it is.
        metadata = {label: text for label, text in told.items() if text}
        fields.append(pa.field(name, ARROW_TYPES[dtype], metadata=metadata))
    return pa.schema(fields)
