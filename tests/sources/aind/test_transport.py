"""DocDB, Code Ocean and S3 as one."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass

import pytest

from sessionframes.config import resolve
from sessionframes.errors import AuthenticationError, SourceUnavailableError
from sessionframes.sources.aind.access import OPTIONS, transport_of
from tests.sources.aind.loopback import Loopback, Reply


@dataclass(frozen=True)
class Named:
    """The records and the assets of one name."""

    name: str

    def pages(self, transport):
        where = {"name": self.name}
        yield [record["_id"] for page in transport.docdb.find(where, []) for record in page]
        yield [asset["id"] for asset in transport.check_codeocean().search_many([self.name])[0]]

    def render(self, transport):
        return transport.docdb.render({"name": self.name}, [])


@pytest.fixture
def server():
    def answer(asked):
        if asked.method == "POST":
            return Reply({"results": [{"id": "x"}], "has_more": False})
        return Reply([] if "$gt" in asked.query["filter"] else [{"_id": "a"}])

    with Loopback(answer) as running:
        yield running


def connect(server, **given):
    addresses = {"docdb_url": server.url, "codeocean_url": server.url}
    return transport_of(resolve("aind", OPTIONS, {**addresses, **given}, environ={}))


@pytest.fixture
def no_token(monkeypatch):
    """Whoever runs the tests may have a token of their own."""
    import os

    for name, value in os.environ.items():
        if value.lower().startswith("cop_"):
            monkeypatch.delenv(name)


def test_connecting_sends_nothing_and_a_request_does_what_it_says(server):
    with closing(connect(server, codeocean_token="cop_hush-hush", docdb_database="other")) as transport:
        assert transport.address == f"{server.url}/v1/other/data_assets"
        request = Named("a")
        assert f"{server.url}/v1/other/data_assets/find?" in transport.render(request)
        pages = transport.fetch(request)
        assert server.requests == []
        assert list(pages) == [["a"], ["x"]]
        with transport.consistent() as view:
            assert view is transport
        assert "hush" not in repr(vars(transport)) + repr(vars(transport.codeocean.rest))
        # Only Code Ocean is told who asks.
        assert ["authorization" in asked.headers for asked in server.requests] == [False, False, True]


@pytest.mark.usefixtures("no_token")
def test_without_a_token_code_ocean_is_not_there_and_docdb_is(server):
    with closing(connect(server)) as transport:
        assert transport.codeocean is None
        pages = transport.fetch(Named("a"))
        assert next(pages) == ["a"]
        with pytest.raises(AuthenticationError) as caught:
            next(pages)
    text = str(caught.value)
    assert text.startswith("aind: Code Ocean needs a token, and there is none.")
    assert "codeocean_token=" in text
    assert "CODE_OCEAN_API_TOKEN" in text
    assert "Without a token, or with only_docdb=True, DocDB and S3 still tell of sessions" in text


def test_what_is_closed_says_so(server):
    transport = connect(server, codeocean_token="cop_x")
    transport.close()
    transport.close()
    with pytest.raises(SourceUnavailableError, match="has been closed"):
        list(transport.docdb.find({}, []))
    with pytest.raises(SourceUnavailableError, match="has been closed"):
        transport.codeocean.search_many(["x"])
    assert server.requests == []
