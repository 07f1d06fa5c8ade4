"""The buckets behind the demo's AIND: moto's S3 in memory, without its sockets."""

from __future__ import annotations

import io
import itertools
import re
import sys
import threading
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

from sessionframes.demo.http import Answer

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from sessionframes.demo.http import Request

#: The key that opens all buckets; nobody's real one.
KEY, SECRET = "AKIADEMODEMODEMODEMO", "demo/demo/demo/demo/demo/demo/demo/demo/"
#: Nobody reads these without a key.
PRIVATE = frozenset({"codeocean-s3datasetsbucket-1u41qdg42ur9", "aind-private-data-prod-o5171v"})
#: Those that are known to hold data: they are there, though nothing may be in them.
BUCKETS = (
    *sorted(PRIVATE),
    "aibs-behavior-data",
    "aind-ephys-data",
    "aind-open-data",
    "aind-open-data-prod-o5171v",
    "aind-ophys-data",
)
_REGION = "us-west-2"
_SCOPE = f"{KEY}/20240101/{_REGION}/s3/aws4_request"
_CREDENTIAL = re.compile(r"Credential=([^/%,&\s]+)")
_OWN_HEADERS = ("content-length", "connection", "date", "server")
_numbers = itertools.count(1)


class Storage:
    """Buckets with files in them.

    Parameters
    ----------
    files : mapping
        From ``bucket/key`` to the bytes, or to the file that holds them.
    private : collection of str
        Buckets that are not read without a key.
    """

    def __init__(self, files: Mapping[str, bytes | Path], private: Collection[str]) -> None:
        self.files = {name.removeprefix("s3://"): told for name, told in files.items()}
        self.private = frozenset(private)
        self.url = ""
        # moto has one set of buckets for all of a process: each of ours gets an account and names of its own.
        self._number = next(_numbers)
        self._filling = threading.Lock()
        self._is_filled = self._is_changed = False

    @property
    def _account(self) -> str:
        return f"{self._number:012d}"

    @cached_property
    def _app(self) -> Any:
        from moto.moto_server.werkzeug_app import create_backend_app

        return create_backend_app("s3")

    @property
    def _backend(self) -> Any:
        from moto.s3.models import s3_backends

        return s3_backends[self._account]["aws"]

    def _fill(self) -> None:
        """Put all files in, once somebody asks: who reads no files need not wait for them."""
        with self._filling:
            if self._is_filled:
                return
            for bucket in sorted({*BUCKETS, *self.private, *(name.partition("/")[0] for name in self.files)}):
                self._backend.create_bucket(self._name(bucket), _REGION)
            for name, told in self.files.items():
                bucket, _, key = name.partition("/")
                self._backend.put_object(
                    self._name(bucket), key, told.read_bytes() if isinstance(told, Path) else told
                )
            self._is_filled = True

    def _name(self, bucket: str) -> str:
        return f"d{self._number}-{bucket}"

    def put(self, bucket: str, key: str, content: bytes) -> None:
        """Put a file into a bucket, perhaps in place of another."""
        self.remove(bucket, key)
        self._backend.put_object(self._name(bucket), key, content)

    def remove(self, bucket: str, key: str) -> None:
        """Take a file away, if there is one."""
        self._fill()
        self._is_changed = True
        found = self._backend.get_object(self._name(bucket), key)
        if found is not None:
            self._backend.delete_object(self._name(bucket), key)
            found.dispose()

    def read(self, bucket: str, key: str) -> bytes:
        """Return what a file holds.

        Raises
        ------
        LookupError
            There is no such file.
        """
        self._fill()
        found = self._backend.get_object(self._name(bucket), key)
        if found is None:
            raise LookupError(f"{bucket}/{key}")
        content: bytes = found.value
        return content

    def has(self, bucket: str, key: str) -> bool:
        """Return whether there is such a file."""
        try:
            self.read(bucket, key)
        except LookupError:
            return False
        return True

    def listed(self, bucket: str, folder: str) -> list[tuple[str, int | None]]:
        """Return the names below a folder, which ends with a slash, and the sizes of files (bytes)."""
        self._fill()
        keys = self._backend.get_bucket(self._name(bucket)).keys
        found: dict[str, int | None] = {}
        for key in sorted(keys):
            if key.startswith(folder):
                name, slash, _ = key.removeprefix(folder).partition("/")
                found[name] = None if slash else keys[key].size
        return list(found.items())

    def signed_url(self, bucket: str, key: str) -> str:
        """Return an address from which anybody reads a file."""
        signature = (
            f"X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential={quote(_SCOPE, safe='')}&X-Amz-Signature=demo"
        )
        return f"{self.url}/{bucket}/{quote(key)}?{signature}"

    def reset(self) -> None:
        """Go back to the files of the start."""
        if self._is_changed:
            self.empty()

    def empty(self) -> None:
        """Let go of the memory that files take; they are there again once somebody asks."""
        with self._filling:
            if self._is_filled:
                self._empty()
                self._is_filled = self._is_changed = False

    def _empty(self) -> None:
        from moto.s3.models import s3_backends

        # A backend's own reset would take the files of all others too.
        for name, bucket in self._backend.buckets.items():
            for key in bucket.keys.values():
                key.dispose()
            s3_backends.bucket_accounts.pop(name, None)
        self._backend.buckets.clear()

    def answer(self, request: Request) -> Answer:
        """Answer one request, as S3 does if it is addressed by paths."""
        bucket = request.path.lstrip("/").partition("/")[0]
        refused = self._refused(request, bucket)
        if refused is not None:
            return refused
        self._fill()
        self._is_changed |= request.method not in ("GET", "HEAD")
        return self._answered(request, bucket)

    def _refused(self, request: Request, bucket: str) -> Answer | None:
        told = request.headers.get("authorization", "") or unquote(request.query_text)
        key = _CREDENTIAL.search(told)
        if key and key[1] != KEY:
            return _error(
                403, "InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records."
            )
        if not key and (bucket in self.private or not bucket):
            return _error(403, "AccessDenied", "Access Denied")
        return None

    def _answered(self, request: Request, bucket: str) -> Answer:
        from werkzeug.test import run_wsgi_app

        chunks, status, headers = run_wsgi_app(self._app, self._environment(request, bucket), buffered=True)
        text = b"".join(chunks)
        kind = headers.get("Content-Type", "application/octet-stream")
        if "xml" in kind:
            text = text.replace(f">d{self._number}-".encode(), b">")
        kept = {name: value for name, value in headers.items() if name.lower() not in _OWN_HEADERS}
        if request.method == "HEAD" and "Content-Length" in headers:
            kept["Content-Length"] = headers["Content-Length"]
        kept.pop("Content-Type", None)
        return Answer(int(status.split()[0]), text, kept, kind)

    def _environment(self, request: Request, bucket: str) -> dict[str, Any]:
        path = request.path
        if bucket:
            path = f"/{self._name(bucket)}{path.removeprefix(f'/{bucket}')}"
        whole = f"{path}?{request.query_text}" if request.query_text else path
        host, _, port = self.url.removeprefix("http://").partition(":")
        environment = {
            "REQUEST_METHOD": request.method,
            "SCRIPT_NAME": "",
            "PATH_INFO": unquote(path).encode().decode("latin-1"),
            "QUERY_STRING": request.query_text,
            "RAW_URI": whole,
            "REQUEST_URI": whole,
            "SERVER_NAME": host,
            "SERVER_PORT": port,
            "SERVER_PROTOCOL": "HTTP/1.1",
            "CONTENT_LENGTH": str(len(request.body)),
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(request.body),
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
        }
        environment |= {
            f"HTTP_{name.upper().replace('-', '_')}": value
            for name, value in request.headers.items()
            if name not in ("content-length", "content-type")
        }
        # moto would ask for a key where we do not.
        environment.setdefault("HTTP_AUTHORIZATION", f"AWS4-HMAC-SHA256 Credential={_SCOPE}")
        environment["HTTP_X_MOTO_ACCOUNT_ID"] = self._account
        if "content-type" in request.headers:
            environment["CONTENT_TYPE"] = request.headers["content-type"]
        return environment


def _error(status: int, code: str, words: str) -> Answer:
    text = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f"<Error><Code>{code}</Code><Message>{words}</Message><RequestId>demo</RequestId></Error>"
    )
    return Answer(status, text, kind="application/xml")
