"""``sessionframes demo``: the tables of the demo, exported and read back, and what to try next."""

from __future__ import annotations

import os
import shutil
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sessionframes.paths import placed

if TYPE_CHECKING:
    import argparse

    import pandas as pd

_OUTPUT = "demo-export"
_MB = 1_000_000
_NEXT = """
Try next:
  {bin}sessionframes get units{option} --session-ids {session} --output units.csv
  {bin}sessionframes describe units
  {bin}python
  >>> import sessionframes as sf
  >>> db = sf.connect("demo"{keyword})
  >>> db.get_units(session_ids={session}).query("quality == 'good' and snr > 2")
  >>> sf.describe("units")
  >>> import pandas as pd
  >>> pd.read_parquet("{path}/units")
On a LIMS of your own: export LIMS_HOST, LIMS_DBNAME, LIMS_USER, LIMS_PASSWORD; sf.connect("lims")
"""


def add_to(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser("demo", help="a first look, on made-up labs")
    parser.add_argument("--scale", type=float, help="size of the world; 1 is about 60 sessions (default: 1)")
    parser.add_argument("--seed", type=int, help="what the world is drawn from (default: 0)")
    parser.add_argument(
        "--output", type=placed, metavar="DIRECTORY", help="where to export (default: demo-export)"
    )
    parser.set_defaults(run=run)


def run(told: argparse.Namespace) -> None:
    """Show the four tables, export them, and read them back.

    Raises
    ------
    sessionframes.errors.ExportError
        The output holds something else; nothing was started.
    """
    from sessionframes.registry import connect

    if told.output is not None:
        _check(told.output)
    started = time.perf_counter()
    with connect("demo", scale=told.scale, seed=told.seed) as db:
        _say(f"{db!r}, up after {time.perf_counter() - started:.1f} s")
        tables = ["sessions", "probes", "channels", "units"]
        frames = {table: _show(db, table) for table in tables}
        path = _export(db, tables, told.output)
        _read_back(path, {table: len(frame) for table, frame in frames.items()})
        # Not every session has units.
        _say(
            _NEXT.format(
                path=path,
                session=frames["units"]["session_id"].min(),
                bin=_bin(),
                option="" if told.scale is None else f" --option scale={told.scale:g}",
                keyword="" if told.scale is None else f", scale={told.scale:g}",
            )
        )


def _check(output: Path) -> None:
    """Refuse a place before anything is made for it."""
    from sessionframes.errors import ExportError
    from sessionframes.parquet.export import check_place

    try:
        check_place(output)
    except ExportError as error:
        # Unlike an export, this command does not overwrite what somebody named.
        error.hint = "Choose another directory."
        raise


def _show(db: Any, table: str) -> pd.DataFrame:
    import pandas as pd

    started = time.perf_counter()
    frame: pd.DataFrame = db.get(table)
    took = time.perf_counter() - started
    with pd.option_context("display.max_columns", 8, "display.width", 110):
        _say(f"\n{table}: {len(frame):,} rows x {frame.shape[1]} columns in {took:.2f} s\n{frame.head(3)}")
    return frame


def _export(db: Any, tables: list[str], output: Path | None) -> Path:
    from sessionframes.errors import ExportError

    try:
        # What an earlier demo left under our own name may go; what somebody named may not.
        path: Path = db.export(output or _OUTPUT, tables, overwrite=output is None)
    except ExportError:
        if output is not None:
            raise
        # Another demo is writing there, or somebody keeps other things under that name.
        path = db.export(f"{_OUTPUT}-{os.getpid()}", tables)
    return path


def _read_back(path: Path, counts: dict[str, int]) -> None:
    import pandas as pd

    from sessionframes.errors import ExportError

    _say(f"\nexported to {path}")
    for table, expected in counts.items():
        rows = len(pd.read_parquet(path / table))
        if rows != expected:
            message = f"{rows} rows were read back, not {expected}."
            raise ExportError(message, table=table)
        size = sum(part.stat().st_size for part in (path / table).iterdir())
        _say(f"  {table}: {rows:,} rows read back from {_size(size)} of Parquet")


def _size(count: int) -> str:
    return f"{count / 1e6:.1f} MB" if count >= _MB else f"{count / 1e3:.1f} kB"


def _bin() -> str:
    """Return the folder of the commands, if the shell does not look there by itself."""
    home = Path(sys.executable).parent
    if shutil.which("sessionframes") == str(home / "sessionframes"):
        return ""
    return f"{os.path.relpath(home)}{os.sep}"


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201  a command line talks
