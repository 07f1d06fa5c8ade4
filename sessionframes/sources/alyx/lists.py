"""Lists of Alyx: every record once, although its pages lose some.

The server orders pages by what is not unique, or not at all, so rows between two pages come twice or never.
What fits on one page is one answer and whole. What does not is cut by its keys into slices that fit: no order
is needed, and a slice that is full is cut again. Only endpoints whose keys are no UUIDs are read by offset;
then count and keys must agree, or it is read again.
"""

from __future__ import annotations

import re
from collections import Counter
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from sessionframes.errors import QueryError, SourceResponseError
from sessionframes.sources.alyx.encode import joined
from sessionframes.sources.alyx.groups import key_of
from sessionframes.sources.alyx.slices import Slice, check_line, query_of, slices_of
from sessionframes.transports.http_errors import StatusError, readable
from sessionframes.transports.rest_listing import UnsteadyError
from sessionframes.transports.rest_request import LimitOffset, RestRequest

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sessionframes.sources.alyx.endpoints import Endpoint
    from sessionframes.sources.alyx.rest import AlyxRest
    from sessionframes.transports.rest_request import Page, Params, Record
    from sessionframes.transports.workers import Stop

__all__ = ["Lists", "Question"]

#: Servers give no more at a time.
_PAGE = 1000
_PAGING = LimitOffset(_PAGE)
#: So often a slice is cut again, or asked again, before it is given up.
_DEEPEST, _TRIES = 6, 3
#: A slice that was too large is cut into parts that are smaller than need be by this.
_MARGIN = 1.3
_BROKEN = 500
_QUOTED = re.compile(r"['\"\u201c]([^'\"\u201c\u201d]+)['\"\u201d]")
#: What the server says without naming the field, and what is in the condition then.
_TOLD = {"regular expression": "regex,", "isnull lookup": "isnull,", "Cannot use None": ",None"}


@dataclass(frozen=True, eq=False)
class Question:
    """One list that is asked for.

    Parameters
    ----------
    endpoint : Endpoint
        Of what.
    params : tuple of tuple of str
        Filters that have a name.
    terms : tuple of str
        Conditions of ``django=``.
    """

    endpoint: Endpoint
    params: Params = ()
    terms: tuple[str, ...] = ()

    def query(self, *more: str) -> Params:
        """Return the query without what asks for a page.

        Parameters
        ----------
        *more : str
            Conditions to add.

        Raises
        ------
        QueryError
            There are conditions, and the endpoint would ignore them.
        """
        terms = self.terms + more
        if not self.endpoint.django:
            if terms:
                message = f"{self.endpoint.name} takes no conditions by django=, and would ignore {terms[0]}."
                raise QueryError(message, source="alyx")
            return self.params
        # Any condition makes the rows distinct, which filters by way of relations repeat otherwise.
        return (*self.params, ("django", joined(terms or (f"{self.path}__isnull,False",))))

    @property
    def path(self) -> str:
        """By what ``django=`` names the key."""
        return self.endpoint.fields[self.endpoint.key].django or "id"

    def key(self, record: Record) -> str:
        """Return the key of a record.

        Raises
        ------
        SourceResponseError
            It has none.
        """
        key = key_of(record.get(self.endpoint.key))
        if key is None:
            message = f"a record of {self.endpoint.name} has no {self.endpoint.key!r}."
            raise SourceResponseError(message, source="alyx")
        return key

    def target(self, *more: str, limit: int = _PAGE) -> str:
        """Return the path and query that ask for one page."""
        query = query_of((*self.query(*more), ("limit", str(limit))))
        return check_line(self.endpoint.name, query, self.terms)


class Lists:
    """Reads whole lists, several requests at a time.

    Parameters
    ----------
    rest : AlyxRest
        What sends them.
    """

    def __init__(self, rest: AlyxRest) -> None:
        self._rest = rest

    def pages(self, questions: Sequence[Question]) -> Iterator[list[Record]]:
        """Yield the records that answer any of several questions about one endpoint, each once.

        Nothing is sent before the first is asked for.

        Parameters
        ----------
        questions : sequence of Question
            None at all are no question.

        Raises
        ------
        sessionframes.errors.SourceError
            The server does not answer, refuses (with the condition that it does not like), or its pages do
            not fit together.
        """
        if len(questions) == 1:
            yield from self._whole(questions[0], self._page(questions[0]))
            return
        seen: set[str] = set()
        tasks = [partial(self._first, question) for question in questions]
        with closing(self._rest.at_once(tasks)) as firsts:
            for question, first in zip(questions, firsts, strict=True):
                for records in self._whole(question, first):
                    new = [record for record in records if question.key(record) not in seen]
                    seen.update(map(question.key, new))
                    yield new

    def long_pages(self, questions: Sequence[Question]) -> Iterator[list[Record]]:
        """Yield the same as :meth:`pages`, of lists that are long for sure, and whose rows are dear.

        Their rows are counted first, and no row is asked for twice. They must have keys that can be cut, and
        no row in common.
        """
        totals = list(self._rest.at_once([partial(self._count, question) for question in questions]))
        pieces = [
            (question, piece)
            for question, total in zip(questions, totals, strict=True)
            for piece in (slices_of(total, _PAGE) if total else ())
        ]
        received: Counter[Question] = Counter()
        tasks = [partial(self._slice, question, piece, 0) for question, piece in pieces]
        with closing(self._rest.at_once(tasks)) as slices:
            for (question, _), records in zip(pieces, slices, strict=True):
                received[question] += len(records)
                yield records
        for question, total in zip(questions, totals, strict=True):
            self._check_count(question, received[question], total)

    def count(self, question: Question) -> int:
        """Return how many rows answer a question."""
        return self._total(self._page(question, limit=1))

    def _first(self, question: Question, stop: Stop) -> Page:
        return self._page(question, stop=stop)

    def _count(self, question: Question, stop: Stop) -> int:
        return self._total(self._page(question, limit=1, stop=stop))

    def _page(self, question: Question, *more: str, limit: int = _PAGE, stop: Stop | None = None) -> Page:
        target = question.target(*more, limit=limit)
        try:
            return self._rest.ask(target, _PAGING.read, stop=stop)
        except StatusError as error:
            if error.status == _BROKEN and (question.terms or question.params):
                error.hint = _blame(error.message, question)
            raise

    def _whole(self, question: Question, first: Page) -> Iterator[list[Record]]:
        """Yield all records of a list of which the first page is there."""
        total = self._total(first)
        if len(first.records) >= total:
            yield _once(question, first.records)
        elif question.endpoint.uuid_key:
            yield from self._sliced(question, total, len(first.records))
        else:
            yield from self._by_offset(question)

    def _sliced(self, question: Question, total: int, most: int) -> Iterator[list[Record]]:
        tasks = [partial(self._slice, question, piece, 0) for piece in slices_of(total, most)]
        received = 0
        with closing(self._rest.at_once(tasks)) as slices:
            for records in slices:
                received += len(records)
                yield records
        self._check_count(question, received, total)

    def _check_count(self, question: Question, received: int, total: int) -> None:
        if received == total:
            return
        # Rows that came or went meanwhile are no fault: each slice was whole when it was read.
        low, high = sorted((total, self.count(question)))
        if not low <= received <= high:
            promised = f"{low} were promised" if low == high else f"{low} to {high} were promised"
            raise self._unsteady(question, f"{received} rows have come, and {promised}")

    def _slice(self, question: Question, piece: Slice, depth: int, stop: Stop) -> list[Record]:
        terms = piece.terms(question.path)
        for _ in range(_TRIES):
            page = self._page(question, *terms, stop=stop)
            self._check_within(question, piece, page.records)
            received, total = len(page.records), self._total(page)
            if received == total:
                return _once(question, page.records)
            if 0 < received < total:
                break
        else:
            raise self._unsteady(question, f"a page of {total} rows came with {received}")
        if depth == _DEEPEST:
            raise self._unsteady(question, f"a page came with {received} of {total} rows, however small")
        parts = _parts(piece, [question.key(record) for record in page.records], total)
        return [record for part in parts for record in self._slice(question, part, depth + 1, stop)]

    def _by_offset(self, question: Question) -> Iterator[list[Record]]:
        endpoint = question.endpoint
        key = endpoint.key if endpoint.key in endpoint.fields else None
        request = RestRequest(endpoint.name, _PAGING, question.query(), key)
        yield from (page.records for page in self._rest.fetch(request))

    def _check_within(self, question: Question, piece: Slice, records: Sequence[Record]) -> None:
        """Refuse rows that were not asked for: a server that ignores conditions would answer with all."""
        for record in records:
            try:
                is_within = piece.holds(question.key(record))
            except ValueError:
                is_within = False
            if not is_within:
                message = (
                    f"{self._place(question)} was asked for one part of its keys and answered with "
                    f"{question.key(record)!r}, of another: it takes no notice of django=."
                )
                raise SourceResponseError(message, source="alyx", hint="Is this the address of an Alyx?")

    def _total(self, page: Page) -> int:
        if page.total is None:
            message = "a list came without its count."
            raise SourceResponseError(message, source="alyx", hint="Is this the address of an Alyx?")
        return page.total

    def _place(self, question: Question) -> str:
        return readable(self._rest.client.url(question.endpoint.name), question.query())

    def _unsteady(self, question: Question, reason: str) -> UnsteadyError:
        hint = "If many write to it just now, try later; otherwise its pages are not as we know them."
        return UnsteadyError(f"{self._place(question)} could not be listed: {reason}.", hint=hint)


def _parts(piece: Slice, keys: Sequence[str], total: int) -> list[Slice]:
    """Return a slice, of whose rows only some came, in parts that may fit on a page."""
    number, behind = (int(_MARGIN * lacking / len(keys)) + 1 for lacking in (total, total - len(keys)))
    number = max(2, number)
    if len(keys) == 1:
        return piece.cut(number)
    # Distinct rows come in the order of their keys: those that lack are all behind these.
    found = piece.cut_behind(keys, behind)
    return piece.cut_among(keys, number) if found is None else found


def _once(question: Question, records: list[Record]) -> list[Record]:
    """Return records without those that come twice: filters by way of relations repeat them."""
    if question.endpoint.key not in question.endpoint.fields:
        return records
    by_key = {question.key(record): record for record in reversed(records)}
    return records if len(by_key) == len(records) else list(reversed(by_key.values()))


def _blame(message: str, question: Question) -> str:
    """Return which of the conditions the server is likely to have meant."""
    said = [f"{name}={value}" for name, value in question.params]
    words = [word for word in _QUOTED.findall(message.partition(" answered ")[2]) if len(word) > 1]
    words += [mark for phrase, mark in _TOLD.items() if phrase in message]
    whole = [*question.terms, *said]
    meant = [one for one in whole if any(word in one for word in words)] or whole
    shown = " and ".join(one if len(one) <= 200 else f"{one[:200]}..." for one in meant[:3])
    return f"What Alyx does not like is {'one of ' if len(meant) > 1 else ''}{shown}."
