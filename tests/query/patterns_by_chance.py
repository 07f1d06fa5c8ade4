"""Regular expressions of the subset by chance, most of which match a text at hand."""

from __future__ import annotations

from hypothesis import strategies as st

from tests.query.strategies import CASED, SPECIAL, pick

_LETTERS = st.sampled_from(CASED + SPECIAL)
_SIGNS = set("\\^$.|?*+()[]{}-")
_RANGES = st.sampled_from(
    ["a-z", "A-Z", "0-9", "à-ÿ", "a-b", "I-K", "\u0130-\u0131", " -~", "\u0370-\u03ff", "😀-😂", "1-1"]
)
_SETS = st.sampled_from([r"\d", r"\w", r"\s"])
_OTHER_SETS = st.sampled_from([r"\D", r"\W", r"\S"])
_TIMES = st.sampled_from(
    ["*", "+", "?", "{1}", "{0}", "{2}", "{0,2}", "{1,}", "{2,3}", "*?", "+?", "??", "{1,2}?"]
)


def escaped(char):
    """A character as a pattern has it for itself."""
    return f"\\{char}" if char in _SIGNS else char


@st.composite
def patterns(draw, text):
    """A pattern made of a text: of part of it, with signs in place of characters."""
    branches = [_branch(draw, text) for _ in range(pick(draw, [1, 1, 1, 2]))]
    return "|".join(branches)


def _branch(draw, text):
    first, last = sorted((draw(st.integers(0, len(text))), draw(st.integers(0, len(text)))))
    first, last = pick(draw, [(first, last), (0, len(text)), (0, last), (first, len(text))])
    inner = "".join(_piece(draw, char, depth=1) for char in text[first:last][:6])
    if draw(st.integers(0, 3)) == 0:
        inner += _piece(draw, draw(_LETTERS), depth=1)
    before = "^" if first == 0 and draw(st.booleans()) else ""
    return before + inner + ("$" if last == len(text) and draw(st.booleans()) else "")


def _piece(draw, char, depth):
    """What matches a character, most often."""
    # The end of a line is a character like any other.
    how = draw(st.integers(0, 11)) if char != "\n" else 5
    if how < 4:
        atom = escaped(char)
    elif how < 6:
        atom = "."
    elif how == 6:
        atom = draw(st.one_of(_SETS, _OTHER_SETS))
    elif how in (7, 8):
        atom = _class(draw, char)
    elif how == 9:
        atom = escaped(char.swapcase()[:1])
    elif depth:
        atom = _group(draw, char, depth - 1)
    else:
        atom = escaped(char)
    return atom + (draw(_TIMES) if draw(st.integers(0, 2)) == 0 else "")


def _class(draw, char):
    members = [draw(st.one_of(_LETTERS.map(escaped), _RANGES, _SETS)) for _ in range(draw(st.integers(0, 2)))]
    if draw(st.booleans()):
        return f"[{''.join([escaped(char), *members])}]"
    return f"[^{''.join(members) or 'x'}]"


def _group(draw, char, depth):
    opening = pick(draw, ["(", "(?:"])
    branches = [
        "".join(_piece(draw, one, depth) for one in some)
        for some in draw(
            st.lists(st.lists(st.one_of(st.just(char), _LETTERS), max_size=2), min_size=1, max_size=3)
        )
    ]
    return f"{opening}{'|'.join(branches)})"
