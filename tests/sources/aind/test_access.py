"""What AIND can be told when it is connected to, and where its token is looked for."""

from __future__ import annotations

import base64

import pytest
import requests

from sessionframes.config import resolve
from sessionframes.errors import ConfigError
from sessionframes.sources.aind.access import OPTIONS, check_options, token_of, transport_of, zone_of


def options(environ=None, **given):
    return resolve("aind", OPTIONS, given, environ=environ or {})


def sent(token):
    """The token that goes along with a request."""
    if token is None:
        return None
    request = requests.Request("GET", "http://127.0.0.1:9/", auth=token).prepare()
    kind, encoded = request.headers["Authorization"].split()
    assert kind == "Basic"
    user, colon, password = base64.b64decode(encoded).decode().partition(":")
    assert (colon, password) == (":", "")
    return user


# The token


def test_the_token_comes_from_the_argument_else_the_environment_else_any_value_that_looks_like_one():
    environ = {"PATH": "/bin", "MY_TOKEN": "COP_third", "OTHER": "cop_fourth"}
    assert sent(token_of(options(environ), environ)) == "COP_third"
    environ["CODE_OCEAN_API_TOKEN"] = "any-second"
    assert sent(token_of(options(environ), environ)) == "any-second"
    assert sent(token_of(options(environ, codeocean_token="first"), environ)) == "first"
    assert token_of(options(), {"PATH": "/bin", "A": "not cop_x", "B": "cop_ with blanks"}) is None


def test_the_environment_itself_is_looked_at_when_it_is_connected(monkeypatch):
    monkeypatch.setenv("CODE_OCEAN_API_TOKEN", "")
    monkeypatch.setenv("SOME_TOKEN_OF_MINE", "Cop_mine")
    # Whoever runs the tests may have one of their own, which then comes first or not.
    assert sent(token_of(options())).lower().startswith("cop_")


@pytest.mark.parametrize("token", [" ", "two words", "line\nbreak", "a:b", "schlüssel"])
def test_what_can_be_no_token_is_refused_without_being_shown(token):
    with pytest.raises(ConfigError, match="CODE_OCEAN_API_TOKEN") as caught:
        token_of(options(codeocean_token=token))
    assert token.strip() == "" or token not in str(caught.value)


def test_a_token_is_not_shown():
    told = options(codeocean_token="cop_hush-hush-1234")
    token = token_of(told)
    encoded = base64.b64encode(b"cop_hush-hush-1234:").decode()
    for shown in (repr(told), repr(token), repr(vars(token))):
        assert "hush" not in shown
        assert encoded not in shown


# Options


def test_what_nobody_says_is_aind_itself():
    told = options()
    check_options(told)
    with_defaults = transport_of(options(codeocean_token="cop_x"))
    assert with_defaults.address == "https://api.allenneuraldynamics.org/v1/metadata_index/data_assets"
    assert with_defaults.codeocean.address == "https://codeocean.allenneuraldynamics.org"
    assert with_defaults.zone.key == "America/Los_Angeles"
    with_defaults.close()


def test_addresses_come_from_the_environment():
    environ = {
        "CODE_OCEAN_DOMAIN": "http://127.0.0.1:1",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:2",
    }
    told = options(environ)
    assert (told["codeocean_url"], told["s3_endpoint"]) == ("http://127.0.0.1:1", "http://127.0.0.1:2")
    told = options({**environ, "AWS_ENDPOINT_URL_S3": "http://127.0.0.1:3"})
    assert told["s3_endpoint"] == "http://127.0.0.1:3"
    assert options({}, s3_anonymous="yes")["s3_anonymous"] is True
    assert options({})["s3_anonymous"] is None


@pytest.mark.parametrize(
    ("option", "value", "hint"),
    [
        ("docdb_url", "api.allenneuraldynamics.org", "such as https://api.allenneuraldynamics.org"),
        ("docdb_url", "https://api.allenneuraldynamics.org/v1", "without the version"),
        ("docdb_url", "http://a/v2/metadata_index/", "without the version"),
        ("docdb_url", "http://a:b/", "such as https"),
        ("codeocean_url", "https://codeocean.allenneuraldynamics.org/api/v1/", "without /api"),
        ("codeocean_url", "", "such as https://codeocean"),
        ("codeocean_url", "http://[", "such as https"),
        ("s3_endpoint", "127.0.0.1:9000", "such as http://127.0.0.1:9000"),
        ("docdb_version", "v1/x", "one name"),
        ("docdb_database", "", "one name"),
        ("docdb_collection", "data assets", "one name"),
        ("zone", "Seattle", "tz database"),
        ("zone", "america/los_angelos", "Did you mean 'America/Los_Angeles'"),
        ("zone", "../passwd", "tz database"),
        ("zone", "America", "tz database"),
        ("timeout", 0, "Give 0.001"),
        ("timeout", float("nan"), "Give 0.001"),
        ("page_size", 0, "Give 1 to 1000"),
        ("page_size", 1001, "Give 1 to 1000"),
    ],
)
def test_what_makes_no_sense_is_refused(option, value, hint):
    with pytest.raises(ConfigError, match=hint) as caught:
        check_options(options(codeocean_token="secret-token", **{option: value}))
    assert caught.value.source == "aind"
    assert option in str(caught.value)
    assert "secret-token" not in str(caught.value)


def test_a_password_in_an_address_is_not_shown():
    with pytest.raises(ConfigError) as caught:
        check_options(options(docdb_url="ftp://me:hunter2@api.allenneuraldynamics.org"))
    assert "hunter2" not in str(caught.value)
    opened = transport_of(options(docdb_url="http://me:hunter2@127.0.0.1:9/"))
    assert opened.address == "http://127.0.0.1:9/v1/metadata_index/data_assets"
    opened.close()


def test_another_zone_may_be_given():
    assert zone_of(options(zone="Europe/Berlin")).key == "Europe/Berlin"
