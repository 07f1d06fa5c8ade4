"""The REST interface of the demo's Alyx, without its sockets."""

from __future__ import annotations

import html
import json
import re
import threading
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote

import orjson

from sessionframes.demo.alyx.auth import USERS, Access
from sessionframes.demo.alyx.endpoints import ENDPOINTS, Endpoint
from sessionframes.demo.alyx.jsonb import JsonNull
from sessionframes.demo.alyx.listing import cut_of, envelope, in_order, selected
from sessionframes.demo.alyx.models import MODELS
from sessionframes.demo.alyx.refusals import Refusal, detail, failure, no_page
from sessionframes.demo.alyx.schema import schema
from sessionframes.demo.alyx.showing import Show
from sessionframes.demo.alyx.writing import Writing
from sessionframes.demo.http import HTML, JSON, Answer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sessionframes.demo.alyx.release import Release
    from sessionframes.demo.alyx.store import Row, Store
    from sessionframes.demo.http import Request

OPENAPI, COREAPI = "application/vnd.oai.openapi+json", "application/coreapi+json"
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_SPECIAL = {"auth-token": ("POST", "OPTIONS"), "cache": ("GET", "HEAD", "OPTIONS")}
_BROKEN = (
    "<!doctype html>\n<html><head><title>Server Error</title></head><body><h1>Server Error</h1></body></html>"
)


class Api:
    """Answers requests.

    Parameters
    ----------
    store : Store
        The rows.
    access : Access
        Who may ask.
    page_cap : int, optional
        Most rows of a page; None as of older servers, which had no maximum.
    row_cost : mapping
        From an endpoint to how long the server takes for a row of it, in s.
    workers : int
        How many requests are worked on at once.
    release : Release
        The cache tables.
    """

    def __init__(
        self,
        store: Store,
        access: Access,
        *,
        page_cap: int | None,
        row_cost: Mapping[str, float],
        workers: int,
        release: Release,
    ) -> None:
        self.store = store
        self.access = access
        self.page_cap = page_cap
        self.row_cost = row_cost
        self.workers = threading.Semaphore(workers)
        self.release = release
        self.data_url = ""

    def answer(self, request: Request) -> Answer:
        """Answer one request."""
        if len(request.path) > 1 and request.path.endswith("/") and not _may_end_so(request.path):
            return no_page()
        parts = [unquote(part) for part in request.path.strip("/").split("/")]
        allowed: tuple[str, ...] = ()
        try:
            allowed = _SPECIAL.get(parts[0], ())
            special = self._special(request, parts)
            if special is not None:
                return special
            endpoint = ENDPOINTS.get(parts[0])
            if endpoint is None or len(parts) > 2 or (len(parts) == 2 and not _is_key(endpoint, parts[1])):
                return no_page()
            allowed = endpoint.on_list if len(parts) == 1 else endpoint.on_one
            answer = self._on_endpoint(request, endpoint, parts[1:], allowed)
        except Refusal as refusal:
            answer = refusal.answer
        headers = {"Allow": ", ".join(allowed), "Vary": "Accept, Cookie"} if allowed else {}
        answer = Answer(answer.status, answer.text, {**headers, **answer.headers}, answer.kind)
        return _as_page(request, answer) if _is_for_browser(request) else answer

    def _special(self, request: Request, parts: list[str]) -> Answer | None:
        path = request.path
        if path == "/auth-token":
            if request.method != "POST":
                raise detail(405, f'Method "{request.method}" not allowed.')
            return Answer(
                200, orjson.dumps({"token": self.access.log_in(request)}), {"Allow": "POST, OPTIONS"}
            )
        if path == "/api/schema":
            wanted = request.headers.get("accept", "")
            # Who asks for nothing gets YAML, of which JSON is a part.
            kind = next((kind for kind in (OPENAPI, JSON) if kind in wanted), OPENAPI.removesuffix("+json"))
            return Answer(200, orjson.dumps(schema()), kind=kind)
        if path == "/docs/":
            return _docs(request)
        if path in ("/docs", "/cache/info") or re.fullmatch("/cache/info/[^/]+", path):
            return Answer(301, "", {"Location": f"{path}/"}, HTML)
        if parts[0] not in ("cache", "cache.zip"):
            return None
        self._admitted(request)
        allow = {"Allow": ", ".join(_SPECIAL["cache"])}
        if path == "/cache.zip":
            return Answer(200, self.release.zipped(), kind="application/zip")
        if parts[:2] != ["cache", "info"] or len(parts) > 3:
            return no_page()
        if len(parts) == 3 and self.store.named("tags", parts[2]) is None:
            return Answer(404, "Tag matching query does not exist.", allow, HTML)
        return Answer(200, orjson.dumps(self.release.info(*parts[2:])), allow)

    def _admitted(self, request: Request) -> str:
        role = self.access.role(request)
        self.access.count(role)
        return role

    def _on_endpoint(
        self, request: Request, endpoint: Endpoint, key: list[str], allowed: tuple[str, ...]
    ) -> Answer:
        _negotiate(request)
        role = self._admitted(request)
        method = request.method
        if method in ("HEAD", "OPTIONS") and endpoint.name == "sessions" and not key:
            raise failure("'NoneType' object is not callable")
        if method not in allowed:
            raise detail(405, f'Method "{method}" not allowed.')
        if method == "OPTIONS":
            return _ok({"name": MODELS[endpoint.name].title, "renders": [JSON], "parses": [JSON]})
        show = Show(self.store, _origin(request), self.data_url)
        with self.workers:
            if method in ("GET", "HEAD"):
                return self._read(endpoint, key[0], show) if key else self._list(request, endpoint, show)
            writing = Writing(self.store, USERS[role])
            with self.store.lock:
                return self._write(request, endpoint, key, writing, show)

    def _list(self, request: Request, endpoint: Endpoint, show: Show) -> Answer:
        began, params = time.perf_counter(), dict(request.query)
        rows, is_distinct = selected(self.store, endpoint, params)
        cut = cut_of(params, self.page_cap)
        rows = in_order(self.store, endpoint, rows, cut, is_distinct=is_distinct)
        page = rows[cut.offset : cut.offset + cut.limit]
        shown = [show.listed(endpoint.name, row) for row in page]
        answer = _ok(envelope(len(rows), cut, f"{show.url}{request.path}", params, shown))
        cost = self.row_cost.get(endpoint.name, 0.0) * len(page)
        time.sleep(max(0.0, cost - (time.perf_counter() - began)))
        return answer

    def _read(self, endpoint: Endpoint, key: str, show: Show) -> Answer:
        return _ok(show.read(endpoint.name, self._one(endpoint, key)))

    def _one(self, endpoint: Endpoint, key: str) -> Row:
        model, table = MODELS[endpoint.name], self.store.tables[endpoint.name]
        if endpoint.key == "id":
            found = [row for row in [table.get(int(key) if endpoint.name == "brain-regions" else key)] if row]
        else:
            found = [row for row in list(table.values()) if row[endpoint.key] == key]
        if len(found) > 1:
            raise failure(f"get() returned more than one {model.title} -- it returned {len(found)}!")
        if not found:
            raise detail(404, f"No {model.title} matches the given query.")
        return found[0]

    def _write(
        self, request: Request, endpoint: Endpoint, key: list[str], writing: Writing, show: Show
    ) -> Answer:
        name = endpoint.name
        row = self._one(endpoint, key[0]) if key else None
        if request.method == "DELETE" and row is not None:
            writing.delete(name, row)
            return Answer(204, "")
        told = _told(request)
        if row is not None:
            changed = writing.change(name, row, told, whole=request.method == "PUT")
            return _ok(show.read(name, changed))
        if isinstance(told, list) and name == "channels":
            try:
                several = writing.add_channels(told)
            except Refusal:
                # What nobody catches there is answered as if all were well.
                return Answer(200, _BROKEN, kind=HTML)
            return _ok([show.read(name, one) for one in several], 201)
        shown = show.read(name, writing.add(name, told))
        return _ok(shown, 201, {"Location": shown["url"]} if "url" in shown else {})


def _ok(told: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    return Answer(status, orjson.dumps(told, default=_null), headers or {})


def _null(value: object) -> None:
    if not isinstance(value, JsonNull):
        message = f"{type(value).__name__} is not JSON"
        raise TypeError(message)


def _told(request: Request) -> Any:
    kind = request.headers.get("content-type", JSON).partition(";")[0].strip().lower()
    if kind == "application/x-www-form-urlencoded":
        return dict(parse_qsl(request.body.decode(), keep_blank_values=True))
    if kind != JSON:
        raise detail(415, f'Unsupported media type "{kind}" in request.')
    try:
        return json.loads(request.body or b"{}")
    except ValueError as error:
        raise detail(400, f"JSON parse error - {error}") from None


def _origin(request: Request) -> str:
    scheme = request.headers.get("x-forwarded-proto", "http")
    return f"{scheme}://{request.headers.get('host', 'localhost')}"


def _may_end_so(path: str) -> bool:
    return path == "/docs/" or path.startswith("/cache/info/")


def _is_key(endpoint: Endpoint, key: str) -> bool:
    if not endpoint.on_one:
        return False
    if endpoint.name == "brain-regions":
        return key.isdecimal()
    return endpoint.key != "id" or _UUID.fullmatch(key) is not None


def _negotiate(request: Request) -> None:
    wanted = request.headers.get("accept", "*/*")
    if not any(kind in wanted for kind in ("*/*", JSON, "application/*", "text/html")):
        raise detail(406, "Could not satisfy the request Accept header.")
    if dict(request.query).get("format", "json") not in ("json", "api"):
        raise detail(404, "Not found.")


def _docs(request: Request) -> Answer:
    wanted = request.headers.get("accept", "*/*")
    if COREAPI in wanted:
        told = {"_type": "document", "_meta": {"url": f"{_origin(request)}/docs/", "title": "Alyx"}}
        return Answer(200, orjson.dumps(told), kind=COREAPI)
    if "text/html" in wanted:
        return Answer(200, "<!doctype html><html><title>Alyx</title><body>Alyx</body></html>", kind=HTML)
    raise failure("'NoneType' object has no attribute 'title'")


def _is_for_browser(request: Request) -> bool:
    wanted = request.headers.get("accept", "")
    return wanted.startswith("text/html") and dict(request.query).get("format") != "json"


def _as_page(request: Request, answer: Answer) -> Answer:
    if answer.kind != JSON or answer.status == 204:
        return answer
    shown = html.escape(answer.body.decode())
    title = html.escape(request.path)
    text = f"<!doctype html><html><title>{title}</title><body><pre>{shown}</pre></body></html>"
    return Answer(answer.status, text, answer.headers, HTML)
