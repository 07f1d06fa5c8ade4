"""HTTP as every source needs it: own sessions, deadlines, retries, and credentials that stay at home.

A retry goes round the whole *get and read*, because a body that is cut or stalls fails while it is read,
where urllib3's own retries no longer look. tenacity is used as such, without stamina on top of it, because
waiting must end at once when the user interrupts: stamina does not let its sleep be replaced.
"""

from __future__ import annotations

import logging
import os
import threading
import time
import weakref
from http.cookiejar import DefaultCookiePolicy
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urljoin, urlsplit

import requests
import tenacity
from requests.auth import AuthBase

from sessionframes.errors import ConfigError, SourceUnavailableError
from sessionframes.transports.http_errors import (
    RETRY_AFTER_CAP,
    ServerBusyError,
    raise_for_status,
    translated,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

__all__ = ["HttpClient", "OriginAuth", "origin"]

T = TypeVar("T")

_IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})
_DEFAULT_PORTS = {"http": 80, "https": 443}
# All that may follow a redirect to another origin: any other header could be a credential.
_HARMLESS = frozenset(
    {"accept", "accept-encoding", "connection", "if-range", "proxy-authorization", "range", "user-agent"}
)
_JITTER = tenacity.wait_random(0, 1)
_BACKOFF = tenacity.wait_exponential(multiplier=0.5, max=30) + _JITTER
_LOG = logging.getLogger(__name__)


def origin(url: str) -> tuple[str, str, int | None]:
    """Return the scheme, host and port of `url`, the port filled in where it is the scheme's own."""
    parts = urlsplit(url)
    scheme = parts.scheme.lower()
    return scheme, parts.hostname or "", parts.port or _DEFAULT_PORTS.get(scheme)


class OriginAuth(AuthBase):
    """Credentials bound to one origin; to any other nothing is added.

    One is set on every session, without credentials too: requests reads ``~/.netrc`` only where there is
    none, and would let what it finds there replace an ``Authorization`` header.

    Parameters
    ----------
    auth : requests.auth.AuthBase, optional
        What puts the credentials on a request.
    url : str, optional
        Any URL of the origin (scheme, host and port) they are for.

    Raises
    ------
    ConfigError
        There are credentials but no origin to keep them to.
    """

    def __init__(self, auth: AuthBase | None = None, url: str | None = None) -> None:
        if auth is not None and (url is None or not origin(url)[1]):
            message = "there are credentials, but no address that they are for."
            raise ConfigError(message, hint="Give the server's base URL, such as https://host.")
        self._auth = auth
        self._origin = origin(url) if url else None

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Put the credentials on `request` if it goes to their origin."""
        if self._auth is None or origin(request.url or "") != self._origin:
            return request
        signed: requests.PreparedRequest = self._auth(request)
        return signed


class _Session(requests.Session):
    def __init__(self, auth: OriginAuth, *, stays: bool = False) -> None:
        super().__init__()
        self.auth = auth
        self._stays = stays
        self.headers["User-Agent"] = f"sessionframes {requests.utils.default_user_agent()}"
        # Cookies know no port and would make an answer depend on which thread asked before.
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))

    def rebuild_auth(self, prepared_request: requests.PreparedRequest, response: requests.Response) -> None:
        # The inherited method keeps Authorization from http to https, keeps all other headers wherever
        # the redirect leads, and reads ~/.netrc.
        headers = prepared_request.headers
        if origin(response.request.url or "") != origin(prepared_request.url or ""):
            for name in [name for name in headers if name.lower() not in _HARMLESS]:
                del headers[name]
        if callable(self.auth):
            self.auth(prepared_request)

    def get_redirect_target(self, resp: requests.Response) -> str | None:
        # Where there is no target, an answer that leads elsewhere is handed out as it is.
        target = super().get_redirect_target(resp)
        if target is None or not self._stays or _is_home(resp.url, urljoin(resp.url, target)):
            return target
        return None


def _is_home(here: str, there: str) -> bool:
    """Return whether an address is at the server of another, with encryption perhaps."""
    try:
        goal = origin(there)
    except ValueError:
        return False
    scheme, host, port = origin(here)
    return goal == (scheme, host, port) or (scheme, port, goal) == ("http", 80, ("https", host, 443))


class HttpClient:
    """Requests to one server, or to any: one session per thread, each answer awaited for a limited time.

    Parameters
    ----------
    base_url : str, optional
        What relative URLs are relative to, and the origin that `auth` is for.
    auth : requests.auth.AuthBase, optional
        Credentials; they go to the origin of `base_url` and, after a redirect, nowhere else.
        A user and password within a URL are never sent, nor is ``~/.netrc`` read.
    timeout : tuple of float
        How long to wait for a connection, and for the next byte, in s.
    attempts : int
        How often a request is sent before its failure counts, at least 1.
    stays : bool
        Follow no redirect to another server: such an answer is handed out as it is.
    sleep : callable
        Waits the given time, in s, between two attempts.
    """

    def __init__(
        self,
        base_url: str | None = None,
        auth: AuthBase | None = None,
        *,
        timeout: tuple[float, float] = (10, 60),
        attempts: int = 5,
        stays: bool = False,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._base_url = base_url
        self._auth = OriginAuth(auth, base_url)
        self._timeout = timeout
        self.attempts = attempts
        self._stays = stays
        self._sleep = sleep
        self._local = threading.local()
        self._sessions: weakref.WeakSet[requests.Session] = weakref.WeakSet()

    def url(self, url: str) -> str:
        """Return `url` made absolute."""
        return urljoin(self._base_url.rstrip("/") + "/", url) if self._base_url else url

    def send(
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, Any] | Sequence[tuple[str, str]] | None = None,
        json: Any = None,
        headers: Mapping[str, str] | None = None,
        follow: bool = True,
    ) -> requests.Response:
        """Send one request, once, and return the answer with its body still unread, whatever its status.

        Parameters
        ----------
        method, url : str
            What to ask; the URL may be relative.
        params : mapping or sequence of tuple, optional
            The query of the URL; in a sequence a name may come more than once.
        json : object, optional
            The body, sent as JSON.
        headers : mapping, optional
            Sent along; across a redirect to another origin all but a few harmless ones are left out.
        follow : bool
            Go where a redirect leads. What changes something must not: it would arrive there as a GET, or its
            body would reach another server.

        Raises
        ------
        SourceUnavailableError
            There was no connection, or no answer in time.
        SourceResponseError
            The URL is not valid, redirects without end, or the server's certificate is not trusted.
        """
        url = self.url(url)
        with translated(url):
            return self._session().request(
                method,
                url,
                params=params,
                json=json,
                headers=dict(headers or {}),
                timeout=self._timeout,
                stream=True,
                allow_redirects=follow,
            )

    def fetch(
        self,
        url: str,
        read: Callable[[requests.Response], T],
        *,
        method: str = "GET",
        params: Mapping[str, Any] | Sequence[tuple[str, str]] | None = None,
        json: Any = None,
        headers: Mapping[str, str] | None = None,
        follow: bool = True,
    ) -> T:
        """Send a request and read its answer; try again if either fails for a reason that may pass.

        Parameters
        ----------
        url : str
            What to ask for; may be relative.
        read : callable
            Turns the answer (its status is good, its body unread) into what is returned. A
            :exc:`SourceUnavailableError` from it is a reason to try again.
        method, params, json, headers, follow
            As :meth:`send` takes them. A method that is not idempotent is tried once.

        Raises
        ------
        AuthenticationError
            The server refused (401, 403).
        SourceUnavailableError
            The last attempt failed as well.
        SourceResponseError
            Any other answer that is not a success.
        """

        def once() -> T:
            asked = self.send(method, url, params=params, json=json, headers=headers, follow=follow)
            with asked as response:
                raise_for_status(response)
                with translated(self.url(url)):
                    return read(response)

        return self.retry(once) if method.upper() in _IDEMPOTENT else once()

    def retry(self, call: Callable[[], T], sleep: Callable[[float], None] | None = None) -> T:
        """Return ``call()``; after a :exc:`SourceUnavailableError` wait and call again, a few times.

        Parameters
        ----------
        call : callable
            What to do, from sending to the last byte read.
        sleep : callable, optional
            Waits the given time, in s, in place of the client's own.
        """
        policy = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(SourceUnavailableError),
            stop=tenacity.stop_after_attempt(self.attempts),
            wait=_wait,
            sleep=sleep or self._sleep,
            before_sleep=self._tell,
            reraise=True,
        )
        return policy(call)

    def close(self) -> None:
        """Close the connections that are kept open, those of other threads included."""
        for session in list(self._sessions):
            session.close()

    def _tell(self, state: tenacity.RetryCallState) -> None:
        wait = state.next_action.sleep if state.next_action else 0.0
        count = f"attempt {state.attempt_number} of {self.attempts}"
        _LOG.warning("%s (%s; the next in %.1f s)", _outcome(state), count, wait)

    def _session(self) -> requests.Session:
        # A forked child must not write to its parent's sockets.
        if getattr(self._local, "pid", None) != os.getpid():
            self._local.session = _Session(self._auth, stays=self._stays)
            self._local.pid = os.getpid()
            self._sessions.add(self._local.session)
        session: requests.Session = self._local.session
        return session


def _outcome(state: tenacity.RetryCallState) -> BaseException | None:
    return state.outcome.exception() if state.outcome else None


def _wait(state: tenacity.RetryCallState) -> float:
    error = _outcome(state)
    if isinstance(error, ServerBusyError) and error.retry_after is not None:
        # Workers that were turned away together should not come back together.
        return min(RETRY_AFTER_CAP, error.retry_after + _JITTER(state))
    return _BACKOFF(state)
