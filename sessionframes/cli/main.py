"""What was typed, who does it, and how it ends."""

from __future__ import annotations

import argparse
import io
import os
import sys
import warnings
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from sessionframes.errors import (
    ConfigError,
    QueryError,
    SessionFramesError,
    TableNotProvidedError,
    UnknownSourceError,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

_FAILED, _MISUSED, _INTERRUPTED, _UNHEARD = 1, 2, 130, 141


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status.

    Parameters
    ----------
    arguments : sequence of str, optional
        What was typed after the command's name; from ``sys.argv`` if not given.

    Returns
    -------
    int
        0 done; 1 it failed; 2 wrong arguments, options, or names; 130 interrupted; 141 nobody reads on.
    """
    try:
        _settle_encoding()
        told = _parser().parse_args(arguments)
        with warnings.catch_warnings():
            # What is warned of is for who typed the command, not for who wrote it.
            warnings.showwarning = lambda message, *_: _said(str(message))
            told.run(told)
        sys.stdout.flush()
    except (QueryError, ConfigError, TableNotProvidedError, UnknownSourceError) as error:
        return _ended(str(error), _MISUSED)
    except SessionFramesError as error:
        return _ended(str(error), _FAILED)
    except KeyboardInterrupt:
        return _ended("interrupted", _INTERRUPTED)
    except BrokenPipeError:
        _abandon_output()
        return _UNHEARD
    except OSError as error:
        _abandon_output()
        return _ended(f"the result cannot be written: {error.strerror or error}.", _FAILED)
    return 0


def _settle_encoding() -> None:
    """Let what goes to a file or a program be UTF-8 whatever the locale, and no terminal know too little."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        if sys.stdout.isatty():
            sys.stdout.reconfigure(errors="backslashreplace")
        else:
            sys.stdout.reconfigure(encoding="utf-8")


def _abandon_output() -> None:
    # Python would complain again when it flushes at exit.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _ended(message: str, status: int) -> int:
    _said(message)
    return status


def _said(message: str) -> None:
    print(f"sessionframes: {message}", file=sys.stderr)  # noqa: T201  a command line talks


class _Parser(argparse.ArgumentParser):
    """Takes options by their whole names alone: what is short today may mean two of them tomorrow."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(allow_abbrev=False, **settings)


def _parser() -> argparse.ArgumentParser:
    from sessionframes.cli import demo, describe, explain, export, get, login, provenance, sources

    parser = _Parser(
        prog="sessionframes",
        description="Sessions, probes, channels and units of neurophysiology archives, as tables.",
    )
    parser.add_argument("--version", action="version", version=f"sessionframes {version('sessionframes')}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for command in (demo, get, export, explain, describe, provenance, sources, login):
        command.add_to(commands)
    return parser
