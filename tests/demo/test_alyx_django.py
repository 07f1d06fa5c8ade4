"""``django=``: what the demo's Alyx takes texts for, and which rows it means, oddities included."""

from __future__ import annotations

import pytest

from sessionframes.demo.alyx import AlyxServer
from tests.demo.alyx_asking import Asker, records

ALL = {"ephys", "training", "bare", "child", "null"}


@pytest.fixture(scope="module")
def ask():
    with AlyxServer(records=records()) as server:
        yield Asker(server)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("number,1", {"ephys", "null"}),
        ("number,1.5", {"ephys", "null"}),
        ("number__gt,1.5", {"training"}),
        ("~number,1", {"training", "bare", "child"}),
        ("number__in,[1, None]", {"ephys", "null"}),
        ("number__in,[]", set()),
        ("~number__in,[]", ALL),
        ("number__range,[1, 1]", {"ephys", "null"}),
        ("number,None", {"bare", "child"}),
        ("number__isnull,true", {"bare", "child"}),
        ("lab__isnull,True", {"child"}),
        ("qc__lt,40", {"training", "bare", "child"}),
        ("session__qc__lt,40", {"bare"}),
        ("start_time__date,2021-07-22", {"ephys"}),
        ("start_time__date__gt,2021-07-22", {"training", "bare"}),
        ("start_time__gte,2021-07-23T02:10+02:00", {"training", "bare"}),
        ("start_time__year,2021", {"ephys", "training", "bare"}),
        ("start_time__week_day,5", {"ephys"}),
        ("start_time__iso_week_day,4", {"ephys"}),
        ("start_time__hour__in,[23]", {"ephys"}),
        ("start_time__time,23:30:00", set()),
        ("start_time__time,23:30:00.5", {"ephys"}),
        ("start_time__quarter,3,number,2", {"training"}),
        ("start_time__contains,2021-07-22 23", {"ephys"}),
        ("narrative__icontains,ran out", {"ephys"}),
        (r'narrative__icontains,("OUT\x2c stopped")', {"ephys"}),
        (r'narrative__endswith,("\x5bx\x5d")', {"ephys"}),
        ("task_protocol__iregex,EPHYS(choice|x)w", {"ephys"}),
        # The end is the very end, and a dot takes line breaks.
        ("narrative__regex,m.and", {"training"}),
        ("narrative__regex,quiet$", set()),
        (r"narrative__regex,[$]|calm\n", {"training"}),
        ("task_protocol__gt,EPHYSB", {"ephys"}),
        ("task_protocol__gt,EphysChoiceWorld", set()),
        ("subject__nickname,007", set()),
        ('subject__nickname,("007")', {"bare", "child"}),
        ("subject__nickname__in,KS022", set()),
        ("subject__nickname__in,('KS022',)", {"ephys", "training", "null"}),
        ("projects__name__icontains,matlab", {"ephys"}),
        ("~projects__name__icontains,matlab", ALL - {"ephys"}),
        ("tasks__status,40", {"ephys", "training"}),
        ("~tasks__status,40", ALL - {"ephys", "training"}),
        ("tasks__status,40,tasks__name,SpikeSorting", {"ephys", "training"}),
        ("tasks__isnull,True", ALL - {"ephys", "training"}),
        ("tasks__log,007", set()),
        ("probe_insertion__trajectory_estimate__channels__brain_region__acronym,CA1", {"ephys"}),
        ("data_dataset_session_related__tags__name,open", {"ephys"}),
        ("subject_id__isnull,False", ALL),
    ],
)
def test_columns_and_relations(ask, text, names):
    assert ask.sessions(text) == names


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("extended_qc__task,FAIL", {"ephys"}),
        ("extended_qc__task__iexact,fail", {"ephys"}),
        # What lacks the key is in neither half; what has no document at all is in the second.
        ("~extended_qc__task,FAIL", {"training", "child", "bare", "null"}),
        ("~extended_qc__focus,True", {"bare", "null"}),
        ("extended_qc__focus__isnull,True", {"training", "child", "bare", "null"}),
        ("~extended_qc__focus__isnull,True", {"ephys"}),
        ("extended_qc__behavior,1", {"ephys"}),
        ("extended_qc__behavior,True", {"training"}),
        ("extended_qc__text,1", set()),
        ('extended_qc__text,("1")', {"training"}),
        ("extended_qc__none,None", {"ephys"}),
        ("extended_qc__task,None", {"child"}),
        ("~extended_qc__task,None", {"ephys", "training"}),
        ("extended_qc__contains,({'_pins': 9})", set()),
        ("extended_qc___pins__contains,9", {"ephys"}),
        ("extended_qc___pins__0__gt,5", {"ephys", "training"}),
        ("extended_qc___pins__1__gt,5", {"ephys"}),
        ("extended_qc___pins__-1,0", {"ephys"}),
        ("extended_qc__sub__a,-1", set()),
        ("extended_qc__sub__a,(-1)", {"ephys"}),
        ("extended_qc__has_key,focus", {"ephys"}),
        ("~extended_qc__has_key,focus", ALL - {"ephys"}),
        ("extended_qc__has_keys,['task', 'behavior']", {"ephys", "training"}),
        ("extended_qc__has_keys,task", set()),
        ("extended_qc__has_any_keys,('focus', 'text')", {"ephys", "training"}),
        ("extended_qc__contains,({'task': 'PASS'})", {"training"}),
        ("extended_qc__contains,{'task': 'PASS'}", set()),
        ("extended_qc__contains,({'behavior': 1, '_pins': [9]})", {"ephys"}),
        ("extended_qc___pins__contains,[9, True]", {"ephys"}),
        ("extended_qc__contained_by,({'task': None, 'x': 1})", {"child"}),
        ("~extended_qc__contains,({'task': 'PASS'})", ALL - {"training"}),
        ("json__isnull,True", {"bare", "child", "null"}),
        ("json,None", {"training"}),
        ("json__n__gte,3", {"ephys"}),
        ("json__n__in,[3, 4]", {"ephys"}),
    ],
)
def test_documents(ask, text, names):
    assert ask.sessions(text) == names


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("number", "list index out of range"),
        ("number,1, qc,2", "Cannot resolve keyword ' qc' into field."),
        ("number,1,number,2", 'Duplicated fields in "number,1,number,2"'),
        ("id__gte,00000000000040008000000000000000", "is not a valid UUID."),
        ("subject,KS022", "['“KS022” is not a valid UUID.']"),
        ("subject__nope,1", "Unsupported lookup 'nope' for ForeignKey"),
        ("number__hour,1", "Unsupported lookup 'hour' for IntegerField"),
        ("qc,PASS", "Field 'qc' expected a number but got 'PASS'."),
        ("number__in,1", "'float' object is not iterable"),
        ("start_time__gte,2021", "fromisoformat: argument must be str"),
        ("start_time__gte,x", "['“x” value has an invalid format. It must be in YYYY-MM-DD HH:MM"),
        ("narrative__regex,(left|right)", "name 'left' is not defined"),
        ("narrative__contains,[Errno 110]", "invalid syntax"),
        ("narrative__regex,*", "invalid regular expression"),
        ("number__lt,None", "Cannot use None as a query value"),
        ("extended_qc__contains,({'a': [1, 2], 'b': 3})", "was never closed"),
        ("extended_qc__x__isnull,1", "The QuerySet value for an isnull lookup must be True or False."),
        ("narrative__search,x", "Unsupported lookup 'search' for CharField"),
    ],
)
def test_mistakes_are_answered_with_500(ask, text, words):
    status, told = ask.refusal("/sessions", django=text)
    assert status == 500
    assert words in told


def test_what_is_not_mistaken(ask):
    assert ask.sessions("number,1,~number,2") == {"ephys", "null"}
    assert ask.sessions(" number__gte,1,number__lt,2 ") == {"ephys", "null"}
    assert ask.sessions("extended_qc__contains,({'x': 3, 'a': [1, 2]})") == set()
    assert ask.ids("/tasks", django="log__icontains,TimeoutError: [Errno 110]")
    assert len(ask.ids("/channels", django="axial__gte,20,axial__lt,60")) == 2
    assert len(ask.ids("/trajectories", django="x,(-1.5)")) == 2


def test_only_the_last_counts_and_it_combines_with_named_filters(ask):
    answer = ask("GET", "/sessions?django=number,1&django=number,2&lab=CORTEXLAB")
    assert answer.json()["count"] == 1
    assert ask.get("/sessions", django="number,1", lab="cortexlab")["count"] == 1


def test_ranges_of_ids_part_a_table(ask):
    edges = [f"{number:02x}000000-0000-4000-8000-000000000000" for number in range(0, 256, 16)]
    found = []
    for low, high in zip(edges, [*edges[1:], "ffffffff-ffff-ffff-ffff-ffffffffffff"], strict=True):
        short = low.replace("-", "")
        # Bare, those of digits only would be numbers.
        found += ask.ids("/channels", django=f'id__gte,("{short}"),id__lt,{high}')
    assert len(found) == len(set(found)) == 40


def test_endpoints_without_it_ignore_it(ask):
    assert ask.get("/projects", django="nosuch,1")["count"] == 3
