"""Records to columns: nothing lost, nothing guessed."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessionframes.errors import SourceResponseError
from sessionframes.flatten import (
    Cell,
    as_json,
    filled,
    from_records,
    instant,
    json_text,
    moment,
    number,
    others,
    scaled,
    unknown_keys,
)
from tests.bench.flatten import answers, by_hand, flattening

TEXT, TEXTS = pa.large_string(), pa.list_(pa.large_string())
INSTANT, NUMBER, WHOLE, FLAG = pa.timestamp("us", "UTC"), pa.float64(), pa.int64(), pa.bool_()
LONDON = ZoneInfo("Europe/London")


def column(kind, values, cell="value", **options):
    records = [{"id": f"r{number}", "value": value} for number, value in enumerate(values)]
    schema = pa.schema([("it", kind)])
    table = from_records(schema, records, {"it": cell}, source="lab", table="sessions", **options)
    assert table.schema.equals(schema)
    return table["it"].to_pylist()


def refused(kind, values, cell="value"):
    with pytest.raises(SourceResponseError) as caught:
        column(kind, values, cell)
    assert (caught.value.source, caught.value.table, caught.value.column) == ("lab", "sessions", "it")
    return str(caught.value)


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        (TEXT, ["a", None, "", "µV 中 😀"]),
        (NUMBER, [1.5, None, -0.0]),
        (WHOLE, [1, None, -(2**63), 2**63 - 1]),
        (FLAG, [True, None, False]),
        (TEXTS, [["a", "b"], None, [], ["µ", None]]),
    ],
)
def test_values_of_the_columns_type_are_kept(kind, values):
    assert column(kind, values) == values
    assert column(kind, [None, None]) == [None, None]
    assert column(kind, []) == []


@pytest.mark.parametrize(
    ("kind", "good", "wrong", "expected"),
    [
        (TEXT, "a", 1, "text"),
        (TEXT, "a", True, "text"),
        (TEXT, "a", ["a"], "text"),
        (TEXT, "a", {"a": 1}, "text"),
        (NUMBER, 1.5, True, "a number"),
        (NUMBER, 1.5, "1.5", "a number"),
        (WHOLE, 1, True, "a whole number"),
        (WHOLE, 1, 1.5, "a whole number"),
        (WHOLE, 1, "1", "a whole number"),
        (FLAG, True, 1, "true or false"),
        (FLAG, True, "true", "true or false"),
        (TEXTS, ["a"], "abc", "a list of texts"),
        (TEXTS, ["a"], [1], "a list of texts"),
        (TEXTS, ["a"], [["a"]], "a list of texts"),
        (TEXTS, ["a"], {"a": 1}, "a list of texts"),
    ],
)
def test_a_value_of_another_type_is_an_error_that_names_it(kind, good, wrong, expected):
    told = refused(kind, [good, None, wrong, good])
    assert told == f"lab.sessions.it: record 'r2' has value = {wrong!r}: expected was {expected}."


def test_numbers_may_be_written_with_or_without_a_fraction():
    assert column(WHOLE, [384.0, 1]) == [384, 1]
    assert column(NUMBER, [1, 2.5, 2**63]) == [1.0, 2.5, float(2**63)]
    assert "r0" in refused(WHOLE, [2**64])
    assert "r1" in refused(WHOLE, [1, float(2**70)])


@pytest.mark.parametrize(
    ("text", "is_utc"),
    [
        ("2025-03-14T13:05:00Z", datetime(2025, 3, 14, 13, 5, tzinfo=UTC)),
        ("2025-03-14 13:05Z", datetime(2025, 3, 14, 13, 5, tzinfo=UTC)),
        ("2025-03-14T13:05:00.25+02:00", datetime(2025, 3, 14, 11, 5, 0, 250_000, tzinfo=UTC)),
        ("2025-03-14T13:05:00.123456-0330", datetime(2025, 3, 14, 16, 35, 0, 123_456, tzinfo=UTC)),
        ("2025-03-14T13:05:00.123456789Z", datetime(2025, 3, 14, 13, 5, 0, 123_456, tzinfo=UTC)),
        ("2025-07-14T13:05:00", datetime(2025, 7, 14, 12, 5, tzinfo=UTC)),
        ("2025-07-14 13:05", datetime(2025, 7, 14, 12, 5, tzinfo=UTC)),
        ("2025-07-14", datetime(2025, 7, 13, 23, 0, tzinfo=UTC)),
        ("0001-01-02T00:00:00Z", datetime(1, 1, 2, tzinfo=UTC)),
    ],
)
def test_instants_come_in_every_way_of_writing_them(text, is_utc):
    plain = "1999-12-31T23:59:59Z"
    found = column(INSTANT, [plain, text, None], instant("value", zone=LONDON))
    assert found == [datetime(1999, 12, 31, 23, 59, 59, tzinfo=UTC), is_utc, None]
    assert moment(text, LONDON).astimezone(UTC) == is_utc


@pytest.mark.parametrize(
    "value",
    [
        "",
        "soon",
        "20250314",
        "2025-W11-5",
        "2025-03-14T",
        "2025-02-30",
        "2025-02-30T00:00:00Z",
        "2025-03-14T25:00Z",
        "2025-03-14T13:05:00Z ",
        1741957500,
        ["2025-03-14"],
    ],
)
def test_what_is_no_instant_is_an_error(value):
    assert "record 'r1' has value = " in refused(INSTANT, [None, value], instant("value", zone=UTC))


def test_a_time_without_offset_is_refused_where_no_zone_is_declared():
    for text in ("2025-03-14T13:05:00", "2025-03-14"):
        assert "without its offset" in refused(INSTANT, ["2025-03-14T13:05:00Z", text], instant("value"))
        assert "without its offset" in refused(INSTANT, [text])
    assert column(INSTANT, ["2025-03-14T14:05:00+01:00"]) == [datetime(2025, 3, 14, 13, 5, tzinfo=UTC)]


@given(st.datetimes(timezones=st.timezones(), min_value=datetime(1902, 1, 1)))  # noqa: DTZ001  hypothesis takes only bounds without a zone
def test_any_instant_comes_back(when):
    when = when.replace(fold=0)
    assert column(INSTANT, [when.isoformat()]) == [when.astimezone(UTC)]


def test_a_converters_datetime_needs_its_offset():
    assert column(INSTANT, ["2025-07-14T13:05:00+02:00"], Cell("value", datetime.fromisoformat)) == [
        datetime(2025, 7, 14, 11, 5, tzinfo=UTC)
    ]
    told = refused(INSTANT, ["2025-07-14T13:05:00"], Cell("value", datetime.fromisoformat))
    assert "expected was a date-time with its offset" in told


def test_nested_values_are_found_by_their_path():
    records = [
        {"id": 1, "details": {"sr": {"value": 30000, "unit": "Hz"}, "a.b": "dot"}},
        {"id": 2, "details": {"sr": None}},
        {"id": 3, "details": None},
        {"id": 4},
    ]
    schema = pa.schema([("rate", NUMBER), ("unit", TEXT), ("dot", TEXT), ("not_there", FLAG)])
    cells = {"rate": "details.sr.value", "unit": "details.sr.unit", "dot": Cell(("details", "a.b"))}
    table = from_records(schema, records, {**cells, "not_wanted": "id"})
    assert table["rate"].to_pylist() == [30000.0, None, None, None]
    assert table["unit"].to_pylist() == ["Hz", None, None, None]
    assert table["dot"].to_pylist() == ["dot", None, None, None]
    assert table["not_there"].to_pylist() == [None] * 4
    with pytest.raises(SourceResponseError, match=r"record 5 has details\.sr\.value = 'fast'"):
        from_records(schema, [*records, {"id": 5, "details": {"sr": "fast"}}], cells)


def test_a_converter_may_refuse_a_value_and_make_a_null_of_another():
    def sex(value):
        return {"F": "female", "M": "male", "U": None}[value]

    assert column(TEXT, ["F", "U", None, "M"], Cell("value", sex)) == ["female", None, None, "male"]
    assert "record 'r1' has value = 'X': 'X'" in refused(TEXT, ["F", "X"], Cell("value", sex))
    assert "record 'r0' has value = 'F': expected was a number" in refused(NUMBER, ["F"], Cell("value", sex))


def test_ready_made_converters():
    assert column(NUMBER, ["384", 1.5, None, "1e-3"], Cell("value", number)) == [384.0, 1.5, None, 0.001]
    for wrong in ("", "nan", "inf", True, "12 um"):
        refused(NUMBER, [wrong], Cell("value", number))
    assert column(NUMBER, [0.25, 1, None], scaled("value", 1e6)) == [250_000.0, 1e6, None]
    refused(NUMBER, ["1"], scaled("value", 1e6))
    assert column(TEXT, ["", "a", None, " "], filled("value")) == [None, "a", None, " "]
    refused(TEXT, [0], filled("value"))


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner),
    max_leaves=8,
)


@given(st.lists(values, max_size=6))
def test_json_text_holds_what_was_there(found):
    texts = column(TEXT, found, as_json("value"))
    assert [None if text is None else json.loads(text) for text in texts] == found
    assert texts == [None if value is None else json_text(value) for value in found]


def test_json_text_is_the_same_for_equal_values_and_for_people():
    assert (
        json_text({"b": [1, "µ"], "a": {}}) == json_text({"a": {}, "b": [1, "µ"]}) == '{"a":{},"b":[1,"µ"]}'
    )
    assert json_text({"b": 2**70, "a": "µ"}) == f'{{"a":"µ","b":{2**70}}}'
    assert column(TEXT, ["null", "x", None], as_json("value")) == ['"null"', '"x"', None]


def test_json_text_may_hold_whatever_parts_the_texts_of_many_records():
    found = [",\n,", ["\n", "\n"], {",\n,": "\\n"}, "[,]", "\u2028", None, "\n"]
    texts = column(TEXT, found, as_json("value"))
    assert texts == [None if value is None else json_text(value) for value in found]
    assert [None if text is None else json.loads(text) for text in texts] == found


def test_keys_that_nobody_knows_are_gathered():
    records = [{"id": 1, "name": "a"}, {"id": 2, "new": {"µ": 1}, "also": None}, {"id": 3}]
    schema = pa.schema([("rest", TEXT)])
    cells = {"rest": others({"id", "name"})}
    assert from_records(schema, records, cells)["rest"].to_pylist() == [
        None,
        '{"also":null,"new":{"µ":1}}',
        None,
    ]
    assert unknown_keys(records, {"id", "name"}) == ["also", "new"]
    assert from_records(schema, records[:1], cells)["rest"].to_pylist() == [None]
    assert from_records(schema, [], cells).num_rows == 0


def test_long_lists_of_records_are_whole_though_some_lack_a_key():
    records = [{"id": n, "name": f"n{n}"} if n % 300 else {"id": n} for n in range(1000)]
    table = from_records(pa.schema([("id", WHOLE), ("name", TEXT)]), records, {"id": "id", "name": "name"})
    assert table["id"].to_pylist() == list(range(1000))
    assert table["name"].to_pylist() == [f"n{n}" if n % 300 else None for n in range(1000)]


@pytest.mark.parametrize("wanted", [["a"], ["b"], ["a", "b"], ["a", "b", "c"]])
@given(have=st.lists(st.sets(st.sampled_from("abcd")), max_size=600))
def test_a_key_that_only_some_have_is_null_for_the_others(wanted, have):
    records = [{name: f"{name}{row}" for name in sorted(names)} for row, names in enumerate(have)]
    table = from_records(pa.schema(dict.fromkeys(wanted, TEXT)), records, {name: name for name in wanted})
    assert table.to_pydict() == {name: [record.get(name) for record in records] for name in wanted}


def test_a_long_value_is_cut_in_the_message():
    told = refused(NUMBER, ["x" * 5000])
    assert len(told) < 300
    assert "record 'r0'" in told


def test_what_is_measured_makes_the_same_columns_as_pandas_does_by_hand():
    for table, found in answers(sessions=50).items():
        ours, theirs = flattening(table, found)(), by_hand(table, found)()
        assert ours.num_rows == len(found.records) > 0
        for name, column in theirs.items():
            mine, by_pandas = ours[name].to_pylist(), pa.array(column, from_pandas=True).to_pylist()
            # What was left blank is null in ours, and so is a sex that is told to be unknown.
            nothing = ("", "U") if name == "sex" else ("",)
            blank = [None if value in nothing else value for value in by_pandas]
            assert mine == blank, (table, name)


def test_what_is_told_beside_the_records_is_as_if_they_had_it():
    records = [{"id": 1, "name": "a"}, {"id": 2, "name": "b"}]
    schema = pa.schema([("name", TEXT), ("sex", TEXT), ("animals", TEXTS)])
    cells = {"name": "name", "sex": filled(("+sex",)), "animals": Cell(("+animals",))}
    beside = {"name": ["c", "d"], "+sex": ["", "F"], "+animals": pa.array([["x"], None], TEXTS)}
    table = from_records(schema, records, cells, beside=beside)
    assert table.to_pydict() == {"name": ["c", "d"], "sex": [None, "F"], "animals": [["x"], None]}
    with pytest.raises(SourceResponseError, match=r"record 2 has \+sex = 5: expected was text"):
        from_records(schema, records, cells, beside=beside | {"+sex": ["", 5]})


@given(st.lists(st.sets(st.sampled_from("abcd")), max_size=600))
def test_keys_that_nobody_knows_are_gathered_wherever_they_are(have):
    records = [{name: f"{name}{row}" for name in sorted(names)} for row, names in enumerate(have)]
    texts = from_records(pa.schema([("rest", TEXT)]), records, {"rest": others({"a", "b"})})["rest"]
    found = [{name: record[name] for name in record if name in "cd"} for record in records]
    assert texts.to_pylist() == [json_text(one) if one else None for one in found]


def test_what_tells_nothing_is_told_by_the_source():
    assert column(TEXT, ["", "U", "F", None], filled("value", blanks=("", "U"))) == [None, None, "F", None]
    noon = "2025-03-14T12:00:00Z"
    read = instant("value", zone=UTC, blanks=("",))
    assert column(INSTANT, ["", noon, None], read) == [None, datetime(2025, 3, 14, 12, tzinfo=UTC), None]
    assert "record 'r0' has value = 'U'" in refused(INSTANT, ["U"], read)
