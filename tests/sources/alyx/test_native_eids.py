"""Session ids of anything that tells a session."""

from __future__ import annotations

from datetime import date
from pathlib import PurePosixPath, PureWindowsPath
from uuid import UUID, uuid4

import pandas as pd
import pytest

from sessionframes.errors import QueryError
from sessionframes.sources.alyx.eids import Reference, reference_of


@pytest.fixture
def session(db):
    """A session with all that tells it, whose subject's name is one subject's only."""
    return next(
        one for one in db.rest("sessions") if one["start_time"] and one["lab"] and one["subject"] == "DY_003"
    )


def day(session) -> str:
    return session["start_time"][:10]


def test_ids_and_addresses_are_known_without_asking(db, alyx):
    key = str(uuid4())
    before = len(alyx.requests)
    forms = [key, UUID(key), key.upper(), f"https://alyx.org/sessions/{key}", f"/sessions/{key}"]
    assert db.to_eid(forms) == [key] * 5
    assert db.to_eid(UUID(key)) == key
    assert len(alyx.requests) == before


def test_references_and_paths_are_looked_up(db, session):
    number, subject, lab = session["number"], session["subject"], session["lab"]
    path = f"/data/{lab}/Subjects/{subject}/{day(session)}/{number:03d}"
    forms = [
        f"{day(session)}_{number}_{subject}",
        path,
        f"{path}/alf/probe00/spikes.times.npy",
        f"{subject}/{day(session)}/{number}",
        PurePosixPath(path),
        str(PureWindowsPath("C:/data", lab, "Subjects", subject, day(session), f"{number:03d}")),
        {"subject": subject, "date": date.fromisoformat(day(session)), "sequence": number},
        {"subject": subject, "start_time": session["start_time"], "number": number, "lab": lab},
    ]
    assert db.to_eid(forms) == [session["id"]] * len(forms)
    assert db.to_eid(forms[0]) == session["id"]


def test_each_reference_is_asked_for_once(db, alyx, session):
    name = f"{day(session)}_{session['number']}_{session['subject']}"
    before = len(alyx.requests)
    assert db.to_eid(pd.Series([name, name, name])) == [session["id"]] * 3
    assert len(alyx.requests) == before + 1


def test_records_tell_their_session(db):
    insertion = db.rest("insertions", limit=1)[0]
    eid = insertion["session"]
    records = [
        insertion,
        db.rest("insertions", "read", insertion["id"]),
        db.rest("sessions", "list", id=eid)[0],
        db.rest("sessions", "read", eid),
        db.rest("trajectories", probe_insertion=insertion["id"])[0],
        db.rest("datasets", session=eid)[0],
        db.rest("tasks", session=eid)[0],
        {"eid": eid},
    ]
    assert db.to_eid(records) == [eid] * len(records)


def test_frames_tell_their_sessions_in_their_order(db):
    tasks = db.get("tasks")
    assert db.to_eid(tasks) == [None if pd.isna(one) else one for one in tasks["session_id"]]
    sessions = db.get("sessions").head(3)
    assert db.to_eid(sessions) == db.to_eid(sessions.index) == sessions.index.tolist()


def test_a_frame_of_no_sessions_is_refused(db):
    with pytest.raises(QueryError, match="carries no session_id, only"):
        db.to_eid(pd.DataFrame({"probe_id": ["x"]}))


def test_what_is_not_there_is_none(db, session):
    assert db.to_eid("2001-01-01_1_nobody") is None
    assert db.to_eid(["2001-01-01_1_nobody", session["id"]]) == [None, session["id"]]
    capitals = f"{day(session)}_{session['number']}_{session['subject'].lower()}"
    assert db.to_eid(capitals) is None, "names of subjects are told apart by their capitals"
    assert db.to_eid([]) == []


def test_a_name_of_two_subjects_is_told_apart_by_the_lab_or_refused(db):
    twice = {}
    for one in db.rest("sessions"):
        if one["subject"] == "KS022" and one["start_time"] and one["number"] is not None:
            twice.setdefault((one["start_time"][:10], one["number"]), []).append(one)
    for (when, number), sessions in twice.items():
        for one in sessions:
            path = f"{one['lab']}/Subjects/KS022/{when}/{number:03d}"
            assert db.to_eid(path) == one["id"]
        if len(sessions) > 1:
            with pytest.raises(QueryError, match="Give a path with the lab"):
                db.to_eid(f"{when}_{number}_KS022")
    assert twice


@pytest.mark.parametrize(
    "value",
    [
        *("", "KS022", "2020-13-01_1_KS022", "https://alyx.org/insertions/x", 5, None, 1.5, {}, {"id": "x"}),
        *(["KS022"], {"subject": "KS022"}, {"session": "nothing"}),
    ],
)
def test_what_tells_no_session_is_refused(db, value):
    with pytest.raises(QueryError, match=r"tells no session|no date and number"):
        db.to_eid(value)


def test_paths_of_aggregates_and_revisions_are_read_as_well():
    told = "public/mainenlab/Subjects/ZM_1897/2019-12-02/001/alf/#2023-04-20#/spikes.times.npy"
    assert reference_of(told) == Reference("ZM_1897", "2019-12-02", 1, "mainenlab")
    assert reference_of("2019-12-02_001_ZM_1897_b") == Reference("ZM_1897_b", "2019-12-02", 1)
    assert reference_of("aggregates/nothing") is None
