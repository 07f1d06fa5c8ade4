"""From a query to what is asked of AIND: which sessions, which parts of their records, which columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sessionframes.query.where import all_of, conditions, conjuncts
from sessionframes.source import Plan
from sessionframes.sources.aind.asked import (
    AssetsAsked,
    ChannelsAsked,
    ProbesAsked,
    SessionsAsked,
    UnitsAsked,
)
from sessionframes.sources.aind.pushed import pushed

if TYPE_CHECKING:
    from collections.abc import Callable

    from sessionframes.query import Query, Where
    from sessionframes.sources.aind.asked import Asked

#: A switch of every table that is told by DocDB and Code Ocean alike.
ONLY_DOCDB = "only_docdb"


def _first(value: str) -> str:
    return value.partition(":")[0]


#: Ids that begin with another one.
_BEGIN_WITH = {
    "probe_id": ("session_id", _first),
    "channel_id": ("asset_id", _first),
    "unit_id": ("asset_id", _first),
}


def _compiled(asked: Callable[..., Asked]) -> Callable[[Query], Plan]:
    def compiled(query: Query) -> Plan:
        narrow = pushed(query.where, _BEGIN_WITH)
        if narrow.is_impossible:
            return Plan((), query.where, narrowing=narrow.where)
        columns, only_docdb = query.needed(query.where), ONLY_DOCDB in query.switches
        request = asked(narrow, columns, only_docdb, _of_sessions(query.where))
        return Plan((request,), query.where, narrowing=narrow.where)

    return compiled


def _of_sessions(where: Where) -> Where:
    """Return the part of a filter that is about sessions alone."""
    return all_of(
        *(part for part in conjuncts(where) if {one.field.table for one in conditions(part)} == {"sessions"})
    )


sessions = _compiled(SessionsAsked)
probes = _compiled(ProbesAsked)
assets = _compiled(AssetsAsked)
channels = _compiled(ChannelsAsked)
units = _compiled(UnitsAsked)
