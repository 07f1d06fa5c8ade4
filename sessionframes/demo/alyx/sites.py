"""What the demo's Alyx knows of each probe: where it went, who says so, and which sorter was run."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np
import pyarrow.compute as pc

from sessionframes.demo.alyx.ids import made_id

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pyarrow as pa

    from sessionframes.demo.draws import Floats, Ints
    from sessionframes.demo.world import World

    Row = dict[str, Any]

#: Where bregma is in the Allen CCF, in um: from the left, the front, the top. IBL's ``ALLEN_CCF_LANDMARKS``.
BREGMA_UM: Final = (5739, 5400, 332)
#: The numbers of the provenances.
PLANNED, MANIPULATOR, TRACED, ALIGNED = 10, 30, 50, 70
_AXES = ("left_right", "anterior_posterior", "dorsal_ventral")
#: How the sorters' folders are called; the first vintage had none.
_SORTERS = ("pykilosort", "iblsorter", "", "pykilosort")


@dataclass(frozen=True, eq=False)
class Site:
    """A probe in a session.

    Attributes
    ----------
    at, number : int
        Its position in the world, and its id there.
    insertion : str
        Its id in Alyx.
    name : str
        ``probeA``.
    model : str
        Part number.
    session : int
        The id of its session in the world.
    channels, units : pyarrow.Table
        Of the world.
    bregma : tuple of numpy.ndarray
        Of each channel, how far it is from bregma to the right, to the front, and upwards, in um; NaN where
        unknown.
    known : {"full", "area", "none"}
        Whether coordinates and regions are known, only regions, or neither.
    provenance : int
        Of the trajectory that its channels belong to.
    resolved : bool
        Whether that is settled.
    sorter : str
        Folder of what counts; "" for none.
    """

    at: int
    number: int
    insertion: str
    name: str
    model: str
    session: int
    channels: pa.Table
    units: pa.Table
    bregma: tuple[Floats, Floats, Floats]
    known: Literal["full", "area", "none"]
    provenance: int
    resolved: bool
    sorter: str

    @property
    def best(self) -> str:
        """The id of the trajectory that its channels belong to."""
        return trajectory_id(self.insertion, self.provenance)

    @property
    def peaks(self) -> Ints:
        """Of each unit, the position of its peak channel."""
        found = pc.index_in(self.units["channel_id"], value_set=self.channels["channel_id"])
        return found.to_numpy().astype(np.int64)


def trajectory_id(insertion: str, provenance: int) -> str:
    """Return the id of the trajectory of an insertion that has this provenance."""
    return made_id("trajectory", insertion, provenance)


@lru_cache(maxsize=2)
def sites(world: World) -> Sequence[Site]:
    """Return all probes of a world, in its order."""
    channels, units = _by_probe(world.channels), _by_probe(world.units)
    none = world.units.slice(0, 0)
    return [
        _site(at, row, channels[row["probe_id"]], units.get(row["probe_id"], none))
        for at, row in enumerate(world.probes.to_pylist())
    ]


def _by_probe(table: pa.Table) -> Mapping[int, pa.Table]:
    # Those of a probe lie together.
    numbers = table["probe_id"].to_numpy()
    starts = np.flatnonzero(np.diff(numbers, prepend=-1))
    ends = [*starts[1:].tolist(), len(numbers)]
    return {
        int(numbers[start]): table.slice(start, end - start)
        for start, end in zip(starts.tolist(), ends, strict=True)
    }


def _site(at: int, row: Row, channels: pa.Table, units: pa.Table) -> Site:
    bregma = _bregma(channels)
    known: Literal["full", "area", "none"] = "full"
    if np.isnan(bregma[0]).all():
        known = "none" if channels["structure_id"].null_count == len(channels) else "area"
    # Of five, one was traced and no more.
    is_aligned = known == "full" and at % 5 != 4
    return Site(
        at=at,
        number=row["probe_id"],
        insertion=made_id("insertion", row["probe_id"]),
        name=row["probe_name"],
        model="3A" if row["probe_phase"] == "3a" else "3B2",
        session=row["session_id"],
        channels=channels,
        units=units,
        bregma=bregma,
        known=known,
        provenance=ALIGNED if is_aligned else TRACED,
        resolved=is_aligned and at % 5 != 3,
        sorter=_SORTERS[at % len(_SORTERS)],
    )


def _bregma(channels: pa.Table) -> tuple[Floats, Floats, Floats]:
    left, front, top = (channels[f"{axis}_ccf_coordinate"].to_numpy().astype(np.float64) for axis in _AXES)
    zero = BREGMA_UM
    return left - zero[0], zero[1] - front, zero[2] - top
