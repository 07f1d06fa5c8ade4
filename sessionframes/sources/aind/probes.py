"""From what is known of sessions to the columns of their probes."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from sessionframes.errors import SourceResponseError
from sessionframes.flatten import Cell, as_json, from_records
from sessionframes.sources.aind.groups import OF_MAIN
from sessionframes.sources.aind.hardware import (
    ASSEMBLY,
    DEVICES,
    MODELS,
    PORTS,
    Found,
    devices,
    found,
    port_of,
)
from sessionframes.sources.aind.insertions import Insertion, of_configuration, of_module
from sessionframes.sources.aind.probe_names import probe_name, probe_of_assembly
from sessionframes.sources.aind.quantities import ANGLES, LENGTHS, quantity, whole
from sessionframes.sources.aind.records import inner, objects, text_at
from sessionframes.sources.aind.times import ZONE, time_cell, with_zone

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import tzinfo

    from sessionframes.sources.aind.docdb import Record
    from sessionframes.sources.aind.groups import Known, ProbesPage
    from sessionframes.tables import Table

__all__ = ["PROJECTION", "probe_ids", "probes"]

_STREAMS = ("session.data_streams", "acquisition.data_streams")
_KEY = (*OF_MAIN, f"{_STREAMS[0]}.ephys_modules", f"{_STREAMS[1]}.configurations", *DEVICES)
_NONE = (
    *("probe_id", "session_id", "probe_name", "sampling_rate", "lfp_sampling_rate", "device_name", "stream"),
    *("assembly_name", "hardware_from", "targeted_structure", "other_targeted_structures"),
    *("target_ap_ccf_coordinate", "target_dv_ccf_coordinate", "target_ml_ccf_coordinate"),
    *("target_ccf_version", "manipulator_x", "manipulator_y", "manipulator_z"),
    *("manipulator_unit_disagrees", "arc_angle", "module_angle", "rotation_angle"),
    *("implant_hole_number", "dye"),
)
#: Column → what has to be asked of DocDB for it; every one of the table has an entry.
PROJECTION: Final[Mapping[str, tuple[str, ...]]] = {
    **dict.fromkeys(_NONE, _KEY),
    **{
        f"stream_{end}_time": (*_KEY, *(f"{one}.stream_{end}_time" for one in _STREAMS), ZONE)
        for end in ("start", "end")
    },
    **dict.fromkeys(("probe_model", "probe_serial"), (*_KEY, *MODELS)),
    **dict.fromkeys(("port", "slot"), (*_KEY, *PORTS)),
    "coordinates_details": (*_KEY, "acquisition.coordinate_system"),
}
#: No manipulator goes so far, in um.
_FARTHEST = 100_000


def probes(model: type[Table], page: ProbesPage) -> pa.Table:
    """Return the columns of probes.

    Parameters
    ----------
    model : type of Table
        The form of the table.
    page : ProbesPage
        What is known of sessions, and which columns of their probes are wanted.

    Raises
    ------
    sessionframes.errors.SourceResponseError
        A record has what cannot be the value of a column; named are record, column and value.
    """
    schema = pa.schema([field for field in model.arrow_schema() if field.name in page.columns])
    rows = [row for known in page.known for row in _rows(known)]
    table = model.table_name()
    return from_records(schema, rows, _cells(page.zone), source="aind", table=table, key="probe_id")


def probe_ids(known: Known) -> dict[str, str]:
    """Return the ids of a session's probes by their names; of one in several streams, that of the first.

    Parameters
    ----------
    known : Known
        What is known of the session: of its main record what ``PROJECTION["probe_id"]`` names, at least.

    Raises
    ------
    sessionframes.errors.SourceResponseError
        A record has what cannot be.
    """
    ids: dict[str, str] = {}
    for row in _rows(known):
        ids.setdefault(row["probe_name"], row["probe_id"])
    return ids


def _rows(known: Known) -> list[dict[str, Any]]:
    rows = [] if known.main is None else list(_of_record(known, known.main))
    names = {row["probe_name"] for row in rows}
    for row in rows:
        # An assembly of which the rig tells no probe is called as its probe is in the files.
        name = probe_of_assembly(row["device_name"]) if row["hardware_from"] is None else None
        if name is not None and name not in names:
            row["probe_name"] = name
    return rows


def _of_record(known: Known, record: Record) -> Iterator[dict[str, Any]]:
    described = devices(record)
    streams = [
        (section, stream)
        for section in ("session", "acquisition")
        for stream in objects(record, inner(record, section), "data_streams")
    ]
    for number, (section, stream) in enumerate(streams):
        times = {name: stream.get(name) for name in ("stream_start_time", "stream_end_time")}
        if section == "acquisition":
            times = {name: with_zone(record, value) for name, value in times.items()}
        seen: Counter[str] = Counter()
        for insertion in _insertions(record, stream):
            told = list(found(insertion.assembly, insertion.named, described))
            if not told:
                message = f"record {known.session_id!r} has a probe without a name in its stream {number}."
                raise SourceResponseError(message, source="aind", table="probes", column="device_name")
            for one in told:
                seen[one.name] += 1
                again = f"#{seen[one.name]}" if seen[one.name] > 1 else ""
                yield {
                    "probe_id": f"{known.session_id}:{number}:{one.name}{again}",
                    "session_id": known.session_id,
                    "stream": number,
                    "assembly_name": insertion.assembly,
                    **times,
                    **_of_device(record, one),
                    **insertion.facts(one.told),
                }


def _insertions(record: Record, stream: Mapping[str, Any]) -> Iterator[Insertion]:
    for module in objects(record, stream, "ephys_modules"):
        yield of_module(record, module)
    for config in objects(record, stream, "configurations"):
        if config.get("object_type") == f"{ASSEMBLY} config":
            yield of_configuration(record, config)


def _of_device(record: Record, one: Found) -> Mapping[str, Any]:
    device = one.device
    slot, port = port_of(record, one.name if device is None else device.name)
    return {
        "device_name": one.name,
        "probe_name": probe_name(one.name),
        "hardware_from": one.how,
        "probe_model": device and text_at(device.described, "probe_model"),
        "probe_serial": device and device.described.get("serial_number"),
        "slot": slot,
        "port": port,
    }


def _length(told: Mapping[str, Any]) -> float | None:
    return quantity(told["value"], told["unit"], LENGTHS)


def _angle(told: Mapping[str, Any]) -> float | None:
    return quantity(told["value"], told["unit"], ANGLES)


def _disagrees(place: Mapping[str, Any]) -> bool | None:
    told = [quantity(place[axis], place["unit"], LENGTHS) for axis in "xyz"]
    lengths = [abs(one) for one in told if one is not None]
    return max(lengths) > _FARTHEST if lengths else None


def _along(axis: str) -> Callable[[Mapping[str, Any]], float | None]:
    def convert(place: Mapping[str, Any]) -> float | None:
        return quantity(place[axis], "um" if _disagrees(place) else place["unit"], LENGTHS)

    return convert


def _structure(told: Any) -> str | None:
    """Return the acronym of a brain region, or whatever words there are in its place."""
    if isinstance(told, dict):
        told = told.get("acronym") or told.get("name")
    if told is not None and not isinstance(told, str):
        message = "expected was a brain region: text, or an object with its acronym"
        raise ValueError(message)
    return (told or "").strip() or None


def _structures(told: Any) -> list[str] | None:
    if told == "":
        return None
    found = map(_structure, told if isinstance(told, list) else [told])
    return [one for one in found if one is not None]


def _serial(told: Any) -> Any:
    return str(told) if isinstance(told, int) and not isinstance(told, bool) else told or None


def _text(told: Any) -> Any:
    return None if told == "" else told


def _cells(zone: tzinfo) -> Mapping[str, Cell]:
    plain = ("probe_id", "session_id", "probe_name", "device_name", "stream", "hardware_from")
    return {
        **{name: Cell((name,)) for name in plain},
        **{name: time_cell(name, zone) for name in ("stream_start_time", "stream_end_time")},
        **{name: Cell((name,), _text) for name in ("assembly_name", "probe_model", "dye")},
        **{name: Cell((name,), whole) for name in ("port", "slot", "implant_hole_number")},
        **{
            name: Cell((name,), _length)
            for name in PROJECTION
            if name.startswith("target_") and name.endswith("_coordinate")
        },
        **{name: Cell((name,), _angle) for name in ("arc_angle", "module_angle", "rotation_angle")},
        **{f"manipulator_{axis}": Cell(("manipulator",), _along(axis)) for axis in "xyz"},
        "manipulator_unit_disagrees": Cell(("manipulator",), _disagrees),
        "probe_serial": Cell(("probe_serial",), _serial),
        "targeted_structure": Cell(("targeted_structure",), _structure),
        "other_targeted_structures": Cell(("other_targeted_structures",), _structures),
        "target_ccf_version": Cell(("target_ccf_version",), _text),
        "coordinates_details": as_json(("coordinates_details",)),
    }
