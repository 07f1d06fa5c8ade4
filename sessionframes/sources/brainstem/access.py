"""Who asks: where a token is looked for, how it is kept, and how it goes along with a request.

BrainSTEM's own clients keep theirs in ``~/.config/brainstem/token``, on every system; so do we, so that one
login serves all of them.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
import tempfile
import warnings
from contextlib import suppress
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

from requests.auth import AuthBase

from sessionframes.config import Option, Secret, mask
from sessionframes.errors import AuthenticationError, ConfigError, SourceResponseError, SourceUnavailableError
from sessionframes.tables.validation import level_of_user
from sessionframes.transports.http import HttpClient, origin
from sessionframes.transports.http_errors import raise_for_status, shown

if TYPE_CHECKING:
    from collections.abc import Callable

    import requests

    from sessionframes.config import Options

PUBLIC = "public"
PORTALS = (PUBLIC, "private", "super")
OPTIONS = (
    Option(
        "token",
        "Personal access token; not for the public portal.",
        ("BRAINSTEM_TOKEN", "BRAINSTEM_API_TOKEN"),
        secret=True,
    ),
    Option("username", "Who asks, where the server still takes a name and a password for a token."),
    Option("password", "Their password.", ("BRAINSTEM_PASSWORD",), secret=True),
)
HOW_TO_LOG_IN = (
    "Run 'sessionframes login brainstem', or give token=, or set BRAINSTEM_TOKEN; "
    'portal="public" needs none.'
)
#: The root of the interface, at the end of an address.
_API = re.compile(r"/api(?:/(?:public|private|super))?$")
#: What stands within or before a token that was copied with what was around it.
_NO_TOKEN = re.compile(r"""[ "'`{}\[\],;<>]|^[A-Z_]{4,}=[^=]""")
#: Longer than any token, shorter than a file that is something else.
_LONGEST = 10_000
#: Of the mark of a token, in characters: too few to tell the token, enough to tell two apart.
_MARK = 16


def address_of(options: Options) -> str:
    """Return the address of the server.

    Parameters
    ----------
    options : Options
        With url; it may end in ``/api/``, as older clients of BrainSTEM's took it, and in a portal below it.

    Raises
    ------
    ConfigError
        It can be no address, or it is more than one.
    """
    url: str = options["url"]
    hint = "Give an address such as https://www.brainstem.org/."
    try:
        parts = urlsplit(url)
        # Only when it is asked for does a port show that it is none, and when it is sent, half a character.
        is_address = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        url.encode()
    except ValueError:
        is_address = False
    if not is_address:
        message = f"option 'url' is {mask(url.partition('?')[0].partition('#')[0])!r}."
        raise ConfigError(message, source="brainstem", hint=hint)
    if "@" in parts.netloc or "?" in url or "#" in url:
        # Any of it may be a secret, and none of it would be sent.
        message = "option 'url' has a user, a query or a fragment beside the address."
        raise ConfigError(message, source="brainstem", hint=f"{hint} A token goes into token=.")
    path = parts.path.rstrip("/")
    found = _API.search(path)
    return urlunsplit(parts._replace(path=path[: found.start() + 1])) if found else url


def token_path() -> Path:
    """Return where BrainSTEM's clients keep a token, whether or not there is one."""
    return Path.home() / ".config" / "brainstem" / "token"


class BearerToken(AuthBase):
    """Puts a token on a request, and shows it nowhere else.

    Parameters
    ----------
    token : str
        As the server gave it.
    place : str
        Where it was found, for messages.

    Raises
    ------
    ConfigError
        It cannot be one: empty, with blanks within, in quotes, or after its name.
    """

    def __init__(self, token: str, place: str = "") -> None:
        token = token.strip()
        # What is no plain word would end the header, or add another.
        if not token or not token.isascii() or not token.isprintable() or _NO_TOKEN.search(token):
            whose = f" of the {place}" if place else ""
            message = f"the token{whose} is none: empty, or with blanks, quotes, a name or odd characters."
            raise ConfigError(message, source="brainstem", hint=f"Give the bare token. {HOW_TO_LOG_IN}")
        self._token = Secret(token)
        #: Where it was found.
        self.place = place

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Put the token on `request`."""
        request.headers["Authorization"] = f"Bearer {self._token.reveal()}"
        return request

    def mark(self) -> str:
        """Return by what it can be known again, and not be guessed."""
        return hashlib.sha256(self._token.reveal().encode()).hexdigest()[:_MARK]


def token_of(options: Options) -> BearerToken | None:
    """Return what signs requests; None on the public portal, for which no token is looked for.

    The token that was given, in whichever way, wins over a name and a password said further away, and both
    over the file.

    Parameters
    ----------
    options : Options
        With url, portal, token, username, password.

    Raises
    ------
    sessionframes.errors.AuthenticationError
        There is no token, the kept one is for another server, or this one gives none for that name and
        password.
    sessionframes.errors.ConfigError
        A name without a password or the reverse, a token that cannot be one, or a file that cannot be read.
    """
    if options["portal"] == PUBLIC:
        return None
    token = options.secret("token")
    if token is not None and options.distance("token") <= options.distance("username"):
        return BearerToken(token, options.origins["token"])
    if options["username"] is not None:
        return _exchanged(options)
    if options["password"] is not None and options.distance("password") == 0:
        message = "a password is given, but no username."
        raise ConfigError(message, source="brainstem", hint="Give both, or a token.")
    kept = kept_token(token_path())
    if kept is None:
        message = f"the {options['portal']} portal needs a token, and there is none."
        raise AuthenticationError(message, source="brainstem", hint=HOW_TO_LOG_IN)
    elsewhere = kept_for(kept.mark(), token_path())
    if elsewhere is not None and origin(elsewhere) != origin(address_of(options)):
        message = f"the token that is kept here was made by {elsewhere}, and is not sent to another server."
        hint = "Run 'sessionframes login brainstem --url' with this address, or give token=."
        raise AuthenticationError(message, source="brainstem", hint=hint)
    return kept


def kept_token(path: Path) -> BearerToken | None:
    """Return the token that a file keeps, or None where there is no file, or an empty one.

    Parameters
    ----------
    path : Path
        The file; a warning tells if others may read it.

    Raises
    ------
    ConfigError
        The file cannot be read, or holds something else.
    """
    try:
        with path.open("rb") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            text = file.read(_LONGEST).decode("utf-8-sig").strip()
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no text"
        message = f"the file of the token, {path}, cannot be read: {reason}."
        raise ConfigError(message, source="brainstem", hint="Repair or remove it, and log in.") from error
    if not text:
        return None
    if os.name == "posix" and mode & 0o077:
        message = f"others on this machine may read your token; say: chmod 600 {path}"
        warnings.warn(message, UserWarning, stacklevel=level_of_user())
    return BearerToken(text, f"file {path}")


def keep_token(token: str, path: Path) -> None:
    """Write a token to a file that its owner alone may read, whole or not at all.

    Raises
    ------
    ConfigError
        It cannot be written there.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        target = path.resolve()
        # Made for its owner alone from the first byte on.
        number, name = tempfile.mkstemp(prefix=".token.", dir=target.parent)
        try:
            with os.fdopen(number, "w", encoding="utf-8") as file:
                file.write(token)
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(target)
        except BaseException:
            with suppress(OSError):
                Path(name).unlink()
            raise
    except OSError as error:
        message = f"the token cannot be written to {path}: {error.strerror or error}."
        raise ConfigError(message, source="brainstem", hint="Make room there, and log in again.") from error


def keep_origin(token: str, url: str, path: Path) -> None:
    """Write, beside a token that has been kept, which server made it.

    The file of the token is shared with other clients, for which it is the token and nothing else.

    Parameters
    ----------
    token : str
        What was kept.
    url : str
        Any address of that server.
    path : Path
        The file of the token.
    """
    parts = urlsplit(url)
    address = urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], "", "", ""))
    # Without it the token goes wherever it is said, as with other clients.
    with suppress(OSError):
        _beside(path).write_text(f"{address} {BearerToken(token).mark()}\n", encoding="utf-8")


def kept_for(mark: str, path: Path) -> str | None:
    """Return the address of the server that made a kept token, None where that is not known.

    Parameters
    ----------
    mark : str
        Of the token: another client may have replaced the one that was kept here.
    path : Path
        The file of the token.
    """
    try:
        address, noted = _beside(path).read_text(encoding="utf-8").split()
        origin(address)
    except (OSError, ValueError):
        return None
    return address if noted == mark else None


def _beside(path: Path) -> Path:
    return path.with_name(f"{path.name}.origin")


def judge_with(token: BearerToken | None) -> Callable[[requests.Response], None]:
    """Return what raises our error for an answer that is not a success, with the token that was refused.

    Parameters
    ----------
    token : BearerToken or None
        What signs the requests.
    """

    def judge(response: requests.Response) -> None:
        try:
            raise_for_status(response)
        except AuthenticationError as error:
            if token is not None and token.place and response.status_code == HTTPStatus.UNAUTHORIZED:
                error.hint = f"That was the token of the {token.place}. {HOW_TO_LOG_IN}"
            raise

    return judge


def read_object(response: requests.Response) -> dict[str, Any]:
    """Return the JSON object that an answer of the server's doors (login, tokens) is.

    Raises
    ------
    SourceResponseError
        It is anything else; its words are not quoted, since they may be a token.
    """
    try:
        found = response.json()
    except ValueError:
        found = None
    if not isinstance(found, dict):
        message = f"{shown(response.url)} did not answer with a JSON object."
        raise SourceResponseError(message, source="brainstem", hint="Is this the address of a BrainSTEM?")
    return found


def _exchanged(options: Options) -> BearerToken:
    """Return the token that the server has for a name and a password: the way before 2025."""
    username, password = options["username"], options.secret("password")
    if password is None:
        message = "a username is given, but no password."
        raise ConfigError(message, source="brainstem", hint="Give password=, or set BRAINSTEM_PASSWORD.")
    client = HttpClient(address_of(options))
    told = {"username": username, "password": password}
    try:
        answer = client.fetch("api/token/", read_object, method="POST", json=told, follow=False)
    except SourceUnavailableError:
        raise
    except (AuthenticationError, SourceResponseError) as error:
        message = f"there was no token for {username!r} and their password: {error.message}"
        hint = f"Newer servers take tokens alone. {HOW_TO_LOG_IN}"
        raise AuthenticationError(message, source="brainstem", hint=hint) from error
    finally:
        client.close()
    token = answer.get("token")
    if not isinstance(token, str):
        message = f"{client.url('api/token/')} answered without a token."
        raise SourceResponseError(message, source="brainstem", hint=HOW_TO_LOG_IN)
    return BearerToken(token, f"login of {username!r}")
