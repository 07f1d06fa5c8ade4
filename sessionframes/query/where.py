"""What the rows of an answer must fulfil: conditions on columns, joined by and, or, not.

This is the form in which engines get a filter: columns are known, values have the type of their column, and
the many ways to say a thing (``exact=None``, a bare date, ``range``) have become one. Two-valued: a condition
on a null is false unless it is ``isnull``, and ``Not`` is the complement.

==================  ==================================================================  ====================
kind of operand     lookups that engines meet                                            value
==================  ==================================================================  ====================
integer             exact in gt gte lt lte isnull                                        int, within 64 bits
number              exact in gt gte lt lte isnull                                        float, never NaN
flag                exact in isnull                                                      bool
text                exact in gt gte lt lte isnull iexact contains icontains startswith   str
                    istartswith endswith iendswith regex iregex
instant             exact in gt gte lt lte isnull                                        datetime in UTC
date                exact in gt gte lt lte isnull                                        date
time                exact in gt gte lt lte isnull                                        time
json                exact in gt gte lt lte isnull iexact icontains startswith            JSON value
                    istartswith endswith iendswith regex iregex contains contained_by
                    has_keys has_any_keys
texts               those of text, of any element; has_all contained_by overlap          str; tuple of str
==================  ==================================================================  ====================

For ``in``, ``has_keys``, ``has_any_keys``, ``has_all``, ``contained_by`` of texts and ``overlap`` the value
is a tuple; for ``isnull`` it is True. Instants are of the years 1 to 9999: engines count earlier years in
different ways.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator

#: What a column holds, as far as lookups care.
Kind = Literal["integer", "number", "flag", "text", "instant", "json", "texts"]
#: What a lookup sees: the column itself, or a part of its instants.
OperandKind = Literal["integer", "number", "flag", "text", "instant", "json", "texts", "date", "time"]


@dataclass(frozen=True)
class Field:
    """A column that a filter may name.

    Parameters
    ----------
    name : str
        The column.
    kind : str
        What it holds.
    table : str
        Whose column it is: the table asked for, or one of its ancestors.
    id_kind : {"int64", "str"}, optional
        The type of id, for a column of ids.
    """

    name: str
    kind: Kind
    table: str
    id_kind: str | None = None


@dataclass(frozen=True)
class Condition:
    """One condition on one column.

    Parameters
    ----------
    field : Field
        Which column.
    lookup : str
        As the table above has them.
    value : object
        As the table above has them.
    path : tuple of str
        Where in a JSON value: keys, and indices of lists ("0", "-1").
    part : str, optional
        Which part of an instant in UTC: date, time, year, iso_year, quarter, month, week, day, week_day
        (1 = Sunday), iso_week_day (1 = Monday), hour, minute, second.
    """

    field: Field
    lookup: str
    value: Any
    path: tuple[str, ...] = ()
    part: str | None = None

    @property
    def operand(self) -> OperandKind:
        """What the lookup sees."""
        if self.part is None:
            return self.field.kind
        if self.part == "date":
            return "date"
        return "time" if self.part == "time" else "integer"

    def __str__(self) -> str:
        from sessionframes.query.text import write_term

        names = (self.field.name, *self.path, *([self.part] if self.part else []))
        return write_term("__".join(names), self.lookup, self.value)


@dataclass(frozen=True)
class And:
    """All of these hold; of none, every row fulfils it."""

    parts: tuple[Where, ...]

    def __str__(self) -> str:
        return " & ".join(_grouped(part) for part in self.parts)


@dataclass(frozen=True)
class Or:
    """One of these holds; of none, no row fulfils it."""

    parts: tuple[Where, ...]

    def __str__(self) -> str:
        return " | ".join(_grouped(part) for part in self.parts) or "no rows"


@dataclass(frozen=True)
class Not:
    """What it is about does not hold, be it false or on a null."""

    part: Where

    def __str__(self) -> str:
        return f"~{_grouped(self.part)}"


Where = Condition | And | Or | Not

EVERY = And(())
NONE = Or(())


def all_of(*parts: Where) -> Where:
    """Return what holds where all of these do, in its simplest form."""
    if NONE in parts:
        return NONE
    flat = tuple(leaf for part in parts for leaf in (part.parts if isinstance(part, And) else (part,)))
    return flat[0] if len(flat) == 1 else And(flat)


def any_of(*parts: Where) -> Where:
    """Return what holds where one of these does, in its simplest form."""
    if EVERY in parts:
        return EVERY
    flat = tuple(leaf for part in parts for leaf in (part.parts if isinstance(part, Or) else (part,)))
    return flat[0] if len(flat) == 1 else Or(flat)


def negated(part: Where) -> Where:
    """Return what holds where this does not, in its simplest form."""
    if part == EVERY:
        return NONE
    if part == NONE:
        return EVERY
    return part.part if isinstance(part, Not) else Not(part)


def conditions(where: Where) -> Iterator[Condition]:
    """Yield the conditions of a filter, from left to right."""
    if isinstance(where, Condition):
        yield where
    elif isinstance(where, Not):
        yield from conditions(where.part)
    else:
        for part in where.parts:
            yield from conditions(part)


def conjuncts(where: Where) -> tuple[Where, ...]:
    """Return the parts of a filter that must all hold."""
    return where.parts if isinstance(where, And) else (where,)


def _grouped(part: Where) -> str:
    return f"({part})" if isinstance(part, And | Or) and len(part.parts) > 1 else str(part)
