"""The ids that the things of the demo world have in Alyx: the same ones every time."""

from __future__ import annotations

from collections import defaultdict
from functools import lru_cache
from hashlib import md5
from typing import TYPE_CHECKING
from uuid import UUID

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sessionframes.demo.world import World

_PLAIN = {
    "session_id": "session",
    "subject_id": "subject",
    "probe_id": "insertion",
    "channel_id": "channel",
}


def made_id(model: str, *of: object) -> str:
    """Return the id of the row of this model that is made of these ids or names: a UUID of version 4."""
    text = "/".join(map(str, ("alyx", model, *of)))
    return str(UUID(bytes=md5(text.encode(), usedforsecurity=False).digest(), version=4))


def own_id(world: World, key: str, number: int) -> str:
    """Return how Alyx calls something that the world knows by a number.

    Parameters
    ----------
    world : World
        Where it is.
    key : str
        "session_id", "subject_id", "probe_id", "channel_id" or "unit_id".
    number : int
        Its id there.

    Returns
    -------
    str
        An id; of a unit that of its insertion and the number of its cluster, with a colon between.

    Raises
    ------
    LookupError
        Alyx knows no such thing.
    """
    if key == "unit_id":
        probe, cluster = cluster_numbers(world)[number]
        return f"{made_id('insertion', probe)}:{cluster}"
    if key not in _PLAIN:
        message = f"Alyx has nothing with a {key}"
        raise LookupError(message)
    return made_id(_PLAIN[key], number)


@lru_cache(maxsize=8)
def cluster_numbers(world: World) -> Mapping[int, tuple[int, int]]:
    """Return the probe of each unit, and its number among the clusters of that, from 0."""
    next_of = defaultdict[int, int](int)
    found: dict[int, tuple[int, int]] = {}
    columns = (world.units[name].to_pylist() for name in ("unit_id", "probe_id"))
    for unit, probe in zip(*columns, strict=True):
        found[unit] = (probe, next_of[probe])
        next_of[probe] += 1
    return found
