"""Saving what was saved, read or edited before: what is the same, and what disagrees."""

from __future__ import annotations

import pandas as pd
import pytest

from sessionframes.demo.brainstem import Fault
from sessionframes.errors import FrameValidationError
from tests.sources.brainstem.writers import new_rows, sent


def test_two_columns_of_one_field_must_not_disagree(server, db):
    frame = db.get_sessions().dropna(subset=["start_time"]).iloc[:2].copy()
    moment = pd.Timestamp("2025-01-01T10:00Z")
    frame.loc[frame.index[1], ["start_time", "date_time"]] = [moment, "2025-01-01T11:00+01:00"]
    assert db.save("sessions", frame)["action"].tolist() == ["left", "changed"]
    assert [body for _, body in sent(server)] == [{"date_time": "2025-01-01T10:00:00Z"}]
    server.requests.clear()
    frame.loc[frame.index[0], ["start_time", "date_time"]] = [pd.Timestamp("2025-01-03T10:00Z"), "2025-01-02"]
    row = {"id": frame.index[1], "name": "a", "session_name": "b"}
    new = {**new_rows(db, "new")[0], "start_time": None, "date_time": "2025-01-02", "session_name": None}
    assert db.save("sessions", new, dry_run=True)["field"].tolist() == ["name", "projects", "date_time"]
    for data in (frame, row):
        with pytest.raises(FrameValidationError, match="the same as") as caught:
            db.save("sessions", data)
        assert len(caught.value.failures) == 1
    assert not sent(server)


@pytest.mark.parametrize("columns", [["start_time", "date_time"], None])
@pytest.mark.parametrize("edited", ["start_time", "date_time"])
def test_what_the_server_has_is_no_sign_of_which_of_two_columns_was_edited(server, db, columns, edited):
    frame = db.get_sessions(columns=columns).dropna(subset=["start_time"]).iloc[:2].copy()
    moment = "2020-01-01T10:00:00Z"
    frame[edited] = pd.Timestamp(moment) if edited == "start_time" else moment
    for _ in range(2):
        with pytest.raises(FrameValidationError) as caught:
            db.save("sessions", frame)
        assert set(caught.value.failures["check"].str[:42]) == {"the same as start_time: both are date_time"}
        assert len(caught.value.failures) == 2
    # It may have been changed to the one of them meanwhile.
    db.save("sessions", [{"id": key, "date_time": moment} for key in frame.index])
    with pytest.raises(FrameValidationError, match="drop the one"):
        db.save("sessions", frame)
    assert [body for _, body in sent(server)] == [{"date_time": moment}] * 2


@pytest.mark.filterwarnings("ignore::sessionframes.UnwrittenRowsWarning")
def test_a_second_call_with_a_changed_start_does_only_what_is_left(server, db):
    frame = db.get_sessions().iloc[:4].drop(columns="date_time")
    frame["start_time"] = pd.Timestamp("2020-01-01T10:00Z")
    server.fail(Fault(status=400, body=["no"]), method="PATCH", on=3)
    assert db.save("sessions", frame)["action"].tolist() == ["changed", "changed", "failed", "changed"]
    assert db.save("sessions", frame)["action"].tolist() == ["left", "left", "changed", "left"]
    assert db.save("sessions", frame)["action"].tolist() == ["left"] * 4


def test_what_other_records_tell_may_be_null_on_both_sides_but_not_on_one(db):
    rows = [
        {name: None if pd.api.types.is_scalar(cell) and pd.isna(cell) else cell for name, cell in row.items()}
        for row in db.get_sessions().reset_index().to_dict("records")
    ]
    alone = next(row for row in rows if row["genotype"] is None)
    assert db.save("sessions", alone)["action"].tolist() == ["left"]
    assert db.save("sessions", {"id": alone["session_id"], "genotype": None})["action"].tolist() == ["left"]
    with_one = next(row for row in rows if row["genotype"] is not None)
    for row in (
        {"id": alone["session_id"], "genotype": "wt"},
        {"id": with_one["session_id"], "genotype": None},
    ):
        with pytest.raises(FrameValidationError, match="as it was"):
            db.save("sessions", row)
    new = {**new_rows(db, "new")[0], "genotype": None}
    assert db.save("sessions", new)["action"].tolist() == ["created"]


def test_a_frame_from_before_a_moment_was_emptied_is_refused_by_what_it_tells_of_it(server, db):
    frame = db.get_sessions().dropna(subset=["start_time"]).iloc[:1]
    db.save("sessions", {"id": frame.index[0], "date_time": None})
    with pytest.raises(FrameValidationError) as caught:
        db.save("sessions", frame)
    assert "start_time_is_date" in set(caught.value.failures["column"])
    assert len(sent(server)) == 1


def test_what_other_records_tell_may_stay_but_not_change(server, db):
    frame = db.get_sessions().dropna(subset=["sex"])
    frame["sex"] = frame["sex"].map({"F": "M", "M": "F"})
    frame["session_type"] = "another"
    with pytest.raises(FrameValidationError) as caught:
        db.save("sessions", frame)
    assert set(caught.value.failures["column"]) == {"sex", "session_type"}
    assert len(caught.value.failures) == 2 * len(frame)
    assert not sent(server)


def test_what_is_reviewed_and_there_is_not_requested_again(server, db):
    there = db.get("species").iloc[0]
    name = there["species_name"]
    assert db.save("species", {"name": f"{name} "})["action"].tolist() == ["left"]
    rows = [{"name": name}, {"name": name, "description": "another"}, {"name": "Mus spretus"}]
    result = db.save("species", rows)
    assert result["action"].tolist() == ["left", "requested", "requested"]
    assert result["id"].iloc[0] == there.name
    assert result["note"].iloc[0] == "it is there already, by this name"
    assert len(sent(server)) == 2


def test_the_same_is_not_requested_twice_by_one_call(server, db):
    one, same = {"name": "Mus spretus"}, {"name": " Mus spretus ", "species_description": None}
    with pytest.raises(FrameValidationError, match="asked for once: row 0 is the same") as caught:
        db.save("species", [one, {"name": "Mus caroli"}, same])
    assert caught.value.failures["row"].tolist() == [2]
    assert not sent(server)
    assert db.save("species", [one, {"name": "Mus caroli"}])["action"].tolist() == ["requested"] * 2


def test_requests_of_one_name_that_differ_are_both_filed(db):
    rows = [{"name": "Mus spretus"}, {"name": "Mus spretus", "description": "from Algeria"}]
    assert db.save("species", rows)["action"].tolist() == ["requested"] * 2


def test_what_was_made_here_and_changed_since_is_not_taken_for_the_same(db):
    row = new_rows(db, "one", description="x")[0]
    key = db.save("sessions", row)["id"].iloc[0]
    assert db.save("sessions", row)["action"].tolist() == ["left"]
    db.save("sessions", {"id": key, "description": "y"})
    with pytest.raises(FrameValidationError, match="differs in description"):
        db.save("sessions", row)
    db.save_model("session", {"description": "x"}, id=key)
    assert db.save("sessions", row)["action"].tolist() == ["left"]
