"""Units: one row per sorted unit, with its quality and waveform measures."""

from __future__ import annotations

from sessionframes.tables.base import Table
from sessionframes.tables.kinds import Id, Key, Number, Text, column, key, parent

_NOT = "not computed"
_NO_PCS = "not computed: no principal components"
_FEW_SITES = "too few sites to fit"


class Units(Table, name="units"):
    """One row per unit of a sorting, ordered by its id. No unit is left out for its quality."""

    unit_id: Key = key("Id of the unit.")
    channel_id: Id = parent("Id of its peak channel.")
    probe_id: Id = parent("Id of its probe.")
    session_id: Id = parent("Id of its session.")
    quality: Text = column("What curation called it: good, noise, mua.", null="not judged")
    snr: Number = column(
        "Range of the mean waveform on the peak channel over twice the standard deviation of the noise.",
        unit="ratio",
        null=_NOT,
    )
    firing_rate: Number = column("Mean rate over the session.", unit="Hz", null=_NOT, between=(0, None))
    isi_violations: Number = column(
        "Rate of contaminating spikes relative to the unit's own, from intervals under 1.5 ms; may exceed 1.",
        unit="ratio",
        null=_NOT,
        between=(0, None),
    )
    presence_ratio: Number = column(
        "Fraction of equal bins of the session that hold spikes.", unit="ratio", null=_NOT, between=(0, 1)
    )
    amplitude_cutoff: Number = column(
        "Estimated fraction of spikes under the detection threshold; 0.5 where it cannot be estimated.",
        unit="ratio",
        null=_NOT,
        between=(0, 1),
    )
    isolation_distance: Number = column(
        "Mahalanobis distance to the other clusters.", unit="ratio", null=_NO_PCS
    )
    l_ratio: Number = column("Contamination by other clusters, from distances.", unit="ratio", null=_NO_PCS)
    d_prime: Number = column("Separation from the other clusters (LDA).", unit="ratio", null=_NO_PCS)
    nn_hit_rate: Number = column(
        "Fraction of the nearest neighbours of its spikes that are its own.",
        unit="ratio",
        null=_NO_PCS,
        between=(0, 1),
    )
    nn_miss_rate: Number = column(
        "Fraction of the nearest neighbours of other spikes that are its own.",
        unit="ratio",
        null=_NO_PCS,
        between=(0, 1),
    )
    silhouette_score: Number = column(
        "Overlap with the closest cluster.", unit="ratio", null=_NO_PCS, between=(-1, 1)
    )
    max_drift: Number = column("Largest change of spike depth.", unit="um", null=_NOT)
    cumulative_drift: Number = column("Sum of the changes of spike depth.", unit="um", null=_NOT)
    waveform_duration: Number = column("Trough to peak of the mean waveform.", unit="ms", null=_NOT)
    waveform_halfwidth: Number = column("Width of the trough at half its depth.", unit="ms", null=_NOT)
    waveform_PT_ratio: Number = column(  # noqa: N815  as AllenSDK's published tables spell it
        "Peak over trough of the mean waveform.", unit="ratio", null=_NOT
    )
    waveform_repolarization_slope: Number = column(
        "Slope from the trough to the peak.", unit="V/s", null=_NOT
    )
    waveform_recovery_slope: Number = column(
        "Slope from the peak back to the baseline.", unit="V/s", null=_NOT
    )
    waveform_amplitude: Number = column("Trough to peak of the mean waveform.", unit="uV", null=_NOT)
    waveform_spread: Number = column(
        "Extent along the probe where the waveform exceeds 12 % of its peak amplitude.",
        unit="um",
        null=_NOT,
    )
    waveform_velocity_above: Number = column(
        "Inverse speed of the spike above the soma.", unit="s/m", null=_FEW_SITES
    )
    waveform_velocity_below: Number = column(
        "Inverse speed of the spike below the soma.", unit="s/m", null=_FEW_SITES
    )
