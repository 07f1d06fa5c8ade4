"""Channels and units of the demo world by the names and in the units of measure of SpikeInterface."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow.compute as pc

from sessionframes.demo.aind.nwb import SortedProbe
from sessionframes.demo.aind.recordings import cluster_numbers
from sessionframes.demo.structures import TRACKS

if TYPE_CHECKING:
    from collections.abc import Callable

    from sessionframes.demo.aind.recordings import Recording
    from sessionframes.demo.world import World

#: Name there → name in the world, of what is measured alike.
_SAME: Final = {
    "snr": "snr",
    "firing_rate": "firing_rate",
    "isi_violations_ratio": "isi_violations",
    "presence_ratio": "presence_ratio",
    "amplitude_cutoff": "amplitude_cutoff",
    "isolation_distance": "isolation_distance",
    "l_ratio": "l_ratio",
    "d_prime": "d_prime",
    "nn_hit_rate": "nn_hit_rate",
    "nn_miss_rate": "nn_miss_rate",
    "silhouette": "silhouette_score",
    "drift_ptp": "max_drift",
    "amplitude": "waveform_amplitude",
    "spread": "waveform_spread",
}
#: That measures of units have.
_DECIMALS = 6


def _seconds(ms: Any) -> Any:
    # As many decimals as the world has: 0.667579 ms are 0.000667579 s, not 0.0006675790000000001.
    return np.round(ms / 1000, _DECIMALS + 3)


def _speed(inverse: Any) -> Any:
    """Return um/ms out of s/m: no delay is an infinite speed."""
    with np.errstate(divide="ignore"):
        return 1000 / inverse


def _per_second(slope: Any) -> Any:
    """Return uV/s out of V/s."""
    return np.round(slope * 1e6)


#: Name there → name in the world, and from the world's unit of measure to that there.
_CONVERTED: Final[dict[str, tuple[str, Callable[[Any], Any]]]] = {
    # The trough is below zero.
    "peak_trough_ratio": ("waveform_PT_ratio", np.negative),
    "peak_to_valley": ("waveform_duration", _seconds),
    "half_width": ("waveform_halfwidth", _seconds),
    "repolarization_slope": ("waveform_repolarization_slope", _per_second),
    "recovery_slope": ("waveform_recovery_slope", _per_second),
    "velocity_above": ("waveform_velocity_above", _speed),
    "velocity_below": ("waveform_velocity_below", _speed),
}
_LABELS = {"good": "sua", None: ""}
_SECONDS = 9000


def sorted_probes(world: World, one: Recording, most: int | None = None) -> list[SortedProbe]:
    """Return what was sorted of a session.

    Parameters
    ----------
    world : World
        Where it is.
    one : Recording
        Which one.
    most : int, optional
        No more than so many units of a probe.
    """
    numbers, of_probe = cluster_numbers(world), pc.field("probe_id")
    made: list[SortedProbe] = []
    for probe in one.probes:
        channels, units = (table.filter(of_probe == probe.number) for table in (world.channels, world.units))
        units = units if most is None else units.slice(0, most)
        ids: list[Any] = units["unit_id"].to_pylist()
        peaks = pc.index_in(units["channel_id"], value_set=channels["channel_id"]).to_numpy()
        place = {
            name: channels[f"probe_{name}_position"].to_numpy().astype(float)
            for name in ("horizontal", "vertical")
        }
        told: dict[str, Any] = {
            "ks_unit_id": np.array([numbers[unit][1] for unit in ids]),
            "extremum_channel_index": peaks.astype(np.int64),
            "shank": np.zeros(len(peaks), np.int64),
            "estimated_x": place["horizontal"][peaks],
            "estimated_y": place["vertical"][peaks],
            "depth": place["vertical"][peaks],
            **_measures(units),
        }
        where = {"site": channels["probe_channel_number"].to_pylist()}
        x, y = place["horizontal"], place["vertical"]
        made.append(
            SortedProbe(probe.sorted_device, TRACKS[probe.name][0][0][0], {**where, "x": x, "y": y}, told)
        )
    return made


def _measures(units: Any) -> dict[str, Any]:
    values = {name: units[own].to_numpy() for name, own in _SAME.items()}
    values |= {name: turn(units[own].to_numpy()) for name, (own, turn) in _CONVERTED.items()}
    quality = units["quality"].to_pylist()
    labels = [_LABELS.get(one, one) for one in quality]
    # Letters are now small, now capital.
    labels = [one.upper() if number % 5 == 0 else one for number, one in enumerate(labels)]
    return {
        **values,
        "num_spikes": np.round(values["firing_rate"] * _SECONDS).astype(np.int64),
        "rp_contamination": values["isi_violations_ratio"] / 2,
        "decoder_label": labels,
        "decoder_probability": np.where([one == "good" for one in quality], 0.9, 0.7),
        "default_qc": np.array([one == "good" for one in quality]),
    }
