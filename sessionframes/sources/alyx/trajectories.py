"""From trajectories of Alyx to the columns of their table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sessionframes.sources.alyx.endpoints import OF_TABLE
from sessionframes.sources.alyx.flat import cells_of, flattened, inside, place, rest_cell

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pyarrow as pa

    from sessionframes.sources.alyx.groups import Listed
    from sessionframes.tables import Table

__all__ = ["BREGMA_AP", "BREGMA_DV", "BREGMA_ML", "trajectories"]

#: Bregma in the CCF, um from the left, the front and the top: ALLEN_CCF_LANDMARKS_MLAPDV_UM of iblatlas.
BREGMA_ML: Final = 5739.0
BREGMA_AP: Final = 5400.0
BREGMA_DV: Final = 332.0
_TRAJECTORIES = OF_TABLE["trajectories"]
#: Axes that are those of the CCF, with bregma as their origin. Those of Needles are scaled.
_OF_CCF = frozenset({"IBL-Allen"})


def trajectories(model: type[Table], page: Listed) -> pa.Table:
    """Return the columns of trajectories.

    Parameters
    ----------
    model : type of Table
        The form of the table.
    page : Listed
        Records of trajectories.

    Raises
    ------
    sessionframes.errors.SourceResponseError
        A record has what cannot be the value of a column; named are record, column and value.
    """
    cells = cells_of(_TRAJECTORIES, page.zone)
    cells |= {
        "session_id": inside(str, "session", "id"),
        "entry_anterior_posterior_ccf_coordinate": place("y", BREGMA_AP, -1, _is_in_ccf),
        "entry_dorsal_ventral_ccf_coordinate": place("z", BREGMA_DV, -1, _is_in_ccf),
        "entry_left_right_ccf_coordinate": place("x", BREGMA_ML, 1, _is_in_ccf),
        "trajectory_other_fields": rest_cell(_TRAJECTORIES),
    }
    return flattened(model, page, cells, _TRAJECTORIES)


def _is_in_ccf(record: Mapping[str, Any]) -> bool:
    return record.get("coordinate_system") in _OF_CCF
