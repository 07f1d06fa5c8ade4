"""One change over the wire, never made twice.

A change may have been made although its answer did not come: the line was cut, the server took too long or
failed after it had written. So nothing is repeated blindly. A record that was to be created is looked up by
its unique name, one that was to be changed is read back; only where that tells that nothing was done, it is
sent again. What has no unique name is sent once, and told to be unknown.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from sessionframes.changes import Outcome
from sessionframes.errors import SourceResponseError, SourceUnavailableError
from sessionframes.sources.brainstem.answer import Answer, read_answer
from sessionframes.sources.brainstem.attempts import Change, Creation, Removal
from sessionframes.sources.brainstem.models import APPROVALS
from sessionframes.sources.brainstem.rules import is_bare_date
from sessionframes.sources.brainstem.sameness import is_same
from sessionframes.sources.brainstem.walk import Walk
from sessionframes.transports.rest_request import in_parts, repeated

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sessionframes.changes import Action
    from sessionframes.sources.brainstem.fields import ApiField, Model
    from sessionframes.sources.brainstem.walk import BrainstemTransport
    from sessionframes.transports.rest_request import Record

_HEADERS = {"Accept": "application/json"}
_WIDEST = 60


class Sender:
    """Makes changes to the records of one model.

    Parameters
    ----------
    transport : BrainstemTransport
        How the server is reached.
    model : Model
        Whose records.
    """

    def __init__(self, transport: BrainstemTransport, model: Model) -> None:
        self._transport = transport
        self._client = transport.rest.client
        self._path = transport.path(model.name)
        self.model = model
        #: Of taxonomies and resources the server files a request, which somebody has to accept.
        self.approval = APPROVALS.get(model.name)

    @property
    def unique(self) -> ApiField | None:
        """The field by which a record can be found that was created without an answer."""
        unique = (field for field in self.model.fields if field.unique)
        return None if self.approval else next(unique, None)

    def records(self, field: str, values: Sequence[str]) -> list[Record]:
        """Return the records whose field is one of some values.

        Raises
        ------
        sessionframes.errors.SourceError
            They could not be listed.
        """
        if not values:
            return []
        walk = Walk(self.model.name, parts=in_parts(values, repeated(f"filter{{{field}.in}}")))
        wanted = set(values)
        listed = [record for found in self._transport.fetch(walk) for record in found.records]
        # A server that does not know the filter gives all of them.
        return [one for one in listed if isinstance(one.get(field), str) and one[field] in wanted]

    def create(self, new: Mapping[str, Any]) -> Outcome:
        """Create a record.

        Parameters
        ----------
        new : mapping
            What is sent.

        Returns
        -------
        Outcome
            created, requested, left (the same was made meanwhile), failed, or unknown: it may have been made.

        Raises
        ------
        sessionframes.errors.SourceUnavailableError
            This has been closed.
        """
        creation = Creation(self, new)
        outcome = self._persist(creation.once, creation.ended)
        if outcome.action == "created" and outcome.id is not None:
            answered = outcome.record or {}
            made = {name: (value, answered.get(name, value)) for name, value in new.items()}
            self._transport.made[outcome.id] = made
        return outcome

    def is_made(self, record: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
        """Tell whether a record is what creating it from these values would give, or gave."""
        made = self._transport.made.get(str(record.get("id")), {})
        for name in self.differing(record, new):
            # What the server made of it, and has still.
            sent, answered = made.get(name, (None, None))
            field = self.model.field_named(name)
            if sent != new[name] or not is_same(field, answered, record.get(name)):
                return False
        return True

    def change(self, key: str, new: Mapping[str, Any], old: Mapping[str, Any] | None = None) -> Outcome:
        """Change fields of a record.

        Parameters
        ----------
        key : str
            Its id.
        new : mapping
            What is sent.
        old : mapping, optional
            What these fields hold now: it tells a server that makes its own of a value from one that has
            done nothing. Where it is not known, that is told to be unknown.

        Returns
        -------
        Outcome
            changed, requested, failed, or unknown: the record has nothing of it, or cannot be read.

        Raises
        ------
        sessionframes.errors.SourceUnavailableError
            This has been closed.
        """
        change = Change(self, key, new, old)
        return self._persist(change.once, change.ended)

    def remove(self, key: str) -> Outcome:
        """Delete a record by its id.

        Returns
        -------
        Outcome
            deleted, gone already, failed, or unknown: the record is still there, or that cannot be seen.

        Raises
        ------
        sessionframes.errors.SourceUnavailableError
            This has been closed.
        """
        removal = Removal(self, key)
        return self._persist(removal.once, removal.ended)

    def ask(self, method: str, key: str | None = None, body: Any = None) -> Answer:
        """Send one change, once.

        Parameters
        ----------
        method : {"POST", "PATCH", "DELETE"}
            Which.
        key : str, optional
            The id of the record.
        body : object, optional
            What is sent, as JSON.
        """
        path = self._path if key is None else f"{self._path}{key}/"
        try:
            asked = self._client.send(method, path, json=body, headers=_HEADERS, follow=False)
            with asked as response:
                return read_answer(response, self.model)
        except SourceUnavailableError as error:
            never_left = isinstance(error.__cause__, NewConnectionError | ConnectTimeoutError)
            return Answer(None, words=error.message, was_sent=not never_left)
        except SourceResponseError as error:
            # An address that is none, or a certificate that is not trusted.
            return Answer(None, words=str(error), was_sent=False)

    def outcome_of(self, action: Action, answer: Answer, record: Record, new: Mapping[str, Any]) -> Outcome:
        """Return what came of a change that was made: with what the server made of it.

        Parameters
        ----------
        action : str
            What to call it, unless only a request was filed.
        answer : Answer
            The last one.
        record : dict
            As the server has it now.
        new : mapping
            What was sent.
        """
        key = None if record.get("id") is None else str(record["id"])
        if answer.is_request:
            note = f"it is there once somebody accepts request {key}"
            return Outcome("requested", None, answer.status, note=note, record=record)
        told = self.differences(record, new)
        return Outcome(action, key, answer.status, note=told or None, record=record)

    def differing(self, record: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
        """Return the names of fields that a record does not have as they were sent."""
        return [name for name, value in new.items() if not self._is_held(record, name, value)]

    def has_any(self, record: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
        """Tell whether a record has one of the fields as it was sent; one that it lacks does not count."""
        return any(name in record and self._is_held(record, name, value) for name, value in new.items())

    def _is_held(self, record: Mapping[str, Any], name: str, value: Any) -> bool:
        return is_same(self.model.field_named(name), value, record.get(name))

    def differences(self, record: Mapping[str, Any], new: Mapping[str, Any]) -> str:
        """Return what the server made of values that were sent, empty if it has them as they were."""
        told = []
        for name, value in new.items():
            # Which moment a date became is for people to see.
            is_told = is_bare_date(value) and name in record and record[name] != value
            if self._is_held(record, name, value) and not is_told:
                continue
            text = json.dumps(record.get(name), ensure_ascii=False)
            text = text if len(text) <= _WIDEST else f"{text[:_WIDEST]}..."
            told.append(f"{name}: {f'the server has {text}' if name in record else 'not in the answer'}")
        return "; ".join(told)

    def _persist(
        self, once: Callable[[], Outcome], ended: Callable[[SourceUnavailableError], Outcome]
    ) -> Outcome:
        self._transport.rest.check_open()
        try:
            return self._client.retry(once)
        except SourceUnavailableError as error:
            return ended(error)
