"""Filters as text: what they mean, and how they are written."""

from __future__ import annotations

from datetime import UTC, date, datetime, time

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from sessionframes.query.q import Q
from sessionframes.query.text import parse, write, write_term

#: Words that mean something else unless they stand in quotes, and other texts that invite confusion.
ODD_TEXTS = (
    *("", " ", "true", "TRUE", "False", "null", "None", "nan", "NaN", "inf", "-Inf", "+inf", "12", "-3"),
    *("+3", "1.5", ".5", "5.", "1e5", "1E-5", "007", "-007", "1_000", "٣", "and", "or", "not", "a b", "a'b"),
    *('a"b', "'\"", "\\", "a\\nb", "\n\r\t", "100%", "%s", "_", "<5", ">5", "=", "a=b", "(a)", "[a]", "{a}"),
    *("a,b", "~", "a&b", "a|b", ":", "a:b", "\u00a0", "\u200b", "\x1b[31m", "\x7f", "😀", "ß", "İ", "日本"),
    *("\u0301", "2020-01-01", "2020-01-01T10:00:00+02:00", "2020-01-01 10:00", "probe-A", "a/b.c", "Q()"),
)
ODD_NAMES = (
    *("", "_", "__", "___", "____", "a_", "a__", "a___b", "a____b", "a_____b", "_a", "__a", "5", "-5"),
    *("5__a", "a__-1__gt", "a__0__gt", "a__-__gt", "a__-x__gt", "a__my key__gt", "a b", "a__it's", 'a__"'),
    *("a__\\__b", "a__x=1", "a__ ", "größe", "a__日 本", "and", "not", "true", "null", "a-b", "a__b-c"),
    *("a__\n", "a b___c", "extended_qc___videoLeft_pin_state__0__gt", "Q", "name", "terms", "self"),
)

texts = st.one_of(
    st.sampled_from(ODD_TEXTS),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8),
    st.text("aé1 _-+.e'\"\\\n%&|~()[]{},=:<>", max_size=8),
)
numbers = st.integers() | st.floats(allow_nan=False)
values = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
names = st.one_of(
    st.sampled_from(ODD_NAMES),
    st.sampled_from(["snr__gte", "probe_name", "session_id__in", "extended_qc__task"]),
    st.text("a_1- '\"", max_size=6),
    st.lists(texts, min_size=1, max_size=3).map("__".join),
)
terms = st.builds(lambda name, value: Q(**{name: value}), names, values)
filters = st.recursive(
    terms | st.just(Q()),
    lambda inner: st.one_of(
        st.builds(lambda a, b: a & b, inner, inner),
        st.builds(lambda a, b: a | b, inner, inner),
        inner.map(lambda a: ~a),
    ),
    max_leaves=12,
)


@given(filters)
@settings(max_examples=500, deadline=None)
@example(~(Q(a=1) & (Q(b=1) | ~Q(c=1))) | Q())
@example(Q() | Q())
@example(~Q())
def test_what_is_written_is_read_as_the_same(q):
    assert parse(write(q)) == q


@pytest.mark.parametrize("text", ODD_TEXTS)
def test_text_is_read_as_the_text_it_was(text):
    q = Q(a=text, b__in=[text, text], c={text: text})
    assert parse(write(q)) == q


@pytest.mark.parametrize("name", ODD_NAMES)
def test_any_name_is_read_as_the_name_it_was(name):
    q = Q(**{name: 1})
    assert parse(write(q)) == q
    assert parse(f"~( {write(q)} )") == ~q


@given(filters)
@settings(deadline=None)
def test_what_is_written_is_on_one_line_and_can_be_seen(q):
    assert write(q).isprintable()


VALUES = {
    "1.5": 1.5,
    "-3": -3,
    "+3": 3,
    "1e-3": 0.001,
    ".5": 0.5,
    "5.": 5.0,
    "-0.0": 0.0,
    "12345678901234567890": 12345678901234567890,
    "inf": float("inf"),
    "-inf": float("-inf"),
    "true": True,
    "False": False,
    "NULL": None,
    "None": None,
    "007": "007",
    "-007": "-007",
    "1.2.3": "1.2.3",
    "0x10": "0x10",
    "VIS": "VIS",
    "2020-01-01": "2020-01-01",
    "2020-01-01T10:00:00+02:00": "2020-01-01T10:00:00+02:00",
    "probe-A": "probe-A",
    "a/b.c": "a/b.c",
    "100%": "100%",
    r"^VIS\d+$": r"^VIS\d+$",
    "and": "and",
    "'true'": "true",
    '"12"': "12",
    "''": "",
    "'it\\'s'": "it's",
    '"it\'s"': "it's",
    r"'\\ \' \" \n \r \t'": "\\ ' \" \n \r \t",
    r"'\xe9\u00e9\U0001F600'": "éé😀",
    r'"\ud83d\ude00"': "😀",
    "'two\nlines'": "two\nlines",
    "[]": [],
    "()": [],
    "[1]": [1],
    "(1)": [1],
    "(1,)": [1],
    "[a, b, 'c d']": ["a", "b", "c d"],
    "(a, 1, null)": ["a", 1, None],
    "[[1, 2], (3, 4)]": [[1, 2], [3, 4]],
    "{}": {},
    '{"k": [1, true]}': {"k": [1, True]},
    "{'k': {'l': VIS, 'm': null}, '': -1}": {"k": {"l": "VIS", "m": None}, "": -1},
}


@pytest.mark.parametrize(("text", "value"), VALUES.items(), ids=VALUES)
def test_a_value_is_what_it_looks_like(text, value):
    assert parse(f"x={text}") == Q(x=value)
    assert parse(f"x={text}&y={text}") == Q(x=value) & Q(y=value)


NAMES = {
    "snr": "snr",
    "snr__gte": "snr__gte",
    "extended_qc___videoLeft_pin_state__0__gt": "extended_qc___videoLeft_pin_state__0__gt",
    "extended_qc__-1": "extended_qc__-1",
    'extended_qc__"my key"__gt': "extended_qc__my key__gt",
    "extended_qc__'a-b'": "extended_qc__a-b",
    "extended_qc__'-a'": "extended_qc__-a",
    r"extended_qc__'it\'s'": "extended_qc__it's",
    "größe": "größe",
}


#: Quotes are Python's choice.
REQUOTED = {
    'extended_qc__"my key"__gt': "extended_qc__'my key'__gt",
    r"extended_qc__'it\'s'": 'extended_qc__"it\'s"',
}


@pytest.mark.parametrize(("text", "name"), NAMES.items(), ids=NAMES)
def test_a_name_leads_into_json(text, name):
    q = Q(**{name: 5})
    assert parse(f"{text}=5") == q
    assert write(q) == f"{REQUOTED.get(text, text)}=5"


A, B, C = Q(a=1), Q(b=1), Q(c=1)
TREES = {
    "a=1": A,
    "~a=1": ~A,
    "a=1 & b=1 & c=1": A & B & C,
    "a=1 | b=1 | c=1": A | B | C,
    "a=1 & b=1 | c=1": (A & B) | C,
    "a=1 | b=1 & c=1": A | (B & C),
    "(a=1 | b=1) & c=1": (A | B) & C,
    "~a=1 & b=1": ~A & B,
    "~(a=1 & b=1)": ~(A & B),
    "~(a=1 | ~(b=1 & c=1))": ~(A | ~(B & C)),
    "(a=1 | ~b=1) & ~(b=1 | c=1)": (A | ~B) & ~(B | C),
    "()": Q(),
    "~()": ~Q(),
    "() | a=1": Q() | A,
    "a=1 & a=1": A & A,
}


@pytest.mark.parametrize(("text", "q"), TREES.items(), ids=TREES)
def test_not_binds_closest_and_or_least_and_brackets_are_written_only_where_needed(text, q):
    assert parse(text) == q
    assert write(q) == text
    assert str(q) == text


def test_brackets_and_signs_that_change_nothing_may_stand():
    assert parse("((a=1) & ((b=1) & (c=1)))") == A & B & C
    assert parse("~~a=1") == A
    assert parse("~(~(a=1))") == A
    assert parse("~~~a=1") == ~A
    assert parse("() & a=1") == A


def test_spaces_may_stand_anywhere_or_nowhere():
    q = (A | ~Q(b__in=[1, "x"])) & Q(c={"k": 1})
    assert parse("(a=1|~b__in=[1,x])&c={'k':1}") == q
    assert parse("\n ( a = 1 |\t~ b__in = [ 1 , x , ] )\r\n &  c = { 'k' : 1 , } ") == q


WRITTEN = {
    "snr__gte=1.5": Q(snr__gte=1.5),
    "structure_acronym__startswith=VIS": Q(structure_acronym__startswith="VIS"),
    "rig_name='NP 1'": Q(rig_name="NP 1"),
    'rig_name="it\'s"': Q(rig_name="it's"),
    "x='true'": Q(x="true"),
    "x=true": Q(x=True),
    "x=null": Q(x=None),
    "x='12'": Q(x="12"),
    "x=inf": Q(x=float("inf")),
    "x=1e+16": Q(x=1e16),
    "x=''": Q(x=""),
    "x__in=[]": Q(x__in=[]),
    "x__contains={'k': [1, true, null, a]}": Q(x__contains={"k": [1, True, None, "a"]}),
    "t__gte=2020-01-01T00:00:00+00:00": Q(t__gte=datetime(2020, 1, 1, tzinfo=UTC)),
    r"x='a\nb'": Q(x="a\nb"),
}


@pytest.mark.parametrize(("text", "q"), WRITTEN.items(), ids=WRITTEN)
def test_a_term_is_written_with_quotes_only_where_needed(text, q):
    assert write(q) == text
    assert parse(text) == q


def test_the_text_of_the_readme_means_what_it_says():
    q = parse("snr__gte=1.5 & ~structure_acronym__startswith=VIS")
    assert q == Q(snr__gte=1.5) & ~Q(structure_acronym__startswith="VIS")


def test_many_terms_and_many_tildes_are_read():
    assert parse("|".join(f"a={n}" for n in range(20_000))).parts[-1] == Q(a=19_999)
    assert parse("~" * 99_999 + "a=1") == ~Q(a=1)


TERMS = {
    "snr__gte=1.5": ("snr", "gte", 1.5),
    "probe_name=probeA": ("probe_name", "exact", "probeA"),
    "probe_name='probe A'": ("probe_name", "exact", "probe A"),
    "probe_name__isnull=true": ("probe_name", "isnull", True),
    "unit_id__in=[1, 2, 3]": ("unit_id", "in", (1, 2, 3)),
    "unit_id__in=[1, 2, 3, and 1 more]": ("unit_id", "in", (1, 2, 3, 4)),
    "unit_id__in=[0, 1, 2, and 999997 more]": ("unit_id", "in", tuple(range(1_000_000))),
    "x__in=['a b', c, '1', and 1 more]": ("x", "in", ["a b", "c", "1", "d"]),
    "x=[]": ("x", "exact", []),
    "x=null": ("x", "exact", None),
    "x__contains={'k': [1, 2, 3, 4]}": ("x", "contains", {"k": [1, 2, 3, 4]}),
    "published_at__lte=2019-10-03T08:30:00+00:00": (
        *("published_at", "lte"),
        datetime(2019, 10, 3, 8, 30, tzinfo=UTC),
    ),
    "published_at__date=2019-10-03": ("published_at__date", "exact", date(2019, 10, 3)),
    "published_at__time__gt=08:30:00": ("published_at__time", "gt", time(8, 30)),
    "published_at__year__in=[2019]": ("published_at__year", "in", (2019,)),
    "extended_qc__'my key'__0__gt=5": ("extended_qc__my key__0", "gt", 5),
    "extended_qc__gt__exact=5": ("extended_qc__gt", "exact", 5),
}


@pytest.mark.parametrize(("text", "term"), TERMS.items(), ids=TERMS)
def test_a_term_is_told_in_short(text, term):
    assert write_term(*term) == text


@given(names, st.sampled_from(["exact", "gte", "in", "icontains"]), values)
@settings(deadline=None)
def test_a_term_that_is_not_cut_short_is_read_as_it_was(name, lookup, value):
    assume(not isinstance(value, list) or len(value) <= 3)
    read = parse(write_term(name, lookup, value))
    assert read == Q(**{f"{name}__{lookup}": value}) or (lookup == "exact" and read == Q(**{name: value}))
