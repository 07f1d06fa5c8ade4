"""Isolated environments for the clients that our users have today, which need other libraries than we do."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from platformdirs import user_cache_path

from sessionframes.locks import FileLock

if TYPE_CHECKING:
    from collections.abc import Sequence

#: Changes whenever environments are made in another way.
_RECIPE = 1
#: How long a failure stands before it is tried again (s): not every worker of a test run shall wait for it.
_FAILURE_STANDS = 600.0
_SHORT = 30.0
_LONGEST_REASON = 300


class EnvironmentUnavailableError(Exception):
    """The environment cannot be made on this machine; the message says why."""


def isolated_python(
    name: str,
    requirements: Sequence[str],
    *,
    version: str,
    cache: Path | None = None,
    time_limit: float = 480.0,
) -> Path:
    """Return the interpreter of an environment with exactly these packages; it is made if it is not there.

    Parameters
    ----------
    name : str
        What it is for; part of its directory's name.
    requirements : sequence of str
        ``package==version`` for everything it holds: nothing is resolved, nothing is compiled.
    version : str
        Of Python, such as "3.11".
    cache : Path, optional
        Where environments are kept; if not given, ``SESSIONFRAMES_TEST_CACHE`` or the user's cache directory.
    time_limit : float
        Longest that making it may take, in s.

    Raises
    ------
    EnvironmentUnavailableError
        There is no such Python, or a package cannot be had, or not in time.
    """
    cache = cache or Path(
        os.environ.get("SESSIONFRAMES_TEST_CACHE") or user_cache_path("sessionframes") / "tests"
    )
    base = _find_python(version)
    recipe = [_RECIPE, _identity(base), platform.platform(), sorted(requirements)]
    key = hashlib.sha256(json.dumps(recipe).encode()).hexdigest()[:16]
    home = cache / f"{name}-{key}"
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with FileLock(home.with_name(f"{home.name}.lock")):
            return _ready(home, base, requirements, time_limit)
    except OSError as error:
        raise EnvironmentUnavailableError(f"{home} cannot be written: {error}") from error


def _ready(home: Path, base: Path, requirements: Sequence[str], time_limit: float) -> Path:
    python = home / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    complete, failed = home / "complete", home.with_name(f"{home.name}.failed")
    if complete.exists():
        return python
    if failed.exists() and time.time() - failed.stat().st_mtime < _FAILURE_STANDS:
        raise EnvironmentUnavailableError(failed.read_text(encoding="utf-8"))
    try:
        _make(home, python, base, requirements, time_limit)
    except EnvironmentUnavailableError as error:
        failed.write_text(str(error), encoding="utf-8")
        raise
    failed.unlink(missing_ok=True)
    complete.touch()
    return python


def _make(home: Path, python: Path, base: Path, requirements: Sequence[str], time_limit: float) -> None:
    deadline = time.monotonic() + time_limit
    shutil.rmtree(home, ignore_errors=True)
    _run([base, "-m", "venv", home], deadline)
    # Fails soon where there is no network. --no-deps: a client's own list may be far longer than its needs.
    install: list[str | Path] = [
        python,
        "-m",
        "pip",
        "install",
        "--no-deps",
        "--only-binary=:all:",
        "--no-compile",
    ]
    patience = ["--retries", "2", "--timeout", "20", "--no-input", "--disable-pip-version-check", "--quiet"]
    _run((*install, *patience, *requirements), deadline)


def _run(command: Sequence[str | Path], deadline: float) -> str:
    """Return what a command printed."""
    words = [str(word) for word in command]
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    try:
        done = subprocess.run(
            words,
            env=inherited,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=True,
            timeout=max(deadline - time.monotonic(), 0.1),
        )
    except subprocess.TimeoutExpired:
        raise EnvironmentUnavailableError(f"{' '.join(words[:4])} ... took too long") from None
    except subprocess.CalledProcessError as error:
        reason = " ".join((error.stderr or error.stdout).split())[-_LONGEST_REASON:]
        raise EnvironmentUnavailableError(f"{' '.join(words[:4])} ... failed: {reason}") from None
    except OSError as error:
        raise EnvironmentUnavailableError(f"{words[0]} does not run: {error}") from None
    return done.stdout.strip()


def _find_python(version: str) -> Path:
    if version == ".".join(platform.python_version_tuple()[:2]):
        return Path(sys.executable)
    found = shutil.which(f"python{version}")
    if found is None:
        raise EnvironmentUnavailableError(f"no python{version} on the PATH")
    return Path(found)


def _identity(python: Path) -> str:
    """Tell an installation from another one, but not the environments of one installation."""
    tell = "import platform, sys; print(platform.python_version(), sys.base_prefix)"
    return _run([python, "-c", tell], time.monotonic() + _SHORT)
