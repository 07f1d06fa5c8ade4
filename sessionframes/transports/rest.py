"""Lists from REST servers: every record once, whatever the server believes about pages.

The first page tells how many there are and how many fit on a page; the others are then fetched several at a
time. If they do not fit together (a row was added meanwhile, the server shortens pages, or does not number
them as we believed), the list is read again from its beginning, one page after the other, each where the
last one ended. If that does not help either, it is an error: never a part, never a record twice.

Pages are handed out when their list is complete and checked: what has been handed out cannot be taken back.
Memory is that of the answer.
"""

from __future__ import annotations

import logging
from contextlib import closing, contextmanager
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urljoin, urlsplit, urlunsplit

from sessionframes.errors import SourceError, SourceResponseError, SourceUnavailableError
from sessionframes.transports.http import HttpClient, origin
from sessionframes.transports.http_errors import (
    StatusError,
    raise_for_status,
    readable,
    shown,
    translated,
)
from sessionframes.transports.rest_listing import DriftError, Listing, ShapeError, UnsteadyError
from sessionframes.transports.words import parsed, said
from sessionframes.transports.workers import Stop, in_order

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence

    import requests
    from requests.auth import AuthBase

    from sessionframes.transports.rest_request import Page, Params, RestRequest

__all__ = ["RestTransport"]

T = TypeVar("T")

#: How often a list is read, at most, until its pages fit together.
_SWEEPS = 3
_HEADERS = {"Accept": "application/json"}
_NOT_FOUND = 404
#: So many pages for people are answer enough.
_PAGES = 2
#: Of what a server says in place of records, in characters.
_MOST_WORDS = 200
_LOG = logging.getLogger(__name__)


class _NotJsonError(SourceUnavailableError):
    """A body that could not be read as JSON, by a gateway's fault perhaps, which passes."""


class _PageError(SourceResponseError):
    """A page for people in place of JSON, again."""


class RestTransport:
    """Fetches the records of REST requests; may be used from several threads at once.

    Parameters
    ----------
    base_url : str
        What paths are relative to, and the origin that `auth` is for.
    auth : requests.auth.AuthBase, optional
        Credentials. They go to the origin of `base_url` and nowhere else. Nor do requests: what another
        server says is no answer of this one.
    source : str
        Whose transport this is, for messages.
    workers : int
        How many requests may be under way at a time.
    timeout : tuple of float
        How long to wait for a connection, and for the next byte, in s.
    attempts : int
        How often a request is sent before its failure counts, at least 1.
    judge : callable
        Raises our error for an answer (its body unread) that is not a success. Anything but a
        :class:`~sessionframes.errors.SourceUnavailableError` is not tried again.
    sleep : callable, optional
        Waits the given time, in s, between attempts; if not given, a wait that an interrupt ends.
    """

    def __init__(
        self,
        base_url: str,
        auth: AuthBase | None = None,
        *,
        source: str,
        workers: int = 8,
        timeout: tuple[float, float] = (10, 60),
        attempts: int = 5,
        judge: Callable[[requests.Response], None] = raise_for_status,
        sleep: Callable[[float], None] | None = None,
    ) -> None:
        #: What everything else goes through that is asked of this server, such as changes.
        self.client = HttpClient(base_url, auth, timeout=timeout, attempts=attempts, stays=True)
        #: Where it leads, without secrets.
        self.address = shown(base_url)
        self._base_url = base_url
        self._source = source
        self._workers = workers
        self._judge = judge
        self._sleep = sleep
        self._closed = False

    def render(self, request: RestRequest) -> str:
        """Return what would be sent first, a line for each part of the request, decoded and without secrets.

        Nothing is sent. How many pages follow is not known before the first has come.
        """
        first = request.paging.params(0, 0, None)
        path = self.client.url(request.path)
        queries = [request.params + part + first for part in request.parts]
        return "\n".join(f"GET {readable(path, query, whole=True)}" for query in queries)

    def fetch(self, request: RestRequest) -> Iterator[Page]:
        """Yield the pages of a request, each record once, in the server's order and that of the parts.

        Nothing is sent before the first is asked for. A page may have no record.

        Raises
        ------
        sessionframes.errors.AuthenticationError
            The server refused (401, 403).
        sessionframes.errors.SourceUnavailableError
            Nobody answers, or not with a success, and trying again did not help.
        sessionframes.errors.SourceResponseError
            The answer is not what was asked for: refused (with the server's words), no JSON, or a list that
            is not whole.
        """
        self.check_open()
        try:
            yield from _united(self._listings(request), request.key)
        except SourceError as error:
            error.source = error.source or self._source
            raise

    def ask(
        self,
        path: str,
        read: Callable[[Any], T],
        *,
        params: Params = (),
        json: Any = None,
        headers: Mapping[str, str] | None = None,
        stop: Stop | None = None,
    ) -> T:
        """Ask one question, again where its answer may yet come, and return what that holds.

        Parameters
        ----------
        path : str
            Relative to the server's base URL.
        read : callable
            From what the JSON of the answer holds to what is returned; a :exc:`ValueError` if it is not as it
            should be.
        params : tuple of tuple of str
            The query of the URL.
        json : object, optional
            The body. The question is a POST then, which must change nothing: it is asked again as a GET is.
        headers : mapping, optional
            Sent along.
        stop : Stop, optional
            Ends it early.

        Raises
        ------
        sessionframes.errors.AuthenticationError
            The server refused (401, 403).
        sessionframes.errors.SourceUnavailableError
            Nobody answers, or not with a success, and trying again did not help.
        sessionframes.errors.SourceResponseError
            The answer is not what was asked for: refused (with the server's words), no JSON, or of another
            shape.
        """
        self.check_open()
        url = self.client.url(path)
        stop = stop or Stop()
        headers = {**_HEADERS, **(headers or {})}
        try:
            return self._asked(url, read, params, json, headers, stop)
        except SourceError as error:
            error.source = error.source or self._source
            raise

    def at_once(self, tasks: Sequence[Callable[[Stop], T]]) -> Generator[T]:
        """Yield what the tasks return, in their order; as many as there are workers are done at a time.

        Parameters
        ----------
        tasks : sequence of callable
            Each asks with the :class:`~sessionframes.transports.workers.Stop` that it is given. The first
            that fails ends them all.
        """
        workers = min(self._workers, len(tasks))
        if workers == 1:
            yield from (task(Stop()) for task in tasks)
        elif workers:
            with closing(in_order(tasks, workers, 2 * workers)) as done:
                yield from done

    @contextmanager
    def consistent(self) -> Iterator[RestTransport]:
        """Give itself: such servers do not keep still while they are read."""
        yield self

    def close(self) -> None:
        """Close the connections that are kept open; a second call does nothing."""
        self._closed = True
        self.client.close()

    def check_open(self) -> None:
        """Raise a :class:`~sessionframes.errors.SourceUnavailableError` if this has been closed."""
        if self._closed:
            message = "this connection has been closed."
            raise SourceUnavailableError(message, source=self._source, hint="Connect again.")

    def _listings(self, request: RestRequest) -> Generator[list[Page]]:
        """Yield the pages of each part: of few parts many pages at a time, of many parts one of each."""
        lists = [_List(self, request, request.params + part) for part in request.parts]
        if len(lists) < self._workers:
            yield from (each.pages(self._workers) for each in lists)
            return
        yield from self.at_once([partial(each.pages, 1) for each in lists])

    def _asked(
        self,
        url: str,
        read: Callable[[Any], T],
        params: Params,
        json: Any,
        headers: Mapping[str, str],
        stop: Stop,
    ) -> T:
        pages = 0

        def once() -> Any:
            nonlocal pages
            stop.check()
            # A POST that is led elsewhere would arrive there as a GET.
            method, follow = ("GET", True) if json is None else ("POST", False)
            asked = self.client.send(method, url, params=params, json=json, headers=headers, follow=follow)
            with asked as answer:
                stop.watch(answer)
                stop.check()
                self._judge(answer)
                with translated(answer.url):
                    body = answer.content
            try:
                return parsed(body)
            except ValueError as error:
                message = f"{readable(answer.url)} answered with what is no JSON, {error}"
                pages += answer.headers.get("Content-Type", "").startswith("text/html")
                # Once it may be a gateway that restarts, twice it is a page for people, such as a login.
                kind = _NotJsonError if pages < _PAGES else _PageError
                raise kind(_with_words(message, body)) from error

        try:
            body = self.client.retry(once, self._sleep or stop.sleep)
        except (_NotJsonError, _PageError) as error:
            hint = "Is this the address of the interface, and not of the pages for people?"
            raise SourceResponseError(error.message, hint=hint) from error.__cause__
        try:
            return read(body)
        except ValueError as error:
            message = f"the answer of {readable(url, params)} is not as we know it: {error}"
            raise ShapeError(_with_words(message, body)) from error


class _List:
    """One list, read over and over until its pages fit together."""

    def __init__(self, transport: RestTransport, request: RestRequest, params: Params) -> None:
        self._transport = transport
        self._client = transport.client
        self._request = request
        self._params = params

    def pages(self, workers: int, stop: Stop | None = None) -> list[Page]:
        stop = stop or Stop()
        reason: DriftError | None = None
        for sweep in range(_SWEEPS):
            listing = Listing(self._request.key)
            try:
                self._read(listing, workers if sweep == 0 else 1, stop)
            except DriftError as drift:
                reason = drift
                _LOG.warning("%s does not fit together: %s; it is read again", self._place(), drift)
            else:
                return listing.pages
        message = f"{self._place()} could not be listed in {_SWEEPS} tries: {reason}."
        hint = "If many write to it just now, try later; otherwise its pages are not as we know them."
        raise UnsteadyError(message, hint=hint)

    def _read(self, listing: Listing, workers: int, stop: Stop) -> None:
        listing.add(self._page(0, 0, None, stop))
        size, total = listing.received, listing.total
        try:
            # With one page left there is nothing to do at a time.
            if size and total and total > 2 * size and workers > 1:
                self._read_many(listing, size, total, workers)
            self._walk(listing, size, stop)
        except StatusError as error:
            if error.status != _NOT_FOUND:
                raise
            listing.end()
        listing.check()

    def _read_many(self, listing: Listing, size: int, total: int, workers: int) -> None:
        """Read the pages after the first, several at a time, as if all were of the first one's size."""
        numbers = range(1, -(-total // size))
        tasks = (partial(self._page, number, number * size, size) for number in numbers)
        workers = min(workers, len(numbers))
        with closing(in_order(tasks, workers, 2 * workers)) as pages:
            for number, page in zip(numbers, pages, strict=True):
                listing.add(page)
                if len(page.records) < size and number != numbers[-1]:
                    message = f"page {number + 1} has {len(page.records)} records, and page 1 has {size}"
                    raise DriftError(message)

    def _walk(self, listing: Listing, size: int, stop: Stop) -> None:
        """Read on from where the listing ends, one page after the other."""
        visited: set[str] = set()
        while not listing.is_over():
            following = listing.pages[-1].next
            if following is None:
                listing.add(self._page(len(listing.pages), listing.received, size, stop))
                continue
            url = self._following(following)
            if url in visited:
                message = f"the page after page {len(listing.pages)} is one that has been there"
                raise DriftError(message)
            visited.add(url)
            listing.add(self._ask(url, (), stop))

    def _page(self, number: int, offset: int, size: int | None, stop: Stop) -> Page:
        params = self._params + self._request.paging.params(number, offset, size)
        return self._ask(self._client.url(self._request.path), params, stop)

    def _ask(self, url: str, params: Params, stop: Stop) -> Page:
        return self._transport.ask(url, self._request.paging.read, params=params, stop=stop)

    def _following(self, target: str) -> str:
        """Return the URL of the next page, at our server."""
        base = self._client.url("")
        url = urljoin(self._client.url(self._request.path), target)
        if origin(url) == origin(base):
            return url
        here, there = urlsplit(base), urlsplit(url)
        # A server behind a proxy that does the encryption does not know of it.
        if there.hostname == here.hostname and (there.scheme, there.port, here.port) == ("http", None, None):
            return urlunsplit(there._replace(scheme=here.scheme))
        message = f"{self._place()} has its next page at {shown(url)}, on another server: not followed."
        raise SourceResponseError(message)

    def _place(self) -> str:
        return readable(self._client.url(self._request.path), self._params)


def _with_words(message: str, body: Any) -> str:
    words = said(body)
    # A whole list of records is no words.
    short = words if len(words) <= _MOST_WORDS else f"{words[:_MOST_WORDS]}..."
    return f"{message}; it says: {short}." if words else f"{message}."


def _united(listings: Iterable[list[Page]], key: str | None) -> Iterator[Page]:
    """Yield the pages of several lists without the records that an earlier list has too."""
    seen: set[object] = set()
    for pages in listings:
        if key is None:
            yield from pages
            continue
        for page in pages:
            new = [record for record in page.records if record[key] not in seen] if seen else page.records
            yield replace(page, records=new)
        seen.update(record[key] for page in pages for record in page.records)
