"""What comes back on a change: whether it was done, was not, or may have been."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import urljoin

from sessionframes.config import without_secrets
from sessionframes.errors import SourceUnavailableError
from sessionframes.sources.brainstem.models import APPROVALS
from sessionframes.transports.http import origin
from sessionframes.transports.http_errors import retry_after, shown, translated
from sessionframes.transports.rest_request import OneRecord
from sessionframes.transports.words import parsed, said

if TYPE_CHECKING:
    import requests

    from sessionframes.sources.brainstem.fields import Model
    from sessionframes.transports.rest_request import Record


#: Of what a server says in place of a record, in characters.
_MOST_WORDS = 200


@dataclass(frozen=True)
class Answer:
    """What came back.

    Parameters
    ----------
    status : int or None
        None if nothing did.
    record : dict or None
        Of a success, where it could be read.
    words : str
        The server's own, or why there are none.
    wait : float or None
        How long it asked to be left alone, in s.
    was_sent : bool
        Whether the server may have got to see the question.
    is_request : bool
        Whether the record is a request, which somebody has to accept.
    """

    status: int | None
    record: Record | None = None
    words: str = ""
    wait: float | None = None
    was_sent: bool = True
    is_request: bool = False

    @property
    def is_success(self) -> bool:
        """Whether the server says that it was done."""
        return self.status is not None and self.status < HTTPStatus.MULTIPLE_CHOICES

    @property
    def is_refusal(self) -> bool:
        """Whether the server says that it was not done, and would not be."""
        is_busy = self.status in (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS)
        return self.status is not None and HTTPStatus.MULTIPLE_CHOICES <= self.status < 500 and not is_busy

    @property
    def is_undone(self) -> bool:
        """Whether it is known not to have been done."""
        return self.is_refusal or not self.was_sent or self.status == HTTPStatus.TOO_MANY_REQUESTS


def read_answer(response: requests.Response, model: Model) -> Answer:
    """Return what came back.

    Parameters
    ----------
    response : requests.Response
        Its body unread.
    model : Model
        Of the record that was to be changed.
    """
    status, approval = response.status_code, APPROVALS.get(model.name)
    wait = retry_after(response.headers.get("Retry-After"))
    try:
        with translated(response.url):
            body = response.content
    except SourceUnavailableError as error:
        return Answer(status, words=error.message, wait=wait)
    if response.is_redirect:
        return Answer(status, words=_moved(response.url, response.headers["Location"]))
    if status >= HTTPStatus.MULTIPLE_CHOICES:
        return Answer(status, words=said(body) or said(response.reason or ""), wait=wait)
    names = tuple(dict.fromkeys((approval or model.singular, model.singular, model.name)))
    try:
        envelope = parsed(body) if body else None
        record = OneRecord(names).read(envelope).records[0] if body else None
    except ValueError as error:
        words = said(body)
        told = f"; it says: {words[:_MOST_WORDS]}" if words else ""
        return Answer(status, words=f"the answer is no record: {error}{told}")
    return Answer(status, record, is_request=isinstance(envelope, dict) and approval in envelope)


def _moved(here: str, location: str) -> str:
    try:
        there = urljoin(here, location)
        is_here = origin(there) == origin(here)
    except ValueError:
        there, is_here = location, False
    told = without_secrets(shown(there))
    if is_here:
        return f"it has moved to {told}: the page of a login perhaps, so look whether the token is still good"
    return f"it has moved to {told}; connect with that address"
