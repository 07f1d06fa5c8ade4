"""What cannot be joined is refused by an error of ours that says where, how often, and what to do."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import sessionframes as sf
from sessionframes.errors import FrameValidationError, JoinError, QueryError
from sessionframes.frames.join import join
from tests.frames.frames_at_hand import Hand

INT, FLOAT, TEXT = np.dtype("int64"), np.dtype("float64"), pd.StringDtype("pyarrow", na_value=np.nan)


def made(ids, tells):
    """Units, channels and probes; ids are numbers, or the same as text."""
    dtype, as_id = (INT, int) if ids == "int64" else (TEXT, str)
    units = {as_id(n): {"channel_id": as_id(10 + n % 2), "snr": float(n)} for n in (1, 2, 3)}
    channels = {as_id(n): {"probe_id": as_id(100), "probe_vertical_position": 1.0} for n in (10, 11)}
    probes = {as_id(100): {"probe_name": "A"}}
    return (
        Hand("units", ids, {"channel_id": dtype, "snr": FLOAT}, units, tells).frame(),
        Hand("channels", ids, {"probe_id": dtype, "probe_vertical_position": FLOAT}, channels, tells).frame(),
        Hand("probes", ids, {"probe_name": TEXT}, probes, tells).frame(),
    )


@pytest.fixture
def units():
    return made("int64", tells=True)[0]


@pytest.fixture
def channels():
    return made("int64", tells=True)[1]


@pytest.fixture
def probes():
    return made("int64", tells=True)[2]


def refusal(*frames, **how):
    with pytest.raises(JoinError) as caught:
        join(*frames, **how)
    error = caught.value
    assert len(str(error)) < 1000
    assert str(pickle.loads(pickle.dumps(error))) == str(error)
    return error


def with_index(frame, index):
    frame = frame.copy()
    frame.index = pd.Index(index, name=frame.index.name)
    return frame


# keys of another dtype: what is told to do about it is done, and works


OTHER_NUMBERS = [
    "int32",
    "uint64",
    "float64",
    "object",
    "category",
    "Int64",
    "int64[pyarrow]",
    "str",
    "string",
]
OTHER_TEXTS = ["object", "category", "string", "large_string[pyarrow]", "int64", "float64", "Int64"]
PLACES = ["key above", "key below", "column below", "column between"]


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("tells", [True, False])
@pytest.mark.parametrize(
    ("ids", "dtype"),
    [*(("int64", dtype) for dtype in OTHER_NUMBERS), *(("str", dtype) for dtype in OTHER_TEXTS)],
)
def test_ids_of_another_dtype_are_refused_and_the_fix_works(ids, tells, dtype, place):
    units, channels, probes = made(ids, tells)
    expected = join(units, channels, probes)
    if place == "column below":
        units["channel_id"] = units["channel_id"].astype(dtype)
    elif place == "column between":
        channels["probe_id"] = channels["probe_id"].astype(dtype)
    else:
        wrong = channels if place == "key above" else units
        wrong.index = wrong.index.astype(dtype)
    if place.startswith("column") and dtype == "Int64" and ids == "int64":
        # Ids that may be null find what is not null.
        assert len(join(units, channels, probes)) == 3
        return
    if place == "key below" and not tells and dtype in ("int64", "str"):
        # Nobody promised what units are to be called.
        assert len(join(units, channels, probes)) == 3
        return
    error = refusal(units, channels, probes)
    frames = {"units": units, "channels": channels, "probes": probes}
    assert error.table in frames
    assert dtype.split("[")[0] in str(error)
    for _ in range(3):
        assert error.hint.startswith("Say ")
        exec(error.hint.removeprefix("Say ").removesuffix("."), {}, frames)
        try:
            mended = join(*frames.values())
            break
        except JoinError as another:
            error = another
    if tells:
        pd.testing.assert_frame_equal(mended, expected)
    assert mended["probe_name"].tolist() == ["A", "A", "A"]


def test_a_fix_leaves_what_is_null_null(units, channels):
    units["channel_id"] = [10.0, np.nan, 11.0]
    error = refusal(units, channels, orphans="drop")
    assert error.hint == "Say units['channel_id'] = units['channel_id'].astype('Int64')."


def test_text_ids_that_were_read_as_floats_do_not_get_a_point(units, channels):
    units, channels, _ = made("str", tells=True)
    units["channel_id"] = [10.0, np.nan, 11.0]
    error = refusal(units, channels)
    exec(error.hint.removeprefix("Say ").removesuffix("."), {}, {"units": units})
    assert units["channel_id"].dropna().tolist() == ["10", "11"]


@pytest.mark.parametrize("index", [[10.5, 11.0], [np.inf, 11.0], ["x", "y"], [True, False]], ids=str)
def test_what_can_be_no_id_is_told_to_be_none(units, channels, index):
    error = refusal(units, with_index(channels, index))
    assert error.hint.startswith("Ids are whole numbers (int64) or text (str). These are not: ")


def test_frames_of_different_sources_do_not_meet_without_a_union(units):
    error = refusal(units, made("str", tells=True)[1])
    assert "channel_id is int64 in units and str in channels" in str(error)
    assert "sf.union" in error.hint


def test_metrics_whose_units_have_another_dtype_name_both(units):
    other = units.set_axis(pd.Index(["1", "2", "3"], name="unit_id", dtype="str"))
    other.attrs = {}
    error = refusal(units, other[["snr"]])
    assert "unit_id is int64 in units and str in units" in str(error)
    exec(error.hint.removeprefix("Say ").removesuffix("."), {}, {"units": other})
    assert other.index.dtype == "int64"


# keys


def test_a_null_key_is_refused(units, channels):
    for error in (
        refusal(units, with_index(channels, [10, None])),
        refusal(units, with_index(channels, pd.array([10, None], dtype="Int64"))),
        refusal(units, with_index(channels, pd.array(["10", None], dtype="str"))),
    ):
        assert (error.table, error.column, error.hint) == ("channels", "channel_id", "Drop these rows.")
        assert "1 rows have no channel_id" in str(error)
    assert refusal(with_index(units, [1, None, 3]), channels).table == "units"


def test_a_key_that_is_there_twice_is_refused(units, channels):
    error = refusal(units, pd.concat([channels, channels]))
    assert (error.table, error.column) == ("channels", "channel_id")
    assert "2 keys are there several times: 10, 11." in str(error)
    error = refusal(pd.concat([units] * 3), channels)
    assert "3 keys are there several times: 1, 2, 3." in str(error)


@pytest.mark.parametrize("name", [None, "foo", 5, ("a", "b"), "UNIT_ID", "", "x" * 10_000], ids=str)
def test_an_index_that_is_no_key_is_refused(units, channels, name):
    error = refusal(units, channels.rename_axis(index=[name]))
    assert "the key of no table" in str(error)
    assert error.hint


def test_an_index_of_more_levels_is_refused(units, channels):
    assert "the key of no table" in str(refusal(units.set_index("snr", append=True), channels))
    assert "the key of no table" in str(refusal(units.set_index("snr", append=True).swaplevel(), channels))


def test_frames_that_do_not_reach_each_other_are_refused(units, channels, probes):
    error = refusal(units.drop(columns="channel_id"), channels)
    assert "units has unit_id; channels has channel_id" in str(error)
    assert "probes has probe_id" in str(refusal(units, probes))


# shared columns


def test_a_column_that_differs_is_refused_and_never_gets_a_suffix(units, channels):
    error = refusal(units.assign(x=[1, 2, 3]), channels.assign(x=[2, 1]))
    assert (error.table, error.column) == ("units", "x")
    assert "differs in 1 of 3 rows: unit_id 3 has 3 here, and 1 there." in str(error)
    assert error.hint == "Drop or rename 'x' in one of the frames."
    error = refusal(units.assign(probe_id=[100, 100, 7]), channels)
    assert "unit_id 3 has 7 here, and 100 there" in str(error)
    assert error.hint == "The frames are not of one state; get them anew."


def test_a_null_is_not_a_value(units, channels):
    error = refusal(units.assign(x=[1.0, np.nan, 1.0]), channels.assign(x=1.0))
    assert "differs in 1 of 3 rows: unit_id 2 has nan here, and 1.0 there." in str(error)
    same = join(units.assign(x=[np.nan] * 3), channels.assign(x=pd.array([None, None], dtype="Int64")))
    assert same["x"].isna().all()


LISTS = pd.ArrowDtype(pa.list_(pa.large_string()))
ALIKE = {
    "categories of other orders": (
        pd.CategoricalDtype(["a", "b"]),
        pd.CategoricalDtype(["b", "a"]),
        "a",
        "b",
    ),
    "category and text": ("category", "str", "a", "b"),
    "two kinds of text": ("str", "string", "a", "b"),
    "two kinds of lists": (LISTS, "object", ["a"], ["b"]),
    "lists": (LISTS, LISTS, ["a"], ["b"]),
    "arrays": ("object", "object", np.arange(2), np.arange(3)),
    "numbers": ("int64", "Float64", 1, 2),
    "zoned and naive": (
        "datetime64[us, UTC]",
        "datetime64[us, Asia/Tokyo]",
        *pd.to_datetime(["2020", "2021"], utc=True),
    ),
}


@pytest.mark.parametrize("kind", ALIKE)
def test_the_same_values_are_the_same_whatever_holds_them(units, channels, kind):
    here, there, value, other = ALIKE[kind]

    def holding(frame, dtype, value):
        return frame.assign(x=pd.Series([value] * len(frame), index=frame.index, dtype=dtype))

    joined = join(holding(units, here, value), holding(channels, there, value))
    assert list(joined.columns).count("x") == 1
    refusal(holding(units, here, value), holding(channels, there, other))
    refusal(holding(units, here, other), holding(channels, there, value))


def test_what_cannot_be_compared_differs(units, channels):
    naive = channels.assign(x=pd.to_datetime("2020-01-01"))
    refusal(units.assign(x=pd.to_datetime("2020-01-01", utc=True)), naive)
    refusal(units.assign(x="2020-01-01"), naive)


# orphans and cardinality


def test_orphans_are_refused_unless_told_otherwise(units, channels):
    error = refusal(units, channels.loc[[11]])
    assert (error.table, error.column) == ("units", "channel_id")
    assert "1 of 3 rows have a channel_id that channels has no row of: 10 (unit_id 2)." in str(error)
    assert 'orphans="keep"' in error.hint
    with pytest.raises(sf.OrphanRowsWarning, match="kept, with nulls"):
        join(units, channels.loc[[11]], orphans="keep")


def test_rows_that_share_another_are_refused_where_each_is_to_have_its_own(units, channels):
    error = refusal(units, channels, cardinality="one_to_one")
    assert "1 channels belong to several rows: 11." in str(error)
    assert len(join(units.iloc[:2], channels, cardinality="one_to_one")) == 2


@pytest.mark.parametrize("value", ["Keep", "", None, 1, ["keep"], np.array(["raise", "keep"]), "x" * 10_000])
@pytest.mark.parametrize("name", ["orphans", "cardinality"])
def test_an_unknown_choice_is_refused(units, channels, name, value):
    with pytest.raises(QueryError, match=f"^{name} is .*Say one of: ") as caught:
        join(units, channels, **{name: value})
    assert len(str(caught.value)) < 300


def test_messages_stay_short_whatever_the_keys_are(units, channels):
    long = with_index(channels, ["x" * 1_000_000, "y"]).assign(text="z" * 1_000_000)
    long.attrs = units.attrs = {}
    units["channel_id"] = pd.array(["y", "y", "z" * 1_000_000], dtype="str")
    assert "1 of 3 rows" in str(refusal(units, long))
    refusal(units.iloc[:2].assign(text="y"), long)
    refusal(units, pd.concat([long, long]))


# frames


@pytest.mark.parametrize("what", [None, 5, "units", pd.Series([1]), [], {}, np.zeros((2, 2))], ids=str)
def test_what_is_no_frame_is_refused(units, what):
    for frames in ((units, what), (what, units), (what,)):
        with pytest.raises(QueryError, match="no frame"):
            join(*frames)


def test_columns_without_a_name_of_their_own_are_refused(units, channels):
    assert "two columns named 'snr'" in str(refusal(pd.concat([units, units[["snr"]]], axis=1), channels))
    assert "without a name" in str(refusal(units.rename(columns={"snr": None}), channels))
    assert "without a name" in str(refusal(units, channels.assign(x=1).rename(columns={"x": np.nan})))
    assert "several levels" in str(refusal(units, pd.concat({"a": channels}, axis=1)))


def test_the_result_keeps_what_the_parts_promise(units, channels):
    with pytest.raises(FrameValidationError, match="snr breaks 'dtype float64'") as caught:
        join(units.assign(snr=units["snr"].astype("float32")), channels)
    assert caught.value.hint == "Convert it: frame['snr'] = frame['snr'].astype('float64')."
    with pytest.raises(FrameValidationError, match="presence_ratio") as caught:
        join(units.assign(presence_ratio=2.0), channels)
    assert caught.value.hint.startswith("Mend these columns")
    with pytest.raises(FrameValidationError, match="probe_vertical_position"):
        join(units, channels.assign(probe_vertical_position="high"))


# frames of a union


def united(frame, source="lims", dtype="str"):
    index = pd.MultiIndex.from_arrays(
        [pd.Index([source] * len(frame), dtype=dtype), frame.index], names=["source", frame.index.name]
    )
    frame = frame.set_axis(index)
    frame.attrs = {}
    return frame


def test_frames_of_a_union_join_by_source_and_id():
    units, channels, probes = made("str", tells=False)
    far = (units, channels.assign(probe_vertical_position=7.0), probes.assign(probe_name="far"))
    both = [
        pd.concat([united(one), united(two, "alyx")])
        for one, two in zip((units, channels, probes), far, strict=True)
    ]
    joined = join(*both)
    assert joined.index.names == ["source", "unit_id"]
    assert joined.loc["lims", "probe_name"].tolist() == ["A"] * 3
    assert joined.loc["alyx", "probe_name"].tolist() == ["far"] * 3
    assert joined.loc["alyx", "probe_vertical_position"].tolist() == [7.0] * 3
    error = refusal(both[0], both[1].loc[["lims"]])
    assert "3 of 6 rows" in str(error)
    assert "unit_id alyx:1, " in str(error)


def test_a_union_joins_only_with_its_like():
    units, channels, _ = made("str", tells=False)
    assert "sf.union" in refusal(united(units), channels).hint
    assert "sf.union" in refusal(units, united(channels)).hint
    assert "sf.union" in refusal(united(units, dtype="category"), united(channels)).hint
    assert "no source" in str(refusal(united(units, None), united(channels)))
    numbers = made("int64", tells=False)
    assert "sf.union" in refusal(united(numbers[0]), united(numbers[1])).hint
