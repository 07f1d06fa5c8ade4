"""Labs, subjects and sessions of the demo world."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sessionframes.demo.cast import (
    BRAIN_OBSERVATORY,
    CAST,
    FIRST_RELEASE,
    FUNCTIONAL_CONNECTIVITY,
    PVALB,
    SECOND_RELEASE,
    SHARES_SUBJECT_OF_PREVIOUS,
    SST,
    THIRD_RELEASE,
    VIP,
    WITHOUT_METRICS,
    Part,
)
from sessionframes.demo.draws import Draws, Shape

if TYPE_CHECKING:
    from collections.abc import Sequence

    Row = dict[str, Any]

_SESSIONS_AT_SCALE_ONE = 60
_LABS = (
    (4100211, "mindscope", "Allen Institute"),
    (4100237, "cortexlab", "University College London"),
    (4100298, "hippolab", "New York University"),
)
_SESSION_TYPES = (BRAIN_OBSERVATORY, FUNCTIONAL_CONNECTIVITY, WITHOUT_METRICS)
_GENOTYPES = ("wt/wt", SST, PVALB, VIP)
_RELEASES = (FIRST_RELEASE, SECOND_RELEASE, THIRD_RELEASE, None)
_RIGS = ("NP.0", "NP.1", "NP.2", "NP.3")
_OPERATORS = ("corbetta", "jensenm", "okafor", "sorensen")
_AGE_DAYS = Shape(91, 92, 94, 108, 119, 126, 140, 142, 143, digits=0)
_FIRST_DAY = date(2018, 6, 27)


def count(scale: float) -> int:
    """Return how many sessions a world of this scale has: never fewer than the cast needs."""
    return max(len(CAST), round(_SESSIONS_AT_SCALE_ONE * scale))


def labs() -> list[Row]:
    """Return the labs."""
    return [
        {"lab_id": lab_id, "lab_name": name, "institution": institution}
        for lab_id, name, institution in _LABS
    ]


def people_and_sessions(draws: Draws, scale: float) -> tuple[list[Row], list[Row]]:
    """Draw the subjects and their sessions.

    Parameters
    ----------
    draws : Draws
        Where the numbers come from.
    scale : float
        How large the world is.

    Returns
    -------
    list of dict, list of dict
        Subjects (one for every session but that which shares one) and sessions, the cast first.
    """
    sessions = _sessions(draws, count(scale))
    subjects = _subjects(draws, sessions)
    sessions[SHARES_SUBJECT_OF_PREVIOUS]["subject_id"] = subjects[0]["subject_id"]
    del subjects[SHARES_SUBJECT_OF_PREVIOUS]
    return subjects, sessions


def oddities(sessions: Sequence[Row]) -> dict[str, list[int]]:
    """Return the ids of the odd sessions and subjects, by the name of what is odd about them."""
    found: dict[str, list[int]] = {}
    for session, part in zip(sessions, CAST, strict=False):
        for name in part.session_oddities:
            found.setdefault(name, []).append(session["session_id"])
        for name in part.subject_oddities:
            found.setdefault(name, []).append(session["subject_id"])
    return found


def _sessions(draws: Draws, rows: int) -> list[Row]:
    columns = {
        "session_id": draws.ids(715_000_000, 200_000, rows),
        "subject_id": draws.ids(660_000_000, 60_000, rows),
        "specimen_id": draws.ids(699_000_000, 25_000, rows),
        "isi_experiment_id": draws.ids(710_000_000, 1_009, rows),
        "lab_id": draws.pick((8, 1, 1), rows),
        "session_type": draws.pick((55, 40, 5), rows),
        "rig_name": draws.below(len(_RIGS), rows),
        "operator_name": draws.below(len(_OPERATORS), rows),
        "published_at": draws.pick((60, 20, 12, 8), rows),
        "second": draws.below(6 * 3600, rows),
        "has_isi": draws.chance(0.93, rows),
        "is_failed": draws.chance(0.03, rows),
    }
    return [_session(at, {name: values[at].item() for name, values in columns.items()}) for at in range(rows)]


def _session(at: int, drawn: Row) -> Row:
    noon = datetime(_FIRST_DAY.year, _FIRST_DAY.month, _FIRST_DAY.day, 12, tzinfo=UTC)
    row: Row = {
        "session_id": drawn["session_id"],
        "subject_id": drawn["subject_id"],
        "lab_id": _LABS[drawn["lab_id"]][0],
        "specimen_id": drawn["specimen_id"],
        "isi_experiment_id": drawn["isi_experiment_id"] if drawn["has_isi"] else None,
        "session_type": _SESSION_TYPES[drawn["session_type"]],
        "rig_name": _RIGS[drawn["rig_name"]],
        "operator_name": _OPERATORS[drawn["operator_name"]],
        # The days go round within one year, so that every scale has sessions of every season.
        "start_time": noon + timedelta(days=(at * 37) % 365, seconds=drawn["second"]),
        "published_at": _RELEASES[drawn["published_at"]],
        "workflow_state": "failed" if drawn["is_failed"] else "uploaded",
        "is_habituation": False,
    }
    part = part_of(at)
    if part is not None:
        row.update(workflow_state="uploaded", session_type=part.session_type)
        row.update(part.session)
    return row


def part_of(at: int) -> Part | None:
    """Return the part that the session at this position plays; None for all but the cast."""
    return CAST[at] if at < len(CAST) else None


def _subjects(draws: Draws, sessions: Sequence[Row]) -> list[Row]:
    rows = len(sessions)
    names = draws.ids(386_000, 97, rows)
    ages = _AGE_DAYS.at(draws.uniform(rows))
    sexes = draws.chance(0.77, rows)
    genotypes = draws.pick((30, 12, 8, 8), rows)
    return [
        _subject(
            at,
            session,
            subject_name=str(names[at]),
            sex="M" if sexes[at] else "F",
            age_in_days=ages[at].item(),
            genotype=_GENOTYPES[genotypes[at]],
        )
        for at, session in enumerate(sessions)
    ]


def _subject(at: int, session: Row, **drawn: Any) -> Row:
    recorded = (session["start_time"] or datetime(2019, 1, 9, tzinfo=UTC)).date()
    row: Row = {
        "subject_id": session["subject_id"],
        "lab_id": session["lab_id"],
        **drawn,
        "species": "Mus musculus",
        "date_of_birth": recorded - timedelta(days=drawn["age_in_days"]),
    }
    part = part_of(at)
    if part is not None:
        row.update(part.subject)
    return row
