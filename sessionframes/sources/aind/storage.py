"""Files where AIND keeps them, mostly S3: listed, and read whole or in parts.

Where they are is told by records that many people write, so nothing but buckets is read.

Keys of S3 are taken as they are: blanks, ``#`` and brackets are letters like others.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from typing import TYPE_CHECKING, Any, TypeAlias

from sessionframes.config import mask, without_secrets
from sessionframes.errors import (
    AuthenticationError,
    ConfigError,
    SessionFramesError,
    SourceResponseError,
    SourceUnavailableError,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

__all__ = ["Storage"]

Names: TypeAlias = "list[str]"
Parts: TypeAlias = "list[bytes | None]"

#: How the URL of a bucket begins → what to install to read it.
_PACKAGES: Mapping[str, str] = {
    "s3": "'sessionframes[aind]'",
    "s3a": "'sessionframes[aind]'",
    "gs": "gcsfs",
}
#: How paths of this machine begin, with nothing before them.
_LOCAL = "file"
#: So many files are read at once, at most.
_AT_ONCE = 32
#: How often an answer is asked for, and a body that broke off.
_TRIES, _TRIES_OF_BODIES = 3, 2
#: How long to wait for an answer to begin with, in s.
_CONNECTING = 10.0
#: What the libraries for S3 and the like fail with when nobody answers; they are only there if installed.
_UNREACHED = (
    *("EndpointConnectionError", "ConnectTimeoutError", "ReadTimeoutError", "ConnectionClosedError"),
    *("HTTPClientError", "ResponseStreamingError", "IncompleteReadError"),
    *("ProxyConnectionError", "SSLError", "FSTimeoutError", "ClientPayloadError", "ServerDisconnectedError"),
)
_LIBRARIES = ("botocore", "aiobotocore", "s3fs", "gcsfs", "aiohttp")
_NO_KEYS = (
    "NoCredentialsError",
    "PartialCredentialsError",
    "CredentialRetrievalError",
    "TokenRetrievalError",
)
_REFUSED = (
    "Give AWS keys (AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a profile) that may read it; of public "
    "buckets s3_anonymous=True needs none."
)

_READ = "Known: s3:// and gs://. The record or the data asset that has it as its location is to be corrected."


class Storage:
    """Buckets, by URL: ``s3://bucket/key`` or ``gs://bucket/key``.

    Nothing is sent, and no library for it is imported, before the first file is asked for. Several threads
    may use one; another process may be handed it.

    Parameters
    ----------
    endpoint : str, optional
        Address of S3, where it is not Amazon's own.
    anonymous : bool, optional
        Read S3 without keys; None: only where there are none.
    timeout : float
        Longest silence of a server, in s.
    local : bool
        Read paths of this machine too: only where nobody else can name them.
    """

    def __init__(
        self,
        endpoint: str | None = None,
        *,
        anonymous: bool | None = None,
        timeout: float = 60.0,
        local: bool = False,
    ) -> None:
        self._endpoint = endpoint
        self._anonymous = anonymous
        self._timeout = timeout
        self._local = local
        self._systems: dict[str, Any] = {}
        self._lock = threading.Lock()

    def __reduce__(self) -> tuple[Any, ...]:
        # Connections, and the thread that serves them, stay where they are.
        return (_storage, (self._endpoint, self._anonymous, self._timeout, self._local))

    def check(self, url: str, whose: str = "data") -> None:
        """Refuse a place that is in no bucket; nothing is sent.

        Parameters
        ----------
        url : str
            The place.
        whose : str
            What is told to be there, for messages.

        Raises
        ------
        sessionframes.errors.SourceResponseError
            It is a path of this machine, or of another kind.
        """
        scheme, separator, path = url.partition("://")
        is_local = not separator or scheme == _LOCAL
        is_bucket = scheme in _PACKAGES and not path.startswith("/")
        if not (self._local if is_local else is_bucket):
            message = f"{mask(url)!r} is told as the place of {whose}, and is none that is read."
            raise SourceResponseError(message, source="aind", hint=_READ)

    def is_folder(self, url: str) -> bool:
        """Tell whether there is a folder."""
        info = self._info(url)
        return info is not None and info["type"] == "directory"

    def list(self, url: str, *, folders_only: bool = False) -> Names:
        """Return the names of what is directly in a folder, in order; of S3, none if there is no folder.

        Parameters
        ----------
        url : str
            Of the folder.
        folders_only : bool
            Leave out files.
        """
        system, path = self._at(url)
        path = path.rstrip("/")
        found = _if_there(url, lambda: system.ls(path, detail=True, refresh=True)) or []
        entries = {one["name"].rstrip("/").rpartition("/")[2]: one for one in found if _is_in(one, path)}
        return sorted(name for name, one in entries.items() if not folders_only or one["type"] == "directory")

    def read(self, url: str) -> bytes:
        """Return the whole of a file.

        Raises
        ------
        sessionframes.errors.SourceResponseError
            There is none.
        """
        system, path = self._at(url)
        with _told(url):
            content: bytes = system.cat_file(path)
        return content

    def read_all(self, urls: Sequence[str]) -> Parts:
        """Return the whole of several files, many at a time; None for one that is not there."""
        if not urls:
            return []
        system, _ = self._at(urls[0])
        paths = [self._at(url)[1] for url in urls]
        found = _read_all(system, paths)
        contents: Parts = []
        for url, one in zip(urls, found, strict=True):
            if isinstance(one, FileNotFoundError):
                contents.append(None)
                continue
            with _told(url):
                if isinstance(one, BaseException):
                    raise one
            contents.append(one)
        return contents

    def size(self, url: str) -> int:
        """Return the size of a file, in bytes.

        Raises
        ------
        sessionframes.errors.SourceResponseError
            There is none.
        """
        info = self._info(url)
        if info is None or info["type"] == "directory":
            raise _missing(url)
        return int(info["size"])

    def part(self, url: str, start: int, end: int) -> bytes:
        """Return the bytes of a file from `start` up to, not including, `end`."""
        system, path = self._at(url)
        with _told(url):
            content: bytes = system.cat_file(path, start=start, end=end)
        return content

    def close(self) -> None:
        """Let go of all connections."""
        with self._lock:
            systems, self._systems = self._systems, {}
        for system in systems.values():
            client = getattr(system, "_s3", None)
            if client is not None:
                system.close_session(system.loop, client)

    def _info(self, url: str) -> dict[str, Any] | None:
        system, path = self._at(url)
        info: dict[str, Any] | None = _if_there(url, lambda: system.info(path.rstrip("/"), **_fresh(system)))
        return info

    def _at(self, url: str) -> tuple[Any, str]:
        """Return the file system of a URL, and the path in it."""
        self.check(url)
        scheme, separator, path = url.partition("://")
        if not separator:
            scheme, path = _LOCAL, url
        with self._lock:
            if scheme not in self._systems:
                self._systems[scheme] = self._made(scheme)
            return self._systems[scheme], path

    def _made(self, scheme: str) -> Any:
        options: dict[str, Any] = {}
        try:
            import fsspec

            if scheme in ("s3", "s3a"):
                options = self._s3_options()
            made = fsspec.filesystem(scheme, skip_instance_cache=True, **options)
            # Of what broke off within a body; each time with all tries for an answer.
            made.retries = _TRIES_OF_BODIES
            return made
        except ImportError as error:
            message = f"to read {scheme}:// the package {error.name or 'of its file system'} is needed."
            hint = f"pip install {_PACKAGES.get(scheme, _PACKAGES['s3'])}"
            raise ConfigError(message, source="aind", hint=hint) from error

    def _s3_options(self) -> dict[str, Any]:
        anonymous = self._anonymous
        if anonymous is None:
            anonymous = not has_keys(elsewhere=self._endpoint is not None)
        config: dict[str, Any] = {
            "connect_timeout": min(_CONNECTING, self._timeout),
            "read_timeout": self._timeout,
            "max_pool_connections": _AT_ONCE,
            "retries": {"mode": "standard", "total_max_attempts": _TRIES},
        }
        if self._endpoint is not None:
            # What is not Amazon's has no host name for each bucket.
            config["s3"] = {"addressing_style": "path"}
        # What was listed before may have changed.
        return {
            "anon": anonymous,
            "endpoint_url": self._endpoint,
            "config_kwargs": config,
            "use_listings_cache": False,
            # Several parts of a file at a time would need its size first.
            "max_concurrency": 1,
        }


def _storage(endpoint: str | None, anonymous: bool | None, timeout: float, local: bool) -> Storage:
    return Storage(endpoint, anonymous=anonymous, timeout=timeout, local=local)


def has_keys(*, elsewhere: bool) -> bool:
    """Tell whether there are keys of AWS: in the environment, in ``~/.aws``, or of the machine it runs on.

    Parameters
    ----------
    elsewhere : bool
        The keys are for an S3 that is not Amazon's, of which no machine of Amazon's tells anything.

    Raises
    ------
    sessionframes.errors.ConfigError
        They are told in a way that cannot be read.
    """
    from botocore.session import get_session

    session = get_session()
    try:
        if elsewhere:
            resolver = session.get_component("credential_provider")
            for provider in ("iam-role", "container-role"):
                resolver.remove(provider)
        return session.get_credentials() is not None
    except Exception as error:
        if type(error).__name__ not in ("ProfileNotFound", *_NO_KEYS):
            raise
        message = f"the keys of AWS are not as they should be: {without_secrets(mask(str(error)))}."
        raise ConfigError(message, source="aind", hint="See AWS_PROFILE and ~/.aws.") from error


def _fresh(system: Any) -> dict[str, Any]:
    return {"refresh": True} if "s3" in system.protocol else {}


def _read_all(system: Any, paths: Sequence[str]) -> list[Any]:
    """Return the contents of files, or how each failed.

    Unlike cat() of fsspec, it takes a name with brackets for a name, and asks for each file once.
    """
    if not system.async_impl:
        return [_outcome(system.cat_file, path) for path in paths]
    from fsspec.asyn import sync

    found: list[Any] = sync(system.loop, _gathered, system, paths)
    return found


async def _gathered(system: Any, paths: Sequence[str]) -> list[Any]:
    room = asyncio.Semaphore(_AT_ONCE)

    async def one(path: str) -> Any:
        async with room:
            return await system._cat_file(path)  # noqa: SLF001  what cat_file() does, without waiting for it

    return await asyncio.gather(*map(one, paths), return_exceptions=True)


def _outcome(read: Callable[[str], bytes], path: str) -> bytes | Exception:
    try:
        return read(path)
    except Exception as error:  # noqa: BLE001  told by who asked for the file
        return error


def _is_in(entry: dict[str, Any], folder: str) -> bool:
    # A folder that was made by hand is there as an empty file of its own name; a file lists itself.
    name = entry["name"].rstrip("/")
    return bool(name != folder and name.rpartition("/")[2])


def _missing(url: str) -> SourceResponseError:
    message = f"there is no file {mask(url)}."
    return SourceResponseError(message, source="aind")


def _if_there(url: str, task: Callable[[], Any]) -> Any:
    """Return what a task returns, None where there is no such file or folder."""
    try:
        with _told(url):
            return task()
    except SourceResponseError as error:
        if not isinstance(error.__cause__, FileNotFoundError | NotADirectoryError):
            raise
        return None


@contextlib.contextmanager
def _told(url: str) -> Iterator[None]:
    """Raise what goes wrong with a file as an error of ours that names it."""
    try:
        yield
    except (SessionFramesError, KeyboardInterrupt):
        raise
    except (FileNotFoundError, NotADirectoryError) as error:
        raise _missing(url) from error
    except Exception as error:
        names = {kind.__name__ for kind in type(error).__mro__}
        said = without_secrets(mask(str(error).strip() or type(error).__name__)).rstrip(".")
        if isinstance(error, PermissionError) or names & {*_NO_KEYS}:
            scheme, _, path = url.partition("://")
            place = f"{scheme}://{path.partition('/')[0]}" if path else url
            message = f"{place} may not be read, or has no {mask(url)}: {said}."
            raise AuthenticationError(message, source="aind", hint=_REFUSED) from error
        if isinstance(error, OSError | TimeoutError) or names & {*_UNREACHED}:
            message = f"{mask(url)} could not be read: {said}."
            raise SourceUnavailableError(message, source="aind", hint="Try again later.") from error
        if type(error).__module__.partition(".")[0] in _LIBRARIES:
            message = f"{mask(url)} could not be read: {said}."
            raise SourceResponseError(message, source="aind") from error
        raise
