"""Exports that were broken off, or that find something there already."""

from __future__ import annotations

import errno
import hashlib
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from sessionframes.errors import (
    ExportError,
    SourceUnavailableError,
)
from sessionframes.parquet.export import TablePlan, check_place, export_tables
from sessionframes.parquet.parts import ROWS_PER_PART
from tests.fake_source import (
    Labs,
    connect,
    fake_transport,
    labs,
)
from tests.parquet.exports import (
    TABLES,
    WHOLE,
    FailsOnce,
    big,
    export,
    files,
    interrupted,
    manifest,
    parts,
    read,
)


@pytest.fixture
def out(tmp_path):
    return tmp_path / "out"


@pytest.mark.parametrize(
    "error", [SourceUnavailableError("gone"), KeyboardInterrupt(), MemoryError(), OSError("full")]
)
def test_an_interruption_leaves_no_half_file_and_no_manifest(out, error):
    kind = ExportError if isinstance(error, OSError) else type(error)
    transport = fake_transport()
    transport.before_page = FailsOnce(4, error)
    with pytest.raises(kind):
        export(out, connect(transport))
    assert files(out) == [".journal.json", "labs/part-00000.parquet"]
    assert all(pq.read_metadata(path).num_rows for path in out.rglob("*.parquet"))


@pytest.mark.parametrize("error", [SourceUnavailableError("gone"), KeyboardInterrupt()])
@pytest.mark.parametrize("page", range(1, 9))
def test_the_same_call_goes_on_and_gives_the_same(out, tmp_path, page, error):
    export(tmp_path / "whole", sessions_per_chunk=1)
    db = interrupted(out, page, error, sessions_per_chunk=1)
    export(out, db, sessions_per_chunk=1)
    assert files(out) == files(tmp_path / "whole") == WHOLE
    for table in TABLES:
        assert read(out, table).equals(read(tmp_path / "whole", table))
    stable = [
        {
            name: [(part["file"], part["rows"]) for part in table["parts"]]
            for name, table in told["tables"].items()
        }
        for told in (manifest(out), manifest(tmp_path / "whole"))
    ]
    assert stable[0] == stable[1]


def test_what_was_finished_is_not_fetched_again(out):
    db = interrupted(out, 4)
    before = [(path, path.stat().st_mtime_ns) for path in parts(out, "labs")]
    sent = len(db.transport.sent)
    export(out, db)
    asked = [query.table.table_name() for query in db.transport.sent[sent:]]
    assert "labs" not in asked
    assert before == [(path, path.stat().st_mtime_ns) for path in parts(out, "labs")]
    assert "resumed" in manifest(out)


@pytest.mark.parametrize(
    "other",
    [
        {"tables": ("labs", "cells")},
        {"tables": ("labs", "sessions")},
        {"session_ids": [10]},
        {"cell_ids": [1, 2, 3, 4]},
        {"include_bad": True},
        {"seen_at": "2020-01-01"},
        {"sessions_per_chunk": 1},
    ],
    ids=str,
)
def test_an_unfinished_export_does_not_go_on_with_another_question(out, other):
    db = interrupted(out)
    before = files(out)
    with pytest.raises(ExportError, match="an unfinished export of something else"):
        export(out, db, **other)
    assert files(out) == before


def test_ids_that_look_alike_in_the_message_are_another_question(out):
    order = ("cells", "labs")
    db = interrupted(out, 6, tables=order, cell_ids=[0, 1, 2, 3], sessions_per_chunk=1)
    assert files(out) == [".journal.json", "cells/part-00000.parquet"]
    with pytest.raises(ExportError, match="something else"):
        export(out, db, order, cell_ids=[0, 1, 2, 9], sessions_per_chunk=1)


def test_it_does_not_go_on_when_the_sessions_have_changed(out):
    db = interrupted(out)
    db.transport.tables["sessions"] = db.transport.tables["sessions"].slice(1)
    with pytest.raises(ExportError, match="something else"):
        export(out, db)


@pytest.mark.parametrize("harm", ["altered", "deleted", "cut"])
def test_a_finished_part_that_was_harmed_is_written_again(out, harm):
    db = interrupted(out)
    part = out / "labs" / "part-00000.parquet"
    if harm == "deleted":
        part.unlink()
    elif harm == "cut":
        part.write_bytes(part.read_bytes()[:100])
    else:
        pq.write_table(read(out, "labs").slice(1), part)
    export(out, db)
    assert read(out, "labs").num_rows == 2
    assert (
        manifest(out)["tables"]["labs"]["parts"][0]["sha256"] == hashlib.sha256(part.read_bytes()).hexdigest()
    )


def test_a_finished_export_is_not_written_over(out):
    export(out)
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    with pytest.raises(ExportError, match=r"holds an export already.*overwrite=True"):
        export(out)
    assert before == {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}


def test_overwrite_replaces_it_whole(out):
    export(out)
    export(out, tables="labs", overwrite=True)
    assert files(out) == ["labs/part-00000.parquet", "manifest.json"]


def test_overwrite_replaces_an_unfinished_one_of_something_else(out):
    db = interrupted(out)
    export(out, db, overwrite=True, session_ids=[10])
    assert files(out) == WHOLE
    assert read(out).num_rows == 4


@pytest.mark.parametrize("overwrite", [True, False])
def test_a_folder_of_somebody_else_is_refused_and_untouched(out, overwrite):
    (out / "cells").mkdir(parents=True)
    pq.write_table(labs(), out / "cells" / "part-00000.parquet")
    (out / "notes.txt").write_text("mine")
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    with pytest.raises(ExportError, match="is not empty, and holds no export of ours"):
        export(out, overwrite=overwrite)
    assert before == {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}


def test_overwrite_leaves_what_others_put_beside(out):
    export(out)
    (out / "mine").mkdir()
    pq.write_table(labs(), out / "mine" / "labs.parquet")
    (out / "labs" / "notes.txt").write_text("mine")
    export(out, overwrite=True, tables="cells")
    assert (out / "mine" / "labs.parquet").exists()
    assert (out / "labs" / "notes.txt").exists()


def test_an_empty_folder_will_do_and_missing_ones_are_made(out, tmp_path):
    out.mkdir()
    export(out)
    assert files(export(tmp_path / "a" / "b" / "c")) == WHOLE


def test_a_file_is_no_folder(out):
    out.write_text("mine")
    with pytest.raises(ExportError, match="is a file"):
        export(out)
    assert out.read_text() == "mine"


@pytest.mark.parametrize("name", [".journal.json", "manifest.json"])
@pytest.mark.parametrize("content", ["{", "[1]", "{}", '{"question": 1}', "null"])
def test_a_damaged_journal_or_manifest_is_told_and_can_be_overwritten(out, name, content):
    export(out)
    (out / "manifest.json").unlink()
    (out / name).write_text(content)
    with pytest.raises(ExportError):
        export(out)
    assert (out / name).read_text() == content
    if content == "null":
        return  # as good as no file: what is there is not known to be ours
    export(out, overwrite=True)
    assert files(out) == WHOLE
    assert read(out).num_rows == 20


def test_nothing_of_a_former_export_is_read_with_the_new_one(out):
    export(out)
    (out / "manifest.json").write_text("{")
    stale = out / "cells" / "part-00001.parquet"
    stale.write_bytes((out / "cells" / "part-00000.parquet").read_bytes())
    export(out, overwrite=True)
    assert len(pd.read_parquet(out / "cells")) == manifest(out)["tables"]["cells"]["rows"] == 20


def test_keys_are_remembered_across_an_interruption(out):
    calls = []

    def once_gone():
        calls.append(1)
        if len(calls) == 1:
            raise SourceUnavailableError("gone")
        return labs().slice(0, 1)

    many = big(ROWS_PER_PART, ids=Labs, start=0)
    twice = many.slice(5, 1)
    plans = [TablePlan(Labs, [lambda: many, once_gone, lambda: twice], {"source": "fake"})]
    with pytest.raises(SourceUnavailableError):
        export_tables(out, plans, {}, progress=False)
    assert files(out) == [".journal.json", "labs/part-00000.parquet"]
    with pytest.raises(ExportError, match="1 keys came twice"):
        export_tables(out, plans, {}, progress=False)


FULL = OSError(errno.ENOSPC, "No space left on device")
DENIED = OSError(errno.EACCES, "Permission denied")


@pytest.mark.parametrize(
    ("page", "error", "hint"),
    [
        (2, FULL, "When this is mended, call again; or choose another directory."),
        (2, DENIED, "Choose another directory."),
        (2, OSError("odd"), "Choose another directory."),
        (4, FULL, "What is finished stays; when this is mended, the same call goes on from there."),
        (4, DENIED, "What is finished stays; when this is mended, the same call goes on from there."),
    ],
)
def test_going_on_is_promised_only_where_there_is_something_to_go_on_from(out, page, error, hint):
    transport = fake_transport()
    transport.before_page = FailsOnce(page, error)
    db = connect(transport)
    with pytest.raises(ExportError, match="cannot be written") as caught:
        # Page 1 tells the sessions, page 2 is all of the first table.
        export(out, db)
    assert caught.value.hint == hint
    export(out, db)
    assert files(out) == WHOLE


@pytest.mark.parametrize("place", ["below a file", "/proc/x"])
def test_a_place_that_can_never_be_written_is_told_as_such(tmp_path, place):
    if place == "below a file":
        (tmp_path / "file").touch()
        place = tmp_path / "file" / "out"
    elif not Path("/proc/self").exists():
        pytest.skip("this system has no /proc")
    with pytest.raises(ExportError, match="cannot be written") as caught:
        connect().export(place, ["labs"], progress=False)
    assert caught.value.hint == "Choose another directory."


def test_a_place_can_be_checked_before_anything_is_asked(out, tmp_path):
    check_place(out)
    assert not out.exists()
    out.mkdir()
    check_place(out)
    interrupted(out)
    check_place(out)
    before = files(out)
    export(out)
    with pytest.raises(ExportError, match="holds an export already"):
        check_place(out)
    assert before != files(out) == WHOLE
    with pytest.raises(ExportError, match="is not empty"):
        check_place(tmp_path)
    (out / ".journal.json").write_text("{")
    with pytest.raises(ExportError, match="cannot be read"):
        check_place(out)
