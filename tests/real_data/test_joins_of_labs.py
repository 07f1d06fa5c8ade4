"""Published tables side by side: what fits is put together, and what does not is told."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

import sessionframes as sf
from sessionframes.errors import JoinError
from tests.real_data.allen import RENAMED
from tests.real_data.ours import check_same

if TYPE_CHECKING:
    from tests.real_data.ours import Lab

#: Of the 87 probes with units the atlas of channels, made at another time, has 52.
UNITS_WITHOUT_ATLAS = 56468
#: 31 probes of the atlas are in no release, 4 of them of those of which 374 channels are known.
CHANNELS_WITHOUT_RELEASE = 27 * 384 + 4 * 374


@pytest.mark.parametrize("lab", ["allen", "ibl"])
def test_units_find_all_that_is_above_them(labs: dict[str, Lab], lab: str) -> None:
    units, channels, probes, sessions = labs[lab].chain
    joined = sf.join(units, channels, probes, sessions)
    pd.testing.assert_index_equal(joined.index, units.index)
    columns = [*units, *channels, *probes, *sessions]
    assert list(joined) == list(dict.fromkeys(columns))
    for frame in (channels, probes, sessions):
        for name, values in frame.items():
            assert joined[name].dtype == values.dtype
            check_same(joined[name], units[frame.index.name].map(values))


@pytest.mark.parametrize("lab", ["allen", "ibl"])
def test_the_order_of_frames_does_not_matter(labs: dict[str, Lab], lab: str) -> None:
    units, *above = labs[lab].chain
    chain = [units.iloc[::20], *above]
    wanted = sf.join(*chain)
    for frames in itertools.permutations(chain):
        pd.testing.assert_frame_equal(sf.join(*frames), wanted)


def test_the_join_gives_what_allen_published_as_one_table(allen_lab: Lab) -> None:
    joined = sf.join(*allen_lab.chain)
    published = allen_lab.raw["units"].rename(
        columns=RENAMED | {"specimen_id": "subject_id", "name": "probe_name"}
    )
    compared = [name for name in joined if name in published and not name.endswith("sampling_rate")]
    assert len(compared) == 40
    for name in compared:
        check_same(joined[name], published[name])
    check_same(joined["start_time"], pd.to_datetime(published["date_of_acquisition"], utc=True))
    # There the rates are rounded to 8 digits, and that of the field potential is after subsampling.
    np.testing.assert_allclose(joined["sampling_rate"], published["sampling_rate"], rtol=5e-8)
    np.testing.assert_allclose(joined["lfp_sampling_rate"], published["lfp_sampling_rate"] * 2, rtol=5e-8)


def test_the_join_gives_what_ibl_published_with_its_clusters(ibl_lab: Lab) -> None:
    joined, clusters = sf.join(*ibl_lab.chain), ibl_lab.raw["clusters"]
    check_same(joined["structure_acronym"], clusters["acronym"].replace("void", None))
    check_same(joined["structure_id"], clusters["atlas_id"].where(clusters["atlas_id"] != 0))
    check_same(joined["probe_vertical_position"], clusters["depths"])
    assert joined["structure_acronym"].isna().sum() == 1017


def test_columns_of_ones_own_are_carried_along_and_must_agree(ibl_lab: Lab) -> None:
    units, channels, probes, sessions = ibl_lab.chain
    units = units.assign(
        lab=ibl_lab.raw["clusters"]["lab"].to_numpy(),
        structure_acronym=ibl_lab.raw["clusters"]["acronym"].replace("void", None).to_numpy(),
    )
    release = ibl_lab.raw["release"].drop_duplicates("eid").set_index("eid")
    sessions = sessions.assign(lab=release["lab"])
    joined = sf.join(units, channels, probes, sessions)
    assert list(joined).count("lab") == list(joined).count("structure_acronym") == 1
    check_same(joined["lab"], ibl_lab.raw["clusters"]["lab"])


def test_tables_of_two_states_are_not_mixed(ibl_lab: Lab, allen_lab: Lab) -> None:
    acronyms = ibl_lab.raw["clusters"]["acronym"].replace("void", None).to_numpy()
    units = ibl_lab.tables["units"].assign(structure_acronym=acronyms)
    # Of 30 probes the track was located anew between the two releases.
    with pytest.raises(JoinError, match=r"structure_acronym.*differs in 23507 of 80886 rows"):
        sf.join(units, ibl_lab.tables["atlas"], orphans="drop")
    rates = allen_lab.raw["units"]["sampling_rate"].to_numpy()
    units = allen_lab.tables["units"].assign(sampling_rate=rates)
    differ = (rates != units["probe_id"].map(allen_lab.tables["probes"]["sampling_rate"]).to_numpy()).sum()
    assert differ > 19000
    with pytest.raises(JoinError, match=f"sampling_rate.*differs in {differ} of 19318 rows"):
        sf.join(units, allen_lab.tables["probes"])


def test_several_units_share_a_channel_and_this_may_be_refused(allen_lab: Lab) -> None:
    units, channels, *_ = allen_lab.chain
    shared = (units["channel_id"].value_counts() > 1).sum()
    with pytest.raises(JoinError, match=f"{shared} channels belong to several rows"):
        sf.join(units, channels, cardinality="one_to_one")
    alone = units[~units["channel_id"].duplicated(keep=False)]
    assert len(sf.join(alone, channels, cardinality="one_to_one")) == len(alone) == len(channels) - shared


def test_orphans_are_refused_and_counted(ibl_lab: Lab) -> None:
    units, atlas, probes = (ibl_lab.tables[name] for name in ("units", "atlas", "probes"))
    first = next(id_ for id_ in units["channel_id"] if id_ not in atlas.index)
    told = f"{UNITS_WITHOUT_ATLAS} of 137354 rows have a channel_id that channels has no row of: {first}"
    with pytest.raises(JoinError, match=told):
        sf.join(units, atlas)
    with pytest.raises(JoinError, match=f"{CHANNELS_WITHOUT_RELEASE} of 183876 rows have a probe_id"):
        sf.join(atlas, probes)


def test_orphans_are_left_out_and_told(ibl_lab: Lab) -> None:
    units, atlas = ibl_lab.tables["units"], ibl_lab.tables["atlas"]
    with pytest.warns(sf.OrphanRowsWarning, match=f"{UNITS_WITHOUT_ATLAS} rows found no channels") as caught:
        joined = sf.join(units, atlas, orphans="drop")
    lost = ~units["probe_id"].isin(atlas["probe_id"])
    assert units.loc[lost, "probe_id"].nunique() == 35
    assert caught[0].message.orphans["channels"].tolist() == units.index[lost].tolist()
    assert joined.index.tolist() == units.index[~lost].tolist()
    check_same(joined["probe_vertical_position"], ibl_lab.raw["clusters"].loc[~lost.to_numpy(), "depths"])
    assert joined["local_index"].dtype == atlas["local_index"].dtype


def test_orphans_are_kept_with_nulls(ibl_lab: Lab) -> None:
    _, _, probes, sessions = ibl_lab.chain
    atlas = ibl_lab.tables["atlas"]
    assert "session_id" not in atlas
    with pytest.warns(sf.OrphanRowsWarning) as caught:
        joined = sf.join(atlas, probes, sessions, orphans="keep")
    lost = ~atlas["probe_id"].isin(probes.index)
    assert lost.sum() == CHANNELS_WITHOUT_RELEASE
    assert {table: len(keys) for table, keys in caught[0].message.orphans.items()} == {
        "probes": CHANNELS_WITHOUT_RELEASE,
        "sessions": CHANNELS_WITHOUT_RELEASE,
    }
    pd.testing.assert_index_equal(joined.index, atlas.index)
    for name in ("probe_name", "session_id", "subject_id"):
        assert joined[name].isna().tolist() == lost.tolist()
    check_same(joined["session_id"], atlas["probe_id"].map(probes["session_id"]))


def test_ids_of_the_two_laboratories_are_not_compared(allen_lab: Lab, ibl_lab: Lab) -> None:
    with pytest.raises(JoinError, match="probe_id is str in channels and int64 in probes"):
        sf.join(ibl_lab.tables["channels"], allen_lab.tables["probes"])
    with pytest.raises(JoinError, match="probe_id is int64 in channels and str in probes"):
        sf.join(allen_lab.tables["channels"], ibl_lab.tables["probes"])
