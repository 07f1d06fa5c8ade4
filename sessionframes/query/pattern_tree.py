"""What a regular expression means, as a tree: how engines get it, and what it costs them.

It is written so that RE2 and Postgres read the same: ``^`` and ``$`` are the ends of the whole text in either
as long as no flag asks for lines, and all else comes down to sets of characters.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from typing import NamedTuple

from sessionframes.query.folding import others

_LAST = 0x10FFFF
_SIGNS = ".^$*+?()[]{}|\\-"
_CONTROLS = {"\n": r"\n", "\t": r"\t", "\r": r"\r", "\f": r"\f", "\v": r"\v"}
_ESCAPED = str.maketrans({sign: rf"\{sign}" for sign in _SIGNS} | _CONTROLS)

_BOTH_S = ((ord("S"), ord("S")), (ord("s"), ord("s")))

#: Code points: the first and the last of each range.
Ranges = tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Chars:
    """One character out of a set. Case matters to the ranges in `cased` only."""

    cased: Ranges = ()
    plain: Ranges = ()
    negated: bool = False

    def members(self, *, blind: bool) -> Ranges:
        """Return the characters of the set in the fewest ranges; `blind` is without regard to case."""
        kin = "".join(others(chr(first), chr(last)) for first, last in self.cased) if blind else ""
        ranges = merged((*self.cased, *self.plain, *((ord(char), ord(char)) for char in kin)))
        return complement(ranges) if self.negated else ranges


@dataclass(frozen=True)
class Edge:
    """``^`` or ``$``: the start or the end of the whole text."""

    sign: str


@dataclass(frozen=True)
class Sequence:
    """One part after the other; of none, the empty text."""

    parts: tuple[Node, ...]


@dataclass(frozen=True)
class Choice:
    """One of the branches."""

    branches: tuple[Node, ...]


@dataclass(frozen=True)
class Repeat:
    """The part again and again, at least and at most so many times; None is without end."""

    part: Node
    least: int
    most: int | None

    @property
    def copies(self) -> int:
        """How often engines write the part out."""
        return max(self.least, 1) if self.most is None else self.most


Node = Chars | Edge | Sequence | Choice | Repeat


def merged(ranges: Ranges) -> Ranges:
    """Return the same characters in the fewest ranges, by code point."""
    found: list[tuple[int, int]] = []
    for first, last in sorted(ranges):
        if found and first <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(found[-1][1], last))
        else:
            found.append((first, last))
    return tuple(found)


def complement(ranges: Ranges) -> Ranges:
    """Return all other characters; the ranges are merged ones."""
    firsts = (0, *(last + 1 for _, last in ranges))
    lasts = (*(first - 1 for first, _ in ranges), _LAST)
    return tuple((first, last) for first, last in zip(firsts, lasts, strict=True) if first <= last)


def write(node: Node, *, blind: bool) -> str:
    """Return a tree as RE2 and Postgres read it; `blind` is without regard to case."""
    match node:
        case Chars():
            ranges = node.members(blind=blind)
            # RE2 takes [Ss] for a letter without case, and gives it a long s (U+017F) when it merges
            # branches; what is repeated it leaves alone.
            return _written_set(ranges) + ("{1}" if ranges == _BOTH_S else "")
        case Edge():
            return node.sign
        case Sequence():
            return "".join(write(part, blind=blind) for part in node.parts) or "(?:)"
        case Choice():
            return f"(?:{'|'.join(write(branch, blind=blind) for branch in node.branches)})"
        case Repeat():
            if isinstance(node.part, Chars):
                return f"{_written_set(node.part.members(blind=blind))}{_written_times(node)}"
            part = write(node.part, blind=blind)
            single = part if isinstance(node.part, Choice) else f"(?:{part})"
            return f"{single}{_written_times(node)}"


def _written_set(ranges: Ranges) -> str:
    if ranges == ((0, _LAST),):
        return "."
    # Postgres takes no NUL, so a set that has it is written as the complement of one that has not.
    negated = ranges[0][0] == 0
    listed = complement(ranges) if negated else ranges
    first, last = listed[0]
    if not negated and len(listed) == 1 and first == last:
        return _written_char(first)
    return f"[{'^' if negated else ''}{''.join(map(_written_range, listed))}]"


def _written_range(ends: tuple[int, int]) -> str:
    first, last = ends
    if first == last:
        return _written_char(first)
    return f"{_written_char(first)}{'-' if last > first + 1 else ''}{_written_char(last)}"


def _written_char(code: int) -> str:
    return chr(code).translate(_ESCAPED)


def _written_times(node: Repeat) -> str:
    sign = {(0, None): "*", (1, None): "+", (0, 1): "?"}.get((node.least, node.most))
    if sign:
        return sign
    if node.least == node.most:
        return f"{{{node.least}}}"
    return f"{{{node.least},{'' if node.most is None else node.most}}}"


def repeats(node: Node) -> int:
    """Return how often engines write the innermost part out at most."""
    match node:
        case Sequence(parts) | Choice(parts):
            return max(map(repeats, parts), default=1)
        case Repeat():
            return repeats(node.part) * max(node.copies, 1)
    return 1


def edges(node: Node) -> int:
    """Return how many edges a text may have to pass one after the other."""
    match node:
        case Edge():
            return 1
        case Sequence():
            return sum(map(edges, node.parts))
        case Choice():
            return max(map(edges, node.branches))
        case Repeat():
            return edges(node.part)
    return 0


class _Net(NamedTuple):
    """What an engine makes of a part, at most; its states are places in the pattern."""

    #: Steps from state to state, each by one range of characters.
    steps: int
    #: Steps that leave the start.
    first: int
    #: States after the start from which the end is reached without a character.
    last: int
    #: Whether the end is reached from the start without a character.
    skips: bool


#: The empty text and an edge are steps too: thousands of either keep Postgres as busy as letters do.
_EMPTY = _Net(1, 1, 1, skips=True)


def cost(node: Node) -> int:
    """Return how many steps the automaton of a tree has at most; Postgres takes minutes over a million.

    Where parts in a row may be left out, each leads to all behind it, and the steps grow with the square.
    """
    return _net(node).steps


def _net(node: Node) -> _Net:
    match node:
        case Chars():
            # Without regard to case the ranges are more, so one limit serves both ways of writing.
            ranges = len(node.members(blind=True))
            return _Net(ranges, ranges, 1, skips=False)
        case Edge():
            return _EMPTY
        case Sequence():
            return _chained([_net(part) for part in node.parts])
        case Choice():
            nets = [_net(branch) for branch in node.branches]
            ends = sum(net.last - 1 for net in nets) + 1
            skips = any(net.skips for net in nets)
            return _Net(sum(net.steps for net in nets), sum(net.first for net in nets), ends, skips)
        case Repeat():
            return _repeated(node, _net(node.part))


def _chained(nets: list[_Net]) -> _Net:
    return reduce(_joined, nets) if nets else _EMPTY


def _joined(before: _Net, after: _Net) -> _Net:
    # The state between the two is one of the last before, and its steps are those of the start behind.
    sources = before.last - 1 + before.skips
    return _Net(
        before.steps + after.steps + sources * after.first,
        before.first + before.skips * after.first,
        after.last + after.skips * before.last,
        before.skips and after.skips,
    )


def _repeated(node: Repeat, part: _Net) -> _Net:
    net = _chained([part] * node.copies)
    skips = part.skips or node.least == 0
    if node.most is None:
        # The state that closes the loop is one more.
        return _Net(net.steps + net.last * part.first, net.first, net.last + 1, skips)
    optional = node.most - max(node.least, 1)
    last = net.last if part.skips or not node.copies else part.last * (optional + 1)
    return _Net(net.steps, net.first, last, skips)
