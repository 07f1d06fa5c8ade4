"""The demo world as the rows of a LIMS."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa

from sessionframes.demo.columns import table
from sessionframes.sources.lims import schema

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sessionframes.demo.world import World

_SLICE = 50_000
_GENDERS = {"M": 1, "F": 2}
_OWNERS = {"run": "EcephysAnalysisRun", "run_probe": "EcephysAnalysisRunProbe", "stimulus": "Product"}
#: Stimulus templates belong to no analysis; they hang on the product under which they are released.
_PRODUCT = 714914585

#: Of the tables of LIMS that are one of the world's: which, and what its columns are called there. Those not
#: named have the same name in both.
_FORMS: dict[str, tuple[str, dict[str, str]]] = {
    "specimens": ("sessions", {"id": "specimen_id", "donor_id": "subject_id"}),
    "ecephys_sessions": (
        "sessions",
        {
            "id": "session_id",
            "stimulus_name": "session_type",
            "date_of_acquisition": "start_time",
            "habituation": "is_habituation",
        },
    ),
    "ecephys_probes": (
        "probes",
        {
            "id": "probe_id",
            "ecephys_session_id": "session_id",
            "name": "probe_name",
            "phase": "probe_phase",
            "global_probe_sampling_rate": "sampling_rate",
            "global_probe_lfp_sampling_rate": "lfp_sampling_rate",
            "temporal_subsampling_factor": "lfp_temporal_subsampling_factor",
            "use_lfp_data": "has_lfp_data",
        },
    ),
    "structures": ("structures", {"id": "structure_id", "acronym": "structure_acronym"}),
    "ecephys_channels": (
        "channels",
        {
            "id": "channel_id",
            "ecephys_probe_id": "probe_id",
            "local_index": "probe_channel_number",
            "manual_structure_id": "structure_id",
        },
    ),
    "ecephys_units": (
        "units",
        {
            "id": "unit_id",
            "ecephys_channel_id": "channel_id",
            "duration": "waveform_duration",
            "halfwidth": "waveform_halfwidth",
            "PT_ratio": "waveform_PT_ratio",
            "repolarization_slope": "waveform_repolarization_slope",
            "recovery_slope": "waveform_recovery_slope",
            "amplitude": "waveform_amplitude",
            "spread": "waveform_spread",
            "velocity_above": "waveform_velocity_above",
            "velocity_below": "waveform_velocity_below",
        },
    ),
    "ecephys_analysis_runs": ("runs", {"id": "run_id", "ecephys_session_id": "session_id"}),
    "ecephys_analysis_run_probes": (
        "run_probes",
        {"id": "run_probe_id", "ecephys_analysis_run_id": "run_id", "ecephys_probe_id": "probe_id"},
    ),
    "ecephys_unit_metric_bundles": (
        "metric_bundles",
        {"id": "metric_bundle_id", "ecephys_unit_id": "unit_id", "ecephys_analysis_run_id": "run_id"},
    ),
}


def rows(world: World) -> Iterator[tuple[str, Iterable[pa.Table]]]:
    """Return the rows of every table of LIMS, parents before children.

    Parameters
    ----------
    world : World
        Whose facts they tell.

    Yields
    ------
    str, iterable of pyarrow.Table
        The name of the table, and its rows in blocks; columns under the names they have in LIMS. Times are
        naive, and UTC.
    """
    small = _people(world) | _files(world)
    for kind in schema.metadata.sorted_tables:
        if kind.name in small:
            yield kind.name, [small[kind.name]]
        elif kind.name == "ecephys_unit_metric_bundles":
            yield kind.name, (_formed(kind.name, block) for block in world.bundle_blocks())
        else:
            whole: pa.Table = getattr(world, _FORMS[kind.name][0])
            starts = range(0, whole.num_rows, _SLICE)
            yield kind.name, (_formed(kind.name, whole.slice(start, _SLICE)) for start in starts)


def row_counts(world: World) -> dict[str, int]:
    """Return how many rows each table of LIMS has for this world."""
    small = _people(world) | _files(world)
    return {
        kind.name: small[kind.name].num_rows
        if kind.name in small
        else getattr(world, _FORMS[kind.name][0]).num_rows
        for kind in schema.metadata.sorted_tables
    }


def _formed(name: str, facts: pa.Table) -> pa.Table:
    names = _FORMS[name][1]
    columns: dict[str, Any] = {}
    for column in schema.metadata.tables[name].columns:
        values = facts[names.get(column.name, column.name)]
        naive = pa.types.is_timestamp(values.type)
        columns[column.name] = values.cast(pa.timestamp("us")) if naive else values
    return table(columns)


def _people(world: World) -> dict[str, pa.Table]:
    subjects = world.subjects
    ages = _numbered(subjects["age_in_days"], 7_310_000, 41)
    return {
        "genders": table({"id": list(_GENDERS.values()), "name": list(_GENDERS)}),
        "ages": table({"id": list(ages.values()), "days": list(ages)}),
        "donors": table(
            {
                "id": subjects["subject_id"],
                "full_genotype": subjects["genotype"],
                "gender_id": _numbers(subjects["sex"], _GENDERS),
                "age_id": _numbers(subjects["age_in_days"], ages),
            }
        ),
        "isi_experiments": table({"id": world.sessions["isi_experiment_id"].drop_null()}),
    }


def _files(world: World) -> dict[str, pa.Table]:
    files, stimuli = world.files, world.stimuli
    types = _numbered(files["file_type"], 480_000_101, 7)
    spaces = _numbered(stimuli["namespace_name"], 6_100_003, 9)
    return {
        "well_known_file_types": table({"id": list(types.values()), "name": list(types)}),
        "well_known_files": table(
            {
                "id": files["file_id"],
                "attachable_type": [_OWNERS[str(owner)] for owner in files["owner_type"].to_pylist()],
                "attachable_id": [
                    _PRODUCT if owner is None else owner for owner in files["owner_id"].to_pylist()
                ],
                "well_known_file_type_id": _numbers(files["file_type"], types),
                "filename": files["file_name"],
                "storage_directory": files["directory"],
            }
        ),
        "stimulus_namespaces": table({"id": list(spaces.values()), "name": list(spaces)}),
        "stimuli": table(
            {
                "id": stimuli["stimulus_id"],
                "name": stimuli["stimulus_name"],
                "stimulus_namespace_id": _numbers(stimuli["namespace_name"], spaces),
                "well_known_file_id": stimuli["file_id"],
            }
        ),
    }


def _numbered(values: pa.ChunkedArray[Any], start: int, gap: int) -> dict[Any, int]:
    """Return an id for each distinct value."""
    return {value: start + gap * at for at, value in enumerate(dict.fromkeys(values.drop_null().to_pylist()))}


def _numbers(values: pa.ChunkedArray[Any], numbers: dict[Any, int]) -> pa.Array[Any]:
    return pa.array([numbers.get(value) for value in values.to_pylist()], pa.int64())
