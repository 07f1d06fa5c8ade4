"""How the demo's BrainSTEM says no, in the words of its framework."""

from __future__ import annotations

from typing import Any


class Refusal(Exception):  # noqa: N818  # it is an answer of the server, not a fault of it
    """A request is answered with an error.

    Parameters
    ----------
    status : int
        Of the answer.
    body : Any
        What the answer says: a dict of lists for faulty fields, a bare list for a faulty filter, and
        ``{"detail": ...}`` for all else.
    """

    def __init__(self, status: int, body: Any) -> None:
        super().__init__(status, body)
        self.status = status
        self.body = body


def detail(status: int, words: str) -> Refusal:
    """Return the refusal that says this under ``detail``."""
    return Refusal(status, {"detail": words})


def bad_query(words: str) -> Refusal:
    """Return the refusal of a filter, a sort key or a value: a bare list."""
    return Refusal(400, [words])


def not_allowed() -> Refusal:
    """Return the refusal of somebody who is known, and may not."""
    return detail(403, "You do not have permission to perform this action.")
