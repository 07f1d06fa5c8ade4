"""Answers of the demo's servers that go wrong on purpose, and the log of what was asked."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from sessionframes.demo.http.messages import HTML, JSON, Answer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sessionframes.demo.http.messages import Request


@dataclass(frozen=True)
class Fault:
    """How one answer goes wrong.

    With a `status` or a `body` the request is not carried out. Otherwise it is, and what goes wrong is the
    answer.

    Attributes
    ----------
    status : int, optional
        In place of the good one.
    body : Any
        In place of the good one: text is sent as HTML, anything else as JSON.
    headers : mapping
        Sent as well, such as ``{"Retry-After": "1"}``.
    lost : bool
        Nothing is sent at all, and the connection is closed.
    cut : int, optional
        After that many bytes of the body the connection is closed.
    stall : int, optional
        After that many bytes of the body nothing more comes.
    delay : float
        How much later the answer comes, in s.
    change : callable, optional
        From the good body, decoded, to what is sent.
    before : callable, optional
        Called before the request is carried out.
    reason : str, optional
        Beside the status, in place of the usual one.
    """

    status: int | None = None
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    lost: bool = False
    cut: int | None = None
    stall: int | None = None
    delay: float = 0.0
    change: Callable[[Any], Any] | None = None
    before: Callable[[], None] | None = None
    reason: str | None = None

    def answer(self, carry_out: Callable[[], Answer]) -> Answer:
        """Return what is sent: `carry_out` answers well."""
        if self.before is not None:
            self.before()
        if self.status is not None or self.body is not None:
            is_text = isinstance(self.body, str)
            text = self.body if is_text else json.dumps({} if self.body is None else self.body)
            return Answer(self.status or 200, text, self.headers, HTML if is_text else JSON)
        good = carry_out()
        text = good.text
        if self.change is not None and text:
            text = json.dumps(self.change(json.loads(text)))
        return replace(good, text=text, headers={**good.headers, **self.headers})


@dataclass
class Seen:
    """One request as it came, and what was sent back.

    Attributes
    ----------
    method, path : str
        Of the first line, the path as it was sent.
    query : tuple of pairs
        Decoded, in its order.
    authorized : bool
        Whether it had an Authorization header, a good one or not.
    body : Any
        What it told, if that was JSON.
    service : str
        Which of the servers was asked.
    status : int, optional
        Of the answer, once there is one.
    sent : int
        Bytes of the answer's body, before any compression.
    """

    method: str
    path: str
    query: tuple[tuple[str, str], ...]
    authorized: bool
    body: Any = None
    service: str = ""
    status: int | None = None
    sent: int = 0

    def note(self, answer: Answer, fault: Fault) -> None:
        """Write down what is sent back."""
        if fault.lost:
            return
        self.status = answer.status
        stops = [place for place in (fault.cut, fault.stall) if place is not None]
        self.sent = 0 if self.method == "HEAD" else min([len(answer.body), *stops])


@dataclass(frozen=True)
class _Planned:
    fault: Fault
    on: int
    times: int
    method: str | None
    path: str | None
    service: str | None

    def fits(self, request: Request) -> bool:
        """Whether it is meant for this request."""
        return (
            self.method in (None, request.method)
            and self.service in (None, request.service)
            and (self.path or "") in request.path
        )


class Script:
    """Which requests go wrong, and what was asked so far."""

    def __init__(self) -> None:
        self.requests: list[Seen] = []
        self._planned: list[tuple[_Planned, list[int]]] = []
        self._lock = threading.Lock()

    def plan(
        self,
        fault: Fault,
        *,
        on: int = 1,
        times: int = 1,
        method: str | None = None,
        path: str | None = None,
        service: str | None = None,
    ) -> None:
        """Let requests go wrong.

        Parameters
        ----------
        fault : Fault
            How.
        on : int
            The first of them: 1 is the next one that fits.
        times : int
            How many, one after the other.
        method, path, service : str, optional
            Only requests with this method, with this text in their path, to this server fit.
        """
        with self._lock:
            self._planned.append((_Planned(fault, on, times, method, path, service), [0]))

    def answer(self, request: Request, carry_out: Callable[[], Answer]) -> tuple[Answer, Fault]:
        """Write a request down, and return its answer and how that is spoilt: `carry_out` answers well."""
        seen = _seen(request)
        fault = self._note(request, seen)
        answer = fault.answer(carry_out)
        seen.note(answer, fault)
        return answer, fault

    def _note(self, request: Request, seen: Seen) -> Fault:
        with self._lock:
            self.requests.append(seen)
            found = None
            for planned, count in self._planned:
                if planned.fits(request):
                    count[0] += 1
                    if found is None and planned.on <= count[0] < planned.on + planned.times:
                        found = planned.fault
            return found or Fault()

    def clear(self) -> None:
        """Forget what was asked, and what was planned."""
        with self._lock:
            self.requests.clear()
            self._planned.clear()


def _seen(request: Request) -> Seen:
    try:
        body = json.loads(request.body) if request.body else None
    except ValueError:
        body = None
    authorized = "authorization" in request.headers
    return Seen(request.method, request.path, request.query, authorized, body, request.service)
