"""Filters that say nothing a table can answer: refused before anything is sent, with what would do."""

from __future__ import annotations

import pickle
import re
from datetime import UTC, datetime, time

import pytest

from sessionframes.errors import QueryError
from sessionframes.query.binding import LOOKUPS, PARTS, bind
from sessionframes.query.literals import identity
from sessionframes.query.q import Q
from tests.query.scopes import SCOPE

NAMES = {
    # columns
    "snrr": ("snrr", "no column 'snrr' to filter by", "Did you mean 'snr'?"),
    "labels__startswith": ("labels", "no column 'labels'", "'label'"),
    "SNR": ("SNR", "no column 'SNR'", "'snr'"),
    "qwerty": ("qwerty", "no column 'qwerty'", "Known: began, good, label"),
    "snr ": ("snr ", "'snr ' names no column", "'snr'"),
    "snr_": ("snr_", "no column 'snr_'", "'snr'"),
    "": (None, "'' names no column", "Known: began"),
    "__gt": (None, "'__gt' names no column", "Known: began"),
    # lookups
    "snr__get": ("snr", "no lookup 'get'", "'gte'"),
    "snr__": ("snr", "no lookup ''", "Known: "),
    "snr__gte__": ("snr", "no lookup 'gte__'", "'gte'"),
    "snr__gte__lte": ("snr", "no lookup 'gte__lte'", "'gte'"),
    "label__start_with": ("label", "no lookup 'start_with'", "'startswith'"),
    "label__year": ("label", "no lookup 'year'", "Known: contains"),
    "began__years": ("began", "no lookup 'years'", "'year'"),
    "began__weekday": ("began", "no lookup 'weekday'", "'week_day'"),
    "began__year__get": ("began", "no lookup 'get'", "'gte'"),
    "began__year__month": ("began", "no lookup 'month'", "Known: exact, gt"),
    "layer__0__gt": ("layer", "no lookup '0__gt'", "Known: "),
}


@pytest.mark.parametrize("name", NAMES)
def test_an_unknown_name_is_told_with_the_nearest(name):
    column, said, hint = NAMES[name]
    with pytest.raises(QueryError) as caught:
        bind(Q(**{name: 1}), SCOPE, source="lims", table="units")
    error = caught.value
    assert (error.source, error.table, error.column) == ("lims", "units", column)
    assert said in error.message
    assert hint in error.hint
    assert str(error).startswith(f"lims.units.{column}: " if column else "lims.units: ")


@pytest.mark.parametrize("column", SCOPE)
@pytest.mark.parametrize("lookup", sorted({lookup for known in LOOKUPS.values() for lookup in known}))
def test_a_lookup_that_a_column_does_not_take_is_told_with_those_it_takes(column, lookup):
    known = LOOKUPS[SCOPE[column].kind]
    # What is no lookup of JSON is a key of it.
    if lookup in known or column == "qc":
        return
    with pytest.raises(QueryError, match=rf"{column} holds .* to which '{lookup}' does not apply") as caught:
        bind(Q(**{f"{column}__{lookup}": "a"}), SCOPE)
    assert caught.value.hint == f"What does: {', '.join(known)}."


def test_parts_of_instants_take_what_numbers_dates_and_times_take():
    for part in PARTS:
        with pytest.raises(QueryError, match=r"began holds .* to which 'startswith' does not apply"):
            bind(Q(**{f"began__{part}__startswith": "2"}), SCOPE)


VALUES = [
    # of the wrong type
    ("snr__gte", "1.5", "'1.5' is text", "Give a number"),
    ("snr", True, "True is a flag", "Give a number"),
    ("snr__in", [1, "2"], "'2' is text", "Give a number"),
    ("snr", {"a": 1}, "is a dict", "Give a number"),
    ("snr__gt", 2**1024 - 1, "is too large", "Give a number"),
    ("layer", 1.5, "1.5 is no whole number", "compare by gt and lt"),
    ("layer", "2", "'2' is text", "Give a number"),
    ("layer", float("inf"), "is no whole number", "whole numbers"),
    ("layer", 2**63, "larger than 64 bits", "whole numbers"),
    ("layer__in", [1, True], "True is a flag", "Give a number"),
    ("layer__gt", "2", "'2' is text", "Give a number"),
    ("good", 1, "1 is a number", "Give True or False"),
    ("good", "true", "'true' is text", "Give True or False"),
    ("good__in", [True, 0], "0 is a number", "Give True or False"),
    ("label", 5, "5 is a number", "Give text"),
    ("label__in", ["a", 5], "5 is a number", "Give text"),
    ("label__icontains", 5, "5 is a number", "Give text"),
    ("label__icontains", None, "is null", "Give text"),
    ("label__startswith", ["a", "b"], "is a list", "Give text"),
    ("tags__contains", ["a"], "is a list", "Give text"),
    ("tags__has_all", ["a", 1], "1 is a number", "Give text"),
    ("tags__overlap", None, "is no list", "Give a list"),
    ("began", "soon", "'soon' is no date or time", "'2019-10-03'"),
    ("began", 5, "5' is no date", "Give a date"),
    ("began__gte", 20191003.5, "is a number", "Give a date"),
    ("began__in", ["2019-10-03", True], "True is a flag", "Give a date"),
    ("began__range", ["2019-10-03", "later"], "'later' is no date", "'2019-10-03'"),
    ("began__year", "2019", "'2019' is text", "Give a number"),
    ("began__year", 2019.5, "is no whole number", "whole numbers"),
    ("began__date", "2019-10-03T08:30", "has a time of day", "Give a day"),
    ("began__date__gt", datetime(2019, 10, 3, 8, tzinfo=UTC), "has a time of day", "Give a day"),
    ("began__time", "2019-10-03", "is no time of day", "'10:30'"),
    ("began__time", time(8, 30, tzinfo=UTC), "is no time of day", "in UTC"),
    ("qc__a__gt", True, "True is a flag, which has no order", "Give a number or text"),
    ("qc__a__gt", None, "is null, which has no order", "Give a number or text"),
    ("qc__a__lt", [1], "is a list, which has no order", "Give a number or text"),
    ("qc__a", float("inf"), "inf is no JSON number", "finite"),
    ("qc__contains", {"a": [float("-inf")]}, "is no JSON number", "finite"),
    ("qc__a__istartswith", 5, "5 is a number", "Give text"),
    ("qc__has_key", None, "is null", "Give text"),
    ("qc__has_key", True, "True is a flag", "Give text"),
    ("qc__has_keys", "a", "'a' is no list", "Give a list"),
    ("unit_id", "u1", "'u1' is no whole number", "Give an id; for several"),
    ("unit_id", 1.5, "1.5 is no whole number", "Give an id; for several"),
    ("unit_id", True, "True is a bool", "Give an id; for several"),
    ("unit_id", 2**64, "larger than any 64-bit id", "Give an id; for several"),
    ("unit_id__in", [1, "x"], "'x' is no whole number", "Give ids"),
    ("unit_id__in", [1, True], "True is a bool", "Give ids"),
    ("unit_id__in", [0, False], "False is a bool", "Give ids"),
    ("name_id", 1.5, "1.5 is a float", "Give an id; for several"),
    ("name_id__gt", None, "compares with null", "name_id__isnull=True"),
    # one for several, several for one
    ("unit_id", [1, 2], "exact compares with one value", "unit_id__in=[...]"),
    ("snr__gte", [1, 2], "gte compares with one value", "snr__in=[...]"),
    ("layer__gte", [1, 2], "gte compares with one value", "layer__in=[...]"),
    ("label", ("a",), "exact compares with one value", "label__in=[...]"),
    ("began", ["2019-10-03"], "exact compares with one value", "began__in=[...]"),
    ("unit_id__in", 5, "5 is no list", "Give a list"),
    ("label__in", "abc", "'abc' is no list", "Give a list"),
    ("snr__in", None, "None is no list", "Give a list"),
    ("snr__range", 5, "a range has two ends", "snr__range=[lowest, highest]"),
    ("snr__range", [1], "a range has two ends", "both included"),
    ("snr__range", [1, 2, 3], "a range has two ends", "both included"),
    # null
    ("snr__gte", None, "gte compares with null", "snr__isnull=True"),
    ("layer__lt", None, "null", "Give a number"),
    ("began__lt", None, "null", "Give a date"),
    ("snr__range", [None, 2], "a range with a null for one end", "snr__gte or snr__lte"),
    ("label__in", ["a", None], "a null among the values", "label__isnull=True"),
    ("unit_id__in", [1, None], "a null among the values", "unit_id__isnull=True"),
    ("snr__isnull", 1, "1 is a number", "Give True or False"),
    ("snr__isnull", None, "is null", "Give True or False"),
    ("snr__isnull", "yes", "'yes' is text", "Give True or False"),
    # patterns outside of what all engines agree on
    ("label__regex", r"\bVIS", "word boundary", "gular expressions "),
    ("label__iregex", "(", "", "gular expressions "),
    ("qc__a__regex", "(?=x)", "look-ahead", "gular expressions "),
    ("tags__regex", 5, "5 is a number", "Give text"),
]


@pytest.mark.parametrize(("name", "value", "said", "hint"), VALUES, ids=lambda value: repr(value)[:40])
def test_a_value_that_a_column_cannot_mean_is_told_with_what_would_do(name, value, said, hint):
    with pytest.raises(QueryError) as caught:
        bind(Q(**{name: value}), SCOPE, source="lims", table="units")
    error = caught.value
    assert (error.source, error.table, error.column) == ("lims", "units", name.split("__")[0])
    assert said in error.message
    assert hint in error.hint
    assert len(error.message) < 200


@pytest.mark.parametrize("name", ["snr__gte", "layer", "unit_id__in", "label", "began__in", "qc__has_keys"])
def test_a_long_value_is_shown_short(name):
    value = ["x" * 100_000] if name.endswith(("in", "keys")) else "x" * 100_000
    try:
        bind(Q(**{name: value}), SCOPE)
    except QueryError as error:
        said = str(error)
    else:
        said = ""
    assert len(said) < 1000


def test_the_first_fault_of_many_is_told_wherever_it_stands():
    sound = Q(snr__gte=1) | Q(label="a")
    for q in (sound & Q(snrr=1), ~(Q(snrr=1) | sound), ~sound | (sound & ~Q(snrr=1))):
        with pytest.raises(QueryError, match="no column 'snrr'"):
            bind(q, SCOPE)


def test_what_could_never_be_true_is_checked_all_the_same():
    for q in (Q(unit_id__in=[]) & Q(snrr=1), Q() | Q(snrr=1)):
        with pytest.raises(QueryError, match="no column 'snrr'"):
            bind(q, SCOPE)


def test_a_refusal_survives_pickling_and_changes_nothing():
    q = Q(snr__gte="1.5")
    before = identity(q.value)
    with pytest.raises(QueryError) as caught:
        bind(q, SCOPE, source="lims", table="units")
    assert identity(q.value) == before
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)
    assert re.match(r"lims\.units\.snr: '1\.5' is text\. Give a number\.$", str(caught.value))
