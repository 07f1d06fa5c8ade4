"""What opens as a snapshot, and what is refused, with the reason."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pandas as pd
import pytest

import sessionframes as sf
from sessionframes.errors import (
    ConfigError,
    ExportError,
    SourceResponseError,
    SourceUnavailableError,
    UnknownSourceError,
)
from sessionframes.parquet.manifest import LAYOUT, sealed
from tests.fake_source import connect
from tests.parquet.exports import export, interrupted, parts


def edited(out, change, *, seal=True):
    """Changes the manifest, and its hash with it."""
    file = out / "manifest.json"
    manifest = json.loads(file.read_text(encoding="utf-8"))
    change(manifest)
    file.write_text(json.dumps(sealed(manifest) if seal else manifest), encoding="utf-8")


def same(target, **options):
    with sf.connect(target, **options) as db:
        for table in ("sessions", "cells", "labs"):
            pd.testing.assert_frame_equal(db.get(table), connect().get(table))
        return db


def test_a_path_or_its_text_or_the_name_of_the_source_open_it(out, monkeypatch):
    same(out)
    same(str(out))
    same(f"{out}/")
    same("snapshot", path=out)
    same("snapshot", path=str(out))
    monkeypatch.chdir(out.parent)
    same("out")
    same("out/")
    same("./out")
    same(Path("out"))
    monkeypatch.chdir(out)
    same(".")
    monkeypatch.setenv("HOME", str(out.parent))
    same("~/out")
    same("snapshot", path="~/out")


def test_a_relative_path_stays_what_it_was(out, monkeypatch):
    monkeypatch.chdir(out.parent)
    with sf.connect("out") as db:
        monkeypatch.chdir("/")
        assert db.transport.address == str(out)
        assert len(db.get("cells")) == 20


def test_a_name_wins_over_a_directory_of_that_name(out, monkeypatch, tmp_path):
    shutil.copytree(out, tmp_path / "snapshot")
    shutil.copytree(out, tmp_path / "institute")
    config = tmp_path / "config.toml"
    config.write_text(f'[sources.institute]\nsource = "snapshot"\npath = "{out}"\n', encoding="utf-8")
    monkeypatch.setenv("SESSIONFRAMES_CONFIG", str(config))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match=r"snapshot: not told which directory.*path="):
        sf.connect("snapshot")
    assert same("institute").transport.address == str(out)
    assert same("./institute").transport.address == str(tmp_path / "institute")
    assert same(Path("snapshot")).transport.address == str(tmp_path / "snapshot")


def test_a_path_is_given_once(out):
    with pytest.raises(ConfigError, match="one by position and one as path"):
        sf.connect(out, path=str(out))
    with pytest.raises(ConfigError, match="no option 'pth'"):
        sf.connect(out, pth=1)


@pytest.mark.parametrize("name", ["with space", "ünïcode 日本", "%41?x=1#y", "a\\b", "-v", "'quoted\""])
def test_any_name_of_a_directory_will_do(tmp_path, name):
    path = export(tmp_path / name)
    same(path)
    same(f"{path}/")


def test_a_link_to_a_snapshot_or_to_its_tables_will_do(out, tmp_path):
    (tmp_path / "link").symlink_to(out, target_is_directory=True)
    same(tmp_path / "link")
    (out / "cells").rename(tmp_path / "elsewhere")
    (out / "cells").symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    same(out)


def test_nothing_is_written_where_it_is_read(out):
    before = {path: path.stat().st_mtime_ns for path in [out, *out.rglob("*")]}
    for path in before:
        path.chmod(0o555 if path.is_dir() else 0o444)
    try:
        same(out)
        same(out, verify=True)
    finally:
        for path in before:
            path.chmod(0o755)
    assert before == {path: path.stat().st_mtime_ns for path in [out, *out.rglob("*")]}


def test_a_copy_is_as_good_as_the_original(out, tmp_path):
    same(shutil.copytree(out, tmp_path / "same times"))
    same(shutil.copytree(out, tmp_path / "new times", copy_function=shutil.copyfile))
    assert same(out.rename(tmp_path / "moved")).tables == ("sessions", "cells", "labs")


def test_what_others_put_beside_does_not_matter(out):
    (out / "notes.txt").write_text("mine")
    (out / "mine").mkdir()
    (out / "cells" / "notes.txt").write_text("mine")
    same(out)


@pytest.mark.parametrize("target", ["nope/", "./nope", "/no/such/place", "~nobody-at-all/x"])
def test_no_directory(target):
    with pytest.raises(UnknownSourceError, match=r"snapshot: there is no directory .*export"):
        sf.connect(target)


def test_a_file_is_no_directory(tmp_path):
    (tmp_path / "x.csv").write_text("a,b")
    with pytest.raises(UnknownSourceError, match=r"x\.csv is a file\. Give the directory"):
        sf.connect(tmp_path / "x.csv")


def test_an_empty_directory_is_no_snapshot(tmp_path):
    with pytest.raises(UnknownSourceError, match=r"is no snapshot: there is no manifest\.json in it"):
        sf.connect(tmp_path)


@pytest.mark.parametrize("below", ["cells", "cells/part-00000.parquet", "manifest.json"])
def test_a_part_of_a_snapshot_says_to_give_the_whole(out, below):
    with pytest.raises(UnknownSourceError) as caught:
        sf.connect(out / below)
    assert caught.value.hint == f"Give the directory of the whole snapshot: {out}."


def test_an_unfinished_export_says_how_to_finish_it(tmp_path):
    db = interrupted(tmp_path / "out")
    with pytest.raises(UnknownSourceError, match=r"not finished\. Make the same export again"):
        sf.connect(tmp_path / "out")
    same(export(tmp_path / "out", db))


def test_an_export_that_runs_is_not_finished(tmp_path):
    seen = []

    def look():
        with pytest.raises(UnknownSourceError, match="not finished"):
            sf.connect(tmp_path / "out")
        seen.append(True)

    db = connect()
    export(tmp_path / "out", db, ["labs"])
    db.transport.before_page = lambda: look() if (tmp_path / "out" / ".lock").exists() else None
    export(tmp_path / "out", db, overwrite=True)
    assert seen


@pytest.mark.parametrize("text", ["{}", "[]", "null", '{"layout": "2", "tables": {}}', '{"tables": {}}'])
def test_a_manifest_of_other_making_is_none_of_ours(out, text):
    (out / "manifest.json").write_text(text)
    with pytest.raises(UnknownSourceError, match=r"manifest\.json is not of our making"):
        sf.connect(out)


@pytest.mark.parametrize("text", ["[" * 100_000, "", "{", '{"layout": ', "\0", "é".encode("latin-1")])
def test_a_manifest_that_is_no_json_is_told(out, text):
    (out / "manifest.json").write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(SourceResponseError, match=r"manifest\.json is no JSON"):
        sf.connect(out)


@pytest.mark.parametrize("tables", [{}, [], None])
def test_a_newer_layout_says_which_version_wrote_it(out, tables):
    # Whatever else is new in it.
    edited(out, lambda told: told.update(layout=LAYOUT + 1, sessionframes="9.9", tables=tables))
    with pytest.raises(SourceResponseError, match=r"written by sessionframes 9\.9.*Install that version"):
        sf.connect(out)


def test_an_older_layout_says_to_export_again(out):
    edited(out, lambda told: (told.update(layout=LAYOUT - 1), told.pop("sessionframes")))
    with pytest.raises(SourceResponseError, match=r"layout 1, written by sessionframes of old.*Export again"):
        sf.connect(out)


def _first(told):
    return told["tables"]["cells"]["parts"][0]


@pytest.mark.parametrize(
    "change",
    [
        lambda told: _first(told).update(rows=19),
        lambda told: _first(told).update(sha256="0" * 64),
        lambda told: told["question"].update(source="alyx"),
        lambda told: told["tables"].pop("labs"),
        lambda told: told.pop("sha256"),
        lambda told: told.update(sha256=None),
        lambda told: told["tables"]["cells"]["description"]["fields"][3].update(unit="kHz"),
        lambda told: told.update(more=1),
    ],
)
def test_an_edited_manifest_is_told(out, change):
    edited(out, change, seal=False)
    with pytest.raises(SourceResponseError, match=r"manifest\.json was changed since it was written"):
        sf.connect(out)


def test_a_manifest_may_be_laid_out_in_another_way(out):
    edited(out, lambda _: None, seal=False)
    same(out)


@pytest.mark.parametrize(
    "change",
    [
        lambda told: _first(told).update(file="../../x.parquet"),
        lambda told: _first(told).update(file="other.parquet"),
        lambda told: _first(told).pop("rows"),
        lambda told: told["tables"].update({"../cells": told["tables"].pop("cells")}),
        lambda told: told["tables"].update({"cellz": told["tables"].pop("cells")}),
        lambda told: told["tables"]["cells"].update(parts=[]),
        lambda told: told["tables"]["cells"].pop("description"),
        lambda told: told["tables"].update(cells=5),
    ],
)
def test_what_we_would_not_have_written_is_not_understood(out, change):
    edited(out, change)
    with pytest.raises(SourceResponseError, match=r"manifest\.json is not understood"):
        sf.connect(out)


@pytest.mark.parametrize("verify", [None, True, False])
def test_a_missing_file_is_told(out, verify):
    parts(out, "cells")[0].unlink()
    with pytest.raises(
        SourceResponseError, match=r"snapshot\.cells: .*part-00000\.parquet is missing\. Copy it anew"
    ):
        sf.connect(out, verify=verify)


def test_a_missing_folder_is_told(out):
    shutil.rmtree(out / "cells")
    with pytest.raises(SourceResponseError, match=r"snapshot\.cells: .*cells is missing"):
        sf.connect(out)


@pytest.mark.parametrize("name", ["part-00001.parquet", "good.parquet"])
def test_a_part_that_is_not_listed_is_told(out, name):
    shutil.copy(parts(out, "cells")[0], out / "cells" / name)
    with pytest.raises(SourceResponseError, match=rf"{name} is not listed in the manifest"):
        sf.connect(out)


def test_what_readers_of_a_folder_skip_may_lie_there(out):
    for name in (".part-00001.parquet", "_notes.parquet", "notes.txt"):
        shutil.copy(parts(out, "cells")[0], out / "cells" / name)
    sf.connect(out).close()


@pytest.mark.parametrize("verify", [None, True, False])
@pytest.mark.parametrize("change", [lambda data: data[:-1], lambda data: data + b"x", lambda _: b""])
def test_a_file_of_another_size_is_told(out, change, verify):
    part = parts(out, "cells")[0]
    times = part.stat()
    part.write_bytes(change(part.read_bytes()))
    os.utime(part, ns=(times.st_atime_ns, times.st_mtime_ns))
    with pytest.raises(SourceResponseError, match=r"snapshot\.cells: .* bytes, and was written with"):
        sf.connect(out, verify=verify)


def _flipped(part):
    data = bytearray(part.read_bytes())
    data[len(data) // 2] ^= 1
    part.write_bytes(data)


def test_a_file_of_another_time_is_hashed(out):
    part = parts(out, "cells")[0]
    _flipped(part)
    for verify in (None, True):
        with pytest.raises(SourceResponseError, match=r"snapshot\.cells: .*its hash is another"):
            sf.connect(out, verify=verify)
    sf.connect(out, verify=False).close()


def test_a_file_that_was_only_touched_is_hashed_and_is_good(out):
    os.utime(parts(out, "cells")[0], ns=(1, 1))
    same(out)


def test_a_file_of_its_own_time_is_hashed_only_when_told(out):
    part = parts(out, "cells")[0]
    times = part.stat()
    _flipped(part)
    os.utime(part, ns=(times.st_atime_ns, times.st_mtime_ns))
    sf.connect(out).close()
    with pytest.raises(SourceResponseError, match="its hash is another"):
        sf.connect(out, verify=True)
    with pytest.raises(SourceResponseError, match="its hash is another"):
        sf.connect(out, verify="yes")


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may read everything")
def test_what_may_not_be_read_is_told(out):
    (out / "manifest.json").chmod(0)
    with pytest.raises(SourceUnavailableError, match="cannot be read"):
        sf.connect(out)


def test_a_name_that_is_too_long_is_told():
    with pytest.raises(SourceUnavailableError, match="cannot be read: File name too long"):
        sf.connect("/" + "x" * 5000)


def test_an_export_does_not_go_where_it_comes_from(out, tmp_path):
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    (tmp_path / "link").symlink_to(out)
    with sf.connect(out) as db:
        for path in (out, tmp_path / "link"):
            with pytest.raises(ExportError, match="is the snapshot itself"):
                db.export(path, overwrite=True, progress=False)
        with pytest.raises(ExportError, match="not empty"):
            db.export(out / "cells", overwrite=True, progress=False)
    assert before == {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
