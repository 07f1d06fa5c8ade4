"""Errors that the demo's Alyx answers with, in the words of the real one."""

from __future__ import annotations

from typing import Any

import orjson

from sessionframes.demo.http import HTML, Answer

_NOT_FOUND = """
<!doctype html>
<html lang="en">
<head>
  <title>Not Found</title>
</head>
<body>
  <h1>Not Found</h1><p>The requested resource was not found on this server.</p>
</body>
</html>
"""


class Refusal(Exception):  # noqa: N818  # it is an answer of the server, not a fault of it
    """A request is answered with an error.

    Parameters
    ----------
    status : int
        Of the answer.
    told : mapping
        What it says; the status is added.
    headers : mapping, optional
        Sent as well.
    """

    def __init__(self, status: int, told: dict[str, Any], headers: dict[str, str] | None = None) -> None:
        super().__init__(status, told)
        self.status = status
        self.told = told
        self.headers = headers or {}

    @property
    def answer(self) -> Answer:
        """The answer that says so."""
        # The handler of uncaught exceptions puts the status in front, that of the framework behind.
        code = {"status_code": self.status}
        is_caught_late = self.status == 500 or "Failed to delete" in str(self.told.get("detail"))
        told = {**code, **self.told} if is_caught_late else {**self.told, **code}
        return Answer(self.status, orjson.dumps(told), self.headers)


def detail(status: int, words: str) -> Refusal:
    """Return an error that is one sentence."""
    return Refusal(status, {"detail": words})


def failure(words: object) -> Refusal:
    """Return the 500 that almost every mistake in a filter is answered with."""
    return detail(500, str(words))


def no_page() -> Answer:
    """Return the page of addresses where nothing is."""
    return Answer(404, _NOT_FOUND, kind=HTML)
