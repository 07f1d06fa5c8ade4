"""Sessions and behaviors of the demo's BrainSTEM, in all the forms in which they are met."""

from __future__ import annotations

from datetime import timedelta, timezone
from typing import TYPE_CHECKING, Any

from sessionframes.demo.brainstem.ids import made_id
from sessionframes.demo.brainstem.moments import in_utc, written

if TYPE_CHECKING:
    from datetime import datetime

    Record = dict[str, Any]
    Records = dict[str, list[Record]]

#: Every so many sessions the moment is written in a zone, or with a space.
_ZONED, _SPACED, _TURN = 3, 7, 12
_WEST = timezone(timedelta(hours=-7))
#: Position of the session with a field that no document tells of.
_WITH_NEW_FIELD = 2
_COPIED = ("behavior", "dataacquisition")
_OF_A_PROJECT = 20


def session(at: int, row: Record, projects: list[str]) -> Record:
    """Return the record of a session.

    Parameters
    ----------
    at : int
        Its position in the world, on which its form depends.
    row : dict
        What the world knows of it.
    projects : list of str
        Their ids.
    """
    number = row["session_id"]
    description = (
        f"<p>{row['session_type']} &amp; more</p>",
        "",
        f"Séance n° {at}, “β”, 100 % <b>visuelle</b>",
    )
    record = {
        "id": made_id("session", number),
        "name": f"{row['specimen_id']}_{number}" if at % 4 else f"Séance {number}, µ & <i>β</i>",
        "description": description[at % len(description)],
        "projects": projects,
        "date_time": _date_time(at, row["start_time"]),
        "datastorage": [made_id("datastorage", row["lab_id"])] if at % 6 != 5 else [],
        "extra_fields": _extra_fields(at, row),
        "download_links": _download_links(at, row),
        "name_used_in_storage": f"specimen_{row['specimen_id']}/ecephys_session_{number}",
        "tags": [[], ["linear track"], ["ephys", "β-test", row["session_type"]]][at % 3],
    }
    if at % 5 == 4:
        # Older records do not have it at all.
        del record["name_used_in_storage"]
    if at == _WITH_NEW_FIELD:
        record["acquisition_rating"] = {"score": 4, "by": row["operator_name"], "remark": "für später"}
    return record


def behavior(at: int, row: Record) -> Record:
    """Return what the animal did in a session, see :func:`session`: it tells whose session it was."""
    return {
        "id": made_id("behavior", row["session_id"]),
        "session": made_id("session", row["session_id"]),
        "subjects": [made_id("subject", row["subject_id"])],
        "setup": made_id("setup", row["rig_name"]),
        "behavioralassay": made_id("behavioralassay", row["session_type"]),
        "notes": "" if at % 2 else "head-fixed",
        "order": 0,
    }


def copies(records: Records, sessions: int) -> Records:
    """Add sessions until there are so many: copies of those with files, each with files of its own.

    Twenty of them share copies of their projects: nobody has projects of thousands of sessions.

    Parameters
    ----------
    records : dict of str to list of dict
        Of every model.
    sessions : int
        How many are wanted; there may be more already.
    """
    made = {name: list(rows) for name, rows in records.items()}
    attached = {name: _by_session(records[name]) for name in _COPIED}
    originals = [row for row in records["session"] if row["id"] in attached["dataacquisition"]]
    projects = {row["id"]: row for row in records["project"]}
    copied: dict[str, Record] = {}
    for number in range(max(sessions - len(records["session"]), 0)):
        original = originals[number % len(originals)]
        turn = number // len(originals) + 1
        own_id = made_id("session", original["id"], turn)
        own_projects = {project: copied_project(project, number) for project in original["projects"]}
        for project, copy in own_projects.items():
            name = f"{projects[project]['name']}, copy {number // _OF_A_PROJECT + 1}"
            copied[copy] = {**projects[project], "id": copy, "name": name}
        changed = {"id": own_id, "name": f"{original['name']}, copy {turn}"}
        made["session"].append({**original, **changed, "projects": list(own_projects.values())})
        for model, rows in attached.items():
            own = rows[original["id"]]
            made[model] += [{**row, "id": made_id(model, row["id"], turn), "session": own_id} for row in own]
    made["project"] += copied.values()
    return made


def copied_project(project: str, number: int) -> str:
    """Return the id of the copy of a project that the copied session with this number belongs to."""
    return made_id("project", project, number // _OF_A_PROJECT)


def _by_session(rows: list[Record]) -> dict[str, list[Record]]:
    found: dict[str, list[Record]] = {}
    for row in rows:
        found.setdefault(row["session"], []).append(row)
    return found


def _date_time(at: int, moment: datetime | None) -> str | None:
    if moment is None:
        return None
    if at % _TURN == _ZONED:
        return written(moment.astimezone(_WEST))
    if at % _TURN == _SPACED:
        return moment.isoformat(sep=" ")
    return in_utc(moment)


def _extra_fields(at: int, row: Record) -> Any:
    told = {
        "session_id": row["session_id"],
        "rig": row["rig_name"],
        "operator": row["operator_name"],
        "state": row["workflow_state"] or "unknown",
    }
    as_pairs = [{"name": name, "value": value} for name, value in told.items()]
    forms: tuple[Any, ...] = (told, as_pairs, {**told, "temperature": 21.5}, [], {}, None)
    return forms[at % len(forms)]


def _download_links(at: int, row: Record) -> list[Record]:
    if row["published_at"] is None:
        return []
    url = f"https://dandiarchive.org/dandiset/{row['session_id'] % 1_000_000:06d}?pos=1&x=β"
    spelled = ("repository", "url") if at % 2 else ("Repository", "URL")
    links = [dict(zip(spelled, ("DANDI", url), strict=True))]
    if at % 4 == 0:
        links.append({"repository": "FTP", "url": f"ftp://data.brainstem.example/{row['session_id']}"})
    return links
