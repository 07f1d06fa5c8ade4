"""The queries of Alyx' own page of examples, in its words and in ours."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sessionframes.query import Q

_EID = "4ecb5d24-f5cc-402c-be28-9d0f7cb14b3a"
_PID = "b749446c-18e3-4987-820a-50649ab0f826"


@dataclass(frozen=True)
class Seed:
    """One query.

    Parameters
    ----------
    seed : str
        As the page has it, without ``one.alyx.rest``.
    ours : str
        As users of sessionframes write it.
    table : str
        The table that it asks for.
    given : dict
        Its arguments.
    params : dict
        Named filters that Alyx is asked for.
    parts : tuple of str
        What ``django=`` says; several are several requests.
    note : str
        What the server would have made of the seed, where it is not what it means.
    """

    seed: str
    ours: str
    table: str
    given: dict[str, Any]
    params: dict[str, str] = field(default_factory=dict)
    parts: tuple[str, ...] = ("",)
    note: str = ""


def _one(seed, ours, table, given, *parts, params=None, note=""):
    return Seed(seed, ours, table, given, params or {}, parts or ("",), note)


_VIDEOS = ["videoLeft", "videoRight", "videoBody"]
_PASSES = {"dlcLeft": "PASS", "videoLeft": "PASS"}
_TAG = "2021_Q1_IBL_et_al_Behaviour"

SEEDS = [
    _one(
        "'sessions', 'list', histology=True",
        "get_sessions(histology=True)",
        "sessions",
        {"histology": True},
        "subject__actions_sessions__procedures__name,Histology",
    ),
    _one(
        "'sessions', 'list', django='subject__actions_sessions__procedures__name,Histology'",
        'get_sessions(where=Q(subject__actions_sessions__procedures__name="Histology"))',
        "sessions",
        {"where": Q(subject__actions_sessions__procedures__name="Histology")},
        "subject__actions_sessions__procedures__name,Histology",
    ),
    *(
        _one(
            f"'{endpoint}', 'list', {name}={value!r}",
            f"get_{table}({name}={value!r})",
            table,
            {name: value},
            params={name: str(value)},
        )
        for endpoint, table in (("sessions", "sessions"), ("insertions", "probes"))
        for name, value in (("atlas_id", 500), ("atlas_acronym", "MO"), ("atlas_name", "Somatomotor areas"))
    ),
    _one(
        "'sessions', 'list', django='~projects__name__icontains,matlab'",
        'get_sessions(where=~Q(projects__name__icontains="matlab"))',
        "sessions",
        {"where": ~Q(projects__name__icontains="matlab")},
        "~projects__name__icontains,matlab",
    ),
    _one(
        "'insertions', 'list', django='json__extended_qc__alignment_resolved,True'",
        "get_probes(where=Q(probe_json__extended_qc__alignment_resolved=True))",
        "probes",
        {"where": Q(probe_json__extended_qc__alignment_resolved=True)},
        "json__extended_qc__alignment_resolved,True",
    ),
    _one(
        "'trajectories', 'list', provenance='Ephys aligned histology track', probe_insertion=pid",
        'get_trajectories(provenance="Ephys aligned histology track", probe_ids=pid)',
        "trajectories",
        {"provenance": "Ephys aligned histology track", "where": Q(probe_id=_PID)},
        f"provenance,70,probe_insertion__id,{_PID}",
    ),
    _one(
        "'insertions', 'list', django='session__task_protocol__icontains,choiceworld'",
        'get_probes(task_protocol="choiceworld")',
        "probes",
        {"task_protocol": "choiceworld"},
        r'session__task_protocol__regex,("\x5bCc\x5d\x5bHh\x5d\x5bOo\x5d\x5bIi\x5d\x5bCc\x5d\x5bEe\x5d\x5bWw\x5d'
        r'\x5bOo\x5d\x5bRr\x5d\x5bLl\x5d\x5bDd\x5d")',
        note="databases find a dotless i by it too, which nobody sees here to leave it out",
    ),
    _one(
        "'tasks', 'list', status='Errored', lab='angelakilab', name='SpikeSorting'",
        'get_tasks(status="Errored", name="SpikeSorting", where=Q(session__lab__name="angelakilab"))',
        "tasks",
        {"status": "Errored", "name": "SpikeSorting", "where": Q(session__lab__name="angelakilab")},
        "session__lab__name,angelakilab,status,40,name,SpikeSorting",
    ),
    _one(
        "'sessions', 'list', task_protocol='ephys', django='tasks__status,40'",
        'get_sessions(task_protocol="ephys", where=Q(tasks__status="Errored"))',
        "sessions",
        {"task_protocol": "ephys", "where": Q(tasks__status="Errored")},
        "tasks__status,40,task_protocol__icontains,ephys",
    ),
    _one(
        "'tasks', 'list', name='EphysDLC', status='Errored'",
        'get_tasks(name="EphysDLC", status="Errored")',
        "tasks",
        {"name": "EphysDLC", "status": "Errored"},
        "name,EphysDLC,status,40",
    ),
    _one(
        "'tasks', 'list', name='EphysDLC', django='log__icontains,TimeoutError: [Errno 110]'",
        'get_tasks(name="EphysDLC", log="TimeoutError: [Errno 110]")',
        "tasks",
        {"name": "EphysDLC", "log": "TimeoutError: [Errno 110]"},
        r'name,EphysDLC,log__icontains,("TimeoutError: \x5bErrno 110\x5d")',
    ),
    _one(
        "'sessions', 'list', django=\"extended_qc__has_any_keys,('videoLeft', 'videoRight', 'videoBody')\"",
        'get_sessions(where=Q(extended_qc__has_any_keys=["videoLeft", "videoRight", "videoBody"]))',
        "sessions",
        {"where": Q(extended_qc__has_any_keys=_VIDEOS)},
        'extended_qc__has_any_keys,["videoLeft", "videoRight", "videoBody"]',
    ),
    _one(
        f"'sessions', 'list', django='data_dataset_session_related__tags__name,{_TAG}'",
        f'get_sessions(where=Q(data_dataset_session_related__tags__name="{_TAG}"))',
        "sessions",
        {"where": Q(data_dataset_session_related__tags__name=_TAG)},
        f'data_dataset_session_related__tags__name,("{_TAG}")',
    ),
    _one(
        "'subjects', 'list', django='nickname__icontains,ks,death_date__isnull,True'",
        'get_subjects(where=Q(subject_name__icontains="ks", date_of_death__isnull=True))',
        "subjects",
        {"where": Q(subject_name__icontains="ks", date_of_death__isnull=True)},
        'nickname__regex,("\\x5bKk\u212a\\x5d\\x5bSs\\x5d\\x7b1\\x7d"),death_date__isnull,True',
        note="a regular expression, since k is also the sign of Kelvin",
    ),
    _one(
        "'sessions', 'list', django='sessions__subject__nickname__icontains,dop'",
        'get_sessions(subject="dop") or where=Q(subject_name__icontains="dop")',
        "sessions",
        {"where": Q(subject_name__icontains="dop")},
        "subject__nickname__icontains,dop",
        note="there is no field sessions anywhere: 500",
    ),
    _one(
        "'sessions', 'list', django='extended_qc__task__iexact,fail'",
        'get_sessions(where=Q(extended_qc__task__iexact="fail"))',
        "sessions",
        {"where": Q(extended_qc__task__iexact="fail")},
        r'extended_qc__task__regex,("^\x5bFf\x5d\x5bAa\x5d\x5bIi\x5d\x5bLl\x5d$")',
    ),
    _one(
        "'sessions', 'list', django='extended_qc___videoLeft_pin_state__0__gt,5'",
        "get_sessions(where=Q(extended_qc___videoLeft_pin_state__1__gt=5))",
        "sessions",
        {"where": Q(extended_qc___videoLeft_pin_state__1__gt=5)},
        "extended_qc___videoLeft_pin_state__1__gt,5,extended_qc___videoLeft_pin_state__1__lt,False",
        note="the first is a flag, and flags are above numbers: every session that has the key",
    ),
    _one(
        "'sessions', 'list', django=f\"extended_qc__contains,{d}\"",
        'get_sessions(where=Q(extended_qc__contains={"dlcLeft": "PASS", "videoLeft": "PASS"}))',
        "sessions",
        {"where": Q(extended_qc__contains=_PASSES)},
        'extended_qc__contains,({"dlcLeft": "PASS", "videoLeft": "PASS"})',
        note="without parentheses: 500",
    ),
    _one(
        "'sessions', 'list', django=f\"extended_qc__contained_by,{d}\"",
        'get_sessions(where=Q(extended_qc__contained_by={"dlcLeft": "PASS", "videoLeft": "PASS"}))',
        "sessions",
        {"where": Q(extended_qc__contained_by=_PASSES)},
        'extended_qc__contained_by,({"dlcLeft": "PASS", "videoLeft": "PASS"})',
        note="without parentheses: 500",
    ),
    _one(
        "'sessions', 'list', django='extended_qc__has_key,dlcLeft'",
        'get_sessions(where=Q(extended_qc__has_key="dlcLeft"))',
        "sessions",
        {"where": Q(extended_qc__has_key="dlcLeft")},
        "extended_qc__has_key,dlcLeft",
    ),
    _one(
        "'sessions', 'list', django=\"extended_qc__has_keys,['behavior', 'ephys']\"",
        'get_sessions(where=Q(extended_qc__has_keys=["behavior", "ephys"]))',
        "sessions",
        {"where": Q(extended_qc__has_keys=["behavior", "ephys"])},
        'extended_qc__has_keys,["behavior", "ephys"]',
    ),
    _one(
        "'sessions', 'list', django='subject__nickname__exact,KS022'",
        'get_sessions(where=Q(subject_name="KS022"))',
        "sessions",
        {"where": Q(subject_name="KS022")},
        "subject__nickname,KS022",
    ),
    _one(
        "'sessions', 'list', django='subject__nickname,KS022'",
        'get_sessions(where=Q(subject__nickname="KS022"))',
        "sessions",
        {"where": Q(subject__nickname="KS022")},
        "subject__nickname,KS022",
    ),
    _one(
        "'sessions', 'list', django='subject__nickname__exact,ks022'",
        'get_sessions(subject="ks022")',
        "sessions",
        {"subject": "ks022"},
        'subject__nickname__regex,("^\\x5bKk\u212a\\x5d\\x5bSs\\x5d\\x7b1\\x7d022$")',
        note="it means iexact, and finds none",
    ),
    _one(
        "'sessions', 'list', django=f\"subject__nickname__in,['DY_003', 'DY_006']\"",
        'get_sessions(where=Q(subject_name__in=["DY_003", "DY_006"]))',
        "sessions",
        {"where": Q(subject_name__in=["DY_003", "DY_006"])},
        'subject__nickname__in,["DY_003", "DY_006"]',
    ),
    _one(
        "'sessions', 'list', django='session__qc__lt,40'",
        'get_sessions(qc=["NOT_SET", "PASS", "WARNING"])',
        "sessions",
        {"qc": ["NOT_SET", "PASS", "WARNING"]},
        "qc__in,[0, 10, 30]",
        note="session is the sessions within a session: it means qc__lt,40",
    ),
    _one(
        "'insertions', 'list', django='session__start_time__date__lte,2021-07-22'",
        'get_probes(where=Q(session__start_time__date__lte="2021-07-22"))',
        "probes",
        {"where": Q(session__start_time__date__lte="2021-07-22")},
        'session__start_time__date__lte,("2021-07-22")',
    ),
    _one(
        "'weighings', 'list', django='date_time__date,2021-02-05'",
        'db.get("weighings", where=Q(weighing_date_time__date="2021-02-05"))',
        "weighings",
        {"where": Q(weighing_date_time__date="2021-02-05")},
        'date_time__date,("2021-02-05")',
    ),
    _one(
        "'datasets', 'list', session=eid, django='collection__regex,.*probe.*', exists=True",
        'get_assets(session_ids=eid, exists=True, where=Q(collection__regex=".*probe.*"))',
        "assets",
        {"exists": True, "where": Q(session_id=_EID, collection__regex=".*probe.*")},
        f'session__id,("{_EID}"),collection__regex,(".*probe.*")',
        params={"exists": "True"},
    ),
    _one(
        "'datasets', 'list', session=eid, django='name__iregex,(right|left)camera', exists=True",
        'get_assets(session_ids=eid, exists=True, where=Q(asset_name__iregex="(right|left)camera"))',
        "assets",
        {"exists": True, "where": Q(session_id=_EID, asset_name__iregex="(right|left)camera")},
        f'session__id,("{_EID}"),'
        r'name__regex,("\x28?:\x5bRr\x5d\x5bIi\x5d\x5bGg\x5d\x5bHh\x5d\x5bTt\x5d|\x5bLl\x5d\x5bEe\x5d\x5bFf\x5d'
        r'\x5bTt\x5d\x29\x5bCc\x5d\x5bAa\x5d\x5bMm\x5d\x5bEe\x5d\x5bRr\x5d\x5bAa\x5d")',
        params={"exists": "True"},
    ),
    # The filters that the page lists for sessions.
    _one(
        "subject=Algernon",
        'get_sessions(subject="Algernon")',
        "sessions",
        {"subject": "Algernon"},
        "subject__nickname__iexact,Algernon",
    ),
    _one(
        "dataset_types=trials.table,camera.times",
        'get_sessions(dataset_types=["trials.table", "camera.times"])',
        "sessions",
        {"dataset_types": ["trials.table", "camera.times"]},
        params={"dataset_types": "camera.times,trials.table"},
    ),
    _one(
        "datasets=_ibl_leftCamera.times.npy",
        'get_sessions(datasets="_ibl_leftCamera.times.npy")',
        "sessions",
        {"datasets": "_ibl_leftCamera.times.npy"},
        params={"datasets": "_ibl_leftCamera.times.npy"},
    ),
    _one("number=1", "get_sessions(number=1)", "sessions", {"number": 1}, "number,1"),
    _one(
        "users=a,b",
        'get_sessions(users=["a", "b"])',
        "sessions",
        {"users": ["a", "b"]},
        "users__username,a,users__username__exact,b",
    ),
    _one(
        "date_range=2020-01-12,2020-01-16",
        'get_sessions(date_range=["2020-01-12", "2020-01-16"])',
        "sessions",
        {"date_range": ["2020-01-12", "2020-01-16"]},
        'start_time__gte,("2020-01-12T00:00:00"),start_time__lte,("2020-01-16T23:59:59.999999")',
    ),
    _one(
        "lab=zadorlab",
        'get_sessions(lab="zadorlab")',
        "sessions",
        {"lab": "zadorlab"},
        "lab__name__iexact,zadorlab",
    ),
    _one(
        "location=_1",
        'get_sessions(location="_1")',
        "sessions",
        {"location": "_1"},
        "location__name__icontains,_1",
    ),
    _one(
        "project=matlab",
        'get_sessions(projects="matlab")',
        "sessions",
        {"projects": "matlab"},
        "projects__name__icontains,matlab",
    ),
    _one(
        "json=tutu,True",
        'get_sessions(json={"tutu": True})',
        "sessions",
        {"json": {"tutu": True}},
        "json__tutu,True",
    ),
    _one(
        "extended_qc=qc_pct__gte;0.5;qc_bool;True",
        'get_sessions(extended_qc={"qc_pct__gte": 0.5, "qc_bool": True})',
        "sessions",
        {"extended_qc": {"qc_pct__gte": 0.5, "qc_bool": True}},
        "extended_qc__qc_pct__gte,(0.5),extended_qc__qc_pct__lt,False,extended_qc__qc_bool,True",
        note="semicolons: 500",
    ),
    _one(
        "performance_gte=70",
        "get_sessions(performance_gte=70)",
        "sessions",
        {"performance_gte": 70},
        params={"performance_gte": "70"},
        note="whole percentages; checked on what reads show",
    ),
    _one(
        "brain_region=visual cortex",
        'get_sessions(brain_region="bdo")',
        "sessions",
        {"brain_region": "bdo"},
        "probe_insertion__trajectory_estimate__channels__brain_region__name__icontains,bdo",
        note="ignored: all sessions",
    ),
    _one("qc=CRITICAL", 'get_sessions(qc="CRITICAL")', "sessions", {"qc": "CRITICAL"}, "qc,50"),
]
