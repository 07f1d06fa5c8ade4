"""Time a snapshot of a million units against pandas on its files: ``python -m tests.bench.snapshots``."""

import subprocess
import sys
import tempfile
from pathlib import Path

import pandas as pd

import sessionframes as sf
from tests.bench.lines import Line, against, interleaved, parser, told
from tests.sources.snapshot.big import big

EACH = 200
_MIB = 1 << 20
#: In a process of its own, so that nothing else reads meanwhile.
ONE_SESSION = """
import sys, sessionframes as sf
from pathlib import Path
db = sf.connect(sys.argv[1])
db.get_units(limit=0)
read = lambda: int(Path("/proc/self/io").read_text().split("rchar:")[1].split()[0])
before = read()
db.get_units(session_ids=[int(sys.argv[2])], progress=False)
print(read() - before)
"""


def bytes_read(path, session):
    """What a process reads from disk for the units of one session, footers too."""
    command = [sys.executable, "-c", ONE_SESSION, str(path), str(session)]
    return int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def lines(path, session, runs):
    """One line for each question; the runs are interleaved, so that a busy moment hits all."""
    with sf.connect(path) as db:
        calls = {
            "ours": lambda: db.get_units(progress=False),
            "pandas": lambda: pd.read_parquet(path / "units"),
            "one": lambda: db.get_units(session_ids=[session], progress=False),
            "one by pandas": lambda: pd.read_parquet(path / "units", filters=[("session_id", "==", session)]),
        }
        rows = len(calls["ours"]())
        median = dict(zip(calls, interleaved(calls.values(), runs), strict=True))
    yield against(f"{rows:,} units, pandas.read_parquet", median["ours"], median["pandas"], "<= 2")
    yield against("one session, all of them", median["one"], median["ours"], ">= 5")
    yield against(
        "one session, pandas.read_parquet with filters", median["one"], median["one by pandas"], "<= 3"
    )
    if Path("/proc/self/io").exists():
        read = bytes_read(path, session)
        whole = sum(part.stat().st_size for part in (path / "units").glob("*.parquet"))
        yield Line("one session, bytes", read / _MIB, whole / _MIB, read / whole, "<= 0.02", "MiB")


def measured(sessions, runs):
    """The lines for ids in the order of sessions, and for others."""
    for mixed in (False, True):
        with tempfile.TemporaryDirectory() as folder:
            source = big(sessions, EACH, mixed=mixed)
            path = source.export(Path(folder) / "out", sessions_per_chunk=100, progress=False)
            sys.stdout.write(f"unit ids {'not ' if mixed else ''}in the order of sessions:\n")
            yield from lines(path, 700_000_000 + sessions // 2, runs)


def main():
    options = parser("tests.bench.snapshots", __doc__, runs=5)
    options.add_argument("--sessions", type=int, default=5_000, help=f"of {EACH} units each")
    asked = options.parse_args()
    return told(measured(asked.sessions, asked.runs), strict=asked.strict)


if __name__ == "__main__":
    sys.exit(main())
