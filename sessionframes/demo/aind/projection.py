"""Mongo's projections: which parts of a document are sent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sessionframes.demo.aind.replies import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterable

#: Parts of parts; None is the whole.
_Tree = dict[str, "_Tree | None"]


@dataclass(frozen=True)
class Projection:
    """Which parts of a document are sent.

    Attributes
    ----------
    tree : dict
        Names of the parts, and parts of these; None for all of one.
    keeps : bool
        Whether they are kept; otherwise they are left out.
    keeps_id : bool
        Whether ``_id`` is sent.
    """

    tree: _Tree
    keeps: bool
    keeps_id: bool

    @classmethod
    def told(cls, told: Any) -> Projection:
        """Read what a client sent: a dict of 1 and 0, a list of names, or nothing.

        Raises
        ------
        Refusal
            It is none of these, or tells to keep and to leave out, or a part twice.
        """
        wanted = dict.fromkeys(told, 1) if isinstance(told, list) else told or {}
        if not isinstance(wanted, dict) or not all(
            isinstance(name, str) and isinstance(value, (bool, int, float)) for name, value in wanted.items()
        ):
            raise Refusal(400, "projection must be a dict of 1 and 0, or a list of names")
        flags = {name: bool(value) for name, value in wanted.items()}
        keeps_id = flags.pop("_id", True)
        if len(set(flags.values())) > 1:
            raise Refusal(400, "Cannot do inclusion and exclusion in one projection")
        keeps = any(flags.values()) or (not flags and "_id" in wanted and keeps_id)
        return cls(_tree(flags), keeps=keeps, keeps_id=keeps_id)

    def of(self, document: dict[str, Any]) -> dict[str, Any]:
        """Return what is sent of a document, in its own order."""
        sent = _kept(document, self.tree) if self.keeps else _rest(document, self.tree)
        if self.keeps_id and "_id" in document:
            return {"_id": document["_id"], **sent} if self.keeps else sent
        return {name: value for name, value in sent.items() if name != "_id"}


def _tree(names: Iterable[str]) -> _Tree:
    tree: _Tree = {}
    for name in names:
        place = tree
        *above, last = name.split(".")
        for part in above:
            below = place.setdefault(part, {})
            if below is None:
                raise Refusal(400, f"Path collision at {name}")
            place = below
        if last in place:
            raise Refusal(400, f"Path collision at {name}")
        place[last] = None
    return tree


def _kept(value: dict[str, Any], tree: _Tree) -> dict[str, Any]:
    kept = {}
    for name, part in value.items():
        if name not in tree:
            continue
        below = tree[name]
        if below is None:
            kept[name] = part
        elif isinstance(part, dict):
            kept[name] = _kept(part, below)
        elif isinstance(part, list):
            kept[name] = _each_kept(part, below)
    return kept


def _each_kept(parts: list[Any], tree: _Tree) -> list[Any]:
    return [
        _kept(part, tree) if isinstance(part, dict) else _each_kept(part, tree)
        for part in parts
        if isinstance(part, (dict, list))
    ]


def _rest(value: Any, tree: _Tree) -> Any:
    if isinstance(value, list):
        return [_rest(part, tree) for part in value]
    if not isinstance(value, dict):
        return value
    rest = {}
    for name, part in value.items():
        below = tree.get(name, {})
        if below is not None:
            rest[name] = _rest(part, below) if below else part
    return rest
