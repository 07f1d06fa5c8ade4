"""The files of the session in IBL's own examples: an old sorting, one that is broken, one that is lost."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from sessionframes.demo.alyx.alf import array, table
from sessionframes.demo.alyx.datasets import Made, dataset_row, file_record
from sessionframes.demo.alyx.ids import made_id
from sessionframes.demo.alyx.sessions import QC

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sessionframes.demo.draws import Ints

    Row = dict[str, Any]

#: Ids and names of IBL's documentation are public.
SEED_SESSION: Final = "4ecb5d24-f5cc-402c-be28-9d0f7cb14b3a"
LAB: Final = "angelakilab"
#: Of the old sortings: sites that the probe has, and those that were left out.
SITES: Final = 384
_REFERENCES = (36, 75, 112, 151, 188, 227, 264, 303, 340, 379)
_UNITS = 6
ACROSS: Final = np.array([43.0, 11.0, 59.0, 27.0])


@cache
def example_files() -> Mapping[str, bytes]:
    """Return the files of the examples, by their paths at the server of data."""
    made = example_datasets()
    wrong = made_id("dataset", SEED_SESSION, "alf", None, "_ibl_wheel.timestamps.npy")
    missing = made_id("dataset", SEED_SESSION, "alf", None, "_ibl_wheel.velocity.npy")
    # One is not what its hash says, and one is not there at all.
    return {
        path: array(np.zeros(4)) if wrong in path else data
        for path, data in made.files.items()
        if missing not in path
    }


@cache
def example_datasets() -> Made:
    """Return the datasets of the session, and some of no session."""
    session = {"id": SEED_SESSION, "start_time": "2021-03-01", "number": 1, "lab": LAB, "end_time": None}
    made = Made()
    for name, told in (
        ("_ibl_trials.table.pqt", {"tags": ["2021_Q1_IBL_et_al_Behaviour"]}),
        ("_ibl_wheel.position.npy", {"tags": ["2021_Q1_IBL_et_al_Behaviour", "2022_Q4_IBL_et_al_BWM"]}),
        ("_ibl_wheel.timestamps.npy", {}),
        ("_ibl_wheel.velocity.npy", {"qc": QC[3]}),
    ):
        made.add(session, "KS022", "alf", name, array(np.arange(float(len(name)))), **told)
    for name in ("_iblrig_leftCamera.raw.mp4", "_iblrig_rightCamera.raw.mp4"):
        made.add(session, "KS022", "raw_video_data", name, 6_024_000)
    rows = np.arange(_UNITS) * 60
    for name, data in _sorting(rows, rows).items():
        made.add(session, "KS022", "alf/probe00/pykilosort", name, data)
    # The oldest counts the sites of the probe, of which the last is that of the last channel.
    for name, data in _sorting(np.array([0, SITES - 1]), np.array([0, -1])).items():
        made.add(session, "KS022", "alf/probe01", name, data)
    nowhere = made_id("dataset", "nowhere")
    lost = made_id("dataset", "lost")
    unowned = made_id("dataset", "unowned")
    made.datasets.extend(
        [
            # Known, and nowhere to be had.
            dataset_row(
                nowhere, session, "alf", "_ibl_passivePeriods.intervalsTable.csv", 312, tags=["draft_release"]
            ),
            dataset_row(
                lost,
                session,
                "raw_ephys_data/probe00",
                "_spikeglx_sync.times.npy",
                812,
                file_size=None,
                hash="",
            ),
            {
                **dataset_row(unowned, session, "atlas", "average_template_25.nrrd", 32_998_960),
                "session": None,
            },
        ]
    )
    path = "KS022/2021-03-01/001/raw_ephys_data/probe00/_spikeglx_sync.times.npy"
    made.records.append(file_record(lost, f"flatiron_{LAB}", path, exists=False))
    return made


def _sorting(peaks: Ints, sorted_rows: Ints) -> Mapping[str, bytes]:
    """Return an old sorting: of the sites, references are left out, and rawInd tells which.

    `peaks` is what the file says of each unit, and `sorted_rows` which of the channels that is.
    """
    units = len(peaks)
    sites = np.setdiff1d(np.arange(SITES), _REFERENCES)
    axial, lateral = 20.0 * (1 + sites // 2), ACROSS[sites % 4]
    metrics = {
        "cluster_id": np.arange(units),
        "firing_rate": np.arange(units) + 0.5,
        "presence_ratio": np.linspace(0.5, 1, units),
        "label": np.array([1.0, 2 / 3, 1 / 3, 0.0, 1.0, 1.0])[:units],
        "ks2_label": ["good", "mua", "mua", "mua", "good", "good"][:units],
    }
    return {
        "clusters.channels.npy": array(peaks),
        "clusters.depths.npy": array(axial[sorted_rows]),
        "clusters.amps.npy": array(np.arange(1, units + 1) * 1e-5),
        "clusters.peakToTrough.npy": array(np.linspace(-0.5, 0.7, units)),
        "clusters.metrics.pqt": table(metrics),
        "channels.localCoordinates.npy": array(np.column_stack([lateral, axial])),
        "channels.rawInd.npy": array(sites),
        "electrodeSites.localCoordinates.npy": array(np.zeros((SITES, 2))),
    }
