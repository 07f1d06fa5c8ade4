"""Alyx' cache tables: sessions and datasets without paging, in both layouts of ids."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from zoneinfo import ZoneInfo

import pandas as pd
import pyarrow as pa
import pyarrow.parquet
import pytest

from sessionframes import Q
from sessionframes.config import resolve
from sessionframes.errors import ConfigError, QueryError, SourceResponseError, TableNotProvidedError
from sessionframes.sources.alyx.access import OPTIONS
from sessionframes.sources.alyx.release import OPTION, ReleaseTransport, open_release, opened
from sessionframes.sources.alyx.release_tables import KNOWN
from tests.fault_server import FaultServer

EID = "d3372b15-f696-4279-9be5-98f15783b5bb"
UTC = ZoneInfo("UTC")
SESSIONS = pd.DataFrame(
    {
        "id": [EID, "94f7190f-26c2-4503-99d5-2e9f05c8541b"],
        "lab": ["mainenlab", "cortexlab"],
        "subject": ["ZFM-01935", "KS022"],
        "date": [pd.Timestamp("2021-02-05").date(), pd.Timestamp("2020-07-01").date()],
        "number": pd.array([1, 12], "uint16"),
        "task_protocol": ["ephysChoiceWorld", ""],
        "projects": ["b,a", ""],
    }
)
DATASETS = pd.DataFrame(
    {
        "eid": [EID, EID, "00000000-0000-4000-8000-00000000000f"],
        "id": [f"0000000{row}-0000-4000-8000-000000000000" for row in range(3)],
        "file_size": pd.array([10, None, 30], "UInt64"),
        "hash": ["0" * 32, "", None],
        "default_revision": [True, False, True],
        "qc": pd.Categorical(
            ["PASS", "NOT_SET", "FAIL"], ["NOT_SET", "PASS", "WARNING", "FAIL", "CRITICAL"], ordered=True
        ),
        "exists": [True, False, True],
        "rel_path": [
            "alf/probe00/#2023-04-20#/spikes.times.npy",
            "a.b.npy",
            "alf/#nan#/_ibl_trials.table.pqt",
        ],
    }
)


def zipped(sessions=SESSIONS, datasets=DATASETS):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, frame in {"sessions": sessions, "datasets": datasets}.items():
            if frame is not None:
                archive.writestr(f"{name}.pqt", frame.to_parquet())
    return out.getvalue()


@pytest.fixture
def release(tmp_path):
    def write(**tables):
        path = tmp_path / "cache.zip"
        path.write_bytes(zipped(**tables))
        return str(path)

    return write


def test_sessions_of_a_release_have_the_midnight_of_their_day_and_say_so(release):
    with open_release(release(), ZoneInfo("Europe/Lisbon")) as db:
        found = db.get_sessions().loc[[EID, "94f7190f-26c2-4503-99d5-2e9f05c8541b"]]
    assert found["start_time"].tolist() == [
        pd.Timestamp("2021-02-05", tz="UTC"),
        pd.Timestamp("2020-06-30 23:00", tz="UTC"),
    ]
    assert found["start_time_is_date"].all()
    assert found["subject_name"].tolist() == ["ZFM-01935", "KS022"]
    assert found["number"].tolist() == [1, 12]
    assert found["session_type"].iloc[0] == "ephysChoiceWorld"
    assert pd.isna(found["session_type"].iloc[1])
    assert [list(one) for one in found["projects"]] == [["a", "b"], []]
    assert found["subject_id"].isna().all()


def test_filters_and_joins_work_on_a_release_as_on_a_server(release):
    with open_release(release(), UTC) as db:
        assert db.get_sessions(where="lab=mainenlab").index.tolist() == [EID]
        found = db.get_assets(session_ids=EID, where="asset_name__endswith=times.npy")
        assert found["collection"].tolist() == ["alf/probe00"]


def test_ids_of_sessions_leave_out_rows_before_they_are_made(release):
    other = "94f7190f-26c2-4503-99d5-2e9f05c8541b"
    with open_release(release(), UTC) as db:
        assert db.get_sessions(session_ids=[other, "unknown"]).index.tolist() == [other]
        assert len(db.get_assets(session_ids=EID)) == 2
        assert len(db.get_assets(session_ids=[EID], where=Q(session_id=other))) == 0
        assert len(db.get_assets(where=~Q(session_id=EID))) == 1
        assert len(db.get_assets(where=Q(session_id=EID) | Q(revision__isnull=True))) == 3


def test_paths_of_datasets_are_taken_apart(release):
    with open_release(release(), UTC) as db:
        found = db.get_assets()
    assert found["asset_name"].tolist() == ["spikes.times.npy", "a.b.npy", "_ibl_trials.table.pqt"]
    assert found["collection"].fillna("-").tolist() == ["alf/probe00", "-", "alf"]
    assert found["revision"].fillna("-").tolist() == ["2023-04-20", "-", "-"]
    assert found["relative_path"].fillna("-").tolist() == [
        "ZFM-01935/2021-02-05/001/alf/probe00/#2023-04-20#/spikes.times.npy",
        "ZFM-01935/2021-02-05/001/a.b.npy",
        "-",
    ]
    assert found["size_in_bytes"].tolist() == [10, pd.NA, 30]
    assert found["checksum"].fillna("-").tolist() == [f"md5:{'0' * 32}", "-", "-"]
    assert found["default_dataset"].tolist() == [True, False, True]
    assert found["is_available"].tolist() == [True, False, True]
    assert found["asset_qc"].tolist() == ["PASS", "NOT_SET", "FAIL"]


def test_ids_in_two_whole_numbers_are_the_same_ids(release):
    halves = {"id_0": [8737712210713458643], "id_1": [-4920882604093676133]}
    old = SESSIONS.iloc[:1].drop(columns=["id", "projects"]).assign(**halves, project="None")
    eids = {"eid_0": halves["id_0"], "eid_1": halves["id_1"]}
    files = {"rel_path": ["a.b.npy"], "session_path": ["mainenlab/Subjects/ZFM-01935/2021-02-05/001"]}
    of_old = pd.DataFrame({**halves, **eids, **files, "file_size": [float("nan")], "exists": [True]})
    with open_release(release(sessions=old, datasets=of_old), UTC) as db:
        found = db.get_sessions()
        assert found.index.tolist() == [EID]
        assert [list(one) for one in found["projects"]] == [[]]
        assets = db.get_assets()
    assert assets["session_id"].tolist() == [EID]
    assert assets["relative_path"].tolist() == ["ZFM-01935/2021-02-05/001/a.b.npy"]
    assert assets["size_in_bytes"].isna().all()


def test_a_folder_with_the_tables_is_a_release_too(tmp_path):
    SESSIONS.to_parquet(tmp_path / "sessions.pqt")
    DATASETS.to_parquet(tmp_path / "datasets.pqt")
    with open_release(str(tmp_path), UTC) as db:
        assert len(db.get_sessions()) == 2
        assert len(db.get_assets()) == 3


def test_other_tables_are_the_server_s(release):
    with open_release(release(), UTC) as db, pytest.raises(TableNotProvidedError, match="ask the server"):
        db.get_units()


@pytest.mark.parametrize(
    ("tables", "said"),
    [
        ({"datasets": None}, "no datasets.pqt"),
        ({"sessions": SESSIONS.drop(columns="lab")}, "no column lab"),
        ({"datasets": DATASETS.assign(rel_path="alf/")}, "names no file"),
    ],
)
def test_a_release_that_is_none_is_refused(release, tables, said):
    with open_release(release(**tables), UTC) as db, pytest.raises(SourceResponseError, match=said):
        db.get_assets()


def test_what_is_no_zip_file_is_refused(tmp_path):
    (tmp_path / "cache.zip").write_bytes(b"<html>")
    with (
        open_release(str(tmp_path / "cache.zip"), UTC) as db,
        pytest.raises(SourceResponseError, match="no zip"),
    ):
        db.get_sessions()


@pytest.mark.parametrize(
    "where", [Q(qc="PASS"), ~Q(qc="PASS"), Q(qc__isnull=True), Q(number=1) | Q(n_trials__gt=5)], ids=str
)
def test_filters_by_what_a_release_does_not_tell_are_refused(release, where):
    with (
        open_release(release(), UTC) as db,
        pytest.raises(QueryError, match=r"release tables do not tell .* of sessions.*ask the server"),
    ):
        db.get_sessions(where=where)


def test_files_cannot_be_told_by_what_a_release_does_not_tell_of_sessions(release):
    with open_release(release(), UTC) as db:
        assert len(db.get_assets(where=Q(lab="mainenlab"))) == 2
        with pytest.raises(QueryError, match="do not tell n_trials of sessions"):
            db.get_assets(where=Q(n_trials__gt=5))
        with pytest.raises(QueryError, match="do not tell tags of assets"):
            db.get_assets(where=Q(tags="x"))


def test_what_a_release_is_said_to_tell_is_what_it_tells(release):
    with open_release(release(), UTC) as db:
        for table in ("sessions", "assets"):
            found = db.get(table, columns="all").reset_index()
            assert {name for name in found if found[name].notna().any()} == KNOWN[table]


def test_a_release_takes_the_arguments_about_what_it_tells(release):
    with open_release(release(), UTC) as db:
        assert db.get_sessions(subject="zfm-01935").index.tolist() == [EID]
        assert db.get_sessions(lab="mainenlab", number=[1, 2], project="A").index.tolist() == [EID]
        assert db.get_sessions(task_protocol="choice", date_range="2021-02-05,2021-02-05").index.tolist() == [
            EID
        ]
        assert len(db.get_assets(collection="alf/probe00", qc="pass")) == 1
        with pytest.raises(QueryError, match="no argument 'performance_gte'"):
            db.get_sessions(performance_gte=50)


def test_a_zip_file_that_was_damaged_is_refused(tmp_path):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("sessions.pqt", SESSIONS.to_parquet())
    content = bytearray(out.getvalue())
    content[60:260] = bytes(one ^ 0xFF for one in content[60:260])
    place = tmp_path / "cache.zip"
    place.write_bytes(content)
    with (
        open_release(str(place), UTC) as db,
        pytest.raises(SourceResponseError, match="no zip file that can be read"),
    ):
        db.get_sessions()


def test_a_release_that_is_gone_when_it_is_read_is_told(release):
    place = release()
    with open_release(place, UTC) as db:
        Path(place).unlink()
        with pytest.raises(SourceResponseError, match="cannot be read: No such file"):
            db.get_sessions()


def test_what_a_release_tells_of_itself_may_be_broken(tmp_path):
    table = pa.Table.from_pandas(SESSIONS).replace_schema_metadata({"one_metadata": "{broken"})
    pa.parquet.write_table(table, tmp_path / "sessions.pqt")
    content = {"sessions.pqt": (tmp_path / "sessions.pqt").read_bytes()}
    assert ReleaseTransport("here", lambda: content, UTC).info() == {}


def test_a_release_here_is_opened_whatever_one_has_kept(tmp_path, release, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("APPDATA", str(tmp_path))
    (tmp_path / ".one").mkdir()
    (tmp_path / ".one" / ".caches").write_text("{broken")
    with opened(options(release=release())) as db:
        assert len(db.get_sessions()) == 2


def options(**given):
    return resolve("alyx", (*OPTIONS, OPTION), given, {}, {})


def test_a_release_that_is_not_there_is_refused_at_once(tmp_path):
    with pytest.raises(ConfigError, match="no release"):
        opened(options(release=str(tmp_path / "no.zip")))


def test_without_one_the_server_is_asked():
    assert opened(options()) is None


def test_the_token_goes_with_a_release_of_the_same_server_only():
    with FaultServer() as home, FaultServer() as elsewhere:
        for server in (home, elsewhere):
            place = server.serve("/cache.zip", zipped())
            with opened(options(url=home.url, token="t0ken", release=place)) as db:
                assert len(db.get_sessions()) == 2
                assert len(db.get_assets()) == 3
        sent = [server.requests[0].headers.get("authorization") for server in (home, elsewhere)]
        assert sent == ["Token t0ken", None]
        assert [len(server.requests) for server in (home, elsewhere)] == [1, 1]
