"""What sessionframes promises: one class a table, the same whoever is asked."""

from sessionframes.tables.assets import Assets
from sessionframes.tables.base import Table
from sessionframes.tables.channels import Channels
from sessionframes.tables.probes import Probes
from sessionframes.tables.projects import Projects
from sessionframes.tables.sessions import Sessions
from sessionframes.tables.structures import Structures
from sessionframes.tables.subjects import Subjects
from sessionframes.tables.tasks import Tasks
from sessionframes.tables.trajectories import Trajectories
from sessionframes.tables.unit_metrics import UnitMetrics
from sessionframes.tables.units import Units

__all__ = [
    "Assets",
    "Channels",
    "Probes",
    "Projects",
    "Sessions",
    "Structures",
    "Subjects",
    "Table",
    "Tasks",
    "Trajectories",
    "UnitMetrics",
    "Units",
    "core_tables",
]


def core_tables() -> dict[str, type[Table]]:
    """Return the tables by the names that users give them, parents first, then those around them."""
    chain = (Sessions, Probes, Channels, Units, UnitMetrics)
    around = (Projects, Subjects, Structures, Trajectories, Assets, Tasks)
    tables: tuple[type[Table], ...] = (*chain, *around)
    return {model.table_name(): model for model in tables}
