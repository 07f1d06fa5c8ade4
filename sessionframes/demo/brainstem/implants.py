"""Probes in the demo's BrainSTEM: a recorded file, the implant it came from, and what was implanted."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sessionframes.demo.brainstem.ids import made_id
from sessionframes.demo.brainstem.moments import in_utc
from sessionframes.demo.structures import ENTRIES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence, Set
    from datetime import datetime

    from sessionframes.demo.world import World

    Record = dict[str, Any]
    Records = dict[str, list[Record]]
    Rows = Sequence[Mapping[str, Any]]

_SITES = 384
_LSB_UV = 0.195
_SECONDS = 9000
#: Where bregma is in the Allen CCF, in um: anterior-posterior, dorsal-ventral, left-right.
_BREGMA_UM = (5400, 0, 5700)
_AXES = ("anterior_posterior", "dorsal_ventral", "left_right")
_OPSIN = "ChR2"
_WITH_EPOCHS = 3


def implants(world: World) -> Records:
    """Return the records that tell of probes.

    One file per probe: its electrode group has the probe's name, and its only procedure is the implant of
    that probe, which no other session shares.

    Parameters
    ----------
    world : World
        Whose facts they tell.

    Returns
    -------
    dict of str to list of dict
        Data acquisitions, procedures, consumable stocks, manipulations and epochs.
    """
    sessions = {row["session_id"]: (at, row) for at, row in enumerate(world.sessions.to_pylist())}
    opsin = {row["subject_id"] for row in world.subjects.to_pylist() if _OPSIN in (row["genotype"] or "")}
    channels = _channels(world)
    regions = {row["structure_id"] for row in world.structures.to_pylist()}
    made: Records = {name: [] for name in ("dataacquisition", "procedure", "manipulation", "epoch")}
    serials: dict[tuple[str, str], list[str]] = {}
    orders: defaultdict[int, int] = defaultdict(int)
    for number, probe in enumerate(world.probes.to_pylist()):
        at, session = sessions[probe["session_id"]]
        own = channels[probe["probe_id"]]
        order = orders[probe["session_id"]]
        orders[probe["session_id"]] += 1
        serial = _serial(session["rig_name"], probe)
        of_stock = serials.setdefault((session["rig_name"], probe["probe_phase"]), [])
        of_stock += [] if serial in of_stock else [serial]
        made["dataacquisition"].append(_file(number, order, probe, own))
        made["procedure"].append(_procedure(number, probe, session, own, regions, serial))
        if order == 0:
            made["dataacquisition"] += [_wheel(session)] if at % 4 == 1 else []
            made["manipulation"] += [_laser(session, probe)] if session["subject_id"] in opsin else []
            made["epoch"] += [_epoch(session, probe)] if at < _WITH_EPOCHS else []
    made["procedure"].append(_never_recorded(world))
    made["consumablestock"] = [_stock(*key, of_stock) for key, of_stock in serials.items()]
    return made


def _file(number: int, order: int, probe: Record, channels: Rows) -> Record:
    sites = [row["probe_channel_number"] + 1 for row in channels]
    invalid = [str(row["probe_channel_number"] + 1) for row in channels if row["valid_data"] is False]
    references = [str(site) for site in sorted({*range(1, _SITES + 1)} - set(sites))]
    tags = [{"tag": "Bad", "channels": ", ".join(invalid), "groups": ""}] if invalid else []
    details = {
        "fileName": f"{probe['probe_name']}/spike_band.dat",
        "format": "binary",
        "type": "int16",
        "nChannels": _SITES,
        "nSamples": round(probe["sampling_rate"] * _SECONDS),
        "sr": _rate(number, probe["sampling_rate"]),
        "lsb": (_LSB_UV, {"value": _LSB_UV, "unit": "µV"}, {"value": _LSB_UV, "unit": "μV"})[number % 3],
        "electrodeGroups": [{"channels": _all_sites(number), "label": probe["probe_name"]}],
        "channelTags": [*tags, {"tag": "Reference", "channels": ", ".join(references), "groups": [1]}],
    }
    if number % 4 == 3:
        del details["nSamples"]
    return {
        "id": made_id("dataacquisition", probe["probe_id"]),
        "type": "ExtracellularEphys",
        "session": made_id("session", probe["session_id"]),
        "procedures": [made_id("procedure", probe["probe_id"])],
        "equipment": [],
        "notes": f"state: {probe['workflow_state']}",
        "details": details,
        "type_schema_version": "1.0.0" if number % 3 == 0 else "1.1.0",
        "order": order,
        "image": None,
    }


def _all_sites(number: int) -> Any:
    """Return the channels of the only group, counted from 1: a range or, of a few files, each of them."""
    each = range(1, _SITES + 1)
    if number % 8 == 3:
        return list(each)
    return ", ".join(map(str, each)) if number % 8 == 5 else f"1-{_SITES}"


def _rate(number: int, rate: float) -> Any:
    """Return a rate in Hz as the different versions of the schema have it."""
    if number % 3 == 2 and (rate / 1000) * 1000 == rate:
        return {"value": rate / 1000, "unit": "kHz"}
    return {"value": rate, "unit": "Hz"} if number % 3 else rate


def _wheel(session: Record) -> Record:
    return {
        "id": made_id("dataacquisition", "wheel", session["session_id"]),
        "type": "GeneralTimeSeries",
        "session": made_id("session", session["session_id"]),
        "procedures": [],
        "equipment": [made_id("equipment", session["rig_name"])],
        "notes": "running wheel",
        "details": {"fileName": "wheel.csv", "sr": {"value": 100, "unit": "Hz"}, "nChannels": 1},
        "type_schema_version": "1.1.0",
        "order": 99,
        "image": None,
    }


def _laser(session: Record, probe: Record) -> Record:
    return {
        "id": made_id("manipulation", session["session_id"]),
        "type": "OptogeneticStimulation",
        "session": made_id("session", session["session_id"]),
        "procedures": [made_id("procedure", probe["probe_id"])],
        "equipment": [],
        "notes": "",
        "details": [{"wavelength": {"value": 473, "unit": "nm"}}],
        "type_schema_version": "1.1.0",
        "order": 0,
    }


def _epoch(session: Record, probe: Record) -> Record:
    return {
        "id": made_id("epoch", session["session_id"]),
        "name": "whole recording",
        "session": made_id("session", session["session_id"]),
        "dataacquisition": [made_id("dataacquisition", probe["probe_id"])],
        "manipulations": [],
        "behaviors": [made_id("behavior", session["session_id"])],
        "order": 0,
    }


def _procedure(
    number: int, probe: Record, session: Record, channels: Rows, regions: Set[int], serial: str
) -> Record:
    inside = [row["structure_id"] for row in channels if row["structure_id"] in regions]
    system, coordinates = _coordinates(number, probe, channels)
    start: datetime | None = session["start_time"]
    implanted = None if start is None else start - timedelta(hours=2)
    if implanted is not None:
        # Of some only the day is known.
        stamp = in_utc(implanted) if number % 5 else implanted.date().isoformat()
    else:
        stamp = None
    created = in_utc(implanted + timedelta(days=1)) if implanted is not None else "2019-01-10T08:00:00Z"
    return {
        "id": made_id("procedure", probe["probe_id"]),
        "type": "SiliconProbeImplant",
        "subject": made_id("subject", session["subject_id"]),
        "date_time": stamp,
        "consumablestock": made_id("consumablestock", session["rig_name"], probe["probe_phase"]),
        "equipment": [],
        # Channels come deepest first: where the probe entered the brain is told by the last one inside.
        "brain_region": made_id("brainregion", inside[-1]) if inside else None,
        "licenses": [],
        "notes": "",
        "details": {"probeId": serial, "sterilizationMethod": ("Alcohol", "")[number % 2]},
        "type_schema_version": "1.0.0",
        "coordinates_system": system,
        "coordinates_details": coordinates,
        "coordinates_schema_version": "1.1.0",
        "created_at": created,
        "updated_at": created,
    }


def _coordinates(number: int, probe: Record, channels: Rows) -> tuple[str, Record]:
    """Return where the probe entered: as reconstructed or, failing that, as planned."""
    known = [row for row in channels if row["anterior_posterior_ccf_coordinate"] is not None]
    if known:
        entry = [known[-1][f"{axis}_ccf_coordinate"] for axis in _AXES]
        return "CCF_XYZ_Absolute", {
            name: _length(number, value) for name, value in zip("xyz", entry, strict=True)
        }
    planned = ENTRIES[probe["probe_name"]].surface
    front, down, right = (value - zero for value, zero in zip(planned, _BREGMA_UM, strict=True))
    return "Stereotaxic_BregmaAbsolute", {
        "apCoordinate": {"value": -front / 1000, "unit": "mm"},
        "mlCoordinate": {"value": right / 1000, "unit": "mm"},
        "dvCoordinate": -down / 1000,
        "mlAngle": {"value": 10, "unit": "°"},
    }


def _length(number: int, um: float) -> Record:
    """Return a length with its unit: a bare number in the CCF could be of um or of mm."""
    in_mm = um / 1000
    if number % 3 == 2 and in_mm * 1000 == um:
        return {"value": in_mm, "unit": "mm"}
    return {"value": um, "unit": "µm" if number % 3 else "um"}


def _never_recorded(world: World) -> Record:
    """Return the implant of an animal that no file came from: it is no probe of any session."""
    return {
        "id": made_id("procedure", "never recorded"),
        "type": "TetrodeWireElectrodeImplant",
        "subject": made_id("subject", world.subjects["subject_id"][0].as_py()),
        "date_time": None,
        "consumablestock": None,
        "equipment": [],
        "brain_region": None,
        "licenses": [],
        "notes": "given up",
        "details": {"tetrodeCount": 4, "nWiresTetrode": 4, "wireDiameter": {"value": 12.5, "unit": "µm"}},
        "type_schema_version": "1.0.0",
        "coordinates_system": "Stereotaxic_BregmaBrainSurface",
        "coordinates_details": {
            "apCoordinate": -2.1,
            "mlCoordinate": 1.4,
            "depth": {"value": 1.2, "unit": "mm"},
        },
        "coordinates_schema_version": "1.1.0",
        "created_at": "2018-05-01T10:12:00Z",
        "updated_at": "2018-05-01T10:12:00Z",
    }


def _serial(rig: str, probe: Record) -> str:
    letter = probe["probe_name"].removeprefix("probe")
    return f"NP1-{probe['probe_phase']}-{rig.removeprefix('NP.')}{ord(letter) - ord('A')}"


def _stock(rig: str, phase: str, serials: Sequence[str]) -> Record:
    return {
        "id": made_id("consumablestock", rig, phase),
        "type": "SiliconProbe",
        "status": "In use",
        "inventory": made_id("inventory", "probes"),
        "consumable": made_id("consumable", phase),
        "details": {"probeIds": ", ".join(serials), "quantity": len(serials)},
    }


def _channels(world: World) -> dict[int, list[Record]]:
    names = ["probe_id", "probe_channel_number", "structure_id", "valid_data"]
    table = world.channels.select([*names, *(f"{axis}_ccf_coordinate" for axis in _AXES)])
    found: defaultdict[int, list[Record]] = defaultdict(list)
    for row in table.to_pylist():
        found[row["probe_id"]].append(row)
    return found
