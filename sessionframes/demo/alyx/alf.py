"""What sorting left behind, in the files of the demo's Alyx: arrays, a table, and the names of clusters.

Units of measure are those of IBL: V, Hz, ms, um.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from sessionframes.demo.alyx.ids import made_id

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sessionframes.demo.alyx.sites import Site

_SECONDS = 9000
#: Decimals of amplitudes in V: as many as uV have, and six.
_DECIMALS = 10
_BAD_SITES: Final = 3
_FAILED = 1 / 3


def sorted_files(site: Site, most: int | None = None) -> Mapping[str, bytes]:
    """Return the files of a sorting, all but the spikes.

    Parameters
    ----------
    site : Site
        Of which probe.
    most : int, optional
        No more than so many units.

    Returns
    -------
    dict of str to bytes
        By name, such as ``clusters.channels.npy``.
    """
    units = site.units if most is None else site.units.slice(0, most)
    peaks = site.peaks[: len(units)]
    axial = site.channels["probe_vertical_position"].to_numpy().astype(np.float64)
    lateral = site.channels["probe_horizontal_position"].to_numpy().astype(np.float64)
    regions = np.nan_to_num(site.channels["structure_id"].to_numpy())
    volts = np.round(units["waveform_amplitude"].to_numpy() / 1e6, _DECIMALS)
    uuids = [made_id("cluster", one) for one in units["unit_id"].to_pylist()]
    valid = site.channels["valid_data"].to_pylist()
    labels = np.array([_BAD_SITES if one is False else 0 for one in valid])
    return {
        "clusters.channels.npy": array(peaks),
        "clusters.depths.npy": array(axial[peaks]),
        "clusters.amps.npy": array(volts),
        "clusters.peakToTrough.npy": array(units["waveform_duration"].to_numpy()),
        "clusters.uuids.csv": ("uuids\n" + "".join(f"{one}\n" for one in uuids)).encode(),
        "clusters.metrics.pqt": table(_metrics(units, volts)),
        "channels.localCoordinates.npy": array(np.column_stack([lateral, axial])),
        "channels.rawInd.npy": array(site.channels["probe_channel_number"].to_numpy()),
        "channels.mlapdv.npy": array(np.column_stack(site.bregma)),
        "channels.brainLocationIds_ccf_2017.npy": array(regions.astype(np.int64)),
        "channels.labels.npy": array(labels),
    }


def array(values: Any) -> bytes:
    """Return an array as NumPy writes it."""
    file = io.BytesIO()
    np.save(file, values)
    return file.getvalue()


def table(columns: Mapping[str, Any]) -> bytes:
    """Return a table of these columns as Parquet."""
    file = io.BytesIO()
    pq.write_table(pa.table(dict(columns)), file)
    return file.getvalue()


def _metrics(units: pa.Table, volts: Any) -> dict[str, Any]:
    rows = len(units)
    rates = units["firing_rate"].to_numpy()
    quality = units["quality"].to_pylist()
    label = np.array([np.nan if one is None else 1.0 if one == "good" else _FAILED for one in quality])
    contamination = np.round(units["isi_violations"].to_numpy() / 2, 6)
    return {
        "cluster_id": np.arange(rows),
        "amp_max": volts * 2,
        "amp_min": volts / 2,
        "amp_median": volts,
        "amp_std_dB": np.full(rows, 5.5),
        "contamination": contamination,
        "contamination_alt": contamination,
        "drift": np.nan_to_num(units["max_drift"].to_numpy()) * 100,
        "missed_spikes_est": units["amplitude_cutoff"].to_numpy(),
        "noise_cutoff": np.where(label == 1, 1.5, 12.0),
        "presence_ratio": units["presence_ratio"].to_numpy(),
        "presence_ratio_std": np.full(rows, 10.0),
        "slidingRP_viol": np.where(label == 1, 1, 0),
        "spike_count": np.round(rates * _SECONDS).astype(np.int64),
        "firing_rate": rates,
        "max_confidence": np.where(label == 1, 97.5, 40.0),
        "min_contamination": np.where(contamination > 1, np.nan, contamination * 100),
        "n_spikes_below2": np.zeros(rows, np.int64),
        "label": label,
        "bitwise_fail": np.where(label == 1, 0, 6),
    }
