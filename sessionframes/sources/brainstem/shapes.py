"""Fields that older servers have in another shape, in that of newer ones; nothing is lost on the way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

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
