"""The rows of the demo's Alyx, in memory, with the relations between them."""

from __future__ import annotations

import threading
from collections import defaultdict
from typing import TYPE_CHECKING, Any
from uuid import NAMESPACE_URL, uuid5

from sessionframes.demo.alyx.models import MODELS, PROBE_MODELS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sessionframes.demo.alyx.columns import Model

Row = dict[str, Any]
_MAKES = frozenset(MODELS) - {
    "subjects",
    "sessions",
    "insertions",
    "trajectories",
    "datasets",
    "brain-regions",
}


class Store:
    """All tables.

    Parameters
    ----------
    records : mapping
        From the name of a model to its rows. Relations hold the id of the other row or, for what has a name,
        that; what has a name and no row is made.
    """

    def __init__(self, records: Mapping[str, Iterable[Row]]) -> None:
        self.lock = threading.RLock()
        self.tables: dict[str, dict[Any, Row]] = {name: {} for name in MODELS}
        self._labels: dict[str, dict[str, Any]] = {name: {} for name in MODELS}
        self._back: dict[tuple[str, str], dict[Any, list[Any]]] = {}
        self._sorted: dict[str, list[Any]] = {}
        models = [{"name": name, "probe_model": part} for part, name in PROBE_MODELS.items()]
        told = {**records, "probe-models": [*models, *records.get("probe-models", ())]}
        # Two rounds, since a row may name another that comes after it.
        for name, rows in told.items():
            model = MODELS[name]
            for row in rows:
                self._place(model, dict(row))
        for name in list(MODELS):
            for row in list(self.tables[name].values()):
                self._link(MODELS[name], row)

        self._restrict()

    def _restrict(self) -> None:
        """List the animals whose water is restricted today, which is a table of its own there."""
        model = MODELS["water-restricted-subjects"]
        for row in self.tables["water-restriction"].values():
            subject = self.row("subjects", row["subject"])
            if row["end_time"] is None and subject is not None:
                told = {name: subject[name] for name in model.columns if name in subject}
                self._link(model, self._place(model, told))

    def _place(self, model: Model, row: Row) -> Row:
        if "id" not in row:
            row["id"] = made_id(model.name, str(row[model.label]))
        self.tables[model.name][row["id"]] = row
        if model.label != "id":
            self._labels[model.name].setdefault(row[model.label], row["id"])
        if model.name == "probe-models":
            row.setdefault("probe_model", row["name"])
            self._labels[model.name][row["probe_model"]] = row["id"]
        return row

    def _link(self, model: Model, row: Row) -> None:
        for name, column in model.columns.items():
            if column.kind in ("ManyToOneRel", "ManyToManyRel"):
                continue
            value = row.setdefault(name, column.default)
            if value is None:
                row[name] = column.default
            elif column.kind == "ForeignKey":
                row[name] = self.found(column.to, value)
            elif column.kind == "ManyToManyField":
                row[name] = [self.found(column.to, one) for one in value]
            elif column.choices and isinstance(value, str):
                row[name] = column.choices[value]

    def found(self, name: str, told: Any) -> Any:
        """Return the id of the row that an id or a name tells; what has a name is made if need be.

        Raises
        ------
        LookupError
            There is none.
        """
        table = self.tables[name]
        if told in table:
            return told
        known = self._labels[name].get(told)
        if known is not None:
            return known
        if name not in _MAKES or MODELS[name].label == "id":
            message = f"{name}: no row {told!r}"
            raise LookupError(message)
        row = self._place(MODELS[name], {MODELS[name].label: told})
        self._link(MODELS[name], row)
        return row["id"]

    def named(self, name: str, label: Any) -> Row | None:
        """Return the row of that name, if there is one."""
        found = self._labels[name].get(label)
        return None if found is None else self.tables[name][found]

    def label(self, name: str, key: Any) -> Any:
        """Return what others call a row."""
        return None if key is None else self.tables[name][key][MODELS[name].label]

    def row(self, name: str, key: Any) -> Row | None:
        """Return a row by its id."""
        return None if key is None else self.tables[name].get(key)

    def related(self, model: Model, row: Row, name: str) -> list[Row]:
        """Return the rows that a relation of a row leads to."""
        column = model.columns[name]
        table = self.tables[column.to]
        if column.kind == "ForeignKey":
            found = table.get(row[name])
            return [] if found is None else [found]
        if column.kind == "ManyToManyField":
            return [table[key] for key in row[name] if key in table]
        keys = self.leading(column.to, column.by, row["id"])
        return [table[key] for key in keys if key in table]

    def leading(self, name: str, by: str, key: Any) -> list[Any]:
        """Return the ids of the rows of a table whose relation leads to a row."""
        index = self._back.get((name, by))
        if index is None:
            # Under the lock, or what is made of old rows might be kept after they changed.
            with self.lock:
                made: dict[Any, list[Any]] = defaultdict(list)
                for row in self.tables[name].values():
                    for target in row[by] if isinstance(row[by], list) else [row[by]]:
                        made[target].append(row["id"])
                index = self._back[name, by] = dict(made)
        return index.get(key, [])

    def sorted_keys(self, name: str) -> list[Any]:
        """Return the ids of a table in their order."""
        keys = self._sorted.get(name)
        if keys is None:
            keys = self._sorted[name] = sorted(self.tables[name])
        return keys

    def add(self, model: Model, row: Row) -> Row:
        """Add a row."""
        with self.lock:
            self._place(model, row)
            self._link(model, row)
            self._forget()
            return row

    def change(self, model: Model, row: Row, told: Mapping[str, Any]) -> Row:
        """Put a row that differs in the place of another: behind all others, as the database does."""
        with self.lock:
            table = self.tables[model.name]
            changed = {**row, **told}
            del table[row["id"]]
            table[row["id"]] = changed
            self._forget()
            return changed

    def delete(self, model: Model, row: Row) -> None:
        """Take a row away, and the rows that cannot be without it."""
        with self.lock:
            for name, column in model.columns.items():
                if column.kind == "ManyToOneRel":
                    for other in self.related(model, row, name):
                        self._let_go(MODELS[column.to], other, column.by, row["id"])
            self.tables[model.name].pop(row["id"], None)
            self._forget()

    def _let_go(self, model: Model, row: Row, by: str, key: Any) -> None:
        if model.columns[by].is_many:
            self.change(model, row, {by: [one for one in row[by] if one != key]})
        elif by in ("lab", "parent_session", "brain_region", "chronic_insertion", "location"):
            self.change(model, row, {by: None})
        else:
            self.delete(model, row)

    def _forget(self) -> None:
        self._back.clear()
        self._sorted.clear()


def made_id(model: str, name: str) -> str:
    """Return the id of a row that has only a name."""
    return str(uuid5(NAMESPACE_URL, f"sessionframes-demo-alyx/{model}/{name}"))
