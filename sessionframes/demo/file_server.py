"""The web application of the demo's LIMS: hands out files by their id, whole or in part."""

from __future__ import annotations

import re
import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self

from sessionframes.demo.lims import file_bytes

_PATH = re.compile(r"/well_known_files/download/(\d+)(?:\?.*)?")
_RANGE = re.compile(r"bytes=(\d+)-")


class FileServer:
    """Serves the files of the demo on a free port of the loopback interface until it is stopped."""

    def __init__(self) -> None:
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(
            target=self._server.serve_forever, name="sessionframes-demo-files", daemon=True
        )
        self._thread.start()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def stop(self) -> None:
        """Stop listening; a second call does nothing."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


class _Server(ThreadingHTTPServer):
    def handle_error(self, *_: object) -> None:
        """Say nothing of clients that leave early."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        found = _PATH.fullmatch(self.path)
        if not found:
            self.send_error(HTTPStatus.NOT_FOUND)
            return
        whole = file_bytes(int(found[1]))
        start = self._start(len(whole))
        self.send_response(HTTPStatus.PARTIAL_CONTENT if start else HTTPStatus.OK)
        self.send_header("Content-Type", "application/octet-stream")
        self.send_header("Content-Length", str(len(whole) - start))
        self.send_header("ETag", f'"{found[1]}"')
        self.send_header("Accept-Ranges", "bytes")
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(whole) - 1}/{len(whole)}")
        self.end_headers()
        self.wfile.write(whole[start:])

    def _start(self, size: int) -> int:
        asked = _RANGE.fullmatch(self.headers.get("Range", ""))
        start = int(asked[1]) if asked else 0
        return start if start < size else 0

    def log_message(self, *_: object) -> None:
        """Say nothing: the demo's own output is what people read."""
