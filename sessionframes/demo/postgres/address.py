"""Where a server listens: a socket in a private directory, or on Windows a port of 127.0.0.1."""

from __future__ import annotations

import shutil
import socket
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from sessionframes.demo.postgres.account import Account

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
    def new(cls, account: Account) -> Address:
        """Make an address that nobody listens at."""
        # Not below the data: the path of a socket has about 100 bytes, and pytest's and macOS's are longer.
        short = Path("/tmp")  # noqa: S108 - mkdtemp makes a directory that is ours alone
        directory = Path(tempfile.mkdtemp(prefix="sf-", dir=short if short.is_dir() else None))
        account.own(directory)
        return cls(directory, _free_port()) if sys.platform == "win32" else cls(directory)

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

    def remove(self) -> None:
        """Delete the directory; nothing happens if it is gone."""
        shutil.rmtree(self.directory, ignore_errors=True)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
