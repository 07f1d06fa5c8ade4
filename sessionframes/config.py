"""Options: what is given wins over the environment, the environment over the config file.

The config file is TOML, at ``SESSIONFRAMES_CONFIG`` or in the user's configuration directory
(``~/.config/sessionframes/config.toml`` on Linux)::

    [sources.institute]          # sf.connect("institute")
    source = "lims"
    host = "limsdb2"
    dbname = "lims2"
    user = "reader"              # the password: better in LIMS_PASSWORD

Nothing here is read when sessionframes is imported; everything is when it connects.
"""

from __future__ import annotations

import difflib
import json
import os
import re
import tomllib
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary

from sessionframes.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

#: Who may say an option, the closest to the call first.
_ORIGINS = _ARGUMENT, _ENVIRONMENT, _CONFIG_FILE, _DEFAULT = (
    "argument",
    "environment",
    "config file",
    "default",
)
#: The one thing at the top of the config file.
_ENTRIES = "sources"
_KINDS = {str: "text", int: "whole number", float: "number", bool: "yes or no"}
_USERINFO = re.compile(r"(?P<scheme>[a-zA-Z][\w+.-]*://)(?P<user>[^:/?#@\s]*):(?P<password>\S*)@")
_PARAMETER = re.compile(
    r"(?P<name>\b(?:[\w-]*(?:password|passwd|pwd|token|secret|signature|credential|(?:api|access)_?key)|sig))"
    r"(?P<equals>\s*=\s*)(?P<value>'(?:[^'\\]|\\.)*'|[^&\s'\"]+)",
    re.IGNORECASE,
)


def mask(text: str) -> str:
    """Return `text` with passwords, tokens and signatures in addresses replaced by ``***``.

    Parameters
    ----------
    text : str
        A URL, a libpq connection string, or a message that may quote one.
    """
    text = _USERINFO.sub(r"\g<scheme>\g<user>:***@", text)
    return _PARAMETER.sub(r"\g<name>\g<equals>***", text)


#: All that are in use, by their identity.
_SECRETS: WeakValueDictionary[int, Secret] = WeakValueDictionary()
#: So many characters of a secret are no common word.
_LONG = 8
#: So many names fit into a message.
_MOST_NAMED = 40


def nearest(name: str, known: Iterable[str]) -> str:
    """Return a sentence that names the known names closest to `name`, or all of them if none is close."""
    names = sorted(known)
    by_fold = {known_name.casefold(): known_name for known_name in names}
    close = [by_fold[fold] for fold in difflib.get_close_matches(name.casefold(), by_fold, n=3, cutoff=0.6)]
    if close:
        return f"Did you mean {' or '.join(map(repr, close))}?"
    more = f", and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return f"Known: {', '.join(names[:_MOST_NAMED])}{more}." if names else "There are none."


def without_secrets(text: str) -> str:
    """Return `text`, somebody else's, with every secret that is in use here replaced by ``***``.

    Parameters
    ----------
    text : str
        What a server says: it may quote a token or a password, in whichever words.
    """
    known = [reference() for reference in _SECRETS.valuerefs()]
    # Whoever quotes it may have left out a full stop at its end.
    secrets = {secret.reveal().strip().removesuffix(".") for secret in known if secret is not None}
    # The longest first: one may be within another.
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        for form in {secret, escape(secret), json.dumps(secret)[1:-1]}:
            if form in text:
                # A short one is a part of many words, of which none is secret.
                edges = ("", "") if len(form) >= _LONG else (r"(?<!\w)", r"(?!\w)")
                text = re.sub(re.escape(form).join(edges), "***", text)
    return text


class Secret:
    """A value that shows itself only when asked: not in ``repr``, ``str``, a log line or a pickle.

    Parameters
    ----------
    value : str
        The secret.
    """

    __slots__ = ("__weakref__", "_value")

    def __init__(self, value: str) -> None:
        self._value = value
        _SECRETS[id(self)] = self

    def reveal(self) -> str:
        """Return the secret itself."""
        return self._value

    def __repr__(self) -> str:
        return "Secret('***')"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)

    def __reduce__(self) -> tuple[Any, ...]:
        message = "a secret is not written to disk nor sent to another process"
        raise ConfigError(message, hint="Connect again over there, from its environment or config file.")


@dataclass(frozen=True)
class Option:
    """One thing that a source can be told when it connects.

    Parameters
    ----------
    name : str
        The keyword of ``connect`` and of the config file.
    description : str
        What it is, with its physical unit where it has one.
    env : tuple of str
        Environment variables that may carry it, the first one set wins.
    default : object
        Its value when nobody says.
    secret : bool
        Wrap it in :class:`Secret`.
    kind : type
        ``str``, ``int``, ``float`` or ``bool``; text from the environment is converted.
    """

    name: str
    description: str
    env: tuple[str, ...] = ()
    default: Any = None
    secret: bool = False
    kind: type = str


@dataclass(frozen=True)
class Options:
    """The options of one connection, each with where it came from; a ``repr`` shows no secret."""

    values: Mapping[str, Any]
    origins: Mapping[str, str] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Any:
        return self.values[name]

    def distance(self, name: str) -> int:
        """Return how far from the call an option was said: 0 as an argument, 3 by nobody, its default."""
        origin = self.origins[name]
        return next(far for far, kind in enumerate(_ORIGINS) if origin.startswith(kind))

    def secret(self, name: str) -> str | None:
        """Return the secret of that name itself, or None where it is not set."""
        value = self.values[name]
        return value.reveal() if isinstance(value, Secret) else value


def resolve(
    source: str,
    declared: Sequence[Option],
    given: Mapping[str, Any],
    entry: Mapping[str, Any] | None = None,
    environ: Mapping[str, str] | None = None,
) -> Options:
    """Settle the options of a source: argument, else environment, else config file, else default.

    Parameters
    ----------
    source : str
        The source's name, for messages.
    declared : sequence of Option
        What the source understands.
    given : mapping
        The arguments of ``connect``; None counts as not given.
    entry : mapping, optional
        The entry of the config file.
    environ : mapping, optional
        Stands for ``os.environ``, which is read now and not before.

    Raises
    ------
    ConfigError
        An option that the source does not have, or a value of the wrong kind.
    """
    environ = os.environ if environ is None else environ
    entry = entry or {}
    known = {option.name for option in declared}
    for name in [*given, *entry]:
        if name not in known:
            message = f"there is no option {name!r}."
            raise ConfigError(message, source=source, hint=nearest(name, known))
    values: dict[str, Any] = {}
    origins: dict[str, str] = {}
    for option in declared:
        value, origin = _pick(option, given, entry, environ)
        values[option.name] = _convert(source, option, value, origin)
        origins[option.name] = origin
    return Options(values, origins)


def _pick(
    option: Option, given: Mapping[str, Any], entry: Mapping[str, Any], environ: Mapping[str, str]
) -> tuple[Any, str]:
    if given.get(option.name) is not None:
        return given[option.name], _ARGUMENT
    for variable in option.env:
        if environ.get(variable):
            return environ[variable], f"{_ENVIRONMENT} variable {variable}"
    if entry.get(option.name) is not None:
        return entry[option.name], _CONFIG_FILE
    return option.default, _DEFAULT


def _convert(source: str, option: Option, value: Any, origin: str) -> Any:
    if value is None or isinstance(value, Secret):
        return value
    if option.secret:
        return Secret(str(value))
    if isinstance(value, option.kind) and not (isinstance(value, bool) and option.kind is not bool):
        return value
    try:
        if option.kind is bool:
            return _flag(str(value))
        if option.kind is str and isinstance(value, Path):
            return str(value)
        if isinstance(value, (str, int, float)) and not isinstance(value, bool) and option.kind is not str:
            converted = option.kind(value)
            # int() would cut 5432.5 without a word.
            if isinstance(value, str) or converted == value:
                return converted
    except ValueError:
        pass
    shown = mask(repr(value))
    message = f"option {option.name!r} ({origin}) is {shown}, which is no {_KINDS[option.kind]}."
    raise ConfigError(message, source=source, hint=option.description)


def _flag(text: str) -> bool:
    words = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False}
    words["off"] = False
    try:
        return words[text.strip().lower()]
    except KeyError:
        raise ValueError(text) from None


def config_path(environ: Mapping[str, str] | None = None) -> Path:
    """Return where the config file is looked for, whether or not it exists."""
    import platformdirs

    environ = os.environ if environ is None else environ
    if environ.get("SESSIONFRAMES_CONFIG"):
        return Path(environ["SESSIONFRAMES_CONFIG"])
    return platformdirs.user_config_path("sessionframes") / "config.toml"


def read_entries(path: Path | None = None) -> dict[str, dict[str, Any]]:
    """Return the ``[sources.NAME]`` entries of the config file; empty where there is no file.

    Parameters
    ----------
    path : Path, optional
        The file; :func:`config_path` if not given.

    Raises
    ------
    ConfigError
        The file cannot be read, is no TOML, holds something beside entries, or an entry is not a table.
    """
    named = path is not None or bool(os.environ.get("SESSIONFRAMES_CONFIG"))
    path = path or config_path()
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        if named:
            message = f"there is no config file at {path}."
            raise ConfigError(message, hint="Create it, or unset SESSIONFRAMES_CONFIG.") from None
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        message = f"the config file {path} cannot be read: {error}."
        raise ConfigError(message) from error
    for name in document:
        if name != _ENTRIES:
            message = f"the config file {path} has {name!r} at its top."
            hint = f"{nearest(name, [_ENTRIES])} Write [{_ENTRIES}.NAME] above the options of an entry."
            raise ConfigError(message, hint=hint)
    entries = document.get(_ENTRIES, {})
    if not isinstance(entries, dict) or not all(isinstance(entry, dict) for entry in entries.values()):
        message = f"in the config file {path}, 'sources' must hold tables."
        raise ConfigError(message, hint='Write [sources.NAME] and, below it, source = "lims".')
    return entries
