"""Options: who wins, what is converted, what is refused, and that secrets stay secret."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path

import pytest

from sessionframes.config import Option, Secret, config_path, mask, nearest, read_entries, resolve
from sessionframes.errors import ConfigError

SECRET = "s3cr3t/+="
OPTIONS = (
    Option("host", "Name of the server.", ("FAKE_HOST", "OLD_FAKE_HOST")),
    Option("port", "Its port.", ("FAKE_PORT",), default=5432, kind=int),
    Option("timeout", "Longest wait, in s.", kind=float),
    Option("tls", "Whether to encrypt.", ("FAKE_TLS",), default=True, kind=bool),
    Option("password", "The password.", ("FAKE_PASSWORD",), secret=True),
)


def settled(given=(), entry=None, environ=()):
    return resolve("fake", OPTIONS, dict(given), entry, dict(environ))


@pytest.mark.parametrize(
    ("given", "environ", "entry", "value", "origin"),
    [
        ({"host": "a"}, {"FAKE_HOST": "b"}, {"host": "c"}, "a", "argument"),
        ({"host": None}, {"FAKE_HOST": "b"}, {"host": "c"}, "b", "environment variable FAKE_HOST"),
        ({}, {"OLD_FAKE_HOST": "b"}, {"host": "c"}, "b", "environment variable OLD_FAKE_HOST"),
        ({}, {"FAKE_HOST": "b", "OLD_FAKE_HOST": "d"}, {}, "b", "environment variable FAKE_HOST"),
        ({}, {"FAKE_HOST": ""}, {"host": "c"}, "c", "config file"),
        ({}, {}, {}, None, "default"),
    ],
)
def test_argument_then_environment_then_file_then_default(given, environ, entry, value, origin):
    options = settled(given, entry, environ)
    assert options["host"] == value
    assert options.origins["host"] == origin


def test_false_and_zero_count_as_given():
    options = settled({"tls": False, "timeout": 0}, environ={"FAKE_TLS": "yes"})
    assert options["tls"] is False
    assert options["timeout"] == 0.0


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("port", "1234", 1234),
        ("port", 1234, 1234),
        ("timeout", "2.5", 2.5),
        ("timeout", 3, 3.0),
        ("tls", "off", False),
        ("tls", " True ", True),
        ("tls", "0", False),
        ("tls", 1, True),
        ("host", Path("socket"), "socket"),
    ],
)
def test_values_become_their_kind(name, value, expected):
    found = settled({name: value})[name]
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("port", "many"),
        ("port", "1.5"),
        ("port", True),
        ("port", ""),
        ("port", [1]),
        ("timeout", "soon"),
        ("timeout", False),
        ("tls", "perhaps"),
        ("tls", 2),
        ("host", 5),
        ("host", b"a"),
    ],
)
def test_a_value_of_the_wrong_kind_is_refused_and_says_what_it_is_for(name, value):
    with pytest.raises(ConfigError, match=f"option '{name}' \\(argument\\)") as caught:
        settled({name: value})
    assert str(caught.value).startswith("fake: ")
    assert next(option.description for option in OPTIONS if option.name == name) in str(caught.value)


def test_a_wrong_value_in_the_environment_names_its_variable():
    with pytest.raises(ConfigError, match="environment variable FAKE_PORT"):
        settled(environ={"FAKE_PORT": "many"})


@pytest.mark.parametrize("place", ["given", "entry"])
def test_an_unknown_option_is_told_with_the_nearest_name(place):
    with pytest.raises(ConfigError, match=r"no option 'pasword'.* Did you mean 'password'"):
        settled(**{place: {"pasword": "x"}})


@pytest.mark.parametrize("place", ["given", "environ", "entry"])
def test_a_secret_shows_itself_only_when_asked(place):
    options = settled(**{place: {("FAKE_PASSWORD" if place == "environ" else "password"): SECRET}})
    assert options.secret("password") == SECRET
    shown = f"{options!r} {options} {options['password']!r} {options['password']}"
    assert SECRET not in shown
    assert "***" in shown


def test_secrets_compare_and_never_travel():
    assert Secret("a") == Secret("a") != Secret("b")
    assert len({Secret("a"), Secret("a")}) == 1
    assert Secret("a") != "a"
    for travel in (pickle.dumps, copy.deepcopy):
        with pytest.raises(ConfigError, match="secret"):
            travel(Secret("a"))


def test_secret_of_an_option_that_is_none():
    options = settled({"host": "a"})
    assert options.secret("host") == "a"
    assert options.secret("password") is None


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        (f"postgresql://me:{SECRET}@db/lims", "postgresql://me:***@db/lims"),
        ("postgresql://me:p@ss@db/lims", "postgresql://me:***@db/lims"),
        ("postgresql+psycopg://me:pass@db", "postgresql+psycopg://me:***@db"),
        ("https://host/x?token=abc&page=2", "https://host/x?token=***&page=2"),
        (
            "https://h/x?X-Amz-Signature=abc&X-Amz-Credential=me",
            "https://h/x?X-Amz-Signature=***&X-Amz-Credential=***",
        ),
        ("host=db user=me password='a b\\'c' dbname=x", "host=db user=me password=*** dbname=x"),
        ("host=db password = abc dbname=x", "host=db password = *** dbname=x"),
        ("api_key=abc&access_key=def&sig=ghi", "api_key=***&access_key=***&sig=***"),
        ("postgresql://me@db/lims", "postgresql://me@db/lims"),
        ("nothing to hide: 5 signals, design=3", "nothing to hide: 5 signals, design=3"),
    ],
)
def test_mask(text, masked):
    assert mask(text) == masked
    assert mask(masked) == masked


def test_nearest_names_the_close_ones_or_all():
    assert nearest("sesions", ["sessions", "units"]) == "Did you mean 'sessions'?"
    assert nearest("xyz", ["units", "sessions"]) == "Known: sessions, units."
    assert nearest("xyz", []) == "There are none."


def test_where_the_config_file_is():
    assert config_path({"SESSIONFRAMES_CONFIG": "here.toml"}) == Path("here.toml")
    assert config_path({}).name == "config.toml"
    assert "sessionframes" in config_path({}).parts


@pytest.fixture
def file(tmp_path, monkeypatch):
    path = tmp_path / "config.toml"
    monkeypatch.setenv("SESSIONFRAMES_CONFIG", str(path))
    return path


def test_entries_of_the_config_file(file):
    file.write_text('[sources.mine]\nsource = "lims"\nhost = "é"\nport = 1\n', encoding="utf-8")
    assert read_entries() == {"mine": {"source": "lims", "host": "é", "port": 1}}


@pytest.mark.parametrize("content", ["", "# nothing yet\n", "[sources]\n"])
def test_a_file_without_sources_has_no_entries(file, content):
    file.write_text(content)
    assert read_entries() == {}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('[source.mine]\nsource = "lims"\n', r"'source' at its top\. Did you mean 'sources'\?"),
        ('[sources.mine]\nsource = "lims"\n[Sources.other]\n', r"'Sources' at its top\. Did you mean"),
        ('[mine]\nsource = "lims"\n', r"'mine' at its top\. Known: sources\. Write \[sources\.NAME\]"),
        ('host = "limsdb2"\n', r"'host' at its top"),
    ],
)
def test_what_is_no_entry_is_pointed_out(file, content, said):
    file.write_text(content)
    with pytest.raises(ConfigError, match=rf"config\.toml has {said}"):
        read_entries()


def test_no_file_where_none_was_named_is_no_fault(monkeypatch, tmp_path):
    monkeypatch.delenv("SESSIONFRAMES_CONFIG", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    assert read_entries() == {}


@pytest.mark.usefixtures("file")
def test_a_named_file_must_be_there():
    with pytest.raises(ConfigError, match=r"no config file at .*Create it"):
        read_entries()


@pytest.mark.parametrize(
    "content",
    [b"[sources.mine\n", b"\xff\xfe", b'sources = "lims"', b"sources = [1]", b'[sources]\nmine = "lims"\n'],
)
def test_a_broken_file_is_named(file, content):
    file.write_bytes(content)
    with pytest.raises(ConfigError, match=r"config\.toml"):
        read_entries()


def test_a_directory_is_no_file(tmp_path):
    with pytest.raises(ConfigError, match="cannot be read"):
        read_entries(tmp_path)
