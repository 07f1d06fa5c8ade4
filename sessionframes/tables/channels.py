"""Channels: one row per recording site of a probe."""

from __future__ import annotations

from sessionframes.tables.base import Table
from sessionframes.tables.kinds import Id, Key, MaybeCount, Number, Text, column, key, parent

_OUTSIDE = "outside the brain, or not localised"


class Channels(Table, name="channels"):
    """One row per channel of a probe in a session, ordered by its id."""

    channel_id: Key = key("Id of the channel.")
    probe_id: Id = parent("Id of its probe.")
    session_id: Id = parent("Id of its probe's session.")
    local_index: MaybeCount = column(
        "Number of the channel on its probe, counted from 0 at the tip.", null="not recorded"
    )
    probe_vertical_position: Number = column(
        "Position along the probe, from its tip upwards.", unit="um", null="not recorded"
    )
    probe_horizontal_position: Number = column(
        "Position across the probe, from its left edge.", unit="um", null="not recorded"
    )
    structure_id: MaybeCount = column("Allen id of the brain region it is in.", null=_OUTSIDE)
    structure_acronym: Text = column("Allen acronym of the brain region.", null=_OUTSIDE)
    anterior_posterior_ccf_coordinate: Number = column(
        "Allen CCFv3 coordinate from the front backwards.", unit="um", null="not localised"
    )
    dorsal_ventral_ccf_coordinate: Number = column(
        "Allen CCFv3 coordinate from the top downwards.", unit="um", null="not localised"
    )
    left_right_ccf_coordinate: Number = column(
        "Allen CCFv3 coordinate from the left to the right.", unit="um", null="not localised"
    )
