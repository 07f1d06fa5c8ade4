"""Probes of a rig: what its description tells of those that a session names."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from sessionframes.sources.aind.probe_names import normal_name
from sessionframes.sources.aind.records import inner, objects, text_at

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sessionframes.sources.aind.docdb import Record

__all__ = ["ASSEMBLY", "DEVICES", "MODELS", "PORTS", "Device", "Found", "devices", "found", "port_of"]

ASSEMBLY: Final = "Ephys assembly"
#: What has to be asked of DocDB for the names of devices, their models, and where they were plugged in.
DEVICES: Final = (
    *("rig.ephys_assemblies.name", "rig.ephys_assemblies.ephys_assembly_name"),
    *("rig.ephys_assemblies.probes.name", "instrument.components.probes.name"),
    *("instrument.components.object_type", "instrument.components.name"),
)
MODELS: Final = tuple(
    f"{where}.probes.{name}"
    for where in ("rig.ephys_assemblies", "instrument.components")
    for name in ("probe_model", "serial_number")
)
PORTS: Final = tuple(
    f"{where}.{name}" for where in ("rig.daqs", "instrument.components") for name in ("slot", "ports")
)


@dataclass(frozen=True)
class Device:
    """A probe of a rig.

    Parameters
    ----------
    assembly : str or None
        Name of what holds it.
    name : str or None
        Its own.
    described : dict
        What is told of it.
    """

    assembly: str | None
    name: str | None
    described: Mapping[str, Any] = field(default_factory=dict, compare=False)


@dataclass(frozen=True)
class Found:
    """A device that a session names, and the probe of the rig that it is.

    Parameters
    ----------
    name : str
        Of the device.
    told : dict
        What the session tells of it alone.
    device : Device or None
        None where the rig has none such.
    how : str or None
        By what it was found.
    """

    name: str
    told: Mapping[str, Any]
    device: Device | None
    how: str | None


def devices(record: Record) -> list[Device]:
    """Return the probes of the rig, or of the instrument, that a record describes."""
    assemblies = list(objects(record, inner(record, "rig"), "ephys_assemblies"))
    components = objects(record, inner(record, "instrument"), "components")
    assemblies += [one for one in components if one.get("object_type") == ASSEMBLY]
    return [
        Device(text_at(one, "name") or text_at(one, "ephys_assembly_name"), text_at(probe, "name"), probe)
        for one in assemblies
        for probe in objects(record, one, "probes")
    ]


def found(
    assembly: str | None, named: Sequence[tuple[str, Mapping[str, Any]]], known: Sequence[Device]
) -> Iterator[Found]:
    """Yield the devices of one assembly in a session; nothing if neither it nor they have a name.

    Parameters
    ----------
    assembly : str or None
        Its name in the session.
    named : sequence of (str, dict)
        The devices that the session names there, and what it tells of each.
    known : sequence of Device
        Those of the rig.
    """
    within = [one for one in known if one.assembly is not None and one.assembly == assembly]
    for name, told in named:
        yield Found(name, told, *_named(name, within, known, is_only=len(named) == 1))
    if named or assembly is None:
        return
    how = "assembly"
    if not within:
        within, how = _alike(assembly, known), "normalised name"
    for device in within:
        yield Found(device.name or assembly, {}, device, how)
    if not within:
        yield Found(assembly, {}, None, None)


def port_of(record: Record, name: str | None) -> tuple[Any, Any]:
    """Return the slot and the port that a probe is plugged in; None for both where it is not one of each."""
    cards = [
        *objects(record, inner(record, "rig"), "daqs"),
        *objects(record, inner(record, "instrument"), "components"),
    ]
    told = [
        (card.get("slot"), port.get("index"))
        for card in cards
        for port in objects(record, card, "ports")
        if name is not None and name in _listed(port.get("probes"))
    ]
    return told[0] if len(told) == 1 else (None, None)


def _listed(told: Any) -> list[Any]:
    # A text would be searched for its letters.
    return told if isinstance(told, list) else [told]


def _named(
    name: str, within: Sequence[Device], known: Sequence[Device], *, is_only: bool
) -> tuple[Device | None, str | None]:
    for some, how in ((within, "assembly"), (known, "device")):
        same = [one for one in some if one.name == name]
        if len(same) == 1:
            return same[0], how
    if is_only and len(within) == 1:
        return within[0], "assembly"
    alike = _alike(name, known)
    return (alike[0], "normalised name") if alike else (None, None)


def _alike(name: str, known: Sequence[Device]) -> list[Device]:
    """Return the only device whose name means the same, if there is one."""
    normal = normal_name(name)
    alike = [one for one in known if one.name and normal and normal_name(one.name) == normal]
    return alike if len(alike) == 1 else []
