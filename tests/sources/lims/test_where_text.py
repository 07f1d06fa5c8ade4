"""Lookups of text in Postgres: every character literally, by code points, without a locale."""

from __future__ import annotations

import operator

import psycopg
import pytest

import sessionframes as sf
from sessionframes import Q
from sessionframes.errors import QueryError
from sessionframes.query.folding import fold
from tests.sources.lims.asking import keys
from tests.sources.lims.attacks import ATTACKS, NASTY, fingerprint

#: Letters whose lower case depends on who asks, written so that one sees which they are.
DOTTED, DOTLESS, LONG_S, KELVIN = "\u0130", "\u0131", "\u017f", "\u212a"
SIGMA, FINAL_SIGMA, LARGE_SIGMA = "\u03c3", "\u03c2", "\u03a3"
LETTERS = (DOTTED, DOTLESS, LONG_S, KELVIN, SIGMA, FINAL_SIGMA, LARGE_SIGMA, "i", "I", "s", "S", "k", "ß")
HARD = (
    *(text for text in NASTY if text != "é"),
    *LETTERS,
    *(f"{letter}stanbul" for letter in (DOTTED, DOTLESS, "I", "i")),
    *("Straße", "STRASSE", "É", "e\u0301", "é", "a_c", "abc", "a%c", "é\\", "zz"),
    *("\x01", "\ue000", "\U0010ffff"),
)
ON_TEXT = {
    "exact": operator.eq,
    "gt": operator.gt,
    "gte": operator.ge,
    "lt": operator.lt,
    "lte": operator.le,
    "contains": lambda text, part: part in text,
    "startswith": str.startswith,
    "endswith": str.endswith,
}


@pytest.fixture
def texts(own_lims_url):
    """A LIMS in which units have hard texts, and the texts."""
    with sf.connect("lims", url=own_lims_url) as db, psycopg.connect(own_lims_url) as writer:
        told = dict(zip(keys(db), [*HARD, None], strict=False))
        writer.execute("delete from ecephys_unit_metric_bundles")
        writer.execute("delete from ecephys_units where not id = any(%s)", [list(told)])
        writer.cursor().executemany(
            "update ecephys_units set quality = %s where id = %s",
            [(text, unit) for unit, text in told.items()],
        )
        writer.commit()
        yield db, told


@pytest.mark.parametrize("lookup", ON_TEXT)
def test_text_is_taken_literally_and_by_code_points(texts, lookup):
    db, told = texts
    holds = ON_TEXT[lookup]
    for value in (*HARD, *(text[:1] for text in HARD), *(text[-2:] for text in HARD), "nobody's"):
        kept = [unit for unit, text in told.items() if text is not None and holds(text, value)]
        where = Q(**{f"quality__{lookup}": value})
        assert keys(db, where=where) == kept, value
    assert keys(db, where=~where) == [unit for unit in told if unit not in kept]


@pytest.mark.parametrize("lookup", ["exact", "contains", "startswith", "endswith"])
def test_text_without_regard_to_case_leans_on_no_locale(texts, lookup):
    db, told = texts
    holds = ON_TEXT[lookup]
    for value in (*HARD, "ST", "aN", ""):
        kept = [unit for unit, text in told.items() if text is not None and holds(fold(text), fold(value))]
        where = Q(**{f"quality__i{lookup}": value})
        assert keys(db, where=where) == kept, value
    assert keys(db, where=~where) == [unit for unit in told if unit not in kept]


def test_regular_expressions(texts):
    db, told = texts
    wanted = {
        "^a.c$": ["abc", "a_c", "a%c"],
        "[%_]": [text for text in HARD if "%" in text or "_" in text],
        r"\\": [text for text in HARD if "\\" in text],
        "e\nb": ["line\nbreak"],
        "^$": [""],
        "ß|É": [text for text in HARD if "ß" in text or "É" in text],
    }
    for pattern, kept in wanted.items():
        found = [told[unit] for unit in keys(db, where=Q(quality__regex=pattern))]
        assert sorted(found) == sorted(kept), pattern
    found = [told[unit] for unit in keys(db, where=Q(quality__iregex="^(ISTANBUL|k)$"))]
    assert sorted(found) == sorted(text for text in HARD if fold(text) in ("istanbul", "k"))
    assert len(keys(db, where=~Q(quality__regex="."))) == 2  # the empty one and the null


def test_attacks_through_every_lookup_are_texts_like_any_other(lims, lims_url):
    before = fingerprint(lims_url)
    lookups = ["exact", "gt", "lte", "contains", "startswith", "endswith", "regex", "in"]
    lookups += ["iexact", "icontains", "istartswith", "iendswith", "iregex"]
    asked = 0
    for attack in ATTACKS:
        for lookup in lookups:
            value = ["good", attack] if lookup == "in" else attack
            try:
                found = keys(lims, where=Q(**{f"quality__{lookup}": value}))
            except QueryError:
                # Half characters, NULs, and what is no regular expression.
                continue
            asked += 1
            nobody = lookup not in ("gt", "lte", "in")
            assert not (nobody and found), (lookup, attack)
    assert asked > 100
    assert fingerprint(lims_url) == before
