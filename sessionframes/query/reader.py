"""The parser of filters as text; their grammar stands in ``text.py``."""

from __future__ import annotations

import math
import operator
import re
import sys
import unicodedata
from typing import TYPE_CHECKING, Any

from sessionframes.errors import QueryError
from sessionframes.query.q import Q
from sessionframes.query.shown import shown

if TYPE_CHECKING:
    from collections.abc import Callable

_LONGEST = 1_000_000
_DEEPEST = 100
#: So many characters on either side of a fault are shown.
_AROUND = 30

_SPACE = re.compile(r"\s*")
_START_OF_NAME = re.compile(r"[^\W\d]")
# Up to the next two underscores; a minus only as the sign of an index.
_KEY = re.compile(r"(?:-(?=[0-9]))?(?:(?!__)\w)*")
# No word begins with < or >, so that what follows the = of "x=>5" is no value.
_WORD = re.compile(r"""(?![<>])[^\s&|~()\[\]{},='"]+""")
_QUOTED = re.compile(r""""(?:[^"\\]|\\.)*+"|'(?:[^'\\]|\\.)*+'""", re.DOTALL)
_HEX = "[0-9a-fA-F]"
_ESCAPE = re.compile(rf"""\\(?:([\\'"nrt])|x({_HEX}{{2}})|u({_HEX}{{4}})|U({_HEX}{{8}})|)""")
_WHOLE = re.compile(r"[+-]?(?:0|[1-9]\d*)", re.ASCII)
_NUMBER = re.compile(r"[+-]?(?:(?:0|[1-9]\d*)(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?", re.ASCII | re.IGNORECASE)
_SIGN = re.compile(r"==|=>|=<|>=|<=|!=|<>|[=<>:]|")

_CONSTANTS = {"true": True, "false": False, "null": None, "none": None}
_INFINITIES = {"inf": math.inf, "+inf": math.inf, "-inf": -math.inf}
_ESCAPED = {"n": "\n", "r": "\r", "t": "\t"}
_QUOTES = ("'", '"')
_ADVICE = "text with spaces or signs stands in quotes"
#: What other languages write for a sign, and for a lookup.
_JOINERS = {"and": "&", "or": "|", "not": "~"}
_LOOKUPS = {">=": "gte", "=>": "gte", "<=": "lte", "=<": "lte", ">": "gt", "<": "lt"}


def is_word(text: str) -> bool:
    """Tell whether a value needs no quotes to be read as text."""
    return (
        _WORD.fullmatch(text) is not None
        and text.isprintable()
        and text.lower() not in (*_CONSTANTS, *_INFINITIES, "nan")
        and _NUMBER.fullmatch(text) is None
    )


def is_key(text: str) -> bool:
    """Tell whether part of a name needs no quotes."""
    return _KEY.fullmatch(text) is not None


def is_start_of_name(char: str) -> bool:
    """Tell whether a name without quotes may begin with a character."""
    return _START_OF_NAME.match(char) is not None


class Reader:
    """A text and the place up to which it is read; a method for each rule of the grammar.

    Parameters
    ----------
    text : str
        A filter.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._place = 0

    def read(self) -> Q:
        """Return the filter that the text says.

        Raises
        ------
        sessionframes.errors.QueryError
            It says none.
        """
        if len(self._text) > _LONGEST:
            raise self._refused("the text is too long", _LONGEST, "give long lists of ids as arguments")
        found = self._filter(depth=0)
        if self._next():
            raise self._refused_for_sign()
        return found

    def _filter(self, depth: int) -> Q:
        parts = [self._both(depth)]
        while self._took("|"):
            parts.append(self._both(depth))
        return _merged(operator.or_, parts)

    def _both(self, depth: int) -> Q:
        parts = [self._one(depth)]
        while self._took("&"):
            parts.append(self._one(depth))
        return _merged(operator.and_, parts)

    def _one(self, depth: int) -> Q:
        is_negated = False
        while self._took("~"):
            is_negated = not is_negated
        found = self._group(depth) if self._next() == "(" else self._term()
        return ~found if is_negated else found

    def _group(self, depth: int) -> Q:
        opened = self._opened(depth)
        if self._took(")"):
            return Q()
        found = self._filter(depth + 1)
        if self._took(")"):
            return found
        raise self._refused_at_end(opened) or self._refused_for_sign()

    def _term(self) -> Q:
        self._next()
        begun = self._place
        name = self._name()
        self._equals(self._text[begun : self._place].strip())
        self._next()
        begun = self._place
        value = self._value(depth=0)
        try:
            return Q(**{name: value})
        except QueryError as error:
            raise self._refused(error.message.rstrip("."), begun) from None

    def _name(self) -> str:
        char = self._next()
        begun = self._place
        if not (is_start_of_name(char) or char in _QUOTES):
            raise self._refused_for_term(char)
        keys = [self._key()]
        while self._text.startswith("__", self._place):
            self._place += 2
            keys.append(self._key())
        word = keys[0].lower()
        if len(keys) == 1 and word in _JOINERS and self._next() != "=":
            raise self._refused(repr(keys[0]), begun, f"say {_JOINERS[word]}")
        return "__".join(keys)

    def _key(self) -> str:
        if not self._text.startswith(_QUOTES, self._place):
            return self._matched(_KEY)
        begun = self._place
        key = self._quoted()
        if "__" in key or (key.endswith("_") and self._text.startswith("__", self._place)):
            what = f"the key {shown(key)}, which cannot be told from two,"
            raise self._refused(what, begun, "two underscores part keys")
        return key

    def _equals(self, name: str) -> None:
        """Go past the sign after a name as it was typed."""
        self._next()
        begun = self._place
        sign = self._matched(_SIGN)
        if sign == "=":
            return
        told = name if len(name) <= _AROUND and name.isprintable() else "name"
        if sign == "==":
            raise self._refused("'=='", begun, "one = is enough")
        if sign in ("!=", "<>"):
            raise self._refused(f"{sign!r}", begun, f"say ~{told}=...")
        if sign in _LOOKUPS:
            raise self._refused(f"{sign!r}", begun, f"say {told}__{_LOOKUPS[sign]}=...")
        do = f"other comparisons are said as {told}__gte=1 or {told}__in=[1, 2]"
        raise self._refused(f"expected '=' after {told}", begun, do)

    def _value(self, depth: int) -> Any:
        char = self._next()
        if char in _QUOTES:
            return self._quoted()
        if char in ("[", "("):
            return self._list(depth)
        if char == "{":
            return self._object(depth)
        begun = self._place
        word = self._matched(_WORD)
        if not word:
            before = self._text[:begun].rstrip()[-1]
            raise self._refused(f"expected a value after {before!r}", begun)
        return self._meaning(word, begun)

    def _meaning(self, word: str, begun: int) -> Any:
        lowered = word.lower()
        if lowered in _CONSTANTS:
            return _CONSTANTS[lowered]
        if lowered in _INFINITIES:
            return _INFINITIES[lowered]
        if lowered == "nan":
            raise self._refused(f"{word!r}, which equals nothing,", begun, "nulls are found by __isnull=true")
        if not _NUMBER.fullmatch(word):
            return word
        try:
            number = int(word) if _WHOLE.fullmatch(word) else float(word)
        except ValueError:  # so many digits that Python does not read them
            number = math.inf
        if number in (math.inf, -math.inf):
            raise self._refused("a number too large to keep", begun)
        return number

    def _list(self, depth: int) -> list[Any]:
        closing = "]" if self._next() == "[" else ")"
        opened = self._opened(depth)
        found = []
        while not self._took(closing):
            found.append(self._value(depth + 1))
            self._part(opened, closing)
        return found

    def _object(self, depth: int) -> dict[str, Any]:
        opened = self._opened(depth)
        found: dict[str, Any] = {}
        while not self._took("}"):
            if self._next() not in _QUOTES:
                raise self._refused("expected a key in quotes", self._place)
            begun = self._place
            key = self._quoted()
            if key in found:
                raise self._refused(f"the key {shown(key)} a second time", begun)
            if not self._took(":"):
                raise self._refused(f"expected ':' after the key {shown(key)}", self._place)
            found[key] = self._value(depth + 1)
            self._part(opened, "}")
        return found

    def _part(self, opened: int, closing: str) -> None:
        """Go past the comma after an item, or up to the end of them."""
        if not self._took(",") and self._next() != closing:
            raise self._refused_at_end(opened) or self._refused(
                f"expected ',' or {closing!r}", self._place, _ADVICE
            )

    def _quoted(self) -> str:
        begun = self._place
        quoted = self._matched(_QUOTED)
        if not quoted:
            raise self._refused(f"a {self._text[begun]} that is never closed", begun)

        def meant(escape: re.Match[str]) -> str:
            char, *codes = escape.groups()
            code = "".join(filter(None, codes))
            if char:
                return _ESCAPED.get(char, char)
            if not code or int(code, 16) > sys.maxunicode:
                place = begun + 1 + escape.start()
                raise self._refused("an unknown escape", place, r"for a backslash say \\")
            return chr(int(code, 16))

        text = _ESCAPE.sub(meant, quoted[1:-1])
        # JSON writes what is beyond 16 bits as two halves.
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")

    def _opened(self, depth: int) -> int:
        """Go past an opening bracket, and return its place."""
        if depth == _DEEPEST:
            raise self._refused(f"more than {_DEEPEST} brackets within one another", self._place)
        self._place += 1
        return self._place - 1

    def _next(self) -> str:
        """Go to the next character that is no space, and return it; at the end, nothing."""
        self._matched(_SPACE)
        return self._text[self._place : self._place + 1]

    def _took(self, sign: str) -> bool:
        """Tell whether a sign comes next, and go past it."""
        is_there = self._next() == sign
        self._place += is_there
        return is_there

    def _matched(self, pattern: re.Pattern[str]) -> str:
        """Return what matches from here, which may be nothing, and go past it."""
        found = pattern.match(self._text, self._place)
        if found is None:
            return ""
        self._place = found.end()
        return found[0]

    def _refused_at_end(self, opened: int) -> QueryError | None:
        if self._next():
            return None
        return self._refused(f"a {self._text[opened]} that is never closed", opened)

    def _refused_for_term(self, char: str) -> QueryError:
        begun = self._place
        if char and char in "&|" and self._text[:begun].rstrip().endswith(char):
            return self._refused(f"a second {char!r}", begun, f"one {char} is enough")
        if char == ")":
            return self._refused("a ) that closes nothing", begun)
        return self._refused("expected a term such as snr__gte=1.5", begun)

    def _refused_for_sign(self) -> QueryError:
        char = self._next()
        begun = self._place
        word = self._matched(_KEY)
        if char == ")":
            return self._refused("a ) that closes nothing", begun)
        if char == ",":
            return self._refused("','", begun, "a list stands in brackets, [a, b]; terms are joined by &")
        if word.lower() in _JOINERS:
            return self._refused(repr(word), begun, f"say {_JOINERS[word.lower()]}")
        return self._refused("expected & or | between terms", begun, _ADVICE)

    def _refused(self, what: str, place: int, do: str = "") -> QueryError:
        """Return an error whose message has the text round a place, and a caret under it."""
        first, last = max(place - _AROUND, 0), place + _AROUND
        before = ("..." if first else "") + _on_one_line(self._text[first:place])
        after = _on_one_line(self._text[place:last]) + ("..." if last < len(self._text) else "")
        what_to_do = f"; {do}" if do else ""
        where = f"  {before}{after}".rstrip() + f"\n  {' ' * _width(before)}^"
        return QueryError(f"filter: {what} at character {place + 1}{what_to_do}:\n{where}")


def _merged(join: Callable[[Q, Q], Q], parts: list[Q]) -> Q:
    """Join by halves: one after the other would copy at each step all that is joined so far."""
    if len(parts) == 1:
        return parts[0]
    half = len(parts) // 2
    return join(_merged(join, parts[:half]), _merged(join, parts[half:]))


def _on_one_line(text: str) -> str:
    # One character for one, lest the caret stand under another; nor may text steer the terminal.
    return "".join(char if char.isprintable() else " " for char in text)


def _width(text: str) -> int:
    """Return how many columns of a terminal a text takes."""
    wide = sum(unicodedata.east_asian_width(char) in "WF" for char in text)
    return len(text) + wide - sum(unicodedata.combining(char) > 0 for char in text)
