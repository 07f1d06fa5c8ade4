"""``sessionframes export``: what it leaves on disk."""

import pandas as pd
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


@pytest.mark.parametrize(
    "wrong",
    [["--tables", "unitz"], ["--session-ids", "x"], ["--filter", "sesion_types=x"], ["--tables", ","]],
)
def test_a_wrong_export_ends_with_2_and_leaves_nothing(lims_url, tmp_path, capsys, wrong):
    assert _export(lims_url, tmp_path / "out", *wrong) == 2
    assert capsys.readouterr().err.startswith("sessionframes: ")
    assert not list(tmp_path.iterdir())
