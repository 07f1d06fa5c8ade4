"""Frames side by side: the right rows, the right columns, and nothing done to what was given."""

from __future__ import annotations

import json
import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sessionframes as sf
from sessionframes.errors import JoinError
from sessionframes.frames.join import OrphanRowsWarning, join
from sessionframes.frames.parts import promising
from sessionframes.tables.joined import twin
from tests.frames.frames_at_hand import FORMS, Hand, hands, reckoned

CHOICES = ["raise", "keep", "drop"]


def plain(values):
    """Values as Python has them; None for null."""
    return [None if value is None or value is pd.NA or value != value else value for value in values.tolist()]


def rows_of(frame):
    columns = {name: plain(frame[name].astype("object")) for name in frame.columns}
    return {
        key: {name: values[place] for name, values in columns.items()}
        for place, key in enumerate(frame.index.tolist())
    }


@pytest.fixture
def units():
    columns = {"channel_id": np.dtype("int64"), "snr": np.dtype("float64"), "is_mine": np.dtype("bool")}
    rows = {
        1: {"channel_id": 12, "snr": 0.5, "is_mine": True},
        3: {"channel_id": 11, "snr": None, "is_mine": False},
        2: {"channel_id": 12, "snr": 2.5, "is_mine": True},
    }
    return Hand("units", "int64", columns, rows).frame()


@pytest.fixture
def channels():
    form = FORMS["int64"]["channels"].dtypes()
    columns = {name: form[name] for name in ("probe_id", "local_index", "channel_usable")}
    columns |= {"small": np.dtype("uint8")}
    rows = {
        11: {"probe_id": 101, "local_index": None, "channel_usable": True, "small": 1},
        12: {"probe_id": 102, "local_index": 5, "channel_usable": False, "small": 2},
        13: {"probe_id": 101, "local_index": 6, "channel_usable": True, "small": 3},
    }
    return Hand("channels", "int64", columns, rows).frame()


@settings(deadline=None, max_examples=150)
@given(hands=hands(), orphans=st.sampled_from(CHOICES))
def test_a_join_gives_the_rows_that_plain_python_gives(hands, orphans):
    frames = [hand.frame() for hand in hands]
    told = reckoned(hands, orphans)
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        if told is None or told.disagreements or (told.orphans and orphans == "raise"):
            with pytest.raises(JoinError):
                join(*frames, orphans=orphans)
            return
        joined = join(*frames, orphans=orphans)
    assert rows_of(joined) == told.rows
    assert joined.index.name == told.base.key
    assert list(joined.index) == list(told.rows)
    assert list(joined.columns) == list(told.columns)
    for name, hand in told.columns.items():
        was = pd.api.types.pandas_dtype(hand.columns[name])
        is_kept = orphans == "keep" and hand is not told.base
        assert joined[name].dtype == (twin(was) if is_kept else was)
    if told.orphans:
        (warning,) = (one.message for one in warned)
        assert {table: keys.tolist() for table, keys in warning.orphans.items()} == told.orphans
    else:
        assert not warned
    # What was joined can be joined again, and is there already.
    again = join(joined, joined)
    pd.testing.assert_frame_equal(again, joined)
    assert rows_of(again) == told.rows
    for hand, frame in zip(hands, frames, strict=True):
        pd.testing.assert_frame_equal(frame, hand.frame())


@settings(deadline=None, max_examples=50)
@given(hands=hands(), data=st.data())
def test_the_order_of_arguments_does_not_matter_where_the_keys_say_enough(hands, data):
    # A unit and its metrics have the same key: there the first has a say.
    hands = [hand for hand in hands if hand.table != "unit_metrics"] or hands
    told = reckoned(hands, "drop")
    if told is None or told.disagreements:
        return
    frames = [hand.frame() for hand in hands]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        one = join(*frames, orphans="drop")
        other = join(*data.draw(st.permutations(frames)), orphans="drop")
    one.attrs = other.attrs = {}
    pd.testing.assert_frame_equal(one, other)


@pytest.fixture(scope="module")
def whole():
    """The demo's tables."""
    with sf.connect("demo", progress=False) as db:
        yield {name: db.get(name, include_unusable=True) for name in db.tables}


def test_a_join_is_what_three_merges_give(whole):
    units = whole["units"].sample(frac=1, random_state=1)
    joined = join(whole["sessions"], whole["probes"], units, whole["channels"])
    merged = (
        units.merge(
            whole["channels"].drop(columns=["probe_id", "session_id"]),
            left_on="channel_id",
            right_index=True,
        )
        .merge(whole["probes"].drop(columns="session_id"), left_on="probe_id", right_index=True)
        .merge(whole["sessions"], left_on="session_id", right_index=True)
    )
    merged.attrs = joined.attrs
    pd.testing.assert_frame_equal(joined, merged)


def test_metrics_and_their_units_go_either_way(whole):
    units, metrics = whole["units"], whole["unit_metrics"]
    below = join(metrics, units)
    assert below.index.equals(metrics.index)
    assert below["snr"].tolist() == units["snr"].loc[metrics.index].tolist()
    with pytest.warns(OrphanRowsWarning, match="found no unit_metrics"):
        above = join(units, metrics, orphans="keep")
    assert above.index.equals(units.index)
    assert above["g_osi_dg"].notna().sum() == metrics["g_osi_dg"].notna().sum()


def test_an_id_may_come_from_a_frame_between(units, channels):
    form = FORMS["int64"]["probes"].dtypes()
    rows = {101: {"probe_name": "A"}, 102: {"probe_name": "B"}}
    probes = Hand("probes", "int64", {"probe_name": form["probe_name"]}, rows).frame()
    assert "probe_id" not in units
    assert join(probes, units, channels)["probe_name"].tolist() == ["B", "A", "B"]


def test_a_frame_alone_is_itself(units):
    joined = join(units)
    assert joined is not units
    pd.testing.assert_frame_equal(joined, units, check_flags=False, obj="joined")
    joined["snr"] = 7.0
    assert units["snr"].tolist()[0] == 0.5


def test_what_is_kept_has_room_for_nulls_whether_or_not_there_are_any(units, channels):
    whole = join(units, channels, orphans="keep")
    with pytest.warns(OrphanRowsWarning):
        holes = join(units, channels.loc[[12]], orphans="keep")
    told = {"channel_id": "int64", "snr": "float64", "is_mine": "bool", "probe_id": "Int64"}
    told |= {"local_index": "Int64", "channel_usable": "boolean", "small": "UInt8"}
    assert whole.dtypes.astype("str").to_dict() == told
    assert holes.dtypes.astype("str").to_dict() == told
    assert plain(holes["probe_id"]) == [102, None, 102]
    assert plain(holes["channel_usable"]) == [False, None, False]
    with pytest.warns(OrphanRowsWarning):
        dropped = join(units, channels.loc[[12]], orphans="drop")
    assert dropped["probe_id"].dtype == "int64"
    assert dropped.index.tolist() == [1, 2]


def test_text_that_came_with_nulls_may_be_joined_again():
    text = FORMS["str"]["units"].dtypes()["session_id"]
    units = Hand("units", "str", {"probe_id": text}, {"1": {"probe_id": "p"}, "2": {"probe_id": "q"}}).frame()
    probes = Hand("probes", "str", {"session_id": text}, {"p": {"session_id": "s"}}).frame()
    with pytest.warns(OrphanRowsWarning):
        kept = join(units, probes, orphans="keep")
    assert plain(kept["session_id"]) == ["s", None]
    pd.testing.assert_frame_equal(join(kept, kept), kept)
    # Who fills the holes may go on as well.
    filled = kept.assign(session_id=kept["session_id"].fillna("t"))
    pd.testing.assert_frame_equal(join(filled, filled), filled)


def test_nulls_that_were_kept_may_be_there_in_later_joins(units, channels):
    channels = channels.assign(note="x")
    with pytest.warns(OrphanRowsWarning):
        kept = join(units, channels.loc[[12]], orphans="keep")
    again = join(join(kept, units), units)
    pd.testing.assert_frame_equal(again, kept)


def test_no_row_at_all_gives_the_same_columns_and_dtypes(units, channels):
    whole = join(units, channels)
    none = join(units.iloc[:0], channels)
    pd.testing.assert_series_equal(none.dtypes, whole.dtypes)
    pd.testing.assert_series_equal(join(units.iloc[:0], channels.iloc[:0]).dtypes, whole.dtypes)
    assert none.index.dtype == "int64"
    with pytest.warns(OrphanRowsWarning, match="3 rows found no channels"):
        kept = join(units, channels.iloc[:0], orphans="keep")
    pd.testing.assert_series_equal(kept.dtypes, join(units, channels, orphans="keep").dtypes)
    with pytest.warns(OrphanRowsWarning):
        dropped = join(units, channels.iloc[:0], orphans="drop")
    pd.testing.assert_series_equal(dropped.dtypes, whole.dtypes)


def test_frames_without_columns_join(units, channels):
    assert join(units[[]], units[["channel_id"]], channels[[]]).columns.tolist() == ["channel_id"]


@pytest.mark.parametrize("orphans", CHOICES)
def test_what_is_done_to_the_result_is_not_done_to_what_was_given(units, channels, orphans):
    before = [frame.copy(deep=True) for frame in (units, channels)]
    for joined in (join(units, channels, orphans=orphans), join(units, orphans=orphans)):
        for place in range(joined.shape[1]):
            joined.iloc[0, place] = joined.iloc[1, place]
        joined.index.name = "renamed"
        joined.columns.name = "renamed"
        joined.attrs["sessionframes"] = "gone"
        joined.loc[99] = joined.iloc[0]
    for frame, was in zip((units, channels), before, strict=True):
        pd.testing.assert_frame_equal(frame, was)
        assert frame.attrs == was.attrs
        assert frame.columns.name is None


def test_a_warning_points_at_who_joined_and_can_be_sent_elsewhere(units, channels):
    with pytest.warns(OrphanRowsWarning, match=r"^units: 1 rows found no channels \(unit_id 3\)\.") as told:
        join(units, channels.loc[[12]], orphans="drop")
    (one,) = told
    assert one.filename == __file__
    again = pickle.loads(pickle.dumps(one.message))
    assert str(again) == str(one.message)
    assert again.orphans["channels"].equals(one.message.orphans["channels"])
    assert str(one.message).endswith("They are left out.")


def test_orphans_of_two_frames_of_one_table_are_all_told(units, channels):
    with pytest.warns(OrphanRowsWarning, match="3 rows found no channels") as told:
        join(units, channels.loc[[12], ["local_index"]], channels.loc[[11], ["small"]], orphans="keep")
    assert sorted(told[0].message.orphans["channels"]) == [1, 2, 3]


def test_the_origin_of_a_join_holds_those_of_its_parts(units, channels):
    with pytest.warns(OrphanRowsWarning):
        joined = join(channels.loc[[12]], units, orphans="drop")
    told = json.loads(joined.attrs["sessionframes"])
    assert (told["table"], told["step"], told["orphans"]) == ("units", "join", "drop")
    assert told["orphan_rows"] == {"channels": 1}
    assert [part["table"] for part in told["parts"]] == ["units", "channels"]


def test_a_thousand_joins_make_no_more_forms_than_a_few(units, channels):
    join(join(units, channels), units, orphans="keep")
    before = promising.cache_info().currsize
    for _ in range(300):
        join(join(units, channels), units, orphans="keep")
    assert promising.cache_info().currsize == before


def test_a_column_of_any_name_does_no_harm_to_later_joins(units, channels):
    named = channels.assign(x=1).rename(columns={"x": ("a", 1)}).assign(y=2).rename(columns={"y": 7})
    joined = join(units, named)
    assert joined[("a", 1)].tolist() == [1, 1, 1]
    assert joined[7].tolist() == [2, 2, 2]
    # What others ask for is looked up among all forms there are.
    assert join(units, channels).shape == (3, 7)


@pytest.mark.parametrize(
    "garbage", ["[1]", 5, None, "{", '{"parts": 5}', '{"parts": [5, {"table": []}]}', b"\xff"]
)
def test_a_frame_that_tells_nonsense_of_itself_is_known_by_its_key(units, channels, garbage):
    units.attrs["sessionframes"] = garbage
    joined = join(units, channels)
    assert joined["probe_id"].tolist() == [102, 101, 102]
    assert joined["channel_usable"].tolist() == [False, True, False]
