"""What the records around sessions tell of each: many at once, as one by one."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessionframes.errors import SourceResponseError
from sessionframes.sources.brainstem import SOURCE
from sessionframes.sources.brainstem.links import ids_of, links
from sessionframes.sources.brainstem.walk import Found, ids_in

SESSIONS = SOURCE.reads["sessions"]
COLUMNS = ("session_id", "subjects", "subject_id", "sex", "genotype", "session_type")


def ids(letter):
    return st.lists(st.sampled_from([f"{letter}{number}" for number in range(4)]), max_size=3)


def ids_or_one(letter):
    return st.none() | st.just("") | st.sampled_from([f"{letter}0", f"{letter}1"]) | ids(letter)


def kept(letter, **fields):
    """Some of the records of a kind; the others may not be seen."""
    return st.dictionaries(
        st.sampled_from([f"{letter}{number}" for number in range(4)]),
        st.fixed_dictionaries({}, optional=fields),
    )


texts = st.none() | st.sampled_from(["", "a", "b", "U"])
around = st.fixed_dictionaries(
    {},
    optional={
        "behavior": kept("b", subjects=ids_or_one("s"), behavioralassay=ids_or_one("a")),
        "dataacquisition": kept("d", procedures=ids_or_one("p")),
        "manipulation": kept("m", procedures=ids_or_one("p")),
        "procedure": kept("p", subject=ids_or_one("s")),
        "subject": kept("s", sex=texts, genotype=texts),
        "behavioralassay": kept("a", name=texts),
    },
)
fields = {"behaviors": ids("b"), "dataacquisition": ids("d"), "manipulations": ids("m")}
sessions = st.lists(st.fixed_dictionaries({}, optional=fields), max_size=6)


def one_by_one(found):
    """What is told of each session, as the documents say it."""
    for record in found.records:
        behaviors = found.linked(record, "behaviors", "behavior")
        modules = found.linked(record, "dataacquisition", "dataacquisition")
        modules += found.linked(record, "manipulations", "manipulation")
        procedures = [one for module in modules for one in found.linked(module, "procedures", "procedure")]
        animals = {one for behavior in behaviors for one in ids_in(behavior, "subjects")}
        animals |= {one for procedure in procedures for one in ids_in(procedure, "subject")}
        only = min(animals) if len(animals) == 1 else None
        animal = found.around.get("subject", {}).get(only, {})
        assays = [
            one for some in behaviors for one in found.linked(some, "behavioralassay", "behavioralassay")
        ]
        names = {assay.get("name") for assay in assays} - {None}
        yield {
            "session_id": record["id"],
            "subjects": sorted(animals),
            "subject_id": only,
            "sex": {"": None, "U": None}.get(animal.get("sex"), animal.get("sex")),
            "genotype": animal.get("genotype") or None,
            "session_type": (names.pop() or None) if len(names) == 1 else None,
        }


@given(records=sessions, around=around)
def test_what_is_around_sessions_is_told_of_all_at_once_as_of_each(records, around):
    records = [{"id": f"{number}", **record} for number, record in enumerate(records)]
    found = Found(records, around, COLUMNS)
    table = SESSIONS.flatten(SESSIONS.table, found).select(COLUMNS)
    table.validate(full=True)
    assert table.to_pylist() == list(one_by_one(found))


def test_what_is_not_wanted_is_not_looked_at():
    record = {"id": "x", "name": "first", "behaviors": ["b0"]}
    around = {"behavior": {"b0": {"id": "b0", "subjects": 5, "behavioralassay": 5}}}
    found = Found([record], around, ("session_id", "session_name", "behaviors", "start_time_is_date"))
    assert SESSIONS.flatten(SESSIONS.table, found).to_pylist() == [
        {"session_id": "x", "session_name": "first", "start_time_is_date": None, "behaviors": ["b0"]}
    ]
    for column, field in (("subjects", "subjects"), ("session_type", "behavioralassay")):
        with pytest.raises(SourceResponseError, match=f"record b0 has 5 for its {field}, not ids"):
            SESSIONS.flatten(SESSIONS.table, Found([record], around, ("session_id", column)))


@pytest.mark.parametrize("wrong", [5, {"id": "b0"}, [5], [None], ["b0", None], [["b0"]], True])
def test_what_is_no_id_is_refused_wherever_it_is(wrong):
    for others in (["b0"], "b0", None, ""):
        with pytest.raises(SourceResponseError, match=r"record second has .* for its behaviors, not ids"):
            ids_of([{"id": "first", "behaviors": others}, {"id": "second", "behaviors": wrong}], "behaviors")


@given(st.lists(ids_or_one("b"), max_size=6))
def test_ids_are_lists_of_none_one_or_many(values):
    records = [{"id": "x", "behaviors": value} for value in values]
    found = ids_of(records, "behaviors").to_pylist()
    assert [one or [] for one in found] == [ids_in(record, "behaviors") for record in records]


def test_nothing_points_to_nothing():
    lists, there = pa.array([], pa.list_(pa.large_string())), pa.array([], pa.large_string())
    nowhere = links(lists, there)
    assert nowhere.then(nowhere).joined(nowhere).lists(there).to_pylist() == []
    alone = links(pa.array([["a"], None], lists.type), there)
    assert alone.then(nowhere).joined(alone).lists(there).to_pylist() == [[], []]
    assert alone.only().to_pylist() == [None, None]
