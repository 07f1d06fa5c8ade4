"""Which files a download is of, and what becomes of the others when one does not come."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

import numpy as np
import psutil
import pytest

import sessionframes as sf
from sessionframes.demo.file_server import FileServer
from sessionframes.errors import ConfigError, DownloadError, QueryError, SourceUnavailableError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def db(lims_url: str) -> Iterator[sf.Connection]:
    with FileServer() as web, sf.connect("lims", url=lims_url, files_url=web.url) as connection:
        yield connection


@pytest.fixture(scope="module")
def packaged(db: sf.Connection) -> list[int]:
    """Sessions with one packaged file."""
    ids = db.get_sessions().query("has_nwb").index.tolist()
    return [one for one in ids if _comes(db, one)]


def _comes(db: sf.Connection, session_id: int) -> bool:
    try:
        return bool(next(db.stream("session_data", session_id)))
    except DownloadError:
        return False


def test_one_without_a_file_does_not_stop_the_others(
    db: sf.Connection, packaged: list[int], tmp_path: Path
) -> None:
    without = db.get_sessions().query("not has_nwb").index[0]
    with pytest.raises(DownloadError, match=f"no such file for session_id {without}"):
        db.download("session_data", [packaged[0], without, packaged[1]], tmp_path, progress=False)
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == sorted(f"session_{one}.nwb" for one in packaged[:2])


def test_a_path_may_begin_at_home(
    db: sf.Connection, packaged: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    one = db.download("session_data", packaged[0], "~/one.nwb", progress=False)
    assert one == tmp_path / "one.nwb"
    several = db.download("session_data", packaged[:2], "~/several", progress=False)
    assert [path.parent for path in several] == [tmp_path / "several"] * 2
    assert all(path.is_file() for path in (one, *several))


def test_several_that_are_not_there_are_all_named(db: sf.Connection, tmp_path: Path) -> None:
    with pytest.raises(DownloadError) as caught:
        db.download("session_data", [1, 2], tmp_path, progress=False)
    assert "session_id 1" in str(caught.value)
    assert "session_id 2" in str(caught.value)


def test_a_frame_gives_the_id_that_the_files_go_by(
    db: sf.Connection, packaged: list[int], tmp_path: Path
) -> None:
    channels = db.get_channels(session_ids=packaged)
    wanted = channels["session_id"].unique()
    assert len(channels) > len(wanted)
    paths = db.download("session_data", channels, tmp_path, progress=False)
    assert [path.name for path in paths] == [f"session_{one}.nwb" for one in wanted]


def test_files_come_in_the_order_of_the_ids_once_each(
    db: sf.Connection, packaged: list[int], tmp_path: Path
) -> None:
    ids = [packaged[1], packaged[0], packaged[1]]
    paths = db.download("session_data", np.array(ids), tmp_path, progress=False)
    assert [path.name for path in paths] == [f"session_{one}.nwb" for one in ids[:2]]


@pytest.mark.parametrize("ids", [None, 1.5, float("nan"), "x", [None], [[1]], True])
def test_what_is_no_id_is_refused(db: sf.Connection, ids: object, tmp_path: Path) -> None:
    with pytest.raises(QueryError):
        db.download("session_data", ids, tmp_path, progress=False)


@pytest.mark.parametrize("workers", [0, -1, "x", 1.5, True])
def test_workers_are_counted(db: sf.Connection, workers: object, tmp_path: Path) -> None:
    with pytest.raises(QueryError, match="workers"):
        db.download("session_data", [1], tmp_path, workers=workers)


def test_no_ids_bring_no_files(db: sf.Connection, tmp_path: Path) -> None:
    assert db.download("session_data", [], tmp_path, progress=False) == []
    assert list(tmp_path.iterdir()) == []


def test_a_stream_is_of_one_file(db: sf.Connection) -> None:
    with pytest.raises(QueryError, match="2 ids"):
        db.stream("session_data", [1, 2])


def test_a_web_application_may_live_below_a_path(lims_url: str) -> None:
    with sf.connect("lims", url=lims_url, files_url="http://gateway/lims") as below:
        request = below.source.files["well_known_file"].locate(below, _any_file(below))
        assert below._files._client.url(request.url).startswith("http://gateway/lims/well_known_files/")


def _any_file(db: sf.Connection) -> int:
    from sqlalchemy import select

    from sessionframes.sources.lims import schema

    batch = next(iter(db.transport.fetch(select(schema.files.c.id.label("id")).limit(1))))
    return batch.column("id")[0].as_py()


@pytest.mark.parametrize(
    "options",
    [
        {"files_url": "lims2"},
        {"files_url": "ftp://lims2"},
        {"files_url": "http://[bad"},
        {"files_timeout": 0},
        {"files_timeout": float("nan")},
        {"statement_timeout": 0.0001},
        {"statement_timeout": -1},
        {"statement_timeout": 1e12},
    ],
)
def test_options_that_cannot_be_meant_are_told_when_connecting(
    lims_url: str, options: dict[str, object]
) -> None:
    with pytest.raises(ConfigError, match=next(iter(options))):
        sf.connect("lims", url=lims_url, **options)


def test_after_closing_every_call_says_so(lims_url: str, tmp_path: Path) -> None:
    closed = sf.connect("lims", url=lims_url)
    closed.close()
    for call in (
        closed.get_units,
        lambda: closed.download("session_data", 1, tmp_path),
        lambda: closed.export(tmp_path / "export"),
    ):
        with pytest.raises(SourceUnavailableError, match="closed"):
            call()


def test_a_demo_that_nobody_holds_stops_its_server() -> None:
    demo = sf.connect("demo", scale=0.05, progress=False)
    before = _servers()
    assert before
    del demo
    gc.collect()
    psutil.wait_procs(before, timeout=10)
    assert not [process for process in before if process.is_running()]


def _servers() -> list[psutil.Process]:
    return [child for child in psutil.Process().children(recursive=True) if "postgres" in child.name()]
