"""The command line: what it prints where, what it leaves behind, and how it ends."""

import csv
import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

import sessionframes as sf
from sessionframes.cli import main

PASSWORD = "hunter2"
#: An interrupt reaches the command even where the test run itself was told to ignore it.
_COMMAND = (
    "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler); "
    "from sessionframes.cli import main; sys.exit(main())"
)


@pytest.fixture(autouse=True)
def _no_config_of_ours(monkeypatch, tmp_path_factory):
    """Whoever runs the tests may have a LIMS of their own."""
    config = tmp_path_factory.mktemp("config") / "config.toml"
    config.write_text("", encoding="utf-8")
    monkeypatch.setenv("SESSIONFRAMES_CONFIG", str(config))
    for name in [name for name in os.environ if name.startswith("LIMS_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def get(lims_url, capsys):
    """Runs ``sessionframes get`` on the LIMS and returns its status, what it printed, and what it said."""

    def run(*arguments):
        status = main(["get", *map(str, arguments), "--source", lims_url])
        return status, *capsys.readouterr()

    return run


def _ids(text):
    return [int(row["session_id"]) for row in csv.DictReader(io.StringIO(text))]


def _started(*arguments, **options):
    return subprocess.Popen(
        [sys.executable, "-c", _COMMAND, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


# what is printed


def test_text_shows_the_table_and_nothing_else(get, lims):
    status, out, err = get("sessions")
    assert (status, err) == (0, "")
    frame = lims.get_sessions()
    assert out == f"{frame.to_string(max_rows=20, show_dimensions=True)}\n"


def test_long_tables_are_cut_on_the_screen(get, lims):
    _, out, _ = get("units")
    rows, columns = lims.get_units().shape
    assert out.endswith(f"[{rows} rows x {columns} columns]\n")
    assert out.count("\n") < 40


def test_csv_holds_every_row_and_column(get, lims):
    status, out, err = get("probes", "--format", "csv")
    assert (status, err) == (0, "")
    frame = lims.get_probes()
    read = pd.read_csv(io.StringIO(out), index_col="probe_id")
    assert list(read.columns) == list(frame.columns)
    assert read.index.tolist() == frame.index.tolist()
    assert read["sampling_rate"].tolist() == frame["sampling_rate"].tolist()


def test_json_loses_no_digit_and_tells_null_as_null(get, lims):
    status, out, err = get("units", "--format", "json")
    assert (status, err) == (0, "")
    rows = json.loads(out)
    frame = lims.get_units().reset_index()
    assert list(rows[0]) == list(frame.columns)
    for name in ("unit_id", "quality", "snr", "isi_violations", "unit_usable"):
        expected = frame[name].astype(object).where(frame[name].notna(), None).tolist()
        assert [row[name] for row in rows] == expected


def test_json_keeps_tiny_numbers_and_microseconds(change, own_lims_url, capsys):
    change(
        "update ecephys_units set l_ratio = 3.14159265358979e-14",
        "update ecephys_sessions set published_at = '2019-10-03 08:30:00.123456'",
    )
    assert main(["get", "units", "--source", own_lims_url, "--format", "json"]) == 0
    assert {row["l_ratio"] for row in json.loads(capsys.readouterr().out)} == {3.14159265358979e-14}
    assert main(["get", "sessions", "--source", own_lims_url, "--format", "json"]) == 0
    published = {row["published_at"] for row in json.loads(capsys.readouterr().out)}
    assert len(published) == 1
    assert published.pop().startswith("2019-10-03T08:30:00.123456")


def test_an_empty_answer_still_has_its_columns(get, lims):
    _, out, _ = get("units", "--session-ids", "1", "--format", "csv")
    assert out.splitlines() == [",".join(["unit_id", *lims.get_units(unit_ids=[]).columns])]


# filters


def test_ids_filter(get, lims):
    wanted = lims.get_sessions().index[:2].tolist()
    _, out, _ = get("sessions", "--session-ids", " , ".join(map(str, wanted)), "--format", "csv")
    assert _ids(out) == wanted


@pytest.mark.parametrize("level", ["session", "probe", "channel", "unit"])
def test_ids_of_every_level_filter_units(get, lims, level):
    units = lims.get_units()
    wanted = units.reset_index()[f"{level}_id"].iloc[0]
    _, out, _ = get("units", f"--{level}-ids", wanted, "--format", "csv")
    expected = lims.get_units(**{f"{level}_ids": wanted})
    assert [int(row["unit_id"]) for row in csv.DictReader(io.StringIO(out))] == expected.index.tolist()


def test_published_at_filters(get, lims):
    _, out, _ = get("sessions", "--published-at", "2019-12-31", "--format", "csv")
    expected = lims.get_sessions(published_at="2019-12-31").index.tolist()
    assert 0 < len(expected) < len(lims.get_sessions())
    assert _ids(out) == expected


def test_include_unusable_and_other_arguments(get, lims):
    _, out, _ = get("sessions", "--include-unusable", "--filter", "fill_genotype=true", "--format", "csv")
    expected = lims.get_sessions(include_unusable=True, fill_genotype=True)
    assert len(expected) > len(lims.get_sessions())
    rows = list(csv.DictReader(io.StringIO(out)))
    assert [row["genotype"] for row in rows] == expected["genotype"].tolist()


def test_session_types_filter_metrics(get, lims):
    _, out, _ = get("unit_metrics", "--filter", "session_types=functional_connectivity", "--format", "csv")
    expected = lims.get_unit_analysis_metrics(session_types="functional_connectivity")
    assert [int(row["unit_id"]) for row in csv.DictReader(io.StringIO(out))] == expected.index.tolist()
    assert len(expected)


# what is refused, and how it ends


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


# files


@pytest.mark.parametrize("suffix", [".csv", ".json", ".txt", ".CSV"])
def test_the_suffix_tells_the_format(get, tmp_path, suffix):
    file = tmp_path / f"sessions{suffix}"
    status, out, err = get("sessions", "--output", file)
    assert (status, out) == (0, "")
    assert str(file) in err
    form = {".txt": "text"}.get(suffix, suffix.lower().removeprefix("."))
    assert file.read_text(encoding="utf-8") == get("sessions", "--format", form)[1]
    assert list(tmp_path.iterdir()) == [file]


def test_parquet_gives_the_same_frame_back(get, lims, tmp_path):
    file = tmp_path / "units.parquet"
    assert get("units", "-o", file)[0] == 0
    pd.testing.assert_frame_equal(pd.read_parquet(file), lims.get_units())


def test_format_wins_over_the_suffix(get, tmp_path):
    file = tmp_path / "sessions.txt"
    get("sessions", "--output", file, "--format", "csv")
    assert file.read_text(encoding="utf-8").startswith("session_id,")


@pytest.mark.parametrize(
    "failing", [["--session-ids", "x"], ["--source", "postgresql://nobody@127.0.0.1:1/no"]]
)
def test_a_file_that_is_there_stays_when_the_answer_does_not_come(lims_url, tmp_path, failing):
    file = tmp_path / "sessions.csv"
    file.write_text("mine", encoding="utf-8")
    assert main(["get", "sessions", "--source", lims_url, "--output", str(file), *failing]) in (1, 2)
    assert file.read_text(encoding="utf-8") == "mine"
    assert list(tmp_path.iterdir()) == [file]


def test_a_place_that_cannot_be_written_is_told(get, tmp_path):
    status, out, err = get("sessions", "--output", tmp_path / "nowhere" / "sessions.csv")
    assert (status, out) == (1, "")
    assert "cannot be written" in err
    taken = tmp_path / "taken.csv"
    taken.mkdir()
    assert get("sessions", "--output", taken)[0] == 1
    assert list(tmp_path.iterdir()) == [taken]


# export


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


# describe, sources, help


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
    assert names == ["sessions", "probes", "channels", "units", "unit_metrics"]


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


# the demo, and processes of their own


def test_demo_shows_exports_and_reads_back(capsys, tmp_path):
    kept = tmp_path / "kept"
    assert main(["demo", "--scale", "0.05", "--output", str(kept)]) == 0
    out = capsys.readouterr().out
    for table in ("sessions", "probes", "channels", "units"):
        assert re.search(rf"^{table}: [\d,]+ rows x \d+ columns", out, re.MULTILINE)
        assert re.search(rf"^  {table}: [\d,]+ rows read back", out, re.MULTILINE)
    assert (kept / "manifest.json").exists()


def test_demo_proposes_a_session_that_has_units(capsys, lims):
    assert main(["demo", "--scale", "0.05"]) == 0
    proposed = re.search(r"get units --session-ids (\d+)", capsys.readouterr().out)[1]
    assert len(lims.get_units(session_ids=proposed))


def test_ctrl_c_ends_with_130_and_leaves_no_server():
    process = _started("demo", "--scale", "0.05")
    first = process.stdout.readline()
    home = Path(re.search(r"@(\S+?):\d+/", first)[1])
    assert list(home.iterdir())
    process.send_signal(2)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "sessionframes: interrupted" in err
    assert "Traceback" not in err
    assert not home.exists()


def test_a_reader_that_went_away_is_no_fault(lims_url):
    process = _started("get", "units", "--format", "csv", "--source", lims_url)
    process.stdout.close()
    err = process.stderr.read()
    process.stderr.close()
    assert process.wait(60) == 141
    assert err == ""


def test_data_are_utf_8_whatever_the_locale(lims_url):
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    result = subprocess.run(
        [sys.executable, "-c", _COMMAND, "get", "sessions", "--format", "csv", "--source", lims_url],
        env=environment,
        capture_output=True,
        check=True,
        timeout=60,
    )
    assert "μ-Opioid" in result.stdout.decode("utf-8")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no device that is always full")
def test_a_full_disk_is_told(lims_url):
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        result = subprocess.run(
            [sys.executable, "-c", _COMMAND, "get", "sessions", "--source", lims_url],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            timeout=60,
        )
    assert result.returncode == 1
    assert result.stderr.startswith("sessionframes: the result cannot be written")
    assert result.stderr.count("\n") == 1
