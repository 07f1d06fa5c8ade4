"""A request to one of the demo's servers, and its answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

if TYPE_CHECKING:
    from collections.abc import Mapping

JSON = "application/json"
HTML = "text/html; charset=utf-8"


@dataclass(frozen=True)
class Request:
    """What a client sent; names of headers in lower case.

    Attributes
    ----------
    method, path, query_text : str
        Of the first line, as they were sent.
    headers : mapping
        As sent.
    body : bytes
        Whole.
    url : str
        All of the address.
    service : str
        Which of the servers was asked.
    """

    method: str
    path: str
    query_text: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    url: str = ""
    service: str = ""

    @property
    def query(self) -> tuple[tuple[str, str], ...]:
        """The pairs of the query, decoded, in their order."""
        return tuple(parse_qsl(self.query_text, keep_blank_values=True))


@dataclass(frozen=True)
class Answer:
    """What the server sends back.

    Attributes
    ----------
    status : int
        Of HTTP.
    text : str or bytes
        The body.
    headers : mapping
        Beside those that every answer has.
    kind : str
        What the body is.
    """

    status: int
    text: str | bytes = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    kind: str = JSON

    @property
    def body(self) -> bytes:
        """What goes over the wire, if nothing spoils it."""
        return self.text.encode() if isinstance(self.text, str) else self.text
