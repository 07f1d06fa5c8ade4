"""Probes that a session names, found among those of the rig."""

from __future__ import annotations

import pandas as pd
import pytest

from tests.sources.aind.examples import NAME, module, record
from tests.sources.aind.probe_frames import PROBE, frame_of, row_of, with_modules


def test_probes_named_in_the_session_keep_that_name_whatever_the_rig_calls_them():
    older = module(ephys_probes=[{"name": "PROBEA", "other_targeted_structures": ["CA1"]}])
    row = row_of(with_modules(older))
    assert row.name == f"{NAME}:0:PROBEA"
    assert (row["probe_name"], row["hardware_from"]) == ("probeA", "assembly")
    assert (row["probe_serial"], row["port"]) == ("18005117142", 1)
    assert row["other_targeted_structures"] == ["CA1"]


@pytest.mark.parametrize(
    ("assembly", "name", "how", "serial"),
    [
        ("one", "Probe A", "assembly", "1"),
        ("two", "Probe A", "assembly", "2"),
        ("two", "PROBEB", "normalised name", "3"),
        ("three", "PROBEC", "assembly", "4"),
        ("elsewhere", "Probe B", "device", "3"),
        ("elsewhere", "probe_c", "normalised name", "4"),
        # Two of the rig have that name.
        ("elsewhere", "Probe A", None, None),
        ("elsewhere", "46100", None, None),
        ("three", "46100", "assembly", "4"),
        (None, "Probe B", "device", "3"),
    ],
)
def test_a_named_probe_is_looked_for_in_its_assembly_then_in_the_rig(assembly, name, how, serial):
    held = {"one": {"Probe A": 1}, "two": {"Probe A": 2, "Probe B": 3}, "three": {"Probe C": 4}}
    rig = [
        {
            "name": holder,
            "probes": [{"name": probe, "serial_number": number} for probe, number in some.items()],
        }
        for holder, some in held.items()
    ]
    told = module(assembly_name=assembly, ephys_probes=[{"name": name}])
    row = row_of(with_modules(told, rig={"ephys_assemblies": rig}))
    assert row["device_name"] == name
    assert [None if pd.isna(one) else one for one in row[["hardware_from", "probe_serial"]]] == [how, serial]


def test_a_rig_may_call_its_assemblies_by_the_older_name_and_leave_things_blank():
    older = {"ephys_assembly_name": "Ephys_assemblyA", "probes": [{"name": "Probe A", "serial_number": ""}]}
    row = row_of(record(rig={"ephys_assemblies": [older, {"probes": None}]}))
    assert (row.name, row["hardware_from"]) == (PROBE, "assembly")
    assert row[["probe_serial", "probe_model"]].isna().all()
    nameless = {"name": "Ephys_assemblyA", "probes": [{"serial_number": "1"}]}
    row = row_of(record(rig={"ephys_assemblies": [nameless]}))
    assert (row["device_name"], row["probe_serial"]) == ("Ephys_assemblyA", "1")


def test_without_a_rig_there_is_a_row_for_each_module():
    row = row_of(record(rig=None))
    assert row.name == f"{NAME}:0:Ephys_assemblyA"
    assert row["device_name"] == row["assembly_name"] == "Ephys_assemblyA"
    assert row["probe_name"] == "probeA"
    twins = [module(), module(ephys_probes=[{"name": "Probe A"}], assembly_name="other")]
    named = frame_of(with_modules(*twins, rig=None))["probe_name"].tolist()
    assert sorted(named) == ["Ephys_assemblyA", "probeA"]
    assert row[["hardware_from", "probe_model", "probe_serial", "port", "slot"]].isna().all()
    older = module(ephys_probes=[{"name": "Probe B"}])
    assert row_of(with_modules(older, rig=None)).name == f"{NAME}:0:Probe B"


@pytest.mark.parametrize("assembly", ["PROBEA", "Probe A assembly", "probe_a"])
def test_an_assembly_that_the_rig_calls_otherwise_is_found_by_what_names_mean(assembly):
    row = row_of(with_modules(module(assembly_name=assembly)))
    assert row.name == PROBE
    assert (row["hardware_from"], row["assembly_name"], row["port"]) == ("normalised name", assembly, 1)


def test_what_could_mean_several_probes_of_the_rig_is_none_of_them():
    twins = [
        {"name": "one", "probes": [{"name": "Probe A"}]},
        {"name": "two", "probes": [{"name": "probeA"}]},
    ]
    row = row_of(with_modules(module(assembly_name="PROBEA"), rig={"ephys_assemblies": twins}))
    assert row.name == f"{NAME}:0:PROBEA"
    assert pd.isna(row["hardware_from"])


def test_an_assembly_with_several_probes_has_a_row_for_each():
    pair = {
        "name": "Ephys_assemblyA",
        "probes": [{"name": "Probe A"}, {"name": "Probe B", "serial_number": 7}],
    }
    frame = frame_of(record(rig={"ephys_assemblies": [pair], "daqs": None}))
    assert frame["device_name"].tolist() == ["Probe A", "Probe B"]
    assert frame["probe_serial"].tolist()[1] == "7"
    assert frame["targeted_structure"].tolist() == ["AON", "AON"]


def test_a_probe_in_two_ports_is_in_neither():
    ports = [{"index": 1, "probes": ["Probe A"]}, {"index": 2, "probes": ["Probe A"]}]
    row = row_of(record(rig__daqs=[{"slot": 3, "ports": ports}, {"slot": None, "ports": None}]))
    assert row[["port", "slot"]].isna().all()


def test_a_port_tells_its_probe_by_its_whole_name():
    cards = [{"slot": 1, "ports": [{"index": 5, "probes": "Probe AB"}]}, *record()["rig"]["daqs"]]
    row = row_of(record(rig__daqs=cards))
    assert (row["slot"], row["port"]) == (3, 1)
