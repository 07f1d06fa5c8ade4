"""The tables of files, tasks, animals, projects and brain regions as Alyx has them, its own columns last."""

from __future__ import annotations

from sessionframes.sources.alyx.endpoints import ENUMS
from sessionframes.sources.alyx.tables import BLANK, NONE_OTHER, NOT_TOLD, OTHER_FIELDS
from sessionframes.tables import Assets, Projects, Structures, Subjects, Tasks
from sessionframes.tables.kinds import (
    Flag,
    Instant,
    MaybeCount,
    MaybeFlag,
    Number,
    Text,
    Texts,
    column,
)


class AlyxAssets(Assets, ids="str"):
    """One row per dataset, which is one file, ordered by its id; all revisions of a file are there.

    The location is that of its first copy with a URL that is known to exist.
    """

    collection: Text = column("Folder within that of the session, such as alf/probe00.", null="none")
    revision: Text = column("Revision of the file, often a date.", null="none")
    default_dataset: MaybeFlag = column("Whether it is the revision that counts.", null=NOT_TOLD)
    relative_path: Text = column(
        "Path of the file under the folder of its lab: animal, day, number, collection, revision, name.",
        null="no copy is known",
    )
    is_available: Flag = column("Whether a copy with a URL is known to exist.")
    data_format: Text = column("Format of the file, such as npy.", null=NOT_TOLD)
    asset_version: Text = column("Version of the program that made it.", null=NOT_TOLD)
    experiment_number: MaybeCount = column("Number of its session on that day.", null="of no session")
    created_by: Text = column("Name of the user who registered it.", null=NOT_TOLD)
    tags: Texts = column("Its tags.", null=NOT_TOLD)
    protected: MaybeFlag = column("Whether one of its tags protects it from change.", null=NOT_TOLD)
    public: MaybeFlag = column("Whether one of its tags makes it public.", null=NOT_TOLD)
    asset_qc: Text = column("Quality of the file.", null=NOT_TOLD, values=ENUMS["qc"])
    file_records: Text = column("Its copies: where each is, and whether it exists.", null=NOT_TOLD, json=True)
    asset_json: Text = column("What else is kept about it.", null="nothing", json=True)
    asset_auto_datetime: Instant = column("When its record was last changed.", null=NOT_TOLD)
    asset_other_fields: Text = column(OTHER_FIELDS, null=NONE_OTHER, json=True)


class AlyxTasks(Tasks, ids="str"):
    """One row per task, ordered by its id."""

    parent_task_ids: Texts = column("Ids of the tasks that have to be done before it.", null=NOT_TOLD)
    data_repository: Text = column("Name of the storage whose computer does it.", null=NOT_TOLD)
    priority: MaybeCount = column("The larger, the sooner it is done.", null=NOT_TOLD)
    level: MaybeCount = column("How many tasks it is behind the first ones.", null=NOT_TOLD)
    gpu: MaybeCount = column("Number of graphics processors that it takes.", null=NOT_TOLD)
    cpu: MaybeCount = column("Number of processors that it takes.", null=NOT_TOLD)
    ram: MaybeCount = column("Memory that it takes, in GB.", null=NOT_TOLD)
    io_charge: MaybeCount = column("How much it reads and writes, up to 100.", null=NOT_TOLD)
    time_out_secs: MaybeCount = column("Seconds after which it is stopped.", null="never, or not told")
    time_elapsed_secs: Number = column("How long it took.", unit="s", null="not done, or not told")
    executable: Text = column("What does it: a class or a function of Python.", null=NOT_TOLD)
    graph: Text = column("Name of the pipeline.", null=NOT_TOLD)
    version: Text = column("Version of the program that did it.", null=NOT_TOLD)
    log: Text = column("What it said.", null="nothing")
    arguments: Text = column("What it is called with.", null="nothing", json=True)
    task_other_fields: Text = column(OTHER_FIELDS, null=NONE_OTHER, json=True)


class AlyxSubjects(Subjects, ids="str"):
    """One row per animal, ordered by its id.

    Age, expected and remaining water, and the last restriction are those of the day of the request.
    """

    subject_lab: Text = column("Name of the lab that keeps it.", null=NOT_TOLD)
    alive: MaybeFlag = column("Whether it lives.", null=NOT_TOLD)
    date_of_death: Instant = column("Day of death, as its midnight in UTC.", null="alive, or not told")
    age_weeks: MaybeCount = column("Age in weeks: today, or at its death.", null="day of birth not told")
    responsible_user: Text = column("Name of the user who looks after it.", null=NOT_TOLD)
    strain: Text = column("Name of the strain.", null=NOT_TOLD)
    line: Text = column("Name of the line.", null=NOT_TOLD)
    litter: Text = column("Name of the litter.", null=NOT_TOLD)
    subject_source: Text = column("Where it came from.", null=NOT_TOLD)
    subject_projects: Texts = column("Ids of its projects.", null=NOT_TOLD)
    session_projects: Texts = column("Names of the projects of its sessions.", null=NOT_TOLD)
    reference_weight: Number = column("Weight before water was restricted.", unit="g", null=NOT_TOLD)
    last_water_restriction: Instant = column("When its water was last restricted.", null="never, or not now")
    expected_water: Number = column("Water that it is to have on that day.", unit="mL", null=NOT_TOLD)
    remaining_water: Number = column("What of that it has not had yet.", unit="mL", null=NOT_TOLD)
    subject_description: Text = column("What people wrote about the animal; may be HTML.", null=BLANK)
    subject_json: Text = column("What else is kept about it.", null="nothing", json=True)
    subject_other_fields: Text = column(OTHER_FIELDS, null=NONE_OTHER, json=True)


class AlyxProjects(Projects, ids="str"):
    """One row per project, ordered by its name, which is its id."""

    project_users: Texts = column("Names of its users.", null=NOT_TOLD)
    project_other_fields: Text = column(OTHER_FIELDS, null=NONE_OTHER, json=True)


class AlyxStructures(Structures, ids="int64"):
    """One row per brain region, ordered by its id; 0, "void", is what the outermost is a part of."""

    structure_description: Text = column("What users wrote about it.", null=BLANK)
    structure_related_descriptions: Text = column(
        "What users wrote about the regions that it is a part of.", null="nothing", json=True
    )
    structure_other_fields: Text = column(OTHER_FIELDS, null=NONE_OTHER, json=True)
