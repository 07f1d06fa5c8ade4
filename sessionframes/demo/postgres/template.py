"""Databases that are loaded once, kept as a directory, and copied for everybody who wants one."""

from __future__ import annotations

import os
import re
import shutil
import sys
from typing import TYPE_CHECKING

from sessionframes.demo.postgres.installation import Installation
from sessionframes.demo.postgres.server import PostgresServer
from sessionframes.demo.postgres.storage import Storage
from sessionframes.errors import ConfigError, SourceUnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sessionframes.demo.postgres.account import Account

__all__ = ["cluster"]

_KEPT = 6
_KEY = re.compile(r"[\w-][\w.-]{0,99}", re.ASCII)


def cluster(
    key: str, build: Callable[[str], None], *, cache: Path | None = None, version: int | None = None
) -> PostgresServer:
    """Start a server on a private copy of a template, which is built the first time.

    Of processes that ask for a new key at once, one builds and the others wait. A build that fails or is cut
    short leaves nothing behind. The six templates used last are kept.

    Parameters
    ----------
    key : str
        What the template holds: change it when `build` changes. Letters, digits, ``_``, ``-`` and ``.``; the
        version of Postgres is added.
    build : callable
        Given the URL of an empty server, fills its database ``postgres``. Its connections must be closed or
        committed when it returns.
    cache : pathlib.Path, optional
        Where templates and copies are kept. None takes the user's cache directory, or a directory of root's
        under ``/var/tmp``.
    version : int, optional
        The major version of Postgres, such as 16. None takes the newest that is installed.

    Returns
    -------
    PostgresServer
        Running. What is written to it is seen by nobody else, and is gone when it stops.

    Raises
    ------
    sessionframes.errors.ConfigError
        Postgres is not installed, the cache directory cannot be used, or the key is no file name.
    sessionframes.errors.SourceUnavailableError
        The server did not start.
    """
    if not _KEY.fullmatch(key):
        raise ConfigError(f"{key!r} cannot name a template", source="demo", hint="Use letters, digits, _ - .")
    storage = Storage(cache)
    storage.sweep()
    installation = Installation.find(storage, version)
    name = f"{key}-postgres-{installation.version}"
    template = storage.templates / name
    with storage.lock(name):
        if not template.exists():
            _build(template, storage, installation, build)
        os.utime(template)  # the time of its last use
        storage.evict(_KEPT)
        run = storage.new_run()
        try:
            _copy(template, run.data, storage.account)
        except BaseException:
            run.remove()
            raise
    return PostgresServer(run, installation)


def _build(
    template: Path, storage: Storage, installation: Installation, build: Callable[[str], None]
) -> None:
    run = storage.new_run()
    try:
        with PostgresServer(run, installation, keep=True) as server:
            build(server.url)
            _checkpoint(server.url)
        (run.data / "log").unlink()
        run.data.rename(template)
    finally:
        run.remove()


def _checkpoint(url: str) -> None:
    import psycopg  # slow to import, and only a build needs it

    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CHECKPOINT")  # now, where no timeout of the shutdown cuts it short


def _copy(template: Path, target: Path, account: Account) -> None:
    """Fill the empty directory `target`, sharing blocks on disk where the file system can."""
    if sys.platform == "win32":
        shutil.copytree(template, target, symlinks=True, dirs_exist_ok=True)
        return
    cloning = ["-Rpc"] if sys.platform == "darwin" else ["-Rp", "--reflink=auto"]
    # By the account itself, so that the copy belongs to it.
    for options in (cloning, ["-Rp"]):
        answer = account.call(["cp", *options, f"{template}/.", f"{target}/"], template)
        if answer.returncode == 0:
            return
    raise SourceUnavailableError(f"the template was not copied: {answer.stderr.strip()}", source="demo")
