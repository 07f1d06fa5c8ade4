"""What the published clients sent once, and what dynamic-rest answered: the demo answers in the same way.

The same status, the same keys in the same order, values of the same kind; an error in the very same words.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import requests

from sessionframes.demo.brainstem import BrainstemServer, Fault
from tests.demo.conftest import Asker

TRACES = json.loads(Path(__file__).with_name("brainstem_traces.json").read_text("utf-8"))["traces"]
NOT_SENT = "the client refuses the call itself, and sends nothing"
#: Why a trace is not replayed.
LEFT_OUT = {
    "2.0.0 load_all_with_id": NOT_SENT,
    "2.0.0 load_unknown_model": NOT_SENT,
    "2.0.0 delete_without_id": NOT_SENT,
    "0.2.0 old_filter_int": NOT_SENT,
    "0.2.0 old_unknown": NOT_SENT,
    "2.0.0 timeout": "the client gives up: see the test of slow answers with the real one",
    "2.0.0 load_filter_list_value": "is_public is no field of a session; the stub answered anything",
}
#: Traces whose server was told to go wrong.
FAULTY = re.compile(r"2\.0\.0 (?:status_|retry_|html_instead|single_object)")
#: The stub had no record of these models, and made their keys up.
KEYS_MADE_UP = {"2.0.0 load_dataacquisition", "2.0.0 load_consumablestock", "2.0.0 save_options"}
#: BrainSTEM requires projects; the server of the study did not.
MORE_FAULTS = {"projects"}
MAY_BE_MISSING = {"name_used_in_storage"}
DEPEND_ON_DATA = {"extra_fields", "links"}
PROJECT, NAME = re.compile("7b9a4c1e-52d8-4f0b-8c3f-3f6d1e9a0001|b4386f38-cd0f-4a11-9239-44ff63576a9a"), "_7"
SESSION = re.compile("2f6d0c3a-90b4-4a6e-9b1d-00000000000(?:1|2)|77f5caba-f87e-4470-b9c8-6b761c7f1daf")
APPROVAL = re.compile("(?<=strainapproval/)[-0-9a-f]+")
NAMES = re.compile(r"(?<==)(?:Rat|rat0|rat\+%26\+co)(?=&|$)")


def replayed(name):
    return name not in LEFT_OUT


@pytest.fixture(
    params=[trace for trace in TRACES if replayed(trace["name"])], ids=lambda trace: trace["name"]
)
def trace(request):
    return request.param


@pytest.fixture
def ask(trace, world):
    with BrainstemServer(world, paging=trace["paging"], sessions=45) as server:
        yield Asker(server)


class Ours:
    """The ids of our own records in place of those that were recorded."""

    def __init__(self, ask: Asker) -> None:
        self.ask = ask
        headers = {"Authorization": f"Bearer {ask.server.tokens['administrator']}"}
        listed = requests.get(f"{ask.server.url}/api/private/stem/session/", headers=headers, timeout=10)
        named = [row for row in listed.json()["sessions"] if NAME in row["name"]]
        # One with files, of the project that the others are of too.
        self.session = next(row for row in named if len(row["dataacquisition"]) > 0 and row["projects"])
        self.other = next(row for row in named if row["id"] != self.session["id"])
        self.device_code = ""

    def __call__(self, text: str) -> str:
        text = NAMES.sub(
            NAME, PROJECT.sub(self.session["projects"][0], SESSION.sub(self.session["id"], text))
        )
        text = text.replace("Rat01_day1", self.other["name"]).replace("dc-0001", self.device_code)
        text = text.replace("gte%7D=2024-05-01", "gte%7D=2018-05-01")
        return APPROVAL.sub(lambda _: self._request(), text)

    def _request(self) -> str:
        strain = self.ask.body("private/taxonomies/strain/")["strains"][0]
        told = {"name": "asked for", "species": strain["species"]}
        return self.ask("POST", "private/taxonomies/strain/", told).json()["strain_approval"]["id"]


def assert_alike(ours: Any, recorded: Any, where: str = "") -> None:
    if ours is None or recorded is None:
        return
    if isinstance(recorded, dict):
        assert isinstance(ours, dict), where
        assert recorded.keys() - ours.keys() <= MAY_BE_MISSING, where
        for key in recorded.keys() & ours.keys() - DEPEND_ON_DATA:
            assert_alike(ours[key], recorded[key], f"{where}.{key}")
    elif isinstance(recorded, list):
        assert isinstance(ours, list), where
        for one, other in zip(ours[:1], recorded[:1], strict=False):
            assert_alike(one, other, f"{where}[]")
    else:
        assert type(ours) is type(recorded), where


def test_answers_are_those_that_were_recorded(trace, ask):
    ours = Ours(ask)
    for method, address, told, status, recorded in trace["requests"]:
        body = json.loads(ours(json.dumps(told, ensure_ascii=False)))
        own_address = ours(address).removeprefix("/api/")
        if FAULTY.match(trace["name"]):
            ask.server.fail(Fault(status, recorded))
        answer = ask(method, own_address, body)
        assert answer.status_code == status, (address, answer.text)
        if "html" in answer.headers["Content-Type"] or not answer.content:
            assert answer.text == (recorded or "")
            continue
        if "device_code" in answer.text:
            ours.device_code = answer.json()["device_code"]
        if status < 400 and trace["name"] not in KEYS_MADE_UP:
            assert [key for key in answer.json() if key in recorded] == list(recorded)
            assert_alike(answer.json(), recorded, address)
        elif status >= 400:
            found = answer.json()
            more = found.keys() - recorded.keys() if isinstance(found, dict) else set()
            assert more <= MORE_FAULTS
            assert (found if not more else {key: found[key] for key in recorded}) == recorded


def test_every_trace_is_replayed_or_said_not_to_be():
    assert set(LEFT_OUT) < {trace["name"] for trace in TRACES}
    assert all(trace["requests"] for trace in TRACES if replayed(trace["name"]))
    assert {trace["name"] for trace in TRACES} > KEYS_MADE_UP
