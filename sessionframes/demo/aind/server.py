"""The demo's AIND on free ports of the loopback interface: DocDB, Code Ocean and S3."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from sessionframes.demo.aind.codeocean import CodeOcean
from sessionframes.demo.aind.docdb import DocDb
from sessionframes.demo.aind.storage import KEY, PRIVATE, SECRET, Storage
from sessionframes.demo.http import Fault, Listener, Script
from sessionframes.demo.world import World, make_world

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from pathlib import Path

    from sessionframes.demo.http import Answer, Request, Seen

    Record = dict[str, Any]

#: What a gateway of AWS hands on at most (bytes).
_PAYLOAD_LIMIT = 6 * 1024 * 1024
#: A good token; one that may do all but see data; one that was good once.
_TOKENS = {"cop_demoReader": 200, "cop_demoWithoutScope": 403, "cop_demoExpired": 401}
_FIRST, _SECOND = "v1/metadata_index/data_assets", "v2/metadata_index/data_assets"


class AindServer:
    """Serves the demo world as AIND's systems do, until it is stopped; a context manager.

    Parameters
    ----------
    world : World or float
        What it tells, or the scale of that.
    seed : int
        Of the world, if only its scale is given.
    sessions : int, optional
        At least so many sessions: the world's own, and copies of them under other names. For measurements.
    examples : bool
        Whether the subject of AIND's own examples is there too, and sessions that are odder than any of the
        world's.
    records, assets : sequence of dict, optional
        Documents and data assets in place of those of the world.
    files : mapping, optional
        From ``bucket/key`` to bytes, or to a path, in place of those of the world. If any of the three is
        given, what is not given is empty.
    latency : float
        How long every answer takes at least, in s.
    page_limit : int, optional
        Most documents or assets of an answer, however many are asked for.
    payload_limit : int
        Most bytes of an answer of DocDB: ``find`` tells fewer documents, all else is refused.
    ignores_skip : bool
        Whether DocDB's ``find`` begins at the first document whatever it is told.
    private : collection of str
        Buckets that are not read without a key.

    Attributes
    ----------
    docdb_url, codeocean_url, s3_url : str
        Where they listen.
    token : str
        Of Code Ocean.
    tokens : dict
        "reader" (the same), "unscoped" (403) and "expired" (401).
    s3_key, s3_secret : str
        Open all buckets; any other key is refused, and no key reads what is public.
    records, assets : sequence of dict
        What is served; those of schema 2 are under version "v2" as well as "v1".
    requests : list of Seen
        What was asked so far; its ``service`` is "docdb", "codeocean" or "s3".
    storage : Storage
        The buckets, to put files in, or take them away.
    """

    def __init__(
        self,
        world: World | float = 0.05,
        seed: int = 0,
        *,
        sessions: int | None = None,
        examples: bool = True,
        records: Sequence[Record] | None = None,
        assets: Sequence[Record] | None = None,
        files: Mapping[str, bytes | Path] | None = None,
        latency: float = 0.0,
        page_limit: int | None = None,
        payload_limit: int = _PAYLOAD_LIMIT,
        ignores_skip: bool = False,
        private: Collection[str] = PRIVATE,
    ) -> None:
        self.latency = latency
        if records is None and assets is None and files is None:
            self.world = world if isinstance(world, World) else make_world(world, seed)
            records, assets, files = _of_world(self.world, sessions, examples=examples)
        self.records, self.assets = records or (), assets or ()
        self.storage = Storage(files or {}, private)
        second = [record for record in self.records if _is_second(record)]
        collections = {_FIRST: self.records, _SECOND: second, _SECOND.replace("index", "index_v2"): second}
        docdb = DocDb(collections, payload_limit, page_limit, ignores_skip)
        codeocean = CodeOcean(self.assets, _TOKENS, self.storage, page_limit)
        self._script = Script()
        self._answers: dict[str, Callable[[Request], Answer]] = {
            "docdb": docdb.answer,
            "codeocean": codeocean.answer,
            "s3": self.storage.answer,
        }
        self._listeners = {name: Listener(self._answer, name) for name in self._answers}
        self.storage.url = self.s3_url

    @property
    def docdb_url(self) -> str:
        """Where DocDB listens."""
        return self._listeners["docdb"].url

    @property
    def codeocean_url(self) -> str:
        """Where Code Ocean listens."""
        return self._listeners["codeocean"].url

    @property
    def s3_url(self) -> str:
        """Where S3 listens."""
        return self._listeners["s3"].url

    @property
    def tokens(self) -> dict[str, str]:
        """Tokens of Code Ocean."""
        return dict(zip(("reader", "unscoped", "expired"), _TOKENS, strict=True))

    @property
    def token(self) -> str:
        """The good one."""
        return self.tokens["reader"]

    @property
    def s3_key(self) -> str:
        """Opens all buckets, with the secret."""
        return KEY

    @property
    def s3_secret(self) -> str:
        """Of the key."""
        return SECRET

    @property
    def requests(self) -> list[Seen]:
        """What was asked so far, in the order in which it came."""
        return self._script.requests

    def asked(self, service: str) -> list[Seen]:
        """Return what one of the servers was asked so far: "docdb", "codeocean" or "s3"."""
        return [seen for seen in self._script.requests if seen.service == service]

    @property
    def fail(self) -> Callable[..., None]:
        """Let requests go wrong, see :meth:`Script.plan`."""
        return self._script.plan

    def reset(self) -> None:
        """Go back to the files of the start; forget requests and faults."""
        self.storage.reset()
        self._script.clear()

    def stop(self) -> None:
        """Stop listening; a second call does nothing."""
        for listener in self._listeners.values():
            listener.stop()
        self.storage.empty()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _answer(self, request: Request) -> tuple[Answer, Fault]:
        """Answer a request, and tell how to spoil it on its way."""
        answer, fault = self._script.answer(request, lambda: self._answers[request.service](request))
        self._listeners[request.service].closing.wait(self.latency + fault.delay)
        return answer, fault


def _of_world(
    world: World, sessions: int | None, *, examples: bool
) -> tuple[Sequence[Record], Sequence[Record], Mapping[str, bytes | Path]]:
    from sessionframes.demo.aind.assets import make_assets
    from sessionframes.demo.aind.files import make_files
    from sessionframes.demo.aind.records import make_records

    return (
        make_records(world, sessions, examples=examples),
        make_assets(world, sessions, examples=examples),
        make_files(world, examples=examples),
    )


def _is_second(record: Record) -> bool:
    return str(record.get("schema_version") or "").startswith("2") or record.get("object_type") == "Metadata"
