"""Real clusters of IBL, put back into files and read as units: the same regions as IBL's loader gave them."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from sessionframes import InvalidRowsWarning
from sessionframes.errors import FrameValidationError
from sessionframes.sources.alyx.clusters import Clusters
from sessionframes.sources.alyx.release import open_release
from sessionframes.sources.alyx.sortings import Sorting
from sessionframes.sources.alyx.tables_units import AlyxUnits
from sessionframes.sources.alyx.units import UnitsPage, units
from sessionframes.tables.convert import to_frame
from sessionframes.tables.validation import validate

UTC = ZoneInfo("UTC")


@pytest.fixture(scope="module")
def of_ibl(shared_data):
    folder = shared_data / "ibl_reproducible_ephys"
    clusters = pd.read_parquet(folder / "clusters_bwm_147.pqt").sort_index()
    return clusters, pd.read_parquet(folder / "channels_bwm.pqt")


@pytest.fixture(scope="module")
def read(of_ibl):
    """Units of all insertions, from files made of the release's tables."""
    clusters, channels = of_ibl
    acronyms = dict(zip(channels["atlas_id"].tolist(), channels["acronym"].tolist(), strict=True))
    places = dict(list(channels.groupby(level=0)))
    tables = [
        units(AlyxUnits, page(probe_id, own, places[probe_id], acronyms))
        for probe_id, own in clusters.groupby(level=0)
    ]
    return validate(to_frame(pa.concat_tables(tables), AlyxUnits).sort_index(), AlyxUnits)


def page(probe_id, clusters, channels, acronyms):
    metrics = clusters[["slidingRP_viol", "noise_cutoff", "amp_median", "firing_rate", "label"]]
    numbers = clusters.index.get_level_values(1)
    values = {
        "clusters.channels": clusters["channels"].to_numpy(),
        "clusters.depths": clusters["depths"].to_numpy(),
        "clusters.metrics": pa.Table.from_pandas(metrics.assign(cluster_id=numbers), preserve_index=False),
        "channels.localCoordinates": channels[["lateral_um", "axial_um"]].to_numpy(),
        "channels.brainLocationIds_ccf_2017": channels["atlas_id"].to_numpy(),
        "channels.mlapdv": channels[["x", "y", "z"]].to_numpy() * 1e6,
        "channels.labels": channels["channel_label"].to_numpy(),
    }
    datasets = {"clusters.channels": {"revision": ""}}
    # The release does not tell of which session they are.
    sorting = Sorting(probe_id, f"session of {probe_id}", "alf/probe00/pykilosort", "pykilosort", datasets)
    return UnitsPage(sorting, Clusters(sorting, values), {}, acronyms, tuple(AlyxUnits.dtypes()))


def test_every_cluster_becomes_a_unit(of_ibl, read):
    clusters, _ = of_ibl
    numbers = clusters.index.get_level_values(1)
    per_probe = clusters.groupby(level=0).size()
    assert len(read) == len(clusters) == 137_354
    assert len(per_probe) == 87
    assert (numbers == np.concatenate([np.arange(count) for count in per_probe])).all()


def test_units_are_where_ibl_s_loader_put_them(of_ibl, read):
    clusters, channels = of_ibl
    index = [f"{probe_id}:{number}" for probe_id, number in clusters.index]
    found = read.loc[index]
    # 0 is IBL's "void", which is no region.
    is_void = (clusters["atlas_id"] == 0).to_numpy()
    assert (clusters["acronym"].to_numpy()[is_void] == "void").all()
    assert (found["atlas_id"].isna().to_numpy() == is_void).all()
    assert (found["acronym"].isna().to_numpy() == is_void).all()
    assert found["atlas_id"][~is_void].tolist() == clusters["atlas_id"][~is_void].tolist()
    assert found["acronym"][~is_void].tolist() == clusters["acronym"][~is_void].tolist()
    # The depth of a cluster is the place of its peak channel, as far as both are known.
    own = list(zip(clusters.index.get_level_values(0), clusters["channels"], strict=True))
    axial = channels["axial_um"].reindex(pd.MultiIndex.from_tuples(own)).to_numpy()
    assert (found["peak_axial"].to_numpy() == axial).all()


def test_measures_come_in_our_units_and_good_is_what_ibl_calls_good(of_ibl, read):
    clusters, _ = of_ibl
    found = read.loc[[f"{probe_id}:{number}" for probe_id, number in clusters.index]]
    assert ((found["quality"] == "good").to_numpy() == (clusters["label"] == 1).to_numpy()).all()
    np.testing.assert_allclose(found["amp_median"], clusters["amp_median"] * 1e6, rtol=1e-12)
    np.testing.assert_array_equal(found["firing_rate"], clusters["firing_rate"].astype("float64"))


@pytest.mark.parametrize(
    ("place", "sessions", "one"),
    [
        ("data/ibl_one_cache", 8161, "c3f58136-2198-4a39-bde0-e2a8cf112a56"),
        ("data/one_fixtures", 26, "d3372b15-f696-4279-9be5-98f15783b5bb"),
        ("fixtures/alyx/cache_tag.zip", 152, "efe1e314-eca4-4074-a339-f5cfafce5ed9"),
    ],
)
def test_real_cache_tables_of_either_layout_are_sessions(shared_data, place, sessions, one):
    with open_release(str(shared_data.parent / place), UTC) as db:
        found = db.get_sessions()
    assert len(found) == sessions
    assert one in found.index
    assert found["start_time_is_date"].all()


def test_real_datasets_of_a_tagged_release_belong_to_its_sessions(shared_data):
    with open_release(str(shared_data.parent / "fixtures/alyx/cache_tag.zip"), UTC) as db:
        assets, known = db.get_assets(), db.get_sessions().index
    assert len(assets) == 3613
    # The others are of sessions that the tables leave out, for want of a number or a date.
    assert assets["relative_path"].notna().tolist() == assets["session_id"].isin(known).tolist()
    assert assets["session_id"].isin(known).mean() > 0.99


def test_an_id_that_old_tables_have_twice_is_told(shared_data):
    with open_release(str(shared_data / "one_fixtures"), UTC) as db:
        with pytest.raises(FrameValidationError, match="af5a5b6f-4774-43e5-98eb-132d76e69fb9"):
            db.get_assets()
        with pytest.warns(InvalidRowsWarning, match="af5a5b6f"):
            found = db.get_assets(on_invalid="report")
    assert len(found) == 691
    assert found["relative_path"].notna().all()
