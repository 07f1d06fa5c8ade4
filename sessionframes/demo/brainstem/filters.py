"""The query language of the demo's BrainSTEM: ``filter{...}`` and ``sort[]``.

As in dynamic-rest: different keys are joined by "and", each of them asks whether *any* of the related records
fits, ``filter{-...}`` is the complement, and what is not known is refused with a bare list.
"""

from __future__ import annotations

import json
import re
from datetime import date, datetime
from operator import itemgetter
from typing import TYPE_CHECKING, Any, NamedTuple

from sessionframes.demo.brainstem.fields import FaultyValueError, Field, read_uuid
from sessionframes.demo.brainstem.models import MODELS, Model
from sessionframes.demo.brainstem.moments import NoMomentError, read_day, read_moment
from sessionframes.demo.brainstem.refusals import bad_query, detail

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import tzinfo

    from sessionframes.demo.brainstem.store import Store

    Record = dict[str, Any]
    Test = Callable[[Any], bool]

_TEXT_TESTS: dict[str, Callable[[str, str], bool]] = {
    "contains": lambda value, part: part in value,
    "startswith": str.startswith,
    "endswith": str.endswith,
    "exact": str.__eq__,
}
_ORDER_TESTS: dict[str, Callable[[Any, Any], bool]] = {
    "gt": lambda value, limit: bool(value > limit),
    "gte": lambda value, limit: bool(value >= limit),
    "lt": lambda value, limit: bool(value < limit),
    "lte": lambda value, limit: bool(value <= limit),
}
_PART_TESTS: dict[str, Callable[[Any], int]] = {
    "year": lambda value: int(value.year),
    "month": lambda value: int(value.month),
    "day": lambda value: int(value.day),
    # Counted from Sunday, which is 1.
    "week_day": lambda value: int(value.isoweekday()) % 7 + 1,
}
_FALSE = ("0", "false", "")
_OPERATORS = {
    *(f"{i}{name}" for i in ("", "i") for name in ("contains", "startswith", "endswith")),
    *_ORDER_TESTS,
    *_PART_TESTS,
    *("in", "range", "isnull", "regex", "eq", "iexact"),
}
#: What dynamic-rest takes for an operator, and Django then has no lookup for.
_UNSUPPORTED = {"any", "all"}


class Condition(NamedTuple):
    """One ``filter{...}``: where to look, and what must hold for any value there."""

    path: tuple[str, ...]
    test: Test
    negated: bool


def conditions(model: Model, query: Iterable[tuple[str, str]], zone: tzinfo) -> list[Condition]:
    """Read the filters of a request.

    Parameters
    ----------
    model : Model
        What is listed.
    query : iterable of pairs
        Of the address; what is no filter is left alone.
    zone : tzinfo
        Of moments without one.

    Raises
    ------
    Refusal
        No such field, a value that the field cannot have, or a key that is not closed.
    """
    told: dict[str, list[str]] = {}
    for key, value in query:
        if key.startswith("filter{"):
            told.setdefault(key, []).append(value)
    return [_condition(model, key, values, zone) for key, values in told.items()]


def fits(store: Store, model: Model, record: Record, wanted: Iterable[Condition]) -> bool:
    """Return whether a record fits all conditions.

    Parameters
    ----------
    store : Store
        What relations lead to.
    model : Model
        Of the record.
    record : dict
        As it is kept.
    wanted : iterable of Condition
        None of them at all fits every record.
    """
    return all(
        any(condition.test(value) for value in store.values(model, record, condition.path))
        != condition.negated
        for condition in wanted
    )


def in_order(
    store: Store, model: Model, records: Sequence[Record], query: Iterable[tuple[str, str]], zone: tzinfo
) -> list[Record]:
    """Sort records as a request asks for.

    Parameters
    ----------
    store : Store
        What relations lead to.
    model : Model
        What is listed.
    records : sequence of dict
        In the order in which they were made, which stands if nothing is asked.
    query : iterable of pairs
        Of the address.
    zone : tzinfo
        Of moments without one.

    Raises
    ------
    Refusal
        No such field.
    """
    keys = [value for key, value in query if key == "sort[]" and value]
    ordered = list(records)
    unknown = [key for key in keys if not _is_field(model, key.removeprefix("-"))]
    if unknown:
        raise bad_query(f"Invalid filter field: {unknown}")
    for key in reversed(keys):
        field, path = _resolved(model, key.removeprefix("-").split("."))
        ranked = [(_rank(store, model, record, path, field, zone), record) for record in ordered]
        ranked.sort(key=itemgetter(0), reverse=key.startswith("-"))
        ordered = [record for _, record in ranked]
    return ordered


def _rank(
    store: Store, model: Model, record: Record, path: tuple[str, ...], field: Field, zone: tzinfo
) -> tuple[bool, Any]:
    value = _known(field, next(store.values(model, record, path), None), zone)
    # As in Postgres: null is larger than everything.
    return (value is None, 0 if value is None else value)


def _is_field(model: Model, key: str) -> bool:
    return key == "id" or key.split(".")[0] in model.fields


def _condition(model: Model, key: str, values: list[str], zone: tzinfo) -> Condition:
    if not key.endswith(("}", "}[]")):
        raise detail(400, f'"{key}" is not a well-formed filter key.')
    spec = key.removesuffix("[]")[len("filter{") : -1]
    terms = spec.removeprefix("-").split(".")
    operator = terms.pop() if len(terms) > 1 and terms[-1] in _OPERATORS | _UNSUPPORTED else "eq"
    if operator in _UNSUPPORTED:
        raise bad_query(
            f"Unsupported lookup '{operator}' for {terms[-1]} or join on the field not permitted."
        )
    field, path = _resolved(model, terms)
    return Condition(path, _test(field, operator, values, zone), spec.startswith("-"))


def _resolved(model: Model, terms: Sequence[str]) -> tuple[Field, tuple[str, ...]]:
    path = []
    at = model
    for place, term in enumerate(terms):
        name = "id" if term == "pk" else term
        field = Field("relation", to=at.name) if name == "id" else at.fields.get(name)
        if field is None:
            raise bad_query(f"Invalid filter field: {term}")
        path.append(name)
        if place == len(terms) - 1:
            return field, tuple(path)
        if not field.to:
            raise bad_query(f"Invalid nested filter field: {term}")
        at = MODELS[field.to]
    raise bad_query("Invalid filter field: ")


def _test(field: Field, operator: str, values: list[str], zone: tzinfo) -> Test:
    """Return what a value must pass, given as it is kept."""

    def known(value: Any) -> Any:
        return _known(field, value, zone)

    if operator == "isnull":
        is_null = values[0].lower() not in _FALSE
        return lambda value: (value is None) == is_null
    if operator in _PART_TESTS:
        part, wanted = _PART_TESTS[operator], _number(operator, values[0])
        return lambda value: value is not None and part(_local(known(value), zone)) == wanted
    if operator == "regex":
        return _matches(values[0])
    text_test = _TEXT_TESTS.get(operator) or _TEXT_TESTS.get(operator.removeprefix("i"))
    if text_test is not None:
        return _text_test(text_test, values[0], fold=operator.startswith("i"))
    limits = [_asked(field, value, zone) for value in values]
    if operator == "in":
        return lambda value: value is not None and any(_holds(known(value), limit) for limit in limits)
    if operator == "range":
        low, high = limits[0], limits[-1]
        return lambda value: value is not None and low <= known(value) <= high
    compare = _ORDER_TESTS.get(operator, _holds)
    return lambda value: value is not None and compare(known(value), limits[0])


def _text_test(test: Callable[[str, str], bool], wanted: str, *, fold: bool) -> Test:
    def passes(value: Any) -> bool:
        if value is None:
            return False
        told = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        return test(told.lower(), wanted.lower()) if fold else test(told, wanted)

    return passes


def _matches(pattern: str) -> Test:
    try:
        expression = re.compile(pattern)
    except re.error as error:
        raise bad_query(f"invalid regular expression: {error}") from None
    return lambda value: isinstance(value, str) and expression.search(value) is not None


def _holds(value: Any, wanted: Any) -> bool:
    return bool(value == wanted)


def _local(value: date, zone: tzinfo) -> date:
    return value.astimezone(zone) if isinstance(value, datetime) else value


def _known(field: Field, value: Any, zone: tzinfo) -> Any:
    """Return a kept value in a form that can be compared."""
    if isinstance(value, str) and field.kind == "moment":
        return read_moment(value, zone)
    if isinstance(value, str) and field.kind == "day":
        return read_day(value)
    if field.kind in ("json", "extra", "addresses") and value is not None:
        return json.dumps(value, ensure_ascii=False, sort_keys=True)
    return value


def _asked(field: Field, value: str, zone: tzinfo) -> Any:
    """Return a value of a filter in the form of :func:`_known`."""
    if field.is_relation:
        return _asked_id(MODELS[field.to], value)
    if field.kind == "moment":
        formats = "YYYY-MM-DD HH:MM[:ss[.uuuuuu]][TZ]"
        return _asked_moment(value, formats, "date/time", lambda: read_moment(value, zone))
    if field.kind == "day":
        return _asked_moment(value, "YYYY-MM-DD", "date", lambda: read_day(value))
    if field.kind == "flag":
        if value.lower() not in ("true", "false", "1", "0", "t", "f"):
            raise bad_query(f"“{value}” value must be either True or False.")
        return value.lower() in ("true", "1", "t")
    return _number("order", value) if field.kind == "whole" else value


def _asked_id(model: Model, value: str) -> Any:
    if model.has_numbers_for_ids:
        return _number("id", value)
    try:
        return read_uuid(value)
    except FaultyValueError as error:
        raise bad_query(str(error)) from None


def _asked_moment(value: str, formats: str, what: str, read: Callable[[], date]) -> date:
    try:
        return read()
    except NoMomentError as error:
        if error.is_written_well:
            words = f"value has the correct format ({formats}) but it is an invalid {what}."
        else:
            words = f"value has an invalid format. It must be in {formats} format."
        raise bad_query(f"“{value}” {words}") from None


def _number(name: str, value: str) -> int:
    try:
        return int(value)
    except ValueError:
        raise bad_query(f"Field '{name}' expected a number but got '{value}'.") from None
