"""One measurement in a process of its own: ``python -m tests.bench.measure WHAT URL`` prints JSON."""

import json
import resource
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

import psutil

_MIB = 1 << 20


def peak():
    """The most memory that this process has held so far, in bytes."""
    status = Path("/proc/self/status")
    if status.exists():
        # getrusage would tell of the parent too, from before the process became this program.
        lines = dict(line.split(":", 1) for line in status.read_text().splitlines() if ":" in line)
        return int(lines["VmHWM"].split()[0]) * 1024
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024


def timed(call):
    """Time, processor time and memory of one call, and what it returned."""
    before = psutil.Process().memory_info().rss
    wall, cpu = time.perf_counter(), time.process_time()
    result = call()
    told = {"seconds": time.perf_counter() - wall, "cpu": time.process_time() - cpu}
    return told | {"before": before / _MIB, "above": (peak() - before) / _MIB}, result


@contextmanager
def opened(url):
    import duckdb  # noqa: F401  loaded with the first metrics

    import sessionframes as sf

    db = sf.connect(url)
    # Everything is imported and connected before the clock runs, as it is for the others.
    db.get_sessions(progress=False)
    db.get_unit_analysis_metrics(unit_ids=[1], progress=False)
    db.get_units(unit_ids=[1], progress=False)
    with db:
        yield db


def told_of(frame):
    return {"rows": len(frame), "frame": frame.memory_usage(deep=True).sum() / _MIB}


def validation(db, table, frame):
    from sessionframes.tables.validation import validate

    start = time.perf_counter()
    validate(frame, db.read(table).table)
    return {"validation": time.perf_counter() - start}


def ours_units(url):
    with opened(url) as db:
        told, frame = timed(lambda: db.get_units(progress=False))
        return told | told_of(frame) | validation(db, "units", frame)


def ours_metrics(url):
    with opened(url) as db:
        told, frame = timed(lambda: db.get_unit_analysis_metrics(progress=False))
        return told | told_of(frame) | validation(db, "unit_metrics", frame)


def allensdk_units(url):
    from tests.bench import baselines

    told, frame = timed(lambda: baselines.allensdk_units(url))
    return told | told_of(frame)


def allensdk_metrics(url):
    from tests.bench import baselines

    told, frame = timed(lambda: baselines.allensdk_metrics(url))
    return told | told_of(frame)


def sql_of(url, table):
    import sessionframes as sf

    with sf.connect(url) as db:
        return db.transport.render(db.read(table).compile(db.query(table)).requests[0])


def copy_units(url):
    import psycopg  # noqa: F401  before the clock runs

    from tests.bench import baselines

    sql = sql_of(url, "units")
    return timed(lambda: baselines.copy_and_discard(url, sql))[0]


def ours_export(url):
    with opened(url) as db, tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "export"
        return timed(lambda: db.export(path, tables=["units"], progress=False))[0]


def adbc_export(url):
    import adbc_driver_postgresql.dbapi  # noqa: F401  before the clock runs
    import pyarrow.parquet  # noqa: F401  before the clock runs

    from tests.bench import baselines

    sql = sql_of(url, "units")
    with tempfile.TemporaryDirectory() as directory:
        return timed(lambda: baselines.adbc_to_parquet(url, sql, Path(directory) / "units.parquet"))[0]


def import_pandas(_):
    start = time.perf_counter()
    import pandas as pd

    return {"seconds": time.perf_counter() - start, "version": pd.__version__}


def import_ours(_):
    start = time.perf_counter()
    import sessionframes as sf

    told = {"seconds": time.perf_counter() - start, "names": len(sf.__all__)}
    drivers = ("psycopg", "adbc_driver_postgresql", "sqlalchemy", "duckdb", "requests", "psycopg2")
    return told | {"drivers": [name for name in drivers if name in sys.modules]}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(globals()[sys.argv[1]](sys.argv[2])))
