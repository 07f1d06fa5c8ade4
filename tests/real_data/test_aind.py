"""Real records of AIND's DocDB: each becomes rows, or is refused by an error that says why."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import pandas as pd
import pytest

from sessionframes.errors import FrameValidationError, SourceResponseError
from sessionframes.sources.aind.groups import ProbesPage, SessionsPage, grouped
from sessionframes.sources.aind.probes import probes
from sessionframes.sources.aind.records import inner, objects
from sessionframes.sources.aind.sessions import sessions
from sessionframes.sources.aind.tables import AindProbes, AindSessions
from sessionframes.tables.convert import to_frame
from sessionframes.tables.validation import validate

_ZONE = ZoneInfo("America/Los_Angeles")
_TABLES = ((AindSessions, SessionsPage, sessions), (AindProbes, ProbesPage, probes))
#: File → why it is refused. They are told when the work is: none yet.
REFUSED: dict[str, str] = {}
#: Column → the sections that may have it under its own name.
_PLACES = {
    "genotype": (("subject",), ("subject", "subject_details")),
    "sex": (("subject",), ("subject", "subject_details")),
    "date_of_birth": (("subject",), ("subject", "subject_details")),
    "project_name": (("data_description",),),
}
#: The record of one session as it was, and as it was brought to schema 2.
BROUGHT = ("ecephys_800779_2025-09-26_12-57-44", "adb6f7b9-7d86-45ff-ba06-04493abefad1")


@dataclass(frozen=True)
class Real:
    """What became of one record."""

    record: dict
    frames: dict[str, pd.DataFrame]
    refused: dict[str, str]


@pytest.fixture(scope="module")
def real(shared_data) -> dict[str, Real]:
    files = [
        *sorted((shared_data / "aind_upgrader" / "v1").glob("*.json")),
        shared_data / "aind_zombie_squirrel" / "ecephys.json",
        shared_data / "aind_access_api" / "example_metadata.nd.json",
        *sorted((shared_data.parent / "fixtures" / "aind").glob("example_docdb_*.json")),
    ]
    return {file.name: _read(json.loads(file.read_text(encoding="utf-8"))) for file in files}


def _read(record: dict) -> Real:
    frames, refused = {}, {}
    for model, page, flatten in _TABLES:
        asked = page(grouped([record]), tuple(model.arrow_schema().names), _ZONE)
        try:
            table = flatten(model, asked)
            frames[model.table_name()] = validate(to_frame(table, model), model, source="aind")
        except (SourceResponseError, FrameValidationError) as error:
            refused[model.table_name()] = str(error)
    return Real(record, frames, refused)


def test_every_record_becomes_rows_or_is_refused_with_a_reason(real):
    refused = {name: " ".join(one.refused.values()) for name, one in real.items() if one.refused}
    for name, reason in refused.items():
        sys.stdout.write(f"{name} is refused: {reason}\n")
    sys.stdout.write(f"{len(real) - len(refused)} of {len(real)} records are rows\n")
    assert len(real) >= 40
    assert refused.keys() == REFUSED.keys()
    for name, reason in refused.items():
        assert REFUSED[name] in reason
        assert real[name].record["name"] in reason


def test_each_is_one_session_with_the_facts_that_it_has(real):
    lacking = {}
    for name, one in real.items():
        if "sessions" in one.refused:
            continue
        [row] = one.frames["sessions"].itertuples()
        assert one.record["name"].startswith(row.Index)
        assert row.docdb_id == one.record["_id"]
        assert row.subject_id in one.record["name"]
        assert not pd.isna(row.start_time)
        columns = one.frames["sessions"].drop(columns="age_in_days")
        lacking[name] = [column for column in columns if columns[column].isna().all()]
    for name, columns in lacking.items():
        sys.stdout.write(f"{name} lacks {', '.join(columns) or 'nothing'}\n")
    # What a record tells is in its row.
    for column, places in _PLACES.items():
        told = {name: [inner(real[name].record, *place).get(column) for place in places] for name in lacking}
        untold = {name for name, values in told.items() if not any(values)}
        assert {name for name, columns in lacking.items() if column in columns} == untold


def test_their_times_are_those_of_their_names_unless_they_say_otherwise(real):
    frame = pd.concat([one.frames["sessions"] for one in real.values()])
    for session_id, row in frame[frame["time_disagrees"].fillna(value=False)].iterrows():
        sys.stdout.write(f"{session_id} began at {row['start_time'].tz_convert(_ZONE)} by its record\n")
    both = frame[frame["start_time_from"] == "record"]
    apart = both["start_time"].dt.tz_convert(_ZONE).dt.tz_localize(None) - pd.to_datetime(both["local_time"])
    disagrees = apart.abs() > pd.Timedelta(minutes=1)
    assert (both["time_disagrees"].astype(bool) == disagrees).all()
    # Some have the clock's time for that of Greenwich, and some that of Greenwich in their names.
    assert 0 < disagrees.sum() < len(both) / 5
    assert frame.loc[frame["start_time_from"] == "name", "time_disagrees"].isna().all()


def test_none_of_their_probes_is_lost(real):
    found = 0
    for one in real.values():
        record, told = one.record, 0
        for section in ("session", "acquisition"):
            for stream in objects(record, inner(record, section), "data_streams"):
                told += len(stream.get("ephys_modules") or ())
                configs = stream.get("configurations") or ()
                told += sum(config["object_type"] == "Ephys assembly config" for config in configs)
        frame = one.frames["probes"]
        # In all of these an assembly holds one probe.
        assert len(frame) == told
        assert frame["manipulator_x"].between(0, 20_000).sum() == frame["manipulator_x"].notna().sum()
        found += told
    assert found > 30


def test_a_record_brought_to_schema_2_has_its_probes_where_they_were(real):
    versions = [one for one in real.values() if one.frames["sessions"].index[0] == BROUGHT[0]]
    assert len(versions) == 2
    older, newer = sorted(versions, key=lambda one: one.record["_id"] == BROUGHT[1])
    columns = [
        *("device_name", "stream", "stream_start_time", "assembly_name", "probe_model", "probe_serial"),
        *("port", "slot", "manipulator_x", "manipulator_y", "manipulator_z", "arc_angle", "rotation_angle"),
    ]
    pd.testing.assert_frame_equal(older.frames["probes"][columns], newer.frames["probes"][columns])
    assert not older.frames["probes"]["manipulator_unit_disagrees"].any()
    assert newer.frames["probes"]["manipulator_unit_disagrees"].all()
    for column in ("start_time", "end_time", "genotype", "sex", "date_of_birth", "rig_id"):
        assert older.frames["sessions"][column].iloc[0] == newer.frames["sessions"][column].iloc[0]
