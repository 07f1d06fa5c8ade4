"""The demo world as the records of a BrainSTEM."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from sessionframes.demo.brainstem.ids import made_id
from sessionframes.demo.brainstem.implants import implants
from sessionframes.demo.brainstem.sessions import behavior, copied_project, copies, session
from sessionframes.demo.brainstem.shared import shared

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sessionframes.demo.brainstem.people import Rights
    from sessionframes.demo.world import World

    Record = dict[str, Any]
    Records = dict[str, list[Record]]

#: Of each five sessions the second is of the shared project too; that of the cast which shares its subject
#: with the first session is of no other, so that the animal is public and one of its sessions is not.
_SHARED_EVERY, _SHARED_FROM = 5, 1
_ONLY_SHARED = 1
#: Position of the session that belongs to no project.
_WITHOUT_PROJECT = 10
_MODES = {"M": "M", "F": "F", None: "U"}
_SHARED = "shared"


def records(world: World, sessions: int | None = None) -> Records:
    """Return the records of every model.

    What the world knows is told exactly. Beside that the records differ in their form as those of the real
    server do: in how a number has its unit, a moment its zone, and what an empty field looks like.

    Parameters
    ----------
    world : World
        Whose facts they tell.
    sessions : int, optional
        At least so many sessions, the missing ones being copies.

    Returns
    -------
    dict of str to list of dict
        By the name of the model.
    """
    projects = session_projects(world)
    made: Records = {
        **shared(world),
        "session": [session(at, row, projects[at]) for at, row in enumerate(world.sessions.to_pylist())],
        "behavior": [behavior(at, row) for at, row in enumerate(world.sessions.to_pylist())],
        "project": _projects(world),
        "subject": _subjects(world, projects),
        **implants(world),
    }
    made["collection"] = [
        {
            "id": made_id("collection", project["id"]),
            "name": f"Sessions of {project['name']}"[:100],
            "description": "",
            "project": project["id"],
            "sessions": [row["id"] for row in made["session"] if project["id"] in row["projects"]],
            "tags": [],
        }
        for project in made["project"]
    ]
    made["cohort"] = [
        {
            "id": made_id("cohort", project["id"]),
            "name": f"Animals of {project['name']}"[:100],
            "description": "",
            "project": project["id"],
            "subjects": [row["id"] for row in made["subject"] if project["id"] in row["projects"]],
            "tags": [],
        }
        for project in made["project"]
    ]
    return copies(made, sessions) if sessions is not None else made


def session_projects(world: World) -> list[list[str]]:
    """Return the ids of the projects of each session."""
    found = []
    for at, lab in enumerate(world.sessions["lab_id"].to_pylist()):
        own = [] if at == _ONLY_SHARED else [made_id("project", lab)]
        common = [made_id("project", _SHARED)] if at % _SHARED_EVERY == _SHARED_FROM else []
        found.append([] if at == _WITHOUT_PROJECT else own + common)
    return found


def rights(world: World, sessions: int | None = None) -> dict[str, Rights]:
    """Return what each role may do with which project; see :func:`records`."""
    first, second, *_ = (made_id("project", lab) for lab in world.labs["lab_id"].to_pylist())
    common = made_id("project", _SHARED)
    own: dict[str, Rights] = {
        "reader": {first: "view"},
        "editor": {first: "change", common: "change", second: "view"},
        "administrator": {},
    }
    for told in own.values():
        for project, right in list(told.items()):
            told |= {copied_project(project, number): right for number in range(sessions or 0)}
    return own


def _projects(world: World) -> list[Record]:
    labs = world.labs.to_pylist()
    own = [
        {
            "id": made_id("project", lab["lab_id"]),
            "name": f"{lab['lab_name']}: Neuropixels survey",
            "description": f"<p>Recordings of the {lab['institution']}</p>",
            "publications": [],
            "extra_fields": {"lab_id": lab["lab_id"]},
            # One of them is open to everybody.
            "is_public": at == 0,
            "users": {
                f"{lab['lab_name']}@brainstem.example": {
                    "can_change": True,
                    "is_manager": True,
                    "is_owner": True,
                }
            },
            "groups": {},
            "tags": ["Neuropixels"],
        }
        for at, lab in enumerate(labs)
    ]
    common = {
        "id": made_id("project", _SHARED),
        "name": "Visual cortex across labs, “β”",
        "description": "",
        "publications": [],
        "extra_fields": [],
        "is_public": False,
        "users": {},
        "groups": {"everyone": {"can_change": False, "is_manager": False, "is_owner": False}},
        "tags": [],
    }
    return [*own, common]


def _subjects(world: World, projects: list[list[str]]) -> list[Record]:
    of_subject: defaultdict[int, list[str]] = defaultdict(list)
    for row, ids in zip(world.sessions.to_pylist(), projects, strict=True):
        of_subject[row["subject_id"]] += ids
    return [
        _subject(at, row, of_subject[row["subject_id"]]) for at, row in enumerate(world.subjects.to_pylist())
    ]


def _subject(at: int, row: Record, projects: Iterable[str]) -> Record:
    extra: tuple[Any, ...] = ({"subject_id": row["subject_id"]}, [], {}, None)
    return {
        "id": made_id("subject", row["subject_id"]),
        "name": row["subject_name"],
        "description": "<p>Mouse of the survey</p>" if at % 3 == 0 else "",
        # An animal belongs to its lab's project even if a session of it belongs to none.
        "projects": list(dict.fromkeys([*projects, made_id("project", row["lab_id"])])),
        "strain": made_id("strain", _line(row["genotype"])),
        "sex": _MODES[row["sex"]],
        "genetic_line": _line(row["genotype"])[:100],
        "genotype": row["genotype"] or "",
        "subject_identifier": str(row["subject_id"]),
        "supplier": made_id("supplier", "Jackson"),
        "breeding": None,
        "birth_date": row["date_of_birth"].isoformat(),
        "death_date": None,
        "status": "Deceased",
        "licenses": [],
        "extra_fields": extra[at % len(extra)],
        "name_used_in_storage": f"mouse{row['subject_name']}",
        "tags": [],
    }


def _line(genotype: str | None) -> str:
    return (genotype or "wt").partition("/")[0]
