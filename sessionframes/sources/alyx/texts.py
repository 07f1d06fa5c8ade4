"""Conditions on text for the server, whose folding and order are the database's and not ours.

Order is that of the database's collation, and case is folded as its locale does. Regular expressions that
are made of sets of characters mean the same there and here, so they say what those cannot.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sessionframes.query.folding import fold, variants
from sessionframes.query.pattern_tree import Chars, Choice, Edge, Sequence, write
from sessionframes.query.patterns import parse
from sessionframes.sources.alyx.encode import NotSaid

if TYPE_CHECKING:
    from sessionframes.query.pattern_tree import Node

_ASCII = frozenset(map(chr, range(0x20, 0x7F)))
#: What every way of folding makes of these, and of nothing else: i and s have kin that databases know, and k
#: has some that filters know.
_PLAIN = _ASCII - frozenset("iks")
#: What databases find at least what filters find by.
_WIDE = _ASCII - frozenset("k")
_BLIND = ("iexact", "icontains", "istartswith", "iendswith")
_SAME = ("exact", "contains", "startswith", "endswith")
_LAST = 0x10FFFF
#: A longer one makes a pattern that is dear to read.
_LONGEST = 200
_ANY = Chars(negated=True)
_START, _END = Edge("^"), Edge("$")


def text_lookup(lookup: str, value: str, *, wide: bool = False) -> tuple[str, str]:
    """Return a condition on text as the server gets it: which means the same there.

    Parameters
    ----------
    lookup, value : str
        The condition.
    wide : bool
        Whether it may find more.

    Returns
    -------
    tuple of str and str
        The lookup and value for ``django=``.

    Raises
    ------
    NotSaid
        The pattern would be too long.
    """
    if lookup in _SAME:
        return lookup, value
    if lookup in ("regex", "iregex"):
        return "regex", parse(value, "").to_postgres(blind=lookup == "iregex")
    if lookup in _BLIND and (_WIDE if wide else _PLAIN).issuperset(fold(value)):
        return lookup, value
    if len(value) > _LONGEST:
        message = f"a text of {len(value)} characters"
        raise NotSaid(message)
    node = _blind(lookup, value) if lookup in _BLIND else _ordered(lookup, value)
    return "regex", write(node, blind=False)


def _blind(lookup: str, value: str) -> Node:
    letters = [_among(variants(char)) for char in value]
    start = [_START] if lookup in ("iexact", "istartswith") else []
    end = [_END] if lookup in ("iexact", "iendswith") else []
    return Sequence((*start, *letters, *end))


def _ordered(lookup: str, value: str) -> Node:
    """Return what texts look like that come after or before one, by code points."""
    codes = [ord(char) for char in value]
    branches: list[Node] = []
    for at, code in enumerate(codes):
        same = [_one(ord(char)) for char in value[:at]]
        if lookup in ("gt", "gte") and code < _LAST:
            branches.append(Sequence((*same, Chars(plain=((code + 1, _LAST),)))))
        elif lookup in ("lt", "lte"):
            branches.append(Sequence((*same, _END)))
            if code > 1:
                branches.append(Sequence((*same, Chars(plain=((0, code - 1),)))))
    whole = [_one(code) for code in codes]
    if lookup == "gt":
        branches.append(Sequence((*whole, _ANY)))
    elif lookup == "gte":
        branches.append(Sequence((*whole,)))
    elif lookup == "lte":
        branches.append(Sequence((*whole, _END)))
    if not branches:
        # No text comes before the empty one.
        message = "nothing"
        raise NotSaid(message)
    return Sequence((_START, Choice(tuple(branches))))


def _among(chars: str) -> Chars:
    return Chars(plain=tuple((ord(char), ord(char)) for char in chars))


def _one(code: int) -> Chars:
    return Chars(plain=((code, code),))
