"""What people hand over: ids in every form, and values that cannot be meant."""

from __future__ import annotations

import decimal
import pickle
import time
import uuid
from datetime import time as time_of_day

import numpy as np
import pandas as pd
import pytest

from sessionframes.errors import QueryError, SessionFramesError, TableNotProvidedError
from tests.sources.lims.expected import assert_same, expected, no_rows

CALLS = {
    "get_sessions": ("session_ids",),
    "get_probes": ("probe_ids", "session_ids"),
    "get_channels": ("channel_ids", "probe_ids", "session_ids"),
    "get_units": ("unit_ids", "channel_ids", "probe_ids", "session_ids"),
    "get_unit_analysis_metrics": ("unit_ids", "ecephys_session_ids"),
}
ID_ARGUMENTS = [(call, argument) for call, arguments in CALLS.items() for argument in arguments]


@pytest.fixture(scope="module")
def three(world):
    """Three ids of usable sessions."""
    return expected(world, "sessions").index[[0, 2, 4]].tolist()


FORMS = {
    "list": list,
    "tuple": tuple,
    "set": set,
    "frozenset": frozenset,
    "dict": dict.fromkeys,
    "keys": lambda ids: dict.fromkeys(ids).keys(),
    "generator": lambda ids: (one for one in ids),
    "repeated": lambda ids: ids * 3,
    "backwards": lambda ids: ids[::-1],
    "text": lambda ids: [str(one) for one in ids],
    "text with spaces": lambda ids: [f" {one}\n" for one in ids],
    "whole floats": lambda ids: [float(one) for one in ids],
    "mixed": lambda ids: [str(ids[0]), float(ids[1]), np.int32(ids[2])],
    "array": np.array,
    "int32": lambda ids: np.array(ids, dtype="int32"),
    "uint64": lambda ids: np.array(ids, dtype="uint64"),
    "float array": lambda ids: np.array(ids, dtype="float64"),
    "object array": lambda ids: np.array(ids, dtype=object),
    "text array": lambda ids: np.array([str(one) for one in ids]),
    "strided": lambda ids: np.repeat(ids, 2)[::2],
    "series": pd.Series,
    "Int64 series": lambda ids: pd.Series(ids, dtype="Int64"),
    "text series": lambda ids: pd.Series(ids).astype("str"),
    "arrow series": lambda ids: pd.Series(ids, dtype="int64[pyarrow]"),
    "categorical": lambda ids: pd.Series(ids).astype("category"),
    "index": pd.Index,
    "frame by index": lambda ids: pd.DataFrame(index=pd.Index(ids, name="session_id")),
    "frame by column": lambda ids: pd.DataFrame({"session_id": ids}),
}


@pytest.mark.parametrize("form", FORMS)
def test_ids_in_every_form(lims, world, three, form):
    whole = expected(world, "sessions")
    assert_same(lims.get_sessions(FORMS[form](three)), whole.loc[three])


@pytest.mark.parametrize("form", [int, str, float, np.int64, np.array, np.float64])
def test_one_id_in_every_form(lims, three, form):
    assert lims.get_sessions(form(three[1])).index.tolist() == [three[1]]


def test_a_range_of_ids(lims, three):
    assert lims.get_sessions(range(three[1] - 40, three[1] + 41, 2)).index.tolist() == [three[1]]
    assert lims.get_sessions(range(three[1], three[1])).empty


NOTHING = {
    "list": [],
    "set": set(),
    "range": range(0),
    "array": np.array([]),
    "int array": np.array([], dtype="int64"),
    "series": pd.Series([], dtype="str"),
    "index": pd.Index([]),
    "frame": pd.DataFrame({"session_id": pd.Series([], dtype="int64")}),
}


@pytest.mark.parametrize("empty", NOTHING)
def test_no_ids_are_no_rows_and_not_all(lims, empty):
    assert_same(lims.get_sessions(NOTHING[empty]), no_rows("sessions"))
    assert_same(lims.get_units(session_ids=NOTHING[empty]), no_rows("units"))


@pytest.mark.parametrize("call", CALLS)
def test_none_is_no_filter(lims, call):
    get = getattr(lims, call)
    assert len(get(**dict.fromkeys(CALLS[call]))) == len(get())


def test_half_a_million_ids(lims, world):
    whole = expected(world, "units")
    ids = np.concatenate([whole.index[::2], np.arange(10_000_000, 10_500_000)])
    started = time.monotonic()
    found = lims.get_units(unit_ids=ids)
    took = time.monotonic() - started
    assert_same(found, whole.iloc[::2])
    assert took < 15
    assert len(found.attrs["sessionframes"]) < 2000


def test_a_hundred_thousand_ids_as_a_list_on_another_level(lims, world):
    found = lims.get_units(session_ids=list(range(715_400_000, 715_500_000)))
    whole = expected(world, "units")
    assert_same(found, whole[whole["session_id"].between(715_400_000, 715_499_999)])


WRONG_IDS = {
    "NaN": [1, float("nan")],
    "None": [1, None],
    "NA": [1, pd.NA],
    "NaT": [pd.NaT],
    "null series": pd.Series([1, None]),
    "null Int64": pd.Series([1, None], dtype="Int64"),
    "scalar NaN": float("nan"),
    "scalar NA": pd.NA,
    "fraction": [1.5],
    "inf": [float("inf")],
    "large float": [1e300],
    "bool": [True],
    "scalar bool": True,
    "bool array": np.array([True, False]),
    "bare word": "abc",
    "list of words": ["abc"],
    "empty text": "",
    "digits and more": "715093703, 1",
    "hex": "0x10",
    "underscore": "1_000",
    "plus": "+5",
    "other digits": "٣",
    "superscript": "²",
    "bytes": b"715093703",
    "too large": 2**63,
    "too small": [-(2**63) - 1],
    "too large array": np.array([2**63], dtype="uint64"),
    "far too large text": "9" * 5000,
    "two dimensions": np.array([[1, 2]]),
    "nested": [[1, 2]],
    "decimal fraction": [decimal.Decimal("1.5")],
    "complex": [1 + 2j],
    "uuid": uuid.UUID(int=1),
    "time": [pd.Timestamp("2020-01-01")],
    "time index": pd.date_range("2020-01-01", periods=2),
    "object": object(),
    "foreign frame": pd.DataFrame({"a": [1]}),
    "series of frames": [pd.DataFrame({"session_id": [1]})],
    "NUL": "1\x00",
    "dictionary of dictionaries": [{"session_id": 1}],
}


@pytest.mark.parametrize("wrong", WRONG_IDS)
def test_wrong_ids_are_refused_before_anything_is_sent(lims, wrong):
    with pytest.raises(QueryError) as caught:
        lims.get_sessions(WRONG_IDS[wrong])
    assert "session_id" in str(caught.value)
    assert len(str(caught.value)) < 500
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


@pytest.mark.parametrize(("call", "argument"), ID_ARGUMENTS)
def test_wrong_ids_are_refused_in_every_argument(lims, call, argument):
    with pytest.raises(QueryError, match=argument.removeprefix("ecephys_").removesuffix("s")):
        getattr(lims, call)(**{argument: [1, float("nan")]})


WRONG_MOMENTS = [
    "",
    " ",
    "yesterday",
    "today",
    "infinity",
    "10/22/2019",
    "2019-13-01",
    "2019-02-30",
    "2019-10-03'",
    "2019-10-03' or '1'='1",
    "1900-01-01' or '1'='1",
    "2019-10-03; drop table ages; --",
    "2019-10-03\x00",
    "\uff19\uff19\uff19\uff19-01-01T00:00:00",
    0,
    2019103,
    3.5,
    float("nan"),
    True,
    b"2019-10-03",
    pd.NaT,
    np.datetime64("NaT"),
    ["2019-10-03"],
    time_of_day(8, 30),
    "0001-01-01T00:00+14:00",
    pd.Timedelta("1D"),
    pd.Series(["2019-10-03"]),
]


@pytest.mark.parametrize("wrong", WRONG_MOMENTS, ids=lambda wrong: repr(wrong)[:40])
def test_what_is_no_date_is_refused(lims, wrong):
    with pytest.raises(QueryError, match="published_at"):
        lims.get_sessions(published_at=wrong)


@pytest.mark.parametrize("wrong", [3, [3], [None], ["a", 3], b"a", [b"a"], float("nan")])
def test_session_types_that_are_no_text_are_refused(lims, wrong):
    with pytest.raises(QueryError, match="session_type"):
        lims.get_unit_analysis_metrics(session_types=wrong)


@pytest.mark.parametrize("wrong", ["yes", 1, 0, None, "False", np.array([True])])
@pytest.mark.parametrize("switch", ["include_unusable", "fill_genotype"])
def test_switches_are_true_or_false(lims, switch, wrong):
    with pytest.raises(QueryError, match=switch):
        lims.get_sessions(**{switch: wrong})


@pytest.mark.parametrize("wrong", ["ignore", None, True, ["raise"]])
def test_on_invalid_is_one_of_two(lims, wrong):
    with pytest.raises(QueryError, match="on_invalid"):
        lims.get_sessions(on_invalid=wrong)


@pytest.mark.parametrize(
    ("call", "argument", "meant"),
    [
        ("get_sessions", "sesion_ids", "session_ids"),
        ("get_sessions", "published", "published_at"),
        ("get_sessions", "include_unuseable", "include_unusable"),
        ("get_sessions", "unit_ids", "session_ids"),
        ("get_probes", "fill_genotype", "session_ids"),
        ("get_units", "session_types", "session_ids"),
        ("get_unit_analysis_metrics", "session_type", "session_types"),
    ],
)
def test_an_argument_that_there_is_not_is_named_with_the_nearest(lims, call, argument, meant):
    with pytest.raises(QueryError, match=argument) as caught:
        getattr(lims, call)(**{argument: True})
    assert meant in str(caught.value)


@pytest.mark.parametrize("argument", ["session_ids", "probe_ids", "channel_ids"])
def test_metrics_take_the_ids_of_every_ancestor(lims, argument):
    level = argument.removesuffix("s")
    ids = lims.get_unit_analysis_metrics()[level].unique()[:2]
    found = lims.get_unit_analysis_metrics(**{argument: ids})
    assert set(found[level]) == set(ids)


def test_metrics_refuse_two_lists_of_sessions(lims):
    with pytest.raises(SessionFramesError):
        lims.get_unit_analysis_metrics(ecephys_session_ids=[1], session_ids=[2])


@pytest.mark.parametrize(
    "table", ["session", "", "sessions; drop table ages", "pg_user", None, 3, ["sessions"]]
)
def test_a_table_that_there_is_not(lims, table):
    with pytest.raises(TableNotProvidedError):
        lims.get(table)


def test_a_connection_outlives_every_error(lims, world):
    for wrong in ({"session_ids": "x"}, {"published_at": "x"}, {"nonsense": 1}):
        with pytest.raises(QueryError):
            lims.get("sessions", **wrong)
        assert_same(lims.get_probes(), expected(world, "probes"))
