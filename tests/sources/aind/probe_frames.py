"""Frames of the probes of some records."""

from __future__ import annotations

from sessionframes.sources.aind.groups import ProbesPage, grouped
from sessionframes.sources.aind.probes import probes
from sessionframes.sources.aind.tables import AindProbes
from sessionframes.tables.convert import to_frame
from sessionframes.tables.validation import validate
from tests.sources.aind.examples import NAME, ZONE, record

COLUMNS = tuple(AindProbes.arrow_schema().names)
PROBE = f"{NAME}:0:Probe A"


def frame_of(*records):
    table = probes(AindProbes, ProbesPage(grouped(records), COLUMNS, ZONE))
    return validate(to_frame(table, AindProbes), AindProbes)


def with_modules(*modules, **changes):
    return record(session__data_streams__0__ephys_modules=list(modules), **changes)


def row_of(*records):
    frame = frame_of(*records)
    assert len(frame) == 1
    return frame.iloc[0]
