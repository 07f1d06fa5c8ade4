"""Channels that only the files of a sorting know: without them, their units would have none."""

from __future__ import annotations

import pandas as pd
import pytest

from sessionframes.errors import QueryError, SourceResponseError
from sessionframes.query import Query
from sessionframes.query.where import EVERY, NONE, Condition, Field, all_of
from sessionframes.source import Plan
from sessionframes.sources.alyx.asked_files import FROM_FILES, FileChannelsAsked, with_files
from sessionframes.sources.alyx.channels import channels
from sessionframes.sources.alyx.tables import AlyxChannels
from sessionframes.sources.alyx.tables_units import AlyxUnits
from sessionframes.sources.alyx.units import units
from sessionframes.sources.alyx.units_asked import UnitsAsked
from sessionframes.tables.convert import to_frame
from sessionframes.tables.validation import validate
from tests.fault_server import FaultServer
from tests.sources.alyx.sorted_files import CHANNELS, PROBE, SESSION, Alyx, npy


@pytest.fixture
def alyx():
    with FaultServer() as server:
        found = Alyx(server)
        yield found
        found.files.close()


def read(alyx):
    columns = tuple(AlyxChannels.dtypes())
    pages = list(FileChannelsAsked(EVERY, columns).pages(alyx))
    frames = [to_frame(channels(AlyxChannels, page), AlyxChannels) for page in pages]
    return validate(pd.concat(frames) if frames else AlyxChannels.empty_frame(), AlyxChannels)


def test_channels_of_a_sorting_come_of_its_files_where_alyx_has_none(alyx):
    alyx.add_sorting()
    found = read(alyx)
    assert found.index.tolist() == [f"{PROBE}:{row}" for row in range(4)]
    assert found["probe_id"].tolist() == [PROBE] * 4
    assert found["session_id"].tolist() == [SESSION] * 4
    assert found["probe_vertical_position"].tolist() == [0.0, 0.0, 20.0, 20.0]
    assert found["structure_id"].tolist() == [pd.NA, 997, 385, 997]
    assert found["structure_acronym"].fillna("-").tolist() == ["-", "-", "VISp", "-"]
    assert found["left_right_ccf_coordinate"].iloc[0] == 5738.0
    assert found["trajectory_provenance"].isna().all()


def test_every_unit_of_such_an_insertion_has_a_channel_there(alyx):
    alyx.add_sorting()
    columns = ("unit_id", "channel_id")
    (page,) = UnitsAsked(EVERY, columns).pages(alyx)
    told = units(AlyxUnits, page)["channel_id"].to_pylist()
    assert {*told} <= {*read(alyx).index}


def test_where_alyx_has_channels_files_are_not_asked_for(alyx):
    alyx.add_sorting()
    alyx.locate()
    assert read(alyx).empty
    assert not alyx.server.requests


def test_files_of_other_lengths_are_refused(alyx):
    alyx.add_sorting({"channels.mlapdv.npy": npy([[1, 2, 3]] * 5)})
    with pytest.raises(SourceResponseError, match=r"mlapdv.*has 5 rows, where there are places of 4"):
        read(alyx)


class TestSwitch:
    OWN = Condition(Field("structure_id", "integer", "channels"), "exact", 385)
    PROBES = Condition(Field("probe_id", "text", "channels", "str"), "in", (PROBE,))
    KEY = Condition(Field("channel_id", "text", "channels", "str"), "in", (f"{PROBE}:3", CHANNELS[0]))
    UUID_ONLY = Condition(Field("channel_id", "text", "channels", "str"), "exact", CHANNELS[0])

    def added(self, *parts, residual=None, switches=(FROM_FILES,)):
        """Return what is asked for beside what Alyx is asked for."""
        where = all_of(*parts)
        query = Query(AlyxChannels, where, frozenset(switches))
        plan = Plan(("the server",), where if residual is None else residual)
        first, *more = with_files(query, plan).requests
        assert first == "the server"
        return more

    def test_without_it_alyx_alone_is_asked(self):
        assert self.added(switches=()) == []

    def test_what_is_about_insertions_narrows_them(self):
        (request,) = self.added(self.OWN, self.PROBES)
        assert request.where == Condition(Field("probe_id", "text", "probes", "str"), "in", (PROBE,))

    def test_the_id_of_a_channel_tells_its_insertion_unless_it_is_alyx_s_own(self):
        (request,) = self.added(self.KEY)
        assert request.where.value == (PROBE,)
        (request,) = self.added(self.UUID_ONLY)
        assert request.where == NONE

    def test_what_only_the_server_can_tell_is_refused(self):
        with pytest.raises(QueryError, match="cannot be told of channels that are in files alone"):
            self.added(self.OWN, residual=EVERY)


def test_no_insertion_is_listed_for_a_filter_that_none_fulfils(alyx):
    assert list(FileChannelsAsked(NONE, ("channel_id",)).pages(alyx)) == []
    assert "datasets" not in alyx.asked
