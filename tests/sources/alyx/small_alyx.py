"""A small Alyx: a few endpoints with the habits that lists have to cope with, and no others.

Rows that tie are given in another order on every page, a page holds no more than `cap`, any ``django=`` makes
rows distinct, wrong tokens are 403.
"""

from __future__ import annotations

import random
import re
import uuid
from typing import Any
from urllib.parse import unquote_plus
from zoneinfo import ZoneInfo

from sessionframes.sources.alyx.login import Login
from sessionframes.sources.alyx.rest import AlyxRest
from sessionframes.sources.alyx.transport import AlyxTransport
from sessionframes.transports.files import FileTransport
from tests.sources.aind.loopback import Asked, Loopback, Reply

TOKEN = "0123456789abcdef0123456789abcdef01234567"


def rows(number: int, seed: int = 1, **more: Any) -> list[dict[str, Any]]:
    """Rows with random keys; a value that can be called is called with the row's place."""
    draw = random.Random(seed)
    made = []
    for place in range(number):
        told = {name: value(place) if callable(value) else value for name, value in more.items()}
        made.append({"id": str(uuid.UUID(int=draw.getrandbits(128), version=4)), **told})
    return made


class SmallAlyx(Loopback):
    """The server; a context manager.

    Parameters
    ----------
    tables : mapping
        Rows by endpoint.
    cap : int
        The most rows on a page.

    Attributes
    ----------
    gone : set of str
        Rows that lists have and reads have not.
    reads : dict
        What reads of single rows add, by their key.
    """

    def __init__(self, tables: dict[str, list[dict[str, Any]]], *, cap: int = 1000) -> None:
        super().__init__(self.answered)
        self.tables = tables
        self.cap = cap
        self.token = TOKEN
        self.logins = 0
        self.password = "hush-hush"
        self.gone: set[str] = set()
        self.reads: dict[str, dict[str, Any]] = {}

    def answered(self, asked: Asked) -> Reply:
        if asked.path == "/auth-token":
            self.logins += 1
            if asked.json != {"username": "reader", "password": self.password}:
                return Reply({"non_field_errors": ["Unable to log in."], "status_code": 400}, status=400)
            return Reply({"token": self.token})
        said = asked.headers.get("authorization")
        if said != f"Token {self.token}":
            detail = "Invalid token." if said else "Authentication credentials were not provided."
            return Reply({"detail": detail, "status_code": 403}, status=403)
        endpoint, _, key = asked.path.strip("/").partition("/")
        if key:
            return self._read(endpoint, key)
        found = list(self.tables[endpoint])
        if "django" in asked.query:
            found = [row for row in found if _fulfils(row, asked.query["django"])]
        return self._page(found, asked)

    def _read(self, endpoint: str, key: str) -> Reply:
        for row in self.tables[endpoint]:
            if row["id"] == key and key not in self.gone:
                return Reply({**row, **self.reads.get(key, {})})
        return Reply({"detail": "No Session matches the given query.", "status_code": 404}, status=404)

    def _page(self, found: list[dict[str, Any]], asked: Asked) -> Reply:
        limit = min(self.cap, int(asked.query.get("limit", 250)))
        offset = int(asked.query.get("offset", 0))
        total = len(found)
        if "django" not in asked.query:
            random.Random(offset).shuffle(found)
        shown = found[offset : offset + limit]
        more = offset + limit < total
        # A proxy's own name, which only it can resolve.
        following = f"http://inner.example:9999/x?offset={offset + limit}" if more else None
        return Reply({"count": total, "next": following, "previous": None, "results": shown})


def _fulfils(row: dict[str, Any], text: str) -> bool:
    """Whether a row fulfils conditions of which values are plain, or lists."""
    pairs = re.findall(
        r"(?:^|,)(~?[a-z_]+),(\[[^\]]*\]|[^,\[]*)", unquote_plus(text) if "%" in text else text
    )
    return all(_is(row, name, value) for name, value in pairs)


def _is(row: dict[str, Any], name: str, value: str) -> bool:
    wanted = not name.startswith("~")
    path, _, lookup = name.lstrip("~").rpartition("__")
    if not path or lookup not in {"gt", "gte", "lt", "in", "isnull", "range"}:
        path, lookup = name.lstrip("~"), "exact"
    held = row.get(path.removesuffix("__id"))
    if lookup == "isnull":
        return ((held is None) == (value == "True")) == wanted
    if lookup in {"in", "range"}:
        values = [one.strip(" '\"").replace("-", "") for one in value.strip("[]").split(",")]
        text = str(held).replace("-", "")
        hit = values[0] <= text <= values[-1] if lookup == "range" else text in values
        return hit == wanted
    if lookup == "gt":
        return (held is not None and held > int(value)) == wanted
    if lookup == "gte":
        return (str(held) >= value) == wanted
    return ((str(held) < value) if lookup == "lt" else (str(held) == value)) == wanted


def opened(server: Loopback, *, workers: int = 4, timeout: float = 60.0, **more: Any) -> AlyxTransport:
    """A transport to it, which waits for nothing between attempts."""
    more = {"sleep": lambda _: None, "timeout": (timeout, timeout), "workers": workers, **more}
    login = Login(server.url, TOKEN)
    rest = AlyxRest(server.url, login, **more)
    return AlyxTransport(rest, FileTransport(), ZoneInfo("UTC"), rest.address, login)
