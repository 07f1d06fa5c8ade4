"""What rows tell of those below them, held against the same reckoned row by row in plain Python."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

import sessionframes as sf
from sessionframes.errors import FrameValidationError, JoinError, QueryError
from sessionframes.frames.quality import quality_filter
from sessionframes.frames.summarize import summarize

KEYS = {"sessions": "session_id", "probes": "probe_id", "channels": "channel_id", "units": "unit_id"}
LISTS = pd.ArrowDtype(pa.list_(pa.large_string()))
#: Beyond the basic plane the order of UTF-16 is not that of code points.
ACRONYMS = (None, "VISp", "VIS", "root", "é", "z", "", "\U0001f42d", "\ue000")


@dataclass
class Drawn:
    """A table of a small world, in plain Python: (source, key) → name → value."""

    table: str
    rows: dict[tuple[str, Any], dict[str, Any]]

    def frame(self, dtype: str, *, is_union: bool) -> pd.DataFrame:
        sources, keys = ([key[part] for key in self.rows] for part in range(2))
        index = pd.Index(keys, dtype=dtype, name=KEYS[self.table])
        if is_union:
            names = ["source", KEYS[self.table]]
            index = pd.MultiIndex.from_arrays([pd.Index(sources, dtype="str"), index], names=names)
        names = [name for name in (*KEYS.values(), "structure_acronym") if name in self.names]
        columns = {
            name: pd.array(
                [row[name] for row in self.rows.values()],
                dtype="str" if name == "structure_acronym" else dtype,
            )
            for name in names
        }
        return pd.DataFrame(columns, index=index, columns=pd.Index(names, dtype="str"))

    @property
    def names(self) -> set[str]:
        place = list(KEYS).index(self.table)
        above = set(list(KEYS.values())[:place])
        return above | {"structure_acronym"} if self.table == "channels" else above


@st.composite
def worlds(draw: st.DrawFn) -> tuple[list[Drawn], str, bool]:
    """Tables whose rows have parents that are there and that are not; the dtype of ids; whether united."""
    dtype = draw(st.sampled_from(["int64", "str"]))
    is_union = dtype == "str" and draw(st.booleans())
    as_id = int if dtype == "int64" else str
    sources = ["here", "there"] if is_union else ["here"]
    drawn = []
    for table in KEYS:
        keys = draw(st.lists(st.integers(0, 9), unique=True, max_size=8))
        tagged = dict.fromkeys((draw(st.sampled_from(sources)), as_id(key)) for key in keys)
        one = Drawn(table, {})
        for key in tagged:
            one.rows[key] = {name: as_id(draw(st.integers(0, 5))) for name in sorted(one.names)}
            if table == "channels":
                one.rows[key]["structure_acronym"] = draw(st.sampled_from(ACRONYMS))
        drawn.append(one)
    return drawn, dtype, is_union


def reckoned(base: Drawn, below: list[Drawn]) -> dict[str, list[Any]]:
    told: dict[str, list[Any]] = {}
    for one in sorted(below, key=lambda one: list(KEYS).index(one.table)):
        members = {
            key: [row for (source, _), row in one.rows.items() if (source, row[KEYS[base.table]]) == key]
            for key in base.rows
        }
        told[f"{one.table.removesuffix('s')}_count"] = [len(rows) for rows in members.values()]
        if one.table == "channels":
            found = [{row["structure_acronym"] for row in rows} - {None} for rows in members.values()]
            told["structure_acronyms"] = [sorted(acronyms) for acronyms in found]
    return {name: told[name] for name in sorted(told, key=lambda name: name == "structure_acronyms")}


@given(world=worlds(), chosen=st.data())
def test_counts_and_structures_are_those_of_plain_python(world, chosen):
    drawn, dtype, is_union = world
    place = chosen.draw(st.integers(0, 2))
    base = drawn[place]
    below = chosen.draw(st.permutations(drawn[place + 1 :]))
    below = below[: chosen.draw(st.integers(1, len(below)))]
    frame = base.frame(dtype, is_union=is_union)
    others = [one.frame(dtype, is_union=is_union) for one in below]
    before = [one.copy() for one in (frame, *others)]
    found = summarize(frame, *others)

    told = reckoned(base, below)
    assert list(found.columns) == [*frame.columns, *told]
    for name, values in told.items():
        assert found[name].tolist() == values, name
        assert found[name].dtype == (LISTS if name == "structure_acronyms" else np.dtype("int64"))
    pd.testing.assert_frame_equal(found[list(frame.columns)], before[0])
    for one, copy in zip((frame, *others), before, strict=True):
        pd.testing.assert_frame_equal(one, copy)
        assert one.attrs == {}
    origin = json.loads(found.attrs["sessionframes"])
    for one in below:
        counted = sum(told[f"{one.table.removesuffix('s')}_count"])
        assert origin["elsewhere"].get(one.table, 0) == len(one.rows) - counted


@pytest.fixture(scope="module")
def tables(lims):
    return {table: lims.get(table) for table in KEYS}


def test_real_tables_agree_with_pandas(tables):
    found = summarize(tables["sessions"], *(tables[table] for table in ("units", "probes", "channels")))
    for table in ("probes", "channels", "units"):
        counts = tables[table]["session_id"].value_counts().reindex(found.index, fill_value=0)
        assert found[f"{table.removesuffix('s')}_count"].tolist() == counts.tolist()
    assert found["probe_count"].max() > 1
    assert (found["probe_count"] == 0).any(), "a session without probes is to be there"
    structures = tables["channels"].groupby("session_id")["structure_acronym"].unique()
    for session, acronyms in found["structure_acronyms"].items():
        assert acronyms == sorted(set(structures.get(session, [])) - {np.nan, None})


def test_what_is_filtered_before_is_counted(tables, lims):
    units = quality_filter(lims.get_units(join="channels"))
    found = summarize(tables["probes"], units)
    assert 0 < found["unit_count"].sum() == len(units) < len(tables["units"])
    assert list(found.columns) == [*tables["probes"].columns, "unit_count"], "units tell no structures"
    origin = json.loads(found.attrs["sessionframes"])
    assert (origin["table"], origin["step"], origin["elsewhere"]) == ("probes", "summarize", {})
    assert [part.get("step", part["table"]) for part in origin["parts"]] == ["probes", "quality_filter"]


def test_rows_that_belong_to_no_row_are_told(tables):
    few = tables["sessions"].head(2)
    found = summarize(few, tables["units"], tables["probes"])
    elsewhere = json.loads(found.attrs["sessionframes"])["elsewhere"]
    for table in ("units", "probes"):
        total = found[f"{table.removesuffix('s')}_count"].sum()
        assert elsewhere[table] == len(tables[table]) - total > 0


def test_channels_without_structures_are_counted_all_the_same(tables):
    found = summarize(tables["probes"], tables["channels"][["probe_id"]])
    assert "structure_acronyms" not in found
    assert found["channel_count"].sum() == len(tables["channels"])


def test_a_frame_that_tells_can_be_told_more_joined_united_and_counted_again(tables):
    probes = summarize(tables["probes"], tables["channels"])
    probes = summarize(probes, tables["units"])
    assert list(probes.columns[-3:]) == ["channel_count", "structure_acronyms", "unit_count"]
    units = sf.join(tables["units"], probes)
    wanted = probes["unit_count"].reindex(units["probe_id"])
    assert units["unit_count"].tolist() == wanted.tolist()
    sessions = summarize(tables["sessions"], probes)
    assert sessions["probe_count"].sum() == len(probes)
    united = sf.union(here=probes.head(3), there=probes.tail(2))
    assert united["unit_count"].tolist() == [*probes["unit_count"].head(3), *probes["unit_count"].tail(2)]
    assert united["structure_acronyms"].dtype == LISTS


def test_what_it_tells_is_a_promise(tables):
    probes = summarize(tables["probes"], tables["units"])
    broken = probes.assign(unit_count=-1)
    with pytest.raises(FrameValidationError, match="unit_count"):
        sf.join(tables["channels"], broken)


def test_a_frame_that_broke_its_promise_is_found(tables):
    with pytest.raises(FrameValidationError, match="age_in_days"):
        summarize(tables["sessions"].assign(age_in_days=-1.0), tables["probes"])


def test_orphans_that_are_kept_have_no_counts(tables):
    probes = summarize(tables["probes"], tables["channels"]).iloc[1:]
    with pytest.warns(sf.OrphanRowsWarning):
        kept = sf.join(tables["channels"], probes, orphans="keep")
    lost = ~kept["probe_id"].isin(probes.index)
    assert lost.any()
    assert kept["channel_count"].dtype == pd.Int64Dtype()
    assert kept.loc[lost, ["channel_count", "structure_acronyms"]].isna().all(axis=None)


def test_writing_into_the_result_leaves_the_frame_alone(tables):
    probes = tables["probes"].copy()
    found = summarize(probes, tables["units"])
    found.loc[:, "probe_name"] = "changed"
    pd.testing.assert_frame_equal(probes, tables["probes"])


REFUSED = {
    "no frames below": (lambda t: summarize(t["sessions"]), QueryError, "there is nothing to count"),
    "no frame": (lambda t: summarize(t["sessions"], [1]), QueryError, "no frame"),
    "nothing is below units": (
        lambda t: summarize(t["units"], t["units"]),
        JoinError,
        "units are not below units",
    ),
    "above": (lambda t: summarize(t["probes"], t["sessions"]), JoinError, "sessions are not below probes"),
    "the wrong way round": (
        lambda t: summarize(t["units"], t["probes"]),
        JoinError,
        "the frame of what is above first",
    ),
    "twice": (
        lambda t: summarize(t["sessions"], t["units"], t["units"]),
        JoinError,
        "two frames have one row per unit_id",
    ),
    "units and their metrics": (
        lambda t: summarize(t["sessions"], t["units"], t["units"].rename_axis("unit_id")[["session_id"]]),
        JoinError,
        "two frames have one row per unit_id",
    ),
    "without the id": (
        lambda t: summarize(t["sessions"], t["units"].drop(columns="session_id")),
        JoinError,
        r"units\.session_id: .* columns=\['session_id'\]",
    ),
    "there already": (
        lambda t: summarize(t["sessions"].assign(unit_count=1), t["units"]),
        JoinError,
        r"sessions\.unit_count: this column is there already",
    ),
    "other dtype": (
        lambda t: summarize(t["sessions"], t["units"].astype({"session_id": "float64"})),
        JoinError,
        r"units\['session_id'\] = units\['session_id'\]\.astype\('int64'\)",
    ),
    "text and numbers": (
        lambda t: summarize(t["sessions"], t["units"].astype({"session_id": "str"})),
        JoinError,
        "session_id is str in units and int64 in sessions",
    ),
    "keys twice": (
        lambda t: summarize(t["sessions"], pd.concat([t["units"], t["units"].head(1)])),
        JoinError,
        "1 keys are there several times",
    ),
    "keys of the frame twice": (
        lambda t: summarize(t["sessions"].iloc[[0, 0]], t["units"]),
        JoinError,
        "1 keys are there several times",
    ),
    "acronyms that are no text": (
        lambda t: summarize(t["sessions"], t["channels"].astype({"structure_acronym": "category"})),
        JoinError,
        r"channels\.structure_acronym: this column is category, not str\. Convert it by astype\('str'\)",
    ),
    "a union and none": (
        lambda t: summarize(t["sessions"], sf.union(lims=t["units"].head(2))),
        JoinError,
        "Unite all of them",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_does_not_fit_is_refused(case, tables):
    call, error, message = REFUSED[case]
    with pytest.raises(error, match=message):
        call(tables)


def test_units_without_a_parent_belong_to_nobody(tables):
    units = tables["units"].head(5).astype({"session_id": "Int64"})
    units.iloc[0, units.columns.get_loc("session_id")] = pd.NA
    found = summarize(tables["sessions"], units)
    assert found["unit_count"].sum() == 4
    assert json.loads(found.attrs["sessionframes"])["elsewhere"] == {"units": 1}


@pytest.mark.parametrize("table", ["sessions", "probes", "channels"])
def test_no_rows_on_either_side(table, tables):
    below = [tables[name] for name in list(KEYS)[list(KEYS).index(table) + 1 :]]
    empty = summarize(tables[table].iloc[:0], *below)
    full = summarize(tables[table], *below)
    assert empty.empty
    assert empty.dtypes.equals(full.dtypes)
    alone = summarize(tables[table], *(frame.iloc[:0] for frame in below))
    assert alone.dtypes.equals(full.dtypes)
    assert alone.filter(like="_count").eq(0).all(axis=None)
    if table != "channels":
        assert alone["structure_acronyms"].tolist() == [[]] * len(alone)
