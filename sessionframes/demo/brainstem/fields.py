"""The kinds of field that the demo's BrainSTEM has, and what each accepts."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sessionframes.demo.brainstem.moments import NoMomentError, read_day, read_moment, written

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import tzinfo

_NAME_OF_EXTRA = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_ADDRESS = re.compile(r"(?:https?|ftp)://[^\s/?#]+\S*")
_MOMENT_FORMAT = "YYYY-MM-DDThh:mm[:ss[.uuuuuu]][+HH:MM|-HH:MM|Z]"


@dataclass(frozen=True)
class Field:
    """One field of a model.

    Attributes
    ----------
    kind : str
        "text", "choice", "moment", "day", "flag", "whole", "texts", "json", "extra", "addresses" or
        "relation".
    required, unique, read_only : bool
        Must be told when a record is made; no two records have the same; ignored when written.
    longest : int, optional
        Number of characters of a text.
    choices : tuple of str
        What a choice is one of.
    to : str
        Model that a relation leads to.
    many : bool
        Whether a relation is a list.
    back : str
        Of a relation that is kept on the other side: the field there.
    default : Any
        What a new record has if nobody tells.
    """

    kind: str = "text"
    required: bool = False
    unique: bool = False
    read_only: bool = False
    longest: int | None = None
    choices: tuple[str, ...] = ()
    to: str = ""
    many: bool = False
    back: str = ""
    default: Any = None

    @property
    def is_relation(self) -> bool:
        """Whether its values are ids of records."""
        return self.kind == "relation"


class FaultyValueError(ValueError):
    """A value that a field does not accept.

    Parameters
    ----------
    *said : str
        What the server says of it.
    items : dict of str to list of str, optional
        What it says instead of the items of a list, by their position.
    """

    def __init__(self, *said: str, items: dict[str, list[str]] | None = None) -> None:
        super().__init__(" ".join(said))
        self.said: list[str] | dict[str, list[str]] = items if items is not None else list(said)


def read_uuid(value: Any) -> str:
    """Return an id as the server writes it.

    Raises
    ------
    FaultyValueError
        It is none.
    """
    try:
        return str(UUID(value))
    except (ValueError, AttributeError, TypeError):
        raise FaultyValueError(f"“{value}” is not a valid UUID.") from None


def cleaned(field: Field, value: Any, zone: tzinfo) -> Any:
    """Return a value as it is kept; relations are the business of who knows the records.

    Parameters
    ----------
    field : Field
        What it is for.
    value : Any
        As it came.
    zone : tzinfo
        Of moments that come without one.

    Raises
    ------
    FaultyValueError
        The field does not accept it.
    """
    if value is None:
        if field.required or field.kind in ("text", "choice", "flag", "texts"):
            raise FaultyValueError("This field may not be null.")
        return None
    return _CLEANERS[field.kind](field, value, zone)


def _text(field: Field, value: Any, _: tzinfo) -> str:
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise FaultyValueError("Not a valid string.")
    kept = str(value).strip()
    if not kept and field.required:
        raise FaultyValueError("This field may not be blank.")
    if field.longest is not None and len(kept) > field.longest:
        raise FaultyValueError(f"Ensure this field has no more than {field.longest} characters.")
    return kept


def _choice(field: Field, value: Any, _: tzinfo) -> str:
    if value == "" and not field.required:
        return ""
    if not isinstance(value, str) or value not in field.choices:
        raise FaultyValueError(f'"{value}" is not a valid choice.')
    return value


def _moment(_: Field, value: Any, zone: tzinfo) -> str:
    try:
        return written(read_moment(value if isinstance(value, str) else "", zone))
    except NoMomentError:
        words = f"Datetime has wrong format. Use one of these formats instead: {_MOMENT_FORMAT}."
        raise FaultyValueError(words) from None


def _day(_: Field, value: Any, __: tzinfo) -> str:
    try:
        return read_day(value if isinstance(value, str) else "").isoformat()
    except NoMomentError:
        words = "Date has wrong format. Use one of these formats instead: YYYY-MM-DD."
        raise FaultyValueError(words) from None


def _flag(_: Field, value: Any, __: tzinfo) -> bool:
    told = str(value).lower()
    if told not in ("true", "false", "1", "0"):
        raise FaultyValueError("Must be a valid boolean.")
    return told in ("true", "1")


def _whole(_: Field, value: Any, __: tzinfo) -> int:
    try:
        return int(str(value))
    except ValueError:
        raise FaultyValueError("A valid integer is required.") from None


def _texts(_: Field, value: Any, __: tzinfo) -> list[str]:
    _require_list(value)
    faulty = {str(at): ["Not a valid string."] for at, item in enumerate(value) if not isinstance(item, str)}
    if faulty:
        raise FaultyValueError(items=faulty)
    return list(value)


def _json(_: Field, value: Any, __: tzinfo) -> Any:
    return value


def _extra(_: Field, value: Any, __: tzinfo) -> Any:
    pairs = value.items() if isinstance(value, dict) else [_pair(item) for item in _require_list(value)]
    for name, told in pairs:
        if not isinstance(name, str) or not _NAME_OF_EXTRA.fullmatch(name):
            words = "must start with a letter and can only consist of letters, numbers and underscore."
            raise FaultyValueError(f"“{name}” is not a valid name: it {words}")
        if isinstance(told, (dict, list)):
            raise FaultyValueError(f"The value of “{name}” must be a string or a number.")
    return value


def _pair(item: Any) -> tuple[Any, Any]:
    if not isinstance(item, dict) or item.keys() != {"name", "value"}:
        raise FaultyValueError("Each item must have a name and a value.")
    return item["name"], item["value"]


def _addresses(_: Field, value: Any, __: tzinfo) -> Any:
    for item in _require_list(value):
        told = {str(name).lower(): part for name, part in item.items()} if isinstance(item, dict) else {}
        if not {"repository", "url"} <= told.keys():
            raise FaultyValueError("Each item must have a repository and a url.")
        if not _ADDRESS.fullmatch(str(told["url"])):
            raise FaultyValueError("Enter a valid URL.")
    return value


def _require_list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise FaultyValueError(f'Expected a list of items but got type "{type(value).__name__}".')
    return value


_CLEANERS: dict[str, Callable[[Field, Any, tzinfo], Any]] = {
    "text": _text,
    "choice": _choice,
    "moment": _moment,
    "day": _day,
    "flag": _flag,
    "whole": _whole,
    "texts": _texts,
    "json": _json,
    "extra": _extra,
    "addresses": _addresses,
}
