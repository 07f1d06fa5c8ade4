"""Probes, projects, animals, assets, and the tables that are made of a model's fields."""

from __future__ import annotations

import json

import pandas as pd
import pytest

import sessionframes as sf
from sessionframes.demo.brainstem import Fault, own_id
from sessionframes.demo.brainstem.records import records
from sessionframes.errors import FrameValidationError, QueryError, SourceResponseError, TableNotProvidedError
from sessionframes.registry import load_source
from sessionframes.sources.brainstem.columns import LEFT_OUT, TABLES, known_fields, origins
from sessionframes.sources.brainstem.forms import own_models
from sessionframes.sources.brainstem.models import MODELS
from sessionframes.sources.brainstem.quantities import DEGREES, HERTZ, MICROMETRES, quantity

NOBODY = "00000000-0000-4000-8000-000000000000"


def test_a_probe_is_a_session_and_an_implant(db, world):
    frame = db.get_probes()
    for row in world.probes.to_pylist():
        probe = frame.loc[own_id(world, "probe_id", row["probe_id"])]
        assert probe["probe_name"] == row["probe_name"]
        assert probe["sampling_rate"] == row["sampling_rate"]
        assert probe["session_id"] == own_id(world, "session_id", row["session_id"])
    assert (frame.index == frame["session_id"] + ":" + frame["procedure_id"]).all()
    assert set(frame["told_by"]) == {"consumable"}
    assert frame["probe_serial"].str.startswith("NP1-").all()
    assert frame["probe_model"].str.startswith("Neuropixels").all()
    assert (frame["recorded_channels"] == 384).all()
    assert len(frame) == len(world.probes)


def test_places_are_in_micrometres_whatever_they_were_in(db, world):
    frame = db.get_probes()
    told = {record["id"]: record for record in records(world)["procedure"]}
    counted = 0
    for _, row in frame.iterrows():
        details = told[row["procedure_id"]]["coordinates_details"]
        assert json.loads(row["coordinates_details"]) == details
        for column, name, bare in (("x_coordinate", "x", None), ("ap_coordinate", "apCoordinate", 1000)):
            value = details.get(name)
            if isinstance(value, dict):
                factor = {"mm": 1000, "µm": 1, "um": 1, "μm": 1}[value["unit"]]
                assert row[column] == pytest.approx(value["value"] * factor)
                counted += 1
            elif value is not None and bare:
                assert row[column] == pytest.approx(value * bare)
            else:
                assert pd.isna(row[column])
    assert counted > 5


def test_two_probes_in_one_file_are_told_by_their_serials(server, db):
    ids = db.get("procedure").index[:2].tolist()

    def change(body):
        first = body["data_acquisitions"][0]
        groups = [{"label": "one", "channels": "1-384"}, {"label": "two", "channels": "385-768"}]
        details = {"nChannels": 768, "sr": {"value": 30, "unit": "kHz"}, "electrodeGroups": groups}
        return {
            **body,
            "meta": {"total_results": 1},
            "procedures": [],
            "data_acquisitions": [{**first, "procedures": ids, "details": details}],
        }

    server.fail(Fault(change=change), path="modules/dataacquisition/")
    frame = db.get_probes()
    assert sorted(frame["procedure_id"]) == sorted(ids)
    assert frame["probe_name"].tolist() == frame["probe_serial"].tolist()
    assert frame["recorded_channels"].isna().all()
    assert frame["sampling_rate"].tolist() == [30_000.0, 30_000.0]
    assert len(set(frame["session_id"])) == 1


def test_what_several_files_tell_differently_is_null(server, db):
    def change(body):
        first, *_ = body["data_acquisitions"]
        other = {**first, "id": NOBODY, "details": {**first["details"], "sr": 20_000}}
        return {**body, "meta": {"total_results": 2}, "data_acquisitions": [first, other]}

    server.fail(Fault(change=change), path="modules/dataacquisition/")
    (probe,) = db.get_probes().itertuples()
    assert pd.isna(probe.sampling_rate)
    assert len(probe.probe_dataacquisition) == 2
    assert probe.recorded_channels == 384


@pytest.mark.parametrize(
    ("path", "key", "level"),
    [
        ("modules/consumablestock/", "consumable stocks", "procedure"),
        ("resources/consumable/", "consumables", "consumablestock"),
    ],
)
def test_a_probe_tells_how_far_down_it_is_known(server, db, path, key, level):
    server.fail(Fault(body={key: [], "meta": {"total_results": 0}}), path=path)
    frame = db.get_probes()
    assert set(frame["told_by"]) == {level}
    assert frame["probe_model"].isna().all()
    assert frame["probe_name"].notna().all()


def test_files_without_an_implant_are_no_probes(db):
    files = db.get("dataacquisition")
    assert "GeneralTimeSeries" in set(files["dataacquisition_type"])
    wheels = files.index[files["dataacquisition_type"] == "GeneralTimeSeries"]
    recorded = {one for found in db.get_probes()["probe_dataacquisition"] for one in found}
    assert not recorded & set(wheels)


@pytest.mark.parametrize(
    ("value", "units", "bare", "found"),
    [
        (30000, HERTZ, "Hz", 30000.0),
        ({"value": 29.999901, "unit": "kHz"}, HERTZ, "Hz", 29999.901),
        ({"value": 0.00003, "unit": "GHz"}, HERTZ, "Hz", 30000.0),
        ({"value": -3.4, "unit": "mm"}, MICROMETRES, None, -3400.0),
        ({"value": 5, "unit": "\N{MICRO SIGN}m"}, MICROMETRES, None, 5.0),
        ({"value": 5, "unit": " \N{GREEK SMALL LETTER MU}m "}, MICROMETRES, None, 5.0),
        ({"value": 5000, "unit": "nm"}, MICROMETRES, None, 5.0),
        ({"value": 10, "unit": "°"}, DEGREES, None, 10.0),
        (-1.0, MICROMETRES, "mm", -1000.0),
        (-1.0, MICROMETRES, None, None),
        ({"value": 5, "unit": "ells"}, MICROMETRES, "mm", None),
        ({"value": 5}, MICROMETRES, "mm", None),
        ({"value": "5", "unit": "mm"}, MICROMETRES, "mm", None),
        ({"value": None, "unit": "mm"}, MICROMETRES, "mm", None),
        ("30 kHz", HERTZ, "Hz", None),
        (True, HERTZ, "Hz", None),
        (None, HERTZ, "Hz", None),
        ([], HERTZ, "Hz", None),
    ],
)
def test_a_quantity_is_converted_by_its_unit_or_not_at_all(value, units, bare, found):
    assert quantity(value, units, bare=bare) == found


def test_projects_tell_nothing_of_people(db, world):
    frame = db.get_projects()
    told = {record["id"]: record for record in records(world)["project"]}
    assert any(record["users"] for record in told.values())
    assert set(frame.index) == set(told)
    for key, row in frame.iterrows():
        assert row["project_name"] == told[key]["name"]
        assert row["project_is_public"] == told[key]["is_public"]
        assert "@" not in str(row.to_dict())
    by_session = db.get_sessions()["projects"].explode().dropna()
    for key, row in frame.iterrows():
        assert sorted(row["project_sessions"]) == sorted(by_session.index[by_session == key])


def test_unknown_sex_is_null(db, world):
    told = {record["id"]: record["sex"] for record in records(world)["subject"]}
    frame = db.get_subjects()
    assert "U" in told.values()
    for key, sex in frame["sex"].items():
        assert (pd.isna(sex) and told[key] == "U") or sex == told[key]


def test_assets_are_storages_and_links(db, world):
    frame = db.get_assets()
    made = records(world)
    storages = {record["id"]: record for record in made["datastorage"]}
    for record in made["session"]:
        own = frame[frame["session_id"] == record["id"]]
        links = own[own["asset_type"] == "download link"]
        wanted = [
            {name.lower(): value for name, value in link.items()} for link in record["download_links"] or []
        ]
        assert links["location"].tolist() == [link["url"] for link in wanted]
        assert links["asset_name"].tolist() == [link["repository"] for link in wanted]
        kept = own[own["asset_type"] == "data storage"]
        assert set(kept["datastorage_id"]) == set(record["datastorage"])
        for _, row in kept.iterrows():
            storage = storages[row["datastorage_id"]]
            assert row["asset_name"] == storage["name"]
            assert json.loads(row["data_organization"]) == storage["data_organization"]


def test_every_model_is_a_table_of_all_its_records(db, world):
    made = records(world)
    for model in own_models():
        frame = db.get(model, progress=False)
        assert set(frame.index) == {record["id"] for record in made.get(model, [])}, model
        assert frame.index.name == f"{model}_id"


def test_fields_of_a_model_are_columns(db, world):
    frame = db.get("procedure")
    for record in records(world)["procedure"]:
        row = frame.loc[record["id"]]
        assert row["subject_id"] == record["subject"]
        assert row["procedure_type"] == record["type"]
        assert list(row["procedure_equipment"]) == record["equipment"]
        assert json.loads(row["procedure_details"]) == record["details"]
        region = record["brain_region"]
        assert row["brainregion_id"] == region or (region is None and pd.isna(row["brainregion_id"]))


def test_tables_of_models_join_with_the_others(db):
    frame = db.get("behavior", join=["sessions", "setup", "behavioralassay"])
    assert (frame["behavioralassay_name"] == frame["session_type"]).all()
    assert frame["setup_name"].notna().all()
    sessions = sf.join(db.get_sessions(), db.get_subjects())
    assert {"subject_name", "subject_projects", "projects"} <= set(sessions.columns)
    probes = db.get_probes(join=["sessions", "procedure"])
    assert (probes["subject_id"].notna()).all()


@pytest.mark.parametrize(
    ("name", "table"),
    [
        ("session", "sessions"),
        ("dataset", "sessions"),
        ("Project", "projects"),
        ("data_acquisitions", "dataacquisition"),
        ("Data acquisition", "dataacquisition"),
        ("experimentdata", "dataacquisition"),
        ("consumable stocks", "consumablestock"),
        ("behavioralparadigm", "behavioralassay"),
        ("datarepositories", "datastorage"),
        ("actionlog", "procedurelog"),
    ],
)
def test_older_names_and_those_of_the_server_are_understood(db, name, table):
    assert db.read(name) is db.source.reads[table]
    pd.testing.assert_frame_equal(db.get(name, limit=1), db.get(table, limit=1))


@pytest.mark.parametrize("table", ["units", "channels", "unit_metrics"])
def test_what_brainstem_has_not_is_said_with_the_way_to_the_files(db, server, table):
    with pytest.raises(TableNotProvidedError, match=r"no records of .* get_assets\(\)"):
        db.get(table)
    assert server.requests == []


@pytest.mark.parametrize("table", ["user", "users", "group"])
def test_people_are_no_table(db, table):
    with pytest.raises(TableNotProvidedError, match="personal data"):
        db.get(table)


def test_a_misspelt_table_is_told_with_its_neighbours(db):
    with pytest.raises(TableNotProvidedError, match="Did you mean 'procedure"):
        db.get("proceduer")
    with pytest.raises(QueryError, match="Did you mean 'session_name'"):
        db.get_sessions(where=sf.Q(sesion_name="a"))


def test_columns_are_those_that_the_form_has():
    reads = load_source("brainstem").reads
    for model in [*TABLES.values(), *own_models()]:
        table = reads[{one: name for name, one in TABLES.items()}.get(model, model)].table
        assert set(origins(model)) <= set(table.dtypes()), model
        fields = {origin.field for origin in origins(model).values()} - {"id"}
        assert fields == {field.name for field in MODELS[model].fields}, model
        assert fields <= known_fields(model)
    assert {"users", "groups"} <= LEFT_OUT


def test_a_record_without_its_session_is_named(server, db):
    def change(body):
        first, *others = body["behaviors"]
        return {**body, "behaviors": [{**first, "session": None}, *others]}

    server.fail(Fault(change=change), path="modules/behavior/")
    with pytest.raises(FrameValidationError, match="session_id"):
        db.get("behavior")


def test_a_snapshot_is_made_of_all_tables(db, tmp_path):
    path = db.export(tmp_path / "out", progress=False)
    manifest = json.loads((path / "manifest.json").read_text(encoding="utf-8"))
    assert set(manifest["tables"]) == set(db.tables)
    for table in ("sessions", "probes", "assets", "subjects", "behavior"):
        assert manifest["tables"][table]["rows"] == len(db.get(table))


@pytest.mark.parametrize(
    ("table", "path", "key", "told", "words"),
    [
        (
            "sessions",
            "behavioralassay/",
            "behavioralassays",
            {"name": ["a"]},
            "session_type.*expected was text",
        ),
        ("sessions", "stem/subject/", "subjects", {"genotype": {"a": 1}}, "genotype.*expected was text"),
        (
            "probes",
            "brainregion/",
            "brain_regions",
            {"acronym": 7},
            "brain_region_acronym.*expected was text",
        ),
        ("probes", "modules/procedure/", "procedures", {"consumablestock": {}}, "consumablestock, not ids"),
        ("assets", "stem/session/", "sessions", {"download_links": "a"}, "no list of links"),
        ("subjects", "stem/subject/", "subjects", {"birth_date": "spring"}, "date_of_birth.*'spring'"),
    ],
)
def test_a_record_around_that_changed_its_type_is_an_error(server, db, table, path, key, told, words):
    def change(body):
        return {**body, key: [{**record, **told} for record in body[key]]}

    server.fail(Fault(change=change), path=path, times=9)
    if path == "modules/procedure/":
        server.fail(Fault(change=lambda body: {**body, key: []}), path="modules/dataacquisition/")
    with pytest.raises(SourceResponseError, match=f"brainstem.{table}.*{words}"):
        db.get(table)


@pytest.mark.parametrize("odd", [["ExtracellularEphys"], {"a": 1}, None, 7])
def test_files_of_an_odd_type_are_of_no_probe(server, db, odd):
    def change(body):
        first, *others = body["data_acquisitions"]
        return {**body, "data_acquisitions": [{**first, "type": odd, "details": []}, *others]}

    whole = db.get_probes()
    server.fail(Fault(change=change), path="modules/dataacquisition/")
    assert len(db.get_probes()) == len(whole) - 1


def test_exported_tables_are_read_by_pandas_as_it_comes(db, tmp_path):
    tables = ["sessions", "probes", "subjects", "projects", "assets", "dataacquisition"]
    path = db.export(tmp_path / "export", tables=tables, progress=False)
    stored = sf.connect("snapshot", path=path)
    for table in tables:
        wanted = db.get(table, progress=False)
        pd.testing.assert_frame_equal(stored.get(table, progress=False), wanted)
        read = pd.read_parquet(path / table).loc[wanted.index]
        assert list(read.columns) == list(wanted.columns)
        for name, dtype in wanted.dtypes.items():
            if isinstance(dtype, pd.ArrowDtype):
                assert read[name].dtype == object
            pd.testing.assert_series_equal(read[name].astype(dtype), wanted[name])
