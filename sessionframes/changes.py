"""What is written to a source, record by record: what was given, what it would change, what came of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

#: What is to be done about a row.
Step = Literal["create", "change", "leave"]
#: What came of it. "requested": the server filed a request that somebody has to accept. "gone already": there
#: was nothing of that id to delete. "unknown": the answer was lost, and it could not be found out.
Action = Literal[
    "created", "changed", "left", "requested", "deleted", "gone already", "failed", "unknown", "not sent"
]
#: Of these, nothing remains to be done.
DONE = frozenset({"created", "changed", "left", "requested", "deleted", "gone already"})


@dataclass(frozen=True)
class Row:
    """What the caller gave for one record.

    Parameters
    ----------
    position : int
        In what was given, from 0.
    id : object
        Of the record; None for one that is to be created.
    values : mapping
        By column, as given. None, which only a dict can say, empties the field.
    unsaid : frozenset of str
        Columns that are null in a frame, or NaN in a dict: nothing is said of them.
    """

    position: int
    id: Any
    values: Mapping[str, Any]
    unsaid: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Fault:
    """Why something cannot be written; all of them are told before anything is.

    Parameters
    ----------
    row : int or None
        Its position; None if it is about the column as such.
    column : str
        By the name under which it was given.
    check : str
        What it should have been, as in "at most 100 characters".
    value : object
        What it was.
    """

    row: int | None
    column: str
    check: str
    value: Any


@dataclass(frozen=True)
class Change:
    """What is to be done about one row.

    Parameters
    ----------
    step : {"create", "change", "leave"}
        Which.
    id : str or None
        Of the record that is there.
    new : mapping
        What is sent: by the source's field.
    old : mapping
        What those fields hold now.
    note : str, optional
        What the caller may want to know of it.
    """

    step: Step
    id: str | None = None
    new: Mapping[str, Any] = field(default_factory=dict)
    old: Mapping[str, Any] = field(default_factory=dict)
    note: str | None = None


@dataclass(frozen=True)
class Outcome:
    """What came of one row.

    Parameters
    ----------
    action : str
        One of the words of :data:`Action`.
    id : str or None
        Of the record.
    status : int, optional
        Of the last answer.
    error : str, optional
        Why it failed, in the source's words as far as there are any.
    note : str, optional
        What the caller may want to know of it.
    is_last : bool
        The rest would fare no better, and is not sent.
    record : mapping, optional
        As the source has it now, where it told.
    """

    action: Action
    id: str | None = None
    status: int | None = None
    error: str | None = None
    note: str | None = None
    is_last: bool = False
    record: Mapping[str, Any] | None = field(default=None, repr=False)
