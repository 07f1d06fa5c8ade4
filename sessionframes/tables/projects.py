"""Projects: one row per study, grant or lab under which an archive keeps its sessions."""

from __future__ import annotations

from sessionframes.tables.base import Table
from sessionframes.tables.kinds import Key, Text, column, key


class Projects(Table, name="projects"):
    """One row per project, ordered by its id. A session may belong to several."""

    project_id: Key = key("Id of the project.")
    project_name: Text = column("Name by which people know the project.", null="not named")
    project_description: Text = column("What the project is about.", null="not filled in")
