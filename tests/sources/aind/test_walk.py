"""Which sessions a filter finds, and by how many requests: rows of the whole table, however it is asked."""

from __future__ import annotations

import pytest

import sessionframes as sf
from sessionframes import Q
from sessionframes.cli.main import main
from sessionframes.demo.aind import AindServer
from sessionframes.errors import QueryError
from tests.sources.aind.examples import NAME, SORTED, asset, module, record, sorted_asset
from tests.sources.aind.nwb_files import electrodes, name_of, units, write
from tests.sources.aind.served import INTERNAL, served, sorting

LETTERED = "SmartSPIM_M2501_2025-04-03_17-50-21"
OTHER = "700999"


def ids(db, table="sessions", **told):
    return db.get(table, progress=False, **told).index.tolist()


@pytest.fixture
def nwb(tmp_path):
    """What writes an NWB file of a sorting, as what S3 has of it."""

    def files(key):
        folder = tmp_path / key
        path = write(folder / name_of("zarr"), electrodes(), units())
        parts = [one for one in path.rglob("*") if one.is_file()]
        return {f"{INTERNAL}/{key}/nwb/{one.relative_to(folder)}": one.read_bytes() for one in parts}

    return files


# By the ids of assets


def test_units_of_a_sorting_that_only_code_ocean_knows_are_found_by_their_ids(nwb):
    _, made, files = sorting()
    key = made["id"]
    with served([record()], [asset(), made], {**files, **nwb(key)}) as at:
        every = ids(at.db, "units")
        assert ids(at.db, "units", unit_ids=f"{key}:ProbeA:1") == [f"{key}:ProbeA:1"]
        assert ids(at.db, "units", where=Q(asset_id=key)) == every
        assert len(ids(at.db, "channels", where=Q(asset_id=key))) == len(ids(at.db, "channels")) > 0
        assert at.db.get("units", join=["channels"], progress=False).index.tolist() == every
        assert ids(at.db, "units", unit_ids=f"{key}:ProbeA:1", only_docdb=True) == []


@pytest.mark.parametrize("name", [NAME, LETTERED])
def test_units_of_an_older_sorting_are_none_by_their_ids_either(nwb, name):
    (told, older, of_older), (_, newer, of_newer) = sorting(), sorting(date="2024-07-13_23-06-45")
    told["name"] = older["name"] = f"{name}_sorted_2024-06-13_23-06-45"
    newer["name"] = f"{name}_sorted_2024-07-13_23-06-45"
    files = {**of_older, **of_newer, **nwb(older["id"]), **nwb(newer["id"])}
    with served([record(name=name), told], [older, newer], files) as at:
        assert {one.split(":")[0] for one in ids(at.db, "units")} == {newer["id"]}
        assert ids(at.db, "units", unit_ids=f"{older['id']}:ProbeA:0") == []
        assert len(ids(at.db, "units", unit_ids=f"{newer['id']}:ProbeA:0")) == 1


# By animals


@pytest.mark.parametrize("told", ["", None, []])
def test_where_a_record_tells_no_animal_that_of_its_name_counts(told):
    with served([record(subject__subject_id=told)]) as at:
        assert ids(at.db, subject_id="700123") == [NAME]
        assert ids(at.db, subject_id=OTHER) == []


@pytest.mark.parametrize(
    "others",
    [
        {},
        {"records": [record(_id="z", name=f"{NAME}_nwb_2024-07-01_00-00-00", data_description=None)]},
        {"assets": [asset()]},
        {"assets": [asset(), sorted_asset(tags=[], custom_metadata=None)]},
    ],
)
def test_where_record_and_name_tell_two_animals_that_of_the_record_counts(others):
    records = [record(subject__subject_id=OTHER), *others.get("records", ())]
    with served(records, others.get("assets", ())) as at:
        whole = at.db.get("sessions", progress=False)
        assert whole["subject_id"].tolist() == [OTHER]
        assert at.db.get("sessions", subject_id=OTHER, progress=False).equals(whole)
        assert ids(at.db, subject_id="700123") == []
        assert ids(at.db, subject_id="700123", modalities="ecephys") == []
        assert ids(at.db, subject_id="700123", start_date="2024-06-01T00:00Z") == []
        assert ids(at.db, subject_id=OTHER, start_date="2024-06-01T00:00Z") == [NAME]
        of_session = sorted(one["id"] for one in others.get("assets", ()))
        assert ids(at.db, "assets", subject_id=OTHER) == of_session
        assert ids(at.db, "assets", subject_id="700123") == []


def test_an_animal_is_one_request_where_its_records_agree():
    told, _, _ = sorting()
    with served([record(), told], token=False) as at:
        at.asked()
        assert ids(at.db, subject_id="700123") == [NAME]
        asked = at.asked()
        ids(at.db)
        assert len(asked) == len(at.asked())


def test_a_number_that_nothing_can_hold_is_no_animal():
    with served([record()], [asset()]) as at:
        assert ids(at.db, subject_id=["9" * 19, "9" * 3000]) == []


# By what a record tells


@pytest.mark.parametrize("told", ["", None])
def test_where_a_record_tells_no_time_that_of_its_name_counts(told):
    with served([record(session__session_start_time=told)]) as at:
        assert ids(at.db, start_date="2024-06-01T00:00:00Z") == [NAME]
        assert ids(at.db, start_date="2024-06-12T00:00:00Z") == []
        assert ids(at.db, end_date="2024-06-12T00:00:00Z") == [NAME]


@pytest.mark.parametrize("section", ["modality", "modalities"])
@pytest.mark.parametrize("more", [{}, {"abbreviation": ""}])
def test_a_modality_is_found_by_its_name_where_it_has_no_abbreviation(section, more):
    with served([record(data_description={section: [{"name": "Behavior", **more}]})]) as at:
        assert ids(at.db, modalities="Behavior") == [NAME]
        assert ids(at.db, modalities="ecephys") == []


def test_what_code_ocean_alone_knows_is_found_by_its_time_and_by_nothing_of_a_record():
    with served([], [asset()]) as at:
        assert ids(at.db, start_date="2024-06-11T17:15:02Z", end_date="2024-06-11T17:15:02Z") == [NAME]
        assert ids(at.db, start_date="2024-06-11T17:15:03Z") == []
        assert ids(at.db, modalities="ecephys") == []
        assert ids(at.db, project="Demo project", subject_id="700123") == []
        assert ids(at.db, subject_id="700123", start_date="2024-06-11T17:15Z") == [NAME]


def test_what_has_a_record_of_another_time_is_not_what_code_ocean_alone_knows():
    with served([record(session__session_start_time="2023-01-01T00:00:00Z")], [asset()]) as at:
        assert ids(at.db, start_date="2024-06-11T00:00Z", end_date="2024-06-12T00:00Z") == []
        assert ids(at.db, start_date="2023-01-01T00:00Z", end_date="2023-01-02T00:00Z") == [NAME]


@pytest.mark.parametrize("name", [5, None, "", ...])
def test_what_has_no_name_is_a_session_by_itself_under_its_key(name):
    with served([record(name=name)], [asset(name=name)]) as at:
        (key,) = ids(at.db)
        assert key == record()["_id"]
        assert ids(at.db, session_ids=key) == [key]
        assert ids(at.db, project="Demo project") == [key]
        assert ids(at.db, start_date="2024-06-11T00:00Z") == [key]
        assert ids(at.db, subject_id="700123") == [key]
        if name != 5:
            assert ids(at.db, "assets", project="Demo project") == []


def test_a_part_of_all_sessions_is_no_more_requests_than_all():
    with AindServer(0.05, sessions=400) as server:
        told = {"docdb_url": server.docdb_url, "codeocean_url": server.codeocean_url}
        with sf.connect("aind", **told, codeocean_token=server.token) as db:
            every = db.get("sessions", progress=False)
            most = len(server.requests)
            for narrow in (
                {"project": "Examples"},
                {"modalities": "laser-tag"},
                {"start_date": "2023-12-13T00:00Z", "end_date": "2023-12-14T00:00Z"},
                {"date": "2023-12-13"},
                {"project": sorted(set(every["project_name"].dropna()))},
            ):
                server._script.clear()
                assert len(db.get("sessions", progress=False, **narrow)) <= len(every)
                assert len(server.requests) <= 3 * most


def test_many_sessions_of_a_project_are_found_with_all_that_belongs_to_them():
    records = [
        record(_id=f"{number:04}", name=f"ecephys_{number}_2024-06-11_10-15-02", subject=None)
        for number in range(700000, 700600)
    ]
    assets = [asset(id=f"a{one['_id']}", name=one["name"]) for one in records]
    with served([*records, record(name=SORTED, data_description__project_name="x")], assets) as at:
        found = at.db.get("sessions", project="Demo project", progress=False)
        assert len(found) == 600
        assert len(at.asked()) < 12


# What else people leave in records and assets


def test_units_join_the_probes_of_a_record_without_a_rig(nwb):
    told, made, files = sorting()
    raw = record(rig=None)
    names = ["Ephys_assemblyA", "Ephys_assemblyB"]
    raw["session"]["data_streams"][0]["ephys_modules"] = [module(assembly_name=name) for name in names]
    with served([raw, told], [asset(), made], {**files, **nwb(made["id"])}) as at:
        probes = at.db.get("probes", progress=False)
        assert probes["probe_name"].tolist() == ["probeA", "probeB"]
        assert probes["device_name"].tolist() == names
        found = at.db.get("units", join=["probes"], progress=False)
        assert set(found["probe_id"]) == {*probes.index}


@pytest.mark.parametrize("tags", [5, None, "derived", {}, [1, None]])
def test_tags_that_are_no_list_tell_nothing_of_what_an_asset_is(tags):
    with served([], [asset(tags=tags, custom_metadata=None)]) as at:
        assert at.db.get("assets", columns=["kind"], progress=False)["kind"].tolist() == [
            "derived" if tags == "derived" else "raw"
        ]


def test_a_second_record_of_a_sorting_does_not_take_away_its_sorter():
    told, made, _ = sorting()
    again = {**told, "_id": "z", "processing": None}
    with served([record(), told, again], [made]) as at:
        assert at.db.get("assets", progress=False)["sorter_name"].tolist() == ["kilosort2_5"]


@pytest.mark.parametrize("blank", [[], "", {}])
def test_sections_that_are_blank_are_none(blank):
    with served([record(session=blank)], [asset(provenance=blank)]) as at:
        assert at.db.get("sessions", progress=False)["start_time_from"].tolist() == ["name"]
        assert ids(at.db, start_date="2024-06-11T17:15Z") == [NAME]
        assert at.db.get("assets", progress=False)["provenance"].isna().all()


def test_a_day_is_compared_with_local_times_as_the_texts_that_they_are():
    with served([record()]) as at:
        for text in ("20230101", "20250101", "2024-W01-2", "2024-W50-2", "2024-06"):
            for lookup in ("lt", "gt"):
                whole = at.db.get("sessions", progress=False)["local_time"].iloc[0]
                found = whole < text if lookup == "lt" else whole > text
                assert bool(ids(at.db, where=Q(**{f"local_time__{lookup}": text}))) is found


def test_a_fraction_of_a_second_is_that_second():
    with served([record()]) as at:
        assert ids(at.db, date="2024-06-11 10:15:02.5") == [NAME]
        assert ids(at.db, start_date="2024-06-11 10:15:02.5") == []


def test_an_hour_that_spring_leaves_out_is_no_disagreement():
    name = "ecephys_700123_2024-03-10_02-30-00"
    for told, differs in (("2024-03-10T02:30:00", False), ("2024-03-10T02:32:00", True)):
        with served([record(name=name, session__session_start_time=told)]) as at:
            assert at.db.get("sessions", progress=False)["time_disagrees"].tolist() == [differs]


def test_what_is_no_date_is_told_whose_clock_counts():
    with served([record()]) as at, pytest.raises(QueryError, match="the clock beside the rig"):
        at.db.get("sessions", date="13/12/2023")


def test_assets_are_asked_for_by_their_ids_on_the_command_line(tmp_path, monkeypatch):
    with served([record()], [asset(), sorted_asset()]) as at:
        monkeypatch.setenv("CODE_OCEAN_API_TOKEN", at.server.token)
        options = [f"docdb_url={at.server.docdb_url}", f"codeocean_url={at.server.codeocean_url}"]
        told = [part for one in options for part in ("--option", one)]
        path = tmp_path / "assets.json"
        ids = asset()["id"]
        main(["get", "assets", "--source", "aind", *told, "--asset-ids", ids, "-o", str(path), "--quiet"])
        assert ids in path.read_text()
        assert sorted_asset()["id"] not in path.read_text()
