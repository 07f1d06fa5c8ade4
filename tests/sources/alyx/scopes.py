"""What filters on Alyx' tables may name."""

from __future__ import annotations

from collections import ChainMap

from sessionframes.query.where import Field
from sessionframes.sources.alyx.endpoints import OF_TABLE
from sessionframes.sources.alyx.further import Further
from sessionframes.sources.alyx.named import named_fields
from sessionframes.sources.alyx.pushed import BESIDE, COMPUTED


def scope(table):
    """The columns of a table that the server knows, and what is beside them."""
    own = OF_TABLE[table]
    columns = {name: Field(name, field.kind, table) for name, field in own.by_column().items()}
    columns |= {name: Field(name, "text", table) for name in BESIDE.get(table, {})}
    columns |= {name: Field(name, "number", table) for name in COMPUTED.get(table, ())}
    return ChainMap(columns, Further(own.name, table, named_fields(own.name, table)))
