"""A file server on loopback whose faults are written down beforehand, one for each request.

::

    with FaultServer() as server:
        url = server.serve("/a.nwb", body, faults=[Fault(cut=1000), Fault(status=503), None])

answers the first request for ``/a.nwb`` with its first 1000 bytes and a closed connection, the second with
a 503, and all later ones well: with ETag, Content-Length, ``Range`` and ``If-Range`` as they should be.
"""

from __future__ import annotations

import re
import socket
import struct
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping


@dataclass(frozen=True)
class Fault:
    """How one answer goes wrong.

    Parameters
    ----------
    status : int
        Another status than the good one; the body is then `page`.
    headers : mapping
        Replace or, with None, remove the good ones.
    page : bytes
        Sent in place of the file.
    cut, stall : int
        After that many bytes of the body close the connection, or say nothing more.
    reset : bool
        Close it rudely: the client sees "connection reset", not an end.
    ignore_range : bool
        Send the whole file with a 200.
    chunked : bool
        Send the body chunked; cut leaves out the last chunk.
    lengthless : bool
        Send no length at all, and close at the end, as HTTP/1.0 does.
    silent : bool
        Take the request and never answer.
    before : callable
        Called with the request before anything is answered.
    """

    status: int | None = None
    headers: Mapping[str, str | None] = field(default_factory=dict)
    page: bytes | None = None
    cut: int | None = None
    stall: int | None = None
    reset: bool = False
    ignore_range: bool = False
    chunked: bool = False
    lengthless: bool = False
    silent: bool = False
    before: Callable[[Seen], None] | None = None


@dataclass(frozen=True)
class Seen:
    """A request as it came: the path decoded, the query not, the names of ``headers`` in lower case."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]


@dataclass
class _Resource:
    body: bytes
    etag: str | None
    modified: str | None
    faults: list[Fault | None]
    always: Fault


class FaultServer:
    """The server; a context manager. ``requests`` are those that came, in order."""

    def __init__(self, host: str = "127.0.0.1") -> None:
        self.requests: list[Seen] = []
        self._resources: dict[str, _Resource] = {}
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._http = _Listener((host, 0), _handler(self))
        self.url = f"http://{host}:{self._http.server_address[1]}"
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.01})

    def __enter__(self) -> FaultServer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()

    def serve(
        self,
        path: str,
        body: bytes = b"",
        *,
        faults: Iterable[Fault | None] = (),
        always: Fault | None = None,
        etag: str | None = '"1"',
        modified: str | None = None,
    ) -> str:
        """Serve `body` at `path`, once the scripted faults are used up, and return its URL."""
        with self._lock:
            self._resources[path] = _Resource(body, etag, modified, list(faults), always or Fault())
        return self.url + quote(path)

    def seen(self, path: str) -> list[Seen]:
        """Return the requests for one path."""
        with self._lock:
            return [request for request in self.requests if request.path == path]

    def _next(self, request: Seen) -> tuple[_Resource | None, Fault]:
        with self._lock:
            self.requests.append(request)
            resource = self._resources.get(request.path)
            if resource is None:
                return None, Fault()
            fault = resource.faults.pop(0) if resource.faults else None
            return resource, fault or resource.always


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: clients that go away are what this is for."""


def _handler(server: FaultServer) -> type[BaseHTTPRequestHandler]:
    class Handler(_Handler):
        faulty = server

    return Handler


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    faulty: FaultServer

    def log_message(self, *_: Any) -> None:
        """Keep the test output clean."""

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self._serve()

    def _serve(self) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        path, _, query = self.path.partition("?")
        request = Seen(self.command, unquote(path), query, headers)
        resource, fault = self.faulty._next(request)
        if fault.before is not None:
            fault.before(request)
        if fault.silent:
            self._hang()
            return
        if resource is None:
            status, answer, body = (
                404,
                {"Content-Type": "text/html"},
                b"<html><title>Not Found</title></html>",
            )
        elif fault.status is not None or fault.page is not None:
            status, answer, body = fault.status or 200, {}, fault.page or b""
        else:
            status, answer, body = _file(resource, headers, fault)
        self._answer(status, {**answer, **fault.headers}, body, fault)

    def _answer(self, status: int, headers: Mapping[str, str | None], body: bytes, fault: Fault) -> None:
        self.send_response(status)
        length = {"Transfer-Encoding": "chunked"} if fault.chunked else {"Content-Length": str(len(body))}
        for name, value in {**({} if fault.lengthless else length), **headers}.items():
            if value is not None:
                self.send_header(name, value)
        self.end_headers()
        stops = [place for place in (fault.cut, fault.stall) if place is not None]
        sent = body[: min(stops)] if stops else body
        self.wfile.write(b"%x\r\n%s\r\n" % (len(sent), sent) if fault.chunked and sent else sent)
        if fault.chunked and not stops:
            self.wfile.write(b"0\r\n\r\n")
        self.wfile.flush()
        if fault.stall is not None:
            self._hang()
        elif fault.cut is not None or fault.lengthless:
            self._close(rudely=fault.reset)

    def _hang(self) -> None:
        # Until the client gives up or the server is closed, whichever is first.
        self.connection.settimeout(0.05)
        while not self.faulty._closing.is_set():
            try:
                if not self.connection.recv(1):
                    break
            except TimeoutError:
                continue
            except OSError:
                break
        self.close_connection = True

    def _close(self, *, rudely: bool) -> None:
        self.close_connection = True
        if rudely:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def _file(
    resource: _Resource, headers: Mapping[str, str], fault: Fault
) -> tuple[int, dict[str, str | None], bytes]:
    size = len(resource.body)
    answer = {
        "Content-Type": "application/octet-stream",
        "ETag": resource.etag,
        "Last-Modified": resource.modified,
    }
    wanted = re.fullmatch(r"bytes=(\d+)-(\d*)", headers.get("range", ""))
    same = headers.get("if-range") in (None, resource.etag, resource.modified)
    if wanted is None or not same or fault.ignore_range:
        return 200, answer, resource.body
    first, last = int(wanted[1]), int(wanted[2] or size - 1)
    if first >= size:
        return 416, {**answer, "Content-Range": f"bytes */{size}"}, b""
    return (
        206,
        {**answer, "Content-Range": f"bytes {first}-{last}/{size}"},
        resource.body[first : last + 1],
    )
