"""What goes over the wire for what people give, and when two values mean the same."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessionframes.sources.brainstem.fields import ApiField
from sessionframes.sources.brainstem.models import MODELS
from sessionframes.sources.brainstem.rules import (
    BrokenRuleError,
    broken_rule,
    plain_json,
    to_wire,
    uuid_text,
)
from sessionframes.sources.brainstem.sameness import is_of_that_day, is_same

ONE, TWO = "5e0f4b7c-3c1a-4e58-9a2d-7b1f0c9d0001", "5e0f4b7c-3c1a-4e58-9a2d-7b1f0c9d0002"
SESSION, SUBJECT = MODELS["session"], MODELS["subject"]
INSTANT, DAY = ApiField("date_time", "instant"), ApiField("birth_date", "date")
INTEGER, FLAG = ApiField("order", "integer"), ApiField("is_public", "flag")
PROJECTS, TAGS = SESSION.field_named("projects"), SESSION.field_named("tags")
EXTRA, LINKS = SESSION.field_named("extra_fields"), SESSION.field_named("download_links")
DETAILS, NAME = ApiField("details", "json"), SESSION.field_named("name")
PARIS = timezone(timedelta(hours=1))


@pytest.mark.parametrize(
    ("field", "value", "wire"),
    [
        (NAME, np.str_("m700 é"), "m700 é"),
        (NAME, None, ""),
        (INTEGER, np.int64(3), 3),
        (INTEGER, 3.0, 3),
        (INTEGER, None, None),
        (FLAG, np.True_, True),
        (INSTANT, pd.Timestamp("2025-03-14T13:05", tz="UTC"), "2025-03-14T13:05:00Z"),
        (INSTANT, datetime(2025, 3, 14, 13, 5, tzinfo=PARIS), "2025-03-14T12:05:00Z"),
        (INSTANT, "2025-03-14T13:05:00.25+01:00", "2025-03-14T12:05:00.250000Z"),
        (INSTANT, "2025-03-14 13:05Z", "2025-03-14T13:05:00Z"),
        (INSTANT, "2025-03-14", "2025-03-14"),
        (INSTANT, date(2025, 3, 14), "2025-03-14"),
        (INSTANT, None, None),
        (DAY, pd.Timestamp("2025-03-14", tz="UTC"), "2025-03-14"),
        (DAY, np.datetime64("2025-03-14"), "2025-03-14"),
        (DAY, date(2025, 3, 14), "2025-03-14"),
        (DAY, " 2025-03-14 ", "2025-03-14"),
        (DAY, "2025-03-14 00:00:00+00:00", "2025-03-14"),
        (PROJECTS, [ONE, ONE.upper(), uuid.UUID(TWO)], [ONE, TWO]),
        (PROJECTS, np.array([ONE]), [ONE]),
        (PROJECTS, ONE, [ONE]),
        (PROJECTS, pd.DataFrame(index=pd.Index([ONE], name="project_id")), [ONE]),
        (PROJECTS, None, []),
        (SUBJECT.field_named("strain"), uuid.UUID(ONE), ONE),
        (TAGS, ("a", "é"), ["a", "é"]),
        (TAGS, pd.Series(["a"], dtype="str"), ["a"]),
        (TAGS, None, []),
        (EXTRA, '{"room": "B115", "temperature": 22.5}', {"room": "B115", "temperature": 22.5}),
        (EXTRA, [{"name": "room", "value": np.int64(7)}], {"room": 7}),
        (EXTRA, None, {}),
        (EXTRA, [], {}),
        (
            LINKS,
            '[{"Repository": "DANDI", "URL": "https://x"}]',
            [{"repository": "DANDI", "url": "https://x"}],
        ),
        (LINKS, None, []),
        (DETAILS, {"a": np.array([1.5, 2.5]), "b": pd.NA}, {"a": [1.5, 2.5], "b": None}),
        (DETAILS, "[1, null]", [1, None]),
    ],
)
def test_values_go_over_the_wire_as_the_server_has_them(field, value, wire):
    found = to_wire(field, value)
    assert found == wire
    assert type(found) is type(wire)
    assert json.loads(json.dumps(found, allow_nan=False)) == wire


@pytest.mark.parametrize(
    ("field", "value", "should"),
    [
        (NAME, 5, "text"),
        (NAME, "a\0", "NUL"),
        (NAME, "\ud800", "half"),
        (INTEGER, 2.5, "whole"),
        (INTEGER, True, "whole"),
        (INTEGER, "3", "whole"),
        (FLAG, 1, "True or False"),
        (FLAG, "false", "True or False"),
        (INSTANT, "2025-03-14T13:05", "zone"),
        (INSTANT, datetime(2025, 3, 14, 13, 5), "zone"),  # noqa: DTZ001  one without a zone is what is refused
        (INSTANT, pd.Timestamp("2025-03-14T13:05"), "zone"),
        (INSTANT, np.datetime64("2025-03-14T13:05"), "zone"),
        (INSTANT, "22 March", "moment"),
        (INSTANT, "2025-02-30", "moment"),
        (INSTANT, "0001-01-01T00:00+05:00", "moment"),
        (INSTANT, 20250314, "moment"),
        (INSTANT, pd.Timestamp("2025-03-14T13:05:00.123456789Z"), "whole microseconds"),
        (INSTANT, "2025-03-14T13:05:00.123456001Z", "whole microseconds"),
        (DAY, pd.Timestamp("2025-03-14T00:00:00.000000001"), "whole microseconds"),
        (DAY, np.datetime64("2025-03-14T00:00:00.000000001"), "whole microseconds"),
        (DAY, "2025-02-30", "date"),
        (DAY, datetime(2025, 3, 14, 13, 5, tzinfo=UTC), "date"),
        (DAY, "14.3.2025", "date"),
        (DAY, "20250314", "date"),
        (DAY, "2025-03-14 00:00:00+01:00", "date"),
        (PROJECTS, "m700", "UUID"),
        (PROJECTS, [ONE, None], "UUID"),
        (PROJECTS, [ONE.replace("-", "")], "UUID"),
        (PROJECTS, 7, "UUID"),
        (PROJECTS, pd.DataFrame({"session_id": [ONE]}), "project_id"),
        (TAGS, "a, b", "list"),
        (TAGS, [1], "list"),
        (TAGS, {"a": 1}, "list"),
        (EXTRA, "{", "JSON"),
        (EXTRA, "[" * 100_000, "JSON"),
        (EXTRA, [{"name": "a"}], "value"),
        (EXTRA, "text", "JSON"),
        (EXTRA, 5, "dict"),
        (LINKS, {"repository": "a"}, "list"),
        (DETAILS, {"a": float("nan")}, "finite"),
        (DETAILS, {1: 2}, "text for keys"),
        (DETAILS, {"a": Decimal(1)}, "finite"),
        (DETAILS, {"a": {1}}, "lists"),
    ],
)
def test_what_a_field_does_not_take_is_told_by_what_it_takes(field, value, should):
    with pytest.raises(BrokenRuleError, match=should):
        to_wire(field, value)


@pytest.mark.parametrize(
    ("field", "wire", "should"),
    [
        (NAME, "x" * 100, None),
        (NAME, "é" * 101, "at most 100 characters"),
        (NAME, " ", "required"),
        (PROJECTS, [], "required"),
        (SUBJECT.field_named("sex"), "male", "one of F, M, U"),
        (SUBJECT.field_named("sex"), "F", None),
        (SESSION.field_named("epochs"), [ONE], "read-only"),
        (EXTRA, {"a_1": 2}, None),
        (EXTRA, {"1a": 2}, "'1a'"),
        (EXTRA, {"a b": 2}, "'a b'"),
        (EXTRA, {"a": True}, "text or a number"),
        (EXTRA, {"a": [1]}, "text or a number"),
        (EXTRA, [{"name": "a", "value": 1}, {"name": "a", "value": 2}], "each name once"),
        (LINKS, [{"repository": "DANDI", "url": "ftp://x.org/a?b"}], None),
        (LINKS, [{"repository": "DANDI", "url": "javascript:alert(1)"}], "http"),
        (LINKS, [{"repository": "DANDI", "url": "https://"}], "http"),
        (LINKS, [{"repository": "DANDI"}], "url"),
        (LINKS, [{"repository": "DANDI", "url": None}], "url"),
        (LINKS, [{"repository": "DANDI", "Repository": "GitHub", "url": "https://a"}], "repository"),
    ],
)
def test_rules_of_the_server_are_known_before_it_is_asked(field, wire, should):
    found = broken_rule(field, wire)
    assert found is None if should is None else should in found


@pytest.mark.parametrize(
    ("field", "one", "other"),
    [
        (NAME, None, " "),
        (NAME, "a ", "a"),
        (INSTANT, "2025-03-14T13:05:00Z", "2025-03-14T14:05:00.000+01:00"),
        # A zone that is not told is UTC when reading.
        (INSTANT, "2025-03-14T13:05:00Z", "2025-03-14 13:05"),
        # The server writes its own midnight for a date.
        (INSTANT, "2025-03-14", "2025-03-14T00:00:00-05:00"),
        (INSTANT, "2025-03-14", "2025-03-14T00:00:00Z"),
        (PROJECTS, [ONE, TWO], [TWO, ONE.upper()]),
        (EXTRA, None, []),
        (EXTRA, {}, []),
        (EXTRA, {"a": 1, "b": 2.0}, [{"name": "b", "value": 2}, {"name": "a", "value": 1.0}]),
        (LINKS, [{"repository": "a", "url": "b"}], [{"URL": "b", "Repository": "a"}]),
        (TAGS, None, []),
        (None, {"a": [1]}, {"a": [1.0]}),
    ],
)
def test_the_same_thing_written_in_two_ways_is_the_same(field, one, other):
    assert is_same(field, one, other)
    assert is_same(field, other, one)


@pytest.mark.parametrize(
    ("field", "one", "other"),
    [
        (NAME, "a", "A"),
        (INSTANT, "2025-03-14T13:05:00Z", "2025-03-14T13:05:00+01:00"),
        (INSTANT, "2025-03-14", "2025-03-15"),
        (INSTANT, "2025-03-14", "2025-03-14T13:05:00Z"),
        (INSTANT, "2025-03-14", "2025-03-13T10:00:00Z"),
        (INSTANT, "2025-03-14", "2025-03-14T05:00:00Z"),
        (INSTANT, None, "2025-03-14"),
        (FLAG, False, None),
        (INTEGER, 0, None),
        (INTEGER, 1, True),
        (TAGS, ["a", "b"], ["b", "a"]),
        (SESSION.field_named("datastorage"), [ONE, TWO], [TWO, ONE]),
        (EXTRA, {"a": "1"}, {"a": 1}),
        (None, [1], [True]),
    ],
)
def test_different_things_are_not_the_same(field, one, other):
    assert not is_same(field, one, other)
    assert not is_same(field, other, one)


@pytest.mark.parametrize(
    ("day", "there", "is_its_day"),
    [
        ("2025-03-14", "2025-03-14T23:30:00-05:00", True),
        # As frames have it, in UTC.
        ("2025-03-15", "2025-03-14T23:30:00-05:00", True),
        ("2025-03-13", "2025-03-14T23:30:00-05:00", False),
        ("2025-03-14", "2025-03-14T00:00:00-05:00", False),
        ("2025-03-14", "2025-03-14T13:05", True),
        ("2025-03-14", "2025-03-14", False),
        ("2025-03-14", "long ago", False),
        ("2025-03-14", None, False),
        ("2025-03-14T13:05:00Z", "2025-03-14T13:06:00Z", False),
    ],
)
def test_a_date_may_be_that_of_a_moment(day, there, is_its_day):
    assert is_of_that_day(day, there) is is_its_day


@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats(allow_nan=False, allow_infinity=False)
        | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_json_stays_what_it_is_or_is_refused(value):
    try:
        found = plain_json(value)
    except BrokenRuleError:
        text = json.dumps(value)
        assert "\\u0000" in text or "\\ud" in text.lower()
        return
    assert found == value
    assert is_same(None, found, json.loads(json.dumps(value)))


@given(st.datetimes(min_value=datetime(1980, 1, 1), timezones=st.timezones()))  # noqa: DTZ001  hypothesis takes only bounds without a zone
def test_every_moment_comes_back_as_the_same_moment(moment):
    wire = to_wire(INSTANT, moment)
    assert wire.endswith("Z")
    # A time that the clocks go through twice equals no other, in Python.
    assert datetime.fromisoformat(wire) == moment.astimezone(UTC)
    assert is_same(INSTANT, wire, moment.isoformat())


@given(st.uuids())
def test_ids_have_one_form(value):
    assert uuid_text(value) == uuid_text(str(value).upper()) == str(value)
    for other in (value.hex, f"{{{value}}}", value.urn):
        with pytest.raises(BrokenRuleError):
            uuid_text(other)
