"""Fields that older servers have in another shape, in that of newer ones; nothing is lost on the way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeGuard

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sessionframes.transports.rest_request import Record


def by_name(pairs: Sequence[Record]) -> Record | Sequence[Record]:
    """Return values by name; the pairs as they are where one name has several: none of them is the right one.

    Parameters
    ----------
    pairs : sequence of dict
        Each with "name", and mostly with "value".
    """
    found: dict[str, Any] = {str(pair["name"]): pair.get("value") for pair in pairs}
    return found if len(found) == len(pairs) else pairs


def in_small_letters(link: Record) -> Record:
    """Return a link by newer keys, since older servers have capitals; what it has by both stays as it is."""
    found = {key if key.lower() in link else key.lower(): value for key, value in link.items()}
    return found if len(found) == len(link) else link


def is_pairs(told: Any) -> TypeGuard[list[Record]]:
    """Tell whether extra fields are in the shape of a list of names and values."""
    return isinstance(told, list) and all(isinstance(pair, dict) and "name" in pair for pair in told)


def as_there(new: Any, held: Any) -> Any:
    """Return extra fields in the shape that the server has them in: other tools may read no other.

    Parameters
    ----------
    new, held : object
        What is to be sent, and what the server has.
    """
    if not isinstance(new, dict) or not held or not is_pairs(held):
        return new
    names = dict.fromkeys([*(pair["name"] for pair in held if pair["name"] in new), *new])
    return [{"name": name, "value": new[name]} for name in names]
