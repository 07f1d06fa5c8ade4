"""Tasks: the steps of processing that the data of sessions go through."""

from __future__ import annotations

from sessionframes.tables.base import Table
from sessionframes.tables.kinds import Id, Instant, Key, Text, column, key, parent


class Tasks(Table, name="tasks"):
    """One row per task, ordered by its id."""

    task_id: Key = key("Id of the task.")
    session_id: Id = parent("Id of the session whose data it is about.", null="of no session")
    task_name: Text = column("Name of the step, such as SpikeSorting.", null="not named")
    status: Text = column("How far the task is, in the words of the source.", null="not told")
    changed_at: Instant = column("When its record was last changed.", null="not told")
