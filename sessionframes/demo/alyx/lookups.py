"""What a lookup of ``django=`` asks of one value: from a value to true, false or, on null, neither."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from functools import lru_cache
from typing import Any
from uuid import UUID

from sessionframes.demo.alyx import jsonb
from sessionframes.demo.alyx.refusals import failure

Test = Callable[[Any], bool | None]
Change = Callable[[Any], Any]

_ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "gt": operator.gt,
    "gte": operator.ge,
    "lt": operator.lt,
    "lte": operator.le,
}
_TEXTS: dict[str, Callable[[str, str], bool]] = {
    "contains": lambda value, told: told in value,
    "icontains": lambda value, told: told.upper() in value.upper(),
    "startswith": lambda value, told: value.startswith(told),
    "istartswith": lambda value, told: value.upper().startswith(told.upper()),
    "endswith": lambda value, told: value.endswith(told),
    "iendswith": lambda value, told: value.upper().endswith(told.upper()),
    "iexact": lambda value, told: value.upper() == told.upper(),
}
_DOLLAR = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]])*\]|\$", re.DOTALL)
_KEYS = ("has_key", "has_keys", "has_any_keys")
LOOKUPS = frozenset({"exact", "in", "range", "isnull", "regex", "iregex", *_ORDER, *_TEXTS})
_JSON_LOOKUPS = frozenset({*LOOKUPS, "contained_by", *_KEYS})
_OF_DATES: dict[str, Change] = {
    "year": lambda told: told.year,
    "iso_year": lambda told: told.isocalendar()[0],
    "month": lambda told: told.month,
    "day": lambda told: told.day,
    "week": lambda told: told.isocalendar()[1],
    "week_day": lambda told: told.isoweekday() % 7 + 1,
    "iso_week_day": lambda told: told.isoweekday(),
    "quarter": lambda told: (told.month + 2) // 3,
}
_OF_TIMES: dict[str, Change] = {
    "hour": lambda told: told.hour,
    "minute": lambda told: told.minute,
    "second": lambda told: told.second,
}


@lru_cache(maxsize=200_000)
def moment(told: str) -> datetime:
    """Return the time that a text tells, in the server's zone; what is told with an offset is converted."""
    found = datetime.fromisoformat(told)
    return found if found.tzinfo is None else found.astimezone(UTC).replace(tzinfo=None)


@lru_cache(maxsize=20_000)
def _day(told: str) -> date:
    return date.fromisoformat(told[:10])


def lookup_for(kind: str, rest: list[str]) -> tuple[Change, str, str]:
    """Return how a column's value is changed, the kind of what comes of it, and the lookup.

    Raises
    ------
    Refusal
        The column knows no such lookup.
    """
    changes: list[Change] = []
    if kind == "DateTimeField":
        changes.append(moment)
    elif kind == "DateField":
        changes.append(_day)
    while rest and not (len(rest) == 1 and rest[0] in LOOKUPS):
        step, *rest = rest
        change, after = _transform(kind, step)
        if change is None:
            words = f"Unsupported lookup '{step}' for {kind} or join on the field not permitted."
            raise failure(words)
        changes.append(change)
        kind = after

    def changed(value: Any) -> Any:
        for change in changes:
            if value is None:
                return None
            value = change(value)
        return value

    return changed, kind, rest[0] if rest else "exact"


def _transform(kind: str, step: str) -> tuple[Change | None, str]:
    if kind == "DateTimeField" and step == "date":
        return (lambda told: told.date()), "DateField"
    if kind == "DateTimeField" and step == "time":
        return (lambda told: told.time()), "TimeField"
    if kind in ("DateTimeField", "DateField") and step in _OF_DATES:
        return _OF_DATES[step], "IntegerField"
    if kind in ("DateTimeField", "TimeField") and step in _OF_TIMES:
        return _OF_TIMES[step], "IntegerField"
    return None, kind


def test_for(name: str, kind: str, lookup: str, told: Any) -> Test:
    """Return what a lookup asks of the values of a plain column.

    Parameters
    ----------
    name, kind : str
        Of the column, or of what a transform makes of it.
    lookup : str
        Such as "gte".
    told : Any
        The value behind it.

    Raises
    ------
    Refusal
        The value is none for that.
    """
    if told is None:
        if lookup not in ("exact", "iexact"):
            raise failure(_none_words(lookup))
        return lambda value: value is None
    if lookup == "isnull":
        if not isinstance(told, bool):
            raise failure("The QuerySet value for an isnull lookup must be True or False.")
        return lambda value: (value is None) is told
    if lookup in ("regex", "iregex"):
        return _on_texts(_regex(str(told), lookup))
    if lookup in _TEXTS and not (lookup == "iexact" and kind != "CharField"):
        test, wanted = _TEXTS[lookup], str(told)
        return _on_texts(lambda value: test(value, wanted))
    if lookup == "iexact":
        lookup = "exact"
    return _compared(name, kind, lookup, told)


def _none_words(lookup: str) -> str:
    if lookup == "isnull":
        return "The QuerySet value for an isnull lookup must be True or False."
    return "'NoneType' object is not iterable" if lookup == "range" else "Cannot use None as a query value"


def _compared(name: str, kind: str, lookup: str, told: Any) -> Test:
    key: Change = _collated if kind == "CharField" else lambda value: value
    if lookup == "in":
        wanted = {one if one is None else _fitting(name, kind, one) for one in _several(told)} - {None}
        return lambda value: None if value is None else value in wanted
    if lookup == "range":
        low, high = (key(_bound(name, kind, one)) for one in _two(told))
        return lambda value: None if value is None else low <= key(value) <= high
    if lookup in _ORDER:
        compare, limit = _ORDER[lookup], key(_bound(name, kind, told))
        return lambda value: None if value is None else compare(key(value), limit)
    one = _fitting(name, kind, told)
    return lambda value: None if value is None else value == one


def _collated(value: Any) -> Any:
    # As most databases sort texts: small and large letters together.
    return (value.casefold(), value.swapcase())


def _several(told: Any) -> list[Any]:
    try:
        return list(told)
    except TypeError:
        raise failure(f"'{type(told).__name__}' object is not iterable") from None


def _two(told: Any) -> list[Any]:
    found = _several(told)
    if len(found) != 2:
        raise failure("not enough values to unpack" if len(found) < 2 else "tuple index out of range")
    return found


def _on_texts(test: Callable[[str], bool]) -> Test:
    def asked(value: Any) -> bool | None:
        if value is None:
            return None
        if isinstance(value, datetime):
            value = f"{value}+00"
        elif isinstance(value, list):
            value = ",".join(map(str, value))
        return test(value if isinstance(value, str) else str(value))

    return asked


def _regex(told: str, lookup: str) -> Callable[[str], bool]:
    try:
        # PostgreSQL's ``$`` is the very end, and its ``.`` takes line breaks.
        text = _DOLLAR.sub(lambda found: r"\Z" if found[0] == "$" else found[0], told)
        found = re.compile(text, re.DOTALL | (re.IGNORECASE if lookup == "iregex" else 0))
    except re.error as error:
        words = (
            "parentheses () not balanced"
            if "parenthesis" in str(error) or "unterminated" in str(error)
            else error
        )
        raise failure(f"invalid regular expression: {words}\n") from None
    return lambda value: found.search(value) is not None


def _bound(name: str, kind: str, told: Any) -> Any:
    # Fractions compare rightly with whole numbers, though they are cut where they shall be equal.
    if kind == "IntegerField" and isinstance(told, float):
        return told
    return _fitting(name, kind, told)


def _fitting(name: str, kind: str, told: Any) -> Any:
    if kind in ("IntegerField", "FloatField"):
        try:
            return int(told) if kind == "IntegerField" else float(told)
        except (TypeError, ValueError):
            raise failure(f"Field '{name}' expected a number but got {told!r}.") from None
    if kind == "UUIDField":
        try:
            return str(UUID(told))
        except (AttributeError, TypeError, ValueError):
            raise failure(f"['“{told}” is not a valid UUID.']") from None
    if kind == "BooleanField":
        if told in (True, False):
            return bool(told)
        if told in ("t", "True", "1", "f", "False", "0"):
            return told in ("t", "True", "1")
        raise failure(f"['“{told}” value must be either True or False.']")
    if kind in _PARSED:
        return _parsed(kind, told)
    return str(told)


_PARSED: dict[str, tuple[Callable[[str], Any], str]] = {
    "DateField": (lambda told: date.fromisoformat(told), "an invalid date format. It must be in YYYY-MM-DD"),
    "DateTimeField": (moment, "an invalid format. It must be in YYYY-MM-DD HH:MM[:ss[.uuuuuu]][TZ]"),
    "TimeField": (time.fromisoformat, "an invalid format. It must be in HH:MM[:ss[.uuuuuu]]"),
}


def _parsed(kind: str, told: Any) -> Any:
    parse, words = _PARSED[kind]
    if not isinstance(told, str):
        raise failure("fromisoformat: argument must be str")
    try:
        return parse(told)
    except ValueError:
        raise failure(f"['“{told}” value has {words} format.']") from None


def json_test(path: tuple[str, ...], lookup: str, told: Any) -> Test:
    """Return what a lookup asks of documents, or of what a path in them leads to.

    Raises
    ------
    Refusal
        The value is none for that.
    """
    test = _json_test(lookup, told)

    def asked(document: Any) -> bool | None:
        whole = None if isinstance(document, jsonb.JsonNull) else document
        value = jsonb.MISSING if document is None else jsonb.at(whole, path)
        if lookup == "isnull":
            return (value is jsonb.MISSING) is told
        return None if value is jsonb.MISSING else test(value)

    return asked


def _json_test(lookup: str, told: Any) -> Test:
    if lookup == "isnull":
        if not isinstance(told, bool):
            raise failure(_none_words(lookup))
        return lambda _value: False
    if told is None and lookup != "exact":
        raise failure(_none_words(lookup))
    if lookup in _KEYS:
        return _keys_test(lookup, told)
    if lookup == "contains":
        return lambda value: jsonb.contains(value, told)
    if lookup == "contained_by":
        return lambda value: jsonb.contains(told, value)
    if lookup in ("regex", "iregex") or lookup in _TEXTS:
        return _json_text_test(lookup, str(told))
    return _json_order_test(lookup, told)


def _json_text_test(lookup: str, wanted: str) -> Test:
    found = _regex(wanted, lookup) if "regex" in lookup else None
    compare: Callable[[str, str], bool] = _TEXTS.get(lookup, operator.eq)

    def asked(value: Any) -> bool | None:
        text = jsonb.as_text(value)
        if text is None:
            return None
        return found(text) if found else compare(text, wanted)

    return asked


def _json_order_test(lookup: str, told: Any) -> Test:
    if lookup == "in":
        several = [jsonb.order(one) for one in _several(told)]
        return lambda value: jsonb.order(value) in several
    if lookup == "range":
        low, high = (jsonb.order(one) for one in _two(told))
        return lambda value: low <= jsonb.order(value) <= high
    limit = jsonb.order(told)
    ordered: Callable[[Any, Any], bool] = _ORDER.get(lookup, operator.eq)
    return lambda value: ordered(jsonb.order(value), limit)


def _keys_test(lookup: str, told: Any) -> Test:
    if lookup == "has_key":
        return lambda value: jsonb.has_key(value, str(told))
    keys = [str(one) for one in _several(told)]
    every = all if lookup == "has_keys" else any
    return lambda value: every(jsonb.has_key(value, key) for key in keys)


def json_lookup(rest: list[str]) -> tuple[tuple[str, ...], str]:
    """Return the path into a document, and the lookup behind it."""
    if rest and rest[-1] in _JSON_LOOKUPS:
        return tuple(rest[:-1]), rest[-1]
    return tuple(rest), "exact"
