"""Files through the LIMS: which one it is, the bytes, and a web application that does everything wrong."""

from __future__ import annotations

import pytest

import sessionframes as sf
from sessionframes.connection import Connection
from sessionframes.demo.file_server import FileServer
from sessionframes.demo.lims import file_bytes
from sessionframes.errors import DownloadError, QueryError, SessionFramesError, TableNotProvidedError
from sessionframes.sources.lims import SOURCE
from sessionframes.transports.files import FileTransport
from sessionframes.transports.postgres import PostgresTransport, connection_string
from tests.fault_server import Fault, FaultServer

PAGE = b"<!DOCTYPE html><html><title>Oops</title></html>"


@pytest.fixture(scope="module")
def web():
    with FileServer() as running:
        yield running


@pytest.fixture(scope="module")
def db(lims_url, web):
    with sf.connect("lims", url=lims_url, files_url=web.url) as opened:
        yield opened


@pytest.fixture
def server():
    with FaultServer() as running:
        yield running


@pytest.fixture
def impatient(lims_url, server):
    """A LIMS on the faulty server, which gives up soon."""
    postgres = PostgresTransport(connection_string({"url": lims_url}), source="lims")
    files = FileTransport(server.url, timeout=(2, 0.2), attempts=2, sleep=lambda _: None)
    with Connection(SOURCE, postgres, files) as opened:
        yield opened


def files_of(world, kind):
    """The only file of each session, or probe, that has one of that type in a current run."""
    runs = world.runs.to_pandas().query("current")
    owners, owner, key = runs, "run_id", "session_id"
    if kind == "EcephysLfpNwb":
        owners = world.run_probes.to_pandas().merge(runs[["run_id"]], on="run_id")
        owner, key = "run_probe_id", "probe_id"
    files = world.files.to_pandas()
    files = files[files["file_type"].str.contains(kind) & files["owner_type"].isin(["run", "run_probe"])]
    rows = owners.merge(files, left_on=owner, right_on="owner_id")
    return rows.drop_duplicates(key, keep=False).set_index(key)["file_id"].to_dict()


@pytest.fixture(scope="module")
def sessions(world):
    return files_of(world, "EcephysNwb")


@pytest.fixture(scope="module")
def probes(world):
    return files_of(world, "EcephysLfpNwb")


def names_in(directory):
    return sorted(path.name for path in directory.iterdir())


def path_of(file_id):
    return f"/well_known_files/download/{file_id}"


def test_the_file_of_every_session(db, sessions):
    assert len(sessions) > 5
    for session, file_id in sessions.items():
        assert b"".join(db.get_session_data(session)) == file_bytes(file_id)


def test_the_field_potential_of_every_probe(db, probes):
    assert len(probes) > 5
    for probe, file_id in probes.items():
        assert b"".join(db.get_probe_lfp_data(probe)) == file_bytes(file_id)


def test_the_templates(db, world):
    stimuli = world.stimuli.to_pandas().query("namespace_name == 'brain_observatory_1.1'")
    of_name = stimuli.set_index("stimulus_name")["file_id"]
    for number in (1, 3):
        assert b"".join(db.get_natural_movie_template(number)) == file_bytes(
            of_name[f"natural_movie_{number}"]
        )
    for number in (0, 10, "7"):
        assert b"".join(db.get_natural_scene_template(number)) == file_bytes(
            of_name[f"natural_scene_{number}"]
        )


def test_a_stream_asks_nothing_before_it_is_read(db, sessions):
    stream = db.get_session_data(-1)
    assert iter(stream) is stream
    with pytest.raises(DownloadError):
        next(stream)
    whole = db.get_session_data(next(iter(sessions)))
    assert isinstance(next(whole), bytes)
    whole.close()


@pytest.mark.parametrize(
    "oddity", ["session_failed", "session_habituation", "session_null_workflow_state", "session_unpublished"]
)
def test_files_of_unusable_sessions_are_there_as_in_allensdk(db, world, sessions, oddity):
    (session,) = world.oddities[oddity]
    assert b"".join(db.get_session_data(session)) == file_bytes(sessions[session])


def test_the_file_of_a_failed_probe(db, world, probes):
    (probe,) = world.oddities["probe_failed"]
    assert b"".join(db.get_probe_lfp_data(probe)) == file_bytes(probes[probe])


def test_two_candidates_are_both_listed_and_each_can_be_had(db, world):
    (probe,) = world.oddities["probe_with_two_lfp_files"]
    (old,) = world.oddities["file_old_lfp"]
    files = world.files.to_pandas().set_index("file_id")
    with pytest.raises(DownloadError, match="well_known_file") as caught:
        next(db.get_probe_lfp_data(probe))
    said = str(caught.value)
    assert str(probe) in said
    assert str(old) in said
    assert files.loc[old, "file_name"] in said
    assert b"".join(db.stream("well_known_file", old)) == file_bytes(old)


def test_two_packaged_files_of_a_session_are_both_listed(db, world, tmp_path):
    (session,) = world.oddities["session_two_current_runs"]
    runs = world.runs.to_pandas().query("session_id == @session and current")["run_id"]
    files = world.files.to_pandas().query("file_type == 'EcephysNwb'")
    both = files["file_id"][files["owner_id"].isin(runs)]
    with pytest.raises(DownloadError) as caught:
        db.download("session_data", session, tmp_path, progress=False)
    assert len(both) == 2
    assert all(str(file_id) in str(caught.value) for file_id in both)
    assert names_in(tmp_path) == []


@pytest.mark.parametrize(
    "kind", ["session_data", "probe_lfp_data", "natural_movie_template", "well_known_file"]
)
def test_an_unknown_id(db, tmp_path, kind):
    with pytest.raises(DownloadError, match="123456"):
        next(db.stream(kind, 123456))
    with pytest.raises(DownloadError, match="123456"):
        db.download(kind, 123456, tmp_path / "a.nwb", progress=False)
    assert names_in(tmp_path) == []


def test_a_session_whose_file_is_of_a_previous_run_has_none(db, world):
    for oddity in ("session_packaged_in_previous_run_only", "session_not_packaged"):
        with pytest.raises(DownloadError, match="has_nwb"):
            next(db.get_session_data(world.oddities[oddity][0]))


@pytest.mark.parametrize("wrong", [None, [], [1, 2], 1.5, "one", float("nan"), True, b"1"])
def test_what_is_not_one_id(db, wrong):
    with pytest.raises(SessionFramesError) as caught:
        next(db.get_session_data(wrong))
    assert isinstance(caught.value, QueryError | DownloadError)


def test_a_kind_that_there_is_not(db, tmp_path):
    with pytest.raises(TableNotProvidedError, match="session_data"):
        next(db.stream("session_dat", 1))
    with pytest.raises(TableNotProvidedError, match="session_data"):
        db.download("session_dat", 1, tmp_path)


def test_download_to_a_file_and_to_a_directory(db, sessions, tmp_path):
    session, file_id = next(iter(sessions.items()))
    assert db.download("session_data", session, tmp_path / "new" / "a.nwb", progress=False).read_bytes() == (
        file_bytes(file_id)
    )
    path = db.download("session_data", session, str(tmp_path), progress=False)
    assert path == tmp_path / f"session_{session}.nwb"
    assert path.read_bytes() == file_bytes(file_id)
    assert names_in(tmp_path / "new") == ["a.nwb"]


def test_download_of_several_at_once(db, probes, tmp_path):
    chosen = list(probes)[:5]
    paths = db.download("probe_lfp_data", chosen, tmp_path / "new", progress=False)
    assert paths == [tmp_path / "new" / f"probe_{probe}_lfp.nwb" for probe in chosen]
    assert [path.read_bytes() for path in paths] == [file_bytes(probes[probe]) for probe in chosen]
    assert db.download("probe_lfp_data", [], tmp_path, progress=False) == []


def test_download_by_a_numpy_id_or_an_index_of_ids(db, sessions, tmp_path):
    frame = db.get_sessions(list(sessions)[:3], include_unusable=True)
    one = db.download("session_data", frame.index[0], tmp_path / "one.nwb", progress=False)
    assert one.read_bytes() == file_bytes(sessions[frame.index[0]])
    paths = db.download("session_data", frame.index, tmp_path, progress=False)
    assert [path.read_bytes() for path in paths] == [file_bytes(sessions[session]) for session in frame.index]


def test_the_name_of_a_file_in_lims_never_leaves_the_directory(own_lims_url, change, web, world, tmp_path):
    file_id = world.files["file_id"][0].as_py()
    target = tmp_path / "here"
    target.mkdir()
    with sf.connect("lims", url=own_lims_url, files_url=web.url) as db:
        absolute = str(tmp_path / "outside.nwb")
        for name in ("../outside.nwb", absolute, "deep/er.nwb", "..", ".", "", "a\\b.nwb", "%2e%2e/x", "a\n"):
            change(f"update well_known_files set filename = '{name}' where id = {file_id}")
            try:
                path = db.download("well_known_file", file_id, target, progress=False)
            except SessionFramesError:
                continue
            assert path.parent == target, name
            assert path.read_bytes() == file_bytes(file_id)
    assert names_in(tmp_path) == ["here"]


def test_an_odd_name_is_kept(db, world, tmp_path):
    (file_id,) = world.oddities["file_odd_name"]
    path = db.download("well_known_file", file_id, tmp_path, progress=False)
    assert path.read_bytes() == file_bytes(file_id)
    assert path.name == world.files.to_pandas().set_index("file_id").loc[file_id, "file_name"]


def test_a_cut_download_goes_on_where_it_was(impatient, server, sessions, tmp_path):
    session, file_id = next(iter(sessions.items()))
    body = file_bytes(file_id)
    server.serve(path_of(file_id), body, faults=[Fault(cut=1000)])
    path = impatient.download("session_data", session, tmp_path, progress=False)
    assert path.read_bytes() == body
    ranges = [request.headers.get("range") for request in server.seen(path_of(file_id))]
    assert ranges == [None, "bytes=1000-"]
    assert names_in(tmp_path) == [path.name]


def test_a_later_call_goes_on_where_an_earlier_one_gave_up(impatient, server, sessions, tmp_path):
    session, file_id = next(iter(sessions.items()))
    body = file_bytes(file_id)
    server.serve(path_of(file_id), body, faults=[Fault(cut=1000), Fault(status=503), Fault(status=503)])
    path = tmp_path / "a.nwb"
    with pytest.raises(DownloadError):
        impatient.download("session_data", session, path, progress=False)
    assert not path.exists()
    impatient.download("session_data", session, path, progress=False)
    assert path.read_bytes() == body
    assert server.seen(path_of(file_id))[-1].headers["range"] == "bytes=1000-"


FAULTS = {
    "not found": Fault(status=404, page=PAGE),
    "server error": Fault(status=500, page=PAGE),
    "cut short": Fault(cut=0),
    "stalled": Fault(stall=0),
    "silent": Fault(silent=True),
    "a page in its place": Fault(page=PAGE, headers={"Content-Type": "text/html"}),
    "a page that calls itself data": Fault(page=PAGE, headers={"Content-Type": "application/octet-stream"}),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_leaves_no_file_and_spares_a_good_one(impatient, server, sessions, tmp_path, fault):
    (session, file_id), (other, other_id) = list(sessions.items())[:2]
    server.serve(path_of(file_id), file_bytes(file_id), always=FAULTS[fault])
    server.serve(path_of(other_id), file_bytes(other_id))
    good = tmp_path / f"session_{session}.nwb"
    good.write_bytes(b"from before")
    for target in (tmp_path, tmp_path / "new.nwb"):
        with pytest.raises(SessionFramesError) as caught:
            impatient.download("session_data", session, target, progress=False)
        assert f"session_{session}.nwb" in str(caught.value) or str(file_id) in str(caught.value)
    with pytest.raises(SessionFramesError):
        b"".join(impatient.get_session_data(session))
    with pytest.raises(DownloadError, match=f"session_{session}.nwb"):
        impatient.download("session_data", [session, other], tmp_path, progress=False)
    assert good.read_bytes() == b"from before"
    assert (tmp_path / f"session_{other}.nwb").read_bytes() == file_bytes(other_id)
    assert not (tmp_path / "new.nwb").exists()


def test_a_web_application_that_is_not_there(lims_url, sessions, tmp_path):
    postgres = PostgresTransport(connection_string({"url": lims_url}), source="lims")
    files = FileTransport("http://127.0.0.1:1", timeout=(1, 1), attempts=2, sleep=lambda _: None)
    with Connection(SOURCE, postgres, files) as db:
        with pytest.raises(SessionFramesError, match=r"127\.0\.0\.1"):
            db.download("session_data", next(iter(sessions)), tmp_path, progress=False)
        assert len(db.get_sessions()) > 5
    assert names_in(tmp_path) == []
