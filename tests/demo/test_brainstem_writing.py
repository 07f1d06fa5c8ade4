"""What the demo's BrainSTEM makes of writing: rules, permissions, requests to be accepted, and logins."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest

from sessionframes.demo.brainstem import DeviceLogin

SESSIONS = "private/stem/session/"
FILES = "private/modules/dataacquisition/"
STRAINS = "private/taxonomies/strain/"
NOWHERE = "86e75ccd-39b1-4924-95aa-5634b229f7b2"
NO_PERMISSION = {"detail": "You do not have permission to perform this action."}
LONG = "x" * 101


@pytest.fixture
def sessions(ask):
    return ask.rows(SESSIONS, "sessions")


@pytest.fixture
def project(ask):
    """The id of the project that editors may change."""
    return ask.rows("private/stem/project/", "projects")[0]["id"]


@pytest.fixture
def good(project):
    return {"name": "m700_day05", "projects": [project], "date_time": "2025-03-16T13:00:00Z", "tags": ["β"]}


def test_what_is_made_comes_back_whole_and_is_there_from_then_on(ask, good):
    answer = ask("POST", SESSIONS, good, role="editor")
    made = answer.json()["session"]
    assert answer.status_code == 201
    assert str(UUID(made["id"])) == made["id"]
    assert made == {
        "id": made["id"],
        "description": "",
        "epochs": [],
        "datastorage": [],
        "extra_fields": {},
        "download_links": [],
        "dataacquisition": [],
        "behaviors": [],
        "manipulations": [],
        "name_used_in_storage": "",
        "links": {"projects": "projects/"},
        **good,
    }
    assert ask.body(f"{SESSIONS}{made['id']}/") == {"session": made}
    assert made["id"] in ask.body(f"private/stem/project/{good['projects'][0]}/")["project"]["sessions"]


def test_a_change_leaves_the_rest_as_it_is(ask, sessions):
    before = sessions[0]
    answer = ask("PATCH", f"{SESSIONS}{before['id']}/", {"description": "redone"}, role="editor")
    assert (answer.status_code, answer.json()) == (200, {"session": {**before, "description": "redone"}})
    assert ask.body(f"{SESSIONS}{before['id']}/") == answer.json()


def test_a_put_needs_all_that_is_required(ask, sessions, project):
    address = f"{SESSIONS}{sessions[0]['id']}/"
    assert ask("PUT", address, {"name": "new"}).json() == {"projects": ["This field is required."]}
    answer = ask("PUT", address, {"name": "new", "projects": [project]})
    assert (answer.status_code, answer.json()["session"]["name"]) == (200, "new")


def test_what_is_deleted_is_gone_with_all_that_hung_on_it(ask, sessions, good):
    own_id = ask("POST", SESSIONS, good).json()["session"]["id"]
    file = ask("POST", FILES, {"type": "ExtracellularEphys", "session": own_id}).json()["data_acquisition"]
    answer = ask("DELETE", f"{SESSIONS}{own_id}/", role="editor")
    assert (answer.status_code, answer.content) == (204, b"")
    again = ask("DELETE", f"{SESSIONS}{own_id}/", role="editor")
    assert (again.status_code, again.json()) == (404, {"detail": "No Session matches the given query."})
    assert ask("GET", f"{FILES}{file['id']}/").status_code == 404
    assert ask.rows(SESSIONS, "sessions") == sessions


@pytest.mark.parametrize(
    ("told", "faults"),
    [
        ({"name": None}, {"name": ["This field may not be null."]}),
        ({"name": " "}, {"name": ["This field may not be blank."]}),
        ({"name": {"a": 1}}, {"name": ["Not a valid string."]}),
        ({"name": LONG}, {"name": ["Ensure this field has no more than 100 characters."]}),
        ({"name_used_in_storage": LONG * 2}, {"name_used_in_storage": [
            "Ensure this field has no more than 200 characters."]}),
        ({"projects": []}, {"projects": ["This list may not be empty."]}),
        ({"projects": ["nope"]}, {"projects": ["“nope” is not a valid UUID."]}),
        ({"date_time": "22 March"}, {"date_time": [
            "Datetime has wrong format. Use one of these formats instead: "
            "YYYY-MM-DDThh:mm[:ss[.uuuuuu]][+HH:MM|-HH:MM|Z]."]}),
        ({"date_time": 5}, {"date_time": [
            "Datetime has wrong format. Use one of these formats instead: "
            "YYYY-MM-DDThh:mm[:ss[.uuuuuu]][+HH:MM|-HH:MM|Z]."]}),
        ({"tags": "x"}, {"tags": ['Expected a list of items but got type "str".']}),
        ({"tags": ["x", 1]}, {"tags": {"1": ["Not a valid string."]}}),
        ({"extra_fields": {"1st": 2}}, {"extra_fields": [
            "“1st” is not a valid name: it must start with a letter and can only consist of letters, numbers "
            "and underscore."]}),
        ({"extra_fields": {"a": [1]}}, {"extra_fields": ["The value of “a” must be a string or a number."]}),
        ({"extra_fields": [{"name": "a"}]}, {"extra_fields": ["Each item must have a name and a value."]}),
        ({"download_links": [{"repository": "x"}]}, {"download_links": [
            "Each item must have a repository and a url."]}),
        ({"download_links": [{"Repository": "x", "URL": "file:///x"}]}, {"download_links": [
            "Enter a valid URL."]}),
        ({"name": LONG, "tags": "x"}, {
            "name": ["Ensure this field has no more than 100 characters."],
            "tags": ['Expected a list of items but got type "str".']}),
    ],
)  # fmt: skip
def test_faulty_fields_are_refused_all_at_once_and_nothing_is_made(ask, sessions, good, told, faults):
    for method, address in (("POST", SESSIONS), ("PATCH", f"{SESSIONS}{sessions[0]['id']}/")):
        answer = ask(method, address, {**good, **told})
        assert (answer.status_code, answer.json()) == (400, faults)
    assert ask.rows(SESSIONS, "sessions") == sessions


def test_what_is_required_must_be_told(ask):
    answer = ask("POST", "private/stem/subject/", {})
    required = ("name", "projects", "strain", "sex")
    assert (answer.status_code, answer.json()) == (
        400,
        {name: ["This field is required."] for name in required},
    )


def test_choices_and_days_are_checked(ask, project):
    told = {"name": "x", "projects": [project], "sex": "m", "strain": None, "birth_date": "2018-02-30"}
    assert ask("POST", "private/stem/subject/", told).json() == {
        "sex": ['"m" is not a valid choice.'],
        "strain": ["This field may not be null."],
        "birth_date": ["Date has wrong format. Use one of these formats instead: YYYY-MM-DD."],
    }


def test_a_name_is_taken_once_but_a_record_may_keep_its_own(ask, sessions, good):
    taken = {"name": ["session with this name already exists."]}
    first, second = sessions[:2]
    assert ask("POST", SESSIONS, {**good, "name": first["name"]}).json() == taken
    assert ask("PATCH", f"{SESSIONS}{second['id']}/", {"name": first["name"]}).json() == taken
    assert ask("PATCH", f"{SESSIONS}{first['id']}/", {"name": first["name"]}).status_code == 200


def test_of_many_at_once_one_gets_the_name(ask, good):
    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(lambda _: ask("POST", SESSIONS, good).status_code, range(8)))
    assert sorted(statuses) == [201, *[400] * 7]


@pytest.mark.parametrize(
    ("told", "status", "body"),
    [
        ({"projects": NOWHERE}, 400, {"detail": "'projects' value must be a list"}),
        ({"projects": [NOWHERE]}, 404, {"detail": f"'Project object with ID={NOWHERE} not found"}),
    ],
)
def test_relations_that_lead_nowhere(ask, good, told, status, body):
    answer = ask("POST", SESSIONS, {**good, **told})
    assert (answer.status_code, answer.json()) == (status, body)


def test_fields_that_are_read_only_or_unknown_are_ignored(ask, sessions, good):
    told = {"id": sessions[0]["id"], "dataacquisition": ["nope"], "links": {}, "bogus": 1}
    made = ask("POST", SESSIONS, {**good, **told}).json()["session"]
    assert made["id"] != sessions[0]["id"]
    assert made["dataacquisition"] == []
    assert "bogus" not in made


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        ("2023-03-22", "2023-03-22T00:00:00-05:00"),
        ("2023-12-22T10:00", "2023-12-22T10:00:00-06:00"),
        ("2023-03-22 10:00:00.5+02:00", "2023-03-22T10:00:00.500000+02:00"),
        ("2023-03-22T10:00:00+00:00", "2023-03-22T10:00:00Z"),
        (None, None),
    ],
)
def test_moments_come_back_with_a_zone(ask, good, told, kept):
    assert ask("POST", SESSIONS, {**good, "date_time": told}).json()["session"]["date_time"] == kept


@pytest.mark.parametrize("data", [b"{", b'"x', b"\xff"])
def test_what_is_no_json_is_refused(ask, data):
    answer = ask("POST", SESSIONS, data=data, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400
    assert answer.json()["detail"].startswith("JSON parse error - ")


def test_other_bodies_are_refused(ask):
    answer = ask("POST", SESSIONS, [1])
    words = "Invalid data. Expected a dictionary, but got list."
    assert (answer.status_code, answer.json()) == (400, {"non_field_errors": [words]})
    answer = ask("POST", SESSIONS, data=b"name=x", headers={"Content-Type": "text/plain"})
    assert (answer.status_code, answer.json()) == (
        415,
        {"detail": 'Unsupported media type "text/plain" in request.'},
    )


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_a_list_is_neither_changed_nor_deleted(ask, method):
    answer = ask(method, SESSIONS, {})
    assert (answer.status_code, answer.json()) == (405, {"detail": f'Method "{method}" not allowed.'})


def test_who_may_only_look_writes_nothing(ask, sessions, good):
    seen = ask.rows(SESSIONS, "sessions", "reader")[0]["id"]
    for method, address in (
        ("POST", SESSIONS),
        ("PATCH", f"{SESSIONS}{seen}/"),
        ("DELETE", f"{SESSIONS}{seen}/"),
    ):
        answer = ask(method, address, good, role="reader")
        assert (answer.status_code, answer.json()) == (403, NO_PERMISSION)
    assert ask.rows(SESSIONS, "sessions") == sessions


def test_editors_write_where_they_have_the_right_to(ask, good):
    projects = {row["id"] for row in ask.rows("private/stem/project/", "projects")}
    seen = {row["id"] for row in ask.rows("private/stem/project/", "projects", "editor")}
    (hidden,) = projects - seen
    assert ask("POST", SESSIONS, {**good, "projects": [hidden]}, role="editor").status_code == 403
    made = ask("POST", SESSIONS, good, role="editor").json()["session"]
    moved = ask("PATCH", f"{SESSIONS}{made['id']}/", {"projects": [hidden]}, role="editor")
    assert moved.status_code == 403
    assert ask("PATCH", f"{SESSIONS}{made['id']}/", {"projects": [hidden]}).status_code == 200
    assert ask("GET", f"{SESSIONS}{made['id']}/", role="editor").status_code == 404


def test_a_new_project_belongs_to_who_made_it(ask, good):
    made = ask("POST", "private/stem/project/", {"name": "mine"}, role="editor").json()["project"]
    assert ask("POST", SESSIONS, {**good, "projects": [made["id"]]}, role="editor").status_code == 201
    assert made["id"] not in {row["id"] for row in ask.rows("private/stem/project/", "projects", "reader")}


def test_what_an_epoch_needs_is_not_deleted(ask):
    epoch = ask.rows("private/stem/epoch/", "epochs")[0]
    address = f"{FILES}{epoch['dataacquisition'][0]}/"
    answer = ask("DELETE", address, role="editor")
    assert answer.status_code == 400
    assert list(answer.json()) == ["detail"]
    assert ask("DELETE", f"private/stem/epoch/{epoch['id']}/", role="editor").status_code == 204
    assert ask("DELETE", address, role="editor").status_code == 204


def test_terms_of_all_are_asked_for_and_made_once_somebody_accepts(ask):
    before = ask.rows(STRAINS, "strains")
    told = {"name": "C57BL/6J", "species": before[0]["species"]}
    answer = ask("POST", STRAINS, told, role="editor")
    assert (answer.status_code, list(answer.json())) == (201, ["strain_approval"])
    assert ask.rows(STRAINS, "strains") == before
    accept = f"private/taxonomies/strainapproval/{answer.json()['strain_approval']['id']}/accept/"
    assert ask("PATCH", accept, {}, role="editor").status_code == 403
    assert ask("PATCH", accept, {}).json()["strain_approval"]["status"] == "accepted"
    assert [row["name"] for row in ask.rows(STRAINS, "strains")[len(before) :]] == ["C57BL/6J"]
    assert ask("PATCH", accept, {}).status_code == 400


def test_changes_of_terms_are_asked_for_too_and_may_be_rejected(ask):
    before = ask.rows(STRAINS, "strains")
    request = ask("PATCH", f"{STRAINS}{before[0]['id']}/", {"name": "new"}, role="editor").json()
    own_id = request["strain_approval"]["id"]
    assert request["strain_approval"]["target"] == before[0]["id"]
    assert ask("PATCH", f"private/taxonomies/strainapproval/{own_id}/reject/", {}).status_code == 200
    assert ask.rows(STRAINS, "strains") == before


def test_the_older_request_for_a_token(ask, server):
    told = {"username": "editor", "password": server.passwords["editor"]}
    assert ask("POST", "token/", told, role=None).json() == {"token": server.tokens["editor"]}
    wrong = ask("POST", "token/", {**told, "password": "x"}, role=None)
    assert (wrong.status_code, list(wrong.json())) == (400, ["non_field_errors"])
    assert list(ask("POST", "token/", {}, role=None).json()) == ["username", "password"]


def begun(ask):
    return ask("POST", "auth/device/", {"client_name": "sessionframes"}, role=None).json()


def polled(ask, code):
    answer = ask("POST", "auth/device/token/", {"device_code": code}, role=None)
    assert answer.status_code == 200
    return answer.json()


def test_a_device_waits_until_somebody_lets_it_in_and_its_token_is_good_once(ask, server):
    server.device_login = DeviceLogin(pending=2, role="editor", interval=3)
    told = begun(ask)
    assert told["interval"] == 3
    assert [polled(ask, told["device_code"]) for _ in range(2)] == [{"status": "authorization_pending"}] * 2
    token = polled(ask, told["device_code"])["token"]
    seen = ask("GET", SESSIONS, role=None, headers={"Authorization": f"Bearer {token}"}).json()
    assert seen == ask.body(SESSIONS, "editor")
    assert polled(ask, told["device_code"]) == {"error": "already_used"}


@pytest.mark.parametrize("outcome", ["access_denied", "expired_token"])
def test_a_device_is_not_let_in(ask, server, outcome):
    server.device_login = DeviceLogin(pending=0, outcome=outcome)
    assert polled(ask, begun(ask)["device_code"]) == {"error": outcome}


def test_a_code_that_nobody_has_begun_with_has_expired(ask):
    assert polled(ask, "nope") == {"error": "expired_token"}
