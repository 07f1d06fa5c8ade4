"""The demo world as the rows of a LIMS: whole, and under the names that LIMS has."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from sessionframes.demo import lims, lims_rows
from sessionframes.demo.world import World, make_world
from sessionframes.sources.lims import schema


@pytest.fixture(scope="module", params=(0.05, 0.0005))
def world(request: pytest.FixtureRequest) -> World:
    return make_world(request.param)


def test_lims_has_a_row_for_every_reference(world: World) -> None:
    tables = {name: pa.concat_tables(blocks) for name, blocks in lims_rows.rows(world)}
    assert {name: table.num_rows for name, table in tables.items()} == lims_rows.row_counts(world)
    for table in schema.metadata.sorted_tables:
        assert tables[table.name].column_names == [column.name for column in table.columns]
        for key in table.foreign_keys:
            values = tables[table.name][key.parent.name].drop_null()
            there = tables[key.column.table.name][key.column.name]
            assert pc.all(pc.is_in(values, value_set=there)).as_py() is not False, key


def test_lims_tells_the_odd_ids(world: World) -> None:
    assert lims.oddities(world) == {name: list(ids) for name, ids in world.oddities.items()}


def test_files_hold_the_same_bytes_every_time() -> None:
    assert lims.file_bytes(790_000_123) == lims.file_bytes(790_000_123) != lims.file_bytes(790_000_124)
    assert 4096 < len(lims.file_bytes(790_000_123)) < 9000
