"""Two laboratories in one table: same columns, same physical units, nobody's rows lost or mixed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pandas as pd
import pytest

import sessionframes as sf
from sessionframes.errors import JoinError
from sessionframes.frames.provenance import attach
from tests.real_data.ours import check_same

if TYPE_CHECKING:
    from pathlib import Path

    from tests.real_data.ours import Lab

TABLES = ("units", "channels", "probes", "sessions")
#: What the typical row of either laboratory must lie between, in the unit that the column has. A factor of
#: 1000 between mm, um and nm, V, mV and uV, s and ms, or of 7 between weeks and days, falls outside.
PLAUSIBLE = {
    "units": {
        "firing_rate": ("Hz", 0.5, 20),
        "waveform_amplitude": ("uV", 50, 500),
        "snr": ("ratio", 0.5, 10),
        "waveform_duration": ("ms", 0.1, 2),
        "waveform_halfwidth": ("ms", 0.05, 1),
        "waveform_spread": ("um", 20, 500),
        "max_drift": ("um", 5, 200),
        "presence_ratio": ("ratio", 0.5, 1),
    },
    "channels": {
        "probe_vertical_position": ("um", 1000, 3000),
        "probe_horizontal_position": ("um", 11, 59),
        "anterior_posterior_ccf_coordinate": ("um", 4000, 12000),
        "dorsal_ventral_ccf_coordinate": ("um", 300, 7000),
        "left_right_ccf_coordinate": ("um", 1000, 11000),
    },
    "probes": {"sampling_rate": ("Hz", 29999, 30001), "lfp_sampling_rate": ("Hz", 2499, 2501)},
    "sessions": {"age_in_days": ("days", 80, 500)},
}
#: Columns that both know.
SHARED = [
    ("units", "firing_rate"),
    ("units", "waveform_amplitude"),
    ("channels", "probe_vertical_position"),
    ("channels", "probe_horizontal_position"),
    ("sessions", "age_in_days"),
]


@pytest.fixture(scope="module")
def unions(allen_lab: Lab, ibl_lab: Lab) -> dict[str, pd.DataFrame]:
    return {name: sf.union(allen=allen_lab.tables[name], ibl=ibl_lab.tables[name]) for name in TABLES}


@pytest.mark.parametrize("table", TABLES)
def test_a_union_has_the_core_columns_and_every_row(
    unions: dict[str, pd.DataFrame], labs: dict[str, Lab], table: str
) -> None:
    united, core = unions[table], sf.tables.core_tables()[table]
    assert list(united.index.names) == ["source", core.key_name()]
    assert [str(united.index.get_level_values(level).dtype) for level in range(2)] == ["str", "str"]
    dtypes = {name: dtype for name, dtype in core.dtypes().items() if name != core.key_name()}
    # A core table leaves the type of an id open; in a union it is text.
    wanted = {name: "str" if dtype is None else str(dtype) for name, dtype in dtypes.items()}
    assert {name: str(dtype) for name, dtype in united.dtypes.items()} == wanted
    for lab, published in labs.items():
        rows, frame = united.loc[lab], published.tables[table]
        assert rows.index.tolist() == frame.index.astype("str").tolist()
        for name, values in frame.items():
            check_same(
                rows[name],
                values.astype("str") if name.endswith("_id") and name != "structure_id" else values,
            )


def test_a_union_tells_what_each_laboratory_lacks(unions: dict[str, pd.DataFrame]) -> None:
    for table, lacking in {
        "sessions": ["genotype", "sex"],
        "probes": ["sampling_rate", "lfp_sampling_rate"],
        "channels": [name for name in unions["channels"] if name.endswith("_ccf_coordinate")],
    }.items():
        told = sf.provenance(unions[table]).origin["parts"]
        assert {part["source"]: part["lacks"] for part in told} == {"allen": [], "ibl": lacking}
        assert f"lacks  {', '.join(lacking)}" in str(sf.provenance(unions[table]))


@pytest.mark.parametrize(
    ("table", "column"), [(table, column) for table, columns in PLAUSIBLE.items() for column in columns]
)
def test_a_column_has_one_physical_unit(unions: dict[str, pd.DataFrame], table: str, column: str) -> None:
    unit, low, high = PLAUSIBLE[table][column]
    assert sf.describe(table).loc[column, "unit"] == unit
    united = unions[table]
    # Only of good units is it known that they are neurons; half of the clusters fire but now and then.
    rows = united[united["quality"] == "good"] if table == "units" else united
    medians = rows[column].groupby(level="source").median().dropna()
    assert medians.between(low, high).all(), medians
    assert len(medians) == (2 if (table, column) in SHARED else 1)


@pytest.mark.parametrize(("table", "column"), SHARED)
def test_what_both_measured_is_alike(unions: dict[str, pd.DataFrame], table: str, column: str) -> None:
    united = unions[table]
    rows = united[united["quality"] == "good"] if table == "units" else united
    medians = rows[column].groupby(level="source").median()
    assert medians.max() / medians.min() < 3


def test_both_name_structures_as_the_atlas_does(unions: dict[str, pd.DataFrame], shared_data: Path) -> None:
    channels = unions["channels"]
    atlas = pd.read_csv(
        shared_data / "pypi_reference" / "allen_structure_tree.csv", keep_default_na=False
    ).set_index("id")["acronym"]
    located = channels[channels["structure_id"].notna()]
    assert located.groupby(level="source")["structure_acronym"].nunique().to_dict() == {
        "allen": 6,
        "ibl": 325,
    }
    check_same(located["structure_acronym"], located["structure_id"].map(atlas))
    # Layers are told by one of them: VISp there is VISp1 to VISp6b here.
    assert "VISp" in set(located.loc["allen", "structure_acronym"])
    assert "VISp5" in set(located.loc["ibl", "structure_acronym"])


def test_the_union_of_joins_is_the_join_of_unions(
    unions: dict[str, pd.DataFrame], labs: dict[str, Lab]
) -> None:
    one = sf.union(**{name: sf.join(*lab.chain) for name, lab in labs.items()})
    other = sf.join(*unions.values())
    assert one.shape == (19318 + 137354, 43)
    pd.testing.assert_frame_equal(one, other)


def test_joins_of_unions_keep_to_each_laboratory(unions: dict[str, pd.DataFrame]) -> None:
    # The ids of sessions swapped between the two: no row may find the other's.
    sessions = unions["sessions"]
    swapped = sessions.rename(index={"allen": "ibl", "ibl": "allen"}, level="source")
    with pytest.raises(JoinError, match="1031 of 1031 rows have a session_id that sessions has no row of"):
        sf.join(unions["probes"], swapped)


def test_frames_without_provenance_must_be_named(allen_lab: Lab, ibl_lab: Lab) -> None:
    with pytest.raises(JoinError, match="does not tell which source"):
        sf.union(allen_lab.tables["units"], ibl_lab.tables["units"])
    with pytest.raises(JoinError, match="several tables: channels, units"):
        sf.union(allen=allen_lab.tables["units"], ibl=ibl_lab.tables["channels"])


def test_names_of_frames_are_told_where_their_provenance_does_not(labs: dict[str, Lab]) -> None:
    united = sf.union(**{name: sf.join(*lab.chain) for name, lab in labs.items()})
    assert [part["named"] for part in sf.provenance(united).origin["parts"]] == ["allen", "ibl"]


def test_units_joined_to_a_table_of_ones_own_can_be_united(ibl_lab: Lab, allen_lab: Lab) -> None:
    told = {"table": "units", "source": "alyx", "address": "https://alyx.example"}
    units = attach(ibl_lab.tables["units"].iloc[:100].copy(deep=False), told)
    joined = sf.join(units, ibl_lab.tables["channels"])
    others = sf.join(*allen_lab.chain[:2])
    assert sf.union(joined, allen=others).index.unique("source").tolist() == ["alyx", "allen"]
    moved = attach(units.copy(deep=False), told | {"address": "https://elsewhere.example"})
    with pytest.raises(
        JoinError, match=r"two frames are of 'alyx', one at .*alyx\.example and one at .*elsewhere"
    ):
        sf.union(joined, moved)


def test_a_channel_published_twice_comes_once(ibl_lab: Lab) -> None:
    channels, atlas = ibl_lab.tables["channels"], ibl_lab.tables["atlas"]
    both = channels.index.intersection(atlas.index)
    assert len(both) == 56 * 384
    with pytest.raises(JoinError, match=f"{len(both)} keys are there several times"):
        sf.union(sf.union(ibl=channels), sf.union(ibl=atlas))
    with pytest.warns(sf.LackingColumnsWarning, match="atlas without session_id"):
        united = sf.union(ibl=channels, atlas=atlas)
    assert len(united) == len(channels) + len(atlas)
    # A null where a table has none by itself: the atlas does not tell its sessions.
    assert united["session_id"].isna().groupby(level="source").sum().to_dict() == {
        "ibl": 0,
        "atlas": len(atlas),
    }


@pytest.mark.parametrize("lab", ["allen", "ibl"])
def test_frames_that_were_written_to_parquet_are_joined_as_before(
    labs: dict[str, Lab], lab: str, tmp_path: Path
) -> None:
    chain = labs[lab].chain
    back = [_written_and_read(frame, tmp_path / f"{place}.parquet") for place, frame in enumerate(chain)]
    joined = sf.join(*back)
    pd.testing.assert_frame_equal(joined, sf.join(*chain))
    again = _written_and_read(joined, tmp_path / "joined.parquet")
    assert again.attrs == joined.attrs
    assert json.loads(again.attrs["sessionframes"])["step"] == "join"


def test_what_was_made_of_both_is_read_back_as_it_was(
    unions: dict[str, pd.DataFrame], ibl_lab: Lab, tmp_path: Path
) -> None:
    back = {name: _written_and_read(frame, tmp_path / f"{name}.parquet") for name, frame in unions.items()}
    for name, frame in unions.items():
        assert back[name].attrs == frame.attrs
    joined = sf.join(*back.values())
    pd.testing.assert_frame_equal(joined, sf.join(*unions.values()))
    with pytest.warns(sf.OrphanRowsWarning):
        kept = sf.join(ibl_lab.tables["units"], ibl_lab.tables["atlas"], orphans="keep")
    again = _written_and_read(kept, tmp_path / "kept.parquet")
    # What has nulls since then still has, for whom it is joined with next.
    further = sf.join(again, ibl_lab.tables["probes"])
    assert further["local_index"].isna().sum() == 56468


def _written_and_read(frame: pd.DataFrame, path: Path) -> pd.DataFrame:
    frame.to_parquet(path)
    read = pd.read_parquet(path)
    pd.testing.assert_frame_equal(read, frame)
    return read
