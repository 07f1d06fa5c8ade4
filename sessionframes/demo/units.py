"""Units of the demo world: sorted clusters with quality and waveform metrics, distributed as in real data."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sessionframes.demo.columns import choice, column, ids_where, rows_at, table
from sessionframes.demo.draws import Shape

if TYPE_CHECKING:
    from sessionframes.demo.channels import Channels
    from sessionframes.demo.draws import Draws, Flags, Ints

_UNITS_AT_SCALE_ONE = 200_000
_FEWEST_PER_PROBE = 24
_BLOCK = 50_000
_PER_PROBE = Shape(0.12, 0.16, 0.3, 0.7, 1.0, 1.26, 1.75, 2.1, 2.4)


@dataclass(frozen=True)
class _Metric:
    """How one column is drawn.

    Attributes
    ----------
    shape : Shape
        Its distribution.
    follows : str or None
        The rank it is correlated with: "isolation" (well sorted, or not), "size" (a large waveform, or not).
    width : float
        How loosely.
    missing : float
        The share of nulls.
    group : str or None
        Columns of one group are null together.
    """

    shape: Shape
    follows: str | None = None
    width: float = 0.8
    missing: float = 0.0
    group: str | None = None


#: Quantiles as seen in released sessions. Physical units: Hz, um, ms, uV, V/s, s/m; the others are ratios.
_METRICS: dict[str, _Metric] = {
    "snr": _Metric(Shape(0.05, 0.38, 0.88, 1.68, 2.18, 2.92, 4.61, 6.11, 12), "size"),
    "firing_rate": _Metric(Shape(1e-4, 0.012, 0.061, 1.13, 2.77, 5.66, 14.5, 25.8, 75, log=True)),
    "isi_violations": _Metric(Shape(0, 0, 0, 0.015, 0.127, 0.423, 1.69, 9.9, 900)),
    "presence_ratio": _Metric(Shape(0.01, 0.31, 0.65, 0.98, 0.99, 0.99, 0.99, 0.99, 0.99, digits=2)),
    "amplitude_cutoff": _Metric(Shape(1e-6, 1.4e-5, 1.4e-4, 0.0037, 0.04, 0.263, 0.5, 0.5, 0.5, digits=8)),
    "isolation_distance": _Metric(
        Shape(5, 22.8, 30.3, 41.3, 52, 67.2, 106, 169, 900), "isolation", missing=0.012, group="pcs"
    ),
    "l_ratio": _Metric(
        Shape(1e-9, 1.9e-8, 3.2e-5, 0.0018, 0.0078, 0.0224, 0.073, 0.15, 0.8, log=True, digits=10),
        missing=0.012,
        group="pcs",
    ),
    "d_prime": _Metric(
        Shape(0.63, 1.67, 2.12, 2.91, 3.67, 4.68, 6.82, 8.94, 20), "isolation", missing=0.012, group="pcs"
    ),
    "nn_hit_rate": _Metric(
        Shape(0, 0.01, 0.236, 0.686, 0.856, 0.953, 0.995, 1, 1), "isolation", missing=0.012, group="pcs"
    ),
    "nn_miss_rate": _Metric(
        Shape(0, 0, 3.3e-5, 4.4e-4, 0.0021, 0.0062, 0.021, 0.044, 0.5, digits=8), missing=0.012, group="pcs"
    ),
    "silhouette_score": _Metric(
        Shape(-0.26, -0.085, -0.015, 0.043, 0.079, 0.121, 0.225, 0.324, 0.55), missing=0.09
    ),
    "max_drift": _Metric(Shape(0, 2.85, 9.19, 21.3, 31.6, 42.7, 70.5, 100, 200, digits=2)),
    "cumulative_drift": _Metric(Shape(0, 0, 13.4, 121, 197, 294, 480, 742, 2000, digits=2)),
    "waveform_duration": _Metric(Shape(0.041, 0.179, 0.247, 0.549, 0.632, 0.714, 1.36, 1.73, 2.22)),
    "waveform_halfwidth": _Metric(
        Shape(0.055, 0.096, 0.124, 0.179, 0.206, 0.247, 0.769, 1.55, 2.7), missing=0.04
    ),
    "waveform_PT_ratio": _Metric(Shape(4e-4, 0.038, 0.169, 0.363, 0.466, 0.604, 2.35, 9.43, 600, log=True)),
    "waveform_repolarization_slope": _Metric(
        Shape(-0.1, 0.015, 0.044, 0.189, 0.295, 0.445, 0.851, 1.34, 3.2), "size"
    ),
    "waveform_recovery_slope": _Metric(
        Shape(-0.94, -0.249, -0.148, -0.0727, -0.0447, -0.0262, -0.0088, -0.0023, 0.016), missing=0.04
    ),
    "waveform_amplitude": _Metric(
        Shape(3.6, 37.6, 50.7, 76.9, 105, 150, 278, 414, 880, digits=4), "size", 0.5
    ),
    "waveform_spread": _Metric(Shape(10, 30, 40, 60, 80, 100, 140, 170, 170, digits=-1)),
    "waveform_velocity_above": _Metric(
        Shape(-15.1, -1.03, -0.206, 0.343, 0.687, 1.03, 1.86, 3.09, 24), missing=0.019, group="velocity"
    ),
    "waveform_velocity_below": _Metric(
        Shape(-18.5, -3.36, -1.17, -0.275, 0.11, 0.412, 1.03, 1.84, 18), missing=0.019, group="velocity"
    ),
}


def units(draws: Draws, channels: Channels, scale: float) -> pa.Table:
    """Draw the units that these channels picked up.

    Parameters
    ----------
    draws : Draws
        Where the numbers come from.
    channels : Channels
        Of the whole world.
    scale : float
        How large the world is: about 200 000 units at scale 1.

    Returns
    -------
    pyarrow.Table
        One row per unit; those of a probe lie together.
    """
    numbers = _per_probe(draws, len(channels.first), scale)
    rows = int(numbers.sum())
    ids = draws.ids(915_000_000, 9, rows)
    peak = _peak_channels(draws, channels, numbers)
    blocks = [
        _block(draws, ids[start : start + _BLOCK], peak[start : start + _BLOCK], channels.table)
        for start in range(0, rows, _BLOCK)
    ]
    return pa.concat_tables(blocks)


def oddities(units: pa.Table) -> dict[str, list[int]]:
    """Return the ids of the odd units, by the name of what is odd about them."""
    odd: dict[str, Any] = {
        "unit_noise": pc.equal(units["quality"], pa.scalar("noise")),
        "unit_null_quality": units["quality"].is_null(),
        "unit_null_pcs": units["isolation_distance"].is_null(),
        "unit_null_velocity": units["waveform_velocity_above"].is_null(),
        "unit_nan_max_drift": pc.is_nan(units["max_drift"]),
        "unit_amplitude_cutoff_half": pc.equal(units["amplitude_cutoff"], pa.scalar(0.5)),
    }
    return {name: ids_where(units["unit_id"], flags) for name, flags in odd.items()}


def _per_probe(draws: Draws, probes: int, scale: float) -> Ints:
    factors = _PER_PROBE.at(draws.uniform(probes))
    # A sum in another order of additions, as another processor might take them, would not be the same.
    wanted = factors * (_UNITS_AT_SCALE_ONE * scale / math.fsum(factors.tolist()))
    return np.maximum(np.rint(wanted).astype(np.int64), _FEWEST_PER_PROBE)


def _peak_channels(draws: Draws, channels: Channels, numbers: Ints) -> Ints:
    """Return the row of the channel on which each unit is largest: in the brain, but for a few."""
    rows = int(numbers.sum())
    inside, total = np.repeat(channels.inside, numbers), np.repeat(channels.total, numbers)
    reach = np.where(draws.chance(0.004, rows), total, inside)
    row: Ints = np.repeat(channels.first, numbers) + draws.below(reach, rows)
    return row


def _block(draws: Draws, ids: Ints, peak: Ints, channels: pa.Table) -> pa.Table:
    parents = ("channel_id", "probe_id", "session_id")
    rows = len(ids)
    epoch = choice(("complete_session", None), draws.pick((97, 3), rows))
    return table(
        {
            "unit_id": ids,
            **{name: rows_at(channels[name], peak) for name in parents},
            "quality": choice(("good", "noise", None), draws.pick((86, 11, 3), rows)),
            **_metrics(draws, rows),
            "epoch_name_quality_metrics": epoch,
            "epoch_name_waveform_metrics": epoch,
        }
    )


def _metrics(draws: Draws, rows: int) -> dict[str, Any]:
    ranks = {"isolation": draws.uniform(rows), "size": draws.uniform(rows)}
    missing: dict[str, Flags] = {}
    columns: dict[str, Any] = {}
    for name, metric in _METRICS.items():
        rank = draws.near(ranks[metric.follows], metric.width) if metric.follows else draws.uniform(rows)
        values = metric.shape.at(rank)
        if name == "max_drift":
            # A NaN that was stored as such, which is not a null: one unit in about a thousand.
            values[7::997] = np.nan
        null = missing.get(metric.group or name)
        if null is None:
            null = missing[metric.group or name] = draws.chance(metric.missing, rows)
        columns[name] = column(values, null=null)
    return columns
