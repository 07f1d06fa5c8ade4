"""One table of several sources: text ids, one unit per column, and told what each source lacks."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

import sessionframes as sf
from sessionframes.errors import FrameValidationError, JoinError, QueryError
from sessionframes.frames.provenance import attach
from sessionframes.tables import Channels, Units
from sessionframes.tables.kinds import Flag, column


class TextUnits(Units, ids="str"):
    """Units of a source whose ids are text."""

    is_curated: Flag = column("Whether somebody looked.")


class TextChannels(Channels, ids="str"):
    """Channels of a source whose ids are text."""


def of(model, rows, source="ibl", address="https://alyx.example.org"):
    """A frame of a source: some rows, every column that they do not name null."""
    dtypes = model.dtypes()
    key = model.key_name()
    filled = {name: [row.get(name) for row in rows] for name in dtypes}
    frame = pd.DataFrame(
        {name: pd.array(values, dtype=dtypes[name]) for name, values in filled.items() if name != key},
        index=pd.Index(filled[key], dtype=dtypes[key], name=key),
    )
    origin = {"table": model.table_name(), "source": source, "address": address}
    return attach(frame, {**origin, "query": "...", "schema": model.schema_hash()})


def unit(key, **more):
    return {
        "unit_id": key,
        "channel_id": f"c{key}",
        "probe_id": "p",
        "session_id": "s",
        "is_curated": True,
        **more,
    }


@pytest.fixture(scope="module")
def theirs():
    return of(TextUnits, [unit("ü", snr=1.5), unit("a", firing_rate=2.0), unit("915000012", snr=np.nan)])


@pytest.fixture(scope="module")
def ours(lims):
    return lims.get_units(limit=4)


def origin(frame):
    return json.loads(frame.attrs["sessionframes"])


def test_rows_of_all_are_below_each_other_by_source_and_id(ours, theirs):
    both = sf.union(ours, theirs)
    assert list(both.index.names) == ["source", "unit_id"]
    assert both.index.tolist() == [
        *(("lims", str(key)) for key in ours.index),
        *(("ibl", key) for key in theirs.index),
    ]
    assert list(both.columns) == [name for name in Units.dtypes() if name != "unit_id"]
    assert {name: str(both[name].dtype) for name in ("channel_id", "session_id", "snr", "quality")} == {
        "channel_id": "str",
        "session_id": "str",
        "snr": "float64",
        "quality": "str",
    }
    assert [str(level.dtype) for level in both.index.levels] == ["str", "str"]


def test_every_value_is_as_the_source_has_it(ours, theirs):
    both = sf.union(theirs, ours)
    for source, frame in (("lims", ours), ("ibl", theirs)):
        part = both.loc[source]
        for name in both.columns:
            expected = frame[name].astype("str") if name.endswith("_id") else frame[name]
            pd.testing.assert_series_equal(part[name], expected.set_axis(part.index))


def test_what_a_source_lacks_and_what_was_left_out_is_told(ours, theirs):
    first, second = origin(sf.union(ours, theirs))["parts"]
    assert "unit_usable" in first["drops"]
    assert "snr" not in first["lacks"]
    assert second["drops"] == ["is_curated"]
    assert {"quality", "max_drift"} <= set(second["lacks"])
    assert not {"snr", "firing_rate", "channel_id"} & set(second["lacks"])
    assert "lacks" in str(sf.provenance(sf.union(theirs)))


def test_the_frames_stay_as_they_were(ours, theirs):
    before = ours.copy(), dict(ours.attrs)
    both = sf.union(ours, theirs)
    both.iloc[:, both.columns.get_loc("snr")] = -1.0
    pd.testing.assert_frame_equal(ours, before[0])
    assert ours.attrs == before[1]


def test_joined_frames_keep_the_core_columns_of_all_their_tables(lims):
    units, channels = lims.get_units(limit=50), lims.get_channels()
    whole = sf.union(units), sf.union(channels)
    pd.testing.assert_frame_equal(sf.union(sf.join(units, channels)), sf.join(*whole))
    pushed = sf.union(lims.get_units(limit=50, join=["channels", "sessions"]))
    assert {"structure_acronym", "session_type"} < set(pushed.columns)
    assert "session_workflow_state" not in pushed.columns


def test_a_column_that_only_some_have_is_null_in_the_others(lims, theirs):
    located = lims.get_units(limit=3, join="channels")
    with pytest.warns(sf.LackingColumnsWarning, match="ibl without local_index, .*They are null there"):
        both = sf.union(located, theirs)
    assert both.loc["ibl", "structure_acronym"].isna().all()
    assert both.loc["ibl", "local_index"].isna().all()
    assert str(both["local_index"].dtype) == "Int64"
    np.testing.assert_array_equal(
        both.loc["lims", "local_index"].to_numpy(), located["local_index"].to_numpy()
    )
    assert "structure_acronym" in origin(both)["parts"][1]["lacks"]


def test_columns_that_none_has_are_not_there(lims):
    snr, quality = (lims.get_units(limit=2, columns=[name]) for name in ("snr", "quality"))
    with pytest.warns(sf.LackingColumnsWarning, match="a without quality; b without snr") as told:
        both = sf.union(a=snr, b=quality)
    assert told[0].message.lacking == {"a": ["quality"], "b": ["snr"]}
    assert told[0].filename == __file__
    assert list(both.columns) == ["quality", "snr"]
    assert both["quality"].isna().tolist() == [True, True, False, False]
    # A column that is never null may be so where a frame was got without it.
    of_session = lims.get_units(limit=1, columns=["session_id"])
    with pytest.warns(sf.LackingColumnsWarning):
        both = sf.union(a=of_session, b=lims.get_units(limit=1, columns=[]))
    assert both["session_id"].isna().tolist() == [False, True]


def test_orphans_that_were_kept_stay_null(lims):
    units, metrics = lims.get_units(limit=300), lims.get("unit_metrics", limit=100)
    with pytest.warns(sf.OrphanRowsWarning):
        kept = sf.join(units, metrics, orphans="keep")
    united = sf.union(kept)
    assert united["g_osi_dg"].isna().sum() == kept["g_osi_dg"].isna().sum() > 0
    assert str(united["pref_ori_multi_dg"].dtype) == "boolean"


def test_unions_may_be_united_joined_and_united_again(theirs, ours):
    whole = sf.union(sf.union(ours, theirs), other=theirs)
    assert whole.index.get_level_values("source").unique().tolist() == ["lims", "ibl", "other"]
    channels = of(
        TextChannels, [{"channel_id": f"c{key}", "probe_id": "p", "session_id": "s"} for key in theirs.index]
    )
    assert len(sf.join(sf.union(theirs), sf.union(channels))) == 3
    with pytest.raises(JoinError, match="no row of"):
        sf.join(whole, sf.union(channels))


def test_no_rows_make_a_union_too(lims, theirs):
    empty = lims.get_units(unit_ids=[])
    both = sf.union(empty, theirs)
    assert both.index.get_level_values("source").unique().tolist() == ["ibl"]
    pd.testing.assert_series_equal(both.dtypes, sf.union(lims.get_units(limit=1), theirs).dtypes)
    none = sf.union(empty)
    assert none.empty
    pd.testing.assert_series_equal(both.dtypes, none.dtypes)
    # No rows are no sign of what a source knows.
    assert origin(none)["parts"][0]["lacks"] == []


def test_chunks_of_one_source_are_one_source(lims):
    whole = lims.get_units(limit=40)
    both = sf.union(whole.iloc[:10], whole.iloc[10:])
    pd.testing.assert_frame_equal(both, sf.union(whole))


def test_a_frame_without_provenance_must_be_named(ours, theirs):
    lost = theirs.copy()
    lost.attrs = {}
    with pytest.raises(
        JoinError, match=r"units: a frame does not tell .*: its provenance is lost\. Name it: "
    ):
        sf.union(ours, lost)
    named = sf.union(ours, ibl=lost)
    pd.testing.assert_frame_equal(named, sf.union(ours, theirs))


@pytest.mark.parametrize("garbage", ["[1]", "{", 5, None, '{"parts": 3}', '{"parts": [1, {"parts": {}}]}'])
def test_garbage_in_attrs_is_no_provenance(theirs, garbage):
    odd = theirs.copy()
    odd.attrs = {"sessionframes": garbage}
    with pytest.raises(JoinError, match="Name it"):
        sf.union(odd)
    assert len(sf.union(ibl=odd)) == 3


def test_two_places_of_one_name_are_told_apart(theirs):
    other = of(TextUnits, [unit("x")], address="https://elsewhere.example.org")
    with pytest.raises(JoinError, match=r"two frames are of 'ibl', one at .* and one at .*elsewhere"):
        sf.union(theirs, other)
    both = sf.union(first=theirs, second=other)
    assert both.index.get_level_values("source").tolist() == ["first"] * 3 + ["second"]


def test_places_are_told_apart_within_unions_too(theirs):
    other = of(TextUnits, [unit("x")], address="https://elsewhere.example.org")
    inner = sf.union(north=theirs)
    for named in (sf.union(north=other), sf.union(sf.union(north=other))):
        with pytest.raises(JoinError, match=r"two frames are of 'north', one at .*alyx.* one at .*elsewhere"):
            sf.union(inner, named)
    with pytest.raises(JoinError, match="two frames are of 'north'"):
        sf.union(inner, north=other)
    assert len(sf.union(inner, south=other)) == 4
    with pytest.raises(QueryError, match="Give a name that is not empty"):
        sf.union(**{"": theirs})


def test_a_key_that_comes_twice_is_refused(ours, theirs):
    with pytest.raises(JoinError, match=r"units\.unit_id: 4 keys are there several times: lims:\d+, lims:"):
        sf.union(ours, theirs, ours)


def test_a_column_of_another_dtype_is_refused(theirs):
    with pytest.raises(JoinError, match=r"units\.snr: this column is str .* float64 .*astype\('float64'\)"):
        sf.union(theirs.assign(snr="loud"))
    with pytest.raises(JoinError, match=r"units\.channel_id: this column is float64"):
        sf.union(theirs.assign(channel_id=1.5))


def test_values_that_break_the_table_are_refused(theirs):
    with pytest.raises(FrameValidationError, match=r"presence_ratio .*keys ibl:ü"):
        sf.union(theirs.assign(presence_ratio=[1.5, 0.5, 0.5]))
    with pytest.raises(FrameValidationError, match=r"session_id breaks 'not null' 3 times"):
        sf.union(theirs.assign(session_id=pd.array([None] * 3, dtype="str")))


def test_what_cannot_be_united_is_refused(lims, ours, theirs):
    with pytest.raises(QueryError, match="nothing to unite"):
        sf.union()
    with pytest.raises(QueryError, match="no frame"):
        sf.union([ours, theirs])
    with pytest.raises(JoinError, match="of several tables: channels, units"):
        sf.union(ours, lims.get_channels(limit=1))
    with pytest.raises(JoinError, match="whose rows have their sources already"):
        sf.union(mine=sf.union(ours))
    with pytest.raises(JoinError, match="the key of no table"):
        sf.union(ours.reset_index())
    with pytest.raises(JoinError, match="some of the frames have the source in their key"):
        sf.join(sf.union(ours), lims.get_channels())


def test_hints_do_not_bend_ids_nor_times(lims):
    whole = lims.get_units(limit=3)
    units = whole.assign(session_id=whole["session_id"].astype(float))
    with pytest.raises(JoinError, match="this column is float64") as caught:
        sf.union(here=units)
    namespace = {"units": units}
    exec(caught.value.hint.removeprefix("Say ").removesuffix("."), namespace)
    pd.testing.assert_frame_equal(sf.union(here=namespace["units"]), sf.union(here=whole))
    sessions = lims.get_sessions()
    naive = sessions.assign(start_time=sessions["start_time"].dt.tz_localize(None))
    with pytest.raises(JoinError) as caught:
        sf.union(here=naive)
    namespace = {"frame": naive, "pd": pd}
    exec(caught.value.hint.removeprefix("Convert it: ").removesuffix("."), namespace)
    pd.testing.assert_frame_equal(sf.union(here=namespace["frame"]), sf.union(here=sessions))


def test_one_lab_of_a_union_is_joined_and_summarized_like_any(lims, theirs):
    channels = of(
        TextChannels,
        [{"channel_id": f"c{key}", "probe_id": "p", "session_id": "s"} for key in theirs.index],
    )
    ours = sf.union(lims.get_units(limit=5), theirs).loc["lims"]
    assert len(sf.join(ours, sf.union(lims.get_channels()).loc["lims"])) == 5
    units, located = (sf.union(ibl=frame).loc["ibl"] for frame in (theirs, channels))
    assert len(sf.join(units, located)) == 3
    assert sf.summarize(located, units)["unit_count"].tolist() == [1, 1, 1]


def test_a_column_named_as_the_index_is_refused(ours):
    with pytest.raises(JoinError, match="a column named as its index, 'unit_id'"):
        sf.union(ours.assign(unit_id=1))
