"""A small server on loopback that answers by a function, and goes wrong as it is told to.

For what a whole DocDB or Code Ocean would not do by itself: servers that lie, gateways that cut.
"""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


@dataclass(frozen=True)
class Asked:
    """A request as it came; ``json`` is what its body holds, and the names of headers are in lower case."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    json: Any
    line: str


@dataclass(frozen=True)
class Reply:
    """An answer; after `cut` bytes the connection is closed, after `stall` bytes nothing more comes."""

    body: Any = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: int | None = None
    stall: int | None = None


class Loopback:
    """The server; a context manager. ``requests`` are those that came, in order.

    Replies in ``faults`` are given first, one for each request; then those of `answer`.
    """

    def __init__(self, answer: Callable[[Asked], Reply] = lambda _: Reply([])) -> None:
        self.answer = answer
        self.faults: list[Reply] = []
        self.requests: list[Asked] = []
        self.lock = threading.Lock()
        self.closing = threading.Event()
        server = self

        class Handler(_Handler):
            loopback = server

        self._http = _Listener(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}"
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.01})

    def __enter__(self) -> Loopback:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()

    def reply(self, asked: Asked) -> Reply:
        """What a request is answered."""
        with self.lock:
            self.requests.append(asked)
            if self.faults:
                return self.faults.pop(0)
        return self.answer(asked)


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: clients that go away are part of it."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Head and body in one packet: two would wait for each other.
    wbufsize = -1
    loopback: Loopback

    def log_message(self, *_: Any) -> None:
        """Keep the test output clean."""

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path, _, query = self.path.partition("?")
        headers = {name.lower(): value for name, value in self.headers.items()}
        held = json.loads(body) if body else None
        asked = Asked(self.command, path, dict(parse_qsl(query)), headers, held, self.path)
        reply = self.loopback.reply(asked)
        data = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
        self.send_response(reply.status)
        for name, value in {"Content-Length": str(len(data)), **reply.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        stops = [place for place in (reply.cut, reply.stall) if place is not None]
        self.wfile.write(data[: min(stops)] if stops else data)
        self.wfile.flush()
        if reply.stall is not None:
            self.loopback.closing.wait(5)
        self.close_connection = bool(stops)

    do_POST = do_GET  # noqa: N815  the name that http.server looks for


#: What may pass, told as it is answered.
PASSING = {
    "cut": Reply([{"_id": "a"}], cut=5),
    "stalled": Reply([{"_id": "a"}], stall=5),
    "silent": Reply(b"", headers={"Content-Length": "9"}, stall=0),
    "502": Reply({"message": "Internal server error"}, status=502),
    "504": Reply({"message": "Endpoint request timed out"}, status=504),
    "a page": Reply(b"<html><title>Back soon</title></html>"),
    "no number": Reply(b'[{"_id": "a", "x": NaN}]'),
    "too many": Reply({"message": "Too Many Requests"}, status=429, headers={"Retry-After": "7"}),
}
