from __future__ import annotations

import json

import pytest

from sessionframes.errors import SourceResponseError
from sessionframes.sources.aind.alignment import alignments, of_device
from tests.sources.aind.nwb_files import SESSION

#: As AIND's own client prints them.
IN_CCF = {
    "x": -4.235408306121826,
    "y": 3.959097146987915,
    "z": -5.8538970947265625,
    "axial": 0.0,
    "lateral": 16.0,
    "brain_region_id": 56,
    "brain_region": "ACB",
}
OTHERWISE = {**IN_CCF, "x": -7933.268896065394, "y": 8776.9523900287, "z": -3895.4259052459756}


def curation(in_ccf=IN_CCF, otherwise=OTHERWISE, channel="channel_0"):
    return json.dumps({"channel_results": {channel: otherwise}, "ccf_channel_results": {channel: in_ccf}})


def evaluation(*curations, probe="ProbeA_0", created="2025-01-01T00:00:00Z", kind="Probe"):
    name = f"{kind} Alignment for {SESSION}_{probe}"
    metric = {"name": name, "value": {"curations": [*curations], "curation_history": [], "type": "curation"}}
    return {"name": name, "created": created, "metrics": [metric]}


def record(*evaluations, name=SESSION, **changed):
    return {"_id": name, "name": name, "quality_control": {"evaluations": [*evaluations]}, **changed}


def only(*records):
    (found,) = alignments(records, SESSION)
    return found


def test_places_are_in_um_from_the_front_the_top_and_the_left():
    found = only(record(evaluation(curation())))
    place = found.places[0]
    assert (found.device, found.shank) == ("ProbeA", 0)
    assert (place.ap, place.lr, place.dv) == (3959.097146987915, 4235.408306121826, 5853.8970947265625)
    assert (place.structure_id, place.structure_acronym) == (56, "ACB")
    assert (place.axial, place.lateral) == (0.0, 16.0)


def test_what_is_in_um_already_stays():
    in_um = {**IN_CCF, "x": -4235.4, "y": 3959.1, "z": -5853.9}
    place = only(record(evaluation(curation(in_um)))).places[0]
    assert (place.ap, place.lr, place.dv) == (3959.1, 4235.4, 5853.9)


def test_the_last_curation_counts():
    moved = {**IN_CCF, "brain_region": "CP", "brain_region_id": 672}
    found = only(record(evaluation(curation(), curation(moved))))
    assert found.places[0].structure_acronym == "CP"


def test_the_latest_evaluation_of_all_records_counts():
    moved = curation({**IN_CCF, "brain_region": "CP", "brain_region_id": 672})
    later = evaluation(moved, created="2025-02-01T00:00:00+00:00")
    earlier = evaluation(curation(), created="2025-01-31T23:00:00Z")
    derived = f"{SESSION}_sorted_2024-06-13_23-06-45"
    for records in (
        [record(earlier), record(later, name=derived)],
        [record(later), record(earlier, name=derived)],
        [record(later, earlier)],
    ):
        assert only(*records).places[0].structure_acronym == "CP"


def test_each_probe_and_shank_has_its_own():
    made = [evaluation(curation(), probe=probe) for probe in ("ProbeA_0", "ProbeA_1", "ProbeB_0", "46110")]
    found = alignments([record(*made)], SESSION)
    assert [(one.device, one.shank) for one in found] == [
        ("46110", None),
        ("ProbeA", 0),
        ("ProbeA", 1),
        ("ProbeB", 0),
    ]
    assert [one.shank for one in of_device(found, "ProbeA")] == [0, 1]
    assert [one.shank for one in of_device(found, "Probe B")] == [0]
    assert of_device(found, "ProbeC") == []


def test_what_is_of_another_session_is_left_aside():
    other = evaluation(curation())
    other["name"] = other["name"].replace(SESSION, "ecephys_700124_2024-06-11_10-15-02")
    assert alignments([record(other)], SESSION) == []


def test_metrics_without_evaluations_are_read_too():
    name = f"Probe Alignment for {SESSION}_ProbeA_0"
    metric = {
        "name": name,
        "value": [json.loads(curation())],
        "curation_history": [{"timestamp": "2025-01-01"}],
    }
    found = only({"_id": "1", "name": SESSION, "quality_control": {"metrics": [metric]}})
    assert found.places[0].structure_acronym == "ACB"


@pytest.mark.parametrize(
    "control",
    [None, {}, {"evaluations": None}, {"evaluations": [None, "odd", {"name": "Raw Data", "metrics": []}]}],
)
def test_no_alignment_is_none(control):
    assert alignments([{"_id": "1", "name": SESSION, "quality_control": control}], SESSION) == []


def test_an_alignment_nobody_made_yet_is_none():
    assert alignments([record(evaluation())], SESSION) == []


@pytest.mark.parametrize(
    ("number", "acronym"),
    [
        (0, "void"),
        (None, None),
        (0, ""),
        (None, "void"),
        ("", "unknown"),
        (0, "VISp"),
        ("0", "VISp"),
        ("void", "VISp"),
    ],
)
def test_outside_the_brain_there_is_no_structure(number, acronym):
    outside = {**IN_CCF, "brain_region_id": number, "brain_region": acronym}
    place = only(record(evaluation(curation(outside, outside)))).places[0]
    assert (place.structure_id, place.structure_acronym) == (None, None)
    assert place.ap is not None


@pytest.mark.parametrize("number", [None, "", ...])
def test_an_acronym_without_the_id_of_its_region_is_kept(number):
    told = {**IN_CCF, "brain_region_id": number, "brain_region": "VISp"}
    if number is ...:
        del told["brain_region_id"]
    place = only(record(evaluation(curation(told, told)))).places[0]
    assert (place.structure_id, place.structure_acronym) == (None, "VISp")


def test_the_left_hemisphere_has_the_same_regions():
    left = {**IN_CCF, "brain_region_id": -56}
    assert only(record(evaluation(curation(left)))).places[0].structure_id == 56


def test_a_channel_without_coordinates_keeps_its_region():
    place = only(record(evaluation(json.dumps({"channel_results": {"channel_3": OTHERWISE}})))).places[3]
    assert (place.structure_acronym, place.ap) == ("ACB", None)


@pytest.mark.parametrize(
    ("told", "what"),
    [
        ("{not json", "not as it should be"),
        ("[1]", "not as it should be"),
        (curation(channel="site 1"), "site 1"),
        (curation({**IN_CCF, "x": "left"}), "left"),
        (curation({**IN_CCF, "x": 5e6}), "5e"),
        (curation({**IN_CCF, "brain_region_id": "ACB"}), "ACB"),
        (curation({**IN_CCF, "brain_region": 5}), "5"),
        (curation({**IN_CCF, "y": True}), "True"),
    ],
)
def test_what_is_wrong_with_an_alignment_is_told(told, what):
    with pytest.raises(SourceResponseError) as caught:
        alignments([record(evaluation(told))], SESSION)
    assert what in str(caught.value)
    assert f"Probe Alignment for {SESSION}_ProbeA_0" in str(caught.value)
    assert SESSION in str(caught.value)
