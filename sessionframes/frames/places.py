"""Where the rows of a frame are from, and whether ids of two frames can mean the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sessionframes.errors import JoinError
from sessionframes.frames.provenance import leaves

if TYPE_CHECKING:
    from sessionframes.frames.parts import Part

UNTOLD = "a place that is not told"


def source_of(origin: dict[str, Any]) -> str | None:
    """Return whose an answer is: of a snapshot, of whom it was made."""
    found = _original(origin).get("source")
    return str(found) if found else None


def place_of(origin: dict[str, Any]) -> str:
    """Return the address of who gave an answer; of a snapshot, of whom it was made."""
    return str(_original(origin).get("address") or UNTOLD)


def check_meeting(base: Part, other: Part) -> None:
    """Refuse frames of different places, whose ids may be the same by chance.

    Raises
    ------
    sessionframes.errors.JoinError
        Both tell where they are from, and they have no place in common.
    """
    here, there = ({place_of(leaf) for leaf in leaves(part.origin)} - {UNTOLD} for part in (base, other))
    if not here or not there or here & there:
        return
    message = (
        f"{base.name} are of {' and '.join(sorted(here))}, {other.name} of {' and '.join(sorted(there))}: "
        "their ids may be the same by chance."
    )
    hint = (
        "Unite the frames of each table by sf.union first; where ids do mean the same, "
        "let one frame forget where it is from: frame.attrs.clear()."
    )
    raise JoinError(message, table=base.name, column=other.key, hint=hint)


def _original(origin: dict[str, Any]) -> dict[str, Any]:
    found = origin.get("snapshot_of")
    return found if isinstance(found, dict) else origin
