"""Whatever is asked: what the server leaves in, and what is left out here, are the rows that a filter means."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from sessionframes.demo.alyx.django import fits, terms_of
from sessionframes.demo.alyx.models import MODELS
from sessionframes.demo.alyx.store import Store
from sessionframes.errors import QueryError
from sessionframes.query import EVERY, Q
from sessionframes.query.binding import bind
from sessionframes.query.evaluate import evaluate
from sessionframes.query.where import And, Condition, Field, Not, Or, conditions
from sessionframes.sources.alyx.compiled import narrowed_where
from sessionframes.sources.alyx.encode import joined
from sessionframes.sources.alyx.endpoints import ENDPOINTS, ENUMS, OF_TABLE
from tests.query.filters import PATTERNS, WORDS
from tests.sources.alyx.scopes import scope

_LABS = ["cortexlab", "\u017flab", "\u212alab", "klab"]
_PROJECTS = ["ibl_matlab", "brainwide", "a,b", "kK"]
_PROTOCOLS = ["", "ephysChoiceWorld", "cho\u0131ceworld", "(x) [y]", "true", "022"]
_TIMES = [
    datetime(2020, 10, 25, 0, 30, tzinfo=UTC),
    datetime(2020, 10, 25, 1, 30, tzinfo=UTC),
    datetime(2021, 7, 22, 23, 59, 59, 999999, tzinfo=UTC),
    datetime(2022, 1, 1, tzinfo=UTC),
]
_VALUES = [None, True, False, 0, 1, 1.5, -2, "PASS", "pass", "", "true", "5", [True, 9, 0], [], {"n": 1}, {}]
_KEYS = ["task", "_pin", "in", "0"]
_QC = list(ENUMS["qc"])


def _id(number):
    return f"{number:08x}-0000-4000-8000-{number:012x}"


def _told(when):
    return None if when is None else when.replace(tzinfo=None).isoformat()


@st.composite
def _sessions(draw):
    document = st.dictionaries(st.sampled_from(_KEYS), st.sampled_from(_VALUES), max_size=3)
    rows = []
    for number in range(draw(st.integers(1, 6))):
        tasks = draw(
            st.lists(st.tuples(st.sampled_from(["a", "Sort"]), st.sampled_from([20, 40])), max_size=2)
        )
        rows.append(
            {
                "session_id": _id(number),
                "lab": draw(st.sampled_from([None, *_LABS])),
                "projects": draw(st.lists(st.sampled_from(_PROJECTS), max_size=2, unique=True)),
                "session_type": draw(st.sampled_from(_PROTOCOLS)),
                "number": draw(st.sampled_from([None, 1, 2, 3])),
                "start_time": draw(st.sampled_from([None, *_TIMES])),
                "end_time": draw(st.sampled_from([None, *_TIMES])),
                "n_trials": draw(st.sampled_from([None, 0, 5, 900])),
                "qc": draw(st.sampled_from(_QC)),
                "narrative": draw(st.sampled_from(["", "x", "ran out, stopped"])),
                "extended_qc": draw(st.one_of(st.none(), document)),
                "tasks": tasks,
            }
        )
    return rows


def _store(rows):
    sessions, tasks = [], []
    for row in rows:
        key = row["session_id"]
        sessions.append(
            {
                "id": key,
                "lab": row["lab"],
                "projects": row["projects"],
                "task_protocol": row["session_type"],
                "subject": _id(500),
                "start_time": _told(row["start_time"]),
                "end_time": _told(row["end_time"]),
                **{name: row[name] for name in ("number", "n_trials", "qc", "narrative", "extended_qc")},
            }
        )
        tasks += [
            {"id": _id(1000 + len(tasks) + at), "session": key, "name": name, "status": status}
            for at, (name, status) in enumerate(row["tasks"])
        ]
    subjects = [{"id": _id(500), "nickname": "KS022", "lab": None}]
    labs = [{"name": name} for name in _LABS]
    return Store({"labs": labs, "subjects": subjects, "sessions": sessions, "tasks": tasks})


def _columns(rows):
    """What a frame with all columns has, and what is far as if it had that too."""
    labels = {number: label for label, number in ENUMS["status"].items()}
    found = {
        **{name: [row[name] for row in rows] for name in ("session_id", "lab", "qc")},
        **{name: [row[name] or None for row in rows] for name in ("session_type", "narrative")},
        **{name: pd.array([row[name] for row in rows], "Int64") for name in ("number", "n_trials")},
        "extended_qc": [
            None if row["extended_qc"] is None else json.dumps(row["extended_qc"]) for row in rows
        ],
    }
    for name in ("start_time", "end_time"):
        found[name] = pd.Series([row[name] for row in rows], dtype="datetime64[us, UTC]")
    lists = {
        "projects": [row["projects"] for row in rows],
        "projects__name": [row["projects"] for row in rows],
        "tasks__name": [[name for name, _ in row["tasks"]] for row in rows],
        "tasks__status": [[labels[status] for _, status in row["tasks"]] for row in rows],
    }
    kind = pd.ArrowDtype(pa.list_(pa.string()))
    found |= {name: pd.Series(values, dtype=kind) for name, values in lists.items()}
    found["lab__name"] = found["lab"]
    return {
        name: pd.Series(values, dtype="str") if isinstance(values, list) else values
        for name, values in found.items()
    }


_TEXT = ("iexact", "contains", "icontains", "startswith", "istartswith", "endswith", "iendswith")
_ORDER = ("gt", "gte", "lt", "lte")


def _text(names, words):
    one = st.one_of(st.sampled_from(words), WORDS)
    return st.one_of(
        st.tuples(names, st.sampled_from(["exact", *_TEXT, *_ORDER]), one),
        st.tuples(names, st.just("in"), st.lists(one, min_size=1, max_size=3)),
        st.tuples(names, st.sampled_from(["regex", "iregex"]), PATTERNS),
    )


def _json():
    name = st.sampled_from(
        [f"extended_qc__{path}" for path in ("task", "_pin", "_pin__0", "in", "0", "task__n")]
    )
    scalar = st.sampled_from([one for one in _VALUES if not isinstance(one, list | dict)])
    any_value = st.sampled_from(_VALUES)
    keys = st.lists(st.sampled_from(_KEYS), min_size=1, max_size=2)
    text = st.sampled_from(["PASS", "pas", "true", "", "5", "s"])
    return st.one_of(
        st.tuples(name, st.just("exact"), any_value),
        st.tuples(name, st.just("in"), st.lists(scalar, min_size=1, max_size=2)),
        st.tuples(name, st.sampled_from(_ORDER), st.sampled_from([0, 1, 1.5, -2, "PASS", ""])),
        st.tuples(name, st.sampled_from([one for one in _TEXT if one != "contains"]), text),
        st.tuples(name, st.just("isnull"), st.booleans()),
        st.tuples(st.just("extended_qc"), st.just("isnull"), st.booleans()),
        st.tuples(st.just("extended_qc"), st.sampled_from(["has_keys", "has_any_keys"]), keys),
        st.tuples(
            st.sampled_from(["extended_qc", "extended_qc__task"]),
            st.sampled_from(["contains", "contained_by"]),
            st.dictionaries(st.sampled_from([*_KEYS, "n"]), any_value, max_size=2),
        ),
    )


_CONDITIONS = st.one_of(
    _text(st.sampled_from(["lab", "lab__name"]), _LABS),
    _text(st.sampled_from(["projects", "projects__name"]), _PROJECTS),
    _text(st.sampled_from(["session_type", "narrative"]), _PROTOCOLS),
    _text(st.sampled_from(["tasks__name"]), ["a", "Sort"]),
    _text(st.sampled_from(["tasks__status"]), ["Errored", "Wait"]),
    _text(st.sampled_from(["qc"]), _QC),
    st.tuples(
        st.sampled_from(["number", "n_trials"]),
        st.sampled_from(["exact", *_ORDER]),
        st.sampled_from([0, 2, 900]),
    ),
    st.tuples(st.sampled_from(["number", "n_trials"]), st.just("in"), st.just([1, 2, 5])),
    st.tuples(
        st.sampled_from(["start_time", "end_time"]),
        st.sampled_from(["exact", *_ORDER]),
        st.sampled_from(_TIMES).flatmap(lambda when: st.sampled_from([when, when + timedelta(minutes=30)])),
    ),
    st.tuples(
        st.sampled_from(["start_time__date", "end_time__date"]),
        st.sampled_from(["exact", *_ORDER]),
        st.just("2020-10-25"),
    ),
    st.tuples(st.sampled_from(["start_time__hour", "end_time__week_day"]), st.just("gt"), st.just(1)),
    st.tuples(
        st.sampled_from(["lab", "session_type", "narrative", "number"]), st.just("isnull"), st.booleans()
    ),
    _json(),
)


def _bound(told):
    name, lookup, value = told
    return bind(Q(**{f"{name}__{lookup}": value}), scope("sessions"))


_FILTERS = st.recursive(
    _CONDITIONS.map(_bound),
    lambda inner: st.one_of(
        inner.map(Not),
        st.lists(inner, min_size=1, max_size=3).map(tuple).map(And),
        st.lists(inner, min_size=1, max_size=3).map(tuple).map(Or),
    ),
    max_leaves=5,
)


def _meets_rows(where):
    """Whether conditions stand side by side that one related row would have to fulfil."""
    if isinstance(where, Condition):
        return False
    if isinstance(where, Not):
        return _meets_rows(where.part)
    return any(map(_meets_rows, where.parts)) or (isinstance(where, And) and _crowded(where))


def _crowded(where):
    leaves = [c.field.name.partition("__")[0] for c in conditions(where) if "__" in c.field.name]
    many = [name for name in leaves if name in ("tasks", "projects")]
    return len(set(many)) < len(many)


def _as_reference(where, columns):
    """The filter over the columns of the reference, where what is far is one more column."""
    if isinstance(where, Condition):
        kind = "texts" if where.field.name in ("projects__name", "tasks__name", "tasks__status") else None
        field = Field(where.field.name, kind, "sessions") if kind else where.field
        return Condition(field, where.lookup, where.value, where.path, where.part)
    if isinstance(where, Not):
        return Not(_as_reference(where.part, columns))
    return type(where)(tuple(_as_reference(part, columns) for part in where.parts))


def listed(store, endpoint, terms):
    """The rows of an endpoint that fulfil terms, as the server has them."""
    model = MODELS[endpoint]
    tests = [fits(store, model, term) for term in (terms_of(joined(terms)) if terms else [])]
    return [row for row in store.tables[endpoint].values() if all(test(row) for test in tests)]


def answered(store, where, columns, rows, zone=UTC):
    """Which sessions come of a filter: asked, united, marked and finished."""
    narrowed = narrowed_where(where, "sessions", "sessions", zone)
    assert not narrowed.params
    sent = {
        row["id"] for part in narrowed.parts for row in listed(store, "sessions", (*narrowed.terms, *part))
    }
    for mark in narrowed.marks:
        found = {row[mark.back] for part in mark.parts for row in listed(store, mark.endpoint, part)}
        columns = {**columns, mark.name: pd.Series([row["session_id"] in found for row in rows])}
    kept = (
        evaluate(narrowed.residual, columns, len(rows)) if narrowed.residual != EVERY else [True] * len(rows)
    )
    return {row["session_id"] for row, keep in zip(rows, kept, strict=True) if keep} & sent


@pytest.mark.parametrize("zone", [UTC, ZoneInfo("Europe/London")], ids=str)
@settings(deadline=None, max_examples=100)
@given(data=st.data())
def test_every_filter_finds_the_rows_that_it_means(data, zone):
    rows, where = data.draw(_sessions()), data.draw(_FILTERS)
    assume(not _meets_rows(where))
    columns = _columns(rows)
    expected = evaluate(_as_reference(where, columns), columns, len(rows))
    store = _store([{**row, **_on_its_clock(row, zone)} for row in rows])
    found = answered(store, where, columns, rows, zone)
    assert found == {row["session_id"] for row, keep in zip(rows, expected, strict=True) if keep}


def _on_its_clock(row, zone):
    moved = {}
    for name in ("start_time", "end_time"):
        when = row[name]
        moved[name] = None if when is None else when.astimezone(zone).replace(tzinfo=UTC)
    return moved


_ODD = {
    **{"lab": None, "projects": [], "session_type": "", "number": 1, "start_time": None, "end_time": None},
    **{"n_trials": None, "qc": "PASS", "narrative": "", "extended_qc": None, "tasks": []},
}


@pytest.mark.parametrize(
    ("value", "asked", "fits"),
    [
        ("\u212alab", {"lab__icontains": "kl"}, True),
        ("\u212alab", {"lab__name__icontains": "kl"}, True),
        ("klab", {"lab__name__iexact": "\u212aLAB"}, True),
        ("\u017flab", {"lab__icontains": "sl"}, False),
        ("\u017flab", {"lab__name__icontains": "sl"}, False),
        ("lab\u0131", {"lab__name__iendswith": "I"}, False),
        ("a\n", {"lab__name__regex": "a$"}, False),
        ("\u00e9", {"lab__name__gt": "z"}, True),
        ("B", {"lab__name__lt": "a"}, True),
        ("ab", {"lab__name__gte": "ab"}, True),
        ("ab", {"lab__name__lte": "ab"}, True),
        ("abc", {"lab__name__lte": "ab"}, False),
        ("", {"lab__name__lt": ""}, False),
    ],
)
def test_texts_are_compared_as_filters_do_it_and_not_as_the_database_does(value, asked, fits):
    rows = [{**_ODD, "session_id": _id(0), "lab": value}]
    store, columns = _store([{**_ODD, "session_id": _id(0)}]), _columns(rows)
    store.tables["labs"]["odd"] = {
        **store.tables["labs"][next(iter(store.tables["labs"]))],
        "id": "odd",
        "name": value,
    }
    store.tables["sessions"][_id(0)]["lab"] = "odd"
    where = bind(Q(**asked), scope("sessions"))
    assert answered(store, where, columns, rows) == ({_id(0)} if fits else set())
    assert answered(store, Not(where), columns, rows) == (set() if fits else {_id(0)})


@pytest.mark.parametrize("first", [0, 1])
@pytest.mark.parametrize("lookup", ["gt", "gte", "lt", "lte", "exact"])
def test_an_hour_that_clocks_tell_twice_is_not_lost(lookup, first):
    zone = ZoneInfo("Europe/London")
    row = {**_ODD, "session_id": _id(0), "start_time": _TIMES[first]}
    store, columns = _store([{**row, **_on_its_clock(row, zone)}]), _columns([row])
    for limit in (_TIMES[0], _TIMES[0] + timedelta(minutes=30), _TIMES[1]):
        where = bind(Q(**{f"start_time__{lookup}": limit}), scope("sessions"))
        (expected,) = evaluate(where, columns, 1)
        assert answered(store, where, columns, [row], zone) == ({_id(0)} if expected else set())
        assert answered(store, Not(where), columns, [row], zone) == (set() if expected else {_id(0)})


_DOCUMENTS = [
    None,
    {},
    *({key: value} for key in ("task", "0", "in", "_pin") for value in _VALUES),
    *(
        {"task": value}
        for value in (-1e300, 10**20, "f", "Pass", "[", "fail", {"n": "1"}, {"0": 1}, [[1, 2], [3]])
    ),
    *({"_pin": value, "task": value} for value in ("PASS", 1, None)),
    [0, 1],
    ["task"],
    "task",
]
_JSON_ASKED = [
    *((lookup, value) for lookup in _ORDER for value in (0, 1.5, -3, "PASS", "f", "")),
    *(
        (lookup, value)
        for lookup in _TEXT
        if lookup != "contains"
        for value in ("pass", "PA", "t", "1", "[", "")
    ),
    *(("exact", value) for value in _VALUES),
    ("in", ["PASS", 1, True]),
    ("in", ["PASS", {"n": 1}, [True, 9, 0]]),
    ("regex", "^P"),
    ("iregex", "s$"),
    ("isnull", True),
    *(("contains", value) for value in ([9], {"n": 1}, {}, 1, "PASS", [[1], [3]])),
    *(("contained_by", value) for value in ([True, 9, 0, 7], {"n": 1, "m": 2}, 1)),
    ("has_keys", ["n"]),
    ("has_any_keys", ["n", "0"]),
]
_PATHS = (
    "extended_qc__task",
    "extended_qc__in",
    "extended_qc__0",
    "extended_qc__task__0",
    "extended_qc__task__-1",
)


@pytest.mark.parametrize("path", [*_PATHS, "extended_qc"])
def test_whatever_is_in_json_is_compared_as_filters_do_it(path):
    rows = [{**_ODD, "session_id": _id(at), "extended_qc": one} for at, one in enumerate(_DOCUMENTS)]
    store, columns = _store(rows), _columns(rows)
    contained = [("contains", {"task": "PASS", "_pin": "PASS"}), ("contains", {"task": [9], "_pin": [1]})]
    for lookup, value in [*_JSON_ASKED, *contained]:
        where = bind(Q(**{f"{path}__{lookup}": value}), scope("sessions"))
        for asked in (where, Not(where)):
            kept = evaluate(asked, columns, len(rows))
            expected = {row["session_id"] for row, keep in zip(rows, kept, strict=True) if keep}
            assert answered(store, asked, columns, rows) == expected, (lookup, value, asked)


@pytest.mark.parametrize(
    ("low", "high"), [(("gte", 0), ("lte", 1)), (("gt", -2), ("lt", 1.5)), (("gte", "P"), ("lt", 3))]
)
def test_two_ends_of_a_range_in_json_are_one_request(low, high):
    rows = [{**_ODD, "session_id": _id(at), "extended_qc": one} for at, one in enumerate(_DOCUMENTS)]
    store, columns = _store(rows), _columns(rows)
    ends = {f"extended_qc__task__{lookup}": value for lookup, value in (low, high)}
    where = bind(Q(**ends), scope("sessions"))
    kept = evaluate(where, columns, len(rows))
    expected = {row["session_id"] for row, keep in zip(rows, kept, strict=True) if keep}
    narrowed = narrowed_where(where, "sessions", "sessions")
    assert (len(narrowed.parts), narrowed.residual) == (1, EVERY)
    assert answered(store, where, columns, rows) == expected


def test_a_related_row_has_to_fulfil_all_that_stands_side_by_side():
    rows = [
        {**_ODD, "session_id": _id(0), "tasks": [("Sort", 40)]},
        {**_ODD, "session_id": _id(1), "tasks": [("Sort", 20), ("a", 40)]},
    ]
    store, columns = _store(rows), _columns(rows)
    same = bind(Q(tasks__status="Errored", tasks__name="Sort"), scope("sessions"))
    apart = bind(Q(tasks__status="Errored") & ~~Q(tasks__name="Sort"), scope("sessions"))
    assert answered(store, same, columns, rows) == {_id(0)}
    assert answered(store, Not(same), columns, rows) == {_id(1)}
    assert answered(store, apart, columns, rows) == {_id(0)}
    either = bind(Q(tasks__status="Errored", tasks__name="Sort") | Q(number=7), scope("sessions"))
    assert answered(store, either, columns, rows) == {_id(0)}


def test_thousands_of_ids_are_cut_into_requests_that_fit_a_line():
    ids = [_id(number) for number in range(5000)]
    where = bind(Q(session_id__in=ids) & Q(qc="PASS"), scope("sessions"))
    narrowed = narrowed_where(where, "sessions", "sessions")
    assert len(narrowed.parts) > 60
    asked = [terms_of(joined((*narrowed.terms, *part))) for part in narrowed.parts]
    found = [key for terms in asked for term in terms if term.name == "id__in" for key in term.value]
    assert sorted(found) == sorted(one.replace("-", "") for one in ids)
    assert max(len(joined((*narrowed.terms, *part))) for part in narrowed.parts) < 3500
    assert all(any(term.name == "qc" for term in terms) for terms in asked)


def test_what_frames_show_is_done_again_and_what_needs_reads_is_not():
    near = narrowed_where(bind(Q(number=2), scope("sessions")), "sessions", "sessions")
    dear = narrowed_where(bind(Q(qc="FAIL"), scope("sessions")), "sessions", "sessions")
    assert (near.terms, str(near.residual), near.narrowing) == (("number,2",), "number=2", near.residual)
    assert (dear.terms, dear.residual, dear.marks) == (("qc,40",), EVERY, ())


def test_an_or_of_what_is_near_and_what_is_far_is_several_requests():
    where = bind(Q(number=2) | Q(projects__name="a") | ~Q(tasks__status="Errored"), scope("sessions"))
    narrowed = narrowed_where(where, "sessions", "sessions")
    assert narrowed.parts == (("number,2",), ("projects__name,a",), ("~tasks__status,40",))
    assert narrowed.residual == EVERY


def test_a_filter_of_the_servers_own_that_is_negated_becomes_a_mark():
    where = bind(~Q(named__atlas_acronym="MO") & Q(lab="cortexlab"), scope("sessions"))
    narrowed = narrowed_where(where, "sessions", "sessions")
    (mark,) = narrowed.marks
    assert (narrowed.params, narrowed.terms) == ((), ("lab__name,cortexlab",))
    assert (mark.endpoint, mark.back, mark.column) == ("sessions", "id", "session_id")
    assert (mark.params, mark.parts) == ((("atlas_acronym", "MO"),), (("lab__name,cortexlab",),))


def test_the_same_filter_of_the_servers_own_twice_is_asked_twice():
    where = bind(Q(named__atlas_acronym="MO") & Q(named__atlas_acronym="VIS"), scope("sessions"))
    narrowed = narrowed_where(where, "sessions", "sessions")
    assert narrowed.params == (("atlas_acronym", "MO"),)
    assert [dict(mark.params)["atlas_acronym"] for mark in narrowed.marks] == ["VIS"]


def test_two_conditions_on_one_of_many_that_nobody_lists_are_refused():
    where = bind(Q(projects__name__icontains="a", projects__description="b"), scope("sessions"))
    with pytest.raises(QueryError, match="one related row"):
        narrowed_where(where, "sessions", "sessions")


def test_two_conditions_on_one_name_keep_the_names_that_fulfil_both():
    where = bind(Q(projects__name__in=["kK", "brainwide"], projects__name__icontains="k"), scope("sessions"))
    assert narrowed_where(where, "sessions", "sessions").terms == ("projects__name,kK",)


def test_no_row_is_asked_for_where_none_can_be():
    where = bind(Q(subject__id="nonsense"), scope("sessions"))
    narrowed = narrowed_where(where, "sessions", "sessions")
    assert narrowed.is_impossible
    assert narrowed.parts == ()


@pytest.mark.parametrize("table", sorted(OF_TABLE))
def test_every_column_of_a_table_can_be_asked_for_whether_it_is_null(table):
    own = OF_TABLE[table]
    for name, field in own.by_column().items():
        condition = Condition(Field(name, field.kind, table), "isnull", value=True)
        for where in (condition, Not(condition)):
            narrowed = narrowed_where(where, own.name, table)
            assert not narrowed.marks or field.place == "read"
    assert own.name in ENDPOINTS
