"""Sections of the documents of the demo's DocDB: whose session it was, when, and with which probes."""

from __future__ import annotations

from datetime import UTC, timedelta
from typing import TYPE_CHECKING, Any, Final

from sessionframes.demo.aind.recordings import STREAMS, WITHOUT_OFFSET, ZONE
from sessionframes.demo.structures import ENTRIES, STRUCTURES, TRACKS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sessionframes.demo.aind.recordings import Probe, Recording

    Record = dict[str, Any]

DESCRIBED: Final = "https://raw.githubusercontent.com/AllenNeuralDynamics/aind-data-schema/main/src/core"
ECEPHYS: Final = {"name": "Extracellular electrophysiology", "abbreviation": "ecephys"}
BEHAVIOR: Final = {"name": "Behavior", "abbreviation": "behavior"}
MODALITIES: Final = [ECEPHYS, BEHAVIOR, {"name": "Behavior videos", "abbreviation": "behavior-videos"}]
_SEXES = {"M": "Male", "F": "Female", None: None}
_LASTS = timedelta(seconds=9000)
_MODEL = "Neuropixels 1.0"
_ONE_MODALITY = 3


def written(moment: datetime, digits: int = 0) -> str:
    """Return a moment in UTC with a Z, with so many digits of the second, 3 or none."""
    text = moment.astimezone(UTC).isoformat(timespec="milliseconds" if digits else "seconds")
    return text.replace("+00:00", "Z")


def subject(one: Recording) -> Record:
    """Return whose session it was, in schema 1."""
    born = one.subject["date_of_birth"]
    return {
        "describedBy": f"{DESCRIBED}/subject.py",
        "schema_version": "1.0.0",
        "subject_id": one.subject_id,
        "sex": _SEXES[one.subject["sex"]],
        "date_of_birth": born.isoformat(),
        "genotype": one.subject["genotype"],
        "species": {"name": one.subject["species"], "registry_identifier": "10090"},
        "breeding_info": None,
        "housing": None,
        "notes": None,
    }


def description(one: Recording, name: str, level: str) -> Record:
    """Return what a document is of, in schema 1.

    Parameters
    ----------
    one : Recording
        The session.
    name : str
        Of the document.
    level : str
        "raw" or "derived".
    """
    told: Record = {
        "describedBy": f"{DESCRIBED}/data_description.py",
        "schema_version": "1.0.0",
        "name": name,
        "subject_id": one.subject_id,
        "data_level": level,
        "project_name": one.project,
        "institution": {"name": "Allen Institute for Neural Dynamics", "abbreviation": "AIND"},
        "creation_time": written(one.created),
        "investigators": [{"name": "A. Person"}],
        "restrictions": None,
    }
    if one.form != "second" or level != "raw":
        # One object in some older documents.
        told["modality"] = ECEPHYS if one.at % 8 == _ONE_MODALITY else MODALITIES
        told["platform"] = {"name": "Electrophysiology platform", "abbreviation": "ecephys"}
    return told


def session(one: Recording) -> Record:
    """Return what was done in a session, in schema 1."""
    return {
        "describedBy": f"{DESCRIBED}/session.py",
        "schema_version": "1.1.2" if one.form == "modules" else "0.2.6",
        "subject_id": one.subject_id,
        "experimenter_full_name": [one.row["operator_name"]],
        "session_start_time": began(one),
        "session_end_time": None if one.started is None else written(one.started + _LASTS),
        "session_type": one.row["session_type"],
        "rig_id": one.row["rig_name"],
        "iacuc_protocol": "2104",
        "mouse_platform_name": "Running Wheel",
        "active_mouse_platform": True,
        "animal_weight_prior": "21.4",
        "weight_unit": "gram",
        "data_streams": [
            {**_times(one), **_of_stream(number), "ephys_modules": [_module(one, probe) for probe in probes]}
            for number, probes in enumerate(_streams(one))
        ],
        "stimulus_epochs": [],
        "notes": None,
    }


def acquisition(one: Recording) -> Record:
    """Return the same in schema 2."""
    return {
        "object_type": "Acquisition",
        "schema_version": "2.5.4",
        "subject_id": one.subject_id,
        "acquisition_start_time": began(one),
        "acquisition_end_time": None if one.started is None else written(one.started + _LASTS),
        "experimenters": [one.row["operator_name"]],
        "instrument_id": one.row["rig_name"],
        "acquisition_type": one.row["session_type"],
        "coordinate_system": _system("BREGMA_ARI", "Bregma", ("AP", "ML", "SI")),
        "data_streams": [
            {
                "object_type": "Data stream",
                **_times(one),
                "modalities": [ECEPHYS] if probes else [BEHAVIOR],
                "active_devices": [_assembly(probe) for probe in probes],
                "configurations": [_configuration(probe) for probe in probes],
                "connections": [],
            }
            for probes in _streams(one)
        ],
        "stimulus_epochs": [],
    }


def began(one: Recording) -> str | None:
    """Return when a session began, in one of the forms that there are; None if nobody knows."""
    if one.started is None:
        return None
    local = one.started.astimezone(ZONE)
    if one.at % 8 == WITHOUT_OFFSET:
        return local.replace(tzinfo=None).isoformat()
    forms = (local.isoformat(), written(one.started), one.started.isoformat(), written(one.started, 3))
    return forms[one.at % len(forms)]


def rig(one: Recording) -> Record:
    """Return the rig in schema 1: its assemblies, and where their probes are plugged in."""
    return {
        "describedBy": f"{DESCRIBED}/rig.py",
        "schema_version": "1.0.0",
        "rig_id": one.row["rig_name"],
        "ephys_assemblies": [
            {
                "name": _assembly(probe),
                "manipulator": {"name": f"Manipulator {probe.letter}", "serial_number": _serial(probe)},
                "probes": [_hardware(probe)],
            }
            for probe in one.probes
        ],
        "daqs": [
            {
                "device_type": "Neuropixels basestation",
                "name": "Basestation Slot 3",
                "slot": 3,
                "ports": [
                    {"index": number, "probes": [probe.device]} for number, probe in enumerate(one.probes, 1)
                ],
            },
            {"device_type": "DAQ Device", "name": "Sync", "channels": []},
        ],
    }


def instrument(one: Recording) -> Record:
    """Return the same in schema 2."""
    return {
        "object_type": "Instrument",
        "instrument_id": one.row["rig_name"],
        "modification_date": "2018-01-01",
        "modalities": [ECEPHYS],
        "components": [
            {
                "object_type": "Ephys assembly",
                "name": _assembly(probe),
                "manipulator": {"object_type": "Manipulator", "name": f"Manipulator {probe.letter}"},
                "probes": [{"object_type": "Ephys probe", **_hardware(probe)}],
            }
            for probe in one.probes
        ],
    }


def _streams(one: Recording) -> list[list[Probe]]:
    """Return the probes of each stream; the first one may have none."""
    last = max((probe.stream for probe in one.probes), default=0)
    return [[probe for probe in one.probes if probe.stream == stream] for stream in range(last + 1)]


def _times(one: Recording) -> Record:
    if one.started is None:
        return {"stream_start_time": None, "stream_end_time": None}
    return {"stream_start_time": written(one.started), "stream_end_time": written(one.started + _LASTS)}


def _of_stream(number: int) -> Record:
    return {
        "daq_names": ["Basestation Slot 3"],
        "camera_names": ["Face camera"] if number == 0 else [],
        "stream_modalities": [ECEPHYS],
    }


def _module(one: Recording, probe: Probe) -> Record:
    """Return one assembly in schema 1; until mid-2024 with the names of its probes."""
    structure = _target(probe)
    told: Record = {
        "assembly_name": _assembly(probe) if one.form == "modules" else probe.device,
        "arc_angle": _number(one, 5.2),
        "module_angle": _number(one, 8.0),
        "angle_unit": "degrees",
        "targeted_ccf_coordinates": [_place(one, probe)] if one.at % 3 else [],
        "manipulator_coordinates": {
            **{
                axis: _number(one, value)
                for axis, value in zip("xyz", (8422.0, 4205.0, 11087.5), strict=True)
            },
            "unit": "micrometer",
        },
        "dye": "DiI" if one.at == STREAMS else None,
        "implant_hole_number": 4,
        "primary_targeted_structure": structure,
    }
    if one.form == "modules":
        told["other_targeted_structure"] = None
        told["rotation_angle"] = _number(one, 0.0)
    else:
        told["primary_targeted_structure"] = structure["acronym"]
        told["ephys_probes"] = [{"name": probe.device, "other_targeted_structures": None}]
    return told


def _configuration(probe: Probe) -> Record:
    """Return one assembly in schema 2, where lengths are in the unit of their axes."""
    local = _system("MPM_MANIP_RFB", "Tip", ("X", "Y", "Z"))
    return {
        "object_type": "Ephys assembly config",
        "device_name": _assembly(probe),
        "manipulator": {
            "object_type": "Manipulator config",
            "device_name": f"Manipulator {probe.letter}",
            "local_coordinate_system": local,
            "local_axis_positions": {"object_type": "Translation", "translation": [8.422, 4.205, 11.0875]},
        },
        "probes": [
            {
                "object_type": "Probe config",
                "device_name": probe.device,
                "primary_targeted_structure": _target(probe),
                "other_targeted_structure": None,
                "atlas_coordinate": None,
                "local_coordinate_system": local,
                "transform": [
                    {"object_type": "Translation", "translation": [0.5, 2.0, 0.0]},
                    {"object_type": "Rotation", "angles": [0.0, 10.0, 5.0], "angles_unit": "degrees"},
                ],
                "dye": "DiI",
            }
        ],
        "modules": [
            {
                "object_type": "MIS module config",
                "arc_angle": 5.2,
                "module_angle": 8.0,
                "angle_unit": "degrees",
            }
        ],
    }


_DIRECTIONS = {
    "AP": "Posterior_to_anterior",
    "ML": "Left_to_right",
    "SI": "Superior_to_inferior",
    "X": "Left_to_right",
    "Y": "Back_to_front",
    "Z": "Up_to_down",
}


def _system(name: str, origin: str, axes: Sequence[str]) -> Record:
    return {
        "object_type": "Coordinate system",
        "name": name,
        "origin": origin,
        "axes": [{"object_type": "Axis", "name": axis, "direction": _DIRECTIONS[axis]} for axis in axes],
        "axis_unit": "millimeter",
    }


def _place(one: Recording, probe: Probe) -> Record:
    told = zip(("ap", "dv", "ml"), ENTRIES[probe.name].surface, strict=True)
    values = {axis: _number(one, float(value)) for axis, value in told}
    return {**values, "unit": "micrometer", "ccf_version": "CCFv3"}


def _number(one: Recording, value: float) -> Any:
    """Return a number, as text in most documents of schema 1."""
    return value if one.at % 4 == 1 else str(value)


def _target(probe: Probe) -> Record:
    acronym = TRACKS[probe.name][0][0][0]
    return {"atlas": "CCFv3", "name": acronym, "acronym": acronym, "id": str(STRUCTURES[acronym])}


def _assembly(probe: Probe) -> str:
    return f"Ephys Assembly {probe.letter}"


def _hardware(probe: Probe) -> Record:
    return {
        "device_type": "Ephys probe",
        "name": probe.device,
        "probe_model": _MODEL,
        "serial_number": _serial(probe),
        "headstage": None,
    }


def _serial(probe: Probe) -> str:
    return f"1800{ord(probe.letter)}{probe.number % 100_000:05d}"
