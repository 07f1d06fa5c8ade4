"""What IBL's own client, ONE, keeps on this machine: which server, who asks, the token, the data server.

``~/.one/.caches`` names the clients, one of them as the default; ``~/.one/.<client>`` has the parameters of
each. Both are only read here, never written.
"""

from __future__ import annotations

import json
import os
import re
import sys
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sessionframes.config import Secret
from sessionframes.errors import ConfigError
from sessionframes.transports.http import origin

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["OneParameters", "one_default_url", "one_folder", "one_parameters"]

#: Longer than any of these files.
_LONGEST = 1_000_000


@dataclass(frozen=True)
class OneParameters:
    """What ONE knows of one server; a ``repr`` shows no secret.

    Parameters
    ----------
    url : str
        Of the server.
    username : str, optional
        Who asks, if nobody else is named.
    password : Secret, optional
        Of that user.
    tokens : mapping
        Tokens by the user that they are of.
    data_url, data_username : str, optional
        Where files are, and who asks for them.
    data_password : Secret, optional
        Of that user.
    """

    url: str
    username: str | None
    password: Secret | None
    tokens: Mapping[str, Secret]
    data_url: str | None
    data_username: str | None
    data_password: Secret | None


def one_folder(environ: Mapping[str, str] | None = None) -> Path:
    """Return where ONE keeps its files, whether or not there are any.

    Parameters
    ----------
    environ : mapping, optional
        Stands for ``os.environ``.
    """
    environ = os.environ if environ is None else environ
    if sys.platform in ("win32", "cygwin") and environ.get("APPDATA"):
        return Path(environ["APPDATA"]) / ".one"
    return Path.home() / ".one"


def one_default_url(folder: Path) -> str | None:
    """Return the address of the server that ONE asks when nobody names one; None where it has none.

    Parameters
    ----------
    folder : Path
        Of :func:`one_folder`.

    Raises
    ------
    ConfigError
        A file is there and cannot be read.
    """
    client = (_read(folder / ".caches") or {}).get("DEFAULT")
    if not isinstance(client, str):
        return None
    return _text(_read(folder / f".{_file_name(client)}") or {}, "ALYX_URL")


def one_parameters(folder: Path, url: str) -> OneParameters | None:
    """Return what ONE knows of a server, None where it knows nothing of it.

    Parameters
    ----------
    folder : Path
        Of :func:`one_folder`.
    url : str
        Of the server. What was kept for another one, be it by the scheme alone, is not told.

    Raises
    ------
    ConfigError
        A file is there and cannot be read.
    """
    held = _read(folder / f".{_file_name(url)}")
    if held is None:
        return None
    its_url = _text(held, "ALYX_URL")
    if its_url is None or origin(its_url) != origin(url):
        return None
    tokens = held.get("TOKEN")
    found = {user: _token(kept) for user, kept in tokens.items()} if isinstance(tokens, dict) else {}
    return OneParameters(
        its_url,
        _text(held, "ALYX_LOGIN"),
        _secret(held, "ALYX_PWD"),
        {user: Secret(token) for user, token in found.items() if token},
        _text(held, "HTTP_DATA_SERVER"),
        _text(held, "HTTP_DATA_SERVER_LOGIN"),
        _secret(held, "HTTP_DATA_SERVER_PWD"),
    )


def _file_name(url: str) -> str:
    """Return what ONE calls the file of a server."""
    text = re.sub("^https?://", "", unicodedata.normalize("NFKC", url)).strip("/").lower()
    return re.sub(r"[-\s]+", "-", re.sub(r"[^.\w\s-]", "_", text))


def _read(path: Path) -> dict[str, Any] | None:
    try:
        with path.open("rb") as file:
            held = json.loads(file.read(_LONGEST))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError) as error:
        # What it says of JSON that is cut may quote a secret.
        reason = getattr(error, "strerror", None) or "it is no JSON"
        message = f"the parameter file of ONE, {path}, cannot be read: {reason}."
        raise ConfigError(message, source="alyx", hint="Repair or remove it.") from None
    return held if isinstance(held, dict) else None


def _text(held: Mapping[str, Any], name: str) -> str | None:
    value = held.get(name)
    return value if isinstance(value, str) and value else None


def _secret(held: Mapping[str, Any], name: str) -> Secret | None:
    value = _text(held, name)
    return None if value is None else Secret(value)


def _token(kept: Any) -> str | None:
    return _text(kept, "token") if isinstance(kept, dict) else None
