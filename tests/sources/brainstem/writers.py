"""What the tests of writing share: what was sent, and a session that the server has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

    import sessionframes as sf
    from sessionframes.demo.brainstem import BrainstemServer

CHANGES = ("POST", "PATCH", "PUT", "DELETE")


def sent(server: BrainstemServer) -> list[tuple[str, Any]]:
    """The changes that were asked for: method and body."""
    return [(seen.method, seen.body) for seen in server.requests if seen.method in CHANGES]


def named(db: sf.Connection, name: str) -> pd.DataFrame:
    """The sessions of that name, as they are now."""
    found = db.get_sessions()
    return found[found["session_name"] == name]


def a_project(db: sf.Connection) -> str:
    """The id of a project."""
    return db.get_projects().index[0]


def new_rows(db: sf.Connection, *names: str, **more: Any) -> list[dict[str, Any]]:
    """Rows for new sessions."""
    project = a_project(db)
    return [{"name": name, "projects": [project], **more} for name in names]
