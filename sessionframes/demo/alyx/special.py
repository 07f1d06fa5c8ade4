"""Named filters of the demo's Alyx that are more than a comparison."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sessionframes.demo.alyx.django import Term, fits, split, value_of, values_at
from sessionframes.demo.alyx.lookups import moment
from sessionframes.demo.alyx.models import QC
from sessionframes.demo.alyx.refusals import Refusal, failure

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sessionframes.demo.alyx.columns import Model
    from sessionframes.demo.alyx.store import Row, Store

#: How often a row is listed.
Counts = Callable[["Row"], int]


@dataclass(frozen=True)
class Asked:
    """A parameter of a request.

    Attributes
    ----------
    store : Store
        The rows.
    model : Model
        Of those that are asked for.
    name, text : str
        The parameter, and what it says.
    params : mapping
        All of them.
    """

    store: Store
    model: Model
    name: str
    text: str
    params: Mapping[str, str]


_ALIGNED = 70
_OF_MODEL = {"sessions": "data_dataset_session_related", "insertions": "datasets"}


def every(_row: Row) -> int:
    """List all rows: the text of a filter says nothing."""
    return 1


def users(asked: Asked) -> Counts:
    """Ask for all of the users."""
    values = values_at(asked.store, asked.model, "users__username")
    return lambda row: set(asked.text.split(",")) <= set(values(row))


def date_range(asked: Asked) -> Counts:
    """Ask for a range of days; both ends count."""
    parts = asked.text.split(",")
    if len(parts) < 2:
        raise failure("list index out of range")
    first, last = (_day(one) for one in parts[:2])
    return lambda row: row["start_time"] is not None and first <= moment(row["start_time"]).date() <= last


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        words = f"['“{text}” value has an invalid date format. It must be in YYYY-MM-DD format.']"
        raise failure(words) from None


def performance(asked: Asked) -> Counts:
    """Ask for percent correct in whole numbers; one session without trials breaks them all."""
    try:
        limit = float(asked.text)
    except ValueError:
        raise Refusal(400, {asked.name: ["Enter a number."]}) from None
    if any(row["n_trials"] == 0 for row in asked.store.tables["sessions"].values()):
        raise failure("division by zero\n")

    def fitting(row: Row) -> int:
        if row["n_trials"] is None or row["n_correct_trials"] is None:
            return 0
        percent: int = 100 * row["n_correct_trials"] // row["n_trials"]
        return percent >= limit if asked.name.endswith("gte") else percent <= limit

    return fitting


def document(asked: Asked) -> Counts:
    """Ask for pairs of a path in a document and a value, with commas."""
    parts = split(asked.text)
    if len(parts) % 2:
        raise failure("list index out of range")
    pairs = zip(parts[::2], parts[1::2], strict=True)
    store, model, name = asked.store, asked.model, asked.name
    tests = [fits(store, model, Term(f"{name}__{path}", value_of(value))) for path, value in pairs]
    return lambda row: all(test(row) for test in tests)


def histology(asked: Asked) -> Counts:
    """Ask whether the subject has a session of that procedure; other texts are ignored."""
    if asked.text.lower() not in ("true", "false"):
        return every
    values = values_at(asked.store, asked.model, "subject__actions_sessions__procedures__name")
    wanted = asked.text.lower() == "true"
    return lambda row: ("Histology" in values(row)) is wanted


def atlas(asked: Asked) -> Counts:
    """Ask for regions, and all within them, of the channels of aligned trajectories."""
    wanted = _regions(asked.store, asked.name, asked.text)
    found: set[Any] = set()
    for channel in list(asked.store.tables["channels"].values()):
        if channel["brain_region"] in wanted:
            trajectory = asked.store.row("trajectories", channel["trajectory_estimate"])
            if trajectory and trajectory["provenance"] == _ALIGNED and trajectory["probe_insertion"]:
                found.add(trajectory["probe_insertion"])
    if asked.model.name == "sessions":
        found = {asked.store.tables["insertions"][key]["session"] for key in found}
    return lambda row: row["id"] in found


def _regions(store: Store, name: str, text: str) -> set[int]:
    rows = store.tables["brain-regions"].values()
    if name == "atlas_id":
        try:
            roots = {int(float(text))}
        except ValueError:
            raise Refusal(400, {name: ["Enter a number."]}) from None
    elif name == "atlas_acronym":
        roots = {row["id"] for row in rows if row["acronym"].upper() == text.upper()}
    else:
        roots = {row["id"] for row in rows if text.upper() in row["name"].upper()}
    return set().union(*(descendants(store, root) for root in roots))


def descendants(store: Store, root: int) -> set[int]:
    """Return a region and all within it."""
    found, ahead = set(), [root]
    while ahead:
        key = ahead.pop()
        if key in store.tables["brain-regions"]:
            found.add(key)
            ahead += store.leading("brain-regions", "parent", key)
    return found


def family(asked: Asked) -> Counts:
    """Ask for a region, by its id or acronym, and all that hold it or that are within it."""
    table = asked.store.tables["brain-regions"]
    if asked.text.lstrip("-").isdecimal():
        roots = [int(asked.text)]
    else:
        roots = [row["id"] for row in table.values() if row["acronym"] == asked.text]
    found: set[int] = set()
    for root in roots:
        if asked.name == "descendants":
            found |= descendants(asked.store, root)
            continue
        row = table.get(root)
        # The void above the root is no ancestor.
        while row is not None and row["id"]:
            found.add(row["id"])
            row = table.get(row["parent"])
    return lambda row: row["id"] in found


def _limit(params: Mapping[str, str]) -> int:
    told = params.get("dataset_qc_lte", "") or "FAIL"
    if told.upper() not in QC:
        raise failure(f"Invaliddataset_qc_lte, choices are: {', '.join(QC)}")
    return QC[told.upper()]


def datasets(asked: Asked) -> Counts:
    """Ask that all of these files are there, on a server, and good enough."""
    wanted, limit, relation = set(asked.text.split(",")), _limit(asked.params), _OF_MODEL[asked.model.name]

    def fitting(row: Row) -> int:
        rows = asked.store.related(asked.model, row, relation)
        return wanted <= {one["name"] for one in rows if one["qc"] <= limit and on_server(asked.store, one)}

    return fitting


def dataset_types(asked: Asked) -> Counts:
    """Ask that all of these types are there."""
    wanted, limit, relation = set(asked.text.split(",")), _limit(asked.params), _OF_MODEL[asked.model.name]

    def fitting(row: Row) -> int:
        rows = asked.store.related(asked.model, row, relation)
        types = {
            asked.store.label("dataset-types", one["dataset_type"]) for one in rows if one["qc"] <= limit
        }
        return wanted <= types

    return fitting


def dataset_qc(asked: Asked) -> Counts:
    """List, if asked alone, a row for every dataset that is good enough."""
    limit, relation = _limit(asked.params), _OF_MODEL[asked.model.name]
    if asked.params.get("datasets") or asked.params.get("dataset_types"):
        return every
    return lambda row: sum(one["qc"] <= limit for one in asked.store.related(asked.model, row, relation))


def copies(store: Store, dataset: Row) -> list[Row]:
    """Return the file records of a dataset on servers, not on somebody's own computer."""
    rows = (store.tables["files"][key] for key in store.leading("files", "dataset", dataset["id"]))
    repositories = store.tables["data-repository"]
    return [
        row
        for row in rows
        if row["data_repository"] and not repositories[row["data_repository"]]["globus_is_personal"]
    ]


def on_server(store: Store, dataset: Row) -> bool:
    """Return whether some server has a copy."""
    return any(row["exists"] for row in copies(store, dataset))


def exists(asked: Asked) -> Counts:
    """Ask whether some copy is there, or whether some copy is missing: both may be."""
    if asked.text.lower() not in ("true", "false"):
        return every
    wanted = asked.text.lower() == "true"
    return lambda row: any(one["exists"] is wanted for one in copies(asked.store, row))


def of_probe(asked: Asked) -> Counts:
    """Ask for datasets of the insertion's session whose collection has its name."""
    try:
        key = str(UUID(asked.text))
    except ValueError:
        raise Refusal(400, {asked.name: ["Enter a valid UUID."]}) from None
    probe = asked.store.row("insertions", key)
    if probe is None:
        raise failure("ProbeInsertion matching query does not exist.")
    return lambda row: row["session"] == probe["session"] and probe["name"] in row["collection"]


def created(asked: Asked) -> Counts:
    """Ask when a dataset was made, at the earliest or the latest."""
    try:
        limit = moment(asked.text)
    except ValueError:
        raise Refusal(400, {asked.name: ["Enter a valid date/time."]}) from None

    def fitting(row: Row) -> int:
        at = row["created_datetime"]
        if at is None:
            return 0
        return moment(at) >= limit if asked.name.endswith("gte") else moment(at) <= limit

    return fitting


def is_stock(store: Store, row: Row) -> bool:
    """Return whether nobody in particular is responsible for an animal."""
    user = store.row("users", row["responsible_user"])
    return bool(user and user["is_stock_manager"])


def is_restricted(store: Store, row: Row) -> bool:
    """Return whether an animal is on water restriction."""
    keys = store.leading("water-restriction", "subject", row["id"])
    return any(store.tables["water-restriction"][key]["end_time"] is None for key in keys)
