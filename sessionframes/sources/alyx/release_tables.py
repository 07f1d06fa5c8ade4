"""From the columns of Alyx' cache tables to ours, whole columns at a time: there are millions of datasets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sessionframes.errors import SourceResponseError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from zoneinfo import ZoneInfo

    from sessionframes.tables import Table

    Columns = Mapping[str, Callable[[], Any]]

__all__ = ["KNOWN", "TABLES", "ReleasePage", "datasets", "of_ids", "sessions"]

#: What each has to have, by any of these names. Ids are text, or the two halves of a UUID as whole numbers.
TABLES: Final[Mapping[str, tuple[tuple[str, ...], ...]]] = {
    "sessions": (("id", "id_0"), ("lab",), ("subject",), ("date",), ("number",)),
    "datasets": (("id", "id_0"), ("eid", "eid_0"), ("rel_path",)),
}
#: Columns that a release tells, by table.
KNOWN: Final[Mapping[str, frozenset[str]]] = {
    "sessions": frozenset(
        {
            *("session_id", "session_type", "start_time", "start_time_is_date"),
            *("subject_name", "lab", "number", "projects"),
        }
    ),
    "assets": frozenset(
        {
            *("asset_id", "session_id", "asset_name", "collection", "revision", "default_dataset"),
            *("relative_path", "is_available", "size_in_bytes", "checksum", "asset_qc"),
        }
    ),
}
#: ``#2023-04-20#``: a folder that is a revision. Some servers wrote those of none as ``#nan#``.
_PATH = r"^(?:(?P<collection>[^#]*?)/)??(?:#(?P<revision>[^#/]*)#/)?(?P<name>[^/]+)$"
_NO_REVISION = ("nan", "None", "")
#: What older tables have for no project.
_NO_PROJECT = ("None", "")


@dataclass(frozen=True)
class ReleasePage:
    """Some rows of a table of a release.

    Parameters
    ----------
    rows : pyarrow.Table
        The rows.
    columns : tuple of str
        What is wanted.
    zone : zoneinfo.ZoneInfo
        Whose days the dates are.
    sessions : pyarrow.Table, optional
        Of datasets, the sessions of the release.
    """

    rows: pa.Table
    columns: tuple[str, ...]
    zone: ZoneInfo
    sessions: pa.Table | None = None


def sessions(model: type[Table], page: ReleasePage) -> pa.Table:
    """Return the columns of sessions; what the release does not tell is null."""
    rows = page.rows
    return _made(
        model,
        page,
        {
            "session_id": lambda: _ids(rows, "id"),
            "session_type": lambda: _told(rows, "task_protocol", ("",)),
            "start_time": lambda: _midnights(rows["date"], page.zone),
            "start_time_is_date": lambda: pc.if_else(rows["date"].is_valid(), True, None),
            "subject_name": lambda: _told(rows, "subject", ("",)),
            "lab": lambda: _told(rows, "lab", ("",)),
            "number": lambda: rows["number"],
            "projects": lambda: _projects(rows),
        },
    )


def datasets(model: type[Table], page: ReleasePage) -> pa.Table:
    """Return the columns of assets; what the release does not tell is null.

    Raises
    ------
    sessionframes.errors.SourceResponseError
        The table of the release is not as we know it.
    """
    rows = page.rows
    parts: Any = pc.extract_regex(_column(rows, "rel_path").cast(pa.large_string()), _PATH)
    if parts.null_count > rows["rel_path"].null_count:
        odd = rows["rel_path"].filter(parts.is_null())[0]
        message = f"datasets.pqt has the path {odd}, which names no file."
        raise SourceResponseError(message, source="alyx", table="assets")
    return _made(
        model,
        page,
        {
            "asset_id": lambda: _ids(rows, "id"),
            "session_id": lambda: _ids(rows, "eid"),
            "asset_name": lambda: parts.field("name"),
            "collection": lambda: _without(parts.field("collection"), ("",)),
            "revision": lambda: _without(parts.field("revision"), _NO_REVISION),
            "default_dataset": lambda: _column(rows, "default_revision"),
            "relative_path": lambda: _paths(rows, page.sessions),
            "is_available": lambda: pc.fill_null(_column(rows, "exists", pa.bool_()), False),
            "size_in_bytes": lambda: _sizes(rows),
            "checksum": lambda: _checksums(rows),
            "asset_qc": lambda: _column(rows, "qc"),
        },
    )


def _made(model: type[Table], page: ReleasePage, made: Columns) -> pa.Table:
    schema = pa.schema([one for one in model.arrow_schema() if one.name in page.columns])
    arrays = []
    for one in schema:
        make = made.get(one.name)
        values = pa.nulls(page.rows.num_rows, one.type) if make is None else make()
        arrays.append(values if values.type == one.type else values.cast(one.type))
    return pa.Table.from_arrays(arrays, schema=schema)


def _column(rows: pa.Table, name: str, kind: Any = None) -> Any:
    if name not in rows.column_names:
        return pa.nulls(rows.num_rows, kind or pa.large_string())
    found: Any = rows[name].combine_chunks()
    return found.dictionary_decode() if pa.types.is_dictionary(found.type) else found


def _without(values: Any, nothing: tuple[str, ...]) -> Any:
    """Return texts, null for those that stand for nothing."""
    return pc.if_else(pc.is_in(values, pa.array(nothing, values.type)), None, values)


def _told(rows: pa.Table, name: str, nothing: tuple[str, ...]) -> Any:
    return _without(_column(rows, name).cast(pa.large_string()), nothing)


def _ids(rows: pa.Table, name: str) -> Any:
    """Return ids as text, of whichever layout."""
    if name in rows.column_names:
        return _column(rows, name)
    halves = [np.asarray(rows[f"{name}_{half}"].to_numpy(), "<i8") for half in (0, 1)]
    digits = np.column_stack(halves).tobytes().hex()
    whole = (digits[start : start + 32] for start in range(0, len(digits), 32))
    return pa.array([f"{d[:8]}-{d[8:12]}-{d[12:16]}-{d[16:20]}-{d[20:]}" for d in whole], pa.large_string())


def of_ids(rows: pa.Table, name: str, wanted: Sequence[str]) -> Any:
    """Return which rows have one of these ids in the column of that name, of whichever layout."""
    return pc.is_in(_text(_ids(rows, name)), pa.array(wanted, pa.large_string()))


def _midnights(dates: Any, zone: ZoneInfo) -> Any:
    naive = dates.cast(pa.timestamp("us"))
    local = pc.assume_timezone(naive, str(zone), ambiguous="earliest", nonexistent="latest")
    return local.cast(pa.timestamp("us", "UTC"))


def _projects(rows: pa.Table) -> Any:
    name = "projects" if "projects" in rows.column_names else "project"
    told = _column(rows, name).cast(pa.large_string())
    # The server joins them in random order.
    listed = [
        None if one is None else sorted(part for part in one.split(",") if part not in _NO_PROJECT)
        for one in told.to_pylist()
    ]
    return pa.array(listed, pa.list_(pa.large_string()))


def _sizes(rows: pa.Table) -> Any:
    found = _column(rows, "file_size", pa.int64())
    # Older tables have numbers with NaN for none.
    if pa.types.is_floating(found.type):
        found = pc.if_else(pc.is_nan(found), None, found)
    return found.cast(pa.int64())


def _checksums(rows: pa.Table) -> Any:
    known = _told(rows, "hash", ("",))
    return _joined(":", pa.scalar("md5"), known)


def _paths(rows: pa.Table, known: pa.Table | None) -> Any:
    """Return paths under the folder of the lab, null where the session is not in the release."""
    path = _column(rows, "rel_path")
    if "session_path" in rows.column_names:
        # lab/Subjects/animal/day/number
        folders = pc.replace_substring_regex(_column(rows, "session_path"), r"^[^/]+/Subjects/", "")
        return _joined("/", folders, path)
    if known is None:
        return pa.nulls(rows.num_rows, pa.large_string())
    number = pc.utf8_lpad(_column(known, "number").cast(pa.string()), 3, "0")
    day = _column(known, "date").cast(pa.string())
    folders = _joined("/", _column(known, "subject"), day, number)
    places = pc.index_in(_text(_ids(rows, "eid")), _text(_ids(known, "id")))
    return _joined("/", folders.take(places), path)


def _joined(between: str, *texts: Any) -> Any:
    """Return texts with something between them, null where one of them is."""
    whole: Any = pc.binary_join_element_wise(*map(_text, texts), pa.scalar(between, pa.large_string()))
    return whole


def _text(values: Any) -> Any:
    return values.cast(pa.large_string())
