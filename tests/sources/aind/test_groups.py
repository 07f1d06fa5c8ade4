"""Records and assets put together by session."""

from __future__ import annotations

import pytest

from sessionframes.errors import SourceResponseError
from sessionframes.sources.aind.groups import grouped, is_raw, kind_of, location_of, session_of
from tests.sources.aind.examples import NAME, RAW_ID, SORTED, SORTED_ID, asset, record, record_2, sorted_asset


def _ids(*records):
    return [one["_id"] for one in records]


def test_names_with_the_same_head_are_of_the_same_session():
    derived = record(_id="d", name=SORTED, data_description__data_level="derived")
    [known] = grouped([derived, record()], [sorted_asset(), asset()])
    assert known.session_id == known.name.id == NAME
    assert _ids(*known.records) == ["d", record()["_id"]]
    assert [one["id"] for one in known.assets] == [SORTED_ID, RAW_ID]


def test_sessions_come_in_the_order_of_their_ids_and_schema_2_keeps_its_own():
    twin = record_2(name=NAME.removeprefix("ecephys_"))
    found = grouped([record(), record_2(), twin])
    assert [known.session_id for known in found] == [twin["name"], record_2()["name"], NAME]
    assert [known.name.platform for known in found] == [None, None, "ecephys"]


@pytest.mark.parametrize("name", ["FIP_analysis", "ecephys_700123", f"copy_{NAME}", "", None, ...])
def test_a_record_whose_name_is_none_of_a_session_is_one_by_itself(name):
    [known] = grouped([record(name=name)])
    assert known.session_id == (name if name not in ("", None, ...) else record()["_id"])
    assert known.name is None
    assert known.main == record(name=name)


def test_assets_of_no_session_are_of_none():
    assert grouped([], [asset(name="Allen mouse brain atlas"), asset(name=None)]) == []
    [known] = grouped([], [asset(), asset(id="other", name="Kilosort model")])
    assert (known.session_id, known.main, known.records) == (NAME, None, ())


def test_the_main_record_is_the_newest_raw_one():
    older = record(_id="a", created="2024-06-12T03:20:41")
    newer = record(_id="b", created="2024-06-13T03:20:41+00:00")
    derived = record(
        _id="c", name=SORTED, created="2025-01-01T00:00:00Z", data_description__data_level="derived"
    )
    for records in ([older, newer, derived], [derived, newer, older]):
        assert grouped(records)[0].main["_id"] == "b"
    assert grouped([derived])[0].main["_id"] == "c"
    assert grouped([record(_id="x"), record(_id="y")])[0].main["_id"] == "y"
    assert grouped([record(_id="z", created=None), record(_id="y")])[0].main["_id"] == "y"
    assert grouped([record(_id="z", created="soon"), record_2(name=NAME, _id="y")])[0].main["_id"] == "y"


@pytest.mark.parametrize(
    ("level", "name", "raw"),
    [
        ("raw", NAME, True),
        ("raw data", NAME, True),
        ("Raw", NAME, True),
        (None, NAME, True),
        (None, SORTED, False),
        ("derived", NAME, False),
        ("derived data", NAME, False),
        ("simulated", NAME, False),
        # What was made of raw data at times keeps their level.
        ("raw", f"{NAME}_nwb_2025-07-16_15-27-40", False),
        ("raw", "a name of no session", True),
    ],
)
def test_what_is_raw_says_so_and_was_made_by_nothing(level, name, raw):
    assert is_raw(record(name=name, data_description__data_level=level)) is raw
    assert is_raw(record(name=NAME, data_description=None))


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({}, "raw"),
        ({"custom_metadata": {"data level": "Raw Data"}, "tags": []}, "raw"),
        ({"custom_metadata": None}, "raw"),
        ({"custom_metadata": {}, "tags": ["derived"]}, "derived"),
        ({"custom_metadata": {"data level": "derived data"}}, "derived"),
        ({"custom_metadata": None, "tags": None}, "raw"),
        ({"custom_metadata": None, "tags": None, "type": "result"}, "derived"),
        ({"custom_metadata": None, "tags": None, "name": NAME.replace("-", "_")}, "other"),
        ({"name": f"copy_{NAME}"}, "other"),
        ({"name": SORTED}, "sorted"),
        ({"name": f"{NAME}_sorted-ads2.4.0-main_2026-02-09_14-01-16"}, "sorted"),
        ({"name": f"{NAME}_nwb_2025-07-16_15-27-40"}, "derived"),
        ({"name": f"{NAME}_videos"}, "derived"),
        ({"name": "Allen mouse brain atlas"}, "other"),
        ({"name": None}, "other"),
    ],
)
def test_assets_are_raw_sorted_derived_or_of_no_session(changes, kind):
    assert kind_of(asset(**changes)) == kind


@pytest.mark.parametrize(
    ("changes", "location"),
    [
        ({}, f"s3://aind-ephys-data/{NAME}"),
        ({"source_bucket__prefix": f"{NAME}/"}, f"s3://aind-ephys-data/{NAME}"),
        ({"source_bucket__prefix": "a b#c"}, "s3://aind-ephys-data/a b#c"),
        ({"source_bucket__prefix": ""}, "s3://aind-ephys-data"),
        ({"source_bucket__origin": "gcp"}, f"gs://aind-ephys-data/{NAME}"),
        ({"source_bucket__origin": "local"}, f"s3://codeocean-s3datasetsbucket-1u41qdg42ur9/{RAW_ID}"),
        ({"source_bucket": None}, f"s3://codeocean-s3datasetsbucket-1u41qdg42ur9/{RAW_ID}"),
        ({"source_bucket": ...}, f"s3://codeocean-s3datasetsbucket-1u41qdg42ur9/{RAW_ID}"),
        ({"source_bucket": None, "type": "combined"}, None),
        ({"type": "combined"}, None),
        ({"source_bucket__origin": "azure"}, None),
        ({"source_bucket__bucket": None}, None),
    ],
)
def test_an_asset_is_in_its_own_bucket_or_in_that_of_code_ocean(changes, location):
    assert location_of(asset(**changes)) == location


def test_a_bucket_that_is_no_object_is_refused_with_the_name_of_the_asset():
    with pytest.raises(SourceResponseError, match=rf"'{NAME}' has source_bucket = 'here'"):
        location_of(asset(source_bucket="here"))


def test_of_raw_assets_the_newest_is_the_last():
    [known] = grouped(
        [], [asset(id="b", created=5), asset(id="a", created=7), asset(id="c", created=None), sorted_asset()]
    )
    assert [one["id"] for one in known.raw_assets] == ["c", "b", "a"]


def test_the_session_of_a_name_is_its_head():
    assert session_of(NAME) == session_of(SORTED) == session_of(f"{NAME} (copy)") == NAME
    # A range of names would not find it.
    assert session_of(f"copy of {NAME}") == f"copy of {NAME}"
    assert session_of("no session") == "no session"
