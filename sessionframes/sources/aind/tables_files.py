"""The tables of channels and units as AIND has them: told by the NWB files that spike sorting left."""

from __future__ import annotations

from sessionframes.tables import Channels, Units
from sessionframes.tables.kinds import (
    Id,
    MaybeCount,
    MaybeFlag,
    Number,
    Text,
    column,
    parent,
)

_NOT = "not computed"
_NO_NWB = "not in the file"
_ONE_FILE = "the sorting has a single NWB file"


class AindChannels(Channels, ids="str"):
    """One row per channel of the latest sorting of a session that did not fail, ordered by its id.

    The id is that of the sorted data asset, the name of the device in the file, and the number of the channel
    among those of the device from 0, with colons between them; where a sorting has several files, the
    experiment and recording follow the asset. Brain regions and CCF coordinates are those of the latest
    alignment that people made, never the structure that the probe was meant for.

    A probe that no record tells of has the id that it would have in the first stream, and no row of its own:
    join probes with ``orphans="keep"`` then.
    """

    asset_id: Id = parent("Id of the sorted data asset.")
    nwb_device_name: Text = column("Name of the probe as written in the file.")
    nwb_recording: Text = column("Experiment and recording that the file is of.", null=_ONE_FILE)
    channel_name: Text = column("Name of the channel, such as AP1.", null=_NO_NWB)
    channel_group_name: Text = column("Name of the group of electrodes.", null=_NO_NWB)
    channel_targeted_structure: Text = column(
        "Structure that the probe was meant for, not where the channel is.", null="unknown"
    )
    channel_reference: Text = column("What it was measured against.", null=_NO_NWB)
    channel_impedance: Number = column("Impedance.", unit="ohm", null="not measured")
    channel_alignment: Text = column(
        "Name of the alignment that tells where the channel is.", null="not localised"
    )
    channel_other_fields: Text = column(
        "What else the file has of it, by the file's names and in its physical units.",
        null="nothing else",
        json=True,
    )


class AindUnits(Units, ids="str"):
    """One row per unit of the latest sorting of a session that did not fail, ordered by its id.

    The id is that of the sorted data asset, the name of the device in the file, and the number that the
    sorter gave it, with colons between them; where a sorting has several files, the experiment and recording
    follow the asset. Measures are SpikeInterface's: its ``snr`` is the largest deflection over the noise, its
    ``waveform_amplitude`` the largest deflection of the mean waveform, and its ``waveform_spread`` reaches
    to half of the largest amplitude, if not configured otherwise.

    A probe that no record tells of has the id that it would have in the first stream, and no row of its own:
    join probes with ``orphans="keep"`` then.
    """

    asset_id: Id = parent("Id of the sorted data asset.")
    nwb_device_name: Text = column("Name of the probe as written in the file.")
    nwb_recording: Text = column("Experiment and recording that the file is of.", null=_ONE_FILE)
    ks_unit_id: Text = column("Number of the unit in what the sorter wrote, unique on its probe.")
    unit_name: Text = column(
        "Name of the unit in this file; another one each time that a file is written.", null=_NO_NWB
    )
    channel_from: Text = column(
        "What tells channel_id: the index of the peak channel, the number of the electrode, or, as the file "
        "has neither, which channel is nearest to where the unit is estimated to be.",
        values=("peak channel", "peak electrode", "estimated position"),
    )
    extremum_channel_index: MaybeCount = column(
        "Index of the peak channel among those of the device, from 0.", null=_NO_NWB
    )
    default_qc: MaybeFlag = column("Whether it passes the default thresholds.", null="not judged")
    default_qc_from: Text = column(
        "Whose thresholds those are: the pipeline's, or those of npc_sessions, which are others.",
        null="not judged",
        values=("aind-ephys-pipeline", "npc_sessions"),
    )
    decoder_label: Text = column(
        "What the classifier called it, as it is written there: noise, mua, sua.", null="not judged"
    )
    decoder_probability: Number = column("How sure it was.", unit="ratio", null="not judged", between=(0, 1))
    num_spikes: MaybeCount = column("Number of its spikes.", null=_NOT)
    isi_violations_count: MaybeCount = column("Number of intervals that are too short.", null=_NOT)
    rp_contamination: Number = column(
        "Contaminating spikes, estimated from the refractory period; may exceed 1.", unit="ratio", null=_NOT
    )
    rp_violations: MaybeCount = column("Number of violations of the refractory period.", null=_NOT)
    sliding_rp_violation: Number = column(
        "Smallest contamination that is sure at 90 %, over refractory periods.", unit="ratio", null=_NOT
    )
    drift_std: Number = column("Standard deviation of spike depth over time.", unit="um", null=_NOT)
    drift_mad: Number = column("Median absolute deviation of spike depth over time.", unit="um", null=_NOT)
    num_positive_peaks: MaybeCount = column("Number of positive peaks of the mean waveform.", null=_NOT)
    num_negative_peaks: MaybeCount = column("Number of negative peaks of the mean waveform.", null=_NOT)
    exp_decay: Number = column("Decay of the amplitude over distance.", unit="1/um", null=_NOT)
    shank: Text = column("Shank of the probe.", null=_NO_NWB)
    estimated_x: Number = column("Estimated position across the probe.", unit="um", null=_NOT)
    estimated_y: Number = column("Estimated position along the probe.", unit="um", null=_NOT)
    estimated_z: Number = column("Estimated distance from the probe.", unit="um", null=_NOT)
    depth: Number = column("Position along the probe, from its tip upwards.", unit="um", null=_NOT)
    unit_other_measures: Text = column(
        "What else the file has of it, by the file's names and in its physical units.",
        null="nothing else",
        json=True,
    )
