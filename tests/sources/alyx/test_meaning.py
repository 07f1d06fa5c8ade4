"""What the server leaves in, and what is left out here, are the rows that a filter means."""

from __future__ import annotations

from datetime import UTC, timedelta
from itertools import combinations
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from sessionframes.query import EVERY, Q
from sessionframes.query.binding import bind
from sessionframes.query.evaluate import evaluate
from sessionframes.query.where import Not
from sessionframes.sources.alyx.compiled import narrowed_where
from tests.sources.alyx.chance import FILTERS, OF_ONE_NAME, ORDER, TEXT, as_reference, meets_rows, sessions
from tests.sources.alyx.modelled import (
    PLAIN,
    TIMES,
    VALUES,
    answered,
    columns_of,
    on_its_clock,
    row_id,
    store_of,
)
from tests.sources.alyx.scopes import scope


@pytest.mark.parametrize("zone", [UTC, ZoneInfo("Europe/London")], ids=str)
@settings(deadline=None, max_examples=100)
@given(data=st.data())
def test_every_filter_finds_the_rows_that_it_means(data, zone):
    rows, where = data.draw(sessions()), data.draw(st.one_of(FILTERS, OF_ONE_NAME))
    assume(not meets_rows(where))
    columns = columns_of(rows)
    expected = evaluate(as_reference(where, columns), columns, len(rows))
    store = store_of([{**row, **on_its_clock(row, zone)} for row in rows])
    found = answered(store, where, columns, rows, zone)
    assert found == {row["session_id"] for row, keep in zip(rows, expected, strict=True) if keep}


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
    rows = [{**PLAIN, "session_id": row_id(0), "lab": value}]
    store, columns = store_of([{**PLAIN, "session_id": row_id(0)}]), columns_of(rows)
    store.tables["labs"]["odd"] = {
        **store.tables["labs"][next(iter(store.tables["labs"]))],
        "id": "odd",
        "name": value,
    }
    store.tables["sessions"][row_id(0)]["lab"] = "odd"
    where = bind(Q(**asked), scope("sessions"))
    assert answered(store, where, columns, rows) == ({row_id(0)} if fits else set())
    assert answered(store, Not(where), columns, rows) == (set() if fits else {row_id(0)})


@pytest.mark.parametrize("first", [0, 1])
@pytest.mark.parametrize("lookup", ["gt", "gte", "lt", "lte", "exact"])
def test_an_hour_that_clocks_tell_twice_is_not_lost(lookup, first):
    zone = ZoneInfo("Europe/London")
    row = {**PLAIN, "session_id": row_id(0), "start_time": TIMES[first]}
    store, columns = store_of([{**row, **on_its_clock(row, zone)}]), columns_of([row])
    for limit in (TIMES[0], TIMES[0] + timedelta(minutes=30), TIMES[1]):
        where = bind(Q(**{f"start_time__{lookup}": limit}), scope("sessions"))
        (expected,) = evaluate(where, columns, 1)
        assert answered(store, where, columns, [row], zone) == ({row_id(0)} if expected else set())
        assert answered(store, Not(where), columns, [row], zone) == (set() if expected else {row_id(0)})


_DOCUMENTS = [
    None,
    {},
    *({key: value} for key in ("task", "0", "in", "_pin") for value in VALUES),
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
    *((lookup, value) for lookup in ORDER for value in (0, 1.5, -3, "PASS", "f", "")),
    *(
        (lookup, value)
        for lookup in TEXT
        if lookup != "contains"
        for value in ("pass", "PA", "t", "1", "[", "")
    ),
    *(("exact", value) for value in VALUES),
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
    rows = [{**PLAIN, "session_id": row_id(at), "extended_qc": one} for at, one in enumerate(_DOCUMENTS)]
    store, columns = store_of(rows), columns_of(rows)
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
    rows = [{**PLAIN, "session_id": row_id(at), "extended_qc": one} for at, one in enumerate(_DOCUMENTS)]
    store, columns = store_of(rows), columns_of(rows)
    ends = {f"extended_qc__task__{lookup}": value for lookup, value in (low, high)}
    where = bind(Q(**ends), scope("sessions"))
    kept = evaluate(where, columns, len(rows))
    expected = {row["session_id"] for row, keep in zip(rows, kept, strict=True) if keep}
    narrowed = narrowed_where(where, "sessions", "sessions")
    assert (len(narrowed.parts), narrowed.residual) == (1, EVERY)
    assert answered(store, where, columns, rows) == expected


@pytest.mark.parametrize("steps", ["task", "task__0"])
def test_json_of_related_rows_is_about_one_of_them(steps):
    documents = [{**PLAIN, "session_id": row_id(at), "extended_qc": one} for at, one in enumerate(_DOCUMENTS)]
    alone = columns_of(documents)
    pairs = [(), *((at,) for at in range(len(documents))), *combinations(range(len(documents)), 2)]
    rows = [
        {**PLAIN, "session_id": row_id(at), "probes": [_DOCUMENTS[one] for one in pair]}
        for at, pair in enumerate(pairs)
    ]
    store, columns = store_of(rows), columns_of(rows)
    for lookup, value in _JSON_ASKED:
        if lookup == "isnull" or value == [[1], [3]]:
            continue  # whether there is a row at all, and what cannot be written
        of_one = bind(Q(**{f"extended_qc__{steps}__{lookup}": value}), scope("sessions"))
        kept = evaluate(of_one, alone, len(documents))
        expected = {row_id(at) for at, pair in enumerate(pairs) if any(kept[one] for one in pair)}
        every = {row_id(at) for at in range(len(pairs))}
        where = bind(Q(**{f"probe_insertion__json__{steps}__{lookup}": value}), scope("sessions"))
        assert answered(store, where, columns, rows) == expected, (lookup, value)
        assert answered(store, Not(where), columns, rows) == every - expected, (lookup, value)
