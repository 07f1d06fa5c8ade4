"""Letters without their case, the same in every engine and under every locale.

A character folds to its lower-case form if that is one character, else to itself. So the dotted capital I,
whose lower-case form is an i and a dot, stays; a capital sigma becomes the usual small one, also at the end
of a word; sharp s and long s stay, and the Kelvin sign folds to k. Characters fold one by one, so a text
keeps its length, and folding twice is folding once. Lone surrogates stay.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from functools import cache

_BLOCK = 256


def fold(text: str) -> str:
    """Return a text without the case of its letters: equal for texts that differ in case only."""
    # Of ASCII the two are the same, and lower() is many times as quick.
    return text.lower() if text.isascii() else text.translate(_folds())


def variants(char: str) -> str:
    """Return all characters that fold as this one does, itself included, by code point."""
    folded = fold(char)
    return _families().get(folded, folded)


def others(first: str, last: str) -> str:
    """Return the characters outside of a range that fold as one within it, by code point.

    Parameters
    ----------
    first, last : str
        The ends of the range, both of them in it.
    """
    cased = _cased()
    within = cased[bisect_left(cased, first) : bisect_right(cased, last)]
    return "".join(
        sorted({other for char in within for other in variants(char) if not first <= other <= last})
    )


# Two threads that come first together build equal tables, and either may stay.
@cache
def _folds() -> dict[int, str]:
    """Return what becomes of the characters that folding changes."""
    folds = {}
    for start in range(0, 0x110000, _BLOCK):
        block = "".join(map(chr, range(start, start + _BLOCK)))
        # Most blocks have no letters with case, and one look at a block is quicker than 256.
        if block.lower() != block:
            folds.update({ord(char): char.lower() for char in block if _changes(char)})
    return folds


def _changes(char: str) -> bool:
    lower = char.lower()
    return len(lower) == 1 and lower != char


@cache
def _families() -> dict[str, str]:
    """Return all characters that fold to one, for each that is not alone."""
    families: dict[str, list[str]] = {}
    for code, folded in _folds().items():
        families.setdefault(folded, [folded]).append(chr(code))
    return {folded: "".join(sorted(family)) for folded, family in families.items()}


@cache
def _cased() -> str:
    """Return all characters that are not alone, by code point."""
    return "".join(sorted(char for family in _families().values() for char in family))
