"""``sessionframes explain TABLE``: what would be sent, and what would be left to do here."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from sessionframes.cli.arguments import add_filters, add_shape, add_source, check_filters, connect, filters

if TYPE_CHECKING:
    import argparse


def add_to(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser("explain", help="what `get` would send, and what it would do by itself")
    parser.add_argument("table", help="sessions, probes, channels, units, unit_metrics, assets")
    add_source(parser)
    add_filters(parser)
    add_shape(parser)
    parser.set_defaults(run=run)


def run(told: argparse.Namespace) -> None:
    """Explain the question."""
    given = filters(told)
    with connect(told) as db:
        check_filters(given, db.arguments(told.table), told.table)
        sys.stdout.write(f"{db.explain(told.table, **given)}\n")
