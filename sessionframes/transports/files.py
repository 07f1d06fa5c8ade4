"""Files over HTTP: as a stream of bytes, or onto disk, whole or not at all."""

from __future__ import annotations

import hashlib
import logging
import threading
from collections import Counter
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from sessionframes.errors import DownloadError
from sessionframes.transports.body import Body, Entity, EntityChangedError
from sessionframes.transports.file_request import FileRequest
from sessionframes.transports.http import HttpClient
from sessionframes.transports.part import Part
from sessionframes.transports.workers import Stop, run_all

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from requests.auth import AuthBase

__all__ = ["FileRequest", "FileTransport"]

# Small enough that a progress bar moves on a slow line.
_DISK_CHUNK = 256 * 1024
_LOG = logging.getLogger(__name__)


class FileTransport:
    """Brings files: every byte of them, or an error.

    Parameters
    ----------
    base_url : str, optional
        What relative URLs are relative to, and the origin that `auth` is for.
    auth : requests.auth.AuthBase, optional
        Credentials. They go to the origin of `base_url` and nowhere else.
    timeout : tuple of float
        How long to wait for a connection, and for the next byte, in s.
    attempts : int
        How often in a row a file's next bytes are asked for before it is given up, at least 1.
    workers : int
        How many files :meth:`download_many` brings at a time.
    sleep : callable, optional
        Waits the given time, in s, between attempts; if not given, a wait that an interrupt ends.
    """

    def __init__(
        self,
        base_url: str | None = None,
        auth: AuthBase | None = None,
        *,
        timeout: tuple[float, float] = (10, 60),
        attempts: int = 5,
        workers: int = 4,
        sleep: Callable[[float], None] | None = None,
    ) -> None:
        self._client = HttpClient(base_url, auth, timeout=timeout, attempts=attempts)
        self._workers = workers
        self._sleep = sleep

    def close(self) -> None:
        """Close the connections that are kept open."""
        self._client.close()

    def stream(self, request: FileRequest, chunk_size: int = 1024 * 1024) -> Iterator[bytes]:
        """Yield the bytes of a file; nothing is sent before the first is asked for.

        What is cut or stalls is asked for again from there on (``Range`` with ``If-Range``; a server that
        ignores them sends the beginning again, which is skipped). The stream ends only when the promised
        number of bytes has come. Where an answer has no length at all, as in HTTP/1.0, the end of the
        connection is the end of the file, unless `request` says otherwise.

        Parameters
        ----------
        request : FileRequest
            The file.
        chunk_size : int
            The most bytes to yield at a time.

        Raises
        ------
        DownloadError
            The file did not come whole, changed meanwhile, is a web page, or fails its size or checksum.
            What was yielded before is then not to be used.
        AuthenticationError
            The server refused.
        """
        check = hashlib.new(request.algorithm, usedforsecurity=False) if request.checksum else None
        for chunk in self._body(request, Stop()).chunks(chunk_size):
            if check is not None:
                check.update(chunk)
            yield chunk
        if check is not None:
            request.check(check.hexdigest())

    def download(
        self,
        request: FileRequest,
        path: Path,
        *,
        overwrite: bool = True,
        progress: bool = True,
        description: str | None = None,
    ) -> Path:
        """Bring a file to `path`, whole or not at all.

        The bytes go to ``path.part`` and get their name once size and checksum are right; until then
        a file of that name stays as it is. After an interruption, a call for the same file continues the part
        if the server says that the file is still the same, and begins again otherwise. While another
        process brings a file to the same path, this one waits, and takes over that file if it is the same.

        Parameters
        ----------
        request : FileRequest
            The file.
        path : Path
            Its final name; directories are made as needed.
        overwrite : bool
            Replace what is there. If False, what is there is kept and returned. In either case nothing is
            sent if what is there has the right checksum already.
        progress : bool
            Show a bar.
        description : str, optional
            What the bar says; the name of the file if not given.

        Returns
        -------
        Path
            `path`.

        Raises
        ------
        DownloadError
            As from :meth:`stream`; or `path` cannot be written; or, with ``overwrite=False``, what is there
            is not the file.
        AuthenticationError
            The server refused.
        """
        with _bar(description or path.name, request.size, show=progress) as bar:
            return self._download(request, path, overwrite=overwrite, stop=Stop(), meter=_Meter(bar))

    def download_many(
        self,
        jobs: Sequence[tuple[FileRequest, Path]],
        *,
        workers: int | None = None,
        overwrite: bool = True,
        progress: bool = True,
    ) -> list[Path]:
        """Bring several files at a time; one that fails does not stop the others.

        Parameters
        ----------
        jobs : sequence of (FileRequest, Path)
            The files and their final names.
        workers : int, optional
            How many at a time; the transport's number if not given.
        overwrite : bool
            As :meth:`download` has it.
        progress : bool
            Show one bar for all.

        Returns
        -------
        list of Path
            The final names, in the order of `jobs`.

        Raises
        ------
        DownloadError
            Some did not come: each is named with its reason, and the cause is an ``ExceptionGroup`` of all.
            The others are in place. Or two of them would get the same name; then nothing was sent.
        """
        paths = [path for _, path in jobs]
        twice = sorted(str(path) for path, count in Counter(paths).items() if count > 1)
        if twice:
            message = f"several files would get the same name: {', '.join(twice)}."
            raise DownloadError(message, hint="Give each a name of its own.")
        sizes = [request.size for request, _ in jobs]
        total = None if None in sizes else sum(size or 0 for size in sizes)
        with _bar(f"{len(jobs)} files", total, show=progress and bool(jobs)) as bar:
            stop, meter = Stop(), _Meter(bar, shared=True)
            bring = partial(self._download, overwrite=overwrite, stop=stop, meter=meter)
            tasks = [partial(bring, request, path) for request, path in jobs]
            outcomes = run_all(tasks, workers or self._workers, stop)
        errors = {path: error for path, error in zip(paths, outcomes, strict=True) if error is not None}
        if errors:
            reasons = "\n".join(f"  {path}: {error}" for path, error in errors.items())
            message = f"{len(errors)} of {len(jobs)} files did not come:\n{reasons}"
            hint = "\nThe others are in place; what came of these is continued by the next call."
            raise DownloadError(message, hint=hint) from ExceptionGroup("downloads", list(errors.values()))
        return paths

    def _body(self, request: FileRequest, stop: Stop, start: int = 0, entity: Entity | None = None) -> Body:
        return Body(
            self._client,
            self._client.url(request.url),
            request.filename,
            headers=request.headers,
            size=request.size,
            stop=stop,
            sleep=self._sleep,
            start=start,
            entity=entity,
        )

    def _download(
        self, request: FileRequest, path: Path, *, overwrite: bool, stop: Stop, meter: _Meter
    ) -> Path:
        def pause(seconds: float) -> None:
            stop.check()
            stop.sleep(seconds)

        with _disk(path):
            if _is_there(request, path, overwrite=overwrite):
                return path
            path.parent.mkdir(parents=True, exist_ok=True)
            with Part.claim(path, self._client.url(request.url), pause) as part:
                if part.superseded and request.fits(path):
                    return path
                self._bring(request, part, stop, meter)
                part.commit()
        return path

    def _bring(self, request: FileRequest, part: Part, stop: Stop, meter: _Meter) -> None:
        entity = part.resumable()
        if entity is None:
            part.restart()
        start = part.size
        meter.begin(start)
        try:
            self._copy(self._body(request, stop, start, entity), part, meter)
        except EntityChangedError:
            if not start or part.size > start:
                raise
            _LOG.info("%s changed on the server since its part came; beginning anew", request.filename)
            part.restart()
            meter.begin(-start)
            self._copy(self._body(request, stop), part, meter)
        if request.checksum is not None:
            try:
                request.check(part.digest(request.algorithm))
            except DownloadError:
                part.restart()
                raise

    def _copy(self, body: Body, part: Part, meter: _Meter) -> None:
        for chunk in body.chunks(_DISK_CHUNK):
            part.write(chunk, body.entity)
            meter.advance(len(chunk), body.entity.size)


class _Meter:
    """What a bar shows, from several threads."""

    def __init__(self, bar: Any, *, shared: bool = False) -> None:
        self._bar = bar
        self._shared = shared
        self._lock = threading.Lock()

    def begin(self, start: int) -> None:
        if self._bar.disable:
            return
        # What came in an earlier call must not count as speed.
        with self._lock:
            self._bar.initial += start
            self._bar.n += start

    def advance(self, count: int, total: int | None) -> None:
        with self._lock:
            if not self._shared and total is not None:
                self._bar.total = total
            self._bar.update(count)


def _bar(description: str, total: int | None, *, show: bool) -> Any:
    from tqdm.auto import tqdm

    return tqdm(desc=description, total=total, unit="B", unit_scale=True, unit_divisor=1024, disable=not show)


@contextmanager
def _disk(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        message = f"{path} could not be written: {error.strerror or error}."
        hint = "Make room or choose another place, and call again: what has come is continued."
        raise DownloadError(message, hint=hint) from error


def _is_there(request: FileRequest, path: Path, *, overwrite: bool) -> bool:
    if path.is_dir():
        message = f"{path} is a directory."
        raise DownloadError(message, hint="Give the name that the file should get.")
    if not path.exists():
        return False
    if overwrite:
        return request.checksum is not None and request.fits(path)
    if request.fits(path):
        return True
    message = f"{path} is there already, and is not {request.filename!r}: its size or checksum is another."
    raise DownloadError(message, hint="Pass overwrite=True to replace it.")
