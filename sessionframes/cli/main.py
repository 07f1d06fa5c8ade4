"""What was typed, who does it, and how it ends."""

from __future__ import annotations

import argparse
import os
import sys
from importlib.metadata import version
from typing import TYPE_CHECKING

from sessionframes.errors import ConfigError, QueryError, SessionFramesError

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
        0 done; 1 it failed; 2 wrong arguments or options; 130 interrupted; 141 nobody reads on.
    """
    told = _parser().parse_args(arguments)
    try:
        told.run(told)
        sys.stdout.flush()
    except (QueryError, ConfigError) as error:
        return _ended(str(error), _MISUSED)
    except SessionFramesError as error:
        return _ended(str(error), _FAILED)
    except KeyboardInterrupt:
        return _ended("interrupted", _INTERRUPTED)
    except BrokenPipeError:
        # Python would complain again when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _UNHEARD
    return 0


def _ended(message: str, status: int) -> int:
    print(f"sessionframes: {message}", file=sys.stderr)  # noqa: T201  a command line talks
    return status


def _parser() -> argparse.ArgumentParser:
    from sessionframes.cli import demo, describe, export, get, sources

    parser = argparse.ArgumentParser(
        prog="sessionframes",
        description="Sessions, probes, channels and units of neurophysiology archives, as tables.",
    )
    parser.add_argument("--version", action="version", version=f"sessionframes {version('sessionframes')}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for command in (demo, get, export, describe, sources):
        command.add_to(commands)
    return parser
