"""Tables to Parquet, a chunk at a time: resumable, atomic, with a manifest that is written last."""

from __future__ import annotations

import errno
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow.parquet as pq
from tqdm.auto import tqdm

from sessionframes.errors import ExportError
from sessionframes.frames.describe import table_schema
from sessionframes.locks import FileLock
from sessionframes.parquet.durable import read_json, sha256, write_json
from sessionframes.parquet.keys import UniqueKeys
from sessionframes.parquet.manifest import JOURNAL, LAYOUT, LOCK, MANIFEST, PARTS, sealed
from sessionframes.parquet.parts import ROWS_PER_PART, PartWriter, file_schema
from sessionframes.tables.convert import to_arrow, to_frame
from sessionframes.tables.validation import checked

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    import pyarrow as pa

    from sessionframes.tables import Table
    from sessionframes.tables.validation import OnInvalid

#: Errors of a disk that go away when there is room, or when a share is back.
_PASSING = {
    errno.ENOSPC,
    errno.EDQUOT,
    errno.EIO,
    errno.EAGAIN,
    errno.EBUSY,
    errno.EMFILE,
    errno.ENFILE,
    errno.ENOMEM,
    errno.ESTALE,
    errno.ETIMEDOUT,
}


@dataclass(frozen=True)
class TablePlan:
    """What is to be written of one table.

    Parameters
    ----------
    model : type of Table
        The source's form of it.
    chunks : sequence of callable
        Each returns the rows of some sessions, of ascending ids, as an Arrow table of the model's schema.
    origin : dict
        Provenance, for the footer of the files.
    asked : dict
        What beside columns may be asked of the table, and what was: its friendly arguments and its switches,
        ready for JSON.
    sessions : int
        How many sessions it has rows of; 0 where that is not known.
    """

    model: type[Table]
    chunks: Sequence[Callable[[], pa.Table]]
    origin: dict[str, Any]
    asked: dict[str, Any] = field(default_factory=dict)
    sessions: int = 0

    @property
    def name(self) -> str:
        """The table's name, and its directory's."""
        return self.model.table_name()

    @property
    def order(self) -> tuple[str, ...]:
        """By what the rows are sorted: session, probe, key."""
        key = self.model.key_name()
        outer = [name for name in ("session_id", "probe_id") if name in self.model.ids() and name != key]
        return (*outer, key)


def export_tables(
    path: Path,
    plans: Sequence[TablePlan],
    question: dict[str, Any],
    *,
    overwrite: bool = False,
    on_invalid: OnInvalid = "raise",
    progress: bool = True,
) -> Path:
    """Write tables to a directory and return it.

    Parameters
    ----------
    path : Path
        The directory; made if need be.
    plans : sequence of TablePlan
        What to write.
    question : dict
        What was asked of whom, ready for JSON. An unfinished export goes on only if this is the same.
    overwrite : bool
        Replace an export that is there.
    on_invalid : {"raise", "report"}
        Raise for rows that break what their table promises, or leave them out, warn, and count them.
    progress : bool
        Show progress.

    Raises
    ------
    sessionframes.errors.ExportError
        The directory holds something else, or the disk refuses.
    """
    try:
        _check_directory(path)
        path.mkdir(parents=True, exist_ok=True)
        with _alone(path):
            journal = _opened(path, question, [plan.name for plan in plans], overwrite=overwrite)
            total = sum(len(plan.chunks) for plan in plans)
            with tqdm(total=total, desc="export", unit=" chunks", disable=not progress) as bar:
                for plan in plans:
                    bar.set_description(plan.name)
                    _write(path, plan, journal, bar, on_invalid)
            for table in journal["tables"].values():
                table["rows"] = sum(part["rows"] for part in table["parts"])
            journal["finished"] = _now()
            write_json(path / MANIFEST, sealed(journal))
            (path / JOURNAL).unlink(missing_ok=True)
    except OSError as error:
        message = f"{path} cannot be written: {error.strerror or error}."
        raise ExportError(message, hint=_way_on(path, error)) from error
    return path


def check_place(path: Path) -> None:
    """Refuse a directory in which no new export can be begun and none can go on, whatever is to be exported.

    Raises
    ------
    sessionframes.errors.ExportError
        It is a file, or holds an export that is finished, or something else.
    """
    try:
        _check_directory(path)
        if path.exists() and _told(path / JOURNAL, overwrite=False) is None:
            _replaced(path, None, overwrite=False)
    except OSError as error:
        message = f"{path} cannot be read: {error.strerror or error}."
        raise ExportError(message, hint="Choose another directory.") from error


def _check_directory(path: Path) -> None:
    if path.exists() and not path.is_dir():
        message = f"{path} is a file."
        raise ExportError(message, hint="Choose a directory.")


def _way_on(path: Path, error: OSError) -> str:
    """Return what to do about an error of the disk, which may stay as it is for ever."""
    journal = _told(path / JOURNAL, overwrite=True)
    if journal and any(table["parts"] for table in journal["tables"].values()):
        return "What is finished stays; when this is mended, the same call goes on from there."
    if error.errno in _PASSING:
        return "When this is mended, call again; or choose another directory."
    return "Choose another directory."


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Keep other exports out of the directory."""
    lock = FileLock(path / LOCK)
    if not lock.acquire(wait=False):
        message = f"another export is writing to {path}."
        raise ExportError(message, hint="Wait for it, or choose another directory.")
    try:
        yield
    finally:
        with suppress(OSError):  # Windows deletes no file that is open
            (path / LOCK).unlink()
        lock.release()


def _opened(
    path: Path, question: dict[str, Any], tables: Sequence[str], *, overwrite: bool
) -> dict[str, Any]:
    """Make the directory ready and return the journal: a new one, or that of the same export, interrupted."""
    journal = _told(path / JOURNAL, overwrite=overwrite)
    if journal and journal["question"] == question and not overwrite:
        return {**journal, "resumed": _now()}
    former = _replaced(path, journal, overwrite=overwrite)
    _clear(path, {*tables, *(former or {"tables": {}})["tables"]})
    told = {"layout": LAYOUT, "sessionframes": version("sessionframes"), "question": question}
    journal = {**told, "started": _now(), "tables": {}}
    write_json(path / JOURNAL, journal)
    return journal


def _replaced(path: Path, journal: dict[str, Any] | None, *, overwrite: bool) -> dict[str, Any] | None:
    """Return the journal or manifest of what a new export replaces, None where there is nothing."""
    former = journal or _told(path / MANIFEST, overwrite=overwrite)
    if former and not overwrite:
        state = "an unfinished export of something else" if journal else "an export"
        message = f"{path} holds {state} already."
        raise ExportError(message, hint="Choose another directory, or say overwrite=True (--overwrite).")
    if former is None and any(child.name != LOCK for child in path.iterdir()):
        message = f"{path} is not empty, and holds no export of ours."
        raise ExportError(message, hint="Choose a new directory.")
    return former


def _told(path: Path, *, overwrite: bool) -> dict[str, Any] | None:
    """Return a journal or manifest of ours, None where there is none."""
    try:
        content = read_json(path)
        if content is None or _is_ours(content):
            found: dict[str, Any] | None = content
            return found
        message = f"{path} is not of our making."
        raise ExportError(message, hint="Choose a new directory.")
    except ExportError:
        if not overwrite:
            raise
        return {"question": None, "tables": {}}


def _is_ours(content: Any) -> bool:
    if not isinstance(content, dict) or content.get("layout") != LAYOUT or "question" not in content:
        return False
    tables = content.get("tables")
    return isinstance(tables, dict) and all(
        isinstance(table, dict) and isinstance(table.get("parts"), list) for table in tables.values()
    )


def _clear(path: Path, tables: set[str]) -> None:
    # The manifest goes first: without it, what is left is no export any more.
    (path / MANIFEST).unlink(missing_ok=True)
    (path / JOURNAL).unlink(missing_ok=True)
    # Only files of our naming in the tables' folders, whatever a manifest says: people put theirs beside.
    for folder in path.iterdir():
        if folder.name in tables and folder.is_dir() and not folder.is_symlink():
            _remove_unlisted(folder, [])
            with suppress(OSError):
                folder.rmdir()


def _write(
    path: Path, plan: TablePlan, journal: dict[str, Any], bar: tqdm[Any], on_invalid: OnInvalid
) -> None:
    told = {
        "schema": plan.model.schema_hash(),
        "key": plan.model.key_name(),
        "description": table_schema(plan.model),
        "origin": plan.origin,
        **plan.asked,
        "parts": [],
    }
    parts = journal["tables"].setdefault(plan.name, told)["parts"]
    directory = path / plan.name
    directory.mkdir(exist_ok=True)
    del parts[_intact(directory, parts) :]
    _remove_unlisted(directory, parts)
    keys = UniqueKeys(plan.name)
    for part in parts:
        keys.add(_keys(directory / part["file"], plan.model.key_name()))
    done = sum(part["chunks"] for part in parts)
    bar.update(done)
    schema = file_schema(plan.model, plan.origin)
    pending = iter(plan.chunks[done:])
    # A table without a single row still has a file, which tells its columns.
    while done < len(plan.chunks) or not parts:
        file = directory / f"part-{len(parts):05}.parquet"
        writer = PartWriter(file, schema, plan.order, plan.sessions)
        try:
            chunks, left_out = _fill(writer, plan, pending, keys, bar, on_invalid)
            parts.append({**writer.close(), "chunks": chunks, "rows_left_out": left_out})
        except BaseException:
            writer.abandon()
            raise
        done += chunks
        write_json(path / JOURNAL, journal)


def _remove_unlisted(directory: Path, parts: list[dict[str, Any]]) -> None:
    """Remove parts of ours that no journal knows, since readers take every file in the folder."""
    listed = {part["file"] for part in parts}
    for file in directory.glob(PARTS):
        if file.name not in listed:
            file.unlink()


def _intact(directory: Path, parts: list[dict[str, Any]]) -> int:
    """Return how many of the parts that were finished are still as they were left."""
    for number, part in enumerate(parts):
        file = directory / part["file"]
        if not file.is_file() or sha256(file) != part["sha256"]:
            return number
    return len(parts)


def _fill(
    writer: PartWriter,
    plan: TablePlan,
    pending: Iterator[Callable[[], pa.Table]],
    keys: UniqueKeys,
    bar: tqdm[Any],
    on_invalid: OnInvalid,
) -> tuple[int, int]:
    """Write chunks until the part is full or none is left; return how many, and how many rows they lack."""
    chunks = left_out = 0
    for chunk in pending:
        table = chunk()
        frame = checked(to_frame(table, plan.model), plan.model, on_invalid, source=plan.origin["source"])
        if len(frame) < table.num_rows:
            left_out += table.num_rows - len(frame)
            table = to_arrow(frame, plan.model)
        keys.add(frame.index)
        writer.write(table.sort_by([(name, "ascending") for name in plan.order]))
        # Let go before the next chunk is fetched, so that no two are there at once.
        del table, frame
        chunks += 1
        bar.update()
        if writer.rows >= ROWS_PER_PART:
            break
    return chunks, left_out


def _keys(path: Path, key: str) -> pd.Index[Any]:
    keys: pd.Index[Any] = pd.Index(pq.read_table(path, columns=[key]).column(key).to_pandas())
    return keys


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
