"""JSON values against the real Postgres, whose ``jsonb`` says what they mean."""

from __future__ import annotations

import json
import re
from decimal import Decimal

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sessionframes.query.json_values import (
    ABSENT,
    at,
    compares,
    contains,
    from_python,
    has_any_keys,
    has_keys,
    identity,
    parsed,
)

#: Few of each, so that two nests often have something in common.
KEYS = st.sampled_from(["a", "b", "ä", "1", "-1", ""])
NUMBERS = st.sampled_from(
    ["0", "-0", "1", "1.0", "1e0", "-1", "0.1", "1.5", "10", "1E1", "9007199254740993", "1e400", "1e-400"]
)
TEXTS = st.sampled_from(
    ["", "a", "b", "ä", "1", "true", "null", 'quote"', "back\\slash", "new\nline", "日本"]
)
SCALARS = st.one_of(
    NUMBERS,
    TEXTS.map(json.dumps),
    TEXTS.map(lambda text: json.dumps(text, ensure_ascii=False)),
    st.sampled_from(["true", "false", "null"]),
)


def _list(items: list[str]) -> str:
    return f"[{', '.join(items)}]"


def _object(items: list[tuple[str, str]]) -> str:
    return "{" + ", ".join(f"{json.dumps(key)}: {value}" for key, value in items) + "}"


#: JSON as text, because a key may come twice and numbers are written in many ways.
NESTS = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4).map(_list), st.lists(st.tuples(KEYS, inner), max_size=4).map(_object)
    ),
    max_leaves=12,
)
#: Between a path and what it may meet: keys, indices, and what is neither.
STEPS = st.sampled_from(["a", "ä", "", "0", "1", "-1", "-3", "-0", "01", "x", "9999999999"])
SCRAPS = st.text(alphabet='{}[]":,\\ntrue1.5eE+-0u \t\n\x0bäN', max_size=8)
PAIRS = st.lists(st.tuples(NESTS, NESTS), min_size=1, max_size=30)
LIVELY = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


@pytest.fixture(scope="module")
def postgres(server_url):
    with psycopg.connect(server_url, autocommit=True) as connection:
        yield connection


def answers(postgres, expression, pairs):
    """What Postgres says about each pair of texts, `a` and `b`."""
    sql = f"select {expression} from unnest(%s::text[], %s::text[]) with ordinality as t(a, b, n) order by n"
    rows = postgres.execute(sql, [[a for a, _ in pairs], [b for _, b in pairs]]).fetchall()
    return [row[0] for row in rows]


@LIVELY
@given(pairs=PAIRS)
def test_equality_is_that_of_jsonb(postgres, pairs):
    ours = [identity(parsed(a)) == identity(parsed(b)) for a, b in pairs]
    assert ours == answers(postgres, "a::jsonb = b::jsonb", pairs)


@LIVELY
@given(pairs=PAIRS)
def test_containment_is_that_of_jsonb(postgres, pairs):
    # A nest contains parts of itself more often than it contains another.
    pairs = [*pairs, *((a, a) for a, _ in pairs), *((_list([a, b]), _list([b])) for a, b in pairs)]
    ours = [contains(parsed(a), parsed(b)) for a, b in pairs]
    assert ours == answers(postgres, "a::jsonb @> b::jsonb", pairs)
    back = [contains(parsed(b), parsed(a)) for a, b in pairs]
    assert back == answers(postgres, "a::jsonb <@ b::jsonb", pairs)


@LIVELY
@given(
    pairs=st.lists(st.tuples(NESTS, st.lists(st.one_of(KEYS, TEXTS), max_size=3)), min_size=1, max_size=30)
)
def test_keys_are_those_of_jsonb(postgres, pairs):
    written = [(nest, json.dumps(keys)) for nest, keys in pairs]
    listed = "(array(select jsonb_array_elements_text(b::jsonb)))"
    assert [has_keys(parsed(nest), keys) for nest, keys in pairs] == answers(
        postgres, f"a::jsonb ?& {listed}", written
    )
    assert [has_any_keys(parsed(nest), keys) for nest, keys in pairs] == answers(
        postgres, f"a::jsonb ?| {listed}", written
    )


@LIVELY
@given(pairs=st.lists(st.tuples(SCALARS, st.one_of(NUMBERS, TEXTS.map(json.dumps))), min_size=1, max_size=30))
@pytest.mark.parametrize(("lookup", "sign"), [("gt", ">"), ("gte", ">="), ("lt", "<"), ("lte", "<=")])
def test_order_is_that_of_numbers_and_of_code_points(postgres, lookup, sign, pairs):
    ours = [compares(parsed(a), lookup, parsed(b)) for a, b in pairs]
    a, b = (f"({name}::jsonb #>> '{{}}')" for name in "ab")
    sql = f"""case
        when jsonb_typeof(a::jsonb) <> jsonb_typeof(b::jsonb) then false
        when jsonb_typeof(a::jsonb) = 'number' then {a}::numeric {sign} {b}::numeric
        when jsonb_typeof(a::jsonb) = 'string' then {a} collate "C" {sign} {b}
        else false end"""
    assert ours == answers(postgres, sql, pairs)


@LIVELY
@given(pairs=st.lists(st.tuples(NESTS, st.lists(STEPS, max_size=3)), min_size=1, max_size=30))
def test_paths_lead_where_those_of_jsonb_lead(postgres, pairs):
    listed = "(array(select jsonb_array_elements_text(b::jsonb)))"
    theirs = answers(postgres, f"(a::jsonb #> {listed})::text", [(a, json.dumps(b)) for a, b in pairs])
    ours = [at(parsed(nest), path) for nest, path in pairs]
    assert [identity(value) for value in ours] == [identity(parsed(text)) for text in theirs]


@LIVELY
@given(texts=st.lists(st.one_of(SCRAPS, NESTS, st.tuples(NESTS, SCRAPS).map("".join)), min_size=1))
def test_json_is_what_postgres_takes_for_it(postgres, texts):
    # Postgres has no room for 1e131072, and we have.
    texts = [text for text in texts if not re.search("[eE][+-]?[0-9]{5}", text)]
    theirs = answers(postgres, "pg_input_is_valid(a, 'jsonb')", [(text, "") for text in texts])
    assert [parsed(text) is not ABSENT for text in texts] == theirs


@pytest.mark.parametrize(
    "broken",
    [
        *(
            "",
            " ",
            "{",
            '{"a": 1',
            "{'a': 1}",
            "[1,]",
            "1.",
            ".5",
            "01",
            "0x1",
            "1 2",
            "nul",
            "NaN",
            "-Infinity",
        ),
        *('"tab\t"', "\ufeff1", "1e99999999999999999999"),
        *("[" * 101 + "]" * 101, "[" * 100_000, '{"a":' * 5000),
    ],
)
def test_text_that_is_no_json_is_no_value(broken):
    assert parsed(broken) is ABSENT


def test_a_null_is_a_value_unless_it_is_that_of_the_column():
    assert parsed("null") is None
    assert parsed(None) is ABSENT
    assert identity(parsed("null")) != identity(ABSENT)


def test_nests_as_deep_as_anyone_makes_them_are_read_and_compared():
    deep = "[" * 100 + "]" * 100
    assert contains(parsed(deep), parsed(deep))
    assert identity(parsed(deep)) == identity(parsed(f" {deep} "))
    # Many brackets make no depth.
    assert parsed(_list(["[]"] * 5000)) == [[]] * 5000


def test_of_a_key_that_comes_twice_the_last_counts():
    assert at(parsed('{"a": 1, "a": 2}'), ["a"]) == 2
    assert not contains(parsed('{"a": 1, "a": 2}'), parsed('{"a": 1}'))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *(("0.1", 0.1), ("1", 1.0), ("1.0", 1), ("-0", 0.0), ("1e22", 1e22), ("5e-324", 5e-324)),
        *(("9007199254740993", 2**53 + 1), (str(10**400), 10**400)),
        ('["a", {"b": null}]', ("a", {"b": None})),
    ],
)
def test_values_of_python_are_equal_to_what_json_writes_for_them(text, value):
    assert identity(parsed(text)) == identity(from_python(value))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *(("1", True), ("true", 1), ("0", False), ("null", False), ('"1"', 1)),
        *(("[]", {}), ("[1]", 1), ("[true]", [1])),
        *(("9007199254740993", 2.0**53), ("0.1000000000000000055511151231257827", 0.1)),
    ],
)
def test_what_is_of_another_type_or_a_little_more_is_not_equal(text, value):
    assert identity(parsed(text)) != identity(from_python(value))


def test_numbers_compare_whatever_their_size():
    assert compares(parsed("1e400"), "gt", from_python(10**399))
    assert compares(parsed("1e999999999"), "gt", from_python(1.7e308))
    assert compares(parsed("1e-999999999"), "lt", Decimal("5e-324"))
    assert not compares(parsed("true"), "gte", from_python(0))


def test_an_index_that_no_list_reaches_is_absent():
    assert at([1], ["9" * 5000]) is ABSENT
    assert at({"9" * 5000: 1}, ["9" * 5000]) == 1
    assert at([1], ["²"]) is ABSENT
