"""``sessionframes login SOURCE``: a token, by way of the web browser."""

from __future__ import annotations

import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from sessionframes.cli.arguments import add_options
from sessionframes.config import read_entries, resolve
from sessionframes.errors import ConfigError, QueryError

if TYPE_CHECKING:
    import argparse

    from sessionframes.source import Source


def add_to(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser("login", help="get a token by way of the web browser, and keep it")
    parser.add_argument("source", help="a source that takes logins, or an entry of the config file about one")
    parser.add_argument("--url", help="the address of the server, if it is not the source's own")
    add_options(parser)
    parser.set_defaults(run=run)


def run(told: argparse.Namespace) -> None:
    """Log in.

    Raises
    ------
    sessionframes.errors.QueryError
        The source takes no logins, or the address is given twice.
    """
    given = dict(told.option)
    if told.url is not None:
        if "url" in given:
            message = "the address is given twice, by --url and by --option."
            raise QueryError(message, hint="Say it once.")
        given["url"] = told.url
    entry = dict(read_entries().get(told.source, {}))
    source = _source(str(entry.pop("source", told.source)))
    if source.login is None:
        message = "this source takes no logins."
        raise QueryError(message, source=source.name, hint=f"These do: {', '.join(_who_does()) or 'none'}.")
    source.login(resolve(source.name, source.options, given, entry), _say)


def _source(name: str) -> Source:
    from sessionframes.registry import DEMO, load_source

    if name == DEMO:
        message = "the demo takes no logins: it is open to who started it."
        raise QueryError(message, hint='Its tokens are sf.connect("demo", wire="brainstem").tokens.')
    return load_source(name)


def _who_does() -> list[str]:
    from sessionframes.registry import declared_sources

    having = []
    for name in declared_sources():
        # A package that cannot be loaded must not stand in the way of the others.
        with suppress(ConfigError):
            having += [name] if _source(name).login is not None else []
    return having


def _say(line: str) -> None:
    # At once, also into a pipe: the user has to act on it.
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()
