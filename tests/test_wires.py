"""The demo world, asked through each of its wires: the same numbers, column by column."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import sessionframes as sf
from sessionframes.errors import TableNotProvidedError
from sessionframes.registry import declared_sources
from sessionframes.tables import core_tables
from sessionframes.tables.united import united_form
from tests.conftest import PRISTINE, at
from tests.wires import WIRES

#: Columns of the core that the world calls otherwise.
NAMES = {"channels": {"probe_channel_number": "local_index"}}
#: What the world tells of each table: the table itself, then what its rows point to, and by which id.
MADE_OF = {
    "sessions": ("sessions", {"subject_id": "subjects"}),
    "probes": ("probes", {}),
    "channels": ("channels", {"structure_id": "structures"}),
    "units": ("units", {}),
    "subjects": ("subjects", {}),
}
#: The world has no projects of its own, and of where data are it knows what LIMS knows.
TOLD = [*MADE_OF, "unit_metrics"]
COLUMNS = [
    (table, column)
    for table, form in core_tables().items()
    if table in TOLD
    for column in form.dtypes()
    if column != form.key_name()
]


def test_every_source_has_a_wire_to_the_demo_world():
    assert set(declared_sources()) == set(WIRES)


#: What stands on a LIMS is asked of each of ours.
ASKED = [(name, lims) for name in sorted(WIRES) for lims in (PRISTINE if WIRES[name].asks_lims else ["ours"])]


@pytest.fixture(scope="session", params=ASKED, ids="-".join)
def asked(request):
    """The name of a wire, and which LIMS it stands on."""
    return request.param


@pytest.fixture(scope="session")
def wire(asked, server_url, tmp_path_factory):
    name, lims = asked
    with WIRES[name].open(at(server_url, lims), tmp_path_factory.mktemp("wire")) as db:
        yield WIRES[name], db


@pytest.fixture(scope="session")
def whole(wire):
    """Each table as a wire tells it, got once."""
    found, db = wire
    frames = {}

    def get(table):
        if table not in frames:
            frame = db.get(table, **found.everything)
            frames[table] = sf.union(wire=frame).droplevel("source").sort_index()
        return frames[table]

    return get


@pytest.fixture(scope="session")
def truth(world, asked, server_url):
    """Each table as the world is, its ids as they are there; of metrics, what another LIMS tells of them."""
    frames = {}
    (other,) = (name for name in PRISTINE if name != asked[1])

    def make(table):
        if table not in MADE_OF:
            # That of the other making, not the one that is asked.
            with sf.connect("lims", url=at(server_url, other)) as db:
                return db.get(table, include_unusable=True)
        own, above = MADE_OF[table]
        rows = getattr(world, own)
        for key, pointed_to in above.items():
            more = getattr(world, pointed_to)
            rows = rows.join(more.select([key, *(set(more.column_names) - set(rows.column_names))]), key)
        names = NAMES.get(table, {})
        rows = rows.rename_columns([names.get(name, name) for name in rows.column_names])
        return as_core(rows, core_tables()[table])

    def get(table):
        if table not in frames:
            frames[table] = make(table)
        return frames[table]

    return get


def as_core(rows: pa.Table, form) -> pd.DataFrame:
    columns = {}
    for name, dtype in form.dtypes().items():
        values = rows.column(name)
        if pa.types.is_date(values.type):
            values = values.cast(pa.timestamp("us", "UTC"))
        values = values.to_pandas()
        columns[name] = pd.array(values, dtype=dtype if dtype is not None else "Int64")
    return pd.DataFrame(columns).set_index(form.key_name())


def told(frame, table, own_id):
    """The truth as a wire would tell it: with its ids."""
    form = united_form(core_tables()[table])
    frame = frame[[name for name in form.dtypes() if name in frame]].copy()
    ids = [name for name, facts in form.facts().items() if facts["parent"]]
    for name in ids:
        frame[name] = pd.array(
            [None if pd.isna(value) else own_id(name, int(value)) for value in frame[name]], dtype="str"
        )
    key = form.key_name()
    frame.index = pd.Index([own_id(key, int(value)) for value in frame.index], dtype="str", name=key)
    return frame.sort_index()


@pytest.mark.parametrize(("table", "column"), COLUMNS)
def test_every_wire_tells_what_the_world_is(wire, whole, truth, table, column):
    found, db = wire
    if table not in db.tables:
        with pytest.raises(TableNotProvidedError):
            db.get(table)
        return
    frame = whole(table)
    if column in found.lacks.get(table, ()):
        assert frame[column].isna().all()
        return
    expected = told(truth(table), table, found.own_id)[column]
    got = frame[column]
    if column in found.otherwise.get(table, ()):
        expected = found.otherwise[table][column](expected)
    if column in found.always.get(table, ()):
        assert got.notna().all()
        assert expected.isna().any()
        got = got.where(expected.notna())
    pd.testing.assert_series_equal(got, expected, check_exact=True)
    assert np.asarray(frame[column].notna()).any() or table == "unit_metrics"


@pytest.mark.parametrize("table", list(core_tables()))
def test_what_a_wire_lacks_is_declared(wire, whole, table):
    found, db = wire
    if table not in db.tables:
        with pytest.raises(TableNotProvidedError):
            db.get(table)
        return
    frame = whole(table)
    empty = {name for name in frame if frame[name].isna().all()}
    if table == "unit_metrics":
        empty &= found.lacks.get(table, frozenset())
    assert empty == found.lacks.get(table, frozenset())
