"""The cache tables of the demo's Alyx: Parquet, as old as the job that made them."""

from __future__ import annotations

import io
import json
import struct
import zipfile
from functools import cached_property
from typing import TYPE_CHECKING, Any

from sessionframes.demo.alyx.special import copies

if TYPE_CHECKING:
    import pyarrow as pa

    from sessionframes.demo.alyx.store import Row, Store

_MADE = "2026-11-21 09:42"
_LABELS = {0: "NOT_SET", 10: "PASS", 30: "WARNING", 40: "FAIL", 50: "CRITICAL"}
_FOOTER = 8


class Release:
    """Makes the tables once, when they are first asked for.

    Parameters
    ----------
    store : Store
        The rows.
    """

    def __init__(self, store: Store) -> None:
        self.store = store

    @cached_property
    def files(self) -> dict[str, bytes]:
        """What is in the archive."""
        tables = {"sessions": _written(self._sessions()), "datasets": _written(self._datasets())}
        info = json.dumps({**_info(), "tables": {name: _told(text) for name, text in tables.items()}})
        return {**{f"{name}.pqt": text for name, text in tables.items()}, "cache_info.json": info.encode()}

    def info(self, tag: str | None = None) -> dict[str, Any]:
        """Return what is told of the tables."""
        told: dict[str, Any] = json.loads(self.files["cache_info.json"])
        tables = told.pop("tables")
        return {**told, **({"database_tags": [tag]} if tag else {}), "tables": tables}

    def zipped(self) -> bytes:
        """Return the archive."""
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in self.files.items():
                archive.writestr(name, content)
        return out.getvalue()

    def _sessions(self) -> pa.Table:
        import pandas as pd

        store = self.store
        rows = [
            {
                "id": row["id"],
                "lab": store.label("labs", row["lab"]),
                "subject": store.label("subjects", row["subject"]),
                "date": pd.Timestamp(row["start_time"]).date(),
                "number": row["number"],
                "task_protocol": row["task_protocol"],
                "projects": ",".join(store.label("projects", key) for key in row["projects"]),
            }
            for row in store.tables["sessions"].values()
            if None not in (row["start_time"], row["number"], row["lab"], row["subject"])
        ]
        names = ["id", "lab", "subject", "date", "number", "task_protocol", "projects"]
        frame = pd.DataFrame(rows, columns=names).astype({"number": "uint16"}).set_index("id")
        return _with_metadata(frame.sort_values(["date", "subject", "number"], ascending=False))

    def _datasets(self) -> pa.Table:
        import pandas as pd

        rows = [self._dataset(row) for row in self.store.tables["datasets"].values() if self._is_public(row)]
        names = ["eid", "id", "file_size", "hash", "default_revision", "qc", "exists", "rel_path"]
        frame = pd.DataFrame(rows, columns=names).astype({"file_size": "UInt64"})
        frame["qc"] = pd.Categorical(frame["qc"], categories=list(_LABELS.values()), ordered=True)
        return _with_metadata(frame.set_index(["eid", "id"]).sort_index())

    def _is_public(self, row: Row) -> bool:
        names = [
            self.store.label("data-repository", one["data_repository"]) for one in copies(self.store, row)
        ]
        return row["session"] is not None and any(name.startswith(("flatiron", "aws")) for name in names)

    def _dataset(self, row: Row) -> Row:
        revision = self.store.label("revisions", row["revision"])
        folders = [row["collection"], f"#{revision}#" if revision else "", row["name"]]
        return {
            "eid": row["session"],
            "id": row["id"],
            "file_size": row["file_size"],
            "hash": row["hash"],
            "default_revision": row["default_dataset"],
            "qc": _LABELS[row["qc"]],
            "exists": any(one["exists"] for one in copies(self.store, row)),
            "rel_path": "/".join(folder for folder in folders if folder),
        }


def _info() -> dict[str, Any]:
    return {"date_created": _MADE, "origin": "alyx", "min_api_version": "2.10"}


def _with_metadata(frame: Any) -> pa.Table:
    import pyarrow as pa

    table = pa.Table.from_pandas(frame)
    return table.replace_schema_metadata(
        {**(table.schema.metadata or {}), b"one_metadata": json.dumps(_info()).encode()}
    )


def _written(table: pa.Table) -> bytes:
    import pyarrow.parquet as pq

    out = io.BytesIO()
    pq.write_table(table, out)
    return out.getvalue()


def _told(text: bytes) -> dict[str, int]:
    import pyarrow.parquet as pq

    # The size is that of the file's footer, whatever its name says.
    (size,) = struct.unpack("<I", text[-_FOOTER : -_FOOTER + 4])
    return {"nrecs": pq.read_metadata(io.BytesIO(text)).num_rows, "size": size}
