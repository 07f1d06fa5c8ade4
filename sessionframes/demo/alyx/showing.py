"""What the demo's Alyx shows of its rows: in lists, and when one is read."""

from __future__ import annotations

from datetime import UTC, date, datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from sessionframes.demo.alyx.models import MODELS, PROVENANCE, QC, STATUS
from sessionframes.demo.alyx.shapes import AS_IDS, PLAIN
from sessionframes.demo.alyx.special import on_server

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sessionframes.demo.alyx.store import Row, Store

_QC = {number: label for label, number in QC.items()}
_STATUS = {number: label for label, number in STATUS.items()}
_PROVENANCE = {number: label for label, number in PROVENANCE.items()}


class Show:
    """Makes the records of answers.

    Parameters
    ----------
    store : Store
        The rows.
    url : str
        The server's own address, as the client called it.
    data_url : str
        Where files are.
    """

    def __init__(self, store: Store, url: str, data_url: str) -> None:
        self.store = store
        self.url = url
        self.data_url = data_url
        self._lists: dict[str, Callable[[Row], Row]] = {
            "sessions": self._session,
            "insertions": self._insertion,
            "trajectories": self._trajectory,
            "datasets": self._dataset,
            "subjects": self._subject,
            "users": self._user,
            "files": self._file,
            "chronic-insertions": self._chronic,
        }
        self._reads: dict[str, Callable[[Row], Row]] = {
            "sessions": self._session_read,
            "insertions": self._insertion_read,
            "subjects": self._subject_read,
            "datasets": self._dataset_read,
        }

    def listed(self, name: str, row: Row) -> Row:
        """Return what a list tells of a row."""
        special = self._lists.get(name)
        return special(row) if special else self._plain(name, row)

    def read(self, name: str, row: Row) -> Row:
        """Return what reading a row tells."""
        special = self._reads.get(name)
        return special(row) if special else self.listed(name, row)

    def address(self, name: str, row: Row) -> str:
        """Return where a row is read."""
        if name == "water-restricted-subjects":
            name = "subjects"
        key = row["nickname"] if name == "subjects" else row["id"]
        return f"{self.url}/{name}/{key}"

    def _plain(self, name: str, row: Row) -> Row:
        told: Row = {}
        for field, show_as, to in _ways(name):
            value = row.get(field)
            if show_as == "address":
                value = self.address(name, row)
            elif show_as == "names":
                value = [self._name(to, one) for one in value or ()]
            elif show_as == "name":
                value = self._name(to, value)
            elif show_as == "label":
                value = _STATUS[row[field]]
            elif field == "data_url" and value:
                value = value.replace("{data}", self.data_url)
            told[field] = value
        return told

    def _name(self, name: str, key: Any) -> Any:
        return self.store.label(name, key)

    def _names(self, name: str, keys: list[Any]) -> list[Any]:
        return [self._name(name, key) for key in keys]

    def _rows(self, name: str, row: Row, relation: str) -> list[Row]:
        return self.store.related(MODELS[name], row, relation)

    def _session(self, row: Row) -> Row:
        return {
            "id": row["id"],
            "subject": self._name("subjects", row["subject"]),
            "start_time": row["start_time"],
            "number": row["number"],
            "lab": self._name("labs", row["lab"]),
            "projects": self._names("projects", row["projects"]),
            "url": self.address("sessions", row),
            "task_protocol": row["task_protocol"],
        }

    def _session_read(self, row: Row) -> Row:
        parent = row["parent_session"]
        datasets = self._rows("sessions", row, "data_dataset_session_related")
        water = self._rows("sessions", row, "wateradmin_session_related")
        return {
            "subject": self._name("subjects", row["subject"]),
            "users": self._names("users", row["users"]),
            "location": self._name("locations", row["location"]),
            "procedures": self._names("procedures", row["procedures"]),
            "lab": self._name("labs", row["lab"]),
            "projects": self._names("projects", row["projects"]),
            "type": row["type"],
            "task_protocol": row["task_protocol"],
            "number": row["number"],
            "start_time": row["start_time"],
            "end_time": row["end_time"],
            "narrative": row["narrative"],
            "parent_session": parent and f"{self.url}/sessions/{parent}",
            "n_correct_trials": row["n_correct_trials"],
            "n_trials": row["n_trials"],
            "url": self.address("sessions", row),
            "extended_qc": row["extended_qc"],
            "qc": _QC[row["qc"]],
            "wateradmin_session_related": [
                {
                    "id": one["id"],
                    "name": one["name"],
                    "water_type": self._name("water-type", one["water_type"]),
                    "water_administered": one["water_administered"],
                }
                for one in water
            ],
            "data_dataset_session_related": [
                self._dataset_of_session(one) for one in datasets if on_server(self.store, one)
            ],
            "auto_datetime": row["auto_datetime"],
            "id": row["id"],
            "json": row["json"],
            "probe_insertion": [
                self._insertion(one) for one in self._rows("sessions", row, "probe_insertion")
            ],
            "field_of_view": [],
            "notes": [
                self._plain("notes", one)
                for one in self.store.tables["notes"].values()
                if one["object_id"] == row["id"]
            ],
        }

    def _dataset_of_session(self, row: Row) -> Row:
        told = self._dataset_of_probe(row)
        told.pop("qc")
        return {
            **told,
            "revision": self._name("revisions", row["revision"]) or "",
            "default_revision": str(row["default_dataset"]),
            "qc": _QC[row["qc"]],
        }

    def _dataset_of_probe(self, row: Row) -> Row:
        addresses = [
            self._data_url(one, row) for one in self._rows("datasets", row, "file_records") if one["exists"]
        ]
        return {
            "id": row["id"],
            "name": row["name"],
            "dataset_type": self._name("dataset-types", row["dataset_type"]),
            "data_url": next((one for one in addresses if one), None),
            "url": self.address("datasets", row),
            "file_size": row["file_size"],
            "hash": row["hash"],
            "version": row["version"],
            "collection": row["collection"],
            "qc": row["qc"],
        }

    def _data_url(self, record: Row, dataset: Row) -> str | None:
        repository = self.store.row("data-repository", record["data_repository"])
        if repository is None or not repository["data_url"]:
            return None
        stem, dot, suffix = record["relative_path"].rpartition(".")
        base = repository["data_url"].replace("{data}", self.data_url)
        return f"{base}{stem}.{dataset['id']}{dot}{suffix}"

    def _info(self, key: str | None) -> Row | None:
        row = self.store.row("sessions", key)
        if row is None:
            return None
        listed = self._session(row)
        names = ("subject", "start_time", "number", "lab", "id", "projects", "task_protocol")
        return {name: listed[name] for name in names}

    def _insertion(self, row: Row) -> Row:
        return self._insertion_with(row, row["datasets"])

    def _insertion_with(self, row: Row, datasets: list[Any]) -> Row:
        return {
            "id": row["id"],
            "session": row["session"],
            "model": self._part(row["model"]),
            "session_info": self._info(row["session"]),
            "name": row["name"],
            "json": row["json"],
            "serial": row["serial"],
            "auto_datetime": row["auto_datetime"],
            "chronic_insertion": row["chronic_insertion"],
            "datasets": datasets,
        }

    def _part(self, key: str | None) -> str | None:
        row = self.store.row("probe-models", key)
        return None if row is None else row["probe_model"]

    def _insertion_read(self, row: Row) -> Row:
        session = self.store.row("sessions", row["session"])
        datasets = self._rows("sessions", session, "data_dataset_session_related") if session else []
        told = self._insertion_with(
            row, [self._dataset_of_probe(one) for one in datasets if row["name"] in one["collection"]]
        )
        order = ("id", "session", "model", "session_info", "datasets", "name", "json", "serial")
        return {name: told[name] for name in (*order, "auto_datetime", "chronic_insertion")}

    def _chronic(self, row: Row) -> Row:
        told = self._plain("chronic-insertions", row)
        told["model"] = self._part(row["model"])
        told["probe_insertion"] = [
            {
                "id": one["id"],
                "name": one["name"],
                "model": self._name("probe-models", one["model"]),
                "serial": one["serial"],
                "session_info": self._info(one["session"]),
            }
            for one in self._rows("chronic-insertions", row, "probe_insertion")
        ]
        return told

    def _trajectory(self, row: Row) -> Row:
        probe = self.store.row("insertions", row["probe_insertion"])
        holder = probe or self.store.row("chronic-insertions", row["chronic_insertion"])
        told = {"id": row["id"], "probe_insertion": row["probe_insertion"]}
        told |= {name: row[name] for name in ("x", "y", "z", "depth", "theta", "phi", "roll")}
        return told | {
            "provenance": _PROVENANCE[row["provenance"]],
            "session": probe and self._info(probe["session"]),
            "probe_name": holder and holder["name"],
            "coordinate_system": self._name("coordinate-systems", row["coordinate_system"]),
            "datetime": row["datetime"],
            "json": row["json"],
            "chronic_insertion": row["chronic_insertion"],
        }

    def _dataset(self, row: Row) -> Row:
        session = self.store.row("sessions", row["session"])
        tags = [self.store.tables["tags"][key] for key in row["tags"]]
        return {
            "url": self.address("datasets", row),
            "name": row["name"],
            "created_by": self._name("users", row["created_by"]),
            "created_datetime": row["created_datetime"],
            "dataset_type": self._name("dataset-types", row["dataset_type"]),
            "data_format": self._name("data-formats", row["data_format"]),
            "collection": row["collection"],
            "session": session and self.address("sessions", session),
            "file_size": row["file_size"],
            "hash": row["hash"],
            "version": row["version"],
            "experiment_number": session and session["number"],
            "file_records": [self._record(one, row) for one in self._rows("datasets", row, "file_records")],
            "auto_datetime": row["auto_datetime"],
            "revision": self._name("revisions", row["revision"]) or "",
            "default_dataset": row["default_dataset"],
            # As if the tags were joined twice: they count each other.
            "protected": sum(tag["protected"] for tag in tags) * max(1, len(tags)),
            "public": sum(tag["public"] for tag in tags) * max(1, len(tags)),
            "tags": [tag["name"] for tag in tags],
            "qc": _QC[row["qc"]],
            "json": row["json"],
        }

    def _dataset_read(self, row: Row) -> Row:
        told = self._dataset(row)
        del told["protected"], told["public"]
        return told

    def _record(self, row: Row, dataset: Row) -> Row:
        repository = self.store.row("data-repository", row["data_repository"])
        return {
            "id": row["id"],
            "data_repository": repository and repository["name"],
            "data_repository_path": repository and repository["globus_path"],
            "relative_path": row["relative_path"],
            "data_url": self._data_url(row, dataset),
            "exists": row["exists"],
        }

    def _file(self, row: Row) -> Row:
        return {
            "url": self.address("files", row),
            "dataset": f"{self.url}/datasets/{row['dataset']}",
            "data_repository": self._name("data-repository", row["data_repository"]),
            **{name: row[name] for name in ("name", "json", "relative_path", "exists")},
        }

    def _subject(self, row: Row) -> Row:
        sessions = self._rows("subjects", row, "actions_sessions")
        of_sessions = {project: None for session in sessions for project in session["projects"]}
        told = {"nickname": row["nickname"], "url": self.address("subjects", row), "id": row["id"]}
        told |= {
            "responsible_user": self._name("users", row["responsible_user"]),
            "birth_date": row["birth_date"],
            "age_weeks": _weeks(row),
            "death_date": row["death_date"],
            "species": self._name("species", row["species"]),
            "sex": row["sex"],
        }
        told |= {name: self._name(f"{name}s", row[name]) for name in ("litter", "strain", "source", "line")}
        names = ("reference_weight", "last_water_restriction", "expected_water", "remaining_water", "json")
        return told | {
            "projects": self._names("projects", row["projects"]),
            "session_projects": self._names("projects", list(of_sessions)),
            "lab": self._name("labs", row["lab"]),
            "genotype": row["genotype"],
            "description": row["description"],
            "alive": row["death_date"] is None,
            **{name: row[name] for name in names},
        }

    def _subject_read(self, row: Row) -> Row:
        weighings = self._rows("subjects", row, "weighings")
        water = self._rows("subjects", row, "water_administrations")
        return self._subject(row) | {
            "weighings": [self._plain("weighings", one) for one in weighings],
            "water_administrations": [self._plain("water-administrations", one) for one in water],
        }

    def _user(self, row: Row) -> Row:
        subjects = self._rows("users", row, "subjects_responsible")
        return {
            "id": row["id"],
            "username": row["username"],
            "email": row["email"],
            "subjects_responsible": [one["nickname"] for one in subjects],
            "lab": self._names("labs", row["lab"]),
            "allowed_users": self._names("users", row["allowed_users"]),
            "is_stock_manager": row["is_stock_manager"],
        }


@cache
def _ways(name: str) -> tuple[tuple[str, str, str], ...]:
    """Return how the fields of a plain endpoint are shown: their names, the way, and where relations lead."""
    columns, found = MODELS[name].columns, []
    for field in PLAIN[name]:
        column = columns.get(field)
        if column is None:
            found.append((field, "address", ""))
        elif field == "status":
            found.append((field, "label", ""))
        elif not column.to or field in AS_IDS.get(name, ()):
            found.append((field, "plain", ""))
        else:
            found.append((field, "names" if column.is_many else "name", column.to))
    return tuple(found)


def _weeks(row: Mapping[str, Any]) -> int:
    if row["birth_date"] is None:
        return 0
    until = date.fromisoformat(row["death_date"]) if row["death_date"] else datetime.now(UTC).date()
    return (until - date.fromisoformat(row["birth_date"])).days // 7
