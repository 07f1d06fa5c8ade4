"""Sessions of records and assets."""

from __future__ import annotations

import pandas as pd
import pytest

from sessionframes.errors import SourceResponseError
from sessionframes.sources.aind.groups import SessionsPage, grouped
from sessionframes.sources.aind.sessions import PROJECTION, sessions
from sessionframes.sources.aind.tables import AindSessions
from sessionframes.tables.convert import to_frame
from sessionframes.tables.validation import validate
from tests.sources.aind.examples import (
    NAME,
    RAW_ID,
    SORTED,
    SORTED_ID,
    ZONE,
    asset,
    record,
    record_2,
    sorted_asset,
)

COLUMNS = tuple(AindSessions.arrow_schema().names)


def frame_of(*records, assets=()):
    table = sessions(AindSessions, SessionsPage(grouped(records, assets), COLUMNS, ZONE))
    return validate(to_frame(table, AindSessions), AindSessions)


def row_of(*records, assets=()):
    frame = frame_of(*records, assets=assets)
    assert len(frame) == 1
    return frame.iloc[0]


def test_a_record_of_schema_1_tells_everything():
    row = row_of(record())
    told = row.drop(["age_in_days"]).to_dict()
    assert row.name == NAME
    assert pd.isna(row["age_in_days"])
    assert told.pop("modalities") == ["ecephys"]
    assert told == {
        "subject_id": "700123",
        "session_type": "Receptive field mapping",
        "start_time": pd.Timestamp("2024-06-11 17:15:02", tz="UTC"),
        "genotype": "Sst-IRES-Cre/wt;Ai32/wt",
        "sex": "F",
        "platform": "ecephys",
        "local_time": "2024-06-11T10:15:02",
        "start_time_from": "record",
        "time_disagrees": False,
        "end_time": pd.Timestamp("2024-06-11 18:47:55", tz="UTC"),
        "project_name": "Demo project",
        "date_of_birth": pd.Timestamp("2024-01-05", tz="UTC"),
        "is_uploaded": True,
        "raw_asset_id": RAW_ID,
        "raw_data_dir": f"s3://aind-ephys-data/{NAME}",
        "sorted_asset_count": 0,
        "rig_id": "323_EPHYS1_20240501",
        "schema_version": "1.0.2",
        "docdb_id": "3c1b7d0e-6f1a-4a57-9f5e-0a1b2c3d4e5f",
        "metadata_status": "Valid",
    }


def test_a_record_of_schema_2_tells_the_same_and_has_no_platform():
    row = row_of(record_2())
    assert row.name == "800321_2025-09-03_10-05-00"
    assert pd.isna(row["platform"])
    assert pd.isna(row["metadata_status"])
    assert row["subject_id"] == "800321"
    assert row["session_type"] == "Receptive field mapping"
    assert row["start_time"] == pd.Timestamp("2025-09-03 17:05", tz="UTC")
    assert row["end_time"] == pd.Timestamp("2025-09-03 18:40", tz="UTC")
    assert (row["sex"], row["genotype"]) == ("F", "wt/wt")
    assert row["date_of_birth"] == pd.Timestamp("2025-02-01", tz="UTC")
    assert row["modalities"] == ["ecephys"]
    assert row["raw_asset_id"] == "7a6b5c4d-3e2f-4a1b-9c8d-7e6f5a4b3c2d"
    assert row["rig_id"] == "323_EPHYS1"
    assert not row["time_disagrees"]


def test_what_only_code_ocean_knows_is_told_by_its_name():
    row = row_of(assets=[asset(), sorted_asset()])
    assert row["start_time"] == pd.Timestamp("2024-06-11 17:15:02", tz="UTC")
    assert row["start_time_from"] == "name"
    assert (row["subject_id"], row["platform"]) == ("700123", "ecephys")
    assert row["raw_asset_id"] == RAW_ID
    assert row["raw_data_dir"] == f"s3://aind-ephys-data/{NAME}"
    assert row["sorted_asset_count"] == 1
    assert row["is_uploaded"]
    untold = ["time_disagrees", "docdb_id", "project_name", "modalities", "end_time", "schema_version"]
    assert row[untold].isna().all()


def test_a_record_with_null_sections_is_told_by_its_name():
    nothing = dict.fromkeys(("subject", "data_description", "session", "rig", "location", "external_links"))
    row = row_of(record(**nothing))
    assert row["start_time_from"] == "name"
    assert row["subject_id"] == "700123"
    assert not row["is_uploaded"]
    assert row[["raw_asset_id", "raw_data_dir", "sex", "session_type", "rig_id"]].isna().all()
    assert row["docdb_id"] == record()["_id"]


def test_a_record_with_nothing_but_its_id_is_a_row():
    row = row_of({"_id": "abc"})
    assert row.name == row["docdb_id"] == "abc"
    assert row[["subject_id", "start_time", "start_time_from", "local_time", "platform"]].isna().all()


def test_of_session_and_acquisition_the_session_counts():
    imaging = {
        "session_start_time": "2024-06-11T09:00:00-07:00",
        "session_type": "of the acquisition",
        "instrument_id": "microscope",
    }
    row = row_of(record(acquisition=imaging))
    assert (row["session_type"], row["rig_id"]) == ("Receptive field mapping", "323_EPHYS1_20240501")
    assert row["start_time"] == pd.Timestamp("2024-06-11 17:15:02", tz="UTC")
    row = row_of(record(acquisition=imaging, session=None))
    assert (row["session_type"], row["rig_id"]) == ("of the acquisition", "microscope")
    assert row["start_time"] == pd.Timestamp("2024-06-11 16:00", tz="UTC")


def test_a_record_of_schema_1_may_have_sections_of_schema_2():
    row = row_of(
        record(
            session=None,
            acquisition=record_2()["acquisition"],
            data_description=record_2()["data_description"],
            subject=record_2()["subject"],
        )
    )
    assert row["start_time"] == pd.Timestamp("2025-09-03 17:05", tz="UTC")
    assert (row["subject_id"], row["sex"], row["modalities"]) == ("800321", "F", ["ecephys"])


def test_a_time_without_offset_is_by_the_clock_beside_the_rig():
    row = row_of(record(session__session_start_time="2024-06-11T10:15:02"))
    assert row["start_time"] == pd.Timestamp("2024-06-11 17:15:02", tz="UTC")
    assert not row["time_disagrees"]
    told = {"acquisition__acquisition_start_time": "2025-09-03T19:05:00"}
    row = row_of(record_2(**told, acquisition__acquisition_start_tz="Europe/Oslo"))
    assert row["start_time"] == pd.Timestamp("2025-09-03 17:05", tz="UTC")
    assert row_of(record_2(**told))["start_time"] == pd.Timestamp("2025-09-04 02:05", tz="UTC")


@pytest.mark.parametrize(
    ("told", "disagrees"),
    [
        ("2024-06-11T10:15:02-07:00", False),
        ("2024-06-11T17:15:02Z", False),
        ("2024-06-11T10:16:02-07:00", False),
        ("2024-06-11T10:16:03-07:00", True),
        ("2024-06-11T10:14:02-07:00", False),
        ("2024-06-11T10:14:01-07:00", True),
        # The clock's time, told to be that of Greenwich.
        ("2024-06-11T10:15:02Z", True),
    ],
)
def test_a_record_and_a_name_disagree_by_more_than_a_minute(told, disagrees):
    assert row_of(record(session__session_start_time=told))["time_disagrees"] == disagrees


def test_facts_are_those_of_the_raw_record_alone():
    derived = record(
        _id="d",
        name=SORTED,
        created="2025-01-01T00:00:00Z",
        data_description__data_level="derived",
        data_description__project_name="another",
        session__session_type="another",
        external_links={"Code Ocean": [SORTED_ID]},
    )
    row = row_of(derived, record(data_description__project_name=None))
    assert pd.isna(row["project_name"])
    assert row["session_type"] == "Receptive field mapping"
    assert (row["raw_asset_id"], row["sorted_asset_count"]) == (RAW_ID, 1)
    row = row_of(derived)
    assert (row["project_name"], row["sorted_asset_count"]) == ("another", 1)
    assert not row["is_uploaded"]
    assert row[["raw_asset_id", "raw_data_dir"]].isna().all()


def test_sorted_assets_that_both_systems_know_are_counted_once():
    level = {"data_description__data_level": "derived", "name": SORTED}
    same = record(_id="d", **level, external_links={"Code Ocean": [SORTED_ID]})
    by_id = record(_id=SORTED_ID, **level, external_links=None)
    other = record(_id="e", **level, external_links=None)
    assets = [asset(), sorted_asset()]
    assert row_of(record(), same, assets=assets)["sorted_asset_count"] == 1
    assert row_of(record(), by_id, assets=assets)["sorted_asset_count"] == 1
    assert row_of(record(), other, assets=assets)["sorted_asset_count"] == 1
    assert row_of(record(), same, other)["sorted_asset_count"] == 2


def test_of_several_raw_assets_the_newest_counts_and_those_of_the_record_before_others():
    links = {"Code Ocean": ["first", "second"]}
    assert row_of(record(external_links=links))["raw_asset_id"] == "second"
    known = [asset(id="first", created=9), asset(id="second", created=5), asset(id="third", created=99)]
    assert row_of(record(external_links=links), assets=known)["raw_asset_id"] == "first"
    assert row_of(record(external_links=None), assets=known)["raw_asset_id"] == "third"


def test_raw_data_are_where_the_record_says_and_else_where_code_ocean_says():
    elsewhere = asset(source_bucket=None)
    assert row_of(record(), assets=[elsewhere])["raw_data_dir"] == f"s3://aind-ephys-data/{NAME}"
    row = row_of(record(location=None), assets=[elsewhere])
    assert row["raw_data_dir"].endswith(f"/{RAW_ID}")
    row = row_of(record(location=None))
    assert pd.isna(row["raw_data_dir"])
    assert row["is_uploaded"]
    row = row_of(record(external_links=[]))
    assert pd.isna(row["raw_asset_id"])
    assert row["is_uploaded"]


@pytest.mark.parametrize("told", ["2024-01-05", "2024-01-05T00:00:00-08:00", "2024-01-05T23:59:59Z"])
def test_a_day_of_birth_is_that_day_whatever_its_offset(told):
    row = row_of(record(subject__date_of_birth=told))
    assert row["date_of_birth"] == pd.Timestamp("2024-01-05", tz="UTC")


@pytest.mark.parametrize(("told", "sex"), [("Male", "M"), ("Female", "F"), ("Unsure", "Unsure"), ("", None)])
def test_sexes_are_written_as_other_sources_do(told, sex):
    found = row_of(record(subject__sex=told))["sex"]
    assert found == sex if sex else pd.isna(found)


def test_the_number_of_an_animal_may_be_a_number():
    assert row_of(record(subject__subject_id=700123))["subject_id"] == "700123"


@pytest.mark.parametrize(
    ("changes", "column", "value"),
    [
        ({"session__session_start_time": "noon"}, "start_time", "noon"),
        ({"session__session_end_time": 12}, "end_time", "12"),
        ({"subject__date_of_birth": "last year"}, "date_of_birth", "last year"),
        ({"subject__sex": 1}, "sex", "1"),
        ({"subject__subject_id": 1.5}, "subject_id", "1.5"),
        ({"data_description__modality": [3]}, "modalities", r"\[3\]"),
        ({"data_description__project_name": ["a"]}, "project_name", "a"),
        ({"session__rig_id": 4}, "rig_id", "4"),
    ],
)
def test_what_cannot_be_is_refused_with_record_column_and_value(changes, column, value):
    with pytest.raises(SourceResponseError, match=rf"record '{NAME}' has {column} = .*{value}") as caught:
        frame_of(record_2(), record(**changes))
    assert (caught.value.source, caught.value.table, caught.value.column) == ("aind", "sessions", column)


def test_only_the_columns_that_are_wanted_are_made():
    odd = record(session__session_start_time="noon", subject__sex=1)
    page = SessionsPage(grouped([odd]), ("genotype", "session_id", "is_uploaded"), ZONE)
    table = sessions(AindSessions, page)
    assert table.column_names == ["session_id", "genotype", "is_uploaded"]
    assert table.to_pylist() == [
        {"session_id": NAME, "genotype": "Sst-IRES-Cre/wt;Ai32/wt", "is_uploaded": True}
    ]


def test_no_sessions_are_a_table_of_no_rows():
    assert frame_of().empty


def _projected(whole, paths):
    """The record as DocDB sends it where only some paths are asked for."""
    sent = {"_id": whole["_id"]}
    for path in paths:
        _copy(whole, sent, path.split("."))
    return sent


def _copy(holder, sent, steps):
    step, *rest = steps
    if step not in holder:
        return
    value = holder[step]
    if not rest or value is None:
        sent[step] = value
    elif isinstance(value, dict):
        _copy(value, sent.setdefault(step, {}), rest)


@pytest.mark.parametrize("column", COLUMNS)
def test_what_is_asked_of_docdb_for_a_column_is_all_that_it_needs(column):
    derived = record(_id="d", name=SORTED, data_description__data_level="derived")
    wholes = [record(), record_2(), derived]
    columns = ("session_id", column)
    parts = [_projected(one, PROJECTION[column]) for one in wholes]
    made = [
        sessions(AindSessions, SessionsPage(grouped(some, [asset()]), columns, ZONE))
        for some in (wholes, parts)
    ]
    assert made[0].equals(made[1])


def test_every_column_has_its_projection():
    assert set(PROJECTION) == set(COLUMNS)
