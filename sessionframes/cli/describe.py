"""``sessionframes describe [TABLE]``: the data dictionary."""

from __future__ import annotations

import json
import sys
import textwrap
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import argparse

    from sessionframes.tables import Table


def add_to(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser("describe", help="what the columns of a table mean, and in which unit")
    parser.add_argument("table", nargs="?", help="a table; all of them, shortly, if not given")
    parser.add_argument(
        "--source",
        metavar="NAME",
        help="a source, an entry of the config file, or the directory of an export: its columns too",
    )
    parser.add_argument("--json", action="store_true", help="as a Frictionless Table Schema")
    parser.set_defaults(run=run)


def run(told: argparse.Namespace) -> None:
    """Print the dictionary."""
    from sessionframes.frames.describe import summary, table_schema

    models = _models(told.source)
    if told.table is not None:
        models = {told.table: _model(models, told.table, told.source)}
    if told.json:
        schemas = {name: table_schema(model) for name, model in models.items()}
        shown: Any = schemas if told.table is None else schemas[told.table]
        sys.stdout.write(json.dumps(shown, indent=2, ensure_ascii=False) + "\n")
    elif told.table is None:
        width = max(map(len, models)) + 2
        lines = [f"{name:{width}}{summary(model)}" for name, model in models.items()]
        sys.stdout.write("\n".join(lines) + "\n")
    else:
        sys.stdout.write(_dictionary(models[told.table]))


def _models(source: str | None) -> dict[str, type[Table]]:
    if source is None:
        from sessionframes.tables import core_tables

        return core_tables()
    from sessionframes.registry import source_of

    return {name: read.table for name, read in source_of(source).reads.items()}


def _model(models: dict[str, type[Table]], name: str, source: str | None) -> type[Table]:
    from sessionframes.config import nearest
    from sessionframes.errors import TableNotProvidedError

    if name not in models:
        message = f"there is no table {name!r}."
        raise TableNotProvidedError(message, source=source, hint=nearest(name, models))
    return models[name]


def _dictionary(model: type[Table]) -> str:
    from sessionframes.frames.describe import describe, summary

    frame = describe(model).fillna("")
    width = max(map(len, frame.index)) + 2
    lines = [summary(model), ""]
    for name, row in frame.iterrows():
        unit = f" [{row['unit']}]" if row["unit"] else ""
        null = f" Null: {row['null']}." if row["null"] else ""
        text = f"{row['dtype']}{unit}. {row['description']}{null}"
        lines.append(
            textwrap.fill(text, 100, initial_indent=f"{name:{width}}", subsequent_indent=" " * width)
        )
    return "\n".join(lines) + "\n"
