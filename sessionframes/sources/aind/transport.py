"""How AIND is reached: DocDB, Code Ocean and S3 as one, for requests that know what to ask of each."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

from sessionframes.errors import AuthenticationError
from sessionframes.sources.aind.access import HOW_TO_GET_IN, STILL_THERE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from zoneinfo import ZoneInfo

    from sessionframes.sources.aind.codeocean import CodeOcean
    from sessionframes.sources.aind.docdb import DocDb
    from sessionframes.sources.aind.storage import Storage

__all__ = ["AindTransport", "Request"]


class Request(Protocol):
    """A question to AIND."""

    def pages(self, transport: AindTransport) -> Iterator[Any]:
        """Yield the pages of its answer."""

    def render(self, transport: AindTransport) -> str:
        """Return what would be sent, as far as it is known before."""


class AindTransport:
    """What stands behind one connection.

    Parameters
    ----------
    docdb : DocDb
        Metadata records.
    codeocean : CodeOcean or None
        Data assets; None without a token.
    storage : Storage
        Files.
    zone : zoneinfo.ZoneInfo
        Where the rigs stand.
    address : str
        Where it leads, without secrets.
    """

    def __init__(
        self, docdb: DocDb, codeocean: CodeOcean | None, storage: Storage, zone: ZoneInfo, address: str
    ) -> None:
        self.docdb = docdb
        self.codeocean = codeocean
        self.storage = storage
        self.zone = zone
        self.address = address

    def fetch(self, request: Request) -> Iterator[Any]:
        """Yield the pages of the answer to a request; nothing is sent before the first is asked for."""
        return request.pages(self)

    def render(self, request: Request) -> str:
        """Return what would be sent, as far as it is known before; nothing is sent."""
        return request.render(self)

    @contextmanager
    def consistent(self) -> Iterator[AindTransport]:
        """Give itself: the servers do not keep still while they are read."""
        yield self

    def close(self) -> None:
        """Let go of all connections; a second call does nothing."""
        self.docdb.rest.close()
        if self.codeocean is not None:
            self.codeocean.rest.close()
        self.storage.close()

    def check_codeocean(self) -> CodeOcean:
        """Return Code Ocean.

        Raises
        ------
        sessionframes.errors.AuthenticationError
            There is no token for it.
        """
        if self.codeocean is None:
            message = "Code Ocean needs a token, and there is none."
            raise AuthenticationError(message, source="aind", hint=f"{HOW_TO_GET_IN} {STILL_THERE}")
        return self.codeocean
