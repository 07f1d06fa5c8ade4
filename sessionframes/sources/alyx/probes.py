"""From insertions of Alyx to the columns of the table of probes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sessionframes.sources.alyx.endpoints import ENUMS, OF_TABLE
from sessionframes.sources.alyx.flat import cells_of, flattened, inside, label, made, rest_cell
from sessionframes.sources.alyx.groups import nested

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pyarrow as pa

    from sessionframes.sources.alyx.groups import Listed
    from sessionframes.tables import Table

__all__ = ["IN_JSON", "probes"]

_INSERTIONS = OF_TABLE["probes"]
_NUMBER = (int, float)
#: The columns that are taken out of the JSON: what they may be, and where they are.
IN_JSON: Final[Mapping[str, tuple[tuple[type, ...], tuple[str, ...]]]] = {
    "n_units": ((int,), ("n_units",)),
    "n_units_qc_pass": ((int,), ("n_units_qc_pass",)),
    "drift_rms": (_NUMBER, ("drift_rms_um",)),
    "firing_rate_median": (_NUMBER, ("firing_rate_median",)),
    "firing_rate_max": (_NUMBER, ("firing_rate_max",)),
    "amplitude_median": (_NUMBER, ("amplitude_median_uV",)),
    "amplitude_max": (_NUMBER, ("amplitude_max_uV",)),
    "tracing_exists": ((bool,), ("extended_qc", "tracing_exists")),
    "alignment_resolved": ((bool,), ("extended_qc", "alignment_resolved")),
    "alignment_count": ((int,), ("extended_qc", "alignment_count")),
    "alignment_stored": ((str,), ("extended_qc", "alignment_stored")),
}


def probes(model: type[Table], page: Listed) -> pa.Table:
    """Return the columns of insertions.

    Parameters
    ----------
    model : type of Table
        The form of the table.
    page : Listed
        Records of insertions, as lists or reads have them.

    Raises
    ------
    sessionframes.errors.SourceResponseError
        A record has what cannot be the value of a column; named are record, column and value.
    """
    cells = cells_of(_INSERTIONS, page.zone)
    cells |= {name: inside(kinds, "json", *path) for name, (kinds, path) in IN_JSON.items()}
    cells["probe_qc"] = made(_quality)
    cells["probe_other_fields"] = rest_cell(_INSERTIONS)
    return flattened(model, page, cells, _INSERTIONS)


def _quality(record: Mapping[str, Any]) -> Any:
    try:
        told = label(nested(record, "json", "qc"))
    except ValueError:
        return None
    return told if told in ENUMS["qc"] else None
