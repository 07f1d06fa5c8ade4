"""Labs, users, animals and what is done with them in the demo's Alyx."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sessionframes.demo.alyx.ids import made_id

if TYPE_CHECKING:
    from sessionframes.demo.world import World

    Row = dict[str, Any]
    Rows = dict[str, list[Row]]

#: When everything was last changed, if nothing more is known.
CHANGED = "2023-12-31T12:00:00"
EPHYS, BEHAVIOR, HISTOLOGY = (
    "Ephys recording with acute probe(s)",
    "Behavior training/tasks",
    "Histology",
)
#: Projects of no lab: that of everybody's recordings, and that of nobody's.
SHARED_PROJECT, PRACTICE = "ibl_neuropixel_brainwide_01", "practice"
_ZONES = ("US/Pacific", "Europe/London", "America/New_York")
_REPOSITORIES = ("flatiron", "aws", "local")
_HELPERS = ("alice", "bruno")
_EVERY_WEIGHING = 3


def moment(at: datetime | None) -> str | None:
    """Return a moment as Alyx writes it: without zone, and with a fraction only where there is one."""
    return None if at is None else at.replace(tzinfo=None).isoformat()


def lab_row(name: str, institution: str, zone: str) -> Row:
    """Return a lab."""
    return {
        "id": made_id("lab", name),
        "name": name,
        "institution": institution,
        "address": "",
        "timezone": zone,
        "repositories": [f"{kind}_{name}" for kind in _REPOSITORIES],
        "reference_weight_pct": 0.0,
        "zscore_weight_pct": 0.8,
        "json": None,
    }


def repositories_of(lab: str) -> list[Row]:
    """Return where the files of a lab are: the first can be asked for them."""
    made: list[Row] = [
        {
            "id": made_id("repository", f"{kind}_{lab}"),
            "name": f"{kind}_{lab}",
            "timezone": "UTC",
            "hostname": "",
            "data_url": None,
            "repository_type": None,
            "globus_is_personal": kind == "local",
            "json": None,
        }
        for kind in _REPOSITORIES
    ]
    flatiron, aws, local = made
    flatiron |= {"globus_path": f"/mnt/ibl/{lab}/Subjects/", "data_url": f"{{data}}/{lab}/Subjects/"}
    aws |= {"globus_path": f"/data/{lab}/Subjects/", "json": {"bucket_name": "example-bucket"}}
    local |= {"globus_path": "/mnt/s0/Data/Subjects/", "repository_type": "Fileserver"}
    return [flatiron, aws, local]


def user_row(name: str) -> Row:
    """Return a user."""
    return {
        "id": made_id("user", name),
        "username": name,
        "email": f"{name}@example.org",
        "is_stock_manager": name == _HELPERS[0],
    }


def people(world: World) -> Rows:
    """Return the rows of labs, users, projects and animals.

    Parameters
    ----------
    world : World
        Whose facts they tell.
    """
    labs = world.labs.to_pylist()
    names = {row["lab_id"]: row["lab_name"] for row in labs}
    operators = sorted({row["operator_name"] for row in world.sessions.to_pylist()})
    rigs = sorted({(names[row["lab_id"]], row["rig_name"]) for row in world.sessions.to_pylist()})
    subjects = world.subjects.to_pylist()
    return {
        "labs": [
            lab_row(row["lab_name"], row["institution"], zone) for row, zone in zip(labs, _ZONES, strict=True)
        ],
        "data-repository": [one for row in labs for one in repositories_of(row["lab_name"])],
        "users": [user_row(name) for name in (*_HELPERS, *operators)],
        "locations": [
            {"id": made_id("location", *pair), "name": location(*pair), "lab": pair[0], "json": None}
            for pair in rigs
        ],
        "projects": [
            *(_project(lab_project(name), f"recordings of {name}", operators[:1]) for name in names.values()),
            _project(SHARED_PROJECT, "brain wide map, main recordings", operators),
            _project(PRACTICE, "", []),
        ],
        "procedures": [
            {"id": made_id("procedure", name), "name": name, "description": "", "json": None}
            for name in (EPHYS, BEHAVIOR, HISTOLOGY)
        ],
        "subjects": [_subject(at, row, names[row["lab_id"]], operators) for at, row in enumerate(subjects)],
        "weighings": [one for at, row in enumerate(subjects) for one in _weighings(at, row, operators)],
        "water-administrations": [
            _water(row, operators) for at, row in enumerate(subjects) if at % _EVERY_WEIGHING == 0
        ],
        "surgeries": [
            _surgery(row, names[row["lab_id"]])
            for at, row in enumerate(subjects)
            if at % _EVERY_WEIGHING == 1
        ],
    }


def lab_project(lab: str) -> str:
    """Return the name of the project of a lab."""
    return f"{lab}_survey"


def location(lab: str, rig: str) -> str:
    """Return the name of a rig."""
    return f"_iblrig_{lab}_ephys_{rig.removeprefix('NP.')}"


def subject_row(number: object, nickname: str, lab: str | None, **told: Any) -> Row:
    """Return an animal of which little is known but what is told.

    Parameters
    ----------
    number : object
        What its id is made of.
    nickname : str
        Its name.
    lab : str or None
        Name of its lab.
    **told
        Further fields.
    """
    return {
        "id": made_id("subject", number),
        "nickname": nickname,
        "lab": lab,
        "responsible_user": None,
        "birth_date": None,
        "death_date": None,
        "species": None,
        "sex": "U",
        "litter": None,
        "strain": None,
        "source": None,
        "line": None,
        "projects": [],
        "genotype": [],
        "description": "",
        "json": None,
        "reference_weight": 0.0,
        **told,
    }


def _project(name: str, description: str, users: list[str]) -> Row:
    return {"id": made_id("project", name), "name": name, "description": description, "users": users}


def _subject(at: int, row: Row, lab: str, users: list[str]) -> Row:
    born: date = row["date_of_birth"]
    alleles = row["genotype"].split(";") if row["genotype"] else []
    return subject_row(
        row["subject_id"],
        row["subject_name"],
        lab,
        responsible_user=users[at % len(users)],
        birth_date=born.isoformat(),
        death_date=(born + timedelta(days=400)).isoformat() if at % 4 else None,
        species=row["species"],
        sex=row["sex"] or "U",
        strain=("C57BL/6J", None)[at % 2],
        source="Jax",
        line=alleles[0].partition("/")[0] if len(alleles) > 1 else None,
        projects=[lab_project(lab)],
        genotype=alleles,
        description="good learner" if at % 3 == 0 else "",
        json={"history": {}} if at % 5 == 0 else None,
        reference_weight=22.5,
    )


def _weighings(at: int, row: Row, users: list[str]) -> list[Row]:
    first = datetime.combine(row["date_of_birth"], datetime.min.time()) + timedelta(days=60, hours=9)
    return [
        {
            "id": made_id("weighing", row["subject_id"], day),
            "subject": made_id("subject", row["subject_id"]),
            "date_time": moment(first + timedelta(days=day)),
            "weight": round(20 + (at * 7 + day * 3) % 50 / 10, 2),
            "user": users[at % len(users)],
        }
        for day in range(3)
    ]


def _water(row: Row, users: list[str]) -> Row:
    first = datetime.combine(row["date_of_birth"], datetime.min.time()) + timedelta(days=60, hours=15)
    return {
        "id": made_id("water", row["subject_id"]),
        "subject": made_id("subject", row["subject_id"]),
        "session": None,
        "date_time": moment(first),
        "water_administered": 0.776,
        "water_type": "Water",
        "user": users[0],
        "adlib": False,
    }


def _surgery(row: Row, lab: str) -> Row:
    day = row["date_of_birth"] + timedelta(days=50)
    return {
        "id": made_id("surgery", row["subject_id"]),
        "subject": made_id("subject", row["subject_id"]),
        "lab": lab,
        "name": "",
        "narrative": "headplate, no complication",
        "start_time": f"{day.isoformat()}T09:00:00",
        "end_time": None,
        "outcome_type": "r",
        "procedures": [],
        "users": [],
        "location": None,
        "implant_weight": 1.81,
        "json": None,
    }
