"""What rows tell that no single record does: whose a session was, by which electrodes, where its data are.

What is told beside the records stands under names with a plus, which no field of the server has.
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import repeat
from operator import contains
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from sessionframes.errors import SourceResponseError
from sessionframes.sources.brainstem.columns import OLDER_NAMES
from sessionframes.sources.brainstem.links import Links, ids_of, links, lists
from sessionframes.sources.brainstem.quantities import DEGREES, HERTZ, MICROMETRES, quantity
from sessionframes.sources.brainstem.shapes import by_name, in_small_letters
from sessionframes.sources.brainstem.walk import ids_in

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from sessionframes.sources.brainstem.walk import Found
    from sessionframes.transports.rest_request import Record

    #: One for each record.
    Values = Sequence[Any] | pa.Array[Any]

#: Data of electrodes, by newer and older names; the other types are of video, of sensors and the like.
_EPHYS = (
    *("ExtracellularEphys", "Extracellular", "IntracellularEphys", "Intracellular"),
    *("Electroencephalography", "Electroneurogram", "GeneralTimeSeries"),
)
_ELECTRODES = ("SiliconProbeImplant", "TetrodeWireElectrodeImplant", "SingleWireElectrodeImplant")
#: Fields of sessions that point to where procedures are told, and models.
_MODULES = {"dataacquisition": "dataacquisition", "manipulations": "manipulation"}
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


def with_newer_names(records: Sequence[Record]) -> Sequence[Record]:
    """Return the records of sessions with newer names in place of older ones."""
    has_older = any(any(map(contains, records, repeat(name))) for name in OLDER_NAMES)
    return list(map(_renamed, records)) if has_older else records


def _renamed(record: Record) -> Record:
    older = record.keys() & OLDER_NAMES.keys()
    return {**{OLDER_NAMES[name]: record[name] for name in older}, **record} if older else record


def around_sessions(found: Found) -> Mapping[str, Values]:
    """Return what the records around sessions tell of each session, as far as it is wanted."""
    is_told = {"subjects", "subject_id", "sex", "genotype"}.intersection(found.columns)
    fields = ["behaviors"] if is_told or "session_type" in found.columns else []
    own: dict[str, pa.ListArray[Any]] = {}
    made: dict[str, Values] = {}
    for name in (*fields, *(_MODULES if is_told else ())):
        told = lists([record.get(name) for record in found.records])
        if told is not None:
            # Columns of the same name are of it too.
            made[name] = told
        own[name] = ids_of(found.records, name) if told is None else told
    if "session_type" in found.columns:
        made["+session_type"] = _session_types(found, own["behaviors"])
    return made | _animals(found, own) if is_told else made


def _animals(found: Found, own: Mapping[str, pa.ListArray[Any]]) -> dict[str, Values]:
    of_behavior, of_procedure = _ids(found, "behavior", "subjects"), _ids(found, "procedure", "subject")
    animals = pa.concat_arrays([of_behavior.flatten(), of_procedure.flatten()]).unique().sort()
    ways = [links(own["behaviors"], _keys(found, "behavior")).then(links(of_behavior, animals))]
    by_procedure = links(of_procedure, animals)
    for name, model in _MODULES.items():
        procedures = links(_ids(found, model, "procedures"), _keys(found, "procedure"))
        modules = links(own[name], _keys(found, model))
        ways.append(modules.then(procedures).then(by_procedure))
    whose = ways[0].joined(*ways[1:])
    only = whose.only()
    there = found.around.get("subject", {})
    records = [there.get(one, {}) for one in map(str, animals.to_pylist())]
    return {
        "+subjects": whose.lists(animals),
        "+subject_id": animals.take(only),
        **{
            f"+{name}": _picked([record.get(name) for record in records], only)
            for name in ("sex", "genotype")
        },
    }


def _session_types(found: Found, behaviors: pa.ListArray[Any]) -> list[Any]:
    """Return the name of the behavioral assay of each session, where there is one."""
    assays = found.around.get("behavioralassay", {})
    names = [assay.get("name") for assay in assays.values()]
    told = _told(names)
    # Assays of the same name are one; one without a name is none.
    named = [(row, told.index(name)) for row, name in enumerate(names) if name is not None]
    begin, end = np.array(named, np.int64).reshape(-1, 2).T
    of_behavior = links(_ids(found, "behavior", "behavioralassay"), _keys(found, "behavioralassay"))
    of_session = links(behaviors, _keys(found, "behavior")).then(of_behavior)
    return _picked(told, of_session.then(Links(begin, end, len(names))).joined().only())


def _picked(values: Sequence[Any], numbers: pa.Array[Any]) -> list[Any]:
    return [None if number is None else values[number] for number in numbers.tolist()]


def _ids(found: Found, of: str, name: str) -> pa.ListArray[Any]:
    return ids_of(found.around.get(of, {}).values(), name)


def _keys(found: Found, model: str) -> pa.Array[Any]:
    return pa.array(found.around.get(model, {}), pa.large_string())


def around_subjects(found: Found) -> Mapping[str, Values]:
    """Return what the records around animals tell of each, as far as it is wanted."""
    if "species" not in found.columns:
        return {}
    species = []
    for record in found.records:
        strains = found.linked(record, "strain", "strain")
        species.append(
            _first([one for strain in strains for one in found.linked(strain, "species", "species")], "name")
        )
    return {"+species": species}


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
    if not isinstance(told, list) or set(map(type, told)) != {dict}:
        message = "no list of links"
        raise ValueError(message)
    return [link if _is_small(tuple(link)) else in_small_letters(link) for link in told]


# All links of a server have the same few keys.
@lru_cache(maxsize=100)
def _is_small(names: tuple[str, ...]) -> bool:
    return all(name.islower() for name in names)


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


def is_bare_date(value: Any) -> bool:
    """Tell whether a moment is told by its day alone."""
    # Hardly any is: there is no need to look closely where there are hours.
    return isinstance(value, str) and ":" not in value and _BARE_DATE.fullmatch(value) is not None


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
