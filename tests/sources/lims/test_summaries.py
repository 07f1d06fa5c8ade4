"""What LIMS counts below its tables, held against what is counted from frames."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

import sessionframes as sf
from sessionframes import Q
from sessionframes.connection import Connection
from sessionframes.errors import QueryError, TableNotProvidedError
from sessionframes.frames.summarize import summarize
from sessionframes.sources.lims import SOURCE
from tests.fake_source import connect

if TYPE_CHECKING:
    from collections.abc import Iterator

BELOW = {
    "sessions": ["probes", "channels", "units"],
    "probes": ["channels", "units"],
    "channels": ["units"],
}
GOOD = Q(amplitude_cutoff__lte=0.1, presence_ratio__gte=0.95, isi_violations__lte=0.5, quality="good")
#: Tables → arguments of the call, among them all that tells which rows, columns and order it is to have.
ARGUMENTS: dict[str, list[dict[str, Any]]] = {
    "sessions": [
        {},
        {"include_unusable": True},
        {"fill_genotype": True, "where": "sex=M"},
        {"published_at": "2020-06-11", "order_by": ["-start_time"], "limit": 2},
        {"columns": [], "limit": 3, "include_unusable": True},
        {"columns": ["sex", "genotype"], "where": ~Q(session_type="functional_connectivity")},
        {"session_ids": []},
        {"limit": 0},
        {"where": Q(session_id=1)},
    ],
    "probes": [
        {},
        {"include_unusable": True},
        {"join": ["sessions"], "where": Q(sex="F")},
        {"columns": ["probe_name"], "where": "probe_name=probeC", "order_by": "-probe_id"},
        {"probe_ids": [-1]},
    ],
    "channels": [
        {},
        {"include_unusable": True, "columns": ["structure_acronym"]},
        {"where": Q(structure_acronym__isnull=True)},
        {"join": ["probes", "sessions"], "limit": 40},
    ],
}
FILTERS: list[dict[str, Any]] = [
    {"units": GOOD},
    {"units": "quality=good & structure_acronym__startswith=VIS", "channels": Q(valid_data=True)},
    {"units": Q(unit_id__in=[]), "channels": None},
    {"units": ~Q(snr__gt=2) | Q(session_type="brain_observatory_1.1")},
    {"channels": Q(structure_acronym__in=["CA1", "DG"]), "probes": Q(probe_name="probeA"), "units": None},
    # Metrics are not Postgres's to filter.
    {"units": Q(fano_dg__gt=1), "probes": None},
]


class Recording:
    """The transport of a connection, and what was sent by it and came."""

    def __init__(self, db: Connection) -> None:
        self._transport = db.transport
        self.sent: list[str] = []
        self.rows = 0
        self.views = 0
        self._view = self._transport

    @property
    def address(self) -> str:
        return self._transport.address

    def fetch(self, request: Any) -> Iterator[Any]:
        self.sent.append(self._transport.render(request))
        for page in self._view.fetch(request):
            self.rows += page.num_rows
            yield page

    @contextmanager
    def consistent(self) -> Iterator[Recording]:
        self.views += 1
        with self._transport.consistent() as self._view:
            yield self
        self._view = self._transport


@pytest.fixture
def recorded(lims: Connection) -> tuple[Connection, Recording]:
    """A connection to each LIMS, and what goes over its wire."""
    transport = Recording(lims)
    return Connection(SOURCE, transport), transport


@pytest.fixture
def simple(lims: Connection) -> Connection:
    """A LIMS that cannot count."""
    reads = {name: replace(read, tally=None) for name, read in SOURCE.reads.items()}
    return Connection(replace(SOURCE, reads=reads), lims.transport)


def by_frames(db: Connection, table: str, filters: dict[str, Any], arguments: dict[str, Any]) -> Any:
    same = {name: arguments[name] for name in ("include_unusable",) if name in arguments}
    below = [db.get(name, where=where, **same) for name, where in filters.items()]
    return summarize(db.get(table, **arguments), *below)


@pytest.mark.parametrize(
    ("table", "arguments"), [(table, one) for table, several in ARGUMENTS.items() for one in several], ids=str
)
def test_postgres_counts_what_frames_count(lims, simple, table, arguments):
    wanted = by_frames(lims, table, dict.fromkeys(BELOW[table]), arguments)
    for db in (lims, simple):
        pd.testing.assert_frame_equal(db.summarize(table, **arguments), wanted)
    assert wanted.empty or wanted["unit_count"].any() or arguments.get("where") is not None


@pytest.mark.parametrize("table", BELOW)
@pytest.mark.parametrize("include_unusable", [False, True])
@pytest.mark.parametrize("filters", FILTERS, ids=str)
def test_filters_hold_for_what_is_counted(lims, simple, table, filters, include_unusable):
    of = {name: where for name, where in filters.items() if name in BELOW[table]}
    arguments = {"include_unusable": include_unusable}
    wanted = by_frames(lims, table, of, arguments)
    for db in (lims, simple):
        pd.testing.assert_frame_equal(db.summarize(table, of, **arguments), wanted)


@pytest.mark.parametrize("of", ["units", ["units"], ("units", "probes"), {"probes": None, "units": None}])
def test_what_is_counted_can_be_named_in_any_way(lims, of):
    names = [of] if isinstance(of, str) else list(of)
    wanted = by_frames(lims, "sessions", dict.fromkeys(names), {})
    pd.testing.assert_frame_equal(lims.summarize("sessions", of), wanted)
    pd.testing.assert_frame_equal(lims.summarize("sessions", of=of), wanted)


def test_a_row_per_session_comes_over_the_wire(recorded):
    db, transport = recorded
    sessions = db.summarize("sessions", {"probes": None, "channels": None, "units": GOOD})
    assert len(transport.sent) == 4
    assert all("GROUP BY" in sql for sql in transport.sent[1:])
    assert transport.rows <= 4 * len(sessions)
    assert sessions["unit_count"].sum() > 4 * len(sessions)
    # Rows and counts are of one state of the database.
    assert transport.views == 1


def test_the_order_of_acronyms_is_asked_for(recorded):
    # The tests' server knows no other order than that of code points, so it cannot show the difference.
    db, transport = recorded
    db.summarize("probes", "channels")
    assert transport.sent[1].count('COLLATE "C"') == 2


def test_only_what_is_below_the_rows_is_counted(recorded):
    db, transport = recorded
    (session,) = db.summarize("sessions", limit=1, order_by="-session_id").index
    assert len(transport.sent) == 4
    assert all(str(session) in sql for sql in transport.sent[1:])
    assert transport.rows <= 4


def test_nothing_is_sent_where_no_row_can_be_counted(recorded):
    db, transport = recorded
    assert db.summarize("sessions", session_ids=[]).empty
    assert transport.sent == []
    assert db.summarize("sessions", {"units": Q(unit_id__in=[])})["unit_count"].eq(0).all()
    assert len(transport.sent) == 1


def test_units_that_postgres_cannot_filter_come_with_their_ids_alone(recorded):
    db, transport = recorded
    db.summarize("sessions", {"units": Q(fano_dg__gt=1)})
    units = next(sql for sql in transport.sent if "AS unit_id" in sql)
    assert "GROUP BY" not in units
    assert "AS snr" not in units


def test_acronyms_go_by_code_points_whatever_the_order_of_the_database(own_lims_url, change):
    texts = ["a", "B", "_", "é", "Z", "ab", "a b", "", "\U0001f42d", "\ue000", None]
    new = {10**8 + place: "null" if text is None else f"'{text}'" for place, text in enumerate(texts)}
    values = ", ".join(f"({key}, {text})" for key, text in new.items())
    change(
        f"insert into structures (id, acronym) values {values}",
        f"update ecephys_channels set manual_structure_id = {min(new)} + id % {len(new)}",
    )
    with sf.connect("lims", url=own_lims_url) as db:
        found = db.summarize("sessions", "channels")
        assert sorted(texts[:-1]) in found["structure_acronyms"].tolist()
        pd.testing.assert_frame_equal(found, by_frames(db, "sessions", {"channels": None}, {}))


def test_it_tells_what_was_counted(lims):
    found = lims.summarize("probes", {"units": GOOD, "channels": None}, where=Q(probe_name="probeA"))
    origin = json.loads(found.attrs["sessionframes"])
    assert (origin["table"], origin["step"], origin["elsewhere"]) == ("probes", "summarize", {})
    probes, units, channels = origin["parts"]
    assert (probes["table"], units["table"], channels["table"]) == ("probes", "units", "channels")
    assert "quality=good" in units["query"]
    assert {part["source"] for part in origin["parts"]} == {"lims"}
    assert {part["address"] for part in origin["parts"]} == {lims.transport.address}


def test_it_tells_what_its_source_tells_of_each_table(lims):
    reads = {name: replace(read, origin={"of": f"old {name}"}) for name, read in SOURCE.reads.items()}
    db = Connection(replace(SOURCE, reads=reads), lims.transport)
    origin = json.loads(db.summarize("sessions").attrs["sessionframes"])
    told = {part["table"]: part["of"] for part in origin["parts"]}
    assert told == {name: f"old {name}" for name in ("sessions", "probes", "channels", "units")}


REFUSED = {
    "unknown table": (("nothing",), {}, TableNotProvidedError, "no table 'nothing'"),
    "nothing below": (("units",), {}, QueryError, "no probes, channels, units below these rows"),
    "metrics are no rows of their own": (
        ("sessions", ["unit_metrics"]),
        {},
        QueryError,
        r"lims\.sessions: of names 'unit_metrics', which is no table below\. .*units",
    ),
    "above": (("probes", "sessions"), {}, QueryError, "of names 'sessions'"),
    "itself": (("probes", {"probes": None}), {}, QueryError, "of names 'probes'"),
    "no name": (("probes", [3]), {}, QueryError, "of names 3"),
    "no names": (("probes", 3), {}, QueryError, "of names '3'"),
    "nothing hashable": (("probes", [[]]), {}, QueryError, "of names"),
    "a filter without a table": (("probes", Q(snr__gt=1)), {}, QueryError, "of names Q"),
    "none": (("probes", []), {}, QueryError, "of names no table"),
    "wrong filter": (("probes", {"units": Q(snrr__gt=1)}), {}, QueryError, r"lims\.units.*snr"),
    "no filter": (("probes", {"units": 3}), {}, QueryError, r"lims\.units: where is 3"),
    "wrong argument": (("probes", "units"), {"sex": "M"}, QueryError, r"where=Q\(sex="),
    "argument of units": (
        ("probes", "units"),
        {"unit_ids": [1]},
        QueryError,
        "there is no argument 'unit_ids'",
    ),
    "wrong switch": (("probes", "units"), {"include_unusable": 1}, QueryError, "Say True or False"),
    "wrong manner": (("probes", "units"), {"on_invalid": "x"}, QueryError, "on_invalid is 'x'"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_counted_is_refused_before_anything_is_sent(case, recorded):
    asked, arguments, error, message = REFUSED[case]
    db, transport = recorded
    with pytest.raises(error, match=message):
        db.summarize(*asked, **arguments)
    assert transport.sent == []


def test_a_source_without_such_tables_says_so():
    with connect() as db, pytest.raises(QueryError, match="this source has no probes, channels, units below"):
        db.summarize("sessions")
