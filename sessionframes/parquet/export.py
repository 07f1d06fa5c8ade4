"""Tables to Parquet, a chunk at a time: resumable, atomic, with a manifest that is written last."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow.parquet as pq
from tqdm.auto import tqdm

from sessionframes.errors import ExportError
from sessionframes.parquet.durable import read_json, sha256, write_json
from sessionframes.parquet.keys import UniqueKeys
from sessionframes.parquet.parts import ROWS_PER_PART, PartWriter, file_schema
from sessionframes.tables.convert import to_frame
from sessionframes.tables.validation import validate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    import pyarrow as pa

    from sessionframes.tables import Table

LAYOUT = 1
MANIFEST = "manifest.json"
#: What is finished so far; it turns into the manifest.
JOURNAL = ".journal.json"


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
    """

    model: type[Table]
    chunks: Sequence[Callable[[], pa.Table]]
    origin: dict[str, Any]

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
    progress : bool
        Show progress.

    Raises
    ------
    sessionframes.errors.ExportError
        The directory holds something else, or the disk refuses.
    """
    try:
        journal = _opened(path, question, overwrite=overwrite)
        total = sum(len(plan.chunks) for plan in plans)
        with tqdm(total=total, desc="export", unit=" chunks", disable=not progress) as bar:
            for plan in plans:
                bar.set_description(plan.name)
                _write(path, plan, journal, bar)
        for table in journal["tables"].values():
            table["rows"] = sum(part["rows"] for part in table["parts"])
        journal["finished"] = _now()
        write_json(path / MANIFEST, journal)
        (path / JOURNAL).unlink(missing_ok=True)
    except OSError as error:
        message = f"{path} cannot be written: {error.strerror or error}."
        raise ExportError(
            message, hint="What is finished stays; the same call goes on from there."
        ) from error
    return path


def _opened(path: Path, question: dict[str, Any], *, overwrite: bool) -> dict[str, Any]:
    """Make the directory ready and return the journal: a new one, or that of the same export, interrupted."""
    path.mkdir(parents=True, exist_ok=True)
    journal = _told(path / JOURNAL, overwrite=overwrite)
    if journal and journal["question"] == question and not overwrite:
        return {**journal, "resumed": _now()}
    former = journal or _told(path / MANIFEST, overwrite=overwrite)
    if former and not overwrite:
        state = "an unfinished export of something else" if journal else "an export"
        message = f"{path} holds {state} already."
        raise ExportError(message, hint="Choose another directory, or say overwrite=True.")
    if former is None and any(path.iterdir()):
        message = f"{path} is not empty, and holds no export of ours."
        raise ExportError(message, hint="Choose a new directory.")
    _clear(path, former or {"tables": {}})
    journal = {"layout": LAYOUT, "question": question, "started": _now(), "tables": {}}
    write_json(path / JOURNAL, journal)
    return journal


def _told(path: Path, *, overwrite: bool) -> dict[str, Any] | None:
    """Return a journal or manifest of ours, None where there is none."""
    try:
        content = read_json(path)
        if content is None or (isinstance(content, dict) and {"question", "tables"} <= content.keys()):
            found: dict[str, Any] | None = content
            return found
        message = f"{path} is not of our making."
        raise ExportError(message, hint="Choose a new directory.")
    except ExportError:
        if not overwrite:
            raise
        return {"question": None, "tables": {}}


def _clear(path: Path, former: dict[str, Any]) -> None:
    # The manifest goes first: without it, what is left is no export any more.
    (path / MANIFEST).unlink(missing_ok=True)
    (path / JOURNAL).unlink(missing_ok=True)
    for name, table in former["tables"].items():
        # Only what we wrote: people put files of their own beside it.
        for part in table["parts"]:
            (path / name / part["file"]).unlink(missing_ok=True)
        with suppress(OSError):
            (path / name).rmdir()


def _write(path: Path, plan: TablePlan, journal: dict[str, Any], bar: tqdm[Any]) -> None:
    told = {"schema": plan.model.schema_hash(), "key": plan.model.key_name(), "parts": []}
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
        writer = PartWriter(directory / f"part-{len(parts):05}.parquet", schema, plan.order)
        try:
            chunks = _fill(writer, plan, pending, keys, bar)
            parts.append({**writer.close(), "chunks": chunks})
        except BaseException:
            writer.abandon()
            raise
        done += chunks
        write_json(path / JOURNAL, journal)


def _remove_unlisted(directory: Path, parts: list[dict[str, Any]]) -> None:
    """Remove parts of ours that no journal knows, since readers take every file in the folder."""
    listed = {part["file"] for part in parts}
    for file in directory.glob("part-[0-9][0-9][0-9][0-9][0-9].parquet"):
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
) -> int:
    """Write chunks until the part is full or none is left, and return how many."""
    chunks = 0
    for chunk in pending:
        table = chunk()
        frame = validate(to_frame(table, plan.model), plan.model, source=plan.origin["source"])
        keys.add(frame.index)
        writer.write(table.sort_by([(name, "ascending") for name in plan.order]))
        chunks += 1
        bar.update()
        if writer.rows >= ROWS_PER_PART:
            break
    return chunks


def _keys(path: Path, key: str) -> pd.Index[Any]:
    keys: pd.Index[Any] = pd.Index(pq.read_table(path, columns=[key]).column(key).to_pandas())
    return keys


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
