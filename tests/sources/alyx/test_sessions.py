"""Sessions, and the animals that they are of."""

from __future__ import annotations

import json
from typing import Any

import pandas as pd
import pytest

from sessionframes.errors import SourceResponseError
from sessionframes.sources.alyx.groups import Subjects
from sessionframes.sources.alyx.sessions import DEAR, sessions
from tests.sources.alyx.pages import form_of, framed, page_of

EID = "5258b4a9-b596-4246-95e6-ec16fb9aaca7"
LISTED = {
    "id": EID,
    "subject": "UCLA011",
    "start_time": "2023-11-14T08:42:20.893907",
    "number": 1,
    "lab": "churchlandlab",
    "projects": ["ibl_neuropixel_brainwide_01"],
    "url": f"https://alyx.example.org/sessions/{EID}",
    "task_protocol": "_iblrig_tasks_ephysChoiceWorld6.5.1",
}
READ = {
    **{name: value for name, value in LISTED.items() if name != "id"},
    "users": ["faruk"],
    "location": None,
    "procedures": ["Behavior training/tasks"],
    "type": "Experiment",
    "end_time": "2023-11-14T09:48:45",
    "narrative": "",
    "parent_session": f"https://alyx.example.org/sessions/{EID}",
    "n_trials": 500,
    "n_correct_trials": None,
    "qc": "WARNING",
    "extended_qc": {"task": "PASS", "_videoLeft_pin_state": [True, 60.1], "_task_iti_delays": None},
    "json": None,
    "auto_datetime": "2023-12-31T12:00:00",
    "notes": [],
}
ANIMAL = {
    "id": "8f665bc4-fd1f-4968-9082-d4c926dafa18",
    "nickname": "UCLA011",
    "lab": "churchlandlab",
    "birth_date": "2023-08-06",
    "sex": "F",
    "genotype": ["Sst-IRES-Cre/wt", "Ai32/wt"],
}


def row(record: dict[str, Any], *animals: dict[str, Any], zone: str = "UTC") -> pd.Series:
    return framed("sessions", [record], zone, subjects=Subjects(animals)).iloc[0]


def test_a_listed_session_has_its_columns_and_those_of_its_animal():
    session = row(LISTED, ANIMAL)
    assert session.name == EID
    assert session["subject_id"] == ANIMAL["id"]
    assert session["subject_name"] == "UCLA011"
    assert session["session_type"] == "_iblrig_tasks_ephysChoiceWorld6.5.1"
    assert session["start_time"] == pd.Timestamp("2023-11-14T08:42:20.893907Z")
    assert session["genotype"] == "Sst-IRES-Cre/wt;Ai32/wt"
    assert (session["sex"], session["age_in_days"]) == ("F", 100.0)
    assert (session["lab"], session["number"]) == ("churchlandlab", 1)
    assert list(session["projects"]) == ["ibl_neuropixel_brainwide_01"]
    assert session[list(DEAR)].isna().all()


def test_a_session_that_was_read_has_an_address_for_an_id():
    session = row(READ, ANIMAL)
    assert session.name == session["parent_session"] == EID
    assert (session["qc"], session["n_trials"], session["type"]) == ("WARNING", 500, "Experiment")
    assert session["end_time"] == pd.Timestamp("2023-11-14T09:48:45Z")
    assert pd.isna(session["narrative"])
    assert pd.isna(session["json"])
    assert json.loads(session["extended_qc"]) == READ["extended_qc"]
    assert pd.isna(session["other_fields"])


def test_what_is_unknown_is_null():
    unknown = {"start_time": None, "number": None, "lab": None, "task_protocol": "", "projects": []}
    session = row({**LISTED, **unknown}, ANIMAL)
    told = ["start_time", "number", "lab", "session_type", "age_in_days", "start_time_is_date"]
    assert session[told].isna().all()
    # The nickname is that of one animal alone.
    assert session["subject_id"] == ANIMAL["id"]


def test_the_lab_decides_between_two_animals_of_one_nickname():
    other = {**ANIMAL, "id": "1", "lab": "cortexlab", "sex": "M"}
    assert row(LISTED, ANIMAL, other)["subject_id"] == ANIMAL["id"]
    assert row({**LISTED, "lab": "cortexlab"}, ANIMAL, other)["sex"] == "M"
    for lab in (None, "danlab"):
        nobody = row({**LISTED, "lab": lab}, ANIMAL, other)
        assert nobody[["subject_id", "sex", "genotype", "age_in_days"]].isna().all()
    assert pd.isna(row(LISTED)["subject_id"])


def test_sex_that_is_told_to_be_unknown_is_null():
    assert pd.isna(row(LISTED, {**ANIMAL, "sex": "U"})["sex"])


@pytest.mark.parametrize(("born", "age"), [(None, None), ("2023-11-14", 0), ("2024-01-01", None)])
def test_an_age_is_in_whole_days_and_never_negative(born, age):
    told = row(LISTED, {**ANIMAL, "birth_date": born})["age_in_days"]
    assert told == age if age is not None else pd.isna(told)


def test_times_are_by_the_clock_of_the_server():
    session = row(READ, ANIMAL, zone="America/New_York")
    assert session["start_time"] == pd.Timestamp("2023-11-14T13:42:20.893907Z")
    # The day is that of the lab's clock, too.
    late = {**LISTED, "start_time": "2023-11-14T23:30:00"}
    assert row(late, ANIMAL, zone="America/New_York")["age_in_days"] == 100


def test_a_day_without_a_time_is_told_to_be_one():
    session = row({**LISTED, "start_time": "2023-11-14"}, ANIMAL, zone="America/New_York")
    assert session["start_time_is_date"]
    assert session["start_time"] == pd.Timestamp("2023-11-14T00:00:00Z")
    assert session["age_in_days"] == 100
    assert not row(LISTED)["start_time_is_date"]


def test_fields_nobody_has_heard_of_are_kept():
    assert json.loads(row({**LISTED, "mood": ["good", 1]})["other_fields"]) == {"mood": ["good", 1]}


@pytest.mark.parametrize(
    ("field", "value", "column"),
    [("number", "1", "number"), ("start_time", "soon", "start_time"), ("qc", 7, "qc"), ("lab", 5, "lab")],
)
def test_what_cannot_be_a_value_of_a_column_is_named(field, value, column):
    with pytest.raises(SourceResponseError, match=rf"{EID}.*{field} = {value!r}") as caught:
        row({**LISTED, field: value})
    assert (caught.value.source, caught.value.table, caught.value.column) == ("alyx", "sessions", column)


def test_qualities_come_as_labels_and_as_numbers():
    assert [row({**LISTED, "qc": told})["qc"] for told in (0, 50, "PASS")] == ["NOT_SET", "CRITICAL", "PASS"]


@pytest.mark.parametrize(
    ("trials", "correct", "percent"), [(11, 5, 100 * 5 / 11), (0, 0, None), (None, 5, None), (5, None, None)]
)
def test_performance_is_not_cut_to_whole_percent(trials, correct, percent):
    told = row({**READ, "n_trials": trials, "n_correct_trials": correct})["performance"]
    assert told == percent if percent is not None else pd.isna(told)


def test_only_the_wanted_columns_are_made_and_marks_come_last():
    form = form_of("sessions")
    page = page_of("sessions", [LISTED, {**READ, "url": "https://alyx.example.org/sessions/2"}])
    page = type(page)(page.records, ("session_id", "lab"), page.zone, {}, {"+1": {EID}, "+2": {"2"}})
    flat = sessions(form, page)
    assert flat.column_names == ["session_id", "lab", "+1", "+2"]
    assert [flat[name].to_pylist() for name in ("+1", "+2")] == [[True, False], [False, True]]
