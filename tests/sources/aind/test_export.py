"""An export of AIND holds all that AIND tells, what is of no session too; a snapshot of it answers alike."""

from __future__ import annotations

import pandas as pd
import pytest

import sessionframes as sf
from sessionframes import Q
from sessionframes.demo.aind import AindServer

TABLES = ("sessions", "probes", "assets")


@pytest.fixture(scope="module")
def both(world, tmp_path_factory):
    """AIND, and a snapshot of it."""
    with AindServer(world, private=()) as server:
        told = {"docdb_url": server.docdb_url, "codeocean_url": server.codeocean_url}
        with sf.connect("aind", **told, codeocean_token=server.token) as db:
            path = db.export(tmp_path_factory.mktemp("aind") / "export", TABLES, progress=False)
            with sf.connect(path) as snapshot:
                yield db, snapshot


@pytest.mark.parametrize("table", TABLES)
def test_a_snapshot_holds_all_rows(both, table):
    db, snapshot = both
    pd.testing.assert_frame_equal(snapshot.get(table), db.get(table, progress=False))


def test_assets_of_no_session_are_among_them(both):
    _, snapshot = both
    assert snapshot.get_assets()["session_id"].isna().any()


@pytest.mark.parametrize(
    "arguments",
    [
        {"date": "2023-12-13"},
        {"date": "2023-12-13_13-43-40"},
        {"date": "2023-12-13T13:43:40-08:00"},
        {"start_date": "2023-12-13", "end_date": "2023-12-14_10-00-00"},
        {"start_date": "2023-12-14T07:59:59Z", "end_date": "2023-12-14"},
        {"platform": ["ecephys", "behavior"], "modalities": "ecephys"},
        {"subject_id": 676909},
        {"where": Q(time_disagrees=True) | Q(platform=None)},
    ],
    ids=str,
)
@pytest.mark.parametrize("table", TABLES)
def test_a_snapshot_answers_alike(both, table, arguments):
    db, snapshot = both
    frame = db.get(table, **arguments, progress=False)
    pd.testing.assert_frame_equal(snapshot.get(table, **arguments), frame)


def test_an_export_of_some_sessions_leaves_out_what_is_of_none(both, tmp_path):
    db, _ = both
    with sf.connect(db.export(tmp_path / "some", TABLES, subject_id=676909, progress=False)) as snapshot:
        assets = snapshot.get_assets()
        assert set(assets["session_id"]) <= set(snapshot.get_sessions().index)
        assert len(assets)
