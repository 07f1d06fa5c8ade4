"""The core tables as LIMS has them: integer ids, and LIMS's own columns after the core's."""

from __future__ import annotations

from sessionframes.tables import Channels, Probes, Sessions, UnitMetrics, Units
from sessionframes.tables.kinds import Flag, Instant, MaybeCount, MaybeFlag, Number, Text, column

_UNTOLD = "not recorded"


class LimsSessions(Sessions, ids="int64"):
    """One row per ecephys session, ordered by its id; ``subject_id`` is the donor."""

    specimen_id: MaybeCount = column("Id of the specimen in LIMS.", null=_UNTOLD)
    isi_experiment_id: MaybeCount = column("Id of the intrinsic imaging experiment.", null=_UNTOLD)
    published_at: Instant = column("When the session was published.", null="not published")
    has_nwb: Flag = column("Whether a current analysis run owns a packaged NWB file.")
    habituation: MaybeFlag = column("Whether it was a habituation session.", null=_UNTOLD)
    session_workflow_state: Text = column("Where the session stands in LIMS.", null=_UNTOLD)
    session_usable: Flag = column("Known to be no habituation session, and not to have failed.")


class LimsProbes(Probes, ids="int64"):
    """One row per ecephys probe, ordered by its id."""

    probe_phase: Text = column("Generation of the probe: 3a or PXI.", null=_UNTOLD)
    air_channel_index: MaybeCount = column("First channel in air, along the probe.", null=_UNTOLD)
    surface_channel_index: MaybeCount = column("Channel at the surface of the brain.", null=_UNTOLD)
    has_lfp_data: MaybeFlag = column("Whether the field potential is of use.", null=_UNTOLD)
    lfp_temporal_subsampling_factor: Number = column(
        "Factor by which the packaged field potential is sampled less often than lfp_sampling_rate tells.",
        unit="ratio",
        null=_UNTOLD,
    )
    probe_workflow_state: Text = column("Where the probe stands in LIMS.", null=_UNTOLD)
    probe_usable: Flag = column("Known not to have failed, in a usable session.")


class LimsChannels(Channels, ids="int64"):
    """One row per ecephys channel, ordered by its id."""

    valid_data: MaybeFlag = column("Whether the channel recorded well.", null=_UNTOLD)
    channel_usable: Flag = column("Known to have recorded well, on a usable probe.")


class LimsUnits(Units, ids="int64"):
    """One row per ecephys unit, ordered by its id."""

    epoch_name_quality_metrics: Text = column("Interval of the quality measures.", null=_UNTOLD)
    epoch_name_waveform_metrics: Text = column("Interval of the waveform measures.", null=_UNTOLD)
    unit_usable: Flag = column("Whether its channel is usable; says nothing of its quality.")


class LimsUnitMetrics(UnitMetrics, ids="int64"):
    """One row per unit with a bundle of a current analysis run, the newest where there are several."""
