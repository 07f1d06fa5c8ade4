"""What sessionframes promises: one class a table, the same whoever is asked."""

from sessionframes.tables.base import Table
from sessionframes.tables.channels import Channels
from sessionframes.tables.probes import Probes
from sessionframes.tables.sessions import Sessions
from sessionframes.tables.unit_metrics import UnitMetrics
from sessionframes.tables.units import Units

__all__ = ["Channels", "Probes", "Sessions", "Table", "UnitMetrics", "Units", "core_tables"]


def core_tables() -> dict[str, type[Table]]:
    """Return the tables by the names that users give them, parents first."""
    return {model.table_name(): model for model in (Sessions, Probes, Channels, Units, UnitMetrics)}
