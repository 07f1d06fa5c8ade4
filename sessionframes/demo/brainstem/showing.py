"""How the demo's BrainSTEM shows records: envelopes, links, fields left out, and records beside them."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sessionframes.demo.brainstem.models import MODELS, Model
from sessionframes.demo.brainstem.refusals import detail

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sessionframes.demo.brainstem.people import Access

    Record = dict[str, Any]


_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


def encode(value: Any) -> str:
    """Return a value as JSON text."""
    return _ENCODER.encode(value)


@dataclass
class Wish:
    """What is wished of the records of one model.

    Attributes
    ----------
    beside : dict of str to Wish
        Relations whose records are to be shown beside.
    without : set of str
        Fields to be left out.
    """

    beside: dict[str, Wish] = field(default_factory=dict)
    without: set[str] = field(default_factory=set)


def wishes(model: Model, query: Iterable[tuple[str, str]]) -> Wish:
    """Read ``include[]`` and ``exclude[]``.

    A relation alone changes nothing, since relations are shown as ids anyway: ``relation.*`` shows the
    records beside, and ``relation.other.*`` those of both.

    Raises
    ------
    Refusal
        No such field.
    """
    top = Wish()
    for key, value in query:
        if key in ("include[]", "exclude[]") and value:
            _wish(model, top, value.split("."), leave_out=key == "exclude[]")
    return top


def _wish(model: Model, wish: Wish, path: Sequence[str], *, leave_out: bool) -> None:
    for place, name in enumerate(path):
        if name in ("*", "") and place:
            return
        known = model.fields.get(name)
        if known is None and name != "id":
            raise detail(400, f'"{name}" is not a valid field name for "{model.singular}".')
        if place == len(path) - 1:
            if leave_out:
                wish.without.add(name)
            return
        if known is None or not known.to:
            raise detail(400, f'"{name}" is not a valid field name for "{model.singular}".')
        wish = wish.beside.setdefault(name, Wish())
        model = MODELS[known.to]


@dataclass(frozen=True)
class Show:
    """Shows records to whom `access` is for."""

    access: Access

    def one(self, model: Model, record: Record, wish: Wish | None = None) -> str:
        """Return the envelope of one record as JSON text."""
        told = wish or Wish()
        beside = self._beside(model, [record], told)
        return _envelope({}, beside, model.singular, self._shown(model, record, told), {})

    def many(
        self,
        model: Model,
        records: Sequence[Record],
        wish: Wish,
        before: Mapping[str, Any],
        after: Mapping[str, Any],
    ) -> str:
        """Return the envelope of a list as JSON text.

        Parameters
        ----------
        model : Model
            Of the list.
        records : sequence of dict
            Of this page.
        wish : Wish
            What to leave out, and what to show beside.
        before, after : mapping
            What else the envelope has.
        """
        shown = ",".join(self._shown(model, record, wish) for record in records)
        beside = self._beside(model, records, wish)
        return _envelope(before, beside, model.plural, f"[{shown}]", after)

    def _beside(self, model: Model, records: Sequence[Record], wish: Wish) -> dict[str, str]:
        found: dict[str, dict[str, str]] = {}
        self._collect(model, records, wish, found)
        if model.plural in found:
            # What is shown anyway is not shown again; other records of the same kind have a key of their own.
            others = found.pop(model.plural)
            shown = {str(record["id"]) for record in records}
            rest = {own_id: text for own_id, text in others.items() if own_id not in shown}
            found |= {f"+{model.plural}": rest} if rest else {}
        return {key: f"[{','.join(texts.values())}]" for key, texts in found.items()}

    def _collect(
        self, model: Model, records: Sequence[Record], wish: Wish, found: dict[str, dict[str, str]]
    ) -> None:
        store = self.access.store
        # In the order of the fields, not in that in which they were wished for.
        for name in (name for name in model.fields if name in wish.beside):
            target, of_them = MODELS[model.fields[name].to], wish.beside[name]
            seen = self.access.visible(target)
            ids = (str(own_id) for record in records for own_id in store.values(model, record, (name,)))
            rows = [seen[own_id] for own_id in dict.fromkeys(ids) if own_id in seen]
            if rows:
                texts = found.setdefault(target.plural, {})
                texts |= {str(row["id"]): self._shown(target, row, of_them) for row in rows}
                self._collect(target, rows, of_them, found)

    def _shown(self, model: Model, record: Record, wish: Wish) -> str:
        """Return a record as JSON text; the same one is asked for again and again while a list is paged."""
        remembered = self.access.store.remembered
        key = ("shown", model.name, record["id"], frozenset(wish.beside), frozenset(wish.without))
        text: str | None = remembered.get(key)
        if text is None:
            text = encode(self.plain(model, record, wish))
            remembered[key] = text
        return text

    def plain(self, model: Model, record: Record, wish: Wish | None = None) -> Record:
        """Return a record as it is shown: relations as ids, and ``links`` to those that are not empty."""
        told = wish or Wish()
        shown = {"id": record["id"]}
        links = {}
        for name, kind in model.fields.items():
            if name not in record and not kind.back:
                continue
            value = self.access.store.value(model, record, name)
            shown[name] = value
            if kind.to and value and name not in told.beside:
                links[name] = f"{name}/"
        # Fields that no document tells of.
        shown |= {name: value for name, value in record.items() if name not in shown}
        if links:
            shown["links"] = links
        return {name: value for name, value in shown.items() if name not in told.without}


def _envelope(
    before: Mapping[str, Any], beside: Mapping[str, str], key: str, shown: str, after: Mapping[str, Any]
) -> str:
    parts = [
        *((name, encode(value)) for name, value in before.items()),
        *beside.items(),
        (key, shown),
        *((name, encode(value)) for name, value in after.items()),
    ]
    return "{" + ",".join(f"{encode(name)}:{text}" for name, text in parts) + "}"
