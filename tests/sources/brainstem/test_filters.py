"""Filters that BrainSTEM is asked to do: the rows are the evaluator's, whatever the server makes of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import numpy as np
import pandas as pd
import pytest
import requests
from hypothesis import given, settings
from hypothesis import strategies as st

import sessionframes as sf
from sessionframes import Q
from sessionframes.demo.brainstem import BrainstemServer, Fault
from sessionframes.demo.brainstem.ids import made_id
from sessionframes.errors import SourceResponseError
from sessionframes.query.binding import LOOKUPS
from sessionframes.query.evaluate import evaluate
from sessionframes.query.scope import fields_of
from sessionframes.query.where import EVERY, conjuncts
from sessionframes.registry import load_source
from sessionframes.source import Read

#: Of sessions of their own: what folds, what LIKE treats specially, what a URL does.
NAMES = (
    *(
        "track 1",
        "TRACK 2",
        "trac\u212a 3",
        "\u0131stanbul \u0130",
        "straße STRASSE",
        "100% a_b\\",
        "a&b=c+d#e",
    ),
    *("{x}", "[y]", "\"q\" 'r'", "日本 😀", "ünï", "kK", "-", "true", "null"),
)
TABLES = ("sessions", "subjects", "dataacquisition", "procedure", "probes", "assets", "projects")
NOBODY = "00000000-0000-4000-8000-000000000000"
#: Values that need not be in a column.
OTHERS = {
    "text": ["", "a", "k", "K", "TRAC", " track", "x\x01y", NOBODY, NOBODY.upper()],
    "texts": ["", "odd", NOBODY],
    "instant": [datetime(2019, 1, 1, tzinfo=UTC), datetime(1, 1, 2, tzinfo=UTC)],
    "flag": [True, False],
    "integer": [0, -1, 384, 2**31, -(2**63)],
    "number": [0.0, 30000.0, 1e300],
}
SEVERAL = ("in", "has_all", "overlap", "contained_by")


class Frames(dict):
    """Shown by their names: a failing example is to be read."""

    def __repr__(self):
        return f"frames of {', '.join(self)}"


@pytest.fixture(scope="module")
def odd(world):
    """A server with odd names, and a connection to it."""
    with BrainstemServer(world) as server:
        token = server.tokens["administrator"]
        for number, name in enumerate(NAMES):
            told = {
                "name": name,
                "projects": [made_id("project", world.labs["lab_id"][0].as_py())],
                "description": name[::-1],
                "date_time": f"2019-0{number % 9 + 1}-0{number % 3 + 1}" if number % 4 else None,
                "tags": [name, "odd"],
            }
            address = f"{server.url}/api/private/stem/session/"
            answer = requests.post(
                address, json=told, headers={"Authorization": f"Bearer {token}"}, timeout=9
            )
            assert answer.status_code == 201, answer.text
        with sf.connect("brainstem", url=server.url, token=token) as db:
            yield server, db


@pytest.fixture(scope="module")
def whole(odd):
    """Every table, got once."""
    _, db = odd
    return Frames({name: db.get(name, progress=False) for name in TABLES})


def expected(db, frame, table, where):
    """The keys of the rows that the evaluator keeps."""
    bound = db.query(table, where=where).where
    columns = {frame.index.name: frame.index, **{name: frame[name] for name in frame}}
    return frame.index[evaluate(bound, columns, len(frame))].tolist()


def found(db, table, where):
    return db.get(table, where=where, columns=[], progress=False).index.tolist()


def fields(table):
    """The columns of a table but those of JSON, on which the evaluator works alone."""
    form = load_source("brainstem").reads[table].table
    return {name: field for name, field in fields_of(form).items() if field.kind != "json"}


def values_of(frame, field):
    """The values in a column, as a filter has them."""
    column = frame.index if field.name == frame.index.name else frame[field.name]
    values = pd.unique(pd.Series(column).explode().dropna())
    if field.kind == "instant":
        return [pd.Timestamp(value).to_pydatetime() for value in values]
    return [value.item() if isinstance(value, np.generic) else value for value in values]


@st.composite
def terms(draw, frames, table):
    """A term on a column of a table, mostly of a value that is there, or nearly."""
    field = draw(st.sampled_from(list(fields(table).values())))
    lookup = draw(st.sampled_from(LOOKUPS[field.kind]))
    values = st.sampled_from([*values_of(frames[table], field), *OTHERS[field.kind]])
    if lookup == "isnull":
        values = st.booleans()
    elif lookup in ("regex", "iregex"):
        values = st.sampled_from(["a|k", "^t", "[0-9]$"])
    elif field.kind in ("text", "texts") and lookup not in ("exact", "range", *SEVERAL):
        values = values.flatmap(pieces)
    elif field.kind == "instant":
        values = st.tuples(values, st.sampled_from([0, 9, 24])).map(
            lambda pair: pair[0] + timedelta(hours=pair[1])
        )
    if lookup in SEVERAL:
        values = st.lists(values, min_size=1, max_size=3)
    if lookup == "range":
        values = st.lists(values, min_size=2, max_size=2)
    return Q(**{f"{field.name}__{lookup}": draw(values)})


def pieces(text):
    """Parts of a text, and how they could be misspelt."""
    starts = st.integers(0, max(len(text) - 1, 0))
    parts = st.tuples(starts, st.integers(1, 6)).map(lambda at: text[at[0] : at[0] + at[1]])
    return st.one_of(parts, parts.map(str.swapcase), st.just(text))


@settings(deadline=None)
@given(data=st.data())
def test_the_rows_are_those_that_the_evaluator_keeps(odd, whole, data):
    _, db = odd
    table = data.draw(st.sampled_from(TABLES))
    where, *others = data.draw(st.lists(terms(whole, table), min_size=1, max_size=3))
    for term in others:
        where = data.draw(st.sampled_from([where & term, where & ~term, where | term, where & term]))
    assert found(db, table, where) == expected(db, whole[table], table, where)


PUSHED = {
    "session_name": [
        ("exact", "track 1"),
        ("in", ["track 1", "kK"]),
        ("startswith", "trac"),
        ("endswith", "3"),
    ],
    "description": [("icontains", "RT"), ("contains", "%001"), ("istartswith", "2 k"), ("iexact", "1 KCART")],
    "start_time": [("gte", "2019-02-04"), ("lt", "2019-02-04T14:46:21Z"), ("exact", "2019-02-02")],
}


@pytest.mark.parametrize(
    ("column", "lookup", "value"), [(name, *pair) for name, pairs in PUSHED.items() for pair in pairs]
)
def test_the_server_sends_fewer_rows_and_none_too_few(odd, whole, column, lookup, value):
    _, db = odd
    where = Q(**{f"{column}__{lookup}": value})
    plan = db.read("sessions").compile(db.query("sessions", where=where))
    (walk,) = plan.requests
    assert walk.params or walk.parts != ((),)
    (answer,) = db.transport.fetch(replace(walk, steps=()))
    sent = {record["id"] for record in answer.records}
    kept = expected(db, whole["sessions"], "sessions", where)
    assert set(kept) <= sent < set(whole["sessions"].index)
    assert kept


WHERE = Q(session_name__startswith="t") & Q(start_time__gte="2019-01-01") & ~Q(session_name__endswith="9")


def test_a_server_that_takes_no_filter_is_asked_for_all(odd, whole, caplog):
    server, db = odd
    server.fail(Fault(status=400, body=["Invalid filter field: name"]), times=2)
    assert found(db, "sessions", WHERE) == expected(db, whole["sessions"], "sessions", WHERE)
    assert server.requests[-1].query[:1] == (("limit", "100"),)
    assert "Invalid filter field: name" in caplog.text


def test_a_server_that_takes_neither_order_nor_sideloads_still_takes_filters(odd, whole):
    server, db = odd
    before = len(server.requests)
    server.fail(Fault(status=400, body={"detail": "no such include"}))
    frame = db.get_sessions(where=WHERE, progress=False)
    kept = expected(db, whole["sessions"], "sessions", WHERE)
    pd.testing.assert_frame_equal(frame, whole["sessions"].loc[kept])
    asked = [request.query for request in server.requests[before:] if "session" in request.path]
    assert [name for name, _ in asked[1] if name.startswith(("sort", "include"))] == []
    assert [name for name, _ in asked[1] if name.startswith("filter")]


def test_what_is_wrong_with_the_list_itself_is_told_in_the_servers_words(odd):
    server, db = odd
    server.fail(Fault(status=400, body=["Something else is wrong"]), times=3)
    with pytest.raises(SourceResponseError, match=r"^brainstem\.sessions: .* 400 .*Something else is wrong"):
        db.get_sessions(where=WHERE)


def test_a_server_that_does_not_look_at_filters_gives_no_other_rows(odd, whole):
    _, db = odd
    read = db.read("sessions")

    def compiled(query):
        plan = read.compile(query)
        return replace(plan, requests=[replace(plan.requests[0], params=(), parts=((),))])

    query = db.query("sessions", where=WHERE)
    answer = db.fetch_arrow(Read(read.table, compiled, read.flatten), query)
    kept = expected(db, whole["sessions"], "sessions", WHERE)
    assert sorted(answer.column("session_id").to_pylist()) == kept


def test_ids_that_cannot_be_ids_are_not_sent(odd):
    server, db = odd
    before = len(server.requests)
    assert len(db.get_sessions(["nobody", "'; drop", "0" * 36])) == 0
    assert len(db.get_sessions(uuid4().hex)) == 0
    assert len(server.requests) == before


def test_ids_may_be_in_capitals(odd, whole):
    server, db = odd
    before = len(server.requests)
    for table in TABLES:
        every = whole[table].index
        some = every[::7]
        loud = some.str.upper().str.replace("LINK", "link")
        capital = Q(**{f"{some.name}__in": [*loud, some[0]]})
        assert found(db, table, capital) == some.tolist()
        assert found(db, table, ~capital) == every.difference(some).tolist()
    own = whole["sessions"]
    project, subject = own["projects"].iloc[3][0], own["subject_id"].dropna().iloc[0]
    for table, column, one in [
        ("sessions", "projects", project),
        ("sessions", "subject_id", subject),
        ("sessions", "subjects", subject),
        ("probes", "subject_id", subject),
    ]:
        kept = expected(db, whole[table], table, Q(**{column: one})) if column in whole[table] else None
        assert found(db, table, Q(**{column: one.upper()})) == (kept or found(db, table, Q(**{column: one})))
    assert db.get_sessions(own.index[0].upper(), columns=[]).index.tolist() == [own.index[0]]
    sent = "".join(value for request in server.requests[before:] for _, value in request.query)
    assert subject in sent
    assert subject.upper() not in sent


def test_what_is_no_id_keeps_its_capitals(odd, whole):
    _, db = odd
    where = Q(session_name="ABCDEF01-0000-4000-8000-000000000000") | Q(session_id__startswith="A")
    assert str(db.read("sessions").compile(db.query("sessions", where=where)).residual) == str(where)
    assert found(db, "sessions", where) == expected(db, whole["sessions"], "sessions", where)


def test_an_id_that_nobody_has_is_no_row(odd):
    server, db = odd
    before = len(server.requests)
    assert len(db.get_sessions(NOBODY)) == 0
    assert len(server.requests) == before + 1


def test_many_ids_are_asked_for_in_parts_and_very_many_not_at_all(odd, whole):
    server, db = odd
    own = whole["sessions"].index
    before = len(server.requests)
    assert db.get_sessions([*own, *(str(uuid4()) for _ in range(500))], columns=[]).index.equals(own)
    assert 5 <= len(server.requests) - before <= 12
    before = len(server.requests)
    assert db.get_sessions([*own, *(str(uuid4()) for _ in range(20_000))], columns=[]).index.equals(own)
    assert len(server.requests) - before == 1


def test_probes_are_found_by_their_ids(odd, whole):
    _, db = odd
    some = whole["probes"].index[::5]
    assert db.get_probes(some).index.equals(some)
    assert db.get_assets(whole["assets"].index[:3]).index.tolist() == whole["assets"].index[:3].tolist()


def test_sessions_of_a_project_are_filtered_there(odd, whole):
    _, db = odd
    project = whole["projects"].index[1]
    told = str(db.explain("sessions", where=Q(projects=project)))
    assert f"filter{{projects.id}}={project}" in told
    of_it = [project in found for found in whole["sessions"]["projects"]]
    assert found(db, "sessions", Q(projects=project)) == whole["sessions"].index[of_it].tolist()


def test_sessions_of_an_animal_are_looked_for_wherever_it_may_be_told(odd, whole):
    server, db = odd
    subject = whole["subjects"].index[2]
    kept = whole["sessions"].index[whole["sessions"]["subject_id"] == subject].tolist()
    assert kept
    before = len(server.requests)
    assert db.get_sessions(subject_id=subject, columns=["session_name"]).index.tolist() == kept
    lists = [request.query[0] for request in server.requests[before:] if "stem/session/" in request.path]
    to_it = ("behaviors.subjects", "dataacquisition.procedures.subject", "manipulations.procedures.subject")
    assert {name for request in server.requests[before:] for name, _ in request.query if subject in _} == {
        f"filter{{{path}.id}}" for path in to_it
    }
    assert len(lists) == 3
    probes = whole["probes"][whole["probes"]["session_id"].isin(kept)].index
    assert db.get_probes(subject_id=subject).index.tolist() == probes.tolist()


def doubled(body):
    return {**body, "sessions": [*body["sessions"], *body["sessions"]], "meta": {}}


def counted_double(body):
    return {**body, "meta": {"total_results": 2 * len(body["sessions"])}} if "sessions" in body else body


@pytest.mark.parametrize(("change", "answers"), [(doubled, 3), (counted_double, 6)])
def test_a_server_that_finds_a_record_for_each_relation_is_asked_for_all(odd, whole, change, answers):
    server, db = odd
    subject = whole["subjects"].index[2]
    server.fail(Fault(change=change), path="stem/session/", times=answers)
    found = db.get_sessions(subject_id=subject, columns=[]).index
    assert found.equals(whole["sessions"].index[whole["sessions"]["subject_id"] == subject])


def test_dates_of_sessions_narrow_what_is_below_them(odd, whole):
    _, db = odd
    told = db.explain("dataacquisition", start_date="2019-01-01", end_date="2019-03-31")
    assert "filter{session.date_time.gte}=2018-12-31&filter{session.date_time.lte}=2019-04-02" in str(told)
    frame = db.get("dataacquisition", start_date="2019-01-01", end_date="2019-03-31")
    began = whole["sessions"]["start_time"].reindex(frame["session_id"])
    assert began.between("2019-01-01", "2019-04-01").all()
    assert 0 < len(frame) < len(whole["dataacquisition"])


def test_explain_tells_what_is_asked_and_what_is_checked(odd):
    _, db = odd
    told = db.explain("sessions", where=Q(session_name__icontains="track") & Q(tags="odd"))
    assert told.pushed == "session_name__icontains=track"
    assert told.residual == "session_name__icontains=track & tags=odd"
    assert "filter{name.icontains}=trac&" in told.requests[0]
    plan = db.read("sessions").compile(db.query("sessions"))
    assert (plan.residual, plan.narrowing) == (EVERY, EVERY)
    narrowed = db.read("sessions").compile(db.query("sessions", where=Q(session_name="a"))).narrowing
    assert conjuncts(narrowed) == conjuncts(db.query("sessions", where=Q(session_name="a")).where)
