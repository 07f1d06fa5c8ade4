"""Where the server is, and who asks: options, ``ALYX_*`` variables, and what ONE has kept on this machine."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from requests.auth import HTTPBasicAuth

from sessionframes.config import Option, mask, nearest
from sessionframes.errors import ConfigError
from sessionframes.sources.alyx.login import Login
from sessionframes.sources.alyx.one_files import one_default_url, one_folder, one_parameters
from sessionframes.transports.http import origin

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from sessionframes.config import Options
    from sessionframes.sources.alyx.one_files import OneParameters
    from sessionframes.sources.alyx.transport import AlyxTransport

__all__ = ["OPTIONS", "check_options", "login_of", "transport_of", "url_of", "zone_of"]

#: IBL's public server, and the account that it tells everybody.
_PUBLIC = "https://openalyx.internationalbrainlab.org"
_PUBLIC_USER, _PUBLIC_PASSWORD = "intbrainlab", "international"
_PUBLIC_DATA = "https://ibl.flatironinstitute.org/public"
#: What a wait can be, in s.
_SHORTEST, _LONGEST = 0.001, 86_400
_MOST_WORKERS = 32

OPTIONS = (
    Option(
        "url",
        "Address of the server; if not given, the default one of ONE on this machine, else IBL's public one.",
        ("ALYX_URL",),
        default=_PUBLIC,
    ),
    Option("username", "Who asks.", ("ALYX_LOGIN", "ALYX_USERNAME")),
    Option("password", "Their password.", ("ALYX_PWD", "ALYX_PASSWORD"), secret=True),
    Option("token", "In place of a name and a password.", ("ALYX_TOKEN",), secret=True),
    Option("zone", "Of the server's clock: its times carry no offset.", default="UTC"),
    Option("timeout", "Longest silence of the server, in s.", default=60.0, kind=float),
    Option("workers", "How many requests are under way at a time.", default=4, kind=int),
    Option("data_url", "Where files are that want a name and a password; these go nowhere else."),
    Option("data_username", "Who asks for files, where their server wants to know."),
    Option("data_password", "Their password.", secret=True),
)


def url_of(options: Options, folder: Path | None = None) -> str:
    """Return the address of the server.

    Parameters
    ----------
    options : Options
        With url.
    folder : Path, optional
        Where ONE keeps its files.

    Raises
    ------
    ConfigError
        It can be no address.
    """
    url: str = options["url"]
    if options.distance("url") == _NOBODY:
        url = one_default_url(folder or one_folder()) or url
    _check_address("url", url)
    return url.rstrip("/")


def login_of(
    options: Options,
    url: str,
    kept: OneParameters | None,
    environ: Mapping[str, str] | None = None,
) -> Login:
    """Return what signs requests; nothing is sent.

    A token that was said wins over a name said further away. What comes from the environment is not used for
    another server than ``ALYX_URL`` there, and what ONE has kept only for the server that it was kept for.

    Parameters
    ----------
    options : Options
        With username, password, token, timeout.
    url : str
        Of the server.
    kept : OneParameters or None
        What ONE has kept for it.
    environ : mapping, optional
        Stands for ``os.environ``.

    Raises
    ------
    ConfigError
        Nobody says who asks, a password is missing, or a token cannot be one.
    """
    token, username, password = (_said(options, name, url, environ) for name in _WHO)
    if (
        token is not None
        and username is not None
        and options.distance("token") > options.distance("username")
    ):
        token = None
    if token is None and username is None and kept is not None:
        username = kept.username
    if token is None and kept is not None and password is None and (username or "") in kept.tokens:
        token = kept.tokens[username or ""].reveal()
    if password is None and kept is not None and kept.password is not None and username == kept.username:
        password = kept.password.reveal()
    if origin(url) == origin(_PUBLIC) and password is None and username in (None, _PUBLIC_USER):
        username, password = _PUBLIC_USER, _PUBLIC_PASSWORD
    if token is None and username is not None and password is None:
        message = f"there is no password for {username!r}."
        raise ConfigError(message, source="alyx", hint="Give password=, or set ALYX_PWD.")
    return Login(url, token, username, password, _timeout(options))


def zone_of(options: Options) -> ZoneInfo:
    """Return the zone of the server's clock.

    Raises
    ------
    ConfigError
        There is none of that name.
    """
    name = options["zone"]
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, OSError, ValueError):
        hint = f"Give a name of the tz database. {nearest(name, available_timezones())}"
        raise _refused("zone", mask(repr(name)), hint) from None


def transport_of(
    options: Options, folder: Path | None = None, environ: Mapping[str, str] | None = None
) -> AlyxTransport:
    """Return what asks an Alyx; nothing is sent.

    Parameters
    ----------
    options : Options
        Those of :data:`OPTIONS`.
    folder : Path, optional
        Where ONE keeps its files.
    environ : mapping, optional
        Stands for ``os.environ``.

    Raises
    ------
    ConfigError
        An option makes no sense, or nobody says who asks.
    """
    from sessionframes.sources.alyx.rest import AlyxRest
    from sessionframes.sources.alyx.transport import AlyxTransport
    from sessionframes.transports.files import FileTransport

    check_options(options)
    zone, folder = zone_of(options), folder or one_folder()
    url = url_of(options, folder)
    kept = one_parameters(folder, url)
    login = login_of(options, url, kept, environ)
    rest = AlyxRest(url, login, workers=options["workers"], timeout=_timeout(options))
    data_url, auth = _data_server(options, url, kept)
    files = FileTransport(data_url, auth, timeout=_timeout(options))
    return AlyxTransport(rest, files, zone, rest.address, login)


def check_options(options: Options) -> None:
    """Refuse what makes no sense, before anything is sent.

    Raises
    ------
    ConfigError
        An address that is none, a wait or a number out of bounds, an unknown zone.
    """
    _check_address("url", options["url"])
    if options["data_url"] is not None:
        _check_address("data_url", options["data_url"])
    if not _SHORTEST <= options["timeout"] <= _LONGEST:
        raise _refused("timeout", f"{options['timeout']:g} s", f"Give {_SHORTEST} to {_LONGEST:,} s.")
    if not 1 <= options["workers"] <= _MOST_WORKERS:
        raise _refused("workers", str(options["workers"]), f"Give 1 to {_MOST_WORKERS}.")
    zone_of(options)


_WHO = ("token", "username", "password")
#: How far away an option was said that is its default.
_NOBODY = 3
_ENVIRONMENT = 1


def _said(options: Options, name: str, url: str, environ: Mapping[str, str] | None) -> str | None:
    """Return an option, unless the environment says it for another server."""
    if options.distance(name) == _ENVIRONMENT:
        there = (os.environ if environ is None else environ).get("ALYX_URL")
        if there and _origin(there) != origin(url):
            return None
    return options.secret(name)


def _data_server(
    options: Options, url: str, kept: OneParameters | None
) -> tuple[str | None, HTTPBasicAuth | None]:
    """Return where files want a name and a password, and these."""
    data_url, username = options["data_url"], options["data_username"]
    password = options.secret("data_password")
    if kept is not None and username is None and data_url in (None, kept.data_url):
        data_url, username = kept.data_url, kept.data_username
        password = password or (kept.data_password.reveal() if kept.data_password else None)
    if data_url is None and origin(url) == origin(_PUBLIC):
        data_url = _PUBLIC_DATA
    if username is None or password is None:
        return None, None
    if data_url is None or not _is_address(data_url):
        message = "there is a name for files, and no address that it is for."
        raise ConfigError(message, source="alyx", hint="Give data_url=, such as https://host.")
    return data_url, HTTPBasicAuth(username, password)


def _timeout(options: Options) -> tuple[float, float]:
    return min(10, options["timeout"]), options["timeout"]


def _origin(url: str) -> tuple[str, str, int | None] | None:
    try:
        return origin(url)
    except ValueError:
        return None


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        # Only when it is asked for does a port show that it is none.
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _check_address(name: str, url: str) -> None:
    if not _is_address(url):
        raise _refused(name, repr(mask(url)), f"Give an address such as {_PUBLIC}.")


def _refused(name: str, value: str, hint: str) -> ConfigError:
    return ConfigError(f"option {name!r} is {value}.", source="alyx", hint=hint)
