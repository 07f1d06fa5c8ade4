"""Changing the rows of the demo's Alyx: what is refused, what is ignored, what follows."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

from sessionframes.demo.alyx.lookups import moment
from sessionframes.demo.alyx.models import MODELS
from sessionframes.demo.alyx.refusals import Refusal, detail, failure

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sessionframes.demo.alyx.columns import Column
    from sessionframes.demo.alyx.store import Row, Store

_BY_ID = {
    "sessions",
    "insertions",
    "trajectories",
    "datasets",
    "brain-regions",
    "tasks",
    "chronic-insertions",
}
_NEVER = {"id", "auto_datetime"}
#: Further columns that are told but cannot be changed.
_READ_ONLY = {
    "tasks": {"datetime"},
    "trajectories": {"datetime"},
    "brain-regions": {"acronym", "name", "parent", "related_descriptions"},
    "subjects": {"expected_water", "remaining_water", "last_water_restriction"},
    "notes": {"content_type"},
}
_REQUIRED = {
    "sessions": ("subject",),
    "insertions": ("session", "name"),
    "weighings": ("subject", "weight"),
    "water-administrations": ("subject", "water_administered"),
    "subjects": ("nickname", "lab"),
    "trajectories": ("provenance",),
    "datasets": ("name", "dataset_type"),
}
_UNIQUE = {
    "insertions": ("name", "session"),
    "channels": ("axial", "lateral", "trajectory_estimate"),
    "tasks": ("name", "session", "arguments"),
}
_SMALL = {"priority", "io_charge", "level", "gpu", "cpu", "ram", "time_out_secs"}
_MOMENT = (
    "Datetime has wrong format. Use one of these formats instead: "
    "YYYY-MM-DDThh:mm[:ss[.uuuuuu]][+HH:MM|-HH:MM|Z]."
)


class _WrongError(Exception):
    """A value is none for its column."""


class Writing:
    """Writes on behalf of somebody.

    Parameters
    ----------
    store : Store
        The rows.
    user : str
        Whose name is put where nobody else's is told.
    """

    def __init__(self, store: Store, user: str) -> None:
        self.store = store
        self.user = user

    def add(self, name: str, told: Mapping[str, Any]) -> Row:
        """Add a row.

        Raises
        ------
        Refusal
            Something is missing or wrong, or there is such a row already.
        """
        row = self._read(name, told, required=_REQUIRED.get(name, ()))
        columns = MODELS[name].columns
        row = {"id": str(uuid4()), **row}
        if name == "sessions":
            row.setdefault("users", [self.store.found("users", self.user)])
            if row.get("lab") is None:
                row["lab"] = self.store.tables["subjects"][row["subject"]]["lab"]
        for one in ("user", "created_by"):
            if one in columns and row.get(one) is None:
                row[one] = self.store.found("users", self.user)
        now = _now()
        if "date_time" in columns and row.get("date_time") is None:
            row["date_time"] = now
        if "created_datetime" in columns and row.get("created_datetime") is None:
            row["created_datetime"] = now
        if name == "tasks":
            row.setdefault("status", 20)
        self._check(name, row, None)
        return self.store.add(MODELS[name], self._touched(name, row))

    def add_channels(self, told: list[Any]) -> list[Row]:
        """Add several channels, or none if one of them is wrong."""
        for one in told:
            self._check("channels", self._read("channels", one, required=()), None)
        return [self.add("channels", one) for one in told]

    def change(self, name: str, row: Row, told: Mapping[str, Any], *, whole: bool) -> Row:
        """Change a row.

        Parameters
        ----------
        name : str
            Of its model.
        row : dict
            As it is.
        told : mapping
            What is new.
        whole : bool
            Whether it loses what is not told.

        Raises
        ------
        Refusal
            Something is missing or wrong, or there is such a row already.
        """
        new = self._read(name, told, required=_REQUIRED.get(name, ()) if whole else ())
        if whole:
            columns = MODELS[name].columns
            gone = {one: column.default for one, column in columns.items() if _is_writable(name, one, column)}
            keep = {"status", "qc", "provenance", "subject", "session", "json"}
            new = {one: value for one, value in gone.items() if one not in keep} | new
        self._check(name, {**row, **new}, row["id"])
        return self.store.change(MODELS[name], row, self._touched(name, new))

    def delete(self, name: str, row: Row) -> None:
        """Take a row away.

        Raises
        ------
        Refusal
            It is a dataset of a release.
        """
        if name == "datasets":
            tags = [self.store.tables["tags"][key] for key in row["tags"]]
            protecting = sorted(f'"{tag["name"]}"' for tag in tags if tag["protected"])
            if protecting:
                words = (
                    f"Failed to delete dataset {row['name']} due to protected tag(s) {', '.join(protecting)}"
                )
                raise detail(403, words)
        self.store.delete(MODELS[name], row)

    def _touched(self, name: str, row: Row) -> Row:
        for one in ("auto_datetime", "datetime"):
            if one in MODELS[name].columns:
                row = {**row, one: _now()}
        return row

    def _check(self, name: str, row: Row, own: Any) -> None:
        table = self.store.tables[name]
        unique = _UNIQUE.get(name, ())
        if unique and any(
            key != own and all(other[one] == row.get(one) for one in unique) for key, other in table.items()
        ):
            words = f"The fields {', '.join(unique)} must make a unique set."
            raise Refusal(400, {"non_field_errors": [words]})
        pair = ("provenance", "probe_insertion")
        if name == "trajectories" and row.get("probe_insertion"):
            for key, other in table.items():
                if key != own and all(other[one] == row.get(one) for one in pair):
                    words = (
                        'duplicate key value violates unique constraint "unique_trajectory_per_provenance"\n'
                    )
                    raise failure(words)

    def _read(self, name: str, told: Mapping[str, Any], required: tuple[str, ...]) -> Row:
        if not isinstance(told, dict):
            words = f"Invalid data. Expected a dictionary, but got {type(told).__name__}."
            raise Refusal(400, {"non_field_errors": [words]})
        row: Row = {}
        wrong = {one: ["This field is required."] for one in required if one not in told}
        for one, column in MODELS[name].columns.items():
            if one not in told or not _is_writable(name, one, column):
                continue
            try:
                row[one] = self._value(one, column, told[one])
            except _WrongError as error:
                wrong[one] = [str(error)]
        if wrong:
            # In the order in which they were told.
            order = [one for one in (*told, *wrong) if one in wrong]
            raise Refusal(400, {one: wrong[one] for one in dict.fromkeys(order)})
        return row

    def _value(self, name: str, column: Column, value: Any) -> Any:
        if column.is_many:
            if not isinstance(value, list):
                message = f'Expected a list of items but got type "{type(value).__name__}".'
                raise _WrongError(message)
            return [self._other(column, one) for one in value]
        if column.choices:
            if value not in column.choices:
                message = f"Invalid {name}, choices are: {', '.join(column.choices)}"
                raise _WrongError(message)
            return column.choices[value]
        if value is None:
            if name == "brain_region" or not column.null:
                message = "This field may not be null."
                raise _WrongError(message)
            return None
        if column.to:
            return self._other(column, value)
        return _plain(name, column.kind, value)

    def _other(self, column: Column, value: Any) -> Any:
        table = self.store.tables[column.to]
        if column.to in _BY_ID:
            key = value.rpartition("/")[2] if isinstance(value, str) else value
            if key in table:
                return key
            if column.to != "brain-regions":
                try:
                    UUID(str(key))
                except ValueError:
                    message = f"“{value}” is not a valid UUID."
                    raise _WrongError(message) from None
            message = f'Invalid pk "{value}" - object does not exist.'
            raise _WrongError(message)
        label = "probe_model" if column.to == "probe-models" else MODELS[column.to].label
        found = [row["id"] for row in table.values() if row[label] == value]
        if not found:
            message = f"Object with {label}={value} does not exist."
            raise _WrongError(message)
        if len(found) > 1:
            title = MODELS[column.to].title
            raise failure(f"get() returned more than one {title} -- it returned {len(found)}!")
        return found[0]


def _is_writable(name: str, one: str, column: Column) -> bool:
    return column.kind != "ManyToOneRel" and one not in _NEVER and one not in _READ_ONLY.get(name, ())


def _now() -> str:
    return datetime.now(UTC).replace(tzinfo=None).isoformat()


def _plain(name: str, kind: str, value: Any) -> Any:
    if kind == "JSONField":
        return value
    if kind in ("IntegerField", "FloatField"):
        return _number(name, kind, value)
    if kind == "BooleanField":
        return _flag(value)
    if kind in ("DateTimeField", "DateField"):
        return _time(kind, value)
    if kind == "ArrayField":
        return list(value) if isinstance(value, list) else []
    if not isinstance(value, (str, int, float)) or isinstance(value, bool):
        message = "Not a valid string."
        raise _WrongError(message)
    return str(value).strip()


def _number(name: str, kind: str, value: Any) -> float:
    try:
        found = int(str(value)) if kind == "IntegerField" else float(value)
    except (TypeError, ValueError):
        message = "A valid integer is required." if kind == "IntegerField" else "A valid number is required."
        raise _WrongError(message) from None
    if name in _SMALL and found > 32767:
        message = "Ensure this value is less than or equal to 32767."
        raise _WrongError(message)
    return found


def _flag(value: Any) -> bool:
    if isinstance(value, (str, int)) and str(value).lower() in ("true", "false", "1", "0"):
        return str(value).lower() in ("true", "1")
    message = "Must be a valid boolean."
    raise _WrongError(message)


def _time(kind: str, value: Any) -> str:
    try:
        if kind == "DateField":
            return date.fromisoformat(value).isoformat()
        return moment(value).isoformat()
    except (TypeError, ValueError):
        message = (
            _MOMENT
            if kind == "DateTimeField"
            else ("Date has wrong format. Use one of these formats instead: YYYY-MM-DD.")
        )
        raise _WrongError(message) from None
