"""The session object: what its name tells, and what the servers tell of it."""

from __future__ import annotations

import copy
import pickle
from datetime import UTC, datetime
from pathlib import PurePosixPath

import pytest

import sessionframes as sf
from sessionframes.errors import AuthenticationError, QueryError, SourceError, SourceResponseError
from sessionframes.sources.aind.data_asset import Url, of_asset, of_record
from sessionframes.sources.aind.ecephys import NotThereError
from sessionframes.sources.aind.session import Session, Subject
from tests.sources.aind.examples import NAME, RAW_ID, SORTED, SORTED_ID, asset, record, record_2, sorted_asset
from tests.sources.aind.served import RAW, folders, served

ALL = ("behavior", "behavior_videos", "ecephys_clipped", "ecephys_compressed", "original_metadata")
#: Which comes later by its name.
EARLIER = "multiplane-ophys_700123_2024-06-10_10-15-02"
PRIVATE = "aind-private-data-prod-o5171v"


@pytest.fixture
def nobody():
    """A connection to nobody: whatever is asked fails at once."""
    nowhere = "http://127.0.0.1:9"
    with sf.connect("aind", docdb_url=nowhere, codeocean_url=nowhere, s3_endpoint=nowhere) as db:
        yield db


def test_what_a_name_tells_needs_no_server(nobody):
    session = nobody.session(NAME)
    told = (session.id, session.platform, session.subject_id, session.date, session.time)
    assert told == (NAME, "ecephys", "700123", "2024-06-11", "10:15:02")
    assert session.dt == datetime.fromisoformat("2024-06-11T10:15:02")
    assert repr(session) == f"Session('{NAME}')"
    second = nobody.session("800321_2025-09-03_10-05-00")
    assert (second.platform, second.subject_id) == (None, "800321")


def test_sessions_are_equal_however_they_were_made(nobody):
    made = [
        nobody.session(NAME),
        nobody.session(SORTED),
        Session(f"/data/{NAME}/ecephys"),
        Session(PurePosixPath(NAME)),
        Session(nobody.session(NAME)),
    ]
    assert len(set(made)) == 1
    assert all(one == made[0] for one in made)
    assert made[0] != NAME
    assert hash(made[0]) == hash(made[1])
    assert made[0] != Session("behavior_700123_2024-06-11_10-15-02")


def test_sessions_are_ordered_by_their_ids():
    names = [
        "ecephys_700123_2024-06-11_10-15-02",
        "behavior_700124_2024-06-11_10-15-02",
        "700123_2024-06-11_10-15-02",
    ]
    assert [one.id for one in sorted(map(Session, names))] == sorted(names)
    assert Session(names[0]) > Session(names[1]) >= Session(names[1])
    with pytest.raises(TypeError):
        sorted([Session(names[0]), names[1]])


@pytest.mark.parametrize(
    "text", ["ecephys_700123_2024-06-11", "ecephys_12345_2024-06-11_10-15-02", "", None, 700123]
)
def test_what_names_no_session_is_refused_at_once(nobody, text):
    with pytest.raises(QueryError, match=r"no session|no name"):
        nobody.session(text)


def test_another_source_has_no_sessions_of_this_kind(lims):
    with pytest.raises(QueryError, match="no connection to AIND"):
        Session(NAME, lims)


def test_a_refusal_is_no_missing_attribute():
    with served([], [], token="cop_demoExpired") as at, pytest.raises(AuthenticationError):
        getattr(at.session, "raw_data_asset", None)


def test_everything_of_a_session_takes_few_requests():
    with served([record()], [asset(), sorted_asset()], folders(*ALL)) as at:
        session = at.session
        assert session.raw_data_asset.id == RAW_ID
        # The second of DocDB asks whether there is more.
        assert at.asked() == ["docdb", "docdb", "codeocean"]
        assert session.is_uploaded
        assert session.raw_data_dir.as_posix() == f"s3://{RAW}"
        assert at.asked() == []
        assert session.modalities == ("behavior", "behavior_videos", "ecephys")
        assert session.ecephys.clipped_dir == f"s3://{RAW}/ecephys_clipped"
        assert session.ecephys.compressed_dir == f"s3://{RAW}/ecephys_compressed"
        assert at.asked() == ["s3"]
        assert [one.name for one in session.data_assets] == [NAME, SORTED]
        assert at.asked() == ["codeocean"]
        assert session.docdb == record()
        assert at.asked() == ["docdb", "docdb"]
        session = at.session
        assert session.docdb == record()
        assert session.raw_data_dir
        assert at.asked() == ["docdb", "docdb"]


def test_only_who_wants_all_of_a_record_is_sent_all_of_it():
    large = record()
    large["procedures"] = {"notes": "x" * 7_000_000}
    with served([large], [asset()], folders(*ALL)) as at:
        assert at.session.raw_data_asset.id == RAW_ID
        assert at.session.modalities == ("behavior", "behavior_videos", "ecephys")
        assert max(seen.sent for seen in at.server.requests) < 10_000
        with pytest.raises(SourceResponseError, match=r"too large.*section 'procedures'"):
            _ = at.session.docdb


def test_what_was_asked_is_kept_until_it_is_forgotten():
    records = [record()]
    with served(records, [asset()]) as at:
        session = at.session
        assert session.docdb["metadata_status"] == "Valid"
        at.server.records[0]["metadata_status"] = "Invalid"
        assert session.docdb["metadata_status"] == "Valid"
        assert session.refresh() is session
        assert session.docdb["metadata_status"] == "Invalid"
        assert at.db.session(NAME).docdb["metadata_status"] == "Invalid"


def test_data_assets_are_ordered_by_their_age_and_named_after_the_session():
    later = sorted_asset(created=1718320005)
    other = asset(id="a-1", name="ecephys_700123_2024-06-11_10-15-03", created=1)
    copied = asset(id="a-2", name=f"{NAME} copy #2", created=1718162442)
    with served([], [later, copied, other, asset()]) as at:
        assert [one.name for one in at.session.data_assets] == [NAME, f"{NAME} copy #2", SORTED]


def test_a_data_asset_has_the_attributes_of_code_oceans_own_client():
    found = of_asset(asset())
    assert (found.id, found.name, found.created, found.state, found.type) == (
        RAW_ID,
        NAME,
        1718162441,
        "ready",
        "dataset",
    )
    assert found.created_at == datetime(2024, 6, 12, 3, 20, 41, tzinfo=UTC)
    assert (found.size, found.files, found.tags) == (301234567890, 48211, ("ecephys", "raw", "700123"))
    assert (found.source_bucket.origin, found.source_bucket.bucket) == ("aws", "aind-ephys-data")
    assert found.custom_metadata["data level"] == "raw data"
    assert found.location == f"s3://{RAW}"
    assert found == of_asset(asset(name="other")) != of_asset(sorted_asset())
    assert len({found, of_asset(asset())}) == 1
    internal = of_asset(sorted_asset())
    assert internal.source_bucket is None
    assert internal.location == f"s3://codeocean-s3datasetsbucket-1u41qdg42ur9/{SORTED_ID}"


def test_without_a_token_docdb_tells_of_the_raw_data():
    with served([record()], [asset()], folders(*ALL), token=False) as at:
        raw = at.session.raw_data_asset
        assert raw == of_record(record())
        assert (raw.id, raw.name, raw.state, raw.created) == (RAW_ID, NAME, None, 1718162441)
        assert at.session.is_uploaded
        assert at.session.modalities == ("behavior", "behavior_videos", "ecephys")
        with pytest.raises(AuthenticationError, match="CODE_OCEAN_API_TOKEN") as caught:
            _ = at.session.data_assets
        assert "DocDB" in str(caught.value)
        assert "codeocean" not in at.asked()


def test_without_a_token_nobody_knows_raw_data_that_docdb_does_not():
    with served([record(external_links=[], location=None)], [asset()], token=False) as at:
        with pytest.raises(AuthenticationError, match="needs a token"):
            _ = at.session.raw_data_asset
        assert not at.session.is_uploaded


def test_a_wrong_token_is_told():
    with served([record()], [asset()], token="cop_demoExpired") as at:
        with pytest.raises(AuthenticationError, match="wrong or has expired"):
            _ = at.session.raw_data_asset
        assert at.session.docdb["name"] == NAME


def test_the_newest_of_several_linked_assets_is_the_raw_one():
    newer = asset(id="a-2", created=1718999999)
    links = [{"Code Ocean": "a-2"}, {"Code Ocean": RAW_ID}]
    with served([record(external_links=links)], [asset(), newer]) as at:
        assert at.session.raw_data_asset.id == "a-2"
        session = at.session
        assert len(session.data_assets) == 2
        at.asked()
        # All that are linked are among those that were asked for before.
        assert session.raw_data_asset.id == "a-2"
        assert at.asked() == ["docdb", "docdb"]


def test_a_linked_asset_that_code_ocean_lost_is_looked_for_by_name():
    lost = record(external_links={"Code Ocean": ["gone"]})
    with served([lost], [asset()]) as at:
        assert at.session.raw_data_asset.id == RAW_ID
    with served([lost], []) as at:
        assert at.session.raw_data_asset == of_record(lost)


@pytest.mark.parametrize(
    ("changes", "is_raw"),
    [
        ({}, True),
        ({"custom_metadata": None, "tags": ["raw"]}, True),
        ({"custom_metadata": None, "tags": None}, True),
        ({"custom_metadata": None, "tags": ["derived"]}, False),
        ({"name": f"{NAME}_qc"}, False),
    ],
    ids=str,
)
def test_without_links_raw_data_are_told_by_metadata_tags_or_name(changes, is_raw):
    older = asset(id="a-0", created=1)
    with served([record(external_links=[])], [older, asset(**changes)]) as at:
        assert at.session.raw_data_asset.id == (RAW_ID if is_raw else "a-0")


def test_a_session_of_nobody_is_not_there():
    with served() as at:
        session = at.session
        assert (session.docdb, session.data_assets, session.modalities, session.is_uploaded) == (
            {},
            (),
            (),
            False,
        )
        for name in ("raw_data_asset", "raw_data_dir"):
            assert getattr(session, name, None) is None
            with pytest.raises(NotThereError, match=f"{NAME} has no") as caught:
                getattr(session, name)
            assert isinstance(caught.value, SourceError)
            assert isinstance(pickle.loads(pickle.dumps(caught.value)), AttributeError)


@pytest.mark.parametrize(
    ("records", "assets", "expected"),
    [
        ([record(location=f"s3://{RAW}/")], [], f"s3://{RAW}"),
        ([record(location=f"s3://aind-open-data/{NAME} #2")], [], f"s3://aind-open-data/{NAME} #2"),
        ([record(location=None)], [asset()], f"s3://{RAW}"),
        ([], [asset(source_bucket={"origin": "gcp", "bucket": "b", "prefix": "p"})], "gs://b/p"),
        ([], [asset(source_bucket=None)], f"s3://codeocean-s3datasetsbucket-1u41qdg42ur9/{RAW_ID}"),
        ([record(data_description__data_level="derived", location="s3://b/d")], [asset()], f"s3://{RAW}"),
    ],
    ids=["a slash", "odd letters", "of the asset", "Google", "Code Ocean's own", "of no raw record"],
)
def test_the_raw_folder_is_told_by_the_record_or_else_by_the_asset(records, assets, expected):
    with served(records, assets) as at:
        folder = at.session.raw_data_dir
        assert folder == expected == folder.as_posix()
        assert at.session.is_uploaded
        assert "s3" not in at.asked()


@pytest.mark.parametrize("token", [True, False])
def test_a_folder_that_nobody_tells_of_is_found_where_such_folders_are(token):
    files = folders("behavior", "pophys", of=f"aind-ophys-data/{NAME}")
    with served([], [], files, token=token) as at:
        assert at.session.raw_data_dir == f"s3://aind-ophys-data/{NAME}"
        assert at.session.is_uploaded
        assert at.session.modalities == ("behavior", "pophys")


def test_a_folder_in_a_bucket_that_may_not_be_read_is_not_told_to_be_missing():
    files = folders("behavior", of=f"{PRIVATE}/{NAME}")
    with served([], [], files, private=[PRIVATE]) as at:
        for name in ("raw_data_dir", "is_uploaded", "modalities"):
            with pytest.raises(AuthenticationError, match=PRIVATE):
                getattr(at.session, name)
    with served([], [], folders("behavior"), private=[PRIVATE]) as at:
        assert at.session.is_uploaded


def test_a_folder_that_may_not_be_read_is_told():
    with served([record(location=f"s3://{PRIVATE}/{NAME}")], [asset()], {}, private=[PRIVATE]) as at:
        assert at.session.raw_data_dir.parent == f"s3://{PRIVATE}"
        with pytest.raises(AuthenticationError, match=PRIVATE):
            _ = at.session.modalities


def test_modalities_are_folders_and_not_files():
    files = {**folders("ecephys", "behavior", "metadata_old"), f"{RAW}/session.json": b"{}"}
    with served([record()], [asset()], files) as at:
        assert at.session.modalities == ("behavior", "ecephys")


def test_the_newest_raw_record_of_the_name_is_the_record():
    old = record(_id="1", created="2024-06-01T00:00:00Z", external_links=[])
    derived = record(_id="0", created="2025-01-01T00:00:00Z", data_description__data_level="derived")
    beside = record(_id="beside", name=f"{NAME}_sorted_2024-06-13_23-06-45", created="2026-01-01T00:00:00Z")
    with served([derived, old, record(), beside], []) as at:
        found = at.session.docdb
        assert found["_id"] == record()["_id"]
        assert list(found) == list(record())
    with served([derived, beside], []) as at:
        assert at.session.docdb["_id"] == "0"
        assert at.session.facts.linked == []
    with served([beside], []) as at:
        assert at.session.docdb == {}


def test_a_record_of_schema_2_will_do():
    told = record_2()
    with served([told], [], folders("ecephys", of=f"aind-open-data/{told['name']}"), token=False) as at:
        session = at.db.session(f"/data/{told['name']}_sorted_2025-09-04_01-02-03")
        assert session.docdb == told
        assert session.raw_data_asset.id == told["other_identifiers"]["Code Ocean"][0]
        assert session.modalities == ("ecephys",)


def test_a_url_is_put_together_as_a_path_is():
    url = Url("s3://bucket/") / "a b#1" / "c"
    assert (url, url.name, url.parent.name) == ("s3://bucket/a b#1/c", "c", "a b#1")
    assert type(url.parent) is Url
    assert type(url.as_posix()) is str
    assert pickle.loads(pickle.dumps(url)) == url


def test_a_session_of_a_connection_does_not_ask_elsewhere_once_it_was_pickled():
    with served([record()], [asset()]) as at:
        back = pickle.loads(pickle.dumps(at.session))
        assert back == at.session
        assert back.dt == at.session.dt
        with pytest.raises(QueryError, match="was pickled") as caught:
            _ = back.docdb
        assert "db.session" in str(caught.value)
        assert at.db.session(back).docdb["name"] == NAME
        with pytest.raises(QueryError, match="was pickled"):
            _ = pickle.loads(pickle.dumps(back)).docdb
        assert Session(at.session).docdb == record()
        assert copy.deepcopy(at.session).docdb == copy.copy(at.session).docdb == record()


def test_an_animal_has_sessions_and_records():
    others = [
        record(_id="b", name=EARLIER, created="2024-06-11T00:00:00Z"),
        record(_id="c", name="SmartSPIM_700999_2024-06-10_10-15-02", subject__subject_id="700999"),
        record(_id="d", name="of no session", subject__subject_id=700123),
    ]
    bare = {"tags": None, "custom_metadata": None}
    by_name = asset(id="n", name="700123 all sessions", created=1, **bare)
    by_word = asset(id="w", name="some mice", description="not 700123", **bare)
    with served([record(), *others], [asset(), sorted_asset(), by_name, by_word]) as at:
        subject = at.session.subject
        assert (subject, hash(subject)) == (Subject(700123), hash(Subject(SORTED)))
        assert repr(subject) == "Subject('700123')"
        assert Subject("700122") < subject != "700123"
        assert [one.id for one in subject.sessions] == [EARLIER, NAME]
        assert subject.sessions[1].docdb == record()
        assert [one["_id"] for one in subject.docdb] == ["b", record()["_id"], "d"]
        assert [one.name for one in subject.data_assets] == ["700123 all sessions", NAME, SORTED]
        assert pickle.loads(pickle.dumps(subject)) == subject
        at.server.records.clear()
        assert len(subject.docdb) == 3
        assert subject.refresh().docdb == ()


@pytest.mark.parametrize("subject_id", ["", " ", None, True, 1.5])
def test_what_is_no_animal_is_refused(subject_id):
    with pytest.raises(QueryError, match="no id of an animal"):
        Subject(subject_id)
