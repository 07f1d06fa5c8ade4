"""``sessionframes get``: what it prints, and what it writes."""

import csv
import io
import json
import os

import pandas as pd
import pytest

from sessionframes.cli import main


def _ids(text):
    return [int(row["session_id"]) for row in csv.DictReader(io.StringIO(text))]


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
    assert get("sessions", "--output", taken)[0] == 2
    assert list(tmp_path.iterdir()) == [taken]


def test_invalid_rows_fail_or_are_left_out(own_lims_url, change, start):
    change("update ecephys_probes set global_probe_sampling_rate = -1 where name = 'probeA'")
    failed = start("get", "probes", "--source", own_lims_url)
    printed, said = failed.communicate(timeout=60)
    assert (failed.returncode, printed) == (1, "")
    assert "sampling_rate" in said
    words = ("get", "probes", "--source", own_lims_url, "--on-invalid", "report", "--format", "csv")
    done = start(*words, "--quiet")
    printed, said = done.communicate(timeout=60)
    assert done.returncode == 0
    assert "probeA" not in printed
    assert said.startswith("sessionframes: lims.probes: ")
    assert "rows left out" in said


def test_what_is_said_several_times_is_gathered(get, lims):
    several = lims.get_sessions().index[:2].tolist()
    status, out, _ = get(
        "sessions", "--session-ids", several[0], "--session-ids", several[1], "--format", "csv"
    )
    assert (status, len(out.splitlines())) == (0, 3)
    types = lims.get_sessions()["session_type"].unique().tolist()[:2]
    filters = [word for name in types for word in ("--filter", f"session_types={name}")]
    status, out, _ = get("unit_metrics", *filters, "--format", "csv")
    assert (status, len(out.splitlines())) == (
        0,
        1 + len(lims.get_unit_analysis_metrics(session_types=types)),
    )


def test_a_device_is_not_replaced(get, tmp_path):
    pipe = tmp_path / "pipe.csv"
    os.mkfifo(pipe)
    status, _, err = get("sessions", "--output", pipe)
    assert status == 2
    assert "not a file" in err
    assert pipe.is_fifo()


def test_nothing_is_lost_where_output_is_not_buffered(start, lims_url, lims):
    process = start(
        "get", "units", "--source", lims_url, "--format", "csv", env={**os.environ, "PYTHONUNBUFFERED": "1"}
    )
    out, _ = process.communicate(timeout=60)
    assert len(out.splitlines()) == 1 + len(lims.get_units())
