"""The published tables of the International Brain Laboratory, brought to ours.

Ids are text. Sessions and probes have UUIDs. A channel is "<probe>:c<index>", the index being the number of
its site on the probe; a unit is "<probe>:u<index>", the index being the row of its cluster. Both numbers
start at 0 for every probe, so the letter keeps one id from being taken for the other.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sessionframes.tables import Channels, Probes, Sessions, Units
from tests.real_data.ours import as_ours

if TYPE_CHECKING:
    from pathlib import Path

VOLT = 1e6  # uV


class IblSessions(Sessions, ids="str"):
    """Sessions with UUIDs."""


class IblProbes(Probes, ids="str"):
    """Probes with UUIDs."""


class IblChannels(Channels, ids="str"):
    """Channels, whose ids begin with their probe's."""


class IblUnits(Units, ids="str"):
    """Units, whose ids begin with their probe's."""


#: The atlas does not tell its sessions, nor does any release for 31 of its probes; where there is such a
#: column it must be known.
ATLAS = IblChannels.narrowed(tuple(name for name in IblChannels.to_schema().columns if name != "session_id"))
FORMS = {
    "sessions": IblSessions,
    "probes": IblProbes,
    "channels": IblChannels,
    "units": IblUnits,
    "atlas": ATLAS,
}


def read(folder: Path) -> dict[str, pd.DataFrame]:
    """The files as they are; the two levels of an index, most of them without a name, as columns."""
    brainwide, reproducible = folder / "ibl_bwm", folder / "ibl_reproducible_ephys"
    insertions = json.loads((brainwide / "insertions_details.json").read_text(encoding="utf-8"))
    return {
        "release": pd.read_csv(brainwide / "2023_12_bwm_release.csv"),
        "started": pd.DataFrame([one["session_info"] for one in insertions]).drop_duplicates("id"),
        "cache": pd.read_parquet(folder / "ibl_one_cache" / "sessions.pqt"),
        "freeze": pd.read_csv(reproducible / "metrics_freeze_2024_03.csv"),
        "channels": pd.read_parquet(reproducible / "channels_bwm.pqt").reset_index(names=["pid", "index"]),
        "atlas": pd.read_parquet(folder / "ibl_ephys_atlas" / "channels.pqt").reset_index(
            names=["pid", "index"]
        ),
        "clusters": pd.read_parquet(reproducible / "clusters_bwm_147.pqt").reset_index(
            names=["pid", "index"]
        ),
    }


def tables(raw: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Our four tables of the files, and ``atlas``: channels once more, in another state."""
    release, clusters = raw["release"], raw["clusters"]
    eid_of = release.set_index("pid")["eid"]
    sessions = release.drop_duplicates("eid")
    eids = sessions["eid"]
    ages = raw["freeze"].drop_duplicates("eid").set_index("eid")["age_at_recording"]
    started = raw["started"].set_index("id")["start_time"]
    return {
        "sessions": as_ours(
            IblSessions,
            {
                "session_id": eids,
                "subject_id": sessions["subject"],
                "session_type": eids.map(raw["cache"]["task_protocol"]),
                # Alyx gives no offset: times are in the server's zone, UTC as Alyx is shipped.
                "start_time": pd.to_datetime(eids.map(started), utc=True, format="ISO8601").dt.as_unit("us"),
                "age_in_days": eids.map(ages),
            },
        ),
        "probes": as_ours(
            IblProbes,
            {"probe_id": release["pid"], "session_id": release["eid"], "probe_name": release["probe_name"]},
        ),
        "channels": _channels(IblChannels, raw["channels"], session_id=raw["channels"]["pid"].map(eid_of)),
        "atlas": _channels(ATLAS, raw["atlas"]),
        "units": as_ours(
            IblUnits,
            {
                "unit_id": _ids(clusters["pid"], "u", clusters["index"]),
                "channel_id": _ids(clusters["pid"], "c", clusters["channels"]),
                "probe_id": clusters["pid"],
                "session_id": clusters["pid"].map(eid_of),
                # The label is 1 where all three tests are passed; what fails one may be mua or noise.
                "quality": np.where(clusters["label"] == 1, "good", None),
                # In Hz already, in single precision.
                "firing_rate": clusters["firing_rate"],
                # Volts: their median is 6e-5. Of the spikes' amplitudes, not of the mean waveform's.
                "waveform_amplitude": clusters["amp_median"] * VOLT,
            },
        ),
    }


def _channels(form: type[Channels], raw: pd.DataFrame, **more: pd.Series) -> pd.DataFrame:
    is_located = raw["atlas_id"] != 0  # 0, "void", is what is not set
    return as_ours(
        form,
        {
            "channel_id": _ids(raw["pid"], "c", raw["index"]),
            "probe_id": raw["pid"],
            "local_index": raw["index"],
            # In um, unlike x, y and z, which are metres from bregma. Where bregma is in the CCF is not
            # told with the files, so our CCF coordinates stay null.
            "probe_vertical_position": raw["axial_um"],
            "probe_horizontal_position": raw["lateral_um"],
            "structure_id": raw["atlas_id"].where(is_located),
            "structure_acronym": raw["acronym"].where(is_located),
            **more,
        },
    )


def _ids(pids: pd.Series, kind: str, numbers: pd.Series) -> pd.Series:
    return pids + f":{kind}" + numbers.astype("str")
