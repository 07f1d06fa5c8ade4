"""The demo's BrainSTEM on a free port of the loopback interface."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Literal, Self
from zoneinfo import ZoneInfo

from sessionframes.config import nearest
from sessionframes.demo.brainstem.api import Api
from sessionframes.demo.brainstem.paging import PAGINGS, Sizes
from sessionframes.demo.brainstem.people import DeviceLogin, People
from sessionframes.demo.brainstem.records import records, rights
from sessionframes.demo.brainstem.store import Store
from sessionframes.demo.http import HTML, Answer, Fault, Listener, Request, Script, Seen
from sessionframes.demo.world import World, make_world
from sessionframes.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable


class BrainstemServer:
    """Serves the demo world as BrainSTEM does, until it is stopped; a context manager.

    Parameters
    ----------
    world : World or float
        What it tells, or the scale of that.
    seed : int
        Of the world, if only its scale is given.
    sessions : int, optional
        At least so many sessions: the world's own, and copies of them under other names. For measurements.
    paging : str
        "dynamic-rest" (``page`` and ``per_page``; the total in ``meta``), "dynamic-rest-limit" (the same, but
        ``per_page`` is called ``limit``), "limit-offset" (a top-level ``count``) or "next" (``next`` too).
    page_size, largest_page : int
        Records of a page if nobody asks, and at most.
    latency : float
        How long every answer takes at least, in s.
    zone : str
        Of moments that are written without one.
    slash : str
        What happens without a slash at the end: "optional", or "redirect" (301, as Django does).
    compress : bool
        Whether to use gzip where a client takes it.

    Attributes
    ----------
    url : str
        Where it listens.
    tokens, passwords : dict
        Of "reader" (who sees the project of the first lab, and changes nothing), "editor" (who changes that
        project and the shared one, and sees that of the second lab) and "administrator".
    device_login : DeviceLogin
        How logins of devices go; may be replaced.
    requests : list of Seen
        What was asked so far.

    Raises
    ------
    sessionframes.errors.ConfigError
        No such paging, or no such world.
    """

    def __init__(
        self,
        world: World | float = 0.05,
        seed: int = 0,
        *,
        sessions: int | None = None,
        paging: str = "dynamic-rest",
        page_size: int = 20,
        largest_page: int = 100,
        latency: float = 0.0,
        zone: str = "America/Chicago",
        slash: Literal["optional", "redirect"] = "optional",
        compress: bool = False,
    ) -> None:
        self.world = world if isinstance(world, World) else make_world(world, seed)
        self.latency = latency
        self.slash = slash
        self._records = records(self.world, sessions)
        self._rights = rights(self.world, sessions)
        self._people = People(self._rights)
        if paging not in PAGINGS:
            message = f"there is no way of paging called {paging!r}."
            raise ConfigError(message, source="demo", hint=nearest(paging, PAGINGS))
        self._api = Api(
            Store(self._records),
            self._people,
            PAGINGS[paging],
            Sizes(page_size, largest_page),
            ZoneInfo(zone),
        )
        self._script = Script()
        # One request at a time is carried out: no two can both find a name free, and take it.
        self._turn = threading.Lock()
        self._listener = Listener(
            self._answer, "brainstem", compress=compress, headers={"Vary": "Accept, Cookie"}
        )

    @property
    def url(self) -> str:
        """Where it listens."""
        return self._listener.url

    @property
    def tokens(self) -> dict[str, str]:
        """A good token of each role."""
        return self._people.tokens

    @property
    def passwords(self) -> dict[str, str]:
        """For the older request for a token: the names are the roles."""
        return self._people.passwords

    @property
    def device_login(self) -> DeviceLogin:
        """How logins of devices go."""
        return self._people.device_login

    @device_login.setter
    def device_login(self, login: DeviceLogin) -> None:
        """Let the next logins go otherwise."""
        self._people.device_login = login

    @property
    def requests(self) -> list[Seen]:
        """What was asked so far, in the order in which it came."""
        return self._script.requests

    @property
    def fail(self) -> Callable[..., None]:
        """Let requests go wrong, see :meth:`Script.plan`."""
        return self._script.plan

    def reset(self) -> None:
        """Go back to the records, the rights and the logins of the start; forget requests and faults."""
        with self._turn:
            self._api.store = Store(self._records)
            self._people.restore(self._rights)
            self._people.device_login = DeviceLogin()
            self._script.clear()

    def stop(self) -> None:
        """Stop listening; a second call does nothing."""
        self._listener.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _answer(self, request: Request) -> tuple[Answer, Fault]:
        """Answer a request, and tell how to spoil it on its way."""
        answer, fault = self._script.answer(request, lambda: self._carried_out(request))
        self._listener.closing.wait(self.latency + fault.delay)
        return answer, fault

    def _carried_out(self, request: Request) -> Answer:
        if self.slash == "redirect" and not request.path.endswith("/"):
            query = f"?{request.query_text}" if request.query_text else ""
            return Answer(301, "", {"Location": f"{request.path}/{query}"}, HTML)
        with self._turn:
            return self._api.answer(request)
