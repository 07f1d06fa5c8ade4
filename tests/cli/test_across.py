"""Joins on the command line, and where exports and files came from."""

import pandas as pd
import pytest

from sessionframes.cli import main


@pytest.fixture
def exported(lims, tmp_path):
    return lims.export(tmp_path / "labs", ["sessions", "units"], progress=False)


@pytest.mark.parametrize(
    "said", [["--join", "sessions,channels"], ["--join", "channels", "--join", "sessions"]]
)
def test_tables_above_are_joined(get, lims, tmp_path, said):
    file = tmp_path / "units.parquet"
    status, _, err = get("units", *said, "--limit", 9, "--output", file)
    assert (status, err.count("9 rows")) == (0, 1)
    pd.testing.assert_frame_equal(
        pd.read_parquet(file), lims.get_units(join=["channels", "sessions"], limit=9)
    )


@pytest.mark.filterwarnings("always::sessionframes.OrphanRowsWarning")
def test_orphans_fail_or_go_or_stay_and_are_told(get, lims):
    asked = ("units", "--join", "unit_metrics", "--columns", "g_osi_dg", "--format", "csv")
    status, out, err = get(*asked)
    assert (status, out) == (1, "")
    assert "that unit_metrics has no row of" in err
    status, out, err = get(*asked, "--orphans", "drop")
    assert (status, len(out.splitlines()) - 1) == (0, len(lims.get("unit_metrics")))
    assert "found no unit_metrics" in err
    assert "OrphanRowsWarning" not in err
    status, out, _ = get(*asked, "--orphans", "keep", "--quiet")
    assert (status, len(out.splitlines()) - 1) == (0, len(lims.get_units()))


def test_a_table_that_cannot_be_joined_is_refused_with_those_that_can(get):
    status, out, err = get("units", "--join", "chanels")
    assert (status, out) == (2, "")
    assert "join names 'chanels'" in err
    assert "Did you mean 'channels'?" in err


def test_explain_tells_the_join(lims_url, capsys):
    assert main(["explain", "units", "--join", "channels", "--source", lims_url]) == 0
    assert "JOIN ecephys_channels" in capsys.readouterr().out


def test_an_export_and_its_files_tell_where_they_came_from(exported, capsys):
    assert main(["provenance", str(exported)]) == 0
    assert capsys.readouterr().out.startswith("2 tables, by export of\n")
    assert main(["provenance", str(exported / "units" / "part-00000.parquet")]) == 0
    assert capsys.readouterr().out.startswith("units of lims\n")


def test_what_tells_nothing_is_no_export(tmp_path, capsys):
    assert main(["provenance", str(tmp_path / "nothing")]) == 2
    assert "nothing" in capsys.readouterr().err


def test_the_tables_of_an_export_are_described(exported, capsys):
    assert main(["describe", "--source", str(exported)]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == ["sessions", "units"]
    assert main(["describe", "units", "--source", str(exported)]) == 0
    assert "epoch_name_quality_metrics" in capsys.readouterr().out
    assert main(["describe", "probes", "--source", str(exported)]) == 2


def test_a_snapshot_has_the_tables_that_were_exported(capsys):
    assert main(["sources"]) == 0
    out = capsys.readouterr().out
    assert "snapshot: " in out
    assert "  tables: those that were exported\n" in out
