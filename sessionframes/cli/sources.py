"""``sessionframes sources``: who can be asked, for what, and how they are reached."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence

    from sessionframes.config import Option


def add_to(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser("sources", help="who can be asked, for what, and how they are reached")
    parser.set_defaults(run=run)


def run(told: argparse.Namespace) -> None:  # noqa: ARG001  every command is run alike
    """Print the sources."""
    from sessionframes.config import config_path, read_entries
    from sessionframes.demo.opening import OPTIONS
    from sessionframes.registry import declared_sources, load_source

    lines = ["demo: made-up labs in a Postgres of their own, under the schema of LIMS."]
    lines += [*_told(OPTIONS), ""]
    for name in declared_sources():
        source = load_source(name)
        tables = ", ".join(source.reads) or "those that were exported"
        lines += [f"{name}: {source.description}", f"  tables: {tables}"]
        lines += [f"  files: {', '.join(source.files)}"] if source.files else []
        lines += [*_told(source.options), ""]
    lines.append(f"config file: {config_path()}")
    lines += [f"  {name}: {entry.get('source', name)}" for name, entry in read_entries().items()]
    sys.stdout.write("\n".join(lines) + "\n")


def _told(options: Sequence[Option]) -> Iterator[str]:
    yield "  options:"
    for option in options:
        variable = f" ({', '.join(option.env)})" if option.env else ""
        default = "" if option.default is None else f" Default: {option.default}."
        yield f"    {option.name:18}{option.description}{variable}{default}"
