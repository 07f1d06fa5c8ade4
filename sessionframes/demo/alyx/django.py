"""``django=``: the filters of the demo's Alyx, and what it takes their texts for."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sessionframes.demo.alyx.columns import Column, Model
from sessionframes.demo.alyx.lookups import json_lookup, json_test, lookup_for, test_for
from sessionframes.demo.alyx.models import MODELS
from sessionframes.demo.alyx.refusals import failure

if TYPE_CHECKING:
    from sessionframes.demo.alyx.store import Row, Store

Fits = Callable[["Row"], bool]
_OF_RELATIONS = ("exact", "in", "gt", "gte", "lt", "lte", "isnull")


@dataclass(frozen=True)
class Term:
    """One pair of ``django=``.

    Attributes
    ----------
    name : str
        The field with its lookup.
    value : Any
        What the text behind it was taken for.
    negated : bool
        Whether a tilde was in front.
    """

    name: str
    value: Any
    negated: bool = False


def terms_of(text: str) -> list[Term]:
    """Return the pairs of a text.

    Raises
    ------
    Refusal
        They are no pairs, one is there twice, or a value is no expression.
    """
    text = text.strip()
    parts = split(text)
    found = []
    for place in range(0, len(parts), 2):
        if place + 1 == len(parts):
            raise failure("list index out of range")
        name = parts[place]
        found.append(Term(name.removeprefix("~"), value_of(parts[place + 1]), name.startswith("~")))
    if len({(term.name, term.negated) for term in found}) < len(found):
        raise failure(f'Duplicated fields in "{text}"')
    return found


def split(text: str) -> list[str]:
    """Split at every comma that no bracket protects; what opened last is all that is remembered."""
    parts, closing = [""], ""
    for letter in text:
        if letter == "," and not closing:
            parts.append("")
            continue
        if letter in "([":
            closing = {"(": ")", "[": "]"}[letter]
        elif letter == closing:
            closing = ""
        parts[-1] += letter
    return parts


def value_of(text: str) -> Any:
    """Return what a text is taken for.

    Raises
    ------
    Refusal
        It is in brackets, but no expression.
    """
    if text == "None":
        return None
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    if text.replace(".", "", 1).isdigit():
        return float(text)
    if text[:1] in ("(", "[") and text[-1:] in (")", "]"):
        return _evaluated(text)
    return text


def _evaluated(text: str) -> Any:
    try:
        tree = ast.parse(text, mode="eval")
        for node in ast.walk(tree):
            if isinstance(node, ast.Name):
                raise failure(f"name '{node.id}' is not defined")
        return ast.literal_eval(tree)
    except (SyntaxError, ValueError) as error:
        raise failure(f"{error} (<string>, line 1)") from None


def fits(store: Store, model: Model, term: Term) -> Fits:
    """Return which rows of a model a pair means.

    Raises
    ------
    Refusal
        The field, the lookup or the value is none for that.
    """
    steps, column, name, rest = _resolved(model, term.name.split("__"))
    is_many = any(one.columns[step].is_many for one, step in steps)
    values = _values(store, steps, name)

    if column.kind == "JSONField":
        path, lookup = json_lookup(rest)
        asked = json_test(path, lookup, term.value)
        if term.negated and not is_many:
            return _negated_json(values, asked, counts_absent=term.value is not None)
    else:
        changed, kind, lookup = lookup_for(column.kind, rest)
        test = test_for(name, kind, lookup, term.value)

        def asked(value: Any) -> bool | None:
            return test(changed(value))

    if not steps and not term.negated:
        return lambda row: asked(row[name]) is True
    return lambda row: any(asked(value) is True for value in values(row)) is not term.negated


def values_at(store: Store, model: Model, path: str) -> Callable[[Row], list[Any]]:
    """Return how to find the values that a path of relations leads to, None where it leads to nothing."""
    steps, _, name, _ = _resolved(model, path.split("__"))
    return _values(store, steps, name)


def _values(store: Store, steps: list[tuple[Model, str]], name: str) -> Callable[[Row], list[Any]]:
    def values(row: Row) -> list[Any]:
        rows: list[Row | None] = [row]
        for at, step in steps:
            found: list[Row | None] = []
            for one in rows:
                found += (store.related(at, one, step) if one else []) or [None]
            rows = found
        return [None if one is None else one[name] for one in rows]

    return values


def _negated_json(
    values: Callable[[Row], list[Any]], asked: Callable[[Any], bool | None], *, counts_absent: bool
) -> Fits:
    """Leave neither what is neither true nor false, unless the whole column is null."""

    def test(row: Row) -> bool:
        document = values(row)[0]
        if document is None and counts_absent:
            return asked(document) is not True
        return asked(document) is False

    return test


def _resolved(model: Model, parts: list[str]) -> tuple[list[tuple[Model, str]], Column, str, list[str]]:
    """Return the relations on the way, the column at the end, its name, and what follows it."""
    steps: list[tuple[Model, str]] = []
    at, rest = model, list(parts)
    while rest:
        name = "id" if rest[0] == "pk" else rest[0]
        column = at.columns.get(name)
        if column is None and at.columns.get(name.removesuffix("_id"), Column("")).kind == "ForeignKey":
            name = name.removesuffix("_id")
            return steps, MODELS[at.columns[name].to].columns["id"], name, rest[1:]
        if column is None:
            break
        rest = rest[1:]
        if not column.to:
            return steps, column, name, rest
        steps.append((at, name))
        at = MODELS[column.to]
    if not steps:
        choices = ", ".join(sorted(_choices(model)))
        raise failure(f"Cannot resolve keyword '{rest[0]}' into field. Choices are: {choices}")
    if rest and (rest[0] not in _OF_RELATIONS or len(rest) > 1):
        kind = steps[-1][0].columns[steps[-1][1]].kind
        raise failure(f"Unsupported lookup '{rest[0]}' for {kind} or join on the field not permitted.")
    return steps, at.columns["id"], "id", rest


def _choices(model: Model) -> list[str]:
    return [
        name
        for name, column in model.columns.items()
        for name in ([name, f"{name}_id"] if column.kind == "ForeignKey" else [name])
    ]
