"""The part of a file that is here already: beside the final name, and nobody else's while we write.

``name.part`` holds the bytes, ``name.part.json`` says of which file and which state of it. The process that
writes holds a lock on the part itself, so that no third file lies about, a killed process leaves its part
behind unlocked and resumable, and a second one waits for the first instead of writing between its bytes.
Names of their own for each process would need no lock, but then nobody could tell a part that was left
from one that is being written.
"""

from __future__ import annotations

import errno
import hashlib
import json
import logging
import os
import sys
from contextlib import contextmanager
from dataclasses import asdict
from io import FileIO
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from sessionframes.transports.body import Entity
from sessionframes.transports.http_errors import shown

if sys.platform != "win32":
    import fcntl

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

__all__ = ["Part", "binding"]

_POLL = 0.1
_LOG = logging.getLogger(__name__)
_SIGNING = {"expires", "awsaccesskeyid", "key-pair-id", "policy"}


def binding(url: str) -> str:
    """Return what a part remembers of its URL: a digest, the same however often the URL is signed anew."""
    parts = urlsplit(shown(url))
    query = [
        (name, value)
        for name, value in parse_qsl(parts.query, keep_blank_values=True)
        if not name.lower().startswith(("x-amz-", "x-goog-")) and name.lower() not in _SIGNING
    ]
    return hashlib.sha256(urlunsplit(parts._replace(query=urlencode(query))).encode()).hexdigest()


class Part:
    """The part of one file, open and locked; made by :meth:`claim`.

    Attributes
    ----------
    superseded : bool
        Another process finished the very same file while we waited for it.
    """

    def __init__(self, path: Path, url: str) -> None:
        self._final = path
        self._binding = binding(url)
        self._path = _aside(path)
        self._note_path = self._path.with_name(self._path.name + ".json")
        self._file: FileIO
        self.superseded = False

    @classmethod
    @contextmanager
    def claim(cls, path: Path, url: str, wait: Callable[[float], None]) -> Iterator[Part]:
        """Open the part of the file that is to be `path`, once nobody else has it.

        Parameters
        ----------
        path : Path
            The final name.
        url : str
            Where the file comes from.
        wait : callable
            Waits the given time, in s, while another process writes; may raise to end the waiting.

        Raises
        ------
        OSError
            The directory cannot be written.
        """
        part = cls(path, url)
        part._lock(wait)
        try:
            yield part
        finally:
            part._leave()

    @property
    def size(self) -> int:
        """How many bytes are here."""
        return os.fstat(self._file.fileno()).st_size

    def resumable(self) -> Entity | None:
        """Return the state of the file that these bytes are from, if they can be continued."""
        note = self._note()
        if note is None or note.get("url") != self._binding or not self.size:
            return None
        entity = Entity(note.get("etag"), note.get("modified"), note.get("size"))
        too_long = entity.size is not None and self.size > entity.size
        return None if too_long or not entity.recognisable else entity

    def restart(self) -> None:
        """Forget the bytes that are here."""
        self._note_path.unlink(missing_ok=True)
        self._file.truncate(0)

    def write(self, chunk: bytes, entity: Entity) -> None:
        """Add `chunk`, which belongs to this state of the file, to the end."""
        if not self.size:
            self._note_path.write_text(json.dumps({"url": self._binding, **asdict(entity)}), encoding="utf-8")
        self._file.seek(0, os.SEEK_END)
        rest = memoryview(chunk)
        while rest:
            rest = rest[self._file.write(rest) :]

    def digest(self, algorithm: str) -> str:
        """Return the checksum of the bytes on disk, in hexadecimal."""
        self._file.seek(0)
        return hashlib.file_digest(self._file, algorithm).hexdigest()

    def commit(self) -> None:
        """Give the part its final name, and only then let go of it."""
        os.fsync(self._file.fileno())
        self._note_path.unlink(missing_ok=True)
        if sys.platform == "win32":
            self._file.close()
        self._path.replace(self._final)
        _fsync_directory(self._final.parent)

    def _note(self) -> dict[str, Any] | None:
        try:
            note = json.loads(self._note_path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return note if isinstance(note, dict) else None

    def _lock(self, wait: Callable[[float], None]) -> None:
        awaited: os.stat_result | None = None
        while True:
            # Unbuffered: what is written is the system's, whatever happens to this process. Opening neither
            # truncates nor fails where nothing is, so that whoever comes first has an empty file to lock.
            file = FileIO(self._path, "r+", opener=_opener)
            try:
                if _locked(file.fileno()) and _is(os.fstat(file.fileno()), self._path):
                    self._file = file
                    self.superseded = awaited is not None and _is(awaited, self._final)
                    return
                note = self._note()
                if note is not None and note.get("url") == self._binding:
                    awaited = os.fstat(file.fileno())
            except BaseException:
                file.close()
                raise
            file.close()
            wait(_POLL)

    def _leave(self) -> None:
        if self._file.closed:
            return
        if self._is_ours() and not self.size:
            self._note_path.unlink(missing_ok=True)
            self._path.unlink()
        self._file.close()

    def _is_ours(self) -> bool:
        return _is(os.fstat(self._file.fileno()), self._path)


def _opener(name: str, flags: int) -> int:
    return os.open(name, flags | os.O_CREAT, 0o666)


def _aside(path: Path) -> Path:
    name = path.name
    if len(os.fsencode(name)) > 240:
        name = hashlib.sha256(os.fsencode(name)).hexdigest()
    # Where nothing can be locked, a part is its process's own and is not continued by another.
    return path.with_name(f"{name}.{os.getpid()}.part" if sys.platform == "win32" else f"{name}.part")


def _is(status: os.stat_result, path: Path) -> bool:
    try:
        return os.path.samestat(status, path.stat())
    except FileNotFoundError:
        return False


def _locked(descriptor: int) -> bool:
    if sys.platform == "win32":
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        if error.errno not in (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP):
            raise
        _LOG.warning("this file system has no locks: two downloads to one path would disturb each other")
    return True


def _fsync_directory(directory: Path) -> None:
    if sys.platform == "win32":
        return
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
