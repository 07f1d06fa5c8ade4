"""HTTP for the demo's servers: connections that are kept, and answers that are spoilt on their way."""

from __future__ import annotations

import gzip
import sys
import threading
from dataclasses import replace
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from sessionframes.demo.http.messages import Answer, Request

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sessionframes.demo.http.faults import Fault

#: Smaller answers fit into one packet anyway (bytes).
_LARGE = 1400


class Listener(ThreadingHTTPServer):
    """Listens on a free port of the loopback interface until it is stopped.

    Parameters
    ----------
    answer : callable
        From a request to its answer, and how that is spoilt.
    service : str
        What it is called in requests.
    compress : bool
        Whether to use gzip where a client takes it.
    headers : mapping, optional
        Of every answer.
    """

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(
        self,
        answer: Callable[[Request], tuple[Answer, Fault]],
        service: str,
        *,
        compress: bool = False,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answer = answer
        self.service = service
        self.compress = compress
        self.headers = dict(headers or {})
        #: Set once nobody shall be kept waiting any more.
        self.closing = threading.Event()
        self._thread = threading.Thread(
            target=self.serve_forever,
            kwargs={"poll_interval": 0.02},
            name=f"sessionframes-demo-{service}",
            daemon=True,
        )
        self._thread.start()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_port}"

    def stop(self) -> None:
        """Stop listening; a second call does nothing."""
        if not self.closing.is_set():
            self.closing.set()
            self.shutdown()
            self.server_close()
            self._thread.join()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of clients that leave early, but all of what is wrong here."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Headers and body leave together, or each answer would wait for the client to acknowledge the headers.
    wbufsize = -1
    disable_nagle_algorithm = True
    server: Listener

    def do_GET(self) -> None:
        path, _, query = self.path.partition("?")
        request = Request(
            method=self.command,
            path=path,
            query_text=query,
            headers={name.lower(): value for name, value in self.headers.items()},
            body=self.rfile.read(int(self.headers.get("Content-Length") or 0)),
            url=f"{self.server.url}{self.path}",
            service=self.server.service,
        )
        answer, fault = self.server.answer(request)
        if fault.lost:
            self.close_connection = True
            return
        body = answer.body
        takes_gzip = "gzip" in request.headers.get("accept-encoding", "")
        if self.server.compress and takes_gzip and len(body) > _LARGE:
            body = gzip.compress(body, 1)
            answer = replace(answer, headers={**answer.headers, "Content-Encoding": "gzip"})
        self._send(answer, body, fault)

    # The names are those that http.server looks for.
    do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = do_GET  # noqa: N815

    def handle_expect_100(self) -> bool:
        """Let a client send its body, which waits until it is told to."""
        told = super().handle_expect_100()
        self.wfile.flush()
        return told

    def _send(self, answer: Answer, body: bytes, fault: Fault) -> None:
        self.send_response(answer.status, fault.reason)
        headers = {"Content-Type": answer.kind, **self.server.headers, **answer.headers}
        if answer.status != HTTPStatus.NO_CONTENT and not (
            self.command == "HEAD" and "Content-Length" in headers
        ):
            headers["Content-Length"] = str(len(body))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD" and answer.status != HTTPStatus.NO_CONTENT:
            stops = [place for place in (fault.cut, fault.stall) if place is not None]
            self.wfile.write(body[: min(stops)] if stops else body)
        self.wfile.flush()
        if fault.stall is not None:
            self._hang()
        if fault.cut is not None:
            self.close_connection = True

    def _hang(self) -> None:
        # Until the client gives up or the server is stopped, whichever is first.
        self.close_connection = True
        self.connection.settimeout(0.05)
        while not self.server.closing.is_set():
            try:
                if not self.connection.recv(1):
                    return
            except TimeoutError:
                continue
            except OSError:
                return

    def log_message(self, *_: object) -> None:
        """Say nothing: the demo's own output is what people read."""
