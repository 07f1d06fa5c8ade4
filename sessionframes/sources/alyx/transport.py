"""How Alyx is reached: lists and reads that are whole, files, and requests that know what to ask for."""

from __future__ import annotations

import logging
import threading
from contextlib import closing, contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol, TypeVar
from urllib.parse import quote
from uuid import UUID

from sessionframes.config import nearest
from sessionframes.errors import QueryError
from sessionframes.sources.alyx.endpoints import ENDPOINTS
from sessionframes.sources.alyx.groups import key_of
from sessionframes.sources.alyx.lists import Lists, Question
from sessionframes.sources.alyx.slices import ids_in
from sessionframes.transports.http_errors import StatusError, readable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from zoneinfo import ZoneInfo

    from sessionframes.sources.alyx.login import Login
    from sessionframes.sources.alyx.rest import AlyxRest
    from sessionframes.transports.files import FileTransport
    from sessionframes.transports.rest_request import Params, Record
    from sessionframes.transports.workers import Stop

    # The name of a method here hides that of the type.
    Records = list[Record]

__all__ = ["AlyxTransport", "Request"]

T = TypeVar("T")
_NOT_FOUND = 404
#: Up to so many parts a list is asked for by them, however few rows there are in all.
_MANY = 8
#: So many rows a slice of a long list has, about.
_OF_A_SLICE = 800
_LOG = logging.getLogger(__name__)


class Request(Protocol):
    """A question to Alyx."""

    def pages(self, transport: AlyxTransport) -> Iterator[Any]:
        """Yield the pages of its answer."""

    def render(self, transport: AlyxTransport) -> str:
        """Return what would be sent, as far as it is known before."""


class AlyxTransport:
    """What stands behind one connection; may be used from several threads at once.

    Parameters
    ----------
    rest : AlyxRest
        Asks the server.
    files : FileTransport
        Brings files from the data servers.
    zone : zoneinfo.ZoneInfo
        Of the server's clock.
    address : str
        Where it leads, without secrets.
    login : Login, optional
        Signs requests; closed with the rest.
    """

    def __init__(
        self, rest: AlyxRest, files: FileTransport, zone: ZoneInfo, address: str, login: Login | None = None
    ) -> None:
        self.rest = rest
        self.files = files
        self.zone = zone
        self.address = address
        self._login = login
        self._lists = Lists(rest)
        self._structures: dict[int, Record] | None = None
        self._lock = threading.Lock()

    def fetch(self, request: Request) -> Iterator[Any]:
        """Yield the pages of the answer to a request; nothing is sent before the first is asked for."""
        return request.pages(self)

    def render(self, request: Request) -> str:
        """Return what would be sent, as far as it is known before; nothing is sent."""
        return request.render(self)

    @contextmanager
    def consistent(self) -> Iterator[AlyxTransport]:
        """Give itself: the server does not keep still while it is read."""
        yield self

    def close(self) -> None:
        """Let go of all connections; a second call does nothing."""
        self.rest.close()
        self.files.close()
        if self._login is not None:
            self._login.close()

    def list(
        self,
        endpoint: str,
        params: Params = (),
        terms: Sequence[str] = (),
        parts: Sequence[Sequence[str]] = ((),),
        *,
        long: bool = False,
    ) -> Iterator[Records]:
        """Yield the records of an endpoint that fulfil all conditions, each once, in no order.

        Parameters
        ----------
        endpoint : str
            Its name.
        params : tuple of tuple of str
            Filters that have a name. Unknown ones are refused: the server would ignore them.
        terms : sequence of str
            Conditions of ``django=``.
        parts : sequence of sequence of str
            Further conditions, asked for one after the other: a record has to fulfil one of these parts. None
            at all are no question.
        long : bool
            There are many pages of them, and no record in two parts: then they are counted first.

        Raises
        ------
        QueryError
            There is no such endpoint or filter, or the conditions are too long for a request.
        sessionframes.errors.SourceError
            The server does not answer, refuses, or its pages do not fit together.
        """
        questions = [_question(endpoint, params, (*terms, *part)) for part in parts]
        wanted = ids_in(parts) if len(parts) > _MANY else None
        if wanted is not None and (field := _field_of(endpoint, wanted[0])) is not None:
            return self._among(_question(endpoint, params, tuple(terms)), questions, field, wanted[1])
        return self._lists.long_pages(questions) if long else self._lists.pages(questions)

    def count(self, endpoint: str, params: Params = (), terms: Sequence[str] = ()) -> int:
        """Return how many records fulfil all conditions, as :meth:`list` takes them."""
        return self._lists.count(_question(endpoint, params, tuple(terms)))

    def first_request(self, endpoint: str, params: Params = (), terms: Sequence[str] = ()) -> str:
        """Return what :meth:`list` would send first, decoded; nothing is sent."""
        query = (*_question(endpoint, params, tuple(terms)).query(), ("limit", "1000"))
        return f"GET {readable(self.rest.client.url(endpoint), query, whole=True)}"

    def reads(self, endpoint: str, keys: Iterable[str]) -> Iterator[Record]:
        """Yield single records by their keys, in their order; several are asked for at a time.

        Those that are gone are left out, and told in the log.

        Parameters
        ----------
        endpoint : str
            Its name.
        keys : iterable of str
            By what its records are read.
        """
        wanted = [str(key) for key in keys]
        tasks = [partial(self._read, endpoint, key) for key in wanted]
        gone: list[str] = []
        with closing(self.rest.at_once(tasks)) as found:
            for key, record in zip(wanted, found, strict=True):
                if record is None:
                    gone.append(key)
                else:
                    yield record
        if gone:
            shown = ", ".join(gone[:5])
            _LOG.warning("%d of %d %s are not there any more: %s", len(gone), len(wanted), endpoint, shown)

    def read_many(self, endpoint: str, keys: Iterable[str]) -> Records:
        """Return single records by their keys, as :meth:`reads` yields them."""
        return [*self.reads(endpoint, keys)]

    def ask(self, path: str, read: Callable[[Any], T], *, params: Params = ()) -> T:
        """Ask one question and return what its answer holds; see :meth:`AlyxRest.ask`."""
        return self.rest.ask(path, read, params=params)

    def change(self, method: str, path: str, json: Any = None) -> Any:
        """Change something, once; see :meth:`AlyxRest.change`."""
        return self.rest.change(method, path, json)

    def structures(self) -> dict[int, Record]:
        """Return the brain regions by their Allen id; asked for once, since nobody changes them."""
        with self._lock:
            if self._structures is None:
                pages = self.list("brain-regions")
                self._structures = {record["id"]: record for page in pages for record in page}
            return self._structures

    def _among(
        self, whole: Question, questions: Sequence[Question], field: str, wanted: set[UUID]
    ) -> Iterator[Records]:
        """Yield the records with some ids, or all, and keep them here, where that is fewer requests."""
        if self._lists.count(whole) > len(questions) * _OF_A_SLICE:
            yield from self._lists.pages(questions)
            return
        for records in self._lists.pages([whole]):
            keys = ((record, key_of(record.get(field))) for record in records)
            yield [record for record, key in keys if key is not None and UUID(key) in wanted]

    def _read(self, endpoint: str, key: str, stop: Stop) -> Record | None:
        try:
            return self.rest.ask(f"{endpoint}/{quote(key, safe='')}", _record, stop=stop)
        except StatusError as error:
            if error.status != _NOT_FOUND:
                raise
            return None


def _field_of(endpoint: str, path: str) -> str | None:
    """Return the field of records that holds the id which ``django=`` knows by a path, None if none does."""
    fields = ENDPOINTS[endpoint].fields.values()
    named = (one.name for one in fields if one.django == path and one.wire in ("uuid", "url"))
    return next(named, None)


def _question(endpoint: str, params: Params, terms: tuple[str, ...]) -> Question:
    known = ENDPOINTS.get(endpoint)
    if known is None:
        message = f"there is no endpoint {endpoint!r}."
        raise QueryError(message, source="alyx", hint=nearest(endpoint, ENDPOINTS))
    for name, _ in params:
        if name not in known.filters:
            message = f"{endpoint} has no filter {name!r}, and Alyx would answer with all rows."
            raise QueryError(message, source="alyx", hint=nearest(name, known.filters))
    return Question(known, tuple(params), terms)


def _record(body: Any) -> Record:
    if not isinstance(body, dict):
        message = "it is no record"
        raise ValueError(message)
    return body
