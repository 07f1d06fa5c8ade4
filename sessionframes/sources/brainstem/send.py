"""One change over the wire, never made twice.

A change may have been made although its answer did not come: the line was cut, the server took too long or
failed after it had written. So nothing is repeated blindly. A record that was to be created is looked up by
its unique name, one that was to be changed is read back; only where that tells that nothing was done, it is
sent again. What has no unique name is sent once, and told to be unknown.
"""

from __future__ import annotations

import json
from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from sessionframes.changes import Outcome
from sessionframes.errors import SourceError, SourceResponseError, SourceUnavailableError
from sessionframes.sources.brainstem.answer import Answer, read_answer
from sessionframes.sources.brainstem.models import APPROVALS
from sessionframes.sources.brainstem.rules import is_empty, is_same
from sessionframes.sources.brainstem.walk import Walk
from sessionframes.transports.http_errors import ServerBusyError
from sessionframes.transports.rest_request import in_parts, repeated

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sessionframes.changes import Action
    from sessionframes.sources.brainstem.fields import ApiField, Model
    from sessionframes.sources.brainstem.walk import BrainstemTransport
    from sessionframes.transports.rest_request import Record

_HEADERS = {"Accept": "application/json"}
#: The server stands, but what is behind it does not, or not now: the next row would fare no better.
_GONE = frozenset({None, 429, 502, 503, 504})
_WIDEST = 60
_LOST = "the answer was lost"


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
        """
        creation = _Creation(self, new)
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

    def change(self, key: str, new: Mapping[str, Any]) -> Outcome:
        """Change fields of a record.

        Parameters
        ----------
        key : str
            Its id.
        new : mapping
            What is sent.
        """
        change = _Change(self, key, new)
        return self._persist(change.once, change.ended)

    def remove(self, key: str) -> Outcome:
        """Delete a record by its id."""
        removal = _Removal(self, key)
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
        self._transport.rest.check_open()
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

    def made(self, action: Action, answer: Answer, record: Record, new: Mapping[str, Any]) -> Outcome:
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
        return Outcome(action, key, answer.status, note=self._differences(record, new), record=record)

    def differing(self, record: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
        """Return the names of fields that a record does not have as they were sent."""
        return [
            name
            for name, value in new.items()
            if not is_same(self.model.field_named(name), value, record.get(name))
        ]

    def _differences(self, record: Mapping[str, Any], new: Mapping[str, Any]) -> str | None:
        told = []
        for name in self.differing(record, new):
            text = json.dumps(record.get(name), ensure_ascii=False)
            text = text if len(text) <= _WIDEST else f"{text[:_WIDEST]}..."
            told.append(f"{name}: {f'the server has {text}' if name in record else 'not in the answer'}")
        return "; ".join(told) or None

    def _persist(self, once: Callable[[], Outcome], ended: Callable[[], Outcome]) -> Outcome:
        try:
            return self._client.retry(once)
        except SourceUnavailableError:
            return ended()


class _Attempts:
    """One change, until it is known what came of it."""

    def __init__(self, sender: Sender) -> None:
        self.sender = sender
        self.answer = Answer(None)
        #: Whether it may have been made by an attempt of which nothing more is known.
        self.is_lost = False

    def ask(self, method: str, key: str | None = None, body: Any = None) -> Answer:
        self.answer = self.sender.ask(method, key, body)
        return self.answer

    def failed(self, key: str | None = None, note: str | None = None) -> Outcome:
        # Without valid credentials, or at another address, the others would fail too.
        status = self.answer.status
        is_last = status in _GONE or status == HTTPStatus.UNAUTHORIZED or 300 <= (status or 0) < 400
        return Outcome("failed", key, status, self.answer.words, note, is_last=is_last)

    def unknown(self, why: str, key: str | None = None) -> Outcome:
        words = f" ({self.answer.words})" if self.answer.words else ""
        return Outcome("unknown", key, self.answer.status, f"{why}{words}")

    def untold(self, error: SourceError, key: str | None = None) -> Outcome:
        """Return that it could not be looked up either."""
        why = f"{_LOST}, and so was what it left: {error.message}"
        return replace(self.unknown(why, key), is_last=True)

    def again(self) -> ServerBusyError:
        """Return what has the change sent again after a while."""
        status = "" if self.answer.status is None else f" ({self.answer.status})"
        words = f"a change to a {self.sender.model.name} did not get through{status}: {self.answer.words}"
        return ServerBusyError(words, retry_after=self.answer.wait)


class _Creation(_Attempts):
    def __init__(self, sender: Sender, new: Mapping[str, Any]) -> None:
        super().__init__(sender)
        self.new = new

    def once(self) -> Outcome:
        answer = self.ask("POST", body=self.new)
        if answer.record is not None and answer.record.get("id"):
            return self.sender.made("created", answer, answer.record, self.new)
        if answer.is_refusal:
            # Refused as a duplicate, maybe of what an earlier attempt made.
            return (self.is_lost and self.found()) or self.failed()
        if answer.is_undone:
            raise self.again()
        self.is_lost = True
        if self.name is None:
            hint = (
                "look whether it is there before you save it again: without a unique name it would be twice"
            )
            return self.unknown(f"{_LOST}: {hint}")
        found = self.found()
        if found is not None:
            return found
        if answer.is_success:
            return self.unknown("it should have been made, but there is no record of that name")
        raise self.again()

    @property
    def name(self) -> str | None:
        unique = self.sender.unique
        value = None if unique is None else self.new.get(unique.name)
        return None if is_empty(value) else str(value)

    def found(self) -> Outcome | None:
        """Return what an attempt without an answer has made, None if nothing."""
        unique = self.sender.unique
        if unique is None or self.name is None:
            return None
        try:
            # The server cuts blanks off both ends.
            records = self.sender.records(unique.name, [self.name.strip()])
        except SourceError as error:
            return self.untold(error)
        if not records:
            return None
        differing = self.sender.differing(records[0], self.new)
        key = str(records[0].get("id"))
        if differing:
            why = f"{_LOST}, and a record of this name is there that differs in {', '.join(differing)}"
            return self.unknown(why, key)
        note = f"{_LOST}; it was found by its name"
        return Outcome("created", key, self.answer.status, note=note, record=records[0])

    def ended(self) -> Outcome:
        return self.failed(note="no record of that name was there at the last look" if self.is_lost else None)


class _Change(_Attempts):
    def __init__(self, sender: Sender, key: str, new: Mapping[str, Any]) -> None:
        super().__init__(sender)
        self.key = key
        self.new = new

    def once(self) -> Outcome:
        answer = self.ask("PATCH", self.key, self.new)
        if answer.record is not None and (
            answer.is_request or str(answer.record.get("id")).lower() == self.key
        ):
            return replace(self.sender.made("changed", answer, answer.record, self.new), id=self.key)
        if answer.is_refusal:
            return self.failed(self.key)
        if answer.is_undone:
            raise self.again()
        try:
            records = self.sender.records("id", [self.key])
        except SourceError as error:
            return self.untold(error, self.key)
        if not records:
            return self.unknown(f"{_LOST}, and the record is gone", self.key)
        differing = self.sender.differing(records[0], self.new)
        if not differing or (answer.is_success and len(differing) < len(self.new)):
            outcome = self.sender.made("changed", answer, records[0], self.new)
            note = f"{_LOST}; the record was read again"
            return replace(outcome, id=self.key, note="; ".join(filter(None, (note, outcome.note))))
        if answer.is_success:
            return self.unknown("it should have been changed, but the record has none of it", self.key)
        if self.sender.approval:
            return self.unknown(f"{_LOST}: whether a request was filed cannot be seen", self.key)
        # It holds what it held: sent again, the same values do no harm.
        raise self.again()

    def ended(self) -> Outcome:
        return self.failed(self.key)


class _Removal(_Attempts):
    def __init__(self, sender: Sender, key: str) -> None:
        super().__init__(sender)
        self.key = key

    def once(self) -> Outcome:
        answer = self.ask("DELETE", self.key)
        if answer.status == HTTPStatus.NO_CONTENT:
            return Outcome("deleted", self.key, answer.status)
        if answer.is_success:
            return self.looked_up()
        if answer.status == HTTPStatus.NOT_FOUND:
            if self.is_lost:
                return Outcome("deleted", self.key, answer.status, note=f"{_LOST}; the record is gone")
            return Outcome("gone already", self.key, answer.status, note=answer.words)
        if answer.is_refusal:
            return self.failed(self.key)
        self.is_lost = self.is_lost or not answer.is_undone
        raise self.again()

    def ended(self) -> Outcome:
        if not self.is_lost:
            return self.failed(self.key)
        return self.looked_up()

    def looked_up(self) -> Outcome:
        """Return what the server has now, where its answer does not tell."""
        try:
            is_there = bool(self.sender.records("id", [self.key]))
        except SourceError as error:
            return self.untold(error, self.key)
        if not is_there:
            note = "the answer did not tell" if self.answer.is_success else _LOST
            return Outcome("deleted", self.key, self.answer.status, note=f"{note}; the record is gone")
        if self.answer.is_success:
            return self.unknown("it should have been deleted, but the record is still there", self.key)
        return self.failed(self.key, note="the record is still there")
