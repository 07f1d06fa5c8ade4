"""One Postgres server on a private directory, that never outlives the process which started it."""

from __future__ import annotations

import atexit
import contextlib
import os
import select
import signal
import subprocess
import sys
import threading
import time
import weakref
from typing import TYPE_CHECKING, Self

from sessionframes.demo.postgres import watchdog
from sessionframes.demo.postgres.address import Address
from sessionframes.demo.postgres.installation import Installation
from sessionframes.demo.postgres.storage import Storage
from sessionframes.errors import SourceUnavailableError

if TYPE_CHECKING:
    from pathlib import Path

    from sessionframes.demo.postgres.storage import Run

__all__ = ["PostgresServer"]

_SETTINGS = {
    "timezone": "UTC",  # or psycopg and Arrow name the zone Etc/UTC, which is not UTC to pandera
    "log_timezone": "UTC",
    # A crash loses nothing that cannot be made again.
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    # Little to log while loading, and little to copy afterwards.
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "wal_recycle": "off",
    "wal_init_zero": "off",
    "min_wal_size": "8MB",
    "max_wal_size": "256MB",
    "max_connections": "50",
    "shared_buffers": "64MB",
    "jit": "off",
}
_LOG_SHOWN = 2000  # characters: the last lines say why


class PostgresServer:
    """A running Postgres, stopped by :meth:`stop`, by leaving ``with``, or by the end of this process.

    It listens on a socket in a private directory (on Windows on 127.0.0.1), not on the network. A watchdog
    stops it when this process dies, of SIGKILL too; Ctrl-C in the terminal does not reach it. Made by
    :meth:`fresh` or :func:`sessionframes.demo.postgres.cluster`.

    Parameters
    ----------
    run : Run
        The private directory to run on. A database is made in it, if there is none.
    installation : Installation
        The programs.
    keep : bool
        Leave the directory in place at :meth:`stop`.
    timeout : float
        How long to wait for the server to be ready, and later for it to shut down, in s.

    Raises
    ------
    sessionframes.errors.SourceUnavailableError
        It did not start; the message ends with its log. The directory is deleted, unless `keep`.
    """

    def __init__(
        self, run: Run, installation: Installation, *, keep: bool = False, timeout: float = 60.0
    ) -> None:
        self._run = run
        self._installation = installation
        self._keep = keep
        self._timeout = timeout
        self._guard = threading.Lock()
        self._stopped = False
        self._process: subprocess.Popen[bytes] | None = None
        self._pid = 0
        self._address = Address.of(run)
        atexit.register(self.stop)
        _living.add(self)
        try:
            self._start()
        except BaseException:
            self._end()
            raise

    @classmethod
    def fresh(cls, version: int | None = None, *, cache: Path | None = None) -> Self:
        """Start a server with nothing in it.

        Parameters
        ----------
        version : int, optional
            The major version, such as 16. None takes the newest that is installed.
        cache : pathlib.Path, optional
            Where to keep its private directory. None takes the user's cache directory.

        Raises
        ------
        sessionframes.errors.ConfigError
            Postgres is not installed, or the cache directory cannot be used.
        sessionframes.errors.SourceUnavailableError
            It did not start.
        """
        storage = Storage(cache)
        storage.sweep()
        installation = Installation.find(storage, version)
        return cls(storage.new_run(), installation)

    @property
    def data(self) -> Path:
        """The data directory, with the log in ``log``; gone after :meth:`stop`."""
        return self._run.data

    @property
    def pid(self) -> int:
        """The process id of the server."""
        return self._pid

    @property
    def url(self) -> str:
        """The address, for libpq (psycopg, ADBC) and whoever else speaks its URLs."""
        return self._address.url

    def stop(self) -> None:
        """Shut down, whether clients are connected or not, and delete the private directories.

        Calling it again does nothing, nor does calling it in a forked child.

        Raises
        ------
        sessionframes.errors.SourceUnavailableError
            The directory is kept, but the server had to be killed or had failed: the data may not be whole.
        """
        clean = self._end()
        if self._keep and not clean:
            raise SourceUnavailableError("Postgres did not shut down cleanly", source="demo")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self.stop()
        else:
            self._end()  # whose complaint would hide the error under way

    def __repr__(self) -> str:
        state = "stopped" if self._stopped else f"pid {self._pid}"
        return f"<PostgresServer {self._installation.version}, {state}, {self.url}>"

    def _start(self) -> None:
        if not (self.data / "PG_VERSION").exists():
            _initialise(self._installation, self.data)
        self._address.open(self._installation.account)
        settings = self._address.settings | _SETTINGS
        self._process = watchdog.start(self._installation, self.data, settings, self._run.lock)
        output = self._process.stdout
        announced = output.readline().strip() if output else b""
        if output is None or not announced:
            raise self._failed("did not start")
        self._pid = int(announced)
        self._await_ready(output.fileno())

    def _await_ready(self, output: int) -> None:
        deadline = time.monotonic() + self._timeout
        while not _is_ready(self.data, self._pid):
            if _ended(output, wait=0.002):
                raise self._failed("did not start")
            if time.monotonic() > deadline:
                raise self._failed(f"was not ready after {self._timeout:g} s")

    def _failed(self, what: str) -> SourceUnavailableError:
        try:
            log = (self.data / "log").read_text(errors="replace")[-_LOG_SHOWN:].strip()
        except OSError:
            log = "(it wrote no log)"
        return SourceUnavailableError(f"Postgres {what}. Its log says:\n{log}", source="demo")

    def _end(self) -> bool:
        """Shut down and tidy up; return whether the server ended as it should."""
        with self._guard:
            if self._stopped:
                return True
            clean = self._shut_down()
            self._address.remove()
            if not self._keep:
                self._run.remove()
            self._stopped = True
            atexit.unregister(self.stop)
            _living.discard(self)
            return clean

    def _shut_down(self) -> bool:
        process = self._process
        if process is None:
            return False
        self._close_pipes(process)
        try:
            return process.wait(self._timeout) == 0
        except subprocess.TimeoutExpired:
            _kill(process)
            return False

    def _forget(self) -> None:
        """Give up, in a forked child, what belongs to the parent: a pipe held open here would outlive it."""
        self._guard = threading.Lock()
        self._stopped = True
        atexit.unregister(self.stop)
        self._run.lock.abandon()
        if self._process is not None:
            self._close_pipes(self._process)
            self._process.returncode = 0  # not our child: Popen shall not wait for it

    @staticmethod
    def _close_pipes(process: subprocess.Popen[bytes]) -> None:
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()


def _initialise(installation: Installation, data: Path) -> None:
    command: list[str | Path] = [installation.program("initdb"), "--pgdata", data, "--username=postgres"]
    command += ["--auth=trust", "--encoding=UTF8", "--no-sync", "--wal-segsize=1"]
    command += _locale(installation.major)
    answer = installation.account.call(command, installation.directory)
    if answer.returncode:
        message = f"initdb failed:\n{(answer.stderr or answer.stdout)[-_LOG_SHOWN:].strip()}"
        raise SourceUnavailableError(message, source="demo")


def _locale(major: int) -> list[str]:
    """Return a locale that knows upper and lower case beyond ASCII, as an institute's database does."""
    if major >= 17:  # the first with a locale that is the same on all platforms
        return ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    return [{"darwin": "--locale=en_US.UTF-8", "win32": "--locale=C"}.get(sys.platform, "--locale=C.UTF-8")]


def _is_ready(data: Path, pid: int) -> bool:
    """Return whether the server of that process id says in its lock file that it takes connections."""
    try:
        lines = (data / "postmaster.pid").read_text().splitlines()
    except OSError:
        return False
    return lines[:1] == [str(pid)] and [line.strip() for line in lines[7:8]] == ["ready"]


def _ended(handle: int, wait: float) -> bool:
    """Wait up to `wait` seconds for the end of a pipe, and return whether it came."""
    if sys.platform == "win32":  # where pipes cannot be waited for, the watchdog reports when all is ready
        time.sleep(wait)
        return False
    return bool(select.select([handle], [], [], wait)[0])


def _kill(process: subprocess.Popen[bytes]) -> None:
    """Kill the watchdog and its server; what the server started goes when it notices."""
    if sys.platform == "win32":
        process.kill()
    else:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    process.wait()


_living: weakref.WeakSet[PostgresServer] = weakref.WeakSet()


def _forget_all() -> None:
    for server in list(_living):
        server._forget()  # noqa: SLF001 - our own class; forking is no business of its users


if sys.platform != "win32":
    os.register_at_fork(after_in_child=_forget_all)
