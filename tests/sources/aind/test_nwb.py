from __future__ import annotations

import json
import pickle
import shutil
import threading
import traceback
from concurrent.futures import ThreadPoolExecutor

import h5py
import numpy as np
import pytest
from numcodecs import JSON

from sessionframes.errors import AuthenticationError, SourceResponseError
from sessionframes.sources.aind.nwb import open_nwb
from sessionframes.sources.aind.storage import Storage
from tests.sources.aind.buckets import Buckets
from tests.sources.aind.nwb_files import ASSET, FORMATS, electrodes, name_of, units, write

every_format = pytest.mark.parametrize("kind", FORMATS)
#: As many columns of measures as the pipeline writes.
MEASURES = [f"measure_{number}" for number in range(36)]
FEW_BYTES = 0.05


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """One file in both formats, with all kinds of columns."""
    folder = tmp_path_factory.mktemp("nwb")
    rows = 6
    more = {
        "snr": [1.5, float("nan"), 2.5, 3.5, 4.5, 5.5],
        "num_spikes": list(range(rows)),
        "default_qc": [True, False] * 3,
        "decoder_label": ["sua", "MUA", "noise", "ünlabelled", "", "sua"],
        "kind": ["good", "bad", "good", "good", "bad", "bad"],
        "tags": [["a", "b"], [], ["c"], ["d"], ["e", "f", "g"], ["h"]],
    }
    kinds = {"kind": {"enum": True}, "tags": {"index": True}}
    for kind in FORMATS:
        write(folder / name_of(kind), electrodes(), {**units(), **more}, kinds=kinds)
    return folder


@pytest.fixture
def storage():
    return Storage(local=True)


def read_columns(storage, url, table="units", *, asset_id=None, wanted=None):
    with open_nwb(storage, url, asset_id or url) as file:
        return file.columns(table, wanted)


@every_format
def test_columns_of_all_kinds_are_read(files, storage, kind):
    found = read_columns(storage, str(files / name_of(kind)), "units", asset_id=ASSET)
    assert found.rows == 6
    values = found.values
    np.testing.assert_array_equal(values["snr"], [1.5, np.nan, 2.5, 3.5, 4.5, 5.5])
    assert values["num_spikes"].tolist() == list(range(6))
    assert values["default_qc"].tolist() == [True, False] * 3
    assert values["decoder_label"] == ["sua", "MUA", "noise", "ünlabelled", "", "sua"]
    assert values["device_name"] == ["ProbeA"] * 3 + ["ProbeB"] * 3
    assert values["kind"] == ["good", "bad", "good", "good", "bad", "bad"]


@every_format
def test_spikes_waveforms_lists_and_pointers_are_left_out(files, storage, kind):
    url = str(files / name_of(kind))
    found = read_columns(storage, url, "units")
    assert not {"spike_times", "waveform_mean", "waveform_sd"} & {*found.values, *found.left_out}
    assert {"spike_times", "waveform_mean"} <= {*found.names}
    assert sorted(found.left_out) == ["electrodes", "tags"]
    assert read_columns(storage, url, "electrodes").left_out == ("group",)


@every_format
def test_lists_are_read_when_they_are_asked_for(files, storage, kind):
    with open_nwb(storage, str(files / name_of(kind)), ASSET) as file:
        found = file.columns("units", {"tags", "electrodes"}, lists={"tags", "electrodes"}).values
    assert found["tags"] == [["a", "b"], [], ["c"], ["d"], ["e", "f", "g"], ["h"]]
    assert found["electrodes"] == [list(range(8))] * 3 + [list(range(8, 16))] * 3


@every_format
def test_only_columns_that_are_wanted_are_read(files, storage, kind):
    found = read_columns(storage, str(files / name_of(kind)), "units", wanted={"snr", "of another release"})
    assert [*found.values] == ["snr"]


@every_format
def test_electrodes_are_read(files, storage, kind):
    found = read_columns(storage, str(files / name_of(kind)), "electrodes")
    assert found.values["channel_name"][:2] == ["AP1", "AP2"]
    assert found.values["group_name"] == ["ProbeA"] * 8 + ["ProbeB"] * 8
    assert found.values["rel_x"][:4].tolist() == [16.0, 48.0, 0.0, 32.0]
    assert np.isnan(found.values["imp"]).all()


def test_a_folder_that_is_called_nwb_is_zarr(files, storage, tmp_path):
    shutil.copytree(files / name_of("zarr"), tmp_path / "a.nwb")
    assert read_columns(storage, str(tmp_path / "a.nwb")).rows == 6


def test_zarr_without_consolidated_metadata_is_read(files, storage, tmp_path):
    folder = shutil.copytree(files / name_of("zarr"), tmp_path / "a.nwb.zarr")
    (folder / ".zmetadata").unlink()
    whole = read_columns(storage, str(files / name_of("zarr")))
    found = read_columns(storage, str(folder))
    assert found.names == whole.names
    np.testing.assert_equal(found.values, whole.values)


@pytest.mark.parametrize("part", ["units/ks_unit_id/.zattrs", "units/.zattrs", "units/ks_unit_id/.zarray"])
@pytest.mark.parametrize("content", ["[]", "5", '"text"', "{", '{"colnames": 5}'])
def test_odd_descriptions_of_arrays_are_told(files, storage, tmp_path, part, content):
    folder = shutil.copytree(files / name_of("zarr"), tmp_path / "a.nwb.zarr")
    (folder / ".zmetadata").unlink()
    (folder / part).write_text(content)
    if part == "units/ks_unit_id/.zattrs" and content == '{"colnames": 5}':
        assert read_columns(storage, str(folder)).rows == 6
        return
    with pytest.raises(SourceResponseError, match=f"asset {ASSET}, file .*a.nwb.zarr, .*units"):
        read_columns(storage, str(folder), asset_id=ASSET)


def test_texts_that_were_pickled_are_read_and_programs_are_not_run(files, storage, tmp_path):
    folder = shutil.copytree(files / name_of("zarr"), tmp_path / "a.nwb.zarr")
    array = _pickled(folder, "units/decoder_label", pickle.dumps(np.array(["sua"] * 6, dtype=object)))
    assert read_columns(storage, str(folder), wanted={"decoder_label"}).values["decoder_label"] == ["sua"] * 6

    class Program:
        def __reduce__(self):
            return (print, ("run",))

    (array / "0").write_bytes(pickle.dumps(np.array([Program()] * 6, dtype=object)))
    with pytest.raises(
        SourceResponseError, match=r"units/decoder_label: it is pickled, and would run builtins"
    ):
        read_columns(storage, str(folder), wanted={"decoder_label"})


def _pickled(folder, path, content):
    array = folder / path
    changed = {"compressor": None, "filters": [{"id": "pickle", "protocol": 5}]}
    whole = json.loads((folder / ".zmetadata").read_text())
    whole["metadata"][f"{path}/.zarray"].update(changed)
    (folder / ".zmetadata").write_text(json.dumps(whole))
    (array / "0").write_bytes(content)
    return array


@pytest.mark.parametrize("kept", [0, 10, -1])
def test_a_cut_chunk_is_named(files, storage, tmp_path, kept):
    folder = shutil.copytree(files / name_of("zarr"), tmp_path / "a.nwb.zarr")
    chunk = folder / "units" / "snr" / "0"
    chunk.write_bytes(chunk.read_bytes()[:kept])
    with pytest.raises(SourceResponseError) as caught:
        read_columns(storage, str(folder), asset_id=ASSET)
    assert all(part in str(caught.value) for part in (ASSET, "a.nwb.zarr", "units/snr", "chunk 0 of 1"))


def test_a_chunk_that_is_not_there_is_no_zeros(files, storage, tmp_path):
    folder = shutil.copytree(files / name_of("zarr"), tmp_path / "a.nwb.zarr")
    (folder / "units" / "snr" / "0").unlink()
    with pytest.raises(SourceResponseError, match=r"units/snr: chunk 0 of 1 is not there"):
        read_columns(storage, str(folder))


@pytest.mark.parametrize("kept", [0, 100, 0.5, 0.98])
def test_a_cut_file_is_told(files, storage, tmp_path, kept):
    content = (files / name_of("hdf5")).read_bytes()
    path = tmp_path / "a.nwb"
    path.write_bytes(content[: kept if kept > 1 else int(kept * len(content))])
    with pytest.raises(SourceResponseError, match=f"asset {ASSET}, file .*a.nwb.*: "):
        read_columns(storage, str(path), asset_id=ASSET)


@every_format
def test_a_missing_file_is_named(storage, tmp_path, kind):
    with pytest.raises(SourceResponseError, match=f"asset {ASSET}, file .*{name_of(kind)}: there is no"):
        read_columns(storage, str(tmp_path / name_of(kind)), asset_id=ASSET)


@every_format
def test_a_missing_table_is_named(storage, tmp_path, kind):
    path = write(tmp_path / name_of(kind), electrodes(), None)
    with pytest.raises(SourceResponseError, match=r"it has no table /units"):
        read_columns(storage, str(path), "units")


def test_what_is_no_nwb_file_is_told(storage, tmp_path):
    (tmp_path / "a.nwb").write_text("<html>not here</html>" * 100)
    with pytest.raises(SourceResponseError, match="no NWB file"):
        read_columns(storage, str(tmp_path / "a.nwb"))


def test_the_third_format_of_zarr_is_told(storage, tmp_path):
    (tmp_path / "a.nwb.zarr").mkdir()
    (tmp_path / "a.nwb.zarr" / "zarr.json").write_text("{}")
    with pytest.raises(SourceResponseError, match="third format"):
        read_columns(storage, str(tmp_path / "a.nwb.zarr"))


def test_a_column_that_is_listed_and_not_there_is_named(files, storage, tmp_path):
    path = tmp_path / "a.nwb"
    shutil.copy(files / name_of("hdf5"), path)
    with h5py.File(path, "a") as file:
        del file["units/snr"]
    with pytest.raises(SourceResponseError, match=r"column units/snr: .*not in the file"):
        read_columns(storage, str(path))


def test_a_column_of_another_length_is_named(files, storage, tmp_path):
    path = tmp_path / "a.nwb"
    shutil.copy(files / name_of("hdf5"), path)
    with h5py.File(path, "a") as file:
        del file["units/snr"]
        file["units/snr"] = np.zeros(4)
    with pytest.raises(SourceResponseError, match=r"units/snr: it has 4 values for 6 rows"):
        read_columns(storage, str(path))


def test_enums_and_fixed_width_texts_of_hdf5_are_read(files, storage, tmp_path):
    path = tmp_path / "a.nwb"
    shutil.copy(files / name_of("hdf5"), path)
    with h5py.File(path, "a") as file:
        del file["units/snr"], file["units/decoder_label"]
        kind = h5py.enum_dtype({"low": 1, "high": 2}, basetype="i1")
        file.create_dataset("units/snr", data=np.array([1, 2, 1, 2, 1, 2], "i1"), dtype=kind)
        file["units/decoder_label"] = np.array([b"sua", b"mua", b"noise", b"sua", b"sua", b"sua"])
    found = read_columns(storage, str(path)).values
    assert found["snr"] == ["low", "high"] * 3
    assert found["decoder_label"][:3] == ["sua", "mua", "noise"]


def test_objects_and_dates_are_kept_as_they_are(files, storage, tmp_path):
    folder = shutil.copytree(files / name_of("zarr"), tmp_path / "a.nwb.zarr")
    told = json.loads((folder / ".zmetadata").read_text())
    arrays = {
        "decoder_label": ({"dtype": "|O", "filters": [JSON().get_config()]}, JSON().encode(_objects())),
        "snr": ({"dtype": "<M8[s]", "filters": None}, np.arange(6).astype("M8[s]").tobytes()),
        "unit_name": ({"dtype": "<U2", "filters": None}, np.array(["ab"] * 6).tobytes()),
    }
    for name, (changed, content) in arrays.items():
        told["metadata"][f"units/{name}/.zarray"].update(changed, compressor=None)
        (folder / "units" / name / "0").write_bytes(content)
    (folder / ".zmetadata").write_text(json.dumps(told))
    found = read_columns(storage, str(folder)).values
    assert found["decoder_label"] == [{"a": 1}] * 6
    assert found["snr"][1] == "1970-01-01 00:00:01"
    assert found["unit_name"] == ["ab"] * 6


def _objects():
    objects = np.empty(6, dtype=object)
    objects[:] = [{"a": 1}] * 6
    return objects


def test_texts_that_are_no_utf8_are_named(files, storage, tmp_path):
    path = tmp_path / "a.nwb"
    shutil.copy(files / name_of("hdf5"), path)
    with h5py.File(path, "a") as file:
        del file["units/decoder_label"]
        file["units/decoder_label"] = np.array([b"\xff\xfe"] * 6)
    with pytest.raises(SourceResponseError, match=r"units/decoder_label: it holds what is no text"):
        read_columns(storage, str(path))


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    """A thousand units with spikes and waveforms, in both formats on S3, and how large they are."""
    folder = tmp_path_factory.mktemp("large")
    rng = np.random.default_rng(1)
    many = {**units(per_device=500), **{name: rng.random(1000).tolist() for name in MEASURES}}
    many["extremum_channel_index"] = [number % 8 for number in range(1000)]
    with Buckets() as server:
        sizes = {}
        for kind in FORMATS:
            path = write(folder / name_of(kind), electrodes(), many, spikes=1000, waveform=(60, 16))
            url = f"s3://bucket-large/sorted one#1/nwb/{path.name}"
            if path.is_dir():
                server.put_folder(url, path)
                sizes[url] = sum(one.stat().st_size for one in path.rglob("*") if one.is_file())
            else:
                server.put(url, path.read_bytes())
                sizes[url] = path.stat().st_size
        yield server, sizes


@pytest.mark.parametrize("number", [0, 1], ids=FORMATS)
def test_all_columns_of_a_thousand_units_are_few_of_the_bytes(large, number):
    server, sizes = large
    url = list(sizes)[number]
    storage = server.storage()
    server.sent.clear()
    found = read_columns(storage, url, "units")
    assert found.rows == 1000
    assert {*MEASURES, "ks_unit_id", "device_name"} <= found.values.keys()
    share = server.bytes_sent() / sizes[url]
    assert 0 < share <= FEW_BYTES
    storage.close()


@pytest.mark.parametrize("number", [0, 1], ids=FORMATS)
def test_fewer_columns_are_fewer_bytes(large, number):
    server, sizes = large
    url = list(sizes)[number]
    storage = server.storage()
    server.sent.clear()
    read_columns(storage, url, "units")
    all_bytes = server.bytes_sent()
    server.sent.clear()
    read_columns(storage, url, "units", wanted={"ks_unit_id"})
    assert server.bytes_sent() < all_bytes
    storage.close()


@pytest.mark.parametrize("number", [0, 1], ids=FORMATS)
def test_what_is_refused_halfway_is_told_as_such(large, number):
    server, sizes = large
    url = list(sizes)[number]
    storage = server.storage()
    with open_nwb(storage, url, ASSET) as file:
        server.private.add("bucket-large")
        try:
            with pytest.raises(AuthenticationError):
                file.columns("units")
        finally:
            server.private.clear()
    storage.close()


def test_threads_read_at_the_same_time(large):
    server, sizes = large
    storage = server.storage()
    start = threading.Barrier(6)

    def read(number):
        start.wait()
        return read_columns(storage, list(sizes)[number % 2], "units", wanted={"ks_unit_id", MEASURES[0]})

    with ThreadPoolExecutor(6) as pool:
        found = list(pool.map(read, range(6)))
    for one in found[1:]:
        np.testing.assert_array_equal(one.values["ks_unit_id"], found[0].values["ks_unit_id"])
        np.testing.assert_array_equal(one.values[MEASURES[0]], found[0].values[MEASURES[0]])
    storage.close()


class Watched(Storage):
    """Notes for each part that is asked for whether HDF5 waits for it."""

    def __init__(self, url):
        super().__init__(url, anonymous=True)
        self.waits = []

    def part(self, url, start, end):
        self.waits.append(any("h5py" in frame.filename for frame in traceback.extract_stack()))
        return super().part(url, start, end)


def test_no_server_is_waited_for_within_hdf5(large):
    server, sizes = large
    storage = Watched(server.url)
    read_columns(storage, next(iter(sizes)), "units")
    assert storage.waits
    assert not any(storage.waits)
    storage.close()
