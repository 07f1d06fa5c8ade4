"""What answers of Alyx are handed over in: records, what is known around them, and which rows are marked."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from zoneinfo import ZoneInfo

    from sessionframes.transports.rest_request import Record

__all__ = ["Listed", "Subjects", "key_of", "keys_of", "nested"]


@dataclass(frozen=True)
class Listed:
    """Some records of one endpoint.

    Parameters
    ----------
    records : list of dict
        As the server showed them; what lists lack is added where a column needs it.
    columns : tuple of str
        The columns that are wanted.
    zone : zoneinfo.ZoneInfo
        Of the server's clock: its times carry no offset.
    around : mapping
        Records of other endpoints that they refer to.
    marks : mapping
        Keys of the rows that fulfil what only the server can tell, by the name of the mark.
    """

    records: list[Record]
    columns: tuple[str, ...]
    zone: ZoneInfo
    around: Mapping[str, Any] = field(default_factory=dict)
    marks: Mapping[str, set[str]] = field(default_factory=dict)


class Subjects:
    """Subjects by the nickname that sessions have of them.

    Parameters
    ----------
    records : iterable of dict
        Of subjects. A nickname is one subject's only within a lab.
    """

    def __init__(self, records: Iterable[Record] = ()) -> None:
        self._named: dict[str, list[Record]] = {}
        for record in records:
            self._named.setdefault(record["nickname"], []).append(record)

    def of(self, nickname: str | None, lab: str | None) -> Record | None:
        """Return the one of that nickname.

        Parameters
        ----------
        nickname : str or None
            As a session has it.
        lab : str or None
            Of the session; decides where two have that nickname.

        Returns
        -------
        dict or None
            None where there is none, or it cannot be told which.
        """
        found = self._named.get(nickname or "", [])
        if len(found) > 1:
            found = [record for record in found if lab is not None and record.get("lab") == lab]
        return found[0] if len(found) == 1 else None


def key_of(value: Any) -> str | None:
    """Return the key that a field of a record holds, bare or at the end of an address.

    Examples
    --------
    >>> key_of("http://host/sessions/d23a44ef"), key_of("d23a44ef"), key_of(7), key_of(None)
    ('d23a44ef', 'd23a44ef', '7', None)
    """
    if value is None or value == "":
        return None
    text = str(value)
    return text.rstrip("/").rpartition("/")[2] if "://" in text else text


def keys_of(value: Any) -> list[str]:
    """Return all keys that a field holds: none, one, or a list of them, objects with an id included."""
    values = value if isinstance(value, list) else [value]
    found = (key_of(one.get("id") if isinstance(one, dict) else one) for one in values)
    return [key for key in found if key is not None]


def nested(record: Mapping[str, Any], *path: str) -> Any:
    """Return what lies within objects of a record, None where one of them is missing or no object."""
    value: Any = record
    for step in path:
        value = value.get(step) if isinstance(value, dict) else None
    return value
