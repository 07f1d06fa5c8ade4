"""Questions to one Alyx: signed, no more at a time and a minute than it takes, its refusals understood."""

from __future__ import annotations

import re
import threading
import time
from collections import deque
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from sessionframes.errors import AuthenticationError, SourceError, SourceResponseError
from sessionframes.transports.http_errors import (
    ServerBusyError,
    StatusError,
    raise_for_status,
    readable,
    translated,
)
from sessionframes.transports.rest import RestTransport
from sessionframes.transports.words import parsed, quoted
from sessionframes.transports.workers import Stop

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    import requests

    from sessionframes.sources.alyx.login import Login
    from sessionframes.transports.rest_request import Params

__all__ = ["AlyxRest", "InvalidTokenError", "Pace"]

T = TypeVar("T")

#: Alyx turns away whoever asks more often than this in so many s.
_MOST, _SPAN = 550, 60.0
_INVALID = re.compile(r"\binvalid token\b(?! header)", re.IGNORECASE)
_NO_CREDENTIALS = re.compile(r"credentials were not provided", re.IGNORECASE)
#: How long to wait before it is looked again whether somebody wants to stop, in s.
_GLANCE = 0.2
_BUSY, _TOO_LONG, _NOT_FOUND, _BROKEN = 429, 414, 404, 500


class InvalidTokenError(AuthenticationError):
    """The server does not know the token, or not any more."""


class Pace:
    """Lets no more requests begin, in a while, than the server answers.

    Parameters
    ----------
    most : int
        How many.
    span : float
        In what time, in s.
    clock : callable
        Tells the time, in s.
    """

    def __init__(
        self, most: int = _MOST, span: float = _SPAN, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._most = most
        self._span = span
        self._clock = clock
        self._begun: deque[float] = deque()
        self._until = -float("inf")
        self._lock = threading.Lock()

    def wait(self, stop: Stop) -> None:
        """Return when a request may begin; it counts as begun."""
        while (delay := self._delay()) > 0:
            stop.check()
            stop.sleep(delay)
        stop.check()

    def hold(self, seconds: float) -> None:
        """Let nothing begin for that long, in s: somebody was turned away."""
        with self._lock:
            self._until = max(self._until, self._clock() + seconds)

    def _delay(self) -> float:
        with self._lock:
            now = self._clock()
            while self._begun and self._begun[0] <= now - self._span:
                self._begun.popleft()
            if now < self._until:
                return self._until - now
            if len(self._begun) >= self._most:
                return self._begun[0] + self._span - now
            self._begun.append(now)
            return 0.0


class AlyxRest(RestTransport):
    """Asks one Alyx; may be used from several threads at once.

    Parameters
    ----------
    base_url : str
        Its address.
    login : Login
        Signs requests.
    workers : int
        How many requests are under way at a time, whoever asks.
    timeout : tuple of float
        How long to wait for a connection, and for the next byte, in s.
    attempts : int
        How often a request is sent before its failure counts.
    pace : Pace, optional
        Limits how many begin in a minute.
    sleep : callable, optional
        Waits the given time, in s, between attempts.
    """

    def __init__(
        self,
        base_url: str,
        login: Login,
        *,
        workers: int = 4,
        timeout: tuple[float, float] = (10, 60),
        attempts: int = 5,
        pace: Pace | None = None,
        sleep: Callable[[float], None] | None = None,
    ) -> None:
        super().__init__(
            base_url,
            login,
            source="alyx",
            workers=workers,
            timeout=timeout,
            attempts=attempts,
            judge=self._judge_answer,
            sleep=sleep,
        )
        self._login = login
        self._pace = pace or Pace()
        self._room = threading.BoundedSemaphore(workers)

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
        """Ask one question, as :meth:`RestTransport.ask` does; a token is fetched before where there is none.

        A token that the server calls invalid is fetched anew, once.
        """
        stop = stop or Stop()

        def asked() -> T:
            return super(AlyxRest, self).ask(path, read, params=params, json=json, headers=headers, stop=stop)

        return self._signed(asked, stop)

    def change(self, method: str, path: str, json: Any = None) -> Any:
        """Change something, once, and return what the answer's JSON holds; None where it has no body.

        Parameters
        ----------
        method : {"POST", "PUT", "PATCH", "DELETE"}
            How.
        path : str
            Relative to the server's base URL.
        json : object, optional
            The body.

        Raises
        ------
        sessionframes.errors.SourceUnavailableError
            It is not known whether the server has done it.
        sessionframes.errors.SourceResponseError
            It refused, or answered with a page in place of JSON.
        """
        stop = Stop()

        def sent() -> Any:
            told = {"Accept": "application/json"}
            asked = self.client.send(method, path, json=json, headers=told, follow=False)
            with asked as answer:
                self._judge_answer(answer)
                with translated(answer.url):
                    return _held(answer, answer.content)

        try:
            return self._signed(sent, stop)
        except SourceError as error:
            error.source = error.source or "alyx"
            raise

    def _signed(self, call: Callable[[], T], stop: Stop) -> T:
        self.check_open()
        with self._place(stop):
            token = self._login.token()
            self._pace.wait(stop)
            try:
                return call()
            except InvalidTokenError as error:
                self._login.renew(token, error)
                self._pace.wait(stop)
                return call()

    @contextmanager
    def _place(self, stop: Stop) -> Iterator[None]:
        while not self._room.acquire(timeout=_GLANCE):
            stop.check()
        try:
            yield
        finally:
            self._room.release()

    def _judge_answer(self, answer: requests.Response) -> None:
        """Raise our error for an answer that is no success: what Alyx means differs from what it says."""
        try:
            raise_for_status(answer)
        except AuthenticationError as error:
            raise _refused(error) from None
        except ServerBusyError as error:
            if answer.status_code == _BUSY:
                self._pace.hold(error.retry_after or 0.0)
            if answer.status_code == _BROKEN:
                # Nearly always a mistake in the question, which would fail again.
                raise StatusError(error.message, status=_BROKEN) from None
            raise
        except StatusError as error:
            if error.status == _TOO_LONG:
                error.hint = (
                    "The question is too long for this server: ask for fewer ids or values at a time."
                )
            elif error.status == _NOT_FOUND and "html" in answer.headers.get("Content-Type", ""):
                error.hint = "Is this the address of an Alyx, and the id one of its own form?"
            raise


def _refused(error: AuthenticationError) -> AuthenticationError:
    if _INVALID.search(error.message):
        hint = "Give username= and password=, by which a new one can be fetched, or another token."
        return InvalidTokenError(error.message, hint=hint)
    if _NO_CREDENTIALS.search(error.message):
        return AuthenticationError(error.message, hint="Give username= and password=, or token=.")
    return AuthenticationError(error.message, hint="This account is not allowed to do that.")


def _held(answer: requests.Response, body: bytes) -> Any:
    if not body:
        return None
    try:
        return parsed(body)
    except ValueError as error:
        message = (
            f"{readable(answer.url)} answered {answer.status_code} with what is no JSON"
            f"{f': {words}' if (words := quoted(body[:8192])) else ''}."
        )
        hint = "Alyx answers so when it fails; look whether anything was changed."
        raise SourceResponseError(message, hint=hint) from error
