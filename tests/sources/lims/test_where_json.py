"""Lookups of JSON in Postgres. What LIMS has of it is read by us, so these rows stand in the statement."""

from __future__ import annotations

import json

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from sessionframes.query.where import Condition, Field, Not
from sessionframes.sources.lims.where import compiled
from sessionframes.transports.postgres import PostgresTransport, connection_string
from tests.conftest import at
from tests.sources.lims.attacks import ATTACKS

SESSION = """{"qc": {"task": "FAIL", "Task": null, "pins": [true, 9, 0.10], "0": "zero", "-1": "minus"},
    "odd 'keys'": {"a\\"b": 1, "{x": 2, "c,d": 3, "NULL": 4, "": 5, "%s": 6, "\\\\": 7, " 1": 8, "+1": 9},
    "list": ["x", "y", 1, [2]], "text": "plain", "big": 1e400, "one": 1.0, "yes": true, "none": null}"""
#: path, lookup, value, whether it holds of the session
HOLDS = [
    ("", "isnull", True, False),
    ("qc", "isnull", True, False),
    ("none", "isnull", True, False),
    ("nothing", "isnull", True, True),
    ("text/0", "isnull", True, True),
    ("none", "exact", None, True),
    ("nothing", "exact", None, False),
    ("qc/task", "exact", "FAIL", True),
    ("qc/task", "exact", "fail", False),
    ("qc/task", "iexact", "fail", True),
    ("qc/0", "exact", "zero", True),
    ("qc/-1", "exact", "minus", True),
    ("qc/pins/0", "exact", True, True),
    ("qc/pins/0", "exact", 1, False),
    ("qc/pins/-1", "exact", 0.1, True),
    ("qc/pins/01", "gt", 5, True),
    ("qc/pins/1", "gt", "5", False),
    ("qc/pins/3", "isnull", True, True),
    ("qc/pins/ 1", "isnull", True, True),
    ("qc/pins/+1", "isnull", True, True),
    ("qc/pins/x", "isnull", True, True),
    ("qc/pins", "exact", [True, 9, 0.1], True),
    ("qc/pins", "exact", [True, 9], False),
    ("qc/pins", "gt", 0, False),
    ("odd 'keys'/a\"b", "exact", 1, True),
    ("odd 'keys'/{x", "exact", 2, True),
    ("odd 'keys'/c,d", "exact", 3, True),
    ("odd 'keys'/NULL", "exact", 4, True),
    ("odd 'keys'/", "exact", 5, True),
    ("odd 'keys'/%s", "exact", 6, True),
    ("odd 'keys'/\\", "exact", 7, True),
    ("odd 'keys'/ 1", "exact", 8, True),
    ("odd 'keys'/+1", "exact", 9, True),
    ("odd 'keys'", "has_keys", ("c,d", "NULL", "", "\\", "%s"), True),
    ("odd 'keys'", "has_keys", ("c,d", "'"), False),
    ("odd 'keys'", "has_any_keys", ("'", '"', '{"'), False),
    ("odd 'keys'", "has_any_keys", ("'", 'a"b'), True),
    ("list", "has_keys", ("x", "y"), True),
    ("list", "has_keys", ("1",), False),
    ("list", "has_keys", (), True),
    ("list", "has_any_keys", (), False),
    ("text", "has_keys", ("plain",), True),
    ("one", "has_keys", (), True),
    ("nothing", "has_keys", (), False),
    ("list", "contains", "x", True),
    ("list", "contains", ["y", 1], True),
    ("list", "contains", 2, False),
    ("list", "contains", [[2]], True),
    ("qc", "contains", {"pins": [9]}, True),
    ("qc", "contains", {"pins": 9}, False),
    ("list", "contained_by", ["y", "x", [2, 3], 1.0, None], True),
    ("list", "contained_by", ["y", "x", 1], False),
    ("text", "contains", "pla", False),
    ("text", "startswith", "pla", True),
    ("text", "icontains", "LAI", True),
    ("text", "iendswith", "IN", True),
    ("text", "regex", "^p.*n$", True),
    ("one", "regex", "1", False),
    ("yes", "iexact", "true", False),
    ("text", "gt", "Plain", True),
    ("text", "gt", 0, False),
    ("one", "exact", 1, True),
    ("one", "exact", True, False),
    ("one", "gte", 1, True),
    ("big", "gt", 1e308, True),
    ("big", "lt", 0, False),
    ("yes", "gt", 0, False),
    ("none", "lt", 1, False),
    ("one", "in", ("1", True, 1), True),
    ("one", "in", ("1", True), False),
    ("qc/pins", "in", ({"a'b": [1]}, [True, 9, 0.1]), True),
]


@pytest.fixture(scope="module")
def transport(server_url):
    made = PostgresTransport(connection_string({"url": at(server_url, "ours")}), source="lims")
    yield made
    made.close()


FIELD = Field("data", "json", "told")


def found(transport, where, texts, stored=None):
    """Which of these JSON texts fulfil a filter, by their numbers."""
    number, data = sa.column("n", sa.BigInteger()), sa.column("data", sa.Text())
    table = sa.values(number, data, name="told").data(list(enumerate(texts)))
    kept = compiled(where, {"data": sa.cast(data, stored or JSONB())})
    statement = sa.select(number).select_from(table).where(kept)
    return sorted(row for page in transport.fetch(statement) for row in page["n"].to_pylist())


@pytest.mark.parametrize("stored", [sa.JSON(), JSONB(), sa.Text()], ids=str)
def test_lookups(transport, stored):
    texts = [SESSION, None, "[]", '"FAIL"', "7", "null"]
    for path, lookup, value, holds in HOLDS:
        condition = Condition(FIELD, lookup, value, tuple(path.split("/")) if path else ())
        kept = found(transport, condition, texts, stored)
        assert (0 in kept) is holds, condition
        others = [number for number in range(len(texts)) if number not in kept]
        assert found(transport, Not(condition), texts, stored) == others, condition


def test_an_empty_path_is_the_whole_value(transport):
    texts = [SESSION, None, "[]", '"FAIL"', "7", "null"]
    for lookup, value, kept in (
        ("isnull", True, [1]),
        ("exact", None, [5]),
        ("exact", 7.0, [4]),
        ("in", (7, "FAIL"), [3, 4]),
        ("lt", 8, [4]),
        ("icontains", "ai", [3]),
        ("contained_by", [1], [2]),
        ("has_keys", ("FAIL",), [3]),
        ("has_keys", (), [0, 2, 3, 4, 5]),
    ):
        assert found(transport, Condition(FIELD, lookup, value), texts) == kept, lookup


def test_of_a_key_that_comes_twice_the_last_counts(transport):
    for stored in (sa.JSON(), JSONB(), sa.Text()):
        texts = ['{"a": 1, "a": 2}', '{"a": 2, "a": 1}']
        assert found(transport, Condition(FIELD, "exact", 2, ("a",)), texts, stored) == [0]


def test_attacks_are_taken_literally(transport):
    attacks = [attack for attack in ATTACKS if attack.isprintable()]
    texts = [json.dumps({attack: {attack: [attack]}}) for attack in attacks]
    for number, attack in enumerate(attacks):
        inner = (attack, attack, "0")
        for condition in (
            Condition(FIELD, "exact", attack, inner),
            Condition(FIELD, "in", (1, attack), inner),
            Condition(FIELD, "iexact", attack, inner),
            Condition(FIELD, "contains", {attack: {attack: [attack]}}),
            Condition(FIELD, "contained_by", {attack: {attack: [1, attack]}}),
            Condition(FIELD, "has_keys", (attack,), (attack,)),
            Condition(FIELD, "has_any_keys", (attack, "nobody's")),
        ):
            assert found(transport, condition, texts) == [number], condition
