"""The ids that the things of the demo world have in BrainSTEM: the same ones every time."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING
from uuid import UUID, uuid5

if TYPE_CHECKING:
    from sessionframes.demo.world import World

_NAMESPACE = UUID("6f0b4a52-3d0e-5a6b-9d1c-5be1a7c0f3d2")


def made_id(model: str, *of: object) -> str:
    """Return the id of the record of this model that is made of these ids or names."""
    return str(uuid5(_NAMESPACE, "/".join(map(str, (model, *of)))))


def own_id(world: World, key: str, number: int) -> str:
    """Return how BrainSTEM calls something that the world knows by a number.

    Parameters
    ----------
    world : World
        Where it is.
    key : str
        "session_id", "subject_id" or "probe_id".
    number : int
        Its id there.

    Returns
    -------
    str
        An id; of a probe, which is an implant in a session, those of the two with a colon between.

    Raises
    ------
    LookupError
        BrainSTEM knows no such thing.
    """
    if key == "probe_id":
        session = _sessions_of_probes(world)[number]
        return f"{made_id('session', session)}:{made_id('procedure', number)}"
    if key not in ("session_id", "subject_id"):
        raise LookupError(f"BrainSTEM has nothing with a {key}")
    return made_id(key.removesuffix("_id"), number)


@lru_cache(maxsize=8)
def _sessions_of_probes(world: World) -> dict[int, int]:
    return {row["probe_id"]: row["session_id"] for row in world.probes.to_pylist()}
