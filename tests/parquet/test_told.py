"""What is told on disk of where rows came from."""

from __future__ import annotations

import json

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import sessionframes as sf
from sessionframes import Q
from sessionframes.errors import SourceResponseError, SourceUnavailableError, UnknownSourceError
from sessionframes.frames.describe import table_schema
from sessionframes.frames.provenance import origin_of
from sessionframes.parquet.parts import DESCRIPTION
from sessionframes.parquet.told import provenance_of
from tests.fake_source import ADDRESS, IntCells, connect
from tests.parquet.exports import export, interrupted, parts


@pytest.fixture
def out(tmp_path):
    return export(tmp_path / "out", where={"cells": Q(spikes__gte=5)})


def test_a_snapshot_tells_of_each_table(out):
    told = provenance_of(out)
    assert told["question"]["source"] == "fake"
    assert told["started"] <= told["finished"]
    assert told["sessionframes"]
    assert {name: (table["rows"], table["files"]) for name, table in told["tables"].items()} == {
        "labs": (2, 1),
        "sessions": (5, 1),
        "cells": (15, 1),
    }
    origin = told["tables"]["cells"]["origin"]
    assert (origin["source"], origin["address"], origin["table"]) == ("fake", ADDRESS, "cells")
    assert origin["query"] == "cells(where=spikes__gte=5)"
    assert json.loads(json.dumps(told)) == told


def test_a_part_tells_what_its_table_tells(out):
    for table, told in provenance_of(out)["tables"].items():
        assert provenance_of(parts(out, table)[0]) == told["origin"]


def test_a_part_describes_its_table(out):
    metadata = pq.read_metadata(parts(out, "cells")[0]).metadata
    assert json.loads(metadata[DESCRIPTION]) == table_schema(IntCells)


def test_a_frame_that_pandas_wrote_tells_what_the_frame_told(tmp_path):
    frame = connect().get("cells")
    frame.to_parquet(tmp_path / "frame.parquet")
    assert provenance_of(tmp_path / "frame.parquet") == origin_of(frame)


def test_what_pandas_reads_by_itself_tells_what_its_table_tells(out):
    for table, told in provenance_of(out)["tables"].items():
        for path in (out / table, parts(out, table)[0]):
            frame = pd.read_parquet(path)
            assert origin_of(frame) == told["origin"]
            assert set(frame.attrs) == {"sessionframes"}
            # As pandas writes it, so that it is still there after another round.
            frame.to_parquet(out.parent / "again.parquet")
            assert provenance_of(out.parent / "again.parquet") == told["origin"]


def test_what_pandas_reads_by_itself_knows_its_source(lims, tmp_path):
    path = lims.export(tmp_path / "out", ["units", "probes"], progress=False)
    units, probes = (pd.read_parquet(path / table).sort_index() for table in ("units", "probes"))
    pd.testing.assert_frame_equal(sf.join(units, probes), lims.get_units(join="probes"))
    united = sf.union(units)
    assert set(united.index.get_level_values("source")) == {"lims"}
    pd.testing.assert_frame_equal(united, sf.union(lims.get_units()))


@pytest.mark.parametrize("attrs", [{}, {"sessionframes": "x"}, {"sessionframes": "[1]"}, {"mine": 1}])
def test_other_files_tell_nothing(tmp_path, attrs):
    frame = pd.DataFrame({"x": [1]})
    frame.attrs.update(attrs)
    frame.to_parquet(tmp_path / "frame.parquet")
    pq.write_table(pa.table({"x": [1]}), tmp_path / "bare.parquet")
    for name in ("frame.parquet", "bare.parquet"):
        with pytest.raises(UnknownSourceError, match="does not tell where it came from"):
            provenance_of(tmp_path / name)


def test_what_cannot_be_read_is_told(tmp_path):
    (tmp_path / "x.parquet").write_text("mine")
    (tmp_path / "empty").write_bytes(b"")
    manifest = export(tmp_path / "whole") / "manifest.json"
    for path in (tmp_path / "x.parquet", tmp_path / "empty", manifest):
        with pytest.raises(UnknownSourceError, match=r"is no Parquet file\. Give a directory or a Parquet"):
            provenance_of(path)
    whole = parts(tmp_path / "whole", "cells")[0].read_bytes()
    (tmp_path / "z.parquet").write_bytes(whole[:-1])
    with pytest.raises(
        SourceResponseError, match=r"z\.parquet is damaged: it does not end as a Parquet file"
    ):
        provenance_of(tmp_path / "z.parquet")
    (tmp_path / "y.parquet").write_bytes(b"PAR1xxxx\x04\0\0\0PAR1")
    with pytest.raises(SourceResponseError, match=r"y\.parquet is damaged"):
        provenance_of(tmp_path / "y.parquet")
    with pytest.raises(
        UnknownSourceError, match=r"there is no .*nothing\. Give a directory or a Parquet file"
    ):
        provenance_of(tmp_path / "nothing")
    (tmp_path / "other" / "below").mkdir(parents=True)
    with pytest.raises(UnknownSourceError, match=r"there is no manifest\.json in it"):
        provenance_of(tmp_path / "other")
    with pytest.raises((SourceUnavailableError, UnknownSourceError)):
        provenance_of(tmp_path / "x.parquet" / "y")
    interrupted(tmp_path / "out")
    with pytest.raises(UnknownSourceError, match="not finished"):
        provenance_of(tmp_path / "out")
