"""What a session tells of the probes on one assembly: where they were meant to go, and how they stood."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sessionframes.sources.aind.records import inner, objects, text_at

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sessionframes.sources.aind.docdb import Record

__all__ = ["Insertion", "of_configuration", "of_module"]

_AXES = ("ap", "dv", "ml")
_ANGLES = ("arc_angle", "module_angle", "rotation_angle")
#: Of schema 1, which has these units where it tells none.
_LENGTH, _ANGLE = "micrometer", "degrees"
#: The axes of the CCF, by their names and directions.
_CCF: Final[Mapping[tuple[str, str], str]] = {
    ("AP", "Anterior_to_posterior"): "ap",
    ("SI", "Superior_to_inferior"): "dv",
    ("ML", "Left_to_right"): "ml",
}
#: What is kept as the record has it.
_OF_MODULE = (
    *(*_ANGLES, "angle_unit", "targeted_ccf_coordinates", "manipulator_coordinates"),
    *("anatomical_coordinates", "anatomical_reference", "bregma_coordinates"),
    *("surface_z", "surface_z_unit", "coordinate_transform"),
)
_OF_PROBE = (
    *("atlas_coordinate", "transform", "probe_transform"),
    *("coordinate_system", "local_coordinate_system"),
)

Facts = dict[str, Any]


@dataclass(frozen=True)
class Insertion:
    """One assembly in one stream.

    Parameters
    ----------
    assembly : str or None
        Its name.
    named : sequence of (str, dict)
        The probes that are named, and what is told of each.
    facts : callable
        From what is told of one probe to values by column, as the record has them.
    """

    assembly: str | None
    named: Sequence[tuple[str, Mapping[str, Any]]]
    facts: Callable[[Mapping[str, Any]], Facts]


def of_module(record: Record, module: Mapping[str, Any]) -> Insertion:
    """Return what schema 1 tells.

    Parameters
    ----------
    record : dict
        Of the session.
    module : dict
        One of the ``ephys_modules`` of a stream.
    """

    def facts(probe: Mapping[str, Any]) -> Facts:
        others = probe.get("other_targeted_structures", module.get("other_targeted_structure"))
        return {
            "targeted_structure": module.get("primary_targeted_structure"),
            "other_targeted_structures": others,
            **_target(record, module),
            "manipulator": _manipulator(record, module),
            **_angles(module),
            "implant_hole_number": module.get("implant_hole_number"),
            "dye": module.get("dye"),
            "coordinates_details": _kept(module, _OF_MODULE),
        }

    return Insertion(text_at(module, "assembly_name"), _named(record, module, "ephys_probes", "name"), facts)


def of_configuration(record: Record, config: Mapping[str, Any]) -> Insertion:
    """Return what schema 2 tells.

    Parameters
    ----------
    record : dict
        Of the session.
    config : dict
        One of the ``configurations`` of a stream, of an assembly.
    """
    # Of several modules none tells the angles of the assembly.
    modules = list(objects(record, config, "modules"))
    module = modules[0] if len(modules) == 1 else {}

    def facts(probe: Mapping[str, Any]) -> Facts:
        details = {**_kept(config, ("manipulator", "modules")), **_kept(probe, _OF_PROBE)}
        if "transform" in details or "probe_transform" in details:
            details["acquisition_coordinate_system"] = inner(record, "acquisition").get("coordinate_system")
        return {
            "targeted_structure": probe.get("primary_targeted_structure"),
            "other_targeted_structures": probe.get("other_targeted_structure"),
            **_atlas(record, probe),
            "manipulator": _translated(record, config),
            **_angles(module),
            "dye": probe.get("dye"),
            "coordinates_details": details or None,
        }

    return Insertion(text_at(config, "device_name"), _named(record, config, "probes", "device_name"), facts)


def _named(
    record: Record, holder: Mapping[str, Any], name: str, key: str
) -> list[tuple[str, Mapping[str, Any]]]:
    probes = [(text_at(one, key), one) for one in objects(record, holder, name)]
    return [(found, probe) for found, probe in probes if found is not None]


def _kept(holder: Mapping[str, Any], names: Sequence[str]) -> Facts:
    return {name: holder[name] for name in names if holder.get(name) not in (None, [], {})}


def _angles(module: Mapping[str, Any]) -> Facts:
    unit = module.get("angle_unit") or _ANGLE
    return {name: {"value": module[name], "unit": unit} for name in _ANGLES if name in module}


def _target(record: Record, module: Mapping[str, Any]) -> Facts:
    told = module.get("targeted_ccf_coordinates")
    holder = {"targeted_ccf_coordinates": [told] if isinstance(told, dict) else told}
    places = list(objects(record, holder, "targeted_ccf_coordinates"))
    if len(places) != 1:
        return {}
    place = places[0]
    unit = place.get("unit") or _LENGTH
    lengths = {f"target_{axis}_ccf_coordinate": {"value": place.get(axis), "unit": unit} for axis in _AXES}
    return {**lengths, "target_ccf_version": place.get("ccf_version")}


def _manipulator(record: Record, module: Mapping[str, Any]) -> Facts:
    place = inner(module, "manipulator_coordinates", of=record)
    return {axis: place.get(axis) for axis in "xyz"} | {"unit": place.get("unit") or _LENGTH}


def _atlas(record: Record, probe: Mapping[str, Any]) -> Facts:
    """Return the coordinates of a target, where the record tells which axis is which, and its unit."""
    place = inner(probe, "atlas_coordinate", of=record)
    system = inner(place, "coordinate_system", of=record)
    values = place.get("translation")
    named = [(str(one.get("name")), str(one.get("direction"))) for one in objects(record, system, "axes")]
    axes = [_CCF.get(one) for one in named]
    if not isinstance(values, list) or len(values) != len(axes) or sorted(map(str, axes)) != list(_AXES):
        return {}
    unit, version = system.get("axis_unit"), system.get("version")
    lengths = {
        f"target_{axis}_ccf_coordinate": {"value": value, "unit": unit}
        for axis, value in zip(axes, values, strict=True)
    }
    return {**lengths, "target_ccf_version": version and f"{system.get('name')}v{version}"}


def _translated(record: Record, config: Mapping[str, Any]) -> Facts | None:
    manipulator = inner(config, "manipulator", of=record)
    place = inner(manipulator, "local_axis_positions", of=record)
    # Releases of schema 2 differ in its name.
    systems = [
        inner(manipulator, name, of=record) for name in ("local_coordinate_system", "coordinate_system")
    ]
    system = systems[0] or systems[1]
    values = place.get("translation")
    names = [str(one.get("name")).lower() for one in objects(record, system, "axes")] or ["x", "y", "z"]
    if not isinstance(values, list) or len(values) != len(names):
        return None
    told = dict(zip(names, values, strict=True))
    return {axis: told.get(axis) for axis in "xyz"} | {"unit": system.get("axis_unit")}
