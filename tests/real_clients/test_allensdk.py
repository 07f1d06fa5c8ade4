"""The same LIMS, asked by the real AllenSDK and by us: nothing differs but what we say differs.

AllenSDK's answers are the measure. Each function that begins with ``undo`` takes one deliberate difference
back; whatever else differs, be it the last bit of one number, fails.
"""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

import sessionframes as sf
from tests.real_clients.allensdk_client import AllenSdk
from tests.real_clients.allensdk_differences import (
    INCOMPLETE,
    Rows,
    assert_same,
    our_rows,
    their_rows,
    undo_columns,
    undo_kept_empty_bundles,
    undo_kept_sessions,
    undo_one_row_per_session,
    undo_other_metrics,
    undo_unswapping,
    undo_whole_day,
    unique_rows,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from sessionframes.connection import Connection

    Ids = dict[str, Any]
    Ask = Callable[[str], list[Any]]

# The first test may have to wait until AllenSDK is installed.
pytestmark = pytest.mark.timeout(600)

FEW, MANY = slice(1, None, 7), slice(None, None, 2)
SESSIONS: list[dict[str, slice]] = [{}, {"session_ids": MANY}, {"session_ids": slice(2, None, 5)}]
PROBES = [*SESSIONS, {"probe_ids": MANY}, {"probe_ids": slice(1, None, 3), "session_ids": MANY}]
CHANNELS = [*PROBES, {"channel_ids": FEW}, {"channel_ids": FEW, "probe_ids": MANY, "session_ids": MANY}]
UNITS = [
    *CHANNELS,
    {"unit_ids": FEW},
    {"unit_ids": MANY, "channel_ids": MANY, "probe_ids": MANY, "session_ids": MANY},
]
FILTERS = {"probes": PROBES, "channels": CHANNELS, "units": UNITS}
#: Around the times at which sessions were published: midnights, and half past eight on 2020-06-11.
INSTANTS = ("2019-10-03", "2020-06-11", "2020-06-11 08:29:59.999999", "2020-06-11 08:30:00", "2030-01-01")
TYPES = ("brain_observatory_1.1", "functional_connectivity")
METRICS: list[tuple[dict[str, slice], tuple[str, ...] | None]] = [
    ({}, None),
    ({"session_ids": MANY}, None),
    ({"unit_ids": FEW}, None),
    ({"unit_ids": MANY, "session_ids": MANY}, None),
    ({}, TYPES[1:]),
    ({"session_ids": MANY}, TYPES),
    ({"unit_ids": FEW, "session_ids": slice(None)}, (*TYPES[1:], "no such type")),
]
#: Of the newest bundle of each unit, as far as its run is current.
NEWEST = (
    "select {} from (select distinct on (b.ecephys_unit_id) b.* from ecephys_unit_metric_bundles b"
    " join ecephys_analysis_runs r on r.id = b.ecephys_analysis_run_id where r.current"
    " order by b.ecephys_unit_id, b.id desc) newest where {}"
)
NO_GENOTYPE = (
    "select s.id from ecephys_sessions s join specimens p on p.id = s.specimen_id"
    " join donors d on d.id = p.donor_id where d.full_genotype is null"
)


@pytest.fixture(scope="module")
def allensdk(allensdk_python: Path, lims_url: str) -> Iterator[AllenSdk]:
    with closing(AllenSdk(allensdk_python, lims_url)) as api:
        yield api


@pytest.fixture(scope="module")
def ask(lims_url: str) -> Iterator[Ask]:
    """Answers SQL of our own with its first column."""
    with psycopg.connect(lims_url, autocommit=True) as connection:
        yield lambda sql: [row[0] for row in connection.execute(sql)]


@pytest.fixture(scope="module")
def ids(ask: Ask) -> Ids:
    """Every id of every level, of what is unusable too."""
    levels = ("session", "probe", "channel", "unit")
    return {f"{level}_ids": ask(f"select id from ecephys_{level}s order by id") for level in levels}


def picked(ids: Ids, slices: dict[str, slice]) -> Ids:
    return {name: ids[name][which] for name, which in slices.items()}


def metrics_of(rows: Rows) -> Rows:
    return {key: undo_columns(row) for key, row in rows.items()}


def our_metrics(db: Any, **arguments: Any) -> Rows:
    # include_unusable: AllenSDK's metrics, alone among its calls, do not heed what LIMS marks as unusable.
    frame = db.get_unit_analysis_metrics(**arguments, include_unusable=True)
    return {key: undo_other_metrics(row) for key, row in our_rows(frame, "unit_metrics").items()}


@pytest.mark.parametrize("slices", SESSIONS)
def test_sessions(slices: dict[str, slice], lims: Connection, allensdk: AllenSdk, ids: Ids, ask: Ask) -> None:
    chosen = picked(ids, slices)
    # fill_genotype: AllenSDK takes an unknown genotype for the wild type.
    ours = our_rows(lims.get_sessions(**chosen, fill_genotype=True), "sessions")
    theirs = undo_one_row_per_session(their_rows(allensdk("get_sessions", **chosen)))
    assert theirs
    assert_same(undo_kept_sessions(ours, ask(INCOMPLETE)), theirs)


@pytest.mark.parametrize("slices", [SESSIONS[0], SESSIONS[1]])
@pytest.mark.parametrize("published_at", INSTANTS)
def test_sessions_published_until(
    slices: dict[str, slice], published_at: str, lims: Connection, allensdk: AllenSdk, ids: Ids, ask: Ask
) -> None:
    chosen = picked(ids, slices)
    frame = lims.get_sessions(**chosen, published_at=undo_whole_day(published_at), fill_genotype=True)
    ours = undo_kept_sessions(our_rows(frame, "sessions"), ask(INCOMPLETE))
    answer = allensdk("get_sessions", **chosen, published_at=published_at)
    if not ours:
        assert answer["error"] == "KeyError"
        return
    assert_same(ours, undo_one_row_per_session(their_rows(answer)))


@pytest.mark.parametrize(
    ("table", "slices"), [(table, slices) for table, filters in FILTERS.items() for slices in filters]
)
def test_probes_channels_units(
    table: str, slices: dict[str, slice], lims: Connection, allensdk: AllenSdk, ids: Ids
) -> None:
    chosen = picked(ids, slices)
    theirs = unique_rows(their_rows(allensdk(f"get_{table}", **chosen)))
    assert theirs
    assert_same(our_rows(lims.get(table, **chosen), table), theirs)


@pytest.mark.parametrize("table", FILTERS)
@pytest.mark.parametrize("published_at", INSTANTS)
def test_probes_channels_units_published_until(
    published_at: str, table: str, lims: Connection, allensdk: AllenSdk, ids: Ids
) -> None:
    for slices in (FILTERS[table][0], FILTERS[table][-1]):
        chosen = picked(ids, slices)
        frame = lims.get(table, **chosen, published_at=undo_whole_day(published_at))
        answer = allensdk(f"get_{table}", **chosen, published_at=published_at)
        if frame.empty:
            assert answer["error"] == "KeyError"
        else:
            assert_same(our_rows(frame, table), unique_rows(their_rows(answer)))


@pytest.mark.parametrize(("slices", "session_types"), METRICS)
def test_unit_analysis_metrics(
    slices: dict[str, slice],
    session_types: tuple[str, ...] | None,
    lims: Connection,
    allensdk: AllenSdk,
    ids: Ids,
    ask: Ask,
) -> None:
    chosen = picked(ids, slices)
    units, sessions = chosen.get("unit_ids"), chosen.get("session_ids")
    # AllenSDK takes unit_ids for ids of bundles. That is how it is asked for the newest bundle of each unit,
    # where it would tell several of current runs, and for none that is null, which it cannot read.
    wanted = "data is not null" + ("" if units is None else f" and ecephys_unit_id = any(array{units})")
    answer = allensdk(
        "get_unit_analysis_metrics",
        unit_ids=ask(NEWEST.format("id", wanted)),
        ecephys_session_ids=sessions,
        session_types=session_types,
    )
    ours = our_metrics(lims, unit_ids=units, ecephys_session_ids=sessions, session_types=session_types)
    ours = undo_kept_empty_bundles(ours, ask(NEWEST.format("ecephys_unit_id", "data is null")))
    theirs = {key: undo_unswapping(row) for key, row in unique_rows(their_rows(answer)).items()}
    assert theirs
    assert answer["index_name"] == "ecephys_unit_id"
    assert_same(metrics_of(ours), metrics_of(theirs))


@pytest.fixture
def gapless_url(own_lims_url: str, change: Callable[..., None]) -> str:
    """A LIMS without the gaps that AllenSDK stumbles over: donors without age or sex, null bundles."""
    change(
        "update donors set age_id = (select min(id) from ages) where age_id is null",
        "update donors set gender_id = (select min(id) from genders) where gender_id is null",
        "delete from ecephys_unit_metric_bundles where data is null",
    )
    return own_lims_url


def test_a_lims_without_gaps(gapless_url: str, allensdk_python: Path) -> None:
    with closing(AllenSdk(allensdk_python, gapless_url)) as api:
        sessions = their_rows(api("get_sessions"))
        bundles = their_rows(api("get_unit_analysis_metrics"))
    with sf.connect("lims", url=gapless_url) as db:
        our_sessions = our_rows(db.get_sessions(fill_genotype=True), "sessions")
        ours = metrics_of(our_metrics(db))
    assert len(sessions) == len(our_sessions) + 1, "a session with two packaged files is to be there"
    assert_same(our_sessions, undo_one_row_per_session(sessions))
    theirs: dict[int, list[dict[str, Any]]] = {}
    for key, row in bundles:
        theirs.setdefault(key, []).append(undo_columns(undo_unswapping(row)))
    assert {len(rows) for rows in theirs.values()} == {1, 2}
    # AllenSDK does not tell which of two is the newest; test_unit_analysis_metrics asks for that one alone.
    either = {
        key: next((row for row in rows if row == ours.get(key)), rows[0]) for key, rows in theirs.items()
    }
    assert_same(ours, either)


def test_sessions_that_allensdk_loses_and_genotypes_that_it_invents(
    lims: Connection, allensdk: AllenSdk, ask: Ask
) -> None:
    ours, theirs = lims.get_sessions(), dict(their_rows(allensdk("get_sessions")))
    lost = set(ours.index) - set(theirs)
    assert lost
    assert lost <= set(ask(INCOMPLETE))
    unknown = ours.index[ours["genotype"].isna()]
    assert set(unknown) == set(ours.index) & set(ask(NO_GENOTYPE))
    assert {theirs[key]["genotype"] for key in unknown if key in theirs} == {"wt"}


@pytest.mark.parametrize("table", ["probes", "channels", "units"])
def test_a_bare_date_includes_its_day(table: str, lims: Connection, allensdk: AllenSdk) -> None:
    ours = our_rows(lims.get(table, published_at="2020-06-11"), table)
    until_midnight, until_evening = (
        unique_rows(their_rows(allensdk(f"get_{table}", published_at=instant)))
        for instant in ("2020-06-11", "2020-06-11 23:59:59.999999")
    )
    assert_same(ours, until_evening)
    assert until_midnight.keys() < until_evening.keys()


def test_unit_ids_of_metrics_are_ids_of_units(lims: Connection, allensdk: AllenSdk, ids: Ids) -> None:
    few = ids["unit_ids"][:200]
    assert allensdk("get_unit_analysis_metrics", unit_ids=few)["error"] == "KeyError"
    frame = lims.get_unit_analysis_metrics(unit_ids=few)
    assert not frame.empty
    assert set(frame.index) <= set(few)


def test_metrics_heed_what_is_unusable(lims: Connection) -> None:
    everything = lims.get_unit_analysis_metrics(include_unusable=True)
    usable = everything.index.intersection(lims.get_units().index)
    assert len(usable) < len(everything)
    assert lims.get_unit_analysis_metrics().equals(everything.loc[usable])


@pytest.mark.parametrize(
    ("method", "arguments", "error"),
    [
        ("get_sessions", {"published_at": "1999-12-31"}, "KeyError"),
        ("get_sessions", {"session_ids": []}, "SyntaxError"),
        ("get_probes", {"probe_ids": [1, 2]}, "KeyError"),
        ("get_channels", {"session_ids": [1]}, "KeyError"),
        ("get_units", {"unit_ids": []}, "SyntaxError"),
        ("get_units", {"channel_ids": [1]}, "KeyError"),
        ("get_unit_analysis_metrics", {"session_types": ["no such type"]}, "KeyError"),
    ],
)
def test_no_rows_are_a_typed_frame(
    method: str, arguments: dict[str, Any], error: str, lims: Connection, allensdk: AllenSdk
) -> None:
    assert allensdk(method, **arguments)["error"] == error
    empty, full = getattr(lims, method)(**arguments), getattr(lims, method)()
    assert empty.empty
    assert empty.index.name == full.index.name
    assert empty.index.dtype == full.index.dtype
    assert empty.dtypes.equals(full.dtypes)
