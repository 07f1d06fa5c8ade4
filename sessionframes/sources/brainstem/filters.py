"""What of a filter BrainSTEM is asked to do, so that it sends few rows that are no answer.

It is asked for no more than its documents tell: equality, ``in``, ``icontains startswith endswith gte lte``,
and paths into relations. Whatever it makes of that is checked here again, since nobody promises that it
compares as we do, in which zone, or at all; so what it is asked must keep every row that is an answer:

* Text without case is compared by a piece of it that folds in the same way everywhere: ASCII without k, as
  which the Kelvin sign counts to us alone.
* An instant is widened to whole days, by a day on either side: a bare date is taken by servers that keep
  dates and by those that keep times, whatever their zone.
* An id that is no UUID is the id of no record; the server would refuse it.

``or``, ``not`` and all else is done here alone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sessionframes.query.where import EVERY, Condition, all_of, conjuncts
from sessionframes.transports.rest_request import in_parts, repeated

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from sessionframes.query.where import Where
    from sessionframes.sources.brainstem.columns import Origin
    from sessionframes.transports.rest_request import Params

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
#: Folds to the same in every locale that a server may be in, Turkish aside; without blanks at the ends.
_SAME_EVERYWHERE = re.compile(r"[!-JL-jl-~](?:[ -JL-jl-~]*[!-JL-jl-~])?")
_BLIND = ("contains", "icontains", "istartswith", "iendswith", "iexact")
#: So many values are asked for beside those that make the parts of a request.
_FEW = 20
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


def pushed(where: Where, paths: Mapping[str, Mapping[str, Origin]], prefix: Mapping[str, str]) -> Pushed:
    """Return what the server is asked to do of a filter.

    Parameters
    ----------
    where : Where
        The filter.
    paths : mapping
        For each table that it may name columns of: where they come from.
    prefix : mapping
        For each of these tables what leads there from the records that are listed, such as "session.".
    """
    params: dict[str, str] = {}
    parts: tuple[Params, ...] = ((),)
    done: list[Where] = []
    for part in conjuncts(where):
        found = _asked(part, paths, prefix)
        if found is None:
            continue
        name, values = found
        if not values:
            return Pushed(parts=(), where=part)
        if len(values) == 1:
            if name in params:
                # Of a name that comes twice the server would look at one.
                continue
            params[name] = values[0]
        elif parts == ((),):
            found_parts = in_parts(values, repeated(f"{name[:-1]}.in}}"))
            if len(found_parts) > _MOST_PARTS:
                continue
            parts = found_parts
        elif len(values) > _FEW:
            continue
        else:
            parts = tuple(part + repeated(f"{name[:-1]}.in}}")(values) for part in parts)
        done.append(part)
    return Pushed(tuple(params.items()), parts, all_of(*done))


def _asked(
    part: Where, paths: Mapping[str, Mapping[str, Origin]], prefix: Mapping[str, str]
) -> tuple[str, Sequence[str]] | None:
    """Return the name of a filter and its values, any of which may be there; None for what is not asked."""
    if not isinstance(part, Condition) or part.part is not None or part.path:
        return None
    origin = paths.get(part.field.table, {}).get(part.field.name)
    if origin is None:
        return None
    found = _ASKED.get(origin.kind, _nothing)(part.lookup, part.value)
    if found is None:
        return None
    operator, values = found
    is_relation = origin.kind in ("id", "ids") and origin.field != "id"
    path = f"{prefix[part.field.table]}{origin.field}{'.id' if is_relation else ''}{operator}"
    return f"filter{{{path}}}", values


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
