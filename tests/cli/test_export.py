"""``sessionframes export``: what it leaves on disk."""

import signal
import time

import pandas as pd
import psycopg
import pytest

from sessionframes.cli import main


def _export(url, path, *more):
    return main(["export", str(path), "--source", url, "--quiet", *more])


def test_export_writes_what_the_calls_return(lims_url, lims, tmp_path, capsys):
    path = tmp_path / "out"
    assert _export(lims_url, path, "--tables", "sessions, probes", "--published-at", "2019-12-31") == 0
    out, err = capsys.readouterr()
    assert (out, err) == ("", f"exported to {path}\n")
    assert {child.name for child in path.iterdir()} == {"manifest.json", "sessions", "probes"}
    read = pd.read_parquet(path / "probes").sort_index()
    pd.testing.assert_frame_equal(read, lims.get_probes(published_at="2019-12-31"))


def test_export_replaces_only_when_told(lims_url, tmp_path, capsys):
    path = tmp_path / "out"
    assert _export(lims_url, path, "--tables", "sessions") == 0
    before = (path / "manifest.json").read_text(encoding="utf-8")
    assert _export(lims_url, path, "--tables", "sessions") == 1
    assert "holds an export already" in capsys.readouterr().err
    assert (path / "manifest.json").read_text(encoding="utf-8") == before
    assert _export(lims_url, path, "--tables", "probes", "--overwrite") == 0
    assert {child.name for child in path.iterdir()} == {"manifest.json", "probes"}


def test_export_leaves_a_folder_of_others_alone(lims_url, tmp_path, capsys):
    mine = tmp_path / "notes.txt"
    mine.write_text("mine", encoding="utf-8")
    assert _export(lims_url, tmp_path) == 1
    assert _export(lims_url, tmp_path, "--overwrite") == 1
    assert "not empty" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == [mine]


def test_export_goes_on_where_it_was_interrupted(change, own_lims_url, tmp_path, capsys):
    path = tmp_path / "out"
    change("alter table ecephys_units rename to elsewhere")
    assert _export(own_lims_url, path, "--tables", "sessions,units") == 1
    assert "ecephys_units" in capsys.readouterr().err
    assert not (path / "manifest.json").exists()
    first = next((path / "sessions").iterdir())
    written = first.stat().st_mtime_ns
    change("alter table elsewhere rename to ecephys_units")
    assert _export(own_lims_url, path, "--tables", "sessions,units") == 0
    assert first.stat().st_mtime_ns == written
    assert {child.name for child in path.iterdir()} == {"manifest.json", "sessions", "units"}


@pytest.mark.parametrize("more", [[], ["--overwrite"]], ids=str)
def test_ctrl_c_says_how_to_go_on(own_lims_url, tmp_path, start, more):
    path = tmp_path / "out"
    tables = ["--tables", "sessions,units"]
    waiting = "select count(*) from pg_locks where relation = 'ecephys_units'::regclass and not granted"
    if more:
        assert _export(own_lims_url, path, "--tables", "probes") == 0
    with psycopg.connect(own_lims_url) as connection:
        connection.execute("lock table ecephys_units")
        process = start("export", str(path), "--source", own_lims_url, "--quiet", *tables, *more)
        deadline = time.monotonic() + 60
        # Until it asks for units, and so has finished sessions.
        while not connection.execute(waiting).fetchone()[0]:
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    way = "the same command without --overwrite" if more else "the same command"
    assert f"\nwhat is finished stays; {way} goes on from there\n" in err
    first = path / "sessions" / "part-00000.parquet"
    written = first.stat().st_mtime_ns
    assert _export(own_lims_url, path, *tables) == 0
    assert first.stat().st_mtime_ns == written
    assert {child.name for child in path.iterdir()} == {"manifest.json", "sessions", "units"}


def test_paths_may_begin_at_home(lims_url, lims, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert _export(lims_url, "~/out", "--tables", "units") == 0
    assert capsys.readouterr().err == f"exported to {tmp_path / 'out'}\n"
    assert main(["get", "units", "--source", "~/out", "--output", "~/units.parquet", "--quiet"]) == 0
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "units.parquet"), lims.get_units())
    assert f"written to {tmp_path / 'units.parquet'}" in capsys.readouterr().err
    for path, first in (("~/out", "1 tables, by export of"), ("~/units.parquet", "units of snapshot")):
        assert main(["provenance", path]) == 0
        assert capsys.readouterr().out.splitlines()[0] == first
    assert sorted(child.name for child in tmp_path.iterdir()) == ["out", "units.parquet"]


def test_a_folder_may_have_the_sign_of_home_for_a_name(lims_url, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    assert _export(lims_url, "./~/out", "--tables", "probes") == 0
    asked = ["get", "probes", "--source", "./~/out", "--output", "./~/probes.csv", "--quiet"]
    assert main(asked) == 0
    assert sorted(child.name for child in (tmp_path / "~").iterdir()) == ["out", "probes.csv"]
    capsys.readouterr()
    assert main(["provenance", "./~/probes.csv"]) == 2
    assert "probes.csv is no Parquet file. Give a directory or a Parquet file." in capsys.readouterr().err
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize(
    "wrong",
    [["--tables", "unitz"], ["--session-ids", "x"], ["--filter", "sesion_types=x"], ["--tables", ","]],
)
def test_a_wrong_export_ends_with_2_and_leaves_nothing(lims_url, tmp_path, capsys, wrong):
    assert _export(lims_url, tmp_path / "out", *wrong) == 2
    assert capsys.readouterr().err.startswith("sessionframes: ")
    assert not list(tmp_path.iterdir())
