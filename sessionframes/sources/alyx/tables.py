"""The tables of sessions, probes, trajectories and channels as Alyx has them, its own columns last.

Sessions keep the names of Alyx. Elsewhere a name that others have too says whose it is, so that frames join.
"""

from __future__ import annotations

from sessionframes.sources.alyx.endpoints import ENUMS
from sessionframes.tables import Channels, Probes, Sessions, Trajectories
from sessionframes.tables.kinds import (
    Id,
    Instant,
    MaybeCount,
    MaybeFlag,
    Number,
    Text,
    Texts,
    column,
    parent,
)

NOT_TOLD = "not told"
BLANK = "left blank"
NONE_OTHER = "nothing else"
OTHER_FIELDS = "Fields of the record that sessionframes does not know, by the server's names."
_NOT_IN_JSON = "not in its JSON, or of another type there"
_NOT_LOCATED = "not located"
_ML = "Allen CCFv3 coordinate from bregma to the right."
_AP = "Allen CCFv3 coordinate from bregma forwards."
_DV = "Allen CCFv3 coordinate from bregma upwards."


class AlyxSessions(Sessions, ids="str"):
    """One row per session, ordered by its id, the eid. The task protocol is its type.

    Genotype and sex are the animal's; its age is that on the day of the session, in whole days. From `users`
    on all columns have to be asked for by name: lists of sessions lack them. The quality takes five more
    lists, each of the others a request per session.
    """

    subject_name: Text = column("Name by which people know the animal.", null=NOT_TOLD)
    lab: Text = column("Name of the lab.", null=NOT_TOLD)
    number: MaybeCount = column(
        "Number of the session among those of the animal on that day, from 1.", null=NOT_TOLD
    )
    projects: Texts = column("Ids of its projects.", null=NOT_TOLD)
    start_time_is_date: MaybeFlag = column(
        "Whether only a day is told: start_time is its midnight in UTC.", null="no start_time"
    )
    users: Texts = column("Names of the users who ran it.", null=NOT_TOLD)
    location_name: Text = column("Name of the place: the room or the rig.", null=NOT_TOLD)
    procedures: Texts = column("Names of the procedures.", null=NOT_TOLD)
    type: Text = column("Type of the session, such as Experiment.", null=NOT_TOLD)
    end_time: Instant = column("When the recording ended.", null=NOT_TOLD)
    narrative: Text = column("What people wrote about it.", null=BLANK)
    parent_session: Text = column("Id of the session that it is a part of.", null="it is part of none")
    n_trials: MaybeCount = column("Number of its trials.", null=NOT_TOLD)
    n_correct_trials: MaybeCount = column("Number of its correct trials.", null=NOT_TOLD)
    performance: Number = column(
        "Percentage of its trials that are correct.", unit="percent", null="no trials, or not told"
    )
    qc: Text = column("Quality of the session.", null=NOT_TOLD, values=ENUMS["qc"])
    extended_qc: Text = column("Outcome of each check of quality, by its name.", null="none", json=True)
    json: Text = column("What else users keep about it.", null="nothing", json=True)
    auto_datetime: Instant = column("When its record was last changed.", null=NOT_TOLD)
    other_fields: Text = column(OTHER_FIELDS, null=NONE_OTHER, json=True)


class AlyxProbes(Probes, ids="str"):
    """One row per insertion of a probe in a session, ordered by its id, the pid.

    What spike sorting and histology tell about it is taken out of its JSON, which is kept whole.
    """

    probe_model: Text = column("Name of the design, such as Neuropixels 1.0.", null=NOT_TOLD)
    probe_serial: Text = column("Serial number of the device, as people wrote it.", null=NOT_TOLD)
    chronic_insertion_id: Id = parent(
        "Id of the chronic insertion whose probe it is.", null="it is of no chronic insertion"
    )
    probe_asset_ids: Texts = column("Ids of the files that are linked to it.", null=NOT_TOLD)
    probe_qc: Text = column("Quality of the insertion.", null=_NOT_IN_JSON, values=ENUMS["qc"])
    n_units: MaybeCount = column("Number of units of its newest sorting.", null=_NOT_IN_JSON)
    n_units_qc_pass: MaybeCount = column("Number of those that pass all tests.", null=_NOT_IN_JSON)
    drift_rms: Number = column("Root mean square of the drift.", unit="um", null=_NOT_IN_JSON)
    firing_rate_median: Number = column("Median rate of its units.", unit="Hz", null=_NOT_IN_JSON)
    firing_rate_max: Number = column("Largest rate of its units.", unit="Hz", null=_NOT_IN_JSON)
    amplitude_median: Number = column("Median amplitude of its units.", unit="uV", null=_NOT_IN_JSON)
    amplitude_max: Number = column("Largest amplitude of its units.", unit="uV", null=_NOT_IN_JSON)
    tracing_exists: MaybeFlag = column("Whether its track was traced in histology.", null=_NOT_IN_JSON)
    alignment_resolved: MaybeFlag = column(
        "Whether it is settled how it is aligned with the atlas.", null=_NOT_IN_JSON
    )
    alignment_count: MaybeCount = column("Number of alignments that people made.", null=_NOT_IN_JSON)
    alignment_stored: Text = column(
        "Which alignment its channels are from: its time and who made it.", null=_NOT_IN_JSON
    )
    probe_json: Text = column("What else users and programs keep about it.", null="nothing", json=True)
    probe_auto_datetime: Instant = column("When its record was last changed.", null=NOT_TOLD)
    probe_other_fields: Text = column(OTHER_FIELDS, null=NONE_OTHER, json=True)


class AlyxTrajectories(Trajectories, ids="str"):
    """One row per insertion and provenance, ordered by its id.

    A trajectory of a chronic insertion is of no probe in a single session. CCF coordinates are made of those
    from bregma, where the axes are IBL's of the Allen atlas (IBL-Allen); bregma is 5400 um from the front,
    332 um from the top and 5739 um from the left (``ALLEN_CCF_LANDMARKS_MLAPDV_UM`` of iblatlas).
    """

    probe_name: Text = column("Name of the probe within its session, such as probeA.", null="not named")
    entry_mediolateral_bregma_coordinate: Number = column(
        "Coordinate of where the track enters, from bregma to the right.", unit="um", null=NOT_TOLD
    )
    entry_anteroposterior_bregma_coordinate: Number = column(
        "Coordinate of where the track enters, from bregma forwards.", unit="um", null=NOT_TOLD
    )
    entry_dorsoventral_bregma_coordinate: Number = column(
        "Coordinate of where the track enters, from bregma upwards.", unit="um", null=NOT_TOLD
    )
    coordinate_system: Text = column("Name of the axes, such as IBL-Allen.", null=NOT_TOLD)
    trajectory_chronic_insertion_id: Text = column(
        "Id of the chronic insertion that it is of.", null="it is of a probe in a session"
    )
    trajectory_datetime: Instant = column("When its record was last changed.", null=NOT_TOLD)
    trajectory_json: Text = column(
        "What is kept about it: of aligned ones each alignment, by its time and who made it.",
        null="nothing",
        json=True,
    )
    trajectory_other_fields: Text = column(OTHER_FIELDS, null=NONE_OTHER, json=True)


class AlyxChannels(Channels, ids="str"):
    """One row per channel of the best trajectory of each insertion, ordered by its id.

    Alyx does not tell the number of a channel on its probe. It is found by the place of the site on probes
    whose sites stand in the pattern of Neuropixels 1.0 (models 3A, 3B1, 3B2), and null on others. The region
    0, "void", is none. CCF coordinates are made of those from bregma, which is 5400 um from the front, 332 um
    from the top and 5739 um from the left (``ALLEN_CCF_LANDMARKS_MLAPDV_UM`` of iblatlas).
    """

    trajectory_id: Id = parent("Id of the trajectory by which it is located.", null=_NOT_LOCATED)
    trajectory_provenance: Text = column(
        "By what the track is told, in the words of the source.", null=_NOT_LOCATED
    )
    mediolateral_bregma_coordinate: Number = column(_ML, unit="um", null=_NOT_LOCATED)
    anteroposterior_bregma_coordinate: Number = column(_AP, unit="um", null=_NOT_LOCATED)
    dorsoventral_bregma_coordinate: Number = column(_DV, unit="um", null=_NOT_LOCATED)
    channel_name: Text = column("Name of the channel, such as AP1.", null="it has none, as most")
    channel_json: Text = column("What else is kept about it.", null="nothing", json=True)
    channel_unknown_fields: Text = column(OTHER_FIELDS, null=NONE_OTHER, json=True)
