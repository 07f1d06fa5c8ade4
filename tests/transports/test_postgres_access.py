"""Postgres that does not let us in, is not what it should be, or would tell a secret."""

from __future__ import annotations

import logging
import pickle
import traceback
import uuid

import psycopg
import pytest

import sessionframes as sf
from sessionframes.errors import (
    AuthenticationError,
    ConfigError,
    QueryError,
    SessionFramesError,
    SourceResponseError,
    SourceUnavailableError,
)
from sessionframes.transports.postgres import connection_string
from tests.transports.statements import numbers

PASSWORD = "s3cret/p@ss%w0rd"


@pytest.fixture
def name():
    """By which the server knows the test's connections."""
    return f"t{uuid.uuid4().hex[:12]}"


@pytest.fixture
def watch(server_url):
    """Another connection, which sees and kills."""
    with psycopg.connect(server_url, autocommit=True) as connection:
        yield connection


@pytest.fixture
def role(own_lims_url, name):
    """Makes a role that may read everything; its name is the test's."""
    with psycopg.connect(own_lims_url, autocommit=True) as connection:
        connection.execute(f"create role {name} login")
        connection.execute(f"grant select on all tables in schema public to {name}")
        yield name
        connection.execute(f"drop owned by {name}")
        connection.execute(f"drop role {name}")


def as_user(url, user):
    return url.replace("postgres@", f"{user}@", 1)


def test_no_server_at_the_port():
    with pytest.raises(SourceUnavailableError, match=r"127\.0\.0\.1.*Check host and port"):
        sf.connect("lims", host="127.0.0.1", port=1, dbname="lims2", user="reader", password=PASSWORD)


def test_no_server_at_the_socket(tmp_path):
    with pytest.raises(SourceUnavailableError, match="Check host and port"):
        sf.connect("lims", host=str(tmp_path), dbname="lims2", user="reader")


def test_no_such_host():
    with pytest.raises(SourceUnavailableError, match="Check host and port"):
        sf.connect("lims", host="lims.invalid", dbname="lims2", user="reader")


def test_a_user_that_there_is_not(lims_url):
    with pytest.raises(AuthenticationError, match=r"nobody_here.*Check the user"):
        sf.connect("lims", url=as_user(lims_url, "nobody_here"))


def test_a_role_that_may_not_log_in(own_lims_url, role, watch):
    watch.execute(f"alter role {role} nologin")
    with pytest.raises(AuthenticationError, match=f"{role}.*Check the user"):
        sf.connect("lims", url=as_user(own_lims_url, role))


def test_a_database_that_there_is_not(server_url):
    with pytest.raises(ConfigError, match=r"nowhere.*dbname"):
        sf.connect("lims", url=server_url.replace("/postgres?", "/nowhere?"))


def test_a_database_that_the_user_may_not_enter(own_lims_url, role, watch):
    (database,) = psycopg.conninfo.conninfo_to_dict(own_lims_url)["dbname"].split()
    watch.execute(f"revoke connect on database {database} from public")
    with pytest.raises(AuthenticationError, match="permission denied"):
        sf.connect("lims", url=as_user(own_lims_url, role))


def test_a_missing_table_is_named_with_what_is_expected_of_it(own_lims_url, change):
    change(
        "alter table structures rename to areas",
        "alter table ecephys_channels drop column local_index cascade",
    )
    with sf.connect("lims", url=own_lims_url) as db:
        with pytest.raises(SourceResponseError) as caught:
            db.get_channels()
        said = str(caught.value)
        assert "table structures (expected with acronym, id)" in said
        assert "column local_index of ecephys_channels" in said
        assert "ddl.sql" in said
        assert len(db.get_sessions()) > 5


def test_an_empty_database_lacks_every_table(server_url):
    with sf.connect("lims", url=server_url) as db, pytest.raises(SourceResponseError) as caught:
        db.get_sessions()
    for table in ("ecephys_sessions", "specimens", "donors", "genders", "ages", "well_known_files"):
        assert f"table {table} (" in str(caught.value)


def test_a_column_of_a_type_that_cannot_be_meant(own_lims_url, change):
    change(
        "alter table ecephys_units alter column quality type text",
        "alter table ecephys_units alter column snr type text using 'high'",
    )
    with sf.connect("lims", url=own_lims_url) as db, pytest.raises(SourceResponseError, match="high"):
        db.get_units()


def test_a_table_that_the_user_may_not_read(own_lims_url, role, change):
    change(f"revoke select on donors from {role}")
    with sf.connect("lims", url=as_user(own_lims_url, role)) as db:
        with pytest.raises(AuthenticationError, match=r"donors.*SELECT"):
            db.get_sessions()
        assert len(db.get_probes()) > 5


def test_no_secret_is_told(lims_url, caplog, monkeypatch, tmp_path):
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv("LIMS_PASSWORD", PASSWORD)
    host = psycopg.conninfo.conninfo_to_dict(lims_url)
    parts = {"host": host["host"], "port": int(host["port"]), "dbname": host["dbname"], "user": host["user"]}
    said = []
    for changed in ({"port": 1}, {"user": "nobody_here"}, {"dbname": "nowhere"}, {"host": str(tmp_path)}):
        with pytest.raises(SessionFramesError) as caught:
            sf.connect("lims", **{**parts, **changed})
        said += [str(caught.value), repr(caught.value), pickle.dumps(caught.value).decode("latin-1")]
        said += traceback.format_exception(caught.value)
    with sf.connect("lims", **parts, password=PASSWORD) as db:
        said += [repr(db), db.transport.address, repr(vars(db)), db.transport.render(numbers())]
        said += [str(db.get_sessions().attrs)]
        with pytest.raises(QueryError) as refused:
            db.get_sessions("x")
        said.append(str(refused.value))
    with (
        sf.connect("lims", **{**parts, "dbname": "postgres"}) as db,
        pytest.raises(SourceResponseError) as missing,
    ):
        db.get_sessions()
    said += traceback.format_exception(missing.value)
    url = (
        f"postgresql://nobody_here:{PASSWORD.replace('/', '%2F').replace('@', '%40').replace('%w', '%25w')}@"
    )
    with pytest.raises(SessionFramesError) as caught:
        sf.connect(lims_url.replace("postgresql://postgres@", url))
    said += traceback.format_exception(caught.value)
    text = "\n".join([*said, caplog.text])
    assert "nobody_here" in text
    for secret in (PASSWORD, "s3cret", "p%40ss", "w0rd"):
        assert secret not in text


def test_an_address_that_cannot_be_read_is_not_quoted():
    for url in ("postgresql://reader:s3cr%zzet@host/db", "postgresql://reader:s3cret@host:port/db?no=1"):
        with pytest.raises(ConfigError) as caught:
            sf.connect(url)
        assert "s3cr" not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize(
    "given",
    [
        {"url": "postgresql://reader:se@cret@127.0.0.1:1/lims2"},
        {"host": "reader:se@cret", "dbname": "lims2", "user": "reader"},
    ],
)
def test_a_password_with_an_at_sign_is_shown_nowhere(given):
    with pytest.raises(ConfigError) as caught:
        connection_string(given)
    assert "cret" not in str(caught.value)
