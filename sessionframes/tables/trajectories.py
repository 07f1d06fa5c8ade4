"""Trajectories: where probes went into the brain and at which angles, as each way of telling has it."""

from __future__ import annotations

from sessionframes.tables.base import Table
from sessionframes.tables.kinds import Id, Key, Number, Text, column, key, parent

_NOT_IN_CCF = "not told, or not in axes that are known to be those of the CCF"
_NOT = "not told"


class Trajectories(Table, name="trajectories"):
    """One row per probe and way of telling its track, such as planned or by histology, ordered by its id."""

    trajectory_id: Key = key("Id of the trajectory.")
    probe_id: Id = parent("Id of the probe in its session.", null="of no probe of a single session")
    session_id: Id = parent("Id of the session that the probe recorded.", null="of no single session")
    trajectory_provenance: Text = column("By what the track is told, in the words of the source.", null=_NOT)
    entry_anterior_posterior_ccf_coordinate: Number = column(
        "Allen CCFv3 coordinate of where the track enters, from the front backwards.",
        unit="um",
        null=_NOT_IN_CCF,
    )
    entry_dorsal_ventral_ccf_coordinate: Number = column(
        "Allen CCFv3 coordinate of where the track enters, from the top downwards.",
        unit="um",
        null=_NOT_IN_CCF,
    )
    entry_left_right_ccf_coordinate: Number = column(
        "Allen CCFv3 coordinate of where the track enters, from the left to the right.",
        unit="um",
        null=_NOT_IN_CCF,
    )
    trajectory_depth: Number = column("Length of the track, from where it enters.", unit="um", null=_NOT)
    trajectory_theta: Number = column("Polar angle, from the vertical.", unit="deg", null=_NOT)
    trajectory_phi: Number = column("Azimuth, counterclockwise from the right.", unit="deg", null=_NOT)
    trajectory_roll: Number = column("Angle about the probe's own axis.", unit="deg", null=_NOT)
