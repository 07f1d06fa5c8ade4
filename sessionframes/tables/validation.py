"""Whether a frame is what its table promises, and, if not, which rows are not."""

from __future__ import annotations

import inspect
import os
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
import pandera.errors

from sessionframes.errors import FrameValidationError, QueryError

if TYPE_CHECKING:
    from sessionframes.tables.base import Table

_FAULTS_TOLD = 5
_KEYS_TOLD = 3
_WIDEST = 40
_NOT_NULL = "not null"
_COLUMNS = ("column", "check", "key", "value")
_PACKAGE = f"{Path(__file__).parents[1]}{os.sep}"


OnInvalid = Literal["raise", "report"]


class InvalidRowsWarning(UserWarning):
    """Rows were left out of a frame because they break what its table promises.

    Attributes
    ----------
    failures : pandas.DataFrame
        One row per fault: ``column``, ``check``, ``key`` and ``value``, all text.
    """

    def __init__(self, message: str, failures: pd.DataFrame) -> None:
        # Both in args, so that the warning survives pickling between processes.
        super().__init__(message, failures)
        self.failures = failures

    def __str__(self) -> str:
        return str(self.args[0])


def validate(frame: pd.DataFrame, model: type[Table], *, source: str | None = None) -> pd.DataFrame:
    """Return `frame` itself if it is what the model promises.

    Parameters
    ----------
    frame : pandas.DataFrame
        Its index is the key.
    model : type of Table
        The source's form of the table.
    source : str, optional
        For the message.

    Raises
    ------
    sessionframes.errors.FrameValidationError
        It is not. The message tells the first faults; ``failures`` holds all of them, one row each.
    """
    failures = find_failures(frame, model)
    if failures is None:
        return frame
    raise FrameValidationError(
        told(failures, len(frame)),
        failures=failures,
        source=source,
        table=model.table_name(),
        hint='The rest can be had with on_invalid="report".',
    )


def check_choice(on_invalid: object) -> None:
    """Refuse what is no choice of what to do about invalid rows.

    Raises
    ------
    sessionframes.errors.QueryError
        It is neither "raise" nor "report".
    """
    if on_invalid not in ("raise", "report"):
        message = f"on_invalid is {on_invalid!r}."
        raise QueryError(message, hint="Say 'raise' or 'report'.")


def checked(frame: pd.DataFrame, model: type[Table], on_invalid: OnInvalid, *, source: str) -> pd.DataFrame:
    """Return `frame` itself if it is what the model promises; else raise, or leave the faulty rows out.

    Parameters
    ----------
    frame : pandas.DataFrame
        Its index is the key.
    model : type of Table
        The source's form of the table.
    on_invalid : {"raise", "report"}
        Which of the two; rows are left out with an :class:`InvalidRowsWarning`.
    source : str
        For the message.

    Raises
    ------
    sessionframes.errors.FrameValidationError
        It is not, and rows are not to be left out, or the fault is not one of rows.
    """
    if on_invalid == "raise":
        return validate(frame, model, source=source)
    failures = find_failures(frame, model)
    if failures is None:
        return frame
    kept = without_failures(frame, failures, model)
    # What is wrong with the frame as a whole does not go away with some rows.
    validate(kept, model, source=source)
    where = f"{source}.{model.table_name()}"
    message = f"{where}: {len(frame) - len(kept)} rows left out; {told(failures, len(frame))}"
    warnings.warn(InvalidRowsWarning(message, failures), stacklevel=level_of_user())
    return kept


def level_of_user() -> int:
    """Return how far above who asks the first caller outside of this package is, as `warnings` counts.

    The ``skip_file_prefixes`` of `warnings` would do the same, from Python 3.12 on.
    """
    level, frame = 0, inspect.currentframe()
    while frame is not None and frame.f_code.co_filename.startswith(_PACKAGE):
        level, frame = level + 1, frame.f_back
    return level


def find_failures(frame: pd.DataFrame, model: type[Table]) -> pd.DataFrame | None:
    """Return one row per fault (``column, check, key, value``), or None where there is none."""
    if not frame.columns.is_unique:
        twice = frame.columns[frame.columns.duplicated()].unique()
        return _frame(
            [{"column": name, "check": "one column of this name", "value": "several"} for name in twice]
        )
    faults, without_place = _wrong_dtypes(frame, model)
    if faults["check"].eq(_NOT_NULL).all():
        # Rows with a null that has no place in their dtype are told already; look at the others.
        others = _typed(frame.loc[~without_place], model) if without_place.any() else frame
        try:
            model.validate(others, lazy=True, inplace=True)
        except pandera.errors.SchemaErrors as error:
            faults = pd.concat([faults, _from_pandera(error.failure_cases, others)], ignore_index=True)
    return None if faults.empty else _frame(faults)


def without_failures(frame: pd.DataFrame, failures: pd.DataFrame, model: type[Table]) -> pd.DataFrame:
    """Return the rows of a frame that have no fault, in the model's dtypes."""
    faulty = frame.index.astype("str").isin(failures["key"].dropna()) | frame.index.isna()
    return _typed(frame.loc[~faulty], model)


def _typed(frame: pd.DataFrame, model: type[Table]) -> pd.DataFrame:
    """Give a frame that has lost its misplaced nulls the dtypes that had no room for them."""
    dtypes = {name: dtype for name, dtype in model.dtypes().items() if dtype is not None}
    frame.index = frame.index.astype(dtypes.pop(model.key_name(), frame.index.dtype))
    return frame.astype({name: dtype for name, dtype in dtypes.items() if name in frame.columns})


def _wrong_dtypes(
    frame: pd.DataFrame, model: type[Table]
) -> tuple[pd.DataFrame, np.ndarray[Any, np.dtype[np.bool_]]]:
    """Find what pandera lets pass (object as text) or tells badly (a null in an int64 column).

    Return the faults, and which rows have a null that their dtype has no room for.
    """
    parts = [pd.DataFrame(columns=list(_COLUMNS), dtype="object")]
    without_place = np.zeros(len(frame), dtype=bool)
    for name, wanted in model.dtypes().items():
        values = frame.index if name == model.key_name() else frame.get(name)
        if values is None or wanted is None or values.dtype == wanted:
            continue
        missing = np.asarray(values.isna())
        if missing.any() and not model.facts()[name]["nullable"]:
            fault = {"column": name, "check": _NOT_NULL, "key": frame.index[missing], "value": "null"}
            without_place |= missing
        else:
            alike = str(wanted) == str(values.dtype)
            check, value = f"dtype {wanted}", f"dtype {values.dtype!r}" if alike else f"dtype {values.dtype}"
            fault = {"column": name, "check": check, "key": [None], "value": value}
        parts.append(pd.DataFrame(fault, columns=list(_COLUMNS), dtype="object"))
    return pd.concat(parts, ignore_index=True), without_place


def _from_pandera(cases: pd.DataFrame, frame: pd.DataFrame) -> pd.DataFrame:
    of_index = cases["schema_context"].eq("Index")
    faults = pd.DataFrame(
        {
            "column": cases["column"].where(cases["column"].notna(), frame.index.name),
            "check": cases["check"].map(_check_name),
            "key": cases["index"].where(~of_index, cases["failure_case"]),
            "value": cases["failure_case"],
        }
    )
    return _frame(faults)


def _check_name(check: Any) -> str:
    names = {"not_nullable": _NOT_NULL, "field_uniqueness": "unique"}
    return names.get(str(check), str(check))


def _frame(faults: Any) -> pd.DataFrame:
    return pd.DataFrame(faults, columns=list(_COLUMNS)).reset_index(drop=True).astype("str")


def told(failures: pd.DataFrame, rows: int, *, is_quoted: bool = False) -> str:
    """Return the first few faults as a sentence each; a million faults make no longer message.

    Parameters
    ----------
    failures : pandas.DataFrame
        One row per fault.
    rows : int
        How many there are, faulty or not.
    is_quoted : bool
        Whether the values are as the message is to have them.
    """
    groups = failures.groupby(["column", "check"], sort=False, dropna=False)
    said = []
    for (column, check), group in list(groups)[:_FAULTS_TOLD]:
        first = map(str, group["value"].head(_KEYS_TOLD))
        values = ", ".join(value if is_quoted else repr(value[:_WIDEST]) for value in first)
        keys = ", ".join(group["key"].dropna().head(_KEYS_TOLD))
        if str(check).startswith("dtype "):  # of the column as a whole
            said.append(f"{column} breaks '{check}': {values}")
            continue
        more = ", ..." if len(group) > _KEYS_TOLD else ""
        often = "once" if len(group) == 1 else f"{len(group)} times"
        where = f" (keys {keys}{more})" if keys else ""
        said.append(f"{column} breaks '{check}' {often}: {values}{more}{where}")
    if groups.ngroups > _FAULTS_TOLD:
        said.append(f"and {groups.ngroups - _FAULTS_TOLD} more kinds of fault")
    return f"of {rows} row{'' if rows == 1 else 's'}, " + "; ".join(said) + "."
