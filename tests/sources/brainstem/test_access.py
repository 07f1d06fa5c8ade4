"""Where a token is looked for, where it goes, and where it is never seen."""

from __future__ import annotations

import pickle
import stat

import pytest

import sessionframes as sf
from sessionframes.errors import AuthenticationError, ConfigError, SourceResponseError
from sessionframes.sources.brainstem.access import BearerToken, keep_token, kept_token, token_path
from tests.fault_server import Fault, FaultServer


@pytest.fixture(autouse=True)
def _home(tmp_path, monkeypatch):
    """Whoever runs the tests may have a token of their own."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("SESSIONFRAMES_CONFIG", str(tmp_path / "config.toml"))
    (tmp_path / "config.toml").write_text("")
    for name in ("TOKEN", "API_TOKEN", "PASSWORD", "URL", "PORTAL"):
        monkeypatch.delenv(f"BRAINSTEM_{name}", raising=False)


def who(url, **options):
    """The token that is sent, as the server sees it: which projects there are tells whose it is."""
    with sf.connect("brainstem", url=url, **options) as db:
        return len(db.get_projects())


@pytest.fixture
def seen(server):
    """How many projects each role sees: all differ."""
    found = {role: who(server.url, token=token) for role, token in server.tokens.items()}
    assert len(set(found.values())) == 3
    server.requests.clear()
    return found


def keep(token):
    keep_token(token, token_path())


# Where it is looked for


def test_an_argument_wins_over_the_environment_that_over_the_file(server, seen, monkeypatch, tmp_path):
    keep(server.tokens["reader"])
    assert who(server.url) == seen["reader"]
    entry = f'[sources.brainstem]\nurl = "{server.url}"\ntoken = "{server.tokens["editor"]}"\n'
    (tmp_path / "config.toml").write_text(entry)
    with sf.connect("brainstem") as db:
        assert len(db.get_projects()) == seen["editor"]
    monkeypatch.setenv("BRAINSTEM_API_TOKEN", server.tokens["administrator"])
    with sf.connect("brainstem") as db:
        assert len(db.get_projects()) == seen["administrator"]
    monkeypatch.setenv("BRAINSTEM_TOKEN", server.tokens["reader"])
    assert who(server.url) == seen["reader"]
    assert who(server.url, token=server.tokens["editor"]) == seen["editor"]


def test_a_file_may_end_in_a_line(server, seen):
    token_path().parent.mkdir(parents=True)
    token_path().write_text(f"\ufeff{server.tokens['editor']}\r\n")
    token_path().chmod(0o600)
    assert who(server.url) == seen["editor"]


def test_no_token_is_an_error_before_anything_is_sent(server):
    with pytest.raises(AuthenticationError, match="sessionframes login brainstem"):
        sf.connect("brainstem", url=server.url)
    token_path().parent.mkdir(parents=True)
    token_path().write_text(" \n")
    with pytest.raises(AuthenticationError, match="there is none"):
        sf.connect("brainstem", url=server.url)
    assert not server.requests


def test_the_public_portal_is_asked_without_a_token_though_there_is_one(server, monkeypatch):
    keep("x" * 20_000)
    monkeypatch.setenv("BRAINSTEM_TOKEN", "not a token\n")
    with sf.connect("brainstem", url=server.url, portal="public") as db:
        assert len(db.get_sessions())
    assert server.requests
    assert not any(request.authorized for request in server.requests)


@pytest.mark.parametrize("place", ["argument", "environment variable BRAINSTEM_API_TOKEN", "file"])
def test_a_token_that_is_refused_is_told_by_where_it_came_from(server, monkeypatch, place):
    options = {"token": "not-good"} if place == "argument" else {}
    if place == "file":
        keep("not-good")
    elif not options:
        monkeypatch.setenv("BRAINSTEM_API_TOKEN", "not-good")
    with pytest.raises(AuthenticationError, match=f"That was the token of the {place}.* login brainstem"):
        who(server.url, **options)
    with (
        sf.connect("brainstem", url=server.url, **options) as db,
        pytest.raises(AuthenticationError, match="login brainstem"),
    ):
        db.save_model("project", {"name": "a"})


# Files


def test_a_kept_token_is_for_its_owner_alone():
    keep("first")
    keep("second")
    assert token_path().read_text() == "second"
    assert stat.S_IMODE(token_path().stat().st_mode) == 0o600
    assert stat.S_IMODE(token_path().parent.stat().st_mode) == 0o700
    assert [path.name for path in token_path().parent.iterdir()] == ["token"]


def test_a_link_leads_where_it_did(tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text("old")
    token_path().parent.mkdir(parents=True)
    token_path().symlink_to(elsewhere)
    keep("new")
    assert token_path().is_symlink()
    assert elsewhere.read_text() == "new"


def test_a_token_that_cannot_be_kept_is_an_error_that_does_not_tell_it(tmp_path):
    (tmp_path / ".config").write_text("a file")
    with pytest.raises(ConfigError, match="cannot be written") as caught:
        keep("open-sesame")
    assert "open-sesame" not in str(caught.value)


def test_others_who_may_read_it_are_warned_of(server, seen):
    keep(server.tokens["reader"])
    token_path().chmod(0o644)
    with pytest.warns(UserWarning, match="chmod 600") as caught:
        assert who(server.url) == seen["reader"]
    assert caught[0].filename == __file__


@pytest.mark.parametrize(
    "content",
    [
        *(b"\xff\xfe\x00", b"two words", b"a\nb", "é".encode()),
        *(b'"two-words"', b"'two-words'", b'{"token":"x"}', b"BRAINSTEM_TOKEN=two-words", b"Bearer x"),
    ],
)
def test_a_file_that_holds_something_else_is_not_sent(content, tmp_path):
    path = tmp_path / "token"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(ConfigError) as caught:
        kept_token(path)
    assert "two words" not in str(caught.value)
    with pytest.raises(ConfigError, match="cannot be read"):
        kept_token(tmp_path)


# A name and a password


def test_a_name_and_a_password_are_turned_into_a_token(server, seen, monkeypatch):
    login = {"username": "editor", "password": server.passwords["editor"]}
    keep(server.tokens["reader"])
    assert who(server.url, **login) == seen["editor"]
    monkeypatch.setenv("BRAINSTEM_TOKEN", server.tokens["reader"])
    # Said closer to the call.
    assert who(server.url, **login) == seen["editor"]
    assert who(server.url, token=server.tokens["reader"], **login) == seen["reader"]
    monkeypatch.setenv("BRAINSTEM_PASSWORD", server.passwords["administrator"])
    assert who(server.url, username="administrator") == seen["administrator"]


def test_a_wrong_password_is_told_and_not_shown(server):
    with pytest.raises(AuthenticationError, match="no token for 'editor'") as caught:
        who(server.url, username="editor", password="open-sesame")
    assert "open-sesame" not in str(caught.value)


def test_half_a_login_is_refused(server):
    with pytest.raises(ConfigError, match="no password"):
        who(server.url, username="editor")
    with pytest.raises(ConfigError, match="no username"):
        who(server.url, password="x")
    assert not server.requests


def test_a_password_does_not_follow_a_redirect():
    with FaultServer() as here, FaultServer("localhost") as there:
        target = there.serve("/api/token/", b'{"token": "x"}')
        here.serve("/api/token/", always=Fault(status=307, headers={"Location": target}))
        with pytest.raises(AuthenticationError, match="has moved"):
            who(here.url, username="me", password="open-sesame")
        assert not there.requests


@pytest.mark.parametrize("body", [b"<html>", b"[]", b'{"token": 5}', b'{"access": "x"}'])
def test_an_answer_without_a_token_is_no_login(body):
    with FaultServer() as server:
        server.serve("/api/token/", body)
        with pytest.raises((SourceResponseError, AuthenticationError)):
            who(server.url, username="me", password="x")


# Where it is never seen


def test_a_token_shows_itself_nowhere(server):
    token = BearerToken("open-sesame")
    assert "open-sesame" not in repr(token) + str(vars(token))
    with pytest.raises(ConfigError):
        pickle.dumps(token)
    with pytest.raises(ConfigError) as caught:
        BearerToken("open-sesame\r\nX-Other: 1")
    assert "open-sesame" not in str(caught.value)
    with sf.connect("brainstem", url=server.url, token="open-sesame") as db:
        assert "open-sesame" not in repr(db) + str(vars(db)) + str(db.explain("sessions"))
        with pytest.raises(AuthenticationError, match="Invalid token") as refused:
            db.get_sessions()
    assert "open-sesame" not in str(refused.value)
