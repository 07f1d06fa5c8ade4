"""From channels of Alyx, and what is around them, to the columns of their table."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from sessionframes.flatten import Cell
from sessionframes.flatten.arrays import strict_array
from sessionframes.sources.alyx.endpoints import OF_TABLE
from sessionframes.sources.alyx.flat import cells_of, flattened, made, measure, rest_cell
from sessionframes.sources.alyx.groups import nested
from sessionframes.sources.alyx.trajectories import BREGMA_AP, BREGMA_DV, BREGMA_ML

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sessionframes.sources.alyx.groups import Listed
    from sessionframes.tables import Table

__all__ = ["VOID", "channels", "site_of"]

_CHANNELS = OF_TABLE["channels"]
#: The brain region that is none: not set, or outside.
VOID: Final = 0
#: Models whose sites stand in the pattern of Neuropixels 1.0.
_STAGGERED: Final = frozenset({"3A", "3B1", "3B2"})
_ROW_UM: Final = 20.0
#: Where the two sites of a row are across the probe, by whether the number of the row is odd (um).
_ACROSS_UM: Final = ((43.0, 11.0), (59.0, 27.0))


def channels(model: type[Table], page: Listed) -> pa.Table:
    """Return the columns of channels.

    Parameters
    ----------
    model : type of Table
        The form of the table.
    page : Listed
        Records of channels; around them "trajectories" by their ids, "structures" by theirs, and "models",
        those of the probes by the ids of their insertions.

    Raises
    ------
    sessionframes.errors.SourceResponseError
        A record has what cannot be the value of a column; named are record, column and value.
    """
    above: Mapping[str, Any] = page.around.get("trajectories", {})
    structures: Mapping[int, Any] = page.around.get("structures", {})
    models: Mapping[str, str | None] = page.around.get("models", {})
    acronyms = {region: record.get("acronym") for region, record in structures.items() if region != VOID}
    # Thousands of channels share a trajectory: what it tells is looked up in one step for each.
    staggered = {name for name, one in above.items() if models.get(one.get("probe_insertion")) in _STAGGERED}
    sites = cache(site_of)

    def number(record: Mapping[str, Any]) -> int | None:
        has_pattern = record["trajectory_estimate"] in staggered
        return sites(measure(record, "axial"), measure(record, "lateral")) if has_pattern else None

    def of_trajectory(*path: str) -> Cell:
        return _looked_up("trajectory_estimate", {name: nested(one, *path) for name, one in above.items()})

    cells = cells_of(_CHANNELS, page.zone)
    cells |= {
        "probe_id": of_trajectory("probe_insertion"),
        "session_id": of_trajectory("session", "id"),
        "trajectory_provenance": of_trajectory("provenance"),
        "local_index": made(number),
        "structure_id": Cell("brain_region", convert_all=_structures),
        "structure_acronym": _looked_up("brain_region", acronyms),
        # Channels are placed by histology alone, in the axes of the atlas.
        "anterior_posterior_ccf_coordinate": _from_bregma("y", BREGMA_AP, -1),
        "dorsal_ventral_ccf_coordinate": _from_bregma("z", BREGMA_DV, -1),
        "left_right_ccf_coordinate": _from_bregma("x", BREGMA_ML, 1),
        "channel_unknown_fields": rest_cell(_CHANNELS),
    }
    return flattened(model, page, cells, _CHANNELS)


def site_of(axial: float | None, lateral: float | None) -> int | None:
    """Return the number of a site of Neuropixels 1.0 by its place, None where no site is there.

    Parameters
    ----------
    axial : float or None
        Along the probe from its tip upwards, in um: the lowest row is at 20.
    lateral : float or None
        Across the probe from its left edge, in um.

    Examples
    --------
    >>> site_of(20.0, 43.0), site_of(20.0, 11.0), site_of(3840.0, 27.0), site_of(35.0, 27.0)
    (0, 1, 383, None)
    """
    if axial is None or lateral is None:
        return None
    row, beside = divmod(axial - _ROW_UM, _ROW_UM)
    across = _ACROSS_UM[int(row) % 2]
    if beside or row < 0 or lateral not in across:
        return None
    return 2 * int(row) + across.index(lateral)


def _looked_up(name: str, known: Mapping[Any, Any]) -> Cell:
    return Cell(name, convert_all=lambda values: list(map(known.get, values)))


def _structures(regions: Sequence[Any]) -> list[Any]:
    return [None if region == VOID else region for region in regions]


def _from_bregma(name: str, bregma: float, sign: float) -> Cell:
    def convert_all(values: Sequence[Any]) -> pa.Array[Any]:
        # Of a number times 1 or -1 nothing is lost.
        return pc.add(pc.multiply(strict_array(values, pa.float64()), pa.scalar(sign)), pa.scalar(bregma))

    return Cell(name, convert_all=convert_all)
