"""A session on servers of its own: its records, its assets and its files, as a test wants them."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import sessionframes as sf
from sessionframes.demo.aind import AindServer
from tests.sources.aind.examples import NAME, SORTED, asset, record, sorted_asset

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

#: Where Code Ocean keeps what it has no other place for.
INTERNAL = "codeocean-s3datasetsbucket-1u41qdg42ur9"
RAW = f"aind-ephys-data/{NAME}"
GOOD = b"N E X T F L O W\nFULL PIPELINE time: 1s\n"


class Served:
    """An open AIND and the servers behind it; ``asked`` tells which of them were asked since it was read."""

    def __init__(self, server: AindServer, db: Any) -> None:
        self.server = server
        self.db = db
        self._seen = 0

    @property
    def session(self) -> Any:
        """The session of the examples, of which nothing was asked yet."""
        return self.db.session(NAME)

    def asked(self) -> list[str]:
        """Return the names of the servers that were asked since the last call, one for each request."""
        new = [seen.service for seen in self.server.requests[self._seen :]]
        self._seen += len(new)
        return new


@contextmanager
def served(
    records: Sequence[Mapping[str, Any]] = (),
    assets: Sequence[Mapping[str, Any]] = (),
    files: Mapping[str, bytes] | None = None,
    *,
    token: bool | str = True,
    private: Sequence[str] = (),
    **options: Any,
) -> Iterator[Served]:
    """Serve these, with a token of Code Ocean or without; only for what is private S3 wants a key."""
    held = {"records": list(records), "assets": list(assets), "files": files or {}}
    with AindServer(**held, private=private) as server:
        if token:
            options["codeocean_token"] = server.token if token is True else token
        urls = {
            "docdb_url": server.docdb_url,
            "codeocean_url": server.codeocean_url,
            "s3_endpoint": server.s3_url,
        }
        with sf.connect("aind", **urls, **{"s3_anonymous": True, **options}) as db:
            yield Served(server, db)


def folders(*names: str, of: str = RAW) -> dict[str, bytes]:
    """Files in folders of that name."""
    return {f"{of}/{name}/data.txt": b"0\n" for name in names}


def sorting(date: str = "2024-06-13_23-06-45", sorter: str | None = "kilosort2_5", **changes: Any) -> Any:
    """What a sorter made: the record of it, its asset, and its files."""
    name = f"{NAME}_sorted_{date}"
    key = f"5a5a5a5a-0000-4000-8000-{date.replace('-', '').replace('_', '')[2:14]}"
    process = {"name": "Spike sorting", "parameters": {"sorter_name": sorter} if sorter else {}}
    told = record(
        _id=f"r-{date}",
        name=name,
        location=f"s3://{INTERNAL}/{key}",
        external_links={"Code Ocean": [key]},
        data_description__data_level="derived",
        created=f"{date[:10]}T23:59:00Z",
    )
    told["processing"] = {"processing_pipeline": {"data_processes": [process]}}
    created = 1718320005 + int(date.replace("-", "").replace("_", "")[2:8])
    made = sorted_asset(id=key, name=name, created=created, **changes)
    return told, made, {f"{INTERNAL}/{key}/output": GOOD}


assert sorting()[1]["name"] == SORTED
__all__ = ["GOOD", "INTERNAL", "NAME", "RAW", "SORTED", "asset", "folders", "record", "served", "sorting"]
