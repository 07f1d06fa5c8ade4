"""A BrainSTEM with the demo world, and a way to ask it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import requests

from sessionframes.demo.brainstem import BrainstemServer

if TYPE_CHECKING:
    from collections.abc import Iterator


class Asker:
    """Sends requests to a server, as somebody with a role or, with None, as nobody."""

    def __init__(self, server: BrainstemServer) -> None:
        self.server = server

    def __call__(
        self,
        method: str,
        address: str,
        told: Any = None,
        *,
        role: str | None = "administrator",
        **others: Any,
    ) -> requests.Response:
        headers = {"Authorization": f"Bearer {self.server.tokens[role]}"} if role else {}
        return requests.request(
            method,
            f"{self.server.url}/api/{address}",
            json=told,
            headers={**headers, **others.pop("headers", {})},
            timeout=others.pop("timeout", 10),
            **others,
        )

    def body(self, address: str, role: str | None = "administrator") -> Any:
        """The body of a good answer."""
        answer = self("GET", address, role=role)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def rows(self, address: str, key: str, role: str | None = "administrator") -> list[dict[str, Any]]:
        """All records of a list that fits on one page."""
        joint = "&" if "?" in address else "?"
        body = self.body(f"{address}{joint}per_page=100", role)
        assert body["meta"]["total_pages"] == 1
        return body[key]


@pytest.fixture(scope="module")
def one_server() -> Iterator[BrainstemServer]:
    with BrainstemServer(0.05) as server:
        yield server


@pytest.fixture
def server(one_server: BrainstemServer) -> BrainstemServer:
    """As if it had just been started."""
    one_server.reset()
    return one_server


@pytest.fixture
def ask(server: BrainstemServer) -> Asker:
    return Asker(server)
