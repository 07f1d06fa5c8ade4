"""A LIMS on disk: an export holds what the calls return, whoever made the tables."""

import json

import pandas as pd
import pytest

from tests.sources.lims.expected import TABLES, assert_same, expected


@pytest.mark.parametrize("include_unusable", [False, True])
def test_an_export_of_every_table_holds_what_the_calls_return(lims, world, tmp_path, include_unusable):
    path = lims.export(
        tmp_path / "out", include_unusable=include_unusable, sessions_per_chunk=3, progress=False
    )
    manifest = json.loads((path / "manifest.json").read_text(encoding="utf-8"))
    assert set(manifest["tables"]) == set(TABLES)
    for table in TABLES:
        read = pd.read_parquet(path / table).sort_index()
        assert_same(read, expected(world, table, include_unusable=include_unusable))
