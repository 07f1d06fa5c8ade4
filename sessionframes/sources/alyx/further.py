"""What a filter may name beside columns: what Alyx tells of related rows, as far as relations lead."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sessionframes.query.where import Field
from sessionframes.sources.alyx.endpoints import ENDPOINTS, KINDS
from sessionframes.sources.alyx.models import Model, Relation, models

#: Relations lead in circles; a name is no longer than this, which leads from a region to the root.
_DEEPEST = 14


@dataclass(frozen=True)
class Way:
    """How a field is reached from a model.

    Parameters
    ----------
    steps : tuple of Relation
        The relations on the way.
    name : str
        The field at its end.
    wire : str
        Its type.
    """

    steps: tuple[Relation, ...]
    name: str
    wire: str

    @property
    def path(self) -> str:
        """The name for ``django=``."""
        return "__".join([*(step.name for step in self.steps), self.name])

    @property
    def many(self) -> int | None:
        """Which step is the first that leads to any number of rows."""
        return next((at for at, step in enumerate(self.steps) if step.many), None)


def way(model: str | None, path: str) -> Way | None:
    """Return how a field is reached, or None if there is no such way.

    Parameters
    ----------
    model : str or None
        Where the path begins.
    path : str
        Names with ``__`` within.
    """
    if model is None:
        return None
    *names, last = path.split("__")
    at: Model = models()[model]
    steps: list[Relation] = []
    for name in names:
        step = at.relations.get(name)
        if step is None or step.to not in models() or len(steps) == _DEEPEST:
            return None
        steps.append(step)
        at = models()[step.to]
    wire = at.fields.get(last)
    return None if wire is None else Way(tuple(steps), last, wire)


class Further(Mapping[str, Field]):
    """The names that a filter on a table may have beside those of columns.

    Names are looked up when they are asked for, since relations lead in circles. Listed are those of the
    related rows next to the table's own, for messages.

    Parameters
    ----------
    endpoint : str
        What is listed.
    table : str
        Whose filter it is.
    named : mapping
        Names that are answered by filters of the server's own, with what they hold.
    """

    def __init__(self, endpoint: str, table: str, named: Mapping[str, Field] | None = None) -> None:
        self._model = ENDPOINTS[endpoint].model if ENDPOINTS[endpoint].django else None
        self._table = table
        self._named = named or {}

    def __getitem__(self, name: str) -> Field:
        if name in self._named:
            return self._named[name]
        found = way(self._model, name)
        # What is a field of the row itself is a column, or is not told.
        if found is None or not found.steps:
            raise KeyError(name)
        return Field(name, KINDS[found.wire], self._table)

    def __iter__(self) -> Iterator[str]:
        yield from self._named
        if self._model is None:
            return
        for relation in models()[self._model].relations.values():
            for field in models()[relation.to].fields:
                yield f"{relation.name}__{field}"

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __contains__(self, name: object) -> bool:
        try:
            self[str(name)]
        except KeyError:
            return False
        return True
