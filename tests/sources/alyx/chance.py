"""Sessions and filters by chance: few values of each kind, so that they often meet."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import strategies as st

from sessionframes.query import Q
from sessionframes.query.binding import bind
from sessionframes.query.where import And, Condition, Field, Not, Or, conditions
from tests.query.filters import PATTERNS, WORDS
from tests.sources.alyx.modelled import KEYS, LABS, PROJECTS, PROTOCOLS, QC, TIMES, VALUES, row_id
from tests.sources.alyx.scopes import scope


@st.composite
def sessions(draw):
    document = st.dictionaries(st.sampled_from(KEYS), st.sampled_from(VALUES), max_size=3)
    rows = []
    for number in range(draw(st.integers(1, 6))):
        tasks = draw(
            st.lists(st.tuples(st.sampled_from(["a", "Sort"]), st.sampled_from([20, 40])), max_size=2)
        )
        rows.append(
            {
                "session_id": row_id(number),
                "lab": draw(st.sampled_from([None, *LABS])),
                "projects": draw(st.lists(st.sampled_from(PROJECTS), max_size=2, unique=True)),
                "session_type": draw(st.sampled_from(PROTOCOLS)),
                "number": draw(st.sampled_from([None, 1, 2, 3])),
                "start_time": draw(st.sampled_from([None, *TIMES])),
                "end_time": draw(st.sampled_from([None, *TIMES])),
                "n_trials": draw(st.sampled_from([None, 0, 5, 900])),
                "qc": draw(st.sampled_from(QC)),
                "narrative": draw(st.sampled_from(["", "x", "ran out, stopped"])),
                "extended_qc": draw(st.one_of(st.none(), document)),
                "tasks": tasks,
            }
        )
    return rows


TEXT = ("iexact", "contains", "icontains", "startswith", "istartswith", "endswith", "iendswith")
ORDER = ("gt", "gte", "lt", "lte")


def _text(names, words):
    one = st.one_of(st.sampled_from(words), WORDS)
    return st.one_of(
        st.tuples(names, st.sampled_from(["exact", *TEXT, *ORDER]), one),
        st.tuples(names, st.just("in"), st.lists(one, min_size=1, max_size=3)),
        st.tuples(names, st.sampled_from(["regex", "iregex"]), PATTERNS),
    )


def _json():
    name = st.sampled_from(
        [f"extended_qc__{path}" for path in ("task", "_pin", "_pin__0", "in", "0", "task__n")]
    )
    scalar = st.sampled_from([one for one in VALUES if not isinstance(one, list | dict)])
    any_value = st.sampled_from(VALUES)
    keys = st.lists(st.sampled_from(KEYS), min_size=1, max_size=2)
    text = st.sampled_from(["PASS", "pas", "true", "", "5", "s"])
    return st.one_of(
        st.tuples(name, st.just("exact"), any_value),
        st.tuples(name, st.just("in"), st.lists(scalar, min_size=1, max_size=2)),
        st.tuples(name, st.sampled_from(ORDER), st.sampled_from([0, 1, 1.5, -2, "PASS", ""])),
        st.tuples(name, st.sampled_from([one for one in TEXT if one != "contains"]), text),
        st.tuples(name, st.just("isnull"), st.booleans()),
        st.tuples(st.just("extended_qc"), st.just("isnull"), st.booleans()),
        st.tuples(st.just("extended_qc"), st.sampled_from(["has_keys", "has_any_keys"]), keys),
        st.tuples(
            st.sampled_from(["extended_qc", "extended_qc__task"]),
            st.sampled_from(["contains", "contained_by"]),
            st.dictionaries(st.sampled_from([*KEYS, "n"]), any_value, max_size=2),
        ),
    )


_CONDITIONS = st.one_of(
    _text(st.sampled_from(["lab", "lab__name"]), LABS),
    _text(st.sampled_from(["projects", "projects__name"]), PROJECTS),
    _text(st.sampled_from(["session_type", "narrative"]), PROTOCOLS),
    _text(st.sampled_from(["tasks__name"]), ["a", "Sort"]),
    _text(st.sampled_from(["tasks__status"]), ["Errored", "Wait"]),
    _text(st.sampled_from(["qc"]), QC),
    st.tuples(
        st.sampled_from(["number", "n_trials"]),
        st.sampled_from(["exact", *ORDER]),
        st.sampled_from([0, 2, 900]),
    ),
    st.tuples(st.sampled_from(["number", "n_trials"]), st.just("in"), st.just([1, 2, 5])),
    st.tuples(
        st.sampled_from(["start_time", "end_time"]),
        st.sampled_from(["exact", *ORDER]),
        st.sampled_from(TIMES).flatmap(lambda when: st.sampled_from([when, when + timedelta(minutes=30)])),
    ),
    st.tuples(
        st.sampled_from(["start_time__date", "end_time__date"]),
        st.sampled_from(["exact", *ORDER]),
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


FILTERS = st.recursive(
    _CONDITIONS.map(_bound),
    lambda inner: st.one_of(
        inner.map(Not),
        st.lists(inner, min_size=1, max_size=3).map(tuple).map(And),
        st.lists(inner, min_size=1, max_size=3).map(tuple).map(Or),
    ),
    max_leaves=5,
)


def _of_one(name_and_lookup):
    """Filters of which all conditions have one name and lookup, which a request has once only."""
    name, lookup, values = name_and_lookup
    leaf = st.sampled_from(values).map(lambda value: _bound((name, lookup, value)))
    other = st.just(_bound(("number", "exact", 2)))
    return st.recursive(
        st.one_of(leaf, leaf.map(Not), other),
        lambda inner: st.one_of(
            st.lists(inner, min_size=2, max_size=3).map(tuple).map(And),
            st.lists(inner, min_size=2, max_size=3).map(tuple).map(Or),
        ),
        max_leaves=6,
    )


OF_ONE_NAME = st.sampled_from(
    [
        ("session_type", "icontains", ["o", "e", "x"]),
        ("session_type", "startswith", ["c", "e", "("]),
        ("lab__name", "regex", ["a", "^k", "b$"]),
        ("extended_qc__task", "icontains", ["p", "a", "5"]),
        ("n_trials", "gt", [0, 5, 2]),
        ("qc", "exact", QC[:3]),
        ("start_time", "lt", TIMES),
    ]
).flatmap(_of_one)


def meets_rows(where):
    """Whether conditions stand side by side that one related row would have to fulfil."""
    if isinstance(where, Condition):
        return False
    if isinstance(where, Not):
        return meets_rows(where.part)
    return any(map(meets_rows, where.parts)) or (isinstance(where, And) and _crowded(where))


def _crowded(where):
    leaves = [c.field.name.partition("__")[0] for c in conditions(where) if "__" in c.field.name]
    many = [name for name in leaves if name in ("tasks", "projects")]
    return len(set(many)) < len(many)


def as_reference(where, columns):
    """The filter over the columns of the reference, where what is far is one more column."""
    if isinstance(where, Condition):
        kind = "texts" if where.field.name in ("projects__name", "tasks__name", "tasks__status") else None
        field = Field(where.field.name, kind, "sessions") if kind else where.field
        return Condition(field, where.lookup, where.value, where.path, where.part)
    if isinstance(where, Not):
        return Not(as_reference(where.part, columns))
    return type(where)(tuple(as_reference(part, columns) for part in where.parts))
