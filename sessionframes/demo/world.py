"""The demo world: one seeded set of facts, of which each archive shows its own form."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from sessionframes.demo import bundles, channels, metrics, probes, runs, sessions, units
from sessionframes.demo.cast import WITHOUT_METRICS
from sessionframes.demo.columns import table
from sessionframes.demo.draws import Draws
from sessionframes.demo.structures import STRUCTURES
from sessionframes.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

#: Sessions recorded from this day on were analysed under the newer names of metrics.
_NEWER_FROM = datetime(2019, 1, 1, tzinfo=UTC)
_TYPES: dict[str, pa.DataType] = {
    "start_time": pa.timestamp("us", "UTC"),
    "published_at": pa.timestamp("us", "UTC"),
    "date_of_birth": pa.date32(),
}


@dataclass(frozen=True, eq=False)
class World:
    """Everything there is in the demo, in neutral terms.

    Columns are measured as in our tables (um, uV, ms, s/m, Hz), and named much as there. Ids are whole
    numbers as in LIMS, not contiguous, and no table is in the order of its ids. Equal seeds and scales give
    equal worlds on every machine.

    Attributes
    ----------
    scale : float
        1.0 is about 60 sessions, 350 probes, 130 000 channels and 200 000 units.
    seed : int
        What it was drawn from.
    labs, subjects, sessions, probes, channels, units : pyarrow.Table
        Facts. ``probes.lfp_sampling_rate`` is that before subsampling.
    structures : pyarrow.Table
        Brain structures: ids and acronyms of the Allen Mouse Brain Atlas.
    runs, run_probes : pyarrow.Table
        Analyses of a session, and of each of its probes.
    metric_bundles : pyarrow.Table
        Which unit was analysed in which run; :meth:`bundle_blocks` adds the metrics.
    files, stimuli : pyarrow.Table
        Files and what owns them; stimulus templates.
    oddities : dict of str to tuple of int
        The ids of the rows with something odd about them, by the name of the oddity.
    """

    scale: float
    seed: int
    labs: pa.Table
    subjects: pa.Table
    sessions: pa.Table
    probes: pa.Table
    channels: pa.Table
    units: pa.Table
    structures: pa.Table
    runs: pa.Table
    run_probes: pa.Table
    metric_bundles: pa.Table
    files: pa.Table
    stimuli: pa.Table
    oddities: Mapping[str, tuple[int, ...]]

    def bundle_blocks(self) -> Iterator[pa.Table]:
        """Make the analysis metrics, block by block: at scale 10 they would not fit in memory at once.

        Yields
        ------
        pyarrow.Table
            Some rows of ``metric_bundles`` with one more column, ``data``: JSON text, or null.
        """
        rows = pc.index_in(self.metric_bundles["unit_id"], value_set=self.units["unit_id"])
        rates = self.units["firing_rate"].take(rows).to_numpy()
        return metrics.blocks(self.seed, self.metric_bundles, rates, self._kinds(), self.oddities)

    def _kinds(self) -> dict[int, tuple[str, bool]]:
        of_session = {
            row["session_id"]: (
                row["session_type"],
                row["start_time"] is not None and row["start_time"] >= _NEWER_FROM,
            )
            for row in self.sessions.to_pylist()
            if row["session_type"] != WITHOUT_METRICS
        }
        return {
            row["run_id"]: of_session[row["session_id"]]
            for row in self.runs.to_pylist()
            if row["session_id"] in of_session
        }


def make_world(scale: float = 1.0, seed: int = 0) -> World:
    """Make a world.

    Parameters
    ----------
    scale : float
        How large: 1.0 is about 200 000 units. However small, it has the twelve sessions of the cast and
        every oddity.
    seed : int
        Which of the many worlds of that size.

    Returns
    -------
    World
        The same for equal arguments, everywhere.

    Raises
    ------
    ConfigError
        The scale is not positive, or the seed is negative.
    """
    if not 0 < scale < float("inf"):
        msg = f"The scale of a demo world must be a positive number, not {scale!r}."
        raise ConfigError(msg, hint="Use 0.05 for a quick one, 1 for the usual one.")
    if seed < 0:
        msg = f"The seed of a demo world must not be negative: {seed!r}."
        raise ConfigError(msg, hint="Use 0 for the usual one.")
    people, recorded = sessions.people_and_sessions(Draws(seed, 1), scale)
    inserted = probes.probes(Draws(seed, 2), recorded, scale)
    placed = channels.channels(Draws(seed, 3), inserted)
    sorted_units = units.units(Draws(seed, 4), placed, scale)
    analyses = runs.runs(Draws(seed, 5, 0), recorded)
    of_probes = runs.run_probes(Draws(seed, 5, 1), analyses, inserted)
    left = runs.files(Draws(seed, 5, 2), recorded, inserted, analyses, of_probes)
    analysed, odd_bundles = bundles.bundles(Draws(seed, 6), sorted_units, recorded, analyses)
    odd = {
        **sessions.oddities(recorded),
        **probes.oddities(inserted),
        **channels.oddities(placed.table),
        **units.oddities(sorted_units),
        **runs.oddities(left),
        **odd_bundles,
    }
    return World(
        scale=scale,
        seed=seed,
        labs=_table(sessions.labs()),
        subjects=_table(people),
        sessions=_table(recorded),
        probes=_table(inserted).drop_columns(["histology"]),
        channels=placed.table,
        units=sorted_units,
        structures=table({"structure_id": list(STRUCTURES.values()), "structure_acronym": list(STRUCTURES)}),
        runs=_table(analyses).drop_columns(["role", "packaged"]),
        run_probes=_table(of_probes),
        metric_bundles=analysed,
        files=_table(left),
        stimuli=_table(runs.stimuli(Draws(seed, 5, 3), left)),
        oddities={name: tuple(dict.fromkeys(ids)) for name, ids in odd.items()},
    )


def _table(rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    # A key that only some rows have, such as the owner of a file, is null in the others.
    names = dict.fromkeys(name for row in rows for name in row)
    return pa.table({name: pa.array([row.get(name) for row in rows], _TYPES.get(name)) for name in names})
