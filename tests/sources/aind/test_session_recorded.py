"""The session object beside AIND's own client: what aind-session 0.3.27 answered when it was recorded."""

from __future__ import annotations

import datetime as dt
import json

import pytest

import sessionframes as sf
from sessionframes.demo.aind import AindServer
from sessionframes.sources.aind.session import Session, Subject
from tests.demo.aind_asking import OWN_BUCKET, RECORDED, SESSION, SORTED, recorded_files

OURS = f"Session('{SESSION}')"
FIRST = "behavior_676909_2023-10-24_15-15-50"
SECOND = "ecephys_676909_2023-12-11_14-24-35"
LAST = "ecephys_676909_2023-12-14_12-43-11"
#: Where we answer otherwise, and what: limits include themselves, a day all of it, nothing comes twice.
OTHERWISE = {
    "get_sessions(676909, date='2023-12-13_09-00-00')": [],
    "get_sessions(676909, end_date='2023-12-13')": [FIRST, SECOND, SESSION],
    "get_sessions(676909, start_date='2023-12-13_13-43-40')": [SESSION, LAST],
    "get_sessions(676909, end_date='2023-12-14_12-43-11')": [FIRST, SECOND, SESSION, LAST],
    f"{OURS}.ecephys.sorter.kilosort2_5.data_assets": [SORTED[0]],
    f"{OURS}.ecephys.sorter.kilosortX.sorted_data_assets": {"raised": "UnknownSorterError"},
}
#: What we have no call for.
LEFT_OUT = ("get_latest_ibl_annotations", "get_data_asset_model", "sorted_data_assets[0].sorted_probes")
CALLS = [
    (call, OTHERWISE.get(call, recorded))
    for call, recorded in RECORDED["calls"]
    if not any(name in call for name in LEFT_OUT)
]


def files():
    found = recorded_files()
    for asset_id, sorter in zip(SORTED, ("kilosort2_5", "kilosort4"), strict=True):
        process = {"name": "Spike sorting", "parameters": {"sorter_name": sorter}}
        found[f"{OWN_BUCKET}/{asset_id}/processing.json"] = json.dumps({"data_processes": [process]}).encode()
    return found


@pytest.fixture(scope="module")
def names():
    told = {"records": RECORDED["records"], "assets": RECORDED["assets"], "files": files(), "private": ()}
    with AindServer(**told) as server:
        urls = {"codeocean_url": server.codeocean_url, "s3_endpoint": server.s3_url}
        options = {**urls, "codeocean_token": server.token, "s3_anonymous": True}
        with sf.connect("aind", docdb_url=server.docdb_url, **options) as db:

            def get_sessions(subject_id, **arguments):
                found = db.get_sessions(subject_id=subject_id, progress=False, **arguments)
                return [Session(name, db) for name in found.sort_values("local_time").index]

            yield {
                "Session": db.session,
                "Subject": lambda subject_id: Subject(subject_id, db),
                "get_sessions": get_sessions,
                "datetime": dt,
            }


def plain(value):
    """As it was recorded: ids of what has one, paths as texts."""
    if isinstance(value, tuple | list):
        return [plain(one) for one in value]
    if hasattr(value, "id"):
        return value.id
    return value.as_posix() if hasattr(value, "as_posix") else value


@pytest.mark.parametrize(("call", "expected"), CALLS, ids=[call for call, _ in CALLS])
def test_calls_give_what_aind_session_gives(names, call, expected):
    if isinstance(expected, dict) and "raised" in expected:
        with pytest.raises((ValueError, AttributeError)) as caught:
            eval(call, dict(names))
        assert expected["raised"] in [kind.__name__ for kind in type(caught.value).__mro__]
        return
    found = plain(eval(call, dict(names)))
    if call.endswith("subject.data_assets"):
        expected = list(dict.fromkeys(expected))
    assert found == expected


def test_most_calls_are_compared_and_most_are_answered_alike():
    assert set(OTHERWISE) <= {call for call, _ in CALLS}
    assert len(CALLS) > 35
