"""The quality filter, held against the rules told row by row, and what it tells of its cuts."""

from __future__ import annotations

import json
import math
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import sessionframes as sf
from sessionframes.errors import QueryError
from sessionframes.frames.quality import quality_filter

COLUMNS = {
    "session_id": "int64",
    "quality": "str",
    "isi_violations": "float64",
    "presence_ratio": "float64",
    "amplitude_cutoff": "float64",
    "structure_acronym": "str",
}
ROWS = st.lists(
    st.tuples(
        st.just(1),
        st.sampled_from([None, "good", "noise", "mua"]),
        st.sampled_from([None, 0.0, 0.5, math.nextafter(0.5, 1), math.inf]),
        st.sampled_from([None, 0.0, 0.9, 0.95, math.nextafter(0.95, 0), 1.0]),
        st.sampled_from([None, 0.0, 0.1, math.nextafter(0.1, 1), 0.5]),
        st.sampled_from([None, "VISp", "root", "grey", ""]),
    ),
    max_size=12,
)
OPTIONS = st.fixed_dictionaries(
    {},
    optional={
        "amplitude_cutoff_maximum": st.sampled_from([None, 0, 0.1, 0.5, math.inf]),
        "presence_ratio_minimum": st.sampled_from([None, 0, 0.9, 0.95, 1]),
        "isi_violations_maximum": st.sampled_from([None, 0, 0.5, math.inf]),
        "quality": st.sampled_from([None, "good", ["good", "mua"], [], {"noise"}]),
        "in_brain": st.booleans(),
    },
)


def units_of(rows: list[tuple[Any, ...]]) -> pd.DataFrame:
    index = pd.Index(range(100, 100 + len(rows)), name="unit_id", dtype="int64")[::-1]
    columns = {
        name: pd.array([row[place] for row in rows], dtype=dtype)
        for place, (name, dtype) in enumerate(COLUMNS.items())
    }
    return pd.DataFrame(columns, index=index)


def verdicts(row: dict[str, Any], options: dict[str, Any]) -> list[bool | None]:
    """For each rule that is on whether a row keeps it; None for no, because of a null."""
    told = {"amplitude_cutoff_maximum": 0.1, "presence_ratio_minimum": 0.95, "isi_violations_maximum": 0.5}
    told |= {"quality": "good", "in_brain": True} | options
    found: list[bool | None] = []
    for argument in ("amplitude_cutoff_maximum", "presence_ratio_minimum", "isi_violations_maximum"):
        value, limit = row[argument.rpartition("_")[0]], told[argument]
        if limit is not None:
            holds = value >= limit if argument.endswith("minimum") else value <= limit
            found.append(None if math.isnan(value) else holds)
    if told["quality"] is not None:
        wanted = [told["quality"]] if isinstance(told["quality"], str) else told["quality"]
        found.append(None if pd.isna(row["quality"]) else row["quality"] in wanted)
    if told["in_brain"]:
        found.append(None if pd.isna(row["structure_acronym"]) else True)
    return found


@given(rows=ROWS, options=OPTIONS)
def test_rows_are_kept_and_cuts_told_as_the_rules_say(rows, options):
    units = units_of(rows)
    before = units.copy()
    found = quality_filter(units, **options)
    judged = {key: verdicts(row, options) for key, row in units.to_dict("index").items()}
    pd.testing.assert_frame_equal(found, before.loc[[key for key, told in judged.items() if all(told)]])
    pd.testing.assert_frame_equal(units, before)
    assert units.attrs == {}
    origin = json.loads(found.attrs["sessionframes"])
    assert (origin["step"], origin["rows"], origin["kept"]) == ("quality_filter", len(units), len(found))
    by_rule = zip(*judged.values(), strict=True) if judged else [()] * len(origin["rules"])
    for place, (rule, told) in enumerate(zip(origin["rules"], by_rule, strict=True)):
        failing = [verdict for verdict in told if not verdict]
        assert rule["cut"] == len(failing)
        assert rule["null"] == sum(verdict is None for verdict in failing)
        assert rule["alone"] == sum(
            not one[place] and all(one[:place] + one[place + 1 :]) for one in judged.values()
        )


@pytest.fixture(scope="module")
def units(lims):
    return lims.get_units(join="channels")


def test_the_defaults_are_those_of_allensdk(units):
    found = quality_filter(units)
    by_hand = units.query(
        "amplitude_cutoff <= 0.1 and presence_ratio >= 0.95 and isi_violations <= 0.5 and quality == 'good'"
    )
    by_hand = by_hand[by_hand["structure_acronym"].notna()]
    assert 0 < len(found) < len(units)
    pd.testing.assert_frame_equal(found, by_hand)
    origin = json.loads(found.attrs["sessionframes"])
    assert [rule["rule"] for rule in origin["rules"]] == [
        "amplitude_cutoff <= 0.1",
        "presence_ratio >= 0.95",
        "isi_violations <= 0.5",
        'quality = "good"',
        "structure_acronym is not null",
    ]
    assert all(0 < rule["alone"] < rule["cut"] < len(units) for rule in origin["rules"])
    assert [part["query"] for part in origin["parts"]] == ["units(join=[channels])"]


def test_its_cuts_can_be_printed(units):
    printed = str(sf.provenance(quality_filter(units, quality=["good", "mua"])))
    assert "units, by quality_filter of" in printed
    assert 'rule quality in ["good", "mua"], cut ' in printed


def test_all_rules_off_keep_everything_as_it_is(units):
    found = quality_filter(
        units,
        amplitude_cutoff_maximum=None,
        presence_ratio_minimum=None,
        isi_violations_maximum=None,
        quality=None,
        in_brain=False,
    )
    pd.testing.assert_frame_equal(found, units)
    assert json.loads(found.attrs["sessionframes"])["rules"] == []
    assert json.loads(units.attrs["sessionframes"]).get("step") is None
    found.loc[:, "snr"] = 0.0
    assert not units["snr"].eq(0).all()


def test_rules_that_are_off_need_no_column(units):
    narrow = units[["session_id", "amplitude_cutoff"]]
    found = quality_filter(
        narrow, presence_ratio_minimum=None, isi_violations_maximum=None, quality=None, in_brain=False
    )
    assert found.index.equals(units.index[units["amplitude_cutoff"] <= 0.1])


@pytest.mark.parametrize(
    "limit", [np.float64(0.05), np.float32(0.5), np.int8(1), Fraction(1, 20), 0.05, 1], ids=repr
)
def test_limits_may_be_any_real_number(units, limit):
    found = quality_filter(units, isi_violations_maximum=limit, quality=None, in_brain=False)
    wanted = (units["isi_violations"] <= float(limit)) & (units["amplitude_cutoff"] <= 0.1)
    assert found.index.equals(units.index[wanted & (units["presence_ratio"] >= 0.95)])


def test_nullable_columns_of_users_are_judged_alike(units):
    other = units.astype({"amplitude_cutoff": "Float64", "isi_violations": "float32"})
    other["quality"] = other["quality"].astype("category")
    wanted = quality_filter(units, isi_violations_maximum=None).index
    assert quality_filter(other, isi_violations_maximum=None).index.equals(wanted)


def test_a_union_keeps_its_key(units):
    few = sf.union(here=units.head(300), there=units.tail(200))
    found = quality_filter(few)
    assert list(found.index.names) == ["source", "unit_id"]
    wanted = quality_filter(pd.concat([units.head(300), units.tail(200)]))
    assert found.index.get_level_values("unit_id").tolist() == wanted.index.astype("str").tolist()
    assert set(found.index.get_level_values("source")) == {"here", "there"}


def test_units_with_columns_of_users_and_of_other_tables(lims, units):
    more = sf.join(units, lims.get_sessions()).assign(mine=1)
    more = more[[*more.columns[::-1]]]
    assert quality_filter(more).index.equals(quality_filter(units).index)
    assert list(quality_filter(more)) == list(more)


def test_filters_add_up(units):
    strict = quality_filter(quality_filter(units), amplitude_cutoff_maximum=0.01)
    assert strict.index.equals(quality_filter(units, amplitude_cutoff_maximum=0.01).index)
    (first,) = json.loads(strict.attrs["sessionframes"])["parts"]
    assert first["step"] == "quality_filter"


def test_no_rows(units):
    found = quality_filter(units.head(0))
    pd.testing.assert_frame_equal(found, units.head(0))
    origin = json.loads(found.attrs["sessionframes"])
    assert {rule["cut"] for rule in origin["rules"]} == {0}


@pytest.mark.parametrize(
    "side", ["amplitude_cutoff_maximum", "presence_ratio_minimum", "isi_violations_maximum"]
)
@pytest.mark.parametrize(
    "value",
    [math.nan, -0.1, -math.inf, "0.1", True, np.bool_(False), [0.1], pd.NA, 1j, Decimal("0.1"), 10**400],
    ids=lambda value: repr(value)[:20],
)
def test_what_is_no_limit_is_refused(units, side, value):
    with pytest.raises(QueryError, match=rf"units\.{side.rpartition('_')[0]}: {side} is .*Give a number"):
        quality_filter(units, **{side: value})


@pytest.mark.parametrize("value", [1, ["good", None], b"good", [math.nan]])
def test_what_is_no_name_of_a_quality_is_refused(units, value):
    with pytest.raises(QueryError, match=r"quality: .* not text"):
        quality_filter(units, quality=value)


@pytest.mark.parametrize("value", [None, 1, "yes", pd.NA])
def test_in_brain_is_yes_or_no(units, value):
    with pytest.raises(QueryError, match=r"in_brain is .*Say True or False"):
        quality_filter(units, in_brain=value)


def test_units_without_structures_say_where_to_get_them(lims):
    units = lims.get_units()
    with pytest.raises(
        QueryError, match=r'structure_acronym: .*get_units\(join="channels"\), or say in_brain=False'
    ):
        quality_filter(units)
    assert not quality_filter(units, in_brain=False).empty


@pytest.mark.parametrize(
    ("column", "off"),
    [
        ("amplitude_cutoff", "amplitude_cutoff_maximum=None"),
        ("presence_ratio", "presence_ratio_minimum=None"),
        ("isi_violations", "isi_violations_maximum=None"),
        ("quality", "quality=None"),
    ],
)
def test_a_column_that_was_left_out_is_asked_for(units, column, off):
    with pytest.raises(QueryError, match=rf"units\.{column}: the frame has no such column\. .*say {off}"):
        quality_filter(units.drop(columns=column))


def test_a_measure_that_is_no_number_is_refused(units):
    with pytest.raises(QueryError, match=r"presence_ratio: this column is str, no number\. Convert it"):
        quality_filter(units.astype({"presence_ratio": "str"}))


@pytest.mark.parametrize("what", ["channels", "no index", "no frame", "a column twice"])
def test_what_is_no_frame_of_units_is_refused(lims, units, what):
    given = {
        "channels": lims.get_channels,
        "no index": units.reset_index,
        "no frame": lambda: units["quality"],
        "a column twice": lambda: pd.concat([units, units["quality"]], axis=1),
    }
    with pytest.raises(QueryError):
        quality_filter(given[what]())
