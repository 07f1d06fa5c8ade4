"""Several threads at a time that end when told to."""

from __future__ import annotations

import contextlib
import threading
import time
import weakref
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

from sessionframes.errors import SessionFramesError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import requests

__all__ = ["Stop", "StoppedError", "run_all"]

# How long an interrupted call waits for its threads to close their files, in s.
_LETTING_GO = 2.0


class StoppedError(Exception):
    """Somebody else called :meth:`Stop.set`; never seen outside the transport."""


class Stop:
    """Ends downloads in other threads: between two reads, in the midst of a read, and while waiting."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self._answers: weakref.WeakSet[requests.Response] = weakref.WeakSet()
        self._lock = threading.Lock()

    def set(self) -> None:
        """Stop all who share this."""
        self._event.set()
        with self._lock:
            answers = list(self._answers)
        for answer in answers:
            # A thread that reads from a silent server would notice only when its timeout is over.
            with contextlib.suppress(OSError, ValueError, RuntimeError):
                answer.raw.shutdown()

    def watch(self, answer: requests.Response) -> None:
        """Have `answer` broken off when stopped."""
        with self._lock:
            self._answers.add(answer)

    def check(self) -> None:
        """Raise :exc:`StoppedError` once stopped."""
        if self._event.is_set():
            raise StoppedError

    def sleep(self, seconds: float) -> None:
        """Wait for that long, in s, or until stopped."""
        self._event.wait(seconds)


def run_all(
    tasks: Sequence[Callable[[], object]], workers: int, stop: Stop
) -> list[SessionFramesError | None]:
    """Do all tasks, a few at a time; one that fails does not stop the others.

    Parameters
    ----------
    tasks : sequence of callable
        What to do; each looks at `stop` now and then.
    workers : int
        How many at a time.
    stop : Stop
        Set when the caller is interrupted, or a task raises what is no :exc:`SessionFramesError`;
        that exception goes on, and no further task begins.

    Returns
    -------
    list of SessionFramesError or None
        How each task failed, if it did, in their order.
    """
    to_do: SimpleQueue[int] = SimpleQueue()
    done: SimpleQueue[tuple[int, BaseException | None]] = SimpleQueue()
    for number in range(len(tasks)):
        to_do.put(number)

    def work() -> None:
        with contextlib.suppress(Empty, StoppedError):
            while True:
                stop.check()
                number = to_do.get_nowait()
                done.put((number, _outcome(tasks[number])))

    # Daemons, unlike those of an executor, do not hold up the end of the program when the user interrupts
    # while a server has yet to answer.
    threads = [threading.Thread(target=work, daemon=True) for _ in range(min(workers, len(tasks)))]
    errors: list[SessionFramesError | None] = [None] * len(tasks)
    try:
        for thread in threads:
            thread.start()
        for _ in tasks:
            number, error = done.get()
            if error is not None and not isinstance(error, SessionFramesError):
                raise error
            errors[number] = error
    except BaseException:
        stop.set()
        _let_go(threads)
        raise
    return errors


def _outcome(task: Callable[[], object]) -> BaseException | None:
    try:
        task()
    except BaseException as error:  # noqa: BLE001  # handed to the thread that waits for it
        return error
    return None


def _let_go(threads: Sequence[threading.Thread]) -> None:
    end = time.monotonic() + _LETTING_GO
    for thread in threads:
        if thread.ident is not None:
            thread.join(max(0.0, end - time.monotonic()))
