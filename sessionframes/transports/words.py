"""What a server says when it refuses, whatever the shape it says it in."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import orjson

from sessionframes.config import mask, without_secrets

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["parsed", "quoted", "said"]

#: So much of a server's words is quoted, in characters.
_MOST = 500
#: Names that say nothing about what the words are about.
_NAMELESS = frozenset({"__all__", "detail", "error", "errors", "message", "non_field_errors"})


def parsed(body: bytes) -> Any:
    """Return what a JSON body holds.

    Of a key that comes twice the last counts; a whole number beyond 64 bits is the nearest double, as
    JavaScript has it. ``NaN``, ``Infinity``, numbers too large for a double, half a surrogate pair and what
    is not UTF-8 are no JSON here: a cell could not keep them.

    Raises
    ------
    ValueError
        It is not JSON, or not all of it; says where.
    """
    return orjson.loads(body.removeprefix(b"\xef\xbb\xbf"))


def said(body: Any) -> str:
    """Return what the body of a refusal says, on one line without secrets; empty if it says nothing.

    Parameters
    ----------
    body : bytes, str or object
        As it came, or what its JSON holds: one text, ``{"detail": ...}``, a list of texts, texts or lists of
        them by the name of the field they are about, however deep; or a web page, whose title counts.

    Examples
    --------
    >>> said(b'{"name": ["This field is required."], "projects": ["Not a list.", "Empty."]}')
    'name: This field is required; projects: Not a list, Empty'
    >>> said(["Invalid filter field: nope"]), said(b"<html><title>Server Error (500)</title>...")
    ('Invalid filter field: nope', 'Server Error (500)')
    """
    if isinstance(body, str):
        body = body.encode("utf-8", errors="replace")
    if isinstance(body, bytes):
        try:
            body = parsed(body)
        except ValueError:
            return _line(_text(body))
    found: dict[str, list[str]] = {}
    for path, text in _leaves(body, ()):
        # Whoever quotes it has a full stop of their own.
        found.setdefault(".".join(path), []).append(text.strip().removesuffix("."))
    about = [(name, ", ".join(texts)) for name, texts in found.items()]
    return _line("; ".join(f"{name}: {text}" if name else text for name, text in about))


def quoted(head: bytes) -> str:
    """Return what the beginning of an answer says, in quotes: a page's title, or one short line of text."""
    line = mask(" ".join(without_secrets(_text(head)).split()))
    return repr(line if len(line) <= 200 else line[:200] + "...") if line else ""


def _text(head: bytes) -> str:
    text = head.decode("utf-8", errors="replace")
    title = re.search(r"<title[^>]*>(.*?)</title", text, re.IGNORECASE | re.DOTALL)
    if title is None and re.match(r"\W*<", text):
        return ""
    return title[1] if title else text


def _leaves(value: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            # Some servers repeat the status that they answer with.
            if name != "status_code":
                yield from _leaves(inner, path if name in _NAMELESS else (*path, str(name)))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _leaves(inner, (*path, str(number)) if isinstance(inner, dict | list) else path)
    elif value is not None and value != "":
        yield path, str(value)


def _line(text: str) -> str:
    # Cut beforehand as well: looking for secrets in a long line takes its time.
    line = mask(" ".join(without_secrets(text).split())[: 4 * _MOST])
    line = "".join(char if char.isprintable() else ascii(char)[1:-1] for char in line)
    return line if len(line) <= _MOST else line[:_MOST] + "..."
