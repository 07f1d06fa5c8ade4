"""How tasks are changed: compared with what the server has, checked as a whole, and sent one by one.

Only what differs is sent, by PATCH, which leaves the rest of a record alone. The same values may be sent
again where an answer was lost: they change nothing then.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from sessionframes.changes import Change, Fault, Outcome
from sessionframes.config import nearest
from sessionframes.errors import AuthenticationError, QueryError, SourceError, SourceUnavailableError
from sessionframes.query.shown import shown
from sessionframes.source import Write
from sessionframes.sources.alyx.endpoints import ENDPOINTS
from sessionframes.sources.alyx.groups import Listed
from sessionframes.sources.alyx.slices import id_parts
from sessionframes.sources.alyx.tasks_cells import is_same_cell, is_same_wire, to_wire
from sessionframes.sources.alyx.wire_json import NotTakenError, uuid_text
from sessionframes.transports.http_errors import StatusError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sessionframes.changes import Row
    from sessionframes.connection import Connection
    from sessionframes.sources.alyx.endpoints import FieldOf
    from sessionframes.sources.alyx.transport import AlyxTransport
    from sessionframes.transports.rest_request import Record

__all__ = ["WRITES"]

_TASKS = ENDPOINTS["tasks"]
_KEY = "task_id"
#: What the server keeps by itself, and ignores when it is sent.
_KEPT = frozenset({"id", "datetime"})
_BY_COLUMN = _TASKS.by_column()
_NOT_FOUND = 404
_WIDEST = 60


class _Planner:
    """Compares rows with the tasks that the server has."""

    def __init__(self, db: Connection, rows: Sequence[Row]) -> None:
        self._db = db
        self._rows = rows
        self._faults: list[Fault] = []
        self._ids = self._found_ids()
        self._there = _records(_transport(db), list(self._ids.values()))
        self._cells = self._flattened()

    def plan(self) -> tuple[list[Change], list[Fault]]:
        for row in self._rows:
            key = self._ids.get(row.position)
            if key is not None and key not in self._there:
                self._fault(row, _KEY, "the id of a task that is there", key)
        self._check_names()
        changes = [self._change(row) for row in self._rows]
        return changes, self._faults

    def _fault(self, row: Row | None, column: str, check: str, value: Any) -> None:
        self._faults.append(Fault(None if row is None else row.position, column, check, value))

    def _found_ids(self) -> dict[int, str]:
        found: dict[int, str] = {}
        first: dict[str, int] = {}
        for row in self._rows:
            if row.id is None:
                check = "there: rest('tasks', 'create', data=...) makes tasks, this changes them"
                self._fault(row, _KEY, check, None)
                continue
            try:
                key = uuid_text(row.id)
            except NotTakenError as error:
                self._fault(row, _KEY, str(error), row.id)
                continue
            if first.setdefault(key, row.position) != row.position:
                self._fault(row, _KEY, f"once: row {first[key]} has it too", key)
            found[row.position] = key
        return found

    def _flattened(self) -> dict[str, dict[str, Any]]:
        """Return the tasks that are there as frames have them, by id."""
        read = self._db.source.reads["tasks"]
        names = tuple(read.table.arrow_schema().names)
        page = Listed(list(self._there.values()), names, _transport(self._db).zone)
        rows = read.flatten(read.table, page).to_pylist()
        return {str(one[_KEY]): one for one in rows}

    def _check_names(self) -> None:
        known = {*self._db.source.reads["tasks"].table.facts(), *_TASKS.fields}
        for name in dict.fromkeys(name for row in self._rows for name in (*row.values, *row.unsaid)):
            if name not in known:
                check = f"a column of tasks, or a field of theirs; {nearest(name, known)}"
                self._fault(None, name, check.rstrip("."), name)

    def _change(self, row: Row) -> Change:
        key = self._ids.get(row.position, "")
        record, cells = self._there.get(key), self._cells.get(key, {})
        if record is None:
            return Change("leave", key or None)
        new: dict[str, Any] = {}
        kept: list[str] = []
        for column, value in row.values.items():
            field = _field(column)
            if column in cells and is_same_cell(value, cells[column]):
                continue
            if field is None:
                if column in cells:
                    self._fault(row, column, "as it was: it is no field of a task", value)
            elif field.name in _KEPT:
                kept.append(column)
            else:
                self._say(row, column, field, value, record, new)
        if new and kept:
            check = (
                "as it was: the task has been changed since it was read, so read it again, or leave this out"
            )
            for column in kept:
                self._fault(row, column, check, row.values[column])
        old = {name: record.get(name) for name in new}
        return Change("change" if new else "leave", key, new, old, _note(row, cells))

    def _say(
        self, row: Row, column: str, field: FieldOf, value: Any, record: Record, new: dict[str, Any]
    ) -> None:
        try:
            wire = to_wire(field, value)
        except NotTakenError as error:
            self._fault(row, column, str(error), value)
            return
        if field.name in new and not is_same_wire(field, wire, new[field.name]):
            self._fault(row, column, f"said once: another column is {field.name} too", value)
        elif not is_same_wire(field, wire, record.get(field.name)):
            new[field.name] = wire


def _plan(db: Connection, rows: Sequence[Row]) -> tuple[Sequence[Change], Sequence[Fault]]:
    return _Planner(db, rows).plan()


def _send(db: Connection, change: Change) -> Outcome:
    transport, key = _transport(db), str(change.id)
    try:
        # Again where it is not known whether it was done: the same values change nothing.
        record = transport.rest.client.retry(
            lambda: transport.change("PATCH", f"tasks/{key}", dict(change.new))
        )
    except SourceUnavailableError as error:
        return Outcome("unknown", key, error=error.message, is_last=True)
    except AuthenticationError as error:
        return Outcome("failed", key, 403, _words(error), is_last=True)
    except SourceError as error:
        return _looked_up(transport, key, change.new, error)
    if not isinstance(record, dict):
        return _looked_up(transport, key, change.new, None)
    return Outcome("changed", key, 200, note=_differences(record, change.new), record=record)


def _looked_up(
    transport: AlyxTransport, key: str, new: Mapping[str, Any], error: SourceError | None
) -> Outcome:
    """Return what came of a change, from what the server has now: its answer was a refusal, or none."""
    status = error.status if isinstance(error, StatusError) else None
    words = "the answer was no record" if error is None else _words(error)
    if status is not None and status < 500:
        return Outcome("failed", key, status, words)
    try:
        record = _records(transport, [key]).get(key)
    except SourceError as other:
        return Outcome("unknown", key, status, f"{words}; and {other.message}", is_last=True)
    if record is not None and not _differing(record, new):
        return Outcome("changed", key, status, note=f"read again, because of: {words}", record=record)
    return Outcome("failed", key, status, words)


def _identify(key: str) -> str:
    try:
        return uuid_text(key)
    except NotTakenError as error:
        message = f"{shown(key)} is not {error}."
        raise QueryError(message, source="alyx", table="tasks", column=_KEY) from None


def _find(db: Connection, ids: Sequence[str]) -> Mapping[str, str]:
    found = _records(_transport(db), ids)
    return {key: str(record.get("name") or key) for key, record in found.items()}


def _remove(db: Connection, key: str) -> Outcome:
    transport = _transport(db)
    try:
        transport.rest.client.retry(lambda: transport.change("DELETE", f"tasks/{key}"))
    except SourceUnavailableError as error:
        return Outcome("unknown", key, error=error.message, is_last=True)
    except AuthenticationError as error:
        return Outcome("failed", key, 403, _words(error), is_last=True)
    except StatusError as error:
        if error.status == _NOT_FOUND:
            return Outcome("gone already", key, error.status)
        return Outcome("failed", key, error.status, _words(error))
    return Outcome("deleted", key, 204)


def _transport(db: Connection) -> AlyxTransport:
    return cast("AlyxTransport", db.transport)


def _records(transport: AlyxTransport, ids: Sequence[str]) -> dict[str, Record]:
    pages = transport.list("tasks", parts=id_parts("id", ids))
    return {str(record["id"]): record for page in pages for record in page}


def _field(column: str) -> FieldOf | None:
    return _BY_COLUMN.get(column) or _TASKS.fields.get(column)


def _note(row: Row, cells: Mapping[str, Any]) -> str | None:
    kept = [name for name in sorted(row.unsaid) if cells.get(name) not in (None, "", [])]
    if not kept:
        return None
    return f"null says nothing, so this stays: {', '.join(kept)}; to empty it say None in a dict"


def _differing(record: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    return [
        name for name, value in new.items() if not is_same_wire(_TASKS.fields[name], value, record.get(name))
    ]


def _differences(record: Mapping[str, Any], new: Mapping[str, Any]) -> str | None:
    told = [f"{name}: the server has {shown(record.get(name))[:_WIDEST]}" for name in _differing(record, new)]
    return "; ".join(told) or None


def _words(error: SourceError) -> str:
    return error.message


#: The tables that are changed.
WRITES: Mapping[str, Write] = {
    "tasks": Write(_KEY, _plan, _send, _identify, _find, _remove),
}
