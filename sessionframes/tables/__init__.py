"""What sessionframes promises: one class a table, the same whoever is asked."""

from sessionframes.tables.assets import Assets
from sessionframes.tables.base import Table
from sessionframes.tables.channels import Channels
from sessionframes.tables.probes import Probes
from sessionframes.tables.projects import Projects
from sessionframes.tables.sessions import Sessions
from sessionframes.tables.subjects import Subjects
from sessionframes.tables.unit_metrics import UnitMetrics
from sessionframes.tables.units import Units

__all__ = [
    "Assets",
    "Channels",
    "Probes",
    "Projects",
    "Sessions",
    "Subjects",
    "Table",
    "UnitMetrics",
    "Units",
    "core_tables",
]


def core_tables() -> dict[str, type[Table]]:
    """Return the tables by the names that users give them, parents first, then those around them."""
    tables = (Sessions, Probes, Channels, Units, UnitMetrics, Projects, Subjects, Assets)
    return {model.table_name(): model for model in tables}
