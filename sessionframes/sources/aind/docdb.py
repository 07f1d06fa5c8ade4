"""DocDB: the metadata records of AIND's data assets, read by their key.

A gateway stands before the database. It shortens lists that are too large for it, and some ignore ``skip``.
So each list is asked for from where the last one ended (``_id`` greater than the last), in the order of
``_id``. That a list is short says nothing, and an empty one may mean that the next record is too large. The
end is where there is no further ``_id``, asked for by itself, because that no gateway has to shorten.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import urlencode

from sessionframes.errors import AuthenticationError, QueryError, SourceResponseError
from sessionframes.sources.aind.long_filters import as_text, fitting, parts_of
from sessionframes.transports.http_errors import StatusError, raise_for_status, readable
from sessionframes.transports.rest_request import Record, records_in
from sessionframes.transports.workers import Stop

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import requests

    from sessionframes.transports.rest import RestTransport
    from sessionframes.transports.rest_request import Params

__all__ = ["DocDb", "Projection", "Record", "TooLargeError", "judge", "parts_of"]

Projection: TypeAlias = "Sequence[str] | Mapping[str, int] | None"
"""Paths of what is wanted of a record, or what MongoDB calls so; None for all of it."""

_KEY = "_id"
_ALWAYS = (_KEY, "name")
_TOO_LARGE = 413
_NOT_FOUND = 404
#: After so many pages the server is asked for more of them at a time again; each time it refuses to give
#: them, after twice as many.
_PATIENCE = 2
#: Of a query in a URL, in characters: gateways refuse a request line above 8 kB.
_LONGEST_QUERY = 7500
_WHERE_IT_IS = "Check docdb_url, docdb_version, docdb_database and docdb_collection."


class TooLargeError(SourceResponseError):
    """A record is larger than the gateway sends."""


class DocDb:
    """Records of one collection; may be asked from several threads at once.

    Parameters
    ----------
    rest : RestTransport
        What sends requests; its base URL is that of the server.
    collection : str
        The path of the collection: version, database and its name.
    page_size : int
        How many records to ask for at a time.
    """

    def __init__(self, rest: RestTransport, collection: str, page_size: int = 1000) -> None:
        self.rest = rest
        self._path = collection.strip("/")
        self._page_size = page_size

    @property
    def address(self) -> str:
        """Where it leads."""
        return f"{self.rest.address.rstrip('/')}/{self._path}"

    def find(self, where: Mapping[str, Any], projection: Projection) -> Iterator[list[Record]]:
        """Yield the records that fulfil a filter, a list at a time, each once, in the order of ``_id``.

        Nothing is sent before the first is asked for. No list is empty. A filter by more values than a URL
        can hold is asked for in parts, as :meth:`find_parts` does, and its records come in their order.

        Parameters
        ----------
        where : mapping
            A filter of MongoDB.
        projection : sequence of str, mapping, or None
            Paths of what is wanted of a record; ``_id`` and ``name`` always come along. None for all of it. A
            mapping is sent as it is, to leave something out.

        Raises
        ------
        sessionframes.errors.QueryError
            The filter is too long for a URL, and no list of values makes it so; nothing was sent.
        sessionframes.errors.SourceError
            The server does not answer, refuses, or says what cannot be relied on.
        """
        parts = fitting(where)
        return (
            self._walk(where, projection, Stop()).pages()
            if len(parts) == 1
            else self._united(parts, projection)
        )

    def find_parts(
        self, wheres: Sequence[Mapping[str, Any]], projection: Projection
    ) -> Iterator[list[Record]]:
        """Yield the records that fulfil any of several filters, each once; several are asked at a time.

        Parameters
        ----------
        wheres : sequence of mapping
            The filters; none at all are no question.
        projection : sequence of str, mapping, or None
            As :meth:`find` takes it.
        """
        parts = [part for where in wheres for part in fitting(where)]
        if len(parts) == 1:
            return self.find(parts[0], projection)
        return self._united(parts, projection)

    def render(self, where: Mapping[str, Any], projection: Projection) -> str:
        """Return what would be sent first, decoded; what follows begins behind the last ``_id``."""
        first, *others = fitting(where)
        params = self._walk(first, projection, Stop()).params(self._page_size)
        line = f"GET {readable(self.rest.client.url(f'{self._path}/find'), params, whole=True)}"
        return f"{line}\n... and {len(others)} more, with its other values" if others else line

    def ask(self, params: Params, stop: Stop) -> list[Record]:
        """Return one list of records, checked to have keys in their order.

        Raises
        ------
        sessionframes.errors.SourceResponseError
            It is no list, or a record has no key, or they are not in the order of their keys.
        """
        found = self.rest.ask(f"{self._path}/find", _listed, params=_checked(params), stop=stop)
        for one, other in pairwise(found):
            if one[_KEY] >= other[_KEY]:
                message = (
                    f"{self.address} does not list in the order of _id, as it was asked to: "
                    f"{one[_KEY]!r} stands before {other[_KEY]!r}, so none can be known to be all."
                )
                raise SourceResponseError(message, source="aind")
        return found

    def _united(self, wheres: Sequence[Mapping[str, Any]], projection: Projection) -> Iterator[list[Record]]:
        seen: set[str] = set()
        with closing(self.rest.at_once([partial(self._all, where, projection) for where in wheres])) as lists:
            for pages in lists:
                for page in pages:
                    new = [record for record in page if record[_KEY] not in seen]
                    seen.update(record[_KEY] for record in new)
                    if new:
                        yield new

    def _all(self, where: Mapping[str, Any], projection: Projection, stop: Stop) -> list[list[Record]]:
        return list(self._walk(where, projection, stop).pages())

    def _walk(self, where: Mapping[str, Any], projection: Projection, stop: Stop) -> _Walk:
        return _Walk(self, where, projection, stop, self._page_size)


@dataclass
class _Walk:
    """One list, from its beginning to its end."""

    docdb: DocDb
    where: Mapping[str, Any]
    projection: Projection
    stop: Stop
    #: How many records are asked for at a time, if they fit.
    most: int
    #: Whether the server has given fewer than there are.
    shortens: bool = field(default=False, init=False)
    #: The key of the record that was read last.
    last: str | None = field(default=None, init=False)

    def pages(self) -> Iterator[list[Record]]:
        size, fitted, patience, has_grown = self.most, 0, _PATIENCE, False
        while True:
            try:
                page = self._page(self.params(size))
            except StatusError as error:
                if error.status != _TOO_LARGE:
                    raise
                if size == 1:
                    raise self._too_large(self._next()) from error
                patience = 2 * patience if has_grown else patience
                size, fitted, has_grown = size // 2, 0, False
                continue
            if page:
                self.last = page[-1][_KEY]
                yield page
            if page and (self.shortens or len(page) >= size):
                fitted += 1
                has_grown = fitted % patience == 0
                if has_grown:
                    size = min(self.most, 2 * size)
                continue
            following = self._next()
            if following is None:
                return
            if not page:
                raise self._too_large(following)
            self.shortens = True

    def params(self, size: int, *, keys_only: bool = False) -> Params:
        """Return what asks for the records behind the last one."""
        where = dict(self.where)
        if self.last is not None:
            behind = {_KEY: {"$gt": self.last}}
            where = {"$and": [where, behind]} if _KEY in where else {**where, **behind}
        told = {_KEY: 1} if keys_only else _projected(self.projection)
        shown = () if told is None else (("projection", as_text(told)),)
        return (("filter", as_text(where)), *shown, ("sort", as_text({_KEY: 1})), ("limit", str(size)))

    def _page(self, params: Params) -> list[Record]:
        page = self.docdb.ask(params, self.stop)
        if page and self.last is not None and page[0][_KEY] <= self.last:
            message = (
                f"{self.docdb.address} was asked for what lies behind _id {self.last!r} and begins with "
                f"{page[0][_KEY]!r}: it takes no notice of the filter, and would never end."
            )
            raise SourceResponseError(message, source="aind")
        return page

    def _next(self) -> str | None:
        """Return the key of the record behind the last one, None if there is none."""
        page = self._page(self.params(1, keys_only=True))
        return page[0][_KEY] if page else None

    def _too_large(self, key: str | None) -> TooLargeError:
        message = f"{self.docdb.address} cannot send the record with _id {key!r}: it is too large for it."
        hint = "Ask for fewer columns: less of each record is asked for then."
        return TooLargeError(message, source="aind", hint=hint)


def judge(answer: requests.Response) -> None:
    """Raise our error for an answer of DocDB that is no success.

    Its gateway says "Missing Authentication Token" where it knows no such address; it asks for none anywhere.

    Raises
    ------
    sessionframes.errors.AuthenticationError
        It refuses, or there is no such address.
    sessionframes.errors.SourceError
        Any other failure, as :func:`sessionframes.transports.http_errors.raise_for_status` has it.
    """
    try:
        raise_for_status(answer)
    except AuthenticationError as error:
        hint = f"Reading takes no credentials; its gateway says so of wrong addresses too. {_WHERE_IT_IS}"
        raise AuthenticationError(error.message, hint=hint) from None
    except StatusError as error:
        if error.status == _NOT_FOUND:
            error.hint = _WHERE_IT_IS
        raise


def _projected(projection: Projection) -> Mapping[str, int] | None:
    """Return what is projected, without what lies within something else: MongoDB refuses both."""
    if projection is None or isinstance(projection, Mapping):
        return projection
    paths = dict.fromkeys((*_ALWAYS, *projection), 1)
    return {path: 1 for path in paths if not any(above in paths for above in _above(path))}


def _above(path: str) -> list[str]:
    parts = path.split(".")
    return [".".join(parts[:number]) for number in range(1, len(parts))]


def _checked(params: Params) -> Params:
    length = len(urlencode(params))
    if length > _LONGEST_QUERY:
        message = f"the filter takes {length:,} characters of a URL, of which {_LONGEST_QUERY:,} can be sent."
        raise QueryError(message, source="aind", hint="Ask for less at a time.")
    return params


def _listed(body: Any) -> list[Record]:
    records = records_in(body, "it")
    for record in records:
        if not isinstance(record.get(_KEY), str):
            message = f"a record has {record.get(_KEY)!r} for its {_KEY}, not text"
            raise ValueError(message)
    return records
