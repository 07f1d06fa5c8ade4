"""The commands on a snapshot: its path is a source like any other."""

import json

import pandas as pd
import pytest

import sessionframes as sf
from sessionframes.cli import main


@pytest.fixture
def path(lims, tmp_path):
    """A LIMS on disk."""
    return str(lims.export(tmp_path / "labs", progress=False))


def test_get_gives_what_the_source_gives(path, lims, capsys):
    asked = ["--where", "snr__gte=2 & structure_acronym__in=[LGd, LP]", "--published-at", "2019-12-31"]
    assert main(["get", "units", "--source", path, "--format", "csv", "--quiet", *asked]) == 0
    out, err = capsys.readouterr()
    wanted = lims.get_units(where=asked[1], published_at="2019-12-31")
    assert len(wanted)
    assert (out, err) == (wanted.to_csv(), "")


def test_other_arguments_are_taken_too(path, lims, capsys):
    kind = "session_types=functional_connectivity"
    command = [
        "get",
        "unit_metrics",
        "--source",
        path,
        "--filter",
        kind,
        "--columns",
        "session_id",
        "--quiet",
    ]
    assert main([*command, "--format", "json", "--quiet"]) == 0
    wanted = lims.get_unit_analysis_metrics(session_types="functional_connectivity")
    assert [row["unit_id"] for row in json.loads(capsys.readouterr().out)] == wanted.index.tolist()


def test_explain_tells_what_would_be_read(path, capsys):
    assert main(["explain", "units", "--source", path, "--session-ids", "5"]) == 0
    out = capsys.readouterr().out
    assert "units/part-00000.parquet: 0 of " in out
    assert f"snapshot, {path}" in out


def test_export_writes_some_of_it_elsewhere(path, lims, tmp_path, capsys):
    session = lims.get_sessions().index[0]
    again = tmp_path / "again"
    command = ["export", str(again), "--source", path, "--session-ids", str(session), "--quiet"]
    assert main(command) == 0
    capsys.readouterr()
    with sf.connect(again) as db:
        pd.testing.assert_frame_equal(db.get_units(), lims.get_units(session_ids=session))
    assert main(["export", path, "--source", path, "--overwrite", "--quiet"]) == 1
    assert "is the snapshot itself" in capsys.readouterr().err


def test_what_cannot_be_asked_is_told(path, tmp_path, capsys):
    assert main(["get", "units", "--source", path, "--include-unusable"]) == 2
    assert "exported without include_unusable" in capsys.readouterr().err
    assert main(["get", "units", "--source", f"{path}/units"]) == 2
    assert f"Give the directory of the whole snapshot: {path}." in capsys.readouterr().err
    assert main(["get", "units", "--source", str(tmp_path)]) == 2
    assert "no manifest.json" in capsys.readouterr().err


def test_what_the_command_left_out_unasked_comes_when_it_is_said(lims, tmp_path, capsys):
    path = str(lims.export(tmp_path / "all", ["probes"], include_unusable=True, progress=False))
    for more, wanted in (
        ([], lims.get_probes()),
        (["--include-unusable"], lims.get_probes(include_unusable=True)),
    ):
        assert main(["get", "probes", "--source", path, "--format", "csv", "--quiet", *more]) == 0
        assert capsys.readouterr().out == wanted.to_csv()


def test_all_hashes_are_compared_when_told(path, capsys):
    assert main(["get", "sessions", "--source", path, "--option", "verify=yes", "--format", "csv"]) == 0
    assert main(["get", "sessions", "--source", path, "--option", "verify=perhaps"]) == 2
    assert "option 'verify'" in capsys.readouterr().err
