"""Where AIND's servers are, and who asks: options, addresses, and the token of Code Ocean.

DocDB is public. Code Ocean wants a token, and S3 has keys of its own; without them the rest still works.
"""

from __future__ import annotations

import base64
import os
import re
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from requests.auth import AuthBase

from sessionframes.config import Option, Secret, mask, nearest
from sessionframes.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import requests

    from sessionframes.config import Options
    from sessionframes.sources.aind.transport import AindTransport

__all__ = [
    "HOW_TO_GET_IN",
    "OPTIONS",
    "STILL_THERE",
    "CodeOceanToken",
    "check_options",
    "token_of",
    "transport_of",
    "zone_of",
]

#: Server's name in an option → what an address of it may not end with, and why.
_NO_ENDS = {
    "docdb_url": (re.compile(r"/v\d+(/.*)?$"), "the version, which is the option docdb_version"),
    "codeocean_url": (re.compile(r"/api(/.*)?$"), "/api"),
}
_PATH_PARTS = ("docdb_version", "docdb_database", "docdb_collection")
#: What a wait can be, in s.
_SHORTEST, _LONGEST = 0.001, 86_400
_LARGEST_PAGE = 1000
#: How Code Ocean's tokens begin.
_BEGINNING = "cop_"

#: What a token is for, and what is there without one.
STILL_THERE = (
    "Without a token, or with only_docdb=True, DocDB and S3 still tell of sessions, probes, channels and "
    "units; what Code Ocean alone knows (data assets, their states and sizes) is left out."
)
HOW_TO_GET_IN = "Give codeocean_token=, or set CODE_OCEAN_API_TOKEN."

OPTIONS = (
    Option("docdb_url", "Address of DocDB.", default="https://api.allenneuraldynamics.org"),
    Option("docdb_version", "Version of its interface: v1, or v2 for schema 2.", default="v1"),
    Option("docdb_database", "Database of it.", default="metadata_index"),
    Option("docdb_collection", "Collection of that.", default="data_assets"),
    Option(
        "codeocean_url",
        "Address of Code Ocean.",
        ("CODE_OCEAN_DOMAIN",),
        default="https://codeocean.allenneuraldynamics.org",
    ),
    Option(
        "codeocean_token",
        "Access token of Code Ocean; without one, the first environment variable that begins as one does.",
        ("CODE_OCEAN_API_TOKEN",),
        secret=True,
    ),
    Option(
        "s3_endpoint",
        "Address of S3, where it is not Amazon's own.",
        ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"),
    ),
    Option(
        "s3_anonymous",
        "Read S3 without keys: public buckets only. If not given, keys are used where there are any.",
        kind=bool,
    ),
    Option("zone", "Where the rigs stand, for times without a zone.", default="America/Los_Angeles"),
    Option("timeout", "Longest silence of a server, in s.", default=60.0, kind=float),
    Option(
        "page_size",
        "How many records to ask for at a time; the server may give fewer.",
        default=_LARGEST_PAGE,
        kind=int,
    ),
)


class CodeOceanToken(AuthBase):
    """Puts a token on a request, and shows it nowhere else.

    Parameters
    ----------
    token : str
        As Code Ocean gave it.

    Raises
    ------
    ConfigError
        It cannot be one: empty, or with blanks, colons or odd characters within.
    """

    def __init__(self, token: str) -> None:
        token = token.strip()
        if not _is_token(token):
            message = "the token of Code Ocean is none: empty, or with blanks or odd characters within."
            raise ConfigError(message, source="aind", column="codeocean_token", hint=HOW_TO_GET_IN)
        # A server that quotes one of the two gives the token away.
        self._token = Secret(token)
        self._encoded = Secret(base64.b64encode(f"{token}:".encode()).decode())

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Put the token on `request`: the name of the user, with an empty password."""
        request.headers["Authorization"] = f"Basic {self._encoded.reveal()}"
        return request


def token_of(options: Options, environ: Mapping[str, str] | None = None) -> CodeOceanToken | None:
    """Return what signs requests to Code Ocean, or None where there is no token.

    As AIND's own client does, the first environment variable whose value begins with ``cop_`` will do, if
    nobody says a token in any other way.

    Parameters
    ----------
    options : Options
        With codeocean_token.
    environ : mapping, optional
        Stands for ``os.environ``.

    Raises
    ------
    ConfigError
        What was said cannot be a token.
    """
    token = options.secret("codeocean_token")
    if token is not None:
        return CodeOceanToken(token)
    environ = os.environ if environ is None else environ
    values = (value.strip() for value in environ.values())
    likely = (value for value in values if value.lower().startswith(_BEGINNING) and _is_token(value))
    found = next(likely, None)
    return None if found is None else CodeOceanToken(found)


def zone_of(options: Options) -> ZoneInfo:
    """Return the zone of the rigs.

    Raises
    ------
    ConfigError
        There is none of that name.
    """
    name = options["zone"]
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, OSError, ValueError):
        message = f"option 'zone' is {mask(repr(name))}."
        hint = f"Give a name of the tz database. {nearest(name, available_timezones())}"
        raise ConfigError(message, source="aind", hint=hint) from None


def transport_of(options: Options) -> AindTransport:
    """Return what asks DocDB, Code Ocean (with a token) and S3; nothing is sent.

    Raises
    ------
    ConfigError
        An option makes no sense.
    """
    from sessionframes.sources.aind import codeocean, docdb
    from sessionframes.sources.aind.storage import Storage
    from sessionframes.sources.aind.transport import AindTransport
    from sessionframes.transports.rest import RestTransport

    check_options(options)
    token, zone, size = token_of(options), zone_of(options), options["page_size"]
    opened = partial(RestTransport, source="aind", timeout=(min(10, options["timeout"]), options["timeout"]))
    path = "/".join(options[part] for part in _PATH_PARTS)
    records = docdb.DocDb(opened(options["docdb_url"], judge=docdb.judge), path, size)
    assets = None
    if token is not None:
        asked = opened(options["codeocean_url"], token, judge=codeocean.judge)
        assets = codeocean.CodeOcean(asked, size)
    storage = Storage(options["s3_endpoint"], anonymous=options["s3_anonymous"], timeout=options["timeout"])
    return AindTransport(records, assets, storage, zone, records.address)


def check_options(options: Options) -> None:
    """Refuse what makes no sense, before anything is sent.

    Raises
    ------
    ConfigError
        An address that is none, a part of a path that is several, a wait or a size out of bounds.
    """
    for name in ("docdb_url", "codeocean_url", "s3_endpoint"):
        if options[name] is not None:
            _check_address(name, options[name])
    for name in _PATH_PARTS:
        if not re.fullmatch(r"[\w-]+", options[name], re.ASCII):
            hint = "Give one name, of letters, digits, '_' and '-'."
            raise _refused(name, repr(options[name]), hint)
    if not _SHORTEST <= options["timeout"] <= _LONGEST:
        raise _refused("timeout", f"{options['timeout']:g} s", f"Give {_SHORTEST} to {_LONGEST:,} s.")
    if not 1 <= options["page_size"] <= _LARGEST_PAGE:
        raise _refused("page_size", str(options["page_size"]), f"Give 1 to {_LARGEST_PAGE}.")
    zone_of(options)


def _check_address(name: str, url: str) -> None:
    try:
        parts = urlsplit(url)
        # Only when it is asked for does a port show that it is none.
        is_address = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_address = False
    shown = repr(mask(url))
    default = next(option.default for option in OPTIONS if option.name == name)
    if not is_address:
        raise _refused(name, shown, f"Give an address such as {default or 'http://127.0.0.1:9000'}.")
    wrong, what = _NO_ENDS.get(name, (None, ""))
    if wrong is not None and wrong.search(parts.path.rstrip("/")):
        raise _refused(name, shown, f"Give the address of the server, without {what}.")


def _refused(name: str, value: str, hint: str) -> ConfigError:
    return ConfigError(f"option {name!r} is {value}.", source="aind", hint=hint)


def _is_token(text: str) -> bool:
    # What is no plain word would end the header, or add another; behind a colon would be the password.
    return bool(text) and text.isascii() and text.isprintable() and not set(text) & {" ", ":"}
