"""Filters as text that say nothing: what is told, and which character is pointed at."""

from __future__ import annotations

import pickle

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sessionframes.errors import QueryError
from sessionframes.query.q import Q
from sessionframes.query.text import parse, write

MARK = "▲"
#: The mark stands before the character at fault.
FAULTS = {
    "▲": "expected a term such as snr__gte=1.5",
    "   ▲": "expected a term",
    "snr__gte= ▲& x=1": "expected a value after '='",
    "a=▲": "expected a value after '='",
    "a=1 & ▲": "expected a term",
    "a=1 & ▲| b=1": "expected a term",
    "~▲": "expected a term",
    "▲5=a": "expected a term",
    "▲=5": "expected a term",
    "▲(a=1": "a ( that is never closed",
    "(a=1 & ▲(b=1 | c=1": "a ( that is never closed",
    "(▲": "expected a term",
    "a=1▲)": "a ) that closes nothing",
    "▲)": "a ) that closes nothing",
    "(a=1)▲) & b=1": "a ) that closes nothing",
    "snr▲": "expected '=' after snr",
    "snr ▲1.5": "snr__gte=1",
    "a__'b c' ▲>= 5": "say a__'b c'__gte=...",
    "'a\\n' ▲> 5": "say 'a\\n'__gt=...",
    "'a\n' ▲> 5": "say name__gt=...",
    "snr ▲in [1]": "snr__in=[1, 2]",
    "snr▲:5": "expected '=' after snr",
    "a▲==1": "one = is enough",
    "a ▲>=1": "say a__gte=...",
    "a▲=>1": "say a__gte=...",
    "a▲<=1": "say a__lte=...",
    "a▲=<1": "say a__lte=...",
    "a ▲> 1": "say a__gt=...",
    "a▲<1": "say a__lt=...",
    "a= ▲<1": "expected a value",
    "a▲!=1": "say ~a=...",
    "a▲<>1": "say ~a=...",
    "a=1 ▲and b=1": "say &",
    "a=1 ▲OR b=1": "say |",
    "(a=1 ▲and b=1)": "say &",
    "▲not a=1": "say ~",
    "a=1 & ▲not a=1": "say ~",
    "a=1 &▲& b=1": "one & is enough",
    "a=1 | ▲| b=1": "one | is enough",
    "a=1▲, b=1": "terms are joined by &",
    "a=1 ▲b=1": "expected & or |",
    "a=NP ▲1": "text with spaces or signs stands in quotes",
    "a=1 ▲]": "expected & or |",
    "a=f▲(x)": "stands in quotes",
    "a=b▲=c": "stands in quotes",
    "a=▲'x": "a ' that is never closed",
    "a=▲\"x' & b=1": 'a " that is never closed',
    r"a=▲'x\'": "a ' that is never closed",
    "a=['x', ▲'y]": "a ' that is never closed",
    "a=▲[1, 2": "a [ that is never closed",
    "a=[1, (2▲]": "expected ',' or ')'",
    "a=[1 ▲2]": "expected ',' or ']'",
    "a=(1 ▲]": "expected ',' or ')'",
    "a=[▲, 1]": "expected a value after '['",
    "a=[1,▲, 1]": "expected a value after ','",
    "a=▲{'k': 1": "a { that is never closed",
    "a={▲k: 1}": "expected a key in quotes",
    "a={'k' ▲1}": "expected ':' after the key 'k'",
    "a={'k': ▲}": "expected a value after ':'",
    "a={'k': 1, ▲'k': 2}": "the key 'k' a second time",
    r"a='x▲\d'": r"for a backslash say \\",
    r"a='▲\u12'": "an unknown escape",
    r"a='▲\U00110000'": "an unknown escape",
    "a=▲NaN": "nulls are found by __isnull=true",
    "a=▲1e400": "too large",
    r"a='x▲\0'": "an unknown escape",
    r"b=1 & a=▲'x\x00'": "NUL",
    r"a=▲'\ud800'": "lone surrogate",
    "a__▲'b__c'=1": "two underscores part keys",
    "a__▲'b_'__gt=1": "two underscores part keys",
}


def _refusal(text):
    with pytest.raises(QueryError) as caught:
        parse(text)
    return str(caught.value).split("\n")


@pytest.mark.parametrize(("marked", "words"), FAULTS.items(), ids=FAULTS)
def test_a_fault_is_told_and_pointed_at(marked, words):
    place, text = marked.index(MARK), marked.replace(MARK, "")
    head, line, caret = _refusal(text)
    assert head.startswith("filter: ")
    assert words in head
    assert f" at character {place + 1}" in head
    assert head.endswith(":")
    assert line == f"  {text}".replace("\n", " ").rstrip()
    assert caret == " " * (2 + place) + "^"


def test_a_whole_message_reads_well():
    with pytest.raises(QueryError) as caught:
        parse("snr >= 1.5")
    assert str(caught.value) == ("filter: '>=' at character 5; say snr__gte=...:\n  snr >= 1.5\n      ^")
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


def test_of_a_long_text_what_is_round_the_fault_is_shown():
    text = "a=1 & " * 20 + "b 2" + " & a=1" * 20
    head, line, caret = _refusal(text)
    assert "at character 123;" in head
    assert line == f"  ...{text[92:152]}..."
    assert line[caret.index("^")] == "2"


def test_the_ends_of_a_long_text_have_no_dots():
    _, first, _ = _refusal("&" + " & a=1" * 20)
    assert first.startswith("  & & a=1")
    assert first.endswith("...")
    _, last, caret = _refusal("a=1 & " * 20)
    assert last.startswith("  ...")
    assert last.endswith("&")
    assert len(caret) == len(last) + 2


def test_thirty_characters_are_shown_on_either_side():
    _, line, _ = _refusal("x" * 28 + "=1" + "]" * 30)
    assert line == "  " + "x" * 28 + "=1" + "]" * 30
    _, line, _ = _refusal("x" * 29 + "=1" + "]" * 31)
    assert line == "  ..." + "x" * 28 + "=1" + "]" * 30 + "..."


def test_the_message_stays_short_whatever_the_name():
    head, _, _ = _refusal("a" * 10_000 + " > 1")
    assert head.endswith("say name__gt=...:")
    assert len(_refusal("a" * 10_000 + " 1")[0]) < 250


def test_line_ends_and_control_characters_do_not_move_the_caret():
    head, line, caret = _refusal("a='\x1b[2J' &\n\tb 5")
    assert "at character 15;" in head
    assert line == "  a=' [2J' &  b 5"
    assert line[caret.index("^")] == "5"


def test_the_caret_stands_under_the_character_where_characters_are_wide_or_have_no_width():
    _, _, caret = _refusal("a='日本' b 5")
    assert caret == " " * (2 + len("a='' ") + 4) + "^"
    _, _, caret = _refusal("a='e\u0301' b 5")
    assert caret == " " * (2 + len("a='e' ")) + "^"


def test_brackets_go_a_hundred_deep_and_no_deeper():
    deep = "(" * 100 + "a=1" + ")" * 100
    assert parse(deep) == Q(a=1)
    head, _, caret = _refusal(f"({deep})")
    assert "more than 100 brackets within one another at character 101:" in head
    assert caret == " " * (2 + len("...") + 30) + "^"
    head, _, _ = _refusal("a=" + "[" * 100_000)
    assert "more than 100 brackets within one another at character 103:" in head
    head, _, _ = _refusal("a=" + '{"k":' * 100_000)
    assert "more than 100 brackets within one another at character 503:" in head


def test_values_nested_deeper_than_a_filter_takes_are_pointed_at():
    head, _, caret = _refusal("a=" + "[" * 70 + "]" * 70)
    assert "nested too deeply at character 3:" in head
    assert caret == "    ^"


def test_a_million_characters_are_read_and_no_more():
    text = "a='" + "x" * 999_996 + "'"
    assert parse(text) == Q(a="x" * 999_996)
    head, _, caret = _refusal(text + " ")
    assert "too long at character 1000001; give long lists of ids as arguments:" in head
    assert caret == " " * (2 + len("...") + 30) + "^"


@pytest.mark.parametrize("digits", ["9" * 5000, "-" + "9" * 5000])
def test_a_number_longer_than_python_reads_is_pointed_at(digits):
    head, _, caret = _refusal(f"a={digits}")
    assert "a number too large to keep at character 3:" in head
    assert caret == "    ^"


@pytest.mark.parametrize("value", [None, 5, b"a=1", ["a=1"], Q(a=1)])
def test_what_is_no_text_is_refused(value):
    with pytest.raises(QueryError, match="not text"):
        parse(value)


@given(st.text("ab1 _&|~()[]{},:='\"\\-.<>\n", max_size=20))
@settings(max_examples=1000, deadline=None)
def test_any_text_is_a_filter_or_refused_at_a_place_in_it(text):
    try:
        q = parse(text)
    except QueryError as error:
        head, line, caret = str(error).split("\n")
        place = caret.index("^") - 2
        assert head.startswith("filter: ")
        assert f" at character {place + 1}" in head
        assert 0 <= place <= len(text)
        assert line == ("  " + text.replace("\n", " ")).rstrip()
    else:
        assert parse(write(q)) == q
