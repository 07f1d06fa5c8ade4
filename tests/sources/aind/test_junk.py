"""Whatever stands in place of a part of a record or an asset: rows, or an error of ours that names it."""

from __future__ import annotations

import copy

import pytest

from sessionframes.errors import SourceResponseError
from sessionframes.sources.aind.assets import assets
from sessionframes.sources.aind.groups import AssetsPage, ProbesPage, SessionsPage, grouped
from sessionframes.sources.aind.probes import probes
from sessionframes.sources.aind.sessions import sessions
from sessionframes.sources.aind.tables import AindAssets, AindProbes, AindSessions
from tests.sources.aind.examples import ZONE, asset, module, record, record_2, sorted_asset

JUNK = (
    None,
    "",
    "x",
    0,
    5,
    1.5,
    True,
    [],
    {},
    [None],
    ["x"],
    [{}],
    [[]],
    {"a": 1},
    {"name": 5},
    "2024-06-11",
)
_OLDER = module(ephys_probes=[{"name": "Probe A", "other_targeted_structures": []}])
WHOLES = {
    "1": record(),
    "2": record_2(acquisition__acquisition_start_tz="America/Los_Angeles"),
    "older": record(session__data_streams__0__ephys_modules=[_OLDER]),
    "raw": asset(),
    "sorted": sorted_asset(),
}


def _paths(value, above=()):
    yield above
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield from _paths(inner, (*above, key))


def _put(whole, path, junk):
    made = copy.deepcopy(whole)
    holder = made
    for step in path[:-1]:
        holder = holder[step]
    holder[path[-1]] = junk
    return made


def _of_record(told):
    known = grouped([told])
    for model, page, flatten in ((AindSessions, SessionsPage, sessions), (AindProbes, ProbesPage, probes)):
        table = flatten(model, page(known, tuple(model.arrow_schema().names), ZONE))
        assert table.num_rows or flatten is probes


def _of_asset(told):
    page = AssetsPage([told, asset(id="another")], {}, tuple(AindAssets.arrow_schema().names))
    assert assets(AindAssets, page).num_rows == 2
    columns = tuple(AindSessions.arrow_schema().names)
    assert sessions(AindSessions, SessionsPage(grouped([record()], [told]), columns, ZONE)).num_rows


CASES = [
    (name, path)
    for name, whole in WHOLES.items()
    for path in _paths(whole)
    # DocDB and Code Ocean have no row without its id.
    if path not in ((), ("_id",), ("id",))
]


@pytest.mark.parametrize(("name", "path"), CASES, ids=str)
def test_junk_is_rows_or_an_error_of_ours(name, path):
    of_one = _of_asset if name in ("raw", "sorted") else _of_record
    of_one(WHOLES[name])
    refused = [error for junk in JUNK if (error := _error_of(of_one, _put(WHOLES[name], path, junk)))]
    assert all(error.source == "aind" and "record" in str(error) for error in refused)


def _error_of(of_one, told):
    try:
        of_one(told)
    except SourceResponseError as error:
        return error
    return None
