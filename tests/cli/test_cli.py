"""The demo, and the command line as a process: interrupts, pipes, encodings, full disks."""

import os
import re
import signal
from pathlib import Path

import psutil
import pytest

from sessionframes.cli import main


def test_demo_shows_exports_and_reads_back(capsys, tmp_path):
    kept = tmp_path / "kept"
    assert main(["demo", "--scale", "0.05", "--output", str(kept)]) == 0
    out = capsys.readouterr().out
    for table in ("sessions", "probes", "channels", "units"):
        assert re.search(rf"^{table}: [\d,]+ rows x \d+ columns", out, re.MULTILINE)
        told = re.search(rf"^  {table}: [\d,]+ rows read back from ([\d.]+) ([kM]B) of", out, re.MULTILINE)
        bytes_told = float(told[1]) * {"kB": 1e3, "MB": 1e6}[told[2]]
        bytes_there = sum(part.stat().st_size for part in (kept / table).iterdir())
        assert bytes_told == pytest.approx(bytes_there, rel=0.05)
    assert (kept / "manifest.json").exists()


def test_demo_proposes_a_session_that_has_units(capsys, lims):
    assert main(["demo", "--scale", "0.05"]) == 0
    proposed = re.search(r"get units --option scale=0.05 --session-ids (\d+)", capsys.readouterr().out)[1]
    assert len(lims.get_units(session_ids=proposed))


def test_ctrl_c_ends_with_130_and_leaves_no_server(start):
    process = start("demo", "--scale", "0.05")
    assert "up after" in process.stdout.readline()
    children = psutil.Process(process.pid).children(recursive=True)
    servers = [child for child in children if child.name().startswith("postgres")]
    assert servers
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "sessionframes: interrupted" in err
    assert "Traceback" not in err
    _, alive = psutil.wait_procs(servers, timeout=10)
    assert not alive


def test_a_reader_that_went_away_is_no_fault(start, lims_url):
    process = start("get", "units", "--quiet", "--format", "csv", "--source", lims_url)
    process.stdout.close()
    assert process.stderr.read() == ""
    assert process.wait(60) == 141


def test_data_are_utf_8_whatever_the_locale(start, lims_url):
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    words = ("get", "sessions", "--quiet", "--format", "csv", "--source", lims_url)
    process = start(*words, env=environment, encoding="utf-8")
    out, err = process.communicate(timeout=60)
    assert "μ-Opioid" in out
    assert err == ""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no device that is always full")
def test_a_full_disk_is_told(start, lims_url):
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        process = start("get", "sessions", "--quiet", "--source", lims_url, stdout=full)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert err.startswith("sessionframes: the result cannot be written")
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("there", "said"),
    [("export", "holds an export already"), ("notes", "is not empty"), ("file", "is a file")],
)
def test_a_demo_that_cannot_be_exported_is_told_before_it_begins(capsys, lims, tmp_path, there, said):
    kept = tmp_path / "kept"
    if there == "export":
        lims.export(kept, ["sessions"], progress=False)
    elif there == "notes":
        kept.mkdir()
        (kept / "notes.txt").write_text("mine", encoding="utf-8")
    else:
        kept.write_text("mine", encoding="utf-8")
    assert main(["demo", "--scale", "0.05", "--output", str(kept)]) == 1
    out, err = capsys.readouterr()
    # The first thing it says is that the server is up.
    assert out == ""
    assert said in err
    assert "--overwrite" not in err
