"""Frames of several places, and ids that were lost on the way: refused, with what to do."""

from __future__ import annotations

import json

import pandas as pd
import pyarrow as pa
import pytest

import sessionframes as sf
from sessionframes.errors import JoinError, QueryError


def test_frames_of_different_places_are_not_joined(lims):
    units, sessions = lims.get_units(limit=5), lims.get_sessions()
    elsewhere = sessions.copy()
    elsewhere.attrs["sessionframes"] = elsewhere.attrs["sessionframes"].replace(
        json.dumps(lims.transport.address), '"postgresql://other"'
    )
    with pytest.raises(
        JoinError, match=r"units are of postgres.*, sessions of postgresql://other: .* by chance"
    ):
        sf.join(units, elsewhere)
    with pytest.raises(JoinError, match="by chance"):
        sf.summarize(elsewhere, units)
    elsewhere.attrs.clear()
    pd.testing.assert_frame_equal(sf.join(units, elsewhere), sf.join(units, sessions))
    with_both = sf.union(here=units, there=units), sf.union(here=sessions, there=sessions)
    assert len(sf.join(*with_both)) == 10


def test_a_snapshot_meets_what_it_was_made_of(lims, tmp_path):
    path = lims.export(tmp_path / "labs", ["units"], progress=False)
    with sf.connect(path) as snapshot:
        joined = sf.join(snapshot.get_units(limit=5), lims.get_channels())
    assert len(joined) == 5


@pytest.mark.parametrize(
    ("frames", "told"),
    [
        (lambda units, others: (units.merge(others[0], left_on="channel_id", right_index=True), others[1]),
         "probe_id_x and probe_id_y are of pandas.merge; join the frames as they were before, by sf.join."),
        (lambda units, others: (units[["snr"]], others[0]),
         "units have no channel_id: get them with columns that name it."),
        (lambda units, others: (units.reset_index(), others[0]), "Say set_index('unit_id')."),
        (lambda units, others: (units.reset_index().set_index("probe_id"), others[1]),
         "The rows look like those of another table: say set_index('unit_id')."),
    ],
)  # fmt: skip
def test_how_ids_were_lost_is_told(lims, frames, told):
    with pytest.raises(JoinError) as caught:
        sf.join(*frames(lims.get_units(limit=50), (lims.get_channels(), lims.get_probes())))
    assert caught.value.hint == told


def test_many_frames_in_one_argument_are_told_apart(lims):
    units = lims.get_units(limit=1)
    with pytest.raises(QueryError, match="Give the frames one by one"):
        sf.join([units, units])
    with pytest.raises(QueryError, match=r"Say \.to_pandas\(\)"):
        sf.join(pa.table({"unit_id": [1]}))


def test_ids_of_a_union_are_not_those_of_one_source(lims):
    both = sf.union(north=lims.get_units(limit=2), south=lims.get_units(limit=2))
    with pytest.raises(QueryError, match=r"several sources\. Give those of one: frame\.loc"):
        lims.get_units(unit_ids=both)
    assert len(lims.get_units(unit_ids=both.loc["north"])) == 2
