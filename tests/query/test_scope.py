"""Which columns a filter on a table may name."""

from __future__ import annotations

from itertools import permutations

import pytest

from sessionframes.query.scope import fields_of, kind_of, scope_of
from sessionframes.query.where import Field
from sessionframes.tables import Table
from sessionframes.tables.kinds import (
    ARROW_TYPES,
    Count,
    Id,
    Key,
    Number,
    Text,
    Texts,
    column,
    key,
    parent,
)
from tests.fake_source import FakeSessions, IntCells, Labs, TextCells

KINDS = {
    "float64": "number",
    "int64": "integer",
    "Int64": "integer",
    "bool": "flag",
    "boolean": "flag",
    "str": "text",
    "datetime64[us, UTC]": "instant",
    "list<item: large_string>[pyarrow]": "texts",
}


class Days(Table, name="days", ids="str"):
    """Outermost: as sessions."""

    session_id: Key = key("Id of the day.")
    note: Text = column("Note.", null="none")
    day_only: Count = column("Of days alone.")
    extended_qc: Text = column("Checks.", null="none", json=True)


class Sticks(Table, name="sticks", ids="str"):
    """In the middle: as probes."""

    probe_id: Key = key("Id of the stick.")
    session_id: Id = parent("Id of the day.")
    note: Number = column("Note.", unit="um", null="none")
    tags: Texts = column("Tags.", null="none")


class Spots(Table, name="spots", ids="str"):
    """Innermost: as channels."""

    channel_id: Key = key("Id of the spot.")
    probe_id: Id = parent("Id of the stick.")
    session_id: Id = parent("Id of the day.")
    own: Count = column("Of spots alone.")


class SpotMetrics(Table, name="spot_metrics", ids="str"):
    """Of the same rows as spots."""

    channel_id: Key = key("Id of the spot.")
    probe_id: Id = parent("Id of the stick.")
    session_id: Id = parent("Id of the day.")
    own: Number = column("Of metrics alone.", unit="Hz", null="none")
    metric: Number = column("Metric.", unit="Hz", null="none")


@pytest.mark.parametrize("dtype", ARROW_TYPES, ids=str)
def test_every_dtype_is_of_a_kind(dtype):
    assert kind_of(dtype) == KINDS[str(dtype)]


def test_the_columns_of_a_table_are_fields_of_their_kind():
    assert {name: field.kind for name, field in fields_of(IntCells).items()} == {
        "cell_id": "integer",
        "session_id": "integer",
        "neighbour_id": "integer",
        "rate": "number",
        "depth": "number",
        "spikes": "integer",
        "layer": "integer",
        "good": "flag",
        "checked": "flag",
        "label": "text",
        "state": "text",
        "seen_at": "instant",
    }
    assert fields_of(Days)["extended_qc"] == Field("extended_qc", "json", "days")
    assert fields_of(Sticks)["tags"] == Field("tags", "texts", "sticks")


@pytest.mark.parametrize(("table", "ids"), [(IntCells, "int64"), (TextCells, "str")])
def test_ids_know_what_ids_are_and_nothing_else_does(table, ids):
    fields = fields_of(table)
    known = {name: field.id_kind for name, field in fields.items() if field.id_kind is not None}
    assert known == dict.fromkeys(("cell_id", "session_id", "neighbour_id"), ids)
    assert fields["cell_id"].kind == {"int64": "integer", "str": "text"}[ids]
    assert {field.table for field in fields.values()} == {"cells"}


def test_a_table_sees_its_own_columns_and_those_above_it():
    scope = scope_of(IntCells, [FakeSessions, IntCells, Labs])
    assert set(scope) == {*IntCells.dtypes(), *FakeSessions.dtypes()}
    assert scope["rate"].table == "cells"
    assert scope["session_type"] == Field("session_type", "text", "sessions")
    assert scope["subject_id"] == Field("subject_id", "integer", "sessions", "int64")
    # Both have it, and it is there without a look at the other.
    assert scope["session_id"].table == "cells"


def test_a_table_does_not_see_what_is_below_or_beside_it():
    assert set(scope_of(FakeSessions, [FakeSessions, IntCells, Labs])) == set(FakeSessions.dtypes())
    assert set(scope_of(Labs, [FakeSessions, IntCells, Labs])) == set(Labs.dtypes())
    assert set(scope_of(Sticks, [Days, Sticks, Spots])) == {*Sticks.dtypes(), *Days.dtypes()}


def test_a_table_alone_sees_itself():
    assert scope_of(IntCells, []) == scope_of(IntCells, [IntCells]) == fields_of(IntCells)


@pytest.mark.parametrize("others", list(permutations([Days, Sticks, Spots])))
def test_of_the_same_name_the_nearest_counts(others):
    scope = scope_of(Spots, others)
    assert scope["note"] == Field("note", "number", "sticks")
    assert scope["probe_id"].table == scope["session_id"].table == "spots"
    assert scope["day_only"].table == "days"
    assert scope["extended_qc"].kind == "json"
    assert scope_of(Sticks, others)["note"].table == "sticks"


@pytest.mark.parametrize("others", list(permutations([Days, Sticks, Spots, SpotMetrics])))
def test_a_table_of_the_same_rows_is_nearer_than_those_above(others):
    scope = scope_of(SpotMetrics, others)
    assert scope["own"] == Field("own", "number", "spot_metrics")
    assert scope["tags"].table == "sticks"
    scope = scope_of(Spots, others)
    assert scope["own"] == Field("own", "integer", "spots")
    assert scope["metric"].table == "spot_metrics"
