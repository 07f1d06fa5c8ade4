"""load_model, save_model and delete_model: what BrainSTEM's own client has, without its traps."""

from __future__ import annotations

import warnings
from enum import Enum

import numpy as np
import pandas as pd
import pytest

from sessionframes.demo.brainstem import BrainstemServer, Fault
from sessionframes.errors import (
    AuthenticationError,
    QueryError,
    SourceResponseError,
    SourceUnavailableError,
    TableNotProvidedError,
)
from tests.sources.brainstem.writers import a_project, sent


class Model(Enum):
    session = "session"


class Portal(Enum):
    public = "public"


def test_all_pages_come_in_the_envelope_of_the_server(server, db):
    server.requests.clear()
    frame = db.get_sessions()
    found = db.load_model("session", include=["projects", "dataacquisition"])
    assert set(found) == {"data_acquisitions", "projects", "sessions"}
    assert [record["id"] for record in found["sessions"]] == frame.index.tolist()
    assert {record["id"] for record in found["projects"]} == {one for ids in frame["projects"] for one in ids}
    assert len(db.load_model("brainregion")["brain_regions"]) > 50
    assert list(db.load_model("consumablestock", limit=1)) == ["consumable stocks"]


@pytest.mark.parametrize("paging", ["dynamic-rest", "dynamic-rest-limit", "limit-offset", "next"])
def test_a_limit_is_kept_whatever_the_server_believes_about_pages(world, paging):
    from sessionframes.registry import connect

    with (
        BrainstemServer(world, paging=paging, largest_page=7) as server,
        connect("brainstem", url=server.url, token=server.tokens["administrator"]) as db,
    ):
        every = db.load_model("brainregion", sort=["-acronym"])["brain_regions"]
        for limit in (1, 5, 7, 8, 20):
            assert db.load_model("brainregion", sort=["-acronym"], limit=limit) == {
                "brain_regions": every[:limit]
            }
        server.requests.clear()
        db.load_model("brainregion", limit=5)
        assert len(server.requests) == 1


def test_filters_and_order_are_those_of_the_server(db):
    names = db.get_sessions()["session_name"].sort_values().tolist()
    filters = {"name.in": [*names[:3], "a & b"], "description.icontains": None}
    found = db.load_model(Model.session, filters=filters, sort=["-name"])
    assert [record["name"] for record in found["sessions"]] == names[2::-1]
    with pytest.raises(SourceResponseError, match="nope"):
        db.load_model("session", filters={"nope": 1})


def test_one_record_comes_by_its_id(db):
    key = db.get_sessions().index[0]
    found = db.load_model("session", id=key, include=["projects"])
    assert found["session"]["id"] == key
    assert [record["id"] for record in found["projects"]] == found["session"]["projects"]
    for wrong in ({"filters": {"name": "a"}}, {"limit": 1}, {"sort": ["name"]}):
        with pytest.raises(QueryError, match="one record"):
            db.load_model("session", id=key, **wrong)


def test_one_text_is_one_field_or_relation(db):
    every = db.load_model("session", sort=["-name"], include=["projects"])
    assert db.load_model("session", sort="-name", include="projects") == every
    assert db.load_model("session", sort=None, include=None, filters=None) == db.load_model("session")


@pytest.mark.parametrize("null", [None, pd.NA, float("nan"), pd.NaT])
def test_a_null_is_no_filter(db, null):
    every = db.load_model("session")
    assert db.load_model("session", filters={"name": null}) == every
    assert db.load_model("session", filters={"name.in": [null]}) == {"sessions": []}


@pytest.mark.parametrize("none", [[], (), set(), [None], np.array([]), pd.Series([], dtype="str")])
def test_no_values_to_choose_from_find_nothing(server, db, none):
    server.requests.clear()
    filters = {"id.in": none, "name.icontains": "a"}
    assert db.load_model("session", filters=filters) == {"sessions": []}
    assert not server.requests


def test_values_to_choose_from_come_as_arrays_too(db):
    keys = db.get_sessions().index[:2]
    for form in (list, set, np.array, pd.Series, pd.Index):
        found = db.load_model("session", filters={"id.in": form(keys)})["sessions"]
        assert [record["id"] for record in found] == sorted(keys)


@pytest.mark.parametrize("data", [5, [1], "abc", [("name", "a")], pd.DataFrame({"name": ["a"]})])
def test_what_is_no_record_is_not_sent(server, db, data):
    with pytest.raises(QueryError, match="no record"):
        db.save_model("session", data)
    assert not sent(server)


@pytest.mark.parametrize(
    "wrong",
    [
        {"id": "m700"},
        {"limit": 0},
        {"limit": True},
        {"portal": "secret"},
        {"filters": 5},
        {"filters": ["a"]},
        {"filters": "name"},
        {"filters": {"name": "\ud800"}},
        {"filters": {"name": {"a": 1}}},
        {"filters": {"name": pd.DataFrame({"a": [1]})}},
        {"filters": {5: "a"}},
        {"filters": {"name": object()}},
        {"filters": {"name": b"x"}},
        {"filters": {"name": ["a", [1]]}},
        {"sort": {"name", "id"}},
        {"include": 5},
        {"include": [5]},
        {"include": {"projects": 1}},
        {"sort": 5},
        {"sort": ["name", None]},
        {"sort": "\ud800"},
    ],
)
def test_what_makes_no_sense_is_not_sent(server, db, wrong):
    server.requests.clear()
    with pytest.raises(QueryError):
        db.load_model("session", **wrong)
    with pytest.raises(TableNotProvidedError, match="session"):
        db.load_model("sesion")
    assert not server.requests


def test_a_token_does_not_go_to_the_public_portal(server, db, connect):
    server.requests.clear()
    found = db.load_model("session", Portal.public)["sessions"]
    assert 0 < len(found) < len(db.get_sessions())
    assert [seen.authorized for seen in server.requests if "/public/" in seen.path] == [False]
    public = connect(None, portal="public")
    assert public.load_model("session")["sessions"] == found
    with pytest.raises(QueryError, match="portal='private'"):
        public.load_model("session", "private")
    for call in (
        lambda: public.save_model("session", {"name": "a"}),
        lambda: db.save_model("session", {"name": "a"}, portal="public"),
        lambda: public.delete_model("session", found[0]["id"]),
    ):
        with pytest.raises(QueryError, match="read-only"):
            call()
    assert not sent(server)
    # What was opened for the visit is closed, and our own connection is not.
    assert len(db.get_sessions())


def test_a_record_is_made_changed_and_deleted_as_the_documents_show(server, db):
    data = {"name": "NewSession", "description": "some text", "projects": [a_project(db)]}
    made = db.save_model("session", data)["session"]
    assert {name: made[name] for name in data} == data
    changed = db.save_model("session", id=made["id"], data={"description": "new text"})["session"]
    assert changed == {**made, "description": "new text"}
    assert db.load_model("session", id=made["id"])["session"] == changed
    assert db.delete_model("session", id=made["id"]) is None
    with pytest.raises(SourceResponseError, match="No Session matches"):
        db.load_model("session", id=made["id"])
    with pytest.raises(SourceResponseError, match=r"\(404\): No Session matches"):
        db.delete_model("session", id=made["id"])
    assert [method for method, _ in sent(server)] == ["POST", "PATCH", "DELETE", "DELETE"]


def test_names_that_the_server_took_no_notice_of_are_warned_of(db):
    key = db.get_sessions().index[0]
    with pytest.warns(UserWarning, match="no field") as told:
        found = db.save_model("session", {"session_name": "a", "descripton": "b", "tags": ["c"]}, id=key)
    assert found["session"]["tags"] == ["c"]
    assert [str(one.message).partition("no field ")[2][:15] for one in told] == [
        "'session_name',",
        "'descripton', a",
    ]
    assert "name for it is 'name'" in str(told[0].message)
    assert "Did you mean 'description'" in str(told[1].message)
    assert told[0].filename == __file__
    with pytest.warns(UserWarning, match="nonsense"):
        assert db.save_model("session", {"nonsense": 1}, id=key)["session"]["id"] == key
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        db.save_model("session", {"description": "x"}, id=key)
        db.save_model("species", {"name": "Mus spretus", "nonsense": 1})


def test_what_is_reviewed_comes_as_its_request(db):
    assert set(db.save_model("species", {"name": "Mus spretus"})) == {"species_approval"}


def test_refusals_are_errors_in_the_words_of_the_server(server, db, connect):
    with pytest.raises(SourceResponseError, match="name: This field is required") as caught:
        db.save_model("session", {})
    assert caught.value.status == 400
    with pytest.raises(AuthenticationError, match="403"):
        connect("reader").save_model("session", {"name": "a", "projects": [a_project(connect("reader"))]})
    server.fail(Fault(status=401, body={"detail": "Invalid token."}), method="POST")
    with pytest.raises(AuthenticationError, match="Invalid token"):
        db.save_model("session", {"name": "a"})
    with pytest.raises(QueryError, match="finite"):
        db.save_model("session", {"order": float("nan")})


def test_a_lost_answer_is_found_out_or_told(server, db):
    server.fail(Fault(lost=True), method="POST")
    data = {"name": "one", "projects": [a_project(db)]}
    assert db.save_model("session", data)["session"]["name"] == "one"
    session = db.get_sessions().index[0]
    server.fail(Fault(lost=True), method="POST")
    with pytest.raises(SourceUnavailableError, match="not known whether"):
        db.save_model("dataacquisition", {"session": session, "type": "ExtracellularEphys"})
    server.fail(Fault(status=503, headers={"Retry-After": "0"}), method="POST", times=5)
    with pytest.raises(SourceUnavailableError, match="was not done"):
        db.save_model("session", {**data, "name": "two"})
