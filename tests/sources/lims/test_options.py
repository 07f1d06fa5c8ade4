"""Which LIMS, and as whom: arguments, LIMS_* variables, the config file, and what wins."""

from __future__ import annotations

import json
import logging
import os
import pickle
import subprocess
import sys
import traceback
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

import sessionframes as sf
from sessionframes.demo.postgres import PostgresServer
from sessionframes.errors import (
    AuthenticationError,
    ConfigError,
    SessionFramesError,
    SourceResponseError,
    SourceUnavailableError,
    UnknownSourceError,
)

PASSWORD = "s3cret/p@ss: w%rd?#é'\\"
PARTS = ("host", "port", "dbname", "user")


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch, tmp_path):
    """What the developer's own shell says must not matter."""
    for name in list(os.environ):
        if name.startswith(("LIMS_", "PG", "SESSIONFRAMES_")):
            monkeypatch.delenv(name)
    empty = tmp_path / "empty.toml"
    empty.write_text("", encoding="utf-8")
    monkeypatch.setenv("SESSIONFRAMES_CONFIG", str(empty))


@pytest.fixture
def parts(lims_url):
    told = conninfo_to_dict(lims_url)
    return {name: told.get(name) or "5432" for name in PARTS}


@pytest.fixture
def environment(monkeypatch, parts):
    for name, value in parts.items():
        monkeypatch.setenv(f"LIMS_{name.upper()}", value)


@pytest.fixture
def config(monkeypatch, tmp_path):
    """Writes the config file: entry → its settings."""
    path = tmp_path / "config.toml"

    def write(**entries):
        lines = []
        for name, settings in entries.items():
            lines.append(f"[sources.{name}]")
            lines += [f"{key} = {json.dumps(value)}" for key, value in settings.items()]
        path.write_text("\n".join(lines), encoding="utf-8")
        monkeypatch.setenv("SESSIONFRAMES_CONFIG", str(path))

    return write


def works(*target, **options):
    with sf.connect(*target, **options) as db:
        return len(db.get_sessions()) > 5


# Ways to say it


def test_a_url(lims_url):
    assert works("lims", url=lims_url)
    assert works(lims_url)
    assert works(lims_url.replace("postgresql://", "postgres://"))
    assert works(lims_url.replace("postgresql://", "postgresql+psycopg2://"))


def test_parts(parts):
    assert works("lims", **parts)
    assert works("lims", **{**parts, "port": int(parts["port"])})
    assert works("lims", **{**parts, "host": Path(parts["host"])})


def test_parts_beside_a_url_complete_it(lims_url, parts):
    unfinished = lims_url.replace("postgres@", "@").replace(f"/{parts['dbname']}?", "/?")
    assert works("lims", url=unfinished, user=parts["user"], dbname=parts["dbname"])
    assert works("lims", url=lims_url.replace("postgres@", "nobody_here@"), user="postgres")


@pytest.mark.usefixtures("environment")
def test_environment():
    assert works("lims")


def test_the_environment_is_read_when_connecting(lims_url, monkeypatch):
    monkeypatch.setenv("LIMS_URL", "postgresql://reader@127.0.0.1:1/lims2")
    with pytest.raises(SourceUnavailableError):
        sf.connect("lims")
    monkeypatch.setenv("LIMS_URL", lims_url)
    assert works("lims")


def test_importing_reads_nothing(lims_url):
    # AllenSDK copies the environment when it is imported, and never looks again.
    script = (
        "import sessionframes as sf, os, sys\n"
        "sf.connect; sf.errors; import sessionframes.sources.lims\n"
        "os.environ['LIMS_URL'] = sys.argv[1]\n"
        "print(len(sf.connect('lims').get_sessions()))\n"
    )
    answer = subprocess.run(
        [sys.executable, "-c", script, lims_url],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "LIMS_URL": "nonsense"},
    )
    assert int(answer.stdout or 0) > 5, answer.stderr


def test_an_entry_of_the_config_file(config, parts, lims_url):
    config(
        institute={"source": "lims", **parts}, lims={"url": lims_url}, other={"source": "lims", "url": "x"}
    )
    assert works("institute")
    assert works("lims")


def test_an_empty_variable_is_not_set(parts, monkeypatch, config):
    config(lims=parts)
    for name in ("URL", *map(str.upper, PARTS)):
        monkeypatch.setenv(f"LIMS_{name}", "")
    assert works("lims")


# What wins


@pytest.mark.usefixtures("environment")
def test_an_argument_wins_over_the_environment(monkeypatch, parts):
    monkeypatch.setenv("LIMS_USER", "nobody_here")
    assert works("lims", user=parts["user"])
    with pytest.raises(AuthenticationError, match="nobody_here"):
        sf.connect("lims")


def test_the_environment_wins_over_the_config_file(monkeypatch, config, parts):
    config(institute={"source": "lims", **parts, "user": "nobody_here"})
    with pytest.raises(AuthenticationError, match="nobody_here"):
        sf.connect("institute")
    monkeypatch.setenv("LIMS_USER", parts["user"])
    assert works("institute")


@pytest.mark.usefixtures("environment")
def test_a_url_is_not_mixed_with_the_environment(lims_url, monkeypatch):
    # A password of another server must not go to this one, nor another's user.
    monkeypatch.setenv("LIMS_USER", "nobody_here")
    monkeypatch.setenv("LIMS_PASSWORD", PASSWORD)
    monkeypatch.setenv("LIMS_HOST", "lims.invalid")
    assert works("lims", url=lims_url)
    assert works(lims_url)


def test_parts_given_win_over_a_url_of_the_environment(monkeypatch, parts):
    monkeypatch.setenv("LIMS_URL", "postgresql://reader@127.0.0.1:1/lims2")
    assert works("lims", **parts)


def test_one_part_given_changes_a_url_of_the_environment_or_says_that_it_does_not(monkeypatch, lims_url):
    monkeypatch.setenv("LIMS_URL", lims_url)
    with pytest.raises(SessionFramesError):
        sf.connect("lims", user="nobody_here").close()


# What is wrong with it


def test_missing_options_are_named_with_their_variables():
    with pytest.raises(ConfigError) as caught:
        sf.connect("lims")
    for word in ("host", "dbname", "user", "LIMS_HOST", "LIMS_DBNAME", "LIMS_USER", "url"):
        assert word in str(caught.value)
    with pytest.raises(ConfigError) as caught:
        sf.connect("lims", host="limsdb2", user="reader")
    assert "LIMS_DBNAME" in str(caught.value)
    assert "LIMS_HOST" not in str(caught.value)


@pytest.mark.parametrize(
    ("wrong", "meant"),
    [
        ("pasword", "password"),
        ("database", "dbname"),
        ("hostname", "host"),
        ("statment_timeout", "statement_timeout"),
    ],
)
def test_a_misspelt_option_is_named_with_the_nearest(parts, config, wrong, meant):
    with pytest.raises(ConfigError, match=wrong) as caught:
        sf.connect("lims", **parts, **{wrong: "x"})
    assert meant in str(caught.value)
    config(institute={"source": "lims", **parts, wrong: "x"})
    with pytest.raises(ConfigError, match=wrong):
        sf.connect("institute")


@pytest.mark.parametrize(
    "wrong",
    [
        {"port": "many"},
        {"port": True},
        {"port": 5432.5},
        {"statement_timeout": "long"},
        {"files_timeout": "x"},
        {"host": 3},
    ],
    ids=repr,
)
def test_a_value_of_another_kind(parts, wrong):
    (name,) = wrong
    with pytest.raises(ConfigError, match=name):
        sf.connect("lims", **{**parts, **wrong}).close()


@pytest.mark.parametrize(
    "wrong",
    [{"statement_timeout": -1.0}, {"statement_timeout": float("nan")}, {"port": 0}, {"port": 99999}],
    ids=repr,
)
def test_a_number_that_cannot_be(parts, wrong):
    with pytest.raises(SessionFramesError) as caught:
        sf.connect("lims", **{**parts, **wrong})
    assert isinstance(caught.value, ConfigError | SourceUnavailableError)


def test_a_port_in_the_environment_that_is_no_number(parts, monkeypatch):
    monkeypatch.setenv("LIMS_PORT", "many")
    del parts["port"]
    with pytest.raises(ConfigError, match="LIMS_PORT"):
        sf.connect("lims", **parts)


@pytest.mark.parametrize("target", ["limbs", "", "mysql://a@b/c", "limsdb2", "://"])
def test_a_target_that_there_is_not(target):
    with pytest.raises(UnknownSourceError):
        sf.connect(target)


@pytest.mark.parametrize(
    "url", ["", "x", "postgresql://h:port/db", "http://127.0.0.1:1/", "postgresql://a@b/c?no=1"]
)
def test_a_url_that_is_none(url):
    with pytest.raises(SessionFramesError):
        sf.connect("lims", url=url)


def test_two_hosts_of_which_one_answers(parts):
    hosts = quote(parts["host"], safe="")
    port = parts["port"]
    assert works("lims", url=f"postgresql://postgres@/{parts['dbname']}?host=127.0.0.1,{hosts}&port=1,{port}")


# TLS


@pytest.mark.parametrize("mode", ["disable", "allow", "prefer", "require"])
def test_sslmode_passes_through(parts, lims_url, mode):
    # libpq ignores it on a socket; over TCP a server without TLS refuses in its own words.
    may_refuse = mode == "require" and not parts["host"].startswith("/")
    for given in (parts, {"url": lims_url}):
        if may_refuse:
            with pytest.raises(SourceUnavailableError, match="SSL"):
                sf.connect("lims", **given, sslmode=mode)
        else:
            assert works("lims", **given, sslmode=mode)


def test_a_certificate_that_is_not_there(parts, tmp_path):
    missing = str(tmp_path / "none.crt")
    with pytest.raises(SessionFramesError, match=r"none\.crt|Connection refused"):
        sf.connect(
            "lims", **{**parts, "host": "127.0.0.1", "port": 1}, sslmode="verify-full", sslrootcert=missing
        )


def test_an_sslmode_that_there_is_not(parts):
    with pytest.raises(SessionFramesError, match="sslmode"):
        sf.connect("lims", **parts, sslmode="always")


# Passwords


@pytest.fixture(scope="module")
def guarded():
    """A server that asks for a password, unlike the run's: it knows one reader."""
    with PostgresServer.fresh() as server:
        with psycopg.connect(server.url, autocommit=True) as connection:
            connection.execute(psycopg.sql.SQL("create role reader login password {}").format(PASSWORD))
            connection.execute("create role keyless login")
            rules = server.data / "pg_hba.conf"
            kept = "local all postgres trust\nhost all postgres all trust\n"
            rules.write_text(f"{kept}local all all scram-sha-256\nhost all all all scram-sha-256\n")
            connection.execute("select pg_reload_conf()")
        yield server.url


def get_in(*target, **options):
    """The guarded server has no LIMS in it: who is let in learns that."""
    with sf.connect(*target, **options) as db, pytest.raises(SourceResponseError, match="ecephys_sessions"):
        db.get_sessions()
    return True


def test_a_password_of_every_character(guarded, monkeypatch, config):
    told = conninfo_to_dict(guarded)
    parts = {name: told.get(name) or "5432" for name in PARTS} | {"user": "reader"}
    assert get_in("lims", **parts, password=PASSWORD)
    escaped = guarded.replace("postgres@", f"reader:{quote(PASSWORD, safe='')}@", 1)
    assert get_in("lims", url=escaped)
    assert get_in(escaped)
    assert get_in("lims", url=guarded.replace("postgres@", "reader@", 1), password=PASSWORD)
    config(institute={"source": "lims", **parts, "password": PASSWORD})
    assert get_in("institute")
    monkeypatch.setenv("LIMS_PASSWORD", PASSWORD)
    assert get_in("lims", **parts)


@pytest.mark.parametrize("password", ["wrong-s3cret", None, ""])
def test_a_wrong_password(guarded, password):
    with pytest.raises(AuthenticationError, match="Check the user and the password") as caught:
        sf.connect("lims", url=guarded.replace("postgres@", "reader@", 1), password=password)
    assert "wrong-s3cret" not in "".join(traceback.format_exception(caught.value))


def test_a_password_for_who_has_none(guarded):
    with pytest.raises(AuthenticationError):
        sf.connect(guarded.replace("postgres@", "keyless:s3cret@", 1))


def test_a_password_is_never_shown(guarded, caplog, capfd):
    caplog.set_level(logging.DEBUG)
    escaped = quote(PASSWORD, safe="")
    url = guarded.replace("postgres@", f"reader:{escaped}@", 1)
    said = []
    with sf.connect("lims", url=url) as db:
        said += [
            repr(db),
            str(db),
            db.transport.address,
            repr(vars(db)),
            repr(db.source),
        ]
        with pytest.raises(SourceResponseError) as missing:
            db.get_sessions()
        empty = db.get_sessions([])
        said += [*traceback.format_exception(missing.value), repr(missing.value), str(empty.attrs)]
        # Connections do not travel; whatever says so must not take the password along.
        with pytest.raises((SessionFramesError, TypeError, AttributeError)) as frozen:
            pickle.dumps(db)
        said += traceback.format_exception(frozen.value)
    for changed in (url.replace("reader", "keyless"), url.replace("/postgres?", "/nowhere?")):
        with pytest.raises(SessionFramesError) as caught:
            sf.connect(changed)
        said += [*traceback.format_exception(caught.value), repr(caught.value)]
    with pytest.raises(SessionFramesError) as unknown:
        sf.connect(url.replace("postgresql://", "mysql://"))
    said += traceback.format_exception(unknown.value)
    text = "\n".join([*said, caplog.text, *capfd.readouterr()])
    assert "reader" in text
    for secret in (PASSWORD, escaped, "s3cret"):
        assert secret not in text
