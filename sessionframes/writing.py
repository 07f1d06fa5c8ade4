"""Writing to a source, frame first: checked as a whole, then sent record by record, and told row by row."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import UUID

import numpy as np
import pandas as pd

from sessionframes.changes import DONE, Outcome, Row
from sessionframes.config import nearest
from sessionframes.errors import QueryError, SessionFramesError, TableNotProvidedError
from sessionframes.query.ids import listed_ids
from sessionframes.query.shown import shown
from sessionframes.tables.validation import level_of_user
from sessionframes.written import planned, refused, result_of, unconfirmed

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sessionframes.changes import Change
    from sessionframes.connection import Connection
    from sessionframes.source import Source, Write

#: What is sent sooner shows no progress (s).
_PROGRESS_AFTER = 2.0
_LOOK_FIRST = (
    "look what is there before you do the rest, since new rows without a unique name would be made twice"
)
_FRAMES = "Give a frame, a dict for one row, or a list of dicts."


class UnwrittenRowsWarning(UserWarning):
    """Rows were not written, though others were.

    Attributes
    ----------
    result : pandas.DataFrame
        What came of every row, as :meth:`WritingCalls.save` returns it.
    """

    def __init__(self, message: str, result: pd.DataFrame) -> None:
        # Both in args, so that the warning survives pickling between processes.
        super().__init__(message, result)
        self.result = result

    def __str__(self) -> str:
        return str(self.args[0])


class WritingCalls:
    """The calls of an open source that change what it has."""

    @property
    def source(self) -> Source:
        """What this source declares."""
        raise NotImplementedError

    def write(self, table: str) -> Write:
        """Return how a table is written.

        Raises
        ------
        sessionframes.errors.TableNotProvidedError
            The source has no such table, or it is read-only.
        """
        source = self.source
        if isinstance(table, str) and table in source.writes:
            return source.writes[table]
        if not source.writes:
            message = "this source is read-only."
            raise TableNotProvidedError(message, source=source.name)
        message = f"{shown(table)} cannot be written."
        is_name = isinstance(table, str)
        hint = nearest(table, source.writes) if is_name else "Say the name of the table first."
        raise TableNotProvidedError(message, source=source.name, hint=hint)

    def save(
        self,
        table: str,
        data: pd.DataFrame | Mapping[str, Any] | Sequence[Mapping[str, Any]],
        *,
        dry_run: bool = False,
        progress: bool = True,
    ) -> pd.DataFrame:
        """Create records, and change those that are there, one for each row.

        A row without an id is created, one with an id is changed: only what differs from what the source has
        now is sent. So a frame puts back what it holds, also where somebody has changed it since it was got:
        save the columns that you edited, as in ``frame[["description"]]``. All rows are checked first, and
        nothing is sent while there is a fault. A row that fails on the way does not keep the others from
        being sent; the same call again does what is left, and makes nothing twice, where the table has a name
        that is unique. Where it has none, rows without an id are made again by every call, and so are
        requests for what somebody has to accept: those that are open cannot be seen. After Ctrl-C the
        ``result`` of the :exc:`KeyboardInterrupt` tells what was done.

        Parameters
        ----------
        table : str
            Its name.
        data : pandas.DataFrame, dict, or list of dict
            By our names of columns, or by the source's of fields. The id is the index or a column of a frame,
            and "id" in a dict. A frame from a ``get_*`` call is fine as it is: columns of the table that are
            not of the record itself may stay, unchanged; those of other tables may not. Columns that tell of
            one field, as start_time and date_time do, must agree: drop the one that is out of date. A null in
            a frame says nothing: the field stays as it is. To empty a field say None in a dict, or an empty
            text or list; in a new row these are sent, and None is not.
        dry_run : bool
            Only tell what would be done; nothing is sent but questions.
        progress : bool
            Show progress when it takes longer than 2 s.

        Returns
        -------
        pandas.DataFrame
            One row each, in the order given and with its index: ``id`` of the record; ``action``: created,
            changed, left (there was nothing to change), requested (somebody has to accept it), failed,
            unknown (the answer was lost) or not sent (the source was gone, or refused us); ``status`` of the
            answer; ``error`` in the source's words; ``note``, such as what the source made of a value. With
            `dry_run` one row for each field: ``action`` (create, change, leave), ``id``, ``field``, ``old``,
            ``new`` (as JSON) and ``note``.

        Warns
        -----
        UnwrittenRowsWarning
            Not all rows were written.

        Raises
        ------
        sessionframes.errors.FrameValidationError
            Rows that the source would refuse; ``failures`` lists all faults. Nothing was sent.
        sessionframes.errors.QueryError
            Something else than rows, or a connection that cannot write. Nothing was sent.
        sessionframes.errors.TableNotProvidedError
            The source has no such table, or it is read-only.
        sessionframes.errors.SourceError
            The source could not be asked what it has now. Nothing was sent.
        """
        write = self.write(table)
        rows, index = _rows(data, write)
        if not rows:
            return planned([], index) if dry_run else result_of([], index)
        changes, faults = write.plan(_as_connection(self), rows)
        if faults:
            raise refused(faults, index, source=self.source.name, table=table)
        if dry_run:
            return planned(changes, index)
        tasks = [partial(_sent, self, write, change) for change in changes]
        return self._done(tasks, index, table, progress=progress)

    def delete(self, table: str, ids: Any, *, confirm: bool = False, progress: bool = True) -> pd.DataFrame:
        """Delete records, for good, and maybe what hangs on them: that is for the source to say.

        Parameters
        ----------
        table : str
            Its name.
        ids : ids
            Of the records, in any form that ids may have in ``get_*`` calls.
        confirm : bool
            Without it nothing is deleted: the error tells what would be.
        progress : bool
            Show progress when it takes longer than 2 s.

        Returns
        -------
        pandas.DataFrame
            One row each, in the order given, as of :meth:`save`; ``action`` is deleted, gone already (none of
            that id is there, or yours to see), failed, unknown or not sent.

        Warns
        -----
        UnwrittenRowsWarning
            Not all of them were deleted.

        Raises
        ------
        sessionframes.errors.QueryError
            It is not confirmed, or these are no ids. Nothing was sent.
        sessionframes.errors.TableNotProvidedError
            The source has no such table, or it is read-only.
        """
        write = self.write(table)
        _check_ids(ids, write.key)
        given = listed_ids(ids, write.key, kind="str")
        if given is None:
            message = "no ids are given."
            raise QueryError(message, table=table, hint="Nothing is deleted without saying what.")
        wanted = list(dict.fromkeys(map(write.identify, given)))
        index = pd.RangeIndex(len(wanted))
        if wanted and confirm is not True:
            raise unconfirmed(write.find(_as_connection(self), wanted), wanted, table)
        tasks = [partial(write.remove, _as_connection(self), one) for one in wanted]
        return self._done(tasks, index, table, progress=progress)

    def _done(
        self, tasks: Sequence[Callable[[], Outcome]], index: pd.Index[Any], table: str, *, progress: bool
    ) -> pd.DataFrame:
        """Do one after the other, and return what came of each; warn if that is not what was wanted."""
        outcomes = _each(tasks, index, table, progress=progress)
        result = result_of(outcomes, index)
        undone = [outcome for outcome in outcomes if outcome.action not in DONE]
        if undone:
            words = next((outcome.error for outcome in undone if outcome.error), "")
            first = f", the first: {words.rstrip('.')}" if words else ""
            message = f"{self.source.name}.{table}: {len(undone)} of {len(outcomes)} rows were not written"
            warnings.warn(UnwrittenRowsWarning(f"{message}{first}.", result), stacklevel=level_of_user())
        return result


def _as_connection(calls: Any) -> Connection:
    connection: Connection = calls
    return connection


def _sent(calls: Any, write: Write, change: Change) -> Outcome:
    if change.step == "leave":
        return Outcome("left", change.id, note=change.note)
    outcome = write.send(_as_connection(calls), change)
    if outcome.action not in DONE:
        return outcome
    return replace(outcome, note="; ".join(filter(None, (outcome.note, change.note))) or None)


def _each(
    tasks: Sequence[Callable[[], Outcome]], index: pd.Index[Any], table: str, *, progress: bool
) -> list[Outcome]:
    from tqdm.auto import tqdm

    outcomes: list[Outcome] = []
    count = len(index)
    with tqdm(total=count, desc=table, unit=" rows", delay=_PROGRESS_AFTER, disable=not progress) as bar:
        try:
            for task in tasks:
                if outcomes and outcomes[-1].is_last:
                    break
                outcomes.append(_outcome(task))
                bar.update()
        except KeyboardInterrupt as interrupt:
            done = sum(outcome.action in DONE for outcome in outcomes)
            told = f"{done} of {count} rows of {table} were done, one may be on its way"
            interrupt.add_note(f"{told}: {_LOOK_FIRST}; this error's result tells which are done.")
            vars(interrupt)["result"] = result_of(_filled_up(outcomes, count), index)
            raise
    return _filled_up(outcomes, count)


def _filled_up(outcomes: Sequence[Outcome], count: int) -> list[Outcome]:
    return [*outcomes, *(Outcome("not sent") for _ in range(count - len(outcomes)))]


def _outcome(task: Callable[[], Outcome]) -> Outcome:
    try:
        return task()
    except SessionFramesError as error:
        # What was done before must be told, whatever goes wrong now.
        return Outcome("unknown", error=str(error), is_last=True)


def _check_ids(ids: Any, key: str) -> None:
    """Refuse what :meth:`WritingCalls.save` returned: whoever gives that means its column of ids."""
    is_result = isinstance(ids, pd.DataFrame) and ids.columns[:2].tolist() == ["id", "action"]
    if is_result and key not in (ids.index.name, *ids.columns):
        message = f"this is what save() or delete() returned, and carries no {key}."
        raise QueryError(message, column=key, hint='Give its ids, those that it has: made["id"].dropna().')
    nulls = len(ids) - len(ids.dropna()) if isinstance(ids, pd.Series | pd.Index) else 0
    if nulls:
        message = f"{nulls} of the {len(ids)} ids are null."
        raise QueryError(message, column=key, hint="Say .dropna() if those are rows that were not written.")


def _rows(data: Any, write: Write) -> tuple[list[Row], pd.Index[Any]]:
    """Return what was given, row by row, and the index that the result is to have."""
    key = write.key
    if isinstance(data, pd.DataFrame):
        _check_index(data, write)
        return _from_frame(data, key), data.index
    listed = [data] if isinstance(data, Mapping) else data
    if not isinstance(listed, list | tuple) or not all(isinstance(row, Mapping) for row in listed):
        hint = "Write frame.loc[[id]] for one row of a frame." if isinstance(data, pd.Series) else _FRAMES
        message = f"{shown(data)} is a {type(data).__name__}, no rows."
        raise QueryError(message, hint=hint)
    rows = [_row(number, given, key, null=_is_missing) for number, given in enumerate(listed)]
    return rows, pd.RangeIndex(len(rows))


def _check_index(frame: pd.DataFrame, write: Write) -> None:
    """Refuse an index of ids that has lost its name, or is another's: its rows would be made anew."""
    index, key = frame.index, write.key
    if index.nlevels > 1 or index.name in (key, "id") or key in frame.columns or "id" in frame.columns:
        return
    like_ids = next(
        (label for label in index if isinstance(label, str | UUID) and _is_id(label, write)), None
    )
    if like_ids is None:
        return
    whose = "has no name" if index.name is None else f"is called {shown(index.name)}"
    message = f"the index holds ids, such as {shown(str(like_ids))}, but {whose}: is it {key}?"
    hint = f"Say rename_axis({key!r}) if it is; for new rows say reset_index(drop=True)."
    raise QueryError(message, column=key, hint=hint)


def _is_id(label: str | UUID, write: Write) -> bool:
    try:
        write.identify(str(label))
    except QueryError:
        return False
    return True


def _from_frame(frame: pd.DataFrame, key: str) -> list[Row]:
    if not frame.columns.is_unique or frame.index.nlevels > 1:
        message = "the frame has several columns of one name, or an index of several levels."
        raise QueryError(message, hint="Rename or drop some, or say reset_index().")
    if frame.index.name in (key, "id") and (key in frame.columns or "id" in frame.columns):
        message = f"the frame carries {key} as its index and as a column."
        raise QueryError(message, column=key, hint="Drop one of them.")
    columns = {name: frame[name].tolist() for name in frame.columns}
    if frame.index.name in (key, "id"):
        columns[key] = frame.index.tolist()
    return [
        _row(number, {name: values[number] for name, values in columns.items()}, key, null=_is_null)
        for number in range(len(frame))
    ]


def _row(number: int, given: Mapping[Any, Any], key: str, *, null: Callable[[Any], bool]) -> Row:
    ids = [given[name] for name in dict.fromkeys((key, "id")) if name in given and not _is_null(given[name])]
    if len({str(one) for one in ids}) > 1:
        message = f"row {number} has two ids: {key} and id."
        raise QueryError(message, column=key, hint="Give one of them.")
    # A frame may have any names; to messages and rules they are text.
    values = {str(name): value for name, value in given.items() if name not in (key, "id")}
    unsaid = frozenset(name for name, value in values.items() if null(value))
    said = {name: value for name, value in values.items() if name not in unsaid}
    return Row(number, ids[0] if ids else None, said, unsaid)


def _is_null(value: Any) -> bool:
    return value is None or _is_missing(value)


def _is_missing(value: Any) -> bool:
    """Tell whether a value is what pandas and NumPy have for nothing; None is not."""
    if isinstance(value, np.datetime64 | np.timedelta64):
        return bool(np.isnat(value))
    is_nan = isinstance(value, float | np.floating) and bool(np.isnan(value))
    return value is pd.NA or value is pd.NaT or is_nan
