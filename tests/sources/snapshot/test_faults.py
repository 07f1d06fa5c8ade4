"""What happens to files while they are read: an error of ours that names the file, never wrong rows."""

from __future__ import annotations

import os
import shutil

import numpy as np
import pandas as pd
import pytest

import sessionframes as sf
from sessionframes import Q
from sessionframes.errors import SourceError, SourceResponseError, SourceUnavailableError
from tests.fake_source import cells, connect, fake_transport
from tests.parquet.exports import export, parts
from tests.sources.snapshot.big import big

ROWS = 3000
AGAIN = "Connect to it again."


@pytest.fixture
def out(tmp_path):
    """Enough rows for flipped bits to hit values, and not only footers."""
    return export(tmp_path / "out", connect(fake_transport(cells=cells(ROWS))), sessions_per_chunk=2)


def changed(part, change):
    """Changes a file without its size or its time."""
    times = part.stat()
    data = bytearray(part.read_bytes())
    change(data)
    part.write_bytes(data)
    os.utime(part, ns=(times.st_atime_ns, times.st_mtime_ns))


def flipped(place, bit=0):
    def flip(data):
        data[place] ^= 1 << bit

    return flip


@pytest.mark.parametrize("seed", range(6))
def test_a_flipped_bit_gives_an_error_or_the_same_rows(out, seed):
    part = parts(out, "cells")[0]
    whole, wanted = part.read_bytes(), connect(fake_transport(cells=cells(ROWS))).get("cells")
    chance = np.random.default_rng(seed)
    told = 0
    for place, bit in zip(chance.integers(0, len(whole), 60), chance.integers(0, 8, 60), strict=True):
        changed(part, flipped(int(place), int(bit)))
        with sf.connect(out) as db:
            try:
                pd.testing.assert_frame_equal(db.get("cells"), wanted)
            except SourceResponseError as error:
                told += 1
                assert str(part) in str(error), (place, bit)  # noqa: PT017  not every flipped bit raises
        changed(part, lambda data: data.__setitem__(slice(None), whole))
    assert told > 40


def test_a_flipped_bit_in_a_footer_prunes_nothing_wrong(out):
    part = parts(out, "cells")[0]
    length = int.from_bytes(part.read_bytes()[-8:-4], "little")
    for place in range(-8 - length, 0, 97):
        changed(part, flipped(place))
        with sf.connect(out) as db, pytest.raises(SourceResponseError, match=r"cells.*part-00000\.parquet"):
            db.get("cells", where=Q(rate__gt=10**6))
        changed(part, flipped(place))


def test_what_is_no_parquet_is_told(out):
    part = parts(out, "cells")[0]
    changed(part, lambda data: data.__setitem__(slice(None), b"x" * len(data)))
    with sf.connect(out) as db, pytest.raises(SourceResponseError, match="does not end as a Parquet file"):
        db.get("cells")


def test_a_column_that_is_missing_is_told(out):
    # Nobody looks, since it is said not to; and the footer is as the manifest has it.
    import hashlib
    import json

    import pyarrow.parquet as pq

    from sessionframes.parquet.manifest import sealed
    from sessionframes.parquet.parts import footer_of

    part = parts(out, "cells")[0]
    for change, said in [
        (lambda table: table.drop_columns("rate"), "has no column 'rate'"),
        (lambda table: table.set_column(3, "rate", table["spikes"]), "has 'rate' as int64, not as double"),
    ]:
        table = pq.read_table(part)
        pq.write_table(change(table), part)
        manifest = json.loads((out / "manifest.json").read_text())
        told = manifest["tables"]["cells"]["parts"][0]
        told["footer_sha256"] = hashlib.sha256(footer_of(part)).hexdigest()
        told["bytes"] = part.stat().st_size
        (out / "manifest.json").write_text(json.dumps(sealed(manifest)))
        with sf.connect(out, verify=False) as db:
            with pytest.raises(SourceResponseError, match=rf"snapshot\.cells: .*part-00000.* {said}"):
                db.get("cells")
            assert len(db.get("cells", columns=["spikes"])) == ROWS
        pq.write_table(table, part)


def test_a_file_that_vanishes_is_told(out):
    with sf.connect(out) as db:
        assert len(db.get("cells")) == ROWS
        parts(out, "cells")[0].unlink()
        for call in (db.get, db.explain):
            gone = r"snapshot\.cells: .*part-00000.* is gone\. Copy it anew"
            with pytest.raises(SourceUnavailableError, match=gone):
                call("cells")
        assert len(db.get("labs")) == 2
        shutil.rmtree(out)
        with pytest.raises(SourceUnavailableError, match="is gone"):
            db.get("labs")


@pytest.mark.parametrize("read_before", [True, False])
def test_a_file_that_is_replaced_is_told(out, tmp_path, read_before):
    other = export(tmp_path / "other", connect(fake_transport(cells=cells(ROWS - 1))))
    with sf.connect(out) as db:
        if read_before:
            db.get("cells")
        shutil.copy(parts(other, "cells")[0], parts(out, "cells")[0])
        for call in (db.get, db.explain):
            with pytest.raises(SourceResponseError, match=r"cells: .*replaced or changed since") as caught:
                call("cells")
            assert caught.value.hint == AGAIN
    with pytest.raises(SourceResponseError, match="Copy it anew"):
        sf.connect(out)


def test_a_snapshot_that_is_exported_anew_is_told_until_it_is_opened_again(out):
    with sf.connect(out) as db:
        export(out, overwrite=True)
        with pytest.raises(SourceError, match=rf"was replaced or changed since .*{AGAIN}"):
            db.get("cells")
        # Another table of it, which the first does not have any more.
        export(out, tables=["labs"], overwrite=True)
        with pytest.raises(SourceUnavailableError, match=rf"cells: .*is gone\. {AGAIN}"):
            db.get("cells")
        export(out, overwrite=True)
    with sf.connect(out) as db:
        assert len(db.get("cells")) == 20


def test_a_file_that_is_cut_between_two_pages_is_told(out):
    with sf.connect(out) as db:
        scan = db.read("cells").compile(db.query("cells")).requests[0]
        part = parts(out, "cells")[0]
        pages = db.transport.fetch(scan)
        os.truncate(part, 100)
        with pytest.raises(SourceResponseError, match=rf"part-00000.* {AGAIN}"):
            list(pages)


def test_an_error_is_the_same_in_another_process(out):
    import pickle

    parts(out, "cells")[0].unlink()
    with pytest.raises(SourceResponseError) as caught:
        sf.connect(out)
    again = pickle.loads(pickle.dumps(caught.value))
    assert str(again) == str(caught.value)
    assert (again.source, again.table) == ("snapshot", "cells")


def test_a_flipped_bit_in_the_head_of_a_page_gives_an_error_or_the_same_rows(out):
    part = parts(out, "cells")[0]
    wanted = connect(fake_transport(cells=cells(ROWS))).get("cells", columns=[])
    for place, bit in [(place, bit) for place in range(4, 34) for bit in range(8)]:
        changed(part, flipped(place, bit))
        with sf.connect(out) as db:
            try:
                pd.testing.assert_frame_equal(db.get("cells", columns=[]), wanted)
            except SourceResponseError as error:
                assert str(part) in str(error), (place, bit)  # noqa: PT017  not every flipped bit raises
        changed(part, flipped(place, bit))


def test_a_file_that_is_replaced_between_two_pages_is_told(tmp_path):
    path = big(1000, 200).export(tmp_path / "out", sessions_per_chunk=500, progress=False)
    with sf.connect(path) as db:
        pages = db.transport.fetch(db.read("units").compile(db.query("units")).requests[0])
        assert next(pages).num_rows < 200_000
        part = parts(path, "units")[0]
        shutil.copyfile(part, tmp_path / "copy")
        (tmp_path / "copy").replace(part)
        with pytest.raises(SourceResponseError, match=r"snapshot\.units: .*replaced or changed since"):
            next(pages)
