"""The table of units as Alyx has it: the clusters of a sorting, with IBL's measures behind the core's."""

from __future__ import annotations

from sessionframes.tables import Units
from sessionframes.tables.kinds import Count, MaybeCount, MaybeFlag, Number, Text, column

_NO_FILE = "the sorting has no such file"
_NO_METRIC = "not computed, or the sorting has no metrics of it"
_NOWHERE = "the sorting does not tell where its channels are"


class AlyxUnits(Units, ids="str"):
    """One row per cluster of the sorting of an insertion that counts, ordered by its id.

    Alyx has no units. They are files of the insertion: of iblsorter, or else pykilosort, or else the first
    vintage; the default revision, or else the newest. The id is that of the insertion and the number of the
    cluster, with a colon between them.

    The core's quality is "good" for a label of 1, and null otherwise: IBL does not tell noise from several
    cells. amplitude_cutoff is IBL's missed_spikes_est, waveform_amplitude comes of clusters.amps, and
    waveform_duration of clusters.peakToTrough.
    """

    cluster_id: Count = column("Number of the cluster within its insertion, from 0.")
    cluster_uuid: Text = column("Id that IBL gave the cluster.", null=_NO_FILE)
    label: Number = column(
        "Share of IBL's three tests of quality that the unit passed; 1 is a good unit.",
        unit="ratio",
        null=_NO_METRIC,
        between=(0, 1),
    )
    bitwise_fail: MaybeCount = column(
        "Which of them failed, a bit each: max_confidence, noise_cutoff, amp_median.", null=_NO_METRIC
    )
    ks2_label: Text = column("What Kilosort called the cluster: good, mua.", null=_NO_METRIC)
    cluster_depth: Number = column("Distance from the deepest site of the probe.", unit="um", null=_NO_FILE)
    spike_count: MaybeCount = column("Number of spikes.", null=_NO_METRIC)
    amp_max: Number = column("Largest amplitude of its spikes.", unit="uV", null=_NO_METRIC)
    amp_min: Number = column("Smallest amplitude of its spikes.", unit="uV", null=_NO_METRIC)
    amp_median: Number = column("Geometric median of the amplitudes.", unit="uV", null=_NO_METRIC)
    amp_std_db: Number = column("Standard deviation of the amplitudes.", unit="dB", null=_NO_METRIC)
    presence_ratio_std: Number = column(
        "Standard deviation of the number of spikes in bins of 10 s.", unit="spikes", null=_NO_METRIC
    )
    contamination: Number = column(
        "Estimated fraction of spikes of others, from intervals under 1.5 ms.", unit="ratio", null=_NO_METRIC
    )
    contamination_alt: Number = column("The same, estimated in another way.", unit="ratio", null=_NO_METRIC)
    sliding_rp_viol: MaybeFlag = column(
        "Whether it passed the test of refractory periods of any length; older labels are made of it.",
        null=_NO_METRIC,
    )
    sliding_rp_viol_forced: MaybeFlag = column(
        "The same, where it was computed for units with few spikes too.", null=_NO_METRIC
    )
    max_confidence: Number = column(
        "How sure it is that contamination is below a tenth, at the best refractory period.",
        unit="percent",
        null=_NO_METRIC,
    )
    min_contamination: Number = column(
        "Smallest contamination that is as good as sure.", unit="percent", null=_NO_METRIC
    )
    n_spikes_below2: MaybeCount = column("Number of intervals below 2 ms.", null=_NO_METRIC)
    noise_cutoff: Number = column(
        "How far the lowest amplitudes are from the shape of a distribution that is whole.",
        unit="standard deviations",
        null=_NO_METRIC,
    )
    drift: Number = column("Changes of its depth, summed.", unit="um/hour", null=_NO_METRIC)
    peak_channel_index: Count = column("Row of the peak channel in the channels of its sorting, from 0.")
    peak_axial: Number = column("Position of the peak channel along the probe.", unit="um", null=_NOWHERE)
    peak_lateral: Number = column("Position of the peak channel across the probe.", unit="um", null=_NOWHERE)
    channel_label: MaybeCount = column(
        "State of the peak channel: 0 good, 1 dead, 2 noisy, 3 outside the brain.", null=_NO_FILE
    )
    channel_known_from: Text = column(
        "What knows the channel of channel_id: Alyx, or the files of the sorting alone.",
        values=("alyx", "files"),
    )
    atlas_id: MaybeCount = column(
        "Allen id of the brain region of the peak channel, by the files of the sorting.", null=_NO_FILE
    )
    acronym: Text = column("Allen acronym of that region.", null="no atlas_id, or Alyx does not know it")
    x: Number = column(
        "Position of the peak channel right of bregma, by the files.", unit="um", null=_NO_FILE
    )
    y: Number = column("Position of the peak channel before bregma, by the files.", unit="um", null=_NO_FILE)
    z: Number = column("Position of the peak channel above bregma, by the files.", unit="um", null=_NO_FILE)
    sorter: Text = column(
        "Sorter that the folder is named after.", null="the first vintage, which is in none"
    )
    sorting_collection: Text = column("Folder of the sorting in its session.")
    sorting_revision: Text = column(
        "Revision of the file that tells which units there are.", null="the first"
    )
    unit_other_metrics: Text = column(
        "What else its metrics have, as they have it.", null="nothing else", json=True
    )
