"""A server of one list on loopback, with any belief about pages, and any lie."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass
class Behaviour:
    """How the list is served.

    Parameters
    ----------
    rows : list of dict
        What there is; a change between two requests is seen.
    believes : {"offset", "page", "cursor", "nothing"}
        By which parameters a page is asked for. A cursor is only in ``next``.
    default, maximum : int
        The size of a page when none is asked for, and the largest.
    total : {"meta", "count", None}
        Where the number of all rows is told.
    tells_next, tells_more : bool
        Whether it says where the next page is, or that there is one.
    lie : int
        Added to the number of all rows.
    shortens : callable, optional
        From the number of the request to the most rows in its answer.
    before : callable, optional
        Called with the number of the request, before it is answered.
    latency : float
        How long each answer takes, in s.
    """

    rows: list[dict[str, Any]]
    believes: str = "offset"
    default: int = 20
    maximum: int = 100
    total: str | None = "meta"
    tells_next: bool = False
    tells_more: bool = False
    lie: int = 0
    shortens: Callable[[int], int] | None = None
    before: Callable[[int], None] | None = None
    latency: float = 0.0
    requests: list[dict[str, str]] = field(default_factory=list)

    def answer(self, query: dict[str, str], number: int) -> tuple[int, Any]:
        """The status and the body of an answer."""
        first, size = self._window(query)
        if self.shortens is not None:
            size = min(size, max(1, self.shortens(number)))
        found = self.rows[first : first + size]
        more = first + len(found) < len(self.rows)
        if self.believes == "page" and first and not found:
            return 404, {"detail": "Invalid page."}
        meta: dict[str, Any] = {}
        body: dict[str, Any] = {"sessions": found, "meta": meta}
        if self.total:
            where = meta if self.total == "meta" else body
            where["total_results" if self.total == "meta" else "count"] = len(self.rows) + self.lie
        if self.tells_more:
            meta["more_pages"] = more
        if self.tells_next:
            body["next"] = f"/list/?{self._next(query, first + len(found))}" if more else None
        return 200, body

    def _window(self, query: dict[str, str]) -> tuple[int, int]:
        if self.believes == "page":
            size = min(int(query.get("per_page", self.default)), self.maximum)
            return (int(query.get("page", 1)) - 1) * size, size
        size = min(int(query.get("limit", self.default)), self.maximum)
        if self.believes == "offset":
            return int(query.get("offset", 0)), size
        return (int(query.get("cursor", 0)) if self.believes == "cursor" else 0), size

    def _next(self, query: dict[str, str], end: int) -> str:
        if self.believes == "page":
            return urlencode({**query, "page": int(query.get("page", 1)) + 1})
        return urlencode({**query, "offset" if self.believes == "offset" else "cursor": end})


class ListServer:
    """The server; a context manager. Its ``behaviour`` may be set anew between two questions."""

    def __init__(self) -> None:
        self.behaviour = Behaviour([])
        self.lock = threading.Lock()
        server = self

        class Handler(_Handler):
            list_server = server

        self._http = _Listener(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}"
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.01})

    def __enter__(self) -> ListServer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: clients that go away are what this is for."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Head and body in one packet: two would wait for each other.
    wbufsize = -1
    list_server: ListServer

    def log_message(self, *_: Any) -> None:
        """Keep the test output clean."""

    def do_GET(self) -> None:
        behaviour = self.list_server.behaviour
        query = dict(parse_qsl(self.path.partition("?")[2], keep_blank_values=True))
        time.sleep(behaviour.latency)
        with self.list_server.lock:
            number = len(behaviour.requests)
            behaviour.requests.append(query)
            if behaviour.before is not None:
                behaviour.before(number)
            status, body = behaviour.answer(query, number)
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)
        self.wfile.flush()
