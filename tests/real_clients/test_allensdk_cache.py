"""What AllenSDK's EcephysProjectCache counts and filters, and what we do, of the same LIMS."""

from __future__ import annotations

import math
from contextlib import closing
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

import sessionframes as sf
from sessionframes import Q
from sessionframes.frames.quality import quality_filter
from sessionframes.frames.summarize import summarize
from sessionframes.tables.summaries import STRUCTURES
from tests.real_clients.allensdk_client import AllenSdk
from tests.real_clients.allensdk_differences import (
    INCOMPLETE,
    Row,
    Rows,
    assert_same,
    their_rows,
    unique_rows,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import pandas as pd

    from sessionframes.connection import Connection

# The first test may have to wait until AllenSDK is installed.
pytestmark = pytest.mark.timeout(600)

#: AllenSDK tells a session once for each packaged file, and its cache then fails.
ONE_FILE_EACH = """
    delete from well_known_files file using ecephys_analysis_runs run
    where file.attachable_type = 'EcephysAnalysisRun' and file.attachable_id = run.id and exists (
        select from well_known_files other join ecephys_analysis_runs its on its.id = other.attachable_id
        where other.attachable_type = 'EcephysAnalysisRun' and other.id < file.id
        and its.ecephys_session_id = run.ecephys_session_id
    )
"""
#: Its methods, and what they tell beside what the API does.
TABLES = {
    "sessions": ("get_session_table", ["probe_count", "channel_count", "unit_count", "structure_acronyms"]),
    "probes": ("get_probes", ["channel_count", "unit_count", "structure_acronyms"]),
    "channels": ("get_channels", ["unit_count"]),
}
GOOD = Q(amplitude_cutoff__lte=0.1, presence_ratio__gte=0.95, isi_violations__lte=0.5, quality="good")
#: What AllenSDK is told → what we are. Its None drops nulls, as a limit of infinity or 0 does with us.
CUTS: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({}, {}),
    ({"amplitude_cutoff_maximum": 0.02}, {"amplitude_cutoff_maximum": 0.02}),
    ({"presence_ratio_minimum": 0.5}, {"presence_ratio_minimum": 0.5}),
    ({"isi_violations_maximum": 2}, {"isi_violations_maximum": 2}),
    ({"filter_by_validity": False}, {"quality": None}),
    ({"amplitude_cutoff_maximum": None}, {"amplitude_cutoff_maximum": math.inf}),
    (
        {"presence_ratio_minimum": None, "isi_violations_maximum": None, "filter_by_validity": False},
        {"presence_ratio_minimum": 0, "isi_violations_maximum": math.inf, "quality": None},
    ),
]


@pytest.fixture
def lims_url(own_lims_url: str, change: Callable[..., None]) -> str:
    """A LIMS that the cache can read, some of whose units lack a measure."""
    change(
        ONE_FILE_EACH,
        "update ecephys_units set amplitude_cutoff = null where id % 7 = 0",
        "update ecephys_units set presence_ratio = null where id % 11 = 0",
        "update ecephys_units set isi_violations = null where id % 13 = 0",
    )
    return own_lims_url


@pytest.fixture
def db(lims_url: str) -> Iterator[Connection]:
    with sf.connect("lims", url=lims_url) as db:
        yield db


@pytest.fixture
def allensdk(allensdk_python: Path, lims_url: str) -> Iterator[AllenSdk]:
    with closing(AllenSdk(allensdk_python, lims_url)) as api:
        yield api


@pytest.fixture
def lost(lims_url: str) -> set[int]:
    """Sessions that AllenSDK loses, and its cache all that is below them."""
    with psycopg.connect(lims_url) as connection:
        return {row[0] for row in connection.execute(INCOMPLETE)}


def told(row: Row, column: str) -> Any:
    """What AllenSDK tells in a column of ours; its acronyms have no order, a null, and 0 for none."""
    value = row.get(f"ecephys_{column}", row.get(column))
    if column != STRUCTURES:
        return value
    return sorted(acronym for acronym in value or [] if isinstance(acronym, str))


def ours_of(frame: pd.DataFrame, columns: list[str], lost: set[int]) -> Rows:
    """What we tell, without what is of sessions that AllenSDK loses."""
    sessions = frame.index if frame.index.name == "session_id" else frame["session_id"]
    rows = frame.loc[~sessions.isin(lost), columns]
    return {key: dict(zip(columns, row, strict=True)) for key, *row in rows.itertuples(name=None)}


@pytest.mark.parametrize("table", TABLES)
def test_tables_tell_what_is_below_them(
    table: str, db: Connection, allensdk: AllenSdk, lost: set[int]
) -> None:
    method, columns = TABLES[table]
    rows = unique_rows(their_rows(allensdk.cached(method, suppress=[])))
    theirs = {key: {column: told(row, column) for column in columns} for key, row in rows.items()}
    assert all(any(row[column] for row in theirs.values()) for column in columns)
    filters = {"probes": None, "channels": None, "units": GOOD}
    below = {name: where for name, where in filters.items() if f"{name.removesuffix('s')}_count" in columns}
    units = quality_filter(db.get_units(), in_brain=False)
    frames = [units if name == "units" else db.get(name) for name in below]
    for ours in (summarize(db.get(table), *frames), db.summarize(table, below)):
        assert_same(ours_of(ours, columns, lost), theirs)


def test_units_are_cut_alike(db: Connection, allensdk: AllenSdk, lost: set[int]) -> None:
    units = db.get_units(join="channels")
    kept = []
    for theirs, ours in CUTS:
        rows = unique_rows(their_rows(allensdk.cached("get_units", suppress=[], **theirs)))
        # AllenSDK would leave out units outside of the brain too, but looks for it where LIMS does not tell.
        inside = {key for key, row in rows.items() if row["ecephys_structure_acronym"] is not None}
        assert set(ours_of(quality_filter(units, **ours, in_brain=False), [], lost)) == set(rows), ours
        assert set(ours_of(quality_filter(units, **ours), [], lost)) == inside, ours
        assert 0 < len(inside) < len(rows)
        kept.append(len(rows))
    assert len(set(kept)) == len(CUTS)
