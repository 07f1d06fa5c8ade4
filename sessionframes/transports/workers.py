"""Several threads at a time that end when told to."""

from __future__ import annotations

import contextlib
import threading
import time
import weakref
from functools import partial
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from sessionframes.errors import SessionFramesError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator, Sequence

    import requests

__all__ = ["Stop", "StoppedError", "in_order", "run_all"]

T = TypeVar("T")
#: A task's number, what it returned (a list of one), and how it failed.
_Done: TypeAlias = "tuple[int, list[T], BaseException | None]"

# How long an interrupted call waits for its threads to close their files, in s.
_LETTING_GO = 2.0
_NO_MORE = -1


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


def in_order(tasks: Iterable[Callable[[Stop], T]], workers: int, ahead: int) -> Generator[T]:
    """Yield what the tasks return, in their order; a few are done at a time, and ahead of who asks.

    The first that fails ends them all: its exception goes on, and what the others are reading is broken off.
    So does closing the generator, or an interrupt.

    Parameters
    ----------
    tasks : iterable of callable
        What to do; each looks at the :class:`Stop` it is given now and then. Taken as they are needed.
    workers : int
        How many at a time.
    ahead : int
        How many may have begun, at most, before the first of them is asked for; at least `workers`.
    """
    room = threading.Semaphore(ahead)
    done: SimpleQueue[_Done[T]] = SimpleQueue()
    stop = Stop()
    work = partial(_work, enumerate(tasks), threading.Lock(), room, done, stop)
    threads = [threading.Thread(target=work, daemon=True) for _ in range(workers)]
    early: dict[int, T] = {}
    wanted, ended = 0, 0
    try:
        for thread in threads:
            thread.start()
        while ended < workers:
            number, result, error = done.get()
            if error is not None:
                raise error
            if number == _NO_MORE:
                ended += 1
                room.release()
                continue
            early[number] = result.pop()
            while wanted in early:
                yield early.pop(wanted)
                wanted += 1
                room.release()
    finally:
        stop.set()
        # Those that wait for room are to see that they are stopped.
        room.release(workers)
        _let_go(threads)


def _work(
    tasks: Iterator[tuple[int, Callable[[Stop], T]]],
    taking: threading.Lock,
    room: threading.Semaphore,
    done: SimpleQueue[_Done[T]],
    stop: Stop,
) -> None:
    """Do one task after the other, while there is room for what they return."""
    while True:
        room.acquire()
        number = _NO_MORE
        result: list[T] = []
        error: BaseException | None = None
        try:
            stop.check()
            with taking:
                number, task = next(tasks, (_NO_MORE, None))
            if task is not None:
                result.append(task(stop))
        except BaseException as caught:  # noqa: BLE001  handed to the thread that waits for it
            error = caught
        done.put((number, result, error))
        if error is not None or number == _NO_MORE:
            return


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
