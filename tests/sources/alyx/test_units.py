"""Units of Alyx: the files of a sorting, put together as IBL's loader does."""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import pandas as pd
import pytest

from sessionframes.config import resolve
from sessionframes.errors import DownloadError, SourceResponseError
from sessionframes.query.where import EVERY, Condition, Field, Not, all_of, any_of
from sessionframes.sources.alyx.access import OPTIONS, transport_of
from sessionframes.sources.alyx.file_records import DATASETS
from sessionframes.sources.alyx.tables_units import AlyxUnits
from sessionframes.sources.alyx.units import needs, units
from sessionframes.sources.alyx.units_asked import UnitsAsked, of_insertions
from sessionframes.tables.convert import to_frame
from sessionframes.tables.validation import validate
from tests.fault_server import Fault, FaultServer
from tests.sources.alyx.sorted_files import CHANNELS, PROBE, SESSION, SORTED, UUIDS, Alyx, npy, pqt

ALL = tuple(AlyxUnits.dtypes())


@pytest.fixture
def alyx():
    with FaultServer() as server:
        found = Alyx(server)
        yield found
        found.files.close()


@pytest.fixture
def lists():
    """What would ask a server, which is not there."""
    given = {"url": "http://127.0.0.1:9", "token": "0" * 40}
    return closing(transport_of(resolve("alyx", OPTIONS, given, {}, {})))


def read(alyx, columns=ALL):
    """Return units as a frame, validated."""
    model = AlyxUnits if columns == ALL else AlyxUnits.narrowed(columns[1:])
    frames = [to_frame(units(AlyxUnits, page), model) for page in UnitsAsked(EVERY, columns).pages(alyx)]
    whole = pd.concat(frames) if frames else model.empty_frame()
    return validate(whole, model)


def test_units_come_from_the_files_of_the_sorting_in_the_core_s_units(alyx):
    alyx.add_sorting()
    alyx.locate()
    found = read(alyx)
    assert found.index.tolist() == [f"{PROBE}:0", f"{PROBE}:1"]
    assert found["session_id"].tolist() == [SESSION] * 2
    assert found["probe_id"].tolist() == [PROBE] * 2
    expected = {
        "channel_id": CHANNELS,
        "channel_known_from": ["alyx", "alyx"],
        "cluster_uuid": UUIDS,
        "firing_rate": [4.5, 0.25],
        "amplitude_cutoff": [0.5, 0.125],
        "waveform_amplitude": [65.0, 123.7],
        "waveform_duration": [0.5, -0.25],
        "amp_median": [55.0, 20.0],
        "cluster_depth": [40.0, 20.0],
        "label": [1.0, 1 / 3],
        "bitwise_fail": [0, 5],
        "ks2_label": ["good", "mua"],
        "sliding_rp_viol": [True, False],
        "spike_count": [900, 12],
        "peak_channel_index": [2, 0],
        "peak_axial": [20.0, 0.0],
        "peak_lateral": [0.0, 16.0],
        "channel_label": [3, 0],
        "x": [-700.0, -1.0],
        "z": [-900.0, -3.0],
        "sorter": ["pykilosort"] * 2,
        "sorting_collection": [SORTED] * 2,
    }
    assert {name: found[name].tolist() for name in expected} == expected
    assert found["presence_ratio"].iloc[0] == 0.75
    assert pd.isna(found["presence_ratio"].iloc[1])
    assert found["snr"].isna().all()
    assert found["sorting_revision"].isna().all()
    assert json.loads(found["unit_other_metrics"].iloc[0]) == {"of_a_later_version": 1.5}
    assert pd.isna(found["unit_other_metrics"].iloc[1])


def test_only_a_label_of_one_is_called_good_and_nothing_is_called_mua(alyx):
    alyx.add_sorting()
    found = read(alyx)["quality"]
    assert found.iloc[0] == "good"
    assert pd.isna(found.iloc[1])


def test_the_void_is_no_region_and_a_region_that_alyx_does_not_know_has_no_acronym(alyx):
    alyx.add_sorting({"channels.brainLocationIds_ccf_2017.npy": npy([0, 0, 385, 0])})
    found = read(alyx)
    assert found["atlas_id"].tolist() == [385, pd.NA]
    assert found["acronym"].iloc[0] == "VISp"
    assert pd.isna(found["acronym"].iloc[1])


def test_a_channel_that_alyx_does_not_know_is_named_by_its_row(alyx):
    alyx.add_sorting()
    alyx.locate()
    del alyx.channels[1]
    found = read(alyx)
    assert found["channel_id"].tolist() == [f"{PROBE}:2", CHANNELS[1]]
    assert found["channel_known_from"].tolist() == ["files", "alyx"]


def test_an_aligned_trajectory_without_channels_counts_for_nothing(alyx):
    alyx.add_sorting()
    alyx.locate()
    del alyx.channels[1:]
    assert read(alyx)["channel_id"].tolist() == ["worse", f"{PROBE}:0"]


def test_an_insertion_that_nobody_sorted_has_no_units(alyx):
    alyx.add("_ibl_trials.table.pqt", b"", collection="alf")
    assert read(alyx).empty


def test_only_the_files_of_wanted_columns_are_asked_for(alyx):
    alyx.add_sorting()
    found = read(alyx, ("unit_id", "firing_rate"))
    assert found["firing_rate"].tolist() == [4.5, 0.25]
    names = {request.path.rpartition("/")[2].rsplit(".", 2)[0] for request in alyx.server.requests}
    assert names == {"clusters.channels", "clusters.metrics"}
    assert alyx.asked == ["insertions", "datasets"]


def test_no_column_needs_spikes():
    assert not [stem for stem in needs(ALL) if stem.startswith("spikes")]


def test_sparse_metrics_find_their_clusters_by_number(alyx):
    alyx.add_sorting({"clusters.metrics.pqt": pqt({"cluster_id": [1], "firing_rate": [7.0]})})
    found = read(alyx)["firing_rate"]
    assert pd.isna(found.iloc[0])
    assert found.iloc[1] == 7.0


def test_metrics_without_numbers_are_taken_in_order_if_there_are_as_many(alyx):
    alyx.add_sorting({"clusters.metrics.pqt": None, "clusters.metrics.csv": b",firing_rate\n0,1.5\n1,\n"})
    found = read(alyx)["firing_rate"]
    assert found.iloc[0] == 1.5
    assert pd.isna(found.iloc[1])


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("clusters.metrics.pqt", pqt({"firing_rate": [1.0]}), "1 rows for 2 clusters"),
        ("clusters.metrics.pqt", pqt({"cluster_id": [0, 0], "label": [1.0, 1.0]}), "each once"),
        ("clusters.metrics.pqt", pqt({"cluster_id": [1, 2], "label": [1.0, 1.0]}), "each once"),
        ("clusters.metrics.pqt", pqt({"cluster_id": [0, 1], "label": ["a", "b"]}), "no number"),
        ("clusters.metrics.pqt", b"PAR1", "no pqt file"),
        ("clusters.depths.npy", npy([1.0, 2.0, 3.0]), "3 values for 2 clusters"),
        ("clusters.depths.npy", npy(np.array([{}], object)), "no npy file"),
        ("clusters.uuids.csv", b"uuids\nnone\n", "no csv file"),
        ("clusters.uuids.csv", f"uuids\n{UUIDS[0]}\n".encode(), "1 values for 2 clusters"),
        ("clusters.channels.npy", npy([0.5, 1]), "no number of a channel"),
        ("clusters.channels.npy", npy([-1, 1]), "no number of a channel"),
        ("clusters.channels.npy", npy([0, 4]), "peak on channel 4"),
        ("channels.localCoordinates.npy", npy([1, 2, 3, 4]), "not 2 numbers for each channel"),
        ("channels.mlapdv.npy", npy(np.zeros((3, 3))), "3 rows, where the sorting has 4 channels"),
    ],
)
def test_files_that_do_not_fit_together_are_refused_by_name(alyx, name, content, said):
    alyx.add_sorting({name: content})
    with pytest.raises(SourceResponseError) as caught:
        read(alyx)
    assert said in str(caught.value)
    named = name if said.startswith(("no pqt", "no npy", "no csv")) else SORTED
    assert named in str(caught.value) or "channels." in str(caught.value)


def test_metrics_without_channels_are_told_and_not_passed_over(alyx):
    alyx.add_sorting({"clusters.channels.npy": None})
    with pytest.raises(SourceResponseError, match=r"no clusters\.channels"):
        read(alyx)


def test_a_table_of_clusters_stands_for_all_files_of_them(alyx):
    table = pqt({"channels": [2, 0], "depths": [40.0, 20.0], "firing_rate": [4.5, 0.25], "uuids": UUIDS})
    only = dict.fromkeys(
        f"clusters.{name}" for name in ("channels.npy", "depths.npy", "metrics.pqt", "uuids.csv", "amps.npy")
    )
    alyx.add_sorting({**only, "clusters.table.pqt": table})
    found = read(alyx)
    assert found["firing_rate"].tolist() == [4.5, 0.25]
    assert found["cluster_depth"].tolist() == [40.0, 20.0]
    assert found["cluster_uuid"].tolist() == UUIDS
    assert found["waveform_amplitude"].isna().all()


class TestFewerChannelsThanSites:
    """Old sortings left channels out: 374 of 384."""

    #: Site 1 was left out.
    LEFT = npy([0, 2, 3])
    THREE: ClassVar = {
        "channels.localCoordinates.npy": npy([[16, 0], [0, 20], [32, 20]]),
        "channels.labels.npy": None,
        "channels.brainLocationIds_ccf_2017.npy": npy([10, 385, 12]),
    }

    def test_a_file_of_all_sites_is_looked_up_by_their_numbers(self, alyx):
        alyx.add_sorting(
            {**self.THREE, "clusters.channels.npy": npy([1, 2]), "channels.rawInd.npy": self.LEFT}
        )
        found = read(alyx)
        assert found["atlas_id"].tolist() == [385, 12]
        assert found["x"].tolist() == [-700.0, 0.0]
        assert found["peak_axial"].tolist() == [20.0, 20.0]

    def test_peaks_that_are_numbers_of_sites_are_looked_up_among_the_channels(self, alyx):
        alyx.add_sorting(
            {**self.THREE, "clusters.channels.npy": npy([2, 3]), "channels.rawInd.npy": self.LEFT}
        )
        found = read(alyx)
        assert found["atlas_id"].tolist() == [385, 12]
        assert found["x"].tolist() == [-700.0, 0.0]
        assert found["peak_lateral"].tolist() == [0.0, 32.0]

    def test_without_their_numbers_nothing_is_guessed(self, alyx):
        alyx.add_sorting({**self.THREE, "clusters.channels.npy": npy([1, 2]), "channels.rawInd.npy": None})
        with pytest.raises(SourceResponseError, match=r"channels\.mlapdv.*nothing tells which are which"):
            read(alyx)

    def test_the_numbers_of_sites_are_asked_for_only_where_they_are_needed(self, alyx):
        alyx.add_sorting()
        read(alyx)
        assert not [one for one in alyx.server.requests if "rawInd" in one.path]


class TestBytes:
    def test_a_file_with_another_checksum_is_asked_for_once_more(self, alyx):
        alyx.add_sorting({"clusters.depths.npy": None})
        content = npy([1.0, 2.0])
        wrong = Fault(page=content[:-1] + b"!")
        alyx.add("clusters.depths.npy", content, faults=[wrong])
        assert read(alyx)["cluster_depth"].tolist() == [1.0, 2.0]

    def test_a_file_whose_checksum_stays_wrong_is_refused_by_name(self, alyx):
        alyx.add_sorting({"clusters.depths.npy": None})
        alyx.add("clusters.depths.npy", npy([1.0, 2.0]), hash="0" * 32)
        with pytest.raises(DownloadError, match=rf"{SORTED}/clusters\.depths\.npy.*did not come whole"):
            read(alyx)
        assert len([one for one in alyx.server.requests if "depths" in one.path]) == 2

    def test_a_file_of_another_size_is_refused(self, alyx):
        alyx.add_sorting({"clusters.depths.npy": None})
        alyx.add("clusters.depths.npy", npy([1.0, 2.0]), file_size=7, hash="")
        with pytest.raises(DownloadError, match="did not come whole"):
            read(alyx)

    def test_a_file_without_a_known_checksum_is_checked_by_its_size(self, alyx):
        alyx.add_sorting({"clusters.depths.npy": None})
        alyx.add("clusters.depths.npy", npy([1.0, 2.0]), hash="")
        assert read(alyx)["cluster_depth"].tolist() == [1.0, 2.0]

    def test_another_copy_is_taken_where_the_first_is_gone(self, alyx):
        alyx.add_sorting({"clusters.depths.npy": None})
        dataset = alyx.add("clusters.depths.npy", npy([1.0, 2.0]))
        gone = {"exists": True, "data_url": f"{alyx.server.url}/gone.npy"}
        dataset["file_records"].insert(0, gone)
        assert read(alyx)["cluster_depth"].tolist() == [1.0, 2.0]

    def test_a_dataset_without_a_file_on_a_server_is_told_by_name(self, alyx):
        alyx.add_sorting({"clusters.depths.npy": None})
        missing = [{"exists": False, "data_url": "http://127.0.0.1:9/x"}, {"exists": True, "data_url": None}]
        alyx.add("clusters.depths.npy", npy([1.0, 2.0]), file_records=missing)
        words = r"clusters\.depths\.npy .* has no file on a server; it is of the insertion .*=~Q\(probe_id="
        with pytest.raises(DownloadError, match=words):
            read(alyx)


class TestWhichSorting:
    def depth(self, alyx):
        return read(alyx)["cluster_depth"].tolist()

    def other(self, alyx, value, **said):
        alyx.add("clusters.channels.npy", npy([0, 0]), **said)
        alyx.add("clusters.depths.npy", npy([value, value]), **said)

    def test_that_of_iblsorter_comes_before_pykilosort_and_the_first_vintage(self, alyx):
        self.other(alyx, 1.0, collection="alf/probe00")
        assert self.depth(alyx) == [1.0, 1.0]
        self.other(alyx, 2.0, collection="alf/probe00/pykilosort")
        assert self.depth(alyx) == [2.0, 2.0]
        self.other(alyx, 3.0, collection="alf/probe00/iblsorter")
        assert self.depth(alyx) == [3.0, 3.0]
        assert read(alyx)["sorter"].tolist() == ["iblsorter"] * 2

    def test_another_probe_whose_name_begins_the_same_is_not_meant(self, alyx):
        self.other(alyx, 1.0, collection="alf/probe00a/pykilosort")
        assert read(alyx).empty

    def test_the_default_revision_counts_and_else_the_newest(self, alyx):
        self.other(alyx, 1.0, revision="2023-01-01", default_dataset=False)
        self.other(alyx, 2.0, revision="2024-01-01", default_dataset=False)
        assert self.depth(alyx) == [2.0, 2.0]
        self.other(alyx, 3.0, revision="2023-06-01")
        assert self.depth(alyx) == [3.0, 3.0]
        assert read(alyx)["sorting_revision"].tolist() == ["2023-06-01"] * 2

    def test_what_is_of_critical_quality_is_passed_over(self, alyx):
        self.other(alyx, 1.0, revision="2023-01-01", default_dataset=False)
        self.other(alyx, 2.0, revision="2024-01-01", qc="CRITICAL")
        assert self.depth(alyx) == [1.0, 1.0]

    def test_a_sorting_that_no_server_has_is_passed_over(self, alyx):
        self.other(alyx, 1.0)
        self.other(alyx, 2.0, collection="alf/probe00/iblsorter", file_records=[])
        assert self.depth(alyx) == [1.0, 1.0]


class TestDownloads:
    def test_the_file_of_a_dataset_is_brought_under_its_name_and_id(self, alyx, tmp_path):
        content = npy([1.0, 2.0])
        dataset = alyx.add("clusters.depths.npy", content, revision="#2024#")
        # As servers tell it: a bare "#", behind which no request would go.
        (record,) = dataset["file_records"]
        record["data_url"] = record["data_url"].replace("%23", "#")
        key = dataset["url"][-36:]
        request = DATASETS.locate(Connected(alyx), key)
        assert request.safe_name == f"clusters.depths.{key}.npy"
        assert alyx.files.download(request, tmp_path / "a.npy", progress=False).read_bytes() == content

    def test_a_name_without_the_id_gets_it(self, alyx):
        dataset = alyx.add(
            "clusters.depths.npy", b"", file_records=[{"exists": True, "data_url": "http://a/b.npy"}]
        )
        key = dataset["url"][-36:]
        assert DATASETS.locate(Connected(alyx), key).safe_name == f"clusters.depths.{key}.npy"

    def test_a_dataset_that_is_not_there_is_told(self, alyx):
        with pytest.raises(DownloadError, match="there is no dataset"):
            DATASETS.locate(Connected(alyx), PROBE)


@dataclass
class Connected:
    """As much of a connection as is needed to find a file."""

    transport: Alyx


def test_a_filter_on_a_unit_s_own_columns_is_not_said_of_insertions():
    own = Condition(Field("firing_rate", "number", "units"), "gt", 1.0)
    probe = Condition(Field("probe_id", "text", "units", "str"), "exact", PROBE)
    unit = Condition(Field("unit_id", "text", "units", "str"), "in", (f"{PROBE}:1", f"{PROBE}:2"))
    moved = replace(probe, field=replace(probe.field, table="probes"))
    assert of_insertions(own, "unit_id") == EVERY
    assert of_insertions(all_of(own, Not(probe)), "unit_id") == Not(moved)
    assert of_insertions(any_of(own, probe), "unit_id") == EVERY
    assert of_insertions(Not(unit), "unit_id") == EVERY
    assert of_insertions(unit, "unit_id") == replace(moved, lookup="in", value=(PROBE,))


def test_units_are_explained_by_what_is_asked_first_and_what_then(lists):
    with lists as transport:
        said = UnitsAsked(EVERY, ("unit_id", "cluster_depth")).render(transport)
    assert said.splitlines()[0].startswith("GET http://127.0.0.1:9/insertions?")
    assert "clusters.depths" in said
    assert "amps" not in said
    assert "trajectories" not in said
