"""What is known of a file before it is asked for."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from sessionframes.errors import DownloadError
from sessionframes.transports.http_errors import shown

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ["FileRequest"]

_ALGORITHMS = ("md5", "sha1", "sha224", "sha256", "sha384", "sha512", "blake2b", "blake2s")


@dataclass(frozen=True)
class FileRequest:
    """One file on a server.

    Parameters
    ----------
    url : str
        Where it is; may be relative to the transport's base URL.
    filename : str
        What the source calls it; for messages, and to tell whether a web page is what was asked for.
    size : int, optional
        How many bytes it has, where the source says.
    checksum : str, optional
        ``algorithm:hexadecimal digest``, where the source says: ``md5:...`` or ``sha256:...``, for example.
    headers : mapping
        Sent along, to the origin of `url` only.

    Raises
    ------
    DownloadError
        The checksum is of a kind that cannot be checked.
    """

    url: str
    filename: str
    size: int | None = None
    checksum: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.checksum is not None and self.algorithm not in _ALGORITHMS:
            message = f"the checksum {self.checksum!r} of {self.filename!r} cannot be checked."
            raise DownloadError(
                message, hint=f"Expected is ALGORITHM:DIGEST, with one of {', '.join(_ALGORITHMS)}."
            )

    def __repr__(self) -> str:
        known = f"size={self.size}, checksum={self.checksum!r}"
        return f"FileRequest(url={shown(self.url)!r}, filename={self.filename!r}, {known})"

    @property
    def safe_name(self) -> str:
        """The file's own name as one of a file in a directory of ours, whatever path the source put into it.

        Raises
        ------
        DownloadError
            Nothing is left that could name a file.
        """
        name = PurePosixPath(self.filename.replace("\\", "/")).name
        if name in {"", ".", ".."} or not name.isprintable():
            message = f"the source calls the file {self.filename!r}, which is no name for a file here."
            raise DownloadError(message, hint="Say which file to write instead of a directory.")
        return name

    @property
    def algorithm(self) -> str:
        """The algorithm of the checksum, or an empty string."""
        return (self.checksum or "").partition(":")[0].lower() if ":" in (self.checksum or "") else ""

    @property
    def digest(self) -> str:
        """The digest of the checksum, in lower case, or an empty string."""
        return (self.checksum or "").partition(":")[2].strip().lower()

    def fits(self, path: Path) -> bool:
        """Whether what is at `path` has the size and the checksum, as far as they are known."""
        if self.size is not None and path.stat().st_size != self.size:
            return False
        if self.checksum is None:
            return True
        with path.open("rb") as file:
            return hashlib.file_digest(file, self.algorithm).hexdigest() == self.digest

    def check(self, found: str) -> None:
        """Compare the digest of what came with the one that is known.

        Raises
        ------
        DownloadError
            They are not the same.
        """
        if found != self.digest:
            message = (
                f"{self.filename!r} came from {shown(self.url)} with the {self.algorithm} {found}, "
                f"where {self.digest} was expected."
            )
            raise DownloadError(message, hint="Call again; if that does not help, tell who keeps the source.")
