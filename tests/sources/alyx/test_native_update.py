"""Tasks are changed frame first: checked as a whole, sent row by row, and told row by row."""

from __future__ import annotations

import warnings
from typing import Any
from uuid import uuid4

import pandas as pd
import pytest

from sessionframes import Q, UnwrittenRowsWarning
from sessionframes.demo.alyx import Fault
from sessionframes.errors import FrameValidationError, QueryError, TableNotProvidedError


def sent(alyx) -> list[Any]:
    """The changes that the server saw."""
    return [seen for seen in alyx.requests if seen.method in ("PATCH", "PUT", "POST", "DELETE")][1:]


def faults(db, data) -> dict[str, str]:
    """What was wrong, by column."""
    with pytest.raises(FrameValidationError) as caught:
        db.update("tasks", data)
    return dict(zip(caught.value.failures["column"], caught.value.failures["check"], strict=True))


def test_errored_tasks_are_set_to_waiting_in_two_lines(db, alyx):
    errored = db.get("tasks", where=Q(status="Errored", task_name="EphysDLC"))
    told = db.update("tasks", errored.assign(status="Waiting", log=""))
    assert len(told) > 2
    assert set(told["action"]) == {"changed"}
    assert told.index.equals(errored.index)
    assert [(seen.method, seen.status) for seen in sent(alyx)] == [("PATCH", 200)] * len(errored)
    after = db.get("tasks", where=Q(task_id__in=list(errored.index)))
    assert set(after["status"]) == {"Waiting"}
    assert after["log"].isna().all()
    kept = [name for name in errored if name not in ("status", "log", "changed_at")]
    pd.testing.assert_frame_equal(after[kept], errored[kept])


def test_a_dry_run_tells_what_would_be_sent_and_sends_nothing(db, alyx):
    errored = db.get("tasks", where=Q(status="Errored")).head(2)
    plan = db.update("tasks", errored.assign(status="waiting"), dry_run=True)
    assert plan["field"].tolist() == ["status", "status"]
    assert (plan["old"].tolist(), plan["new"].tolist()) == (['"Errored"'] * 2, ['"Waiting"'] * 2)
    assert sent(alyx) == []


def test_only_what_differs_is_sent(db, alyx):
    task = db.get("tasks", limit=1)
    told = db.update("tasks", task.assign(priority=7, cpu=task["cpu"]))
    assert told["action"].tolist() == ["changed"]
    assert [seen.body for seen in sent(alyx)] == [{"priority": 7}]
    assert db.update("tasks", task.drop(columns="changed_at").assign(priority=7))["action"].tolist() == [
        "left"
    ]


def test_rows_may_be_dicts_by_the_servers_names(db):
    record = db.rest("tasks", limit=1)[0]
    given = {"id": record["id"], "name": "Renamed", "arguments": {"a": [1, None]}, "graph": None}
    assert db.update("tasks", given)["action"].tolist() == ["changed"]
    now = db.rest("tasks", "read", record["id"])
    assert (now["name"], now["arguments"], now["graph"]) == ("Renamed", {"a": [1, None]}, None)


def test_a_null_in_a_frame_says_nothing_and_none_in_a_dict_empties(db):
    tasks = db.get("tasks", where=Q(log__isnull=False)).head(1)
    told = db.update("tasks", tasks.assign(log=None, status="Held"))
    assert "so this stays: log" in told["note"].iloc[0]
    assert db.rest("tasks", "read", tasks.index[0])["log"] is not None
    db.update("tasks", {"task_id": tasks.index[0], "log": None})
    assert db.rest("tasks", "read", tasks.index[0])["log"] is None


def test_what_is_wrong_is_told_of_all_rows_before_any_is_sent(db, alyx):
    keys = list(db.get("tasks", limit=3).index)
    told = faults(
        db,
        [
            {"task_id": keys[0], "status": "Ready", "priority": 40_000, "cpu": 1.5},
            {"task_id": keys[1], "task_name": "x" * 65, "arguments": "{", "time_elapsed_secs": "long"},
            {"task_id": keys[2], "sttaus": "Held", "session": "no id", "log": 5},
        ],
    )
    assert told["status"].startswith("one of Waiting, Held")
    assert told["priority"] == told["cpu"] == "a whole number from -32,768 to 32,767"
    assert told["task_name"] == "at most 64 characters"
    assert told["arguments"].startswith("JSON")
    assert told["time_elapsed_secs"] == "a number"
    assert "Did you mean 'status'" in told["sttaus"]
    assert (told["session"], told["log"]) == ("an id (a UUID)", "text")
    assert sent(alyx) == []


def test_rows_need_the_id_of_a_task_that_is_there(db):
    key = db.get("tasks", limit=1).index[0]
    assert "this changes them" in faults(db, {"status": "Held"})["task_id"]
    assert faults(db, {"task_id": "x", "status": "Held"})["task_id"] == "an id (a UUID)"
    assert "is there" in faults(db, {"task_id": str(uuid4()), "status": "Held"})["task_id"]
    twice = [{"task_id": key, "status": "Held"}, {"task_id": key.upper(), "status": "Waiting"}]
    assert faults(db, twice)["task_id"] == "once: row 0 has it too"


def test_a_status_is_never_emptied(db):
    key = db.get("tasks", limit=1).index[0]
    assert "cannot be empty" in faults(db, {"task_id": key, "status": None})["status"]


def test_what_somebody_else_has_changed_since_is_not_overwritten(db):
    tasks = db.get("tasks", where=Q(status="Errored")).head(2)
    db.rest("tasks", "partial_update", tasks.index[0], {"log": "somebody else's"})
    assert "changed since it was read" in faults(db, tasks.assign(status="Waiting"))["changed_at"]
    only = tasks[[]].assign(status="Waiting")
    assert db.update("tasks", only)["action"].tolist() == ["changed", "changed"]
    assert db.rest("tasks", "read", tasks.index[0])["log"] == "somebody else's"


def test_what_is_no_field_of_a_task_may_stay_as_it_was(db):
    joined = db.get("tasks", where=Q(session_id__isnull=False), limit=1)
    assert db.update("tasks", joined.assign(status="Held"))["action"].tolist() == ["changed"]
    fresh = db.get("tasks", where=Q(task_id=joined.index[0]))
    assert "no field of a task" in faults(db, fresh.assign(task_other_fields="{}"))["task_other_fields"]


def test_a_row_that_is_refused_does_not_keep_the_others_from_being_sent(db, alyx):
    tasks = db.get("tasks", where=Q(status="Errored")).head(3)
    alyx.fail(Fault(status=400, body={"status": ["Not today."], "status_code": 400}), method="PATCH", on=2)
    with pytest.warns(UnwrittenRowsWarning, match="1 of 3 rows were not written.*Not today"):
        told = db.update("tasks", tasks.assign(status="Waiting"))
    assert told["action"].tolist() == ["changed", "failed", "changed"]
    assert told["status"].tolist() == [200, 400, 200]
    # The same call does what is left.
    again = db.update("tasks", tasks.assign(status="Waiting"))
    assert again["action"].tolist() == ["left", "changed", "left"]


def test_a_change_whose_answer_is_lost_is_sent_again(db, alyx):
    task = db.get("tasks", where=Q(status="Errored"), limit=1)
    alyx.fail(Fault(cut=5), method="PATCH")
    assert db.update("tasks", task.assign(status="Waiting"))["action"].tolist() == ["changed"]
    assert len(sent(alyx)) == 2


@pytest.mark.parametrize(("done", "action"), [(True, "changed"), (False, "failed")])
def test_after_a_failure_of_the_server_it_is_looked_up_what_came_of_it(db, alyx, done, action):
    task = db.get("tasks", where=Q(status="Errored"), limit=1)
    key = task.index[0]

    def before() -> None:
        if done:
            model_row = alyx.store.row("tasks", key)
            alyx.store.tables["tasks"][key] = {**model_row, "status": 20}

    told = {"status_code": 500, "detail": "connection already closed"}
    alyx.fail(Fault(status=500, body=told, before=before), method="PATCH")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UnwrittenRowsWarning)
        outcome = db.update("tasks", task.assign(status="Waiting")).iloc[0]
    assert outcome["action"] == action
    assert "connection already closed" in str(outcome["note"] if done else outcome["error"])


def test_who_may_only_look_is_told_at_the_first_row(alyx):
    import sessionframes as sf

    with sf.connect("alyx", url=alyx.url, token=alyx.tokens["public"]) as db:
        tasks = db.get("tasks", where=Q(status="Errored")).head(3)
        with pytest.warns(UnwrittenRowsWarning, match="do not have permission"):
            told = db.update("tasks", tasks.assign(status="Waiting"))
    assert told["action"].tolist() == ["failed", "not sent", "not sent"]


def test_tasks_are_deleted_when_that_is_confirmed(db):
    key = db.get("tasks", where=Q(task_name="EphysDLC"), limit=1).index[0]
    with pytest.raises(QueryError, match="1 of the 1 given would be deleted for good: 'EphysDLC'"):
        db.delete("tasks", key)
    assert db.delete("tasks", [key], confirm=True)["action"].tolist() == ["deleted"]
    assert db.delete("tasks", [key], confirm=True)["action"].tolist() == ["gone already"]
    with pytest.raises(QueryError, match="is not an id"):
        db.delete("tasks", ["x"], confirm=True)


def test_only_tasks_are_changed_by_frames(db):
    with pytest.raises(TableNotProvidedError, match="cannot be written"):
        db.update("sessions", {"session_id": str(uuid4())})
