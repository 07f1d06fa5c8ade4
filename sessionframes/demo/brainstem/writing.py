"""How the demo's BrainSTEM makes, changes and deletes records, and what it says when its rules are broken."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from sessionframes.demo.brainstem.fields import FaultyValueError, Field, cleaned, read_uuid
from sessionframes.demo.brainstem.models import APPROVALS, MODELS, Model
from sessionframes.demo.brainstem.moments import in_utc
from sessionframes.demo.brainstem.refusals import Refusal, detail, not_allowed

if TYPE_CHECKING:
    from datetime import tzinfo

    from sessionframes.demo.brainstem.people import Access, Person
    from sessionframes.demo.brainstem.store import Store

    Record = dict[str, Any]

_USED_BY_EPOCHS = ("dataacquisition", "manipulation", "behavior")
_REVIEWED_MODELS = {approval.name: name for name, approval in APPROVALS.items()}


@dataclass(frozen=True)
class Writing:
    """Writes on behalf of somebody.

    Attributes
    ----------
    access : Access
        What they see and may change.
    zone : tzinfo
        Of moments that come without one.
    """

    access: Access
    zone: tzinfo

    def make(self, model: Model, told: Any) -> tuple[Model, Record]:
        """Make a record, or file the request for one.

        Parameters
        ----------
        model : Model
            Of the record.
        told : Any
            The body of the request.

        Returns
        -------
        Model, dict
            What was made: not of `model` where that is reviewed.

        Raises
        ------
        Refusal
            This person may not, or a field is faulty.
        """
        person = self._person_who_changes()
        if model.name in _REVIEWED_MODELS:
            raise detail(405, 'Method "POST" not allowed.')
        values = self._checked(model, told, None)
        if model.is_reviewed:
            return self._filed(model, "add", "", values)
        own_id = str(uuid4())
        record = {
            "id": own_id,
            **{name: _copy(kind.default) for name, kind in model.fields.items() if not kind.back},
            **values,
        }
        if "created_at" in model.fields:
            record |= {"created_at": in_utc(_now()), "updated_at": in_utc(_now())}
        self.access.require_change(model, record)
        if model.name == "project":
            person.rights[own_id] = "change"
        self._store.put(model, record)
        return model, record

    def change(self, model: Model, record: Record, told: Any, *, whole: bool) -> tuple[Model, Record]:
        """Change a record, or file the request to.

        Parameters
        ----------
        model : Model
            Of the record.
        record : dict
            As it is.
        told : Any
            The body of the request.
        whole : bool
            Whether it tells all fields (PUT), not only those that change (PATCH).

        Returns
        -------
        Model, dict
            What there is now: not of `model` where that is reviewed.

        Raises
        ------
        Refusal
            This person may not, or a field is faulty.
        """
        self.access.require_change(model, record)
        values = self._checked(model, told, None if whole else record, own_id=str(record["id"]))
        if model.is_reviewed:
            return self._filed(model, "change", str(record["id"]), values)
        changed = {**record, **values}
        if "updated_at" in model.fields:
            changed["updated_at"] = in_utc(_now())
        self.access.require_change(model, changed)
        self._store.put(model, changed)
        return model, changed

    def delete(self, model: Model, record: Record) -> None:
        """Delete a record.

        Raises
        ------
        Refusal
            This person may not, or an epoch needs the record.
        """
        self.access.require_change(model, record)
        if model.is_reviewed and not self._person_who_changes().is_administrator:
            raise not_allowed()
        own_id = str(record["id"])
        if model.name in _USED_BY_EPOCHS:
            field = next(name for name, kind in MODELS["epoch"].fields.items() if kind.to == model.name)
            if self._store.pointing_at(MODELS["epoch"], field, own_id):
                raise detail(400, f"This {model.verbose_name} is used by an epoch and cannot be deleted.")
        self._store.remove(model, own_id)

    def settle(self, model: Model, record: Record, action: str) -> Record:
        """Accept or reject a request; accepting does what it asks for.

        Parameters
        ----------
        model : Model
            Of the request.
        record : dict
            The request.
        action : str
            "accept" or "reject".

        Raises
        ------
        Refusal
            Only administrators may, and only once.
        """
        if not self._person_who_changes().is_administrator:
            raise not_allowed()
        if record["status"] != "pending":
            raise detail(400, "This request has been settled already.")
        if action == "accept":
            target = MODELS[_REVIEWED_MODELS[model.name]]
            own_id = record["target"] or str(uuid4())
            self._store.put(target, {**(self._store.get(target, own_id) or {"id": own_id}), **record["data"]})
        settled = {**record, "status": f"{action}ed"}
        self._store.put(model, settled)
        return settled

    @property
    def _store(self) -> Store:
        return self.access.store

    def _person_who_changes(self) -> Person:
        person = self.access.person
        if person is None or not (person.is_administrator or "change" in person.rights.values()):
            raise not_allowed()
        return person

    def _filed(self, model: Model, action: str, target: str, values: Record) -> tuple[Model, Record]:
        request = {
            "id": str(uuid4()),
            "action": action,
            "status": "pending",
            "target": target,
            "data": values,
        }
        self._store.put(APPROVALS[model.name], request)
        return APPROVALS[model.name], request

    def _checked(
        self, model: Model, told: Any, before: Record | None, *, own_id: str | None = None
    ) -> Record:
        """Return the fields that are told, as they are kept; with `before`, others may be left out."""
        if not isinstance(told, dict):
            words = f"Invalid data. Expected a dictionary, but got {type(told).__name__}."
            raise Refusal(400, {"non_field_errors": [words]})
        values: Record = {}
        faults: dict[str, Any] = {}
        for name, kind in model.fields.items():
            if kind.read_only:
                continue
            try:
                if name in told:
                    values[name] = self._value(model, name, kind, told[name], own_id)
                elif kind.required and before is None:
                    raise FaultyValueError("This field is required.")
            except FaultyValueError as error:
                faults[name] = error.said
        if faults:
            raise Refusal(400, faults)
        return values

    def _value(self, model: Model, name: str, kind: Field, told: Any, own_id: str | None) -> Any:
        if kind.is_relation:
            return self._related(name, kind, told)
        value = cleaned(kind, told, self.zone)
        if kind.unique:
            same = (row for row in self._store.all(model) if row.get(name) == value)
            if any(str(row["id"]) != own_id for row in same):
                raise FaultyValueError(f"{model.verbose_name} with this {name} already exists.")
        return value

    def _related(self, name: str, kind: Field, told: Any) -> Any:
        if not kind.many:
            if told is None and not kind.required:
                return None
            return self._id_of(kind, told)
        if not isinstance(told, list):
            raise detail(400, f"'{name}' value must be a list")
        if not told and kind.required:
            raise FaultyValueError("This list may not be empty.")
        return [self._id_of(kind, one) for one in told]

    def _id_of(self, kind: Field, told: Any) -> str:
        if told is None:
            raise FaultyValueError("This field may not be null.")
        target = MODELS[kind.to]
        own_id = str(told) if target.has_numbers_for_ids else read_uuid(told)
        if self._store.get(target, own_id) is None:
            # Not a fault of the field, but "not found", and with the quote left open: so does dynamic-rest.
            raise detail(404, f"'{target.title} object with ID={own_id} not found")
        return own_id


def _copy(default: Any) -> Any:
    return type(default)(default) if isinstance(default, (list, dict)) else default


def _now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)
