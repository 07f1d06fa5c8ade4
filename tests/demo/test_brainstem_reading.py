"""What the demo's BrainSTEM answers to those who read: portals, lists, filters, pages, records beside."""

from __future__ import annotations

import json
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
import requests

from sessionframes.demo.brainstem import BrainstemServer, own_id
from sessionframes.demo.brainstem.models import MODELS
from tests.demo.conftest import Asker

SESSIONS = "private/stem/session/"
FILES = "private/modules/dataacquisition/"
NOWHERE = "86e75ccd-39b1-4924-95aa-5634b229f7b2"
NO_PERMISSION = {"detail": "You do not have permission to perform this action."}


def ids(rows):
    return [row["id"] for row in rows]


@pytest.fixture
def sessions(ask):
    return ask.rows(SESSIONS, "sessions")


@pytest.mark.parametrize("model", MODELS.values(), ids=lambda model: model.name)
def test_every_model_is_listed_under_its_key_and_shown_one_by_one(ask, model):
    body = ask.body(f"private/{model.app}/{model.name}/")
    assert list(body) == [model.plural, "meta"]
    for row in body[model.plural][:1]:
        one = ask.body(f"private/{model.app}/{model.name}/{row['id']}/")
        assert one == {model.singular: row}
        assert model.has_numbers_for_ids or str(UUID(row["id"])) == row["id"]


def test_the_slash_at_the_end_may_be_left_out(ask, sessions):
    assert ask.body(SESSIONS.rstrip("/")) == ask.body(SESSIONS)
    assert ask.body(f"{SESSIONS}{sessions[0]['id']}") == ask.body(f"{SESSIONS}{sessions[0]['id']}/")


def test_without_the_slash_it_redirects_if_told_to():
    with BrainstemServer(0.0005, slash="redirect") as server:
        answer = Asker(server)("GET", "private/stem/session?per_page=1", allow_redirects=False)
        assert answer.status_code == 301
        assert answer.headers["Location"] == "/api/private/stem/session/?per_page=1"


def test_the_public_portal_shows_public_projects_and_what_hangs_on_them_to_anybody(ask, sessions):
    projects = ask.rows("public/stem/project/", "projects", None)
    assert [row["is_public"] for row in projects] == [True]
    shown = ask.rows("public/stem/session/", "sessions", None)
    own = [row for row in sessions if projects[0]["id"] in row["projects"]]
    assert ids(shown) == ids(own)
    assert 0 < len(own) < len(sessions)
    files = ask.rows("public/modules/dataacquisition/", "data_acquisitions", None)
    assert {row["session"] for row in files} <= set(ids(shown))
    hidden = next(row for row in sessions if row not in own)
    assert ask("GET", f"public/stem/session/{hidden['id']}/", role=None).status_code == 404


@pytest.mark.parametrize(("role", "status"), [(None, 401), ("reader", 403), ("administrator", 403)])
def test_nobody_writes_through_the_public_portal(ask, role, status):
    assert ask("POST", "public/stem/session/", {"name": "x"}, role=role).status_code == status


def test_people_see_their_projects_and_administrators_all(ask, sessions):
    seen = {role: set(ids(ask.rows(SESSIONS, "sessions", role))) for role in ("reader", "editor")}
    assert seen["reader"] < seen["editor"] < set(ids(sessions))
    without_project = next(row for row in sessions if not row["projects"])
    assert without_project["id"] not in seen["editor"]


def test_the_super_portal_is_for_administrators(ask, sessions):
    assert ids(ask.rows("super/stem/session/", "sessions")) == ids(sessions)
    answer = ask("GET", "super/stem/session/", role="editor")
    assert (answer.status_code, answer.json()) == (403, NO_PERMISSION)


@pytest.mark.parametrize(
    ("header", "words"),
    [
        ({}, "Authentication credentials were not provided."),
        ({"Authorization": "Bearer wrong"}, "Invalid token."),
        ({"Authorization": "Token {}"}, "Invalid token."),
    ],
)
def test_the_private_portal_wants_a_token(ask, server, header, words):
    told = {name: value.format(server.tokens["reader"]) for name, value in header.items()}
    answer = ask("GET", SESSIONS, role=None, headers=told)
    assert (answer.status_code, answer.json()) == (401, {"detail": words})


@pytest.mark.parametrize(
    ("address", "words"),
    [
        (f"{SESSIONS}not-a-uuid/", "Not found."),
        (f"{SESSIONS}{NOWHERE}/", "No Session matches the given query."),
        (f"{FILES}{NOWHERE}/", "No DataAcquisition matches the given query."),
    ],
)
def test_what_is_not_there(ask, address, words):
    answer = ask("GET", address)
    assert (answer.status_code, answer.json()) == (404, {"detail": words})


@pytest.mark.parametrize(
    "address", ["private/stem/nope/", "private/modules/session/", "secret/stem/session/"]
)
def test_where_no_address_leads_there_is_a_page_of_html(ask, address):
    answer = ask("GET", address)
    assert answer.status_code == 404
    assert "text/html" in answer.headers["Content-Type"]


def test_browsers_get_a_page_unless_they_ask_for_json(ask):
    page = ask("GET", SESSIONS, headers={"Accept": "text/html,*/*"})
    assert "text/html" in page.headers["Content-Type"]
    assert "Django REST framework" in page.text
    asked = ask("GET", f"{SESSIONS}?format=json", headers={"Accept": "text/html,*/*"})
    assert "sessions" in asked.json()


@pytest.mark.parametrize(
    ("spec", "holds"),
    [
        ("name={name}", lambda row, at: row["name"] == at["name"]),
        ("name.icontains=séance", lambda row, _: "séance" in row["name"].lower()),
        ("-name.icontains=séance", lambda row, _: "séance" not in row["name"].lower()),
        ("name.contains=Séance", lambda row, _: "Séance" in row["name"]),
        ("name.startswith=699", lambda row, _: row["name"].startswith("699")),
        ("name.istartswith=SÉ", lambda row, _: row["name"].lower().startswith("sé")),
        ("name.endswith=1", lambda row, _: row["name"].endswith("1")),
        ("name.iendswith=β</I>", lambda row, _: row["name"].endswith("<i>β</i>")),
        ("name.iexact={upper}", lambda row, at: row["name"].lower() == at["name"].lower()),
        ("name.regex=^[0-9]*_", lambda row, _: row["name"][0].isdigit()),
        ("name.gt=7", lambda row, _: row["name"] > "7"),
        ("name.range=69&filter{{name.range}}=6999", lambda row, _: "69" <= row["name"] <= "6999"),
        ("date_time.isnull=true", lambda row, _: row["date_time"] is None),
        ("date_time.isnull=0", lambda row, _: row["date_time"] is not None),
        ("tags=linear track", lambda row, _: "linear track" in row["tags"]),
        ("projects.id={project}", lambda row, at: at["projects"][0] in row["projects"]),
        ("projects={project}", lambda row, at: at["projects"][0] in row["projects"]),
        ("-projects={project}", lambda row, at: at["projects"][0] not in row["projects"]),
        ("id.in={id}&filter{{id.in}}={id}", lambda row, at: row["id"] == at["id"]),
        ("dataacquisition.isnull=1", lambda row, _: not row["dataacquisition"]),
        ("dataacquisition.type=GeneralTimeSeries", None),
        ("dataacquisition.procedures.subject.sex=M", None),
        ("name.icontains=_&filter{{projects}}={project}", None),
    ],
)
def test_filters_keep_what_fits(ask, sessions, spec, holds):
    at = sessions[2]
    told = spec.format(name=at["name"], upper=at["name"].upper(), project=at["projects"][0], id=at["id"])
    first, *rest = told.split("&")
    key, _, value = first.partition("=")
    found = ids(ask.rows("&".join([f"{SESSIONS}?filter{{{key}}}={value}", *rest]), "sessions"))
    if holds is not None:
        assert found == ids([row for row in sessions if holds(row, at)])
    assert 0 < len(found) < len(sessions)


def moment(row):
    return datetime.fromisoformat(row["date_time"])


@pytest.mark.parametrize("operator", ["gt", "gte", "lt", "lte"])
@pytest.mark.parametrize("limit", ["2018-09-09T12:15:51Z", "2018-09-09 05:15:51-07:00", "2018-09-09"])
def test_moments_compare_as_moments_and_bare_ones_are_of_the_servers_zone(ask, sessions, operator, limit):
    asked = limit.replace(" ", "%20")
    found = ids(ask.rows(f"{SESSIONS}?filter{{date_time.{operator}}}={asked}", "sessions"))
    known = datetime.fromisoformat(limit)
    known = known if known.tzinfo else known.replace(tzinfo=ZoneInfo("America/Chicago"))
    sides = {-1: ("lt", "lte"), 0: ("gte", "lte"), 1: ("gt", "gte")}
    fitting = [
        row
        for row in sessions
        if row["date_time"] and operator in sides[(moment(row) > known) - (moment(row) < known)]
    ]
    assert found == ids(fitting)


@pytest.mark.parametrize("part", ["year", "month", "day", "week_day"])
def test_parts_of_moments_are_those_of_the_servers_zone(ask, sessions, part):
    there = moment(sessions[2]).astimezone(ZoneInfo("America/Chicago"))
    wanted = there.isoweekday() % 7 + 1 if part == "week_day" else getattr(there, part)
    assert sessions[2]["id"] in ids(ask.rows(f"{SESSIONS}?filter{{date_time.{part}}}={wanted}", "sessions"))
    assert not ask.rows(f"{SESSIONS}?filter{{date_time.{part}}}={wanted + 40}", "sessions")


@pytest.mark.parametrize(
    ("query", "body"),
    [
        ("filter{nope}=1", ["Invalid filter field: nope"]),
        ("filter{name.bogus}=1", ["Invalid nested filter field: name"]),
        ("filter{projects.nope}=1", ["Invalid filter field: nope"]),
        ("filter{tags.any}=x", ["Unsupported lookup 'any' for tags or join on the field not permitted."]),
        ("filter{id}=nope", ["“nope” is not a valid UUID."]),
        ("filter{order}=x", ["Invalid filter field: order"]),
        ("filter{dataacquisition.order}=x", ["Field 'order' expected a number but got 'x'."]),
        ("filter{projects.is_public}=x", ["“x” value must be either True or False."]),
        (
            "filter{name.regex}=(",
            ["invalid regular expression: missing ), unterminated subpattern at position 0"],
        ),
        (
            "filter{date_time.gte}=2024-02-30",
            [
                "“2024-02-30” value has the correct format (YYYY-MM-DD HH:MM[:ss[.uuuuuu]][TZ]) but it is an "
                "invalid date/time."
            ],
        ),
        ("filter{name=1", {"detail": '"filter{name" is not a well-formed filter key.'}),
        ("exclude[]=nope", {"detail": '"nope" is not a valid field name for "session".'}),
        ("include[]=name.x.*", {"detail": '"name" is not a valid field name for "session".'}),
    ],
)
def test_what_cannot_be_asked_is_refused_in_its_words(ask, query, body):
    answer = ask("GET", f"{SESSIONS}?{query}")
    assert (answer.status_code, answer.json()) == (400, body)


def test_sorting_puts_nulls_last_and_turned_round_first(ask):
    rows = ask.rows(f"{SESSIONS}?sort[]=date_time", "sessions")
    assert rows[-1]["date_time"] is None
    assert rows[:-1] == sorted(rows[:-1], key=moment)
    assert ask.rows(f"{SESSIONS}?sort[]=-date_time", "sessions") == rows[::-1]


def test_later_sort_keys_break_ties(ask):
    rows = ask.rows(f"{FILES}?sort[]=-order&sort[]=id", "data_acquisitions")
    assert rows == sorted(rows, key=lambda row: (-row["order"], row["id"]))
    by_session = ask.rows(f"{FILES}?sort[]=session.name", "data_acquisitions")
    names = {row["id"]: row["name"] for row in ask.rows(SESSIONS, "sessions")}
    assert [names[row["session"]] for row in by_session] == sorted(names[row["session"]] for row in rows)


def test_a_relation_alone_changes_nothing_and_with_a_star_its_records_come_first(ask):
    plain = ask.body(SESSIONS)
    assert ask.body(f"{SESSIONS}?include[]=projects") == plain
    body = ask.body(f"{SESSIONS}?include[]=projects.*&include[]=dataacquisition.*")
    assert list(body) == ["projects", "data_acquisitions", "sessions", "meta"]
    assert all("projects" not in row.get("links", {}) for row in body["sessions"])
    for row, before in zip(body["sessions"], plain["sessions"], strict=True):
        assert {**row, "links": None} == {**before, "links": None}
    shown = {row["id"] for row in body["projects"]}
    assert shown == {one for row in plain["sessions"] for one in row["projects"]}


def test_records_of_records_come_beside_too_each_once(ask):
    body = ask.body(f"{FILES}?per_page=100&include[]=procedures.consumablestock.consumable.*")
    assert list(body) == ["procedures", "consumable stocks", "consumables", "data_acquisitions", "meta"]
    for key in list(body)[:-1]:
        assert len(set(ids(body[key]))) == len(body[key])
    assert set(ids(body["consumable stocks"])) == {row["consumablestock"] for row in body["procedures"]}


def test_other_records_of_the_listed_kind_have_a_key_of_their_own(ask, sessions):
    one = sessions[0]
    body = ask.body(f"{SESSIONS}?filter{{id}}={one['id']}&include[]=projects.sessions.*")
    assert ids(body["sessions"]) == [one["id"]]
    assert one["id"] not in ids(body["+sessions"])
    assert len(body["+sessions"]) > 1


def test_records_beside_are_only_those_that_may_be_seen(ask):
    body = ask.body("public/stem/subject/?include[]=projects.*", None)
    shown, told = set(ids(body["projects"])), {one for row in body["subjects"] for one in row["projects"]}
    assert shown < told


def test_fields_can_be_left_out(ask):
    row = ask.body(f"{SESSIONS}?exclude[]=description&exclude[]=projects")["sessions"][0]
    assert not {"description", "projects"} & row.keys()
    assert row["links"]["projects"] == "projects/"


def test_links_lead_to_the_records_of_a_relation(ask, sessions):
    body = ask.body(f"{SESSIONS}{sessions[0]['id']}/{sessions[0]['links']['dataacquisition']}")
    assert ids(body["data_acquisitions"]) == sessions[0]["dataacquisition"]
    assert ask("GET", f"{SESSIONS}{sessions[0]['id']}/name/").status_code == 404


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS"])
def test_other_ways_to_ask(ask, method):
    answer = ask(method, SESSIONS)
    assert answer.status_code == 200
    assert "POST" in answer.headers["Allow"]
    assert (answer.content == b"") == (method == "HEAD")


def everything(server, page):
    """All sessions, each page asked for in one way."""
    found, at = [], 0
    headers = {"Authorization": f"Bearer {server.tokens['administrator']}"}
    while True:
        answer = requests.get(
            f"{server.url}/api/{SESSIONS}?sort[]=id&{page(at)}", headers=headers, timeout=10
        )
        if answer.status_code == 404:
            assert answer.json() == {"detail": "Invalid page."}
            return found
        rows = answer.json()["sessions"]
        found += ids(rows)
        at += 1
        if not rows or at > 9:
            return found


@pytest.mark.parametrize(
    ("paging", "page"),
    [
        ("dynamic-rest", lambda at: f"per_page=5&page={at + 1}"),
        ("dynamic-rest-limit", lambda at: f"limit=5&page={at + 1}"),
        ("limit-offset", lambda at: f"limit=5&offset={5 * at}"),
        ("next", lambda at: f"limit=5&offset={5 * at}"),
    ],
)
def test_each_belief_in_paging_leads_to_every_row_once(paging, page, world):
    with BrainstemServer(world, paging=paging) as server:
        found = everything(server, page)
        numbers = world.sessions["session_id"].to_pylist()
        assert found == sorted(own_id(world, "session_id", number) for number in numbers)


def test_pages_are_as_long_as_asked_but_not_longer_than_the_server_likes(world):
    with BrainstemServer(world, page_size=4, largest_page=7) as server:
        ask = Asker(server)
        for asked, got in ((3, 3), (100, 7), (0, 4), ("x", 4)):
            body = ask.body(f"{SESSIONS}?per_page={asked}")
            assert len(body["sessions"]) == body["meta"]["per_page"] == got
        # The beliefs of others are not even looked at.
        assert ask.body(f"{SESSIONS}?limit=1&offset=3") == ask.body(SESSIONS)
        assert ask.body(f"{SESSIONS}?exclude_count=1")["meta"] == {
            "page": 1,
            "per_page": 4,
            "more_pages": True,
        }


def test_next_leads_from_page_to_page_and_keeps_the_filter(world):
    with BrainstemServer(world, paging="next", page_size=4) as server:
        headers = {"Authorization": f"Bearer {server.tokens['administrator']}"}
        url = f"{server.url}/api/{SESSIONS}?filter{{date_time.isnull}}=0"
        found, bodies = [], []
        while url:
            bodies.append(requests.get(url, headers=headers, timeout=10).json())
            found += ids(bodies[-1]["sessions"])
            url = bodies[-1]["next"]
        assert list(bodies[0]) == ["count", "next", "previous", "sessions"]
        assert len(set(found)) == len(found) == bodies[0]["count"] == 11
        assert bodies[0]["previous"] is None
        assert bodies[1]["previous"] is not None


def test_answers_are_compressed_for_those_who_take_it(world):
    with BrainstemServer(world, compress=True) as server:
        answer = Asker(server)("GET", SESSIONS)
        assert answer.headers["Content-Encoding"] == "gzip"
        assert len(answer.json()["sessions"]) == 12
        assert json.loads(answer.text)["meta"]["total_results"] == 12


def test_days_compare_as_days(ask):
    subjects = ask.rows("private/stem/subject/", "subjects")
    limit = date(2018, 6, 28)
    found = ask.rows(f"private/stem/subject/?filter{{birth_date.lt}}={limit}", "subjects")
    assert ids(found) == [row["id"] for row in subjects if date.fromisoformat(row["birth_date"]) < limit]
    assert 0 < len(found) < len(subjects)
