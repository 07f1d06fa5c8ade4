"""A DocDB in memory behind a gateway, with the ways that gateways have."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass

import mongomock

from sessionframes.sources.aind.docdb import DocDb, judge
from sessionframes.transports.rest import RestTransport
from tests.sources.aind.loopback import Asked, Reply

PATH = "v1/metadata_index/data_assets"


@dataclass
class Database:
    """A database behind a gateway, with the gateway's ways."""

    records: list[dict]
    #: At most so many records, or bytes, in one answer.
    most: int | None = None
    largest: int | None = None
    #: 413 where an answer would have more records, or bytes.
    refuses: int | None = None
    refuses_bytes: int | None = None
    #: What it takes no notice of.
    ignores: tuple[str, ...] = ()
    latency: float = 0.0

    def __post_init__(self) -> None:
        self.collection = mongomock.MongoClient().db.records
        if self.records:
            self.collection.insert_many(self.records)

    def __call__(self, asked: Asked) -> Reply:
        time.sleep(self.latency)
        where = {} if "filter" in self.ignores else json.loads(asked.query.get("filter", "{}"))
        if "_id" in self.ignores:
            where.pop("_id", None)
        if asked.path != f"/{PATH}/find":
            return Reply({"message": "Missing Authentication Token"}, status=403)
        found = self.collection.find(where, json.loads(asked.query.get("projection", "null")))
        if "sort" not in self.ignores:
            found = found.sort(list(json.loads(asked.query["sort"]).items()))
        listed = list(found.limit(int(asked.query["limit"])))
        size = len(json.dumps(listed))
        if len(listed) > (self.refuses or 10**9) or size > (self.refuses_bytes or 10**9):
            return Reply({"message": "Request Entity Too Large"}, status=413)
        listed = listed[: self.most]
        while self.largest is not None and listed and len(json.dumps(listed)) > self.largest:
            listed.pop()
        return Reply(listed)


def opened_at(server, waits, size=10):
    rest = RestTransport(
        server.url, source="aind", timeout=(2, 0.4), attempts=3, judge=judge, sleep=waits.append
    )
    return DocDb(rest, PATH, size)


def records(count, **more):
    return [{"_id": f"id-{number:03}", "name": f"ecephys_{number}", **more} for number in range(count)]


def ids(pages):
    return [record["_id"] for page in pages for record in page]


def in_turn(count):
    return [f"id-{number:03}" for number in range(count)]
