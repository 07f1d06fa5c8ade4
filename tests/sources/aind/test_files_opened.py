"""Files are opened of those sessions alone that a question is about, whatever tells which these are."""

from __future__ import annotations

import pytest

import sessionframes as sf
from sessionframes import Q
from sessionframes.demo.aind import AindServer


@pytest.fixture(scope="module")
def open_aind(world):
    with AindServer(world, private=()) as server:
        told = {"docdb_url": server.docdb_url, "codeocean_url": server.codeocean_url}
        s3 = {"s3_endpoint": server.s3_url, "s3_anonymous": True}
        with sf.connect("aind", **told, **s3, codeocean_token=server.token) as db:
            yield db, server


def _opened(server):
    """The folders of sortings of which a file was read."""
    return {seen.path.split("/nwb/")[0] for seen in server.asked("s3") if "/nwb/" in seen.path}


@pytest.mark.parametrize(
    "arguments",
    [
        {"project": "no such project"},
        {"platform": "behavior"},
        {"modalities": "no such modality"},
        {"where": Q(genotype="no such animal")},
        {"where": Q(sorted_asset_count=0) & Q(firing_rate__gte=0)},
        {"start_date": "2030-01-01T00:00Z"},
    ],
    ids=str,
)
def test_no_file_is_opened_for_sessions_that_are_not_asked_for(open_aind, arguments):
    db, server = open_aind
    server._script.clear()
    assert db.get_units(**arguments, progress=False).empty
    assert not _opened(server)


def test_of_one_project_only_its_files_are_opened(open_aind):
    db, server = open_aind
    whole = db.get_units(columns=["session_id"], progress=False)
    projects = db.get_sessions(whole["session_id"].unique(), progress=False)["project_name"]
    project = projects.value_counts().index[-1]
    wanted = projects.index[projects == project]
    assert len(wanted) < len(projects)
    server._script.clear()
    units = db.get_units(project=project, columns=["firing_rate"], progress=False)
    assert units.index.equals(whole.index[whole["session_id"].isin(wanted)])
    assert len(_opened(server)) == len(wanted)
