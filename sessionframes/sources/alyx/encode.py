"""How conditions are written for ``django=``, so that no value means more than it says.

The server splits at commas outside of brackets, takes what looks like a number, a flag or None for that, and
evaluates what stands in brackets as Python. So a text goes as a Python literal in parentheses, with all that
splits, nests or ends escaped; so does every number but the plainest.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

#: What the server takes for a number as it is, and what reads the same when it has made a float of it.
_PLAIN = 10**15
#: Texts that mean nothing but themselves, also without quotes: no commas, brackets, edges, digits, words.
_BARE = re.compile(r"[A-Za-z_][A-Za-z0-9_.:+/-]*(?: [A-Za-z0-9_.:+/-]+)*")
_WORDS = {"none", "true", "false"}
_KEY = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
#: In a literal: what splits, nests or ends, and what is not seen.
_ESCAPED = {ord(char): f"\\x{ord(char):02x}" for char in ",()[]{}\"'\\"}
_ESCAPED |= {code: f"\\x{code:02x}" for code in (*range(0x20), 0x7F)}
#: Parts of a name that the server would split, or take for something else.
_UNSAID = re.compile(r"[,()\[\]]|__|_$|^\s|\s$|^~|^$")


class NotSaid(ValueError):  # noqa: N818  it is no error, but an answer: ask in another way
    """What this language cannot say."""


@dataclass(frozen=True)
class Term:
    """One condition of ``django=``.

    Parameters
    ----------
    path : str
        The field, by way of relations and keys of JSON.
    lookup : str
        As Django has it.
    value : object
        What it is compared with.
    negated : bool
        Whether the rows are asked for that it leaves out.
    """

    path: str
    lookup: str
    value: Any
    negated: bool = False

    @property
    def key(self) -> str:
        """What the server takes once only."""
        lookup = "" if self.lookup == "exact" else f"__{self.lookup}"
        return f"{'~' if self.negated else ''}{self.path}{lookup}"

    def __str__(self) -> str:
        return f"{self.key},{encode(self.value)}"


def term(path: str, lookup: str, value: Any, *, negated: bool = False) -> str:
    """Return one condition as ``django=`` takes it.

    Parameters
    ----------
    path : str
        The field, by way of relations and keys of JSON.
    lookup : str
        As Django has it.
    value : object
        What it is compared with.
    negated : bool
        Whether the rows are asked for that it leaves out.

    Raises
    ------
    NotSaid
        The value cannot be said.
    """
    return str(Term(path, lookup, value, negated))


def joined(terms: Iterable[str]) -> str:
    """Return several conditions as one, which all hold; no row twice, since the server then says DISTINCT."""
    return ",".join(terms)


def encode(value: Any) -> str:
    """Return a value as the server reads it back, whatever it looks like.

    Parameters
    ----------
    value : object
        None, a flag, a number, a text, an instant or date, or lists, tuples and dicts of these.

    Raises
    ------
    NotSaid
        It holds lists that are followed by something else, which nothing can write.
    """
    if value is None or isinstance(value, bool):
        return str(value)
    if isinstance(value, datetime | date | time):
        return f"({_literal(value.isoformat())})"
    if isinstance(value, str):
        is_bare = _BARE.fullmatch(value) and value.lower() not in _WORDS
        return value if is_bare else f"({_literal(value)})"
    if isinstance(value, int) and 0 <= value < _PLAIN:
        return str(value)
    if isinstance(value, int | float):
        return f"({_number(value)})"
    if isinstance(value, list | tuple) and value and all(map(_is_key, value)):
        # Many keys fit a line if they are short.
        keys = '","'.join(value).replace("-", "")
        return f'["{keys}"]'
    written = _nested(value)
    if isinstance(value, dict):
        written = f"({written})"
    _check_split(written)
    return written


def says(step: str) -> bool:
    """Tell whether a key of JSON can be part of a name."""
    return _UNSAID.search(step) is None


def _number(value: float) -> str:
    if isinstance(value, float) and not math.isfinite(value):
        # Python reads what is too large for a float as infinite.
        return "-1e999" if value < 0 else "1e999"
    return repr(value)


def _literal(text: str) -> str:
    return f'"{text.translate(_ESCAPED)}"'


def _nested(value: Any) -> str:
    if isinstance(value, str):
        return _literal(value)
    if value is None or isinstance(value, bool):
        return str(value)
    if isinstance(value, int | float):
        return _number(value)
    if isinstance(value, dict):
        # What holds lists goes last, where nothing has to be split any more.
        items = sorted(value.items(), key=lambda item: _holds_list(item[1]))
        return f"{{{', '.join(f'{_literal(key)}: {_nested(item)}' for key, item in items)}}}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_nested, value))}]"
    return _literal(value.isoformat() if isinstance(value, datetime | date | time) else str(value))


def _is_key(value: Any) -> bool:
    return isinstance(value, str) and _KEY.fullmatch(value) is not None


def _holds_list(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(_holds_list, value.values()))
    return isinstance(value, list | tuple)


def _check_split(written: str) -> None:
    """Refuse what the server would cut into pieces."""
    closing = ""
    for char in written:
        if char == "[":
            closing = "]"
        elif char == "(":
            closing = ")"
        elif char == closing:
            closing = ""
        elif char == "," and not closing:
            message = f"{written} would be split"
            raise NotSaid(message)
