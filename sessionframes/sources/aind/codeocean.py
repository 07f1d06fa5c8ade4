"""Code Ocean: the data assets, found by searches, a page at a time by the token of the next one.

A search is a POST that changes nothing: it is tried again as a GET is.
"""

from __future__ import annotations

import re
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from sessionframes.errors import AuthenticationError, SourceResponseError
from sessionframes.sources.aind.access import HOW_TO_GET_IN, STILL_THERE
from sessionframes.transports.http_errors import StatusError, raise_for_status
from sessionframes.transports.rest_request import records_in
from sessionframes.transports.workers import Stop

if TYPE_CHECKING:
    from collections.abc import Collection, Container, Iterable, Iterator, Sequence

    import requests

    from sessionframes.transports.rest import RestTransport

__all__ = ["Asset", "CodeOcean", "judge", "united"]

Asset = dict[str, Any]
"""A data asset, as Code Ocean tells of it."""

_ASSETS = "api/v1/data_assets"
_SEARCH = f"{_ASSETS}/search"
_HEADERS = {"Min-Server-Version": "4.0.0"}
#: Every field of a search, as Code Ocean's own client sends them.
_BODY: dict[str, Any] = {
    "query": "",
    "next_token": None,
    "offset": 0,
    "limit": 1000,
    "sort_field": None,
    "sort_order": None,
    "type": None,
    "ownership": None,
    "origin": None,
    "favorite": False,
    "archived": False,
    "filters": None,
}
_NOT_FOUND = 404
#: Of a name, so many characters are looked for: by more of them nothing is found.
_MOST_OF_NAME = 20
#: For more searches than this all assets are listed.
_MOST_SEARCHES = 300
#: So many pages in a row may be empty: of assets that the token may not see.
_MOST_EMPTY = 20
#: What an id can be: a stroke or two dots would lead to another address.
_IDS = re.compile(r"[\w-]+", re.ASCII)


class CodeOcean:
    """Data assets; may be asked from several threads at once.

    Parameters
    ----------
    rest : RestTransport
        What sends requests, with the token; its base URL is that of the server.
    page_size : int
        How many assets to ask for at a time, at most 1000; the server may give fewer.
    """

    def __init__(self, rest: RestTransport, page_size: int = 1000) -> None:
        self.rest = rest
        self._page_size = page_size

    @property
    def address(self) -> str:
        """Where it leads."""
        return self.rest.address

    def search_many(self, queries: Sequence[str]) -> list[list[Asset]]:
        """Return what each of several searches finds, in their order; several are asked at a time.

        Parameters
        ----------
        queries : sequence of str
            Words, or ``field:value``: one field several times means any of them, several fields all of them.

        Raises
        ------
        sessionframes.errors.AuthenticationError
            The token is wrong, or has expired.
        sessionframes.errors.SourceError
            The server does not answer, refuses, or says what cannot be relied on.
        """
        with closing(self.rest.at_once([partial(self._all, query) for query in queries])) as found:
            return list(found)

    def get(self, asset_ids: Iterable[str]) -> list[Asset]:
        """Return assets by their ids, in that order, each once; what is not there is left out."""
        ids = dict.fromkeys(asset_ids)
        if len(ids) > _MOST_SEARCHES:
            found_ids = {asset["id"]: asset for page in self.every() for asset in page}
            return [found_ids[one] for one in ids if one in found_ids]
        with closing(self.rest.at_once([partial(self._one, asset_id) for asset_id in ids])) as found:
            return [asset for asset in found if asset is not None]

    def of_subjects(self, subject_ids: Iterable[str]) -> list[Asset]:
        """Return the assets of some animals, and maybe others that have such a number in their words.

        Some are found by their metadata only, others only by the number in their name: both are asked for.
        """
        return united(self.search_many(_by_subject(subject_ids)))

    def named(self, session_ids: Iterable[str], most: int = _MOST_SEARCHES) -> list[Asset]:
        """Return the assets whose names begin with the id of one of some sessions.

        Parameters
        ----------
        session_ids : iterable of str
            The ids.
        most : int
            For more searches than this all assets are listed instead.
        """
        ids = dict.fromkeys(session_ids)
        queries = _by_name(ids)
        if len(queries) <= most:
            found = united(self.search_many(queries))
        else:
            found = [asset for page in self.every() for asset in page]
        lengths = {len(one) for one in ids}
        # As many comparisons as there are lengths, not as there are ids.
        return [
            asset
            for asset in found
            if isinstance(name := asset.get("name"), str) and any(name[:length] in ids for length in lengths)
        ]

    def every(self) -> Iterator[list[Asset]]:
        """Yield all assets, a page at a time, oldest first; nothing is sent before the first is asked for."""
        # What is added meanwhile comes last.
        sort = {"sort_field": "created", "sort_order": "asc"}
        return _Search(self, {**self._body(""), **sort}, Stop()).pages()

    def render(self, session_ids: Collection[str] | None, subject_ids: Collection[str] | None) -> list[str]:
        """Return the searches that would be sent first, a line each.

        Parameters
        ----------
        session_ids, subject_ids : collection of str or None
            What assets are asked for by, of which the sessions count first; every asset where both are None.
        """
        queries = [""] if subject_ids is None else _by_subject(subject_ids)
        if session_ids is not None:
            queries = _by_name(session_ids)
        return [f"POST {self.rest.client.url(_SEARCH)} {query or 'all assets'}" for query in queries]

    def ask(self, body: dict[str, Any], stop: Stop) -> tuple[list[Asset], str | None]:
        """Return the assets of one page, and the token of the next, None at the end."""
        try:
            return self.rest.ask(_SEARCH, _page, json=body, headers=_HEADERS, stop=stop)
        except StatusError as error:
            error.message += f" It was asked for {body['query']!r}."
            raise

    def _body(self, query: str) -> dict[str, Any]:
        return {**_BODY, "query": query, "limit": self._page_size}

    def _all(self, query: str, stop: Stop) -> list[Asset]:
        return [asset for page in _Search(self, self._body(query), stop).pages() for asset in page]

    def _one(self, asset_id: str, stop: Stop) -> Asset | None:
        if not _IDS.fullmatch(asset_id):
            return None
        try:
            asset = self.rest.ask(f"{_ASSETS}/{asset_id}", _asset, headers=_HEADERS, stop=stop)
        except StatusError as error:
            if error.status == _NOT_FOUND:
                return None
            raise
        if asset["id"] != asset_id:
            message = f"{self.address} was asked for data asset {asset_id!r} and sent {asset['id']!r}."
            raise SourceResponseError(message, source="aind")
        return asset


@dataclass
class _Search:
    """One search, from its first page to its last."""

    codeocean: CodeOcean
    body: dict[str, Any]
    stop: Stop
    seen: set[str] = field(default_factory=set, init=False)

    def pages(self) -> Iterator[list[Asset]]:
        tokens: set[str] = set()
        empty = 0
        while True:
            found, token = self.codeocean.ask(self.body, self.stop)
            # What is added meanwhile moves others to the next page.
            new = united([found], self.seen)
            self.seen.update(asset["id"] for asset in new)
            if new:
                yield new
            if token is None:
                return
            empty = 0 if found else empty + 1
            if token in tokens or (found and not new) or empty > _MOST_EMPTY:
                raise self._endless()
            tokens.add(token)
            self.body = {**self.body, "next_token": token}

    def _endless(self) -> SourceResponseError:
        message = (
            f"{self.codeocean.address} does not turn the page of its search for {self.body['query']!r}: "
            f"after {len(self.seen):,} data assets it says that there are more, and sends none."
        )
        return SourceResponseError(message, source="aind", hint="Try again later.")


def judge(answer: requests.Response) -> None:
    """Raise our error for an answer of Code Ocean that is no success.

    Raises
    ------
    sessionframes.errors.AuthenticationError
        The token is wrong, has expired, or may not see this.
    sessionframes.errors.SourceError
        Any other failure, as :func:`sessionframes.transports.http_errors.raise_for_status` has it.
    """
    try:
        raise_for_status(answer)
    except AuthenticationError as error:
        message = f"{error.message} The token is wrong or has expired, or may not see this."
        raise AuthenticationError(message, hint=f"{HOW_TO_GET_IN} {STILL_THERE}") from None


def _page(body: Any) -> tuple[list[Asset], str | None]:
    if not isinstance(body, dict) or "results" not in body:
        message = "it has no 'results'"
        raise ValueError(message)
    assets = records_in(body["results"], "'results'")
    for asset in assets:
        _asset(asset)
    more, token = body.get("has_more"), body.get("next_token")
    if not isinstance(more, bool):
        message = f"it has {more!r} as 'has_more'"
        raise ValueError(message)
    if not more:
        return assets, None
    if not isinstance(token, str) or not token:
        message = f"there is more, and {token!r} is the 'next_token'"
        raise ValueError(message)
    return assets, token


def _asset(body: Any) -> Asset:
    if not isinstance(body, dict):
        message = "it is no data asset"
        raise ValueError(message)
    key = body.get("id")
    if not isinstance(key, str) or not key:
        message = f"a data asset has {key!r} for its id, not text"
        raise ValueError(message)
    return body


def _by_subject(subject_ids: Iterable[str]) -> list[str]:
    words = [_phrase(subject_id) for subject_id in dict.fromkeys(subject_ids)]
    return [query for word in words for query in (f"subject id:{word}", word)]


def _by_name(session_ids: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(f"name:{_phrase(one[:_MOST_OF_NAME])}" for one in session_ids))


def _phrase(text: str) -> str:
    """Return what finds a text: as it is where it is one word, else in quotes."""
    plain = text.replace('"', " ")
    is_word = all(letter.isalnum() or letter in "_-" for letter in text)
    return text if is_word else f'"{plain}"'


def united(lists: Iterable[list[Asset]], without: Container[str] = ()) -> list[Asset]:
    """Return the assets of some lists, each once, and without those of some ids."""
    found: dict[str, Asset] = {}
    for assets in lists:
        for asset in assets:
            if asset["id"] not in without:
                found.setdefault(asset["id"], asset)
    return list(found.values())
