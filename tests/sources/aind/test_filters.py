"""Filters that DocDB and Code Ocean are asked to do: the rows are the evaluator's, whatever was asked."""

from __future__ import annotations

from copy import deepcopy
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sessionframes as sf
from sessionframes import Q
from sessionframes.demo.aind import AindServer, make_assets, make_records
from sessionframes.query.binding import bind
from sessionframes.query.evaluate import evaluate
from sessionframes.query.scope import fields_of, scope_of

TABLES = ("sessions", "probes", "assets")
NOBODY = "ecephys_999999_2020-01-01_00-00-00"
#: Values that need not be in a column.
OTHERS = {
    "text": [
        "",
        "a",
        "ecephys",
        "2024-05",
        "2018-12-29T08:42:39",
        NOBODY,
        "676909",
        "(.*)_",
        "\u00fc",
        "20210601",
    ],
    "texts": ["ecephys", "behavior", "Behavior", "", "no such modality"],
    "instant": [
        datetime(2021, 6, 1, 17, tzinfo=UTC),
        datetime(2019, 1, 1, tzinfo=UTC),
        datetime(1, 1, 2, tzinfo=UTC),
        datetime(9999, 12, 31, tzinfo=UTC),
    ],
    "flag": [True, False],
    "integer": [0, 1, 2, -1],
    "number": [0.0, 5.2, -1e300],
}
LOOKUPS = {
    "text": ["exact", "in", "gt", "gte", "lt", "lte", "startswith", "icontains", "isnull"],
    "texts": ["exact", "in", "overlap", "has_all", "isnull"],
    "instant": ["exact", "in", "gt", "gte", "lt", "lte", "isnull"],
    "flag": ["exact", "isnull"],
    "integer": ["exact", "in", "gte", "lt", "isnull"],
    "number": ["exact", "gte", "lt", "isnull"],
}
SEVERAL = ("in", "overlap", "has_all")


def _odd(records):
    """Records as people make them by hand: sections that are lost, names that are not true."""
    whole = next(one for one in records if one["session"] and one["data_description"]["data_level"] == "raw")

    def made(key, name, **changes):
        return {**deepcopy(whole), "_id": key, "name": name, **changes}

    section, other = whole["session"], "2021-06-01T10:00:00-07:00"
    yield made("odd-1", "ecephys_555001_2021-06-01_10-00-00", subject=None)
    yield made("odd-2", "ecephys_555002_2021-06-01_10-00-00", subject={"subject_id": 555002})
    yield made(
        "odd-3", "ecephys_555003_2021-06-01_10-00-00", session={**section, "session_start_time": other}
    )
    yield made(
        "odd-4", "ecephys_555004_2020-01-01_10-00-00", session={**section, "session_start_time": other}
    )
    yield made(
        "odd-5",
        "ecephys_555005_2021-06-01_10-00-00",
        acquisition={"session_start_time": "1999-01-01T00:00:00Z"},
    )
    yield made(
        "odd-6",
        "ecephys_555005_2021-06-01_10-00-00_sorted_2021-06-03_00-00-00",
        session=None,
        subject=None,
        data_description={"data_level": "derived", "project_name": "another", "modality": []},
    )
    yield made("odd-7", "prefix_ecephys_555006_2021-06-01_10-00-00")
    yield made("odd-8", "ecephys_555007_2021_06_01_10_00_00")
    yield made("odd-9", "555008_2021-06-01_10-00-00", session=None, subject=None, data_description=None)
    yield made("odd-a", "ecephys_555009_2021-06-01_10-00-00_sorted_2021-06-03_00-00-00")
    yield made("odd-b", "a name", session={**section, "session_start_time": None})
    yield made("odd-c", "ecephys_555010_2021-06-01_10-00-00", subject={"subject_id": ""})
    yield made("odd-d", "ecephys_555011_2021-06-01_10-00-00", subject={"subject_id": "555999"})
    yield made(
        "odd-e",
        "ecephys_555011_2021-06-01_10-00-00_nwb_2021-06-03_00-00-00",
        subject={"subject_id": "555011"},
        data_description={"data_level": "derived", "project_name": "another", "modality": []},
    )
    yield made("odd-f", "ecephys_555012_2021-06-01_10-00-00", session={**section, "session_start_time": ""})
    yield made(
        "odd-g", "ecephys_555013_2021-06-01_10-00-00", data_description={"modality": [{"name": "Behavior"}]}
    )
    yield made(
        "odd-h",
        "ecephys_555014_2021-06-01_10-00-00",
        data_description={"modalities": [{"name": "behavior", "abbreviation": ""}], "project_name": ""},
    )
    yield made("odd-i", None)
    yield made("odd-j", 5, subject=None)
    yield made("odd-k", "SmartSPIM_M2501_2021-06-01_10-00-00", subject={"subject_id": "M2501"})


def _odd_assets(assets):
    """Assets of sessions whose records tell something else, or that have none, or no name."""
    whole = next(one for one in assets if one.get("custom_metadata"))

    def made(key, name, **changes):
        return {**deepcopy(whole), "id": key, "name": name, **changes}

    yield made("odd-1", "ecephys_555011_2021-06-01_10-00-00")
    yield made("odd-2", "ecephys_555011_2021-06-01_10-00-00_sorted_2021-06-03_00-00-00", tags=[])
    yield made("odd-3", "ecephys_555015_2021-06-01_10-00-00", tags=None, custom_metadata=None)
    yield made("odd-4", "SmartSPIM_M2501_2021-06-01_10-00-00_sorted_2021-06-03_00-00-00")
    yield made("odd-5", "SmartSPIM_M2502_2021-06-01_10-00-00", custom_metadata={"subject id": "555011"})
    yield made("odd-6", None)


@pytest.fixture(scope="module")
def odd(world):
    """A connection to a demo with odd records, with and without Code Ocean, and all there is."""
    records = make_records(world)
    assets = make_assets(world)
    held = {"records": [*records, *_odd(records)], "assets": [*assets, *_odd_assets(assets)]}
    with AindServer(**held, files={}) as server:
        told = {"docdb_url": server.docdb_url, "codeocean_url": server.codeocean_url}
        with sf.connect("aind", **told, codeocean_token=server.token) as db:
            yield db, {table: db.get(table, progress=False) for table in TABLES}, server


def _conditions(frames, form, table):
    fields = {name: one for name, one in scope_of(form, []).items() if one.kind in LOOKUPS}
    if table != "sessions":
        fields |= {
            f"{name}": one
            for name, one in fields_of(frames[1]).items()
            if name not in fields and one.kind in LOOKUPS
        }

    def of_field(name):
        field = fields[name]
        frame = frames[0]["sessions" if field.table == "sessions" else table].reset_index()
        there = frame[name].dropna()
        there = there.explode().dropna() if field.kind == "texts" else there
        values = st.sampled_from([*there.unique().tolist()[:200], *OTHERS[field.kind]])
        return st.sampled_from(LOOKUPS[field.kind]).flatmap(lambda lookup: _one(name, lookup, values))

    return st.sampled_from(sorted(fields)).flatmap(of_field)


def _one(name, lookup, values):
    if lookup == "isnull":
        return st.booleans().map(lambda value: Q(**{f"{name}__isnull": value}))
    if lookup in SEVERAL:
        values = st.lists(values, min_size=1, max_size=3)
    return values.map(lambda value: Q(**{f"{name}__{lookup}": value}))


def _expected(where, db, frames, table):
    """The rows that a filter means, of all that there are."""
    reads = db.source.reads
    form = reads[table].table
    bound = bind(where, scope_of(form, [one.table for one in reads.values()]))
    frame = frames[table].reset_index()
    maybe = {"bool": "boolean", "int64": "Int64"}
    sessions = frames["sessions"].astype(
        {name: maybe[str(one)] for name, one in frames["sessions"].dtypes.items() if str(one) in maybe}
    )
    above = sessions.reindex(frame["session_id"]).reset_index()
    own = fields_of(form)
    columns = {name: frame[name] for name in own}
    columns |= {name: above[name].array for name in above if name not in own}
    return sorted(frame.loc[np.asarray(evaluate(bound, columns, len(frame))), form.key_name()])


@pytest.mark.parametrize("table", TABLES)
@settings(deadline=None, max_examples=60)
@given(data=st.data())
def test_what_is_asked_for_is_what_a_filter_means(odd, table, data):
    db, frames, _ = odd
    sessions = db.source.reads["sessions"].table
    one = _conditions((frames, sessions), db.source.reads[table].table, table)
    where = data.draw(one)
    for _ in range(data.draw(st.integers(0, 2))):
        other = data.draw(one.map(lambda q: ~q) | one)
        where = data.draw(st.sampled_from([where & other, where & other, where | other]))
    assert db.get(table, where=where, progress=False).index.tolist() == _expected(where, db, frames, table)


def test_many_subjects_are_asked_for_in_parts_or_all_at_once(odd):
    db, frames, server = odd
    everyone = frames["sessions"]["subject_id"].dropna().unique().tolist()
    for count in (300, 5000, 100_000):
        server._script.clear()
        others = [str(number) for number in range(2_000_000, 2_000_000 + count)]
        frame = db.get_sessions(subject_id=[*others, *everyone], only_docdb=True, progress=False)
        known = frames["sessions"]["docdb_id"].notna() & frames["sessions"]["subject_id"].notna()
        assert frame.index.tolist() == frames["sessions"].index[known].tolist()
        assert len(server.requests) < 100


def test_a_million_session_ids_are_no_more_requests_than_all_sessions(odd):
    db, frames, server = odd
    server._script.clear()
    ids = [f"ecephys_{number:07d}_2020-01-01_00-00-00" for number in range(1_000_000)]
    frame = db.get_sessions([*ids, *frames["sessions"].index], progress=False)
    assert frame.index.equals(frames["sessions"].index)
    assert len(server.requests) < 20


@pytest.mark.parametrize(
    "ids", [[], np.array([], dtype=object), "no such session", ["\u00fc", "a'b\"c", "\\"]]
)
def test_ids_that_nothing_has_are_no_rows(odd, ids):
    db, _, server = odd
    server._script.clear()
    assert db.get_sessions(ids, progress=False).empty
    assert bool(server.requests) == bool(len(ids))
