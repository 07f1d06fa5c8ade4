"""Exports of what fulfils a filter."""

from __future__ import annotations

import pandas as pd
import pytest

from sessionframes.errors import ExportError, QueryError
from sessionframes.query import Q
from tests.fake_source import connect, fake_transport, sessions
from tests.parquet.exports import WHOLE, export, files, interrupted, manifest, read

ODD = Q(session_type="odd")


def keys(out, table):
    name = {"cells": "cell_id", "sessions": "session_id", "labs": "lab_id"}[table]
    return read(out, table).column(name).to_pylist()


def test_a_filter_holds_for_every_table(tmp_path):
    out = tmp_path / "out"
    export(out, tables=["sessions", "cells"], where=ODD)
    assert keys(out, "sessions") == [20, 40]
    expected = connect().get("cells", where=ODD)
    assert sorted(keys(out, "cells")) == expected.index.tolist() == [1, 3, 6, 8, 11, 13, 16, 18]


@pytest.mark.parametrize("sessions_per_chunk", [1, 2, 100])
def test_what_is_exported_is_what_the_call_returns(tmp_path, sessions_per_chunk):
    where = Q(rate__gt=0.5) & ~Q(session_type="even") & Q(good=True)
    out = export(tmp_path / "out", tables=["cells"], where=where, sessions_per_chunk=sessions_per_chunk)
    frame = pd.read_parquet(out / "cells").sort_index()
    expected = connect().get("cells", where=where)
    assert expected.index.tolist() == [8, 16]
    pd.testing.assert_frame_equal(frame, expected)


def test_the_text_form_does_as_well(tmp_path):
    out = export(tmp_path / "out", tables=["sessions"], where="session_type=odd")
    assert keys(out, "sessions") == [20, 40]


def test_a_dict_holds_a_filter_for_each_table(tmp_path):
    where = {"cells": Q(spikes__gte=15), "labs": Q(floor=1)}
    out = export(tmp_path / "out", where=where)
    assert keys(out, "sessions") == [10, 20, 30, 40, 50]
    assert sorted(keys(out, "cells")) == [15, 16, 17, 18, 19]
    assert keys(out, "labs") == ["north"]
    told = {table: facts["query"] for table, facts in manifest(out)["question"]["tables"].items()}
    assert told == {
        "sessions": "sessions()",
        "cells": "cells(where=spikes__gte=15)",
        "labs": "labs(where=floor=1)",
    }


def test_a_filter_on_sessions_cuts_what_is_below(tmp_path):
    out = export(tmp_path / "out", where={"sessions": ODD, "cells": "spikes__gte=10"})
    assert keys(out, "sessions") == [20, 40]
    assert sorted(keys(out, "cells")) == [11, 13, 16, 18]
    # A lab is of no session.
    assert keys(out, "labs") == ["north", "south"]


@pytest.mark.parametrize(
    "where", [None, {}, {"cells": None}, Q(), {"cells": Q(), "sessions": "()"}], ids=repr
)
def test_a_filter_may_say_nothing(tmp_path, where):
    out = export(tmp_path / "out", where=where)
    assert len(keys(out, "cells")) == 20
    assert manifest(out)["question"] == manifest(export(tmp_path / "plain"))["question"]


def test_what_nothing_fulfils_leaves_empty_tables(tmp_path):
    out = export(tmp_path / "out", tables=["sessions", "cells"], where=Q(session_id__in=[]))
    assert files(out) == [name for name in WHOLE if "labs" not in name]
    assert keys(out, "cells") == keys(out, "sessions") == []


def test_dates_and_subjects_are_filters_too(tmp_path):
    out = export(tmp_path / "out", start_date="2020-01-02", end_date=20200103, subject_id=[0, 1])
    assert keys(out, "sessions") == [20]
    assert sorted(keys(out, "cells")) == [1, 6, 11, 16]
    assert keys(out, "labs") == ["north", "south"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"where": {"cels": Q(rate=1)}}, r"where is about 'cels', which is not exported.*'cells'"),
        ({"where": {"probes": Q()}}, r"where is about 'probes'.*Known: cells, labs, sessions"),
        ({"where": {5: Q()}}, "where is about 5"),
        ({"where": Q(rate__gt=1)}, r"fake\.(labs|sessions)\.rate: there is no column 'rate'"),
        ({"where": {"cells": Q(raet=1)}}, r"fake\.cells\.raet: .*'rate'"),
        ({"where": {"cells": 5}}, r"fake\.cells: where is 5"),
        ({"where": "rate__gt"}, "filter: "),
        ({"where": 5}, "where is 5"),
        ({"columns": ["rate"]}, "whole tables, and takes no 'columns'"),
        ({"columns": []}, "takes no 'columns'"),
        ({"order_by": "rate"}, "takes no 'order_by'"),
        ({"limit": 0}, "takes no 'limit'"),
        ({"where": ODD}, r"fake\.labs\.session_type: there is no column"),
        ({"start_date": "soon"}, "'soon' is no date"),
    ],
    ids=str,
)
def test_a_wrong_filter_is_refused_before_anything_is_sent_or_written(tmp_path, arguments, said):
    transport = fake_transport()
    with pytest.raises(QueryError, match=said):
        export(tmp_path / "out", connect(transport), **arguments)
    assert not transport.sent
    assert not (tmp_path / "out").exists()


def test_a_filter_for_a_table_that_is_not_exported_is_refused(tmp_path):
    with pytest.raises(QueryError, match="where is about 'sessions', which is not exported"):
        export(tmp_path / "out", tables=["cells"], where={"sessions": ODD})


@pytest.mark.parametrize("name", ["columns", "order_by", "limit"])
def test_a_shape_of_none_is_none(tmp_path, name):
    assert files(export(tmp_path / "out", **{name: None})) == WHOLE


def test_an_export_is_gone_on_with_only_by_the_same_filter(tmp_path):
    out = tmp_path / "out"
    where = {"cells": Q(spikes__gt=2) | ODD}
    db = interrupted(out, where=where)
    for other in (
        {"cells": Q(spikes__gt=3) | ODD},
        None,
        {"cells": ~where["cells"]},
        {**where, "sessions": ODD},
    ):
        with pytest.raises(ExportError):
            export(out, db, where=other)
    export(out, db, where={"cells": "spikes__gt=2 | session_type=odd"})
    assert sorted(keys(out, "cells")) == [1, *range(3, 20)]


def test_a_column_of_sessions_filters_cells_without_sessions_being_exported(tmp_path):
    transport = fake_transport(sessions=sessions(3))
    out = export(tmp_path / "out", connect(transport), ["cells"], where=~ODD)
    # Cells of sessions that are not there are of no chunk.
    assert set(read(out).column("session_id").to_pylist()) == {10, 30}
