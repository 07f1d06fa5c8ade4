"""What becomes of one change, attempt by attempt, until it is known: made, not made, or nobody can know."""

from __future__ import annotations

from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from sessionframes.changes import Outcome
from sessionframes.errors import SourceError
from sessionframes.sources.brainstem.answer import Answer
from sessionframes.sources.brainstem.rules import is_empty
from sessionframes.sources.brainstem.sameness import is_same
from sessionframes.transports.http_errors import ServerBusyError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sessionframes.errors import SourceUnavailableError
    from sessionframes.sources.brainstem.send import Sender
    from sessionframes.transports.rest_request import Record

#: The server stands, but what is behind it does not, or not now: the next row would fare no better.
_GONE = frozenset({None, 429, 502, 503, 504})
#: Statuses by which a server refuses what is a duplicate.
_TAKEN = frozenset({400, 409})
_LOST = "the answer was lost"


class Attempts:
    """One change, until it is known what came of it.

    Parameters
    ----------
    sender : Sender
        What asks.
    """

    def __init__(self, sender: Sender) -> None:
        self.sender = sender
        self.answer = Answer(None)
        #: Whether it may have been made by an attempt of which nothing more is known.
        self.is_lost = False

    def ask(self, method: str, key: str | None = None, body: Any = None) -> Answer:
        """Send it once; see :meth:`Sender.ask`."""
        self.answer = self.sender.ask(method, key, body)
        return self.answer

    def failed(self, key: str | None = None, note: str | None = None, why: str = "") -> Outcome:
        """Return that it was not done, for the reasons of the server, or those of `why` where it has none."""
        # Without valid credentials, or at another address, the others would fail too.
        status = self.answer.status
        is_last = status in _GONE or status == HTTPStatus.UNAUTHORIZED or 300 <= (status or 0) < 400
        return Outcome("failed", key, status, self.answer.words or why, note, is_last=is_last)

    def unknown(self, why: str, key: str | None = None) -> Outcome:
        """Return that nobody can know whether it was done."""
        words = f" ({self.answer.words})" if self.answer.words else ""
        return Outcome("unknown", key, self.answer.status, f"{why}{words}")

    def untold(self, error: SourceError, key: str | None = None) -> Outcome:
        """Return that it could not be looked up either."""
        why = f"{_LOST}, and so was what it left: {error.message}"
        return replace(self.unknown(why, key), is_last=True)

    def again(self) -> ServerBusyError:
        """Return what has the change sent again after a while."""
        status = "" if self.answer.status is None else f" ({self.answer.status})"
        told = f": {self.answer.words}" if self.answer.words else ""
        words = f"a change to a {self.sender.model.name} did not get through{status}{told}"
        return ServerBusyError(words, retry_after=self.answer.wait)


class Creation(Attempts):
    """A record that is to be made.

    Parameters
    ----------
    sender : Sender
        What asks.
    new : mapping
        What is sent.
    """

    def __init__(self, sender: Sender, new: Mapping[str, Any]) -> None:
        super().__init__(sender)
        self.new = new

    def once(self) -> Outcome:
        """Send it; raise a :exc:`ServerBusyError` where it may be sent again."""
        answer = self.ask("POST", body=self.new)
        if answer.record is not None and self.is_ours(answer.record):
            return self.sender.outcome_of("created", answer, answer.record, self.new)
        if answer.is_refusal:
            # Refused as a duplicate, maybe of what an earlier attempt made.
            return (self.found() if self.is_lost else self.made_meanwhile()) or self.failed()
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
        """By which it can be found."""
        unique = self.sender.unique
        value = None if unique is None else self.new.get(unique.name)
        return None if is_empty(value) else str(value)

    def is_ours(self, record: Record) -> bool:
        """Tell whether a record that was answered can be the one that was to be made."""
        if self.answer.is_request or not record.get("id"):
            return self.answer.is_request
        unique = self.sender.unique
        if unique is not None and self.name is not None:
            return is_same(unique, self.name, record.get(unique.name))
        return not self.new or self.sender.has_any(record, self.new)

    def made_meanwhile(self) -> Outcome | None:
        """Return the very same record, where somebody else has made it since the names were looked up."""
        found = self.found() if self.answer.status in _TAKEN else None
        if found is None or found.action != "created":
            return None
        note = f"it is there already, by this name ({self.answer.words})"
        return Outcome("left", found.id, self.answer.status, note=note, record=found.record)

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

    def ended(self, error: SourceUnavailableError) -> Outcome:
        """Return what came of it, when it is not sent again."""
        note = "no record of that name was there at the last look" if self.is_lost else None
        return self.failed(note=note, why=error.message)


class Change(Attempts):
    """Fields of a record that are to be changed.

    Parameters
    ----------
    sender : Sender
        What asks.
    key : str
        Its id.
    new : mapping
        What is sent.
    old : mapping or None
        What the fields hold now, where that is known.
    """

    def __init__(
        self, sender: Sender, key: str, new: Mapping[str, Any], old: Mapping[str, Any] | None
    ) -> None:
        super().__init__(sender)
        self.key = key
        self.new = new
        self.old = old

    def once(self) -> Outcome:
        """Send it; raise a :exc:`ServerBusyError` where it may be sent again."""
        answer = self.ask("PATCH", self.key, self.new)
        if answer.record is not None and (answer.is_request or self.is_changed(answer.record)):
            return replace(self.sender.outcome_of("changed", answer, answer.record, self.new), id=self.key)
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
        is_done = not self.sender.differing(records[0], self.new)
        if is_done or (answer.is_success and self.is_changed(records[0])):
            outcome = self.sender.outcome_of("changed", answer, records[0], self.new)
            note = f"{_LOST}; the record was read again"
            return replace(outcome, id=self.key, note="; ".join(filter(None, (note, outcome.note))))
        if answer.is_success:
            told = self.sender.differences(records[0], self.new)
            why = f"it should have been changed, but the record has none of it: {told}"
            return self.unknown(why, self.key)
        if self.sender.approval:
            return self.unknown(f"{_LOST}: whether a request was filed cannot be seen", self.key)
        # It holds what it held: sent again, the same values do no harm.
        raise self.again()

    def is_changed(self, record: Record) -> bool:
        """Tell whether a record shows that something was done, be it that the server made its own of it."""
        if str(record.get("id")).lower() != self.key:
            return False
        fields = self.sender.model.field_named
        # Of a name that is none of its fields no server takes notice.
        new = {name: value for name, value in self.new.items() if name in record or fields(name)}
        if not new or self.sender.has_any(record, new):
            return True
        return self.old is not None and any(
            not is_same(fields(name), record[name], self.old.get(name)) for name in new if name in record
        )

    def ended(self, error: SourceUnavailableError) -> Outcome:
        """Return what came of it, when it is not sent again."""
        return self.failed(self.key, why=error.message)


class Removal(Attempts):
    """A record that is to be deleted.

    Parameters
    ----------
    sender : Sender
        What asks.
    key : str
        Its id.
    """

    def __init__(self, sender: Sender, key: str) -> None:
        super().__init__(sender)
        self.key = key

    def once(self) -> Outcome:
        """Send it; raise a :exc:`ServerBusyError` where it may be sent again."""
        answer = self.ask("DELETE", self.key)
        if answer.status == HTTPStatus.NO_CONTENT:
            return Outcome("deleted", self.key, answer.status)
        # A gateway, too, may say that there is nothing.
        if answer.is_success or answer.status == HTTPStatus.NOT_FOUND:
            return self.looked_up()
        if answer.is_refusal:
            return self.failed(self.key)
        self.is_lost = self.is_lost or not answer.is_undone
        raise self.again()

    def ended(self, error: SourceUnavailableError) -> Outcome:
        """Return what came of it, when it is not sent again."""
        if not self.is_lost:
            return self.failed(self.key, why=error.message)
        return self.looked_up()

    def looked_up(self) -> Outcome:
        """Return what the server has now, where its answer does not tell."""
        try:
            is_there = bool(self.sender.records("id", [self.key]))
        except SourceError as error:
            return self.untold(error, self.key)
        if not is_there and self.answer.status == HTTPStatus.NOT_FOUND and not self.is_lost:
            note = f"there is no {self.sender.model.name} of this id, or it is not yours to see"
            words = f"{self.answer.words}; " if self.answer.words else ""
            return Outcome("gone already", self.key, self.answer.status, note=f"{words}{note}")
        if not is_there:
            note = "the answer did not tell" if self.answer.is_success else _LOST
            return Outcome("deleted", self.key, self.answer.status, note=f"{note}; the record is gone")
        if self.answer.is_success:
            return self.unknown("it should have been deleted, but the record is still there", self.key)
        return self.failed(self.key, note="the record is still there")
