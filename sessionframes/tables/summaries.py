"""What a row may tell of the rows below it: how many there are, and in which structures."""

from __future__ import annotations

from sessionframes.tables.base import Table
from sessionframes.tables.kinds import Count, Key, Texts, column, key

#: The key of the rows that are counted → where a row above tells how many it has; the outermost first.
COUNTS = {"probe_id": "probe_count", "channel_id": "channel_count", "unit_id": "unit_count"}
#: What channels tell, and where a row above them tells all that its channels do.
STRUCTURE, STRUCTURES = "structure_acronym", "structure_acronyms"


class Summaries(Table, name="summaries"):
    """One row per row of any table: no table of its own, but columns that any table above others may have."""

    row_id: Key = key("Id of the row, whatever its table.")
    probe_count: Count = column("How many probes it has, of those that were counted.", between=(0, None))
    channel_count: Count = column("How many channels it has, of those that were counted.", between=(0, None))
    unit_count: Count = column("How many units it has, of those that were counted.", between=(0, None))
    structure_acronyms: Texts = column(
        "Allen acronyms of the brain regions its channels are in, each once, in the order of code points; "
        "none for channels outside the brain or not localised."
    )
