"""A table comes back from its description as it was declared."""

from __future__ import annotations

import json

import pytest

from sessionframes.frames.describe import summary, table_schema
from sessionframes.query.scope import fields_of
from sessionframes.registry import declared_sources, load_source
from sessionframes.tables import Table, core_tables
from sessionframes.tables.joined import joined_form, with_nulls
from sessionframes.tables.kinds import Key, Number, Text, column, key
from sessionframes.tables.stored import form_of
from sessionframes.tables.validation import find_failures
from tests.fake_source import FakeSessions, IntCells, Labs, TextCells, cells
from tests.tagged_cells import TaggedCells


class Odd(Table, name="odd_things", ids="str"):
    """What is odd: ``quotes`` and "quotes", é.

    More that nobody is told.
    """

    thing_id: Key = key("Its id.")
    below: Number = column("Bounded by a float, and by nothing.", unit="uV", between=(-0.5, None))
    zero: Number = column("Bounded by zeros.", null="none", between=(0, 0))
    one: Text = column("One of few; may be null.", values=("é", '"', ""), null="nobody looked")


def _of(name):
    return {table: read.table for table, read in load_source(name).reads.items()}


def _derived():
    for name in declared_sources():
        tables = _of(name)
        for form in tables.values():
            above = [
                other for other in tables.values() if other.key_name() in form.ids() and other is not form
            ]
            yield joined_form(form, *above)
            names = tuple(form.to_schema().columns)
            yield form.narrowed(names[::-2])
            yield form.with_columns(with_nulls(form, names))


CORE = list(core_tables().values())
OWN = [form for name in declared_sources() for form in _of(name).values()]
FORMS = [*OWN, IntCells, TextCells, TaggedCells, FakeSessions, Labs, Odd, *_derived()]


def again(form):
    return form_of(json.loads(json.dumps(table_schema(form))))


@pytest.mark.parametrize("form", [*CORE, *FORMS], ids=str)
def test_what_was_declared_comes_back(form):
    found = again(form)
    assert found is not form
    for fact in ("table_name", "key_name", "ids", "id_kind", "schema_hash"):
        assert getattr(found, fact)() == getattr(form, fact)()
    for facts in ("dtypes", "facts"):
        assert list(getattr(found, facts)().items()) == list(getattr(form, facts)().items())
    assert summary(found) == summary(form)
    assert fields_of(found) == fields_of(form)
    assert table_schema(found) == table_schema(form)


@pytest.mark.parametrize("form", FORMS, ids=str)
def test_frames_of_it_are_the_same(form):
    found = again(form)
    assert found.arrow_schema().equals(form.arrow_schema(), check_metadata=True)
    assert found.empty_frame().dtypes.equals(form.empty_frame().dtypes)
    assert find_failures(found.empty_frame(), form) is None
    assert find_failures(form.empty_frame(), found) is None


def test_it_finds_the_faults_that_the_original_finds():
    frame = IntCells.validate(_frame(), lazy=True)
    assert find_failures(frame, again(IntCells)) is None
    frame = frame.assign(rate=-1.0, state="gone")
    told = find_failures(frame, again(IntCells))
    assert told.equals(find_failures(frame, IntCells))
    assert set(told["column"]) == {"rate", "state"}


def _frame():
    from sessionframes.tables.convert import to_frame

    return to_frame(cells(), IntCells)


def test_the_same_description_is_the_same_class():
    assert again(IntCells) is again(IntCells)
    assert again(IntCells) is not again(TextCells)


@pytest.mark.parametrize(
    "change",
    [
        {"fields": None},
        {"primaryKey": []},
        {"primaryKey": ["nobody"]},
        {"title": None},
        {"fields": [{"name": "x", "dtype": "complex128", "description": ""}], "primaryKey": ["x"]},
        {"fields": [{"name": "x", "dtype": "int64"}], "primaryKey": ["x"]},
    ],
    ids=str,
)
def test_what_describes_no_table_of_ours_is_refused(change):
    with pytest.raises(ValueError, match="no table that is known here"):
        form_of({**table_schema(Labs), **change})
    for missing in ("fields", "title", "primaryKey", "description"):
        with pytest.raises(ValueError, match=missing):
            form_of({name: value for name, value in table_schema(Labs).items() if name != missing})


@pytest.mark.parametrize("form", [*CORE, *FORMS], ids=str)
def test_the_description_is_a_table_schema_of_frictionless(form):
    types = {"integer", "number", "boolean", "string", "datetime", "array", "any"}
    told = table_schema(form)
    assert {field["type"] for field in told["fields"]} <= types
    limits = {"required", "unique", "minimum", "maximum", "enum"}
    assert {name for field in told["fields"] for name in field.get("constraints", {})} <= limits
    assert told["primaryKey"] == [form.key_name()]
