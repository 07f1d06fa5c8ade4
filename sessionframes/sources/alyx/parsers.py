"""How the values of friendly arguments become conditions."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from sessionframes.config import nearest
from sessionframes.errors import QueryError
from sessionframes.query import Q
from sessionframes.query.binding import bind
from sessionframes.query.literals import checked_text
from sessionframes.query.shown import shown
from sessionframes.query.values import since, texts, until
from sessionframes.query.where import (
    EVERY,
    NONE,
    Condition,
    Field,
    Where,
    all_of,
    any_of,
    negated,
)
from sessionframes.source import Argument, texts_argument
from sessionframes.sources.alyx.endpoints import ENUMS
from sessionframes.sources.alyx.named import PREFIX

if TYPE_CHECKING:
    from sessionframes.query.where import Kind

#: How many structures there are from one to the root and the void above it, at most.
_LEVELS = 12
_OF_ATLAS = {
    "atlas_id": ("id", "exact"),
    "atlas_acronym": ("acronym", "iexact"),
    "atlas_name": ("name", "icontains"),
}
_NUMBER = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")


def exactly(name: str, column: str, description: str) -> Argument:
    """Return an argument of one text or several, any of which is meant as it is."""
    return texts_argument(name, column, description)


def blind(name: str, column: str, description: str) -> Argument:
    """Return an argument of one text or several, any of which is meant without regard to case."""
    return Argument(name, column, description, partial(_any_text, name, "iexact"))


def part(name: str, column: str, description: str) -> Argument:
    """Return an argument of one text or several, any of which is found within, without regard to case."""
    return Argument(name, column, description, partial(_any_text, name, "icontains"))


def _any_text(name: str, lookup: str, field: Field, value: Any) -> Where:
    wanted = texts(value, name)
    return EVERY if wanted is None else any_of(*(Condition(field, lookup, one) for one in wanted))


def numbers(name: str, column: str, description: str) -> Argument:
    """Return an argument of one whole number or several."""

    def parse(field: Field, value: Any) -> Where:
        if value is None:
            return EVERY
        lookup = "exact" if np.ndim(value) == 0 else "in"
        return bind(Q(**{f"{name}__{lookup}": value}), {name: field})

    return Argument(name, column, description, parse)


def label(name: str, column: str, enum: str, description: str) -> Argument:
    """Return an argument of one label of an enumeration or several, without regard to case.

    Parameters
    ----------
    name, column : str
        Of the argument.
    enum : str
        The enumeration, by its name in :data:`~sessionframes.sources.alyx.endpoints.ENUMS`.
    description : str
        Of the argument.
    """
    return Argument(name, column, description, partial(_labels, name, enum))


def _labels(name: str, enum: str, field: Field, value: Any) -> Where:
    wanted = texts(value, name)
    if wanted is None:
        return EVERY
    known = {label.lower(): label for label in ENUMS[enum]}
    for one in wanted:
        if one.lower() not in known:
            message = f"{name} is {shown(one)}, and there is no such label."
            raise QueryError(message, column=field.name, hint=nearest(one, ENUMS[enum]))
    found = tuple(known[one.lower()] for one in wanted)
    return Condition(field, "in", found) if found else NONE


def one_label(field: Field, value: Any) -> Where:
    """Read the worst QC that datasets may have.

    Raises
    ------
    sessionframes.errors.QueryError
        There is no such label, or there are several.
    """
    found = _labels("dataset_qc_lte", "qc", field, value)
    if isinstance(found, Condition) and len(found.value) > 1:
        message = f"dataset_qc_lte is {shown(value)}."
        raise QueryError(message, hint="Give one label.")
    return found if not isinstance(found, Condition) else Condition(field, "exact", found.value[0])


def provenance(field: Field, value: Any) -> Where:
    """Read how a trajectory is known: a label, its number, or several labels.

    Raises
    ------
    sessionframes.errors.QueryError
        There is no such label or number.
    """
    numbers = {number: label for label, number in ENUMS["provenance"].items()}
    is_number = isinstance(value, int | np.integer) and not isinstance(value, bool)
    if is_number and int(value) not in numbers:
        message = f"provenance is {value}, and there is no such number."
        raise QueryError(message, hint=f"There are {', '.join(map(str, numbers))}.")
    return _labels("provenance", "provenance", field, numbers[int(value)] if is_number else value)


def pairs(name: str, column: str, description: str) -> Argument:
    """Return an argument about what is in JSON: a dict by keys, maybe with lookups, or pairs as a text.

    What it parses may raise a :class:`~sessionframes.errors.QueryError`.
    """

    def parse(field: Field, value: Any) -> Where:
        if value is None:
            return EVERY
        pairs = _from_text(name, value) if isinstance(value, str) else value
        if not isinstance(pairs, dict) or not all(isinstance(key, str) for key in pairs):
            message = f"{name} is {shown(value)}."
            raise QueryError(message, hint=f"Give a dict: {name}={{'task': 'FAIL'}}.")
        return all_of(*(bind(Q(**{f"{name}__{key}": one}), {name: field}) for key, one in pairs.items()))

    return Argument(name, column, description, parse)


def _from_text(name: str, text: str) -> dict[str, Any]:
    """Read ``key,value,key__gte,0.5``, with commas as the server has it or semicolons as it documents."""
    parts = [part.strip() for part in re.split("[,;]", text)]
    keys = parts[::2]
    if len(parts) % 2 or len(set(keys)) < len(keys) or "" in keys:
        message = f"{name} is {shown(text)}, which is no list of keys and values."
        raise QueryError(message, hint=f"Give a dict: {name}={{'task': 'FAIL', 'behavior__gte': 1}}.")
    return dict(zip(keys, map(_read, parts[1::2]), strict=True))


def _read(text: str) -> Any:
    words = {"true": True, "false": False, "none": None}
    if text.lower() in words:
        return words[text.lower()]
    if not _NUMBER.fullmatch(text):
        return text
    return int(text) if text.lstrip("+-").isdigit() else float(text)


def all_users(field: Field, value: Any) -> Where:
    """Read names of users, all of whom are meant."""
    wanted = texts(value, "users")
    if wanted is None:
        return EVERY
    if not wanted:
        return NONE
    return Condition(field, "has_all", wanted)


def between(field: Field, value: Any) -> Where:
    """Read the first and the last day of a range, both included.

    Raises
    ------
    sessionframes.errors.QueryError
        They are not two, or no dates.
    """
    if value is None:
        return EVERY
    ends = value.split(",") if isinstance(value, str) else list(value)
    if len(ends) != 2:
        message = f"date_range is {shown(value)}."
        raise QueryError(message, hint="Give the first and the last day, or start_date and end_date.")
    first, last = since(ends[0], "date_range"), until(ends[1], "date_range")
    found = [] if first is None else [Condition(field, "gte", first)]
    return all_of(*found, *([] if last is None else [Condition(field, "lte", last)]))


def performance(name: str, description: str) -> Argument:
    """Return an argument that limits the percentage of correct trials."""

    def parse(field: Field, value: Any) -> Where:
        if value is None:
            return EVERY
        lookup = name.rsplit("_", 1)[1]
        found = bind(Q(**{f"performance__{lookup}": value}), {"performance": field})
        # The server's percentage is cut to a whole number; so it is asked for more, and all is checked here.
        if not isinstance(found, Condition) or not np.isfinite(found.value):
            return found
        about = Condition(Field(f"{PREFIX}{name}", "text", field.table), "exact", str(int(found.value // 1)))
        return all_of(found, about)

    return Argument(name, "performance", description, parse)


def histology(field: Field, value: Any) -> Where:
    """Read whether there is a session of the procedure Histology."""
    if value is None:
        return EVERY
    has = Condition(field, "exact", "Histology")
    return has if _is_true("histology", value) else negated(has)


def model(field: Field, value: Any) -> Where:
    """Read part numbers or names of models."""
    wanted = texts(value, "model")
    if wanted is None:
        return EVERY
    name = Field("model__name", "text", field.table)
    return any_of(Condition(field, "in", wanted), Condition(name, "in", wanted)) if wanted else NONE


def exists(field: Field, value: Any) -> Where:
    """Read whether a copy is on a server."""
    if value is None:
        return EVERY
    there = Condition(field, "exact", "True")
    return there if _is_true("exists", value) else negated(there)


def flag(field: Field, value: Any) -> Where:
    """Read True or False for one of the server's own filters."""
    return EVERY if value is None else Condition(field, "exact", str(_is_true(field.name, value)))


def _is_true(name: str, value: Any) -> bool:
    if not isinstance(value, bool | np.bool_):
        message = f"{name.removeprefix(PREFIX)} is {shown(value)}."
        raise QueryError(message, hint="Say True or False.")
    return bool(value)


def named(name: str, description: str) -> Argument:
    """Return an argument that one of the server's own filters answers, with one value."""
    return Argument(name, f"{PREFIX}{name}", description, _one_value)


def _one_value(field: Field, value: Any) -> Where:
    return EVERY if value is None else _single(field, value)


def _single(field: Field, value: Any) -> Condition:
    name = field.name.removeprefix(PREFIX)
    is_number = isinstance(value, int | np.integer) and not isinstance(value, bool)
    if not (is_number or (isinstance(value, str) and value)) or (name == "atlas_id" and not _is_whole(value)):
        message = f"{name} is {shown(value)}."
        raise QueryError(message, hint="Give one value.")
    return Condition(field, "exact", checked_text(str(value), name))


def _is_whole(value: Any) -> bool:
    return str(value).isascii() and str(value).isdigit()


def below(name: str, column: str, description: str) -> Argument:
    """Return an argument about a structure and all below it, where the server has no filter for it.

    Parameters
    ----------
    name : {"atlas_id", "atlas_acronym", "atlas_name"}
        The argument.
    column : str
        The further name of the structure's name.
    description : str
        What it keeps.
    """
    way = column.removesuffix("name")
    last, lookup = _OF_ATLAS[name]

    def parse(field: Field, value: Any) -> Where:
        if value is None:
            return EVERY
        wanted = _single(Field(f"{PREFIX}{name}", "text", field.table), value).value
        kind: Kind = "integer" if last == "id" else "text"
        names = (f"{way}{'parent__' * level}{last}" for level in range(_LEVELS))
        given: Any = int(wanted) if last == "id" else wanted
        return any_of(*(Condition(Field(one, kind, field.table), lookup, given) for one in names))

    return Argument(name, column, description, parse)


def listed(field: Field, value: Any) -> Where:
    """Read names that one of the server's own filters takes as a list, all of which are meant.

    Raises
    ------
    sessionframes.errors.QueryError
        Something is no text, or has a comma in it.
    """
    wanted = texts(value, field.name.removeprefix(PREFIX))
    if wanted is None:
        return EVERY
    for one in wanted:
        if "," in one or one != one.strip() or not one:
            message = f"{shown(one)} is no name that Alyx could be asked for in a list."
            related = "datasets" if field.table == "probes" else "data_dataset_session_related"
            raise QueryError(message, hint=f"Say where=Q({related}__name=...).")
    return Condition(field, "exact", ",".join(wanted)) if wanted else NONE
