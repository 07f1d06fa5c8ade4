"""Probes of records of either schema."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from sessionframes.errors import SourceResponseError
from sessionframes.sources.aind.groups import ProbesPage, grouped
from sessionframes.sources.aind.probes import PROJECTION, probe_ids, probes
from sessionframes.sources.aind.sessions import PROJECTION as OF_SESSIONS
from sessionframes.sources.aind.tables import AindProbes
from tests.sources.aind.examples import NAME, SORTED, ZONE, asset, module, record, record_2
from tests.sources.aind.probe_frames import COLUMNS, PROBE, frame_of, row_of, with_modules

CONFIG = "acquisition__data_streams__0__configurations__1"


def test_a_module_of_schema_1_is_joined_to_its_probe_of_the_rig():
    row = row_of(record())
    untold = ["sampling_rate", "lfp_sampling_rate", "other_targeted_structures", "rotation_angle", "dye"]
    assert row[untold].isna().all()
    assert row.name == PROBE
    details = json.loads(row["coordinates_details"])
    assert details["manipulator_coordinates"]["x"] == "8422.0"
    assert row.drop([*untold, "coordinates_details"]).to_dict() == {
        "session_id": NAME,
        "probe_name": "probeA",
        "device_name": "Probe A",
        "stream": 0,
        "stream_start_time": pd.Timestamp("2024-06-11 17:15:02", tz="UTC"),
        "stream_end_time": pd.Timestamp("2024-06-11 18:47:55", tz="UTC"),
        "assembly_name": "Ephys_assemblyA",
        "hardware_from": "assembly",
        "probe_model": "Neuropixels 1.0",
        "probe_serial": "18005117142",
        "port": 1,
        "slot": 3,
        "targeted_structure": "AON",
        "target_ap_ccf_coordinate": 4265.02,
        "target_dv_ccf_coordinate": 10707.35,
        "target_ml_ccf_coordinate": 6637.28,
        "target_ccf_version": "CCFv3",
        "manipulator_x": 8422.0,
        "manipulator_y": 4205.0,
        "manipulator_z": 11087.5,
        "manipulator_unit_disagrees": False,
        "arc_angle": 5.2,
        "module_angle": 8.0,
        "implant_hole_number": 4,
    }


def test_a_configuration_of_schema_2_tells_the_same_in_our_units():
    row = row_of(record_2())
    assert row.name == "800321_2025-09-03_10-05-00:0:Probe A"
    assert (row["probe_name"], row["hardware_from"], row["probe_model"]) == (
        "probeA",
        "assembly",
        "Neuropixels 1.0",
    )
    assert (row["slot"], row["port"]) == (4, 2)
    assert row["stream_end_time"] == pd.Timestamp("2025-09-03 18:40", tz="UTC")
    assert row["targeted_structure"] == "VISp"
    assert row["other_targeted_structures"] == ["CA1", "none of it"]
    assert (row["manipulator_x"], row["manipulator_y"], row["manipulator_z"]) == (8422.0, 4205.0, 11087.5)
    assert not row["manipulator_unit_disagrees"]
    assert (row["arc_angle"], row["module_angle"], row["dye"]) == (5.2, 8.0, "DiI")
    details = json.loads(row["coordinates_details"])
    assert details["transform"] == [{"translation": [0.5, 2.0, 0.0]}]
    assert details["acquisition_coordinate_system"]["name"] == "BREGMA_ARI"


def test_old_numbers_beside_a_new_unit_are_taken_as_um_and_told():
    position = f"{CONFIG}__manipulator__local_axis_positions"
    row = row_of(record_2(**{position: {"translation": [6444, 7644, 9374]}}))
    assert (row["manipulator_x"], row["manipulator_y"], row["manipulator_z"]) == (6444.0, 7644.0, 9374.0)
    assert row["manipulator_unit_disagrees"]
    row = row_of(record_2(**{position: {"translation": [0, -14.5, 0]}}))
    assert (row["manipulator_y"], row["manipulator_unit_disagrees"]) == (-14500.0, False)


@pytest.mark.parametrize(
    ("manipulator", "x"),
    [
        ({"local_axis_positions": {"translation": [1, 2, 3]}}, None),
        ({"local_axis_positions": None}, None),
        ({"local_axis_positions": {"affine_transform": []}}, None),
        (None, None),
        (
            {
                "coordinate_system": {
                    "axes": [{"name": "Z"}, {"name": "Y"}, {"name": "X"}],
                    "axis_unit": "micrometer",
                },
                "local_axis_positions": {"translation": [1, 2, 3]},
            },
            3.0,
        ),
    ],
)
def test_a_manipulator_is_read_by_its_axes_and_is_null_where_its_unit_is_not_told(manipulator, x):
    found = row_of(record_2(**{f"{CONFIG}__manipulator": manipulator}))["manipulator_x"]
    assert found == x if x is not None else pd.isna(found)


def test_a_target_in_the_axes_of_the_ccf_is_read_and_others_are_kept_as_they_are():
    axes = [("AP", "Anterior_to_posterior"), ("SI", "Superior_to_inferior"), ("ML", "Left_to_right")]
    system = {
        "name": "CCF",
        "version": "3",
        "axis_unit": "millimeter",
        "axes": [{"name": name, "direction": direction} for name, direction in axes],
    }
    place = f"{CONFIG}__probes__0__atlas_coordinate"
    row = row_of(record_2(**{place: {"translation": [1.5, 2, 3], "coordinate_system": system}}))
    found = [row[f"target_{axis}_ccf_coordinate"] for axis in ("ap", "dv", "ml")]
    assert found == [1500.0, 2000.0, 3000.0]
    assert row["target_ccf_version"] == "CCFv3"
    turned = json.loads(json.dumps(system).replace("Left_to_right", "Right_to_left"))
    for odd in (turned, {}, None, {**system, "axes": system["axes"][:2]}):
        told = {"translation": [1.5, 2, 3], "coordinate_system": odd}
        row = row_of(record_2(**{place: told}))
        assert pd.isna(row["target_ap_ccf_coordinate"])
        assert json.loads(row["coordinates_details"])["atlas_coordinate"] == told


def test_numbers_are_text_or_not_and_units_are_brought_to_ours():
    odd = module(
        manipulator_coordinates={"x": 8.422, "y": "4.205", "z": None, "unit": "millimeter"},
        arc_angle="3.141592653589793",
        module_angle=0,
        angle_unit="radians",
        implant_hole_number="4",
        targeted_ccf_coordinates={"ap": 1, "ml": 2, "dv": "3"},
    )
    row = row_of(with_modules(odd))
    assert (row["manipulator_x"], row["manipulator_y"]) == (8422.0, 4205.0)
    assert pd.isna(row["manipulator_z"])
    assert row["arc_angle"] == pytest.approx(180)
    assert (row["module_angle"], row["implant_hole_number"]) == (0.0, 4)
    assert row["target_dv_ccf_coordinate"] == 3.0


def test_of_several_targets_none_is_taken_and_all_are_kept():
    two = [{"ap": "1", "ml": "2", "dv": "3"}, {"ap": "4", "ml": "5", "dv": "6"}]
    row = row_of(with_modules(module(targeted_ccf_coordinates=two)))
    assert pd.isna(row["target_ap_ccf_coordinate"])
    assert json.loads(row["coordinates_details"])["targeted_ccf_coordinates"] == two
    assert pd.isna(row_of(with_modules(module(targeted_ccf_coordinates=[])))["target_ap_ccf_coordinate"])


@pytest.mark.parametrize(
    ("told", "found"),
    [
        ("VISp", "VISp"),
        (" ", None),
        ({"name": "Root"}, "Root"),
        ({"acronym": "LC", "name": "x"}, "LC"),
        (None, None),
    ],
)
def test_a_target_is_an_acronym_or_the_words_of_older_records(told, found):
    row = row_of(with_modules(module(primary_targeted_structure=told)))
    assert row["targeted_structure"] == found if found else pd.isna(row["targeted_structure"])


@pytest.mark.parametrize(
    ("told", "found"),
    [(None, None), ("", None), ([], []), ("CA1", ["CA1"]), ([{"acronym": "LC"}, None], ["LC"])],
)
def test_other_targets_are_null_where_none_are_told_and_empty_where_there_are_none(told, found):
    row = row_of(with_modules(module(other_targeted_structure=told)))
    others = row["other_targeted_structures"]
    assert others is pd.NA if found is None else list(others) == found


def test_a_probe_that_was_moved_has_a_row_for_each_stream():
    streams = record()["session"]["data_streams"]
    later = {"stream_start_time": "2024-06-11T12:00:00", "stream_end_time": None, "ephys_modules": [module()]}
    frame = frame_of(record(session__data_streams=[{"ephys_modules": None}, *streams, {}, later]))
    assert frame.index.tolist() == [f"{NAME}:1:Probe A", f"{NAME}:3:Probe A"]
    assert frame["stream"].tolist() == [1, 3]
    assert frame["stream_start_time"].iloc[1] == pd.Timestamp("2024-06-11 19:00", tz="UTC")
    assert pd.isna(frame["stream_end_time"].iloc[1])


def test_ids_of_probes_are_found_by_their_names_those_of_the_first_stream():
    stream = record()["session"]["data_streams"][0]
    other = {**stream, "ephys_modules": [module(), module(assembly_name="Probe B assembly")]}
    [known] = grouped([record(session__data_streams=[{}, stream, other])])
    assert probe_ids(known) == {"probeA": f"{NAME}:1:Probe A", "probeB": f"{NAME}:2:Probe B assembly"}
    [known] = grouped([], [asset()])
    assert probe_ids(known) == {}


def test_the_same_device_twice_in_one_stream_is_numbered():
    frame = frame_of(with_modules(module(), module(arc_angle="9"), module(arc_angle="10")))
    assert frame.index.tolist() == [PROBE, f"{PROBE}#2", f"{PROBE}#3"]
    assert frame["arc_angle"].tolist() == [5.2, 9.0, 10.0]
    assert set(frame["device_name"]) == {"Probe A"}


def test_of_several_modules_none_tells_the_angles():
    two = [{"arc_angle": 5, "module_angle": 1}, {"arc_angle": 6, "module_angle": 1}]
    assert pd.isna(row_of(record_2(**{f"{CONFIG}__modules": two}))["arc_angle"])
    assert pd.isna(row_of(record_2(**{f"{CONFIG}__modules": None}))["arc_angle"])


def test_probes_are_those_of_the_main_record_alone():
    derived = record(_id="d", name=SORTED, data_description__data_level="derived")
    assert len(frame_of(derived, record())) == 1
    assert frame_of(derived, record(session=None)).empty
    assert len(frame_of(derived)) == 1
    page = ProbesPage(grouped([], [asset()]), COLUMNS, ZONE)
    assert probes(AindProbes, page).num_rows == 0


@pytest.mark.parametrize(
    ("changes", "column", "value"),
    [
        ({"arc_angle": "steep"}, "arc_angle", "steep"),
        ({"angle_unit": "gon"}, "arc_angle", "gon"),
        ({"manipulator_coordinates": {"x": 1, "y": "a", "z": 2}}, "manipulator", "'a'"),
        ({"manipulator_coordinates": {"x": 1, "unit": "pixel"}}, "manipulator", "pixel"),
        ({"targeted_ccf_coordinates": [{"ap": "here"}]}, "target_ap_ccf_coordinate", "here"),
        ({"implant_hole_number": 4.5}, "implant_hole_number", "4.5"),
        ({"primary_targeted_structure": 5}, "targeted_structure", "5"),
        ({"other_targeted_structure": [5]}, "other_targeted_structures", "5"),
        ({"dye": ["DiI"]}, "dye", "DiI"),
    ],
)
def test_what_cannot_be_is_refused_with_record_column_and_value(changes, column, value):
    message = rf"record '{PROBE}' has {column} = .*{value}"
    with pytest.raises(SourceResponseError, match=message) as caught:
        frame_of(record_2(), with_modules(module(**changes)))
    assert caught.value.table == "probes"
    assert caught.value.column.startswith(column)


@pytest.mark.parametrize(
    "changes", [{"manipulator_coordinates": 5}, {"ephys_probes": "ProbeA"}, {"ephys_probes": [1]}]
)
def test_a_part_that_is_no_object_is_refused_with_the_name_of_the_record(changes):
    with pytest.raises(SourceResponseError, match=rf"record '{NAME}' has {next(iter(changes))}"):
        frame_of(with_modules(module(**changes)))


def test_a_module_without_a_name_is_refused():
    with pytest.raises(
        SourceResponseError, match=rf"record '{NAME}' has a probe without a name in its stream 0"
    ):
        frame_of(with_modules(module(assembly_name=None)))


def _projected(whole, paths):
    """The record as DocDB sends it where only some paths are asked for."""
    return {"_id": whole["_id"], **_part(whole, [path.split(".") for path in paths])}


def _part(value, paths):
    if isinstance(value, list):
        return [_part(one, paths) for one in value]
    if not isinstance(value, dict):
        return value
    heads = {steps[0] for steps in paths}
    parts = {}
    for head in heads & value.keys():
        rests = [steps[1:] for steps in paths if steps[0] == head]
        parts[head] = value[head] if [] in rests else _part(value[head], rests)
    return parts


@pytest.mark.parametrize("column", COLUMNS)
def test_what_is_asked_of_docdb_for_a_column_is_all_that_it_needs(column):
    zone = {"acquisition__acquisition_start_tz": "Europe/Oslo"}
    naive = {"acquisition__data_streams__0__stream_start_time": "2025-09-03T17:05:00"}
    wholes = [record(), record_2(**zone, **naive)]
    parts = [_projected(one, PROJECTION[column]) for one in wholes]
    columns = ("probe_id", column)
    made = [probes(AindProbes, ProbesPage(grouped(some), columns, ZONE)) for some in (wholes, parts)]
    assert made[0].num_rows == 2
    assert made[0].equals(made[1])


def test_every_column_has_its_projection_and_no_path_is_within_another():
    assert set(PROJECTION) == set(COLUMNS)
    paths = {path for some in (PROJECTION, OF_SESSIONS) for told in some.values() for path in told}
    # Mongo refuses to be asked for both.
    assert not [(one, other) for one in paths for other in paths if other.startswith(f"{one}.")]
