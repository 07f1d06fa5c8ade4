"""The tables of sessions, probes and assets as AIND has them: ids are names, and its own columns come last.

Sessions keep the names of AIND's metadata. Everywhere else a name says whose it is, so that frames join.
"""

from __future__ import annotations

from sessionframes.tables import Assets, Probes, Sessions
from sessionframes.tables.kinds import (
    Count,
    Flag,
    Instant,
    MaybeCount,
    MaybeFlag,
    Number,
    Text,
    Texts,
    column,
)

NO_RECORD = "not in its record, or only Code Ocean knows it"
NO_HARDWARE = "not told, or not found in the description of the rig"
UNMEASURED = "not recorded, or in a unit that is not told"
_NO_TARGET = "not recorded, several, or not in the axes and the unit of the CCF"


class AindSessions(Sessions, ids="str"):
    """One row per session, ordered by its id, which is the head of the names of all that belongs to it.

    A record whose name is none of a session is one by itself, with its name for an id. All facts are those of
    one record: the newest of the raw data, or, where there is none, the newest of what was made of them.
    """

    platform: Text = column("Platform that its name begins with, such as ecephys.", null="schema 2 has none")
    local_time: Text = column(
        "Date and time in its name, by the clock beside the rig: 2023-12-13T13:43:40.",
        null="its name has none",
    )
    start_time_from: Text = column(
        "What tells start_time: its record, or its name, by the clock beside the rig.",
        null="no start_time",
        values=("record", "name"),
    )
    time_disagrees: MaybeFlag = column(
        "Whether the times of its record and its name are more than a minute apart.", null="one is missing"
    )
    end_time: Instant = column("When the recording ended.", null=NO_RECORD)
    modalities: Texts = column("Abbreviations of what was recorded, such as ecephys.", null=NO_RECORD)
    project_name: Text = column("Name by which people know the project.", null=NO_RECORD)
    date_of_birth: Instant = column("Day of birth, as its midnight in UTC.", null=NO_RECORD)
    is_uploaded: Flag = column("Whether its raw data are known to be in Code Ocean or in a bucket.")
    raw_asset_id: Text = column("Id of the raw data in Code Ocean, the newest.", null="none is known")
    raw_data_dir: Text = column("URL of the folder of its raw data.", null="none is known")
    sorted_asset_count: Count = column("Number of sets of data that spike sorting is known to have made.")
    rig_id: Text = column("Id of the rig or the instrument.", null=NO_RECORD)
    schema_version: Text = column("Version of the schema of its record.", null=NO_RECORD)
    docdb_id: Text = column("Id of its record in DocDB.", null="only Code Ocean knows it")
    metadata_status: Text = column("Whether AIND found its record to be valid.", null=NO_RECORD)


class AindProbes(Probes, ids="str"):
    """One row per session, data stream and probe, ordered by its id.

    The id is that of the session, the number of the stream from 0, and the name of the device, with colons
    between them; the same name a second time in one stream is followed by ``#2``. A probe that was moved has
    a row for each stream. The record of the session tells which probes there were and where they were meant
    to go, not what histology found.

    A device is a probe of the rig, found by the name of its assembly, or else by what both are normalised to.
    An assembly of which no rig tells the probe is named as one with its letter: Ephys_assemblyA is probeA.
    """

    device_name: Text = column("Name of the device as written in the record: of the probe, or its assembly.")
    stream: Count = column("Number of the data stream within the session, from 0.")
    stream_start_time: Instant = column("When the stream began.", null="not recorded")
    stream_end_time: Instant = column("When the stream ended.", null="not recorded")
    assembly_name: Text = column("Name of the assembly in the record of the session.", null="not named")
    hardware_from: Text = column(
        "By what the device was found in the description of the rig.",
        null=NO_HARDWARE,
        values=("assembly", "device", "normalised name"),
    )
    probe_model: Text = column("Name of the design, such as Neuropixels 1.0.", null=NO_HARDWARE)
    probe_serial: Text = column("Serial number of the device, as people wrote it.", null=NO_HARDWARE)
    port: MaybeCount = column("Port of the basestation.", null=NO_HARDWARE)
    slot: MaybeCount = column("Slot of the basestation.", null=NO_HARDWARE)
    targeted_structure: Text = column(
        "Acronym of the brain region it was meant for; older records have words.", null="not recorded"
    )
    other_targeted_structures: Texts = column("The same of others on its way.", null="not recorded")
    target_ap_ccf_coordinate: Number = column(
        "Anterior-posterior coordinate of the target in the CCF.", unit="um", null=_NO_TARGET
    )
    target_dv_ccf_coordinate: Number = column(
        "Dorsal-ventral coordinate of the target in the CCF.", unit="um", null=_NO_TARGET
    )
    target_ml_ccf_coordinate: Number = column(
        "Medial-lateral coordinate of the target in the CCF.", unit="um", null=_NO_TARGET
    )
    target_ccf_version: Text = column("Version of the CCF.", null="not recorded")
    manipulator_x: Number = column("First coordinate of the manipulator.", unit="um", null=UNMEASURED)
    manipulator_y: Number = column("Second coordinate of the manipulator.", unit="um", null=UNMEASURED)
    manipulator_z: Number = column("Third coordinate of the manipulator.", unit="um", null=UNMEASURED)
    manipulator_unit_disagrees: MaybeFlag = column(
        "Whether they cannot be in the unit of the record, further than any manipulator goes: records "
        "brought from schema 1 to 2 have old numbers beside the new unit. They are taken as um then.",
        null="no coordinates",
    )
    arc_angle: Number = column("Angle of the arc.", unit="deg", null=UNMEASURED)
    module_angle: Number = column("Angle of the module on its arc.", unit="deg", null=UNMEASURED)
    rotation_angle: Number = column("Angle about its own axis.", unit="deg", null=UNMEASURED)
    implant_hole_number: MaybeCount = column("Number of the hole it went through.", null="not recorded")
    dye: Text = column("Dye on the probe.", null="not recorded")
    coordinates_details: Text = column(
        "Coordinates, angles and transforms as the source has them.", null="none", json=True
    )


class AindAssets(Assets, ids="str"):
    """One row per data asset of Code Ocean, ordered by its id."""

    kind: Text = column(
        "What it is to a session: raw data, sorted by a spike sorter, otherwise derived, or of none.",
        values=("raw", "sorted", "derived", "other"),
    )
    state: Text = column("Whether it can be used: draft, ready, or failed.", null="not told")
    process: Text = column("What made it, by its name, such as sorted or nwb.", null="raw, or not told")
    processed_at: Text = column(
        "When it was made, by its name: 2024-03-01T16:02:45, in a zone that is not told.", null="not told"
    )
    sorter_name: Text = column("Name of the spike sorter.", null="not sorted, not told, or not looked for")
    sorter_version: Text = column("Version of the spike sorter.", null="not told, or not looked for")
    tags: Texts = column("Its tags.", null="not told")
    mount: Text = column("Name of the folder under which capsules see it.", null="not told")
    files: MaybeCount = column("Number of its files.", null="not told")
    last_used: Instant = column("When it was last used.", null="never, or not told")
    data_level: Text = column("Level of its data in the words of its metadata.", null="not told")
    custom_metadata: Text = column("Its metadata, by names of AIND's own.", null="none", json=True)
    provenance: Text = column("From what and by what it was made.", null="not told", json=True)
