"""Putting what the server is asked for together: no condition twice, no request line too long.

A name with its lookup may come once only, and the web server refuses long lines; so what is said of one name
is made one, or said in other words, and long lists are cut into several requests.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from itertools import product
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from sessionframes.query.where import And, Condition, Not
from sessionframes.sources.alyx.encode import NotSaid, Term, encode
from sessionframes.sources.alyx.models import models

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from sessionframes.query.where import Where
    from sessionframes.sources.alyx.terms import Branches

#: How many requests an OR may become; past that, its parts are asked for by themselves.
MOST = 12
#: Of a request line of 4094 characters, what the rest of it leaves.
_LONGEST = 3300
#: A list gets so much at least, however long the rest is.
_SHORTEST = 400
_LOWER, _UPPER = ("gt", "gte"), ("lt", "lte")
_KEY = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
#: A key in a list, without its hyphens, with quotes and a comma.
_OF_KEY = 32 + 3 * len("%22")


def distributed(where: Where, leaf: Callable[..., Branches], *, negated: bool = False) -> Branches:
    """Return a filter as branches.

    Parameters
    ----------
    where : Where
        The filter.
    leaf : callable
        ``leaf(condition, negated=)`` → branches of one condition.
    negated : bool
        Whether the rows are wanted that do not fulfil it.

    Raises
    ------
    NotSaid
        There are too many, or `leaf` says so.
    """
    if isinstance(where, Condition):
        return leaf(where, negated=negated)
    if isinstance(where, Not):
        return distributed(where.part, leaf, negated=not negated)
    parts = [distributed(part, leaf, negated=negated) for part in where.parts]
    if isinstance(where, And) == negated:
        return checked(tuple(branch for part in parts for branch in part))
    return multiplied(parts)


def multiplied(parts: Iterable[Branches]) -> Branches:
    """Return the branches in which all of these hold.

    Raises
    ------
    NotSaid
        There are too many.
    """
    found: Branches = ((),)
    for part in parts:
        found = checked(tuple((*one, *other) for one, other in product(found, part)))
    return found


def checked(branches: Branches) -> Branches:
    """Return branches themselves; of one that holds always, that alone.

    Raises
    ------
    NotSaid
        There are too many.
    """
    if () in branches:
        return ((),)
    if len(branches) > MOST:
        message = f"{len(branches)} requests"
        raise NotSaid(message)
    return branches


def sayable(branches: Branches) -> Branches:
    """Return branches themselves, if all their values can be written.

    Raises
    ------
    NotSaid
        One cannot.
    """
    for branch in branches:
        for term in branch:
            # Of plain values every list can be, however long.
            if isinstance(term.value, dict | tuple) or (isinstance(term.value, list) and term.lookup != "in"):
                encode(term.value)
    return branches


def distinct(terms: Iterable[Term], model: str, *, lossy: Iterable[Term] = ()) -> tuple[Term, ...]:
    """Return terms none of which has the name and lookup of another, and which mean the same together.

    Parameters
    ----------
    terms : iterable of Term
        What must hold.
    model : str
        What is listed.
    lossy : iterable of Term
        What may be left out where it does not go with the others.

    Raises
    ------
    NotSaid
        Two of them cannot be said together.
    """
    found: dict[str, Term] = {}
    for term in terms:
        _add(found, term, model)
    for term in lossy:
        try:
            _add(found, term, model)
        except NotSaid:
            continue
    return tuple(found.values())


def _add(found: dict[str, Term], term: Term, model: str) -> None:
    known = found.get(term.key)
    if known is None or known == term:
        found[term.key] = term
        return
    is_one = not term.negated and not _leads_to_many(model, term.path)
    if is_one and term.lookup in (*_LOWER, *_UPPER):
        found[term.key] = _tighter(known, term)
        return
    for other in _in_other_words(term):
        if found.get(other.key, other) == other:
            found[other.key] = other
            return
    raise NotSaid(term.key)


def _tighter(one: Term, other: Term) -> Term:
    a, b = _rank(one.value), _rank(other.value)
    if type(a[1]) is not type(b[1]) and a[0] == b[0]:
        raise NotSaid(one.key)
    pick = max if one.lookup in _LOWER else min
    return one if pick(a, b) == a else other


def _rank(value: Any) -> tuple[int, Any]:
    """Return what orders values of one column, and those of JSON across types."""
    if isinstance(value, bool):
        return 3, value
    if isinstance(value, int | float):
        return 2, float(value)
    return 1, value.isoformat() if isinstance(value, date) else value


def _in_other_words(term: Term) -> list[Term]:
    if term.lookup == "exact" and not isinstance(term.value, dict | list | tuple | None):
        spelt = Term(f"{term.path}__exact", "exact", term.value, term.negated)
        return [spelt, replace(term, lookup="in", value=[term.value])]
    return []


def _leads_to_many(model: str, path: str) -> bool:
    at = models()[model]
    for step in path.split("__"):
        relation = at.relations.get(step)
        if relation is None:
            return False
        if relation.many:
            return True
        at = models()[relation.to]
    return False


def in_reach(terms: tuple[Term, ...]) -> Branches:
    """Return one branch as several, each of which fits a request line: long lists are cut.

    Raises
    ------
    NotSaid
        Something else than a list is too long.
    """
    rest, long, room = _long_apart(terms)
    if not long:
        return (terms,)
    each = max(_SHORTEST, room // max(len(long), 1))
    return tuple((*rest, *cut) for cut in product(*(_cut(term, each) for term in long)))


def check_reach(terms: tuple[Term, ...]) -> None:
    """Refuse a branch that fits no request line, however its lists are cut.

    Raises
    ------
    NotSaid
        Something else than a list is too long.
    """
    _long_apart(terms)


def _long_apart(terms: tuple[Term, ...]) -> tuple[list[Term], list[Term], int]:
    """Return the terms that go with every request, the lists to be cut, and the room for those."""
    lengths = [_length(term) for term in terms]
    if sum(lengths) <= _LONGEST:
        return list(terms), [], 0
    cut_at = [term.lookup == "in" and length > _SHORTEST for term, length in zip(terms, lengths, strict=True)]
    long = [term for term, is_long in zip(terms, cut_at, strict=True) if is_long]
    rest = [term for term, is_long in zip(terms, cut_at, strict=True) if not is_long]
    room = _LONGEST - sum(length for length, is_long in zip(lengths, cut_at, strict=True) if not is_long)
    if any(term.negated for term in long) or (room < 0 and not long):
        message = "a request line that is too long"
        raise NotSaid(message)
    return rest, long, room


def _cut(term: Term, room: int) -> list[Term]:
    chunks: list[list[Any]] = [[]]
    left = room
    for value in term.value:
        size = _size(value)
        if left < size and chunks[-1]:
            chunks.append([])
            left = room
        left -= size
        chunks[-1].append(value)
    return [replace(term, value=chunk) for chunk in chunks]


def _length(term: Term) -> int:
    if term.lookup == "in" and isinstance(term.value, list):
        return len(term.path) + sum(map(_size, term.value))
    return len(quote(str(term)))


def _size(value: Any) -> int:
    """Return how long a value of a list is in a request line, with what separates it from the next."""
    if isinstance(value, str) and _KEY.fullmatch(value):
        return _OF_KEY
    return len(quote(encode([value])))
