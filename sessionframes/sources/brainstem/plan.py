"""What is to be done about rows to be written, and all that is wrong with them, before any is sent."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sessionframes.changes import Change, Fault
from sessionframes.query import Q
from sessionframes.sources.brainstem.cells import is_nothing, is_same_cell
from sessionframes.sources.brainstem.columns import origins
from sessionframes.sources.brainstem.rules import (
    BrokenRuleError,
    broken_rule,
    is_bare_date,
    is_empty,
    plain_json,
    to_wire,
    uuid_text,
)
from sessionframes.sources.brainstem.sameness import is_of_that_day, is_same
from sessionframes.sources.brainstem.shapes import as_there
from sessionframes.sources.brainstem.targets import (
    ELSEWHERE,
    NOWHERE,
    Target,
    held,
    not_of_a_new_record,
    targets_of,
    unknown,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sessionframes.changes import Row
    from sessionframes.connection import Connection
    from sessionframes.sources.brainstem.fields import ApiField, Model
    from sessionframes.sources.brainstem.send import Sender
    from sessionframes.transports.rest_request import Record

#: What a second call of the same makes of rows that are new.
_MADE_AGAIN = "no unique name: the same call again makes it again"
_ASKED_AGAIN = "requests that are open cannot be seen: the same call again asks again"


class Planner:
    """Compares rows with what the server has, and with its rules.

    Parameters
    ----------
    db : Connection
        Where the table is read, for columns that other records tell.
    sender : Sender
        What the server is asked by.
    table : str
        The name of the table.
    rows : sequence of Row
        What was given.
    """

    def __init__(self, db: Connection, sender: Sender, table: str, rows: Sequence[Row]) -> None:
        self._db = db
        self._sender = sender
        self._model: Model = sender.model
        self._table = table
        self._rows = rows
        self._key = f"{self._model.name}_id"
        self._faults: list[Fault] = []
        self._faulty: set[tuple[int | None, str]] = set()
        self._ids: dict[int, str] = {}
        self._there: dict[str, Record] = {}
        self._targets: dict[str, Target] = {}

    def plan(self) -> tuple[list[Change], list[Fault]]:
        """Return what is to be done about each row, in their order, and all faults.

        Raises
        ------
        sessionframes.errors.SourceError
            The server could not be asked what it has now.
        """
        self._find_ids()
        self._there = {str(one["id"]): one for one in self._sender.records("id", list(self._ids.values()))}
        for place, key in self._ids.items():
            if key not in self._there:
                self._fault(place, self._key, "the id of a record that is there, and yours to see", key)
        self._find_targets()
        changes = [self._change(row) for row in self._rows]
        self._check_elsewhere()
        changes = self._checked_unique(changes)
        return changes, sorted(self._faults, key=lambda fault: -1 if fault.row is None else fault.row)

    def _fault(self, place: int | None, column: str, check: str, value: Any) -> None:
        self._faults.append(Fault(place, column, check, value))
        self._faulty.add((place, column))

    def _find_ids(self) -> None:
        places: dict[str, int] = {}
        for row in self._rows:
            if row.id is None:
                continue
            try:
                key = uuid_text(row.id)
            except BrokenRuleError as error:
                self._fault(row.position, self._key, str(error), row.id)
                continue
            first = places.setdefault(key, row.position)
            if first != row.position:
                self._fault(row.position, self._key, f"once: row {first} has it too", key)
            self._ids[row.position] = key

    def _find_targets(self) -> None:
        columns = dict.fromkeys(name for row in self._rows for name in (*row.values, *row.unsaid))
        read = self._db.source.reads.get(self._table)
        known = {} if read is None else read.table.facts()
        there = {name for record in self._there.values() for name in record}
        is_new = any(row.id is None for row in self._rows)
        found = targets_of(self._model, columns, known=known, there=there, is_new=is_new)
        wrong = [column for column, target in found.items() if target is None]
        for column, check in unknown(self._model, self._table, wrong, known).items():
            self._fault(None, column, check, column)
        self._targets = {column: target or NOWHERE for column, target in found.items()}

    def _change(self, row: Row) -> Change:
        key = self._ids.get(row.position)
        record = self._there.get(key or "")
        new = self._differing(row, record)
        if row.id is None:
            for field in self._model.fields:
                if field.required and field.name not in new and not self._is_faulty(row, field.name):
                    self._fault(row.position, self._column(row, field.name), "required", None)
            again = None if self._sender.unique else _ASKED_AGAIN if self._sender.approval else _MADE_AGAIN
            return Change("create", None, new, note=_notes(again, self._dates(new)))
        old = {name: held(record or {}, name) for name in new}
        note = _notes(self._note(row, record or {}), self._dates(new))
        return Change("change" if new else "leave", key, new, old, note)

    def _differing(self, row: Row, record: Record | None) -> dict[str, Any]:
        """Return what a row says that the record does not, by field; faults are noted."""
        found: dict[str, tuple[str, Any, bool]] = {}
        for column, value in row.values.items():
            target = self._targets[column]
            if target.field is None:
                continue
            try:
                wire = _wire(target, value, record)
            except BrokenRuleError as error:
                self._fault(row.position, column, str(error), value)
                continue
            if record is None and (value is None or _is_of_the_server(target, wire)):
                # Of what nobody says anything, a new record has enough.
                continue
            there = held(record or {}, target.field)
            is_held = record is not None and is_same(target.rules, wire, there)
            first, other, is_other_held = found.setdefault(target.field, (column, wire, is_held))
            if is_held != is_other_held or not (is_held or is_same(target.rules, wire, other)):
                # Nobody can know which of the two was edited: what the server has is no sign, it may be new.
                check = f"the same as {first}: both are {target.field}, so drop the one that is out of date"
                self._fault(row.position, column, check, value)
            elif not is_held and first == column and target.rules is not None:
                broken = broken_rule(target.rules, wire, there) or _lost_time(target.rules, wire, there)
                if broken is not None:
                    self._fault(row.position, column, broken, value)
        return {
            name: as_there(wire, held(record or {}, name)) if name == "extra_fields" else wire
            for name, (_, wire, is_held) in found.items()
            if not is_held
        }

    def _dates(self, new: Mapping[str, Any]) -> str | None:
        """Tell of moments that are sent without their time."""
        kinds = {field.name: field.kind for field in self._model.fields}
        names = [name for name, value in new.items() if kinds.get(name) == "instant" and is_bare_date(value)]
        if not names:
            return None
        return f"{', '.join(names)}: a date without a time, of which the server makes its own midnight"

    def _is_faulty(self, row: Row, field: str) -> bool:
        names = (name for name, target in self._targets.items() if target.field == field)
        return any((row.position, name) in self._faulty for name in (field, *names))

    def _column(self, row: Row, field: str) -> str:
        """Return by which name a row has a field, or could have."""
        named = [name for name in (*row.values, *row.unsaid) if self._targets[name].field == field]
        return named[0] if named else field

    def _note(self, row: Row, record: Record) -> str | None:
        """Tell of nulls, which say nothing, where the server has something."""
        kept = [name for name in sorted(row.unsaid) if self._is_kept(name, record)]
        if not kept:
            return None
        return f"null says nothing, so this stays: {', '.join(kept)}; to empty it say None in a dict"

    def _is_kept(self, column: str, record: Record) -> bool:
        """Tell whether the server has something where a frame has a null that does not stand for it."""
        there = held(record, self._targets[column].field or "")
        origin = origins(self._model.name).get(column)
        stands_for_it = origin is not None and origin.kind == "sex" and there == "U"
        return not is_empty(there) and not stands_for_it

    def _check_elsewhere(self) -> None:
        """Refuse what other records tell, where it differs from what they tell now."""
        said: dict[int, list[str]] = {}
        for row in self._rows:
            columns = [name for name in row.values if self._targets[name] is ELSEWHERE]
            if row.id is None:
                for name in (name for name in columns if not is_nothing(row.values[name])):
                    check = not_of_a_new_record(self._model, name)
                    self._fault(row.position, name, check, row.values[name])
            elif columns and self._ids.get(row.position) in self._there:
                said[row.position] = columns
        if not said:
            return
        columns = list(dict.fromkeys(name for names in said.values() for name in names))
        ids = [self._ids[place] for place in said]
        where = Q(**{f"{self._key}__in": ids})
        now = self._db.get(self._table, where=where, columns=columns, progress=False)
        cells = {name: dict(zip(now.index, now[name].tolist(), strict=True)) for name in columns}
        for place, names in said.items():
            for name in names:
                value = self._rows[place].values[name]
                if not is_same_cell(value, cells[name].get(self._ids[place])):
                    check = "as it was: it is no field of the record, other records tell it"
                    self._fault(place, name, check, value)

    def _checked_unique(self, changes: Sequence[Change]) -> list[Change]:
        """Return the changes without those that have been made already; refuse names that are taken."""
        unique = self._sender.unique
        if unique is None:
            if self._sender.approval:
                return self._checked_accepted(changes)
            self._check_made_once(changes)
            return list(changes)
        given_up = {
            change.id: place
            for place, change in enumerate(changes)
            if change.id is not None and unique.name in change.new
        }
        named = {
            place: str(change.new[unique.name]).strip()
            for place, change in enumerate(changes)
            if not is_empty(change.new.get(unique.name))
            and not self._is_faulty(self._rows[place], unique.name)
        }
        taken = {
            str(one[unique.name]): one for one in self._sender.records(unique.name, list(named.values()))
        }
        checked, first = list(changes), dict[str, int]()
        for place, name in named.items():
            column = self._column(self._rows[place], unique.name)
            if first.setdefault(name, place) != place:
                self._fault(place, column, f"unique: row {first[name]} has it too", name)
            record = taken.get(name)
            if record is None:
                continue
            key = str(record.get("id"))
            check = f"a name that no record has: {key} has it"
            if key in given_up and given_up[key] != place:
                check = (
                    f"a name that is free: row {given_up[key]} gives it up, so save that row by itself first"
                )
            elif changes[place].step == "create":
                if self._sender.is_made(record, changes[place].new):
                    checked[place] = Change("leave", key, note="it is there already, by this name")
                    continue
                differing = ", ".join(self._sender.differing(record, changes[place].new))
                check += f" and differs in {differing}; give that id to change it"
            self._fault(place, column, check, name)
        return checked

    def _check_made_once(self, changes: Sequence[Change]) -> None:
        """Refuse new rows that are the same, where no name tells them apart: a slip, mostly."""
        first: dict[str, int] = {}
        for place, change in enumerate(changes):
            if change.step != "create" or not change.new:
                continue
            same = first.setdefault(json.dumps(change.new, sort_keys=True), place)
            if same != place:
                check = f"another row: row {same} is the same, and no unique name tells them apart"
                self._fault(place, self._key, check, None)

    def _checked_accepted(self, changes: Sequence[Change]) -> list[Change]:
        """Return the changes without requests for what is there; requests that are open cannot be seen."""
        names = {
            place: str(change.new["name"]).strip()
            for place, change in enumerate(changes)
            if change.step == "create" and not is_empty(change.new.get("name"))
        }
        checked, first = list(changes), dict[str, list[int]]()
        found = self._sender.records("name", list(dict.fromkeys(names.values())))
        for place, name in names.items():
            for record in found:
                if record["name"] == name and not self._sender.differing(record, changes[place].new):
                    key = str(record.get("id"))
                    checked[place] = Change("leave", key, note="it is there already, by this name")
                    break
            else:
                self._check_asked_once(place, first.setdefault(name, []), changes)
        return checked

    def _check_asked_once(self, place: int, others: list[int], changes: Sequence[Change]) -> None:
        """Refuse a second request for the same: somebody would have to reject it. `others` have its name."""
        new = changes[place].new
        for other in others:
            told = changes[other].new
            if not self._sender.differing(told, new) and not self._sender.differing(new, told):
                column = self._column(self._rows[place], "name")
                self._fault(place, column, f"asked for once: row {other} is the same", new["name"])
                break
        others.append(place)


def _wire(target: Target, value: Any, record: Record | None) -> Any:
    """Return a value as it would be sent; the server's own stays as it is, whatever the rules."""
    if record is not None and isinstance(value, str) and value == held(record, target.field or ""):
        return value
    return plain_json(value) if target.rules is None else to_wire(target.rules, value)


def _is_of_the_server(target: Target, wire: Any) -> bool:
    """Tell whether nothing is said of a field that the server keeps by itself."""
    return target.rules is not None and target.rules.read_only and is_empty(wire)


def _lost_time(field: ApiField, wire: Any, there: Any) -> str | None:
    """Return what a date should have been that would take the time from a moment of that day."""
    if field.kind != "instant" or not is_of_that_day(wire, there):
        return None
    return "a moment with its time, as it is now: of a date alone the server would make midnight"


def _notes(*notes: str | None) -> str | None:
    return "; ".join(note for note in notes if note) or None
