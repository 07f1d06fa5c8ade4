"""Regular expressions that mean the same everywhere: what is taken, what is refused, what is written."""

from __future__ import annotations

import copy
import pickle
import re

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from sessionframes.errors import QueryError
from sessionframes.query.patterns import parse

DOTLESS_I = "\N{LATIN SMALL LETTER DOTLESS I}"
KELVIN = "\N{KELVIN SIGN}"
LONG_S = "\N{LATIN SMALL LETTER LONG S}"
SIGMA = "\N{GREEK SMALL LETTER SIGMA}"
DEEPEST = "(?:" * 50 + "a*b|" + ")*" * 50


def found(pattern, *texts, blind=False):
    """Which texts match, as Arrow has it."""
    written = parse(pattern, "session_type").to_re2(blind=blind)
    matches = pc.match_substring_regex(pa.array(texts, pa.string()), pattern=written).to_pylist()
    return [text for text, matched in zip(texts, matches, strict=True) if matched]


@pytest.mark.parametrize(
    ("pattern", "yes", "no"),
    [
        ("", ["", "a"], []),
        ("b", ["b", "abc", "a\nb"], ["", "a", "B"]),
        ("^b", ["b", "bc"], ["ab", "a\nb"]),
        ("b$", ["b", "ab"], ["bc", "b\n", "b\nc"]),
        ("^$", [""], ["\n", "a"]),
        ("^.$", ["a", "\n", "\r", "\0", "é", "😀"], ["", "ab"]),
        ("^a|b$", ["ac", "cb"], ["ca", "bc"]),
        ("^(a|)$", ["a", ""], ["b"]),
        ("^(|)()$", [""], ["b"]),
        ("^(?:a|b)c$", ["ac", "bc"], ["a", "bcc"]),
        ("(^|,)a(,|$)", ["a", "b,a", "a,b", "c,a,b"], ["ba", "b,ab"]),
        ("^a{2}$", ["aa"], ["a", "aaa"]),
        ("^a{2,}$", ["aa", "a" * 999], ["a"]),
        ("^a{1,2}$", ["a", "aa"], ["", "aaa"]),
        ("^a{0}$", [""], ["a"]),
        ("^a*?b+?c??$", ["b", "aabbc"], ["a", "bcc"]),
        ("^(ab{2,3}?){2}$", ["abbabb", "abbabbb"], ["abab", "abb"]),
        ("^[abc]$", ["a", "b", "c"], ["d", "ab"]),
        ("^[^abc]$", ["d", "\n", "\0", "A"], ["a", ""]),
        ("^[a-c]$", ["a", "b"], ["d", "-"]),
        ("^[-a]$", ["a", "-"], ["b"]),
        ("^[a-]$", ["a", "-"], ["b"]),
        ("^[^-a]$", ["b"], ["a", "-"]),
        (r"^[a\-c]$", ["a", "-", "c"], ["b"]),
        (r"^[+-\-]$", ["+", ",", "-"], [".", "\\"]),
        ("^[]a]$", ["]", "a"], ["b"]),
        ("^[^]a]$", ["b"], ["]", "a"]),
        (r"^[\]\[]$", ["]", "["], ["\\"]),
        ("^[a^]$", ["^", "a"], ["b"]),
        ("^[.*$|(]$", [".", "*", "$", "|", "("], ["a", ")"]),
        ("^[a&&b]$", ["a", "&", "b"], ["c"]),
        (r"^[\n\t\r\f\v]$", list("\n\t\r\f\v"), ["n", " ", "\\"]),
        (r"^\n\t\r\f\v$", ["\n\t\r\f\v"], [r"\n\t\r\f\v"]),
        (r"^\d$", ["0", "9"], ["a", "٣", "", "\N{FULLWIDTH DIGIT TWO}"]),
        (r"^\w$", ["a", "Z", "_", "5"], ["é", "-", KELVIN]),
        (r"^\s$", list(" \t\n\r\f\v"), ["a", "\xa0", "\x85", "\x1c", "\u2028"]),
        (r"^\D\W\S$", ["a-b", "é\né"], ["1-b", "aab", "a- "]),
        (r"^[\d.]$", ["5", "."], ["a"]),
        (r"^[^\d.]$", ["a", "\n"], ["5", "."]),
        (r"^[\D5]$", ["a", "5", "\n"], ["4"]),
        (r"^[^\W_]$", ["a", "5"], ["_", "-", "é"]),
        (r"^[\s\S]$", ["a", "\n", "\0"], [""]),
        (r"^\.\*\+\?\(\)\[\]\{\}\|\^\$\\$", [r".*+?()[]{}|^$\ ".strip()], ["."]),
        ("^]}-:'\"%_;/<>&#~@!,= $", ["]}-:'\"%_;/<>&#~@!,= "], [""]),
        ("^[é-ü]$", ["é", "ü", "ñ"], ["e", "É", "ý"]),
        ("^[\ue000-\U0010ffff]$", ["😀", "\uffff", "\U0010ffff"], ["a", "\ud7ff"]),
        ("^😀{2}$", ["😀😀"], ["😀"]),
        (DEEPEST, [""], []),
    ],
    ids=ascii,
)
@pytest.mark.filterwarnings("ignore:Possible set:FutureWarning")
def test_patterns_mean_what_they_say(pattern, yes, no):
    assert found(pattern, *yes, *no) == yes
    # Of what is taken, only a $ before a last line break means another thing in Python.
    alike = [text for text in (*yes, *no) if not text.endswith("\n")]
    python = re.compile(pattern, re.DOTALL | re.ASCII)
    assert [text for text in alike if python.search(text)] == [text for text in yes if text in alike]


@pytest.mark.parametrize(
    ("pattern", "yes", "no"),
    [
        ("^k$", ["k", "K", KELVIN], ["x"]),
        (f"^{KELVIN}$", ["k", "K", KELVIN], ["x"]),
        ("^ß$", ["ß", "ẞ"], ["ss", "SS", "s"]),
        ("^s$", ["s", "S"], [LONG_S]),
        ("^i$", ["i", "I"], ["İ", DOTLESS_I]),
        ("^Σ$", [SIGMA, "Σ"], ["ς"]),
        ("^Ǆ$", ["Ǆ", "ǅ", "ǆ"], ["DŽ"]),
        ("^[h-l]$", ["h", "H", "K", KELVIN], ["m", "M"]),
        ("^[^k]$", ["a", "A"], ["k", "K", KELVIN]),
        ("^[^h-l]$", ["a", "A"], ["k", "K", KELVIN]),
        ("^[Z-a]$", ["Z", "z", "a", "A", "_"], ["b", "Y"]),
        ("^[\x01-\U0010ffff]$", ["a", "A", "\U0010ffff"], ["\0"]),
        (r"^\w\W$", ["a" + KELVIN, "K" + KELVIN, "_é"], [KELVIN + KELVIN, "aK"]),
        (r"^[\wé]$", ["k", "é", "É"], [KELVIN]),
        (r"^[^\W]$", ["k", "K"], [KELVIN]),
        ("^Ab{2}C?$", ["abbc", "ABBC", "aBb"], ["ab"]),
    ],
    ids=ascii,
)
def test_without_regard_to_case(pattern, yes, no):
    assert found(pattern, *yes, *no, blind=True) == yes


@pytest.mark.parametrize(
    ("pattern", "exact", "folded"),
    [
        ("ab", "ab", "[Aa][Bb]"),
        ("(a)|", "(?:a|(?:))", "(?:[Aa]|(?:))"),
        ("(?:ab){2,2}?", "(?:ab){2}", "(?:[Aa][Bb]){2}"),
        ("(a{0,1}){1,}", "(?:a?)+", "(?:[Aa]?)+"),
        (r"[\]\[^a-c-]", r"[\-\[\]\^a-c]", r"[\-A-C\[\]\^a-c]"),
        (r"[\d\D]", ".", "."),
        (r"[\Da]", "[^0-9]", "[^0-9]"),
        (r"\'\ \%\-", r"' %\-", r"' %\-"),
        ("\n\\\n", r"\n\n", r"\n\n"),
        ("[aab]", "[ab]", "[ABab]"),
        ("[a]", "a", "[Aa]"),
    ],
    ids=ascii,
)
def test_what_is_written_needs_no_flags_and_no_names(pattern, exact, folded):
    written = parse(pattern, "session_type")
    assert written.to_postgres(blind=False) == exact
    assert written.to_postgres(blind=True) == folded
    assert written.to_re2(blind=False) == f"(?s){exact}"
    assert written.to_re2(blind=True) == f"(?s){folded}"


REFUSED = {
    r"(a)\1": ("a back reference", r"\1", 4),
    r"\bfoo": ("a word boundary", r"\b", 1),
    r"[\b]": ("a word boundary", r"\b", 2),
    r"\Afoo": ("an end of the text other than ^ and $", r"\A", 1),
    r"foo\Z": ("an end of the text other than ^ and $", r"\Z", 4),
    r"foo\z": ("an end of the text other than ^ and $", r"\z", 4),
    r"\x41": ("a character code", r"\x", 1),
    r"\u0041": ("a character code", r"\u", 1),
    r"\012": ("a character code", r"\0", 1),
    r"\pL": ("a Unicode property", r"\p", 1),
    r"\Qa.b\E": ("a quotation", r"\Q", 1),
    r"\a": ("an unknown escape", r"\a", 1),
    r"\e": ("an unknown escape", r"\e", 1),
    r"\é": ("an unknown escape", r"\é", 1),
    "a\\": ("a backslash before nothing", "\\", 2),
    "[a\\": ("a backslash before nothing", "\\", 3),
    "a(?=b)": ("a look-ahead", "(?=", 2),
    "a(?!b)": ("a look-ahead", "(?!", 2),
    "(?<=a)b": ("a look-behind", "(?<=", 1),
    "(?<!a)b": ("a look-behind", "(?<!", 1),
    "(?P<n>a)": ("a named group", "(?P", 1),
    "(?<n>a)": ("a named group", "(?<", 1),
    "(?>a)": ("an atomic group", "(?>", 1),
    "(?#a)": ("a comment", "(?#", 1),
    "(?i)a": ("a flag", "(?", 1),
    "(?i:a)": ("a flag", "(?", 1),
    "(?": ("a flag", "(?", 1),
    "***=a": ("a sign of repetition without anything to repeat", "*", 1),
    "a|*": ("a sign of repetition without anything to repeat", "*", 3),
    "(+)": ("a sign of repetition without anything to repeat", "+", 2),
    "{": ("a sign of repetition without anything to repeat", "{", 1),
    "a{": ("a sign of repetition without anything to repeat", "{", 2),
    "a{,3}": ("a sign of repetition without anything to repeat", "{", 2),
    "a{1, 2}": ("a sign of repetition without anything to repeat", "{", 2),
    "a{٣}": ("a sign of repetition without anything to repeat", "{", 2),
    "a**": ("a repetition of a repetition", "**", 2),
    "a*+": ("a repetition of a repetition", "*+", 2),
    "a+?+": ("a repetition of a repetition", "+?+", 2),
    "a{2}{3}": ("a repetition of a repetition", "{2}{", 2),
    "^*": ("a repetition of ^ or $", "^*", 1),
    "b(^a|$)?": ("a repetition of ^ or $", "(^a|$)?", 2),
    "a{256}": ("a repetition of more than 255 times", "{256}", 2),
    "a{256,}": ("a repetition of more than 255 times", "{256,}", 2),
    "a{0,256}": ("a repetition of more than 255 times", "{0,256}", 2),
    "a{" + "9" * 40 + "}": ("a repetition of more than 255 times", "{" + "9" * 40 + "}", 2),
    "a{3,2}": ("a repetition of fewer times at most than at least", "{3,2}", 2),
    "((a{10}b*){10}){11}": ("nested repetitions of more than 1000 times", "{11}", 16),
    "a)": ("a closing parenthesis too many", ")", 2),
    "b(a": ("a group without its end", "(", 2),
    "(" * 51 + ")" * 51: ("more than 50 groups in each other", "(", 51),
    "b[a": ("a class without its end", "[", 2),
    "[]": ("a class without its end", "[", 1),
    "[^]": ("a class without its end", "[", 1),
    "[[:alpha:]]": ("a POSIX class", "[:", 2),
    "[a[.-.]]": ("a POSIX class", "[.", 3),
    "[[=a=]]": ("a POSIX class", "[=", 2),
    "[a-c-e]": ("a hyphen that needs a backslash", "-", 5),
    "[--a]": ("a hyphen that needs a backslash", "-", 3),
    "[+--]": ("a hyphen that needs a backslash", "-", 3),
    r"[a-\d]": ("a hyphen that needs a backslash", "-", 3),
    r"[\d-z]": ("a hyphen that needs a backslash", "-", 4),
    "[c-a]": ("a range without anything in it", "c-a", 2),
    r"[^\d\D]": ("a class of no characters", r"[^\d\D]", 1),
    "[^\\s\x01-\U0010ffff\\W]": ("a class of no characters", "[^\\s\x01-\U0010ffff\\W]", 1),
    "a\x00": ("a character that no text may have", "\x00", 2),
    "a\ud800": ("a character that no text may have", "\ud800", 2),
}


@pytest.mark.parametrize("pattern", REFUSED, ids=lambda pattern: ascii(pattern)[:40])
def test_what_is_not_the_same_everywhere_is_refused_with_its_place(pattern):
    what, sign, at = REFUSED[pattern]
    with pytest.raises(QueryError, match=re.escape(f"has {what}, {sign!r}, at character {at}.")) as caught:
        parse(pattern, "session_type")
    assert str(caught.value).startswith("session_type: The pattern '")
    assert r"\d \w \s" in caught.value.hint
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize(
    ("pattern", "fault"),
    [
        ("a" * 1001, "has 1001 characters, and at most 1000 are taken"),
        ("^|" * 20 + "(^|a)" * 5, r"asks for \^ or \$ more than 4 times in a row"),
        ("(?:a?b?c?d?e?f?g?h?){100}", "too large when its repetitions are written out"),
        ("(?:a|b|c|d|e|f|g|h|){200}", "too large when its repetitions are written out"),
        ("(?:" + "|".join(["a*"] * 300) + ")*", "too large when its repetitions are written out"),
        ("((){10}){100}" * 8, "too large when its repetitions are written out"),
        ("[aceg]" * 90 + "(a{255}){3}" * 20, "too large when its repetitions are written out"),
    ],
    ids=lambda value: value[:20],
)
def test_what_would_keep_an_engine_busy_is_refused(pattern, fault):
    with pytest.raises(QueryError, match=fault) as caught:
        parse(pattern, "session_type")
    assert caught.value.hint.startswith("Write a smaller one")


def test_alternatives_may_each_have_their_ends():
    pattern = "|".join(f"^{number}$" for number in range(100))
    assert found(pattern, "0", "57", "99", "100", "5 7") == ["0", "57", "99"]


@pytest.mark.parametrize(
    "text", ["a.b*c", "it's 50%_\\", "[x]{2}(y)|^$", "tab\tline\nfeed\r\f\v", "#&~ -é😀"]
)
def test_what_python_escapes_is_taken_literally(text):
    assert found(f"^{re.escape(text)}$", text, text + "x", "a") == [text]


def test_a_pattern_travels_and_compares():
    pattern = parse(DEEPEST, "session_type")
    for other in (pickle.loads(pickle.dumps(pattern)), copy.deepcopy(pattern), parse(DEEPEST, "genotype")):
        assert other == pattern
        assert hash(other) == hash(pattern)
        assert other.to_re2(blind=True) == pattern.to_re2(blind=True)
    assert pattern.text == DEEPEST
    assert parse("a", "x") != parse("b", "x")


@pytest.mark.parametrize("pattern", ["(a|s)b?", "ba|bs", "s", "s*a|s", "(s|t){2}"])
def test_re2_takes_no_long_s_for_an_s(pattern):
    texts = [LONG_S, f"b{LONG_S}", LONG_S * 2, "bSST"]
    assert found(pattern, *texts, blind=True) == ["bSST"]
