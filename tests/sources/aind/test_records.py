"""What one record tells, of either schema and with parts of it missing."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from sessionframes.errors import SourceResponseError
from sessionframes.sources.aind.probe_names import probe_name
from sessionframes.sources.aind.quantities import ANGLES, LENGTHS, quantity, whole
from sessionframes.sources.aind.records import asset_ids, first, inner, modalities, objects
from sessionframes.sources.aind.times import read_time, with_zone
from tests.sources.aind.examples import NAME, RAW_ID, ZONE, record, record_2

LATER = "16d46411-540a-4122-b47f-8cb2a15d593a"


@pytest.mark.parametrize(
    ("links", "ids"),
    [
        ({"Code Ocean": [RAW_ID, LATER]}, [RAW_ID, LATER]),
        ({"Code Ocean": RAW_ID}, [RAW_ID]),
        ([{"Code Ocean": RAW_ID}, {"Code Ocean": LATER}], [RAW_ID, LATER]),
        ([{"Code Ocean": RAW_ID}, {"Code Ocean": RAW_ID}], [RAW_ID]),
        ([], []),
        ({}, []),
        ({"Other": ["x"]}, []),
        ({"Code Ocean": None}, []),
        (None, []),
    ],
)
def test_links_to_code_ocean_are_read_in_all_their_forms(links, ids):
    assert asset_ids(record(external_links=links)) == ids
    assert asset_ids(record_2(other_identifiers=links)) == ids


@pytest.mark.parametrize("links", ["text", [RAW_ID], {"Code Ocean": [3]}, {"Code Ocean": {"id": RAW_ID}}])
def test_links_in_no_known_form_are_refused_with_the_name_of_the_record(links):
    with pytest.raises(SourceResponseError, match=rf"record '{NAME}' has external_links = .*Code Ocean"):
        asset_ids(record(external_links=links))


@pytest.mark.parametrize(
    ("told", "found"),
    [
        (
            [{"name": "Behavior", "abbreviation": "behavior"}, {"abbreviation": "ecephys"}],
            ["behavior", "ecephys"],
        ),
        ({"name": "Behavior", "abbreviation": "behavior"}, ["behavior"]),
        ({"name": "Sniffing", "abbreviation": None}, ["Sniffing"]),
        ("SmartSPIM", ["SmartSPIM"]),
        (["ecephys", "ecephys"], ["ecephys"]),
        ([{"abbreviation": "telepathy"}], ["telepathy"]),
        ([], None),
        ("", None),
        (None, None),
    ],
)
def test_modalities_are_read_in_all_their_forms_and_unknown_ones_are_kept(told, found):
    assert modalities(told) == found


@pytest.mark.parametrize("told", [3, [None], [{}], [["ecephys"]], {"id": 3}])
def test_what_is_no_modality_is_refused(told):
    with pytest.raises(ValueError, match="abbreviation"):
        modalities(told)


def test_the_first_place_that_tells_something_counts():
    paths = ("session.session_type", "acquisition.acquisition_type")
    assert first(record(), paths) == "Receptive field mapping"
    both = record(acquisition={"acquisition_type": "of the acquisition"})
    assert first(both, paths) == "Receptive field mapping"
    for blank in (None, "", [], {}):
        assert first({**both, "session": {"session_type": blank}}, paths) == "of the acquisition"
    assert first({**both, "session": None}, paths) == "of the acquisition"
    assert first(record(session=None), paths) is None


def test_a_section_that_is_no_object_is_refused_with_its_path():
    with pytest.raises(SourceResponseError, match=rf"record '{NAME}' has session = \['a'\]: .*an object"):
        inner(record(session=["a"]), "session")
    with pytest.raises(SourceResponseError, match=r"has subject = 'x'"):
        inner(record(subject="x"), "subject", "subject_details")
    with pytest.raises(SourceResponseError, match=r"has subject.subject_details = 'x'"):
        inner(record(subject={"subject_details": "x"}), "subject", "subject_details")
    with pytest.raises(SourceResponseError, match=rf"record '{NAME}' has place = 3"):
        inner({"place": 3}, "place", of=record())


@pytest.mark.parametrize("value", [5, "text", {"a": 1}, {}, [1], [{}, "text"]])
def test_a_list_of_other_things_than_objects_is_refused(value):
    with pytest.raises(SourceResponseError, match=rf"record '{NAME}' has streams = .*a list of objects"):
        list(objects(record(), {"streams": value}, "streams"))
    assert list(objects(record(), {}, "streams")) == []


def test_a_long_value_is_shown_by_its_beginning():
    with pytest.raises(SourceResponseError) as caught:
        inner(record(session=["a" * 10_000]), "session")
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize(
    ("told", "read"),
    [
        ("2024-06-11T10:15:02-07:00", datetime(2024, 6, 11, 17, 15, 2, tzinfo=UTC)),
        ("2024-06-11 10:15:02-07:00", datetime(2024, 6, 11, 17, 15, 2, tzinfo=UTC)),
        ("2024-06-11T10:15:02Z", datetime(2024, 6, 11, 10, 15, 2, tzinfo=UTC)),
        ("2024-06-11T10:15:02", datetime(2024, 6, 11, 17, 15, 2, tzinfo=UTC)),
        ("2024-12-11T10:15:02", datetime(2024, 12, 11, 18, 15, 2, tzinfo=UTC)),
        ({"time": "2024-06-11T10:15:02", "zone": "Europe/Oslo"}, datetime(2024, 6, 11, 8, 15, 2, tzinfo=UTC)),
        ({"time": "2024-06-11T10:15:02", "zone": "+02:00"}, datetime(2024, 6, 11, 8, 15, 2, tzinfo=UTC)),
        ({"time": "2024-06-11T10:15:02Z", "zone": "Mars"}, datetime(2024, 6, 11, 10, 15, 2, tzinfo=UTC)),
    ],
)
def test_a_time_is_read_by_its_offset_its_zone_or_that_of_the_rig(told, read):
    assert read_time(told, ZONE) == read


@pytest.mark.parametrize("told", ["soon", "2024-13-01T00:00:00", 1718162441, True])
def test_what_is_no_time_is_refused(told):
    with pytest.raises((ValueError, TypeError)):
        read_time(told, ZONE)


def test_a_zone_that_nobody_knows_is_refused_where_it_matters():
    with pytest.raises(ValueError, match="zone 'Mars'"):
        read_time({"time": "2024-06-11T10:15:02", "zone": "Mars"}, ZoneInfo("UTC"))


def test_a_zone_is_put_beside_a_time_where_the_record_tells_one():
    told = record_2(acquisition__acquisition_start_tz="Europe/Oslo")
    assert with_zone(told, "t") == {"time": "t", "zone": "Europe/Oslo"}
    assert with_zone(told, None) is None
    assert with_zone(record_2(), "t") == "t"


@pytest.mark.parametrize(
    ("value", "unit", "read"),
    [
        ("8422.0", "micrometer", 8422.0),
        ("11.0875", "millimeter", 11087.5),
        (29.999901, "mm", 29999.901),
        (" 5 ", "um", 5.0),
        (3, "\N{MICRO SIGN}m", 3.0),
        (3, "\N{GREEK SMALL LETTER MU}m", 3.0),
        (1, "inch", 25400.0),
        (1, "meter", 1e6),
        (1, "cm", 1e4),
        (1, "nanometer", 1e-3),
        ("1e1", "centimeter", 100_000.0),
        (None, "micrometer", None),
        ("", "micrometer", None),
        (5, None, None),
        (None, "parsec", None),
    ],
)
def test_lengths_come_in_um_from_text_and_other_units(value, unit, read):
    assert quantity(value, unit, LENGTHS) == read


@pytest.mark.parametrize(("value", "unit", "read"), [("-22", "degrees", -22.0), (math.pi, "radians", 180.0)])
def test_angles_come_in_degrees(value, unit, read):
    assert quantity(value, unit, ANGLES) == pytest.approx(read)


@pytest.mark.parametrize(
    ("value", "unit"),
    [
        (5, "pixel"),
        (5, "degrees"),
        (5, 3),
        ("five", "um"),
        ("nan", "um"),
        ("inf", "um"),
        (True, "um"),
        ([5], "um"),
    ],
)
def test_what_is_no_number_or_in_no_known_unit_is_refused(value, unit):
    with pytest.raises((ValueError, TypeError)):
        quantity(value, unit, LENGTHS)


def test_whole_numbers_may_be_text_and_are_no_fractions():
    assert [whole(one) for one in (4, "4", 4.0, "4.0", "")] == [4, 4, 4, 4, None]
    for value in (4.5, "4.5", "four", True):
        with pytest.raises(ValueError, match=r"number|float"):
            whole(value)


@pytest.mark.parametrize(
    ("device", "name"),
    [
        ("Probe A", "probeA"),
        ("ProbeA", "probeA"),
        ("PROBEA", "probeA"),
        ("probe_a", "probeA"),
        ("probe-b", "probeB"),
        ("ProbeA_0", "probeA"),
        ("Probe A assembly", "probeA"),
        ("experiment1_Record Node 104#Neuropix-PXI-100.ProbeB-AP_recording1", "probeB"),
        ("Probe 12", "probe12"),
        ("46100", "46100"),
        ("Probe camera 1", "Probe camera 1"),
        ("Ephys_assemblyA", "Ephys_assemblyA"),
        ("Neuropixels 1.0", "Neuropixels 1.0"),
    ],
)
def test_names_of_probes_are_written_in_one_way(device, name):
    assert probe_name(device) == name
