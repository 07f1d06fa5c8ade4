"""The rules of the server's fields, known before anything is sent.

What is given becomes what goes over the wire; a value that cannot, or that breaks a rule of its field, is
told by what it should have been.
"""

from __future__ import annotations

import json
import math
import numbers
import re
import uuid
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from sessionframes.errors import QueryError
from sessionframes.query.ids import listed_ids
from sessionframes.query.literals import checked_text
from sessionframes.sources.brainstem.shapes import by_name, in_small_letters, is_pairs

if TYPE_CHECKING:
    from collections.abc import Callable

    from sessionframes.sources.brainstem.fields import ApiField

_EXTRA_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
#: Digits below a microsecond that are not all 0.
_FINE = re.compile(r"[.,]\d{6}0*[1-9]")
_LINK = re.compile(r"(?:https?|ftp)://[^\s/?#]+\S*", re.IGNORECASE)
#: Deeper JSON is refused, as filters refuse it.
_DEEPEST = 50


class BrokenRuleError(ValueError):
    """A value is not what its field takes; the text tells what that is, as in "at most 100 characters"."""


def to_wire(field: ApiField, value: Any) -> Any:
    """Return a value as it is sent.

    Parameters
    ----------
    field : ApiField
        What it is for.
    value : object
        As the caller gave it. None empties the field. An instant with a zone is sent in UTC, a bare date as
        it is; ids come in any form that ``get_*`` takes; JSON and lists as text too, which is how frames and
        files of text have them.

    Raises
    ------
    BrokenRuleError
        It is of a type that the field does not take.
    """
    if value is None:
        return _EMPTY.get(field.kind, _empty_json(field) if field.kind == "json" else None)
    return _TO_WIRE[field.kind](field, value)


def broken_rule(field: ApiField, value: Any, held: Any = None) -> str | None:
    """Return what a value that is to be sent should have been, or None where it is right.

    Parameters
    ----------
    field : ApiField
        What it is for.
    value : object
        Of :func:`to_wire`; one that the server has already needs no look.
    held : object
        What the server has: names of extra fields that stay as they are need no look either.
    """
    if field.read_only:
        return "read-only: the server keeps it by itself"
    if is_empty(value):
        return "required" if field.required else None
    if field.choices and value not in field.choices:
        return f"one of {', '.join(field.choices)}"
    if field.longest is not None and len(value) > field.longest:
        return f"at most {field.longest} characters"
    if field.name == "extra_fields":
        return _extra_rule(value, held)
    return _link_rule(value) if field.name == "download_links" else None


def is_empty(value: Any) -> bool:
    """Tell whether a value on the wire stands for nothing: null, blank text, an empty list or object."""
    if isinstance(value, str):
        return not value.strip()
    return value is None or (isinstance(value, list | dict) and not value)


def is_bare_date(value: Any) -> bool:
    """Tell whether a value on the wire is a day without a time."""
    return isinstance(value, str) and _DAY.fullmatch(value) is not None


def plain_json(value: Any, depth: int = 0) -> Any:
    """Return a value of Python, NumPy or pandas as JSON has it.

    Raises
    ------
    BrokenRuleError
        JSON has nothing for it.
    """
    if depth > _DEEPEST:
        raise BrokenRuleError("JSON that is not nested so deeply")
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or value is pd.NA or isinstance(value, bool | int):
        return None if value is pd.NA else value
    if isinstance(value, str):
        return _text_that_keeps(value)
    if isinstance(value, uuid.UUID):
        return str(value)
    if isinstance(value, float) and math.isfinite(value):
        return value
    if isinstance(value, Mapping) and all(isinstance(key, str) for key in value):
        return {_text_that_keeps(key): plain_json(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple | np.ndarray | pd.Series):
        return [plain_json(item, depth + 1) for item in value]
    raise BrokenRuleError("JSON: text, finite numbers, flags, null, lists, and objects with text for keys")


def _text_that_keeps(value: str) -> str:
    try:
        return checked_text(value, "text")
    except QueryError:
        raise BrokenRuleError("text without NUL and without half characters") from None


def _text(_: ApiField, value: Any) -> str:
    if isinstance(value, numbers.Number) and not isinstance(value, bool):
        # Files of text are read as numbers where they look like it.
        raise BrokenRuleError(
            "text, and not a number: say astype(str), or read_csv(..., dtype={column: str})"
        )
    if not isinstance(value, str):
        raise BrokenRuleError("text")
    return _text_that_keeps(str(value))


def _integer(_: ApiField, value: Any) -> int:
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return int(value)
    if not isinstance(value, numbers.Integral) or isinstance(value, bool | np.timedelta64):
        raise BrokenRuleError("a whole number")
    return int(value)


def _flag(_: ApiField, value: Any) -> bool:
    if not isinstance(value, bool | np.bool_):
        raise BrokenRuleError("True or False")
    return bool(value)


def _instant(_: ApiField, value: Any) -> str:
    # Which midnight a bare date means is for the server to say, as it does when somebody types it there.
    if isinstance(value, str):
        return _from_text(value.strip())
    value = _without_nanoseconds(value)
    if isinstance(value, datetime):
        return _in_utc(value)
    if isinstance(value, date):
        return value.isoformat()
    # A datetime64 has no zone.
    raise BrokenRuleError(_AN_INSTANT)


def _without_nanoseconds(value: Any) -> Any:
    if not isinstance(value, pd.Timestamp):
        return value
    if value.nanosecond:
        raise BrokenRuleError(_MICROSECONDS)
    return value.to_pydatetime()


_MICROSECONDS = "a moment in whole microseconds: finer ones are not kept; say .floor('us')"
_AN_INSTANT = "a moment with its zone, such as 2025-03-14T13:05:00Z or ...+01:00, or a date"


def _from_text(text: str) -> str:
    if _FINE.search(text):
        raise BrokenRuleError(_MICROSECONDS)
    try:
        if _DAY.fullmatch(text):
            return date.fromisoformat(text).isoformat()
        return _in_utc(datetime.fromisoformat(text))
    except ValueError:
        raise BrokenRuleError(_AN_INSTANT) from None


def _in_utc(value: datetime) -> str:
    try:
        if value.utcoffset() is None:
            # The server would take it for a moment in its own zone, whichever that is.
            raise BrokenRuleError(_AN_INSTANT)
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    except OverflowError:
        raise BrokenRuleError(_AN_INSTANT) from None


def _date(_: ApiField, value: Any) -> str:
    if isinstance(value, np.datetime64):
        value = pd.Timestamp(value)
    value = _without_nanoseconds(value)
    if isinstance(value, datetime) and value.time() == time.min:
        value = value.date()
    if isinstance(value, date) and not isinstance(value, datetime):
        return value.isoformat()
    try:
        # A midnight is how frames have a date, and files of text have what frames have.
        is_dated = isinstance(value, str) and _DAY.match(value.strip())
        found = datetime.fromisoformat(value.strip()) if is_dated else None
    except ValueError:
        found = None
    if found is not None and found.time() == time.min and found.utcoffset() in (None, timedelta(0)):
        return found.date().isoformat()
    raise BrokenRuleError("a date, such as 2025-03-14")


def uuid_text(value: Any) -> str:
    """Return an id in the form that the server has it in.

    Raises
    ------
    BrokenRuleError
        It is no UUID.
    """
    text = str(value).strip().lower() if isinstance(value, str | uuid.UUID) else ""
    try:
        # UUID() takes braces, and digits without dashes, too.
        if str(uuid.UUID(text)) == text:
            return text
    except ValueError:
        pass
    raise BrokenRuleError("an id (a UUID)")


def _id(_: ApiField, value: Any) -> str:
    return uuid_text(value)


def _ids(field: ApiField, value: Any) -> list[str]:
    column = f"{field.refers}_id"
    if isinstance(value, str | uuid.UUID):
        # The server refuses one that is not in a list; that it is meant is plain.
        return list(dict.fromkeys(map(uuid_text, _from_list_text(value))))
    try:
        found = listed_ids(value, column, kind="str") or ()
    except QueryError:
        raise BrokenRuleError(f"ids (UUIDs), or a frame with {column}") from None
    return list(dict.fromkeys(map(uuid_text, found)))


def _from_list_text(value: Any) -> list[Any]:
    """Return what a text that holds a JSON list lists, as cells of CSV have it; else the one value."""
    if not isinstance(value, str) or not value.lstrip().startswith("["):
        return [value]
    try:
        found: list[Any] = json.loads(value)
    except (ValueError, RecursionError):
        raise BrokenRuleError(_A_LIST) from None
    return found


_A_LIST = 'a list, or one as JSON text such as ["a", "b"]: of columns that you did not edit, drop those'


def _texts(_: ApiField, value: Any) -> list[str]:
    if isinstance(value, str) and value.lstrip().startswith("["):
        value = _from_list_text(value)
    is_many = isinstance(value, Iterable) and not isinstance(value, str | bytes | Mapping | pd.DataFrame)
    listed = list(value) if is_many else [None]
    if not all(isinstance(item, str) for item in listed):
        raise BrokenRuleError("a list of texts")
    return [_text_that_keeps(str(item)) for item in listed]


def _json(field: ApiField, value: Any) -> Any:
    if isinstance(value, str):
        try:
            value = json.loads(value, object_pairs_hook=_once)
        except BrokenRuleError:
            raise
        except (ValueError, RecursionError):
            raise BrokenRuleError("JSON, as text or as lists and dicts") from None
    found = plain_json(value)
    if field.name == "extra_fields":
        return _extra_fields(found)
    return _links(found) if field.name == "download_links" else found


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise BrokenRuleError("JSON with each name once")
    return found


def _extra_fields(value: Any) -> Any:
    if is_empty(value):
        return {}
    if isinstance(value, dict):
        return value
    pairs: list[Any] = value if isinstance(value, list) else [None]
    if not is_pairs(pairs) or not all(pair.keys() == {"name", "value"} for pair in pairs):
        raise BrokenRuleError('a dict, or a list of {"name": ..., "value": ...}')
    return by_name(pairs)


def _links(value: Any) -> list[Any]:
    listed = [] if is_empty(value) else value
    if not isinstance(listed, list) or not all(isinstance(link, dict) for link in listed):
        raise BrokenRuleError(_A_LINK)
    return [in_small_letters(link) for link in listed]


_A_LINK = 'a list of {"repository": ..., "url": ...}, with http, https or ftp'


def _extra_rule(value: dict[str, Any] | list[Any], held: Any) -> str | None:
    if isinstance(value, list):
        return "a list with each name once"
    there = by_name(held) if is_pairs(held) else held
    there = there if isinstance(there, dict) else {}
    for name, item in value.items():
        # 1 is no True.
        if name in there and (type(item), item) == (type(there[name]), there[name]):
            continue
        if not _EXTRA_NAME.fullmatch(name):
            return f"names of a letter, then letters, digits and underscores, not {name!r}"
        if isinstance(item, bool) or not isinstance(item, str | int | float):
            return f"text or a number for {name!r}"
    return None


def _link_rule(value: list[dict[str, Any]]) -> str | None:
    for link in value:
        is_told = link.keys() == {"repository", "url"} and all(
            isinstance(text, str) for text in link.values()
        )
        if not is_told or not _LINK.fullmatch(link["url"]):
            return _A_LINK
    return None


def _empty_json(field: ApiField) -> Any:
    return {"extra_fields": {}, "download_links": []}.get(field.name)


_EMPTY: dict[str, Any] = {"text": "", "ids": [], "texts": []}
_TO_WIRE: dict[str, Callable[[ApiField, Any], Any]] = {
    "text": _text,
    "integer": _integer,
    "flag": _flag,
    "instant": _instant,
    "date": _date,
    "id": _id,
    "ids": _ids,
    "texts": _texts,
    "json": _json,
}
