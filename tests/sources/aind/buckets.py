"""Moto's S3 on loopback, which counts what it sends, and refuses or breaks what it is told to."""

from __future__ import annotations

import itertools
import threading
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from moto.moto_server.werkzeug_app import create_backend_app
from moto.s3.models import s3_backends
from werkzeug.serving import make_server

from sessionframes.sources.aind.storage import Storage

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

#: Moto has one set of buckets for all of a process, and accounts keep them apart.
_accounts = itertools.count(900_000_000_001)
_DENIED = b"<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"
_SLOW = b"<Error><Code>InternalError</Code><Message>We encountered an internal error.</Message></Error>"


class Buckets:
    """Buckets with files in them; a context manager."""

    def __init__(self) -> None:
        self._app = create_backend_app("s3")
        self._account = str(next(_accounts))
        self.backend: Any = s3_backends[self._account]["aws"]
        #: (method, path, bytes sent) of each request.
        self.sent: list[tuple[str, str, int]] = []
        #: Was there a signature?
        self.signed: list[bool] = []
        self.private: set[str] = set()
        #: For each of the next requests for a path how it goes wrong: a status, or how many bytes of the body
        #: come before the connection is closed, as a negative number.
        self.faults: dict[str, list[int]] = {}
        self._server = make_server("127.0.0.1", 0, self._answer, threaded=True)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Buckets:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        for name, bucket in list(self.backend.buckets.items()):
            for key in bucket.keys.values():
                key.dispose()
            s3_backends.bucket_accounts.pop(name, None)
        self.backend.buckets.clear()

    def storage(self, **options: Any) -> Storage:
        return Storage(self.url, **{"anonymous": True, **options})

    def put(self, url: str, content: bytes) -> str:
        """Put a file into a bucket, which is made if need be; returns its URL."""
        bucket, _, key = url.removeprefix("s3://").partition("/")
        if bucket not in self.backend.buckets:
            self.backend.create_bucket(bucket, "us-east-1")
        self.backend.put_object(bucket, key, content)
        return url

    def put_folder(self, url: str, folder: Path) -> str:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                self.put(f"{url}/{path.relative_to(folder).as_posix()}", path.read_bytes())
        return url

    def remove(self, url: str) -> None:
        bucket, _, key = url.removeprefix("s3://").partition("/")
        self.backend.delete_object(bucket, key)

    def read(self, url: str) -> bytes:
        bucket, _, key = url.removeprefix("s3://").partition("/")
        return self.backend.get_object(bucket, key).value

    def bytes_sent(self) -> int:
        return sum(count for _, _, count in self.sent)

    def _answer(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        self.signed.append("HTTP_AUTHORIZATION" in environ)
        if path.strip("/").partition("/")[0] in self.private:
            start_response("403 Forbidden", [("Content-Type", "application/xml")])
            return [] if environ["REQUEST_METHOD"] == "HEAD" else [_DENIED]
        faults = self.faults.get(unquote(path).lstrip("/"), [])
        fault = faults.pop(0) if faults else None
        if fault is not None and fault > 0:
            start_response(f"{fault} Fault", [("Content-Type", "application/xml")])
            return [] if environ["REQUEST_METHOD"] == "HEAD" else [_SLOW]
        # Without one moto asks for a key, unless the bucket is public by an ACL of its own.
        scope = "AKIA/20240101/us-east-1/s3/aws4_request"
        environ.setdefault("HTTP_AUTHORIZATION", f"AWS4-HMAC-SHA256 Credential={scope}")
        environ["HTTP_X_MOTO_ACCOUNT_ID"] = self._account
        content = b"".join(self._app(environ, start_response))
        content = content if fault is None else content[:-fault]
        self.sent.append((environ["REQUEST_METHOD"], path, len(content)))
        return [content]
