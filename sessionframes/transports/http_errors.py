"""What can go wrong between us and an HTTP server, said in our errors and without anybody's secrets."""

from __future__ import annotations

import re
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, quote, urlsplit, urlunsplit

import requests
from urllib3.exceptions import HTTPError, MaxRetryError

from sessionframes.config import mask, without_secrets
from sessionframes.errors import AuthenticationError, SourceError, SourceResponseError, SourceUnavailableError
from sessionframes.transports.words import said

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = [
    "RETRY_AFTER_CAP",
    "ServerBusyError",
    "StatusError",
    "raise_for_status",
    "readable",
    "retry_after",
    "shown",
    "translated",
]

RETRY_AFTER_CAP = 60.0
"""The longest a server's ``Retry-After`` can make us wait, in s."""
# Of a refusal, in bytes: a list of all that is wrong with a form is long, a page with a traceback longer.
_MOST_READ = 65_536
# Of an address in a message, in characters: a question by many ids would leave no place for the answer.
_LONGEST = 400
# What would be taken for syntax if it stood in an address as it is.
_SYNTAX = re.compile(r"[&#%+\x00-\x20\x7f]")


class ServerBusyError(SourceUnavailableError):
    """The server asked to be left alone for a while (408, 429), or failed on its own account (5xx).

    Attributes
    ----------
    retry_after : float or None
        How long it asked us to wait, in s, capped at :data:`RETRY_AFTER_CAP`.
    """

    def __init__(self, message: str, *, retry_after: float | None = None, **where: str | None) -> None:
        super().__init__(message, **where)
        self.retry_after = retry_after


class StatusError(SourceResponseError):
    """The server refused for another reason than credentials: 400, 404, 405, 409 and the like.

    Attributes
    ----------
    status : int
        Which.
    """

    def __init__(self, message: str, *, status: int, **where: str | None) -> None:
        super().__init__(message, **where)
        self.status = status


def shown(url: str) -> str:
    """Return `url` as it may be printed: no user, no password, no secret in its query, no fragment."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return mask(url)
    return mask(urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2], fragment="")))


def readable(url: str, params: Iterable[tuple[str, str]] = (), *, whole: bool = False) -> str:
    """Return `url` as people write it, decoded, and without what :func:`shown` hides.

    Parameters
    ----------
    url : str
        As it is or would be sent.
    params : iterable of tuple of str
        More of its query, not encoded.
    whole : bool
        Keep all of it, however long.
    """
    try:
        parts = urlsplit(shown(url))
    except ValueError:
        return shown(url)
    pairs = [*parse_qsl(parts.query, keep_blank_values=True), *params]
    query = "&".join(f"{_decoded(name)}={_decoded(value)}" for name, value in pairs)
    text = mask(urlunsplit(parts._replace(query=query)))
    return text if whole or len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


def _decoded(text: str) -> str:
    return _SYNTAX.sub(lambda found: quote(found[0]), text)


def retry_after(value: str | None, now: datetime | None = None) -> float | None:
    """Return how long a ``Retry-After`` header asks to wait, in s, from 0 to the cap.

    Parameters
    ----------
    value : str or None
        The header: a number of s, or a date.
    now : datetime, optional
        Stands for the clock; with a time zone.

    Returns
    -------
    float or None
        None where there is no header, or it makes no sense.

    Examples
    --------
    >>> retry_after("7"), retry_after("86400"), retry_after("soon")
    (7.0, 60.0, None)
    """
    if value is None:
        return None
    try:
        seconds = float(value)
    except ValueError:
        try:
            date = parsedate_to_datetime(value)
        except ValueError:
            return None
        date = date if date.tzinfo else date.replace(tzinfo=UTC)
        seconds = (date - (now or datetime.now(UTC))).total_seconds()
    # A NaN fails both comparisons of min and max in a way that ends at the cap.
    return max(0.0, min(RETRY_AFTER_CAP, seconds))


def raise_for_status(response: requests.Response) -> None:
    """Raise our error for an answer whose status is 400 or more, or that leads elsewhere.

    Its body may be read for the message.

    Raises
    ------
    AuthenticationError
        401 or 403.
    ServerBusyError
        408, 429 or 5xx.
    StatusError
        Any other.
    """
    status = response.status_code
    if response.is_redirect:
        there = without_secrets(shown(response.headers["Location"]))
        message = f"{shown(response.url)} has moved to {there}."
        raise SourceResponseError(message, hint="Give that address when you connect.")
    if status < 400:
        return
    answer = f"{status} {without_secrets(response.reason or '')}".rstrip()
    message = f"{readable(response.url)} answered {answer}{_said(response)}."
    if status in (401, 403):
        hint = "Check the credentials, and that they are allowed to see this."
        raise AuthenticationError(message, hint=hint)
    if status in (408, 429) or status >= 500:
        raise ServerBusyError(message, retry_after=retry_after(response.headers.get("Retry-After")))
    raise StatusError(message, status=status)


def _said(response: requests.Response) -> str:
    try:
        head = next(response.iter_content(_MOST_READ), b"")
    except (requests.RequestException, HTTPError):
        return ""
    words = said(head)
    return f": {words}" if words else ""


@contextmanager
def translated(url: str) -> Iterator[None]:
    """Turn what requests and urllib3 raise within into our errors.

    Parameters
    ----------
    url : str
        What was asked for; named in the message without its secrets.

    Raises
    ------
    SourceUnavailableError
        No connection, a connection that broke, or silence for longer than the timeout.
    SourceResponseError
        A certificate that is not trusted, or anything else that requests does not like.
    """
    try:
        yield
    except (requests.RequestException, HTTPError) as error:
        reason = _innermost(error)
        # The outer layers quote the whole URL, secrets included, and a traceback would print them.
        quotes_url = isinstance(reason, (requests.RequestException, MaxRetryError))
        raise _ours(error, reason, url) from (None if quotes_url else reason)


def _innermost(error: BaseException) -> BaseException:
    inner = error.args[0] if error.args else None
    if isinstance(inner, MaxRetryError):
        inner = inner.reason
    return inner if isinstance(inner, BaseException) else error


def _ours(error: Exception, reason: BaseException, url: str) -> SourceError:
    text = mask(str(reason)) or type(reason).__name__
    if "CERTIFICATE_VERIFY_FAILED" in text:
        message = f"the certificate of {shown(url)} is not trusted: {text}."
        hint = "If the institute has its own authority, name its file in REQUESTS_CA_BUNDLE."
        return SourceResponseError(message, hint=hint)
    chunks = requests.exceptions.ChunkedEncodingError
    passing = (requests.ConnectionError, requests.Timeout, chunks, HTTPError)
    if isinstance(error, passing):
        return SourceUnavailableError(f"{shown(url)} could not be read: {text}.")
    # Of these the text itself may quote the URL: a kind says enough.
    return SourceResponseError(f"{shown(url)} could not be read ({type(error).__name__}).")
