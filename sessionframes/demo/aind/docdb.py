"""DocDB's gateway without its sockets: find, count_documents and aggregate over documents, Mongo's way."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import mongomock
import orjson

from sessionframes.demo.aind.matching import REFUSED, in_order, matching
from sessionframes.demo.aind.projection import Projection
from sessionframes.demo.aind.replies import Refusal, reply, told_in
from sessionframes.demo.http import Answer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sessionframes.demo.http import Request

    Record = dict[str, Any]

#: What a gateway says of anything that it has no route for.
NO_ROUTE = "Missing Authentication Token"
#: Longest request line and headers together (bytes).
_LONGEST_REQUEST = 10_240


@dataclass
class DocDb:
    """Answers requests for documents.

    Attributes
    ----------
    collections : mapping
        From ``version/database/collection`` to its documents, in the order of a search without ``sort``.
    payload_limit : int
        Most bytes of an answer: ``find`` sends fewer documents, all else is refused (413).
    page_limit : int, optional
        Most documents of one ``find``.
    ignores_skip : bool
        Whether ``find`` begins at the first document whatever it is told.
    """

    collections: Mapping[str, Sequence[Record]]
    payload_limit: int
    page_limit: int | None = None
    ignores_skip: bool = False

    def answer(self, request: Request) -> Answer:
        """Answer one request."""
        try:
            return self._answered(request)
        except Refusal as refusal:
            return refusal.answer

    def _answered(self, request: Request) -> Answer:
        parts = request.path.strip("/").split("/")
        documents = self.collections.get("/".join(parts[:3]))
        action = (request.method, *parts[3:])
        if len(parts) < 3 or action not in _ACTIONS:
            raise Refusal(403, NO_ROUTE)
        if documents is None:
            raise Refusal(404, f"Not found: {'/'.join(parts[:3])}")
        sizes = [len(name) + len(value) for name, value in request.headers.items()]
        if len(request.path) + len(request.query_text) + sum(sizes) > _LONGEST_REQUEST:
            raise Refusal(414, "Request-URI Too Long")
        asked = _Asked(dict(request.query))
        if action == ("GET", "count_documents"):
            found = matching(documents, asked.filter)
            return reply({"total_record_count": len(documents), "filtered_record_count": len(found)})
        if action == ("POST", "aggregate"):
            return self._whole(_aggregated(documents, request))
        if action == ("GET", "find"):
            return self._shortened(documents, asked)
        found = _cut(_found(documents, asked), asked.skip, asked.limit)
        return self._whole([asked.projection.of(document) for document in found])

    def _shortened(self, documents: Sequence[Record], asked: _Asked) -> Answer:
        found = _cut(_found(documents, asked), 0 if self.ignores_skip else asked.skip, asked.limit)
        sent: list[bytes] = []
        size = 2
        for document in found[: self.page_limit]:
            encoded = orjson.dumps(asked.projection.of(document))
            size += len(encoded) + 1
            if size > self.payload_limit:
                break
            sent.append(encoded)
        if found and not sent:
            # Not an empty list, which would tell that there are no more.
            raise _too_large()
        return Answer(200, b"[" + b",".join(sent) + b"]")

    def _whole(self, told: Any) -> Answer:
        answer = reply(told)
        if len(answer.body) > self.payload_limit:
            raise _too_large()
        return answer


@dataclass(frozen=True)
class _Asked:
    """The parameters of a request, read when they are needed."""

    query: Mapping[str, str]

    @cached_property
    def filter(self) -> Record:
        told = self._told("filter", {})
        if not isinstance(told, dict):
            raise Refusal(400, "filter must be an instance of dict")
        return told

    @cached_property
    def projection(self) -> Projection:
        return Projection.told(self._told("projection", None))

    @cached_property
    def sort(self) -> list[tuple[str, int]]:
        told = self._told("sort", {})
        keys = list(told.items()) if isinstance(told, dict) else told
        try:
            pairs = [(str(key), int(direction)) for key, direction in keys]
        except (TypeError, ValueError):
            raise Refusal(400, "sort must be a dict or a list of (key, direction) pairs") from None
        if any(direction not in (1, -1) for _, direction in pairs):
            raise Refusal(400, "direction must be 1 or -1")
        return pairs

    @property
    def limit(self) -> int:
        return self._count("limit")

    @property
    def skip(self) -> int:
        return self._count("skip")

    def _count(self, name: str) -> int:
        text = self.query.get(name, "0")
        if not text.isdecimal():
            raise Refusal(400, f"{name} must be an integer of 0 or more: {text!r}")
        return int(text)

    def _told(self, name: str, default: Any) -> Any:
        text = self.query.get(name)
        if text is None:
            return default
        try:
            return json.loads(text)
        except ValueError as error:
            raise Refusal(400, f"{name} is not valid JSON: {error}") from None


_ACTIONS = {("GET",), ("GET", "find"), ("GET", "count_documents"), ("POST", "aggregate")}


def _too_large() -> Refusal:
    return Refusal(413, "Request Entity Too Large")


def _found(documents: Sequence[Record], asked: _Asked) -> list[Record]:
    return in_order(matching(documents, asked.filter), asked.sort)


def _cut(found: list[Record], skip: int, limit: int) -> list[Record]:
    return found[skip : skip + limit] if limit else found[skip:]


def _aggregated(documents: Sequence[Record], request: Request) -> list[Any]:
    pipeline = told_in(request, "the pipeline is not valid JSON")
    if not isinstance(pipeline, list) or not all(isinstance(stage, dict) for stage in pipeline):
        raise Refusal(400, "the pipeline must be a list of stages")
    if any(name in ("$out", "$merge") for stage in pipeline for name in stage):
        raise Refusal(403, "aggregations are read-only")
    collection = mongomock.MongoClient()["demo"]["data_assets"]
    if documents:
        collection.insert_many(documents)
    try:
        return list(collection.aggregate(pipeline))
    except REFUSED as error:
        raise Refusal(400, str(error)) from None
