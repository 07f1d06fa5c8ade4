"""What of the files is read, by whom, and how often."""

from __future__ import annotations

import json
import pickle
import re
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

import sessionframes as sf
from sessionframes import Q
from sessionframes.errors import SourceUnavailableError
from sessionframes.parquet.parts import GROUPS
from tests.fake_source import connect
from tests.parquet.exports import parts
from tests.sources.snapshot.big import big

SESSIONS, UNITS = 5_000, 200
#: Bytes that this process has read from files, as Linux counts them.
COUNTER = Path("/proc/self/io")
linux = pytest.mark.skipif(not COUNTER.exists(), reason="only Linux counts what a process reads")


@pytest.fixture(scope="module")
def wide(tmp_path_factory):
    """5,000 sessions of 200 units."""
    path = tmp_path_factory.mktemp("wide") / "out"
    return big(SESSIONS, UNITS).export(path, sessions_per_chunk=100, progress=False)


def bytes_of(path):
    return sum(part.stat().st_size for part in path.glob("*.parquet"))


MEASURE = """
import sys, sessionframes as sf
from pathlib import Path
from sessionframes import Q
db = sf.connect(sys.argv[1])
db.get_units(limit=0)
def read():
    return int(Path("/proc/self/io").read_text().split("rchar:")[1].split()[0])
before = read()
rows = len(db.get_units(progress=False, **eval(sys.argv[2])))
print(rows, read() - before - 100)
"""


def measured(path, arguments):
    """The rows that come, and the bytes that the process read for them, footers too."""
    command = [sys.executable, "-c", MEASURE, str(path), arguments]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return map(int, told.split())


@linux
@pytest.mark.parametrize(
    "arguments",
    [
        "dict(session_ids=[700_000_000])",
        "dict(session_ids=[700_002_345])",
        "dict(where=Q(session_id=700_004_999))",
        "dict(unit_ids=range(900_469_000, 900_469_200))",
        "dict(probe_ids=range(800_000_700, 800_000_705))",
    ],
)
def test_one_session_of_5000_reads_at_most_2_percent_of_the_bytes(wide, arguments):
    rows, read = measured(wide, arguments)
    assert rows == UNITS
    assert 0 < read / bytes_of(wide / "units") <= 0.02


@linux
def test_columns_that_are_not_asked_for_are_not_read(wide):
    rows, read = measured(wide, "dict(columns=['snr'])")
    assert rows == SESSIONS * UNITS
    assert read / bytes_of(wide / "units") < 0.1
    _, whole = measured(wide, "{}")
    # Nothing is read twice.
    assert 0.98 < whole / bytes_of(wide / "units") < 1.02


def test_what_comes_of_many_row_groups_is_what_was_written(wide):
    table = big(SESSIONS, UNITS).transport.tables["units"]
    with sf.connect(wide) as db:
        some = [700_000_000, 700_000_001, 700_002_500, 700_004_999]
        found = db.get_units(session_ids=some)
        whole = db.get_units()
    assert len(whole) == SESSIONS * UNITS
    assert np.array_equal(whole.index, table["unit_id"].to_numpy())
    pd.testing.assert_frame_equal(found, whole[whole["session_id"].isin(some)], check_flags=False)
    np.testing.assert_array_equal(whole["snr"].to_numpy(), table["snr"].to_numpy())


def test_a_million_ids_are_looked_for(wide):
    with sf.connect(wide) as db:
        ids = np.arange(900_000_000, 901_000_000)
        assert len(db.get_units(unit_ids=ids, columns=[])) == SESSIONS * UNITS
        assert len(db.get_units(unit_ids=ids[1::2], columns=[])) == SESSIONS * UNITS // 2


def test_row_groups_end_where_sessions_do(wide):
    found = [pq.ParquetFile(part) for part in sorted((wide / "units").glob("*.parquet"))]
    ends = []
    for file in found:
        for number in range(file.num_row_groups):
            ids = file.read_row_group(number, columns=["session_id"])["session_id"].to_numpy()
            ends.append((ids[0], ids[-1], len(set(ids.tolist()))))
    assert all(ends[n][1] < ends[n + 1][0] for n in range(len(ends) - 1))
    assert {count for _, _, count in ends[:-1]} == {SESSIONS // GROUPS}


def test_explain_tells_how_much_of_each_file_would_be_read(wide):
    with sf.connect(wide) as db:
        told = str(db.explain("units", session_ids=[700_000_000], columns=["snr"]))
        found = re.search(
            r"units/part-00000\.parquet: 1 of (\d+) row groups, ([\d,]+) of [\d,]+ rows, ([\d,]+) of", told
        )
        groups, rows, size = (int(text.replace(",", "")) for text in found.groups())
        assert groups > 100
        assert rows == SESSIONS // GROUPS * UNITS
        assert 0 < size < 200_000
        assert "columns: unit_id, session_id, snr" in told
        assert "filtered here" in told
        assert "session_id__in=[700000000]" in told
        nothing = str(db.explain("units", where=Q(session_id__lt=5)))
        assert re.search(r"part-00000\.parquet: 0 of \d+ row groups, 0 of [\d,]+ rows, 0 of", nothing)
        assert db.get_units(where=Q(session_id__lt=5)).empty


def test_explain_tells_by_what_row_groups_are_left_out(wide):
    where = Q(session_id=700_000_000, quality="good") & Q(snr__isnull=True) & ~Q(snr__gt=2)
    with sf.connect(wide) as db:
        told = db.explain("units", where=where & (Q(isi_violations__gt=1) | Q(sex="M")) & Q(sex="F"))
        assert told.pushed == "session_id=700000000 & quality=good"
        assert told.residual == told.question.removeprefix("units(where=").removesuffix(")")
        assert told.lookups == ("sessions",)
        assert (db.explain("units").pushed, db.explain("units").residual) == ("", "")
        either = Q(session_id=1) | Q(snr__lt=0)
        assert db.explain("units", where=either).pushed == "session_id=1 | snr__lt=0.0"


def test_explain_shows_lookups_of_other_tables(out):
    with sf.connect(out) as db:
        told = str(db.explain("cells", where=Q(session_type="odd")))
    assert "1, then those of sessions, by id" in told


def test_a_frame_tells_where_it_came_from(out):
    with sf.connect(out) as db:
        frame = db.get("cells", where=Q(rate__gt=1))
        told = json.loads(frame.attrs["sessionframes"])
        assert (told["source"], told["address"]) == ("snapshot", str(out))
        assert told["query"] == "cells(where=rate__gt=1.0)"
        original = told["snapshot_of"]
        assert (original["source"], original["address"]) == ("fake", "memory://fake")
        assert original.keys() == {"source", "address", "query", "time", "sessionframes"}
        assert original["query"] == "cells()"
        joined = json.loads(db.get("cells", join=["sessions"]).attrs["sessionframes"])
        assert [part["snapshot_of"] for part in joined["parts"]] == [
            original,
            {**original, "query": "sessions()"},
        ]


def test_several_threads_may_ask_at_once(out):
    with sf.connect(out) as db:
        wanted = connect().get("cells")
        with ThreadPoolExecutor(8) as pool:
            for found in pool.map(lambda _: db.get("cells", progress=False), range(40)):
                pd.testing.assert_frame_equal(found, wanted)


def rows_of(db):
    return len(db.get("cells", progress=False)), str(db)


def test_other_processes_may_ask(out, monkeypatch):
    monkeypatch.chdir(out.parent)
    with sf.connect("out") as db, ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        monkeypatch.chdir("/")
        assert pool.submit(rows_of, db).result() == (20, str(db))
    again = pickle.loads(pickle.dumps(db))
    assert rows_of(again) == (20, str(db))


def test_two_connections_do_not_meet_and_closing_twice_does_nothing(out):
    first, second = sf.connect(out), sf.connect(out)
    first.get("cells")
    first.close()
    first.close()
    with pytest.raises(SourceUnavailableError, match=r"snapshot\.cells: this connection is closed"):
        first.get("cells")
    assert len(second.get("cells")) == 20
    second.close()


def test_no_file_stays_open(out):
    folder = Path("/proc/self/fd")
    if not folder.exists():
        pytest.skip("only Linux tells which files are open")
    with sf.connect(out) as db:
        db.get("cells")
        iterator = db.transport.fetch(db.read("cells").compile(db.query("cells")).requests[0])
        next(iterator)
        iterator.close()
        held = [str(one.readlink()) for one in folder.iterdir() if one.is_symlink()]
        assert not [name for name in held if name.startswith(str(out))]


def test_no_driver_of_another_source_is_needed(out):
    code = (
        "import sys, sessionframes as sf\n"
        f"db = sf.connect({str(out)!r})\n"
        "frame = db.get('cells', where='rate__gt=1 & session_type=odd', join='sessions', order_by='-rate')\n"
        "print(len(frame), *{name.partition('.')[0] for name in sys.modules})"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    rows, *modules = told.split()
    assert int(rows) > 0
    assert not {"psycopg", "sqlalchemy", "adbc_driver_manager", "duckdb", "requests"} & set(modules)


def test_duckdb_polars_and_pandas_read_the_same_sums(wide):
    import duckdb
    import polars as pl

    columns = ["snr", "firing_rate", "presence_ratio"]
    with sf.connect(wide) as db:
        ours = db.get_units(where=Q(quality="good"))
    wanted = [len(ours), *ours[columns].sum(), *ours[columns].count()]
    files = f"{wide}/units/*.parquet"
    sums = ", ".join(f"sum({name})" for name in columns)
    counts = ", ".join(f"count({name})" for name in columns)
    query = f"select count(*), {sums}, {counts} from '{files}' where quality = 'good'"
    lazy = pl.scan_parquet(files).filter(pl.col("quality") == "good")
    by_polars = lazy.select(
        pl.len(),
        *(pl.col(name).sum().alias(f"sum {name}") for name in columns),
        *(pl.col(name).count().alias(f"count {name}") for name in columns),
    ).collect()
    plain = pd.read_parquet(wide / "units").query("quality == 'good'")
    found = [
        duckdb.sql(query).fetchall()[0],
        by_polars.row(0),
        [len(plain), *plain[columns].sum(), *plain[columns].count()],
    ]
    for one in found:
        assert one == pytest.approx(wanted, rel=1e-9)
    assert parts(wide, "sessions")
