"""Letters without their case."""

from __future__ import annotations

import sys
import time
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sessionframes.query import folding
from sessionframes.query.folding import fold, others, variants

DOTLESS_I = "\N{LATIN SMALL LETTER DOTLESS I}"
LONG_S = "\N{LATIN SMALL LETTER LONG S}"
SIGMA = "\N{GREEK SMALL LETTER SIGMA}"
EVERY = [chr(code) for code in range(sys.maxunicode + 1)]


def by_definition(char):
    lower = char.lower()
    return lower if len(lower) == 1 else char


@cache
def families():
    """The characters that are not alone, by what they fold to."""
    found = {}
    for char in EVERY:
        if by_definition(char) != char:
            found.setdefault(by_definition(char), {by_definition(char)}).add(char)
    return {folded: "".join(sorted(family)) for folded, family in found.items()}


def test_every_character_folds_as_defined_and_folding_twice_is_folding_once():
    folded = [fold(char) for char in EVERY]
    assert folded == list(map(by_definition, EVERY))
    assert [fold(char) for char in folded] == folded
    assert fold("".join(EVERY)) == "".join(folded)


def test_every_character_knows_all_that_fold_alike():
    cased = {char: family for family in families().values() for char in family}
    assert len(cased) > 2000
    assert {char: variants(char) for char in cased} == cased
    assert not [char for char in EVERY if char not in cased and variants(char) != char]


@pytest.mark.parametrize(
    ("char", "expected"),
    [
        ("k", "Kk\N{KELVIN SIGN}"),
        ("\N{KELVIN SIGN}", "Kk\N{KELVIN SIGN}"),
        ("s", "Ss"),
        (LONG_S, LONG_S),
        ("i", "Ii"),
        ("İ", "İ"),
        (DOTLESS_I, DOTLESS_I),
        ("ß", "ßẞ"),
        ("Σ", "Σ" + SIGMA),
        ("ς", "ς"),
        ("ǅ", "Ǆǅǆ"),
        ("É", "Éé"),
        ("7", "7"),
        ("\ud800", "\ud800"),
    ],
    ids=ascii,
)
def test_odd_letters(char, expected):
    assert variants(char) == expected


def test_a_capital_sigma_folds_alike_wherever_it_stands():
    assert fold("ΣΔΣ Σ") == f"{SIGMA}δ{SIGMA} {SIGMA}" != "ΣΔΣ Σ".lower()


def test_a_text_keeps_its_length():
    assert fold("İSTANBUL") == "İstanbul"


@settings(deadline=None)
@given(st.text())
def test_a_text_folds_character_by_character(text):
    assert fold(text) == "".join(map(by_definition, text))


@settings(deadline=None)
@given(st.lists(st.characters(), min_size=2, max_size=2).map(sorted))
def test_others_are_what_a_range_lacks(ends):
    first, last = ends
    within = [family for family in families().values() if any(first <= char <= last for char in family)]
    lacking = [char for family in within for char in family if not first <= char <= last]
    assert others(first, last) == "".join(sorted(lacking))


def test_others_of_small_letters_are_the_capitals_and_the_kelvin_sign():
    assert others("a", "z") == "ABCDEFGHIJKLMNOPQRSTUVWXYZ\N{KELVIN SIGN}"
    assert others("0", "9") == ""


def test_all_is_ready_at_once_and_for_all_threads():
    tables = (folding._folds, folding._families, folding._cased)
    for table in tables:
        table.cache_clear()
    started = time.thread_time()
    assert variants("a") == "Aa"
    assert others("b", "b") == "B"
    assert time.thread_time() - started < 0.3

    for table in tables:
        table.cache_clear()
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: (fold("Ä"), variants("ä"), others("ä", "ä")), range(64)))
    assert set(answers) == {("ä", "Ää", "Ä")}
