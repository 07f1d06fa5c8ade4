"""Code Ocean without its sockets: searches for data assets, single ones, and their files."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from sessionframes.demo.aind.replies import Refusal, reply, told_in
from sessionframes.demo.aind.searching import search

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sessionframes.demo.aind.storage import Storage
    from sessionframes.demo.http import Answer, Request

    Asset = dict[str, Any]

#: Where files of assets are that tell of no bucket of their own: in folders named by the assets' ids.
OWN_BUCKET = "codeocean-s3datasetsbucket-1u41qdg42ur9"
#: Of the server.
VERSION = (4, 2, 0)
_USUAL_LIMIT, _LARGEST_LIMIT = 100, 1000
_BASE = ["api", "v1", "data_assets"]
#: What the status of a bad token says.
_BAD_TOKENS = {401: "unauthorized", 403: "forbidden"}


@dataclass
class CodeOcean:
    """Answers requests for data assets.

    Attributes
    ----------
    assets : sequence of dict
        All of them; names that begin with an underscore are never sent (see ``searching.search``).
    tokens : mapping
        From each token to 200 if it is good, or else the status that it gets.
    storage : Storage
        Where their files are.
    page_limit : int, optional
        Most assets of an answer, however many a client asks for.
    """

    assets: Sequence[Asset]
    tokens: Mapping[str, int]
    storage: Storage
    page_limit: int | None = None
    _found: dict[str, list[Asset]] = field(default_factory=dict)

    def answer(self, request: Request) -> Answer:
        """Answer one request."""
        try:
            return self._answered(request)
        except Refusal as refusal:
            return refusal.answer

    def _answered(self, request: Request) -> Answer:
        self._check(request)
        parts = request.path.strip("/").split("/")
        if parts[:3] != _BASE or len(parts) == 3:
            raise Refusal(404, "not found")
        if parts[3:] == ["search"]:
            _only(request, "POST")
            return self._searched(request)
        asset = self._by_id.get(parts[3])
        if asset is None:
            raise Refusal(404, "data asset not found")
        if len(parts) == 4:
            _only(request, "GET")
            return reply(_shown(asset))
        if parts[4:] == ["files"]:
            _only(request, "POST")
            return self._listed(asset, request)
        if parts[4:] == ["files", "urls"]:
            _only(request, "GET")
            return self._addresses(asset, dict(request.query))
        raise Refusal(404, "not found")

    def _check(self, request: Request) -> None:
        kind, _, encoded = request.headers.get("authorization", "").partition(" ")
        try:
            token, _, password = base64.b64decode(encoded, validate=True).decode().partition(":")
        except ValueError:
            token, password = "", ""
        good = kind.lower() == "basic" and not password
        status = self.tokens.get(token, 401) if good else 401
        if status in _BAD_TOKENS:
            raise Refusal(status, _BAD_TOKENS[status])
        least = request.headers.get("min-server-version", "0")
        if not least.replace(".", "").isdecimal() or tuple(map(int, least.split("."))) > VERSION:
            own = ".".join(map(str, VERSION))
            raise Refusal(412, f"the client needs server version {least}, this is {own}")

    @cached_property
    def _by_id(self) -> dict[str, Asset]:
        return {asset["id"]: asset for asset in self.assets}

    def _searched(self, request: Request) -> Answer:
        told = told_in(request, "invalid request body")
        if not isinstance(told, dict):
            raise Refusal(400, "invalid request body")
        pages = ("next_token", "offset", "limit")
        asked = {name: value for name, value in told.items() if name not in pages and value is not None}
        limit = _whole_number(told, "limit", _USUAL_LIMIT)
        if not 1 <= limit <= _LARGEST_LIMIT:
            raise Refusal(400, f"limit must be between 1 and {_LARGEST_LIMIT}")
        key = json.dumps(asked, sort_keys=True)
        token = told.get("next_token")
        start = _whole_number(told, "offset", 0) if token is None else _place_of(token, key)
        # Pages of one search, one after the other, need not be looked for anew.
        if key not in self._found:
            self._found[key] = search(self.assets, asked)
        found = self._found[key]
        page = found[start : start + min(limit, self.page_limit or limit)]
        after = start + len(page)
        answer: dict[str, Any] = {"has_more": after < len(found), "results": [_shown(one) for one in page]}
        if answer["has_more"]:
            answer["next_token"] = _token(after, key)
        return reply(answer)

    def _listed(self, asset: Asset, request: Request) -> Answer:
        told = told_in(request, "invalid request body")
        path = str(told.get("path") or "").strip("/") if isinstance(told, dict) else ""
        bucket, folder = _folder(asset)
        inside = "/".join(part for part in (folder, path) if part)
        items = self.storage.listed(bucket, f"{inside}/")
        if path and not items:
            raise Refusal(404, "folder not found")
        above = f"{path}/" if path else ""
        return reply(
            {
                "items": [
                    {"name": name, "path": f"{above}{name}", "type": "folder"}
                    if size is None
                    else {"name": name, "path": f"{above}{name}", "type": "file", "size": size}
                    for name, size in items
                ]
            }
        )

    def _addresses(self, asset: Asset, query: Mapping[str, str]) -> Answer:
        bucket, folder = _folder(asset)
        key = f"{folder}/{query.get('path', '').strip('/')}"
        if not self.storage.has(bucket, key):
            raise Refusal(404, "file not found")
        address = self.storage.signed_url(bucket, key)
        return reply({"download_url": address, "view_url": address})


def _only(request: Request, method: str) -> None:
    if request.method != method:
        raise Refusal(405, "method not allowed")


def _shown(asset: Asset) -> Asset:
    return {name: value for name, value in asset.items() if not name.startswith("_")}


def _folder(asset: Asset) -> tuple[str, str]:
    source = asset.get("source_bucket")
    if source:
        return source["bucket"], str(source.get("prefix") or "").strip("/")
    return OWN_BUCKET, asset["id"]


def _whole_number(told: Mapping[str, Any], name: str, default: int) -> int:
    value = told.get(name)
    if value is None:
        return default
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise Refusal(400, f"invalid {name}: {value!r}")
    return value


def _token(place: int, key: str) -> str:
    # Opaque, and good for this search only.
    digest = hashlib.sha256(key.encode()).hexdigest()[:16]
    return base64.urlsafe_b64encode(f"{place}:{digest}".encode()).decode()


def _place_of(token: Any, key: str) -> int:
    try:
        place = int(base64.urlsafe_b64decode(str(token)).partition(b":")[0])
    except ValueError:
        place = -1
    if place < 0 or token != _token(place, key):
        raise Refusal(400, "invalid next_token")
    return place
