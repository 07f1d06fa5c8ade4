"""Which documents a filter of Mongo's finds, and in which order: mongomock's rules, but for one of them."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Any

import mongomock
import mongomock.filtering

from sessionframes.demo.aind.replies import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    Record = dict[str, Any]

#: How Mongo compares; it has no types.
_mongo: Any = mongomock.filtering
#: What mongomock raises for a query that Mongo refuses.
REFUSED = (
    mongomock.OperationFailure,
    AttributeError,
    KeyError,
    NotImplementedError,
    TypeError,
    ValueError,
    re.error,
)
_JOINED: dict[str, Callable[[Iterable[bool]], bool]] = {
    "$and": all,
    "$or": any,
    "$nor": lambda found: not any(found),
}


def matching(documents: Sequence[Record], where: Record) -> list[Record]:
    """Return the documents that a filter finds.

    Parameters
    ----------
    documents : sequence of dict
        All of them.
    where : dict
        The filter.

    Raises
    ------
    Refusal
        Mongo would not understand it.
    """
    try:
        return [document for document in documents if _fits(where, document)]
    except REFUSED as error:
        raise Refusal(400, str(error)) from None


def in_order(documents: list[Record], keys: Iterable[tuple[str, int]]) -> list[Record]:
    """Return documents sorted by each key, up (1) or down (-1); otherwise as they are."""
    # Sorting is stable, so the first key comes last.
    for key, direction in reversed(list(keys)):
        documents.sort(key=partial(_mongo.resolve_sort_key, key), reverse=direction < 0)
    return documents


def _fits(where: Record, document: Record) -> bool:
    for key, condition in where.items():
        if key in _JOINED and isinstance(condition, list) and condition:
            if not _JOINED[key](_fits(one, document) for one in condition):
                return False
        elif not _mongo.filter_applies({key: condition}, _seen_by(key, document)):
            return False
    return True


def _seen_by(key: str, document: Record) -> Record:
    """Return the document, or an empty one if a path leads below something that has no parts.

    What is there has no such part then, so null is found; mongomock finds nothing.
    """
    value: Any = document
    for name in key.split(".")[:-1]:
        if not isinstance(value, dict) or name not in value:
            return document
        value = value[name]
    return document if isinstance(value, (dict, list)) else {}
