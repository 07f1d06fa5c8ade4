"""Rows of tables out of what an Alyx once told of them, to ask the demo for the same again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sessionframes.demo.alyx.models import MODELS, PROBE_MODELS

if TYPE_CHECKING:
    from collections.abc import Iterable

Row = dict[str, Any]
#: What a server works out by itself.
WORKED_OUT = {
    "sessions": {"wateradmin_session_related", "data_dataset_session_related", "probe_insertion", "notes"},
    "subjects": {"age_weeks", "alive", "session_projects", "weighings", "water_administrations"},
    "insertions": {"session_info", "datasets"},
    "trajectories": {"session", "probe_name"},
    "datasets": {"file_records", "protected", "public", "experiment_number"},
    "users": {"subjects_responsible"},
    "chronic-insertions": {"probe_insertion"},
}


class Rows:
    """Takes records as they come, the fuller ones later."""

    def __init__(self) -> None:
        self.tables: dict[str, dict[str, Row]] = {name: {} for name in MODELS}

    def take(self, name: str, records: Iterable[Row]) -> None:
        """Take records of an endpoint."""
        for record in records:
            getattr(self, f"_{name.replace('-', '_')}", self._plain)(name, record)

    def records(self) -> dict[str, list[Row]]:
        """Return what makes a store."""
        for name, by in (("sessions", "subject"), ("weighings", "subject")):
            for row in self.tables[name].values():
                row[by] = self._subject(row.get(by), row.get("lab"))
        for name in ("water-administrations", "water-restriction", "surgeries", "chronic-insertions"):
            for row in self.tables[name].values():
                row["subject"] = self._subject(row.get("subject"), None)
        for probe in self.tables["insertions"].values():
            self._mention("sessions", probe["session"])
            probe["datasets"] = [one for one in probe["datasets"] if one in self.tables["datasets"]]
        return {name: list(rows.values()) for name, rows in self.tables.items()}

    def _subject(self, nickname: str | None, lab: str | None) -> str | None:
        if nickname is None:
            return None
        for row in self.tables["subjects"].values():
            if row["nickname"] == nickname:
                return row["id"]
        self.tables["subjects"][f"made {nickname}"] = {
            "id": f"made {nickname}",
            "nickname": nickname,
            "lab": lab or "cortexlab",
        }
        return f"made {nickname}"

    def _mention(self, name: str, key: str | None) -> None:
        if key is not None and key not in self.tables[name]:
            self.tables[name][key] = {"id": key}

    def _put(self, name: str, row: Row) -> None:
        known = MODELS[name].columns
        row = {field: value for field, value in row.items() if field in known}
        table = self.tables[name]
        table[row["id"]] = {**table.get(row["id"], {}), **row}

    def _plain(self, name: str, record: Row) -> None:
        record = {field: value for field, value in record.items() if field not in WORKED_OUT.get(name, ())}
        key = (
            record["id"]
            if "id" in record
            else record.get("url", "").rpartition("/")[2] or f"{name} {record.get('name')}"
        )
        if name == "water-restriction":
            key = f"{record['subject']} {record['start_time']}"
        self._put(name, {**record, "id": key})

    def _sessions(self, name: str, record: Row) -> None:
        parent = record.get("parent_session")
        row = {**record, "parent_session": parent and parent.rpartition("/")[2]} if parent else dict(record)
        if parent:
            self.tables["sessions"].setdefault(
                row["parent_session"], {"id": row["parent_session"], "subject": "x"}
            )
        self._plain(name, row)
        for one in record.get("data_dataset_session_related", ()):
            dataset = {
                **one,
                "session": f"/{record['id']}",
                "default_dataset": one["default_revision"] == "True",
            }
            self._datasets("datasets", {**dataset, "revision": one["revision"]})
            self._copy(one["id"], one["data_url"])
        self.take("insertions", record.get("probe_insertion", ()))

    def _copy(self, dataset: str, url: str | None) -> None:
        key = f"copy of {dataset}"
        if any(row["dataset"] == dataset for row in self.tables["files"].values()):
            return
        path = (url or "").replace(f".{dataset}.", ".").removeprefix("https://data.example.org/")
        self.tables["data-repository"].setdefault(
            "flat", {"id": "flat", "name": "flat", "data_url": "https://data.example.org/"}
        )
        self.tables["data-repository"].setdefault("cold", {"id": "cold", "name": "cold", "data_url": None})
        repository = "flat" if url else "cold"
        row = {
            "id": key,
            "dataset": dataset,
            "data_repository": repository,
            "relative_path": path,
            "exists": True,
        }
        self.tables["files"][key] = row

    def _insertions(self, name: str, record: Row) -> None:
        info = record["session_info"]
        self.take("sessions", [info])
        self._plain(name, record)
        own = [one for one in record["datasets"] if isinstance(one, str)]
        if own or "datasets" not in self.tables[name][record["id"]]:
            self.tables[name][record["id"]]["datasets"] = own

    def _trajectories(self, name: str, record: Row) -> None:
        self._plain(name, record)
        if record["probe_insertion"]:
            self.take("sessions", [record["session"]])
            probe = {"id": record["probe_insertion"], "session": record["session"]["id"], "datasets": []}
            self.tables["insertions"].setdefault(
                record["probe_insertion"], {**probe, "name": record["probe_name"]}
            )
        else:
            self._mention("chronic-insertions", record["chronic_insertion"])

    def _channels(self, name: str, record: Row) -> None:
        self._plain(name, record)
        key = record["trajectory_estimate"]
        self.tables["trajectories"].setdefault(key, {"id": key, "provenance": 70})
        if record["brain_region"] is not None:
            self.tables["brain-regions"].setdefault(record["brain_region"], {"id": record["brain_region"]})

    def _datasets(self, name: str, record: Row) -> None:
        session = (record.get("session") or "").rpartition("/")[2] or None
        key = record.get("id") or record["url"].rpartition("/")[2]
        self._mention("sessions", session)
        if session and record.get("experiment_number") is not None:
            self.tables["sessions"][session]["number"] = record["experiment_number"]
        row = {**record, "id": key, "session": session, "revision": record.get("revision") or None}
        self._plain(name, row)
        for one in record.get("file_records", ()):
            self.tables["files"].pop(f"copy of {key}", None)
            base = (one["data_url"] or "").partition(one["relative_path"].rpartition(".")[0])[0]
            repository = {"name": one["data_repository"], "globus_path": one["data_repository_path"]}
            place = self.tables["data-repository"].setdefault(
                f"data-repository {one['data_repository']}",
                {"id": f"data-repository {one['data_repository']}", **repository, "data_url": None},
            )
            place["data_url"] = place.get("data_url") or base or None
            place["globus_is_personal"] = one["data_repository"].startswith("local")
            names = ("id", "data_repository", "relative_path", "exists")
            self.tables["files"][one["id"]] = {**{field: one[field] for field in names}, "dataset": key}

    def _files(self, name: str, record: Row) -> None:
        key = record["dataset"].rpartition("/")[2]
        self._mention("datasets", key)
        self._plain(name, {**record, "dataset": key})

    def _tasks(self, name: str, record: Row) -> None:
        self._mention("sessions", record["session"])
        for parent in record["parents"]:
            self._mention("tasks", parent)
        self._plain(name, record)

    def _brain_regions(self, name: str, record: Row) -> None:
        self._plain(name, record)
        parent = record["parent"]
        if parent is not None:
            self.tables[name].setdefault(parent, {"id": parent})

    def _chronic_insertions(self, name: str, record: Row) -> None:
        self._plain(name, record)
        parts = {title: part for part, title in PROBE_MODELS.items()}
        for one in record["probe_insertion"]:
            probe = {
                **one,
                "session": one["session_info"]["id"],
                "chronic_insertion": record["id"],
                "datasets": [],
            }
            if one["id"] not in self.tables["insertions"]:
                self.take("insertions", [{**probe, "model": parts.get(one["model"], one["model"])}])

    def _surgeries(self, name: str, record: Row) -> None:
        lab = {"id": record["lab"], "name": f"lab of {record['subject']}"}
        self.tables["labs"].setdefault(record["lab"], lab)
        self._plain(name, record)
