"""What the tables behind the demo's Alyx are made of: columns, relations, models."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Column:
    """A column or a relation.

    Attributes
    ----------
    kind : str
        Of Django: "CharField", "ForeignKey", "ManyToOneRel" and so on.
    to : str
        The model that a relation leads to.
    by : str
        For a relation that is kept at its other end: the column there.
    null : bool
        Whether it may be null.
    choices : mapping
        Labels and their numbers.
    """

    kind: str
    to: str = ""
    by: str = ""
    null: bool = True
    choices: Mapping[str, int] = field(default_factory=dict)

    @property
    def is_many(self) -> bool:
        """Whether it leads to several rows."""
        return self.kind in ("ManyToManyField", "ManyToOneRel", "ManyToManyRel")

    @property
    def default(self) -> Any:
        """What a row has that does not tell it."""
        if self.kind == "ManyToManyField" or self.kind == "ArrayField":
            return []
        if self.choices:
            return min(self.choices.values())
        if self.null:
            return None
        return {"CharField": "", "BooleanField": False}.get(self.kind, 0)


@dataclass(frozen=True)
class Model:
    """A table.

    Attributes
    ----------
    name : str
        Of its endpoint, if it has one.
    title : str
        As errors have it.
    columns : mapping
        By name, in alphabetical order.
    label : str
        The column that others name its rows by; "id" if they do not.
    """

    name: str
    title: str
    columns: Mapping[str, Column]
    label: str = "id"


def text(*names: str, null: bool = False) -> dict[str, Column]:
    """Return columns of texts."""
    return {name: Column("CharField", null=null) for name in names}


def of(kind: str, *names: str, null: bool = True) -> dict[str, Column]:
    """Return columns of a kind."""
    return {name: Column(kind, null=null) for name in names}


def enum(name: str, choices: Mapping[str, int]) -> dict[str, Column]:
    """Return a column of numbers that have labels."""
    return {name: Column("IntegerField", null=False, choices=choices)}


def one(**names: str) -> dict[str, Column]:
    """Return relations to one row, by the models they lead to."""
    return {name: Column("ForeignKey", to.replace("_", "-")) for name, to in names.items()}


def many(**names: str) -> dict[str, Column]:
    """Return relations to several rows, by the models they lead to."""
    return {name: Column("ManyToManyField", to.replace("_", "-")) for name, to in names.items()}


def back(**names: str) -> dict[str, Column]:
    """Return relations that are kept at their other end, by model and column there."""
    made = {}
    for name, place in names.items():
        to, by = place.split(".")
        made[name] = Column("ManyToOneRel", to.replace("_", "-"), by)
    return made


def model(
    name: str, title: str, *columns: Mapping[str, Column], label: str = "id", key: str = "UUIDField"
) -> Model:
    """Return a model.

    Parameters
    ----------
    name, title : str
        Of the endpoint, and as errors have it.
    *columns : mapping
        Beside the id.
    label : str
        The column that others name its rows by.
    key : str
        The kind of its id.
    """
    every = {"id": Column(key, null=False)}
    for some in columns:
        every |= some
    return Model(name, title, dict(sorted(every.items())), label)


def named(name: str, title: str, *columns: Mapping[str, Column]) -> Model:
    """Return a model with an id, a name, a document and these columns."""
    return model(name, title, text("name"), of("JSONField", "json"), *columns, label="name")
