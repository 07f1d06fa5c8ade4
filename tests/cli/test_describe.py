"""``sessionframes describe``, ``sources``, and help."""

import json
import os
import re
from pathlib import Path

import pandas as pd
import pytest

import sessionframes as sf
from sessionframes.cli import main

PASSWORD = "hunter2"


def test_describe_tells_unit_meaning_and_null(capsys):
    assert main(["describe", "units"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    for name, row in sf.describe(sf.tables.Units).iterrows():
        assert name in out
        assert pd.isna(row["unit"]) or f"[{row['unit']}]" in out
    assert "unit_usable" not in out
    main(["describe", "units", "--source", "lims"])
    assert "unit_usable" in capsys.readouterr().out


def test_describe_lists_the_tables(capsys):
    assert main(["describe"]) == 0
    names = [line.split()[0] for line in capsys.readouterr().out.splitlines()]
    chain = ["sessions", "probes", "channels", "units", "unit_metrics"]
    around = ["projects", "subjects", "structures", "trajectories", "assets", "tasks"]
    assert names == [*chain, *around]


def test_describe_as_json_is_the_printed_schema(capsys):
    assert main(["describe", "units", "--json"]) == 0
    one = json.loads(capsys.readouterr().out)
    assert one["primaryKey"] == ["unit_id"]
    assert main(["describe", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["units"] == one


def test_describe_knows_entries_of_the_config_file(capsys):
    config = Path(os.environ["SESSIONFRAMES_CONFIG"])
    config.write_text(f'[sources.ours]\nsource = "lims"\npassword = "{PASSWORD}"\n', encoding="utf-8")
    assert main(["describe", "sessions", "--source", "ours"]) == 0
    assert "has_nwb" in capsys.readouterr().out
    assert main(["sources"]) == 0
    out = capsys.readouterr().out
    assert "ours: lims" in out
    assert PASSWORD not in out


def test_describe_refuses_what_there_is_not(capsys):
    assert main(["describe", "unit"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "Did you mean 'units'" in err


def test_sources_tells_options_and_their_variables(capsys):
    assert main(["sources"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert "LIMS_PASSWORD" in out
    assert os.environ["SESSIONFRAMES_CONFIG"] in out


@pytest.mark.parametrize("command", [[], ["get"], ["export"], ["describe"], ["sources"], ["demo"]])
def test_help_ends_with_0(command, capsys):
    with pytest.raises(SystemExit) as ended:
        main([*command, "--help"])
    assert ended.value.code == 0
    assert capsys.readouterr().out.startswith("usage: sessionframes")


def test_version(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0
    assert re.fullmatch(r"sessionframes \d+\.\d+\.\d+\S*\n", capsys.readouterr().out)


def test_describe_knows_entries_about_the_demo(capsys):
    Path(os.environ["SESSIONFRAMES_CONFIG"]).write_text(
        '[sources.small]\nsource = "demo"\nscale = 0.05\n', encoding="utf-8"
    )
    assert main(["describe", "units", "--source", "small"]) == 0
    told = capsys.readouterr().out
    assert main(["describe", "units", "--source", "demo"]) == 0
    assert capsys.readouterr().out == told


@pytest.mark.parametrize("command", [["sources"], ["describe"], ["describe", "--source", "lims"]])
def test_nothing_is_quoted_as_in_documentation(command, capsys):
    assert main(command) == 0
    assert "`" not in capsys.readouterr().out
