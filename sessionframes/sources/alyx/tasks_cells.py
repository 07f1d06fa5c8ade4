"""Cells of tasks: when two are the same, and what they are on the wire."""

from __future__ import annotations

import json
import math
import numbers
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from sessionframes.query import json_values
from sessionframes.sources.alyx.wire_json import NotTakenError, label, plain, uuid_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from sessionframes.sources.alyx.endpoints import FieldOf

__all__ = ["is_same_cell", "is_same_wire", "to_wire"]

#: What the database keeps numbers in.
_SMALL = range(-(2**15), 2**15)
#: So many characters the database has room for.
_LONGEST = {"name": 64, "graph": 64, "version": 64, "executable": 128}


def is_same_cell(one: Any, other: Any) -> bool:
    """Tell whether a cell that somebody gives is the one that a frame has.

    Parameters
    ----------
    one : object
        Whatever a frame or a dict may have.
    other : object
        What the table has.
    """
    many = (list, tuple, np.ndarray)
    if isinstance(one, many) or isinstance(other, many):
        return isinstance(one, many) and isinstance(other, many) and list(one) == list(other)
    if _is_null(one) or _is_null(other):
        return _is_null(one) and _is_null(other)
    try:
        return bool(one == other)
    except (TypeError, ValueError):
        return False


def is_same_wire(field: FieldOf, one: Any, other: Any) -> bool:
    """Tell whether two values on the wire mean the same; an empty text is none.

    Parameters
    ----------
    field : FieldOf
        Whose they are.
    one, other : object
        Ours, or the server's.
    """
    if field.wire == "slugs":
        return sorted(one or ()) == sorted(other or ())
    if field.kind == "text" and one in (None, "") and other in (None, ""):
        return True
    return bool(_identity(one) == _identity(other))


def to_wire(field: FieldOf, value: Any) -> Any:
    """Return a value of a task as it is sent.

    Parameters
    ----------
    field : FieldOf
        What it is for.
    value : object
        As the caller gave it; None empties the field.

    Raises
    ------
    NotTakenError
        It is not what the field takes.
    """
    if _is_null(value):
        if field.wire == "slugs":
            return []
        if not field.null:
            message = "something: it cannot be empty"
            raise NotTakenError(message)
        return None
    return _TO_WIRE[field.wire](field, value)


def _text(field: FieldOf, value: Any) -> str:
    found = plain(value) if isinstance(value, str) else None
    longest = _LONGEST.get(field.name)
    if found is None or (longest is not None and len(found) > longest):
        message = "text" if found is None else f"at most {longest} characters"
        raise NotTakenError(message)
    return str(found)


def _whole(_: FieldOf, value: Any) -> int:
    is_number = isinstance(value, numbers.Real) and not isinstance(value, bool | np.timedelta64)
    if not is_number or float(value) not in _SMALL:
        message = f"a whole number from {_SMALL[0]:,} to {_SMALL[-1]:,}"
        raise NotTakenError(message)
    return int(value)


def _number(_: FieldOf, value: Any) -> float:
    if not isinstance(value, numbers.Real) or isinstance(value, bool) or not math.isfinite(value):
        message = "a number"
        raise NotTakenError(message)
    return float(value)


def _json(_: FieldOf, value: Any) -> Any:
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            message = "JSON, as text or as lists and dicts"
            raise NotTakenError(message) from None
    return plain(value)


def _ids(_: FieldOf, value: Any) -> list[str]:
    if not isinstance(value, list | tuple | set | np.ndarray | pd.Series | pd.Index):
        return [uuid_text(value)]
    return list(dict.fromkeys(map(uuid_text, value)))


def _id(_: FieldOf, value: Any) -> str:
    return uuid_text(value)


def _is_null(value: Any) -> bool:
    return value is None or bool(pd.api.types.is_scalar(value) and pd.isna(value))


def _identity(value: Any) -> Any:
    return json_values.identity(json_values.from_python(value))


_TO_WIRE: dict[str, Callable[[FieldOf, Any], Any]] = {
    "text": _text,
    "slug": _text,
    "slugs": _ids,
    "uuid": _id,
    "int": _whole,
    "float": _number,
    "json": _json,
    "status": label,
}
