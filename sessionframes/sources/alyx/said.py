"""What users say to an endpoint by its own names, as it is sent: checked, because the server is not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

import numpy as np
import pandas as pd

from sessionframes.config import nearest
from sessionframes.errors import QueryError
from sessionframes.query.literals import checked_text
from sessionframes.query.shown import shown
from sessionframes.sources.alyx.encode import NotSaid, encode
from sessionframes.sources.alyx.endpoints import ENDPOINTS, ENUMS
from sessionframes.sources.alyx.wire_json import NotTakenError, label, plain

if TYPE_CHECKING:
    from sessionframes.sources.alyx.schema import Operation, Parameter

__all__ = ["Said", "body_of", "params_of"]

#: Servers give no more rows at a time.
_PAGE = 1000
_SEVERAL = (list, tuple, set, frozenset, np.ndarray, pd.Series, pd.Index)
#: What takes several values; in what takes one, a comma is part of it.
_LISTS = {"texts", "dates"}
_BOUNDS = ("limit", "offset")


@dataclass(frozen=True)
class Said:
    """What is asked of a list.

    Parameters
    ----------
    params : tuple of tuple of str
        Filters that have a name.
    terms : tuple of str
        Conditions of ``django=``.
    limit, offset : int or None
        Of one page; None for all rows.
    """

    params: tuple[tuple[str, str], ...] = ()
    terms: tuple[str, ...] = ()
    limit: int | None = None
    offset: int | None = None


def params_of(endpoint: str, operation: Operation, given: Mapping[str, Any]) -> Said:
    """Return filters as they are sent.

    Parameters
    ----------
    endpoint : str
        Of what.
    operation : Operation
        What may be said to it.
    given : mapping
        By the server's names; None is no filter.

    Raises
    ------
    sessionframes.errors.QueryError
        A name that the server would ignore, or a value that it would misunderstand.
    """
    known = operation.named("query")
    wires = ENDPOINTS[endpoint].filters if endpoint in ENDPOINTS else {}
    params: list[tuple[str, str]] = []
    bounds: dict[str, int] = {}
    terms: tuple[str, ...] = ()
    for name, value in given.items():
        if name not in known:
            message = f"{endpoint} has no filter {name!r}, and the server would ignore it."
            raise QueryError(message, source="alyx", table=endpoint, hint=nearest(name, known))
        if value is None:
            continue
        if name in _BOUNDS:
            bounds[name] = _bound(name, value)
        elif name == "django":
            terms = _django(endpoint, value)
        else:
            params.append((name, _value(endpoint, name, wires.get(name, ""), value)))
    return Said(tuple(params), terms, **bounds)


def body_of(endpoint: str, operation: Operation, data: Any) -> Any:
    """Return a record as it is sent.

    Parameters
    ----------
    endpoint : str
        Of what.
    operation : Operation
        What may be said to it.
    data : mapping, or list of mapping for several channels
        By the server's names.

    Raises
    ------
    sessionframes.errors.QueryError
        A field that the server would ignore, or would empty, or lacks; a value that is no JSON.
    """
    if isinstance(data, list | tuple) and (endpoint, operation.action) == ("channels", "create"):
        return [body_of(endpoint, operation, one) for one in data]
    if not isinstance(data, Mapping):
        message = f"data is {shown(data)}, no record."
        raise QueryError(message, source="alyx", table=endpoint, hint="Give a dict.")
    fields = operation.named("body")
    if operation.is_whole:
        _check_names(endpoint, operation, fields, data)
    return {name: _told(endpoint, name, value) for name, value in data.items()}


def _check_names(
    endpoint: str, operation: Operation, fields: Mapping[str, Parameter], data: Mapping[str, Any]
) -> None:
    writable = {name: one for name, one in fields.items() if not one.read_only}
    for name in data:
        if name in fields and name not in writable:
            message = "the server keeps it by itself, and would ignore what is said of it."
            raise QueryError(message, source="alyx", table=endpoint, column=str(name))
        if name not in fields:
            message = f"{endpoint} has no field {str(name)!r}, and the server would ignore it."
            raise QueryError(message, source="alyx", table=endpoint, hint=nearest(str(name), writable))
    if operation.action == "create":
        lacking = [name for name, one in writable.items() if one.required and name not in data]
        if lacking:
            raise QueryError(f"{', '.join(lacking)}: required.", source="alyx", table=endpoint)
    elif operation.action == "update":
        lacking = [name for name in writable if name not in data]
        if lacking:
            message = f"update replaces the whole record: {', '.join(lacking)} could be emptied."
            hint = "Give them too, or say partial_update."
            raise QueryError(message, source="alyx", table=endpoint, hint=hint)


def _told(endpoint: str, name: Any, value: Any) -> Any:
    field = ENDPOINTS[endpoint].fields.get(name) if endpoint in ENDPOINTS else None
    try:
        if field is not None and field.enum is not None and value is not None:
            return label(field, value)
        return plain(value)
    except NotTakenError as error:
        message = f"{shown(value)} is not {error}."
        raise QueryError(message, source="alyx", table=endpoint, column=str(name)) from None


def _bound(name: str, value: Any) -> int:
    least, most = (1, _PAGE) if name == "limit" else (0, 2**31)
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        message = f"{name} is {shown(value)}."
        hint = (
            f"Give {least} to {most:,}, of one page; without it all rows come, in as many pages as it takes."
        )
        raise QueryError(message, source="alyx", hint=hint)
    return value


def _value(endpoint: str, name: str, wire: str, value: Any) -> str:
    if wire == "pairs":
        return _pairs(endpoint, name, value)
    if isinstance(value, Mapping | pd.DataFrame):
        raise _refused(endpoint, name, value, "Give one value, or several in a list.")
    if isinstance(value, _SEVERAL):
        texts = [_text(endpoint, name, one) for one in value]
        if wire in _LISTS:
            if any("," in one for one in texts):
                hint = "Names with commas cannot be told apart from several; ask by django= for those."
                raise _refused(endpoint, name, value, hint)
        elif len(texts) != 1:
            hint = f"{name} takes one value: ask once for each, or by django={{'...__in': [...]}}."
            raise _refused(endpoint, name, value, hint)
        text = ",".join(texts)
    else:
        text = _text(endpoint, name, value)
    if wire == "dates" and (text.count(",") != 1 or not all(text.split(","))):
        raise _refused(endpoint, name, value, "Give the first and the last date, both included.")
    if wire in ENUMS:
        try:
            return label(wire, text)
        except NotTakenError as error:
            raise _refused(endpoint, name, value, f"It is {error}.") from None
    return text


def _text(endpoint: str, name: str, value: Any) -> str:
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, str):
        return checked_text(value, name)
    if isinstance(value, bool | int | float | UUID):
        return str(value)
    raise _refused(endpoint, name, value, "Give text, a number, a flag, a date or an id.")


def _pairs(endpoint: str, name: str, value: Any) -> str:
    if isinstance(value, Mapping):
        return ",".join(_term(endpoint, key, one) for key, one in value.items())
    if isinstance(value, _SEVERAL) and all(isinstance(one, str) for one in value):
        value = ",".join(value)
    if not isinstance(value, str):
        raise _refused(endpoint, name, value, f'Give a dict, such as {{"{name}_key__gte": 0.5}}.')
    if ";" in value and "," not in value:
        raise _refused(endpoint, name, value, "Pairs are separated by commas; better give a dict.")
    _check_pairs(endpoint, name, value)
    return checked_text(value, name)


def _django(endpoint: str, value: Any) -> tuple[str, ...]:
    if isinstance(value, Mapping):
        return tuple(_term(endpoint, key, one) for key, one in value.items())
    texts = list(value) if isinstance(value, _SEVERAL) else [value]
    for one in texts:
        if not isinstance(one, str):
            raise _refused(endpoint, "django", value, 'Give a dict, such as {"qc__lt": 40}, or text.')
    text = ",".join(texts)
    if not text:
        return ()
    _check_pairs(endpoint, "django", text)
    return (checked_text(text, "django"),)


def _term(endpoint: str, path: Any, value: Any) -> str:
    if not isinstance(path, str) or not path or any(char in path for char in ",()[]"):
        raise _refused(
            endpoint, "django", path, "A key is a path, such as 'session__qc__lt' or '~tasks__status'."
        )
    if isinstance(value, _SEVERAL):
        value = [one.item() if isinstance(one, np.generic) else one for one in value]
    elif isinstance(value, np.generic):
        value = value.item()
    # Half a character cannot be sent, and no database has a NUL, be it escaped.
    for one in (path, *(value if isinstance(value, list) else [value])):
        if isinstance(one, str):
            checked_text(one, "django")
    try:
        return f"{path.strip()},{encode(str(value) if isinstance(value, UUID) else value)}"
    except NotSaid as error:
        raise _refused(endpoint, "django", value, f"This language cannot say it: {error}.") from None


def _check_pairs(endpoint: str, name: str, text: str) -> None:
    """Refuse what the server would split into something else than pairs."""
    count, closing = 1, ""
    for char in text:
        if char in "([":
            closing = ")" if char == "(" else "]"
        elif char == closing:
            closing = ""
        elif char == "," and not closing:
            count += 1
    if closing or count % 2:
        why = "a bracket is not closed" if closing else f"{count} parts are no pairs of a path and a value"
        raise _refused(
            endpoint, name, text, f"In this text {why}; give a dict, whose values may be anything."
        )


def _refused(endpoint: str, name: str, value: Any, hint: str) -> QueryError:
    return QueryError(f"{name} is {shown(value)}.", source="alyx", table=endpoint, column=name, hint=hint)
