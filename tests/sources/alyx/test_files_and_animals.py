"""Datasets, tasks, animals, projects, and the tables of all other endpoints."""

from __future__ import annotations

import json
from typing import Any

import pandas as pd
import pytest

from sessionframes.errors import SourceResponseError
from sessionframes.sources.alyx.endpoints import ENDPOINTS, OF_TABLE
from sessionframes.sources.alyx.others import other_endpoints, other_form
from sessionframes.sources.alyx.sessions import DEAR
from tests.sources.alyx.pages import MADE, form_of, framed

HOST = "https://alyx.example.org"
COPY = {
    "id": "c13d8efc-86ab-44ee-a5bc-3a24ccf419d5",
    "data_repository": "flatiron_churchlandlab",
    "data_repository_path": "/mnt/ibl/churchlandlab/Subjects/",
    "relative_path": "UCLA011/2023-11-14/001/alf/_ibl_wheel.position.npy",
    "data_url": "https://data.example.org/_ibl_wheel.position.0639c6bc.npy",
    "exists": True,
}
DATASET = {
    "url": f"{HOST}/datasets/0639c6bc-987c-456e-8e37-aac6c604476b",
    "name": "_ibl_wheel.position.npy",
    "created_by": "elena",
    "created_datetime": "2023-11-17T06:42:20.893907",
    "dataset_type": "wheel.position",
    "data_format": "npy",
    "collection": "alf",
    "session": f"{HOST}/sessions/5258b4a9-b596-4246-95e6-ec16fb9aaca7",
    "file_size": 41244020903,
    "hash": "eccde2a429a74fe44f7a9571c79db302",
    "version": "2.10.1",
    "experiment_number": 1,
    "file_records": [{**COPY, "data_url": None}, {**COPY, "exists": False}, COPY],
    "auto_datetime": "2023-12-31T12:00:00",
    "revision": "",
    "default_dataset": True,
    "protected": 4,
    "public": 0,
    "tags": ["2022_Q4_IBL_et_al_BWM"],
    "qc": "NOT_SET",
    "json": None,
}
TASK = {
    "id": "2f59b858-402e-406a-9a68-25c9205e071e",
    "parents": ["31ec2f8b-91ad-4b9b-b279-4bf88e550386"],
    "session": "5258b4a9-b596-4246-95e6-ec16fb9aaca7",
    "data_repository": None,
    "status": "Errored",
    "name": "EphysDLC",
    "priority": 60,
    "io_charge": 90,
    "level": 0,
    "gpu": 0,
    "cpu": None,
    "ram": 40,
    "time_out_secs": None,
    "time_elapsed_secs": 391,
    "executable": "ibllib.pipes.EphysDLC",
    "graph": "EphysExtractionPipeline",
    "log": "TimeoutError: [Errno 110]\n",
    "version": "2.10.1",
    "datetime": "2023-12-31T12:00:00.5",
    "arguments": {"probe": "probe00"},
}
ANIMAL = {
    "nickname": "CSHL045",
    "url": f"{HOST}/subjects/CSHL045",
    "id": "8f665bc4-fd1f-4968-9082-d4c926dafa18",
    "birth_date": "2019-11-24",
    "age_weeks": 364,
    "death_date": None,
    "species": "Laboratory mouse",
    "sex": "U",
    "genotype": [],
    "description": "",
    "alive": True,
    "reference_weight": 22,
    "last_water_restriction": "2020-10-14T08:00:00",
    "projects": [],
    "source": "Allen Institute",
    "json": {},
}


def file(**changed: Any) -> pd.Series:
    return framed("assets", [{**DATASET, **changed}]).iloc[0]


def test_a_dataset_is_an_asset_of_its_session():
    row = file()
    assert row.name == "0639c6bc-987c-456e-8e37-aac6c604476b"
    assert row["session_id"] == "5258b4a9-b596-4246-95e6-ec16fb9aaca7"
    assert (row["asset_name"], row["asset_type"]) == ("_ibl_wheel.position.npy", "wheel.position")
    assert (row["size_in_bytes"], row["checksum"]) == (41244020903, f"md5:{DATASET['hash']}")
    assert row["created_at"] == pd.Timestamp("2023-11-17T06:42:20.893907Z")
    assert (row["protected"], row["public"]) == (True, False)
    assert list(row["tags"]) == ["2022_Q4_IBL_et_al_BWM"]
    assert (row["asset_qc"], row["collection"]) == ("NOT_SET", "alf")
    assert pd.isna(row["revision"])


def test_the_location_is_that_of_the_first_copy_that_can_be_had():
    row = file()
    assert (row["location"], row["relative_path"]) == (COPY["data_url"], COPY["relative_path"])
    assert row["is_available"]
    assert json.loads(row["file_records"]) == DATASET["file_records"]


@pytest.mark.parametrize("copies", [[], [{**COPY, "exists": False}], [{**COPY, "data_url": None}]])
def test_a_dataset_without_such_a_copy_is_nowhere(copies):
    row = file(file_records=copies)
    assert pd.isna(row["location"])
    assert not row["is_available"]
    assert pd.isna(row["relative_path"]) == (not copies)


def test_a_dataset_may_be_of_no_session_and_without_size_or_hash():
    for blank in ("", None):
        row = file(session=None, file_size=None, hash=blank, version=blank, experiment_number=None)
        told = ["session_id", "size_in_bytes", "checksum", "asset_version", "experiment_number"]
        assert row[told].isna().all()


@pytest.mark.parametrize(("told", "default"), [("True", True), ("False", False), (True, True), (None, None)])
def test_a_flag_may_be_told_in_words(told, default):
    value = file(default_dataset=told)["default_dataset"]
    assert pd.isna(value) if default is None else value == default


def test_a_flag_that_is_none_is_named():
    with pytest.raises(SourceResponseError, match="default_dataset = 'maybe'"):
        file(default_dataset="maybe")


def test_a_task_is_a_row():
    row = framed("tasks", [TASK]).iloc[0]
    assert (row["task_name"], row["status"], row["session_id"]) == ("EphysDLC", "Errored", TASK["session"])
    assert row["changed_at"] == pd.Timestamp("2023-12-31T12:00:00.500000Z")
    assert row["log"] == TASK["log"]
    assert (row["time_elapsed_secs"], row["ram"]) == (391.0, 40)
    assert json.loads(row["arguments"]) == {"probe": "probe00"}
    assert framed("tasks", [{**TASK, "session": None}])["session_id"].isna().all()


def test_an_animal_is_a_row():
    row = framed("subjects", [ANIMAL]).iloc[0]
    assert (row["subject_name"], row["subject_source"]) == ("CSHL045", "Allen Institute")
    assert row["date_of_birth"] == pd.Timestamp("2019-11-24T00:00:00Z")
    assert row["last_water_restriction"] == pd.Timestamp("2020-10-14T08:00:00Z")
    assert row[["sex", "genotype", "subject_description", "date_of_death"]].isna().all()
    assert (row["alive"], row["age_weeks"], row["reference_weight"]) == (True, 364, 22.0)
    # Days of birth have no clock.
    there = framed("subjects", [ANIMAL], "America/New_York").iloc[0]
    assert there["date_of_birth"] == row["date_of_birth"]
    assert there["last_water_restriction"] == pd.Timestamp("2020-10-14T12:00:00Z")


def test_an_age_without_a_day_of_birth_is_unknown():
    row = framed("subjects", [{**ANIMAL, "birth_date": None, "age_weeks": 0}]).iloc[0]
    assert row[["age_weeks", "date_of_birth"]].isna().all()


def test_the_name_of_a_project_is_its_id():
    frame = framed("projects", [{"name": "practice", "description": "", "users": ["jun"]}])
    assert frame.index.tolist() == frame["project_name"].tolist() == ["practice"]
    assert frame["project_description"].isna().all()


def test_every_other_endpoint_is_a_table():
    assert {*other_endpoints()} >= {"weighings", "labs", "users", "water_administrations", "notes", "tags"}
    for name, endpoint in other_endpoints().items():
        form = other_form(name)
        assert form is other_form(name)
        assert (form.table_name(), form.key_name().endswith("_id")) == (name, True)
        assert set(endpoint.by_column()) <= set(form.dtypes())
    rest = {one.name for one in ENDPOINTS.values()} - {one.name for one in OF_TABLE.values()}
    # That has no list.
    assert rest - {one.name for one in other_endpoints().values()} == {"water-requirement"}


def test_weighings_have_addresses_for_keys():
    weighing = {"subject": "KS022", "date_time": "2020-11-30T12:46:00", "weight": 23, "user": None}
    frame = framed("weighings", [{**weighing, "url": f"{HOST}/weighings/afea74a1"}, {**weighing, "url": "b"}])
    assert frame.index.tolist() == ["afea74a1", "b"]
    assert frame["weighing_weight"].tolist() == [23.0, 23.0]
    assert frame["weighing_date_time"].tolist() == [pd.Timestamp("2020-11-30T12:46:00Z")] * 2


def test_rows_without_a_key_are_told_apart_by_what_they_hold():
    one = {"subject": "A", "start_time": "2020-10-14T08:00:00", "end_time": None, "water_type": "Water"}
    frame = framed("water_restriction", [one, {**one, "subject": "B"}])
    assert frame.index.is_unique
    assert frame["subject_name"].tolist() == ["A", "B"]


def test_a_lab_has_its_name_for_a_key_and_json_that_is_a_text_stays_one():
    frame = framed("labs", [{"name": "mainenlab", "reference_weight_pct": 0.8, "json": '{"lat": 38.7}'}])
    assert frame.index.tolist() == ["mainenlab"]
    assert json.loads(frame["lab_json"].iloc[0]) == '{"lat": 38.7}'


@pytest.mark.parametrize("table", list(MADE))
def test_a_page_of_no_records_has_all_columns(table):
    frame = framed(table, [])
    assert frame.empty
    assert list(frame) == [name for name in form_of(table).dtypes() if name != form_of(table).key_name()]


def test_every_field_that_is_a_column_has_one():
    for table, endpoint in OF_TABLE.items():
        assert set(endpoint.by_column()) <= set(form_of(table).dtypes()), table


def test_what_lists_of_sessions_lack_is_known():
    columns = list(form_of("sessions").dtypes())
    # The performance is made of two of them.
    dear = [name for name in columns[columns.index("users") : -1] if name != "performance"]
    assert dear == list(DEAR)
