"""An insertion with the files of a sorting, served on loopback, and an Alyx that knows of nothing else."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from sessionframes.transports.files import FileTransport

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.fault_server import FaultServer

PROBE = "11111111-1111-4111-8111-111111111111"
SESSION = "22222222-2222-4222-8222-222222222222"
TRAJECTORY = "33333333-3333-4333-8333-333333333333"
TRACED = "44444444-4444-4444-8444-444444444444"
SORTED = "alf/probe00/pykilosort"
_ASKED_BY = {
    "datasets": "session",
    "trajectories": "probe_insertion",
    "channels": "trajectory_estimate",
}
UUIDS = ["a0a0a0a0-0000-4000-8000-000000000000", "a1a1a1a1-0000-4000-8000-000000000001"]
CHANNELS = ["c0c0c0c0-0000-4000-8000-000000000000", "c1c1c1c1-0000-4000-8000-000000000001"]


def npy(values: Any) -> bytes:
    """Return the bytes of an array."""
    content = io.BytesIO()
    np.save(content, np.asarray(values))
    return content.getvalue()


def pqt(columns: Any) -> bytes:
    """Return the bytes of a table."""
    return pd.DataFrame(columns).to_parquet()


#: Two clusters on four channels.
GOOD: dict[str, bytes] = {
    "clusters.channels.npy": npy([2, 0]),
    "clusters.depths.npy": npy(np.float32([40, 20])),
    "clusters.amps.npy": npy([0.000065, 0.0001237]),
    "clusters.peakToTrough.npy": npy([0.5, -0.25]),
    "clusters.uuids.csv": ("uuids\n" + "\n".join(UUIDS) + "\n").encode(),
    "clusters.metrics.pqt": pqt(
        {
            "cluster_id": [0, 1],
            "firing_rate": [4.5, 0.25],
            "presence_ratio": [0.75, np.nan],
            "missed_spikes_est": [0.5, 0.125],
            "label": [1.0, 1 / 3],
            "bitwise_fail": [0, 5],
            "ks2_label": ["good", "mua"],
            "amp_median": [0.000055, 0.00002],
            "slidingRP_viol": [1.0, 0.0],
            "contamination": [0.01, 1.5],
            "spike_count": [900, 12],
            "of_a_later_version": [1.5, np.nan],
        }
    ),
    "channels.localCoordinates.npy": npy([[16, 0], [48, 0], [0, 20], [32, 20]]),
    "channels.rawInd.npy": npy([0, 1, 2, 3]),
    "channels.mlapdv.npy": npy([[-1, -2, -3], [-4, -5, -6], [-700, -800, -900], [0, 0, 0]]),
    "channels.brainLocationIds_ccf_2017.npy": npy([0, 997, 385, 997]),
    "channels.labels.npy": npy([0, 1, 3, 0]),
}


@dataclass
class Alyx:
    """What the source asks of a server: lists, brain regions and files.

    Parameters
    ----------
    server : FaultServer
        Serves the files.
    """

    server: FaultServer
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))
    datasets: list[dict[str, Any]] = field(default_factory=list)
    insertions: list[dict[str, Any]] = field(
        default_factory=lambda: [{"id": PROBE, "session": SESSION, "name": "probe00"}]
    )
    trajectories: list[dict[str, Any]] = field(default_factory=list)
    channels: list[dict[str, Any]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.files = FileTransport(attempts=1, sleep=lambda _: None)

    def list(
        self, endpoint: str, _: Any = (), __: Any = (), parts: Any = ((),)
    ) -> Iterator[list[dict[str, Any]]]:
        """Answer as to lists of ids, and to nothing else."""
        self.asked.append(endpoint)
        column = _ASKED_BY.get(endpoint)
        for part in parts:
            for one in getattr(self, endpoint):
                if column is None or UUID(one[column][-36:]).hex in part[0]:
                    yield [one]

    def reads(self, endpoint: str, keys: list[str]) -> Iterator[dict[str, Any]]:
        yield from (one for one in getattr(self, endpoint) if one["url"].endswith(keys[0]))

    def structures(self) -> dict[int, dict[str, Any]]:
        return {385: {"id": 385, "acronym": "VISp"}}

    def add(self, name: str, content: bytes, *, faults: Any = (), **said: Any) -> dict[str, Any]:
        """Register a file, and serve it."""
        collection, revision = said.get("collection", SORTED), said.get("revision", "")
        key = str(uuid5(UUID(PROBE), f"{collection}/{revision}/{name}"))
        stem, _, end = name.rpartition(".")
        url = self.server.serve(f"/data/{collection}/{revision}/{stem}.{key}.{end}", content, faults=faults)
        dataset = {
            "url": f"http://alyx/datasets/{key}",
            "name": name,
            "session": f"http://alyx/sessions/{SESSION}",
            "collection": collection,
            "revision": revision,
            "default_dataset": True,
            "qc": "NOT_SET",
            "file_size": len(content),
            "hash": hashlib.md5(content, usedforsecurity=False).hexdigest(),
            "file_records": [{"exists": True, "data_url": url}],
            **said,
        }
        self.datasets.append(dataset)
        return dataset

    def add_sorting(self, changed: dict[str, bytes | None] | None = None, **said: Any) -> None:
        """Register the files of the good sorting, some of them changed or, by None, left out."""
        for name, content in {**GOOD, **(changed or {})}.items():
            if content is not None:
                self.add(name, content, **said)

    def locate(self) -> None:
        """Know the channels at the places of the first and the third row."""
        self.trajectories = [
            {"id": TRACED, "probe_insertion": PROBE, "provenance": "Histology track"},
            {"id": TRAJECTORY, "probe_insertion": PROBE, "provenance": "Ephys aligned histology track"},
        ]
        places = [(CHANNELS[0], 20.0, 0.0), (CHANNELS[1], 0.0, 16.0), ("nowhere", None, None)]
        self.channels = [
            {"id": key, "trajectory_estimate": TRAJECTORY, "axial": axial, "lateral": lateral}
            for key, axial, lateral in places
        ]
        worse = {"id": "worse", "trajectory_estimate": TRACED, "axial": 20.0, "lateral": 0.0}
        self.channels.insert(0, worse)
