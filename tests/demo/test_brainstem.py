"""The demo world as records of a BrainSTEM: what the world knows of sessions and probes, in odd forms."""

from __future__ import annotations

import time
from datetime import datetime

import pytest
import requests

from sessionframes.demo.brainstem import BrainstemServer, own_id
from sessionframes.demo.brainstem.ids import made_id
from sessionframes.demo.brainstem.models import MODELS
from sessionframes.demo.brainstem.records import records
from sessionframes.demo.world import World, make_world

HERTZ = {"Hz": 1, "kHz": 1000}
MICROMETRES = {"um": 1, "µm": 1, "mm": 1000}
NEW_FIELD = "acquisition_rating"


@pytest.fixture(scope="module", params=(0.05, 0.0005, 0.3))
def world(request: pytest.FixtureRequest) -> World:
    return make_world(request.param)


@pytest.fixture(scope="module")
def made(world):
    return {name: {row["id"]: row for row in rows} for name, rows in records(world).items()}


def in_unit(told, units):
    return told["value"] * units[told["unit"]] if isinstance(told, dict) else told


def test_equal_worlds_have_equal_records(world):
    assert records(world) == records(make_world(world.scale, world.seed))


def test_every_relation_leads_to_a_record(made):
    for name, rows in made.items():
        for row in rows.values():
            for field, kind in MODELS[name].fields.items():
                if kind.to and not kind.back and row.get(field) is not None:
                    targets = row[field] if kind.many else [row[field]]
                    assert set(targets) <= made.get(kind.to, {}).keys(), (name, field)


def test_records_have_the_fields_of_their_model_and_one_has_a_field_more(made):
    further = set()
    for name, rows in made.items():
        kept = {field for field, kind in MODELS[name].fields.items() if not kind.back}
        for row in rows.values():
            assert kept - row.keys() <= {"name_used_in_storage"}
            further |= {(name, field) for field in row.keys() - kept - {"id"}}
    assert further == {("session", NEW_FIELD)}


def test_texts_are_no_longer_than_their_fields_allow_and_unique_where_they_must_be(made):
    for name, rows in made.items():
        for field, kind in MODELS[name].fields.items():
            told = [row.get(field) for row in rows.values()]
            if kind.unique:
                assert len(set(told)) == len(told), (name, field)
            if kind.longest:
                assert all(len(text or "") <= kind.longest for text in told), (name, field)
            if kind.choices:
                assert set(told) <= set(kind.choices), (name, field)


def test_sessions_come_back_exactly(world, made):
    subjects = {row["subject_id"]: row for row in world.subjects.to_pylist()}
    behaviors = {row["session"]: row for row in made["behavior"].values()}
    assert len(made["session"]) == world.sessions.num_rows
    for session in world.sessions.to_pylist():
        record = made["session"][own_id(world, "session_id", session["session_id"])]
        told = record["date_time"]
        began = None if told is None else datetime.fromisoformat(told)
        assert began == session["start_time"]
        assert began is None or began.tzinfo is not None
        behavior = behaviors[record["id"]]
        assert made["behavioralassay"][behavior["behavioralassay"]]["name"] == session["session_type"]
        assert behavior["subjects"] == [own_id(world, "subject_id", session["subject_id"])]
        subject, known = made["subject"][behavior["subjects"][0]], subjects[session["subject_id"]]
        assert subject["sex"] == (known["sex"] or "U")
        assert subject["genotype"] == (known["genotype"] or "")
        assert subject["name"] == known["subject_name"]
        assert subject["birth_date"] == known["date_of_birth"].isoformat()


def test_probes_come_back_exactly(world, made):
    files = {row["procedures"][0]: row for row in made["dataacquisition"].values() if row["procedures"]}
    sessions = {row["session_id"]: row for row in world.sessions.to_pylist()}
    for probe in world.probes.to_pylist():
        session, procedure = own_id(world, "probe_id", probe["probe_id"]).split(":")
        file, implant = files.pop(procedure), made["procedure"][procedure]
        assert (file["session"], file["type"]) == (session, "ExtracellularEphys")
        assert in_unit(file["details"]["sr"], HERTZ) == probe["sampling_rate"]
        assert [group["label"] for group in file["details"]["electrodeGroups"]] == [probe["probe_name"]]
        subject = sessions[probe["session_id"]]["subject_id"]
        assert implant["subject"] == own_id(world, "subject_id", subject)
        stock = made["consumablestock"][implant["consumablestock"]]
        assert implant["details"]["probeId"] in stock["details"]["probeIds"].split(", ")
        product = made["consumable"][stock["consumable"]]["details"]["product_id"]
        assert product == {"3a": "NP-3A-OPT3", "PXI": "NP1010"}[probe["probe_phase"]]
    assert not files


def test_probes_are_where_they_entered_the_brain(world, made):
    channels: dict[int, list] = {}
    for row in world.channels.to_pylist():
        channels.setdefault(row["probe_id"], []).append(row)
    acronyms = {row["structure_id"]: row["structure_acronym"] for row in world.structures.to_pylist()}
    systems = set()
    for probe, rows in channels.items():
        implant = made["procedure"][made_id("procedure", probe)]
        placed = [row for row in rows if row["dorsal_ventral_ccf_coordinate"] is not None]
        if placed:
            highest = max(placed, key=lambda row: row["probe_channel_number"])
            told = implant["coordinates_details"]
            assert [in_unit(told[axis], MICROMETRES) for axis in "xyz"] == [
                highest[f"{axis}_ccf_coordinate"]
                for axis in ("anterior_posterior", "dorsal_ventral", "left_right")
            ]
        inside = [row for row in rows if row["structure_id"] is not None]
        region = implant["brain_region"] and made["brainregion"][implant["brain_region"]]["acronym"]
        highest_inside = max(inside, key=lambda row: row["probe_channel_number"], default=None)
        assert region == (highest_inside and acronyms[highest_inside["structure_id"]])
        systems.add(implant["coordinates_system"])
    assert systems == {"CCF_XYZ_Absolute", "Stereotaxic_BregmaAbsolute"}


def test_channels_of_a_file_are_those_of_the_world_and_the_references(world, made):
    numbers: dict[int, set] = {}
    for row in world.channels.to_pylist():
        numbers.setdefault(row["probe_id"], set()).add(row["probe_channel_number"] + 1)
    for probe, own in numbers.items():
        details = made["dataacquisition"][made_id("dataacquisition", probe)]["details"]
        tags = {
            tag["tag"]: {int(one) for one in tag["channels"].split(", ")} for tag in details["channelTags"]
        }
        assert set(range(1, details["nChannels"] + 1)) - tags["Reference"] == own
        assert tags.get("Bad", set()) <= own


def test_records_are_as_odd_as_those_of_the_real_server(made):
    def forms(model, field):
        return [row.get(field) for row in made[model].values()]

    extra = forms("session", "extra_fields")
    assert None in extra
    assert [] in extra
    assert {} in extra
    assert any(isinstance(one, list) and one for one in extra)
    assert any(isinstance(one, dict) and one for one in extra)
    links = [set(link) for links in forms("session", "download_links") for link in links]
    assert {"Repository", "URL"} in links
    assert {"repository", "url"} in links
    times = [told or "" for told in forms("session", "date_time")]
    assert "" in times
    assert {told[10:11] for told in times if told} == {"T", " "}
    assert {told[19:] for told in times if told} == {"Z", "+00:00", "-07:00"}
    rates = forms("dataacquisition", "details")
    assert {type(details["sr"]).__name__ for details in rates} == {"float", "dict"}
    assert [] in forms("session", "projects")
    assert len({row["session"] for row in made["dataacquisition"].values()}) < len(made["session"])
    assert any(len(one) > 1 for one in forms("session", "projects"))
    assert any(not name.isascii() for name in forms("session", "name"))


def test_the_shared_animal_has_a_public_session_and_a_private_one(world, made):
    public = {row["id"] for row in made["project"].values() if row["is_public"]}
    first, second = (
        made["session"][own_id(world, "session_id", number)]
        for number in world.oddities["session_of_shared_subject"]
    )
    assert public & set(first["projects"])
    assert not public & set(second["projects"])


def test_what_brainstem_does_not_keep_has_no_id(world):
    with pytest.raises(LookupError, match="unit_id"):
        own_id(world, "unit_id", 1)


def test_sessions_can_be_multiplied_for_measurements():
    made = records(make_world(0.05), 300)
    assert len(made["session"]) == 300
    names = {row["name"] for row in made["session"]}
    ids = {row["id"] for row in made["session"]}
    assert len(names) == len(ids) == 300
    assert {row["session"] for row in made["dataacquisition"]} >= {row["id"] for row in made["session"][12:]}
    assert len({row["id"] for row in made["dataacquisition"]}) == len(made["dataacquisition"])
    projects = [project for row in made["session"] for project in row["projects"]]
    assert {row["id"] for row in made["project"]} >= set(projects)
    assert max(map(projects.count, projects)) <= 20


def test_copies_are_for_those_who_see_the_originals():
    with BrainstemServer(0.05, sessions=300) as server:
        counts = []
        for role in ("reader", "editor", "administrator"):
            headers = {"Authorization": f"Bearer {server.tokens[role]}"}
            answer = requests.get(f"{server.url}/api/private/stem/session/", headers=headers, timeout=10)
            counts.append(answer.json()["meta"]["total_results"])
    assert 200 < counts[0] < counts[1] < counts[2] == 300


def test_it_starts_soon():
    make_world(0.05)
    began = time.monotonic()
    with BrainstemServer(0.05) as server:
        assert server.url.startswith("http://127.0.0.1:")
    assert time.monotonic() - began < 2
