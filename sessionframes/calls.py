"""The calls by which users ask for tables, by name: all of them are one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd


class Calls:
    """The ``get_*`` calls of an open source, in terms of :meth:`get`."""

    def get(self, table: str, **arguments: Any) -> pd.DataFrame:
        """Return a table; see :meth:`sessionframes.connection.Connection.get`."""
        raise NotImplementedError

    def get_sessions(self, session_ids: Any = None, **arguments: Any) -> pd.DataFrame:
        """Return the sessions; arguments, result and errors as in :meth:`get`."""
        return self.get("sessions", session_ids=session_ids, **arguments)

    def get_probes(self, probe_ids: Any = None, session_ids: Any = None, **arguments: Any) -> pd.DataFrame:
        """Return the probes; arguments, result and errors as in :meth:`get`."""
        return self.get("probes", probe_ids=probe_ids, session_ids=session_ids, **arguments)

    def get_channels(
        self, channel_ids: Any = None, probe_ids: Any = None, session_ids: Any = None, **arguments: Any
    ) -> pd.DataFrame:
        """Return the channels; arguments, result and errors as in :meth:`get`."""
        return self.get(
            "channels", channel_ids=channel_ids, probe_ids=probe_ids, session_ids=session_ids, **arguments
        )

    def get_units(
        self,
        unit_ids: Any = None,
        channel_ids: Any = None,
        probe_ids: Any = None,
        session_ids: Any = None,
        **arguments: Any,
    ) -> pd.DataFrame:
        """Return the units, whatever their quality; arguments, result and errors as in :meth:`get`."""
        return self.get(
            "units",
            unit_ids=unit_ids,
            channel_ids=channel_ids,
            probe_ids=probe_ids,
            session_ids=session_ids,
            **arguments,
        )

    def get_projects(self, project_ids: Any = None, **arguments: Any) -> pd.DataFrame:
        """Return the projects; arguments, result and errors as in :meth:`get`."""
        return self.get("projects", project_ids=project_ids, **arguments)

    def get_subjects(self, subject_ids: Any = None, **arguments: Any) -> pd.DataFrame:
        """Return the animals; arguments, result and errors as in :meth:`get`."""
        return self.get("subjects", subject_ids=subject_ids, **arguments)

    def get_assets(self, asset_ids: Any = None, session_ids: Any = None, **arguments: Any) -> pd.DataFrame:
        """Return where the data of sessions are; arguments, result and errors as in :meth:`get`."""
        return self.get("assets", asset_ids=asset_ids, session_ids=session_ids, **arguments)
