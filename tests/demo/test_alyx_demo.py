"""The demo world as an Alyx, read by the source: what is odd there comes out as it should."""

from __future__ import annotations

import pytest
import requests

import sessionframes as sf
from sessionframes import Q
from sessionframes.demo.alyx.example_files import LAB, SEED_SESSION
from sessionframes.demo.alyx.examples import OLDEST_INSERTION, SEED_INSERTION, TWICE
from sessionframes.demo.alyx.opening import open_alyx_demo
from sessionframes.errors import DownloadError

#: Tables of the core, and endpoints that nobody has filled.
_OWN = (
    *("sessions", "probes", "channels", "units", "subjects", "projects", "assets"),
    *("structures", "trajectories", "tasks"),
)
_EMPTY = {
    *("downloads", "data_notices", "data_repository_type", "water_restricted_subjects"),
    *("fields_of_view", "fov_location", "imaging_stack"),
}


@pytest.fixture(scope="module")
def db():
    with open_alyx_demo(0.05, 0) as opened:
        yield opened


def test_all_tables_of_the_demo_are_read(db):
    found = {table: len(db.get(table, progress=False)) for table in db.tables}
    assert {table for table, rows in found.items() if not rows} <= _EMPTY
    assert min(found[table] for table in _OWN) > 5


def test_of_two_animals_of_one_name_the_lab_tells_which_it_is(db):
    found = db.get_sessions(where=Q(subject_name=TWICE))
    assert found.groupby("lab")["subject_id"].nunique().to_dict() == {LAB: 1, "cortexlab": 1}
    assert found["subject_id"].nunique() == 2


def test_a_session_of_no_lab_and_no_project_is_whole_but_for_them(db):
    found = db.get_sessions(where=Q(subject_name="nobody's mouse, 100 %"), columns="all")
    (row,) = found.to_dict("records")
    assert row["subject_id"] is not None
    assert row["narrative"] == '"quoted", [110], \\ and\nmore'
    assert found[["lab", "start_time", "number", "session_type"]].isna().all(axis=None)


def test_units_of_an_old_sorting_are_on_the_channels_that_it_left(db):
    units = db.get_units(probe_ids=[SEED_INSERTION])
    channels = db.get_channels(probe_ids=[SEED_INSERTION])
    assert len(channels) == 384
    places = channels.loc[units["channel_id"], ["probe_vertical_position", "probe_horizontal_position"]]
    # Of the sites that were sorted, those at 0, 60, 120 and so on: before the second, one was left out.
    assert places.iloc[1].tolist() == [620.0, 11.0]
    assert units["quality"].fillna("").tolist() == ["good", "", "", "", "good", "good"]


def test_units_of_the_oldest_sorting_are_told_by_the_sites_of_the_probe(db):
    units = db.get_units(probe_ids=[OLDEST_INSERTION])
    channels = db.get_channels(probe_ids=[OLDEST_INSERTION])
    assert channels.loc[units["channel_id"], "local_index"].tolist() == [0, 383]


def test_a_probe_that_was_only_planned_has_no_channels(db):
    found = db.get_channels()
    assert set(found["trajectory_provenance"]) == {"Ephys aligned histology track", "Histology track"}


def test_a_demo_is_the_same_place_however_often_it_is_opened(db):
    with sf.connect("demo", wire="alyx", scale=0.05) as again:
        assert again.transport.address == db.transport.address
        assert again.url != db.url


def test_a_closed_demo_has_stopped_its_servers():
    opened = open_alyx_demo(0.05, 0)
    assert requests.get(f"{opened.url}/api/schema", timeout=10).ok
    opened.close()
    opened.close()
    for url in (opened.url, opened.data_url):
        with pytest.raises(requests.ConnectionError):
            requests.get(url, timeout=10)


def test_what_is_broken_or_lost_at_the_server_of_files_is_not_taken(db, tmp_path):
    assets = db.get_assets(where=Q(session_id=SEED_SESSION) & Q(asset_name__startswith="_ibl_wheel"))
    ids = assets.reset_index().set_index("asset_name")["asset_id"]
    found = db.download("dataset", [ids["_ibl_wheel.position.npy"]], tmp_path)
    assert len(found) == 1
    for name in ("_ibl_wheel.timestamps.npy", "_ibl_wheel.velocity.npy"):
        with pytest.raises(DownloadError):
            db.download("dataset", [ids[name]], tmp_path)
    assert len(list(tmp_path.rglob("*.npy"))) == 1
