"""Every system that the demo world can be asked through, and how its ids are told from the world's."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import sessionframes as sf

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from contextlib import AbstractContextManager
    from pathlib import Path


@dataclass(frozen=True)
class Wire:
    """How the demo world is asked through one source.

    Parameters
    ----------
    open : callable
        From the URL of the demo's LIMS and a directory for files to an open connection.
    everything : mapping
        Arguments by which every row of the world comes, of use or not.
    own_id : callable
        From a table's key, such as "unit_id", and an id of the world to the text of the source's id.
    lacks : mapping
        By table, the core columns that this source knows nothing of.
    """

    open: Callable[[str, Path], AbstractContextManager[sf.Connection]]
    everything: Mapping[str, Any] = field(default_factory=dict)
    own_id: Callable[[str, int], str] = lambda _, number: str(number)
    lacks: Mapping[str, frozenset[str]] = field(default_factory=dict)


@contextmanager
def _lims(url: str, _: Path) -> Iterator[sf.Connection]:
    with sf.connect("lims", url=url) as db:
        yield db


@contextmanager
def _snapshot(url: str, folder: Path) -> Iterator[sf.Connection]:
    with sf.connect("lims", url=url) as db:
        db.export(folder / "snapshot", include_unusable=True, progress=False)
    with sf.connect(folder / "snapshot") as db:
        yield db


#: By the name of the source; one that is not here fails the test of it.
WIRES = {
    "lims": Wire(_lims, {"include_unusable": True}),
    "snapshot": Wire(_snapshot, {"include_unusable": True}),
}
