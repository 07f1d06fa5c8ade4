"""Which unit has a bundle of analysis metrics, and from which run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sessionframes.demo.cast import WITHOUT_METRICS
from sessionframes.demo.columns import table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pyarrow as pa

    from sessionframes.demo.draws import Draws, Ints

    Row = dict[str, Any]

_ANALYSED = 0.92
#: How many units of a session have a bundle from one more run, where any has.
_FROM_SECOND_RUN, _FROM_PREVIOUS_RUN = 3, 40
#: What is odd about the first bundles of the first session, and how many have it.
_ODD_DATA = (
    ("bundle_null_data", 2),
    ("bundle_empty", 2),
    ("bundle_swapped_rf", 3),
    ("bundle_novel_key", 2),
)


def bundles(
    draws: Draws, units: pa.Table, sessions: Sequence[Row], runs: Sequence[Row]
) -> tuple[pa.Table, dict[str, list[int]]]:
    """Draw which units were analysed.

    Parameters
    ----------
    draws : Draws
        Where the numbers come from.
    units : pyarrow.Table
        All of the world, those of a session together.
    sessions, runs : list of dict
        All of the world.

    Returns
    -------
    pyarrow.Table
        ``metric_bundle_id``, ``unit_id`` and ``run_id``, in the order of the units; where a unit has two
        bundles, that of the current run comes first.
    dict of str to list of int
        The ids of the odd bundles, by the name of what is odd about them.
    """
    current = {run["session_id"]: run["run_id"] for run in runs if run["role"] == "current"}
    metrics = {row["session_id"] for row in sessions if row["session_type"] != WITHOUT_METRICS}
    of_unit = units["session_id"].to_numpy()
    run_of_unit = looked_up(of_unit, {session: run for session, run in current.items() if session in metrics})
    analysed = np.flatnonzero((run_of_unit > 0) & draws.chance(_ANALYSED, len(of_unit)))
    first = sessions[0]["session_id"]
    further = list(_further(analysed, of_unit, runs, first))
    unit_row = np.concatenate([analysed, *(rows for _, rows in further)])
    run_id = np.concatenate(
        [run_of_unit[analysed], *(np.full(len(rows), run["run_id"]) for run, rows in further)]
    )
    order = np.argsort(unit_row, kind="stable")
    unit_row, run_id = unit_row[order], run_id[order]
    ids = draws.ids(1_010_000_000, 5, len(order))
    of_first = iter(ids[of_unit[unit_row] == first].tolist())
    odd = {
        **{f"bundle_of_{run['role']}_run": ids[run_id == run["run_id"]].tolist() for run, _ in further},
        **{name: [next(of_first) for _ in range(number)] for name, number in _ODD_DATA},
    }
    unit_id = units["unit_id"].to_numpy()[unit_row]
    return table({"metric_bundle_id": ids, "unit_id": unit_id, "run_id": run_id}), odd


def looked_up(keys: Ints, values: dict[int, int]) -> Ints:
    """Return the value of each key, 0 where `values` has none."""
    known = np.array(sorted(values))
    place = np.minimum(np.searchsorted(known, keys), len(known) - 1)
    found = np.array([values[key] for key in known.tolist()])[place]
    value: Ints = np.where(known[place] == keys, found, 0)
    return value


def _further(analysed: Ints, of_unit: Ints, runs: Sequence[Row], ordinary: int) -> Iterator[tuple[Row, Ints]]:
    """Yield one second current run and one previous run, with the units that have a bundle from it too."""
    for role, number in (("second", _FROM_SECOND_RUN), ("previous", _FROM_PREVIOUS_RUN)):
        packaged = (run for run in runs if run["role"] == role and run["packaged"])
        run = next(run for run in packaged if run["session_id"] != ordinary)
        yield run, analysed[of_unit[analysed] == run["session_id"]][:number]
