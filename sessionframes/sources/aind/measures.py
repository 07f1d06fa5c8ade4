"""Measures of units: SpikeInterface's names for them, and what makes their values ours.

SpikeInterface has times in s, lengths in um, and voltages in uV: slopes are in uV/s, velocities in um/ms.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sessionframes.sources.aind.nwb_cells import absolute, counts, flags, inverse, numbers, scaled, texts

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

__all__ = ["MEASURES", "NPC_SESSIONS", "Measure", "found_in", "whose_qc"]

_MS = scaled("1e3")
_VOLTS = scaled("1e-6")


@dataclass(frozen=True)
class Measure:
    """Where a column of units comes from.

    Parameters
    ----------
    convert : callable
        What makes the values of the file ours.
    names : tuple of str
        What the file may call it, the usual one first: names changed from release to release.
    """

    convert: Callable[[Any], Any]
    names: tuple[str, ...]


def _measure(convert: Callable[[Any], Any], *names: str) -> Measure:
    return Measure(convert, names)


def _lower(values: Any) -> list[str | None]:
    return [_QUALITY.get(label, label) for label in (label and label.lower() for label in texts(values))]


#: What the classifier calls a single unit is good elsewhere.
_QUALITY: Mapping[str | None, str] = {"sua": "good"}

#: Column of ours → where it comes from.
MEASURES: Final[Mapping[str, Measure]] = {
    "quality": _measure(_lower, "decoder_label"),
    "snr": _measure(numbers, "snr"),
    "firing_rate": _measure(numbers, "firing_rate"),
    "isi_violations": _measure(numbers, "isi_violations_ratio"),
    "presence_ratio": _measure(numbers, "presence_ratio"),
    "amplitude_cutoff": _measure(numbers, "amplitude_cutoff"),
    "isolation_distance": _measure(numbers, "isolation_distance"),
    "l_ratio": _measure(numbers, "l_ratio"),
    "d_prime": _measure(numbers, "d_prime"),
    "nn_hit_rate": _measure(numbers, "nn_hit_rate"),
    "nn_miss_rate": _measure(numbers, "nn_miss_rate"),
    "silhouette_score": _measure(numbers, "silhouette", "silhouette_score", "silhouette_full"),
    "max_drift": _measure(numbers, "drift_ptp"),
    "waveform_duration": _measure(_MS, "peak_to_valley", "peak_to_trough_duration"),
    "waveform_halfwidth": _measure(_MS, "half_width", "halfwidth", "trough_half_width"),
    # A peak above and a trough below zero make SpikeInterface's negative.
    "waveform_PT_ratio": _measure(absolute, "peak_trough_ratio", "peak_to_trough_ratio"),
    "waveform_repolarization_slope": _measure(_VOLTS, "repolarization_slope"),
    "waveform_recovery_slope": _measure(_VOLTS, "recovery_slope"),
    "waveform_amplitude": _measure(absolute, "amplitude"),
    "waveform_spread": _measure(numbers, "spread"),
    # 1 um/ms is 0.001 m/s.
    "waveform_velocity_above": _measure(inverse(1e3), "velocity_above"),
    "waveform_velocity_below": _measure(inverse(1e3), "velocity_below"),
    "unit_name": _measure(texts, "unit_name"),
    "extremum_channel_index": _measure(counts, "extremum_channel_index"),
    "default_qc": _measure(flags, "default_qc"),
    "decoder_label": _measure(texts, "decoder_label"),
    "decoder_probability": _measure(numbers, "decoder_probability"),
    "num_spikes": _measure(counts, "num_spikes"),
    "isi_violations_count": _measure(counts, "isi_violations_count"),
    "rp_contamination": _measure(numbers, "rp_contamination"),
    "rp_violations": _measure(counts, "rp_violations"),
    "sliding_rp_violation": _measure(numbers, "sliding_rp_violation"),
    "drift_std": _measure(numbers, "drift_std"),
    "drift_mad": _measure(numbers, "drift_mad"),
    "num_positive_peaks": _measure(counts, "num_positive_peaks"),
    "num_negative_peaks": _measure(counts, "num_negative_peaks"),
    "exp_decay": _measure(numbers, "exp_decay"),
    "shank": _measure(texts, "shank"),
    "estimated_x": _measure(numbers, "estimated_x"),
    "estimated_y": _measure(numbers, "estimated_y"),
    "estimated_z": _measure(numbers, "estimated_z"),
    "depth": _measure(numbers, "depth"),
}

#: Columns that npc_sessions adds, and the pipeline has not.
NPC_SESSIONS: Final = frozenset(
    {"is_qc_pass", "activity_drift", "peak_electrode", "electrode_group_name", "peak_channel", "structure"}
)


def found_in(column: str, names: Collection[str]) -> str | None:
    """Return what a file calls a measure; None if it has none.

    Parameters
    ----------
    column : str
        Ours, one of :data:`MEASURES`.
    names : collection of str
        Those of the columns of the file.
    """
    return next((name for name in MEASURES[column].names if name in names), None)


def whose_qc(names: Collection[str]) -> str:
    """Return whose thresholds ``default_qc`` is about, by the columns beside it."""
    return "npc_sessions" if NPC_SESSIONS & {*names} else "aind-ephys-pipeline"
