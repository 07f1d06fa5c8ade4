"""From what is known of sessions to the columns of their table."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from sessionframes.flatten import Cell, from_records
from sessionframes.sources.aind.groups import OF_MAIN, created_of, is_raw, location_of
from sessionframes.sources.aind.records import BEGAN, ENDED, asset_ids, first, first_told, modalities
from sessionframes.sources.aind.sorting import sorted_assets
from sessionframes.sources.aind.times import ZONE, day_cell, read_clock, time_cell, with_zone

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import tzinfo

    from sessionframes.sources.aind.docdb import Record
    from sessionframes.sources.aind.groups import Known, SessionsPage
    from sessionframes.tables import Table

__all__ = ["PROJECTION", "sessions"]

_SUBJECT = ("subject.{}", "subject.subject_details.{}")
_LINKS = ("location", "external_links", "other_identifiers")
#: Column → where in a record it is told, the best place first.
_PLACES: Final[Mapping[str, tuple[str, ...]]] = {
    "subject_id": ("subject.subject_id",),
    "session_type": ("session.session_type", "acquisition.acquisition_type", "acquisition.session_type"),
    "genotype": tuple(place.format("genotype") for place in _SUBJECT),
    "sex": tuple(place.format("sex") for place in _SUBJECT),
    "modalities": ("data_description.modality", "data_description.modalities"),
    "project_name": ("data_description.project_name",),
    "date_of_birth": tuple(place.format("date_of_birth") for place in _SUBJECT),
    "rig_id": ("session.rig_id", "acquisition.instrument_id"),
    "schema_version": ("schema_version",),
    "metadata_status": ("metadata_status",),
}
#: Column → what has to be asked of DocDB for it; every one of the table has an entry.
PROJECTION: Final[Mapping[str, tuple[str, ...]]] = {
    "session_id": OF_MAIN,
    **{name: (*OF_MAIN, *places) for name, places in _PLACES.items()},
    **dict.fromkeys(("start_time", "start_time_from", "time_disagrees"), (*OF_MAIN, *BEGAN, ZONE)),
    "end_time": (*OF_MAIN, *ENDED, ZONE),
    **dict.fromkeys(("age_in_days", "platform", "local_time", "docdb_id"), OF_MAIN),
    **dict.fromkeys(
        ("is_uploaded", "raw_asset_id", "raw_data_dir", "sorted_asset_count"), (*OF_MAIN, *_LINKS)
    ),
}
#: As other sources write them, so that one table has one way.
_SEXES: Final[Mapping[str, str]] = {"Male": "M", "Female": "F"}
#: Times of a record and of its name may be so far apart, in s: one is of the folder, one of the recording.
_MOST_APART = 60


def sessions(model: type[Table], page: SessionsPage) -> pa.Table:
    """Return the columns of sessions.

    Parameters
    ----------
    model : type of Table
        The form of the table.
    page : SessionsPage
        What is known, and which columns are wanted.

    Raises
    ------
    sessionframes.errors.SourceResponseError
        A record has what cannot be the value of a column; named are record, column and value.
    """
    schema = pa.schema([field for field in model.arrow_schema() if field.name in page.columns])
    makers = {name: _MAKERS[name] for name in schema.names if name in _MAKERS}
    rows = [
        {"session_id": known.session_id} | {name: maker(known) for name, maker in makers.items()}
        for known in page.known
    ]
    table = model.table_name()
    return from_records(schema, rows, _cells(page.zone), source="aind", table=table, key="session_id")


def _told(record: Record, places: tuple[str, ...]) -> Any:
    """Return a time that a record tells, with its zone where that is told beside it."""
    place, value = first_told(record, places)
    if place is None or not place.startswith("acquisition.acquisition_"):
        return value
    return with_zone(record, value)


def _disagrees(times: Mapping[str, Any], zone: tzinfo) -> bool:
    by_record = read_clock(times["start_time"], zone)
    by_name = datetime.fromisoformat(times["local_time"])
    return abs((by_record - by_name).total_seconds()) > _MOST_APART


def _start(known: Known) -> Any:
    told = _told(known.main or {}, BEGAN)
    return known.name.local_time if told is None and known.name else told


def _start_from(known: Known) -> str | None:
    if _told(known.main or {}, BEGAN) is not None:
        return "record"
    return None if known.name is None else "name"


def _times(known: Known) -> Mapping[str, Any] | None:
    told = _told(known.main or {}, BEGAN)
    if told is None or known.name is None:
        return None
    return {"start_time": told, "local_time": known.name.local_time}


def _subject(known: Known) -> Any:
    told = first(known.main or {}, _PLACES["subject_id"])
    if told is None:
        return None if known.name is None else known.name.subject_id
    return str(told) if isinstance(told, int) and not isinstance(told, bool) else told


def _raw_asset(known: Known) -> str | None:
    links = asset_ids(known.main) if known.main is not None and is_raw(known.main) else []
    of_links = [asset for asset in known.assets if asset["id"] in links]
    if of_links:
        newest: str = max(of_links, key=created_of)["id"]
        return newest
    if links:
        return links[-1]
    return known.raw_assets[-1]["id"] if known.raw_assets else None


def _raw_folder(known: Known) -> Any:
    if known.main is not None and is_raw(known.main) and known.main.get("location"):
        return known.main["location"]
    return location_of(known.raw_assets[-1]) if known.raw_assets else None


def _at(places: tuple[str, ...]) -> Callable[[Known], Any]:
    return lambda known: first(known.main or {}, places)


_MAKERS: Final[Mapping[str, Callable[[Known], Any]]] = {
    **{name: _at(places) for name, places in _PLACES.items()},
    "subject_id": _subject,
    "start_time": _start,
    "platform": lambda known: known.name and known.name.platform,
    "local_time": lambda known: known.name and known.name.local_time,
    "start_time_from": _start_from,
    "time_disagrees": _times,
    "end_time": lambda known: _told(known.main or {}, ENDED),
    "is_uploaded": lambda known: _raw_asset(known) is not None or _raw_folder(known) is not None,
    "raw_asset_id": _raw_asset,
    "raw_data_dir": _raw_folder,
    "sorted_asset_count": lambda known: len(sorted_assets(known)),
    "docdb_id": lambda known: (known.main or {}).get("_id"),
}


def _cells(zone: tzinfo) -> Mapping[str, Cell]:
    own = {name: Cell((name,)) for name in ("session_id", *_MAKERS)}
    return {
        **own,
        "start_time": time_cell("start_time", zone),
        "end_time": time_cell("end_time", zone),
        "date_of_birth": day_cell("date_of_birth"),
        "time_disagrees": Cell(("time_disagrees",), lambda times: _disagrees(times, zone)),
        "modalities": Cell(("modalities",), modalities),
        "sex": Cell(("sex",), lambda told: _SEXES.get(told, told)),
    }
