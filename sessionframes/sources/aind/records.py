"""What one record of DocDB tells, be it of schema 1 or 2, with any part of it missing.

Sections differ by schema and by what was recorded, and records of one schema hold sections of the other, so
what is looked for is looked for in all places where it may be.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sessionframes.errors import SourceResponseError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sessionframes.sources.aind.docdb import Record

__all__ = [
    "BEGAN",
    "CODE_OCEAN",
    "ENDED",
    "asset_ids",
    "first",
    "first_told",
    "inner",
    "modalities",
    "objects",
    "text_at",
]

CODE_OCEAN: Final = "Code Ocean"
#: Where it is told when a session began and ended, the best place first.
BEGAN: Final = (
    "session.session_start_time",
    "acquisition.acquisition_start_time",
    "acquisition.session_start_time",
)
ENDED: Final = (
    "session.session_end_time",
    "acquisition.acquisition_end_time",
    "acquisition.session_end_time",
)
#: What is left blank.
_NOTHING: Final[tuple[Any, ...]] = (None, "", [], {})


def inner(holder: Mapping[str, Any], *path: str, of: Mapping[str, Any] | None = None) -> Mapping[str, Any]:
    """Return an object within a record or an asset, empty where there is none.

    Parameters
    ----------
    holder : mapping
        The record, or a part of it.
    path : str
        The keys, one by one.
    of : mapping, optional
        The record, for messages, where the holder is a part.

    Raises
    ------
    sessionframes.errors.SourceResponseError
        Something else is there.
    """
    found = holder
    for number, step in enumerate(path, 1):
        value = found.get(step)
        if value in _NOTHING:
            return {}
        if not isinstance(value, dict):
            raise _refused(of or holder, ".".join(path[:number]), value, "an object")
        found = value
    return found


def objects(record: Record, holder: Mapping[str, Any], name: str) -> Iterator[Mapping[str, Any]]:
    """Yield the objects of a list, of none where there is no list.

    Parameters
    ----------
    record : dict
        For messages.
    holder : mapping
        What has the list.
    name : str
        Of the list.

    Raises
    ------
    sessionframes.errors.SourceResponseError
        It is no list of objects.
    """
    value = holder.get(name)
    if value in (None, ""):
        return
    if not isinstance(value, list):
        raise _refused(record, name, value, "a list of objects")
    for one in value:
        if not isinstance(one, dict):
            raise _refused(record, name, one, "a list of objects")
        yield one


def text_at(holder: Mapping[str, Any], name: str) -> str | None:
    """Return a text; None where there is none, where it is blank, and where something else is."""
    value = holder.get(name)
    return value.strip() or None if isinstance(value, str) else None


def first(record: Record, paths: tuple[str, ...]) -> Any:
    """Return what is at the first of several paths that has something; None if none has."""
    return first_told(record, paths)[1]


def first_told(record: Record, paths: tuple[str, ...]) -> tuple[str | None, Any]:
    """Return the first of several paths that has something, and what; two times None if none has."""
    for path in paths:
        *sections, name = path.split(".")
        value = inner(record, *sections).get(name)
        if value not in _NOTHING:
            return path, value
    return None, None


def asset_ids(record: Record) -> list[str]:
    """Return the ids that Code Ocean has for the data of a record, in their order.

    Raises
    ------
    sessionframes.errors.SourceResponseError
        They are in none of the forms that there were.
    """
    for name in ("external_links", "other_identifiers"):
        told = record.get(name)
        # A list of objects before September 2024, and one object since.
        links = told if isinstance(told, list) else [] if told is None else [told]
        found = []
        for link in links:
            if not isinstance(link, dict):
                raise _refused(record, name, told, "{'Code Ocean': [ids]} or a list of such")
            ids = link.get(CODE_OCEAN)
            ids = [ids] if isinstance(ids, str) else ids or []
            if not isinstance(ids, list) or not all(isinstance(one, str) for one in ids):
                raise _refused(record, name, told, "{'Code Ocean': [ids]} or a list of such")
            found += ids
        if found:
            return list(dict.fromkeys(found))
    return []


def modalities(told: Any) -> list[str] | None:
    """Return the abbreviations of modalities, or what there is in their place; None where none is told.

    Parameters
    ----------
    told : object
        A list of objects, one object, or text; abbreviations nobody has heard of are kept.

    Raises
    ------
    ValueError
        It is nothing of all that.
    """
    if told in _NOTHING:
        return None
    found = []
    for one in told if isinstance(told, list) else [told]:
        name = one.get("abbreviation") or one.get("name") if isinstance(one, dict) else one
        if not isinstance(name, str) or not name:
            message = "expected were objects with an abbreviation"
            raise ValueError(message)
        found.append(name)
    return list(dict.fromkeys(found))


def _refused(record: Mapping[str, Any], path: str, value: Any, expected: str) -> SourceResponseError:
    name = record.get("name") or record.get("_id") or record.get("id")
    shown = repr(value)
    shown = shown if len(shown) <= 100 else f"{shown[:100]}..."
    return SourceResponseError(
        f"record {name!r} has {path} = {shown}: expected was {expected}.", source="aind"
    )
