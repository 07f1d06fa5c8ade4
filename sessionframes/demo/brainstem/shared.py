"""What all sessions of the demo's BrainSTEM share: rigs, devices, makers, brain regions, species, labs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sessionframes.demo.brainstem.ids import made_id

if TYPE_CHECKING:
    from sessionframes.demo.world import World

    Record = dict[str, Any]
    Records = dict[str, list[Record]]

_ATLAS = "CCFv3"
#: What the phases of the probe are called where one buys them.
_PROBES = {"3a": ("Neuropixels Phase 3A", "NP-3A-OPT3"), "PXI": ("Neuropixels 1.0", "NP1010")}


def shared(world: World) -> Records:
    """Return the records that everybody sees.

    Parameters
    ----------
    world : World
        Whose facts they tell.

    Returns
    -------
    dict of str to list of dict
        By the name of the model.
    """
    rigs = _distinct(world, "rig_name")
    lines = dict.fromkeys((one or "wt").partition("/")[0] for one in world.subjects["genotype"].to_pylist())
    return {
        "supplier": [_supplier("IMEC", "IMEC"), _supplier("Jackson", "The Jackson Laboratory")],
        "consumable": [_probe(phase, *names) for phase, names in _PROBES.items()],
        "hardwaredevice": [_basestation()],
        "inventory": [_named("inventory", "probes", "Silicon probes")],
        "setuptype": [{"id": made_id("setuptype", "rig"), "name": "Rig", "description": "", "category": "E"}],
        "setup": [_setup(at, rig) for at, rig in enumerate(rigs)],
        "equipment": [_equipment(rig) for rig in rigs],
        "behavioralassay": [_named("behavioralassay", one, one) for one in _distinct(world, "session_type")],
        "datastorage": [_storage(at, lab) for at, lab in enumerate(world.labs.to_pylist())],
        "license": [_named("license", "IACUC", "IACUC 2115")],
        "brainregion": [_region(row) for row in world.structures.to_pylist()],
        "species": [{"id": made_id("species", "mouse"), "name": "Mus musculus", "description": ""}],
        "strain": [
            {
                "id": made_id("strain", line),
                "name": line,
                "description": "",
                "species": made_id("species", "mouse"),
            }
            for line in lines
        ],
        "laboratory": [
            {
                "id": made_id("laboratory", lab["lab_id"]),
                "name": lab["lab_name"],
                "description": lab["institution"],
            }
            for lab in world.labs.to_pylist()
        ],
        "user": [{"id": 1, "username": "demo"}],
        "group": [{"id": 1, "name": "everyone"}],
    }


def _distinct(world: World, column: str) -> list[str]:
    return sorted({row[column] for row in world.sessions.to_pylist()})


def _named(model: str, key: str, name: str) -> Record:
    return {"id": made_id(model, key), "name": name, "description": ""}


def _supplier(key: str, name: str) -> Record:
    return {
        "id": made_id("supplier", key),
        "name": name,
        "description": "",
    }


def _probe(phase: str, name: str, product: str) -> Record:
    return {
        "id": made_id("consumable", phase),
        "name": name,
        "description": "",
        "supplier": made_id("supplier", "IMEC"),
        "type": "SiliconProbeDesign",
        "rrid": "",
        "rrid_url": "",
        "external_identifiers": [],
        "details": {
            "product_id": product,
            "nChannels": 384,
            "nShanks": 1,
            "shanksLength": 10 if phase == "3a" else {"value": 10, "unit": "mm"},
            "shanksSpacing": 0,
            "verticalSpacing": {"value": 20, "unit": "µm"},
            "siteArea": 144,
            "layout": "staggered",
            "uniformLayout": True,
            "customDesign": False,
        },
    }


def _basestation() -> Record:
    return {
        "id": made_id("hardwaredevice", "basestation"),
        "name": "PXIe acquisition module",
        "description": "",
        "supplier": made_id("supplier", "IMEC"),
        "type": "AcquisitionSystem",
        "external_identifiers": {},
        "details": {},
    }


def _setup(at: int, rig: str) -> Record:
    return {
        "id": made_id("setup", rig),
        "name": rig,
        "setup_type": made_id("setuptype", "rig"),
        "specifications": [] if at % 2 else {"room": "B115"},
    }


def _equipment(rig: str) -> Record:
    return {
        "id": made_id("equipment", rig),
        "name": f"Basestation of {rig}",
        "type": "AcquisitionSystem",
        "setup": made_id("setup", rig),
        "hardwaredevice": made_id("hardwaredevice", "basestation"),
        "consumable": None,
        "coordinates_system": "External_XYZ_Absolute",
        "coordinates_details": {},
        "details": {},
    }


def _storage(at: int, lab: Record) -> Record:
    elements: Any = [{"elements": "Subject"}, {"elements": "Session"}]
    protocol = {"protocol": "HTTPS", "path": f"https://{lab['lab_name']}.example/data", "is_public": at == 0}
    return {
        "id": made_id("datastorage", lab["lab_id"]),
        "name": f"Storage of {lab['lab_name']}",
        "location": lab["institution"],
        "data_organization": elements if at % 2 == 0 else {"elements": ["Subject", "Session"]},
        "data_protocols": [protocol] if at % 2 == 0 else protocol,
    }


def _region(row: Record) -> Record:
    return {
        "id": made_id("brainregion", row["structure_id"]),
        "name": f"Structure {row['structure_id']} ({row['structure_acronym']})",
        "acronym": row["structure_acronym"],
        "atlas": _ATLAS,
    }
