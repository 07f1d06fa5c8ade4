"""Probes: one row per probe and recording."""

from __future__ import annotations

from sessionframes.tables.base import Table
from sessionframes.tables.kinds import Id, Key, Number, Text, column, key, parent


class Probes(Table, name="probes"):
    """One row per probe in a session, ordered by its id: the same device in two sessions is two rows."""

    probe_id: Key = key("Id of the probe in its session.")
    session_id: Id = parent("Id of the session it recorded.")
    probe_name: Text = column("Name of the probe within its session, such as probeA.", null="not named")
    sampling_rate: Number = column(
        "Sampling rate of the spike band.", unit="Hz", null="not recorded", between=(0, None)
    )
    lfp_sampling_rate: Number = column(
        "Sampling rate of the field potential as acquired, before any subsampling.",
        unit="Hz",
        null="not recorded",
        between=(0, None),
    )
