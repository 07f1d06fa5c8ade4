"""The published tables of Visual Coding, brought to ours.

There is no file of channels: they are those that the units of 32 sessions name. These units are of six visual
areas only, all of quality "good", and only sessions of "brain_observatory_1.1" have any.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from sessionframes.tables import Channels, Probes, Sessions, Units
from tests.real_data.ours import as_ours

if TYPE_CHECKING:
    from pathlib import Path

_LEVELS = ("session", "probe", "channel", "unit")
#: The published field potential is subsampled by 2, as its rate tells: the spike band's over 24, not 12.
LFP_SUBSAMPLING = 2
#: Theirs → ours, where the names differ.
RENAMED = {"L_ratio": "l_ratio"} | {
    f"ecephys_{name}": name
    for name in (*(f"{level}_id" for level in _LEVELS), "structure_acronym", "structure_id")
}


class AllenSessions(Sessions, ids="int64"):
    """Sessions with integer ids."""


class AllenProbes(Probes, ids="int64"):
    """Probes with integer ids."""


class AllenChannels(Channels, ids="int64"):
    """Channels with integer ids."""


class AllenUnits(Units, ids="int64"):
    """Units with integer ids."""


FORMS = {"sessions": AllenSessions, "probes": AllenProbes, "channels": AllenChannels, "units": AllenUnits}


def read(folder: Path) -> dict[str, pd.DataFrame]:
    """The files as they are, those of units below each other."""
    home = folder / "allen_visual_coding"
    units = [pd.read_csv(file) for file in sorted((home / "units_by_session").glob("*.csv"))]
    return {
        "sessions": pd.read_csv(home / "sessions.csv"),
        "probes": pd.read_csv(home / "probes.csv"),
        "units": pd.concat(units, ignore_index=True),
    }


def tables(raw: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Our four tables of the files."""
    sessions, probes, units = raw["sessions"], raw["probes"], raw["units"].rename(columns=RENAMED)
    # Only the units tell it, so 26 sessions have none; it is the date of upload as often as not.
    acquired = units.drop_duplicates("session_id").set_index("session_id")["date_of_acquisition"]
    return {
        "sessions": as_ours(
            AllenSessions,
            {
                "session_id": sessions["id"],
                "subject_id": sessions["specimen_id"],
                "session_type": sessions["session_type"],
                "start_time": pd.to_datetime(sessions["id"].map(acquired), utc=True).dt.as_unit("us"),
                "genotype": sessions["full_genotype"],
                "sex": sessions["sex"],
                "age_in_days": sessions["age_in_days"],
            },
        ),
        "probes": as_ours(
            AllenProbes,
            {
                "probe_id": probes["id"],
                "session_id": probes["ecephys_session_id"],
                "probe_name": probes["name"],
                "sampling_rate": probes["sampling_rate"],
                # Ours is the rate as acquired.
                "lfp_sampling_rate": probes["lfp_sampling_rate"] * LFP_SUBSAMPLING,
            },
        ),
        "channels": _own(AllenChannels, units.drop_duplicates("channel_id")),
        # Their columns are in our physical units already: uV, ms, um, Hz.
        "units": _own(AllenUnits, units),
    }


def _own(form: type[Channels] | type[Units], table: pd.DataFrame) -> pd.DataFrame:
    return as_ours(form, {name: table[name] for name in form.dtypes() if name in table})
