"""The ids that the things of the demo world have in AIND: the same ones every time."""

from __future__ import annotations

from collections import defaultdict
from functools import lru_cache
from typing import TYPE_CHECKING

from sessionframes.demo.aind.recordings import cluster_numbers, made_id, project_name, recordings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sessionframes.demo.world import World

__all__ = ["made_id", "own_id"]


def own_id(world: World, key: str, number: int) -> str:
    """Return how AIND calls something that the world knows by a number.

    Parameters
    ----------
    world : World
        Where it is.
    key : str
        "session_id", "subject_id", "probe_id", "channel_id", "unit_id", or "project" (for the id of a lab).
    number : int
        Its id there.

    Raises
    ------
    LookupError
        AIND knows no such thing.
    """
    if key not in _IDS:
        message = f"AIND has nothing with a {key}"
        raise LookupError(message)
    return _ids(world, key)[number]


@lru_cache(maxsize=32)
def _ids(world: World, key: str) -> Mapping[int, str]:
    return _IDS[key](world)


def _sessions(world: World) -> Mapping[int, str]:
    return {one.number: one.session_id for one in recordings(world)}


def _subjects(world: World) -> Mapping[int, str]:
    return {row["subject_id"]: row["subject_name"] for row in world.subjects.to_pylist()}


def _projects(world: World) -> Mapping[int, str]:
    return {row["lab_id"]: project_name(row["lab_name"]) for row in world.labs.to_pylist()}


def _probes(world: World) -> Mapping[int, str]:
    return {
        probe.number: f"{one.session_id}:{probe.stream}:{probe.device}"
        for one in recordings(world)
        for probe in one.probes
    }


@lru_cache(maxsize=8)
def _devices(world: World) -> Mapping[int, str]:
    """Return what channels and units of each probe begin with: the asset, and the device in its NWB file."""
    return {
        probe.number: f"{one.told.asset_id}:{probe.sorted_device}"
        for one in recordings(world)
        if one.told is not None
        for probe in one.probes
    }


def _channels(world: World) -> Mapping[int, str]:
    devices, found = _devices(world), dict[int, str]()
    last = defaultdict[int, int](lambda: -1)
    columns = (world.channels[name].to_pylist() for name in ("channel_id", "probe_id"))
    for channel, probe in zip(*columns, strict=True):
        last[probe] += 1
        found[channel] = f"{devices[probe]}:{last[probe]}"
    return found


def _units(world: World) -> Mapping[int, str]:
    devices = _devices(world)
    return {unit: f"{devices[probe]}:{number}" for unit, (probe, number) in cluster_numbers(world).items()}


_IDS: dict[str, Callable[[World], Mapping[int, str]]] = {
    "session_id": _sessions,
    "subject_id": _subjects,
    "project": _projects,
    "probe_id": _probes,
    "channel_id": _channels,
    "unit_id": _units,
}
