"""The named filters of the demo's Alyx, by endpoint: what is not named here is ignored."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sessionframes.demo.alyx import special
from sessionframes.demo.alyx.django import values_at
from sessionframes.demo.alyx.models import MODELS, PROVENANCE, QC, STATUS
from sessionframes.demo.alyx.refusals import Refusal, failure
from sessionframes.demo.alyx.special import Asked, Counts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sessionframes.demo.alyx.store import Row, Store

#: From what is asked to how often a row is listed.
Named = Callable[[Asked], Counts]


def _matching(path: str, matches: Callable[[str, str], bool]) -> Named:
    def made(asked: Asked) -> Counts:
        values = values_at(asked.store, asked.model, path)
        return lambda row: sum(value is not None and matches(str(value), asked.text) for value in values(row))

    return made


def _exact(path: str) -> Named:
    return _matching(path, lambda value, text: value == text)


def _caseless(path: str) -> Named:
    return _matching(path, lambda value, text: value.upper() == text.upper())


def _part(path: str) -> Named:
    return _matching(path, lambda value, text: text.upper() in value.upper())


def _read(
    path: str, read: Callable[[str, str], Any], change: Callable[[Any], Any] = lambda value: value
) -> Named:
    def made(asked: Asked) -> Counts:
        wanted = read(asked.name, asked.text)
        values = values_at(asked.store, asked.model, path)
        return lambda row: sum(value is not None and change(value) == wanted for value in values(row))

    return made


def _refused(name: str, words: str) -> Refusal:
    return Refusal(400, {name: [words]})


def _number(name: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise _refused(name, "Enter a number.") from None


def _uuid(name: str, text: str) -> str:
    try:
        return str(UUID(text))
    except ValueError:
        raise _refused(name, "Enter a valid UUID.") from None


def _moment(name: str, text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise _refused(name, "Enter a valid date/time.") from None
    return found if found.tzinfo is None else found.astimezone(UTC).replace(tzinfo=None)


def _day(_name: str, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise failure(
            f"['“{text}” value has an invalid date format. It must be in YYYY-MM-DD format.']"
        ) from None


def _numbers(*paths: str) -> dict[str, Named]:
    return {path: _read(path, _number) for path in paths}


def _ids(**paths: str) -> dict[str, Named]:
    return {name: _read(path, _uuid) for name, path in paths.items()}


def _moments(*paths: str) -> dict[str, Named]:
    return {path: _read(path, _moment, datetime.fromisoformat) for path in paths}


def _days(**paths: str) -> dict[str, Named]:
    return {
        name: _read(path, _day, lambda value: date.fromisoformat(value[:10])) for name, path in paths.items()
    }


def _texts(*names: str, **paths: str) -> dict[str, Named]:
    return {name: _exact(path) for name, path in {**{name: name for name in names}, **paths}.items()}


def _label(choices: Mapping[str, int]) -> Named:
    def made(asked: Asked) -> Counts:
        known = {label.upper(): number for label, number in choices.items()}
        if asked.text.upper() not in known:
            raise failure(f"Invalid{asked.name}, choices are: {', '.join(choices)}")
        return lambda row: row[asked.name] == known[asked.text.upper()]

    return made


def _existing(name: str) -> Named:
    """Return the filter by a relation whose object has to exist."""

    def made(asked: Asked) -> Counts:
        table = asked.store.tables[asked.model.columns[name].to]
        key: Any = int(asked.text) if asked.text.isdecimal() and 997 in table else asked.text.lower()
        if key not in table:
            raise _refused(name, "Select a valid choice. That choice is not one of the available choices.")
        return lambda row: row[name] == key

    return made


def _flag(holds: Callable[[Store, Row], bool]) -> Named:
    """Return a filter that is true or false; any other text is ignored."""

    def made(asked: Asked) -> Counts:
        if asked.text.lower() not in ("true", "false"):
            return special.every
        wanted = asked.text.lower() == "true"
        return lambda row: holds(asked.store, row) is wanted

    return made


def _tagged(name: str) -> Named:
    return _flag(lambda store, row: any(store.tables["tags"][tag][name] for tag in row["tags"]))


_ATLAS = dict.fromkeys(("atlas_id", "atlas_acronym", "atlas_name"), special.atlas)
_OF_DATASETS: dict[str, Named] = {
    "datasets": special.datasets,
    "dataset_types": special.dataset_types,
    "dataset_qc_lte": special.dataset_qc,
}
_XYZ = _numbers("x", "y", "z")

_SESSIONS: dict[str, Named] = {
    "subject": _caseless("subject__nickname"),
    "nickname": _caseless("subject__nickname"),
    "lab": _caseless("lab__name"),
    "type": _caseless("type"),
    "task_protocol": _part("task_protocol"),
    "location": _part("location__name"),
    "project": _part("projects__name"),
    "projects": _part("projects__name"),
    "procedures": _part("procedures__name"),
    "tag": _part("data_dataset_session_related__tags__name"),
    "users": special.users,
    "date_range": special.date_range,
    "qc": _label(QC),
    "performance_gte": special.performance,
    "performance_lte": special.performance,
    "extended_qc": special.document,
    "json": special.document,
    "histology": special.histology,
    "parent_session": _existing("parent_session"),
    **_numbers("number", "n_trials", "n_correct_trials"),
    **_moments("start_time", "end_time", "auto_datetime"),
    **_texts("narrative", "name"),
    **_ids(id="id"),
    **_OF_DATASETS,
    **_ATLAS,
}
_INSERTIONS: dict[str, Named] = {
    **_texts("name", "serial", subject="session__subject__nickname", model="model__name"),
    **_ids(id="id", session="session_id"),
    **_days(date="session__start_time"),
    "experiment_number": _read("session__number", _number),
    "lab": _caseless("session__lab__name"),
    "project": _part("session__projects__name"),
    "task_protocol": _part("session__task_protocol"),
    "tag": _part("datasets__tags__name"),
    "chronic_insertion": _existing("chronic_insertion"),
    **_moments("auto_datetime"),
    **_OF_DATASETS,
    **_ATLAS,
}
_PLACE = "trajectory_estimate__probe_insertion__session"
_DATASETS: dict[str, Named] = {
    "session": _existing("session"),
    **_texts(
        "name", "collection", "hash", "version", "generating_software", created_by="created_by__username"
    ),
    **_texts(
        subject="session__subject__nickname", lab="session__lab__name", dataset_type="dataset_type__name"
    ),
    **_texts(revision="revision__name", tag="tags__name"),
    **_days(date="session__start_time", created_date="created_datetime"),
    "created_date_gte": special.created,
    "created_date_lte": special.created,
    "experiment_number": _read("session__number", _number),
    **_numbers("file_size"),
    **_moments("auto_datetime", "created_datetime"),
    **_ids(id="id"),
    "qc": _label(QC),
    "default_dataset": _flag(lambda _store, row: row["default_dataset"]),
    "public": _tagged("public"),
    "protected": _tagged("protected"),
    "data_format": _existing("data_format"),
    "probe_insertion": special.of_probe,
    "exists": special.exists,
}
_TASKS: dict[str, Named] = {
    "status": _label(STATUS),
    **_texts("name", "executable", "graph", "log", "version", lab="session__lab__name"),
    "session": _existing("session"),
    "data_repository": _existing("data_repository"),
    **_numbers("priority", "io_charge", "level", "gpu", "cpu", "ram", "time_out_secs", "time_elapsed_secs"),
    **_moments("datetime"),
    **_ids(id="id"),
}
_SUBJECTS: dict[str, Named] = {
    "alive": _flag(lambda _store, row: row["death_date"] is None),
    "stock": _flag(special.is_stock),
    "water_restricted": _flag(special.is_restricted),
    **_texts("nickname", "sex", "description", lab="lab__name", project="projects__name"),
    **_texts(responsible_user="responsible_user__username"),
    **{name: _existing(name) for name in ("species", "strain", "source", "line", "litter")},
    **_days(birth_date="birth_date", death_date="death_date"),
    **_ids(id="id"),
}
_OF_SUBJECTS = {"nickname": _caseless("subject__nickname")}

FILTERS: Mapping[str, Mapping[str, Named]] = MappingProxyType(
    {
        "sessions": _SESSIONS,
        "insertions": _INSERTIONS,
        "trajectories": {
            "provenance": _label(PROVENANCE),
            **_texts(probe="probe_insertion__name", subject="probe_insertion__session__subject__nickname"),
            **_texts(project="probe_insertion__session__projects__name"),
            "probe_insertion": _existing("probe_insertion"),
            "chronic_insertion": _existing("chronic_insertion"),
            "coordinate_system": _existing("coordinate_system"),
            **_ids(id="id", session="probe_insertion__session_id"),
            **_days(date="probe_insertion__session__start_time"),
            "experiment_number": _read("probe_insertion__session__number", _number),
            **_XYZ,
            **_numbers("depth", "theta", "phi", "roll"),
            **_moments("datetime"),
        },
        "channels": {
            **_ids(
                id="id", session=f"{_PLACE}_id", probe_insertion="trajectory_estimate__probe_insertion_id"
            ),
            "trajectory_estimate": _existing("trajectory_estimate"),
            "brain_region": _existing("brain_region"),
            **_texts("name", subject=f"{_PLACE}__subject__nickname", lab=f"{_PLACE}__lab__name"),
            **_XYZ,
            **_numbers("axial", "lateral"),
        },
        "datasets": _DATASETS,
        "tasks": _TASKS,
        "subjects": _SUBJECTS,
        "brain-regions": {
            "acronym": _caseless("acronym"),
            "name": _part("name"),
            "description": _part("description"),
            "parent": _read("parent_id", _number),
            "id": _read("id", _number),
            "ancestors": special.family,
            "descendants": special.family,
        },
        "labs": {
            **_texts("name", "institution", "address", "timezone"),
            **_numbers("reference_weight_pct", "zscore_weight_pct"),
            **_ids(id="id"),
        },
        "tags": _texts("name"),
        "files": {"dataset": _existing("dataset"), "exists": _flag(lambda _store, row: row["exists"])},
        "weighings": {
            **_OF_SUBJECTS,
            "subject": _caseless("subject__nickname"),
            "lab": _caseless("subject__lab__name"),
            "user": _existing("user"),
            **_numbers("weight"),
            **_moments("date_time"),
            **_ids(id="id"),
        },
        "water-administrations": {**_OF_SUBJECTS, **_moments("date_time"), **_ids(id="id")},
        "water-restriction": {"subject": _caseless("subject__nickname")},
        "surgeries": {"subject": _caseless("subject__nickname"), **_ids(id="id")},
        "chronic-insertions": {
            **_texts("name", "serial", subject="subject__nickname", lab="lab__name", model="model__name"),
            **_ids(id="id"),
        },
    }
)
#: Those that know ``django=``.
KNOW_DJANGO = frozenset(
    {
        *("sessions", "insertions", "trajectories", "channels", "datasets", "tasks", "subjects", "labs"),
        *("brain-regions", "weighings", "water-administrations", "surgeries", "chronic-insertions"),
    }
)


def named(store: Store, name: str, params: Mapping[str, str]) -> list[Counts]:
    """Return what the parameters of a request ask of the rows of an endpoint, each how often a row is listed.

    Raises
    ------
    Refusal
        A text is none for its filter.
    """
    known = FILTERS.get(name, {})
    model = MODELS[name]
    return [
        known[one](Asked(store, model, one, text, params))
        for one, text in params.items()
        if one in known and text
    ]
