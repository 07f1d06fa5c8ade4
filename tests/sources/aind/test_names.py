"""Names of sessions, against what AIND's own reader of names makes of them (npc_session 0.1.41)."""

from __future__ import annotations

import json
import pickle
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessionframes.errors import QueryError
from sessionframes.query.values import as_told
from sessionframes.sources.aind.names import SessionName, asset_name, find_name, parse_name

KNOWN = json.loads((Path(__file__).parent / "semantics.json").read_text("utf-8"))
ID = "ecephys_676909_2023-12-13_13-43-40"
#: Where we answer otherwise, and on purpose: blanks are of no name, and names of schema 2 have no platform.
OTHERWISE = {
    f" {ID}": ID,
    f"processed {ID}": ID,
    "676909_2023-12-13_13-43-40": "676909_2023-12-13_13-43-40",
}
#: What the other reader loses a time, a fraction or a zone of, or finds in what is no date; refused, or told.
TOLD = {
    "20231213134340": "2023-12-13T13:43:40",
    "2023-12-13 13:43": "2023-12-13T13:43:00",
    "2023-12-13T13:43:40Z": "2023-12-13T13:43:40+00:00",
    "2023-12-13T13:43:40+02:00": "2023-12-13T11:43:40+00:00",
    "2023-12-13 13:43:40.5": "2023-12-13T13:43:40.500000",
    "366122_20231213": None,
    # It knows no session of these years, but a limit may well be there.
    "2010-01-01": "2010-01-01",
    "2099-01-01": "2099-01-01",
}
WRONG = {
    "": "it is empty",
    " \n": "it is empty",
    "ecephys": "no date",
    "ecephys_676909": "no date",
    "676909_2023-12-13": "no time of day",
    "ecephys_676909_2023-12-13": "no time of day",
    "ecephys_676909_2023-12-13_13-43": "no seconds",
    "ecephys_676909_20231213_134340": "date 20231213 is not written like",
    "ecephys_676909_2023-12-13_134340": "time 134340 is not written like",
    "ecephys_676909_2023-12-13_13-43-401": "time 13-43-401 is not written like",
    "ecephys_676909_2023-12-13T13:43:40": "'_' is missing between date and time",
    "ecephys_12345_2023-12-13_13-43-40": "subject 12345 has 5 digits instead of 6 or 7",
    "ecephys_12345678_2023-12-13_13-43-40": "has 8 digits",
    "ecephys_2023-12-13_13-43-40": "'ecephys' before its date is no subject",
    "2023-12-13_13-43-40_ecephys_676909": "nothing stands before its date",
    "ecephys_676909_2023-02-31_13-43-40": "there is no 2023-02-31",
    "ecephys_676909_2023-12-13_25-43-40": "there is no 2023-12-13 25-43-40",
    "ecephys_676909_2014-12-13_13-43-40": "year is 2014, which is not in 2016 to",
    "ecephys_676909_2099-12-13_13-43-40": "year is 2099",
    "ecephys_676909_2023-12-13_13-43-40Z": "tells no zone, and 'Z' reads like one",
    "ecephys_676909_2023-12-13_13:43:40.5+02:00": r"'\+02:00' reads like one",
    "ecephys_676909_2023-12-13_13-43-40-07": "'-07' reads like one",
    "ecephys_676909_2023-12-13_13:43:40Z_sorted": "'Z' reads like one",
    None: "is a NoneType, no name",
    676909: "is a int, no name",
    b"ecephys_676909_2023-12-13_13-43-40": "is a bytes, no name",
}


@pytest.mark.parametrize("row", KNOWN["session_id_parsing"], ids=lambda row: row["input"])
def test_names_are_read_as_by_their_own_reader(row):
    text, result = row["input"], row["result"]
    if text in OTHERWISE:
        assert parse_name(text).id == OTHERWISE[text] != result.get("id")
    elif "raises" in result:
        assert find_name(text) is None
        with pytest.raises(ValueError, match="names no session: "):
            parse_name(text)
    else:
        found = parse_name(text)
        told = {part: getattr(found, part) for part in ("id", "platform", "subject_id", "date", "time")}
        assert {**told, "dt": found.dt.isoformat()} == result


@pytest.mark.parametrize("row", KNOWN["date_parsing"], ids=lambda row: row["input"])
def test_dates_are_read_as_by_their_own_reader_but_lose_nothing(row):
    text, result = row["input"], row["as_datetime"]
    value = {
        "datetime.date(2023,12,13)": datetime.fromisoformat("2023-12-13").date(),
        "int 20231213": 20231213,
    }.get(text, text)
    refused = TOLD[text] is None if text in TOLD else isinstance(result, dict)
    if refused:
        with pytest.raises(QueryError, match="no date"):
            as_told(value, "date")
    elif text in TOLD:
        assert as_told(value, "date").isoformat() == TOLD[text] != result
    else:
        assert result.startswith(as_told(value, "date").isoformat())


@pytest.mark.parametrize(("text", "wrong"), WRONG.items(), ids=map(str, WRONG))
def test_what_is_wrong_with_a_name_is_told(text, wrong):
    with pytest.raises(QueryError, match=wrong) as caught:
        parse_name(text)
    assert caught.value.column == "session_id"
    assert "ecephys_676909_2023-12-13_13-43-40" in str(caught.value.hint)


@pytest.mark.parametrize(
    "given",
    [
        ID,
        f"/data/{ID}/x",
        f"s3://aind-ephys-data/{ID}",
        rf"C:\data\{ID}",
        f"{ID}_sorted_2024-03-01_16-02-45",
        "ecephys_676909_2023_12_13_13.43.40",
        "ecephys_676909_2023/12/13_13:43:40.25",
        f"Session('{ID}')",
        PurePosixPath(f"/data/{ID}/ecephys"),
        find_name(ID),
    ],
    ids=str,
)
def test_a_session_is_the_same_however_it_is_named(given):
    found = parse_name(given)
    assert (found, hash(found), found.id) == (find_name(ID), hash(find_name(ID)), ID)


def test_a_subject_may_have_letters_where_a_name_begins_with_it():
    assert find_name("SmartSPIM_M2501_2025-04-03_17-50-21") == SessionName(
        "SmartSPIM_M2501_2025-04-03_17-50-21", "SmartSPIM", "M2501", "2025-04-03", "17:50:21"
    )
    assert parse_name("data/M2501_2025-04-03_17-50-21").platform is None
    assert find_name("ecephys_12345_2022-02-21_16-30-01_sorted-v2_2024-03-01_16-02-45") is None


@pytest.mark.parametrize(
    ("name", "process", "at"),
    [
        (ID, None, None),
        (f"{ID}_sorted_2024-03-01_16-02-45", "sorted", "2024-03-01T16:02:45"),
        (f"{ID}_sorted-ads2.4.0-main_2026-02-09_14-01-16", "sorted-ads2.4.0-main", "2026-02-09T14:01:16"),
        (f"{ID}_dlc_face_2024-04-25_12-15-20", "dlc_face", "2024-04-25T12:15:20"),
        (f"{ID}_sorted_2024-03-01_16-02-45_nwb_2024-03-02_16-02-45", "nwb", "2024-03-02T16:02:45"),
        (f"{ID}_2024-03-02_16-02-45", None, "2024-03-02T16:02:45"),
        (f"{ID}_sorted_2024-02-31_16-02-45", "sorted_2024-02-31_16-02-45", None),
        (f"{ID}_a copy #2", "a copy #2", None),
        (f"{ID}_sorted_2024-03-01_16-02-45 #1", "sorted", "2024-03-01T16:02:45"),
        (f"{ID}_sorted_2024-03-01_16-02-45 #x", "sorted_2024-03-01_16-02-45 #x", None),
        (f"{ID}_sorted_2024-03-01_16-02-45_v2", "sorted_2024-03-01_16-02-45_v2", None),
        (f"/data/{ID}/x_sorted", None, None),
    ],
)
def test_what_was_made_of_a_session_is_named_behind_it(name, process, at):
    found = asset_name(name)
    assert found.session == find_name(ID)
    assert found.process == process
    assert (found.processed_at and found.processed_at.isoformat()) == at
    assert found.is_sorted == (process or "").startswith("sorted")


def test_a_name_without_a_session_tells_nothing():
    found = asset_name("foraging model_sorted_2024-03-01_16-02-45")
    assert (found.session, found.process, found.processed_at, found.is_sorted) == (None, None, None, False)


def test_names_are_ordered_by_their_ids_and_survive_pickling():
    texts = ["ecephys_676909_2023-12-13_13-43-40", "behavior_676909_2024-10-24_15-15-50", ID[8:]]
    found = sorted(map(parse_name, texts))
    assert [name.id for name in found] == sorted(name.id for name in found)
    assert pickle.loads(pickle.dumps(found)) == found
    assert found[0] != found[0].id


def test_what_only_looks_like_a_name_is_refused():
    with pytest.raises(QueryError, match="SimpleNamespace"):
        parse_name(SimpleNamespace(id=ID))


def test_a_text_of_a_million_letters_is_read_at_once():
    for text in ("a" * 10**6, "1_" * 500_000, "2023-12-13_" * 100_000, f"{ID[:-1]} " * 30_000):
        assert find_name(text) is None
        with pytest.raises(QueryError):
            parse_name(text)


WORDS = st.text(
    st.characters(exclude_categories=["C", "Z"], exclude_characters="_/\\\"'`,;:=()[]{}<>|"), min_size=1
)


@given(
    st.none() | WORDS,
    st.from_regex(r"[0-9]{6,7}", fullmatch=True) | st.from_regex(r"[A-Z][0-9]{1,4}", fullmatch=True),
    st.datetimes(datetime.fromisoformat("2016-01-01"), datetime.now(UTC).replace(tzinfo=None)),
    st.sampled_from(["-", "/", "_"]),
    st.sampled_from(["-", ":", ".", "_"]),
    st.sampled_from(["", "/x/y", "_sorted_2024-03-01_16-02-45", ".zip", " ", "_a #"]),
)
def test_what_is_put_into_a_name_comes_out_of_it(platform, subject, when, stroke, colon, behind):
    parts = (platform, subject, when.strftime("%Y-%m-%d"), when.strftime("%H-%M-%S"))
    session_id = "_".join(part for part in parts if part)
    written = "_".join(
        part
        for part in (platform, subject, parts[2].replace("-", stroke), parts[3].replace("-", colon))
        if part
    )
    found = parse_name(written + behind)
    assert (found.id, found.platform, found.subject_id) == (session_id, platform, subject)
    assert found.dt == when.replace(microsecond=0)
    assert parse_name(found.id) == found
    assert asset_name(written + behind).session == found
