"""Sessions that were given no connection, and the usage page of AIND's own client, line by line."""

from __future__ import annotations

import doctest
import pickle
from pathlib import Path
from types import SimpleNamespace

import pytest

import sessionframes as sf
from sessionframes.demo.aind import AindServer, make_assets, make_records
from sessionframes.demo.aind.examples import LETTERS, SESSION, SORTED, example_assets, example_records
from sessionframes.errors import AuthenticationError, QueryError
from sessionframes.sources.aind.session import Session, Subject
from tests.sources.aind.served import GOOD, INTERNAL, folders

#: The page's own lines, whole and in its order (``aind-session``, MIT licence).
USAGE = (Path(__file__).parent / "usage.txt").read_text("utf-8")
RAW = ("behavior", "behavior_videos", "ecephys_clipped", "ecephys_compressed", "original_metadata")


@pytest.fixture(scope="module")
def server():
    files = folders(*RAW, of=f"aind-ephys-data/{SESSION}")
    for asset_id, *_ in SORTED.values():
        streams = [f"experiment1_Node#Neuropix.Probe{letter}-AP_recording1" for letter in LETTERS]
        files |= folders(*streams, of=f"{INTERNAL}/{asset_id}/curated")
        files[f"{INTERNAL}/{asset_id}/output"] = GOOD
    with AindServer(records=example_records(), assets=example_assets(), files=files) as server:
        yield server


@pytest.fixture
def configured(server, tmp_path, monkeypatch):
    """The server as a user has AIND: by the config file and the environment."""
    path = tmp_path / "config.toml"
    path.write_text(f'[sources.aind]\ndocdb_url = "{server.docdb_url}"\n', "utf-8")
    for name, value in {
        "SESSIONFRAMES_CONFIG": str(path),
        "CODE_OCEAN_DOMAIN": server.codeocean_url,
        "CODE_OCEAN_API_TOKEN": server.token,
        "AWS_ENDPOINT_URL": server.s3_url,
        "AWS_ACCESS_KEY_ID": server.s3_key,
        "AWS_SECRET_ACCESS_KEY": server.s3_secret,
    }.items():
        monkeypatch.setenv(name, value)
    return path


def get_sessions(**arguments):
    """The page's call by ours: the sessions of a frame, the oldest first."""
    with sf.connect("aind") as db:
        found = db.get_sessions(**arguments).sort_values("local_time")
        return tuple(Session(name, db) for name in found.index)


@pytest.mark.usefixtures("configured")
def test_every_line_of_the_usage_page_tells_what_it_prints_there():
    names = {"aind_session": SimpleNamespace(Session=Session, get_sessions=get_sessions)}
    lines = USAGE.replace("import aind_session\n", "None\n")
    test = doctest.DocTestParser().get_doctest(lines, names, "usage", "usage.txt", 0)
    failures = []
    runner = doctest.DocTestRunner(verbose=False)
    found = runner.run(test, out=failures.append)
    assert found.failed == 0, "".join(failures)
    assert found.attempted > 25


@pytest.mark.usefixtures("configured")
def test_a_session_by_itself_connects_by_the_options_of_the_moment(server, monkeypatch):
    session = Session(SESSION)
    assert session.raw_data_asset.id == "16d46411-540a-4122-b47f-8cb2a15d593a"
    assert Session(SESSION).db is session.db
    assert Subject(676909).sessions[2] == session
    monkeypatch.setenv("CODE_OCEAN_API_TOKEN", server.tokens["expired"])
    assert session.raw_data_asset.state == "ready"
    with pytest.raises(AuthenticationError, match="expired"):
        _ = Session(SESSION).raw_data_asset
    assert pickle.loads(pickle.dumps(session)).docdb["name"] == SESSION


def test_an_entry_that_leads_elsewhere_is_told(configured):
    configured.write_text('[sources.aind]\nsource = "brainstem"\nportal = "public"\n', "utf-8")
    with pytest.raises(QueryError, match=r"\[sources.aind\]"):
        _ = Session(SESSION).docdb


def test_objects_tell_what_the_table_tells(world):
    told = {"records": make_records(world), "assets": make_assets(world), "private": ()}
    with AindServer(**told) as server:
        urls = {"codeocean_url": server.codeocean_url, "s3_endpoint": server.s3_url}
        options = {**urls, "codeocean_token": server.token, "s3_anonymous": True}
        with sf.connect("aind", docdb_url=server.docdb_url, **options) as db:
            frame = db.get_sessions(progress=False)
            named = frame[frame["local_time"].notna()]
            objects = [db.session(session_id) for session_id in named.index]
            found = {
                "platform": [one.platform for one in objects],
                "subject_id": [one.subject_id for one in objects],
                "local_time": [one.dt.isoformat() for one in objects],
                "is_uploaded": [one.is_uploaded for one in objects],
                "raw_asset_id": [
                    getattr(getattr(one, "raw_data_asset", None), "id", None) for one in objects
                ],
                "raw_data_dir": [getattr(one, "raw_data_dir", None) for one in objects],
                "sorted_asset_count": [len(one.ecephys.sorted_data_assets) for one in objects],
                "docdb_id": [one.docdb.get("_id") for one in objects],
            }
            assert len(objects) > 20
            for column, values in found.items():
                expected = named[column].astype(object).where(named[column].notna(), None)
                assert values == expected.tolist(), column
