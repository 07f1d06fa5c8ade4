"""``sessionframes get TABLE``: one table, to the screen or to a file."""

from __future__ import annotations

import io
import json
import math
import shutil
import stat
import sys
from bisect import bisect_right
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sessionframes.cli.arguments import add_filters, add_shape, add_source, check_filters, connect, filters
from sessionframes.errors import ExportError, QueryError
from sessionframes.paths import placed

if TYPE_CHECKING:
    import argparse
    from pathlib import Path

    import pandas as pd

#: Characters of a cell on the screen, as pandas has it.
_WIDEST = 50
_SUFFIXES = {".csv": "csv", ".parquet": "parquet", ".json": "json", ".txt": "text"}


def add_to(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser("get", help="one table, to the screen or to a file")
    parser.add_argument("table", help="sessions, probes, channels, units, unit_metrics, assets")
    add_source(parser)
    add_filters(parser)
    add_shape(parser)
    parser.add_argument(
        "--orphans",
        choices=["raise", "keep", "drop"],
        default="raise",
        help="rows that find nothing in a table of --join: fail, keep them, leave them out (default: raise)",
    )
    parser.add_argument(
        "--output", "-o", type=placed, metavar="FILE", help="a .parquet, .csv, .json or .txt file"
    )
    parser.add_argument(
        "--format", choices=sorted(set(_SUFFIXES.values())), help="if FILE's name does not tell"
    )
    parser.set_defaults(run=run)


def run(told: argparse.Namespace) -> None:
    """Get the table and write it.

    Raises
    ------
    sessionframes.errors.QueryError
        The output is a directory or a device.
    """
    # A device or a pipe would be replaced by a file of its name.
    if told.output is not None and told.output.exists() and not told.output.is_file():
        message = f"{told.output} is not a file: a directory, or a device."
        raise QueryError(message, hint="Say --output FILE, or leave it out for standard output.")
    form = _form(told)
    given = filters(told)
    with connect(told) as db:
        check_filters(given, db.arguments(told.table), told.table)
        asked = {"on_invalid": told.on_invalid, "orphans": told.orphans, "progress": not told.quiet}
        frame = db.get(told.table, **asked, **given)
    if told.output is None:
        on_screen = form == "text" and sys.stdout.isatty()
        _print(_fitted(frame, shutil.get_terminal_size().columns) if on_screen else _shown(frame, form))
    else:
        _write(frame, told.output, form)
        sys.stderr.write(f"{len(frame)} rows x {frame.shape[1]} columns written to {told.output}\n")


def _print(text: str) -> None:
    """Write all of a text to standard output."""
    raw = getattr(sys.stdout, "buffer", None)
    if not isinstance(raw, io.RawIOBase):
        sys.stdout.write(text)
        return
    # Unbuffered (PYTHONUNBUFFERED), Python writes once, and what a full disk or pipe did not take is lost.
    rest = memoryview(text.encode("utf-8"))
    while rest:
        rest = rest[raw.write(rest) or 0 :]


def _form(told: argparse.Namespace) -> str:
    if told.format:
        form: str = told.format
    elif told.output is None:
        form = "text"
    else:
        try:
            form = _SUFFIXES[told.output.suffix.lower()]
        except KeyError:
            message = f"the name {told.output.name!r} does not tell the format."
            raise QueryError(message, hint=f"End it in {', '.join(_SUFFIXES)}, or say --format.") from None
    if form == "parquet" and told.output is None:
        message = "Parquet does not go to the screen."
        raise QueryError(message, hint="Say --output FILE.parquet.")
    return form


def _shown(frame: pd.DataFrame, form: str) -> str:
    if form == "csv":
        return _with_lists_as_json(frame).to_csv()
    if form == "json":
        return _json(frame.reset_index())
    return f"{_text(frame)}\n"


def _fitted(frame: pd.DataFrame, width: int) -> str:
    """Return the text with as many of the first and last columns as fit, and how many are missing."""
    whole = _text(frame)
    if frame.empty or _width(whole) <= width:
        return f"{whole}\n"

    def cut(columns: int) -> str:
        return _text(frame, columns, _WIDEST)

    every = frame.shape[1]
    columns = max(1, bisect_right(range(1, every + 1), width, key=lambda most: _width(cut(most))))
    # pandas shows as many from the left as from the right, unless it is one alone.
    shown = columns if columns in (1, every) else columns // 2 * 2
    told = f"{every - shown} of {every} columns are not shown; --output FILE or --format csv gives all.\n"
    return f"{cut(columns)}\n{told if shown < every else ''}"


def _text(frame: pd.DataFrame, most_columns: int | None = None, widest: int | None = None) -> str:
    return frame.to_string(max_rows=20, max_cols=most_columns, max_colwidth=widest, show_dimensions=True)


def _width(text: str) -> int:
    return max(map(len, text.splitlines()))


def _json(frame: pd.DataFrame) -> str:
    # Not by pandas, which rounds numbers to 10 decimals and cuts instants to ms.
    columns = [map(_plain, frame[name].astype(object).where(frame[name].notna(), None)) for name in frame]
    rows = [dict(zip(frame.columns, values, strict=True)) for values in zip(*columns, strict=True)]
    return json.dumps(rows, ensure_ascii=False, allow_nan=False) + "\n"


def _with_lists_as_json(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the frame with JSON in place of lists, of which pandas would write what NumPy shows people."""
    lists = [str(name) for name, dtype in frame.dtypes.items() if str(dtype).startswith("list<")]
    return frame.assign(**{name: frame[name].map(_json_cell, na_action="ignore") for name in lists})


def _json_cell(value: Any) -> str:
    return json.dumps(_plain(value), ensure_ascii=False)


def _plain(value: Any) -> Any:
    """Return one value as JSON knows it, which does not know infinity."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, datetime):
        return value.isoformat()
    # A list comes as an array.
    return value.tolist() if hasattr(value, "tolist") else value


def _write(frame: pd.DataFrame, path: Path, form: str) -> None:
    """Write aside and rename, so that a file that is there is whole; links lead where they did."""
    try:
        mode = _mode(path)
        target = path.resolve()
        aside = target.with_name(f".{target.name}.part")
        try:
            if mode is not None:
                # What is for some alone is not for all while it is written.
                aside.unlink(missing_ok=True)
                aside.touch(0o600)
            if form == "parquet":
                frame.to_parquet(aside)
            else:
                aside.write_text(_shown(frame, form), encoding="utf-8")
            if mode is not None:
                aside.chmod(mode)
            aside.replace(target)
        finally:
            aside.unlink(missing_ok=True)
    except OSError as error:
        message = f"{path} cannot be written: {error.strerror or error}."
        raise ExportError(message, hint="Choose another place.") from error


def _mode(path: Path) -> int | None:
    """Return who may do what with a file; None where there is none yet."""
    with suppress(FileNotFoundError):
        return stat.S_IMODE(path.stat().st_mode)
    return None
