"""What rows tell that no single record does: whose a session was, by which electrodes, where its data are.

What is added to a record stands under names with a plus, which no field of the server has.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from sessionframes.errors import SourceResponseError
from sessionframes.sources.brainstem.columns import OLDER_NAMES
from sessionframes.sources.brainstem.quantities import DEGREES, HERTZ, MICROMETRES, quantity
from sessionframes.sources.brainstem.shapes import by_name, in_small_letters
from sessionframes.sources.brainstem.walk import ids_in

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from sessionframes.sources.brainstem.walk import Found
    from sessionframes.transports.rest_request import Record

#: Data of electrodes, by newer and older names; the other types are of video, of sensors and the like.
_EPHYS = (
    *("ExtracellularEphys", "Extracellular", "IntracellularEphys", "Intracellular"),
    *("Electroencephalography", "Electroneurogram", "GeneralTimeSeries"),
)
_ELECTRODES = ("SiliconProbeImplant", "TetrodeWireElectrodeImplant", "SingleWireElectrodeImplant")
_BARE_DATE = re.compile(r"\s*\d{4}-\d{1,2}-\d{1,2}\s*")
#: Column → names that the server's systems of coordinates have for it.
_LENGTHS = {
    "ap_coordinate": ("apCoordinate",),
    "ml_coordinate": ("mlCoordinate",),
    "dv_coordinate": ("dvCoordinate",),
    "x_coordinate": ("x",),
    "y_coordinate": ("y",),
    "z_coordinate": ("z",),
    "insertion_depth": ("depth", "surfaceDepth"),
}
_ANGLES = {
    "ap_angle": ("apAngle",),
    "ml_angle": ("mlAngle",),
    "dv_angle": ("dvAngle",),
    "insertion_rotation": ("rotation",),
}


def session_rows(found: Found) -> list[Record]:
    """Return the records of sessions, with what the records around them tell of each."""
    return [{**_renamed(record), **_of_session(found, record)} for record in found.records]


def _renamed(record: Record) -> Record:
    """Return the record of a session with newer names in place of older ones."""
    older = record.keys() & OLDER_NAMES.keys()
    return {**{OLDER_NAMES[name]: record[name] for name in older}, **record} if older else record


def _of_session(found: Found, record: Record) -> Record:
    behaviors = found.linked(record, "behaviors", "behavior")
    modules = [
        *found.linked(record, "dataacquisition", "dataacquisition"),
        *found.linked(record, "manipulations", "manipulation"),
    ]
    procedures = [
        procedure for module in modules for procedure in found.linked(module, "procedures", "procedure")
    ]
    animals = sorted(
        {one for behavior in behaviors for one in ids_in(behavior, "subjects")}
        | {one for procedure in procedures for one in ids_in(procedure, "subject")}
    )
    animal = next(iter(found.linked({"only": _only(animals)}, "only", "subject")), {})
    assays = _told(
        assay.get("name")
        for behavior in behaviors
        for assay in found.linked(behavior, "behavioralassay", "behavioralassay")
    )
    began = record.get("date_time")
    return {
        "+subjects": animals,
        "+subject_id": _only(animals),
        "+sex": animal.get("sex"),
        "+genotype": animal.get("genotype"),
        "+session_type": _only(assays),
        "+start_time_is_date": None if not began else _is_bare_date(began),
    }


def subject_rows(found: Found) -> list[Record]:
    """Return the records of animals, each with the name of its species."""
    rows = []
    for record in found.records:
        strains = found.linked(record, "strain", "strain")
        species = [one for strain in strains for one in found.linked(strain, "species", "species")]
        rows.append({**record, "+species": _first(species, "name")})
    return rows


def probe_rows(found: Found) -> list[Record]:
    """Return a row for each session and electrode that recorded it, of records of data acquisitions."""
    recorded: dict[tuple[str, str], list[Record]] = {}
    for record in found.records:
        if record.get("type") not in _EPHYS:
            continue
        for session in ids_in(record, "session"):
            for procedure in found.linked(record, "procedures", "procedure"):
                if procedure.get("type") in _ELECTRODES:
                    recorded.setdefault((session, procedure["id"]), []).append(record)
    return [
        {"probe_id": f"{session}:{procedure}", "session_id": session, "procedure_id": procedure}
        | _of_probe(found, found.around["procedure"][procedure], acquisitions)
        for (session, procedure), acquisitions in recorded.items()
    ]


def _of_probe(found: Found, procedure: Record, acquisitions: list[Record]) -> Record:
    stocks = found.linked(procedure, "consumablestock", "consumablestock")
    designs = [design for stock in stocks for design in found.linked(stock, "consumable", "consumable")]
    regions = found.linked(procedure, "brain_region", "brainregion")
    alone = [_details(one) for one in acquisitions if len(ids_in(one, "procedures")) == 1]
    serial = _serial(procedure, stocks)
    return {
        "told_by": "consumable" if designs else "consumablestock" if stocks else "procedure",
        "procedure_type": procedure.get("type"),
        "probe_name": _only(_told(map(_label, alone))) or serial,
        "sampling_rate": _only(_told(_rate(_details(one)) for one in acquisitions)),
        "probe_dataacquisition": sorted(one["id"] for one in acquisitions),
        "probe_serial": serial,
        "probe_model": _first(designs, "name"),
        "consumablestock_id": _only(ids_in(procedure, "consumablestock")),
        "consumable_id": _first(stocks, "consumable"),
        "recorded_channels": _only(_told(_whole(details.get("nChannels")) for details in alone)),
        "brain_region_acronym": _first(regions, "acronym"),
        "brain_region_atlas": _first(regions, "atlas"),
        **_place(procedure),
    }


def _place(procedure: Record) -> Record:
    system, told = procedure.get("coordinates_system"), procedure.get("coordinates_details")
    details = told if isinstance(told, dict) else {}
    # The documents tell the unit of bare numbers for these alone.
    is_stereotaxic = isinstance(system, str) and system.startswith("Stereotaxic")
    lengths = {
        column: quantity(_named(details, names), MICROMETRES, bare="mm" if is_stereotaxic else None)
        for column, names in _LENGTHS.items()
    }
    angles = {
        column: quantity(_named(details, names), DEGREES, bare="deg") for column, names in _ANGLES.items()
    }
    return {"coordinates_system": system, "coordinates_details": told, **lengths, **angles}


def _named(details: Record, names: tuple[str, ...]) -> Any:
    return next((details[name] for name in names if details.get(name) is not None), None)


def _details(record: Record) -> Record:
    details = record.get("details")
    return details if isinstance(details, dict) else {}


def _label(details: Record) -> str | None:
    groups = details.get("electrodeGroups")
    if not isinstance(groups, list) or len(groups) != 1 or not isinstance(groups[0], dict):
        return None
    label = groups[0].get("label")
    return label.strip() or None if isinstance(label, str) else None


def _rate(details: Record) -> float | None:
    return quantity(details.get("sr"), HERTZ, bare="Hz")


def _serial(procedure: Record, stocks: list[Record]) -> str | None:
    told = [_details(procedure).get("probeId")]
    # Several in one text are those of the whole stock.
    told += [_details(stock).get("probeIds") for stock in stocks]
    texts = [one.strip() for one in told if isinstance(one, str) and one.strip()]
    return next((text for text in texts if "," not in text), None)


def _whole(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def asset_rows(found: Found) -> list[Record]:
    """Return a row for each place where the data of sessions are, of records of sessions."""
    return [row for record in found.records for row in (*_storages(found, record), *_links(record))]


def _storages(found: Found, session: Record) -> Iterator[Record]:
    for storage in found.linked(session, "datastorage", "datastorage"):
        told = storage.get("data_protocols")
        ways = [way for way in (told if isinstance(told, list) else [told]) if isinstance(way, dict)]
        for number, way in enumerate(ways or [{}]):
            yield {
                "asset_id": f"{session['id']}:{storage['id']}:{number}",
                "session_id": session["id"],
                "asset_name": storage.get("name"),
                "asset_type": "data storage",
                "location": way.get("path"),
                "datastorage_id": storage["id"],
                "access_protocol": way.get("protocol"),
                "asset_is_public": way.get("is_public"),
                "storage_location": storage.get("location"),
                "data_organization": storage.get("data_organization"),
            }


def _links(session: Record) -> Iterator[Record]:
    told = _renamed(session).get("download_links")
    try:
        links = links_in(told)
    except ValueError as error:
        message = f"record {session['id']} has {told!r} for its download_links: {error}."
        raise SourceResponseError(message, source="brainstem") from error
    for number, link in enumerate(links):
        yield {
            "asset_id": f"{session['id']}:link:{number}",
            "session_id": session["id"],
            "asset_name": link.get("repository"),
            "asset_type": "download link",
            "location": link.get("url"),
        }


def links_in(told: Any) -> list[Record]:
    """Return download links by ``repository`` and ``url``, whatever the server calls them.

    Raises
    ------
    ValueError
        They are no list of objects.
    """
    if not told:
        return []
    if not isinstance(told, list) or not all(isinstance(link, dict) for link in told):
        message = "no list of links"
        raise ValueError(message)
    return [in_small_letters(link) for link in told]


def extra_fields_in(told: Any) -> Record | Sequence[Record]:
    """Return fields that people added, by name; older servers list names and values, maybe one name twice.

    Raises
    ------
    ValueError
        They are neither.
    """
    if not told:
        return {}
    if isinstance(told, dict):
        return told
    if not isinstance(told, list) or not all(isinstance(one, dict) and "name" in one for one in told):
        message = "neither names with values nor a list of them"
        raise ValueError(message)
    return by_name(told)


def _is_bare_date(text: Any) -> bool:
    return isinstance(text, str) and _BARE_DATE.fullmatch(text) is not None


def _told(values: Iterable[Any]) -> list[Any]:
    """Return the values that there are, each once; what is of a wrong type is for its column to refuse."""
    found: list[Any] = []
    for value in values:
        if value is not None and value not in found:
            found.append(value)
    return found


def _only(values: Collection[Any]) -> Any:
    return next(iter(values)) if len(values) == 1 else None


def _first(records: list[Record], name: str) -> Any:
    return records[0].get(name) if records else None
