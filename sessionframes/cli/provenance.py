"""``sessionframes provenance PATH``: where an export, or a Parquet file, came from."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import argparse


def add_to(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser("provenance", help="where an export, or a Parquet file, came from")
    parser.add_argument("path", help="the directory of an export, or a .parquet file")
    parser.set_defaults(run=run)


def run(told: argparse.Namespace) -> None:
    """Tell it."""
    from sessionframes.origins import provenance

    sys.stdout.write(f"{provenance(told.path)}\n")
