"""What of a filter BrainSTEM is asked to do, so that it sends few rows that are no answer.

It is asked for no more than its documents tell: equality, ``in``, ``icontains startswith endswith gte lte``,
and paths into relations. Whatever it makes of that is checked here again, since nobody promises that it
compares as we do, in which zone, or at all; so what it is asked must keep every row that is an answer:

* Text without case is compared by a piece of it that folds in the same way everywhere: ASCII without k, as
  which the Kelvin sign counts to us alone.
* An instant is widened to whole days, by a day on either side: a bare date is taken by servers that keep
  dates and by those that keep times, whatever their zone.
* An id that is no UUID is the id of no record; the server would refuse it. UUIDs may be given in capitals,
  and are compared in small letters, as the server writes them.

``or``, ``not`` and all else is done here alone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sessionframes.query.where import EVERY, And, Condition, Not, Or, all_of, conjuncts
from sessionframes.transports.rest_request import in_parts, repeated

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from sessionframes.query.where import Where
    from sessionframes.sources.brainstem.columns import ColumnKind, Origin
    from sessionframes.transports.rest_request import Params

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
#: In any letters; keys of probes and assets hold several.
_ANY_UUID = re.compile(rf"(?<!\w){_UUID.pattern}(?!\w)", re.IGNORECASE | re.ASCII)
#: What compares whole ids.
_WHOLE = frozenset({"exact", "in", "has_all", "contained_by", "overlap"})
#: Folds to the same in every locale that a server may be in, Turkish aside; without blanks at the ends.
_SAME_EVERYWHERE = re.compile(r"[!-JL-jl-~](?:[ -JL-jl-~]*[!-JL-jl-~])?")
_BLIND = ("contains", "icontains", "istartswith", "iendswith", "iexact")
#: So many values are asked for beside those of another column.
_FEW = 8
#: So many characters the values of one column may take in a URL, to leave place for others.
_LONGEST = 3000
#: For more values than fit into so many requests, all records are listed: hardly fewer are asked for.
_MOST_PARTS = 100


@dataclass(frozen=True)
class Pushed:
    """What the server is asked to do of a filter.

    Parameters
    ----------
    params : tuple of tuple of str
        What is added to each request.
    parts : tuple of tuple
        One of these is added to each: of many ids some. None at all: no row can be an answer.
    where : Where
        What it is of the filter.
    """

    params: Params = ()
    parts: tuple[Params, ...] = ((),)
    where: Where = EVERY


def is_uuid(text: str) -> bool:
    """Tell whether a text can be an id of BrainSTEM's."""
    return _UUID.fullmatch(text) is not None


@dataclass(frozen=True)
class Scope:
    """Where columns that a filter may name are, seen from the records that are listed.

    Parameters
    ----------
    columns : mapping
        Those of one table that are fields of its records.
    prefix : str
        What leads to those records, such as "session.".
    further : mapping
        Columns that records around tell, each with its kind and the paths to the field: a row may be an
        answer if a record at the end of any of them is.
    """

    columns: Mapping[str, Origin]
    prefix: str = ""
    further: Mapping[str, tuple[ColumnKind, tuple[str, ...]]] = field(default_factory=dict)

    def paths(self, column: str) -> tuple[ColumnKind | None, tuple[str, ...]]:
        """Return what a column holds, and the paths to it; none if there is no way."""
        if column in self.further:
            return self.further[column]
        origin = self.columns.get(column)
        if origin is None:
            return None, ()
        is_relation = origin.kind in ("id", "ids") and origin.field != "id"
        return origin.kind, (f"{self.prefix}{origin.field}{'.id' if is_relation else ''}",)


def in_small_letters(where: Where, scopes: Mapping[str, Scope]) -> Where:
    """Return a filter with the ids that it names as the server writes them.

    Parameters
    ----------
    where : Where
        The filter.
    scopes : mapping
        As :func:`pushed` takes them.
    """
    if isinstance(where, Not):
        return Not(in_small_letters(where.part, scopes))
    if isinstance(where, And | Or):
        return type(where)(tuple(in_small_letters(part, scopes) for part in where.parts))
    if where.lookup not in _WHOLE or not _is_of_ids(where, scopes):
        return where
    if isinstance(where.value, tuple):
        return replace(where, value=tuple(dict.fromkeys(map(_lowered, where.value))))
    return replace(where, value=_lowered(where.value))


def _is_of_ids(condition: Condition, scopes: Mapping[str, Scope]) -> bool:
    kind, _ = scopes.get(condition.field.table, _NOWHERE).paths(condition.field.name)
    return kind in ("id", "ids") or condition.field.id_kind is not None


def _lowered(text: str) -> str:
    # Most ids come from a frame of ours; looking for them in a million texts would take its time.
    return text if text.islower() else _ANY_UUID.sub(lambda found: found[0].lower(), text)


def pushed(where: Where, scopes: Mapping[str, Scope]) -> Pushed:
    """Return what the server is asked to do of a filter.

    Parameters
    ----------
    where : Where
        The filter.
    scopes : mapping
        For each table that it may name columns of: where they are.
    """
    params: dict[str, str] = {}
    parts: tuple[Params, ...] = ((),)
    done: list[Where] = []
    for part in conjuncts(where):
        paths, values = _asked(part, scopes)
        if not paths:
            continue
        if not values:
            return Pushed(parts=(), where=part)
        if len(paths) == len(values) == 1:
            (name,) = (f"filter{{{path}}}" for path in paths)
            if name in params:
                # Of a name that comes twice the server would look at one.
                continue
            params[name] = values[0]
        else:
            more = _parts(paths, values)
            if len(parts) * len(more) > _MOST_PARTS or not (_is_short(parts) or _is_short(more)):
                continue
            parts = tuple(some + other for some in parts for other in more)
        done.append(part)
    return Pushed(tuple(params.items()), parts, all_of(*done))


def _asked(part: Where, scopes: Mapping[str, Scope]) -> tuple[tuple[str, ...], Sequence[str]]:
    """Return what is to be any of which values; no paths for what is not asked."""
    if not isinstance(part, Condition) or part.part is not None or part.path:
        return (), ()
    kind, paths = scopes.get(part.field.table, _NOWHERE).paths(part.field.name)
    found = None if kind is None else _ASKED.get(kind, _nothing)(part.lookup, part.value)
    if found is None:
        return (), ()
    operator, values = found
    return tuple(f"{path}{operator}" for path in paths), values


def _parts(paths: Sequence[str], values: Sequence[str]) -> tuple[Params, ...]:
    """Return requests that between them ask for any of these values at any of these paths."""
    if len(values) == 1:
        return tuple(((f"filter{{{path}}}", values[0]),) for path in paths)
    return tuple(
        part
        for path in paths
        for part in in_parts(values, repeated(f"filter{{{path}.in}}"), longest=_LONGEST)
    )


def _is_short(parts: tuple[Params, ...]) -> bool:
    return all(len(part) <= _FEW for part in parts)


def _nothing(*_: Any) -> None:
    return None


def _id(lookup: str, value: Any) -> tuple[str, Sequence[str]] | None:
    if lookup not in ("exact", "in"):
        return None
    return "", [one for one in (value if lookup == "in" else (value,)) if is_uuid(one)]


def _ids(lookup: str, value: Any) -> tuple[str, Sequence[str]] | None:
    # Of several the server may find a record once for each.
    values = tuple(value) if isinstance(value, tuple) else (value,)
    is_any = lookup == "exact" or (lookup in ("in", "overlap") and len(values) == 1)
    if not (is_any or (lookup == "has_all" and values)):
        return None
    return ("", values[:1]) if is_uuid(values[0]) else ("", ())


def _text(lookup: str, value: Any) -> tuple[str, Sequence[str]] | None:
    if lookup in ("exact", "in"):
        values = (value,) if lookup == "exact" else value
        return ("", values) if all(map(_is_plain, values)) else None
    if lookup in ("startswith", "endswith") and _is_plain(value):
        return f".{lookup}", (value,)
    if lookup in _BLIND or lookup in ("startswith", "endswith"):
        pieces = _SAME_EVERYWHERE.findall(value)
        return (".icontains", (max(pieces, key=len),)) if pieces else None
    return None


def _is_plain(text: str) -> bool:
    """Tell whether a text reaches a column as it is: forms strip blanks, databases refuse half characters."""
    return bool(text) and text == text.strip() and text.isprintable()


def _flag(lookup: str, value: Any) -> tuple[str, Sequence[str]] | None:
    return ("", (str(value),)) if lookup == "exact" else None


def _integer(lookup: str, value: Any) -> tuple[str, Sequence[str]] | None:
    # What is larger than the server's column holds is an error there.
    if lookup not in ("exact", "gt", "gte", "lt", "lte") or abs(value) >= 2**31:
        return None
    return "" if lookup == "exact" else f".{lookup}", (str(value),)


def _instant(lookup: str, value: Any) -> tuple[str, Sequence[str]] | None:
    # Midnight of the day after is the end of a day, and in the west that is later still.
    operator, by = {"gt": (".gte", -1), "lt": (".lte", 2)}.get(lookup.removesuffix("e"), ("", 0))
    if not operator:
        return None
    try:
        day: date = value.date() + timedelta(days=by)
    except OverflowError:
        return None
    return operator, (day.isoformat(),)


_ASKED: Mapping[str, Any] = {
    "id": _id,
    "ids": _ids,
    "text": _text,
    "sex": _text,
    "flag": _flag,
    "integer": _integer,
    "instant": _instant,
    "day": _instant,
}
_NOWHERE = Scope({})
