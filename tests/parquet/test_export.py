"""Exports: whole or resumable, never half, and what others find in the files."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime

import numpy as np
import pandas as pd
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from sessionframes.errors import (
    ExportError,
    FrameValidationError,
    QueryError,
    TableNotProvidedError,
)
from sessionframes.parquet.export import TablePlan, export_tables
from sessionframes.parquet.parts import ROWS_PER_GROUP
from tests.fake_source import (
    ADDRESS,
    BEGAN,
    IntCells,
    Labs,
    TextCells,
    cells,
    changed,
    connect,
    fake_transport,
    labs,
)
from tests.parquet.exports import (
    TABLES,
    WHOLE,
    big,
    export,
    files,
    manifest,
    parts,
    read,
)


@pytest.fixture
def out(tmp_path):
    return tmp_path / "out"


def test_an_export_is_a_folder_of_parts_per_table_and_a_manifest(out):
    assert export(out) == out
    assert files(out) == WHOLE


def test_everything_is_there_once(out):
    export(out)
    assert read(out).sort_by("cell_id").cast(IntCells.arrow_schema()).equals(cells())
    assert read(out, "labs").cast(Labs.arrow_schema()).equals(labs())
    assert read(out, "sessions").num_rows == 5


@pytest.mark.parametrize("sessions_per_chunk", [1, 3, 5, 100])
def test_the_size_of_chunks_does_not_show(out, sessions_per_chunk):
    export(out, sessions_per_chunk=sessions_per_chunk)
    assert read(out)["cell_id"].to_pylist() == sorted(range(20), key=lambda number: (number % 5, number))


def test_rows_are_sorted_by_session_and_key_and_the_files_say_so(out):
    transport = fake_transport(cells=cells().take(np.random.default_rng(0).permutation(20)))
    export(out, connect(transport))
    table = read(out)
    assert table.equals(table.sort_by([("session_id", "ascending"), ("cell_id", "ascending")]))
    group = pq.read_metadata(parts(out, "cells")[0]).row_group(0)
    declared = [(table.column_names[one.column_index], one.descending) for one in group.sorting_columns]
    assert declared == [("session_id", False), ("cell_id", False)]


def test_only_what_is_asked_for(out):
    export(out, session_ids=[10, 30], labels=None)
    assert set(read(out)["session_id"].to_pylist()) == {10, 30}
    assert read(out, "sessions")["session_id"].to_pylist() == [10, 30]
    assert read(out, "labs").num_rows == 2


def test_collections_that_can_be_read_once_serve_all_tables(out):
    export(out, session_ids=(number for number in (10, 30)))
    assert read(out, "sessions").num_rows == 2
    assert read(out).num_rows == 8


def test_one_table_may_be_named_alone_and_none_means_all(out, tmp_path):
    export(out, tables="labs")
    assert files(out) == ["labs/part-00000.parquet", "manifest.json"]
    export(tmp_path / "all", tables=None)
    assert files(tmp_path / "all") == WHOLE


def test_no_rows_still_tell_their_columns(out):
    export(out, session_ids=[])
    assert read(out).num_rows == 0
    assert pd.read_parquet(out / "cells").dtypes.equals(IntCells.empty_frame().dtypes)
    assert manifest(out)["tables"]["cells"]["rows"] == 0


def test_the_manifest_tells_each_file_by_its_content(out):
    export(out)
    told = manifest(out)["tables"]
    assert list(told) == list(TABLES)
    for table in TABLES:
        assert [part["file"] for part in told[table]["parts"]] == [path.name for path in parts(out, table)]
        for part in told[table]["parts"]:
            content = (out / table / part["file"]).read_bytes()
            assert part["sha256"] == hashlib.sha256(content).hexdigest()
            assert part["bytes"] == len(content)
            assert part["rows"] == pq.read_metadata(out / table / part["file"]).num_rows
        assert told[table]["rows"] == read(out, table).num_rows
    assert told["cells"]["schema"] == IntCells.schema_hash()
    assert told["cells"]["key"] == "cell_id"


def test_the_manifest_tells_what_was_asked_of_whom_and_when(out):
    export(out, session_ids=[10])
    found = manifest(out)
    assert found["question"]["source"] == "fake"
    assert found["question"]["address"] == ADDRESS
    assert "session_id__in=[10]" in json.dumps(found["question"])
    assert datetime.fromisoformat(found["started"]) <= datetime.fromisoformat(found["finished"])


def test_the_manifest_comes_last(out):
    def look():
        seen.append(files(out))

    seen = []
    transport = fake_transport()
    transport.before_page = look
    export(out, connect(transport), sessions_per_chunk=1)
    assert len(seen) > 5
    assert not any("manifest.json" in found for found in seen)
    assert (out / "manifest.json").stat().st_mtime_ns >= max(
        p.stat().st_mtime_ns for p in out.rglob("*.parquet")
    )


def test_the_footer_has_units_descriptions_and_provenance(out):
    export(out)
    schema = pq.read_schema(parts(out, "cells")[0])
    assert schema.field("rate").metadata[b"unit"] == b"Hz"
    assert schema.field("rate").metadata[b"description"] == b"Mean rate."
    origin = json.loads(schema.metadata[b"sessionframes"])
    assert (origin["source"], origin["table"], origin["query"]) == ("fake", "cells", "cells()")


@pytest.mark.parametrize("model", [IntCells, TextCells])
def test_pandas_reads_back_what_get_gives(out, model):
    db = connect(fake_transport(cells=cells(of=model)), cells_model=model)
    export(out, db, "cells")
    expected = db.get("cells").sort_values(["session_id", "cell_id"])
    for path in (out / "cells", parts(out, "cells")[0]):
        frame = pd.read_parquet(path)
        pd.testing.assert_frame_equal(frame, expected)
        assert frame.index.name == "cell_id"


def test_polars_reads_it(out):
    polars = pytest.importorskip("polars", reason="Polars is not installed")
    export(out)
    frame = polars.read_parquet(out / "cells" / "*.parquet")
    assert frame["cell_id"].to_list() == read(out)["cell_id"].to_pylist()


def test_duckdb_reads_it(out):
    duckdb = pytest.importorskip("duckdb", reason="DuckDB is not installed")
    export(out)
    told = "count(*), max(rate), min(seen_at) = '2020-01-01T01:00Z'::timestamptz"
    found = duckdb.sql(f"select {told} from read_parquet('{out}/cells/*.parquet')").fetchall()
    assert found == [(20, 19 / 7, True)]


def test_keys_that_come_in_two_chunks_are_told(out):
    table = changed(cells(), "cell_id", [1 if row == 12 else row for row in range(20)])
    with pytest.raises(ExportError, match=r"cells: 1 keys came twice: 1\."):
        export(out, connect(fake_transport(cells=table)), sessions_per_chunk=1)
    assert "manifest.json" not in files(out)


def test_text_keys_that_come_in_two_chunks_are_told(out):
    table = changed(cells(of=TextCells), "cell_id", [str(1 if row == 12 else row) for row in range(20)])
    db = connect(fake_transport(cells=table), cells_model=TextCells)
    plan = [lambda part=part: part for part in (table.slice(0, 10), table.slice(10))]
    with pytest.raises(ExportError, match="keys came twice"):
        export_tables(
            out, [TablePlan(TextCells, plan, {"source": "fake"})], {"who": db.source.name}, progress=False
        )


def test_large_tables_have_several_parts_of_full_row_groups(out):
    sizes = [ROWS_PER_GROUP + 1] * 9 + [10]
    starts = np.cumsum([0, *sizes])
    plan = [
        lambda n=n, start=start: big(n, ids=Labs, start=start)
        for n, start in zip(sizes, starts[:-1], strict=True)
    ]
    export_tables(out, [TablePlan(Labs, plan, {"source": "fake"})], {}, progress=False)
    found = [pq.read_metadata(path) for path in parts(out, "labs")]
    assert [one.num_rows for one in found] == [8 * (ROWS_PER_GROUP + 1), ROWS_PER_GROUP + 11]
    groups = [[one.row_group(number).num_rows for number in range(one.num_row_groups)] for one in found]
    assert groups == [[ROWS_PER_GROUP] * 8 + [8], [ROWS_PER_GROUP, 11]]
    column = found[0].row_group(0).column(0)
    assert column.is_stats_set
    assert column.compression == "ZSTD"
    keys = read(out, "labs")["lab_id"]
    assert pc.count_distinct(keys).as_py() == sum(sizes)
    assert [part["chunks"] for part in manifest(out)["tables"]["labs"]["parts"]] == [8, 2]


def test_invalid_rows_stop_the_export_and_leave_no_file(out):
    table = changed(cells(), "rate", [-1.0, *[1.0] * 19])
    with pytest.raises(FrameValidationError, match=r"fake\.cells: .*rate breaks"):
        export(out, connect(fake_transport(cells=table)))
    assert "cells/part-00000.parquet" not in files(out)
    assert "manifest.json" not in files(out)


@pytest.mark.parametrize("size", [0, -1, 1.5, "2", None])
def test_chunks_are_of_whole_sessions(out, size):
    with pytest.raises(QueryError, match="sessions_per_chunk"):
        export(out, sessions_per_chunk=size)
    assert not out.exists()


def test_wrong_questions_make_no_folder(out):
    for options, error in [
        ({"tables": []}, QueryError),
        ({"tables": ["cellz"]}, TableNotProvidedError),
        ({"cell_id": [1]}, QueryError),
        ({"tables": "labs", "cell_ids": [1]}, QueryError),
        ({"session_ids": [None]}, QueryError),
    ]:
        with pytest.raises(error):
            export(out, **options)
    assert not out.exists()


def test_a_url_is_no_folder_of_this_machine(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ExportError, match="no directory of this machine") as caught:
        connect().export("s3://me:s3cret@bucket/out")
    assert "s3cret" not in str(caught.value)
    assert not list(tmp_path.iterdir())


def test_progress_is_shown_unless_told_not_to(out, tmp_path, capfd):
    export(out, progress=False)
    assert capfd.readouterr() == ("", "")
    export(tmp_path / "shown", progress=True)
    shown = capfd.readouterr()
    assert shown.out == ""
    assert "cells" in shown.err


def test_instants_and_odd_text_come_back_exactly(out):
    odd = ["", "é\n", "'; drop table", "\0", None] * 4
    last = datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=BEGAN.tzinfo)
    first = datetime(1, 1, 1, tzinfo=BEGAN.tzinfo)
    table = changed(changed(cells(), "label", odd), "seen_at", [first, last, None, BEGAN] * 5)
    export(out, connect(fake_transport(cells=table)))
    assert read(out).sort_by("cell_id").cast(IntCells.arrow_schema()).equals(table)
