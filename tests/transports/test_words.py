"""What a server says when it refuses, and which JSON is none."""

from __future__ import annotations

import pytest

from sessionframes.transports.words import parsed, said


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b"", ""),
        (b"   ", ""),
        (b"{}", ""),
        (b"null", ""),
        (b"<html><body>x</body>", ""),
        (b"<!doctype html><TITLE>\n Server  Error </TITLE>", "Server Error"),
        (b"plain\n text", "plain text"),
        (b"\xff\xfe no text", "\ufffd\ufffd no text"),
        (
            b'{"name": ["a.", "b."], "details": {"sr": ["c."]}, "__all__": ["d."]}',
            "name: a, b; details.sr: c; d",
        ),
        (b'[{"name": ["a."]}, {}, {"name": ["b."]}]', "0.name: a; 2.name: b"),
        (b'{"detail": "x", "status_code": 403}', "x"),
        (b'{"message": "token=hush is wrong"}', "token=*** is wrong"),
        ('{"name": "\u202eµ"}'.encode(), "name: \\u202eµ"),
    ],
)
def test_what_a_server_says_whatever_the_shape(answer, words):
    assert said(answer) == words


def test_long_words_are_cut():
    assert len(said(b"x" * 9000)) < 600
    assert len(said({"a": ["x" * 300] * 300})) < 600


def test_json_is_read_strictly_where_a_cell_could_not_keep_it():
    assert parsed(b'\xef\xbb\xbf{"a": 1, "a": 2}') == {"a": 2}
    assert parsed(b"9007199254740993") == 9007199254740993
    for wrong in (b"", b"NaN", b"[1e999]", b'"\\ud800"', b'"\xff"', b"{'a': 1}", b"[1] 2"):
        with pytest.raises(ValueError, match=r"\w"):
            parsed(wrong)
