"""Records and assets as DocDB and Code Ocean have them, small, for tests of what is made of them."""

from __future__ import annotations

import json
from typing import Any
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("America/Los_Angeles")
NAME = "ecephys_700123_2024-06-11_10-15-02"
SORTED = f"{NAME}_sorted_2024-06-13_23-06-45"
RAW_ID = "9f0c2b7a-1d2e-4f3a-8b4c-5d6e7f8a9b0c"
SORTED_ID = "4b3c2d1e-5f60-4718-9a2b-3c4d5e6f7081"

_EPHYS = {"name": "Extracellular electrophysiology", "abbreviation": "ecephys"}
_MODULE: dict[str, Any] = {
    "assembly_name": "Ephys_assemblyA",
    "arc_angle": "5.2",
    "module_angle": "8.0",
    "angle_unit": "degrees",
    "primary_targeted_structure": {"atlas": "CCFv3", "acronym": "AON", "id": "159"},
    "other_targeted_structure": None,
    "targeted_ccf_coordinates": [
        {"ml": "6637.28", "ap": "4265.02", "dv": "10707.35", "unit": "micrometer", "ccf_version": "CCFv3"}
    ],
    "manipulator_coordinates": {"x": "8422.0", "y": "4205.0", "z": "11087.5", "unit": "micrometer"},
    "dye": None,
    "implant_hole_number": 4,
}
_RECORD: dict[str, Any] = {
    "_id": "3c1b7d0e-6f1a-4a57-9f5e-0a1b2c3d4e5f",
    "name": NAME,
    "location": f"s3://aind-ephys-data/{NAME}",
    "created": "2024-06-12T03:20:41.512000Z",
    "metadata_status": "Valid",
    "schema_version": "1.0.2",
    "external_links": {"Code Ocean": [RAW_ID]},
    "subject": {
        "subject_id": "700123",
        "sex": "Female",
        "date_of_birth": "2024-01-05",
        "genotype": "Sst-IRES-Cre/wt;Ai32/wt",
    },
    "data_description": {"data_level": "raw", "project_name": "Demo project", "modality": [_EPHYS]},
    "session": {
        "session_start_time": "2024-06-11T10:15:02-07:00",
        "session_end_time": "2024-06-11T11:47:55-07:00",
        "session_type": "Receptive field mapping",
        "rig_id": "323_EPHYS1_20240501",
        "data_streams": [
            {
                "stream_start_time": "2024-06-11T10:15:02-07:00",
                "stream_end_time": "2024-06-11T11:47:55-07:00",
                "ephys_modules": [_MODULE],
            }
        ],
    },
    "rig": {
        "ephys_assemblies": [
            {
                "name": "Ephys_assemblyA",
                "probes": [
                    {
                        "name": "Probe A",
                        "probe_model": "Neuropixels 1.0",
                        "serial_number": "18005117142",
                    }
                ],
            }
        ],
        "daqs": [{"name": "Basestation", "slot": 3, "ports": [{"index": 1, "probes": ["Probe A"]}]}],
    },
    "acquisition": None,
    "instrument": None,
}
_NAME_2 = "800321_2025-09-03_10-05-00"
_SYSTEM = {"name": "MPM_MANIP_RFB", "axes": [{"name": axis} for axis in "XYZ"], "axis_unit": "millimeter"}
_RECORD_2: dict[str, Any] = {
    "_id": "8d7c6b5a-4f3e-4d2c-8b1a-0f9e8d7c6b5a",
    "_created": "2025-09-04T02:11:09Z",
    "schema_version": "2.7.6",
    "name": _NAME_2,
    "location": f"s3://aind-open-data/{_NAME_2}",
    "other_identifiers": {"Code Ocean": ["7a6b5c4d-3e2f-4a1b-9c8d-7e6f5a4b3c2d"]},
    "subject": {
        "subject_id": "800321",
        "subject_details": {"sex": "Female", "date_of_birth": "2025-02-01", "genotype": "wt/wt"},
    },
    "data_description": {"data_level": "raw", "project_name": "Demo project", "modalities": [_EPHYS]},
    "acquisition": {
        "acquisition_start_time": "2025-09-03T17:05:00Z",
        "acquisition_end_time": "2025-09-03T18:40:00Z",
        "instrument_id": "323_EPHYS1",
        "acquisition_type": "Receptive field mapping",
        "coordinate_system": {"name": "BREGMA_ARI", "axis_unit": "millimeter"},
        "data_streams": [
            {
                "stream_start_time": "2025-09-03T17:05:00Z",
                "stream_end_time": "2025-09-03T18:40:00Z",
                "configurations": [
                    {"object_type": "Detector config", "device_name": "Camera"},
                    {
                        "object_type": "Ephys assembly config",
                        "device_name": "Ephys_assemblyA",
                        "manipulator": {
                            "local_coordinate_system": _SYSTEM,
                            "local_axis_positions": {"translation": [8.422, 4.205, 11.0875]},
                        },
                        "probes": [
                            {
                                "device_name": "Probe A",
                                "primary_targeted_structure": {"acronym": "VISp"},
                                "other_targeted_structure": [{"acronym": "CA1"}, "none of it"],
                                "atlas_coordinate": None,
                                "transform": [{"translation": [0.5, 2.0, 0.0]}],
                                "dye": "DiI",
                            }
                        ],
                        "modules": [{"arc_angle": 5.2, "module_angle": 8.0, "angle_unit": "degrees"}],
                    },
                ],
            }
        ],
    },
    "instrument": {
        "components": [
            {
                "object_type": "Ephys assembly",
                "name": "Ephys_assemblyA",
                "probes": [{"name": "Probe A", "probe_model": "Neuropixels 1.0", "serial_number": "1"}],
            },
            {
                "object_type": "Neuropixels basestation",
                "name": "Basestation",
                "slot": 4,
                "ports": [{"index": 2, "probes": ["Probe A"]}],
            },
        ]
    },
}
_ASSET: dict[str, Any] = {
    "id": RAW_ID,
    "created": 1718162441,
    "name": NAME,
    "mount": NAME,
    "state": "ready",
    "type": "dataset",
    "last_used": 1718900000,
    "files": 48211,
    "size": 301234567890,
    "description": "",
    "tags": ["ecephys", "raw", "700123"],
    "source_bucket": {"origin": "aws", "bucket": "aind-ephys-data", "prefix": NAME, "external": True},
    "custom_metadata": {"data level": "raw data", "subject id": "700123"},
}
_SORTED_ASSET: dict[str, Any] = {
    "id": SORTED_ID,
    "created": 1718320005,
    "name": SORTED,
    "mount": "ecephys_700123_sorted",
    "state": "ready",
    "type": "result",
    "last_used": 0,
    "files": 5120,
    "size": 9876543210,
    "tags": ["derived", "ecephys", "700123"],
    "provenance": {"commit": "a1b2c3d", "data_assets": [RAW_ID]},
    "custom_metadata": {"data level": "derived data", "subject id": "700123"},
}


def record(**changes: Any) -> dict[str, Any]:
    """A raw record of schema 1; `a__b=value` changes what is within, `...` takes it away."""
    return _changed(_RECORD, changes)


def record_2(**changes: Any) -> dict[str, Any]:
    """A raw record of schema 2."""
    return _changed(_RECORD_2, changes)


def module(**changes: Any) -> dict[str, Any]:
    """What schema 1 tells of an assembly in a stream."""
    return _changed(_MODULE, changes)


def asset(**changes: Any) -> dict[str, Any]:
    """The raw data in Code Ocean."""
    return _changed(_ASSET, changes)


def sorted_asset(**changes: Any) -> dict[str, Any]:
    """What a spike sorter made of them."""
    return _changed(_SORTED_ASSET, changes)


def _changed(example: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = json.loads(json.dumps(example))
    for path, value in changes.items():
        *above, last = path.split("__") if not path.startswith("_") else [path]
        holder: Any = made
        for step in above:
            holder = holder[int(step) if step.isdecimal() else step]
        if value is ...:
            del holder[last]
        else:
            holder[last] = value
    return made
