"""A model of BrainSTEM's and its fields, with the rules that the server checks."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

#: What a field holds: "id" and "ids" are of other records, "texts" is a list of text.
FieldKind = Literal["text", "integer", "flag", "instant", "date", "id", "ids", "texts", "json"]


@dataclass(frozen=True)
class ApiField:
    """A field of a model, and the rules that the server checks.

    Parameters
    ----------
    name : str
        As the server has it.
    kind : str
        What it holds.
    required, unique, read_only : bool
        The rules; what is read-only is ignored when sent.
    longest : int, optional
        Most characters that it may have.
    choices : tuple of str
        The only values there can be; none named, any.
    refers : str, optional
        For ids: the model that they are of.
    """

    name: str
    kind: FieldKind = "text"
    required: bool = False
    unique: bool = False
    read_only: bool = False
    longest: int | None = None
    choices: tuple[str, ...] = ()
    refers: str | None = None


@dataclass(frozen=True)
class Model:
    """A kind of record.

    Parameters
    ----------
    name : str
        As it stands in addresses.
    app : str
        The part of the server that keeps it.
    plural, singular : str
        The keys under which lists and single records are answered; not to be derived from the name.
    fields : tuple of ApiField
        Those that are documented; none where the documentation is silent.
    aliases : tuple of str
        Other names, older ones among them.
    """

    name: str
    app: str
    plural: str
    singular: str
    fields: tuple[ApiField, ...] = field(default=())
    aliases: tuple[str, ...] = ()

    @property
    def path(self) -> str:
        """Where its list is, below the portal."""
        return f"{self.app}/{self.name}/"

    def field_named(self, name: str) -> ApiField | None:
        """Return a field, or None where it has none of that name."""
        return next((one for one in self.fields if one.name == name), None)


def name_field(longest: int | None, *, unique: bool = False) -> ApiField:
    """Return the required field of a name of at most so many characters."""
    return ApiField("name", required=True, unique=unique, longest=longest)


def text_field(
    name: str, longest: int | None = None, *, required: bool = False, choices: tuple[str, ...] = ()
) -> ApiField:
    """Return a field of text; see :class:`ApiField`."""
    return ApiField(name, required=required, longest=longest, choices=choices)


def id_field(name: str, refers: str, *, required: bool = False, read_only: bool = False) -> ApiField:
    """Return a field with the id of one record of a model; see :class:`ApiField`."""
    return ApiField(name, "id", required=required, read_only=read_only, refers=refers)


def ids_field(name: str, refers: str, *, required: bool = False, read_only: bool = False) -> ApiField:
    """Return a field with the ids of records of a model; see :class:`ApiField`."""
    return ApiField(name, "ids", required=required, read_only=read_only, refers=refers)
