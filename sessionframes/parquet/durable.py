"""Files that are either whole or not there, whatever happens in between."""

from __future__ import annotations

import hashlib
import json
import os
from typing import TYPE_CHECKING, Any

from sessionframes.errors import ExportError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_BLOCK = 1 << 20


def write_json(path: Path, content: Any) -> None:
    """Write JSON aside, flush it to the disk, and give it its name."""
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with aside.open("w", encoding="utf-8") as file:
            json.dump(content, file, ensure_ascii=False, indent=2)
            file.write("\n")
            file.flush()
            os.fsync(file.fileno())
        publish(aside, path)
    except BaseException:
        aside.unlink(missing_ok=True)
        raise


def read_json(path: Path) -> Any:
    """Return the JSON in a file, or None where there is no such file.

    Raises
    ------
    sessionframes.errors.ExportError
        It cannot be read, or is no JSON.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        message = f"{path} cannot be read: {error}."
        raise ExportError(
            message, hint="Export again, into another directory or with overwrite=True."
        ) from error


def publish(aside: Path, path: Path) -> None:
    """Give a finished file its name, in place of what had it before, and make that last."""
    aside.replace(path)
    if os.name == "nt":
        return  # Windows cannot open directories
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def sync(path: Path) -> None:
    """Wait until a file that others wrote is on the disk."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def sha256(path: Path, read: Callable[[int], object] = lambda _: None) -> str:
    """Return the SHA-256 of a file, in hex; `read` is told of the bytes as they pass."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
            read(len(block))
    return digest.hexdigest()
