"""The bytes of one file on a server, over as many answers as it takes."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sessionframes.errors import AuthenticationError, DownloadError, SourceError, SourceUnavailableError
from sessionframes.transports.http_errors import raise_for_status, shown, translated
from sessionframes.transports.words import quoted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    import requests

    from sessionframes.transports.http import HttpClient
    from sessionframes.transports.workers import Stop

__all__ = ["Body", "Entity", "EntityChangedError"]

_PAGE = re.compile(rb"(\xef\xbb\xbf)?\s*(<!doctype\s+html|<html)[\s>]", re.IGNORECASE)
_PAGE_TYPES = ("text/html", "application/xhtml")
_PAGE_NAMES = (".html", ".htm", ".xhtml")
_PACKED_NAMES = (".gz", ".tgz", ".bz2", ".xz", ".zst", ".br")


class EntityChangedError(DownloadError):
    """The file on the server is no longer the one whose beginning we have."""


@dataclass(frozen=True)
class Entity:
    """Which state of a file a server sent: its validators and its size in bytes, as far as it told."""

    etag: str | None = None
    modified: str | None = None
    size: int | None = None

    @classmethod
    def of(cls, response: requests.Response) -> Entity:
        """Read it from the headers of an answer."""
        headers = response.headers
        size: int | None = None
        if response.status_code == 206:
            size = _content_range(response)[1]
        elif "chunked" not in headers.get("Transfer-Encoding", "").lower():
            length = headers.get("Content-Length", "")
            size = int(length) if length.isdecimal() else None
        return cls(headers.get("ETag"), headers.get("Last-Modified"), size)

    @property
    def condition(self) -> str | None:
        """What ``If-Range`` may carry: a strong ETag or a date."""
        return self.etag if self.etag and not self.etag.startswith("W/") else self.modified

    @property
    def recognisable(self) -> bool:
        """Whether the server gave anything to know this state by, later."""
        return bool(self.etag or self.modified)

    def differs(self, other: Entity) -> bool:
        """Whether the two are certainly not the same state of the file."""
        if self.size is not None and other.size is not None and self.size != other.size:
            return True
        if self.etag and other.etag:
            return self.etag.removeprefix("W/") != other.etag.removeprefix("W/")
        return bool(self.modified and other.modified and self.modified != other.modified)

    def comparable(self, other: Entity) -> bool:
        """Whether both carry a validator of the same kind."""
        return bool((self.etag and other.etag) or (self.modified and other.modified))


class Body:
    """The bytes of one file; nothing is sent before the first is asked for.

    An answer that is cut or stalls is continued by a ``Range`` request. The attempts that the client allows
    count anew for each chunk, so a long file survives many cuts, and a dead server is still given up.

    Parameters
    ----------
    client : HttpClient
        Sends the requests.
    url, name : str
        Where the file is, and what to call it in messages.
    headers : mapping
        Sent along with each request.
    size : int, optional
        How many bytes there must be, if the source said.
    stop : Stop
        Ends it early.
    sleep : callable, optional
        Waits the given time, in s, between attempts, in place of ``stop.sleep``.
    start : int
        How many bytes are already there.
    entity : Entity, optional
        Which state of the file they are from.
    """

    def __init__(
        self,
        client: HttpClient,
        url: str,
        name: str,
        *,
        headers: Mapping[str, str],
        size: int | None,
        stop: Stop,
        sleep: Callable[[float], None] | None = None,
        start: int = 0,
        entity: Entity | None = None,
    ) -> None:
        self.entity = entity or Entity()
        self._client = client
        self._url = url
        self._name = name
        self._headers = headers
        self._size = size
        self._stop = stop
        self._sleep = sleep or stop.sleep
        self._delivered = start
        self._buffer = bytearray()
        self._skip = 0
        self._done = False
        self._answer: requests.Response | None = None

    def chunks(self, size: int) -> Iterator[bytes]:
        """Yield the bytes, at most `size` at a time, and end only when all have come.

        Raises
        ------
        DownloadError
            They did not all come, or they are not the file's; chained from what happened.
        EntityChangedError
            The file changed on the server after its first bytes had come.
        AuthenticationError
            The server refused.
        """
        failure: SourceError | None = None
        try:
            while failure is None and not self._done:
                failure = self._fill(size)
                chunk = bytes(self._buffer)
                if chunk:
                    if not self._delivered and not self._is_page and _PAGE.match(chunk[:1024]):
                        raise self._no_page(chunk[:8192])
                    self._buffer.clear()
                    self._delivered += len(chunk)
                    yield chunk
        finally:
            self._drop()
        if isinstance(failure, AuthenticationError):
            raise failure
        if failure is not None:
            raise self._given_up(failure) from failure

    @property
    def _offset(self) -> int:
        return self._delivered + len(self._buffer)

    def _error(
        self, message: str, kind: type[DownloadError] = DownloadError, hint: str | None = None
    ) -> DownloadError:
        return kind(f"{self._name!r} was not downloaded from {shown(self._url)}: {message}", hint=hint)

    def _given_up(self, failure: SourceError) -> DownloadError:
        whole = self.entity.size or self._size
        came = (
            f" after {self._delivered:,}{f' of {whole:,}' if whole else ''} bytes" if self._delivered else ""
        )
        message = f"{self._name!r} was not downloaded{came}: {failure}"
        if not isinstance(failure, SourceUnavailableError):
            return DownloadError(message)
        return DownloadError(message, hint=f"It was tried {self._client.attempts} times; call again later.")

    def _drop(self) -> None:
        if self._answer is not None:
            self._answer.close()
            self._answer = None

    def _fill(self, size: int) -> SourceError | None:
        try:
            self._client.retry(lambda: self._read(size), self._sleep)
        except SourceError as error:
            return error
        return None

    def _read(self, size: int) -> None:
        self._stop.check()
        try:
            answer = self._answer = self._answer or self._open()
            with translated(self._url):
                while not self._done and len(self._buffer) < size:
                    self._stop.check()
                    # One read of the socket: what a cut leaves behind is never thrown away.
                    self._take(answer, answer.raw.read1(size - len(self._buffer), decode_content=False))
        except BaseException:
            self._drop()
            raise

    def _open(self) -> requests.Response:
        wanted = self._offset
        if wanted and wanted == self.entity.size:
            # A range that begins at the end is refused; the last byte again tells if the file is the same.
            wanted -= 1
        headers = {**self._headers, "Accept-Encoding": "identity"}
        if wanted:
            headers["Range"] = f"bytes={wanted}-"
            if self.entity.condition:
                headers["If-Range"] = self.entity.condition
        answer = self._client.send("GET", self._url, headers=headers)
        try:
            self._stop.watch(answer)
            self._accept(answer, wanted)
        except BaseException:
            answer.close()
            raise
        return answer

    def _accept(self, answer: requests.Response, wanted: int) -> None:
        status = answer.status_code
        if status in (404, 410):
            raise self._error(f"the server has no such file ({status}).")
        if status == 416 and wanted:
            raise self._changed("it is shorter now.")
        raise_for_status(answer)
        if status != 200 and not (status == 206 and wanted):
            raise self._error(f"the server answered {status} where 200 was expected.")
        if status == 200 and not self._is_page and _says_page(answer):
            with translated(self._url):
                raise self._no_page(next(answer.iter_content(8192), b""))
        self._refuse_packed(answer)
        self._compare(Entity.of(answer), vouched=status == 206 and self.entity.condition is not None)
        first = _content_range(answer)[0] if status == 206 else 0
        if first is None or first > wanted:
            raise self._error(f"the server was asked for the bytes from {wanted:,} and sent others.")
        self._skip = self._offset - first

    def _compare(self, entity: Entity, *, vouched: bool) -> None:
        # A 206 to an If-Range vouches for the state; any other answer must show that it is the same.
        lost = self.entity.recognisable and not vouched and not self.entity.comparable(entity)
        if self._offset and (lost or self.entity.differs(entity)):
            raise self._changed("its size, ETag or date is another now.")
        known = self.entity if self._offset else Entity()
        self.entity = Entity(
            known.etag or entity.etag, known.modified or entity.modified, known.size or entity.size
        )
        if None not in (self._size, entity.size) and self._size != entity.size:
            raise self._error(f"the server has {entity.size:,} bytes where {self._size:,} were expected.")

    def _take(self, answer: requests.Response, data: bytes) -> None:
        if not data:
            # Stopping shuts the connection, which looks like the end of a file without a length.
            self._stop.check()
            self._end(answer)
            return
        skipped = min(self._skip, len(data))
        self._skip -= skipped
        self._buffer += data[skipped:]
        if self.entity.size is not None and not self._skip and self._offset >= self.entity.size:
            self._end(answer)

    def _end(self, answer: requests.Response) -> None:
        self._drop()
        expected = self.entity.size if self.entity.size is not None else self._size
        if expected is not None and (self._offset != expected or self._skip):
            message = f"the answer ended after {self._offset:,} of {expected:,} bytes."
            if self._offset > expected or "Transfer-Encoding" in answer.headers:
                raise self._error(message)
            raise SourceUnavailableError(f"{shown(self._url)}: {message}")
        # Without any length the end of the connection is the end of the file: HTTP/1.0 knows no other.
        self.entity = replace(self.entity, size=self._offset)
        self._done = True

    def _changed(self, how: str) -> DownloadError:
        hint = "Call again to begin anew."
        return self._error(f"it changed on the server meanwhile: {how}", EntityChangedError, hint)

    @property
    def _is_page(self) -> bool:
        return self._name.lower().endswith(_PAGE_NAMES)

    def _no_page(self, head: bytes) -> DownloadError:
        title = quoted(head)
        message = f"the server sent a web page instead{f', titled {title}' if title else ''}."
        return self._error(message, hint="Open the address in a browser: it may want a login.")

    def _refuse_packed(self, answer: requests.Response) -> None:
        packed = answer.headers.get("Content-Encoding", "identity").lower()
        # Servers label a file that *is* a .gz in this way; then the bytes as sent are the file.
        if packed not in ("", "identity") and not self._name.lower().endswith(_PACKED_NAMES):
            raise self._error(
                f"the server sent it packed as {packed!r}, though asked for the bytes as they are."
            )


def _says_page(response: requests.Response) -> bool:
    return response.headers.get("Content-Type", "").lower().startswith(_PAGE_TYPES)


def _content_range(response: requests.Response) -> tuple[int | None, int | None]:
    match = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", response.headers.get("Content-Range", "").strip())
    if match is None:
        return None, None
    return int(match[1]), None if match[2] == "*" else int(match[2])
