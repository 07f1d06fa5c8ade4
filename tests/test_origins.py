"""Where frames, exports and files came from, for people to read."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pandas as pd
import pytest

import sessionframes as sf
from sessionframes.errors import ExportError, QueryError, UnknownSourceError


@pytest.fixture(scope="module")
def units(lims):
    return lims.get_units(limit=20, where="snr__gt=0")


def told(frame):
    return json.loads(frame.attrs["sessionframes"])


def test_a_frame_tells_who_was_asked_what_and_when(lims, units):
    text = str(sf.provenance(units))
    assert text.splitlines()[0] == "units of lims"
    assert "units(where=snr__gt=0.0, limit=20)" in text
    assert lims.transport.address in text
    assert told(units)["time"] in text
    assert told(units)["schema"] == lims.read("units").table.schema_hash()
    assert sf.provenance(units).origin == told(units)


def test_no_password_is_told(lims_url):
    with sf.connect("lims", url=lims_url.replace("@", ":hunter2@", 1)) as db:
        frame = db.get_sessions()
    assert "postgres@" in str(sf.provenance(frame))
    assert "hunter2" not in frame.attrs["sessionframes"]


def test_what_was_made_of_several_tells_all_of_them(lims, units):
    joined = sf.join(units, lims.get_channels(), lims.get_probes())
    origin = sf.provenance(joined).origin
    assert (origin["step"], origin["orphans"]) == ("join", "raise")
    assert [part["table"] for part in origin["parts"]] == ["units", "channels", "probes"]
    assert origin["parts"][0] == told(units)
    with_union = sf.provenance(sf.union(north=joined, south=joined)).origin
    assert [part["named"] for part in with_union["parts"]] == ["north", "south"]
    lines = str(sf.provenance(sf.union(joined))).splitlines()
    assert [line.strip() for line in lines if line.rstrip().endswith((" of", " lims"))] == [
        *("units, by union of", "units, by join of", "units of lims", "channels of lims", "probes of lims"),
    ]


def test_orphans_are_told(lims, units):
    channels = lims.get_channels(channel_ids=units["channel_id"].iloc[:5])
    with pytest.warns(sf.OrphanRowsWarning):
        joined = sf.join(units, channels, orphans="drop")
    lost = len(units) - len(joined)
    assert told(joined)["orphan_rows"] == {"channels": lost}
    assert f"channels {lost}" in str(sf.provenance(joined))


def test_it_stays_short_however_many_ids_were_asked_for(lims):
    frame = lims.get_units(unit_ids=range(100_000))
    assert len(frame.attrs["sessionframes"]) < 1000


def test_steps_of_pandas_keep_it_and_others_lose_it(units):
    assert told(units.query("snr > 1").sort_values("snr").assign(depth=1.0)) == told(units)
    # pandas keeps what all that it merges agree about.
    lost = units.merge(pd.DataFrame({"depth": 1.0}, units.index), left_index=True, right_index=True)
    assert "does not tell" in str(sf.provenance(lost))
    assert sf.provenance(lost).origin == {}


@pytest.mark.parametrize(
    "garbage",
    ["{", "[]", 7, "[" * 100_000, '{"parts": [1, {}]}', '{"tables": 3}', '{"tables": {"a": 1, "b": {}}}'],
)
def test_garbage_is_told_as_far_as_it_goes(units, garbage):
    odd = units.copy()
    odd.attrs = {"sessionframes": garbage}
    assert str(sf.provenance(odd))


def test_a_notebook_shows_the_same_without_letting_it_act():
    frame = pd.DataFrame({"x": [1]})
    frame.attrs["sessionframes"] = json.dumps({"table": "units", "source": "<script>alert(1)</script>"})
    shown = sf.provenance(frame)._repr_html_()
    assert "<script>" not in shown
    assert "&lt;script&gt;" in shown


def test_an_export_tells_its_tables(lims, tmp_path):
    path = lims.export(tmp_path / "labs", ["sessions", "units"], progress=False)
    text = str(sf.provenance(path))
    assert text.splitlines()[0] == "2 tables, by export of"
    assert "units of lims" in text
    assert re.search(rf"rows +{len(lims.get_units())}\n", text)
    assert str(sf.provenance(str(path))) == text
    part = sf.provenance(path / "units" / "part-00000.parquet")
    assert part.origin["query"] == "units()"
    assert str(part).splitlines()[0] == "units of lims"


def test_a_file_that_pandas_wrote_tells_too(units, tmp_path):
    units.to_parquet(tmp_path / "units.parquet")
    assert sf.provenance(tmp_path / "units.parquet").origin == told(units)


def test_a_frame_of_a_snapshot_tells_what_that_is_of(lims, tmp_path):
    path = lims.export(tmp_path / "labs", ["units"], progress=False)
    with sf.connect(path) as snapshot:
        origin = told(snapshot.get_units(limit=1))
    assert (origin["source"], origin["address"]) == ("snapshot", str(path))
    assert origin["snapshot_of"]["source"] == "lims"
    assert origin["snapshot_of"]["address"] == lims.transport.address
    assert origin["snapshot_of"]["query"] == "units()"


def test_what_was_asked_before_is_told_of_a_snapshot_of_a_snapshot(lims, tmp_path):
    filters = {"units": "quality=good", "probes": "probe_name=probeA"}
    tables = ["units", "probes"]
    first = lims.export(tmp_path / "first", tables, where=filters, progress=False)
    of_first = {
        "units": "units(where=quality=good)",
        "probes": "probes(where=probe_name=probeA)",
    }
    with sf.connect(first) as db:
        for table in tables:
            assert told(db.get(table))["snapshot_of"]["query"] == of_first[table]
        counted = told(db.summarize("probes", "units"))["parts"]
        assert [part["snapshot_of"]["query"] for part in counted] == [of_first["probes"], of_first["units"]]
        second = db.export(tmp_path / "second", tables, where="probe_id__gt=5", progress=False)
    of_second = {name: f"{name}(where=probe_id__gt=5) of {query}" for name, query in of_first.items()}
    with sf.connect(second) as db:
        assert {name: told(db.get(name))["snapshot_of"]["query"] for name in tables} == of_second
        third = db.export(tmp_path / "third", tables, progress=False)
    with sf.connect(third) as db:
        origin = told(db.get_units(limit=1))
    assert origin["query"] == "units(limit=1)"
    assert origin["snapshot_of"]["query"] == f"units() of {of_second['units']}"
    assert origin["snapshot_of"]["address"] == lims.transport.address
    part = sf.provenance(third / "units" / "part-00000.parquet")
    assert part.origin["snapshot_of"]["query"] == of_second["units"]
    assert of_second["units"] in str(sf.provenance(third))


def test_a_path_may_begin_at_home(lims, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    path = lims.export("~/labs", ["units"], progress=False)
    assert path == tmp_path / "labs"
    wanted = str(sf.provenance(path))
    assert str(sf.provenance("~/labs")) == str(sf.provenance(Path("~/labs"))) == wanted
    with sf.connect("~/labs") as one, sf.connect(Path("~/labs")) as other:
        assert one.transport.address == other.transport.address == str(path)
        with pytest.raises(ExportError, match="is the snapshot itself"):
            one.export("~/labs", overwrite=True)


def test_a_folder_may_have_the_sign_of_home_for_a_name(lims, tmp_path, monkeypatch):
    (tmp_path / "work" / "~").mkdir(parents=True)
    (tmp_path / "home").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path / "work")
    change = ["sessions", "units"]
    path = lims.export("./~/labs", change, sessions_per_chunk=1, progress=False)
    assert path == tmp_path / "work" / "~" / "labs"
    assert sf.provenance("./~/labs").origin["tables"].keys() == set(change)
    with sf.connect("./~/labs") as db:
        pd.testing.assert_frame_equal(db.get_units(), lims.get_units())
        assert db.transport.address == str(path)
    assert not list((tmp_path / "home").iterdir())


def test_what_tells_nothing_is_refused(tmp_path):
    with pytest.raises(QueryError, match="Give a frame"):
        sf.provenance(3)
    with pytest.raises(UnknownSourceError):
        sf.provenance(tmp_path / "nothing")
    with pytest.raises(UnknownSourceError):
        sf.provenance(tmp_path)
