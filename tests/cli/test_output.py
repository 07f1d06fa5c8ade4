"""``sessionframes get --output`` where something is already: links, and who may read it."""

import csv
import json
import stat

import pytest

import sessionframes as sf
from sessionframes.cli import main
from sessionframes.demo.brainstem import BrainstemServer


@pytest.fixture(params=["sessions.csv", "sessions.parquet"])
def file(request, tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    return folder / request.param


@pytest.fixture
def link(file, tmp_path):
    """Two links, one behind the other, that lead to the file relative to where they are."""
    link = tmp_path / "links" / file.name
    link.parent.mkdir()
    link.symlink_to(f"second_{file.name}")
    (link.parent / f"second_{file.name}").symlink_to(f"../{file.parent.name}/{file.name}")
    return link


def _mode(path):
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("there", [True, False], ids=["there", "dangling"])
def test_a_link_stays_and_leads_to_what_was_written(get, file, link, there):
    if there:
        file.write_text("old", encoding="utf-8")
    links = {path: path.readlink() for path in link.parent.iterdir()}
    assert get("sessions", "--output", link)[0] == 0
    assert {path: path.readlink() for path in link.parent.iterdir()} == links
    assert list(file.parent.iterdir()) == [file]
    plain = file.with_stem("plain")
    get("sessions", "--output", plain)
    written = file.read_bytes()
    # Parquet tells when it was asked for.
    assert written == plain.read_bytes() if file.suffix == ".csv" else written.startswith(b"PAR1")


def test_links_that_lead_nowhere_are_told_and_stay(get, tmp_path):
    first, second = tmp_path / "first.csv", tmp_path / "second.csv"
    first.symlink_to(second)
    second.symlink_to(first)
    status, out, err = get("sessions", "--output", first)
    assert (status, out) == (1, "")
    assert "cannot be written" in err
    assert first.is_symlink()
    assert second.is_symlink()


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o664, 0o755])
def test_a_file_that_is_replaced_keeps_its_mode(get, file, mode):
    file.write_text("old", encoding="utf-8")
    file.chmod(mode)
    assert get("sessions", "--output", file)[0] == 0
    assert file.read_bytes() != b"old"
    assert _mode(file) == mode
    assert list(file.parent.iterdir()) == [file]


def test_a_new_file_has_the_mode_that_all_new_files_have(get, file, tmp_path):
    other = tmp_path / "other"
    other.touch()
    assert get("sessions", "--output", file)[0] == 0
    assert _mode(file) == _mode(other)


def test_a_file_below_a_file_is_told(get, file):
    file.write_text("mine", encoding="utf-8")
    status, _, err = get("sessions", "--output", file / "sessions.csv")
    assert status == 1
    assert "cannot be written: Not a directory" in err
    assert file.read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize("form", ["csv", "json"])
def test_lists_are_written_as_json_whole(tmp_path, form):
    """NumPy would show no more than three at either end."""
    file, tags = tmp_path / f"sessions.{form}", [f"tag {number}" for number in range(1200)]
    with BrainstemServer(0.05) as server:
        token = server.tokens["administrator"]
        with sf.connect("brainstem", url=server.url, token=token) as db:
            project = db.get_projects(limit=1).index[0]
            db.save("sessions", {"name": "tagged", "projects": [project], "tags": tags})
        address = ["--option", f"url={server.url}", "--option", f"token={token}"]
        assert main(["get", "sessions", "--source", "brainstem", *address, "--output", str(file)]) == 0
    with file.open(encoding="utf-8", newline="") as lines:
        rows = json.load(lines) if form == "json" else list(csv.DictReader(lines))
    (cell,) = (row["tags"] for row in rows if row["session_name"] == "tagged")
    assert (json.loads(cell) if form == "csv" else cell) == tags
