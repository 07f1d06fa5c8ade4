"""A lock on a file, that the operating system lets go when its last holder dies."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["FileLock"]


class FileLock:
    """An exclusive lock between threads and processes.

    It is ``flock`` and not ``lockf``: the latter is granted twice inside one process, and a process that
    looks for directories of the dead would take its own for one. A child process that is handed
    :meth:`fileno` holds the lock too.

    Parameters
    ----------
    path : pathlib.Path
        The file; it is created, and stays.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._handle: int | None = None

    def acquire(self, *, wait: bool = True) -> bool:
        """Take the lock, and return whether we have it.

        Parameters
        ----------
        wait : bool
            Wait for whoever holds it, however long that takes; else return False at once.

        Raises
        ------
        OSError
            The file cannot be opened for writing.
        """
        # O_NOFOLLOW: nobody may trade our lock for a link to a file of ours.
        handle = os.open(self.path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o600)
        try:
            taken = _take(handle, wait=wait)
        except BaseException:
            os.close(handle)
            raise
        if taken:
            self._handle = handle
        else:
            os.close(handle)
        return taken

    def fileno(self) -> int:
        """Return the file descriptor, to hand to a child process.

        Raises
        ------
        ValueError
            The lock is not held.
        """
        if self._handle is None:
            message = f"the lock {self.path} is not held"
            raise ValueError(message)
        return self._handle

    def release(self) -> None:
        """Let go for everybody who got it from us; nothing happens if it is not held."""
        handle, self._handle = self._handle, None
        if handle is not None:
            _give(handle)
            os.close(handle)

    def abandon(self) -> None:
        """Forget the lock in a forked child, without taking it from the parent."""
        handle, self._handle = self._handle, None
        if handle is not None:
            os.close(handle)

    def __enter__(self) -> Self:
        self.acquire()
        return self

    def __exit__(self, *_: object) -> None:
        self.release()


if sys.platform == "win32":
    import msvcrt

    def _take(handle: int, *, wait: bool) -> bool:
        while True:
            try:
                msvcrt.locking(handle, msvcrt.LK_LOCK if wait else msvcrt.LK_NBLCK, 1)
            except OSError:  # LK_LOCK gives up after ten seconds
                if not wait:
                    return False
            else:
                return True

    def _give(handle: int) -> None:
        msvcrt.locking(handle, msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def _take(handle: int, *, wait: bool) -> bool:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _give(handle: int) -> None:
        fcntl.flock(handle, fcntl.LOCK_UN)
