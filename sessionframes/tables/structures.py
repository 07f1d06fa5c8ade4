"""Structures: the brain regions of an atlas, each but the outermost a part of another."""

from __future__ import annotations

from sessionframes.tables.base import Table
from sessionframes.tables.kinds import Key, MaybeCount, Text, column, key


class Structures(Table, name="structures"):
    """One row per brain region, ordered by its id."""

    structure_id: Key = key("Id of the brain region: that of the Allen atlas, negative for its mirror image.")
    structure_acronym: Text = column("Allen acronym of the brain region.", null="it has none")
    structure_name: Text = column("Name of the brain region.", null="it has none")
    parent_structure_id: MaybeCount = column(
        "Id of the brain region that it is a part of.", null="it is part of none"
    )
