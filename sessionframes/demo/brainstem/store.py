"""The records that the demo's BrainSTEM holds, and the relations between them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sessionframes.demo.brainstem.models import MODELS, Model

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    Record = dict[str, Any]


class Store:
    """Records by model and id, in the order in which they were made.

    A record has its id and the fields that are kept on its side of a relation; what points at it is looked
    up. Records are never changed in place, but replaced.

    Parameters
    ----------
    records : mapping
        The first ones, by model.
    """

    def __init__(self, records: Mapping[str, Iterable[Record]]) -> None:
        self._tables: dict[str, dict[str, Record]] = {name: {} for name in MODELS}
        for name, rows in records.items():
            self._tables[name] = {str(row["id"]): row for row in rows}
        self._pointing: dict[tuple[str, str], dict[str, list[str]]] = {}
        #: What was worked out from the records as they are now; emptied whenever one of them changes.
        self.remembered: dict[Any, Any] = {}

    def all(self, model: Model) -> Iterable[Record]:
        """Return the records of a model."""
        return self._tables[model.name].values()

    def get(self, model: Model, own_id: str) -> Record | None:
        """Return one record, if there is one."""
        return self._tables[model.name].get(own_id)

    def value(self, model: Model, record: Record, name: str) -> Any:
        """Return a field of a record, as it is shown."""
        field = model.fields.get(name)
        if field is not None and field.back:
            return self._pointing_by(field.to, field.back).get(str(record["id"]), [])
        return record.get(name)

    def values(self, model: Model, record: Record, path: Sequence[str]) -> Iterator[Any]:
        """Go along relations from a record, and yield what is at their end.

        Parameters
        ----------
        model : Model
            Of the record.
        record : dict
            Where to begin.
        path : sequence of str
            Relations, and last a field or ``id``.

        Yields
        ------
        Any
            One value for each record at the end of the path; None where a relation leads nowhere.
        """
        value = self.value(model, record, path[0])
        if len(path) == 1 or value is None or value == []:
            yield from _each(value)
            return
        target = MODELS[model.fields[path[0]].to]
        for own_id in _each(value):
            found = self.get(target, own_id)
            if found is not None:
                yield from self.values(target, found, path[1:])

    def put(self, model: Model, record: Record) -> None:
        """Keep a record, in place of the one with its id if there is one."""
        self._tables[model.name][str(record["id"])] = record
        self._forget(model)

    def remove(self, model: Model, own_id: str) -> None:
        """Take a record out, and its id out of all lists; what cannot do without it goes too."""
        del self._tables[model.name][own_id]
        self._forget(model)
        for other in MODELS.values():
            for name, field in other.fields.items():
                if field.to == model.name and not field.back:
                    self._forget_one(other, name, own_id)

    def pointing_at(self, model: Model, field: str, own_id: str) -> list[str]:
        """Return the ids of the records of a model that have this id in this field."""
        return self._pointing_by(model.name, field).get(own_id, [])

    def _forget_one(self, model: Model, name: str, gone: str) -> None:
        for own_id in list(self.pointing_at(model, name, gone)):
            record = self._tables[model.name][own_id]
            if model.fields[name].many:
                self.put(model, {**record, name: [one for one in record[name] if one != gone]})
            elif model.fields[name].required:
                self.remove(model, own_id)
            else:
                self.put(model, {**record, name: None})

    def _pointing_by(self, model: str, field: str) -> dict[str, list[str]]:
        key = (model, field)
        if key not in self._pointing:
            pointing: dict[str, list[str]] = {}
            for own_id, record in self._tables[model].items():
                for target in _each(record.get(field)):
                    if target is not None:
                        pointing.setdefault(target, []).append(own_id)
            self._pointing[key] = pointing
        return self._pointing[key]

    def _forget(self, model: Model) -> None:
        self.remembered.clear()
        for key in [key for key in self._pointing if key[0] == model.name]:
            del self._pointing[key]


def _each(value: Any) -> Iterable[Any]:
    # An empty list is as good as null: that is what a left join makes of it.
    return (value or [None]) if isinstance(value, list) else [value]
