"""The directory that keeps templates, the private copies in use, and their locks."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from sessionframes.demo.postgres.account import Account
from sessionframes.errors import ConfigError
from sessionframes.locks import FileLock

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Run", "Storage"]


class Run:
    """A private directory that is its owner's as long as the owner, or the owner's server, lives.

    Parameters
    ----------
    path : pathlib.Path
        The directory; ``data`` in it is for Postgres. The socket goes to ``sockets``, elsewhere.
    lock : FileLock
        Held; tells the living from the dead.
    """

    def __init__(self, path: Path, lock: FileLock) -> None:
        self.path = path
        self.data = path / "data"
        # Not below the path: that of a socket has about 100 bytes, and those of pytest and macOS are longer.
        # The name follows from ours, so that whoever sweeps after the owner finds it.
        short = Path("/tmp")  # noqa: S108 - made anew, private, or not used
        self.sockets = (short if short.is_dir() else Path(tempfile.gettempdir())) / f"sf-{path.name}"
        self.lock = lock

    def remove(self) -> None:
        """Delete the directory and that of the sockets, then let go; nothing happens if they are gone."""
        shutil.rmtree(self.sockets, ignore_errors=True)
        shutil.rmtree(self.path, ignore_errors=True)
        self.lock.release()


class Storage:
    """What we keep on disk.

    Parameters
    ----------
    root : pathlib.Path, optional
        The directory, made if missing. None: the user's cache directory; for root a directory under
        ``/var/tmp``, because the account that runs the server cannot enter root's home.

    Raises
    ------
    sessionframes.errors.ConfigError
        The directory belongs to somebody else, or the account of the server cannot enter it.
    """

    def __init__(self, root: Path | None = None) -> None:
        self.account = Account.suitable()
        self.root = _default_root(self.account) if root is None else Path(root).resolve()
        self.templates = self.root / "templates"
        self.binaries = self.root / "binaries"
        self._runs = self.root / "runs"
        self._locks = self.root / "locks"
        self._mode = 0o700 if self.account.uid is None else 0o755  # lets root's borrowed account pass
        for directory in (self.root, self.templates, self.binaries, self._runs, self._locks):
            _make_own(directory, self._mode)
        if not self.account.enters(self.root):
            message = f"user {self.account.uid}, who runs the server for root, cannot enter {self.root}"
            raise ConfigError(message, source="demo", hint="Choose a cache directory outside private ones.")

    def lock(self, name: str) -> FileLock:
        """Return the lock of that name, not taken yet."""
        return FileLock(self._locks / f"{name}.lock")

    def new_run(self) -> Run:
        """Make a private directory, locked, with an empty ``data`` that belongs to the server's account."""
        # Under one lock with the sweep, so that a directory is never seen before its own lock is held.
        with self.lock("runs"):
            run = _locked(Path(tempfile.mkdtemp(dir=self._runs)))
        run.path.chmod(self._mode)
        run.data.mkdir(0o700)
        self.account.own(run.data)
        return run

    def sweep(self) -> None:
        """Delete the private directories of owners who died, servers included."""
        with self.lock("runs"):
            dead = list(self._dead())
        for run in dead:
            run.remove()

    def evict(self, keep: int) -> None:
        """Delete all templates but the `keep` most recently used; one that is being copied stays."""
        templates = sorted(self.templates.iterdir(), key=_last_used, reverse=True)
        for template in templates[keep:]:
            lock = self.lock(template.name)
            if lock.acquire(wait=False):
                try:
                    if template.exists():  # another process may have been faster
                        self._discard(template)
                finally:
                    lock.release()

    def _dead(self) -> Iterator[Run]:
        for path in self._runs.iterdir():
            run = Run(path, FileLock(path / "lock"))
            with contextlib.suppress(FileNotFoundError):  # its owner just removed it
                if run.lock.acquire(wait=False):
                    yield run

    def _discard(self, template: Path) -> None:
        # Moved first: what is half deleted must not look like a template.
        run = self.new_run()
        try:
            template.rename(run.path / "template")
        finally:
            run.remove()


def _locked(path: Path) -> Run:
    run = Run(path, FileLock(path / "lock"))
    run.lock.acquire()
    return run


def _last_used(template: Path) -> float:
    try:
        return template.stat().st_mtime
    except FileNotFoundError:  # another process just removed it
        return 0.0


def _default_root(account: Account) -> Path:
    if sys.platform == "win32" or account.uid is None:
        from platformdirs import user_cache_path  # slow to import, and seldom needed

        return user_cache_path("sessionframes", appauthor=False)
    shared = Path("/var/tmp")  # noqa: S108 - checked to be ours before use
    return (shared if shared.is_dir() else Path(tempfile.gettempdir())) / f"sessionframes-{os.geteuid()}"


def _make_own(directory: Path, mode: int) -> None:
    """Make `directory`, or see that it is a real one of ours: under /tmp anybody may have been first."""
    try:
        directory.mkdir(parents=True)
    except FileExistsError:
        pass
    except OSError as error:
        message = f"{directory} cannot be made: {error.strerror or error}"
        raise ConfigError(message, source="demo", hint="Choose another cache directory.") from error
    else:
        directory.chmod(mode)
    if sys.platform == "win32":
        return
    if directory.is_symlink() or not directory.is_dir() or directory.stat().st_uid != os.geteuid():
        message = f"{directory} is not a directory of our own"
        raise ConfigError(message, source="demo", hint="Remove it, or choose another cache directory.")
