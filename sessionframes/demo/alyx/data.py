"""The server of the demo's Alyx that has the files: by their path, with a password if one is wished."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import unquote

from sessionframes.demo.http import HTML, Answer, Request

#: What is in a file, where that is, or how it is made.
Content = bytes | Path | Callable[[], bytes]
_RANGE = re.compile(r"bytes=(\d+)-(\d*)")


class DataServer:
    """Serves files.

    Parameters
    ----------
    files : mapping
        From their paths to what they hold.
    login : tuple of str, optional
        The name and password that are asked for.
    """

    def __init__(self, files: Mapping[str, Content], login: tuple[str, str] | None) -> None:
        self._first = dict(files)
        self.files = dict(files)
        self.login = login

    def reset(self) -> None:
        """Go back to the files of the start."""
        self.files = dict(self._first)

    def content(self, path: str) -> bytes:
        """Return what a file holds.

        Raises
        ------
        LookupError
            There is none.
        """
        told = self.files[path]
        if isinstance(told, Path):
            return told.read_bytes()
        return told if isinstance(told, bytes) else told()

    def answer(self, request: Request) -> Answer:
        """Answer one request."""
        if self.login is not None:
            wanted = base64.b64encode(":".join(self.login).encode()).decode()
            if request.headers.get("authorization") != f"Basic {wanted}":
                asked = {"WWW-Authenticate": 'Basic realm="data"'}
                return Answer(401, "<h1>Unauthorized</h1>", asked, HTML)
        if request.method not in ("GET", "HEAD"):
            return Answer(405, "<h1>Method Not Allowed</h1>", kind=HTML)
        try:
            content = self.content(unquote(request.path).lstrip("/"))
        except LookupError:
            return Answer(404, "<h1>Not Found</h1>", kind=HTML)
        return _whole_or_part(request, content)


def _whole_or_part(request: Request, content: bytes) -> Answer:
    kind = "application/octet-stream"
    headers = {"Accept-Ranges": "bytes"}
    wanted = _RANGE.fullmatch(request.headers.get("range", ""))
    if wanted is None:
        return Answer(200, content, {**headers, "Content-Length": str(len(content))}, kind)
    first, last = int(wanted[1]), min(int(wanted[2] or len(content)), len(content) - 1)
    if first >= len(content):
        return Answer(416, b"", {**headers, "Content-Range": f"bytes */{len(content)}"}, kind)
    headers["Content-Range"] = f"bytes {first}-{last}/{len(content)}"
    return Answer(206, content[first : last + 1], headers, kind)
