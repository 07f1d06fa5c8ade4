"""What holds for every table, the core's and each source's, whoever adds the next one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from sessionframes.frames.describe import describe, table_schema
from sessionframes.registry import declared_sources, load_source
from sessionframes.tables import Table, core_tables
from sessionframes.tables.kinds import ARROW_TYPES, LEVELS
from sessionframes.tables.validation import validate

#: Each is below the one before it.
CHAIN = ["sessions", "probes", "channels", "units", "unit_metrics"]
CORE = core_tables()
FORMS: dict[str, type[Table]] = {
    f"{source}.{table}": read.table
    for source in declared_sources()
    for table, read in load_source(source).reads.items()
}
ALL = {**CORE, **FORMS}
COLUMNS = [(table, name) for table, model in ALL.items() for name in model.facts()]
every_table = pytest.mark.parametrize("model", ALL.values(), ids=ALL)
every_form = pytest.mark.parametrize("model", FORMS.values(), ids=FORMS)
every_column = pytest.mark.parametrize(("table", "name"), COLUMNS, ids=[".".join(pair) for pair in COLUMNS])


def is_number(dtype: Any) -> bool:
    return dtype is not None and pd.api.types.is_float_dtype(dtype)


def test_there_are_tables_and_sources():
    around = ["projects", "subjects", "structures", "trajectories", "assets", "tasks"]
    assert list(CORE) == [*CHAIN, *around]
    assert FORMS


def test_a_source_gives_its_tables_their_own_names():
    assert all(model.table_name() == name.partition(".")[2] for name, model in FORMS.items())


@every_table
def test_tables_are_strict_ordered_and_never_coerce(model):
    schema = model.to_schema()
    assert (schema.strict, schema.ordered, schema.coerce) == (True, True, False)
    assert not any(column.coerce for column in schema.columns.values())
    assert not schema.index.coerce


@every_table
def test_the_key_is_an_id_first_unique_and_never_null(model):
    key = model.key_name()
    assert key.endswith("_id")
    assert next(iter(model.facts())) == key
    assert model.ids()[-1] == key
    index = model.to_schema().index
    assert index.unique
    assert not index.nullable


@every_table
def test_a_row_carries_the_ids_of_its_ancestors_without_gap(model):
    levels = [name for name in LEVELS if name in model.facts()]
    assert levels == list(LEVELS[: len(levels)])
    facts = model.facts()
    parents = [name for name in levels if name != model.key_name()]
    assert all(facts[name]["parent"] for name in parents)
    # Files, tracks and tasks may be of no session.
    assert model.table_name() not in CHAIN or not any(facts[name]["nullable"] for name in parents)
    assert list(facts)[: len(parents) + 1] == [model.key_name(), *reversed(parents)]


@every_column
def test_every_column_is_described(table, name):
    fact = ALL[table].facts()[name]
    assert fact["description"]
    assert fact["description"].endswith(".")
    assert fact["description"][0].isupper()
    assert fact["nullable"] == bool(fact["null"]), "what a null means must be told, and only where one may be"


@every_column
def test_every_number_has_a_unit_and_nothing_else_has(table, name):
    model = ALL[table]
    fact, dtype = model.facts()[name], model.dtypes()[name]
    if is_number(dtype):
        assert fact["unit"], "physical, or 'ratio'"
    else:
        assert fact["unit"] is None, "ids, counts, flags, texts and instants have none"


@every_column
def test_names_are_lower_case_with_one_exception_of_the_field(table, name):
    assert table
    assert name.replace("_PT_", "_pt_").islower()
    assert name.isidentifier()


@every_column
def test_bounds_are_those_that_the_type_can_break(table, name):
    fact = ALL[table].facts()[name]
    low, high = fact["minimum"], fact["maximum"]
    assert low is None or high is None or low < high
    assert (low, high) == (None, None) or is_number(ALL[table].dtypes()[name])


@every_form
def test_dtypes_and_arrow_types_agree(model):
    schema = model.arrow_schema()
    assert schema.names == list(model.dtypes())
    for name, dtype in model.dtypes().items():
        assert schema.field(name).type == ARROW_TYPES[dtype], name
        assert schema.field(name).nullable, "a null must reach validation, which says where it is"


@every_form
def test_whole_numbers_and_flags_are_nullable_exactly_where_null_is_told(model):
    for name, dtype in model.dtypes().items():
        nullable = model.facts()[name]["nullable"]
        if dtype in (np.dtype("int64"), np.dtype("bool")):
            assert not nullable, name
        if dtype in (pd.Int64Dtype(), pd.BooleanDtype()):
            assert nullable, name


@every_form
def test_ids_have_the_type_of_the_source(model):
    dtypes = model.dtypes()
    expected = {"int64": {"int64", "Int64"}, "str": {"str"}}[model.id_kind()]
    ids = {model.key_name()} | {name for name, fact in model.facts().items() if fact["parent"]}
    assert {str(dtypes[name]) for name in ids} <= expected
    assert str(dtypes[model.key_name()]) == model.id_kind()


@every_form
def test_the_arrow_schema_carries_units_and_descriptions(model):
    for field in model.arrow_schema():
        fact = model.facts()[field.name]
        assert field.metadata[b"description"].decode() == fact["description"]
        assert field.metadata.get(b"unit", b"").decode() == (fact["unit"] or "")


@every_form
def test_the_empty_frame_is_valid(model):
    frame = model.empty_frame()
    assert len(frame) == 0
    assert frame.index.name == model.key_name()
    found = {frame.index.name: frame.index.dtype, **frame.dtypes}
    assert found == model.dtypes()
    assert validate(frame, model) is frame


@every_form
def test_core_columns_come_first_and_mean_the_same(model):
    core = CORE.get(model.table_name())
    if core is None:
        return  # a table of this source alone
    assert issubclass(model, core)
    assert list(model.facts())[: len(core.facts())] == list(core.facts())
    ids = {name for name, fact in core.facts().items() if fact["parent"]} | {core.key_name()}
    for name, fact in core.facts().items():
        assert model.facts()[name] == fact, name
        assert name in ids or model.dtypes()[name] == core.dtypes()[name], name


def test_a_name_means_the_same_wherever_it_stands():
    meanings: dict[str, dict[Any, list[str]]] = {}
    for table, model in ALL.items():
        facts, dtypes = model.facts(), model.dtypes()
        ids = {model.key_name()} | {name for name, fact in facts.items() if fact["parent"]}
        for name in facts.keys() - ids:
            meaning = (facts[name]["description"], facts[name]["unit"], dtypes[name])
            meanings.setdefault(name, {}).setdefault(meaning, []).append(table)
    assert not {name: found for name, found in meanings.items() if len(found) > 1}


def test_an_id_is_an_id_wherever_it_stands():
    for table, model in ALL.items():
        for name, fact in model.facts().items():
            if name in LEVELS:
                assert fact["parent"] or name == model.key_name(), f"{table}.{name}"


@every_form
def test_the_schema_hash_tells_forms_apart_and_stays(model):
    assert len(model.schema_hash()) == 16
    assert model.schema_hash() == model.schema_hash()
    assert [form for form in FORMS.values() if form.schema_hash() == model.schema_hash()] == [model]


@every_table
def test_the_printed_schema_has_keys_and_foreign_keys(model):
    printed = table_schema(model)
    names = [field["name"] for field in printed["fields"]]
    assert names == list(model.facts())
    assert printed["primaryKey"] == [model.key_name()]
    assert printed["title"] == model.table_name()
    assert printed["description"]
    pointing = {tuple(link["fields"]): link["reference"] for link in printed["foreignKeys"]}
    for name in LEVELS:
        home = f"{name.removesuffix('_id')}s"
        if name in names and home != model.table_name():
            assert pointing[(name,)] == {"resource": home, "fields": [name]}
    assert (model.key_name(),) not in pointing or model.table_name() not in CORE or len(pointing) > 1
    assert all(link["resource"] in CORE for link in pointing.values())


@every_table
def test_the_printed_schema_has_types_units_and_constraints(model):
    for field in table_schema(model)["fields"]:
        fact = model.facts()[field["name"]]
        assert field["type"] in {"any", "array", "integer", "number", "boolean", "string", "datetime"}
        assert field.get("unit") == fact["unit"]
        assert field["description"] == fact["description"]
        constraints = field.get("constraints", {})
        assert constraints.get("required", False) is not fact["nullable"]
        assert constraints.get("unique", False) is (field["name"] == model.key_name())
        for label in ("minimum", "maximum"):
            # 0 is a bound too.
            assert constraints.get(label) == fact[label]


@every_table
def test_the_data_dictionary_has_every_column(model):
    told = describe(model)
    assert list(told.index) == list(model.facts())
    assert list(told.columns) == ["dtype", "unit", "description", "null"]
    assert told["description"].notna().all()
