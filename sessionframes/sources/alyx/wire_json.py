"""What Python, NumPy and pandas have, as Alyx takes it in the body of a request."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

import numpy as np
import pandas as pd

from sessionframes.config import nearest
from sessionframes.query.literals import checked_text
from sessionframes.sources.alyx.endpoints import ENUMS

if TYPE_CHECKING:
    from sessionframes.sources.alyx.endpoints import FieldOf

__all__ = ["NotTakenError", "label", "plain", "uuid_text"]

#: Deeper JSON is refused, as filters refuse it.
_DEEPEST = 50


class NotTakenError(ValueError):
    """A value is not what a field takes; the text tells what that is, as in "a whole number"."""


def plain(value: Any, depth: int = 0) -> Any:
    """Return a value as JSON has it: ids and moments as text, a moment with its zone where it has one.

    Parameters
    ----------
    value : object
        None, flags, numbers, text, ids, dates and moments; lists, arrays and dicts of these.
    depth : int
        How deep within another value it was found.

    Raises
    ------
    NotTakenError
        JSON has nothing for it.
    """
    if isinstance(value, np.datetime64):
        value = pd.Timestamp(value)
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or value is pd.NA or value is pd.NaT:
        return None
    if depth < _DEEPEST:
        if isinstance(value, Mapping) and all(isinstance(key, str) for key in value):
            return {checked_text(key, "text"): plain(item, depth + 1) for key, item in value.items()}
        if isinstance(value, list | tuple | set | np.ndarray | pd.Series | pd.Index):
            return [plain(item, depth + 1) for item in value]
    return _scalar(value)


def _scalar(value: Any) -> Any:
    if isinstance(value, str):
        return checked_text(value, "text")
    if isinstance(value, bool | int) or (isinstance(value, float) and math.isfinite(value)):
        return value
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    message = "JSON: text, finite numbers, flags, null, moments, lists, and objects with text for keys"
    raise NotTakenError(message)


def label(field: FieldOf | str, value: Any) -> str:
    """Return the label of an enumeration as the server writes it: capitals matter to it, not to us.

    Parameters
    ----------
    field : FieldOf or str
        Which enumeration: its name, or a field of that type.
    value : object
        The label.

    Raises
    ------
    NotTakenError
        There is no such label.

    Examples
    --------
    >>> label("status", "waiting"), label("qc", "Pass")
    ('Waiting', 'PASS')
    """
    labels = ENUMS[field if isinstance(field, str) else field.wire]
    by_fold = {one.casefold(): one for one in labels}
    found = by_fold.get(value.casefold()) if isinstance(value, str) else None
    if found is None:
        hint = nearest(value, labels) if isinstance(value, str) else ""
        message = f"one of {', '.join(labels)}. {hint if hint.startswith('Did') else ''}".strip()
        raise NotTakenError(message.removesuffix("."))
    return found


def uuid_text(value: Any) -> str:
    """Return an id in the form that the server has it in; in others it answers with a page.

    Parameters
    ----------
    value : object
        A UUID, its text in any usual form, or an address that ends in it.

    Raises
    ------
    NotTakenError
        It is none.

    Examples
    --------
    >>> uuid_text("http://host/tasks/77B1BCA7-5CC3-4273-A8E4-39BAE7AFFF5B")
    '77b1bca7-5cc3-4273-a8e4-39bae7afff5b'
    """
    text = str(value).strip().rstrip("/").rpartition("/")[2] if isinstance(value, str | UUID) else ""
    try:
        return str(UUID(text))
    except ValueError:
        message = "an id (a UUID)"
        raise NotTakenError(message) from None
