"""What the command line refuses, in which words, and how it ends."""

import pytest

from sessionframes.cli import main

PASSWORD = "hunter2"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["unitz"], "Did you mean 'units'"),
        (["sessions", "--unit-ids", "1"], "no filter 'unit_ids'"),
        (["sessions", "--filter", "fill_genotypes=true"], "'fill_genotype'"),
        (["sessions", "--filter", "fill_genotype=perhaps"], "Say True or False"),
        (["sessions", "--session-ids", "7x"], "'7x' is no whole number"),
        (["sessions", "--session-ids", "99999999999999999999"], "larger than any 64-bit id"),
        (["sessions", "--published-at", "1900-01-01' or '1'='1"], "is no date or time"),
        (["sessions", "--format", "parquet"], "--output FILE.parquet"),
        (["sessions", "--output", "sessions.xls"], "--format"),
        (["sessions", "--output", ".", "--format", "csv"], "not a file"),
        (["sessions", "--option", "sslmod=require"], "'sslmode'"),
    ],
)
def test_a_wrong_question_ends_with_2_and_says_why(get, arguments, said):
    status, out, err = get(*arguments)
    assert (status, out) == (2, "")
    assert said in err
    assert err.startswith("sessionframes: ")
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["fetch"],
        ["get"],
        ["get", "units", "--format", "xml"],
        ["get", "units", "--filter", "quality"],
        ["demo", "--scale", "small"],
        ["--vers"],
        ["demo", "--scal", "0.05"],
        ["get", "units", "--sess", "1"],
        ["get", "units", "--session-id", "1"],
        ["export", "out", "--over"],
        ["describe", "units", "--js"],
    ],
)
def test_wrong_usage_is_told_and_ends_with_2(arguments, capsys):
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("usage: sessionframes")


@pytest.mark.parametrize("scale", ["0", "-1", "nan", "inf"])
def test_a_demo_of_no_size_ends_with_2(scale, capsys):
    assert main(["demo", "--scale", scale]) == 2
    assert "scale" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("source", "status"),
    [
        (f"postgresql://reader:{PASSWORD}@127.0.0.1:1/lims", 1),
        (f"postgresql://reader:{PASSWORD}%zz@127.0.0.1:1/lims", 2),
        (f"mysql://reader:{PASSWORD}@127.0.0.1/lims", 2),
        (f"postgres//reader:{PASSWORD}@127.0.0.1/lims", 2),
        (f"host=127.0.0.1 password={PASSWORD}", 2),
    ],
)
@pytest.mark.parametrize("command", [["get", "units"], ["export", "out"], ["describe", "units"]])
def test_a_source_that_is_not_there_is_told_without_its_password(
    command, source, status, capsys, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    expected = 2 if command[0] == "describe" else status
    assert main([*command, "--source", source]) == expected
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("sessionframes: ")
    assert PASSWORD not in err
    assert not list(tmp_path.iterdir())


def test_an_unknown_source_is_told_with_the_known(capsys):
    assert main(["get", "units", "--source", "limz"]) == 2
    assert "Did you mean 'lims'" in capsys.readouterr().err


def test_lims_without_an_address_names_its_variables(capsys):
    assert main(["get", "units", "--source", "lims"]) == 2
    assert "LIMS_HOST, LIMS_DBNAME, LIMS_USER" in capsys.readouterr().err
