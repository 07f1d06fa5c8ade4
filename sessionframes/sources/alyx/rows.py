"""Conditions that stand side by side and are about one related row.

``Q(tasks__status="Errored", tasks__name="SpikeSorting")`` asks for sessions of which one task is both. The
server would take a task for each.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from sessionframes.query.on_texts import as_texts
from sessionframes.query.where import NONE, And, Condition, Field, Not, Where, all_of, any_of, negated
from sessionframes.sources.alyx.endpoints import OF_MODEL
from sessionframes.sources.alyx.pushed import column_of, untold

if TYPE_CHECKING:
    from collections.abc import Callable

    from sessionframes.sources.alyx.further import Way
    from sessionframes.sources.alyx.pushed import Places


@dataclass(frozen=True)
class SameRow:
    """Conditions on one related row.

    Parameters
    ----------
    conditions : tuple of Condition
        As they stand.
    inner : tuple of Condition
        As that row's endpoint has them.
    endpoint : str or None
        What lists such rows and tells whose they are; None if nothing does.
    inner_table : str
        Whose filter the inner ones are.
    back : str
        The field there that tells whose they are.
    column : str
        The column here that it is compared with.
    """

    conditions: tuple[Condition, ...]
    inner: tuple[Condition, ...] = ()
    endpoint: str | None = None
    inner_table: str = ""
    back: str = ""
    column: str = ""


def same_rows(where: Where, places: Places, one: Callable[[SameRow], Where]) -> Where:
    """Return a filter in which each group of conditions on one related row is what `one` makes of it.

    Parameters
    ----------
    where : Where
        The filter.
    places : Places
        Where its names are.
    one : callable
        What is done with a group.
    """
    if isinstance(where, Condition):
        return where
    if isinstance(where, Not):
        return negated(same_rows(where.part, places, one))
    if not isinstance(where, And):
        return any_of(*(same_rows(part, places, one) for part in where.parts))
    groups: dict[str, list[Condition]] = {}
    for part in where.parts:
        if isinstance(part, Condition) and (prefix := _prefix(part, places)):
            groups.setdefault(prefix, []).append(part)
    together = {id(part) for group in groups.values() if len(group) > 1 for part in group}
    rest = [same_rows(part, places, one) for part in where.parts if id(part) not in together]
    made = [one(on_one_row(tuple(group), places)) for group in groups.values() if len(group) > 1]
    return all_of(*rest, *made)


def _prefix(condition: Condition, places: Places) -> str | None:
    found = places.of(condition).way
    # Whether there is a row at all is no condition on one.
    if found is None or found.many is None or condition.lookup == "isnull":
        return None
    return "__".join(step.name for step in found.steps[: found.many + 1])


def on_one_row(group: tuple[Condition, ...], places: Places) -> SameRow:
    """Return conditions, all by way of one relation that leads to many rows, as one of those has them.

    Parameters
    ----------
    group : tuple of Condition
        The conditions.
    places : Places
        Where their names are.
    """
    ways = [one for one in (places.of(condition).way for condition in group) if one is not None]
    at = ways[0].many or 0
    relation, before = ways[0].steps[at], ways[0].steps[:at]
    endpoint = OF_MODEL.get(relation.to)
    key = "__".join([*(step.name for step in before), "id"])
    column = column_of(places.endpoint, places.table, key)
    if endpoint is None or not endpoint.django or relation.back is None or column is None:
        return SameRow(group)
    table = endpoint.table or endpoint.name
    inner = tuple(_inner(condition, one, at, table) for condition, one in zip(group, ways, strict=True))
    return SameRow(group, inner, endpoint.name, table, relation.back, column)


def _inner(condition: Condition, found: Way, at: int, table: str) -> Condition:
    name = "__".join([*(step.name for step in found.steps[at + 1 :]), found.name])
    return replace(condition, field=Field(f"far__{name}", condition.field.kind, table))


def combined(together: SameRow, endpoint: str) -> Where:
    """Return conditions on one field of one row as a single one, where one of them lists its values.

    Raises
    ------
    sessionframes.errors.QueryError
        None does, and the server takes a row for each.
    """
    fields = {condition.field for condition in together.conditions}
    listed = [one for one in together.conditions if one.lookup in ("exact", "in")]
    field = next(iter(fields))
    if len(fields) > 1 or not listed or field.kind != "text":
        why = "its conditions are about one related row, and Alyx takes a row for each"
        raise untold(together.conditions[0], endpoint, why)
    values: Any = listed[0].value
    texts = (values,) if listed[0].lookup == "exact" else values
    kept = tuple(text for text in texts if all(_holds(one, text) for one in together.conditions))
    return Condition(field, "in", kept) if kept else NONE


def _holds(condition: Condition, text: str) -> bool:
    return bool(as_texts([text], condition.field.name).holds(condition.lookup, condition.value)[0])
