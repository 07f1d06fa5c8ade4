"""The question about channels: those of the best trajectory of each insertion, as IBL's loader takes them.

An insertion may have a planned trajectory, a measured one, one traced in histology and one aligned by its
recording, and channels on several of them. The aligned one (provenance 70) is best, then the traced one (50);
the others tell where a probe was meant to be. A trajectory without channels counts for nothing.
"""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from sessionframes.sources.alyx.asked import Asked, marks_of, params_of
from sessionframes.sources.alyx.endpoints import ENDPOINTS, ENUMS
from sessionframes.sources.alyx.groups import keys_of, nested
from sessionframes.sources.alyx.slices import id_parts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from sessionframes.sources.alyx.compiled import Narrowed
    from sessionframes.sources.alyx.groups import Listed
    from sessionframes.sources.alyx.transport import AlyxTransport
    from sessionframes.transports.rest_request import Params, Record

__all__ = ["ChannelsAsked", "best_trajectories"]

T = TypeVar("T")
_OF_STRUCTURES = frozenset({"structure_acronym"})
_OF_MODELS = frozenset({"local_index"})
_ALIGNED, _TRACED = 70, 50
_PROVENANCE = "trajectory_estimate__provenance__range,[{0}, {0}]"
_NO_ALIGNED = (
    f"~trajectory_estimate__probe_insertion__trajectory_estimate__provenance__range,[{_ALIGNED}, {_ALIGNED}]"
)
#: Conditions on the insertion of a channel, which are conditions on that of a trajectory too.
_OF_INSERTION = re.compile(r"(~?)trajectory_estimate__probe_insertion__(.+)", re.DOTALL)
_BY_ID = re.compile(r"id(__in)?,")
_BY_TRAJECTORY = re.compile(r"trajectory_estimate__id(__in)?,")
_SHARED = ("probe_insertion", "session")
#: Where there are more parts than this, all trajectories are fewer requests.
_MOST_PARTS = 20
#: Of ids beside other conditions in one request, in bytes.
_FEW_IDS = 900


@dataclass(frozen=True)
class _Around:
    """What is known around channels: trajectories by their id, those of them that count, and more."""

    trajectories: dict[str, Record]
    best: set[str]
    #: Of the traced ones, those that stand in for an aligned one that has no channels.
    instead: list[str]
    told: dict[str, object]


@dataclass(frozen=True)
class ChannelsAsked(Asked):
    """A question about channels."""

    name = "channels"

    def pages(self, transport: AlyxTransport) -> Iterator[Listed]:
        """Yield the pages of the answer."""
        if self.narrowed.is_impossible:
            return
        marks = marks_of(transport, self.narrowed.marks)
        # They are asked for while the first channels are on their way.
        ahead = _Ahead(lambda: self._around(transport))
        for records in self._candidates(transport, ahead):
            around = ahead.result()
            best = [record for record in records if record["trajectory_estimate"] in around.best]
            yield self.page(transport, best, marks, around.told)

    def _candidates(self, transport: AlyxTransport, ahead: _Ahead[_Around]) -> Iterator[list[Record]]:
        found = self.narrowed
        ours = ((_PROVENANCE.format(_ALIGNED),), (_PROVENANCE.format(_TRACED), _NO_ALIGNED))
        parts = [(*part, *more) for part in found.parts for more in ours]
        is_all = not params_of(found) and not found.terms and len(parts) == len(ours)
        yield from transport.list(self.name, params_of(found), found.terms, parts, long=is_all)
        for part in id_parts("trajectory_estimate", ahead.result().instead, _FEW_IDS):
            yield from transport.list(self.name, params_of(found), (*found.terms, *part), found.parts)

    def told(self, record: Record, column: str, around: Mapping[str, Any]) -> list[str]:
        """Return the keys that a column of ids has of a channel: its trajectory tells most of them."""
        trajectory = around["trajectories"].get(record["trajectory_estimate"], {})
        if column == "probe_id":
            return keys_of(trajectory.get("probe_insertion"))
        if column == "session_id":
            return keys_of(nested(trajectory, "session", "id"))
        return super().told(record, column, around)

    def _around(self, transport: AlyxTransport) -> _Around:
        params, terms, parts = self._of_insertions("probe_insertion__")
        terms = (f"provenance__gte,{_TRACED}", *terms)
        records = [record for page in transport.list("trajectories", params, terms, parts) for record in page]
        # Only of the aligned ones: where a traced one has none, there is nothing to stand in for it.
        without = ("channels__isnull,True", f"provenance,{_ALIGNED}", *terms[1:])
        pages = transport.list("trajectories", params, without, parts)
        empty = {record["id"] for page in pages for record in page}
        trajectories = {record["id"]: record for record in records}
        best, instead = best_trajectories(records, empty)
        told: dict[str, object] = {"trajectories": trajectories}
        if _OF_STRUCTURES & {*self.columns}:
            told["structures"] = transport.structures()
        if _OF_MODELS & {*self.columns}:
            told["models"] = self._models(transport)
        return _Around(trajectories, best, instead, told)

    def _models(self, transport: AlyxTransport) -> dict[str, str | None]:
        """Return the part numbers of probes by the id of their insertion."""
        params, terms, parts = self._of_insertions("")
        # An insertion has no filter by its own name for that.
        params = tuple((name, value) for name, value in params if name in ENDPOINTS["insertions"].filters)
        pages = transport.list("insertions", params, terms, parts)
        return {record["id"]: record["model"] for page in pages for record in page}

    def _of_insertions(self, prefix: str) -> tuple[Params, tuple[str, ...], tuple[tuple[str, ...], ...]]:
        """Return what of the conditions is about insertions, as another endpoint names them."""
        found: Narrowed = self.narrowed
        params = tuple((name, value) for name, value in params_of(found) if name in _SHARED)
        parts = tuple(_about_insertions(part, prefix) for part in found.parts)
        is_worth_it = all(parts) and len(parts) <= _MOST_PARTS
        return params, _about_insertions(found.terms, prefix), parts if is_worth_it else ((),)

    def _more(self) -> list[str]:
        return ["some for insertions without an aligned trajectory", "some for their trajectories"]

    def _further(self) -> list[str]:
        lines = [
            "before that, the trajectories of these insertions: the channels of the best of each count "
            f"({', '.join(label for label, number in ENUMS['provenance'].items() if number >= _TRACED)})",
            "then the same for insertions without an aligned trajectory",
        ]
        if _OF_MODELS & {*self.columns}:
            lines.append("and the insertions, for the models of their probes")
        if _OF_STRUCTURES & {*self.columns}:
            lines.append("and all brain regions, once: 2 requests")
        return lines


def best_trajectories(records: list[Record], empty: set[str]) -> tuple[set[str], list[str]]:
    """Return which trajectories count, and which of them stand in for an aligned one without channels.

    Parameters
    ----------
    records : list of dict
        Trajectories that were aligned or traced.
    empty : set of str
        Ids of those without channels.

    Returns
    -------
    tuple of set and list of str
        One id for each insertion that has channels.
    """
    numbers = ENUMS["provenance"]
    of_insertions: dict[str, dict[int, str]] = {}
    for record in records:
        insertion = record.get("probe_insertion")
        if insertion is not None:
            of_insertions.setdefault(insertion, {})[numbers.get(record["provenance"], 0)] = record["id"]
    best: set[str] = set()
    instead: list[str] = []
    for found in of_insertions.values():
        full = {number: key for number, key in found.items() if key not in empty and number >= _TRACED}
        if full:
            best.add(full[max(full)])
            if max(full) == _TRACED and _ALIGNED in found:
                instead.append(full[_TRACED])
    return best, instead


def _about_insertions(terms: Sequence[str], prefix: str) -> tuple[str, ...]:
    """Return what of some conditions on channels is about their insertions; of these more may fulfil it."""
    found: list[str] = []
    for term in terms:
        if (match := _OF_INSERTION.fullmatch(term)) is not None:
            found.append(f"{match[1]}{prefix}{match[2]}")
        elif _BY_ID.match(term):
            # All trajectories of an insertion tell which is best, not only that of the channel.
            found.append(f"{prefix}trajectory_estimate__channels__{term}")
        elif _BY_TRAJECTORY.match(term):
            found.append(f"{prefix}{term}")
    return tuple(found)


class _Ahead(Generic[T]):
    """Does something in a thread of its own, until it is asked for."""

    def __init__(self, call: Callable[[], T]) -> None:
        self._call = call
        self._done: list[T] = []
        self._error: BaseException | None = None
        # A daemon does not hold up the end of the program when the user interrupts.
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    def result(self) -> T:
        """Return what came of it, or raise what it raised."""
        self._thread.join()
        if self._error is not None:
            raise self._error
        return self._done[0]

    def _work(self) -> None:
        try:
            self._done.append(self._call())
        except BaseException as error:  # noqa: BLE001  handed to the thread that waits for it
            self._error = error
