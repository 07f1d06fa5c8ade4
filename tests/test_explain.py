"""What a question would do, told without asking it."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, replace
from html.parser import HTMLParser

import pytest

from sessionframes.connection import Connection
from sessionframes.errors import QueryError, TableNotProvidedError
from sessionframes.explain import Explanation
from sessionframes.query import EVERY, Q
from sessionframes.source import Plan
from tests.fake_source import ADDRESS, FakeTransport, connect, fake_source, fake_transport

PASSWORD = "hunter2"
MARKUP = "<script>alert('1')</script> & \"b\""


def facts(explanation):
    return dict(explanation.facts())


def test_nothing_is_sent(db, transport):
    db.explain("cells", where=Q(session_type="odd") & Q(rate__gt=1), session_ids=[10], limit=3)
    assert not transport.sent


def test_a_question_without_a_filter_is_one_request(db):
    told = db.explain("cells")
    assert (told.source, told.address, told.question) == ("fake", ADDRESS, "cells()")
    assert told.requests == ("cells()",)
    assert (told.pushed, told.residual, told.lookups, told.local) == ("", "", (), ())
    assert facts(told) == {
        "question": "cells()",
        "asked of": f"fake, {ADDRESS}",
        "requests": "1",
        "filtered by the source": "nothing",
        "filtered here": "nothing",
        "not said": "include_bad=True: Also those that are of no use.",
    }
    assert "not said" not in facts(db.explain("cells", include_bad=True))


def test_what_is_pushed_and_what_is_left_are_told_apart(db):
    where = Q(rate__gt=1) & Q(layer__lte=3) & (Q(good=True) | Q(session_type="odd"))
    told = db.explain("cells", where=where, session_ids=[10, 20], order_by="-rate", limit=5)
    assert told.pushed == "session_id__in=[10, 20] & layer__lte=3"
    assert told.residual == "rate__gt=1.0 & (good=true | session_type=odd)"
    assert told.lookups == ("sessions",)
    assert told.local == ("order", "limit, of all rows")
    assert facts(told)["filtered by the source"] == told.pushed
    assert facts(told)["filtered here"] == told.residual
    assert facts(told)["requests"] == "1, then those of sessions, by id"
    assert facts(told)["done here too"] == "order, limit, of all rows"
    assert told.question == (
        "cells(where=session_id__in=[10, 20] & rate__gt=1.0 & layer__lte=3 & (good=true | session_type=odd), "
        "order_by=[-rate], limit=5)"
    )


@pytest.mark.parametrize(
    ("arguments", "pushed", "residual"),
    [
        ({"where": ~Q(cell_id__in=[1])}, "", "~cell_id__in=[1]"),
        ({"where": Q(cell_id__in=[1])}, "cell_id__in=[1]", ""),
        ({"where": Q(rate__isnull=False)}, "", "~rate__isnull=true"),
        ({"where": Q(seen_at__year=2020)}, "", "seen_at__year=2020"),
        ({"seen_at": "2020-01-01"}, "seen_at__lte=2020-01-01T23:59:59.999999+00:00", ""),
        ({"where": Q(rate__lte=1) & Q(rate__lte=1)}, "rate__lte=1.0 & rate__lte=1.0", ""),
        ({"labels": ["a b", "it's"]}, "label__in=['a b', \"it's\"]", ""),
    ],
    ids=str,
)
def test_filters_are_told_in_their_text_form(db, arguments, pushed, residual):
    told = db.explain("cells", **arguments)
    assert (told.pushed, told.residual) == (pushed, residual)


@pytest.mark.parametrize(
    "arguments", [{"cell_ids": []}, {"limit": 0}, {"where": Q(rate__gt=1) & ~Q()}], ids=str
)
def test_a_question_without_an_answer_sends_nothing_and_says_so(db, arguments):
    told = db.explain("cells", **arguments)
    assert told.requests == ()
    assert facts(told)["requests"] == "none: no row can be an answer"
    assert "none: no row can be an answer" in str(told)
    assert "<pre" not in told._repr_html_()


def test_every_request_is_shown_in_order(transport):
    def compiled(query):
        return Plan([replace(query, where=EVERY, limit=number) for number in (1, 2, 3)], query.where)

    source = fake_source(transport)
    read = replace(source.reads["cells"], compile=compiled)
    told = Connection(replace(source, reads={"cells": read}), transport).explain("cells", where=Q(rate=1))
    assert told.requests == ("cells(limit=1)", "cells(limit=2)", "cells(limit=3)")
    assert facts(told)["requests"] == "3"
    assert str(told).endswith("\n\ncells(limit=1)\n\ncells(limit=2)\n\ncells(limit=3)")
    assert told._repr_html_().count("<pre") == 3


def test_a_source_that_limits_leaves_no_limit(transport):
    def compiled(query):
        return Plan([query], limited=True)

    source = fake_source(transport)
    read = replace(source.reads["cells"], compile=compiled)
    db = Connection(replace(source, reads={"cells": read}), transport)
    assert db.explain("cells", limit=3).local == ()
    # Its pages hold the right rows, but nobody promised in which order they come.
    assert db.explain("cells", limit=3, order_by="-rate", where=Q(rate=1)).local == ()


def test_the_text_lines_up_and_is_the_repr(db):
    told = db.explain("cells", where=Q(rate__gt=1))
    lines = str(told).splitlines()
    assert repr(told) == str(told)
    assert lines[0] == "question                cells(where=rate__gt=1.0)"
    assert lines[4] == "filtered here           rate__gt=1.0"
    assert lines[5] == "not said                include_bad=True: Also those that are of no use."
    assert lines[6:] == ["", "cells(where=rate__gt=1.0)"]


class Text(HTMLParser):
    """Keeps the text of a page and the names of its elements."""

    def __init__(self):
        super().__init__()
        self.text, self.open, self.elements = "", [], set()

    def handle_starttag(self, tag, attrs):
        assert {name for name, _ in attrs} <= {"style"}
        self.open.append(tag)
        self.elements.add(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += f"{data}\n"


def parsed(explanation):
    parser = Text()
    parser.feed(explanation._repr_html_())
    parser.close()
    assert not parser.open
    return parser


def test_a_notebook_shows_the_same(db):
    told = db.explain("cells", where=Q(rate__gt=1) & Q(session_type="odd"), limit=3)
    page = parsed(told)
    assert page.elements == {"table", "tr", "th", "td", "pre"}
    for label, text in told.facts():
        assert f"{label}\n{text}\n" in page.text
    assert told.requests[0] in page.text


def test_nothing_that_was_asked_becomes_markup(db):
    told = db.explain("cells", where=Q(label=MARKUP) & ~Q(label__contains="</pre><b>"), labels=[MARKUP])
    page = parsed(told)
    assert page.elements == {"table", "tr", "th", "td", "pre"}
    assert "<script>alert" in page.text
    assert "<script" not in told._repr_html_()
    assert html.escape("</pre><b>") in told._repr_html_()
    assert "<script>" in str(told)


@dataclass
class Secretive(FakeTransport):
    """Reached by an address with a password in it."""

    @property
    def address(self):
        return f"postgresql://reader:{PASSWORD}@db.example/lims?sslpassword={PASSWORD}&token={PASSWORD}"


def test_no_secret_is_shown():
    transport = Secretive(fake_transport().tables)
    told = connect(transport).explain("cells", where=Q(rate=1))
    for text in (str(told), repr(told), told._repr_html_(), told.address):
        assert PASSWORD not in text
        assert "reader:***@db.example" in text


def test_a_long_request_is_shown_without_its_middle():
    request = "select " + "1234567890" * 10_000 + " end"
    told = Explanation("fake", ADDRESS, "cells()", (request, "short"), "", "")
    text = str(told)
    assert len(text) < 7000
    assert "select 1234" in text
    assert text.endswith("7890 end\n\nshort")
    cut = int(re.search(r"\.\.\. ([\d,]+) more characters \.\.\.", text)[1].replace(",", ""))
    shown = re.search(r"(select [^\n]*)\n[^\n]*\n([^\n]* end)", text)
    assert len(shown[1]) + len(shown[2]) + cut == len(request)
    assert request.startswith(shown[1])
    assert request.endswith(shown[2])
    assert len(told._repr_html_()) < 8000


@pytest.mark.parametrize("more", [-1, 0, 1])
def test_requests_of_nearly_the_limit_lose_nothing(more):
    request = "".join(str(number % 10) for number in range(6000 + more))
    text = str(Explanation("fake", ADDRESS, "cells()", (request,), "", ""))
    assert (request in text) == (more <= 0)
    assert ("more characters" in text) == (more > 0)


def test_a_million_ids_make_a_short_explanation(db):
    told = db.explain("cells", cell_ids=range(1_000_000))
    assert told.pushed == "cell_id__in=[0, 1, 2, and 999997 more]"
    assert len(str(told)) < 1000


def test_what_cannot_be_asked_cannot_be_explained(db, transport):
    with pytest.raises(QueryError, match=r"fake\.cells\.raet: .*'rate'"):
        db.explain("cells", where=Q(raet=1))
    with pytest.raises(QueryError, match="no argument 'progress'"):
        db.explain("cells", progress=False)
    with pytest.raises(TableNotProvidedError, match="'cell'"):
        db.explain("cell")
    assert not transport.sent
