"""Deleting: asked for twice, told row by row."""

from __future__ import annotations

import uuid

import numpy as np
import pytest

from sessionframes import UnwrittenRowsWarning
from sessionframes.demo.brainstem import Fault
from sessionframes.errors import QueryError
from tests.sources.brainstem.writers import named, new_rows, sent

NOBODY = "5e0f4b7c-3c1a-4e58-9a2d-7b1f0c9d0001"


@pytest.fixture
def made(db):
    """Three sessions, as saving told of them."""
    return db.save("sessions", new_rows(db, "one", "two", "three"))


def test_nothing_is_deleted_before_it_is_confirmed(server, db, made):
    server.requests.clear()
    for confirm in (False, None, 1, "yes"):
        with pytest.raises(QueryError, match="confirm=True") as caught:
            db.delete("sessions", [*made["id"], NOBODY], confirm=confirm)
        assert "3 of the 4 given would be deleted for good: " in str(caught.value)
        assert all(repr(name) in str(caught.value) for name in ("one", "two", "three"))
    assert not sent(server)


def test_many_names_make_no_long_message(db):
    frame = db.get("brainregion")
    with pytest.raises(QueryError, match=f"and {len(frame) - 10} more") as caught:
        db.delete("brainregion", frame)
    assert len(str(caught.value)) < 600


@pytest.mark.parametrize(
    "form",
    [
        list,
        tuple,
        set,
        np.array,
        lambda ids: ids.map(uuid.UUID),
        lambda ids: ids.str.upper(),
        lambda ids: ids.rename("session_id").to_frame(),
        lambda ids: (one for one in ids),
    ],
)
def test_ids_come_in_every_form(server, db, made, form):
    result = db.delete("session", form(made["id"]), confirm=True)
    assert result["action"].tolist() == ["deleted"] * 3
    assert set(result["id"]) == set(made["id"])
    assert [method for method, _ in sent(server)] == ["POST"] * 3 + ["DELETE"] * 3
    assert named(db, "one").empty


def test_a_frame_of_sessions_is_ids_too(db, made):
    frame = db.get_sessions(session_ids=made["id"])
    result = db.delete("sessions", frame, confirm=True)
    assert result["id"].tolist() == frame.index.tolist()
    assert result["status"].tolist() == [204] * 3


def test_what_is_gone_is_told_and_is_no_failure(db, made):
    assert db.delete("sessions", made["id"].iloc[0], confirm=True)["action"].tolist() == ["deleted"]
    result = db.delete("sessions", [NOBODY, *made["id"]], confirm=True)
    assert result["action"].tolist() == ["gone already", "gone already", "deleted", "deleted"]
    assert db.delete("sessions", [], confirm=True).empty


def test_what_was_never_there_is_told_to_be_so(db, made):
    note = db.delete("projects", made["id"], confirm=True)["note"]
    assert note.str.contains("there is no project of this id, or it is not yours to see").all()
    with pytest.raises(QueryError, match=r"none of the 3 given is there.* another table"):
        db.delete("projects", made["id"])
    with pytest.raises(QueryError, match=r"1 of the 2 given .* The others are not there"):
        db.delete("sessions", [made["id"].iloc[0], NOBODY])


def test_what_hangs_on_a_record_is_told(db):
    frame = db.get_projects()
    project = frame.index[[len(sessions) > 0 for sessions in frame["project_sessions"]]][0]
    count = len(frame.loc[project, "project_sessions"])
    with pytest.raises(QueryError, match=rf"\(sessions: {count}.* may delete what hangs on them"):
        db.delete("projects", project)


def test_what_saving_returned_is_not_guessed_at(server, db, made):
    for confirm in (False, True):
        with pytest.raises(QueryError, match=r'made\["id"\]\.dropna'):
            db.delete("sessions", made, confirm=confirm)
        with pytest.raises(QueryError, match=r"1 of the 3 ids are null.*dropna"):
            db.delete("sessions", made["id"].mask([True, False, False]), confirm=confirm)
    assert len(sent(server)) == 3
    assert db.delete("sessions", made.set_index("id").rename_axis("session_id"), confirm=True).shape == (3, 5)


@pytest.mark.parametrize("ids", [None, ["m700"], [None], [NOBODY.replace("-", "")], 7.5])
def test_what_is_no_id_deletes_nothing(server, db, ids):
    for confirm in (False, True):
        with pytest.raises(QueryError):
            db.delete("sessions", ids, confirm=confirm)
    assert not sent(server)


def test_one_id_that_is_none_keeps_all_from_being_deleted(server, db, made):
    server.requests.clear()
    with pytest.raises(QueryError, match="m700"):
        db.delete("sessions", [*made["id"], "m700"], confirm=True)
    assert not sent(server)


def test_a_record_that_is_in_use_is_told_in_the_words_of_the_server(db):
    epochs = db.load_model("session")["sessions"]
    used = [one for record in epochs if record["epochs"] for one in record["dataacquisition"]]
    assert used
    with pytest.warns(UnwrittenRowsWarning, match="is used by an epoch"):
        result = db.delete("dataacquisition", used, confirm=True)
    assert "failed" in set(result["action"])
    assert set(result.loc[result["action"] == "failed", "status"]) == {400}


@pytest.mark.parametrize("status", [400, 403, 405, 409])
def test_a_refusal_does_not_keep_others_from_being_deleted(server, db, made, status):
    server.fail(Fault(status=status, body={"detail": "No."}), method="DELETE", on=2)
    with pytest.warns(UnwrittenRowsWarning):
        result = db.delete("sessions", made["id"], confirm=True)
    assert result["action"].tolist() == ["deleted", "failed", "deleted"]
    assert result["status"].tolist() == [204, status, 204]
    assert result["error"].iloc[1].startswith("No")


def test_a_token_that_is_no_longer_good_ends_it(server, db, made):
    server.fail(Fault(status=401, body={"detail": "Invalid token."}), method="DELETE", on=2)
    with pytest.warns(UnwrittenRowsWarning, match="2 of 3"):
        result = db.delete("sessions", made["id"], confirm=True)
    assert result["action"].tolist() == ["deleted", "failed", "not sent"]
