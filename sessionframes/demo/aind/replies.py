"""Answers that DocDB's gateway and Code Ocean have in common: JSON, and errors with a message."""

from __future__ import annotations

import json
from typing import Any

import orjson

from sessionframes.demo.http import Answer, Request


class Refusal(Exception):  # noqa: N818  # it is an answer of the server, not a fault of it
    """A request is answered with an error.

    Parameters
    ----------
    status : int
        Of the answer.
    message : str
        What the answer says under ``message``.
    """

    def __init__(self, status: int, message: str) -> None:
        super().__init__(status, message)
        self.status = status
        self.message = message

    @property
    def answer(self) -> Answer:
        """The answer that says so."""
        return reply({"message": self.message}, self.status)


def reply(told: Any, status: int = 200) -> Answer:
    """Return the answer that tells this as JSON."""
    return Answer(status, orjson.dumps(told))


def told_in(request: Request, message: str) -> Any:
    """Return the JSON of a request's body.

    Parameters
    ----------
    request : Request
        Whose.
    message : str
        What to say if it is none.

    Raises
    ------
    Refusal
        It is none.
    """
    try:
        return json.loads(request.body or b"{}")
    except ValueError:
        raise Refusal(400, message) from None
