"""The core tables as BrainSTEM has them: ids are UUIDs as text, and its own columns come after the core's.

Sessions keep the names of BrainSTEM's fields. Everywhere else a name says whose it is, so that frames join.
"""

from __future__ import annotations

from sessionframes.tables import Assets, Probes, Projects, Sessions, Subjects
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

BLANK = "not filled in"
UNTOLD = "the server does not tell"
NONE_OTHER = "none"
OTHER_FIELDS = "Fields of the record that sessionframes does not know, by the server's names."
_UNMEASURED = "not recorded, or in a unit that is not told"


def ids_of(what: str) -> str:
    """Return what is said of a column with ids of other records."""
    return f"Ids of its {what}."


class BrainstemSessions(Sessions, ids="str"):
    """One row per session, ordered by its id.

    The animals are those of its behaviors, and of the procedures by which its data were acquired or it was
    manipulated; ``subject_id``, ``sex`` and ``genotype`` tell of the only one, and are null where there are
    several. ``session_type`` is the behavioral assay, where there is one.
    """

    session_name: Text = column("Name by which people know the session.", null="not named")
    description: Text = column("What people wrote about the session; may be HTML.", null=BLANK)
    projects: Texts = column(ids_of("projects"), null=UNTOLD)
    subjects: Texts = column(ids_of("animals, in ascending order"), null=UNTOLD)
    date_time: Text = column("When it began, as the server writes it.", null=BLANK)
    start_time_is_date: MaybeFlag = column(
        "Whether only a day is told: start_time is its midnight in UTC.", null="no start_time"
    )
    epochs: Texts = column(ids_of("epochs"), null=UNTOLD)
    datastorage: Texts = column(ids_of("data storages, in their order"), null=UNTOLD)
    extra_fields: Text = column("Fields that its people added: names and values.", null="none", json=True)
    download_links: Text = column(
        "Where its data are published: a list of repository and url.", null="none", json=True
    )
    dataacquisition: Texts = column(ids_of("data acquisitions"), null=UNTOLD)
    behaviors: Texts = column(ids_of("behaviors"), null=UNTOLD)
    manipulations: Texts = column(ids_of("manipulations"), null=UNTOLD)
    name_used_in_storage: Text = column("Name of the session on its data storage.", null=BLANK)
    tags: Texts = column("Its tags.", null=UNTOLD)
    other_fields: Text = column(OTHER_FIELDS, null=NONE_OTHER, json=True)


class BrainstemProjects(Projects, ids="str"):
    """One row per project, ordered by its id. Who takes part in it is left out: personal data."""

    project_sessions: Texts = column(ids_of("sessions"), null=UNTOLD)
    project_subjects: Texts = column(ids_of("animals"), null=UNTOLD)
    project_collections: Texts = column(ids_of("collections"), null=UNTOLD)
    project_cohorts: Texts = column(ids_of("cohorts"), null=UNTOLD)
    project_publications: Texts = column(ids_of("publications"), null=UNTOLD)
    project_is_public: MaybeFlag = column("Whether everybody may see the project.", null=UNTOLD)
    project_extra_fields: Text = column(
        "Fields that its people added: names and values.", null="none", json=True
    )
    project_tags: Texts = column("Its tags.", null=UNTOLD)
    project_other_fields: Text = column(OTHER_FIELDS, null=NONE_OTHER, json=True)


class BrainstemSubjects(Subjects, ids="str"):
    """One row per animal, ordered by its id."""

    strain_id: Id = parent("Id of its strain.", null=BLANK)
    supplier_id: Id = parent("Id of who supplied it.", null=BLANK)
    breeding_id: Id = parent("Id of the breeding it comes from.", null=BLANK)
    subject_description: Text = column("What people wrote about the animal; may be HTML.", null=BLANK)
    subject_projects: Texts = column(ids_of("projects"), null=UNTOLD)
    subject_identifier: Text = column("Number of the animal, such as that of its ear tag.", null=BLANK)
    genetic_line: Text = column("Genetic line of the animal.", null=BLANK)
    date_of_death: Instant = column("Day of death, as its midnight in UTC.", null="alive, or not recorded")
    subject_status: Text = column("Where the animal stands.", null=BLANK)
    subject_licenses: Texts = column(ids_of("licenses"), null=UNTOLD)
    subject_procedures: Texts = column(ids_of("procedures"), null=UNTOLD)
    subject_logs: Texts = column(ids_of("logs"), null=UNTOLD)
    subject_name_used_in_storage: Text = column("Name of the animal on its data storage.", null=BLANK)
    subject_extra_fields: Text = column(
        "Fields that its people added: names and values.", null="none", json=True
    )
    subject_tags: Texts = column("Its tags.", null=UNTOLD)
    subject_other_fields: Text = column(OTHER_FIELDS, null=NONE_OTHER, json=True)


class BrainstemProbes(Probes, ids="str"):
    """One row per session and implanted electrode by which it was recorded, ordered by its id.

    An electrode is a procedure (SiliconProbeImplant, TetrodeWireElectrodeImplant, SingleWireElectrodeImplant)
    that a data acquisition of the session names; its id is that of the session, a colon, and that of the
    procedure. What several acquisitions tell differently is null.
    """

    procedure_id: Id = parent("Id of the procedure by which it was implanted.")
    told_by: Text = column(
        "How far down it is known: procedure, consumablestock, or consumable (its design).",
        values=("procedure", "consumablestock", "consumable"),
    )
    procedure_type: Text = column("Type of the procedure, as the server has it.", null=UNTOLD)
    probe_dataacquisition: Texts = column("Ids of the data acquisitions that it recorded in the session.")
    probe_serial: Text = column("Serial number of the device, as people wrote it.", null=BLANK)
    probe_model: Text = column("Name of the design, such as Neuropixels 1.0.", null=UNTOLD)
    consumablestock_id: Id = parent("Id of the stock it was taken from.", null=BLANK)
    consumable_id: Id = parent("Id of its design.", null=UNTOLD)
    recorded_channels: MaybeCount = column(
        "Number of channels in the file, where it holds this electrode alone.",
        null="not recorded, or shared with others",
    )
    brain_region_acronym: Text = column("Acronym of the brain region it was meant for.", null=BLANK)
    brain_region_atlas: Text = column("Atlas that the acronym is of.", null=BLANK)
    coordinates_system: Text = column("What the coordinates are measured from, and how.", null=BLANK)
    ap_coordinate: Number = column("Anterior-posterior coordinate.", unit="um", null=_UNMEASURED)
    ml_coordinate: Number = column("Medial-lateral coordinate.", unit="um", null=_UNMEASURED)
    dv_coordinate: Number = column("Dorsal-ventral coordinate.", unit="um", null=_UNMEASURED)
    x_coordinate: Number = column("First coordinate of x, y, z.", unit="um", null=_UNMEASURED)
    y_coordinate: Number = column("Second coordinate of x, y, z.", unit="um", null=_UNMEASURED)
    z_coordinate: Number = column("Third coordinate of x, y, z.", unit="um", null=_UNMEASURED)
    insertion_depth: Number = column("Depth below the surface of the brain.", unit="um", null=_UNMEASURED)
    ap_angle: Number = column("Angle in the anterior-posterior direction.", unit="deg", null=_UNMEASURED)
    ml_angle: Number = column("Angle in the medial-lateral direction.", unit="deg", null=_UNMEASURED)
    dv_angle: Number = column("Angle in the dorsal-ventral direction.", unit="deg", null=_UNMEASURED)
    insertion_rotation: Number = column("Rotation about its own axis.", unit="deg", null=_UNMEASURED)
    coordinates_details: Text = column(
        "Coordinates, angles and transforms as the source has them.", null=BLANK, json=True
    )


class BrainstemAssets(Assets, ids="str"):
    """One row per session and place where its data are: data storages, and links to published data.

    A storage that can be reached in several ways has a row for each. The id is that of the session, then of
    the storage and the number of the way, or the number of the link. Folders on a storage are named by
    ``name_used_in_storage`` of the session, in an order that the storage's data_organization tells.
    """

    datastorage_id: Id = parent("Id of the data storage.", null="a link")
    access_protocol: Text = column("How the storage is reached, such as smb or https.", null=BLANK)
    asset_is_public: MaybeFlag = column("Whether everybody may reach it.", null=UNTOLD)
    storage_location: Text = column("Where the storage is, in words.", null=BLANK)
    data_organization: Text = column("How folders on the storage are nested.", null=BLANK, json=True)
