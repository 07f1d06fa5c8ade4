"""Where a server listens: a socket in a private directory, or on Windows a port of 127.0.0.1."""

from __future__ import annotations

import shutil
import socket
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from pathlib import Path

    from sessionframes.demo.postgres.account import Account
    from sessionframes.demo.postgres.storage import Run

__all__ = ["Address"]


@dataclass(frozen=True)
class Address:
    """Where one server listens.

    Parameters
    ----------
    directory : pathlib.Path
        A private directory of the server's account, for the socket.
    port : int
        The TCP port; of a socket, the ending of its name.
    """

    directory: Path
    port: int = 5432

    @classmethod
    def of(cls, run: Run) -> Address:
        """Return an address for the server on `run`, that nobody listens at."""
        return cls(run.sockets, _free_port()) if sys.platform == "win32" else cls(run.sockets)

    @property
    def url(self) -> str:
        """The URL that libpq understands; it names the port, because PGPORT may be set for another server."""
        if sys.platform == "win32":
            return f"postgresql://postgres@127.0.0.1:{self.port}/postgres"
        return f"postgresql://postgres@/postgres?host={quote(str(self.directory))}&port={self.port}"

    @property
    def settings(self) -> dict[str, str]:
        """The server's settings for it."""
        if sys.platform == "win32":
            return {"listen_addresses": "127.0.0.1", "port": str(self.port)}
        return {
            "listen_addresses": "",
            "unix_socket_directories": str(self.directory),
            "port": str(self.port),
        }

    def open(self, account: Account) -> None:
        """Make the directory, for `account` alone.

        Raises
        ------
        FileExistsError
            Somebody else was there first.
        """
        self.directory.mkdir(0o700)
        account.own(self.directory)

    def remove(self) -> None:
        """Delete the directory; nothing happens if it is gone."""
        shutil.rmtree(self.directory, ignore_errors=True)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
