"""Sessions, probes, channels and units of neurophysiology archives, as validated pandas DataFrames.

>>> import sessionframes as sf
>>> db = sf.connect("demo")
>>> sessions = db.get_sessions(published_at="2020-01-01")
>>> units = db.get_units(session_ids=sessions)
>>> db.close()
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sessionframes import errors, tables
    from sessionframes.connection import Connection
    from sessionframes.frames.describe import describe
    from sessionframes.frames.join import OrphanRowsWarning, join
    from sessionframes.frames.quality import quality_filter
    from sessionframes.frames.summarize import summarize
    from sessionframes.frames.union import LackingColumnsWarning, union
    from sessionframes.origins import Provenance, provenance
    from sessionframes.query.q import Q
    from sessionframes.registry import connect, list_sources
    from sessionframes.sources.aind.session import Session
    from sessionframes.tables.validation import InvalidRowsWarning
    from sessionframes.writing import UnwrittenRowsWarning

__all__ = [
    "Connection",
    "InvalidRowsWarning",
    "LackingColumnsWarning",
    "OrphanRowsWarning",
    "Provenance",
    "Q",
    "Session",
    "UnwrittenRowsWarning",
    "connect",
    "describe",
    "errors",
    "join",
    "list_sources",
    "provenance",
    "quality_filter",
    "summarize",
    "tables",
    "union",
]

# Loaded when first used: pandera alone takes as long to import as pandas.
_HOMES = {
    "Connection": "sessionframes.connection",
    "InvalidRowsWarning": "sessionframes.tables.validation",
    "LackingColumnsWarning": "sessionframes.frames.union",
    "OrphanRowsWarning": "sessionframes.frames.join",
    "Provenance": "sessionframes.origins",
    "Q": "sessionframes.query.q",
    "Session": "sessionframes.sources.aind.session",
    "UnwrittenRowsWarning": "sessionframes.writing",
    "connect": "sessionframes.registry",
    "describe": "sessionframes.frames.describe",
    "join": "sessionframes.frames.join",
    "list_sources": "sessionframes.registry",
    "provenance": "sessionframes.origins",
    "quality_filter": "sessionframes.frames.quality",
    "summarize": "sessionframes.frames.summarize",
    "union": "sessionframes.frames.union",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    if name == "__version__":
        from importlib.metadata import version

        return version("sessionframes")
    if name in __all__:
        return importlib.import_module(f"sessionframes.{name}")
    message = f"module 'sessionframes' has no attribute {name!r}"
    raise AttributeError(message)


def __dir__() -> list[str]:
    return sorted(__all__)
