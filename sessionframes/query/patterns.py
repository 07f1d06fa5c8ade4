r"""Regular expressions that mean the same in Arrow (RE2), in Postgres (ARE) and in Python.

No engine sees what the user wrote: a pattern is read into a tree of sets of characters, and engines get what
is written from that. It may have:

- any character for itself, but ``\ ^ $ . | ? * + ( ) [ {``, which need a backslash; ``.`` for any character,
  a line break too;
- classes ``[a-z_]`` and ``[^a-z_]``, the latter with line breaks. In them ``-`` stands first, last or between
  the ends of a range;
- ``\d \w \s``, which are [0-9], [A-Za-z0-9_] and [ \t\n\r\f\v], and their complements ``\D \W \S``, also in
  classes; ``\n \t \r \f \v``; a backslash before any other ASCII character that is no letter and no digit;
- groups ``( )`` and ``(?: )``, and alternatives ``|``, also empty ones;
- ``* + ? {m} {m,} {m,n}``, up to 255 times and 1000 times nested. A ``?`` behind them changes nothing where
  the question is whether a text matches;
- ``^`` and ``$``, the start and the end of the whole text; ``$`` is never before a last line break. They are
  not repeated, nor are more than four of them passed one after the other.

It is searched for anywhere in a text. Without regard to case, a character of the pattern, also in a class or
a range, stands for all that fold as it does (:mod:`sessionframes.query.folding`); ``\d \w \s`` and their
complements stay what they are.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NoReturn

from sessionframes.errors import QueryError
from sessionframes.query.pattern_tree import (
    Chars,
    Choice,
    Edge,
    Node,
    Repeat,
    Sequence,
    complement,
    cost,
    edges,
    merged,
    repeats,
    write,
)
from sessionframes.query.shown import shown

_LONGEST = 1000
_DEEPEST = 50
#: What Postgres repeats at most; of nested repetitions together, RE2 takes 1000.
_MOST = 255
_MOST_NESTED = 1000
#: Postgres takes minutes over twenty edges that may each be passed or left out, and a moment over these.
_MOST_EDGES = 4
#: What both engines read in half a second and a few megabytes.
_COSTLIEST = 20_000
_SUBSET = (
    r"Here regular expressions have . [a-z] [^a-z] \d \w \s \D \W \S \n \t \r \f \v ( ) (?: ) | ^ $ * + ? "
    r"{m} {m,} {m,n}, and a backslash before punctuation that stands for itself."
)
_SMALLER = "Write a smaller one, or combine several conditions."
_SETS = {
    "d": ((0x30, 0x39),),
    "w": ((0x30, 0x39), (0x41, 0x5A), (0x5F, 0x5F), (0x61, 0x7A)),
    "s": ((0x09, 0x0D), (0x20, 0x20)),
}
_SETS |= {letter.upper(): complement(ranges) for letter, ranges in _SETS.items()}
_CONTROLS = {"n": "\n", "t": "\t", "r": "\r", "f": "\f", "v": "\v"}
_ESCAPES = {
    **dict.fromkeys("bBmMyY", "a word boundary"),
    **dict.fromkeys("AzZG", "an end of the text other than ^ and $"),
    **dict.fromkeys("123456789gk", "a back reference"),
    **dict.fromkeys("0xuUNco", "a character code"),
    **dict.fromkeys("pPX", "a Unicode property"),
    **dict.fromkeys("QE", "a quotation"),
    "": "a backslash before nothing",
}
#: The longest that fits tells what it is.
_GROUPS = {
    "(?<=": "a look-behind",
    "(?<!": "a look-behind",
    "(?=": "a look-ahead",
    "(?!": "a look-ahead",
    "(?<": "a named group",
    "(?'": "a named group",
    "(?P": "a named group",
    "(?>": "an atomic group",
    "(?#": "a comment",
    "(?(": "a condition",
    "(?": "a flag",
}
_POSIX = ("[:", "[.", "[=")
_QUANTIFIER = re.compile(r"[*+?]|\{(?P<least>[0-9]+)(?P<open>,(?P<most>[0-9]*))?\}")


@dataclass(frozen=True)
class Pattern:
    """A regular expression that every engine can answer, and answers alike.

    Parameters
    ----------
    text : str
        As the user wrote it.
    exact, folded : str
        As it is written for engines, with and without regard to case.
    """

    text: str
    exact: str
    folded: str

    def to_re2(self, *, blind: bool) -> str:
        """Return it for Arrow's ``match_substring_regex``; `blind` is without regard to case."""
        return f"(?s){self.to_postgres(blind=blind)}"

    def to_postgres(self, *, blind: bool) -> str:
        """Return it for Postgres' ``~``; `blind` is without regard to case."""
        return self.folded if blind else self.exact


def parse(pattern: str, column: str) -> Pattern:
    """Return a regular expression as engines get it.

    Parameters
    ----------
    pattern : str
        As the module says, with at most 1000 characters and 50 groups in each other.
    column : str
        What it is searched in, for messages.

    Raises
    ------
    sessionframes.errors.QueryError
        It is malformed or too large, or has what some engine lacks or understands differently.
    """
    tree = _Parser(pattern, column).parsed()
    return Pattern(pattern, write(tree, blind=False), write(tree, blind=True))


class _Parser:
    """Reads a pattern from left to right; `at` is the next character."""

    def __init__(self, text: str, column: str) -> None:
        self.text = text
        self.column = column
        self.at = 0
        self.depth = 0

    def parsed(self) -> Node:
        if len(self.text) > _LONGEST:
            self._refuse(f"has {len(self.text)} characters, and at most {_LONGEST} are taken", hint=_SMALLER)
        for at, char in enumerate(self.text):
            if char == "\0" or "\ud800" <= char <= "\udfff":
                self._refuse_part("a character that no text may have", at, at + 1)
        tree = self._choice()
        if self.at < len(self.text):
            self._refuse_part("a closing parenthesis too many", self.at, self.at + 1)
        if edges(tree) > _MOST_EDGES:
            self._refuse(f"asks for ^ or $ more than {_MOST_EDGES} times in a row", hint=_SMALLER)
        if cost(tree) > _COSTLIEST:
            self._refuse("is too large when its repetitions are written out", hint=_SMALLER)
        return tree

    def _choice(self) -> Node:
        branches = [self._branch()]
        while self._took("|"):
            branches.append(self._branch())
        return branches[0] if len(branches) == 1 else Choice(tuple(branches))

    def _branch(self) -> Node:
        parts = []
        while self._next() not in {"", "|", ")"}:
            parts.append(self._piece())
        return parts[0] if len(parts) == 1 else Sequence(tuple(parts))

    def _piece(self) -> Node:
        opening = self.at
        part = self._atom()
        start = self.at
        found = _QUANTIFIER.match(self.text, start)
        if not found:
            return part
        self.at = found.end()
        self._took("?")
        if _QUANTIFIER.match(self.text, self.at):
            self._refuse_part("a repetition of a repetition", start, self.at + 1)
        if edges(part):
            self._refuse_part("a repetition of ^ or $", opening, self.at)
        repeat = Repeat(part, *_times(found))
        if repeat.copies > _MOST:
            self._refuse_part(f"a repetition of more than {_MOST} times", start, self.at)
        if repeat.copies < repeat.least:
            self._refuse_part("a repetition of fewer times at most than at least", start, self.at)
        if repeats(repeat) > _MOST_NESTED:
            self._refuse_part(f"nested repetitions of more than {_MOST_NESTED} times", start, self.at)
        return repeat

    def _atom(self) -> Node:
        start = self.at
        char = self._next()
        if char in "*+?{":
            self._refuse_part("a sign of repetition without anything to repeat", start, start + 1)
        self.at += 1
        match char:
            case "(":
                return self._group(start)
            case "[":
                return self._class(start)
            case ".":
                return Chars(negated=True)
            case "^" | "$":
                return Edge(char)
        return self._single(start)

    def _group(self, start: int) -> Node:
        if not self._took("?:"):
            for opening, what in _GROUPS.items():
                if self.text.startswith(opening, start):
                    self._refuse_part(what, start, start + len(opening))
        self.depth += 1
        if self.depth > _DEEPEST:
            self._refuse_part(f"more than {_DEEPEST} groups in each other", start, start + 1)
        inner = self._choice()
        if not self._took(")"):
            self._refuse_part("a group without its end", start, start + 1)
        self.depth -= 1
        return inner

    def _class(self, start: int) -> Chars:
        negated = self._took("^")
        members = []
        opening = self.at
        while self._next() != "]" or self.at == opening:
            if not self._next():
                self._refuse_part("a class without its end", start, start + 1)
            members.append(self._member(opening))
        self.at += 1
        cased = merged(tuple(ends for member in members for ends in member.cased))
        plain = merged(tuple(ends for member in members for ends in member.plain))
        found = Chars(cased, plain, negated)
        if not found.members(blind=True):
            self._refuse_part("a class of no characters", start, self.at)
        return found

    def _member(self, opening: int) -> Chars:
        """Return the next character, range or set of a class."""
        start = self.at
        if self.text.startswith(_POSIX, start):
            self._refuse_part("a POSIX class", start, start + 2)
        self.at += 1
        first = self._single(start)
        if self.text[start] == "-" and not (start == opening or self._next() in {"]", ""}):
            self._refuse_part("a hyphen that needs a backslash", start, start + 1)
        if self._next() != "-" or self.text[self.at + 1 : self.at + 2] in {"]", ""}:
            return first
        end = self.at + 1
        self.at += 2
        last = self._single(end)
        if "-" in {self.text[start], self.text[end]} or first.plain or last.plain:
            self._refuse_part("a hyphen that needs a backslash", end - 1, end)
        if first.cased > last.cased:
            self._refuse_part("a range without anything in it", start, self.at)
        return Chars(cased=((first.cased[0][0], last.cased[0][0]),))

    def _single(self, start: int) -> Chars:
        """Return the character at `start`, which `at` has just passed, or what its escape stands for."""
        char = self.text[start]
        if char == "\\":
            escaped = self._next()
            self.at += 1
            if escaped in _SETS:
                return Chars(plain=_SETS[escaped])
            char = _CONTROLS.get(escaped, escaped)
            if char == escaped and (char.isalnum() or not char.isascii() or not char):
                self._refuse_part(_ESCAPES.get(escaped, "an unknown escape"), start, self.at)
        return Chars(cased=((ord(char), ord(char)),))

    def _next(self) -> str:
        return self.text[self.at : self.at + 1]

    def _took(self, sign: str) -> bool:
        found = self.text.startswith(sign, self.at)
        self.at += len(sign) if found else 0
        return found

    def _refuse_part(self, what: str, start: int, end: int) -> NoReturn:
        self._refuse(f"has {what}, {shown(self.text[start:end])}, at character {start + 1}", hint=_SUBSET)

    def _refuse(self, fault: str, *, hint: str) -> NoReturn:
        raise QueryError(f"The pattern {shown(self.text)} {fault}.", column=self.column, hint=hint)


def _times(found: re.Match[str]) -> tuple[int, int | None]:
    """Return how many times a quantifier asks for, at least and at most."""
    signs: dict[str, tuple[int, int | None]] = {"*": (0, None), "+": (1, None), "?": (0, 1)}
    if found[0] in signs:
        return signs[found[0]]
    least = int(found["least"])
    if not found["open"]:
        return least, least
    return least, int(found["most"]) if found["most"] else None
