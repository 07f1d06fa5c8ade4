"""Where the columns and further names of a filter are for the server."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, timezone
from typing import TYPE_CHECKING

from sessionframes.errors import QueryError
from sessionframes.sources.alyx.endpoints import ENDPOINTS, ENUMS, OF_TABLE
from sessionframes.sources.alyx.further import Way, way
from sessionframes.sources.alyx.named import NAMED, PREFIX
from sessionframes.sources.alyx.terms import Target

if TYPE_CHECKING:
    from collections.abc import Mapping
    from zoneinfo import ZoneInfo

    from sessionframes.query.where import Condition, Field

#: From each table to those above it.
_UP: Mapping[str, Mapping[str, str]] = {
    "sessions": {"subjects": "subject"},
    "probes": {"sessions": "session", "subjects": "session__subject"},
    "trajectories": {
        "probes": "probe_insertion",
        "sessions": "probe_insertion__session",
        "subjects": "probe_insertion__session__subject",
    },
    "channels": {
        "trajectories": "trajectory_estimate",
        "probes": "trajectory_estimate__probe_insertion",
        "sessions": "trajectory_estimate__probe_insertion__session",
        "subjects": "trajectory_estimate__probe_insertion__session__subject",
        "structures": "brain_region",
    },
    "assets": {"sessions": "session", "subjects": "session__subject"},
    "tasks": {"sessions": "session", "subjects": "session__subject"},
}
#: Columns that frames get from elsewhere, but that the server knows by these paths.
BESIDE: Mapping[str, Mapping[str, str]] = {
    "sessions": {"subject_id": "subject__id"},
    "probes": {"subject_id": "session__subject__id"},
    "trajectories": {"session_id": "probe_insertion__session__id"},
    "channels": {
        "probe_id": "trajectory_estimate__probe_insertion__id",
        "session_id": "trajectory_estimate__probe_insertion__session__id",
        "structure_acronym": "brain_region__acronym",
    },
}
#: Columns where frames show null for something: the region "void".
_LOOSE = {("channels", "structure_id"), ("channels", "structure_acronym")}
#: Columns that are only told by reads, but by no field of theirs.
COMPUTED = {"sessions": {"performance"}}


#: Before names that are paths from the row.
_FAR = "far__"


@dataclass(frozen=True)
class Place:
    """Where a condition looks.

    Parameters
    ----------
    target : Target or None
        For ``django=``; None if it cannot look there.
    far : bool
        Whether no frame shows it, so that only the server can tell.
    dear : bool
        Whether frames show it only at the cost of a read for each row.
    named : str or None
        The named filter that answers it.
    way : Way or None
        For what is far, how it is reached.
    """

    target: Target | None = None
    far: bool = False
    dear: bool = False
    named: str | None = None
    way: Way | None = None


@dataclass
class Places:
    """Where the names of filters on what an endpoint lists are.

    Parameters
    ----------
    endpoint : str
        What is listed.
    table : str
        Whose filter it is.
    zone : tzinfo
        In which the server tells times.
    """

    endpoint: str
    table: str
    zone: ZoneInfo | timezone = UTC
    _known: dict[Field, Place] = field(default_factory=dict)

    def of(self, condition: Condition) -> Place:
        """Return where a condition looks."""
        named = condition.field
        if named not in self._known:
            self._known[named] = self._found(named)
        return self._known[named]

    def _found(self, named: Field) -> Place:
        if named.table != self.table:
            return self._above(named)
        own = ENDPOINTS[self.endpoint]
        if named.name.startswith(_FAR):
            # A field of the row itself, which is not shown here.
            far = named.name.removeprefix(_FAR)
            return Place(self._target(far, shown=False), far=True, way=way(own.model, far))
        if named.name.startswith(PREFIX):
            return Place(far=True, named=NAMED[self.endpoint][named.name].parameter)
        shown = own.by_column().get(named.name)
        if shown is not None:
            path = shown.django if own.django else None
            target = self._target(path, blank=shown.blank, many=shown.wire)
            if target is not None and (self.table, named.name) in _LOOSE:
                target = replace(target, loose=True)
            return Place(target, dear=shown.place == "read")
        if beside := BESIDE.get(self.table, {}).get(named.name):
            target = self._target(beside)
            is_loose = target is not None and (self.table, named.name) in _LOOSE
            return Place(replace(target, loose=True) if target is not None and is_loose else target)
        if "__" not in named.name:
            return Place(dear=named.name in COMPUTED.get(self.table, ()))
        found = way(own.model, named.name)
        if found is None:
            # A column with such a name is shown, and not known to the server.
            return Place()
        return Place(self._target(named.name, shown=False), far=True, way=found)

    def _above(self, named: Field) -> Place:
        up = _UP.get(self.table, {}).get(named.table)
        shown = OF_TABLE[named.table].by_column().get(named.name) if named.table in OF_TABLE else None
        beside = BESIDE.get(named.table, {}).get(named.name)
        path = beside if shown is None else shown.django
        if up is None or path is None:
            return Place()
        blank = shown is not None and shown.blank
        many = "" if shown is None else shown.wire
        return Place(self._target(f"{up}__{path}", blank=blank, many=many))

    def _target(
        self, path: str | None, *, shown: bool = True, blank: bool = False, many: str = ""
    ) -> Target | None:
        found = None if path is None else way(ENDPOINTS[self.endpoint].model, path)
        if found is None or path is None:
            return None
        wire = "slugs" if many == "slugs" and found.wire == "text" else found.wire
        return Target(path, wire, shown, blank, self.zone, ENUMS.get(found.wire))


def untold(condition: Condition, endpoint: str, why: str) -> QueryError:
    """Return what to say of a condition that only the server could tell, and cannot be asked."""
    message = f"Alyx cannot be asked for {condition} of {endpoint}: {why}."
    return QueryError(
        message,
        column=condition.field.name,
        hint="Ask the related table by itself, and give the ids that it returns.",
    )


def column_of(endpoint: str, table: str, path: str) -> str | None:
    """Return the column that holds what ``django=`` has at this path, or None."""
    own = ENDPOINTS[endpoint]
    found = {name: one.django for name, one in own.by_column().items() if one.place == "list"}
    return next((name for name, at in {**found, **BESIDE.get(table, {})}.items() if at == path), None)
