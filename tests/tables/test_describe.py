"""What users read of tables: the list of them, and words without marks."""

from __future__ import annotations

import pandas as pd
import pytest

import sessionframes as sf
from sessionframes.errors import QueryError
from sessionframes.frames.describe import describe, summary, table_schema
from sessionframes.registry import declared_sources, load_source
from sessionframes.tables import core_tables
from tests.fake_source import IntCells, Labs, connect

MODELS = [
    *core_tables().values(),
    *(read.table for name in declared_sources() for read in load_source(name).reads.values()),
]


class Quoted(Labs, ids="str"):
    """One row per lab, by its ``lab_id``.

    More that nobody is told.
    """


def test_without_a_table_all_are_listed():
    told = sf.describe()
    assert told.index.tolist() == list(core_tables())
    assert told.index.name == "table"
    assert told.dtypes.astype(str).to_dict() == {"description": "str", "key": "str", "columns": "int64"}
    for name, row in told.iterrows():
        dictionary = describe(name)
        assert row["columns"] == len(dictionary)
        assert row["key"] == dictionary.index.name.replace("column", dictionary.index[0])
        assert row["description"].endswith(".")


def test_a_source_lists_its_own_tables():
    told = connect().describe()
    assert told.index.tolist() == ["sessions", "cells", "labs"]
    assert told.loc["cells"].to_dict() == {
        "description": "Cells whose ids are whole numbers.",
        "key": "cell_id",
        "columns": len(IntCells.dtypes()),
    }
    pd.testing.assert_frame_equal(connect().describe("cells"), describe(IntCells))


@pytest.mark.parametrize("wrong", ["cels", ""])
def test_an_unknown_table_is_still_refused(wrong):
    with pytest.raises(QueryError, match="there is no table"):
        describe(wrong)


@pytest.mark.parametrize("model", MODELS, ids=str)
def test_no_word_is_quoted_as_in_documentation(model):
    assert "`" not in f"{table_schema(model)}"
    assert "`" not in describe(model).to_csv()


def test_what_a_table_is_stands_in_the_first_line_of_its_docstring():
    assert summary(Quoted) == "One row per lab, by its lab_id."
