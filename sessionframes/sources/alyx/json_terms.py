"""Conditions on JSON for the server, which compares across types and loses rows that lack a key.

Its order is that of ``jsonb``: null, text, number, flag, list, object. So between two of these lies one type,
and what is asked of texts or numbers is asked of those alone.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sessionframes.sources.alyx.encode import NotSaid, Term, encode, says
from sessionframes.sources.alyx.texts import text_lookup

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sessionframes.query.where import Condition

_OF_TEXT = ("iexact", "icontains", "startswith", "istartswith", "endswith", "iendswith", "regex")
#: Of all numbers that a client can write the least.
_LEAST = -1.7976931348623157e308
_INDEX = re.compile(r"-?[0-9]{1,9}")
#: What Postgres takes for an index too; to a filter it is a key.
_NEARLY_INDEX = re.compile(r"\s*[+-]?[0-9]+")
_FLAGS = ("true", "false")
_FLAG_STARTS = ("t", "f")
#: Behind a key of such a name Django would look for none.
_LOOKUPS = {
    *(
        "exact",
        "iexact",
        "gt",
        "gte",
        "lt",
        "lte",
        "in",
        "contains",
        "icontains",
        "startswith",
        "istartswith",
    ),
    *("endswith", "iendswith", "range", "isnull", "regex", "iregex", "contained_by"),
    *("has_key", "has_keys", "has_any_keys"),
}

_Branches = tuple[tuple[Term, ...], ...]


def json_branches(condition: Condition, column: str, *, negated: bool) -> _Branches:
    """Return what the server is asked for by a condition on JSON, if it means the very same.

    Parameters
    ----------
    condition : Condition
        The condition.
    column : str
        The column, by way of relations.
    negated : bool
        Whether the rows are wanted that do not fulfil it.

    Raises
    ------
    NotSaid
        The server means something else by all that can be said.
    """
    steps = _checked(condition.path)
    path = "__".join([column, *steps])
    if condition.lookup == "isnull":
        return _null(path, whole=not steps, negated=negated)
    if steps and (condition.lookup, condition.value) == ("lt", ""):
        return ((),) if negated else ()
    every = _positive(condition, path)
    for term in (term for terms in every for term in terms):
        encode(term.value)
    if not negated:
        return every
    if any(not term.path.removesuffix("__exact") == path for term in every[0]):
        # Each of the keys may lack by itself.
        raise NotSaid(path)
    if len(every) != 1:
        return _none_of(every, path)
    out: list[tuple[Term, ...]] = [(replace(term, negated=True),) for term in every[0]]
    if every[0][0].lookup in _OF_TEXT and len(every[0]) == 1:
        out.append((_equal(path, None),))  # a null has no text that could fit or not
    # What lacks the key is in neither half.
    return (*out, (Term(path, "isnull", value=True),))


def _none_of(branches: _Branches, path: str) -> _Branches:
    found: list[tuple[Term, ...]] = [()]
    for branch in branches:
        found = [(*one, replace(term, negated=True)) for one in found for term in branch]
    return (*found, (Term(path, "isnull", value=True),))


def _checked(path: tuple[str, ...]) -> tuple[str, ...]:
    for step in path:
        is_nearly = _NEARLY_INDEX.fullmatch(step) and not _INDEX.fullmatch(step)
        if not says(step) or is_nearly or (len(path) == 1 and _is_number(step)):
            raise NotSaid(step)
    if "__".join(path).split("__") != list(path) and path:
        raise NotSaid(path)
    return path


def _is_number(step: str) -> bool:
    """Tell whether the server looks for it in lists only."""
    try:
        int(step)
    except ValueError:
        return False
    return True


def _null(path: str, *, whole: bool, negated: bool) -> _Branches:
    null = Term(path, "isnull", not negated)
    if not whole:
        return ((null,),)
    # On the wire null is null, be it the database's or JSON's.
    json_null = Term(path, "exact", None, negated)
    return ((null, json_null),) if negated else ((null,), (json_null,))


def _positive(condition: Condition, path: str) -> _Branches:
    lookup, value = condition.lookup, condition.value
    if lookup == "in":
        plain = [one for one in value if not isinstance(one, dict | list | tuple)]
        among = [(Term(path, "in", plain),)] if plain else []
        return (*among, *((_equal(path, one),) for one in value if one not in plain))
    if lookup in _ANYWHERE:
        return (_ANYWHERE[lookup](path, lookup, value),)
    if not condition.path:
        raise NotSaid  # of the whole, the server compares its text
    return (_text(path, lookup, value) if isinstance(value, str) else _ordered(path, lookup, value),)


def _equal(path: str, value: Any) -> Term:
    # A key with the name of a lookup is only a key if a lookup follows.
    if path.rsplit("__", 1)[-1] in _LOOKUPS:
        return Term(f"{path}__exact", "exact", value)
    return Term(path, "exact", value)


def _equals(path: str, _: str, value: Any) -> tuple[Term, ...]:
    return (_equal(path, value),)


def _has(path: str, lookup: str, value: tuple[str, ...]) -> tuple[Term, ...]:
    if len(value) == 1:
        return (Term(path, "has_key", value[0]),)
    return (Term(path, lookup, list(value)),)


def _contained(path: str, lookup: str, value: Any) -> tuple[Term, ...]:
    return (Term(path, lookup, value),)


def _contains(path: str, lookup: str, value: Any) -> tuple[Term, ...]:
    try:
        encode(value)
    except NotSaid:
        if not isinstance(value, dict):
            raise
    else:
        return (Term(path, "contains", value),)
    # Lists that are not the last cannot be said at once; key by key they can.
    terms: list[Term] = []
    for key, inner in value.items():
        if not says(key) or _NEARLY_INDEX.fullmatch(key) or _is_number(key):
            raise NotSaid(key)
        if isinstance(inner, dict | list | tuple):
            terms += _contains(f"{path}__{key}", lookup, inner)
        else:
            terms.append(_equal(f"{path}__{key}", inner))
    return tuple(terms)


def _text(path: str, lookup: str, value: str) -> tuple[Term, ...]:
    term = Term(path, *text_lookup(lookup, value))
    # Texts of numbers, lists and objects begin with no letter, and a null has none.
    begins = value[:1].isalpha() and lookup in ("iexact", "startswith", "istartswith")
    is_flag = value.lower() in _FLAGS if lookup == "iexact" else value[:1].lower() in _FLAG_STARTS
    if begins and not is_flag:
        return (term,)
    return (term, *_texts_only(path))


def _texts_only(path: str) -> tuple[Term, ...]:
    return Term(path, "gte", ""), Term(path, "lt", _LEAST)


def _ordered(path: str, lookup: str, value: float) -> tuple[Term, ...]:
    if lookup in ("gt", "gte"):
        return Term(path, lookup, value), Term(path, "lt", value=False)
    return Term(path, lookup, value), Term(path, "gte", _LEAST)


_ANYWHERE: Mapping[str, Callable[[str, str, Any], tuple[Term, ...]]] = {
    "exact": _equals,
    "has_keys": _has,
    "has_any_keys": _has,
    "contained_by": _contained,
    "contains": _contains,
}
