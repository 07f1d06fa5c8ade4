"""``sessionframes export DIRECTORY``: tables to Parquet."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sessionframes.cli.arguments import add_filters, add_source, connect, filters, listed

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator


def add_to(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser("export", help="tables to Parquet; go on where it was interrupted")
    parser.add_argument("directory", help="a new directory, or one left by an interrupted export")
    parser.add_argument("--tables", metavar="NAMES", type=listed, help="names with commas (default: all)")
    parser.add_argument("--overwrite", action="store_true", help="replace an export that is there")
    add_source(parser)
    add_filters(parser)
    parser.set_defaults(run=run)


def run(told: argparse.Namespace) -> None:
    """Export and say where it is."""
    given = filters(told)
    with connect(told) as db, _told_how_to_go_on(overwrite=told.overwrite):
        path = db.export(
            told.directory,
            told.tables,
            overwrite=told.overwrite,
            on_invalid=told.on_invalid,
            progress=not told.quiet,
            **given,
        )
    sys.stderr.write(f"exported to {path}\n")


@contextmanager
def _told_how_to_go_on(*, overwrite: bool) -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt:
        # Said again, --overwrite would begin anew.
        way = "the same command without --overwrite" if overwrite else "the same command"
        sys.stderr.write(f"\nwhat is finished stays; {way} goes on from there\n")
        raise
