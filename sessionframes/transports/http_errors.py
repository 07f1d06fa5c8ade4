"""What can go wrong between us and an HTTP server, said in our errors and without anybody's secrets."""

from __future__ import annotations

import re
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

import requests
from urllib3.exceptions import HTTPError, MaxRetryError

from sessionframes.config import mask
from sessionframes.errors import AuthenticationError, SourceError, SourceResponseError, SourceUnavailableError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = [
    "RETRY_AFTER_CAP",
    "ServerBusyError",
    "quoted",
    "raise_for_status",
    "retry_after",
    "shown",
    "translated",
]

RETRY_AFTER_CAP = 60.0
"""The longest a server's ``Retry-After`` can make us wait, in s."""


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


def shown(url: str) -> str:
    """Return `url` as it may be printed: no user, no password, no secret in its query, no fragment."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return mask(url)
    return mask(urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2], fragment="")))


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
    """Raise our error for an answer whose status is 400 or more; its body may be read for the message.

    Raises
    ------
    AuthenticationError
        401 or 403.
    ServerBusyError
        408, 429 or 5xx.
    SourceResponseError
        Any other.
    """
    status = response.status_code
    if status < 400:
        return
    answer = f"{status} {response.reason or ''}".rstrip()
    message = f"{shown(response.url)} answered {answer}{_said(response)}."
    if status in (401, 403):
        hint = "Check the credentials, and that they are allowed to see this."
        raise AuthenticationError(message, hint=hint)
    if status in (408, 429) or status >= 500:
        raise ServerBusyError(message, retry_after=retry_after(response.headers.get("Retry-After")))
    raise SourceResponseError(message)


def _said(response: requests.Response) -> str:
    try:
        head = next(response.iter_content(8192), b"")
    except (requests.RequestException, HTTPError):
        return ""
    text = quoted(head)
    return f" ({text})" if text else ""


def quoted(head: bytes) -> str:
    """Return what the beginning of an answer says, in quotes: a page's title, or one short line of text."""
    text = head.decode("utf-8", errors="replace")
    title = re.search(r"<title[^>]*>(.*?)</title", text, re.IGNORECASE | re.DOTALL)
    if title is None and re.match(r"\W*<", text):
        return ""
    line = mask(" ".join((title[1] if title else text).split()))
    return repr(line if len(line) <= 200 else line[:200] + "...") if line else ""


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
