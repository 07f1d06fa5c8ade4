"""One export at a time in a directory; rows that are left out are counted."""

from __future__ import annotations

import json

import pandas as pd
import pytest

import sessionframes as sf
from sessionframes.errors import ExportError, FrameValidationError
from sessionframes.locks import FileLock
from sessionframes.parquet.export import LOCK


def test_two_exports_do_not_share_a_directory(lims, tmp_path):
    lock = FileLock(tmp_path / LOCK)
    assert lock.acquire(wait=False)
    try:
        with pytest.raises(ExportError, match="another export"):
            lims.export(tmp_path, ["sessions"], progress=False)
    finally:
        lock.release()
    lims.export(tmp_path, ["sessions"], progress=False)
    assert not (tmp_path / LOCK).exists()


def test_invalid_rows_stop_an_export_or_are_left_out_and_counted(own_lims_url, change, tmp_path):
    with sf.connect("lims", url=own_lims_url) as db:
        unit = int(db.get_units().index[7])
        change(f"update ecephys_units set presence_ratio = 7 where id = {unit}")
        with pytest.raises(FrameValidationError, match=str(unit)):
            db.export(tmp_path / "whole", ["units"], progress=False)
        with pytest.warns(sf.InvalidRowsWarning, match="1 rows left out"):
            path = db.export(tmp_path / "rest", ["units"], on_invalid="report", progress=False)
        with pytest.warns(sf.InvalidRowsWarning):
            wanted = db.get_units(on_invalid="report")
    pd.testing.assert_frame_equal(pd.read_parquet(path / "units").sort_index(), wanted)
    manifest = json.loads((path / "manifest.json").read_text())
    assert [part["rows_left_out"] for part in manifest["tables"]["units"]["parts"]] == [1]


@pytest.mark.parametrize(
    "tables",
    [
        {"..": {"parts": [{"file": "victim.txt"}]}},
        {"units": []},
        {"units": {"parts": [{"file": "../victim.txt"}]}},
    ],
)
def test_a_manifest_of_others_deletes_nothing(lims, tmp_path, tables):
    victim = tmp_path / "victim.txt"
    victim.write_text("mine")
    path = tmp_path / "export"
    path.mkdir()
    (path / "manifest.json").write_text(json.dumps({"layout": 1, "question": 1, "tables": tables}))
    lims.export(path, ["sessions"], overwrite=True, progress=False)
    assert victim.read_text() == "mine"
