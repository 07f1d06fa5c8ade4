"""What an export says of itself, and whether it is still so: the manifest, and the files that it lists."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from sessionframes.errors import SourceError, SourceResponseError, UnknownSourceError
from sessionframes.parquet.durable import sha256
from sessionframes.parquet.faults import DAMAGED, SNAPSHOT, damaged, reading
from sessionframes.tables.stored import form_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from sessionframes.tables import Table

#: What a reader must know to understand the directory; larger where an older reader would misread it.
LAYOUT = 2
MANIFEST = "manifest.json"
#: What is finished so far; it turns into the manifest.
JOURNAL = ".journal.json"
#: Held while an export writes.
LOCK = ".lock"
#: The files of a table, in the folder of its name.
PARTS = "part-[0-9][0-9][0-9][0-9][0-9].parquet"
_PART = re.compile(r"part-\d{5}\.parquet")
_SEAL = "sha256"
#: Hashing that is done sooner shows no progress (s).
_PROGRESS_AFTER = 2.0


@dataclass(frozen=True)
class PartFile:
    """One file of a table.

    Parameters
    ----------
    path : Path
        Where it is.
    rows : int
        How many rows it holds.
    bytes : int
        How large it is.
    mtime_ns : int
        When it was last written, in ns since 1970.
    sha256, footer_sha256 : str
        Of all of it, and of its end from the footer on, in hex.
    """

    path: Path
    rows: int
    bytes: int
    mtime_ns: int
    sha256: str
    footer_sha256: str


@dataclass(frozen=True)
class StoredTable:
    """One table of a snapshot.

    Parameters
    ----------
    form : type of Table
        What it promised when it was written.
    parts : tuple of PartFile
        Its files, in order.
    arguments : sequence of mapping
        Its friendly arguments: name, column, description and kind of each.
    switches : mapping
        Its yes-or-no arguments by name: description, and whether it was on.
    """

    form: type[Table]
    parts: tuple[PartFile, ...]
    arguments: Sequence[Mapping[str, str]] = ()
    switches: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


def sealed(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Return a manifest with its own hash, by which an edited one is known."""
    return {**manifest, _SEAL: _seal(manifest)}


def read_manifest(path: Path) -> dict[str, Any]:
    """Return what a directory says of itself.

    Raises
    ------
    sessionframes.errors.UnknownSourceError
        There is no snapshot: nothing at all, something else, or an export that is not finished.
    sessionframes.errors.SourceResponseError
        There is one, but its manifest was changed, or is of a layout that is not known here.
    sessionframes.errors.SourceUnavailableError
        It cannot be read.
    """
    with reading(path):
        if not path.is_dir():
            raise _no_directory(path)
        file = path / MANIFEST
        if not file.is_file():
            raise _unfinished(path)
        text = file.read_bytes()
    try:
        manifest = json.loads(text)
    except (ValueError, RecursionError) as error:
        message = f"{file} is no JSON: {error}."
        raise SourceResponseError(message, source=SNAPSHOT, hint=DAMAGED) from error
    _check_manifest(file, manifest)
    found: dict[str, Any] = manifest
    return found


def is_another(path: Path, manifest: Mapping[str, Any]) -> bool:
    """Tell whether a directory holds another snapshot than the one that said this of itself."""
    try:
        return bool(read_manifest(path)[_SEAL] != manifest[_SEAL])
    except SourceError:
        return False


def stored_tables(path: Path, manifest: Mapping[str, Any]) -> dict[str, StoredTable]:
    """Return the tables that a manifest lists, by name.

    Parameters
    ----------
    path : Path
        The directory.
    manifest : mapping
        From :func:`read_manifest`.

    Raises
    ------
    sessionframes.errors.SourceResponseError
        It lists something that is not known here.
    """
    try:
        return {name: _stored(path, name, told) for name, told in manifest["tables"].items()}
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        message = f"{path / MANIFEST} is not understood: {type(error).__name__} {error}."
        raise SourceResponseError(message, source=SNAPSHOT, hint=DAMAGED) from error


def checked_tables(
    tables: Mapping[str, StoredTable], *, verify: bool | None, progress: bool
) -> dict[str, StoredTable]:
    """Return tables whose files are all there and as they were written, with the times that these have now.

    Parameters
    ----------
    tables : mapping
        From :func:`stored_tables`.
    verify : bool or None
        Whether to read all files and compare their hashes: True for all of them, False for none, None for
        those whose time is not the one at which they were written. Sizes are compared in any case.
    progress : bool
        Show progress when it takes longer than 2 s.

    Raises
    ------
    sessionframes.errors.SourceResponseError
        A file is missing, not listed, or not as it was written.
    sessionframes.errors.SourceUnavailableError
        One cannot be read.
    """
    from tqdm.auto import tqdm

    for name, table in tables.items():
        _check_folder(name, table.parts)
    now = {name: [_as_it_is(name, part) for part in table.parts] for name, table in tables.items()}
    pairs = [
        (name, part, verify or (verify is None and part.mtime_ns != is_now.mtime_ns))
        for name, table in tables.items()
        for part, is_now in zip(table.parts, now[name], strict=True)
    ]
    hashed = [(name, part) for name, part, is_hashed in pairs if is_hashed]
    total = sum(part.bytes for _, part in hashed)
    options: dict[str, Any] = {"unit": "B", "unit_scale": True, "delay": _PROGRESS_AFTER}
    with tqdm(desc="verify", total=total, disable=not progress, **options) as bar:
        for name, part in hashed:
            with reading(part.path, name):
                found = sha256(part.path, bar.update)
            if found != part.sha256:
                raise damaged(part.path, name, "is not as it was written: its hash is another")
    return {name: replace(table, parts=tuple(now[name])) for name, table in tables.items()}


def _seal(manifest: Mapping[str, Any]) -> str:
    content = {name: value for name, value in manifest.items() if name != _SEAL}
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _check_manifest(file: Path, manifest: Any) -> None:
    layout = manifest.get("layout") if isinstance(manifest, dict) else None
    is_older = type(layout) is int and layout <= LAYOUT
    if type(layout) is not int or (is_older and not isinstance(manifest.get("tables"), dict)):
        message = f"{file} is not of our making."
        raise UnknownSourceError(message, source=SNAPSHOT, hint="Give a directory that export() made.")
    if layout != LAYOUT:
        age = "newer" if layout > LAYOUT else "older"
        message = (
            f"{file.parent} is of layout {layout}, written by sessionframes "
            f"{manifest.get('sessionframes', 'of old')}; this one reads layout {LAYOUT}."
        )
        hint = "Install that version or a later one." if age == "newer" else "Export again."
        raise SourceResponseError(message, source=SNAPSHOT, hint=hint)
    if manifest.get(_SEAL) != _seal(manifest):
        message = f"{file} was changed since it was written."
        raise SourceResponseError(message, source=SNAPSHOT, hint=DAMAGED)


def _no_directory(path: Path) -> UnknownSourceError:
    if not path.exists():
        message = f"there is no directory {path}."
        return UnknownSourceError(message, source=SNAPSHOT, hint="Give one that export() made.")
    hint = _above(path) or "Give the directory of an export."
    return UnknownSourceError(f"{path} is a file.", source=SNAPSHOT, hint=hint)


def _unfinished(path: Path) -> UnknownSourceError:
    if (path / JOURNAL).exists() or (path / LOCK).exists():
        message = f"{path} holds an export that is not finished."
        hint = "Make the same export again: it goes on where it was interrupted."
        return UnknownSourceError(message, source=SNAPSHOT, hint=hint)
    message = f"{path} is no snapshot: there is no {MANIFEST} in it."
    hint = _above(path) or "Give a directory that export() made."
    return UnknownSourceError(message, source=SNAPSHOT, hint=hint)


def _above(path: Path) -> str | None:
    """Return what to do where a directory above is a snapshot."""
    above = next((one for one in path.parents[:2] if (one / MANIFEST).is_file()), None)
    return f"Give the directory of the whole snapshot: {above}." if above else None


def _stored(path: Path, name: str, told: Mapping[str, Any]) -> StoredTable:
    form = form_of(told["description"])
    if form.table_name() != name or (path / name).parent != path or name in (".", ".."):
        message = f"table {name!r} is described as {form.table_name()!r}"
        raise ValueError(message)
    parts = [
        PartFile(
            path / name / _file_name(part["file"]),
            *(part[fact] for fact in ("rows", "bytes", "mtime_ns", "sha256", "footer_sha256")),
        )
        for part in told["parts"]
    ]
    if not parts:
        message = f"table {name!r} has no files"
        raise ValueError(message)
    return StoredTable(form, tuple(parts), told.get("arguments", ()), told.get("switches", {}))


def _file_name(name: str) -> str:
    if not _PART.fullmatch(name):
        message = f"{name!r} is no name of a part"
        raise ValueError(message)
    return name


def _check_folder(table: str, parts: Sequence[PartFile]) -> None:
    folder = parts[0].path.parent
    with reading(folder, table):
        if not folder.is_dir():
            raise damaged(folder, table, "is missing")
        # Readers of a folder take every file but hidden ones.
        there = {path for path in folder.glob("*.parquet") if not path.name.startswith((".", "_"))}
        unlisted = sorted(there - {part.path for part in parts})
    if unlisted:
        raise damaged(unlisted[0], table, "is not listed in the manifest, and others would read it too")


def _as_it_is(table: str, part: PartFile) -> PartFile:
    """Return a part with the time that its file has now."""
    with reading(part.path, table):
        if not part.path.is_file():
            raise damaged(part.path, table, "is missing")
        facts = part.path.stat()
    if facts.st_size != part.bytes:
        raise damaged(part.path, table, f"has {facts.st_size:,} bytes, and was written with {part.bytes:,}")
    return replace(part, mtime_ns=facts.st_mtime_ns)
