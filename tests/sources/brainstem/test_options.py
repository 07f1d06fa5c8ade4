"""How BrainSTEM is connected to: what it can be told, and what is refused before anything is sent."""

from __future__ import annotations

import pytest

import sessionframes as sf
from sessionframes.errors import ConfigError, JoinError


@pytest.mark.parametrize(
    ("option", "value", "hint"),
    [
        ("url", "brainstem.org", "such as https"),
        ("url", "ftp://brainstem.org", "such as https"),
        ("url", "https://", "such as https"),
        ("url", "http://[", "such as https"),
        ("url", "http://a:99999/", "such as https"),
        ("url", "http://a:b/", "such as https"),
        ("url", "http://a\ud800/", "such as https"),
        ("portal", "privat", "Did you mean 'private'"),
        ("portal", "", "Known: private, public, super"),
        ("timeout", 0, "Give 0.001"),
        ("timeout", float("nan"), "Give 0.001"),
        ("page_size", 0, "Give 1 to"),
        ("page_size", 10**6, "Give 1 to"),
    ],
)
def test_what_makes_no_sense_is_refused(option, value, hint):
    options = {"url": "http://127.0.0.1:9", "token": "secret-token", option: value}
    with pytest.raises(ConfigError, match=hint) as caught:
        sf.connect("brainstem", **options)
    assert caught.value.source == "brainstem"
    assert option in str(caught.value)
    assert "secret-token" not in str(caught.value)


def test_a_password_in_the_address_is_not_shown():
    with pytest.raises(ConfigError) as caught:
        sf.connect("brainstem", url="ftp://me:hunter2@brainstem.org", token="a")
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    "url", ["http://me:hunter2@a/", "http://hunter2@a", "http://a/?key=hunter2", "http://a/#hunter2"]
)
def test_what_stands_beside_the_address_is_refused_and_not_shown(url):
    with pytest.raises(ConfigError, match="user, a query or a fragment") as caught:
        sf.connect("brainstem", url=url, token="a")
    assert "hunter2" not in str(caught.value)


def test_connecting_sends_nothing(server, connect):
    db = connect()
    assert server.requests == []
    assert db.transport.address == f"{server.url}/api/private/"
    assert server.tokens["administrator"] not in repr(db) + repr(vars(db.transport))


def test_address_and_portal_come_from_the_environment(server, monkeypatch):
    monkeypatch.setenv("BRAINSTEM_URL", server.url)
    monkeypatch.setenv("BRAINSTEM_PORTAL", "public")
    with sf.connect("brainstem") as db:
        assert db.transport.address == f"{server.url}/api/public/"


@pytest.mark.parametrize(
    "path",
    [
        *("", "/", "/below/", "/below", "/api", "/api/", "/below/api/", "/below/api", "/myapi"),
        *("/api/private/", "/api/public", "/below/api/super/", "/private/"),
    ],
)
def test_an_address_may_end_as_it_likes(path):
    with sf.connect("brainstem", url=f"http://127.0.0.1:9{path}", portal="public") as db:
        path = path.removesuffix("/")
        if "/api" in path:
            for portal in ("/private", "/public", "/super"):
                path = path.removesuffix(portal)
        path = path.removesuffix("/api")
        below = path.strip("/") and f"{path.strip('/')}/"
        assert db.transport.address == f"http://127.0.0.1:9/{below}api/public/"
        assert f"GET http://127.0.0.1:9/{below}api/public/stem/session/?" in str(db.explain("sessions"))


def test_the_calls_by_name_are_those_of_get(db):
    sessions = db.get_sessions().index[:2]
    assert db.get_assets(session_ids=sessions)["session_id"].isin(sessions).all()
    assert db.get_projects(db.get_projects().index[1]).index.tolist() == [db.get_projects().index[1]]
    assert db.get_subjects([]).index.tolist() == []
    assert db.get_subjects(db.get_sessions()["subject_id"].dropna()).index.is_unique
    assert db.get_probes(session_ids=sessions[0])["session_id"].tolist() != []


def test_the_demo_is_the_same_place_at_whichever_port():
    with (
        sf.connect("demo", wire="brainstem", scale=0.02) as one,
        sf.connect("demo", wire="brainstem", scale=0.02) as other,
        sf.connect("demo", wire="brainstem", scale=0.02, seed=1) as another,
    ):
        assert one.url != other.url
        sessions = other.get_sessions(columns=["session_name"])
        joined = sf.join(one.get_probes(columns=["session_id", "probe_name"]), sessions)
        assert joined["session_name"].notna().all()
        assert len(joined)
        with pytest.raises(JoinError, match=r"seed=0.*seed=1"):
            sf.join(one.get_probes(), another.get_sessions())
        assert f"GET {one.url}/api/private/stem/session/" in str(one.explain("sessions"))
