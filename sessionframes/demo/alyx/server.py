"""The demo's Alyx on free ports of the loopback interface: the REST interface, and the files."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any, Self

from sessionframes.demo.alyx.api import Api
from sessionframes.demo.alyx.auth import PASSWORD, USERS, Access
from sessionframes.demo.alyx.data import Content, DataServer
from sessionframes.demo.alyx.release import Release
from sessionframes.demo.alyx.store import Store
from sessionframes.demo.http import HTML, Answer, Fault, Listener, Script
from sessionframes.demo.world import World, make_world

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sessionframes.demo.http import Request, Seen

    Row = dict[str, Any]

#: What gunicorn takes (bytes of the request line).
REQUEST_LINE = 4094


class AlyxServer:
    """Serves the demo world as an Alyx does, until it is stopped; a context manager.

    Parameters
    ----------
    world : World or float
        What it tells, or the scale of that.
    seed : int
        Of the world, if only its scale is given.
    sessions, channels : int, optional
        At least so many, by copies. For measurements.
    examples : bool
        Whether there are things too that are odder than any of the world's.
    records : mapping, optional
        From the names of models to rows, in place of those of the world, see :class:`Store`.
    files : mapping, optional
        From paths behind `data_url` to what is there, in place of those of the world.
    latency : float
        How long every answer takes at least, in s.
    page_cap : int, optional
        Most rows of a page; None as of servers before the summer of 2026.
    row_cost : mapping, optional
        From endpoints to how long a row takes, in s.
    workers : int
        How many requests are worked on at once.
    throttle : int, optional
        How many requests a user has in a window.
    window : float
        That window, in s.
    request_line : int, optional
        Longer request lines are refused (bytes).
    data_login : tuple of str, optional
        The name and password that the files ask for.

    Attributes
    ----------
    url, data_url : str
        Where they listen.
    token, tokens : str and dict
        Of a user who may write; by the roles "superuser", "member" and "public".
    username, password : str
        Of that user.
    requests : list of Seen
        What was asked so far; its ``service`` is "alyx" or "data".
    store : Store
        The rows.
    data : DataServer
        The files, to put some in or take them away.
    api : Api
        Its `page_cap`, `row_cost` and ``access.throttle`` may be changed while it serves.
    """

    def __init__(
        self,
        world: World | float = 0.05,
        seed: int = 0,
        *,
        sessions: int | None = None,
        channels: int | None = None,
        examples: bool = False,
        records: Mapping[str, Sequence[Row]] | None = None,
        files: Mapping[str, Content] | None = None,
        latency: float = 0.0,
        page_cap: int | None = 1000,
        row_cost: Mapping[str, float] | None = None,
        workers: int = 16,
        throttle: int | None = None,
        window: float = 60.0,
        request_line: int | None = REQUEST_LINE,
        data_login: tuple[str, str] | None = None,
    ) -> None:
        if records is None and files is None:
            self.world = world if isinstance(world, World) else make_world(world, seed)
            records, files = _of_world(self.world, sessions, channels, examples=examples)
        self._records = records or {}
        self.latency = latency
        self.request_line = request_line
        self._settings = (page_cap, dict(row_cost or {}), throttle)
        self.access = Access(throttle, window)
        self.store = self._filled()
        self.api = Api(
            self.store,
            self.access,
            page_cap=page_cap,
            row_cost=dict(row_cost or {}),
            workers=workers,
            release=Release(self.store),
        )
        self.data = DataServer(files or {}, data_login)
        self._script = Script()
        self._answers: dict[str, Callable[[Request], Answer]] = {
            "alyx": self._api_answer,
            "data": self.data.answer,
        }
        self._listeners = {name: Listener(self._answer, name) for name in self._answers}
        self.api.data_url = self.data_url

    def _filled(self) -> Store:
        # Rows are replaced, never changed, so that those of the start stay as they are.
        store = Store(self._records)
        for name in USERS.values():
            store.found("users", name)
        return store

    @property
    def url(self) -> str:
        """Where Alyx listens."""
        return self._listeners["alyx"].url

    @property
    def data_url(self) -> str:
        """Where files are."""
        return self._listeners["data"].url

    @property
    def tokens(self) -> dict[str, str]:
        """By role."""
        return {role: self.access.token(role) for role in USERS}

    @property
    def token(self) -> str:
        """Of a user who may write."""
        return self.tokens["member"]

    @property
    def username(self) -> str:
        """Of the same user."""
        return USERS["member"]

    @property
    def password(self) -> str:
        """Of all users."""
        return PASSWORD

    @property
    def requests(self) -> list[Seen]:
        """What was asked so far, in the order in which it came."""
        return self._script.requests

    def asked(self, service: str) -> list[Seen]:
        """Return what one of the servers was asked so far: "alyx" or "data"."""
        return [seen for seen in self._script.requests if seen.service == service]

    @property
    def fail(self) -> Callable[..., None]:
        """Let requests go wrong, see :meth:`Script.plan`."""
        return self._script.plan

    def revoke(self) -> None:
        """Make all tokens anew: those that were given are good no more."""
        self.access.generation += 1

    def reset(self) -> None:
        """Go back to the rows, files, tokens and switches of the start; forget requests and faults."""
        fresh = self._filled()
        self.store = self.api.store = fresh
        self.api.release = Release(fresh)
        self.api.page_cap, costs, self.access.throttle = self._settings
        self.api.row_cost = deepcopy(costs)
        self.access.generation = 0
        self.access.forget()
        self.data.reset()
        self._script.clear()

    def stop(self) -> None:
        """Stop listening; a second call does nothing."""
        for listener in self._listeners.values():
            listener.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _answer(self, request: Request) -> tuple[Answer, Fault]:
        """Answer a request, and tell how to spoil it on its way."""
        answer, fault = self._script.answer(request, lambda: self._answers[request.service](request))
        self._listeners[request.service].closing.wait(self.latency + fault.delay)
        return answer, fault

    def _api_answer(self, request: Request) -> Answer:
        line = f"{request.method} {request.path}?{request.query_text} HTTP/1.1"
        if self.request_line is not None and len(line) > self.request_line:
            text = f"<h1>Bad Request</h1>Request Line is too large ({len(line)} > {self.request_line})"
            return Answer(414, f"<html><body>{text}</body></html>", kind=HTML)
        return self.api.answer(request)


def _of_world(
    world: World, sessions: int | None, channels: int | None, *, examples: bool
) -> tuple[Mapping[str, Sequence[Row]], Mapping[str, Content]]:
    from sessionframes.demo.alyx.files import make_files
    from sessionframes.demo.alyx.records import make_records

    return (
        make_records(world, sessions, channels, examples=examples),
        make_files(world, examples=examples),
    )
