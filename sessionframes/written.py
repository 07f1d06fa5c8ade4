"""What people are told of rows that are to be written, or were: faults, plans and results."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pandas as pd

from sessionframes.errors import FrameValidationError, QueryError
from sessionframes.query.shown import shown
from sessionframes.tables.validation import told

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sessionframes.changes import Change, Fault, Outcome

_MOST_NAMED = 10
#: Of a value in a message, in characters.
_WIDEST = 40


def refused(
    faults: Sequence[Fault], index: pd.Index[Any], *, source: str, table: str
) -> FrameValidationError:
    """Return the error that tells all faults.

    Parameters
    ----------
    faults : sequence of Fault
        All there are.
    index : pandas.Index
        Of the rows that were given.
    source, table : str
        Where they were to go.
    """
    failures = pd.DataFrame(
        {
            "row": pd.array([fault.row for fault in faults], dtype="Int64"),
            "column": _texts(_whole(fault.column) for fault in faults),
            "check": _texts(_whole(fault.check) for fault in faults),
            "key": _texts(
                None if fault.row is None else _whole(_label(index, fault.row)) for fault in faults
            ),
            "value": _texts(
                _whole(fault.value if isinstance(fault.value, str) else shown(fault.value))
                for fault in faults
            ),
        }
    )
    quoted = failures.assign(value=[_quoted(fault.value) for fault in faults])
    message = f"nothing was sent: {told(quoted, len(index), is_quoted=True)}"
    hint = "The error's failures list all faults."
    return FrameValidationError(message, failures=failures, source=source, table=table, hint=hint)


def _quoted(value: Any) -> str:
    """Return a value as the message has it: a number is no text that looks like one."""
    if not isinstance(value, str):
        return shown(value)
    text = _whole(value)
    return repr(text) if len(text) <= _WIDEST else f"{text[:_WIDEST]!r}... ({len(value)} characters)"


def _whole(text: str) -> str:
    """Return a text with half characters as Python writes them: a column of text cannot hold them."""
    return text.encode(errors="backslashreplace").decode()


def _label(index: pd.Index[Any], position: int) -> str:
    label = index[position]
    return f"row {position}" if pd.api.types.is_scalar(label) and pd.isna(label) else str(label)


def unconfirmed(found: Mapping[str, str], wanted: Sequence[str], table: str) -> QueryError:
    """Return the error that tells what would be deleted.

    Parameters
    ----------
    found : mapping
        The name of each record that there is, by its id.
    wanted : sequence of str
        The ids that were given.
    table : str
        Whose.
    """
    names = [repr(name) for name in list(found.values())[:_MOST_NAMED]]
    more = f" and {len(found) - _MOST_NAMED} more" if len(found) > _MOST_NAMED else ""
    if not found:
        message = f"none of the {len(wanted)} given is there, or yours to see: nothing would be deleted."
        return QueryError(message, table=table, hint="Are they ids of another table, or of another place?")
    those = f": {', '.join(names)}{more}"
    others = "" if len(found) == len(wanted) else " The others are not there, or not yours to see."
    message = f"{len(found)} of the {len(wanted)} given would be deleted for good{those}.{others}"
    hint = "The source may delete what hangs on them, too. Say confirm=True if that is what you want."
    return QueryError(message, table=table, hint=hint)


def planned(changes: Sequence[Change], index: pd.Index[Any]) -> pd.DataFrame:
    """Return the table of what would be done, one row for each field.

    Parameters
    ----------
    changes : sequence of Change
        One for each row that was given.
    index : pandas.Index
        Of those rows.
    """
    places, lines = [], []
    for place, change in enumerate(changes):
        for name in change.new or (None,):
            old = None if name is None or change.step == "create" else _json(change.old.get(name))
            new = None if name is None else _json(change.new[name])
            lines.append((change.step, change.id, name, old, new, change.note))
            places.append(place)
    names = ("action", "id", "field", "old", "new", "note")
    columns = {name: _texts(line[number] for line in lines) for number, name in enumerate(names)}
    return pd.DataFrame(columns, index=index.take(places))


def result_of(outcomes: Sequence[Outcome], index: pd.Index[Any]) -> pd.DataFrame:
    """Return the table of what was done, one row for each that was given.

    Parameters
    ----------
    outcomes : sequence of Outcome
        What came of each.
    index : pandas.Index
        Of the rows that were given.
    """
    columns: dict[str, Any] = {
        "id": _texts(outcome.id for outcome in outcomes),
        "action": _texts(outcome.action for outcome in outcomes),
        "status": pd.array([outcome.status for outcome in outcomes], dtype="Int64"),
        "error": _texts(outcome.error for outcome in outcomes),
        "note": _texts(outcome.note for outcome in outcomes),
    }
    return pd.DataFrame(columns, index=index)


def _texts(values: Any) -> Any:
    return pd.array(list(values), dtype="str")


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
