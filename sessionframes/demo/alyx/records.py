"""The demo world as the tables behind an Alyx: rows, of which the server makes what lists and reads show.

By endpoint. Every row has its ``id``; a relation holds the id of the other row or, of what has a name of its
own, that; enumerations are numbers; times are text without offset, in UTC.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sessionframes.demo.alyx.copies import copies
from sessionframes.demo.alyx.datasets import made_datasets, revision_rows, tag_rows
from sessionframes.demo.alyx.examples import example_records
from sessionframes.demo.alyx.implants import implants
from sessionframes.demo.alyx.people import people
from sessionframes.demo.alyx.regions import regions
from sessionframes.demo.alyx.sessions import session_rows
from sessionframes.demo.alyx.tasks import task_rows

if TYPE_CHECKING:
    from sessionframes.demo.world import World

    Row = dict[str, Any]
    Rows = dict[str, list[Row]]


def make_records(
    world: World, sessions: int | None = None, channels: int | None = None, *, examples: bool = False
) -> Rows:
    """Return the rows of all tables.

    What the world knows is told exactly, but for what Alyx has no place for: sampling rates, and most
    measures of units.

    Parameters
    ----------
    world : World
        Whose facts they tell.
    sessions, channels : int, optional
        At least so many, the missing ones being copies: of other animals, and without files.
    examples : bool
        Whether to add what IBL's own examples ask for, and rows that are odd in more ways than those of the
        world can be.

    Returns
    -------
    dict of str to list of dict
        By endpoint.
    """
    own = session_rows(world)
    made = made_datasets(world)
    rows: Rows = {
        **people(world),
        "sessions": own,
        **implants(world, made.of_insertion),
        "brain-regions": regions(),
        "datasets": list(made.datasets),
        "files": list(made.records),
        "tags": tag_rows(),
        "revisions": revision_rows(),
        "tasks": task_rows(own),
    }
    _extend(rows, copies(rows, sessions, channels))
    if examples:
        _extend(rows, example_records(world))
    return rows


def _extend(rows: Rows, more: Rows) -> None:
    for name, some in more.items():
        rows.setdefault(name, []).extend(some)
