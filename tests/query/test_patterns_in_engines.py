"""Regular expressions in Arrow, in Postgres under several collations, and in Python: all say the same."""

from __future__ import annotations

import os
import re
import warnings
from typing import NamedTuple

import psycopg
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from sessionframes.errors import QueryError
from sessionframes.query.patterns import parse

#: For a long search: SESSIONFRAMES_EXAMPLES=20000.
EXAMPLES = int(os.environ.get("SESSIONFRAMES_EXAMPLES", "200"))
SIGNS = r""".^$*+?()[]{}|\-,:=!<>#&~'"%_/;@` """
CASED = "İ\u0131ß\u1e9es\u017fS\u212akKΣ\u03c3ςéÉe\u0301ǅǆǄµ\u03bc\u039c"
LETTERS = "abzABZ059\n\r\t\f\v\x01\x1c\x7f\xa0\x85\u2028\ufeff\ufffd\uffff😀\U0010ffff" + CASED
ALPHABET = sorted(set(SIGNS + LETTERS))
CLASSES = {"d": "[0-9]", "w": "[A-Za-z0-9_]", "s": "[ \t\n\r\f\v]"}
IMPOSSIBLE = "(?!)"


def folded(char):
    lower = char.lower()
    return lower if len(lower) == 1 else char


def kin():
    """The characters of all of Unicode that fold as one of the alphabet does."""
    wanted = {folded(char): [] for char in ALPHABET}
    for code in range(0x110000):
        char = chr(code)
        if folded(char) in wanted:
            wanted[folded(char)].append(char)
    return {char: wanted[folded(char)] for char in ALPHABET}


KIN = kin()


class Spelling(NamedTuple):
    """A pattern as users write it, and as Python takes what it means with and without case."""

    ours: str
    exact: str
    blind: str
    has_edge: bool = False


def python_set(chars):
    """The set as a list of what it holds, which needs no ranges, no complements and no flags."""
    return f"[{''.join(map(re.escape, sorted(chars)))}]" if chars else IMPOSSIBLE


def of_set(ours, members, fixed=(), *, negated=False):
    """A spelling of the characters for which `members` says yes, or that are fixed."""
    exact = {char for char in ALPHABET if members(char)} | set(fixed)
    blind = {char for char in ALPHABET if any(map(members, KIN[char]))} | set(fixed)
    if negated:
        exact, blind = set(ALPHABET) - exact, set(ALPHABET) - blind
    return Spelling(ours, python_set(exact), python_set(blind))


def escaped(char, escape, special):
    written = {"\n": "n", "\r": "r", "\t": "t", "\f": "f", "\v": "v"}
    if escape == "named" and char in written:
        return "\\" + written[char]
    can_escape = char.isascii() and not char.isalnum()
    return "\\" + char if char in special or (escape and can_escape) else char


ESCAPE = st.sampled_from(["", "named", "always"])


@st.composite
def literals(draw):
    char = draw(st.sampled_from(ALPHABET))
    return of_set(escaped(char, draw(ESCAPE), r"\^$.|?*+()[{"), char.__eq__)


@st.composite
def sets(draw):
    letter = draw(st.sampled_from("dwsDWS"))
    return of_set(f"\\{letter}", lambda _: False, in_class(letter))


def in_class(letter):
    inside = {char for char in ALPHABET if re.fullmatch(CLASSES[letter.lower()], char)}
    return inside if letter.islower() else set(ALPHABET) - inside


@st.composite
def classes(draw):
    ours, ranges, fixed = [], [], set()
    for _ in range(draw(st.integers(1, 4))):
        kind = draw(st.sampled_from(["char", "char", "range", "set"]))
        if kind == "set":
            letter = draw(st.sampled_from("dwsDWS"))
            ours.append(f"\\{letter}")
            fixed |= in_class(letter)
            continue
        first, last = sorted(draw(st.lists(st.sampled_from(ALPHABET), min_size=2, max_size=2)))
        if kind == "char":
            last = first
        first_written, last_written = (escaped(char, draw(ESCAPE), r"\]^-[") for char in (first, last))
        ours.append(first_written if kind == "char" else f"{first_written}-{last_written}")
        ranges.append((first, last))
    negated = draw(st.booleans())
    lone = draw(st.sampled_from(["", "", "first", "last"]))
    if lone:
        ours = ["-", *ours] if lone == "first" else [*ours, "-"]
        ranges.append(("-", "-"))

    def members(char):
        return any(first <= char <= last for first, last in ranges)

    return of_set(f"[{'^' if negated else ''}{''.join(ours)}]", members, fixed, negated=negated)


@st.composite
def repeats(draw, parts):
    part = draw(parts)
    assume(not part.has_edge)
    least, more = draw(st.integers(0, 3)), draw(st.integers(0, 3))
    sign = draw(
        st.sampled_from(["*", "+", "?", f"{{{least}}}", f"{{{least},}}", f"{{{least},{least + more}}}"])
    )
    opening = draw(st.sampled_from(["(", "(?:"]))
    ours = f"{opening}{part.ours}){sign}{draw(st.sampled_from(['', '?']))}"
    return Spelling(ours, f"(?:{part.exact}){sign}", f"(?:{part.blind}){sign}")


def sequences(parts):
    return st.lists(parts, min_size=1, max_size=4).map(
        lambda found: Spelling(
            *("".join(texts) for texts in list(zip(*found, strict=True))[:3]), edged(found)
        )
    )


def choices(parts):
    return st.lists(parts, min_size=2, max_size=3).map(
        lambda found: Spelling(
            f"({'|'.join(part.ours for part in found)})",
            f"(?:{'|'.join(part.exact for part in found)})",
            f"(?:{'|'.join(part.blind for part in found)})",
            edged(found),
        )
    )


def edged(found):
    return any(part.has_edge for part in found)


#: Singles may be repeated without a group, which Python is not told.
SINGLES = literals() | literals() | sets() | classes() | st.just(Spelling(".", "(?s:.)", "(?s:.)"))
EDGES = st.sampled_from([Spelling("^", r"\A", r"\A", True), Spelling("$", r"\Z", r"\Z", True)])
BARE = st.builds(
    lambda part, sign: Spelling(part.ours + sign, part.exact + sign, part.blind + sign),
    SINGLES,
    st.sampled_from(["*", "+", "?", "{2}", "{0,2}", "{1,}"]),
)
SPELLINGS = st.recursive(
    SINGLES | BARE | EDGES | st.just(Spelling("", "", "")),
    lambda parts: sequences(parts) | sequences(parts) | choices(parts) | repeats(parts),
    max_leaves=10,
)
TEXTS = st.lists(st.text(st.sampled_from(ALPHABET), max_size=8), min_size=1, max_size=6)
RELAXED = settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)


@pytest.fixture(scope="module")
def postgres(server_url):
    """Says of each text whether it matches, under the plainest collation and others, if there."""
    with psycopg.connect(server_url, autocommit=True) as connection:
        there = {name for (name,) in connection.execute("select collname from pg_collation")}
        names = ["C", *sorted(there & {"C.utf8", "en_US.utf8", "pg_unicode_fast"})]
        answers = ", ".join(f'text collate "{name}" ~ %(pattern)s' for name in names)
        query = f"select {answers} from unnest(%(texts)s::text[]) with ordinality as t (text, at) order by at"

        def ask(pattern, texts):
            rows = connection.execute(query, {"pattern": pattern, "texts": texts}).fetchall()
            assert all(len(set(row)) == 1 for row in rows), (pattern, texts, names, rows)
            return [row[0] for row in rows]

        yield ask


def arrow(pattern, texts):
    return pc.match_substring_regex(pa.array(texts, pa.string()), pattern=pattern).to_pylist()


@RELAXED
@given(spelling=SPELLINGS, texts=TEXTS)
def test_what_is_taken_means_what_it_says_in_every_engine(spelling, texts, postgres):
    try:
        pattern = parse(spelling.ours, "session_type")
    except QueryError as error:
        # All else that the grammar above can write must be taken.
        assert "a class of no characters" in error.message or "in a row" in error.message  # noqa: PT017  most do not raise
        return
    for blind in (False, True):
        python = re.compile(spelling.blind if blind else spelling.exact)
        expected = [python.search(text) is not None for text in texts]
        assert arrow(pattern.to_re2(blind=blind), texts) == expected
        assert postgres(pattern.to_postgres(blind=blind), texts) == expected


HOSTILE = st.text(st.sampled_from(r"\\\^$.|?*+()[]{}-,:=!<>&a0dwsnDbxQzPi19é") | st.characters(), max_size=14)


@RELAXED
@given(pattern=HOSTILE | st.lists(HOSTILE, max_size=3).map("|".join), texts=TEXTS)
def test_whatever_is_not_refused_is_the_same_in_every_engine(pattern, texts, postgres):
    try:
        parsed = parse(pattern, "session_type")
    except QueryError as error:
        assert "session_type: The pattern" in str(error)  # noqa: PT017  many do not raise
        return
    # Texts that the pattern can match are few among random ones.
    texts = [*texts, pattern, pattern.replace("\\", ""), pattern.swapcase(), ""]
    for blind in (False, True):
        matched = arrow(parsed.to_re2(blind=blind), texts)
        assert postgres(parsed.to_postgres(blind=blind), texts) == matched
        if not blind:
            # Elsewhere than before a last line break, Python reads what the user wrote as we do.
            alike = [text for text in texts if not text.endswith("\n")]
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", FutureWarning)  # of signs that may mean more one day
                python = re.compile(pattern, re.DOTALL | re.ASCII)
            answers = dict(zip(texts, matched, strict=True))
            assert [python.search(text) is not None for text in alike] == [answers[text] for text in alike]


COSTLY = {
    "repetitions": "(?:.{250}){4}",
    "optional": "a{0,255}" * 5 + "b",
    "optional in a row": "a?" * 90 + "b",
    "empty ones": "(?:(?:){10}){10}b",
    "alternatives in a row": "(?:a|b|c|d|e|f|g|h|){40}i",
    "loops in a loop": "(?:" + "|".join(f"{letter}*" for letter in "abcdefghijklmnop" * 3) + ")*q",
    "ends in a row": "(?:^|a*$|b*$|c)" * 4,
    "wide letters": f"[{''.join(chr(0x14000 + 64 * at) for at in range(900))}]{{20}}",
    "wide range": "[^é-\U0010ffff]{255}",
    "depth": "(?:" * 50 + "a*b" + ")*" * 50,
    "length": "^[ab]." * 4 + "é" * 970,
}


@pytest.mark.parametrize("name", COSTLY)
def test_the_largest_that_are_taken_are_no_burden(name, postgres, capfd):
    pattern = parse(COSTLY[name], "session_type")
    texts = ["", "a" * 999, "abcdefghi" * 99, "é\n" * 99, "q"]
    for blind in (False, True):
        assert arrow(pattern.to_re2(blind=blind), texts) == postgres(pattern.to_postgres(blind=blind), texts)
    # RE2 writes there what it could not keep in memory.
    assert not capfd.readouterr().err
