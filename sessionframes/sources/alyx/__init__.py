"""Alyx: the database of the International Brain Laboratory and of other labs (Django REST)."""

from __future__ import annotations

from datetime import UTC

from sessionframes.source import Source
from sessionframes.sources.alyx import release
from sessionframes.sources.alyx.access import OPTIONS
from sessionframes.sources.alyx.connection import open_alyx
from sessionframes.sources.alyx.file_records import DATASETS
from sessionframes.sources.alyx.reads import reads_of
from sessionframes.sources.alyx.tasks_update import WRITES

SOURCE = Source(
    name="alyx",
    description="Alyx (IBL and other labs): subjects, sessions, insertions, histology, datasets, tasks.",
    options=(*OPTIONS, release.OPTION),
    reads=reads_of(UTC),
    open=open_alyx,
    files={"dataset": DATASETS},
    writes=WRITES,
)
