"""Row groups: of whole sessions, neither too small nor too large, and what their footers tell."""

from __future__ import annotations

import json
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sessionframes.parquet.parts import (
    FEWEST_ROWS_PER_GROUP,
    GROUPS,
    ROWS_PER_GROUP,
    PartWriter,
    file_schema,
)
from sessionframes.sources.lims.tables import LimsUnits
from tests.fake_source import IntCells, TextCells
from tests.sources.snapshot.big import units
from tests.tagged_cells import TaggedCells, tagged_cells

ORDER = ("session_id", "cell_id")


def rows(sizes, form=IntCells, first=0):
    """A table in which each session has so many rows."""
    count = int(sum(sizes))
    sessions = np.repeat(np.arange(len(sizes)) + 10**6 + first, sizes)
    keys = np.arange(count) + 10**7
    schema = form.arrow_schema()
    ids = {"session_id": pa.array(sessions), "cell_id": pa.array(keys)}
    arrays = [ids.get(field.name, pa.nulls(count)).cast(field.type) for field in schema]
    return pa.Table.from_arrays(arrays, schema=schema)


def written(path, chunks, *, sessions, form=IntCells):
    """The sessions of each row group of a file that these chunks were written to."""
    writer = PartWriter(path, file_schema(form, {}), ORDER, sessions)
    for chunk in chunks:
        writer.write(chunk)
    told = writer.close()
    file = pq.ParquetFile(path)
    whole = pa.concat_tables(chunks)
    assert file.read().select(["session_id", "cell_id"]).equals(whole.select(["session_id", "cell_id"]))
    assert told["rows"] == whole.num_rows
    return [
        file.read_row_group(number, columns=["session_id"])["session_id"].to_pylist()
        for number in range(file.num_row_groups)
    ]


@pytest.mark.parametrize("form", [IntCells, TextCells])
@pytest.mark.parametrize("per_chunk", [1, 20, 1000])
def test_a_group_holds_one_percent_of_the_sessions_whatever_the_chunks(tmp_path, per_chunk, form):
    whole = rows([200] * 5000, form)
    step = per_chunk * 200
    chunks = [whole.slice(start, step) for start in range(0, whole.num_rows, step)]
    groups = written(tmp_path / "part-00000.parquet", chunks, sessions=5000, form=form)
    assert len(groups) == GROUPS
    assert {len(set(group)) for group in groups} == {5000 // GROUPS}


def test_small_tables_are_one_group(tmp_path):
    groups = written(tmp_path / "p", [rows([5] * 100), rows([5] * 100, first=100)], sessions=200)
    assert [len(group) for group in groups] == [1000]


def test_groups_are_no_smaller_than_is_worth_their_line(tmp_path):
    groups = written(tmp_path / "p", [rows([1000] * 50)], sessions=50)
    assert {len(group) for group in groups[:-1]} == {5000}
    assert FEWEST_ROWS_PER_GROUP == 4096


def test_a_session_that_is_too_large_is_cut_and_no_other_is(tmp_path):
    sizes = [10, ROWS_PER_GROUP * 2 + 5, 20, ROWS_PER_GROUP, ROWS_PER_GROUP - 1, 3]
    groups = written(tmp_path / "p", [rows(sizes)], sessions=1)
    assert [len(group) for group in groups] == [
        *[10],
        *[ROWS_PER_GROUP, ROWS_PER_GROUP],
        *[5 + 20],
        *[ROWS_PER_GROUP, ROWS_PER_GROUP - 1],
        *[3],
    ]


@settings(deadline=None, max_examples=40)
@given(
    sizes=st.lists(
        st.one_of(
            st.integers(1, 9),
            st.integers(1000, 6000),
            st.sampled_from([ROWS_PER_GROUP - 1, ROWS_PER_GROUP, ROWS_PER_GROUP + 1, 2 * ROWS_PER_GROUP + 7]),
        ),
        max_size=12,
    ),
    cut=st.integers(0, 12),
    sessions=st.sampled_from([0, 1, 12, 400]),
)
def test_no_group_is_too_large_and_sessions_are_cut_only_where_they_must_be(
    tmp_path_factory, sizes, cut, sessions
):
    path = tmp_path_factory.mktemp("groups") / "p"
    chunks = [rows(sizes[:cut]), rows(sizes[cut:], first=len(sizes[:cut]))]
    groups = written(path, chunks, sessions=sessions)
    assert all(len(group) <= ROWS_PER_GROUP for group in groups)
    lengths = dict(enumerate(sizes, 10**6))
    for group, after in pairwise(groups):
        if group[-1] == after[0]:
            assert lengths[group[-1]] > ROWS_PER_GROUP


def test_footers_tell_the_ends_of_all_columns_but_free_form_ones(tmp_path):
    writer = PartWriter(tmp_path / "p", file_schema(TaggedCells, {}), ORDER)
    writer.write(tagged_cells())
    writer.close()
    file = pq.ParquetFile(tmp_path / "p")
    group = file.metadata.row_group(0)
    columns = [group.column(number) for number in range(group.num_columns)]
    without = {column.path_in_schema for column in columns if not column.is_stats_set}
    assert without == {"qc", "tags.list.element"}
    assert file.read()["tags"].to_pylist() == tagged_cells()["tags"].to_pylist()
    assert json.loads(file.schema_arrow.metadata[b"sessionframes.table"])["title"] == "cells"


def test_the_footer_stays_small_beside_the_rows(tmp_path):
    order = ("session_id", "probe_id", "unit_id")
    writer = PartWriter(tmp_path / "p", file_schema(LimsUnits, {}), order, 1000)
    writer.write(units(1000, 200))
    writer.close()
    found = pq.read_metadata(tmp_path / "p")
    assert found.num_row_groups > 40
    assert found.serialized_size / (tmp_path / "p").stat().st_size < 0.01
